// Phones that are away for a while: in the background, or for good.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { Meeting, allMeet } from '../lib/meeting.mjs'
import { stays } from '../lib/until.mjs'

/** The documented times (30 s and 90 s) would make the last test long; what keeps a seat here is well below. */
const SILENCE_S = 6
const SEAT_GRACE_S = 10
/** Both, and the granularity of the server's timers on a busy machine. */
const GONE_MS = (SILENCE_S + SEAT_GRACE_S + 10) * 1000

let meeting, alice, bob, room
let round = 0

before(async () => {
  const env = {
    HUITONG_LIMITS_CONNECTION_TIMEOUT_SECONDS: String(SILENCE_S),
    HUITONG_LIMITS_SEAT_GRACE_SECONDS: String(SEAT_GRACE_S),
    HUITONG_LIMITS_AWAY_AFTER_SECONDS: '3',
  }
  meeting = await Meeting.begin({ env })
})
after(() => meeting?.end())

beforeEach(async () => {
  room = { roomID: 40000 + ++round }
  ;[alice, bob] = await meeting.gather(room, [`alice-${round}`, `bob-${round}`], { faulty: true })
  await allMeet([alice, bob], { frames: 3 })
})
afterEach(() => Promise.all([alice?.kill(), bob?.kill()]))

const nobodyLeft = () => bob.events('REMOTE_USER_LEAVE').length === 0

test('a_phone_in_the_background_keeps_its_seat_and_media_resumes', async (t) => {
  await alice.background({ dropMs: 1000 })
  await alice.until('the system dropped the sockets', () => alice.offline)
  await bob.until('the picture of alice stands', () => (bob.player(alice)?.fps ?? 0) === 0)
  await stays(nobodyLeft, { what: 'alice keeps her seat', during: 2000, explain: () => bob.explain() })
  const returned = Date.now()
  await alice.foreground()
  await allMeet([alice, bob])
  t.diagnostic(`both see and hear each other ${Date.now() - returned} ms after the return`)
  assert.ok(nobodyLeft(), 'alice never left')
  assert.deepEqual(alice.events('KICKED_OUT'), [])
  assert.equal(bob.events('REMOTE_USER_JOIN', alice.name).length, 1, 'she joined once')
})

test('what_happened_meanwhile_is_told_on_return', async () => {
  const carol = await meeting.phone(`carol-${round}`)
  await alice.background({ dropMs: 200 })
  await alice.until('the system dropped the sockets', () => alice.offline)
  await meeting.enter(carol, room)
  await bob.tap('.hang-up')
  await carol.untilEvent('REMOTE_USER_LEAVE', bob.name)
  await alice.foreground()
  await alice.untilEvent('REMOTE_USER_JOIN', carol.name)
  await alice.untilEvent('REMOTE_USER_LEAVE', bob.name)
  await allMeet([alice, carol], { frames: 5 })
  await carol.kill()
})

test('a_phone_that_was_taken_over_while_offline_gives_way_to_the_newer_one', async () => {
  // It starts before: alice may be away only so long.
  const newer = await meeting.phone(alice.name)
  alice.network.lose()
  await alice.networkChanged({ isConnected: false, networkType: 'none' })
  await bob.until('the picture of alice stands', () => (bob.player(alice)?.fps ?? 0) === 0)
  await meeting.enter(newer, room)
  await bob.sees(newer)
  alice.network.heal()
  await alice.networkChanged({ isConnected: true, networkType: '4g' })
  const { reason } = await alice.untilEvent('KICKED_OUT')
  assert.equal(reason, 'duplicate')
  await alice.until('pushes no longer', ({ pusher }) => !pusher.connected)
  await allMeet([newer, bob], { frames: 5 })
  assert.deepEqual(newer.events('KICKED_OUT'), [])
  assert.deepEqual((await meeting.server.room(String(room.roomID))).members.map(({ user }) => user).sort(), [alice.name, bob.name])
  await newer.kill()
})

test('a_phone_whose_battery_dies_is_announced_as_left_after_the_grace', async () => {
  alice.network.lose()
  await alice.kill()
  await bob.untilEvent('REMOTE_USER_LEAVE', alice.name, GONE_MS)
  await bob.until('has no player for alice', () => !bob.player(alice))
})
