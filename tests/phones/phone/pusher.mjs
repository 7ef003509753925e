// What stands behind `<live-pusher>`: camera, microphone, encoder and one RTMP connection.
import { AUDIO, VIDEO, isKeyframe, silentAudioBody, SCRIPT } from '../lib/flv.mjs'
import { encode } from '../lib/rtmp/amf.mjs'
import { Encoder } from '../lib/ffmpeg.mjs'
import { RtmpClient, RtmpRefused, parseRtmpUrl } from '../lib/rtmp/client.mjs'
import { NATIVE_RETRIES, NATIVE_STALL_MS, NATIVE_TIMEOUT_MS, NETSTATUS_MS, PUSH } from './codes.mjs'
import { dial } from './network.mjs'

/** Bytes in the send buffer from which the uplink counts as poor: half a second of the stream. */
const POOR_BYTES = 16 * 1024

/** Addresses of the vendor's own engine, which a page gets from the vendor's package. */
const VENDOR_ROOM = 'room:'

/**
 * The native pusher. `emit(event, detail)` reaches the page. Microphone and camera go on and off on the same
 * connection: a muted phone sends silence, a phone without camera sends no pictures.
 */
export class NativePusher {
  #emit
  #network
  #retryMs
  #encoder
  #client = null
  #generation = 0
  #retriesLeft = 0
  #started = false
  #suspended = false
  #paused = false
  #awaitKeyframe = true
  #sentHeaders = { audio: false, video: false }
  #netstatusTimer = null
  #stallTimer = null
  attributes = { url: '', autopush: false, enableCamera: true, enableMic: true, muted: false, mode: 'RTC' }
  stats = { connects: 0, refusals: 0, audioTags: 0, videoTags: 0, bytes: 0, codes: [] }

  constructor({ emit, network, media, retryMs }) {
    this.#emit = emit
    this.#network = network
    this.#retryMs = retryMs
    this.#encoder = new Encoder(media)
    this.#encoder.on('tag', (tag) => this.#onTag(tag))
    this.#encoder.on('failed', (error) => this.#code(PUSH.ENCODER_FAILED, error.message))
  }

  /** What a test may look at. */
  snapshot() {
    return {
      url: this.attributes.url,
      camera: this.attributes.enableCamera,
      mic: this.attributes.enableMic && !this.attributes.muted,
      started: this.#started,
      connected: this.#client !== null,
      ...this.stats,
      codes: [...this.stats.codes],
    }
  }

  /** The page's attributes after each change. */
  update(attributes) {
    const before = this.attributes
    this.attributes = { ...before, ...attributes }
    if (!before.enableCamera && this.attributes.enableCamera) {
      this.#awaitKeyframe = true
      if (this.#client) this.#code(PUSH.CAMERA_OPEN, 'camera open')
    }
    if (this.attributes.autopush && this.attributes.url && this.attributes.url !== before.url) this.start()
  }

  /** Begins to push; a second start on the same address changes nothing. */
  start() {
    const { url } = this.attributes
    if (!url) throw new Error('start:fail the url of live-pusher is empty')
    if (this.#started && this.#url === url) return
    this.#close()
    this.#url = url
    this.#started = true
    this.#retriesLeft = NATIVE_RETRIES
    if (url.startsWith(VENDOR_ROOM)) return // the test plays the vendor's engine by hand
    this.#encoder.start()
    this.#netstatusTimer ??= setInterval(() => this.#netstatus(), NETSTATUS_MS)
    this.#connect()
  }
  #url = ''

  stop() {
    this.#started = false
    clearInterval(this.#netstatusTimer)
    this.#netstatusTimer = null
    this.#encoder.stop()
    this.#close()
  }

  pause() {
    this.#paused = true
  }

  resume() {
    this.#paused = false
    this.#awaitKeyframe = true
  }

  /** Something takes the sound. What is paused for it goes on when it is resumed. */
  interrupt() {
    if (!this.#started) return
    this.pause()
    this.#code(PUSH.INTERRUPTED, 'interrupted')
  }

  /** The mini program goes to the background: media stops at once. */
  suspend() {
    if (!this.#started || this.#suspended) return
    this.#suspended = true
    this.#code(PUSH.SUSPENDED, 'suspended')
  }

  /** The mini program is back: media goes on, over a new connection if the old one died meanwhile. */
  foreground() {
    if (!this.#suspended) return
    this.#suspended = false
    this.#awaitKeyframe = true
    if (this.#started && !this.#client) {
      this.#retriesLeft = NATIVE_RETRIES
      this.#connect()
    }
  }

  #code(code, message) {
    this.stats.codes.push(code)
    this.#emit('statechange', { code, message })
  }

  async #connect() {
    const generation = ++this.#generation
    let failure = PUSH.CONNECT_FAILED
    let client
    const timer = setTimeout(() => client?.destroy(), NATIVE_TIMEOUT_MS)
    try {
      const { host, port } = parseRtmpUrl(this.#url)
      const socket = await dial(this.#network, host, port, NATIVE_TIMEOUT_MS)
      client = new RtmpClient(socket, this.#url)
      failure = PUSH.HANDSHAKE_FAILED
      await client.open()
      if (generation !== this.#generation) return client.close()
      this.#code(PUSH.CONNECTED, 'connected')
      await client.publish()
      if (generation !== this.#generation) return client.close()
      this.#opened(client)
    } catch (error) {
      client?.destroy()
      if (error instanceof RtmpRefused) this.stats.refusals += 1
      if (generation === this.#generation)
        this.#lost(error instanceof RtmpRefused ? PUSH.CLOSED_BY_SERVER : failure, error.message)
    } finally {
      clearTimeout(timer)
    }
  }

  #opened(client) {
    this.#client = client
    this.stats.connects += 1
    this.#retriesLeft = NATIVE_RETRIES
    this.#sentHeaders = { audio: false, video: false }
    this.#awaitKeyframe = true
    client.on('status', (info) => info.level === 'error' && this.#brokeOff(client, PUSH.CLOSED_BY_SERVER, info.code))
    client.on('close', (error) =>
      this.#brokeOff(client, error ? PUSH.IO_FAILED : PUSH.CLOSED_BY_SERVER, error?.message ?? 'closed by the server'),
    )
    client.media(SCRIPT, 0, this.#metadata())
    this.#code(PUSH.BEGIN, 'push begins')
    if (this.attributes.enableCamera) this.#code(PUSH.CAMERA_OPEN, 'camera open')
    this.#code(PUSH.ENCODER_STARTED, 'encoder started')
  }

  #metadata() {
    const { width, height, fps, kbps, sampleRate } = this.#encoder.options
    return encode('@setDataFrame', 'onMetaData', {
      width,
      height,
      framerate: fps,
      videodatarate: kbps,
      videocodecid: 7,
      audiodatarate: 32,
      audiosamplerate: sampleRate,
      audiocodecid: 10,
      stereo: false,
    })
  }

  #brokeOff(client, code, message) {
    if (this.#client !== client) return
    this.#client = null
    client.destroy()
    if (this.#started) this.#lost(code, message)
  }

  #lost(code, message) {
    this.#code(code, message)
    if (this.#suspended) return // the foreground brings it back
    if (this.#retriesLeft === 0) {
      this.#started = false
      this.#encoder.stop()
      this.#code(PUSH.DISCONNECTED, `gave up after ${NATIVE_RETRIES} retries: ${message}`)
      return
    }
    this.#retriesLeft -= 1
    const generation = this.#generation
    setTimeout(() => {
      if (generation !== this.#generation || !this.#started) return
      this.#code(PUSH.RECONNECTING, 'reconnecting')
      this.#connect()
    }, this.#retryMs)
  }

  #close() {
    this.#generation += 1
    clearTimeout(this.#stallTimer)
    const client = this.#client
    this.#client = null
    client?.close()
  }

  #onTag(tag) {
    if (!this.#client || this.#suspended || this.#paused) return
    if (tag.type === VIDEO) this.#sendVideo(tag)
    else this.#sendAudio(tag)
    this.#watchStall()
  }

  #sendVideo(tag) {
    const header = this.#encoder.headers.video
    if (!this.attributes.enableCamera || !header) return
    if (this.#awaitKeyframe && !isKeyframe(tag.body)) return
    this.#awaitKeyframe = false
    if (!this.#sentHeaders.video) {
      this.#sentHeaders.video = true
      this.#send(VIDEO, tag.timestamp, header)
      this.#code(PUSH.FIRST_FRAME, 'first frame')
    }
    this.#send(VIDEO, tag.timestamp, tag.body)
    this.stats.videoTags += 1
  }

  #sendAudio(tag) {
    const header = this.#encoder.headers.audio
    if (!header) return
    if (!this.#sentHeaders.audio) {
      this.#sentHeaders.audio = true
      this.#send(AUDIO, tag.timestamp, header)
    }
    const { enableMic, muted } = this.attributes
    this.#send(AUDIO, tag.timestamp, enableMic && !muted ? tag.body : silentAudioBody(header))
    this.stats.audioTags += 1
  }

  #send(type, timestamp, body) {
    this.stats.bytes += body.length
    this.#client.media(type, timestamp, body)
  }

  /** A connection that takes nothing for seconds is given up, as a phone's socket time-out does. */
  #watchStall() {
    const client = this.#client
    if (client.queued === 0) {
      clearTimeout(this.#stallTimer)
      this.#stallTimer = null
    } else {
      this.#stallTimer ??= setTimeout(() => {
        this.#stallTimer = null
        this.#brokeOff(client, PUSH.IO_FAILED, 'the connection takes nothing')
      }, NATIVE_STALL_MS)
    }
  }

  #netstatus() {
    const { width, height, fps, kbps } = this.#encoder.options
    const on = this.#client !== null && !this.#suspended
    const poor = on && this.#client.queued > POOR_BYTES
    if (poor) this.#code(PUSH.UPLINK_POOR, 'uplink poor')
    const video = on && this.attributes.enableCamera
    this.#emit('netstatus', {
      info: {
        videoBitrate: video ? kbps : 0,
        audioBitrate: on ? 32 : 0,
        videoFPS: video ? fps : 0,
        videoGOP: 1,
        netSpeed: on ? kbps + 32 : 0,
        netJitter: 0,
        netQualityLevel: !on ? 6 : poor ? 4 : 1,
        videoWidth: width,
        videoHeight: height,
      },
    })
    this.#emit('audiovolumenotify', { volume: this.attributes.enableMic ? 60 : 0 })
  }
}
