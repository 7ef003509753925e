// Phones that are away for a while: background, lost networks, dead batteries.
import assert from 'node:assert/strict'
import { after, before, beforeEach, afterEach, test } from 'node:test'
import { Meeting, allMeet } from '../lib/meeting.mjs'
import { stays } from '../lib/until.mjs'

/** The documented 90 s would make the battery test long; everything that keeps a seat here is well below. */
const SEAT_GRACE_S = 12
/** Native retries of a phone come every 3 s; a shorter pause shortens the tests and changes nothing else. */
const RETRY_MS = 1000
/** A phone that gave up natively is brought back by the SDK, whose back-off may have reached several seconds. */
const RECOVERY_MS = 30000

let meeting, alice, bob
let nextRoom = 40001

before(async () => {
  meeting = await Meeting.begin({
    env: { HUITONG_LIMITS_SEAT_GRACE_SECONDS: String(SEAT_GRACE_S), HUITONG_LIMITS_AWAY_AFTER_SECONDS: '3' },
  })
})
after(() => meeting?.end())

beforeEach(async () => {
  ;[alice, bob] = await meeting.gather({ roomID: nextRoom++ }, [`alice-${nextRoom}`, `bob-${nextRoom}`], { faulty: true, retryMs: RETRY_MS })
  await allMeet([alice, bob], { frames: 3 })
})
afterEach(() => Promise.all([alice?.kill(), bob?.kill()]))

const nobodyLeft = () => bob.events('REMOTE_USER_LEAVE').length === 0

test('a_phone_in_the_background_keeps_its_seat_and_media_resumes', async () => {
  await alice.background({ dropMs: 1000 })
  await alice.until('the system dropped the sockets', () => alice.offline)
  await bob.until('the picture of alice stands', () => (bob.player(alice)?.fps ?? 0) === 0)
  await stays(nobodyLeft, { what: 'alice keeps her seat', during: 2000, explain: () => bob.explain() })
  await alice.foreground()
  await allMeet([alice, bob])
  assert.ok(nobodyLeft(), 'alice never left')
  assert.deepEqual(alice.events('KICKED_OUT'), [])
  assert.equal(bob.events('REMOTE_USER_JOIN', alice.name).length, 1, 'she joined once')
})

test('what_happened_meanwhile_is_told_on_return', async () => {
  await alice.background({ dropMs: 200 })
  await alice.until('the system dropped the sockets', () => alice.offline)
  const carol = await meeting.phone(`carol-${nextRoom}`)
  await meeting.enter(carol, { roomID: nextRoom - 1 })
  await bob.tap('.hang-up')
  await carol.untilEvent('REMOTE_USER_LEAVE', bob.name)
  await alice.foreground()
  await alice.untilEvent('REMOTE_USER_JOIN', carol.name)
  await alice.untilEvent('REMOTE_USER_LEAVE', bob.name)
  await allMeet([alice, carol], { frames: 5 })
  await carol.kill()
})

test('five_seconds_without_network_end_in_recovery_without_a_leave', async () => {
  alice.network.lose()
  await alice.networkChanged({ isConnected: false, networkType: 'none' })
  await bob.until('the picture of alice stands', () => (bob.player(alice)?.fps ?? 0) === 0)
  await stays(nobodyLeft, { what: 'alice keeps her seat', during: 5000, explain: () => bob.explain() })
  alice.network.heal()
  await alice.networkChanged({ isConnected: true, networkType: '4g' })
  await bob.sees(alice, { within: RECOVERY_MS })
  await bob.hears(alice, RECOVERY_MS)
  await alice.sees(bob, { within: RECOVERY_MS })
  assert.ok(nobodyLeft(), 'alice never left')
  assert.deepEqual(alice.events('KICKED_OUT'), [])
  assert.deepEqual(alice.events('REMOTE_USER_LEAVE'), [])
})

test('a_stalled_network_that_nobody_reports_recovers_too', async () => {
  alice.network.set({ stalled: true })
  await stays(nobodyLeft, { what: 'alice keeps her seat', during: 5000, explain: () => bob.explain() })
  alice.network.heal()
  await bob.sees(alice, { within: RECOVERY_MS })
  await alice.sees(bob, { within: RECOVERY_MS })
  await bob.until('the latency of alice is what it was', () => bob.player(alice).latency < 1500, RECOVERY_MS)
  assert.ok(nobodyLeft(), 'alice never left')
})

test('a_publisher_that_reconnects_with_its_key_keeps_its_players', async () => {
  const { connects } = bob.player(alice)
  const { url } = alice.pusher
  alice.network.rtmp.abandon()
  await alice.until('the pusher is back', ({ pusher }) => pusher.connects === 2)
  assert.equal(alice.pusher.url, url, 'with the same key')
  await bob.sees(alice)
  assert.equal(bob.player(alice).connects, connects, 'the player did not reconnect')
  assert.equal(bob.player(alice).backwards, 0, 'time never ran backwards')
  assert.ok(nobodyLeft())
})

test('a_phone_whose_battery_dies_is_announced_as_left_after_the_grace', async () => {
  alice.network.abandon()
  await alice.kill()
  await bob.untilEvent('REMOTE_USER_LEAVE', alice.name, (SEAT_GRACE_S + 10) * 1000)
  await bob.until('has no player for alice', () => !bob.player(alice))
})
