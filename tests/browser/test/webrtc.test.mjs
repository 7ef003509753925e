// Browsers and phones in one room: pictures decoded and tones heard in a real Chromium.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import { after, before, test } from 'node:test'
import { Server } from '../../phones/lib/server.mjs'
import { Browser } from '../lib/browser.mjs'

const run = promisify(execFile)
const HZ = 700
/** Width of an FFT bin, and some. */
const NEAR_HZ = 25
const FRAMES = 30
const PLAY_MS = 60000
let server, browser
const programs = new Set()

before(async () => {
  server = await Server.start()
  browser = await Browser.start()
})
after(async () => {
  for (const program of programs) program.kill('SIGKILL')
  await browser?.end()
  await server?.stop()
})

const urlOf = async (kind, room, user) => server.urls(kind, room, user)
const near = (hz) => hz !== null && Math.abs(hz - HZ) < NEAR_HZ

/** A phone as far as RTMP goes. */
function phone(url) {
  const source = ['-re', '-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=15', '-f', 'lavfi', '-i', `sine=${HZ}:r=48000`]
  const video = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-profile:v', 'baseline', '-pix_fmt', 'yuv420p', '-g', '30']
  const args = ['-loglevel', 'error', ...source, ...video, '-c:a', 'aac', '-f', 'flv', url]
  const child = spawn('ffmpeg', args, { stdio: ['ignore', 'ignore', 'inherit'] })
  programs.add(child)
  return child
}

test('a_browser_sees_and_hears_another_one', async () => {
  const [alice, bob] = [await browser.page(), await browser.page()]
  await alice.call('publish', (await urlOf('push', 1, 'alice')).whip, { hz: HZ })
  await alice.sees('alice sends pictures', ({ state, sent }) => state === 'connected' && sent > FRAMES)
  await bob.call('play', (await urlOf('play', 1, 'alice')).whep)
  // That a pair of addresses was chosen may stand in the report later than the first pictures.
  const seen = await bob.sees('bob decodes pictures and hears the tone', ({ decoded, hz, protocol }) => decoded > FRAMES && near(hz) && protocol)
  assert.equal(seen.protocol, 'udp')
  assert.ok(seen.width > 0)
  assert.equal(await alice.call('leave'), 200)
  await Promise.all([alice.close(), bob.close()])
})

test('a_browser_sees_a_phone_that_was_there_before', async () => {
  const push = await urlOf('push', 2, 'phone')
  phone(push.rtmp)
  const bob = await browser.page()
  await bob.call('play', (await urlOf('play', 2, 'phone')).whep)
  await bob.sees('bob decodes the phone', ({ decoded }) => decoded > FRAMES)
  await bob.close()
})

test('players_decode_what_a_browser_publishes', async () => {
  const alice = await browser.page()
  await alice.call('publish', (await urlOf('push', 3, 'alice')).whip, { hz: HZ })
  await alice.sees('alice sends pictures', ({ sent }) => sent > FRAMES)
  const { rtmp, flv } = await urlOf('play', 3, 'alice')
  for (const url of [rtmp, flv]) {
    const args = ['-v', 'error', '-select_streams', 'v', '-read_intervals', '%+#60', '-count_frames', '-show_entries', 'stream=nb_read_frames,codec_name', '-of', 'json', url]
    const { stdout } = await run('ffprobe', args, { timeout: PLAY_MS })
    const [stream] = JSON.parse(stdout).streams
    assert.equal(stream.codec_name, 'h264')
    assert.ok(Number(stream.nb_read_frames) > 20, stdout)
  }
  await alice.close()
})

test('without_udp_both_ways_go_over_tcp', async () => {
  const [alice, bob] = [await browser.page(), await browser.page()]
  await alice.call('publish', (await urlOf('push', 4, 'alice')).whip, { hz: HZ, only: 'tcp' })
  await alice.sees('alice sends pictures', ({ sent, protocol }) => sent > FRAMES && protocol === 'tcp')
  await bob.call('play', (await urlOf('play', 4, 'alice')).whep, { only: 'tcp' })
  await bob.sees('bob decodes and hears', ({ decoded, hz, protocol }) => decoded > FRAMES && near(hz) && protocol === 'tcp')
  await Promise.all([alice.close(), bob.close()])
})

test('who_is_removed_by_the_back_end_is_cut_at_once', async () => {
  const [alice, bob] = [await browser.page(), await browser.page()]
  await alice.call('publish', (await urlOf('push', 5, 'alice')).whip, { hz: HZ })
  await alice.sees('alice sends pictures', ({ sent }) => sent > FRAMES)
  const [member] = (await server.room(5)).members
  const [{ videoCodec, audioCodec }] = member.streams
  assert.match(`${member.user}: ${videoCodec}, ${audioCodec}`, /^alice: h264 .*, opus 48000/)
  await bob.call('play', (await urlOf('play', 5, 'alice')).whep)
  await bob.sees('bob decodes pictures', ({ decoded }) => decoded > FRAMES)
  await server.api('DELETE', '/v1/rooms/5/members/alice')
  await alice.sees('alice is cut', ({ state }) => state !== 'connected')
  await bob.sees('bob is cut', ({ state }) => state !== 'connected')
  await Promise.all([alice.close(), bob.close()])
})

test('a_key_that_opens_nothing_is_refused_with_a_sentence', async () => {
  const bob = await browser.page()
  const whep = `${server.http}/whep/0123456789abcdef0123`
  await assert.rejects(bob.call('play', whep), /404 .*unknown-key/)
  await bob.close()
})
