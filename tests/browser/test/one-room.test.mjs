// One room, whatever its people came with: phones with the APIs for rooms, calls, conferences and voice rooms, and a browser. They
// see and hear each other and are in one list, and who is removed by the one admin is gone for all others.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { CallingApps, Ear, VIDEO, are, logIn } from '../../phones/lib/calling.mjs'
import { Attendee as PhoneAttendee, ConferenceApps, fullName } from '../../phones/lib/conferencing.mjs'
import { Meeting } from '../../phones/lib/meeting.mjs'
import { story } from '../../phones/lib/story.mjs'
import { VOICE_PAGE, pass, voiceApp } from '../../phones/lib/voice.mjs'
import { Attendee } from '../lib/attendee.mjs'
import { launch } from '../lib/chromium.mjs'

const ROOM = 'lounge_9'
/** Users of voice rooms are numbers beyond those that JavaScript keeps. */
const GUS = '9007199254740993'
const step = story()
const apps = new ConferenceApps()
const callingApps = new CallingApps()
let meeting, browser, voice, emi, tim, gus, cal, web, conference

before(async () => {
  voice = voiceApp()
  ;[meeting, browser] = await Promise.all([Meeting.begin({ demo: true }), launch()])
})
after(async () => {
  await browser?.close()
  apps.remove()
  callingApps.remove()
  voice?.remove()
  assert.equal(await meeting?.end(), 0, 'the server drains and exits with 0')
})

step('a_phone_for_conferences_makes_one_and_a_phone_for_rooms_comes_by_the_name_of_its_room', async () => {
  emi = await PhoneAttendee.come(meeting, apps.make(), 'emi')
  const joined = await emi.joins(ROOM, { role: 7 })
  assert.equal(joined.isCreator, true)
  conference = joined.confrId
  tim = await meeting.phone('tim')
  await meeting.enter(tim, { strRoomID: ROOM })
  await emi.hears('onMemberJoined', { user: 'tim' })
})

step('a_phone_for_voice_rooms_and_a_browser_come_to_the_same_room', async () => {
  gus = await meeting.phone(GUS, { app: voice.folder })
  await gus.open(VOICE_PAGE, pass(meeting, GUS, ROOM))
  await emi.hears('onMemberJoined', { user: GUS })
  await gus.call('run', 'enableMic', true)
  web = await Attendee.atTheDoor(browser, meeting.server, 'web', { room: ROOM, toneHz: 1500 })
  await web.enters()
})

step('a_phone_for_calls_rings_when_the_back_end_calls_it_into_the_room_and_is_in_it_when_it_answers', async () => {
  cal = await logIn(meeting, await meeting.phone('cal', { app: callingApps.make() }))
  const ear = new Ear(cal)
  const wish = { caller: 'emi', invitees: ['cal'], media: 'video', room: ROOM }
  const call = await meeting.server.api('POST', '/v1/calls', wish)
  assert.deepEqual([call.open, call.room], [true, ROOM])
  const { sponsor, inviteData } = await ear.hears('INVITED')
  assert.deepEqual([sponsor, inviteData.callType, inviteData.roomID], ['emi', VIDEO, ROOM])
  await cal.call('accept')
  await are('connected', cal)
  await ear.hears('USER_ENTER', { of: 'tim' })
  await emi.hears('onMemberJoined', { user: 'cal' })
})

step('everybody_sees_and_hears_everybody', async () => {
  await Promise.all([
    web.sees('emi'), web.sees('tim'), web.sees('cal'), web.hears(emi.phone), web.hears(tim), web.hears(gus), web.hears(cal),
    tim.sees(emi.phone), tim.sees(cal), tim.sees('web'), tim.hears(emi.phone), tim.hears(gus), tim.hears(cal), tim.hears(web),
    emi.phone.sees(tim), emi.phone.sees(cal), emi.phone.sees('web'),
    emi.phone.hears(tim), emi.phone.hears(gus), emi.phone.hears(cal), emi.phone.hears(web),
    cal.sees(emi.phone), cal.sees(tim), cal.sees('web'), cal.hears(emi.phone), cal.hears(tim), cal.hears(gus), cal.hears(web),
    gus.hears(emi.phone), gus.hears(tim), gus.hears(cal), gus.hears(web),
  ])
})

step('there_is_one_list_of_members', async () => {
  const users = ['cal', 'emi', 'tim', GUS, 'web'].sort()
  const { members } = await meeting.server.room(ROOM)
  assert.deepEqual(members.map(({ user }) => user).sort(), users)
  await web.lists('tim', { role: 'talker' })
  await web.lists('emi', { role: 'admin' })
  await web.lists(GUS, { role: 'talker', video: 'false' })
  const { value } = await emi.ask('getConferenceInfo', conference, '')
  assert.equal(value.data.confr.memTotal, users.length)
})

step('who_the_admin_removes_is_gone_for_all_others_whatever_they_came_with', async () => {
  emi.forget()
  const mark = tim.mark()
  await emi.ask('kickMembersById', conference, [fullName(meeting.server, 'tim')])
  const { members } = await meeting.server.room(ROOM)
  assert.ok(!members.some(({ user }) => user === 'tim'), 'out of the room, with its media, when the request is answered')
  await Promise.all([
    tim.until('is told that it was removed', () => mark.events('KICKED_OUT')[0]),
    emi.hears('onStreamRemoved', { user: 'tim' }),
    emi.hears('onMemberExited', { user: 'tim' }),
    web.losesSightOf('tim'),
    gus.until('has no player for tim', () => !gus.player('tim')),
  ])
  await Promise.all([web.sees('emi'), web.hears(gus), gus.hears(emi.phone), emi.phone.hears(gus)])
})

step('a_phone_for_calls_that_the_admin_removes_is_told_that_its_call_is_over', async () => {
  emi.forget()
  const ear = new Ear(cal)
  await emi.ask('kickMembersById', conference, [fullName(meeting.server, 'cal')])
  const { members } = await meeting.server.room(ROOM)
  assert.ok(!members.some(({ user }) => user === 'cal'), 'out of the room, with its media, when the request is answered')
  await Promise.all([
    ear.hears('CALL_END'),
    are('idle', cal),
    emi.hears('onMemberExited', { user: 'cal' }),
    web.losesSightOf('cal'),
    gus.until('has no player for cal', () => !gus.player('cal')),
  ])
})

step('a_voice_that_the_admin_removes_is_out_of_every_list', async () => {
  await emi.ask('kickMembersById', conference, [fullName(meeting.server, GUS)])
  await gus.until('is told that it is out', ({ data }) => data.told.some(({ type }) => type === 'EVENT_EXIT_ROOM_COMPLETED' || type === 'EVENT_ERROR'))
  await web.until('has nobody of this name', async () => (await web.person(GUS)) === undefined)
})

step('the_end_of_the_conference_is_the_end_for_all', async () => {
  await emi.ask('destroyConference', conference)
  await web.isOut(/^The conference was ended for everybody/)
  await web.leaves()
})
