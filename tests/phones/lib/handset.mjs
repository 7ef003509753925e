// Somebody who speaks the protocol by hand: no SDK, which would close its own connections, so that it shows what the
// server does alone. It can take part in calls, push a recording and play.
import net from 'node:net'
import WebSocket from 'ws'
import { AUDIO, VIDEO } from './flv.mjs'
import { RtmpClient } from './rtmp/client.mjs'
import { until } from './until.mjs'
import { mintUserSig } from './usersig.mjs'

const SOON = 15000
/** How often a recorded tag is sent, ms. */
const TAG_MS = 100

export class Handset {
  #socket
  #next = 1
  #waiting = new Map()
  #media = []
  #sending = null
  welcome = null
  /** Everything that the server pushed, oldest first. */
  pushes = []

  /** Logs in to be called. */
  static async login(server, user) {
    const handset = new Handset()
    handset.user = user
    await handset.#connect(`${server.http.replace('http', 'ws')}/v1/signal`)
    const { app } = server
    handset.welcome = await handset.ask('hello', {
      version: 1, app: app.id, user, sig: mintUserSig(app, user), device: `handset-of-${user}-01`, client: 'handset/1', calls: true,
    })
    return handset
  }

  #connect(url) {
    this.#socket = new WebSocket(url)
    this.#socket.on('message', (text) => this.#received(JSON.parse(text)))
    return new Promise((resolve, reject) => {
      this.#socket.on('open', resolve)
      this.#socket.on('error', reject)
    })
  }

  #received(frame) {
    if (frame.re === undefined) {
      this.pushes.push({ at: Date.now(), ...frame })
      return
    }
    const { resolve, reject } = this.#waiting.get(frame.re)
    this.#waiting.delete(frame.re)
    if (frame.error) reject(Object.assign(new Error(frame.error.message), frame.error))
    else resolve(frame.ok)
  }

  /** One request; rejects with the server's refusal. */
  ask(op, body = {}) {
    const id = this.#next++
    this.#socket.send(JSON.stringify({ id, op, ...body }))
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
  }

  /** Waits until the server has pushed such an event. */
  pushed(what, condition) {
    return until(() => this.pushes.find(condition), {
      what: `${this.user} is pushed ${what}`,
      within: SOON,
      explain: () => JSON.stringify(this.pushes),
    })
  }

  /** Pushes a recording over and over. Gives the connection, which tells `close`. */
  async push(key, { headers, tags }) {
    const client = await this.#dial(`${this.welcome.media.rtmp}/${key}`)
    await client.publish()
    client.media(VIDEO, 0, headers.video)
    client.media(AUDIO, 0, headers.audio)
    let sent = 0
    const next = () => tags.forEach(({ type, body }) => client.media(type, sent++ * TAG_MS, body))
    next()
    this.#sending = setInterval(next, TAG_MS)
    client.on('close', () => clearInterval(this.#sending))
    return client
  }

  /** Plays. Gives the connection, which tells `media` and `close`. */
  async play(key) {
    const client = await this.#dial(`${this.welcome.media.rtmp}/${key}`)
    await client.play()
    return client
  }

  async #dial(url) {
    const { hostname, port } = new URL(url.replace('rtmp:', 'http:'))
    const socket = net.connect({ host: hostname, port: Number(port), noDelay: true })
    socket.on('error', () => {}) // the client tells
    const client = new RtmpClient(socket, url)
    this.#media.push(client)
    await client.open()
    return client
  }

  /** Gone without a word. */
  drop() {
    clearInterval(this.#sending)
    this.#media.forEach((client) => client.destroy())
    this.#socket.terminate()
  }
}
