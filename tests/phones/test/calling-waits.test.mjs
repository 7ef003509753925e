// Calls that take their time or lose their network, over the real server: nobody answers, somebody comes late, somebody
// is cut off, the server is restarted. Everything that only waits runs beside the rest.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { AUDIO, CallingApps, Ear, VIDEO, are, ears, logIn } from '../lib/calling.mjs'
import { Handset } from '../lib/handset.mjs'
import { Meeting, allMeet } from '../lib/meeting.mjs'
import { stays, until } from '../lib/until.mjs'

/** How long it rings, and what the server's clock, the network and a busy machine may add, ms. */
const RING_MS = 30000
const SLACK_MS = 1000
/** How long a caller may be cut off before its call is cancelled, ms. */
const CUT_OFF_MS = 10000
/** How long after the call somebody logs in who was not there, ms. */
const LATE_MS = 10000
/** A phone that gave up natively is brought back by the SDK, whose back-off may have reached several seconds. */
const RECOVERY_MS = 30000

const apps = new CallingApps()
let meeting, app, ada, ben
/** What only waits, by name. */
const waits = {}

before(async () => {
  meeting = await Meeting.begin()
  app = apps.make()
  const pair = Promise.all([somebody('ada', { faulty: true, retryMs: 1000 }), somebody('ben')])
  for (const [name, run] of Object.entries({ unanswered, unreachable, late, cutOff })) {
    waits[name] = run()
    waits[name].catch(() => {}) // the test that waits for it tells
  }
  ;[ada, ben] = await pair
})
after(async () => {
  apps.remove()
  assert.equal(await meeting?.end(), 0, 'the server drains and exits with 0')
})

const boot = (name, options) => meeting.phone(name, { app, ...options })
const somebody = async (name, { query, ...options } = {}) => logIn(meeting, await boot(name, options), query)

/** The call of this phone has begun; gives its id and when that was. */
async function placed(phone) {
  await phone.until('has its call', ({ data }) => data.placed)
  return { inviteID: phone.data.placed.inviteID, at: Date.now() }
}

async function unanswered() {
  const [tia, tom] = await Promise.all([somebody('tia'), somebody('tom')])
  const [a, b] = ears(tia, tom)
  await tia.call('call', 'tom', AUDIO)
  const { inviteID, at } = await placed(tia)
  await b.hears('INVITED')
  const expected = { inviteID, timeoutUserList: ['tom'], groupID: '', sponsor: 'tia' }
  assert.deepEqual(await a.hears('CALLING_TIMEOUT', { within: RING_MS + 10 * SLACK_MS }), expected)
  assert.deepEqual(await b.hears('CALLING_TIMEOUT'), expected)
  await are('idle', tia, tom)
  const [{ at: told }] = a.all('CALLING_TIMEOUT')
  assert.ok(Math.abs(told - at - RING_MS) < SLACK_MS, `told ${told - at} ms after the call`)
  for (const ear of [a, b]) assert.deepEqual(await ear.hears('CALL_END'), { inviteID, sponsor: 'tia', call_end: 0 })
  assert.deepEqual([a.codes, b.codes], [['CALLING_TIMEOUT', 'CALL_END', 'HANG_UP'], ['INVITED', 'CALLING_TIMEOUT', 'CALL_END', 'HANG_UP']])
}

async function unreachable() {
  const noa = await somebody('noa')
  const n = new Ear(noa)
  await noa.call('call', 'nobody', VIDEO)
  const { inviteID } = await placed(noa)
  const expected = { inviteID, timeoutUserList: ['nobody'], groupID: '', sponsor: 'noa' }
  assert.deepEqual(await n.hears('NO_RESP', { within: RING_MS + 10 * SLACK_MS }), expected)
  await are('idle', noa)
  assert.deepEqual(await n.hears('CALL_END'), { inviteID, sponsor: 'noa', call_end: 0 })
  assert.deepEqual(n.codes, ['NO_RESP', 'HANG_UP', 'CALL_END', 'HANG_UP'])
}

async function late() {
  const [una, uwe] = await Promise.all([Handset.login(meeting.server, 'una'), boot('uwe')])
  const { call } = await una.ask('call', { invitees: ['uwe'], media: 'audio' })
  const at = Date.now()
  await until(() => Date.now() - at >= LATE_MS, { what: 'time passes', within: 2 * LATE_MS })
  await logIn(meeting, uwe)
  await una.pushed('that he rings', ({ ev, state }) => ev === 'callChanged' && state === 'ringing')
  await uwe.untilEvent('INVITED')
  assert.equal(uwe.events('INVITED')[0].data.inviteID, call.call)
  await uwe.call('accept')
  await una.pushed('that he answered', ({ ev, state }) => ev === 'callChanged' && state === 'connected')
  await are('connected', uwe)
  await una.ask('hangup', { call: call.call })
  await uwe.untilEvent('CALL_END')
  await are('idle', uwe)
  una.drop()
}

async function cutOff() {
  const [vic, val] = await Promise.all([somebody('vic', { faulty: true }), somebody('val')])
  const [c, b] = ears(vic, val)
  await vic.call('call', 'val', AUDIO)
  const { inviteID } = await placed(vic)
  await b.hears('INVITED')
  vic.network.set({ refusing: true })
  vic.network.cut()
  const cut = Date.now()
  assert.deepEqual(await b.hears('CALLING_CANCEL', { within: 3 * CUT_OFF_MS }), {
    invitee: 'val', inviteID, sponsor: 'vic', reason: 'cancelled',
  })
  const [{ at }] = b.all('CALLING_CANCEL')
  assert.ok(at - cut >= CUT_OFF_MS - SLACK_MS, `cancelled ${at - cut} ms after the network was gone`)
  vic.network.heal()
  await c.hears('CALL_END', { within: RECOVERY_MS })
  await are('idle', vic, val)
  assert.deepEqual(c.codes, ['CALL_END', 'HANG_UP'])
}

test('a_connection_that_is_lost_in_a_call_and_back_in_time_is_not_told', async () => {
  await ada.call('call', 'ben', VIDEO)
  await ben.untilEvent('INVITED')
  await ben.call('accept')
  await allMeet([ada, ben], { frames: 3 })
  const [a, b] = ears(ada, ben)
  ada.network.lose()
  await ada.networkChanged({ isConnected: false, networkType: 'none' })
  await ben.until('the picture of ada stands', () => (ben.player(ada)?.fps ?? 0) === 0)
  await stays(() => a.codes.length + b.codes.length === 0, { what: 'nobody is told', during: 2000, explain: () => ben.explain() })
  ada.network.heal()
  await ada.networkChanged({ isConnected: true, networkType: '4g' })
  await allMeet([ada, ben], { frames: 5, within: RECOVERY_MS })
  assert.deepEqual([a.codes, b.codes], [[], []])
  await ben.call('hangup')
  await a.hears('CALL_END')
  assert.ok(a.all('CALL_END')[0].data.call_end >= 2, 'the time without network counts')
})

test('an_invitee_that_logs_in_ten_seconds_late_still_rings', () => waits.late)
test('a_caller_whose_network_is_gone_cancels_after_ten_seconds', () => waits.cutOff)
test('nobody_answers_within_thirty_seconds', () => waits.unanswered)
test('nobody_is_there_within_thirty_seconds', () => waits.unreachable)

for (const how of ['crashAndRestart', 'restart']) {
  test(`a_server_ends_its_calls_by_a_${how}_and_takes_new_ones`, async () => {
    const answered = async () => {
      const b = new Ear(ben)
      await ada.call('call', 'ben', AUDIO)
      await b.hears('INVITED')
      await ben.call('accept')
      await Promise.all([ada.hears(ben), ben.hears(ada)])
    }
    await answered()
    const [a, b] = ears(ada, ben)
    await meeting.server[how]()
    await Promise.all([a.hears('CALL_END', { within: RECOVERY_MS }), b.hears('CALL_END', { within: RECOVERY_MS })])
    await are('idle', ada, ben)
    assert.deepEqual([ada.pusher, ben.pusher], [null, null])
    for (const ear of [a, b]) assert.equal(ear.all('CALL_END').length, 1)
    await answered()
    await ada.call('hangup')
    await are('idle', ada, ben)
  })
}
