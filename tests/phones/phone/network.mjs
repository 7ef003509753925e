// The phone's radio: every connection of the page and of the media components goes through it, so that a test
// can route the phone through a fault proxy, and the background can cut it off.
import net from 'node:net'

/** What a mini program may hold open at once (base library 1.7.0 and later). */
export const MAX_SOCKETS = 5

export class Network {
  #routes = new Map()
  #sockets = new Set()
  /** False while the mini program is in the background long enough, or in flight mode. */
  allowed = true

  /** `routes` maps `host:port` to the port of a proxy on this machine. */
  setRoutes(routes) {
    this.#routes = new Map(Object.entries(routes))
  }

  /** Opens a TCP connection; only this machine is reachable, as no test may talk to the outside. */
  connect(host, port, onConnect) {
    const routed = this.#routes.get(`${host}:${port}`)
    const target = routed ? { host: '127.0.0.1', port: routed } : { host, port }
    const socket = new net.Socket()
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    if (!this.allowed) {
      process.nextTick(() => socket.destroy(new Error('interrupted: the phone has no network now')))
    } else if (target.host !== '127.0.0.1' && target.host !== 'localhost') {
      process.nextTick(() => socket.destroy(new Error(`a simulated phone does not talk to ${host}`)))
    } else {
      socket.connect({ ...target, noDelay: true }, onConnect)
    }
    return socket
  }

  /** For `http.request`: the same radio. */
  createConnection = (options) => this.connect(options.host ?? options.hostname, Number(options.port ?? 80))

  /** Ends every connection without a word. */
  dropAll() {
    for (const socket of this.#sockets) socket.destroy()
  }
}

/** Resolves with a connected socket or rejects after `timeoutMs`. */
export function dial(network, host, port, timeoutMs) {
  return new Promise((resolve, reject) => {
    const socket = network.connect(host, port, () => {
      socket.setTimeout(0)
      socket.off('error', reject)
      resolve(socket)
    })
    socket.once('error', reject)
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no connection to ${host}:${port} in ${timeoutMs} ms`)))
  })
}
