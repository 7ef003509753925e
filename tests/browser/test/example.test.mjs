// The example mini program, in the browser, driven by clicks: with a simulated phone and a second browser in its rooms.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { Meeting } from '../../phones/lib/meeting.mjs'
import { story } from '../../phones/lib/story.mjs'
import { launch } from '../lib/chromium.mjs'
import { Program } from '../lib/program.mjs'

const AT = '/miniprogram/'
const ROOM = '30001'
const step = story()
let meeting, browser, ann, ben, phone

before(async () => {
  ;[meeting, browser] = await Promise.all([Meeting.begin({ demo: true }), launch()])
})
after(async () => {
  await browser?.close()
  assert.equal(await meeting?.end(), 0, 'the server drains and exits with 0')
})

const open = (options) => Program.open(browser, meeting.server, { at: AT, ...options })

/** What a player shows: its moving picture, or nothing. */
const playing = (program, user, stream = 'main') =>
  program.ask(
    (_body, id) => {
      const video = document.querySelector(`live-player[id="${id}"]`)?.video
      return video && video.videoWidth > 0 && video.currentTime > 0.5 ? video.currentTime : 0
    },
    `${user}_${stream}`,
  )

const sees = (program, user) => program.until(`sees ${user} move`, () => playing(program, user))

step('the_first_page_speaks_the_language_of_the_phone_and_asks_for_a_name_and_a_room', async () => {
  const english = await open({ language: 'en-US' })
  await english.says('Video room')
  await english.close()
  ann = await open()
  await ann.says('视频房间')
  await ann.find('#name').fill('')
  await ann.tap('#demo-room')
  await ann.until('a toast asks for a name', async () => (await ann.frame.locator('.wx-toast').textContent()) === '请填写名字')
  await ann.find('#name').fill('ann')
  await ann.find('#room').fill('0')
  await ann.tap('#demo-room')
  await ann.until('a toast asks for a room', async () => (await ann.frame.locator('.wx-toast').textContent()).includes('4294967295'))
  await ann.find('#room').fill('a-b')
  await ann.tap('#demo-voice')
  await ann.until('a toast says what a voice room is called', async () => (await ann.frame.locator('.wx-toast').textContent()).includes('下划线'))
  await ann.find('#room').fill(ROOM)
  await ann.find('#name').fill('小安')
  await ann.tap('#demo-room')
  await ann.until('a toast asks for a plain name', async () => (await ann.frame.locator('.wx-toast').textContent()).includes('不支持中文'))
  await ann.find('#name').fill('ann')
  await ann.screenshot('example-index')
})

step('the_device_check_shows_the_camera_the_microphone_and_the_server', async () => {
  await ann.tap('#demo-check')
  await ann.until('the camera is shown', () => ann.ask(() => document.querySelector('live-pusher')?.video.videoWidth > 0))
  await ann.says('可用')
  await ann.until('the level moves', () => ann.ask(() => document.querySelector('#level')?.value > 0))
  await ann.page.click('.back')
  await ann.says('视频房间')
  assert.deepEqual(await ann.stack(), ['pages/index/index'])
})

step('a_browser_a_phone_and_a_page_in_the_browser_meet_in_a_room', async () => {
  await ann.tap('#demo-room')
  await ann.says('还没有别人')
  ben = await open({ hash: `#/pages/room/room?room=${ROOM}&name=ben` })
  phone = await meeting.phone('cat')
  await meeting.enter(phone, { roomID: Number(ROOM) })
  await Promise.all([sees(ann, 'ben'), sees(ben, 'ann'), sees(ann, 'cat'), sees(ben, 'cat')])
  await phone.sees('ann')
  await ann.says('3 人')
  const { members } = await meeting.server.room(ROOM)
  assert.deepEqual(members.map(({ user }) => user).sort(), ['ann', 'ben', 'cat'])
  await ann.screenshot('example-room')
})

step('mute_and_camera_off_are_shown_to_the_others', async () => {
  await ben.tap('#mic')
  await ann.says('ben · 已静音')
  await ben.tap('#camera')
  await ann.until('a face stands for the picture', async () => (await ann.find('#tile-ben_main .face').count()) === 1)
  await ben.tap('#mic')
  await ben.tap('#camera')
  await ann.until('the picture is back', async () => (await ann.find('#tile-ben_main .face').count()) === 0)
  await sees(ann, 'ben')
})

step('the_background_keeps_the_seat_and_who_leaves_is_gone', async () => {
  await ben.page.click('.hide')
  await ben.page.click('.hide')
  await sees(ben, 'ann')
  await ben.tap('#leave')
  await ben.says('视频房间')
  await ann.until('ben is gone', async () => (await ann.find('#tile-ben_main').count()) === 0)
  assert.equal(await ben.ask(() => document.querySelectorAll('video').length), 0, 'no camera is left open')
})

step('who_is_removed_is_told_and_led_back', async () => {
  await meeting.server.api('DELETE', `/v1/rooms/${ROOM}/members/ann`)
  await ann.frame.locator('.wx-modal').getByText('房间已解散或你已被移出').waitFor()
  await ann.screenshot('example-removed')
  await ann.frame.locator('.wx-modal footer button').last().click()
  await ann.says('视频房间')
  assert.deepEqual(await ann.stack(), ['pages/index/index'])
})

step('a_voice_room_asks_for_no_camera_and_shows_who_speaks', async () => {
  await ann.ask(() => {
    const { mediaDevices } = navigator
    const real = mediaDevices.getUserMedia.bind(mediaDevices)
    window.wishes = []
    mediaDevices.getUserMedia = (wish) => (window.wishes.push([Boolean(wish.audio), Boolean(wish.video)]), real(wish))
  })
  await ann.tap('#demo-voice')
  await ben.find('#name').fill('ben')
  await ben.find('#room').fill(ROOM)
  await ben.tap('#demo-voice')
  await ann.until('ben speaks', async () => (await ann.find('.seat:not(#seat-me) .ring-on').count()) === 1)
  await ann.until('the own ring moves', async () => (await ann.find('#seat-me .ring-on').count()) === 1)
  const { members } = await meeting.server.room(`@${ROOM}`)
  assert.deepEqual(members.map(({ user }) => /^\d+$/.test(user)), [true, true], 'users of voice rooms are numbers')
  assert.equal(await ann.ask(() => document.querySelector('live-pusher').stream.getVideoTracks().length), 0)
  assert.deepEqual(await ann.ask(() => window.wishes), [[true, false]], 'the microphone, once, and never the camera')
  await ann.screenshot('example-voice')
  await ben.tap('#mic')
  await ann.until('ben is no longer among the speakers', async () => (await ann.find('.seat:not(#seat-me) .seat-face:not(.seat-free)').count()) === 0)
  for (const one of [ann, ben]) await one.tap('#leave')
  await ann.says('视频房间')
})

step('a_voice_room_with_a_name_is_entered_by_whoever_gets_its_card', async () => {
  const host = await open({ permissions: ['microphone', 'clipboard-read', 'clipboard-write'] })
  await host.find('#room').fill('lounge_1')
  await host.tap('#demo-voice')
  await host.tap('#invite')
  await host.until('the link is copied', async () => (await host.frame.locator('.wx-toast').textContent()).includes('链接已复制'))
  const link = new URL(await host.page.evaluate(() => navigator.clipboard.readText()))
  const guest = await open({ hash: link.hash })
  await host.until('the guest speaks', async () => (await host.find('.seat:not(#seat-me) .ring-on').count()) === 1)
  assert.equal((await meeting.server.room('lounge_1')).members.length, 2)
  await Promise.all([host.close(), guest.close()])
})

step('an_audience_sees_the_anchor_and_goes_up_itself', async () => {
  const live = (name, role) => `#/pages/live/live?room=30002&name=${name}&role=${role}`
  const [host, guest] = await Promise.all([open({ hash: live('host', 'anchor') }), open({ hash: live('guest', 'audience') })])
  await sees(guest, 'host')
  assert.equal(await guest.ask(() => document.querySelectorAll('live-pusher').length), 0)
  await guest.tap('#role')
  await sees(host, 'guest')
  await host.screenshot('example-live')
  await host.tap('#leave')
  await guest.until('the host is gone', async () => (await guest.find('#tile-host_main').count()) === 0)
  await Promise.all([host.close(), guest.close()])
})

step('nothing_broke_on_the_way', () => {
  const lines = [...ann.lines, ...ben.lines].filter((line) => line.startsWith('error'))
  assert.deepEqual([...ann.faults, ...ben.faults], [], lines.join('\n'))
})
