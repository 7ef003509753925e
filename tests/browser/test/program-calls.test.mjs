// The page for calls of the example mini program, in the browser, driven by clicks: with the demo site and a phone.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { CALL_PAGE, CallingApps } from '../../phones/lib/calling.mjs'
import { Meeting } from '../../phones/lib/meeting.mjs'
import { story } from '../../phones/lib/story.mjs'
import { Caller } from '../lib/caller.mjs'
import { launch } from '../lib/chromium.mjs'
import { Program } from '../lib/program.mjs'

const step = story()
const apps = new CallingApps()
let meeting, browser, dora, ann, pat

before(async () => {
  ;[meeting, browser] = await Promise.all([Meeting.begin({ demo: true }), launch()])
})
after(async () => {
  await browser?.close()
  apps.remove()
  assert.equal(await meeting?.end(), 0, 'the server drains and exits with 0')
})

/** Keeps the sounds that the page makes. */
const listen = `
  window.__sounds = []
  const Sound = Audio
  window.Audio = function (...args) { const audio = new Sound(...args); window.__sounds.push(audio); return audio }
`
const adds = async (name) => {
  await dora.find('#contact').fill(name)
  await dora.tap('#add')
}
const knows = (name, online) =>
  dora.until(`knows ${name} ${online ? 'online' : 'offline'}`, async () => (await dora.find(`#contact-${name} .dot-on`).count()) === (online ? 1 : 0))
const calls = (name, video) => dora.tap(`#contact-${name} .go >> nth=${video ? 1 : 0}`)
/** A part of the component, whose classes carry its path. */
const part = (...names) => dora.frame.locator(names.map((name) => `[class*="--ht-${name}"]`).join(' ')).first()
const sees = (user) =>
  dora.until(`sees ${user} move`, () =>
    dora.ask((_body, id) => {
      const video = document.querySelector(`live-player[id="${id}"]`)?.video
      return video && video.videoWidth > 0 && video.currentTime > 0.5
    }, `${user}_main`))
const idle = () => dora.until('the component is gone', async () => (await part('call').count()) === 0)

step('the_page_is_on_the_first_page_and_keeps_contacts_with_their_presence', async () => {
  dora = await Program.open(browser, meeting.server, { at: '/miniprogram/', before: (page) => page.addInitScript(listen) })
  await dora.find('#name').fill('dora')
  await dora.tap('#demo-call')
  await dora.says('在线，可以接听来电')
  for (const name of ['pat', 'ann']) await adds(name)
  await knows('ann', false)
  ann = await Caller.online(browser, meeting.server, 'ann', { contacts: ['dora'] })
  await Promise.all([knows('ann', true), ann.knows('dora', true)])
  await dora.screenshot('program-calls')
})

step('it_calls_the_demo_site_and_both_see_each_other', async () => {
  await calls('ann', true)
  await ann.is('incoming')
  await part('hangup').waitFor()
  await dora.screenshot('program-calls-out')
  await ann.press('accept')
  await Promise.all([sees('ann'), ann.sees('dora')])
  await dora.screenshot('program-calls-video')
  await part('hangup', 'round').click()
  await idle()
  await ann.ends('hungUp')
})

step('it_is_called_by_the_demo_site_and_answers_by_a_tap', async () => {
  await ann.calls('dora')
  await part('green').waitFor()
  await dora.until('sees the own camera before answering', () => dora.ask(() => document.querySelector('live-pusher')?.video.videoWidth > 0))
  await dora.until('hears the tone', () => dora.ask(() => window.__sounds?.some((audio) => !audio.paused && audio.currentTime > 0.2)))
  await dora.screenshot('program-calls-incoming')
  await part('green').click()
  await dora.until('hears it no more', () => dora.ask(() => window.__sounds.every((audio) => audio.paused)))
  await Promise.all([sees('ann'), ann.sees('dora')])
  await ann.press('hangup')
  await idle()
  await dora.says('通话结束')
  await ann.calls('dora', 'audio')
  await part('red').click()
  assert.equal(await ann.ends('rejected'), 'dora declined the call.')
})

step('several_ticked_contacts_are_called_together', async () => {
  pat = await meeting.phone('pat', { app: apps.make() })
  await pat.open(CALL_PAGE, meeting.query('pat', {}))
  await knows('pat', true)
  for (const name of ['ann', 'pat']) await dora.tap(`#contact-${name} .who`)
  await dora.screenshot('program-calls-ticked')
  await dora.tap('#group-video')
  await Promise.all([ann.is('incoming'), pat.until('rings', () => pat.component?.callStatus === 'calling')])
  await Promise.all([ann.press('accept'), pat.call('accept')])
  await Promise.all([sees('ann'), sees('pat'), ann.sees('dora'), ann.sees('pat'), pat.sees('dora', { frames: 10 })])
  await dora.screenshot('program-calls-group')
  await ann.screenshot('calls-group-program')
  await part('hangup', 'round').click()
  await idle()
  await ann.press('hangup')
})

step('a_dot_turns_grey_and_nothing_broke_on_the_way', async () => {
  await ann.leaves()
  await knows('ann', false)
  await dora.tap('#contact-ann .remove')
  await dora.frame.locator('.wx-modal footer button').last().click()
  await dora.until('ann is no contact', async () => (await dora.find('#contact-ann').count()) === 0)
  assert.deepEqual(dora.faults, [], dora.lines.filter((line) => line.startsWith('error')).join('\n'))
  await dora.close()
})
