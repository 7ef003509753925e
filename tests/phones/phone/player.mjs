// What stands behind `<live-player>`: one connection over RTMP or HTTP-FLV, and decoders.
import http from 'node:http'
import { AudioDecoder, VideoDecoder } from '../lib/ffmpeg.mjs'
import { AUDIO, FlvParser, VIDEO, isAacConfig, isAvcConfig } from '../lib/flv.mjs'
import { RtmpClient, parseRtmpUrl } from '../lib/rtmp/client.mjs'
import { NATIVE_RETRIES, NATIVE_STALL_MS, NATIVE_TIMEOUT_MS, NETSTATUS_MS, PLAY } from './codes.mjs'
import { dial } from './network.mjs'

/** A connection over which nothing arrives for this long is tried anew, ms. */
const SILENT_CONNECTION_MS = 2 * NATIVE_STALL_MS

/** The native player. `emit(event, detail)` reaches the page. */
export class NativePlayer {
  #emit
  #network
  #retryMs
  #video = new VideoDecoder()
  #audio = new AudioDecoder()
  #generation = 0
  #close = null
  #retriesLeft = 0
  #playing = false
  #suspended = false
  #paused = false
  #saidPlaying = false
  #openedAt = 0
  #lastData = 0
  #timer = null
  attributes = { src: '', autoplay: false, muteAudio: false, muteVideo: false, mode: 'live' }
  stats = { connects: 0, audioTags: 0, videoTags: 0, backwards: 0, bytes: 0, firstPictureMs: null, codes: [] }
  #lastTimestamp = { [AUDIO]: -1, [VIDEO]: -1 }

  constructor({ emit, network, retryMs }) {
    this.#emit = emit
    this.#network = network
    this.#retryMs = retryMs
    this.#video.on('first', () => {
      this.stats.firstPictureMs = Date.now() - this.#openedAt
    })
  }

  /** What a test may look at; `tone` is on the wire, `heard` is what the loudspeaker gives. */
  snapshot() {
    const { src, muteAudio, muteVideo } = this.attributes
    const tone = this.#audio.toneHz
    return {
      src,
      muteAudio,
      muteVideo,
      playing: this.#playing,
      connected: this.#close !== null,
      frames: this.#video.frames,
      fps: this.#video.fps,
      latency: this.#video.latency,
      lastFrame: this.#video.lastFrame,
      samples: this.#audio.samples,
      tone,
      heard: muteAudio ? null : tone,
      ...this.stats,
      codes: [...this.stats.codes],
    }
  }

  update(attributes) {
    const before = this.attributes
    this.attributes = { ...before, ...attributes }
    if (this.attributes.src === before.src) return
    if (this.#playing) this.stop()
    if (this.attributes.autoplay && this.attributes.src) this.play()
  }

  play() {
    if (this.#playing) return
    if (!this.attributes.src) throw new Error('play:fail the src of live-player is empty')
    this.#playing = true
    this.#retriesLeft = NATIVE_RETRIES
    this.#timer ??= setInterval(() => this.#tick(), NETSTATUS_MS)
    this.#connect()
  }

  stop() {
    this.#playing = false
    clearInterval(this.#timer)
    this.#timer = null
    this.#hangUp()
  }

  /** The tag left the page. */
  dispose() {
    this.stop()
    this.#video.stop()
    this.#audio.stop()
  }

  suspend() {
    this.#suspended = true
  }

  /** Something takes the sound: what arrives is not played until the player is resumed. */
  interrupt() {
    this.#paused = true
  }

  resume() {
    this.#paused = false
  }

  foreground() {
    this.#suspended = false
    if (this.#playing && !this.#close) {
      this.#retriesLeft = NATIVE_RETRIES
      this.#code(PLAY.RECONNECTING, 'reconnecting')
      this.#connect()
    }
  }

  #code(code, message) {
    this.stats.codes.push(code)
    this.#emit('statechange', { code, message })
  }

  #hangUp() {
    this.#generation += 1
    this.#close?.()
    this.#close = null
  }

  async #connect() {
    const generation = ++this.#generation
    const { src } = this.attributes
    const current = () => generation === this.#generation
    this.#openedAt = Date.now()
    this.#saidPlaying = false
    this.#video.restart()
    this.#audio.restart()
    this.#lastTimestamp = { [AUDIO]: -1, [VIDEO]: -1 }
    const on = {
      media: (tag) => current() && this.#onMedia(tag),
      connected: () => current() && this.#code(PLAY.CONNECTED, 'connected'),
      lost: (message) => current() && this.#lost(message),
    }
    try {
      const close = await (src.startsWith('rtmp:') ? openRtmp : openFlv)(this.#network, src, on)
      if (!current()) return close()
      this.#close = close
      this.stats.connects += 1
      this.#lastData = Date.now()
      this.#code(PLAY.BEGIN, 'pull begins')
    } catch (error) {
      on.lost(error.message)
    }
  }

  #lost(message) {
    this.#hangUp()
    if (!this.#playing || this.#suspended) return
    if (this.#retriesLeft === 0) {
      this.#playing = false
      this.#code(PLAY.GAVE_UP, `gave up after ${NATIVE_RETRIES} retries: ${message}`)
      return
    }
    this.#retriesLeft -= 1
    const generation = this.#generation
    setTimeout(() => {
      if (generation !== this.#generation || !this.#playing) return
      this.#code(PLAY.RECONNECTING, `reconnecting: ${message}`)
      this.#connect()
    }, this.#retryMs)
  }

  #onMedia({ type, timestamp, body }) {
    this.#lastData = Date.now()
    this.stats.bytes += body.length
    if (this.#suspended || this.#paused || (type !== AUDIO && type !== VIDEO)) return
    if (timestamp < this.#lastTimestamp[type]) this.stats.backwards += 1
    this.#lastTimestamp[type] = timestamp
    this.#retriesLeft = NATIVE_RETRIES
    if (type === VIDEO) {
      if (!isAvcConfig(body)) this.#countFrame(this.stats.videoTags++ === 0)
      this.#video.feed(body)
    } else {
      if (!isAacConfig(body)) this.stats.audioTags += 1
      this.#audio.feed(body)
    }
    if (!this.#saidPlaying) {
      this.#saidPlaying = true
      this.#code(PLAY.PLAYING, 'playing')
    }
  }

  #countFrame(first) {
    if (first) this.#code(PLAY.FIRST_KEYFRAME, 'first IDR')
  }

  #tick() {
    if (this.#close && !this.#suspended && Date.now() - this.#lastData > SILENT_CONNECTION_MS) {
      this.#lost('nothing arrives')
      return
    }
    const fps = Math.round(this.#video.fps)
    this.#emit('netstatus', {
      info: {
        videoBitrate: 0,
        audioBitrate: 0,
        videoFPS: fps,
        videoGOP: 1,
        netSpeed: 0,
        netJitter: 0,
        netQualityLevel: this.#close ? 1 : 6,
        videoWidth: 180,
        videoHeight: 320,
        videoCache: 0,
        audioCache: 0,
      },
    })
    this.#emit('audiovolumenotify', { volume: this.#audio.toneHz ? 60 : 0 })
  }
}

async function openRtmp(network, src, on) {
  const { host, port } = parseRtmpUrl(src)
  const socket = await dial(network, host, port, NATIVE_TIMEOUT_MS)
  const client = new RtmpClient(socket, src)
  const timer = setTimeout(() => client.destroy(), NATIVE_TIMEOUT_MS)
  try {
    client.on('media', on.media)
    await client.open()
    on.connected()
    await client.play()
  } catch (error) {
    client.destroy()
    throw error
  } finally {
    clearTimeout(timer)
  }
  client.on('status', (info) => {
    // The publisher's pauses are told by status codes too; only an error or the end of the stream ends the play.
    if (info.level === 'error' || info.code === 'NetStream.Play.Stop') on.lost(info.code)
  })
  client.on('close', (error) => on.lost(error?.message ?? 'closed by the server'))
  return () => client.close()
}

function openFlv(network, src, on) {
  return new Promise((resolve, reject) => {
    const request = http.get(
      src,
      { createConnection: network.createConnection, timeout: NATIVE_TIMEOUT_MS },
      (response) => {
        request.setTimeout(0)
        if (response.statusCode !== 200) {
          request.destroy()
          reject(new Error(`the server answered ${response.statusCode}`))
          return
        }
        on.connected()
        const parser = new FlvParser(on.media)
        response.on('data', (data) => parser.push(data))
        response.on('error', () => {}) // 'close' follows
        response.on('close', () => on.lost('closed by the server'))
        resolve(() => request.destroy())
      },
    )
    request.on('timeout', () => request.destroy(new Error('no answer')))
    request.on('error', reject)
  })
}
