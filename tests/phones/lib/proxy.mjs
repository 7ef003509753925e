// A TCP relay that misbehaves on request: delay, rate, stall, cut, reset, abandon. Switchable while it runs.
import { EventEmitter, once } from 'node:events'
import net from 'node:net'

const TICK_MS = 10
const HEALTHY = { delayMs: 0, kbps: Infinity, stalled: false, refusing: false }

/** One direction of one connection. */
class Pipe {
  #queue = []
  #timer = null
  #credit = 0
  #filledAt = Date.now()
  #ended = false

  constructor(from, to, fault) {
    this.from = from
    this.to = to
    this.fault = fault
    from.on('data', (data) => {
      this.#queue.push({ due: Date.now() + fault().delayMs, data })
      this.#pump()
    })
    from.on('end', () => {
      this.#ended = true
      this.#pump()
    })
  }

  #pump() {
    clearTimeout(this.#timer)
    const { stalled, kbps } = this.fault()
    const now = Date.now()
    // kbit/s are bits per ms; what was not used is kept for a tenth of a second.
    const earned = (kbps / 8) * (now - this.#filledAt)
    this.#filledAt = now
    this.#credit =
      kbps === Infinity ? Infinity : Math.min((Number.isFinite(this.#credit) ? this.#credit : 0) + earned, kbps * 12.5)
    while (!stalled && this.#queue.length && this.#queue[0].due <= now && this.#credit > 0) {
      const { data } = this.#queue.shift()
      this.#credit -= data.length
      if (!this.to.destroyed) this.to.write(data)
    }
    if (this.#queue.length > 64) this.from.pause()
    else if (!stalled) this.from.resume()
    if (this.#queue.length || stalled) this.#timer = setTimeout(() => this.#pump(), TICK_MS)
    else if (this.#ended) this.to.end()
  }

  wake = () => this.#pump()

  stop() {
    clearTimeout(this.#timer)
  }
}

export class Proxy extends EventEmitter {
  #server
  #target
  #fault = { ...HEALTHY }
  #links = new Set()
  #waiting = new Set()
  accepted = 0

  /** Listens on a free port of this machine and relays to `target` port. */
  static async listen(target) {
    const proxy = new Proxy(target)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  constructor(target) {
    super()
    this.#target = target
    this.#server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }, (client) => this.#accept(client))
  }

  get port() {
    return this.#server.address().port
  }

  /** Connections that are relayed now. */
  get open() {
    return this.#links.size
  }

  /** Changes some of `{delayMs, kbps, stalled, refusing}` for all present and future connections. */
  set(fault) {
    Object.assign(this.#fault, fault)
    if (!this.#fault.stalled) {
      for (const client of this.#waiting) this.#relay(client)
      this.#waiting.clear()
    }
    for (const link of this.#links) {
      if (!this.#fault.stalled && (link.client.destroyed || link.server.destroyed))
        this.#end(link, (socket) => socket.destroy())
      else link.pipes.forEach((pipe) => pipe.wake())
    }
  }

  heal() {
    this.set(HEALTHY)
  }

  /** Closes every connection in both directions. */
  cut() {
    for (const link of this.#links) this.#end(link, (socket) => socket.destroy())
  }

  /** Resets every connection in both directions. */
  reset() {
    for (const link of this.#links) this.#end(link, (socket) => socket.resetAndDestroy())
  }

  /**
   * The phone loses its address: its side is reset, the server's side stays open and silent, as when a phone
   * goes from Wi-Fi to mobile. Nothing tells the server for minutes.
   */
  abandon() {
    for (const link of this.#links) {
      link.pipes.forEach((pipe) => pipe.stop())
      link.client.resetAndDestroy()
      link.server.removeAllListeners('data')
      link.server.pause()
      this.#links.delete(link)
      this.#abandoned.push(link.server)
    }
  }
  #abandoned = []

  close() {
    this.#server.close()
    this.cut()
    for (const client of this.#waiting) client.destroy()
    for (const socket of this.#abandoned) socket.destroy()
  }

  #accept(client) {
    client.on('error', () => {}) // 'close' follows
    this.accepted += 1
    if (this.#fault.refusing) client.resetAndDestroy()
    else if (this.#fault.stalled) this.#waiting.add(client)
    else this.#relay(client)
  }

  #relay(client) {
    if (client.destroyed) return
    const server = net.connect({ host: '127.0.0.1', port: this.#target, noDelay: true, allowHalfOpen: true })
    client.setNoDelay(true)
    const fault = () => this.#fault
    const link = { client, server, pipes: [] }
    this.#links.add(link)
    server.on('error', () => {})
    server.on('connect', () => {
      link.pipes = [new Pipe(client, server, fault), new Pipe(server, client, fault)]
      client.resume()
    })
    client.on('close', () => this.#closed(link, server))
    server.on('close', () => this.#closed(link, client))
  }

  #closed(link, other) {
    if (!this.#links.has(link)) return
    if (this.#fault.stalled) return // nobody learns of it while nothing passes
    this.#end(link, () => other.destroy())
  }

  #end(link, how) {
    this.#links.delete(link)
    link.pipes.forEach((pipe) => pipe.stop())
    how(link.client)
    how(link.server)
  }
}

/** The way of one phone to a server: a proxy before its HTTP port and one before its RTMP port. */
export class PhoneNetwork {
  static async to(server) {
    const network = new PhoneNetwork()
    network.http = await Proxy.listen(server.httpPort)
    network.rtmp = await Proxy.listen(server.rtmpPort)
    network.routes = {
      [`127.0.0.1:${server.httpPort}`]: network.http.port,
      [`127.0.0.1:${server.rtmpPort}`]: network.rtmp.port,
    }
    return network
  }

  #both(action) {
    for (const proxy of [this.http, this.rtmp]) action(proxy)
  }

  set = (fault) => this.#both((proxy) => proxy.set(fault))
  heal = () => this.#both((proxy) => proxy.heal())
  cut = () => this.#both((proxy) => proxy.cut())
  reset = () => this.#both((proxy) => proxy.reset())
  abandon = () => this.#both((proxy) => proxy.abandon())
  close = () => this.#both((proxy) => proxy.close())

  /** No byte passes and no connection comes about; the phone's old address is gone when it ends. */
  lose() {
    this.set({ refusing: true })
    this.abandon()
  }
}
