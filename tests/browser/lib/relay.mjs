// A network of UDP between browsers and the server, as good or bad as a test wants it. It needs no rights on the machine.
import dgram from 'node:dgram'
import { once } from 'node:events'

const HOST = '127.0.0.1'

export class Relay {
  #socket = dgram.createSocket('udp4')
  /** Each browser's address has a socket of its own towards the server, as behind a NAT. */
  #inner = new Map()
  #random
  /** Share of datagrams that are lost, each way. */
  loss = 0
  /** Delay of each way, ms. */
  delayMs = 0
  /** Nothing goes through. */
  dark = false
  lost = 0
  passed = 0

  constructor(seed) {
    let state = seed >>> 0
    this.#random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32
  }

  /** A network to this port of the server; the same seed loses the same datagrams. */
  static async start(serverPort, { seed = 1, ...conditions } = {}) {
    const relay = Object.assign(new Relay(seed), conditions, { serverPort })
    relay.#socket.on('message', (data, from) => relay.#carry(data, (late) => relay.#innerOf(from).send(late, relay.serverPort, HOST)))
    relay.#socket.bind(0, HOST)
    await once(relay.#socket, 'listening')
    return relay
  }

  get port() {
    return this.#socket.address().port
  }

  #innerOf(from) {
    const name = `${from.address}:${from.port}`
    let inner = this.#inner.get(name)
    if (!inner) {
      inner = dgram.createSocket('udp4')
      inner.on('message', (data) => this.#carry(data, (late) => this.#socket.send(late, from.port, from.address)))
      this.#inner.set(name, inner)
    }
    return inner
  }

  #carry(data, send) {
    if (this.dark || this.#random() < this.loss) {
      this.lost += 1
      return
    }
    this.passed += 1
    if (this.delayMs === 0) send(data)
    else setTimeout(() => this.#open && send(data), this.delayMs)
  }

  #open = true
  close() {
    this.#open = false
    this.#socket.close()
    for (const inner of this.#inner.values()) inner.close()
  }
}

/** Makes an answer or fragment name the relay's port alone, over UDP. */
export function through(relay, sdp) {
  const lines = sdp.split('\r\n').filter((line) => !(line.startsWith('a=candidate:') && line.includes(' tcp ')))
  return lines.map((line) => line.replace(/^(a=candidate:.* )\d+( typ)/, `$1${relay.port}$2`)).join('\r\n')
}

/** The port of the server that an answer names. */
export const portOf = (sdp) => Number(/a=candidate:\S+ \d udp \d+ \S+ (\d+) typ/.exec(sdp)[1])
