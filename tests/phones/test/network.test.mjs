// Phones whose network fails: lost, stalled, slow, or with a new address.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { Meeting, allMeet } from '../lib/meeting.mjs'
import { stays } from '../lib/until.mjs'

/** Native retries of a phone come every 3 s; a shorter pause shortens the tests and changes nothing else. */
const RETRY_MS = 1000
/** A phone that gave up natively is brought back by the SDK, whose back-off may have reached several seconds. */
const RECOVERY_MS = 30000
const OUTAGE_MS = 5000

let meeting, alice, bob
let round = 0

before(async () => {
  meeting = await Meeting.begin()
})
after(() => meeting?.end())

beforeEach(async () => {
  const names = [`alice-${++round}`, `bob-${round}`]
  ;[alice, bob] = await meeting.gather({ roomID: 41000 + round }, names, { faulty: true, retryMs: RETRY_MS })
  await allMeet([alice, bob], { frames: 3 })
})
afterEach(() => Promise.all([alice?.kill(), bob?.kill()]))

const nobodyLeft = () => [alice, bob].every((phone) => phone.events('REMOTE_USER_LEAVE').length === 0)
const seatIsKept = () =>
  stays(nobodyLeft, { what: 'nobody is thought to have left', during: OUTAGE_MS, explain: () => bob.explain() })

/** Waits until both see and hear each other and tells how long it took. */
async function recover(t, { seatsKept = true } = {}) {
  const healed = Date.now()
  await Promise.all([
    bob.sees(alice, { within: RECOVERY_MS }),
    bob.hears(alice, RECOVERY_MS),
    alice.sees(bob, { within: RECOVERY_MS }),
    alice.hears(bob, RECOVERY_MS),
  ])
  t.diagnostic(`both see and hear each other ${Date.now() - healed} ms after the network is back`)
  if (seatsKept) assert.ok(nobodyLeft(), 'nobody was thought to have left')
  assert.deepEqual(alice.events('KICKED_OUT'), [])
  assert.deepEqual(alice.events('ERROR'), [])
}

test('five_seconds_without_network_end_in_recovery_without_a_leave', async (t) => {
  alice.network.lose()
  await alice.networkChanged({ isConnected: false, networkType: 'none' })
  await bob.until('the picture of alice stands', () => (bob.player(alice)?.fps ?? 0) === 0)
  await seatIsKept()
  alice.network.heal()
  await alice.networkChanged({ isConnected: true, networkType: '4g' })
  await recover(t)
})

test('a_stalled_network_that_nobody_reports_recovers_too', async (t) => {
  alice.network.set({ stalled: true })
  await seatIsKept()
  alice.network.heal()
  await recover(t)
  await bob.until('alice is live again, not seconds behind', () => bob.player(alice).latency < 1500, RECOVERY_MS)
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

test('a_server_that_crashed_and_is_back_gets_its_room_back', async (t) => {
  await meeting.server.crashAndRestart()
  // Whoever is back first finds the room empty for a moment, so a leave may be told; it is true.
  await recover(t, { seatsKept: false })
  const { members } = await meeting.server.room(String(41000 + round))
  assert.deepEqual(members.map(({ user }) => user).sort(), [alice.name, bob.name])
  for (const phone of [alice, bob]) assert.equal(phone.events('LOCAL_JOIN').length, 1, 'the page has joined once')
})

test('a_push_that_is_faster_than_the_login_waits_for_it', async () => {
  const carol = await meeting.phone(`carol-${round}`, { faulty: true })
  carol.network.http.set({ delayMs: 500 })
  await meeting.enter(carol, { roomID: 41000 + round })
  await bob.sees(carol)
  assert.equal(carol.pusher.connects, 1)
  assert.equal(carol.pusher.refusals, 0)
  await carol.kill()
})

test('a_lost_signalling_socket_alone_disturbs_no_media', async () => {
  const { connects } = alice.pusher
  alice.network.http.reset()
  const [, carol] = await Promise.all([bob.tap('.toggle-mic'), meeting.phone(`carol-${round}`)])
  await meeting.enter(carol, { roomID: 41000 + round })
  await alice.untilEvent('REMOTE_AUDIO_REMOVE', bob.name)
  await alice.untilEvent('REMOTE_USER_JOIN', carol.name)
  assert.equal(alice.pusher.connects, connects, 'the push went on')
  assert.equal(alice.player(bob).connects, 1, 'the play went on')
  assert.ok(nobodyLeft())
  await carol.kill()
})
