// The mini-program runtime of one phone: the official component simulator, the loader of the app's modules,
// Page and App, and the two media tags.
import fs from 'node:fs'
import Module, { createRequire } from 'node:module'
import path from 'node:path'
import vm from 'node:vm'
import esbuild from 'esbuild'
import { JSDOM } from 'jsdom'

const require = createRequire(import.meta.url)

/** What exists in Node or in the simulator's DOM and does not exist in a mini program. */
const ABSENT_ON_PHONES = [
  'window', 'document', 'self', 'navigator', 'location', 'global', 'process', 'Buffer', 'setImmediate', 'clearImmediate',
  'fetch', 'WebSocket', 'XMLHttpRequest', 'URL', 'URLSearchParams', 'TextEncoder', 'TextDecoder', 'Blob', 'FormData',
  'Headers', 'Request', 'Response', 'AbortController', 'localStorage', 'sessionStorage', 'crypto', 'atob', 'btoa',
  'structuredClone', 'queueMicrotask', 'performance', 'RTCPeerConnection', 'Event', 'EventTarget', 'MessageChannel',
  'BroadcastChannel',
]
const PHONE_SCOPE = Object.fromEntries(ABSENT_ON_PHONES.map((name) => [name, undefined]))

/** Installs a DOM, then the simulator on it. Both live in the globals, so one process is one phone. */
export function installSimulator() {
  const dom = new JSDOM('<!doctype html><body></body>', { pretendToBeVisual: true })
  global.window = dom.window
  for (const name of ['document', 'Element', 'Event', 'CustomEvent', 'TouchEvent', 'Touch', 'Node', 'HTMLElement', 'Text']) {
    if (dom.window[name]) global[name] = dom.window[name]
  }
  const simulate = require('miniprogram-simulate')
  const jComponent = require('j-component')
  return { simulate, jComponent, document: dom.window.document }
}

/**
 * Registers a media tag again, with properties, so that what the page binds arrives at `create(emit)`'s
 * `update`, and so that `attached` and `detached` begin and end its life.
 */
export function registerTag(jComponent, tag, properties, live) {
  const observers = {}
  observers[Object.keys(properties).join(', ')] = function () {
    if (this.native) this.native.update(pick(this.data, properties))
  }
  jComponent.register({
    id: tag,
    tagName: `wx-${tag}`,
    template: '<slot/>',
    properties,
    observers,
    lifetimes: {
      attached() {
        this.native = live.create((event, detail) => this.triggerEvent(event, detail))
        live.items.push({ node: this._exparserNode, native: this.native })
        this.native.update(pick(this.data, properties))
      },
      detached() {
        const at = live.items.findIndex(({ native }) => native === this.native)
        if (at >= 0) live.items.splice(at, 1)
        if (this.native.dispose) this.native.dispose()
        else this.native.stop()
        this.native = null
      },
    },
  })
}

const pick = (data, properties) => Object.fromEntries(Object.keys(properties).map((key) => [key, data[key]]))

/**
 * Loads the app's files as a phone does: CommonJS (ES imports are translated), without the globals of Node and
 * of browsers. `replace` maps paths inside the app to other files, for the SDK under test.
 */
export function installLoader(appRoot, replace) {
  const root = fs.realpathSync(appRoot) + path.sep
  const replaced = new Map(Object.entries(replace).map(([file, by]) => [path.join(root, file), by]))
  const plain = Module._extensions['.js']
  const resolve = Module._resolveFilename
  Module._resolveFilename = function (request, parent, ...rest) {
    if (parent?.filename?.startsWith(root)) {
      const base = request.startsWith('/') ? path.join(root, request) : path.resolve(path.dirname(parent.filename), request)
      const file = [base, `${base}.js`, path.join(base, 'index.js')].find((name) => replaced.has(name) || isFile(name))
      if (file) return file
    }
    return resolve.call(this, request, parent, ...rest)
  }
  Module._extensions['.js'] = (module, filename) => {
    if (!filename.startsWith(root)) return plain(module, filename)
    const source = fs.readFileSync(replaced.get(filename) ?? filename, 'utf8')
    const { code } = esbuild.transformSync(source, { format: 'cjs', target: 'es2020', sourcefile: filename, loader: 'js' })
    const scope = { parsingContext: undefined, contextExtensions: [PHONE_SCOPE], filename: replaced.get(filename) ?? filename }
    const wrapper = vm.compileFunction(code, ['exports', 'require', 'module'], scope)
    wrapper.call(undefined, module.exports, (id) => module.require(id), module)
  }
}

const isFile = (name) => fs.statSync(name, { throwIfNoEntry: false })?.isFile() ?? false

/** Defines `App`, `getApp`, `Page` and `getCurrentPages`; a page becomes a component with bound methods. */
export function installAppAndPage() {
  const app = { globalData: {} }
  const pages = []
  global.App = (definition) => Object.assign(app, definition)
  global.getApp = () => app
  global.getCurrentPages = () => pages
  global.Page = (definition) => {
    const methods = {}
    const others = {}
    for (const [key, value] of Object.entries(definition)) {
      if (typeof value === 'function') methods[key] = value
      else if (key !== 'data') others[key] = value
    }
    global.Component({
      data: definition.data ?? {},
      methods,
      created() {
        Object.assign(this, structuredClone(others))
        for (const name of Object.keys(methods)) this[name] = this[name].bind(this)
      },
    })
  }
  return { app, pages }
}
