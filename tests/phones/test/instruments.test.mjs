// The measuring instruments themselves: what they report must be what is there.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { ageOf, cellsOf, readClock } from '../lib/barcode.mjs'
import { AudioDecoder, Encoder, VideoDecoder } from '../lib/ffmpeg.mjs'
import { AUDIO, VIDEO, silentAudioBody } from '../lib/flv.mjs'
import { Proxy } from '../lib/proxy.mjs'
import { ChunkReader, ChunkWriter } from '../lib/rtmp/chunks.mjs'
import { PCM_RATE, WINDOW, findTone, toneOf } from '../lib/tone.mjs'
import { until } from '../lib/until.mjs'

const SOON = 15000

test('the_camera_is_decoded_with_its_clock_and_its_tone', async (t) => {
  const encoder = new Encoder({ toneHz: toneOf(4), colour: 'red' })
  const video = new VideoDecoder()
  const audio = new AudioDecoder()
  let muted = false
  const headed = { [VIDEO]: false, [AUDIO]: false }
  encoder.on('tag', ({ type, body }) => {
    const [decoder, header] = type === VIDEO ? [video, encoder.headers.video] : [audio, encoder.headers.audio]
    if (!headed[type]) decoder.feed(header)
    headed[type] = true
    decoder.feed(type === AUDIO && muted ? silentAudioBody(header) : body)
  })
  t.after(() => [encoder, video, audio].forEach((process) => process.stop()))
  encoder.start()
  await until(() => video.frames >= 20, { what: '20 pictures', within: SOON })
  assert.ok(video.latency >= 0, `a picture cannot be decoded before it is made: ${video.latency} ms`)
  await until(() => audio.toneHz === toneOf(4), { what: 'the tone', within: SOON })
  muted = true
  await until(() => audio.toneHz === null, { what: 'silence', within: SOON })
})

test('tones_of_all_phones_are_told_apart_and_noise_is_none', () => {
  for (let n = 0; n < 16; n++) {
    const samples = Float64Array.from(
      { length: WINDOW },
      (_, i) => 4000 * Math.sin((2 * Math.PI * toneOf(n) * i) / PCM_RATE),
    )
    assert.equal(findTone(samples), toneOf(n))
  }
  let seed = 7
  const noise = Float64Array.from(
    { length: WINDOW },
    () => ((seed = (seed * 1103515245 + 12345) % 2 ** 31) / 2 ** 31 - 0.5) * 8000,
  )
  assert.equal(findTone(noise), null)
  assert.equal(findTone(new Float64Array(WINDOW)), null)
})

/** A gray strip as a canvas draws it, with noise of so much on every pixel. */
function drawn(time, width, noise) {
  const cell = width / 20
  const strip = new Uint8ClampedArray(width * 2 * cell)
  const cells = cellsOf(time)
  let seed = 11
  for (let y = 0; y < 2 * cell; y++) {
    for (let x = 0; x < width; x++) {
      seed = (seed * 1103515245 + 12345) % 2 ** 31
      const white = cells[20 * Math.floor(y / cell) + Math.floor(x / cell)]
      strip[y * width + x] = 40 + 175 * white + noise * (seed / 2 ** 30 - 1)
    }
  }
  return strip
}

test('a_clock_that_is_drawn_cell_by_cell_is_read_and_a_wrong_cell_is_noticed', () => {
  for (const time of [0, 1, 0x12345678, 2 ** 32 - 1, 1764158400123]) {
    assert.equal(readClock(drawn(time, 180, 60), 180), time % 2 ** 32)
  }
  const strip = drawn(1764158400123, 180, 0)
  for (let y = 0; y < 9; y++) for (let x = 27; x < 36; x++) strip[y * 180 + x] = 255 - strip[y * 180 + x]
  assert.equal(readClock(strip, 180), null)
})

test('the_age_of_a_picture_survives_the_wrap_of_its_clock', () => {
  assert.equal(ageOf(2 ** 32 - 10, 2 ** 32 * 3 + 5), 15)
  assert.equal(ageOf(100, 2 ** 32 + 90), -10)
})

test('messages_survive_the_chunk_layer_at_any_chunk_size_and_cut', () => {
  for (const chunkSize of [1, 128, 4096]) {
    const got = []
    const writer = new ChunkWriter()
    const reader = new ChunkReader((message) => got.push(message))
    writer.chunkSize = chunkSize
    reader.chunkSize = chunkSize
    const sent = [0, 40, 0xfffffe, 0xffffff, 0x1000005].map((timestamp, i) => ({
      type: i % 2 ? AUDIO : VIDEO,
      streamId: 1,
      timestamp,
      payload: Buffer.alloc(3 + 300 * i, i),
    }))
    const bytes = Buffer.concat(
      sent.map((message) => writer.write({ ...message, chunkStream: message.type === VIDEO ? 6 : 4 })),
    )
    for (let at = 0; at < bytes.length; at += 7) reader.push(bytes.subarray(at, at + 7))
    assert.deepEqual(got, sent)
  }
})

test('the_proxy_stalls_delays_resets_and_abandons', async (t) => {
  const accepted = []
  const server = net.createServer((socket) => {
    accepted.push(socket)
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy = await Proxy.listen(server.address().port)
  t.after(() => (proxy.close(), server.close(), accepted.forEach((socket) => socket.destroy())))
  const connect = async () => {
    const socket = net.connect(proxy.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.received = ''
    socket.on('data', (data) => (socket.received += data))
    await once(socket, 'connect')
    return socket
  }
  const client = await connect()
  client.write('a')
  await until(() => client.received === 'a', { what: 'an echo', within: SOON })
  proxy.set({ stalled: true })
  client.write('b')
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(client.received, 'a')
  proxy.heal()
  await until(() => client.received === 'ab', { what: 'the echo after the stall', within: SOON })
  const began = Date.now()
  proxy.set({ delayMs: 60 })
  client.write('c')
  await until(() => client.received === 'abc', { what: 'the delayed echo', within: SOON })
  assert.ok(Date.now() - began >= 120, 'both ways are delayed')
  proxy.abandon()
  await until(() => client.destroyed, { what: 'the client side is reset', within: SOON })
  assert.equal(accepted[0].destroyed, false, 'the server side stays open')
  proxy.heal()
  const second = await connect()
  proxy.reset()
  await until(() => second.destroyed, { what: 'a reset', within: SOON })
})
