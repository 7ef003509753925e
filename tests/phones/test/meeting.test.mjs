// Phones in one room: who sees and hears whom while people come, mute, hide and leave.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { Meeting, allMeet } from '../lib/meeting.mjs'
import { story } from '../lib/story.mjs'

const ROOM = { roomID: '20001' }
const step = story()
let meeting, alice, bob, carol

before(async () => {
  meeting = await Meeting.begin()
})
after(async () => assert.equal(await meeting?.end(), 0, 'the server drains and exits with 0'))

const addresses = (phone) => [phone.pusher.url, ...Object.values(phone.players).map((player) => player.src)]

step('two_phones_see_and_hear_each_other', async (t) => {
  ;[alice, bob] = await meeting.gather(ROOM, ['alice', 'bob'])
  await allMeet([alice, bob])
  assert.equal(alice.events('REMOTE_USER_JOIN', 'bob').length, 1)
  assert.equal(bob.events('REMOTE_USER_JOIN', 'alice').length, 1)
  assert.equal(alice.pusher.connects, 1, 'one push connection is enough to join, start and switch on')
  for (const url of [...addresses(alice), ...addresses(bob)]) {
    assert.ok(url.length <= 128, `${url} is longer than 128 characters`)
    assert.ok(!url.includes(meeting.server.app.secret), 'no secret in a URL')
  }
  t.diagnostic(
    `first picture ${alice.player(bob).firstPictureMs} ms after play, latency ${alice.player(bob).latency} ms`,
  )
})

step('a_third_phone_joins_late_and_knows_what_the_others_know', async (t) => {
  carol = await meeting.phone('carol')
  await meeting.enter(carol, ROOM)
  await allMeet([alice, bob, carol], { frames: 8 })
  const last = (phone, code) => phone.events(code).at(-1)
  assert.deepEqual(last(carol, 'REMOTE_USER_JOIN').users.sort(), ['alice', 'bob'])
  assert.deepEqual(Object.keys(carol.players).sort(), ['alice_main', 'bob_main'])
  assert.deepEqual(Object.keys(alice.players).sort(), ['bob_main', 'carol_main'])
  const codes = carol
    .events()
    .map(({ code }) => code)
    .filter((code) => ['LOCAL_JOIN', 'REMOTE_USER_JOIN'].includes(code))
  assert.deepEqual(codes, ['LOCAL_JOIN', 'REMOTE_USER_JOIN', 'REMOTE_USER_JOIN'])
  t.diagnostic(`first picture of a running stream ${carol.player(alice).firstPictureMs} ms after play`)
})

step('the_back_end_sees_members_streams_and_viewers', async () => {
  const detail = await meeting.server.room('20001')
  const names = detail.members.map(({ user }) => user)
  assert.deepEqual([...names].sort(), ['alice', 'bob', 'carol'])
  assert.equal(names[2], 'carol', 'in the order they came')
  for (const { streams } of detail.members) {
    const [main] = streams
    assert.equal(main.publishing, true)
    assert.equal(main.viewers, 2)
    assert.deepEqual([main.width, main.height], [180, 320])
    assert.match(main.videoCodec, /h264 .*baseline/)
    assert.equal(main.audioCodec, 'aac 48000 Hz mono')
  }
})

step('a_muted_phone_is_silent_to_all_and_keeps_its_connection', async () => {
  const marks = [bob, carol].map((phone) => [phone, phone.mark()])
  await alice.tap('.toggle-mic')
  for (const [phone, since] of marks) {
    await phone.until('is told that alice is mute', () => since.events('REMOTE_AUDIO_REMOVE', 'alice')[0])
    await phone.until('gets no tone of alice', () => phone.player(alice).tone === null)
    await phone.sees(alice)
  }
  await alice.tap('.toggle-mic')
  for (const [phone, since] of marks) {
    await phone.until('is told that alice speaks', () => since.events('REMOTE_AUDIO_ADD', 'alice')[0])
    await phone.hears(alice)
    assert.equal(phone.player(alice).connects, 1, 'the player kept its connection')
  }
  assert.equal(alice.pusher.connects, 1, 'the pusher kept its connection')
})

step('a_phone_whose_camera_goes_off_is_heard_but_not_seen', async () => {
  const since = bob.mark()
  await alice.tap('.toggle-camera')
  await bob.until('is told that alice has no picture', () => since.events('REMOTE_VIDEO_REMOVE', 'alice')[0])
  await bob.until('the picture of alice has stopped', () => bob.player(alice).fps === 0)
  await bob.hears(alice)
  await alice.tap('.toggle-camera')
  await bob.until('is told that alice has a picture', () => since.events('REMOTE_VIDEO_ADD', 'alice')[0])
  await bob.sees(alice)
  assert.equal(bob.player(alice).connects, 1, 'the player kept its connection')
})

step('hiding_a_picture_stops_its_packets_and_leaves_the_sound', async () => {
  await carol.tap('#video-alice')
  await carol.until('hides alice', () => carol.player(alice).muteVideo)
  await carol.until('pictures of alice stop', () => carol.player(alice).fps === 0)
  const { videoTags, audioTags } = carol.player(alice)
  await carol.until('two more seconds of sound', () => carol.player(alice).audioTags >= audioTags + 90)
  assert.equal(carol.player(alice).videoTags, videoTags, 'no video message came')
  assert.equal(carol.player(alice).heard, alice.toneHz)
  await bob.sees(alice)
  await carol.tap('#video-alice')
  await carol.sees(alice)
  assert.equal(carol.player(alice).connects, 1, 'the player kept its connection')
})

step('whoever_leaves_is_gone_for_all_and_may_come_back', async () => {
  await alice.tap('.hang-up')
  await alice.untilEvent('LOCAL_LEAVE')
  assert.deepEqual(alice.players, {})
  for (const phone of [bob, carol]) {
    await phone.untilEvent('REMOTE_USER_LEAVE', 'alice')
    await phone.until('has no player for alice', () => !phone.player(alice))
    const order = phone
      .events()
      .filter((e) => e.userID === 'alice')
      .map((e) => e.code)
    assert.deepEqual(order.slice(-3).sort(), ['REMOTE_AUDIO_REMOVE', 'REMOTE_USER_LEAVE', 'REMOTE_VIDEO_REMOVE'])
    assert.equal(order.at(-1), 'REMOTE_USER_LEAVE')
  }
  await alice.call('enterAgain', {})
  await alice.until('has joined again', () => alice.events('LOCAL_JOIN').length === 2)
  await allMeet([alice, bob], { frames: 5 })
})

step('the_room_ends_with_its_last_member', async () => {
  await Promise.all([alice, bob, carol].map((phone) => phone.tap('.hang-up')))
  await Promise.all([alice, bob, carol].map((phone) => phone.until('has left', ({ data }) => data.status === 'left')))
  await alice.until('the room is gone', async () => (await meeting.server.room('20001')) === null)
  for (const phone of [alice, bob, carol]) assert.deepEqual(phone.events('ERROR'), [])
})
