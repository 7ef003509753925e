// The processes behind a phone's camera, screen and loudspeaker.
import { spawn } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { ageOf, clockSource, readClock } from './barcode.mjs'
import * as flv from './flv.mjs'
import { PCM_RATE, WINDOW, findTone } from './tone.mjs'

const FFMPEG = process.env.FFMPEG ?? 'ffmpeg'
const QUIET = ['-hide_banner', '-loglevel', 'error', '-nostats']
/** Start decoding at once and hand on each frame: the defaults of ffmpeg wait for seconds of input. */
const AT_ONCE = ['-flags', 'low_delay', '-probesize', '32', '-analyzeduration', '0', '-threads', '1']
/** Width of the strip that the player looks at; the sender's picture has the same proportions at any size. */
const STRIP_WIDTH = 180
const STRIP_BYTES = STRIP_WIDTH * (STRIP_WIDTH / 10)
const FPS_WINDOW_MS = 2000
/** Ages that are kept for the median. */
const AGES = 45
/** A tone is heard as long as windows keep coming; they come five times a second. */
const TONE_STALE_MS = 700

function run(args, stdio = ['pipe', 'pipe', 'pipe']) {
  const child = spawn(FFMPEG, [...QUIET, ...args], { stdio })
  child.stderrText = ''
  child.stderr.on('data', (data) => {
    child.stderrText = (child.stderrText + data).slice(-2000)
  })
  child.stdin?.on('error', () => {}) // the exit event tells the story
  return child
}

/** Plays an address as a program without any SDK would; `bytes` counts what it decoded, `endedAt` is when it ended. */
export function pull(url) {
  const child = run(['-i', url, '-map', '0:v', '-f', 'rawvideo', '-pix_fmt', 'gray', 'pipe:1'], ['ignore', 'pipe', 'pipe'])
  const program = { bytes: 0, endedAt: 0, stop: () => child.kill('SIGKILL'), explain: () => child.stderrText }
  child.stdout.on('data', (data) => (program.bytes += data.length))
  child.on('exit', () => (program.endedAt = Date.now()))
  return program
}

/** Pushes picture and sound to an address as an encoder without any SDK would. */
export function push(url) {
  const args = [
    '-re', '-f', 'lavfi', '-i', 'testsrc=s=180x320:r=15', '-re', '-f', 'lavfi', '-i', 'sine',
    '-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-profile:v', 'baseline', '-pix_fmt', 'yuv420p',
    '-threads', '1', '-g', '15', '-b:v', '150k', '-c:a', 'aac', '-f', 'flv', url,
  ]
  const child = run(args, ['ignore', 'ignore', 'pipe'])
  const program = { endedAt: 0, stop: () => child.kill('SIGKILL'), explain: () => child.stderrText }
  child.on('exit', () => (program.endedAt = Date.now()))
  return program
}

/**
 * Camera and microphone with their encoders: constrained baseline H.264 and AAC-LC, portrait, one keyframe a
 * second, as `<live-pusher>` makes them. Emits `tag` for each FLV tag, `failed` when ffmpeg dies by itself.
 */
export class Encoder extends EventEmitter {
  #child = null
  /** The newest headers; a connection that begins later sends them first. */
  headers = { video: null, audio: null }

  constructor({ width = 180, height = 320, fps = 15, kbps = 150, toneHz = 440, colour = 'gray', sampleRate = 48000 } = {}) {
    super()
    this.options = { width, height, fps, kbps, toneHz, colour, sampleRate }
  }

  start() {
    if (this.#child) return
    const { fps, kbps, toneHz, sampleRate } = this.options
    // One graph for both: two live inputs of one ffmpeg wait for each other. The picture sets the pace.
    const child = run(
      [
        '-filter_complex', `${clockSource(this.options)}[v];sine=frequency=${toneHz}:sample_rate=${sampleRate}[a]`,
        '-map', '[v]', '-fps_mode', 'passthrough',
        '-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-profile:v', 'baseline', '-threads', '1',
        '-g', String(fps), '-keyint_min', String(fps), '-sc_threshold', '0', '-b:v', `${kbps}k`,
        '-flush_packets', '1', '-f', 'flv', 'pipe:1',
        '-map', '[a]', '-c:a', 'aac', '-b:a', '32k', '-ac', '1', '-flush_packets', '1', '-f', 'flv', 'pipe:3',
      ],
      ['ignore', 'pipe', 'pipe', 'pipe'],
    )
    this.#child = child
    // Two outputs: a muxer of both would hold each picture back until the sound has come as far.
    for (const pipe of [child.stdout, child.stdio[3]]) {
      const parser = new flv.FlvParser((tag) => this.#onTag(tag))
      pipe.on('data', (data) => parser.push(data))
    }
    child.on('exit', (code) => {
      if (this.#child !== child) return
      this.#child = null
      this.emit('failed', new Error(`the encoder ended with ${code}: ${child.stderrText}`))
    })
    child.on('error', (error) => this.emit('failed', error))
  }

  stop() {
    const child = this.#child
    this.#child = null
    child?.kill('SIGKILL')
  }

  #onTag(tag) {
    if (!this.#child) return
    if (tag.type === flv.SCRIPT) return
    if (tag.type === flv.VIDEO && flv.isAvcConfig(tag.body)) this.headers.video = tag.body
    else if (tag.type === flv.AUDIO && flv.isAacConfig(tag.body)) this.headers.audio = tag.body
    else this.emit('tag', tag)
  }
}

/**
 * Decodes the H.264 of FLV video bodies, counts pictures and reads their clocks. Emits `first`, and `clock` for each
 * picture with its age in ms, or null when its clock cannot be read.
 */
export class VideoDecoder extends EventEmitter {
  #child = null
  #config = null
  #needsKeyframe = true
  #rest = Buffer.alloc(0)
  #times = []
  #ages = []
  frames = 0
  undecodable = 0

  feed(body) {
    if (flv.isAvcConfig(body)) {
      this.#config = flv.parseAvcConfig(body)
      return
    }
    if (!this.#config || body.length < 6 || body[1] !== 1) return
    const key = flv.isKeyframe(body)
    if (this.#needsKeyframe && !key) {
      this.undecodable += 1
      return
    }
    this.#needsKeyframe = false
    this.#child ??= this.#start()
    const picture = flv.toAnnexB(body, this.#config.lengthSize)
    this.#child.stdin.write(key ? Buffer.concat([this.#config.parameterSets, picture]) : picture)
  }

  /** A new connection begins with headers and a keyframe. */
  restart() {
    this.#needsKeyframe = true
    this.#config = null
  }

  stop() {
    this.#child?.kill('SIGKILL')
    this.#child = null
  }

  /** Pictures per second over the last two seconds. */
  get fps() {
    const since = Date.now() - FPS_WINDOW_MS
    this.#times = this.#times.filter((t) => t >= since)
    return this.#times.length / (FPS_WINDOW_MS / 1000)
  }

  /** When the newest picture was decoded, Unix ms; 0 before the first. */
  get lastFrame() {
    return this.#times.at(-1) ?? 0
  }

  /** Median age of the last pictures from the sender's clock to this decoder's output, ms. */
  get latency() {
    const since = Date.now() - FPS_WINDOW_MS
    const ages = this.#ages.filter(({ at }) => at >= since).map(({ age }) => age)
    if (!ages.length) return null
    return ages.sort((a, b) => a - b)[Math.floor(ages.length / 2)]
  }

  #start() {
    // The second `-threads 1` is for the output: ffmpeg gives even raw pictures an encoder per processor, each of
    // which would hold one back.
    const child = run(
      [
        ...AT_ONCE, '-f', 'h264', '-i', 'pipe:0',
        '-vf', `crop=iw:2*trunc(iw/20):0:0,scale=${STRIP_WIDTH}:${STRIP_WIDTH / 10}:flags=area`,
        '-fps_mode', 'passthrough', '-pix_fmt', 'gray', '-threads', '1', '-flush_packets', '1', '-f', 'rawvideo', 'pipe:1',
      ],
    )
    child.stdout.on('data', (data) => this.#onPicture(data))
    child.on('exit', () => {
      if (this.#child === child) this.#child = null
    })
    return child
  }

  #onPicture(data) {
    this.#rest = Buffer.concat([this.#rest, data])
    while (this.#rest.length >= STRIP_BYTES) {
      const now = Date.now()
      const clock = readClock(this.#rest.subarray(0, STRIP_BYTES), STRIP_WIDTH)
      this.emit('clock', clock === null ? null : ageOf(clock, now))
      if (clock !== null) this.#ages = [...this.#ages.slice(1 - AGES), { at: now, age: ageOf(clock, now) }]
      this.#rest = this.#rest.subarray(STRIP_BYTES)
      this.#times.push(now)
      this.frames += 1
      if (this.frames === 1) this.emit('first')
    }
  }
}

/** Decodes the AAC of FLV audio bodies and says which tone is heard. */
export class AudioDecoder {
  #child = null
  #config = null
  #rest = Buffer.alloc(0)
  #tone = null
  #toneAt = 0
  samples = 0

  feed(body) {
    if (flv.isAacConfig(body)) {
      this.#config = Buffer.from(body)
      return
    }
    if (!this.#config || body.length < 3) return
    this.#child ??= this.#start()
    this.#child.stdin.write(flv.toAdts(body, this.#config))
  }

  restart() {
    this.#config = null
  }

  stop() {
    this.#child?.kill('SIGKILL')
    this.#child = null
  }

  /** The tone of the last fifth of a second, Hz; null for silence and for no sound at all. */
  get toneHz() {
    return Date.now() - this.#toneAt < TONE_STALE_MS ? this.#tone : null
  }

  #start() {
    const child = run(
      [...AT_ONCE, '-f', 'aac', '-i', 'pipe:0', '-ac', '1', '-ar', String(PCM_RATE), '-flush_packets', '1', '-f', 's16le', 'pipe:1'],
    )
    child.stdout.on('data', (data) => this.#onPcm(data))
    child.on('exit', () => {
      if (this.#child === child) this.#child = null
    })
    return child
  }

  #onPcm(data) {
    this.#rest = Buffer.concat([this.#rest, data])
    while (this.#rest.length >= 2 * WINDOW) {
      const samples = new Float64Array(WINDOW)
      for (let i = 0; i < WINDOW; i++) samples[i] = this.#rest.readInt16LE(2 * i)
      this.#rest = this.#rest.subarray(2 * WINDOW)
      this.samples += WINDOW
      this.#tone = findTone(samples)
      this.#toneAt = Date.now()
    }
  }
}
