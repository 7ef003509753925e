// AMF0 values, as RTMP commands use them.

const NUMBER = 0
const BOOLEAN = 1
const STRING = 2
const OBJECT = 3
const NULL = 5
const UNDEFINED = 6
const ECMA_ARRAY = 8
const OBJECT_END = 9
const STRICT_ARRAY = 10
const LONG_STRING = 12

function encodeKey(text) {
  const bytes = Buffer.from(text)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(bytes.length)
  return Buffer.concat([length, bytes])
}

function encodeValue(value) {
  if (value === null || value === undefined) return Buffer.from([NULL])
  if (typeof value === 'boolean') return Buffer.from([BOOLEAN, value ? 1 : 0])
  if (typeof value === 'number') {
    const out = Buffer.alloc(9)
    out.writeDoubleBE(value, 1)
    return out
  }
  if (typeof value === 'string') return Buffer.concat([Buffer.from([STRING]), encodeKey(value)])
  const parts = [Buffer.from([OBJECT])]
  for (const [key, item] of Object.entries(value)) parts.push(encodeKey(key), encodeValue(item))
  parts.push(Buffer.from([0, 0, OBJECT_END]))
  return Buffer.concat(parts)
}

/** Serialises values one after the other. */
export const encode = (...values) => Buffer.concat(values.map(encodeValue))

class Reader {
  constructor(buffer) {
    this.buffer = buffer
    this.at = 0
  }

  key() {
    const length = this.buffer.readUInt16BE(this.at)
    this.at += 2 + length
    return this.buffer.toString('utf8', this.at - length, this.at)
  }

  pairs() {
    const out = {}
    for (;;) {
      const key = this.key()
      if (key === '' && this.buffer[this.at] === OBJECT_END) {
        this.at += 1
        return out
      }
      out[key] = this.value()
    }
  }

  value() {
    const marker = this.buffer[this.at++]
    switch (marker) {
      case NUMBER:
        this.at += 8
        return this.buffer.readDoubleBE(this.at - 8)
      case BOOLEAN:
        return this.buffer[this.at++] !== 0
      case STRING:
        return this.key()
      case OBJECT:
        return this.pairs()
      case NULL:
      case UNDEFINED:
        return null
      case ECMA_ARRAY:
        this.at += 4
        return this.pairs()
      case STRICT_ARRAY: {
        const count = this.buffer.readUInt32BE(this.at)
        this.at += 4
        return Array.from({ length: count }, () => this.value())
      }
      case LONG_STRING: {
        const length = this.buffer.readUInt32BE(this.at)
        this.at += 4 + length
        return this.buffer.toString('utf8', this.at - length, this.at)
      }
      default:
        throw new Error(`AMF0 marker ${marker} is not expected in a command`)
    }
  }
}

/** Parses all values of a message. */
export function decode(buffer) {
  const reader = new Reader(buffer)
  const out = []
  while (reader.at < buffer.length) out.push(reader.value())
  return out
}
