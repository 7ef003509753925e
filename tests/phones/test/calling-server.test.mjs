// Calls between pages with the built component, over the real server and with real media: every row of the vendor's
// tables of events, with what it carries.
import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { AUDIO, CallingApps, Ear, VIDEO, are, ears, logIn } from '../lib/calling.mjs'
import { record } from '../lib/crowd.mjs'
import { pull } from '../lib/ffmpeg.mjs'
import { Handset } from '../lib/handset.mjs'
import { Meeting, allMeet } from '../lib/meeting.mjs'
import { until } from '../lib/until.mjs'

/** What the server needs at most to end media after a call, ms. */
const MEDIA_ENDS_MS = 1000
/** Ten decoded pictures of a phone. */
const PICTURES = 10 * 180 * 320
/** What the mini program keeps on one of the phones. */
const DEVICE = { 'huitong.device': 'device-of-cid-0000001' }
const apps = new CallingApps()
let meeting, app, ann, bob, cid, dan

before(async () => {
  meeting = await Meeting.begin()
  app = apps.make()
  const more = { ann: { faulty: true }, bob: { faulty: true }, cid: { stored: DEVICE }, dan: {} }
  ;[ann, bob, cid, dan] = await Promise.all(Object.entries(more).map(([name, options]) => somebody(name, options)))
})
after(async () => {
  apps.remove()
  assert.equal(await meeting?.end(), 0, 'the server drains and exits with 0')
})
afterEach(async () => {
  await Promise.all([ann, bob, cid, dan].map((phone) => phone.call('hangup')))
  await are('idle', ann, bob, cid, dan)
})

/** Somebody with a phone who is logged in. */
async function somebody(name, options) {
  return logIn(meeting, await meeting.phone(name, { app, ...options }))
}

const rings = async (ear, within) => (await ear.hears('INVITED', { within })).inviteID

/** One calls the other, who answers; both are in the room. */
async function talk(one, other, type = AUDIO) {
  const [a, b] = ears(one, other)
  await one.call('call', other.name, type)
  const inviteID = await rings(b)
  await other.call('accept')
  await are('connected', one, other)
  await Promise.all([a.hears('USER_ENTER'), b.hears('USER_ENTER')])
  return inviteID
}

/** The page is as it was before the call: no native tag, nobody on the lists. */
async function idle(...phones) {
  await are('idle', ...phones)
  for (const { component, pusher, players } of phones) {
    assert.deepEqual([component.playerList, component.streamList, pusher, players], [[], [], null, {}])
  }
}

/** The seconds that an end tells are those that passed: at least since both were connected, at most since one called. */
function isTrue({ call_end: told }, { connected, asked, hungUp }) {
  const [shortest, longest] = [hungUp - connected, Date.now() - asked].map((ms) => Math.round(ms / 1000))
  assert.ok(told >= shortest && told <= longest, `${shortest} <= ${told} <= ${longest}`)
}

test('an_invitation_that_is_refused', async () => {
  const [a, b] = ears(ann, bob)
  await ann.call('call', 'bob', AUDIO)
  const invited = await b.hears('INVITED')
  await ann.until('has its call', ({ data }) => data.placed)
  const { code, inviteID, roomID } = ann.data.placed
  assert.deepEqual([code, roomID >= 1 && roomID <= 100_000_000], [0, true])
  assert.deepEqual(invited, {
    sponsor: 'ann', isFromGroup: false, inviteID, inviteData: { version: 4, callType: 1, roomID, callEnd: 0 }, inviteeList: ['bob'], groupID: '',
  })
  await bob.call('reject')
  assert.deepEqual(await a.hears('REJECT'), { invitee: 'bob', inviteID, reason: 'reject' })
  await idle(ann, bob)
  assert.deepEqual([a.codes, b.codes], [['REJECT'], ['INVITED']], 'no CALL_END')
})

test('an_invitation_that_is_cancelled', async () => {
  const [a, b] = ears(ann, bob)
  await ann.call('call', 'bob', VIDEO)
  const inviteID = await rings(b)
  await are('calling', ann)
  await ann.call('hangup')
  const { message, ...end } = await a.hears('CALL_END')
  assert.deepEqual(end, { call_end: 0, inviteID, sponsor: 'ann' })
  assert.equal(JSON.parse(message.payload.data).actionType, 2)
  assert.deepEqual(await b.hears('CALLING_CANCEL'), { invitee: 'bob', inviteID, sponsor: 'ann', reason: 'cancelled' })
  await idle(ann, bob)
  // The page of the test hangs up in its handler of CALL_END, as the published one does.
  assert.deepEqual([a.codes, b.codes], [['CALL_END', 'HANG_UP', 'HANG_UP'], ['INVITED', 'CALLING_CANCEL']])
})

test('a_video_call_is_seen_and_heard_and_ends_with_its_true_length', async (t) => {
  const [a, b] = ears(ann, bob)
  const asked = Date.now()
  const inviteID = await talk(ann, bob, VIDEO)
  const connected = Date.now()
  assert.deepEqual([await a.hears('USER_ENTER'), await b.hears('USER_ENTER')], [{ userID: 'bob' }, { userID: 'ann' }])
  await allMeet([ann, bob], { frames: 10 })
  const program = pull(bob.player(ann).src)
  t.after(program.stop)
  await until(() => program.bytes > PICTURES, { what: 'ffmpeg decodes ann', within: 15000, explain: program.explain })
  for (const [ear, userID] of [[a, 'bob'], [b, 'ann']]) {
    assert.deepEqual(await ear.hears('USER_AUDIO_AVAILABLE'), { userID, isAudioAvailable: true })
    assert.deepEqual(await ear.hears('USER_VIDEO_AVAILABLE'), { userID, isVideoAvailable: true })
    await ear.phone.until('volumes come', () => ear.phone.count('USER_VOICE_VOLUME') > 0)
  }
  assert.deepEqual(await a.hears('USER_ACCEPT'), { userID: 'bob' })
  await bob.until('has talked for two seconds', () => bob.component.chatTime >= '00:00:02')
  const hungUp = Date.now()
  await bob.call('hangup')
  const { message, ...end } = await a.hears('CALL_END')
  isTrue(end, { connected, asked, hungUp })
  assert.deepEqual(end, { call_end: end.call_end, inviteID, sponsor: 'ann' })
  assert.equal(JSON.parse(JSON.parse(message.payload.data).data).call_end, end.call_end)
  await idle(ann, bob)
  // On a busy machine a program takes its time to end; when the server closes is measured below.
  await until(() => program.endedAt, { what: 'ffmpeg has ended', within: 5 * MEDIA_ENDS_MS })
  t.diagnostic(`ffmpeg ended ${program.endedAt - hungUp} ms after the call`)
  assert.deepEqual([a.codes, b.codes], [['USER_ENTER', 'USER_LEAVE', 'CALL_END', 'HANG_UP'], ['INVITED', 'USER_ENTER', 'HANG_UP']])
  assert.deepEqual(await a.hears('USER_LEAVE'), { userID: 'bob' })
})

test('microphone_and_camera_of_a_call_are_told_and_the_caller_hangs_up', async () => {
  const asked = Date.now()
  await talk(ann, bob, AUDIO)
  const connected = Date.now()
  await Promise.all([ann.hears(bob), bob.hears(ann)])
  assert.equal(bob.player(ann).videoTags, 0, 'no picture travels in a call with sound only')
  let [b] = ears(bob)
  await ann.call('setMicMute', true)
  assert.deepEqual(await b.hears('USER_AUDIO_AVAILABLE'), { userID: 'ann', isAudioAvailable: false })
  ;[b] = ears(bob)
  await ann.call('setMicMute', false)
  assert.deepEqual(await b.hears('USER_AUDIO_AVAILABLE'), { userID: 'ann', isAudioAvailable: true })
  await bob.hears(ann)
  ;[b] = ears(bob)
  const hungUp = Date.now()
  await ann.call('hangup')
  await b.hears('USER_LEAVE')
  isTrue(await b.hears('CALL_END'), { connected, asked, hungUp })
  assert.deepEqual(b.codes, ['USER_LEAVE', 'CALL_END', 'HANG_UP'])
  await idle(ann, bob)
})

test('media_ends_within_a_second_of_the_call_whatever_clients_do', async (t) => {
  const [recording, eve] = await Promise.all([record(), Handset.login(meeting.server, 'eve')])
  t.after(() => eve.drop())
  await ann.call('call', 'eve', VIDEO)
  const { call } = await eve.pushed('invited', ({ ev }) => ev === 'invited')
  await ann.until('pushes', ({ pusher }) => pusher?.videoTags > 0)
  await eve.ask('accept', { call: call.call })
  const key = 'A'.repeat(22)
  const publish = [{ stream: 'main', key, audio: true, video: true }]
  const { state } = await eve.ask('join', { room: call.room, scene: 'rtc', role: 'publisher', publish })
  const { play } = state.members[0].streams[0]
  const [pushing, playing] = await Promise.all([eve.push(key, recording), eve.play(play)])
  await ann.until('gets pictures of eve', () => ann.player('eve')?.videoTags > 3)
  let got = 0
  playing.on('media', () => (got += 1))
  await until(() => got > 5, { what: 'eve gets media of ann', within: 15000 })
  const closed = []
  for (const client of [pushing, playing]) client.on('close', () => closed.push(Date.now()))
  const hungUp = Date.now()
  await ann.call('hangup')
  await until(() => closed.length === 2, { what: 'both connections of eve are closed', within: 10 * MEDIA_ENDS_MS })
  const { at } = await eve.pushed('callEnded', ({ ev }) => ev === 'callEnded')
  t.diagnostic(`told after ${at - hungUp} ms, closed after ${closed.map((then) => then - hungUp)} ms`)
  assert.ok(Math.max(...closed) - at < MEDIA_ENDS_MS, `closed ${closed.map((then) => then - at)} ms after the end was told`)
  await assert.rejects(eve.play(play), /NetStream/, 'the key plays nothing any more')
  await assert.rejects(eve.push(key, recording), /NetStream/, 'nor does the other one push')
})

test('whoever_is_in_a_call_is_busy_and_hears_nothing_of_it', async () => {
  await talk(ann, bob)
  const [a, b, c] = ears(ann, bob, cid)
  await cid.call('call', 'bob', AUDIO)
  const { inviteID, ...busy } = await c.hears('LINE_BUSY')
  assert.deepEqual(busy, { invitee: 'bob', reason: 'line busy' })
  await cid.until('has its call', ({ data }) => data.placed)
  assert.equal(cid.data.placed.inviteID, inviteID)
  await idle(cid)
  assert.deepEqual([a.codes, b.codes, c.codes], [[], [], ['LINE_BUSY', 'HANG_UP']])
  await are('connected', ann, bob)
})

test('who_of_a_group_is_in_another_call_is_told_before_anybody_answers', async () => {
  await talk(cid, dan)
  const [a, d] = ears(ann, dan)
  await ann.call('groupCall', ['bob', 'dan'], AUDIO, '')
  const { inviteID, ...busy } = await a.hears('LINE_BUSY')
  assert.deepEqual(busy, { invitee: 'dan', reason: 'line busy' })
  // The page of the test hangs up in its handler, as the published one does.
  await a.hears('HANG_UP')
  assert.deepEqual([d.codes, dan.component.callStatus], [[], 'connected'])
})

test('a_group_of_four_with_mixed_answers', async () => {
  const [a, b, c, d] = ears(ann, bob, cid, dan)
  await ann.call('groupCall', ['bob', 'cid', 'dan'], VIDEO, 'team')
  for (const ear of [b, c, d]) {
    const { sponsor, isFromGroup, groupID, inviteeList } = await ear.hears('INVITED')
    assert.deepEqual([sponsor, isFromGroup, groupID, inviteeList], ['ann', true, 'team', ['bob', 'cid', 'dan']])
  }
  await cid.call('reject')
  const { inviteID, ...refusal } = await a.hears('REJECT')
  assert.deepEqual(refusal, { invitee: 'cid', reason: 'reject' })
  await are('calling', ann, bob, dan)
  await bob.call('accept')
  await are('connected', ann, bob)
  await are('calling', dan)
  await dan.call('accept')
  await allMeet([ann, bob, dan], { frames: 3 })
  assert.equal(ann.component.invitation.inviteID, inviteID)
  await ann.call('hangup')
  await Promise.all([b.hears('USER_LEAVE', { of: 'ann' }), d.hears('USER_LEAVE', { of: 'ann' })])
  await bob.sees(dan, { frames: 3 })
  await bob.call('hangup')
  assert.equal((await d.hears('CALL_END')).call_end, 0)
  await idle(ann, bob, cid, dan)
  assert.deepEqual(a.codes, ['REJECT', 'USER_ENTER', 'USER_ENTER', 'HANG_UP'], 'who goes first hears no CALL_END')
  assert.deepEqual([b.all('CALL_END').length, c.codes, d.all('CALL_END').length], [0, ['INVITED'], 1])
})

test('the_first_of_two_devices_to_answer_counts_and_the_other_is_told', async (t) => {
  const pad = await somebody('bob')
  t.after(() => pad.kill())
  const [a, b, p] = ears(ann, bob, pad)
  await ann.call('call', 'bob', AUDIO)
  const inviteID = await rings(b)
  assert.equal(await rings(p), inviteID)
  await pad.call('accept')
  const told = { invitee: 'bob', inviteID, sponsor: 'ann', reason: 'answered elsewhere' }
  assert.deepEqual(await b.hears('CALLING_CANCEL'), told)
  await are('connected', ann, pad)
  await idle(bob)
  await ann.hears(pad)
  await pad.call('hangup')
  await a.hears('CALL_END')
  assert.deepEqual(b.codes, ['INVITED', 'CALLING_CANCEL'])
  const [again, bobs] = ears(pad, bob)
  await ann.call('call', 'bob', AUDIO)
  await rings(again)
  await rings(bobs)
  await bob.call('reject')
  assert.equal((await again.hears('CALLING_CANCEL')).reason, 'refused elsewhere')
  await idle(ann, bob, pad)
})

test('two_who_call_each_other_are_connected', async () => {
  // What both send is on its way at the same time.
  for (const { network } of [ann, bob]) network.http.set({ delayMs: 500 })
  const [a, b] = ears(ann, bob)
  await Promise.all([ann.call('call', 'bob', AUDIO), bob.call('call', 'ann', AUDIO)])
  await are('connected', ann, bob)
  for (const { network } of [ann, bob]) network.heal()
  assert.equal(ann.component.invitation.inviteID, bob.component.invitation.inviteID)
  await Promise.all([ann.hears(bob), bob.hears(ann)])
  assert.deepEqual([a.codes, b.codes], [['USER_ENTER'], ['USER_ENTER']])
})

test('a_page_in_the_background_hangs_up_or_goes_on_as_it_says', async () => {
  await talk(ann, bob)
  const [a, b] = ears(ann, bob)
  await bob.background({ dropMs: 60000 })
  await a.hears('USER_LEAVE')
  await a.hears('CALL_END')
  await idle(ann, bob)
  await bob.foreground()
  assert.deepEqual(b.codes, ['HANG_UP'])
  await bob.call('setBackgroundMute', true)
  await talk(ann, bob)
  await ann.hears(bob)
  const [still] = ears(ann)
  await bob.background({ dropMs: 60000 })
  await ann.hearsNothingOf(bob)
  await bob.foreground()
  await Promise.all([ann.hears(bob), bob.hears(ann)])
  assert.deepEqual([still.codes, bob.component.callStatus], [[], 'connected'])
  await bob.call('setBackgroundMute', false)
})

test('a_member_that_the_back_end_removes_is_out_of_the_call', async () => {
  await talk(ann, bob)
  const [a, b] = ears(ann, bob)
  const room = ann.component.invitation.roomID
  await meeting.server.api('DELETE', `/v1/rooms/${room}/members/bob`)
  await b.hears('CALL_END')
  assert.deepEqual(await a.hears('USER_LEAVE'), { userID: 'bob' })
  await a.hears('CALL_END')
  await idle(ann, bob)
  await talk(ann, bob)
  const ends = ears(ann, bob)
  await meeting.server.api('DELETE', `/v1/rooms/${ann.component.invitation.roomID}`)
  await Promise.all(ends.map((ear) => ear.hears('CALL_END')))
  await idle(ann, bob)
})

test('a_group_of_the_back_end_says_who_may_be_called_in_its_name', async () => {
  await meeting.server.api('PUT', '/v1/groups/club', { members: ['ann', 'bob'] })
  let a = new Ear(ann)
  await ann.call('groupCall', ['bob', 'cid'], AUDIO, 'club')
  const error = await a.hears('ERROR')
  assert.equal(error.code, 8011)
  assert.match(error.message, /cid/, 'it names who is not in it')
  assert.equal(error.errorMsg, error.message)
  await idle(ann, bob, cid)
  a = new Ear(ann)
  const b = new Ear(bob)
  await ann.call('groupCall', ['bob'], AUDIO, 'club')
  assert.equal((await b.hears('INVITED')).groupID, 'club')
  assert.deepEqual(a.codes, [])
  await ann.call('hangup')
  // The next test asks the server itself, which has heard of the end by then.
  await b.hears('CALLING_CANCEL')
})

test('a_call_that_the_back_end_makes_rings_at_both_and_ends_by_its_word', async () => {
  const [a, b] = ears(ann, bob)
  const call = await meeting.server.api('POST', '/v1/calls', { caller: 'ann', invitees: ['bob'], media: 'video' })
  assert.deepEqual([(await a.hears('INVITED')).sponsor, (await b.hears('INVITED')).sponsor], ['bob', 'ann'])
  await ann.call('accept')
  await ann.until('waits', ({ component }) => component.stage === 'outgoing')
  assert.equal(ann.component.callStatus, 'calling')
  await bob.call('accept')
  await are('connected', ann, bob)
  await allMeet([ann, bob], { frames: 3 })
  await meeting.server.api('DELETE', `/v1/calls/${call.call}`)
  for (const ear of [a, b]) {
    await ear.hears('CALL_END')
    assert.deepEqual(ear.codes, ['INVITED', 'USER_ENTER', 'USER_LEAVE', 'CALL_END', 'HANG_UP'])
  }
  await idle(ann, bob)
})

test('a_page_that_is_closed_logs_out_and_ends_what_goes_on', async () => {
  await talk(ann, dan)
  const [a, b] = ears(ann, bob)
  await dan.closePage()
  await a.hears('USER_LEAVE')
  await a.hears('CALL_END')
  await idle(ann)
  await bob.call('call', 'dan', AUDIO)
  await are('calling', bob)
  await logIn(meeting, dan)
  await dan.until('rings', ({ component }) => component.callStatus === 'calling')
  await dan.call('reject')
  await b.hears('REJECT')
})

test('the_same_device_elsewhere_is_told_and_the_call_ends', async (t) => {
  await talk(ann, cid)
  const [a, c] = ears(ann, cid)
  const again = await somebody('cid', { stored: DEVICE })
  t.after(() => again.kill())
  await c.hears('KICKED_OUT')
  await a.hears('USER_LEAVE')
  await a.hears('CALL_END')
  await idle(ann, cid)
  assert.deepEqual(c.codes, ['CALL_END', 'HANG_UP', 'KICKED_OUT', 'HANG_UP'])
})
