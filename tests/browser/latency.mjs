// Latency from glass to glass: a clock in the picture, drawn by one side and read by the other. Prints one JSON object per
// pairing; `make bench` reads them. Usage: node latency.mjs [seconds of each pairing]
import http from 'node:http'
import { VideoDecoder } from '../phones/lib/ffmpeg.mjs'
import { FlvParser, VIDEO } from '../phones/lib/flv.mjs'
import { RtmpClient, parseRtmpUrl } from '../phones/lib/rtmp/client.mjs'
import { Server } from '../phones/lib/server.mjs'
import { until } from '../phones/lib/until.mjs'
import { Network, dial } from '../phones/phone/network.mjs'
import { NativePusher } from '../phones/phone/pusher.mjs'
import { Browser } from './lib/browser.mjs'

/** A phone's camera of standard definition. */
const CAMERA = { width: 360, height: 640, fps: 15, kbps: 700 }
/** Pictures that must be shown before anything counts, and the time after them until jitter buffers have settled. */
const FIRST = 30
const SETTLE_MS = 4000
const SOON = 30000
const DIAL_MS = 5000
const seconds = Number(process.argv[2] ?? 10)
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** A phone that pushes: its camera, its encoder, its connection. */
async function phoneCamera(_, { rtmp }) {
  const pusher = new NativePusher({ emit: () => {}, network: new Network(), media: CAMERA, retryMs: 1000 })
  pusher.update({ url: rtmp, autopush: true })
  return { end: () => pusher.stop() }
}

/** A browser that publishes. */
async function browserCamera(browser, { whip }) {
  const page = await browser.page()
  await page.call('film', whip)
  return { end: () => page.close() }
}

/** A browser that plays. */
async function browserScreen(browser, { whep }) {
  const page = await browser.page()
  await page.call('play', whep)
  await page.call('readClocks')
  return { clocks: () => page.call('clocks'), end: () => page.close() }
}

/** A phone's decoder, and what its clocks read. */
function phoneDecoder() {
  const decoder = new VideoDecoder()
  let seen = { ages: [], unreadable: 0 }
  decoder.on('clock', (age) => (age === null ? (seen.unreadable += 1) : seen.ages.push(age)))
  const clocks = () => {
    const now = seen
    seen = { ages: [], unreadable: 0 }
    return now
  }
  return { decoder, clocks }
}

/** A phone that plays RTMP. */
async function rtmpScreen(_, { rtmp }) {
  const { host, port } = parseRtmpUrl(rtmp)
  const client = new RtmpClient(await dial(new Network(), host, port, DIAL_MS), rtmp)
  const { decoder, clocks } = phoneDecoder()
  client.on('media', ({ type, body }) => type === VIDEO && decoder.feed(body))
  await client.open()
  await client.play()
  return { clocks, end: () => (client.close(), decoder.stop()) }
}

/** A phone that plays HTTP-FLV. */
function flvScreen(_, { flv }) {
  const { decoder, clocks } = phoneDecoder()
  const parser = new FlvParser(({ type, body }) => type === VIDEO && decoder.feed(body))
  return new Promise((resolve, reject) => {
    const request = http.get(flv, { createConnection: new Network().createConnection }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`the server answered ${response.statusCode}`))
      response.on('data', (data) => parser.push(data))
      response.on('error', () => {}) // the end of the measurement
      resolve({ clocks, end: () => (request.destroy(), decoder.stop()) })
    })
    request.on('error', reject)
  })
}

const PAIRINGS = [
  { name: 'browser to browser (WHIP, WHEP)', camera: browserCamera, screen: browserScreen, bar_ms: 200 },
  { name: 'phone to browser (RTMP, WHEP)', camera: phoneCamera, screen: browserScreen, bar_ms: 500 },
  { name: 'browser to phone (WHIP, RTMP)', camera: browserCamera, screen: rtmpScreen, bar_ms: 500 },
  { name: 'browser to phone (WHIP, FLV)', camera: browserCamera, screen: flvScreen, bar_ms: 500 },
  { name: 'phone to phone (RTMP, RTMP)', camera: phoneCamera, screen: rtmpScreen, bar_ms: null },
  { name: 'phone to phone (RTMP, FLV)', camera: phoneCamera, screen: flvScreen, bar_ms: null },
]

async function measure(server, browser, number, { name, camera, screen, bar_ms }) {
  const room = 90000 + number
  const source = await camera(browser, await server.urls('push', room, 'camera'))
  const streams = async () => (await server.room(String(room)))?.members[0]?.streams[0]
  await until(async () => (await streams())?.videoKbps > 0, { what: `${name}: pictures at the server`, within: SOON, explain: () => server.logTail() })
  const sink = await screen(browser, await server.urls('play', room, 'camera'))
  let shown = 0
  const enough = async () => (shown += (await sink.clocks()).ages.length) >= FIRST
  await until(enough, { what: `${name}: ${FIRST} pictures`, within: SOON, explain: () => server.logTail() })
  await wait(SETTLE_MS)
  await sink.clocks()
  await wait(seconds * 1000)
  const { ages, unreadable } = await sink.clocks()
  await sink.end()
  await source.end()
  console.log(JSON.stringify({ name, ages_ms: ages, unreadable, bar_ms }))
}

const server = await Server.start()
const browser = await Browser.start()
try {
  for (const [number, pairing] of PAIRINGS.entries()) await measure(server, browser, number, pairing)
} finally {
  await browser.end()
  await server.stop()
}
