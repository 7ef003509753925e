// What a ring tone may do before and after the page was touched, who hears it later, and what ends a call from outside.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Meeting } from '../../phones/lib/meeting.mjs'
import { mintUserSig } from '../../phones/lib/usersig.mjs'
import { Caller } from '../lib/caller.mjs'
import { launch } from '../lib/chromium.mjs'

let meeting, browser, ann

/** Counts the notes that were begun, and what the motor was asked for. */
const listen = `
  window.__notes = 0
  window.__buzz = []
  const begin = OscillatorNode.prototype.start
  OscillatorNode.prototype.start = function (...args) { window.__notes += 1; return begin.apply(this, args) }
  navigator.vibrate = (pattern) => window.__buzz.push(pattern)
`

/** What browsers do with pages that were not touched; whoever drives one by program counts as a touch. */
const wantTouch = `
  let touched = false
  addEventListener('pointerdown', () => (touched = true), true)
  const resume = AudioContext.prototype.resume
  const state = Object.getOwnPropertyDescriptor(BaseAudioContext.prototype, 'state').get
  Object.defineProperty(AudioContext.prototype, 'state', { get() { return touched ? state.call(this) : 'suspended' } })
  AudioContext.prototype.resume = function () { return touched ? resume.call(this) : new Promise(() => {}) }
  Object.defineProperty(UserActivation.prototype, 'hasBeenActive', { get: () => touched })
`

before(async () => {
  ;[meeting, browser] = await Promise.all([Meeting.begin({ demo: true }), launch()])
  ann = await Caller.online(browser, meeting.server, 'ann', { contacts: ['ben'] })
})
after(async () => {
  await ann?.leaves()
  await browser?.close()
  await meeting?.end()
})

const heard = (page) => page.evaluate(() => ({ notes: window.__notes, buzz: window.__buzz.length }))
const blocked = (page) => page.locator('.invite .notice').isVisible()
const arrive = () => Caller.online(browser, meeting.server, 'ben', { before: (page) => page.addInitScript(listen) })

test('it_rings_and_buzzes_until_it_is_answered', async () => {
  const ben = await arrive()
  await ann.calls('ben', 'audio')
  await ben.is('incoming')
  await ben.until('rings and buzzes', async () => (await heard(ben.page)).notes >= 8 && (await heard(ben.page)).buzz >= 1)
  assert.equal(await blocked(ben.page), false)
  assert.equal(await ben.page.evaluate(() => document.activeElement.dataset.act), 'accept', 'the keyboard answers')
  await ben.page.keyboard.press('Enter')
  await ben.is('talking')
  assert.deepEqual(await ben.page.evaluate(() => window.__buzz.at(-1)), 0, 'the motor is stopped')
  await ann.press('hangup')
  await ben.ends('hungUp')
  await ben.leaves()
})

test('a_page_that_was_never_touched_says_so_and_rings_after_the_touch', async () => {
  // Who was online when the page was left is so again, without a press.
  const kept = `localStorage.setItem('huitong.name', 'ben'); localStorage.setItem('huitong.online', '1')`
  const ben = await Caller.arrive(browser, meeting.server, {
    hash: '#calls', ready: '.me[data-online=true]', before: (page) => page.addInitScript(`${listen}; ${wantTouch}; ${kept}`),
  })
  ben.name = 'ben'
  await ann.knows('ben', true)
  await ann.calls('ben', 'audio')
  await ben.is('incoming')
  await ben.until('says that a touch is needed', () => blocked(ben.page))
  assert.deepEqual(await heard(ben.page), { notes: 0, buzz: 0 })
  await ben.screenshot('calls-silent')
  await ben.page.mouse.click(20, 20)
  await ben.until('rings', async () => (await heard(ben.page)).notes >= 8)
  await ben.until('says no more', async () => !(await blocked(ben.page)))
  await ann.press('hangup')
  assert.equal(await ben.ends('cancelled'), 'ann gave up before you answered.')
  assert.equal(await ben.page.locator('.recent [data-missed=true]').count(), 1)
  await ben.screenshot('calls-missed')
  await ben.leaves()
})

test('who_is_offline_hears_it_when_the_page_is_opened', async () => {
  await ann.knows('ben', false)
  await ann.calls('ben')
  await ann.awaits('ben', 'offline')
  assert.equal(await ann.page.textContent('.waiting > p'), 'Not online. It rings as soon as ben is.')
  await ann.screenshot('calls-offline')
  const ben = await arrive()
  await ann.awaits('ben', 'ringing')
  await ben.is('incoming')
  await ben.press('reject')
  assert.equal(await ann.ends('rejected'), 'ben declined the call.')
  await ben.leaves()
})

test('another_tab_of_the_same_user_rings_too_and_hears_that_it_was_answered', async () => {
  const [ben, tab] = [await arrive(), await arrive()]
  await ann.calls('ben', 'audio')
  await Promise.all([ben.is('incoming'), tab.is('incoming')])
  await tab.press('accept')
  assert.equal(await ben.ends('answeredElsewhere'), 'You answered on another device.')
  await ann.is('talking')
  await tab.press('hangup')
  await ann.ends('hungUp')
  await Promise.all([ben.leaves(), tab.leaves()])
})

test('removal_from_the_room_of_the_call_ends_it_with_its_reason', async () => {
  const ben = await arrive()
  await ann.calls('ben', 'audio')
  await ben.is('incoming')
  await ben.press('accept')
  await Promise.all([ann.is('talking'), ben.is('talking')])
  const [{ room }] = (await meeting.server.api('GET', '/v1/rooms')).rooms
  await meeting.server.api('DELETE', `/v1/rooms/${room}/members/ben`)
  assert.equal(await ben.ends('kicked'), 'You were removed from the call.')
  await ann.ends('hungUp')
  await ben.leaves()
})

test('with_an_application_of_its_own_the_server_wants_a_credential_and_its_end_is_told', async () => {
  const own = await Meeting.begin()
  const hash = (user) => `#calls&${new URLSearchParams({ app: own.server.app.id, user, sig: mintUserSig(own.server.app, user) })}`
  const empty = await Caller.arrive(browser, own.server, { name: 'dan', hash: '#calls', ready: '[data-act=online]' })
  await empty.press('online')
  await empty.isTold('Enter APPID, user ID and UserSig first.')
  await empty.leaves()
  const dan = await Caller.online(browser, own.server, 'dan', { hash: hash('dan'), contacts: ['eve'] })
  assert.ok(!dan.page.url().includes('sig='), 'nobody reads it from the address bar')
  const eve = await Caller.online(browser, own.server, 'eve', { hash: hash('eve') })
  await dan.calls('eve', 'audio')
  await eve.is('incoming')
  await eve.press('accept')
  await Promise.all([dan.is('talking'), eve.is('talking')])
  for (const one of [dan, eve]) one.expects(/WebSocket connection|Failed to load resource|ERR_/)
  const ended = own.end()
  assert.equal(await dan.ends('serverShutdown'), 'The server is shutting down, so the call is over.')
  await eve.ends('serverShutdown')
  assert.equal(await ended, 0)
  await Promise.all([dan.leaves(), eve.leaves()])
})
