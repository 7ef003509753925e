// FLV tags, and the few codec facts a simulated phone needs: what is a header, what is a keyframe.

/** Tag types, which are also RTMP message types. */
export const AUDIO = 8
export const VIDEO = 9
export const SCRIPT = 18

const FLV_HEADER_BYTES = 9
const TAG_HEADER_BYTES = 11
const PREVIOUS_TAG_BYTES = 4
/** A longer tag is a parse error: nothing here sends pictures beyond this. */
const MAX_TAG_BYTES = 4 << 20

/** Cuts a byte stream of FLV into tags `{type, timestamp, body}`. */
export class FlvParser {
  #onTag
  #buffer = Buffer.alloc(0)
  #headerDone = false

  constructor(onTag) {
    this.#onTag = onTag
  }

  push(chunk) {
    this.#buffer = this.#buffer.length ? Buffer.concat([this.#buffer, chunk]) : chunk
    if (!this.#headerDone) {
      if (this.#buffer.length < FLV_HEADER_BYTES + PREVIOUS_TAG_BYTES) return
      if (this.#buffer.toString('latin1', 0, 3) !== 'FLV') throw new Error('the stream does not begin with FLV')
      this.#buffer = this.#buffer.subarray(FLV_HEADER_BYTES + PREVIOUS_TAG_BYTES)
      this.#headerDone = true
    }
    while (this.#nextTag());
  }

  #nextTag() {
    const b = this.#buffer
    if (b.length < TAG_HEADER_BYTES) return false
    const size = b.readUIntBE(1, 3)
    if (size > MAX_TAG_BYTES) throw new Error(`an FLV tag declares ${size} bytes`)
    const whole = TAG_HEADER_BYTES + size + PREVIOUS_TAG_BYTES
    if (b.length < whole) return false
    const timestamp = b.readUIntBE(4, 3) + b[7] * 0x1000000
    this.#buffer = b.subarray(whole)
    this.#onTag({ type: b[0] & 0x1f, timestamp, body: b.subarray(TAG_HEADER_BYTES, TAG_HEADER_BYTES + size) })
    return true
  }
}

/** Whether a video body is the AVC decoder configuration. */
export const isAvcConfig = (body) => body.length > 5 && (body[0] & 0x0f) === 7 && body[1] === 0

/** Whether a video body is a coded picture that decoding can begin with. */
export const isKeyframe = (body) => body.length > 5 && body[0] >> 4 === 1 && body[1] === 1

/** Whether an audio body is the AAC AudioSpecificConfig. */
export const isAacConfig = (body) => body.length > 3 && body[0] >> 4 === 10 && body[1] === 0

const START_CODE = Buffer.from([0, 0, 0, 1])
/** An access unit delimiter after each picture lets a raw H.264 reader hand it on without waiting for the next. */
const DELIMITER = Buffer.from([0, 0, 0, 1, 9, 0xf0])

/** Reads `AVCDecoderConfigurationRecord`: length size, and SPS and PPS as Annex B. */
export function parseAvcConfig(body) {
  const record = body.subarray(5)
  const lengthSize = (record[4] & 3) + 1
  const parts = []
  let at = 5
  for (const mask of [0x1f, 0xff]) {
    const count = record[at++] & mask
    for (let i = 0; i < count; i++) {
      const size = record.readUInt16BE(at)
      parts.push(START_CODE, record.subarray(at + 2, at + 2 + size))
      at += 2 + size
    }
  }
  return { lengthSize, parameterSets: Buffer.concat(parts) }
}

/** Turns a coded picture of an FLV video body into Annex B. */
export function toAnnexB(body, lengthSize) {
  const parts = []
  let at = 5
  while (at + lengthSize <= body.length) {
    const size = body.readUIntBE(at, lengthSize)
    at += lengthSize
    parts.push(START_CODE, body.subarray(at, at + size))
    at += size
  }
  parts.push(DELIMITER)
  return Buffer.concat(parts)
}

/** Puts an ADTS header before a raw AAC frame, from the AudioSpecificConfig body seen earlier. */
export function toAdts(body, config) {
  const objectType = config[2] >> 3
  const rateIndex = ((config[2] & 7) << 1) | (config[3] >> 7)
  const channels = (config[3] >> 3) & 0x0f
  const size = body.length - 2 + 7
  const header = Buffer.from([
    0xff,
    0xf1,
    ((objectType - 1) << 6) | (rateIndex << 2) | (channels >> 2),
    ((channels & 3) << 6) | (size >> 11),
    (size >> 3) & 0xff,
    ((size & 7) << 5) | 0x1f,
    0xfc,
  ])
  return Buffer.concat([header, body.subarray(2)])
}

/** A silent AAC-LC frame by channel count: what a phone sends while its microphone is off. */
const SILENCE = {
  1: Buffer.from([0x00, 0xc8, 0x00, 0x80, 0x23, 0x80]),
  2: Buffer.from([0x21, 0x00, 0x49, 0x90, 0x02, 0x19, 0x00, 0x23, 0x80]),
}

/** An audio body of the stream's own format that carries silence. */
export function silentAudioBody(config) {
  const channels = (config[3] >> 3) & 0x0f
  return Buffer.concat([Buffer.from([config[0], 1]), SILENCE[channels] ?? SILENCE[1]])
}
