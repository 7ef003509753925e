// One user on one phone with a page that is in a room (trtc-wx) and a page that waits for calls (TRTCCalling): two
// logins of the same device, of which neither ends the other.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { AUDIO, CallingApps, are, ears, logIn } from '../lib/calling.mjs'
import { Meeting, ROOM_PAGE, allMeet } from '../lib/meeting.mjs'

const apps = new CallingApps()
const ROOM = { roomID: 52000 }
let meeting, alice, bob, dan

before(async () => {
  meeting = await Meeting.begin()
  const app = apps.make()
  ;[alice, bob, dan] = await Promise.all(['alice', 'bob', 'dan'].map((name) => meeting.phone(name, { app })))
  await Promise.all([meeting.enter(alice, ROOM), meeting.enter(bob, ROOM), logIn(meeting, dan)])
})
after(async () => {
  apps.remove()
  assert.equal(await meeting?.end(), 0, 'the server drains and exits with 0')
})

const undisturbed = () => {
  assert.deepEqual(bob.events('REMOTE_USER_LEAVE', 'alice'), [])
  assert.deepEqual(alice.events('KICKED_OUT'), [])
  assert.equal(alice.events('LOCAL_JOIN').length, 1)
}

test('a_page_for_calls_beside_a_room_rings_and_talks_and_the_room_goes_on', async () => {
  await allMeet([alice, bob], { frames: 3 })
  await logIn(meeting, alice)
  const [a, d] = ears(alice, dan)
  await dan.call('call', 'alice', AUDIO)
  const { inviteID } = await a.hears('INVITED')
  await alice.call('accept')
  await are('connected', alice, dan)
  await Promise.all([alice.hears(dan), dan.hears(alice), alice.sees(bob), bob.sees(alice)])
  assert.equal(dan.component.invitation.inviteID, inviteID)
  const { members } = await meeting.server.room(String(ROOM.roomID))
  assert.deepEqual(members.map(({ user }) => user).sort(), ['alice', 'bob'])
  await alice.call('hangup')
  await d.hears('CALL_END')
  await are('idle', alice, dan)
  await Promise.all([alice.sees(bob), bob.sees(alice)])
  undisturbed()
})

test('when_the_page_for_calls_is_closed_the_room_goes_on', async () => {
  await alice.closePage()
  await Promise.all([alice.sees(bob), bob.sees(alice), bob.hears(alice)])
  undisturbed()
})

test('a_room_that_is_entered_and_left_beside_the_page_for_calls_does_not_log_it_out', async () => {
  await dan.open(ROOM_PAGE, meeting.query('dan', ROOM))
  await dan.joins()
  await bob.untilEvent('REMOTE_USER_JOIN', 'dan')
  await dan.sees(bob)
  await dan.closePage()
  await bob.untilEvent('REMOTE_USER_LEAVE', 'dan')
  const [d] = ears(dan)
  await logIn(meeting, alice)
  await alice.call('call', 'dan', AUDIO)
  await d.hears('INVITED')
  assert.deepEqual(dan.events('KICKED_OUT'), [])
  undisturbed()
})
