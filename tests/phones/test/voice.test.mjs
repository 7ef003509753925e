// Rooms for voices only: nobody's camera is on, and no video message travels.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Meeting } from '../lib/meeting.mjs'

let meeting

before(async () => {
  meeting = await Meeting.begin()
})
after(() => meeting?.end())

async function speak(name, role) {
  const phone = await meeting.phone(name)
  await phone.open('pages/voice/voice', { ...meeting.query(name, { strRoomID: 'voices' }), role })
  await phone.joins()
  return phone
}

test('a_listener_takes_the_microphone_and_gives_it_back', async () => {
  const host = await speak('host', 'presenter')
  const guest = await speak('guest', 'audience')
  await guest.hears(host)
  assert.equal(guest.player(host).videoTags, 0, 'no video message came')
  assert.equal(host.events('REMOTE_USER_JOIN', 'guest').length, 1)
  assert.deepEqual(host.events('REMOTE_AUDIO_ADD', 'guest'), [])
  await guest.tap('.change-role')
  await host.untilEvent('REMOTE_AUDIO_ADD', 'guest')
  await host.hears(guest)
  await guest.tap('.change-role')
  await host.untilEvent('REMOTE_AUDIO_REMOVE', 'guest')
  await host.hearsNothingOf(guest)
  assert.equal(guest.pusher.connects, 1, 'changing the role does not reconnect')
  await guest.hears(host)
  // The system's back button runs no code of this page; the room must learn of it all the same.
  await host.closePage()
  await guest.untilEvent('REMOTE_USER_LEAVE', 'host')
})
