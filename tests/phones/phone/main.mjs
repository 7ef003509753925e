// The process of one simulated phone. The test steers it by messages `{id, op, args}`, answered by `{re, ok}` or
// `{re, error}`; the phone sends `{state}` whenever something changed.
import { createRequire } from 'node:module'
import path from 'node:path'
import { format } from 'node:util'
import { NATIVE_RETRY_MS } from './codes.mjs'
import { Network } from './network.mjs'
import { NativePlayer } from './player.mjs'
import { NativePusher } from './pusher.mjs'
import { installAppAndPage, installLoader, installSimulator, registerTag } from './simulator.mjs'
import { createWx, nativeContext } from './wx.mjs'

/** After so long in the background the system drops sockets, ms (WeChat's documented five seconds). */
const BACKGROUND_DROP_MS = 5000
const STATE_INTERVAL_MS = 60
const LOG_LINES = 300

/** Events that come every few seconds are only counted. */
const PERIODIC = /NET_STATE|VOLUME|REMOTE_STATE/

const PUSHER_PROPERTIES = {
  url: String,
  mode: String,
  autopush: Boolean,
  enableCamera: { type: Boolean, value: true },
  enableMic: { type: Boolean, value: true },
  muted: Boolean,
}
const PLAYER_PROPERTIES = {
  src: String,
  mode: { type: String, value: 'live' },
  autoplay: Boolean,
  muteAudio: Boolean,
  muteVideo: Boolean,
}
const PUSHER_CALLS = [
  'start',
  'stop',
  'pause',
  'resume',
  'switchCamera',
  'snapshot',
  'toggleTorch',
  'playBGM',
  'stopBGM',
  'pauseBGM',
  'resumeBGM',
  'setBGMVolume',
  'setMICVolume',
  'startPreview',
  'stopPreview',
  'sendMessage',
]
const PLAYER_CALLS = ['play', 'stop', 'pause', 'resume', 'mute', 'snapshot', 'requestFullScreen', 'exitFullScreen']

class Phone {
  #network = new Network()
  #log = []
  #events = []
  #counts = {}
  #pushers = { items: [], create: null }
  #players = { items: [], create: null }
  #options
  #control
  #simulator
  #page = null
  #pageName = ''
  #dropTimer = null

  constructor(options) {
    this.#options = options
    this.#captureConsole()
    const { media, retryMs = NATIVE_RETRY_MS } = options
    this.#network.setRoutes(options.routes ?? {})
    this.#simulator = installSimulator()
    this.#pushers.create = (emit) => new NativePusher({ emit, network: this.#network, media, retryMs })
    this.#players.create = (emit) => new NativePlayer({ emit, network: this.#network, retryMs })
    registerTag(this.#simulator.jComponent, 'live-pusher', PUSHER_PROPERTIES, this.#pushers)
    registerTag(this.#simulator.jComponent, 'live-player', PLAYER_PROPERTIES, this.#players)
    this.#installWx()
    installAppAndPage()
    installLoader(options.app, options.replace)
    this.#startApp()
  }

  #captureConsole() {
    for (const level of ['log', 'info', 'warn', 'error', 'debug']) {
      console[level] = (...args) => this.#trace(`${level}: ${format(...args).slice(0, 400)}`)
    }
  }

  #trace(text) {
    this.#log.push(`${new Date().toISOString().slice(11, 23)} ${text}`)
    if (this.#log.length > LOG_LINES) this.#log.shift()
  }

  #installWx() {
    const trace = (text) => this.#trace(`native: ${text}`)
    const pusher = () => this.#pushers.items.at(-1)?.native
    const player = (id) => this.#players.items.find(({ node }) => node.id === id)?.native
    const contexts = {
      pusher: () => nativeContext(pusher, PUSHER_CALLS, (text) => trace(`pusher.${text}`)),
      player: (id) =>
        nativeContext(
          () => player(id),
          PLAYER_CALLS,
          (text) => trace(`player ${id}.${text}`),
        ),
    }
    const { wx, control } = createWx({ network: this.#network, contexts, trace, stored: this.#options.stored })
    this.#control = control
    global.wx = Object.assign(global.wx, wx, this.#options.wx)
  }

  #startApp() {
    createRequire(path.join(this.#options.app, 'app.js'))('./app.js')
    global.getApp().onLaunch?.({ path: '', query: {}, scene: 1001 })
  }

  /** Opens a page of the app with the given query and runs its life cycle. */
  open({ page, query }) {
    const { simulate, document } = this.#simulator
    const file = path.join(this.#options.app, page)
    const id = simulate.load(file, path.basename(file), { rootPath: this.#options.app, compiler: 'official' })
    this.#page = simulate.render(id)
    this.#pageName = page
    const parent = document.createElement('div')
    document.body.appendChild(parent)
    this.#page.attach(parent)
    const { instance } = this.#page
    global.getCurrentPages().push(instance)
    this.#listenWhenSet(instance, 'TRTCCalling')
    instance.onLoad?.(query)
    if (instance.TRTC) this.#listen(instance.TRTC)
    instance.onShow?.()
    instance.onReady?.()
  }

  /** Pages find their component some time after they are loaded. */
  #listenWhenSet(instance, name) {
    let found
    Object.defineProperty(instance, name, {
      get: () => found,
      set: (component) => {
        if (component && component !== found) this.#listen(component, true)
        found = component
      },
    })
  }

  /** With `whole`, tests see everything that an event carries. */
  #listen(trtc, whole = false) {
    for (const code of new Set(Object.values(trtc.EVENT))) {
      trtc.on(code, ({ data }) => {
        this.#counts[code] = (this.#counts[code] ?? 0) + 1
        if (PERIODIC.test(code)) return
        this.#trace(`event ${code}`)
        const { userID, player, code: errorCode, message, detail, reason, userList, playerList } = data ?? {}
        this.#events.push({
          code,
          at: Date.now(),
          userID: userID ?? player?.userID,
          error: errorCode,
          detail,
          message,
          reason,
          streamType: player?.streamType,
          users: userList?.map((user) => user.userID),
          players: playerList?.map((item) => item.streamID),
          ...(whole && { data: JSON.parse(JSON.stringify(data ?? null)) }),
        })
      })
    }
  }

  /** The user leaves the page with the system's back button. */
  close() {
    this.#page.instance.onUnload?.()
    this.#page.detach()
    global.getCurrentPages().pop()
    this.#page = null
  }

  /** Calls a method of the page. */
  call({ method, args = [] }) {
    const result = this.#page.instance[method](...args)
    return result === undefined ? null : JSON.parse(JSON.stringify(result))
  }

  /** Taps the `index`-th element that the selector finds, on the page or in the component with the id `within`. */
  tap({ selector, index = 0, within }) {
    const root = within ? this.#page.querySelector(`#${within}`) : this.#page
    const element = root?.querySelectorAll(selector)[index]
    if (!element) throw new Error(`nothing to tap at ${selector}[${index}]`)
    element.dispatchEvent('tap')
  }

  /** Hands a native event of the pusher to the page, to drive an SDK by hand. */
  pusherEvent({ event, detail }) {
    this.#pushers.items.at(-1).node.triggerEvent(event, detail)
  }

  routes({ routes }) {
    this.#network.setRoutes(routes)
  }

  /** What the system tells about the network, without doing anything to it. */
  networkChanged(state) {
    this.#control.networkChanged(state)
  }

  /** A phone call takes the sound, and the mini program stays in front. */
  interrupted() {
    for (const { native } of [...this.#pushers.items, ...this.#players.items]) native.interrupt()
  }

  /** The phone call is over. */
  soundBack() {
    this.#control.soundBack()
  }

  background({ dropMs = BACKGROUND_DROP_MS } = {}) {
    for (const { native } of [...this.#pushers.items, ...this.#players.items]) native.suspend()
    this.#page?.instance.onHide?.()
    this.#lifetime('hide')
    this.#control.hide()
    this.#dropTimer = setTimeout(() => {
      this.#network.allowed = false
      this.#control.dropSockets()
      this.#network.dropAll()
      this.#trace('background: the system dropped all sockets')
    }, dropMs)
  }

  /** Components of the page hear of its life, too. */
  #lifetime(name) {
    this.#page?.triggerPageLifeTime(name)
  }

  foreground() {
    clearTimeout(this.#dropTimer)
    this.#network.allowed = true
    this.#control.show()
    this.#page?.instance.onShow?.()
    this.#lifetime('show')
    for (const { native } of [...this.#pushers.items, ...this.#players.items]) native.foreground()
  }

  log() {
    return this.#log
  }

  state() {
    return {
      page: this.#page ? this.#pageName : null,
      data: this.#page ? JSON.parse(JSON.stringify(this.#page.instance.data)) : null,
      component: this.#component()?.data ? JSON.parse(JSON.stringify(this.#component().data)) : null,
      events: this.#events,
      counts: this.#counts,
      pusher: this.#pushers.items.at(-1)?.native.snapshot() ?? null,
      players: Object.fromEntries(this.#players.items.map(({ node, native }) => [node.id, native.snapshot()])),
      sounds: this.#control.sounding(),
      log: this.#log.slice(-40),
      offline: !this.#network.allowed,
    }
  }

  #component() {
    return this.#page?.instance.TRTCCalling
  }

  /** What the page, or the component with the id `within`, looks like, as HTML of the simulator. */
  html({ within } = {}) {
    const root = within ? this.#page.querySelector(`#${within}`) : this.#page
    return root.dom.outerHTML
  }

  /** The battery is empty: everything stops without a word to anybody. */
  die() {
    process.exit(0)
  }
}

let phone = null
let lastState = ''

function sendState() {
  if (!phone || !process.connected) return
  const state = phone.state()
  const text = JSON.stringify(state)
  if (text === lastState) return
  lastState = text
  process.send({ state })
}

process.on('message', async ({ id, op, args }) => {
  try {
    if (op === 'boot') phone = new Phone(args)
    const ok = op === 'boot' ? null : await phone[op](args)
    sendState()
    process.send({ re: id, ok: ok ?? null })
  } catch (error) {
    process.send({ re: id, error: error.stack ?? String(error) })
  }
})
process.on('disconnect', () => process.exit(0))
process.on('uncaughtException', (error) => {
  if (process.connected) process.send({ crash: error.stack }, () => process.exit(1))
  else process.exit(1)
})
process.on('unhandledRejection', (error) => {
  if (process.connected) process.send({ crash: `unhandled rejection: ${error?.stack ?? error}` })
})
setInterval(sendState, STATE_INTERVAL_MS)
