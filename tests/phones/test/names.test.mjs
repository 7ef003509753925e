// What a room is called, and who may send in it.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Meeting, allMeet } from '../lib/meeting.mjs'
import { story } from '../lib/story.mjs'
import { stays } from '../lib/until.mjs'

const step = story()
let meeting, host, fan

before(async () => {
  meeting = await Meeting.begin()
})
after(() => meeting?.end())

test('room_1234_and_the_room_named_1234_are_two_rooms', async () => {
  const [ann, ben] = await Promise.all(['ann', 'ben'].map((name) => meeting.phone(name)))
  await meeting.enter(ann, { roomID: 1234 })
  await meeting.enter(ben, { roomID: 1234, strRoomID: '1234' })
  const names = (await meeting.server.api('GET', '/v1/rooms')).rooms.map(({ room }) => room)
  assert.deepEqual(names.sort(), ['1234', '@1234'])
  await stays(() => ann.events('REMOTE_USER_JOIN').length + ben.events('REMOTE_USER_JOIN').length === 0, {
    what: 'neither hears of the other',
    during: 1000,
  })
  const cleo = await meeting.phone('cleo')
  await meeting.enter(cleo, { roomID: '1234' })
  await allMeet([ann, cleo], { frames: 3 })
  assert.deepEqual(ben.events('REMOTE_USER_JOIN'), [])
  await Promise.all([ann, ben, cleo].map((phone) => phone.kill()))
})

test('what_a_page_asks_for_beyond_the_usual_is_shown_to_the_back_end', async () => {
  const ann = await meeting.phone('ann')
  await meeting.enter(ann, { roomID: 1235 }, { streamID: '流 1\n'.repeat(40) })
  const [{ details }] = (await meeting.server.room('1235')).members
  assert.deepEqual(Object.keys(details), ['streamID'])
  assert.match(details.streamID, /^(流 1){5,}/)
  assert.ok(Buffer.byteLength(details.streamID) <= 128, 'clipped instead of refused')
  await ann.kill()
})

step('a_live_room_shows_publishers_to_an_audience_that_is_only_counted', async () => {
  const room = { strRoomID: 'concert' }
  ;[host, fan] = await Promise.all(['host', 'fan'].map((name) => meeting.phone(name)))
  await meeting.enter(host, room, { scene: 'live', role: 'anchor' })
  await meeting.enter(fan, room, { scene: 'live', role: 'audience', camera: false, mic: false })
  await fan.sees(host)
  await fan.hears(host)
  assert.equal(fan.pusher.connects, 0, 'an audience pushes nothing')
  assert.deepEqual(host.events('REMOTE_USER_JOIN'), [])
  const { summary, members } = await meeting.server.room('concert')
  assert.deepEqual([summary.scene, summary.audience, members.map(({ user }) => user)], ['live', 1, ['host']])
  assert.deepEqual(fan.events('ERROR'), [])
})

step('a_listener_takes_the_microphone_without_leaving_and_gives_it_back', async () => {
  await fan.call('setPusher', { role: 'anchor', enableCamera: true, enableMic: true })
  await host.untilEvent('REMOTE_USER_JOIN', 'fan')
  await allMeet([host, fan])
  assert.equal(fan.player(host).connects, 1, 'the player of the fan kept its connection')
  assert.equal((await meeting.server.room('concert')).summary.audience, 0)
  await fan.call('setPusher', { role: 'audience', enableCamera: false, enableMic: false })
  await host.untilEvent('REMOTE_USER_LEAVE', 'fan')
  await fan.until('pushes no longer', ({ pusher }) => !pusher.connected)
  await fan.sees(host)
  assert.equal(fan.player(host).connects, 1, 'the player of the fan kept its connection')
  assert.equal((await meeting.server.room('concert')).summary.audience, 1)
  assert.equal(fan.events('LOCAL_JOIN').length, 1)
})

step('the_publisher_leaves_and_the_audience_is_told', async () => {
  await host.tap('.hang-up')
  await fan.untilEvent('REMOTE_USER_LEAVE', 'host')
  assert.deepEqual(fan.events('ERROR'), [])
})
