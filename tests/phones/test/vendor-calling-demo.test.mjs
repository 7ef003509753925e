// The vendor's published pages with calls, unmodified but for components/TRTCCalling and the two constants that every
// developer fills in. They are not part of this repository: HUITONG_TRTC_CALLING_DEMO names a checkout of
// tencentyun/TRTCSDK at 9e4e1ecb, directory WXMini/TRTCScenesDemo/trtc-calling-miniapp. Without it these tests are
// skipped; pages/call of app/, which follows the same contract, is tested always.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { CallingApps } from '../lib/calling.mjs'
import { Meeting } from '../lib/meeting.mjs'
import { Phone } from '../lib/phone.mjs'
import { SignalDouble } from '../lib/signal-double.mjs'

const DEMO = process.env.HUITONG_TRTC_CALLING_DEMO
const skip = DEMO ? false : 'HUITONG_TRTC_CALLING_DEMO does not name a checkout of the vendor\'s trtc-calling-miniapp'
const APP = 1400000001
const TAG = 'TRTCCalling-component'

const apps = new CallingApps()
let double, app

/** The demo with the two constants that every developer fills in. */
function demoOf(id, secret) {
  const made = apps.make(DEMO)
  const file = path.join(made, 'debug/GenerateTestUserSig.js')
  const filled = fs.readFileSync(file, 'utf8').replace('SDKAPPID = 0', `SDKAPPID = ${id}`).replace("SECRETKEY = ''", `SECRETKEY = '${secret}'`)
  fs.writeFileSync(file, filled)
  return made
}

before(async () => {
  if (!DEMO) return
  double = await SignalDouble.listen()
  app = demoOf(APP, 'secret')
})
after(() => {
  double?.close()
  apps.remove()
})

/** From the demo's login page to one of its call pages. */
async function goTo(page, phone) {
  await phone.open('pages/login/login', {})
  await phone.call('bindInputUserID', { detail: { value: phone.name } })
  await phone.call('login')
  await phone.open(page, {})
  await phone.until('is logged in', () => phone.events('SDK_READY').length === 1)
}

/** Goes from the demo's login page to one of its call pages, as a user does. */
const enter = async (page, user) => {
  double.requests = []
  double.answers = { join: () => ({ state: { room: { number: 77 }, scene: 'rtc', role: 'publisher', members: [], audience: 0 } }) }
  const phone = await Phone.boot({ name: user, number: 0, server: double, app })
  await goTo(page, phone)
  const [{ app: id, user: as }] = double.requests
  assert.deepEqual([id, as], [APP, user])
  return phone
}
const parties = (ann, bob) => [{ user: 'ann', state: ann }, { user: 'bob', state: bob }]
const call = (more) => ({ call: 'c1', caller: 'ann', media: 'video', room: { number: 77 }, ringingMs: 30000, startedMs: 1, ...more })
const toasted = async (phone, text) => assert.ok((await phone.fullLog()).some((line) => line.includes(`toast: ${text}`)), `${text} is shown`)

test('the_video_call_page_calls_is_answered_and_hears_of_the_end', { skip }, async () => {
  const phone = await enter('pages/videoCall/videoCall', 'ann')
  double.answers.call = () => ({ call: call({ you: 'calling', participants: parties('calling', 'ringing') }) })
  await phone.call('userIDToSearchInput', { detail: { value: 'bob' } })
  await phone.call('searchUser')
  await phone.tap('.btn-userinfo-call')
  await phone.until('calls', () => phone.component.callStatus === 'calling')
  const [{ invitees, media }] = double.requests.filter(({ op }) => op === 'call')
  assert.deepEqual([invitees, media], [['bob'], 'video'])
  double.push({ ev: 'callChanged', call: 'c1', user: 'bob', state: 'connected' })
  double.push({ ev: 'memberJoined', member: { user: 'bob', away: false, streams: [{ stream: 'main', audio: true, video: true, play: 'play-key-of-bob-00000' }] } })
  await phone.until('plays bob', () => phone.player('bob')?.src && phone.pusher?.started)
  double.push({ ev: 'callEnded', call: 'c1', reason: 'hungUp', by: 'bob', durationMs: 5000 })
  await phone.untilEvent('HANG_UP')
  await toasted(phone, '通话结束')
  assert.deepEqual(phone.events().map(({ code }) => code).filter((code) => /CALL_END|HANG_UP|LEAVE/.test(code)), ['USER_LEAVE', 'CALL_END', 'HANG_UP'])
  assert.ok(!double.ops().includes('hangup'), 'hanging up when it is over asks the server nothing')
  await phone.closePage()
  await phone.until('is logged out', () => double.ops().includes('bye'))
  await phone.kill()
})

test('the_audio_call_page_is_called_and_answers', { skip }, async () => {
  const phone = await enter('pages/audioCall/audioCall', 'bob')
  double.answers.accept = () => ({ call: call({ media: 'audio', you: 'connected', connectedMs: 2, participants: parties('connected', 'connected') }) })
  double.push({ ev: 'invited', call: call({ media: 'audio', you: 'ringing', participants: parties('calling', 'ringing') }) })
  await phone.untilEvent('INVITED')
  await phone.tapIn(TAG, '.ht-green')
  await phone.until('is connected', () => phone.component.callStatus === 'connected' && phone.pusher?.started)
  assert.equal(phone.pusher.camera, false)
  await phone.tapIn(TAG, '.ht-hangup')
  await phone.until('has hung up', () => double.ops().includes('hangup'))
  await phone.kill()
})

for (const [reason, code, text] of [
  ['rejected', 'REJECT', '对方已拒绝'],
  ['busy', 'LINE_BUSY', '对方忙线中'],
  ['unreachable', 'NO_RESP', '对方不在线'],
  ['timedOut', 'CALLING_TIMEOUT', '无应答超时'],
]) {
  test(`the_demo_says_when_a_call_is_${reason}`, { skip }, async () => {
    const phone = await enter('pages/audioCall/audioCall', 'ann')
    double.answers.call = () => ({ call: call({ media: 'audio', you: 'calling', participants: parties('calling', 'ringing') }) })
    await phone.call('userIDToSearchInput', { detail: { value: 'bob' } })
    await phone.call('searchUser')
    await phone.call('call')
    await phone.until('calls', () => phone.component.callStatus === 'calling')
    double.push({ ev: 'callChanged', call: 'c1', user: 'bob', state: reason })
    double.push({ ev: 'callEnded', call: 'c1', reason, durationMs: 0 })
    await phone.untilEvent(code)
    await phone.until('is idle', () => phone.component.callStatus === 'idle')
    await toasted(phone, text)
    assert.ok(!double.ops().includes('hangup'))
    await phone.kill()
  })
}

test('two_phones_with_the_demo_talk_over_the_server', { skip }, async () => {
  const meeting = await Meeting.begin()
  const { id, secret } = meeting.server.app
  const own = demoOf(id, secret)
  const [ann, bob] = [await meeting.phone('ann', { app: own }), await meeting.phone('bob', { app: own })]
  await Promise.all([goTo('pages/videoCall/videoCall', ann), goTo('pages/videoCall/videoCall', bob)])
  await ann.call('userIDToSearchInput', { detail: { value: 'bob' } })
  await ann.call('searchUser')
  await ann.tap('.btn-userinfo-call')
  await bob.untilEvent('INVITED')
  await bob.tapIn(TAG, '.ht-green')
  await Promise.all([ann, bob].map((phone) => phone.until('is connected', () => phone.component.callStatus === 'connected')))
  await ann.until('plays bob', () => ann.player('bob')?.src)
  await bob.until('plays ann', () => bob.player('ann')?.src)
  await bob.tapIn(TAG, '.ht-hangup')
  await ann.untilEvent('CALL_END')
  await Promise.all([ann, bob].map((phone) => phone.until('is idle', () => phone.component.callStatus === 'idle')))
  assert.equal(await meeting.end(), 0, 'the server drains and exits with 0')
})
