// Conferences of the demo site: browsers with passwords, roles and raised hands, and a phone that knows of none of that.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { Attendee as PhoneAttendee, ConferenceApps } from '../../phones/lib/conferencing.mjs'
import { Meeting } from '../../phones/lib/meeting.mjs'
import { story } from '../../phones/lib/story.mjs'
import { Attendee } from '../lib/attendee.mjs'
import { launch } from '../lib/chromium.mjs'
import { PHONE } from '../lib/visitor.mjs'

const HALL = 'hall'
const SECRET = '春天 spring'
/** By then the wait after a wrong password is longer than any browser needs to guess again. */
const MOST_GUESSES = 10
const step = story()
const apps = new ConferenceApps()
let meeting, browser, ann, ben, pat

before(async () => {
  ;[meeting, browser] = await Promise.all([Meeting.begin({ demo: true, env: { HUITONG_LIMITS_AWAY_AFTER_SECONDS: '3' } }), launch()])
})
after(async () => {
  await browser?.close()
  apps.remove()
  assert.equal(await meeting?.end(), 0, 'the server drains and exits with 0')
})

const arrives = (name, options) => Attendee.atTheDoor(browser, meeting.server, name, options)
const handheld = { viewport: PHONE, isMobile: true, hasTouch: true, query: { lang: 'zh' } }
const meets = (one, other) => Promise.all([one.sees(other.name), one.hears(other), other.sees(one.name, { frames: 10 }), other.hears(one)])

step('a_browser_makes_a_conference_that_others_enter_by_the_invitation_and_a_phone_by_its_room', async () => {
  ann = await arrives('ann', { toneHz: 900 })
  await ann.page.context().grantPermissions(['camera', 'microphone', 'clipboard-read', 'clipboard-write'])
  await ann.enters({ room: HALL })
  await ann.isTold('You have made this conference: you are its admin.')
  await ann.is('admin')
  await ann.press('invite')
  await ann.isTold('The invitation is copied.')
  const link = await ann.page.evaluate(() => navigator.clipboard.readText())
  assert.equal(link, `${meeting.server.http}/#conference?room=${HALL}`)
  ;[ben, pat] = await Promise.all([arrives('ben', { room: HALL, toneHz: 1200, ...handheld }), meeting.phone('pat')])
  await ben.screenshot('conference-door-zh')
  await Promise.all([ben.enters(), meeting.enter(pat, { strRoomID: HALL })])
  await ben.is('talker')
  await Promise.all([meets(ann, ben), meets(ann, pat), meets(ben, pat)])
  await Promise.all([ann.lists('pat', { role: 'talker', audio: 'true', video: 'true' }), ben.lists('ann', { role: 'admin' })])
  await ann.press('people')
  await ann.screenshot('conference')
  await ben.screenshot('conference-zh')
})

step('an_admin_turns_sound_and_picture_off_and_on_and_who_it_is_done_to_reads_it', async () => {
  await ann.does('mute-sound', 'pat')
  await ben.hearsNothingOf('pat')
  await ann.does('mute-picture', 'ben')
  await ben.isTold(/^管理员关闭了你的画面/)
  await ann.page.click('[data-person="ben"] [data-act=actions]')
  await ann.screenshot('conference-actions')
  await ann.does('mute-sound', 'ben')
  await ben.isTold(/^管理员关闭了你的声音和画面/)
  await pat.hearsNothingOf(ben)
  await ben.screenshot('conference-muted-zh')
  await ann.does('mute-sound', 'pat')
  await ann.does('mute-sound', 'ben')
  await ann.does('mute-picture', 'ben')
  await Promise.all([meets(ben, pat), ben.isTold('管理员已恢复你的声音和画面。')])
})

step('who_is_made_a_listener_sends_nothing_more_and_who_may_talk_without_asking_is_not_seen_and_heard_at_once', async () => {
  await ann.does('grant-audience', 'ben')
  await ben.is('audience')
  await Promise.all([ann.losesSightOf('ben'), ben.isTold(/^管理员已将你设为听众/), ann.isTold('ben only listens now.')])
  assert.equal(await ben.page.locator('live-pusher').count(), 0, 'the camera is closed')
  await ann.does('grant-talker', 'ben')
  await ben.isTold(/^你现在可以发言，需要时请打开/)
  await ann.lists('ben', { role: 'talker', audio: 'false', video: 'false' })
  await ben.press('mic')
  await ann.hears(ben)
  assert.equal((await ann.person('ben')).video, 'false')
})

step('who_is_removed_is_told_and_gone_for_all_others', async () => {
  await ann.does('kick', 'ben')
  await ben.isOut(/^管理员将你移出了会议/)
  await Promise.all([ann.losesSightOf('ben'), ann.isTold('ben was removed.'), pat.until('has no player for ben', () => !pat.player('ben'))])
  const mark = pat.mark()
  await ann.does('kick', 'pat')
  await pat.until('is told that it was removed', () => mark.events('KICKED_OUT')[0])
  await ann.losesSightOf('pat')
})

step('a_topic_stays_for_those_who_come_later_and_the_end_is_for_everybody', async () => {
  await ann.page.fill('[data-field=topic]', '下周的计划')
  await ann.press('set-topic')
  await ben.enters()
  const topic = (one) => one.until('reads the topic', async () => (await one.page.textContent('.topic')) === '下周的计划')
  await Promise.all([topic(ann), topic(ben)])
  await ann.press('language')
  await ann.until('reads Chinese', async () => (await ann.page.textContent('.count')) === '会议中 2 人' && (await ann.page.textContent('[data-person=ben] small')) === '可发言')
  await ann.press('language')
  await ann.press('leave')
  await ann.screenshot('conference-end')
  await ann.press('end')
  await Promise.all([ann.isOut(/^The conference was ended for everybody/), ben.isOut(/^会议已对所有人结束/)])
  assert.equal(await ben.page.locator('live-player').count(), 0)
})

step('a_lecture_with_a_password_lets_in_who_knows_it_and_nobody_else', async () => {
  await ann.enters({ room: 'lecture', password: SECRET, kind: 'live' })
  await ann.press('invite')
  await ann.isTold(/^The invitation is copied\. The password is not in it/)
  assert.doesNotMatch(await ann.page.evaluate(() => navigator.clipboard.readText()), /spring|春/)
  await ben.knocks({ room: 'lecture' })
  await ben.isTold(/^该会议有密码/)
  await ben.knocks({ password: 'autumn' })
  await ben.isTold(/^密码不对/)
  await ben.screenshot('conference-wrong-zh')
  await ben.enters({ password: SECRET })
  await ben.is('audience')
  await Promise.all([ben.sees('ann'), ben.hears(ann), ben.isTold(/^你正在观看和收听/)])
  assert.equal(await ben.page.locator('live-pusher').count(), 0, 'who listens needs no camera')
  assert.equal(await ben.page.locator('[data-act=mic]').isVisible(), false)
  await ann.until('counts the audience', async () => (await ann.page.textContent('.count')) === '1 on stage, 1 watching')
})

step('a_raised_hand_is_answered_with_no_and_then_with_yes', async () => {
  await ben.press('hand')
  await ann.page.waitForSelector('[data-hand=ben]')
  await Promise.all([ann.screenshot('conference-hand'), ben.screenshot('conference-hand-zh')])
  await ann.press('not-now')
  await ben.isTold(/^管理员表示暂不/)
  await ben.press('hand')
  await ann.press('let-talk')
  await ben.is('talker')
  await Promise.all([ann.sees('ben'), ann.hears(ben)])
  assert.equal(await ann.page.locator('[data-hand]').count(), 0)
})

step('a_phone_that_knows_of_conferences_asks_a_browser_whether_it_may_talk', async () => {
  const quin = await PhoneAttendee.come(meeting, apps.make(), 'quin')
  await quin.joins('lecture', { password: SECRET, role: 1 })
  await quin.phone.sees('ann')
  await quin.ask('raiseHand')
  await ann.page.click('[data-hand=quin] [data-act=let-talk]')
  await quin.hears('onRoleChanged', { where: ({ value }) => value === 3 })
  await quin.phone.call('push')
  await Promise.all([ann.sees('quin'), ann.hears(quin.phone), ben.hears(quin.phone)])
  await ann.does('grant-audience', 'quin')
  await Promise.all([ann.losesSightOf('quin'), ben.losesSightOf('quin')])
  await quin.phone.kill()
})

step('a_hand_can_be_taken_down_again', async () => {
  await ann.does('grant-audience', 'ben')
  await ben.is('audience')
  await Promise.all([ann.losesSightOf('ben'), ann.isTold('ben only listens now.')])
  await ben.press('hand')
  await ann.page.waitForSelector('[data-hand=ben]')
  await ben.press('hand')
  await ann.page.waitForSelector('[data-hand=ben]', { state: 'detached' })
  await ben.press('hand')
  await ann.press('let-talk')
  await ann.sees('ben')
})

step('an_admin_who_leaves_hands_over_first_and_another_window_takes_the_place', async () => {
  await ann.does('grant-admin', 'ben')
  await ben.is('admin')
  const other = await arrives('ben', { toneHz: 1200 })
  await other.enters({ room: 'lecture', password: SECRET })
  await ben.isOut(/^你在另一台设备或另一个窗口进入了会议/)
  await other.is('admin')
  await ann.press('leave')
  await ann.press('just-leave')
  await ann.page.waitForSelector('[data-act=enter]')
  await other.losesSightOf('ann')
  await Promise.all([ann.leaves(), ben.leaves(), other.leaves()])
})

step('who_guesses_has_to_wait', async () => {
  const cid = await arrives('cid', { room: 'lecture' })
  const answer = () => cid.until('is answered', () => cid.page.evaluate(() => document.querySelector('.enter .notice').textContent))
  const answers = []
  // The first ones are free, and the wait after each one more is twice as long: at last it is longer than it takes to guess.
  while (answers.length < MOST_GUESSES && !answers.some((words) => words.startsWith('Too many wrong passwords'))) {
    await cid.knocks({ password: `guess ${answers.length}` })
    answers.push(await answer())
  }
  const last = answers.pop()
  assert.match(last, /^Too many wrong passwords were tried/)
  assert.ok(answers.length >= 3 && answers.every((words) => words.startsWith('That is not the password')), answers.join('\n'))
  await cid.leaves()
})

step('who_finds_no_place_or_no_camera_left_reads_what_is_still_possible', async () => {
  await meeting.server.api('POST', '/v1/conferences', { room: 'small', creator: 'dan', maxTalkers: 2, maxVideos: 1 })
  const [dan, eve, fay] = await Promise.all(['dan', 'eve', 'fay'].map((name, at) => arrives(name, { room: 'small', toneHz: 900 + 300 * at })))
  await dan.enters()
  await dan.is('admin')
  await dan.until('sends its picture', async () => (await dan.person('dan'))?.video === 'true')
  await eve.enters()
  await Promise.all([eve.sees('dan'), eve.isTold(/^As many cameras are on as may be/), dan.lists('eve', { audio: 'true', video: 'false' })])
  await dan.hears(eve)
  await fay.knocks()
  await fay.isTold(/^As many talk there as may/)
  await fay.enters({ role: 'audience' })
  await Promise.all([fay.hears(eve), fay.is('audience')])
  await dan.does('grant-talker', 'fay')
  await dan.isTold(/^As many may talk as the conference allows/)
  await Promise.all([dan.leaves(), eve.leaves(), fay.leaves()])
})

step('a_phone_that_knows_of_no_conference_is_heard_where_no_camera_is_left', async () => {
  await meeting.server.api('POST', '/v1/conferences', { room: 'one_camera', creator: 'ida', maxVideos: 1 })
  const [ida, gus] = await Promise.all([arrives('ida', { room: 'one_camera', toneHz: 900 }), meeting.phone('gus')])
  await ida.enters()
  await ida.until('sends its picture', async () => (await ida.person('ida'))?.video === 'true')
  // It is told before or after it is in; the first makes `enter` give up, which is no matter here.
  await meeting.enter(gus, { strRoomID: 'one_camera' }).catch((error) => assert.match(error.message, /As many cameras are on/))
  assert.match((await gus.untilEvent('ERROR')).message, /As many cameras are on/, 'its page is told')
  await Promise.all([ida.hears(gus), ida.lists('gus', { audio: 'true', video: 'false' })])
  await Promise.all([ida.leaves(), gus.kill()])
})

step('in_a_large_conference_everybody_can_be_heard_as_one_sound_without_oneself', async () => {
  const [gia, hal] = await Promise.all([arrives('gia', { toneHz: 900 }), arrives('hal', { toneHz: 1500 })])
  await gia.enters({ room: 'congress', kind: 'large' })
  await hal.enters({ room: 'congress' })
  await Promise.all([gia.hears(hal), hal.hears(gia)])
  await gia.press('people')
  await gia.page.check('[data-act=mixed]')
  const mix = () => gia.tone('')
  await gia.until('hears hal in the mix and not itself', async () => Math.abs((await mix()) - hal.toneHz) < 25)
  await gia.until('hears hal once', () => gia.page.evaluate(() => document.querySelector('.tile[data-user=hal] live-player').getAttribute('tracks') === 'video'))
  await gia.sees('hal')
  await gia.screenshot('conference-mixed')
  await hal.press('mic')
  await gia.until('hears nothing in the mix', async () => (await mix()) === null)
  await gia.page.uncheck('[data-act=mixed]')
  await hal.press('mic')
  await gia.hears(hal)
  assert.equal(await mix(), null, 'the mix is not played any more')
  await Promise.all([gia.leaves(), hal.leaves()])
})

step('whose_connection_is_lost_is_marked_in_picture_and_list_until_it_is_back', async () => {
  const kit = await arrives('kit', { toneHz: 900, ...handheld })
  const pip = await meeting.phone('pip', { faulty: true })
  await kit.enters({ room: 'train' })
  await meeting.enter(pip, { strRoomID: 'train' })
  await kit.sees('pip')
  await kit.press('people')
  await kit.lists('pip', { away: 'false' })
  await pip.background({ dropMs: 200 })
  await kit.lists('pip', { away: 'true' })
  assert.equal(await kit.page.textContent('[data-person=pip] .lost'), '连接中断')
  await kit.screenshot('conference-away-list-zh')
  await kit.press('people')
  await kit.isTold('连接中断')
  assert.equal((await kit.tile('pip')).away, 'true')
  await kit.screenshot('conference-away-zh')
  await pip.foreground()
  await kit.until('has pip back', async () => (await kit.tile('pip')).away === 'false')
  await kit.sees('pip')
  assert.equal(await kit.page.locator('[data-person=pip] .lost').count(), 0)
  await kit.leaves()
  await pip.kill()
})
