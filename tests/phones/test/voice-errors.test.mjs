// Everything that can go wrong in a voice room, as its page is told: each error of the API over the real server.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { mintAuthBuffer } from '../lib/authbuffer.mjs'
import { Meeting } from '../lib/meeting.mjs'
import { until } from '../lib/until.mjs'
import { Ear, VOICE_PAGE, opens, pass, triesToEnter, voiceApp } from '../lib/voice.mjs'

const ROOM = 'errors_1'
let meeting, app, ann, bob

before(async () => {
  app = voiceApp()
  meeting = await Meeting.begin()
  ;[ann, bob] = await Promise.all(['10001', '10002'].map((name) => meeting.phone(name, { app: app.folder, faulty: true })))
  await Promise.all([ann, bob].map((one) => opens(meeting, one, ROOM, { idle: true })))
})
after(async () => {
  app.remove()
  await meeting?.end()
})

/** Tries to enter with this; gives what the page was told. */
const tries = (phone, config) => triesToEnter(meeting, phone, ROOM, config)

/** Enters, and gives what is told after that. */
async function enters(phone) {
  const { errType, errMsg } = await tries(phone, {})
  assert.equal(errType, 0, errMsg)
  return new Ear(phone)
}

test('properties_that_are_wrong_are_told_without_asking_the_server', async () => {
  for (const wrong of [{ userID: 'ann' }, { userID: '9223372036854775808' }, { roomID: 'a-b' }, { roomID: 'R'.repeat(128) }, { appID: 'x' }, { authBuffer: '' }]) {
    const { errType, errMsg } = await tries(ann, wrong)
    assert.equal(errType, 1004, JSON.stringify(wrong))
    assert.match(errMsg, new RegExp(Object.keys(wrong)[0]), 'the sentence names the property')
    assert.equal(ann.data.results.enterRoom, 1004)
  }
  assert.equal(await meeting.server.room(`@${ROOM}`), null)
})

test('the_longest_room_name_is_entered', async () => {
  const roomID = 'R'.repeat(127)
  const { errType, errMsg } = await tries(ann, { roomID, authBuffer: mintAuthBuffer(meeting.server.app, ann.name, roomID) })
  assert.equal(errType, 0, errMsg)
  await ann.call('run', 'exitRoom')
})

test('an_authbuffer_of_another_secret_room_or_time_is_a_wrong_parameter_with_the_code_7006', async () => {
  const { app: own } = meeting.server
  const now = Math.floor(Date.now() / 1000)
  const wrong = {
    'another room': mintAuthBuffer(own, ann.name, 'errors_2'),
    'another user': mintAuthBuffer(own, '10009', ROOM),
    'another secret': mintAuthBuffer({ ...own, secret: 'fedcba9876543210' }, ann.name, ROOM),
    expired: mintAuthBuffer(own, ann.name, ROOM, { expires: now - 10 }),
    garbage: 'garbage!',
  }
  for (const [what, authBuffer] of Object.entries(wrong)) {
    const { errType, code, errMsg } = await tries(ann, { authBuffer })
    assert.deepEqual([errType, code], [1004, 7006], `${what}: ${errMsg}`)
    assert.ok(!errMsg.includes('errors_2') && !errMsg.includes('10009'), 'nothing of what was inside')
  }
  assert.equal(await meeting.server.room(`@${ROOM}`), null)
})

test('an_authbuffer_may_be_bytes_and_one_that_the_page_cannot_hand_over_is_told', async () => {
  const bytes = [...Buffer.from(mintAuthBuffer(meeting.server.app, ann.name, ROOM), 'base64')]
  const shows = async (whole) => {
    await ann.call('set', pass(meeting, ann.name, ROOM))
    await ann.call('setBytes', bytes, whole)
    const ear = new Ear(ann)
    await ann.call('enter')
    return ear.hears('EVENT_ENTER_ROOM_COMPLETED')
  }
  const { errType, errMsg } = await shows(true)
  assert.equal(errType, 1004, 'nothing of an ArrayBuffer is left on the way into the component')
  assert.match(errMsg, /arrayBufferToBase64/)
  assert.equal((await shows(false)).errType, 0)
  await ann.call('run', 'exitRoom')
})

test('microphone_and_speaker_are_refused_outside_a_room', async () => {
  const ear = new Ear(bob)
  await bob.call('run', 'enableMic', true)
  await bob.until('has the result', ({ data }) => data.results.enableMic === 1004)
  await bob.call('run', 'enableSpeaker', false)
  await bob.until('has the result', ({ data }) => data.results.enableSpeaker === 1004)
  assert.equal(bob.pusher, null)
  assert.deepEqual(ear.types, [], 'a page that has never entered has no handler')
  const inside = await enters(bob)
  await bob.call('run', 'exitRoom')
  await inside.hears('EVENT_EXIT_ROOM_COMPLETED')
  await bob.call('run', 'enableMic', true)
  assert.equal((await inside.hears('EVENT_ERROR')).errType, 1004)
})

test('a_device_that_fails_is_told_and_the_room_goes_on', async () => {
  const ear = await enters(bob)
  await bob.call('run', 'enableMic', true)
  await bob.until('pushes', () => bob.pusher?.connected)
  await bob.pusherEvent('error', { errCode: 10002, errMsg: 'the user forbids the microphone' })
  const { errType, code } = await ear.hears('EVENT_ERROR')
  assert.deepEqual([errType, code], [65536, 10002])
  await bob.pusherEvent('statechange', { code: -1302, message: 'open mic failed' })
  await ear.hears('EVENT_ERROR', (params) => params.code === -1302)
  assert.ok(bob.pusher.connected)
  await bob.call('run', 'exitRoom')
})

test('whoever_is_removed_by_the_back_end_hears_an_error_and_the_end', async () => {
  const ear = await enters(bob)
  await bob.call('run', 'enableMic', true)
  await bob.until('pushes', () => bob.pusher?.connected)
  await meeting.server.api('DELETE', `/v1/rooms/@${ROOM}/members/${bob.name}`)
  const { errType, code } = await ear.hears('EVENT_ERROR')
  assert.deepEqual([errType, code], [65536, 10003])
  assert.equal((await ear.hears('EVENT_EXIT_ROOM_COMPLETED')).reason, 'kicked')
  await bob.until('nothing native is left', () => bob.pusher === null)
  assert.deepEqual(ear.types, ['EVENT_ERROR', 'EVENT_EXIT_ROOM_COMPLETED'])
})

test('the_same_user_on_another_phone_replaces_the_first', async () => {
  const ear = await enters(bob)
  const other = await meeting.phone('other', { app: app.folder })
  await other.open(VOICE_PAGE, pass(meeting, bob.name, ROOM))
  assert.equal((await ear.hears('EVENT_EXIT_ROOM_COMPLETED')).reason, 'takenOver')
  assert.deepEqual(ear.types, ['EVENT_ERROR', 'EVENT_EXIT_ROOM_COMPLETED'])
  // The first is out when the second logs in, which is before it is in the room.
  const members = async () => (await meeting.server.room(`@${ROOM}`))?.members.map(({ user }) => user)
  await until(async () => (await members())?.length === 1, { what: 'the other phone is in the room', within: 10_000 })
  assert.deepEqual(await members(), [bob.name])
  await other.kill()
})

test('an_application_in_arrears_is_told_so_and_a_running_room_goes_on', async () => {
  const inside = await enters(bob)
  await bob.call('run', 'enableMic', true)
  await bob.until('pushes', () => bob.pusher?.connected)
  await meeting.server.api('PUT', '/v1/suspension')
  assert.equal((await tries(ann, {})).errType, 7005)
  const { members } = await meeting.server.room(`@${ROOM}`)
  assert.deepEqual([members.map(({ user }) => user), bob.pusher.connected, inside.types], [[bob.name], true, []])
  await meeting.server.api('DELETE', '/v1/suspension')
  assert.equal((await tries(ann, {})).errType, 0)
  await ann.hears(bob)
  await Promise.all([ann, bob].map((phone) => phone.call('run', 'exitRoom')))
})

test('usage_is_counted_from_the_entry_on_and_a_refused_entry_uses_nothing', async () => {
  const room = 'usage_1'
  const { app: own } = meeting.server
  await tries(ann, { roomID: room, authBuffer: mintAuthBuffer(own, ann.name, ROOM) })
  const asked = () => meeting.server.api('GET', `/v1/usage?room=@${room}`)
  assert.deepEqual((await asked()).records, [])
  assert.equal((await tries(ann, { roomID: room, authBuffer: mintAuthBuffer(own, ann.name, room) })).errType, 0)
  await ann.call('run', 'enableMic', true)
  await ann.until('pushes', () => ann.pusher?.connected)
  await ann.call('run', 'exitRoom')
  const closed = async () => (await asked()).records.find(({ open }) => !open)
  const record = await until(closed, { what: 'the stay is on record', within: 15000, explain: () => meeting.server.logTail() })
  assert.deepEqual([record.user, record.videoSdMs, record.roomMs > 0], [ann.name, 0, true])
})

test('an_address_that_tries_too_often_is_asked_to_wait', async () => {
  const { app: own } = meeting.server
  const forged = mintAuthBuffer({ ...own, secret: 'fedcba9876543210' }, ann.name, ROOM)
  for (let n = 0; n < 5; n++) await tries(ann, { authBuffer: forged })
  const { errType, errMsg } = await tries(ann, { authBuffer: forged })
  assert.equal(errType, 65536)
  assert.match(errMsg, /^rate-limited: /)
})
