// What the documents promise of pictures, sound and delay.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { Meeting } from '../lib/meeting.mjs'

const FFMPEG = ['-hide_banner', '-loglevel', 'error']
/** Encoding a few seconds of full HD takes its time on cores that others use. */
const ENCODE_MS = 60000
/** Long enough for the start at a keyframe and the two seconds that are compared. */
const PLAY_MS = 30000
/** The documented delays, ms. */
const LIVE_MS = 1000
const ANCHOR_MS = 300
/** The median covers some seconds: a burst of other work on the machine has to leave it again. */
const SETTLE_MS = 45000

let meeting, folder

before(async () => {
  meeting = await Meeting.begin()
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'huitong-quality-'))
})
after(async () => {
  await meeting?.end()
  fs.rmSync(folder, { recursive: true, force: true })
})

const ffmpeg = async (within, ...args) =>
  (await promisify(execFile)('ffmpeg', [...FFMPEG, ...args], { timeout: within, maxBuffer: 1 << 26 })).stdout

/** The hash of each packet of a kind; a packet that was changed in the least has another one. */
const hashes = async (within, kind, ...input) => {
  const text = await ffmpeg(within, ...input, '-map', `0:${kind}`, '-c', 'copy', '-f', 'framemd5', '-')
  return text.split('\n').filter((line) => line && !line.startsWith('#')).map((line) => line.split(',').at(-1).trim())
}

for (const [name, width, height, kbps] of [['720p', 1280, 720, 2500], ['1080p', 1920, 1080, 5000]]) {
  test(`a_picture_of_${name}_and_sound_of_48_khz_in_stereo_arrive_bit_by_bit`, async (t) => {
    const file = path.join(folder, `${name}.flv`)
    await ffmpeg(
      ENCODE_MS,
      '-f', 'lavfi', '-i', `testsrc2=s=${width}x${height}:r=25`, '-f', 'lavfi', '-i', 'aevalsrc=sin(2000*t)|sin(3000*t):s=48000',
      '-t', '8', '-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '25', '-b:v', `${kbps}k`,
      '-c:a', 'aac', '-b:a', '128k', file,
    )
    const { rtmp } = await meeting.server.urls('push', 60000 + height, 'studio')
    const pusher = spawn('ffmpeg', [...FFMPEG, '-re', '-stream_loop', '-1', '-i', file, '-c', 'copy', '-f', 'flv', rtmp])
    t.after(() => pusher.kill('SIGKILL'))
    const play = await meeting.server.urls('play', 60000 + height, 'studio')
    for (const [kind, url] of [['v', play.flv], ['a', play.rtmp]]) {
      const sent = new Set(await hashes(ENCODE_MS, kind, '-i', file))
      const received = await hashes(PLAY_MS, kind, '-t', '2', '-i', url)
      assert.ok(received.length >= 40, `${received.length} packets of ${kind}`)
      assert.deepEqual(received.filter((hash) => !sent.has(hash)), [], `packets of ${kind} that nobody has sent`)
    }
    const { members } = await meeting.server.room(String(60000 + height))
    const [{ width: w, height: h, audioCodec }] = members[0].streams
    assert.deepEqual([w, h, audioCodec], [width, height, 'aac 48000 Hz stereo'])
  })
}

/** Waits until pictures of the other are seen as fresh as promised. */
const fresh = (phone, other, within) =>
  phone.until(
    `sees ${other.name} less than ${within} ms old`,
    () => phone.player(other)?.fps > 0 && phone.player(other).latency < within,
    SETTLE_MS,
  )

test('the_audience_of_a_live_room_sees_within_a_second_and_anchors_each_other_within_300_ms', async (t) => {
  const [ann, ben, fan] = await Promise.all(['ann', 'ben', 'fan'].map((name) => meeting.phone(name)))
  const room = { strRoomID: 'stage' }
  await Promise.all([ann, ben].map((anchor) => meeting.enter(anchor, room, { scene: 'live', role: 'anchor' })))
  await meeting.enter(fan, room, { scene: 'live', role: 'audience', camera: false, mic: false })
  await fresh(fan, ann, LIVE_MS)
  await Promise.all([fresh(ann, ben, ANCHOR_MS), fresh(ben, ann, ANCHOR_MS)])
  t.diagnostic(`audience ${fan.player(ann).latency} ms, anchors ${ann.player(ben).latency} ms`)
})

test('players_start_by_themselves', async () => {
  const [ann, ben] = await meeting.gather({ roomID: '60001' }, ['ann', 'ben'])
  await ben.sees(ann)
  const calls = (await ben.fullLog()).filter((line) => /native: player \S+\.play/.test(line))
  assert.deepEqual(calls, [], 'neither the page nor the SDK has called play')
})
