// The page of a conference of the example mini program, in the browser, driven by clicks: with a phone in the same conference.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { Attendee, ConferenceApps } from '../../phones/lib/conferencing.mjs'
import { Meeting } from '../../phones/lib/meeting.mjs'
import { story } from '../../phones/lib/story.mjs'
import { launch } from '../lib/chromium.mjs'
import { Program } from '../lib/program.mjs'

const step = story()
const apps = new ConferenceApps()
let meeting, browser, dora, pat

before(async () => {
  ;[meeting, browser] = await Promise.all([Meeting.begin({ demo: true }), launch()])
})
after(async () => {
  await browser?.close()
  apps.remove()
  assert.equal(await meeting?.end(), 0, 'the server drains and exits with 0')
})

const shows = (selector, words) =>
  dora.until(`${selector} shows ${words}`, async () => (await dora.find(selector).first().innerText().catch(() => '')).includes(words))
const isGone = (selector) => dora.until(`${selector} is gone`, async () => (await dora.find(selector).count()) === 0)
const sees = (user) =>
  dora.until(`sees ${user} move`, () =>
    dora.ask((_body, id) => {
      const video = document.querySelector(`.wx-page:not([hidden]) #tile-${id} live-player`)?.video
      return video && video.videoWidth > 0 && video.currentTime > 0.5
    }, user))
/** Taps a member and one of the things that may be done with it. */
const decides = async (user, words) => {
  await dora.tap(`#person-${user}`)
  await dora.frame.locator('.wx-actions button', { hasText: words }).first().click()
}

step('a_conference_is_made_with_a_name_and_a_password', async () => {
  dora = await Program.open(browser, meeting.server, { at: '/miniprogram/' })
  await dora.find('#name').fill('dora')
  await dora.tap('#demo-conference')
  await dora.find('#room-name').fill('standup')
  await dora.find('#password').fill('sesame')
  await dora.screenshot('program-conference-door')
  await dora.tap('#enter')
  await shows('#role', '管理员')
})

step('a_phone_with_the_password_comes_in_and_both_see_each_other', async () => {
  pat = await Attendee.come(meeting, apps.make(), 'pat')
  assert.equal((await pat.joins('standup', { password: 'simsim' })).reason.error, -500)
  assert.equal((await pat.joins('standup', { password: 'sesame', config: { nickName: 'Pat' } })).role, 3)
  await Promise.all([sees('pat'), pat.phone.sees('dora')])
  await shows('#title', '2 人')
  await dora.screenshot('program-conference')
  pat.forget()
  await dora.tap('#camera')
  await pat.hears('onMediaChanaged', { user: 'dora', where: ({ voff }) => voff === 1 })
  await dora.tap('#camera')
  await pat.hears('onMediaChanaged', { user: 'dora', where: ({ voff }) => voff === 0 })
})

step('a_talker_is_made_audience_raises_its_hand_and_talks_again', async () => {
  await dora.tap('#people')
  await shows('#person-pat', 'Pat')
  await decides('pat', '设为观众')
  await pat.hears('onRoleChanged', { where: ({ value }) => value === 1 })
  await isGone('#tile-pat')
  await pat.ask('raiseHand')
  await shows('#hand-pat', '申请发言')
  await dora.screenshot('program-conference-hand')
  pat.forget()
  await dora.tap('#hand-pat .small-soft')
  await pat.hears('onHandDeclined')
  await pat.ask('raiseHand')
  await shows('#hand-pat', '申请发言')
  await dora.tap('#hand-pat .small')
  await pat.hears('onRoleChanged', { where: ({ value }) => value === 3 })
  await pat.phone.call('push')
  await sees('pat')
})

step('a_member_is_muted_and_removed', async () => {
  await decides('pat', '静音')
  await pat.hears('onMuted')
  await shows('#tile-pat .name', '静音')
  pat.forget()
  await decides('pat', '移出会议')
  assert.equal((await pat.hears('onConferenceExit')).value, 2)
  await isGone('#tile-pat')
})

step('the_conference_ends_for_everybody', async () => {
  pat.forget()
  await pat.joins('standup', { password: 'sesame' })
  await shows('#person-pat', 'pat')
  await dora.tap('#end')
  assert.equal((await pat.hears('onConferenceExit')).value, 11)
  await dora.find('#enter').waitFor()
  await dora.says('会议已结束')
  assert.deepEqual(dora.faults, [], dora.lines.filter((line) => line.startsWith('error')).join('\n'))
  await dora.close()
})
