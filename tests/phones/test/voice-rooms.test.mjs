// Voice rooms between pages with the built component, over the real server and with real media: each method and each event.
import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { Meeting } from '../lib/meeting.mjs'
import { until } from '../lib/until.mjs'
import { Ear, checkParams, opens, pass, voiceApp } from '../lib/voice.mjs'

const ROOM = 'room_20210605'
const [ANN, BOB, CID] = ['10001', '9223372036854775807', '-9007199254740993']
let meeting, app, ann, bob, cid, eve

before(async () => {
  app = voiceApp()
  meeting = await Meeting.begin()
  const phone = (name, more) => meeting.phone(name, { app: app.folder, ...more })
  ;[ann, bob, cid, eve] = await Promise.all([phone(ANN), phone(BOB, { faulty: true }), phone(CID), meeting.phone('eve')])
  await Promise.all([ann, bob, cid].map((one) => opens(meeting, one, ROOM, { idle: true, single: one === bob })))
})
after(async () => {
  app.remove()
  assert.equal(await meeting?.end(), 0, 'the server drains and exits with 0')
})
afterEach(async () => {
  const phones = [ann, bob, cid]
  await Promise.all(phones.map((phone) => phone.call('run', 'exitRoom')))
  await until(async () => (await meeting.server.room(ROOM)) === null, { what: 'the room is empty', within: 15000 })
})

/** People enter; gives their ears from before that. */
async function enter(...phones) {
  const ears = phones.map((phone) => new Ear(phone))
  await Promise.all(phones.map((phone) => phone.call('enter')))
  const told = await Promise.all(ears.map((ear) => ear.hears('EVENT_ENTER_ROOM_COMPLETED')))
  told.forEach(({ errType, errMsg }) => assert.equal(errType, 0, errMsg))
  return ears
}

const lists = (params) => params.userList.map(({ userID }) => userID)
const opensMic = async (phone, on = true) => {
  await phone.call('run', 'enableMic', on)
  await phone.until('has opened or closed the microphone', ({ data }) => data.results.enableMic === 0)
}

test('three_people_enter_speak_and_hear_each_other_and_no_camera_is_used', async () => {
  const [a, b, c] = await enter(ann, bob, cid)
  const [{ params }] = a.all('EVENT_ENTER_ROOM_COMPLETED')
  assert.deepEqual([params.roomID, params.userID], [ROOM, ANN])
  const room = await meeting.server.room(`@${ROOM}`)
  assert.deepEqual(room.members.map(({ user }) => user).sort(), [ANN, BOB, CID].sort(), 'digit by digit')
  assert.deepEqual([ann.pusher, ann.players, ann.data.list], [null, {}, []], 'nobody speaks yet')
  await opensMic(ann)
  await Promise.all([bob, cid].map((phone) => phone.hears(ann)))
  assert.deepEqual(lists(await b.hears('EVENT_USER_LIST_UPDATE')), [ANN])
  assert.deepEqual(a.all('EVENT_USER_LIST_UPDATE'), [], 'nobody is told of itself')
  await opensMic(bob)
  await Promise.all([ann.hears(bob), cid.hears(bob)])
  assert.deepEqual(lists(await c.hears('EVENT_USER_LIST_UPDATE', ({ userList }) => userList.length === 2)).sort(), [ANN, BOB].sort())
  assert.deepEqual([ann.pusher.camera, ann.pusher.videoTags, bob.player(ann).videoTags], [false, 0, 0], 'sound and nothing else')
  await cid.until('hears that both are loud', ({ data: { volumes } }) => volumes[ANN]?.downlinkVolume > 0 && volumes[BOB]?.downlinkVolume > 0)
  await ann.until('sees its own level', ({ data: { volumes } }) => volumes[ANN]?.uplinkVolume > 0)
  const volume = ann.data.volumes[ANN]
  checkParams('EVENT_AUDIO_VOLUME_UPDATE', Object.fromEntries(Object.entries(volume).filter(([name]) => name !== 'count')))
  assert.deepEqual([volume.downlinkVolume, volume.volume, cid.data.volumes[ANN].uplinkVolume], [0, volume.uplinkVolume, 0])
  assert.equal(cid.data.volumes[CID], undefined, 'no level of a microphone that is closed')
})

test('a_microphone_that_is_closed_leaves_the_list_and_may_be_opened_again', async () => {
  const [, b] = await enter(ann, bob)
  await opensMic(ann)
  await bob.hears(ann)
  await opensMic(ann, false)
  await b.hears('EVENT_USER_LIST_UPDATE', ({ userList }) => userList.length === 0)
  await ann.until('the native tag is gone', () => ann.pusher === null)
  await bob.until('the player is gone', () => bob.player(ann) === null)
  await opensMic(ann)
  await bob.hears(ann)
  assert.deepEqual(b.all('EVENT_USER_LIST_UPDATE').map(({ params }) => lists(params)), [[ANN], [], [ANN]])
})

test('switches_that_are_pressed_to_and_fro_end_as_they_were_left', async () => {
  const [a, b] = await enter(ann, bob)
  const press = async (phone, method) => {
    for (let n = 0; n < 15; n++) await phone.call('run', method, n % 2 === 0)
  }
  await Promise.all([press(ann, 'enableMic'), press(bob, 'enableSpeaker'), press(bob, 'enableMic'), press(ann, 'enableSpeaker')])
  await Promise.all([ann.hears(bob), bob.hears(ann)])
  await until(async () => (await meeting.server.room(`@${ROOM}`)).members.every(({ streams }) => streams.length === 1), {
    what: 'each has one stream',
    within: 15000,
  })
  for (const ear of [a, b]) assert.deepEqual(ear.all('EVENT_ERROR'), [], 'no page is told of what was overtaken')
  assert.deepEqual([ann.data.list, bob.data.list].map((list) => list.length), [1, 1])
})

test('the_speaker_silences_those_who_are_there_and_those_who_come_later', async () => {
  await enter(ann, bob, cid)
  await opensMic(ann)
  await cid.hears(ann)
  await cid.call('run', 'enableSpeaker', false)
  await cid.hearsNothingOf(ann)
  await opensMic(bob)
  await ann.hears(bob)
  await cid.until('has a player for bob', () => cid.player(bob))
  assert.equal(cid.player(bob).heard, null)
  // What was sent before the server knew arrives; then nothing more does, while ann goes on hearing bob.
  const quiet = await cid.until('nothing arrives any more', () => cid.player(bob)?.connected && cid.player(bob))
  const from = ann.player(bob).audioTags
  await ann.until('hears bob for two seconds more', () => ann.player(bob).audioTags > from + 40)
  assert.ok(cid.player(bob).audioTags - quiet.audioTags < 20, 'the server sends nothing that is not to be heard')
  await cid.call('run', 'enableSpeaker', true)
  await Promise.all([cid.hears(ann), cid.hears(bob)])
})

test('whoever_leaves_is_told_so_and_the_others_too', async () => {
  const [a, b] = await enter(ann, bob)
  await opensMic(ann)
  await bob.hears(ann)
  await ann.call('run', 'exitRoom')
  assert.deepEqual(await a.hears('EVENT_EXIT_ROOM_COMPLETED'), { eventType: 'EVENT_EXIT_ROOM_COMPLETED', errType: 0, errMsg: 'OK', reason: 'exit' })
  await b.hears('EVENT_USER_LIST_UPDATE', ({ userList }) => userList.length === 0)
  await ann.until('nothing native is left', () => ann.pusher === null && Object.keys(ann.players).length === 0)
  const again = new Ear(ann)
  await ann.call('run', 'exitRoom')
  await again.hears('EVENT_EXIT_ROOM_COMPLETED')
})

test('another_room_is_entered_after_the_first_one_was_left', async () => {
  const [a] = await enter(ann, bob)
  await ann.call('set', pass(meeting, ANN, 'other_room'))
  await ann.call('enter')
  await a.hears('EVENT_ENTER_ROOM_COMPLETED', ({ roomID }) => roomID === 'other_room')
  assert.deepEqual(a.types, ['EVENT_ENTER_ROOM_COMPLETED', 'EVENT_EXIT_ROOM_COMPLETED', 'EVENT_ENTER_ROOM_COMPLETED'])
  assert.deepEqual((await meeting.server.room('@other_room')).members.map(({ user }) => user), [ANN])
  await ann.call('set', pass(meeting, ANN, ROOM))
})

test('a_page_of_the_other_api_is_in_the_same_room_and_its_picture_is_not_sent_here', async () => {
  const [, b] = await enter(ann, bob)
  await opensMic(ann)
  await meeting.enter(eve, { strRoomID: ROOM })
  assert.equal(eve.events('REMOTE_USER_JOIN', ANN).length + eve.events('REMOTE_USER_JOIN', BOB).length, 2)
  await eve.hears(ann)
  await bob.hears(eve)
  await b.hears('EVENT_USER_LIST_UPDATE', ({ userList }) => userList.some(({ userID }) => userID === 'eve'))
  assert.ok(eve.pusher.videoTags > 0, 'eve sends a picture')
  assert.equal(bob.player(eve).videoTags, 0)
  await eve.closePage()
  await b.hears('EVENT_USER_LIST_UPDATE', ({ userList }) => userList.every(({ userID }) => userID !== 'eve'))
})

test('a_phone_call_takes_the_sound_of_both_sides_and_gives_it_back', async () => {
  const [, b] = await enter(ann, bob)
  await Promise.all([opensMic(ann), opensMic(bob)])
  await Promise.all([ann.hears(bob), bob.hears(ann)])
  await bob.interrupted()
  const [mine, theirs] = [bob.pusher.audioTags, bob.player(ann).audioTags]
  await ann.hearsNothingOf(bob)
  assert.ok(bob.pusher.audioTags - mine < 5 && bob.player(ann).audioTags - theirs < 5, 'the system has paused both tags')
  await bob.soundBack()
  await Promise.all([ann.hears(bob), bob.hears(ann)])
  await bob.until('its player goes on', () => bob.player(ann).audioTags > theirs + 20)
  assert.equal(bob.pusher.connects, 1, 'over the connection that it had')
  assert.deepEqual(b.types.filter((type) => type !== 'EVENT_USER_LIST_UPDATE'), ['EVENT_ENTER_ROOM_COMPLETED'])
})

test('a_page_that_went_to_the_background_is_heard_again_and_hears_when_it_is_back', async () => {
  const [, b] = await enter(ann, bob)
  await Promise.all([opensMic(ann), opensMic(bob)])
  await Promise.all([ann.hears(bob), bob.hears(ann)])
  await bob.background({ dropMs: 500 })
  await bob.until('the system has dropped its sockets', () => bob.offline)
  await ann.hearsNothingOf(bob)
  await bob.foreground()
  await Promise.all([ann.hears(bob), bob.hears(ann)])
  assert.deepEqual(b.types.filter((type) => type !== 'EVENT_USER_LIST_UPDATE'), ['EVENT_ENTER_ROOM_COMPLETED'])
})

test('a_lost_network_keeps_the_room_and_voices_come_back', async () => {
  const [a, b] = await enter(ann, bob)
  await Promise.all([opensMic(ann), opensMic(bob)])
  await Promise.all([ann.hears(bob), bob.hears(ann)])
  bob.network.lose()
  await bob.until('its push has broken off', () => !bob.pusher.connected)
  const pairs = [[ann, bob], [bob, ann]].map(([one, other]) => ({ one, other, from: one.player(other)?.audioTags ?? 0 }))
  bob.network.heal()
  const more = ({ one, other, from }) =>
    one.until(`gets more of ${other.name}`, () => (one.player(other)?.audioTags ?? 0) > from + 40, 30000)
  await Promise.all(pairs.map(more))
  await Promise.all([ann.hears(bob), bob.hears(ann)])
  const spoken = (ear) => ear.types.filter((type) => type !== 'EVENT_USER_LIST_UPDATE')
  assert.deepEqual([spoken(a), spoken(b)], [['EVENT_ENTER_ROOM_COMPLETED'], ['EVENT_ENTER_ROOM_COMPLETED']], 'no page is bothered')
})
