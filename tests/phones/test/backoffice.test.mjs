// What the tenant's back-end does to a running room, and encoders and players without an SDK.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { after, before } from 'node:test'
import { Meeting, allMeet } from '../lib/meeting.mjs'
import { story } from '../lib/story.mjs'
import { toneOf } from '../lib/tone.mjs'
import { until } from '../lib/until.mjs'

const SOON = 15000
const PICTURE_BYTES = 180 * 320
const step = story()
let meeting, alice, bob, carol
const programs = new Set()

before(async () => {
  meeting = await Meeting.begin()
})
after(async () => {
  for (const program of programs) program.kill('SIGKILL')
  await meeting?.end()
})

/** Starts ffmpeg by itself, the way an operator would. */
function ffmpeg(...args) {
  const child = spawn('ffmpeg', ['-hide_banner', '-loglevel', 'error', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  programs.add(child)
  child.errors = ''
  child.stderr.on('data', (data) => (child.errors += data))
  child.bytes = 0
  child.stdout.on('data', (data) => (child.bytes += data.length))
  return child
}

step('a_removed_member_is_told_and_its_media_ends', async () => {
  const room = { roomID: '30001' }
  ;[alice, bob] = await meeting.gather(room, ['alice', 'bob'])
  await allMeet([alice, bob], { frames: 3 })
  await meeting.server.api('DELETE', '/v1/rooms/30001/members/bob')
  const kicked = await bob.untilEvent('KICKED_OUT')
  assert.equal(kicked.reason, 'kicked')
  await alice.untilEvent('REMOTE_USER_LEAVE', 'bob')
  await alice.until('has no player for bob', () => !alice.player(bob))
  await bob.until('pushes no longer', ({ pusher }) => !pusher.connected)
  const [{ user, streams }, ...others] = (await meeting.server.room('30001')).members
  assert.deepEqual([user, others.length, streams[0].viewers], ['alice', 0, 0])
})

step('a_newer_login_takes_the_seat_over', async () => {
  const second = await meeting.phone('alice')
  await meeting.enter(second, { roomID: '30001' })
  const kicked = await alice.untilEvent('KICKED_OUT')
  assert.equal(kicked.reason, 'duplicate')
  const detail = await meeting.server.room('30001')
  assert.deepEqual(detail.members.map(({ user }) => user), ['alice'])
  await bob.call('enterAgain', {})
  await allMeet([second, bob], { frames: 3 })
  await Promise.all([alice.kill(), second.kill(), bob.kill()])
})

step('a_dissolved_room_ends_for_all', async () => {
  ;[alice, bob] = await meeting.gather({ strRoomID: 'party' }, ['dora', 'emil'])
  await allMeet([alice, bob], { frames: 3 })
  await meeting.server.api('DELETE', '/v1/rooms/party')
  for (const phone of [alice, bob]) {
    assert.equal((await phone.untilEvent('KICKED_OUT')).reason, 'dismissed')
    await phone.until('pushes no longer', ({ pusher }) => !pusher.connected)
    assert.deepEqual(phone.players, {})
  }
  assert.equal(await meeting.server.room('party'), null)
  await Promise.all([alice.kill(), bob.kill()])
})

step('an_encoder_with_a_minted_url_is_a_member_like_any_other', async () => {
  carol = await meeting.phone('carol')
  await meeting.enter(carol, { roomID: '30002' })
  const { rtmp } = await meeting.server.urls('push', 30002, 'studio')
  assert.ok(rtmp.length <= 128)
  const tone = toneOf(9)
  const encoder = ffmpeg(
    '-re', '-f', 'lavfi', '-i', 'testsrc2=s=180x320:r=15', '-f', 'lavfi', '-i', `sine=frequency=${tone}:sample_rate=48000`,
    '-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '15', '-b:v', '200k', '-c:a', 'aac', '-f', 'flv', rtmp,
  )
  const studio = { name: 'studio', toneHz: tone }
  await carol.untilEvent('REMOTE_USER_JOIN', 'studio')
  await carol.sees(studio)
  await carol.hears(studio)
  encoder.kill('SIGTERM')
  await carol.untilEvent('REMOTE_USER_LEAVE', 'studio')
})

step('minted_play_urls_play_in_any_player_and_many_times', async () => {
  const urls = await meeting.server.urls('play', 30002, 'carol')
  assert.deepEqual(Object.keys(urls).sort(), ['flv', 'rtmp', 'whep', 'ws-flv'])
  const players = [urls.rtmp, urls.flv, urls.flv].map((url) =>
    ffmpeg('-i', url, '-map', '0:v', '-frames:v', '10', '-f', 'rawvideo', '-pix_fmt', 'gray', 'pipe:1'),
  )
  for (const player of players) {
    await until(() => player.bytes >= 10 * PICTURE_BYTES, { what: 'ten decoded pictures', within: SOON, explain: () => player.errors })
  }
})
