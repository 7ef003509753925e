// The signalling side of a server for tests of pages alone: it logs everybody in, answers what it is told to answer,
// and sends what the test pushes. There is no media behind it.
import { once } from 'node:events'
import { WebSocketServer } from 'ws'

const MEDIA = { rtmp: 'rtmp://127.0.0.1:1/live', flv: 'http://127.0.0.1:1/flv', wsFlv: 'ws://127.0.0.1:1/flv', whip: '', whep: '' }

export class SignalDouble {
  #server
  #socket = null
  #seq = 0
  /** Every request, oldest first. */
  requests = []
  /** What to answer: a function of the request by operation; without one the answer is empty. */
  answers = {}

  static async listen() {
    const double = new SignalDouble()
    double.#server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    double.#server.on('connection', (socket) => double.#accept(socket))
    await once(double.#server, 'listening')
    return double
  }

  get http() {
    return `http://127.0.0.1:${this.#server.address().port}`
  }

  get rtmp() {
    return MEDIA.rtmp
  }

  #accept(socket) {
    this.#socket = socket
    this.#seq = 0
    socket.on('message', (text) => {
      const request = JSON.parse(text)
      this.requests.push(request)
      const { id, op } = request
      const ok = { op, ...(op === 'hello' ? this.#welcome() : op === 'ping' ? { time: 1 } : this.answers[op]?.(request)) }
      socket.send(JSON.stringify({ re: id, ok }))
    })
  }

  #welcome() {
    return {
      version: 1, server: 'double/1', session: 's', secret: 'x', resumed: 'new', heartbeatMs: 10000, seatGraceMs: 90000, time: 1, media: MEDIA,
    }
  }

  /** Pushes an event. */
  push(event) {
    this.#seq += 1
    this.#socket.send(JSON.stringify({ seq: this.#seq, ...event }))
  }

  ops() {
    return this.requests.map(({ op }) => op).filter((op) => op !== 'ping')
  }

  close() {
    for (const socket of this.#server.clients) socket.terminate()
    this.#server.close()
  }
}
