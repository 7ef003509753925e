// People by the hundred: the SDK with real sockets, and media that was recorded once. No pages and no decoders, so
// that a full room fits into the process of the test.
import fs from 'node:fs'
import net from 'node:net'
import vm from 'node:vm'
import { Network } from '../phone/network.mjs'
import { createWx } from '../phone/wx.mjs'
import { Encoder } from './ffmpeg.mjs'
import { AUDIO, VIDEO } from './flv.mjs'
import { SDK } from './phone.mjs'
import { RtmpClient } from './rtmp/client.mjs'
import { until } from './until.mjs'
import { mintUserSig } from './usersig.mjs'

/** How many log in side by side: a server that checks signatures on two cores wants them in portions. */
const TOGETHER = 20
/** Everything of a whole crowd gets this long, ms: hundreds of clients and the server share two busy cores. */
export const CROWD_MS = 60000
/** How often a recorded tag is sent, ms: a stream lives as long as something comes. */
const TAG_MS = 250

const SOURCE = fs.readFileSync(SDK, 'utf8')
const PARAMETERS = ['module', 'exports', 'wx', 'console', 'getCurrentPages']
const SILENT = Object.fromEntries(['log', 'info', 'warn', 'error'].map((level) => [level, () => {}]))

/** One member of a crowd. */
export class Somebody {
  #server
  #client = null
  #sending = null
  events = []
  url = ''

  constructor(server, name) {
    this.#server = server
    this.name = name
    const nothing = () => ({})
    const contexts = { pusher: nothing, player: nothing }
    const { wx } = createWx({ network: new Network(), contexts, trace: () => {} })
    const module = { exports: {} }
    const run = vm.compileFunction(SOURCE, PARAMETERS)
    run(module, module.exports, { ...wx, huitong: { server: server.http, rtmp: server.rtmp } }, SILENT, () => [])
    this.trtc = new module.exports({}, 'test')
    for (const code of Object.keys(this.trtc.EVENT)) {
      this.trtc.on(code, ({ data }) => this.events.push({ code, user: data?.userID, error: data?.code, detail: data?.detail }))
    }
  }

  enter(room, more = {}) {
    const { app } = this.#server
    this.trtc.createPusher({})
    const params = { sdkAppID: app.id, userID: this.name, userSig: mintUserSig(app, this.name), ...room, ...more }
    this.url = this.trtc.enterRoom(params).url
    this.trtc.getPusherInstance().start()
  }

  /** The users that an event named, without repetitions. */
  users(code) {
    return new Set(this.events.filter((event) => event.code === code).map(({ user }) => user))
  }

  /** The errors that the page was told, as code and detail. */
  get errors() {
    return this.events.filter(({ code }) => code === 'ERROR').map(({ error, detail }) => [error, detail])
  }

  get joined() {
    return this.events.some(({ code }) => code === 'LOCAL_JOIN')
  }

  /** Pushes a recording over and over, as the native tag would. Rejects when the server refuses it. */
  async send({ headers, tags }) {
    const { hostname, port } = new URL(this.url.replace('rtmp:', 'http:'))
    const socket = net.connect({ host: hostname, port: Number(port), noDelay: true })
    socket.on('error', () => {}) // the client tells
    this.#client = new RtmpClient(socket, this.url)
    await this.#client.open()
    await this.#client.publish()
    this.trtc.pusherEventHandler({ detail: { code: 1002, message: 'push begins' } })
    this.#client.media(VIDEO, 0, headers.video)
    this.#client.media(AUDIO, 0, headers.audio)
    let sent = 0
    const next = () => {
      const { type, body } = tags[sent % tags.length]
      this.#client.media(type, sent * TAG_MS, body)
      sent += 1
    }
    tags.slice(0, 2).forEach(next)
    this.#sending = setInterval(next, TAG_MS)
  }

  leave() {
    clearInterval(this.#sending)
    this.#client?.destroy()
    this.trtc.exitRoom()
  }
}

/** Lets people enter in portions, and waits until each is in the room. */
export async function gatherCrowd(server, names, room, more) {
  const people = names.map((name) => new Somebody(server, name))
  for (let at = 0; at < people.length; at += TOGETHER) {
    const portion = people.slice(at, at + TOGETHER)
    for (const somebody of portion) somebody.enter(room, more)
    await until(() => portion.every(({ joined }) => joined), {
      what: `${portion[0].name} to ${portion.at(-1).name} are in the room`,
      within: CROWD_MS,
      explain: () => portion.filter(({ joined }) => !joined).map(({ name, events }) => `${name}: ${JSON.stringify(events)}`).join('\n'),
    })
  }
  return people
}

/** A keyframe and some sound with their headers. */
export async function record() {
  const encoder = new Encoder()
  const tags = []
  encoder.on('tag', ({ type, body }) => tags.push({ type, body }))
  encoder.start()
  const first = (type) => tags.find((tag) => tag.type === type)
  try {
    await until(() => first(VIDEO) && first(AUDIO) && encoder.headers.video && encoder.headers.audio, {
      what: 'the encoder gives pictures and sound',
      within: CROWD_MS,
    })
  } finally {
    encoder.stop()
  }
  return { headers: encoder.headers, tags: [first(VIDEO), first(AUDIO)] }
}
