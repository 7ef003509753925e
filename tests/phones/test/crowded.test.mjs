// A room with more people who would send than may.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Meeting, ROOM_PAGE } from '../lib/meeting.mjs'

const NOT_ENTERED = -3301
/** The SDK's pauses between pushes that are refused grow to 30 s; one of them may begin just before the place is free. */
const PLACE_TAKEN_MS = 45000

let meeting

before(async () => {
  meeting = await Meeting.begin({ env: { HUITONG_LIMITS_PUBLISHERS: '1' } })
})
after(() => meeting?.end())

test('whoever_finds_no_place_to_send_is_told_once_watches_and_sends_when_a_place_is_free', async () => {
  const room = { roomID: '42001' }
  const [alice, bob] = [await meeting.phone('alice'), await meeting.phone('bob', { retryMs: 1000 })]
  await meeting.enter(alice, room)
  await alice.until('pushes', ({ pusher }) => pusher.connected)
  await bob.open(ROOM_PAGE, meeting.query('bob', room))
  await bob.untilEvent('ERROR')
  await bob.sees(alice)
  await bob.hears(alice)
  await bob.until('was refused several times', ({ pusher }) => pusher.refusals >= 4)
  assert.deepEqual(bob.events('ERROR').map(({ error }) => error), [NOT_ENTERED], 'told once')
  assert.equal(bob.events('LOCAL_JOIN').length, 1, 'and in the room all the same')
  assert.deepEqual(alice.events('REMOTE_VIDEO_ADD', 'bob'), [])
  const carol = await meeting.phone('carol')
  await alice.tap('.hang-up')
  await bob.until('pushes', ({ pusher }) => pusher.connected, PLACE_TAKEN_MS)
  await carol.open(ROOM_PAGE, meeting.query('carol', room))
  await carol.sees(bob)
  await carol.hears(bob)
  assert.equal(bob.events('ERROR').length, 1)
})
