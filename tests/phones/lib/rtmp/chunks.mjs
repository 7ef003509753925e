// The RTMP chunk layer: messages to chunks and back (Adobe RTMP specification 1.0, section 5.3).

const EXTENDED = 0xffffff
const MAX_MESSAGE_BYTES = 4 << 20
const HEADER_BYTES = [11, 7, 3, 0]

/** Cuts messages into chunks, with the compact headers that a phone's encoder uses after the first one. */
export class ChunkWriter {
  chunkSize = 128
  #last = new Map()

  write({ chunkStream, type, streamId, timestamp, payload }) {
    const last = this.#last.get(chunkStream)
    const compact = last && last.streamId === streamId && timestamp >= last.timestamp
    const time = compact ? timestamp - last.timestamp : timestamp
    this.#last.set(chunkStream, { streamId, timestamp })
    const extended = time >= EXTENDED
    const head = Buffer.alloc(compact ? 8 : 12)
    head[0] = ((compact ? 1 : 0) << 6) | chunkStream
    head.writeUIntBE(extended ? EXTENDED : time, 1, 3)
    head.writeUIntBE(payload.length, 4, 3)
    head[7] = type
    if (!compact) head.writeUInt32LE(streamId, 8)
    const tail = Buffer.alloc(extended ? 4 : 0)
    if (extended) tail.writeUInt32BE(time >>> 0)
    const parts = [head, tail, payload.subarray(0, this.chunkSize)]
    for (let at = this.chunkSize; at < payload.length; at += this.chunkSize) {
      parts.push(Buffer.from([0xc0 | chunkStream]), tail, payload.subarray(at, at + this.chunkSize))
    }
    return Buffer.concat(parts)
  }
}

/** Joins chunks into messages `{type, streamId, timestamp, payload}`. */
export class ChunkReader {
  chunkSize = 128
  #onMessage
  #buffer = Buffer.alloc(0)
  #streams = new Map()

  constructor(onMessage) {
    this.#onMessage = onMessage
  }

  push(data) {
    this.#buffer = this.#buffer.length ? Buffer.concat([this.#buffer, data]) : data
    while (this.#nextChunk());
  }

  /** Forgets a half-received message, as the abort message asks. */
  abort(chunkStream) {
    const state = this.#streams.get(chunkStream)
    if (state) Object.assign(state, { received: [], got: 0 })
  }

  #basicHeader() {
    const b = this.#buffer
    if (b.length < 1) return null
    const low = b[0] & 0x3f
    const size = low === 0 ? 2 : low === 1 ? 3 : 1
    if (b.length < size) return null
    const id = size === 1 ? low : size === 2 ? b[1] + 64 : b[1] + 64 + b[2] * 256
    return { format: b[0] >> 6, id, size }
  }

  #nextChunk() {
    const basic = this.#basicHeader()
    if (!basic) return false
    const b = this.#buffer
    const state = this.#streams.get(basic.id) ?? { timestamp: 0, delta: 0, received: [], got: 0 }
    const next = { ...state, fresh: state.got === 0 }
    let at = basic.size
    if (b.length < at + HEADER_BYTES[basic.format]) return false
    let time = state.field ?? 0
    if (basic.format < 3) time = b.readUIntBE(at, 3)
    if (basic.format < 2) {
      next.length = b.readUIntBE(at + 3, 3)
      next.type = b[at + 6]
    }
    if (basic.format === 0) next.streamId = b.readUInt32LE(at + 7)
    at += HEADER_BYTES[basic.format]
    next.field = time
    if (time === EXTENDED) {
      if (b.length < at + 4) return false
      time = b.readUInt32BE(at)
      at += 4
    }
    if (next.length === undefined) throw new Error('the first chunk of a chunk stream has no full header')
    if (next.length > MAX_MESSAGE_BYTES) throw new Error(`an RTMP message declares ${next.length} bytes`)
    const piece = Math.min(this.chunkSize, next.length - state.got)
    if (b.length < at + piece) return false
    if (next.fresh) this.#clock(next, basic.format, time)
    this.#take(basic.id, next, b.subarray(at, at + piece))
    this.#buffer = this.#buffer.subarray(at + piece)
    return true
  }

  #clock(state, format, time) {
    if (format === 0) {
      state.timestamp = time
      state.delta = 0
    } else {
      if (format < 3) state.delta = time
      state.timestamp = (state.timestamp + state.delta) >>> 0
    }
  }

  #take(id, state, piece) {
    const received = [...state.received, piece]
    const got = state.got + piece.length
    const done = got >= state.length
    this.#streams.set(id, { ...state, received: done ? [] : received, got: done ? 0 : got })
    if (!done) return
    const { type, streamId, timestamp } = state
    this.#onMessage({ type, streamId, timestamp, payload: Buffer.concat(received) })
  }
}
