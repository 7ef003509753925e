// The component for calls on a page of the official simulator: its template compiles, shows what it should and reacts
// to taps. The server is a double, so that each moment can be held; calling-server.test.mjs has the real one.
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { CALL_PAGE, CallingApps } from '../lib/calling.mjs'
import { Phone } from '../lib/phone.mjs'
import { SignalDouble } from '../lib/signal-double.mjs'

const TAG = 'TRTCCalling-room'
const apps = new CallingApps()
let double, phone, app

before(async () => {
  double = await SignalDouble.listen()
  app = apps.make()
})
after(async () => {
  await phone?.kill()
  double?.close()
  apps.remove()
})
beforeEach(async () => {
  await phone?.kill()
  double.requests = []
  double.answers = {}
  phone = await Phone.boot({ name: 'ann', number: 0, server: double, app })
})

const call = (more = {}) => ({
  call: 'c1', caller: 'bob', media: 'video', room: { number: 77 }, ringingMs: 30000, startedMs: 1, you: 'ringing',
  participants: [{ user: 'bob', state: 'calling' }, { user: 'ann', state: 'ringing' }], ...more,
})
const connected = (more) => call({
  you: 'connected', connectedMs: 2, participants: [{ user: 'bob', state: 'connected' }, { user: 'ann', state: 'connected' }], ...more,
})
const member = (user, video = true) => ({
  user, away: false, streams: [{ stream: 'main', audio: true, video, play: `play-key-of-${user}-00000` }],
})
const room = (members = []) => ({ state: { room: { number: 77 }, scene: 'rtc', role: 'publisher', members, audience: 0 } })

const open = async (more = {}) => {
  await phone.open(CALL_PAGE, { sdkAppID: 1400000001, userID: 'ann', userSig: 'sig', ...more })
  await phone.until('is logged in', () => phone.data.status === 'logged in')
}
const status = (wanted) => phone.until(`is ${wanted}`, () => phone.component.callStatus === wanted)
const shows = async (text, yes = true) => assert.equal((await phone.html(TAG)).includes(text), yes, `${text} is ${yes ? '' : 'not '}shown`)

test('nothing_is_shown_while_nobody_calls', async () => {
  await open()
  await shows('ht-call', false)
  assert.equal(phone.pusher, null, 'no native tag is on the page')
})

test('an_invitation_is_shown_and_answered_by_a_tap', async () => {
  await open()
  double.answers = { accept: () => ({ call: connected() }), join: () => room([member('bob')]) }
  double.push({ ev: 'invited', call: call() })
  await status('calling')
  await shows('bob')
  await shows('邀请你视频通话')
  await phone.until('the bell rings', () => phone.sounds.length === 1)
  await phone.until('the own picture is shown', async () => (await phone.fullLog()).some((line) => line.includes('native: pusher.startPreview')))
  assert.deepEqual([phone.pusher.url, phone.pusher.camera, phone.pusher.started], ['', true, false], 'and nothing is pushed')
  await phone.tapIn(TAG, '.ht-green')
  await status('connected')
  await phone.until('the bell is silent', () => phone.sounds.length === 0)
  await phone.until('pushes', () => phone.pusher?.started && /^rtmp:\/\/127\.0\.0\.1:1\/live\/[\w-]{22}$/.test(phone.pusher.url))
  await phone.until('plays bob', () => phone.player('bob')?.src === 'rtmp://127.0.0.1:1/live/play-key-of-bob-00000')
  assert.equal(phone.pusher.camera, true)
  const [join] = double.requests.filter(({ op }) => op === 'join')
  assert.deepEqual([join.room, join.publish[0].key], [{ number: 77 }, phone.pusher.url.split('/').pop()])
  await phone.until('the clock runs', () => phone.component.chatTime === '00:00:01')
  double.push({ ev: 'callEnded', call: 'c1', reason: 'hungUp', by: 'bob', durationMs: 1400 })
  await status('idle')
  assert.equal(phone.events('CALL_END')[0].data.call_end, 1)
  await shows('ht-call', false)
  assert.deepEqual([phone.pusher, phone.players], [null, {}], 'native tags are gone')
})

test('a_refused_invitation_leaves_the_screen_at_once', async () => {
  await open()
  double.push({ ev: 'invited', call: call({ media: 'audio' }) })
  await status('calling')
  await shows('邀请你语音通话')
  await phone.tapIn(TAG, '.ht-answer .ht-red')
  await status('idle')
  await shows('ht-call', false)
  assert.deepEqual(double.ops(), ['hello', 'reject'])
})

test('bell_and_preview_are_off_where_the_page_says_so', async () => {
  await open({ ringTone: false, cameraPreview: false })
  double.push({ ev: 'invited', call: call() })
  await status('calling')
  await shows('邀请你视频通话')
  assert.deepEqual([phone.pusher, phone.sounds], [null, []])
  double.push({ ev: 'callEnded', call: 'c1', reason: 'cancelled', by: 'bob', durationMs: 0 })
  await status('idle')
})

test('an_invitation_that_ends_takes_bell_and_preview_along', async () => {
  await open()
  double.push({ ev: 'invited', call: call() })
  await phone.until('the bell rings', () => phone.sounds.length === 1 && phone.pusher)
  double.push({ ev: 'callEnded', call: 'c1', reason: 'cancelled', by: 'bob', durationMs: 0 })
  await status('idle')
  await phone.until('all is gone', () => phone.sounds.length === 0 && !phone.pusher)
  assert.ok((await phone.fullLog()).some((line) => line.includes('pusher.stopPreview')))
})

test('the_buttons_of_a_call_do_what_they_say', async () => {
  await open()
  const own = { caller: 'ann', you: 'calling', participants: [{ user: 'ann', state: 'calling' }, { user: 'bob', state: 'ringing' }] }
  double.answers = { call: () => ({ call: call(own) }), join: () => room() }
  await phone.call('call', 'bob', 2)
  await status('calling')
  await shows('等待对方接受邀请')
  double.push({ ev: 'callChanged', call: 'c1', user: 'bob', state: 'connected' })
  double.push({ ev: 'memberJoined', member: member('bob') })
  await status('connected')
  await phone.until('plays bob', () => phone.player('bob'))
  await phone.tapIn(TAG, '.ht-mic')
  await phone.until('is muted', () => phone.component.pusherConfig.enableMic === false)
  await phone.tapIn(TAG, '.ht-camera')
  await phone.until('the camera is off', () => phone.pusher.camera === false)
  await phone.tapIn(TAG, '.ht-speaker')
  await phone.until('uses the earpiece', () => phone.component.soundMode === 'ear')
  await shows('ht-icon-mic-off')
  await shows('ht-icon-camera-off')
  await phone.tapIn(TAG, '.ht-own')
  await phone.until('the own picture is large', () => phone.component.ownClass === 'ht-full')
  await phone.tapIn(TAG, '.ht-hangup')
  await status('idle')
  await phone.until('has hung up', () => double.ops().includes('hangup'))
  const published = double.requests.filter(({ op }) => op === 'publish').map(({ audio, video }) => [audio, video])
  assert.deepEqual(published, [[false, true], [false, false]])
})

test('a_group_has_a_place_for_everybody_and_keeps_its_pusher', async () => {
  await open()
  const names = ['bob', 'cid', 'dan', 'eve']
  const all = (state) => [{ user: 'ann', state: 'calling' }, ...names.map((user) => ({ user, state }))]
  double.answers = { call: () => ({ call: call({ caller: 'ann', group: 'g', you: 'calling', participants: all('ringing') }) }), join: () => room() }
  await phone.call('groupCall', names, 2, 'g')
  await status('calling')
  await phone.until('the pusher is there', () => phone.pusher)
  const { url } = phone.pusher
  double.push({ ev: 'callChanged', call: 'c1', user: 'bob', state: 'connected' })
  double.push({ ev: 'memberJoined', member: member('bob') })
  double.push({ ev: 'memberJoined', member: member('cid', false) })
  await phone.until('two are played', () => Object.keys(phone.players).length === 2)
  assert.deepEqual(phone.component.tiles.map(({ userID, note }) => `${userID} ${note}`), ['bob ', 'cid ', 'dan 呼叫中', 'eve 呼叫中'])
  assert.equal(phone.component.layout, 'ht-grid ht-of-5')
  assert.equal(phone.pusher.url, url, 'the native tag outlives the change of the screen')
  double.push({ ev: 'memberLeft', user: 'bob', reason: 'left' })
  await phone.until('one is played', () => Object.keys(phone.players).length === 1)
})

test('hiding_the_page_hangs_up_unless_it_may_go_on', async () => {
  await open()
  double.push({ ev: 'invited', call: call() })
  await status('calling')
  await phone.background({ dropMs: 60000 })
  await status('idle')
  await phone.until('has refused', () => double.ops().includes('hangup'))
  assert.equal(phone.events('HANG_UP').length, 1)
  await phone.kill()
  phone = await Phone.boot({ name: 'ann', number: 0, server: double, app })
  await open({ backgroundMute: true })
  double.push({ ev: 'invited', call: call({ call: 'c2' }) })
  await status('calling')
  await phone.background({ dropMs: 60000 })
  await phone.foreground()
  assert.equal(phone.component.callStatus, 'calling')
})
