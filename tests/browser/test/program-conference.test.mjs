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
let meeting, browser, dora, pat, eli

before(async () => {
  ;[meeting, browser] = await Promise.all([Meeting.begin({ demo: true }), launch()])
})
after(async () => {
  await browser?.close()
  apps.remove()
  assert.equal(await meeting?.end(), 0, 'the server drains and exits with 0')
})

const open = (more) => Program.open(browser, meeting.server, { at: '/miniprogram/', ...more })
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
  dora = await open({ permissions: ['camera', 'microphone', 'clipboard-read', 'clipboard-write'] })
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
  await shows('#count', '2 人')
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

step('who_comes_by_a_card_and_has_no_name_is_asked_for_it_and_reads_why_one_is_not_let_in', async () => {
  await dora.tap('#invite')
  await dora.until('the link is copied', async () => (await dora.frame.locator('.wx-toast').textContent()).includes('链接已复制'))
  const link = new URL(await dora.page.evaluate(() => navigator.clipboard.readText()))
  eli = await open({ hash: link.hash })
  await eli.says('你收到了会议邀请')
  assert.equal(await eli.find('#type').count(), 0, 'what counts for new conferences only is no question')
  await eli.tap('#enter')
  await eli.until('a toast asks for a name', async () => (await eli.frame.locator('.wx-toast').textContent()) === '请填写名字')
  await eli.find('#name').fill('50% & more')
  for (const [password, words] of [['', '该会议有密码'], ['simsim', '密码不对']]) {
    await eli.find('#password').fill(password)
    await eli.tap('#enter')
    await eli.says(words)
  }
  await eli.find('#password').fill('sesame')
  await eli.tap('#enter')
  await eli.until('is in as a talker', async () => (await eli.find('#role').innerText().catch(() => '')) === '主播')
  await shows('#count', '3 人')
})

step('who_is_let_talk_without_asking_is_neither_seen_nor_heard_at_once', async () => {
  const row = dora.find('.person', { hasText: '50% & more' })
  const does = async (words) => {
    await row.click()
    await dora.frame.locator('.wx-actions button', { hasText: words }).first().click()
  }
  await does('设为观众')
  await eli.says('你正在观看')
  assert.equal(await eli.find('live-pusher').count(), 0)
  await does('设为主播')
  await eli.find('#mic.round-off').waitFor()
  await eli.find('#camera.round-off').waitFor()
  await eli.until('no camera is open', () => eli.ask(() => document.querySelector('live-pusher')?.stream?.getVideoTracks().length === 0))
})

step('a_push_that_gave_up_is_told_and_begun_anew', async () => {
  await eli.find('#mic').click()
  await eli.until('it pushes', () => eli.ask(() => document.querySelector('live-pusher')?.stream?.getAudioTracks().length === 1))
  // The tag may be about to say that it pushes, which takes the banner away: then it gives up once more.
  await eli.until('the page says that it connects again', async () => {
    await eli.ask(() => document.querySelector('live-pusher').dispatchEvent(new CustomEvent('statechange', { detail: { code: -1307 } })))
    return (await eli.find('#banner').innerText({ timeout: 1000 }).catch(() => '')).includes('正在重连')
  })
  await eli.until('it pushes again', async () => (await eli.find('#banner').count()) === 0)
  await eli.tap('#leave')
  await eli.find('#enter').waitFor()
  assert.deepEqual(eli.faults, [])
  await eli.close()
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
  await dora.frame.locator('.wx-modal footer button').last().click()
  assert.equal((await pat.hears('onConferenceExit')).value, 11)
  await dora.find('#enter').waitFor()
  await dora.says('会议已结束')
})

step('in_a_large_conference_everybody_is_heard_as_one_sound', async () => {
  await dora.find('#room-name').fill('congress')
  await dora.find('#password').fill('')
  await dora.tap('#type')
  await dora.frame.locator('.wx-sheet select').selectOption({ index: 1 })
  await dora.frame.locator('.wx-sheet-ok').click()
  await dora.tap('#enter')
  await shows('#role', '管理员')
  pat.forget()
  assert.equal((await pat.joins('congress', { role: 3 })).role, 3)
  await sees('pat')
  await dora.find('#mix').waitFor({ state: 'attached' })
  await dora.ask(() => {
    const mix = document.querySelector('#mix')
    mix.addEventListener('audiovolumenotify', ({ detail }) => detail.volume > 0 && (mix.dataset.heard = 'yes'))
  })
  await dora.find('#mix[data-heard]').waitFor({ state: 'attached' })
  await dora.tap('#leave')
  await dora.find('#enter').waitFor()
  assert.deepEqual(dora.faults, [], dora.lines.filter((line) => line.startsWith('error')).join('\n'))
  await dora.close()
})
