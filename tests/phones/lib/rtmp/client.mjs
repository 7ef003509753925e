// An RTMP client in the manner of a phone's native component: it publishes or plays one stream.
//
// It is not built on the server's code or on ffmpeg, so that it can keep one connection while microphone and
// camera go on and off, and can tell exactly which messages arrived.
import { EventEmitter } from 'node:events'
import { randomBytes } from 'node:crypto'
import { AUDIO, SCRIPT, VIDEO } from '../flv.mjs'
import { decode, encode } from './amf.mjs'
import { ChunkReader, ChunkWriter } from './chunks.mjs'

const SET_CHUNK_SIZE = 1
const ABORT = 2
const ACKNOWLEDGE = 3
const USER_CONTROL = 4
const WINDOW_SIZE = 5
const PEER_BANDWIDTH = 6
const COMMAND_AMF3 = 17
const COMMAND = 20

const PING_REQUEST = 6
const PING_RESPONSE = 7
const SET_BUFFER_LENGTH = 3

const HANDSHAKE_BYTES = 1536
const CHUNK_SIZE = 4096
/** Chunk streams as librtmp assigns them. */
const CHUNK_CONTROL = 2
const CHUNK_COMMAND = 3
const CHUNK_MEDIA = { [AUDIO]: 4, [SCRIPT]: 5, [VIDEO]: 6 }
/** What a phone buffers before it shows a picture; only told to the server. */
const BUFFER_MS = 1000

/** Takes an address apart: `rtmp://host:port/app/key?query`. */
export function parseRtmpUrl(url) {
  const match = /^rtmp:\/\/([^/:]+)(?::(\d+))?\/([^/?]+)\/(.+)$/.exec(url)
  if (!match) throw new Error(`not an rtmp address: ${url}`)
  return { host: match[1], port: Number(match[2] ?? 1935), app: match[3], key: match[4] }
}

/** The server answered with an error status, for example because the key is unknown. */
export class RtmpRefused extends Error {
  constructor(code, description) {
    super(`${code}: ${description}`)
    this.code = code
  }
}

/**
 * One RTMP connection. Events: `media` with `{type, timestamp, body}`, `status` with the info object of an
 * onStatus after the start, `close` with an Error or nothing.
 */
export class RtmpClient extends EventEmitter {
  #socket
  #address
  #writer = new ChunkWriter()
  #reader = new ChunkReader((message) => this.#onMessage(message))
  #pending = new Map()
  #nextTransaction = 1
  #received = 0
  #acknowledged = 0
  #window = 0
  #started = null
  #streamId = 0

  /** `socket` is a connected TCP socket to the host of `url`. */
  constructor(socket, url) {
    super()
    this.#socket = socket
    this.#address = parseRtmpUrl(url)
    socket.setNoDelay(true)
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail())
  }

  /** Handshake and `connect`. */
  async open() {
    await this.#handshake()
    this.#socket.on('data', (data) => this.#onData(data))
    this.#control(SET_CHUNK_SIZE, CHUNK_SIZE)
    this.#writer.chunkSize = CHUNK_SIZE
    const { host, port, app } = this.#address
    await this.#call('connect', {
      app,
      type: 'nonprivate',
      flashVer: 'FMLE/3.0',
      tcUrl: `rtmp://${host}:${port}/${app}`,
    })
  }

  /** Asks to publish and resolves when the server accepts. */
  async publish() {
    const { app, key } = this.#address
    this.#command('releaseStream', null, key)
    this.#command('FCPublish', null, key)
    this.#streamId = await this.#call('createStream', null)
    const started = this.#awaitStatus('NetStream.Publish.Start')
    this.#command('publish', null, key, app)
    return started
  }

  /** Asks to play and resolves when the server accepts. */
  async play() {
    this.#streamId = await this.#call('createStream', null)
    const started = this.#awaitStatus('NetStream.Play.Start')
    this.#command('play', null, this.#address.key, -2000)
    const buffer = Buffer.alloc(10)
    buffer.writeUInt16BE(SET_BUFFER_LENGTH, 0)
    buffer.writeUInt32BE(this.#streamId, 2)
    buffer.writeUInt32BE(BUFFER_MS, 6)
    this.#write(CHUNK_CONTROL, USER_CONTROL, 0, 0, buffer)
    return started
  }

  /** Sends one audio, video or script message; returns false while the socket's buffer is full. */
  media(type, timestamp, body) {
    return this.#write(CHUNK_MEDIA[type], type, this.#streamId, timestamp, body)
  }

  /** Bytes that wait in this process for the network. */
  get queued() {
    return this.#socket.writableLength
  }

  /** Withdraws the stream politely and closes. */
  close() {
    if (!this.#socket.destroyed && this.#streamId) {
      this.#command('FCUnpublish', null, this.#address.key)
      this.#command('deleteStream', null, this.#streamId)
    }
    this.#socket.end()
    this.#socket.destroySoon()
  }

  /** Lets the connection drop without a word, as a phone that loses its network does. */
  destroy() {
    this.#socket.destroy()
  }

  async #handshake() {
    const c1 = Buffer.concat([Buffer.alloc(8), randomBytes(HANDSHAKE_BYTES - 8)])
    this.#socket.write(Buffer.concat([Buffer.from([3]), c1]))
    const answer = await this.#readExactly(1 + 2 * HANDSHAKE_BYTES)
    if (answer[0] !== 3) throw new Error(`the server speaks RTMP version ${answer[0]}`)
    this.#socket.write(answer.subarray(1, 1 + HANDSHAKE_BYTES))
  }

  #readExactly(size) {
    return new Promise((resolve, reject) => {
      const take = () => {
        const data = this.#socket.read(size)
        if (!data) return
        this.#socket.off('readable', take)
        resolve(data)
      }
      this.#socket.on('readable', take)
      this.once('close', (error) => reject(error ?? new Error('closed during the handshake')))
      take()
    })
  }

  #onData(data) {
    this.#received += data.length
    try {
      this.#reader.push(data)
    } catch (error) {
      this.#fail(error)
      this.#socket.destroy()
      return
    }
    if (this.#window && this.#received - this.#acknowledged >= this.#window / 2) {
      this.#acknowledged = this.#received
      this.#control(ACKNOWLEDGE, this.#received >>> 0)
    }
  }

  #onMessage({ type, timestamp, payload }) {
    switch (type) {
      case SET_CHUNK_SIZE:
        this.#reader.chunkSize = payload.readUInt32BE(0) & 0x7fffffff
        break
      case ABORT:
        this.#reader.abort(payload.readUInt32BE(0))
        break
      case USER_CONTROL:
        this.#onUserControl(payload)
        break
      case WINDOW_SIZE:
        this.#window = payload.readUInt32BE(0)
        break
      case PEER_BANDWIDTH:
        this.#control(WINDOW_SIZE, payload.readUInt32BE(0))
        break
      case AUDIO:
      case VIDEO:
      case SCRIPT:
        this.emit('media', { type, timestamp, body: payload })
        break
      case COMMAND:
        this.#onCommand(decode(payload))
        break
      case COMMAND_AMF3:
        this.#onCommand(decode(payload.subarray(1)))
        break
      default:
    }
  }

  #onUserControl(payload) {
    if (payload.readUInt16BE(0) !== PING_REQUEST) return
    const answer = Buffer.from(payload)
    answer.writeUInt16BE(PING_RESPONSE, 0)
    this.#write(CHUNK_CONTROL, USER_CONTROL, 0, 0, answer)
  }

  #onCommand([name, transaction, object, info]) {
    if (name === '_result' || name === '_error') {
      const waiting = this.#pending.get(transaction)
      this.#pending.delete(transaction)
      if (name === '_result') waiting?.resolve(info)
      else waiting?.reject(new RtmpRefused(info?.code ?? '_error', info?.description ?? ''))
    } else if (name === 'onStatus') {
      this.#onStatus(info ?? object ?? {})
    }
  }

  #onStatus(info) {
    if (this.#started && info.level === 'error') {
      this.#started.reject(new RtmpRefused(info.code, info.description))
      this.#started = null
    } else if (this.#started?.code === info.code) {
      this.#started.resolve()
      this.#started = null
    } else if (!this.#started) {
      this.emit('status', info)
    }
  }

  #awaitStatus(code) {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) reject(new Error('the connection is closed'))
      else this.#started = { code, resolve, reject }
    })
  }

  #call(name, ...args) {
    const transaction = this.#nextTransaction
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new Error('the connection is closed'))
      this.#pending.set(transaction, { resolve, reject })
      this.#command(name, ...args)
    })
  }

  #command(name, ...args) {
    const streamId = name === 'publish' || name === 'play' ? this.#streamId : 0
    this.#write(CHUNK_COMMAND, COMMAND, streamId, 0, encode(name, this.#nextTransaction++, ...args))
  }

  #control(type, value) {
    const payload = Buffer.alloc(4)
    payload.writeUInt32BE(value)
    this.#write(CHUNK_CONTROL, type, 0, 0, payload)
  }

  #write(chunkStream, type, streamId, timestamp, payload) {
    if (this.#socket.destroyed) return false
    return this.#socket.write(this.#writer.write({ chunkStream, type, streamId, timestamp, payload }))
  }

  #fail(error) {
    const why = error ?? new Error('the server closed the connection')
    for (const { reject } of this.#pending.values()) reject(why)
    this.#pending.clear()
    this.#started?.reject(why)
    this.#started = null
    if (this.listenerCount('close')) this.emit('close', error)
    this.removeAllListeners('close')
  }
}
