// An application that has used up its quota, in the words of all four APIs: nobody new enters, what runs goes on, also when the
// server is restarted or dies, and the operator allows more without a restart.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { AUDIO, CallingApps, Ear as CallEar, logIn } from '../lib/calling.mjs'
import { Attendee, ConferenceApps } from '../lib/conferencing.mjs'
import { Meeting, ROOM_PAGE } from '../lib/meeting.mjs'
import { story } from '../lib/story.mjs'
import { until } from '../lib/until.mjs'
import { Ear, opens, triesToEnter, voiceApp } from '../lib/voice.mjs'

const OPERATOR = 'the-secret-of-the-operator'
const ROOM = { roomID: '60001' }
const VOICE_ROOM = 'arrears_1'
const CONFERENCE = 'arrears'
/** How long a phone may take to be back: its tries are half a minute apart at most. */
const BACK_MS = 60000
/** What is there already is seen within this, ms. */
const SOON_MS = 15000
const step = story()
const [calls, conferences, voices] = [new CallingApps(), new ConferenceApps(), voiceApp()]
let opened = false
let meeting, alice, bob, carol, dan, erin, frank, singer, late, ann, eve

before(async () => {
  meeting = await Meeting.begin({ env: { HUITONG_OPERATOR_SECRET: OPERATOR } })
  const attends = conferences.make()
  const calling = calls.make()
  const voice = (name) => meeting.phone(name, { app: voices.folder })
  const caller = async (name) => logIn(meeting, await meeting.phone(name, { app: calling }))
  const attendee = (name) => Attendee.come(meeting, attends, name, { silent: true })
  ;[alice, bob, carol] = await Promise.all(['alice', 'bob', 'carol'].map((name) => meeting.phone(name)))
  ;[dan, erin, frank] = await Promise.all(['dan', 'erin', 'frank'].map(caller))
  ;[singer, late] = await Promise.all(['10001', '10002'].map(voice))
  ;[ann, eve] = await Promise.all(['ann', 'eve'].map(attendee))
})
after(async () => {
  for (const apps of [calls, conferences, voices]) apps.remove()
  assert.equal(await meeting?.end(), 0, 'the server drains and exits with 0')
})

/** A call of the operator for the application; gives how it stands then. */
async function operator(method, what, body) {
  const { http, app } = meeting.server
  const response = await fetch(`${http}/v1/operator/accounts/${app.id}${what}`, {
    method,
    headers: { authorization: `Basic ${Buffer.from(`operator:${OPERATOR}`).toString('base64')}` },
    body: body && JSON.stringify(body),
  })
  assert.equal(response.status, 200, await response.clone().text())
  return response.json()
}

const inside = async (room) => (await meeting.server.room(room))?.members.map(({ user }) => user).sort() ?? []

/** Everybody who was inside is inside, and sees and hears each other again. */
async function areInside(within = SOON_MS) {
  const [{ room }] = (await meeting.server.api('GET', '/v1/conferences')).conferences
  const rooms = { [ROOM.roomID]: ['alice', 'bob'], [`@${VOICE_ROOM}`]: ['10001'], [room]: ['ann'] }
  for (const [room, users] of Object.entries(rooms)) {
    const back = async () => String(await inside(room)) === String(users)
    await until(back, { what: `${users} are in ${room}`, within, explain: () => meeting.server.logTail() })
  }
  await bob.sees(alice, { within })
}

step('people_of_all_four_apis_are_inside', async () => {
  await Promise.all([meeting.enter(alice, ROOM), meeting.enter(bob, ROOM)])
  await opens(meeting, singer, VOICE_ROOM, { idle: true })
  assert.equal((await triesToEnter(meeting, singer, VOICE_ROOM, {})).errType, 0)
  await opens(meeting, late, VOICE_ROOM, { idle: true })
  await ann.joins(CONFERENCE)
  const ear = new CallEar(erin)
  await dan.call('call', 'erin', AUDIO)
  await ear.hears('INVITED')
  await areInside()
})

/** Carol tries to enter; her page is opened for the first time. */
async function carolTries() {
  if (opened) return carol.call('enterAgain', ROOM)
  opened = true
  return carol.open(ROOM_PAGE, meeting.query('carol', ROOM))
}

/** Each API refuses, in its own words. */
async function nobodyEnters() {
  const since = carol.mark()
  await carolTries()
  const { error, detail } = await carol.until('is refused', () => since.events('ERROR')[0])
  assert.deepEqual([error, detail], [-3301, -100013])
  const ear = new CallEar(frank)
  await frank.call('call', 'alice', AUDIO)
  assert.equal((await ear.hears('ERROR')).code, -100013)
  assert.equal((await triesToEnter(meeting, late, VOICE_ROOM, {})).errType, 7005)
  const { error: failed, reason } = await eve.joins(CONFERENCE)
  assert.deepEqual([failed, reason.error, reason.code], [-1, -510, 'app-overdue'])
}

step('over_its_quota_nobody_enters_and_what_runs_goes_on', async () => {
  const { suspension } = await operator('PUT', '/quota', { audioMinutesPerDay: 0 })
  assert.equal(suspension.overdue, 'audioDay')
  await nobodyEnters()
  // The call was made before: it is answered.
  await erin.call('accept')
  await Promise.all([dan, erin].map((phone) => phone.until('talks', () => phone.component?.callStatus === 'connected')))
  await bob.sees(alice)
  await Promise.all([dan, erin].map((phone) => phone.call('hangup')))
  await areInside()
})

for (const end of ['crashAndRestart', 'restart']) {
  step(`after_${end}_those_inside_come_back_and_nobody_else`, async () => {
    const voice = new Ear(singer)
    await meeting.server[end]()
    await areInside(BACK_MS)
    assert.equal(voice.all('EVENT_EXIT_ROOM_COMPLETED').length, 0)
    assert.equal(ann.told('onConferenceExit').length, 0)
    await frank.until('is logged in again', async () => {
      const figures = await (await fetch(`${meeting.server.http}/metrics`)).text()
      return /^huitong_callable_sessions 3$/m.test(figures)
    }, BACK_MS)
    await nobodyEnters()
    const { records } = await meeting.server.api('GET', '/v1/usage?user=alice')
    const over = records.filter(({ open }) => !open)
    assert.ok(over.length > 0 && over.every(({ roomMs }) => roomMs > 0), `what was used before is on record: ${JSON.stringify(records)}`)
  })
}

step('the_operator_allows_more_and_they_enter', async () => {
  const { suspension, quota } = await operator('PUT', '/quota', { audioMinutesPerDay: 100000 })
  assert.deepEqual([suspension.overdue, quota], [undefined, { audioMinutesPerDay: 100000 }])
  const since = carol.mark()
  await carolTries()
  await carol.until('has joined', () => since.events('LOCAL_JOIN')[0])
  assert.equal((await triesToEnter(meeting, late, VOICE_ROOM, {})).errType, 0)
  assert.ok((await eve.joins(CONFERENCE)).confrId)
})
