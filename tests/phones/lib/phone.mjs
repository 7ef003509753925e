// The test's handle on one simulated phone.
import { fork } from 'node:child_process'
import { EventEmitter } from 'node:events'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { toneOf } from './tone.mjs'
import { until } from './until.mjs'

const HERE = path.dirname(fileURLToPath(import.meta.url))
const PROCESS = path.join(HERE, '../phone/main.mjs')
/** The small mini program that the regular tests run. */
export const OWN_APP = path.join(HERE, '../app')
/** The SDK under test; `HUITONG_SDK` names another build. */
export const SDK = path.resolve(
  process.env.HUITONG_SDK ?? path.join(HERE, '../../../dist/miniprogram/trtc-wx/trtc-wx.js'),
)

/** Loading the simulator and compiling the pages takes a second on a quiet machine, several on a busy one. */
const BOOT_MS = 30000
const CALL_MS = 10000
/** Phones that start at once: each keeps a processor busy meanwhile, and has its time limit. */
const STARTING_MOST = 3
/**
 * Everything that should happen at once gets this long, ms: three ffmpeg processes may start before it, on two
 * cores that also run other tests.
 */
export const SOON = 15000

const COLOURS = ['red', 'green', 'blue', 'orange', 'purple', 'teal', 'brown', 'gray']

let starting = 0
const queue = []

/** Runs what starts a phone, when it is its turn. */
async function inTurn(start) {
  if (starting >= STARTING_MOST) await new Promise((resolve) => queue.push(resolve))
  else starting += 1
  try {
    return await start()
  } finally {
    // Whoever is next takes the place over.
    const next = queue.shift()
    if (next) next()
    else starting -= 1
  }
}

export class Phone extends EventEmitter {
  #child
  #nextId = 1
  #pending = new Map()
  #state = { events: [], counts: {}, players: {}, pusher: null, data: null, sounds: [], log: [] }
  #dead = null

  /**
   * `number` decides tone and colour. `server` is `{http, rtmp}` addresses for `wx.huitong`; `routes` sends
   * `host:port` through a proxy port; `app`, `sdk` and `replace` choose another mini program or SDK.
   */
  static async boot({
    name,
    number,
    server,
    routes,
    app = OWN_APP,
    sdk = SDK,
    sdkPath = 'static/trtc-wx.js',
    ...options
  }) {
    return inTurn(() => Phone.#start({ name, number, server, routes, app, sdk, sdkPath, ...options }))
  }

  static async #start({ name, number, server, routes, app, sdk, sdkPath, ...options }) {
    const phone = new Phone(name, number)
    const wx = server ? { huitong: { server: server.http, rtmp: server.rtmp, ...options.huitong } } : {}
    const media = { toneHz: phone.toneHz, colour: COLOURS[number % COLOURS.length], ...options.media }
    try {
      await phone.#ask('boot', { ...options, app, media, wx, routes, replace: { [sdkPath]: sdk } }, BOOT_MS)
    } catch (error) {
      // Nobody else knows of it, and a process that is left would keep the test from ending.
      await phone.kill()
      throw error
    }
    return phone
  }

  constructor(name, number) {
    super()
    this.setMaxListeners(50)
    this.name = name
    this.toneHz = toneOf(number)
    this.#child = fork(PROCESS, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#child.on('message', (message) => this.#onMessage(message))
    this.#child.on('exit', (code) => this.#fail(new Error(`the process of ${name} ended with ${code}`)))
  }

  #onMessage({ re, ok, error, state, crash }) {
    if (crash) this.#fail(new Error(`${this.name} crashed: ${crash}`))
    if (state) {
      this.#state = state
      this.emit('changed')
    }
    if (re === undefined) return
    const waiting = this.#pending.get(re)
    this.#pending.delete(re)
    if (error) waiting?.reject(new Error(`${this.name}: ${error}`))
    else waiting?.resolve(ok)
  }

  #fail(error) {
    this.#dead ??= error
    for (const { reject } of this.#pending.values()) reject(error)
    this.#pending.clear()
    this.emit('changed')
  }

  #ask(op, args, within = CALL_MS) {
    if (this.#dead) return Promise.reject(this.#dead)
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.name} did not answer ${op} within ${within} ms`)), within)
      this.#pending.set(id, {
        resolve: (value) => (clearTimeout(timer), resolve(value)),
        reject: (error) => (clearTimeout(timer), reject(error)),
      })
      this.#child.send({ id, op, args })
    })
  }

  open = (page, query) => this.#ask('open', { page, query })
  call = (method, ...args) => this.#ask('call', { method, args })
  tap = (selector, index) => this.#ask('tap', { selector, index })
  /** Taps an element inside the component with this id. */
  tapIn = (within, selector, index) => this.#ask('tap', { within, selector, index })
  html = (within) => this.#ask('html', { within })
  closePage = () => this.#ask('close')
  pusherEvent = (event, detail) => this.#ask('pusherEvent', { event, detail })
  background = (options) => this.#ask('background', options)
  foreground = () => this.#ask('foreground')
  interrupted = () => this.#ask('interrupted')
  soundBack = () => this.#ask('soundBack')
  setRoutes = (routes) => this.#ask('routes', { routes })
  networkChanged = (state) => this.#ask('networkChanged', state)
  fullLog = () => this.#ask('log')

  /** Ends the process as an empty battery does; connections are reset by the system. */
  async kill() {
    if (this.#child.exitCode !== null || this.#child.signalCode) return
    await new Promise((resolve) => {
      this.#child.once('exit', resolve)
      this.#child.kill('SIGKILL')
    })
  }

  get data() {
    return this.#state.data
  }

  /** Data of the component for calls on the page. */
  get component() {
    return this.#state.component
  }

  /** Files that the mini program plays now. */
  get sounds() {
    return this.#state.sounds
  }

  get pusher() {
    return this.#state.pusher
  }

  get players() {
    return this.#state.players
  }

  get offline() {
    return this.#state.offline
  }

  /** The player of a member's main (or aux) stream, if it is on the page. */
  player(other, stream = 'main') {
    return this.#state.players[`${other.name ?? other}_${stream}`] ?? null
  }

  /** All SDK events, or those with one code (and user), in order; from one position on. */
  events(code, userID, from = 0) {
    return this.#state.events
      .slice(from)
      .filter((e) => (!code || e.code === code) && (userID === undefined || e.userID === userID))
  }

  /** How often an event came; the only record of those that come every few seconds. */
  count = (code) => this.#state.counts[code] ?? 0

  /** Remembers how many events there are, to look only at later ones: `events` of the result. */
  mark() {
    const from = this.#state.events.length
    return { events: (code, userID) => this.events(code, userID, from) }
  }

  /** Waits until `condition(this)` is truthy. */
  until(what, condition, within = SOON) {
    const ask = () => {
      if (this.#dead) throw this.#dead
      return condition(this)
    }
    return until(ask, {
      what: `${this.name}: ${what}`,
      within,
      explain: () => this.explain(),
      changed: (listener) => {
        this.on('changed', listener)
        return () => this.off('changed', listener)
      },
    })
  }

  untilEvent = (code, userID, within) =>
    this.until(`event ${code}${userID ? ` of ${userID}` : ''}`, () => this.events(code, userID)[0], within)

  /** Waits until the page has joined; an ERROR event ends the wait at once. */
  joins = () =>
    this.until('joins', () => {
      const [error] = this.events('ERROR')
      if (error) throw new Error(`${this.name} may not join: ${error.error} ${error.message}\n${this.explain()}`)
      return this.events('LOCAL_JOIN')[0]
    })

  /** Waits until more than `frames` further pictures of the other were decoded here. */
  async sees(other, { frames = 15, within = SOON } = {}) {
    const from = this.player(other)?.frames ?? 0
    return this.until(
      `sees ${frames} pictures of ${other.name ?? other}`,
      () => (this.player(other)?.frames ?? 0) >= from + frames,
      within,
    )
  }

  /** Waits until the loudspeaker gives the other's tone. */
  hears = (other, within) =>
    this.until(`hears ${other.toneHz} Hz of ${other.name}`, () => this.player(other)?.heard === other.toneHz, within)

  /** Waits until nothing of the other is heard. */
  hearsNothingOf = (other, within) =>
    this.until(`no longer hears ${other.name}`, () => (this.player(other)?.heard ?? null) === null, within)

  /** Everything a reader needs when a wait failed. */
  explain() {
    const { events, players, pusher, log } = this.#state
    const list = Object.entries(players).map(
      ([id, p]) => `    ${id}: ${JSON.stringify({ ...p, codes: p.codes.slice(-8).join(' ') })}`,
    )
    return [
      `  ${this.name} sees:`,
      ...list,
      `  pusher: ${JSON.stringify(pusher && { ...pusher, codes: pusher.codes.slice(-12).join(' ') })}`,
      `  events: ${events.map((e) => `${e.code}${e.userID ? `(${e.userID})` : ''}${e.message ? `[${e.message}]` : ''}`).join(' ')}`,
      '  log:',
      ...log.map((line) => `    ${line}`),
      ...(this.serverLog ? ['  the server:', this.serverLog()] : []),
    ].join('\n')
  }
}
