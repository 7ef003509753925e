// Runs the vendor's own conference client, unmodified, over a stand-in for `wx` with real sockets.
import { EventEmitter } from 'node:events'
import fs from 'node:fs'
import vm from 'node:vm'
import WebSocket from 'ws'
import { until } from './until.mjs'
import { mintUserSig } from './usersig.mjs'
import { fullName, keyOf } from './wire-client.mjs'

const SOON = 15000

/** What the client uses of `wx`. */
function phoneApi(networkChanges) {
  const later = (option, result) => {
    option.success?.(result)
    option.complete?.(result)
  }
  return {
    async request(option) {
      const body = typeof option.data === 'string' ? option.data : JSON.stringify(option.data)
      try {
        const response = await fetch(option.url, { method: option.method, headers: option.header, body })
        later(option, { statusCode: response.status, data: await response.json(), header: {} })
      } catch (error) {
        option.fail?.({ errMsg: String(error) })
      }
    },
    connectSocket({ url }) {
      const socket = new WebSocket(url)
      // Callbacks have the task as `this`, which has no field `url` on a phone.
      const task = {
        send: ({ data, fail }) => socket.send(data, (error) => error && fail?.(error)),
        close: ({ code } = {}) => (socket.readyState === WebSocket.CONNECTING ? socket.terminate() : socket.close(code)),
        onOpen: (listener) => socket.on('open', () => listener.call(task, {})),
        onMessage: (listener) => socket.on('message', (data) => listener.call(task, { data: String(data) })),
        onClose: (listener) => socket.on('close', (code) => listener.call(task, { code })),
        onError: (listener) => socket.on('error', (error) => listener.call(task, { errMsg: error.message })),
      }
      return task
    },
    onNetworkStatusChange: (listener) => networkChanges.on('change', listener),
    getNetworkType: (option) => later(option, { networkType: 'wifi' }),
    getSystemInfoSync: () => ({ platform: 'devtools', SDKVersion: '2.20.0' }),
    getSystemInfo: (option) => later(option, { platform: 'devtools', SDKVersion: '2.20.0' }),
  }
}

/** One page of an application with the vendor's client in it. */
export class VendorPage {
  #network = new EventEmitter()
  #timers = new Set()
  told = []

  constructor(file, server, user) {
    this.user = user
    const app = server.app
    const quiet = Object.fromEntries(['log', 'info', 'warn', 'error', 'debug', 'trace'].map((word) => [word, () => {}]))
    const wx = phoneApi(this.#network)
    wx.WebIM = {
      conn: {
        context: {
          accessToken: mintUserSig(app, user),
          jid: { appKey: keyOf(app), name: user, domain: 'easemob.com' },
        },
      },
    }
    const timed = (set) => (...args) => {
      const timer = set(...args)
      this.#timers.add(timer)
      return timer
    }
    const module = { exports: {} }
    const scope = {
      wx, module, exports: module.exports, console: quiet, WebIM: wx.WebIM,
      setTimeout: timed(setTimeout), setInterval: timed(setInterval), clearTimeout, clearInterval, Promise,
    }
    scope.window = scope
    vm.runInNewContext(fs.readFileSync(file, 'utf8'), scope, { filename: file })
    this.emedia = module.exports.mgr ? module.exports : (wx.emedia ?? module.exports.default)
    this.mgr = this.emedia.mgr
    this.mgr.setHost(server.http)
    this.name = fullName(app, user)
    for (const callback of [
      'onMemberJoined', 'onMemberExited', 'onStreamAdded', 'onStreamRemoved', 'onConferenceExit', 'onRoleChanged',
      'onConfrAttrsUpdated', 'onMediaChanaged',
    ]) {
      this.mgr[callback] = (...args) => this.told.push({ callback, args })
    }
  }

  /** The network of the phone changes, as it does between Wi-Fi and mobile. */
  changeNetwork = () => this.#network.emit('change', { isConnected: true, networkType: '4g' })

  /** Waits until a callback was called with arguments that `fits` accepts, and takes it out of the list. */
  async heard(callback, fits = () => true) {
    const match = (call) => call.callback === callback && fits(...call.args)
    const found = await until(() => this.told.find(match), {
      what: `${this.user} is told ${callback}`,
      within: SOON,
      explain: () => this.told.map(({ callback: name }) => name).join(', '),
    })
    this.told.splice(this.told.indexOf(found), 1)
    return found.args
  }

  /** How often a callback was called so. */
  count = (callback, fits = () => true) => this.told.filter((call) => call.callback === callback && fits(...call.args)).length

  end() {
    for (const timer of this.#timers) clearTimeout(timer)
  }
}
