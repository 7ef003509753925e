// Calls of the demo site: between browsers, and with simulated phones whose pages have the component for calls.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { CALL_PAGE, CallingApps } from '../../phones/lib/calling.mjs'
import { Meeting } from '../../phones/lib/meeting.mjs'
import { story } from '../../phones/lib/story.mjs'
import { Caller } from '../lib/caller.mjs'
import { launch } from '../lib/chromium.mjs'
import { PHONE } from '../lib/visitor.mjs'

const VIDEO = 2
const step = story()
const apps = new CallingApps()
let meeting, browser, ann, ben, pat

before(async () => {
  ;[meeting, browser] = await Promise.all([Meeting.begin({ demo: true }), launch()])
})
after(async () => {
  await browser?.close()
  apps.remove()
  assert.equal(await meeting?.end(), 0, 'the server drains and exits with 0')
})

const online = (name, options) => Caller.online(browser, meeting.server, name, options)
const handheld = { viewport: PHONE, isMobile: true, hasTouch: true, query: { lang: 'zh' } }
const patIs = (status) => pat.until(`is ${status}`, () => pat.component?.callStatus === status)
const told = (code, from) => pat.until(`is told ${code}`, () => from.events(code)[0])
/** Both see moving pictures of each other, and hear each other's tone. */
const meets = (one) => Promise.all([one.sees('pat'), one.hears(pat), pat.sees(one.name, { frames: 10 }), pat.hears(one)])
/** One's own picture moves in the dialog of a call that comes in. */
const preview = (one) => one.until('sees the own camera before answering', () =>
  one.page.evaluate(() => document.querySelector('.invite .preview[data-state=on] live-pusher')?.video.videoWidth > 0))

step('a_link_makes_a_contact_and_dots_show_who_is_online', async () => {
  ann = await online('ann', { contacts: ['pat', 'ben'], toneHz: 900 })
  await ann.knows('ben', false)
  ben = await online('ben', { toneHz: 1200, hash: '', ...handheld, query: { lang: 'zh', call: 'ann' } })
  assert.ok(!ben.page.url().includes('call='), 'reloading adds nobody a second time')
  await Promise.all([ann.knows('ben', true), ben.knows('ann', true), ann.knows('pat', false)])
  pat = await meeting.phone('pat', { app: apps.make() })
  await pat.open(CALL_PAGE, meeting.query('pat', {}))
  await ann.knows('pat', true)
  await ann.screenshot('calls-contacts')
  await ben.screenshot('calls-contacts-zh')
})

step('a_browser_calls_a_phone_with_picture_and_sound_both_ways', async () => {
  await ann.calls('pat')
  await patIs('calling')
  await ann.awaits('pat', 'ringing')
  await ann.screenshot('calls-ringing-out')
  await pat.call('accept')
  await ann.is('talking')
  await meets(ann)
  await ann.until('the clock runs', async () => /^0:0[1-9]$|^0:[1-5]\d$/.test(await ann.page.textContent('.call-status')))
  await ann.screenshot('calls-phone')
  await ann.press('mic')
  await pat.until('is told that ann is mute', () => pat.component.streamList.some(({ userID, hasAudio }) => userID === 'ann' && !hasAudio))
  await ann.press('mic')
  await ann.press('camera')
  await pat.until('sees no camera', () => pat.component.streamList.some(({ userID, hasVideo }) => userID === 'ann' && !hasVideo))
  const mark = pat.mark()
  await ann.press('hangup')
  await told('CALL_END', mark)
  assert.match(await ann.ends('hungUpHere'), /^You hung up after \d+:\d\d\.$/)
  assert.equal(await ann.page.evaluate(() => document.querySelectorAll('live-pusher, live-player').length), 0, 'no camera is left open')
})

step('a_phone_calls_a_browser_which_sees_its_own_camera_before_it_answers', async () => {
  await pat.call('call', 'ann', VIDEO)
  await ann.is('incoming')
  assert.equal(await ann.page.textContent('#invite-title'), 'pat calls')
  assert.equal(await ann.page.title(), 'pat calls')
  await preview(ann)
  assert.equal(await ann.page.evaluate(() => document.querySelector('live-pusher').stream.getAudioTracks().length), 0, 'nobody listens yet')
  await ann.screenshot('calls-incoming')
  await ann.press('accept')
  await ann.is('talking')
  await meets(ann)
  await pat.call('hangup')
  assert.match(await ann.ends('hungUp'), /^pat hung up after/)
})

step('who_declines_who_gives_up_and_who_is_busy_is_told', async () => {
  let mark = pat.mark()
  await pat.call('call', 'ann', VIDEO)
  await ann.is('incoming')
  await ann.press('reject')
  await told('REJECT', mark)
  assert.equal(await ann.ends('rejectedHere'), 'You declined the call from pat.')

  await ann.calls('pat', 'audio')
  await patIs('calling')
  await pat.call('reject')
  assert.equal(await ann.ends('rejected'), 'pat declined the call.')

  mark = pat.mark()
  await ann.calls('pat', 'audio')
  await patIs('calling')
  await ann.press('hangup')
  await told('CALLING_CANCEL', mark)
  assert.equal(await ann.ends('cancelledHere'), 'You cancelled the call to pat.')

  await pat.call('call', 'ann', VIDEO)
  await ann.is('incoming')
  await pat.call('hangup')
  assert.equal(await ann.ends('cancelled'), 'pat gave up before you answered.')
})

step('two_browsers_talk_and_a_third_finds_them_busy', async () => {
  await ann.calls('ben', 'audio')
  await ben.is('incoming')
  await ben.screenshot('calls-incoming-voice-zh')
  await ben.press('accept')
  await Promise.all([ann.is('talking'), ben.is('talking')])
  const hears = (one, other) => one.until(`hears ${other.name}`, async () => Math.abs((await one.tone(other.name)) - other.toneHz) < 25)
  await Promise.all([hears(ann, ben), hears(ben, ann)])
  assert.equal(await ann.page.evaluate(() => document.querySelector('live-pusher').stream.getVideoTracks().length), 0)
  await ben.screenshot('calls-voice-zh')
  const mark = pat.mark()
  await pat.call('call', 'ann', VIDEO)
  await told('LINE_BUSY', mark)
  assert.equal(await ann.phase(), 'talking')
  await ann.press('hangup')
  assert.match(await ben.ends('hungUp'), /^ann 已挂断，通话时长 \d+:\d\d。$/)
  await ann.ends('hungUpHere')
})

step('a_video_call_may_be_answered_without_the_camera', async () => {
  await ann.calls('ben')
  await ben.is('incoming')
  await preview(ben)
  await ben.screenshot('calls-incoming-zh')
  await ben.press('accept-voice')
  await ben.sees('ann')
  await ann.until('has a letter for ben', async () => (await ann.tile('ben'))?.video === 'false')
  await ben.press('camera')
  await ann.sees('ben')
  await ben.screenshot('calls-video-zh')
  await ann.screenshot('calls-video')
  await ben.press('hangup')
  await ann.ends('hungUp')
})

step('two_browsers_and_a_phone_meet_in_a_group_while_a_fourth_is_awaited', async () => {
  await ann.adds('zoe')
  await ann.callsAll(['ben', 'pat', 'zoe'])
  await Promise.all([ben.is('incoming'), patIs('calling'), ann.awaits('ben', 'ringing'), ann.awaits('pat', 'ringing'), ann.awaits('zoe', 'offline')])
  await ann.screenshot('calls-group-ringing')
  await ben.screenshot('calls-group-incoming-zh')
  await Promise.all([ben.press('accept'), pat.call('accept')])
  await Promise.all([ann.sees('ben'), ann.sees('pat'), ben.sees('ann'), ben.sees('pat'), pat.sees('ann', { frames: 10 }), pat.sees('ben', { frames: 10 })])
  await Promise.all([ann.hears(pat), ben.hears(pat), pat.hears(ann), pat.hears(ben)])
  await ann.screenshot('calls-group')
  await ben.screenshot('calls-group-zh')
  // Who is called while offline hears it ring when the page is opened.
  const zoe = await online('zoe')
  await zoe.is('incoming')
  await zoe.press('reject')
  await ann.awaits('zoe', 'rejected')
  await zoe.leaves()
  await ben.press('hangup')
  await ann.isTold('ben left.')
  await pat.call('hangup')
  assert.match(await ann.ends('hungUp'), /^The others have left/)
})

step('a_dot_turns_grey_when_a_page_is_closed_and_the_log_outlives_a_reload', async () => {
  await ben.leaves()
  await ann.knows('ben', false)
  const rows = await ann.page.locator('.recent li').count()
  assert.ok(rows >= 8, `${rows} calls are in the log`)
  await ann.page.reload()
  await ann.page.waitForSelector('.me[data-online=true]')
  assert.equal(await ann.page.locator('.recent li').count(), rows)
  await ann.screenshot('calls-log')
  await ann.press('language')
  const words = (await ann.page.locator('.recent small').allTextContents()).join()
  assert.ok(words.includes('拒绝了通话') && !/[a-z]{4}/.test(words), words)
  await ann.leaves()
})
