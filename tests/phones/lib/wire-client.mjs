// A small client of the conference wire, written from docs/emedia-wire.md: what it is told is kept in order.
import { EventEmitter } from 'node:events'
import WebSocket from 'ws'
import { mintUserSig } from './usersig.mjs'
import { until } from './until.mjs'

const SOON = 15000
const DOMAIN = 'easemob.com'

/** The key and the full names of an application that is called by its number. */
export const keyOf = (app) => `wire#${app.id}`
export const fullName = (app, user) => `${keyOf(app)}_${user}@${DOMAIN}`

/** Posts JSON and reads JSON, whatever the status. */
export async function post(url, body, headers = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const response = await fetch(url, { method: 'POST', body: text, headers: { 'content-type': 'application/json', ...headers } })
  return { status: response.status, ...(await response.json()) }
}

export class WireClient extends EventEmitter {
  #server
  #socket
  #count = 0
  #replies = new Map()
  #version = 0
  events = []
  entered = null
  closed = null

  constructor(server, user) {
    super()
    this.#server = server
    this.user = user
    this.uid = fullName(server.app, user)
    this.token = mintUserSig(server.app, user)
  }

  rest = (path, body) => post(`${this.#server.http}${path}`, body)

  /** A ticket to a new conference. */
  create = (more = {}) => this.#ticket({ confrType: '', password: '', rec: '', recMerge: '', ...more })

  /** A ticket to a known one. */
  ask = (confrId, more = {}) => this.#ticket({ confrId, password: '', ...more })

  async #ticket(body) {
    const reply = await this.rest('/easemob/rtc/req/ticket', { uid: this.uid, token: this.token, role: 9, ...body })
    if (reply.ticket) {
      this.ticket = JSON.parse(reply.ticket)
      this.roleToken = reply.roleToken
      this.confrId = reply.confrId
    }
    return reply
  }

  /** Connects and enters, or goes on with the earlier stay; resolves with the reply. */
  async enter({ ext = '{}', back = false, ticket = this.ticket } = {}) {
    await this.connect(ticket.url)
    return this.request({ op: 200, tkt: ticket, nickName: this.uid, ext, ...(back ? { sessId: this.entered.sessId } : {}) })
  }

  async connect(url) {
    const socket = new WebSocket(`${url}?${this.#count++}&${this.confrId}`)
    this.#socket = socket
    this.closed = null
    socket.on('message', (data) => {
      if (socket === this.#socket) this.#received(JSON.parse(data))
    })
    socket.on('close', (code) => {
      if (socket === this.#socket) this.closed = code
      this.emit('change')
    })
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  }

  #received(frame) {
    // As the vendor's client counts: the newest event that arrived, or what a poll said.
    if (frame.cver && [300, 301, 302, 303, 400].includes(frame.op)) this.#version = frame.cver
    if (frame.op === 1001) this.#replies.set(frame.tsxId, frame)
    else {
      if (frame.sessId !== this.entered?.sessId) throw new Error(`an event of another stay: ${JSON.stringify(frame)}`)
      this.events.push(frame)
    }
    if (frame.useUrl) {
      if (frame.memId !== this.entered?.memId) this.#version = frame.cver
      this.entered = frame
    }
    this.emit('change')
  }

  send = (frame) => this.#socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))

  async request(frame) {
    const tsxId = `MSG${Date.now()}-${this.#count++}`
    this.send({ ...(this.entered ? { sessId: this.entered.sessId } : {}), tsxId, ...frame })
    return this.#until(() => this.#replies.get(tsxId), `an answer to ${JSON.stringify(frame)}`)
  }

  /** Waits for an event with these fields, and takes it and what came before it out of the list. */
  async event(fields) {
    const fits = (event) => Object.entries(fields).every(([name, value]) => event[name] === value)
    const found = await this.#until(() => this.events.find(fits), `the event ${JSON.stringify(fields)}`)
    this.events.splice(0, this.events.indexOf(found) + 1)
    return found
  }

  #until = (condition, what) =>
    until(condition, {
      what: `${this.user} gets ${what}`,
      within: SOON,
      changed: (listener) => {
        this.on('change', listener)
        return () => this.off('change', listener)
      },
      explain: () => JSON.stringify({ events: this.events, closed: this.closed }),
    })

  pub = () => post(this.entered.useUrl, { op: 'pubS', rtcId: 'wx-1-abc' })
  sub = (streamId) => post(this.entered.useUrl, { op: 'subS', streamId })
  async poll() {
    const reply = await this.request({ op: 1000, cver: this.#version })
    this.#version = Math.max(this.#version, reply.cver ?? 0)
    return reply
  }

  manage = (path, body) => this.rest(`/easemob/rtc/${path}`, { roleToken: this.roleToken, ...body })
  untilClosed = () => this.#until(() => this.closed !== null, 'the end of its connection')

  /** Nothing more is read from the connection; returns what ends it. */
  pause() {
    const socket = this.#socket
    socket.pause()
    return () => socket.terminate()
  }

  /** The network is gone: no goodbye. */
  drop = () => this.#socket.terminate()
  end = () => this.#socket?.terminate()
}
