// A browser in a room with phones: it sees, hears and lists them while they come, mute, hide and go.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { Meeting } from '../../phones/lib/meeting.mjs'
import { story } from '../../phones/lib/story.mjs'
import { launch } from '../lib/chromium.mjs'
import { PHONE, Visitor } from '../lib/visitor.mjs'

const ROOM = '20001'
const step = story()
let meeting, browser, alice, bob, bea
/** Whether this server takes streams from browsers. */
let sends

/** The tiles of the others. */
const others = async () => (await bea.all()).tiles.filter(({ own }) => own === undefined)

before(async () => {
  ;[meeting, browser] = await Promise.all([Meeting.begin({ demo: true }), launch()])
  sends = 'whip' in (await meeting.server.urls('push', ROOM, 'nobody'))
})
after(async () => {
  await browser?.close()
  assert.equal(await meeting?.end(), 0, 'the server drains and exits with 0')
})

step('a_newcomer_needs_a_name_and_a_room_and_nothing_else', async () => {
  bea = await Visitor.arrive(browser, meeting.server, { permissions: ['clipboard-read', 'clipboard-write', 'camera', 'microphone'] })
  await bea.press('join')
  await bea.isTold('Enter a name first.')
  await bea.page.fill('#name', 'bea')
  await bea.press('join')
  await bea.isTold('Enter a room first.')
  await bea.page.fill('#room', ROOM)
  await bea.until('sees the own camera', () => bea.page.evaluate(() => document.querySelector('live-pusher').video.videoWidth > 0))
  await bea.until('sees the level of the microphone', () => bea.page.evaluate(() => document.querySelector('.level [data-lit]') !== null))
  await bea.screenshot('lobby')
  bea.name = 'bea'
  await bea.join()
  if (!sends) await bea.isTold(/no WebRTC/)
  const { members } = await meeting.server.room(ROOM)
  assert.deepEqual(members.map(({ user }) => user), ['bea'])
})

step('a_phone_that_joins_is_seen_and_heard_and_listed', async (t) => {
  alice = await meeting.phone('alice')
  await meeting.enter(alice, { roomID: ROOM })
  await bea.sees('alice')
  await bea.hears(alice)
  assert.deepEqual((await others()).map(({ user, audio, video }) => [user, audio, video]), [['alice', 'true', 'true']])
  assert.equal(await bea.page.textContent('[data-count]'), '2 in the room')
  await bea.until('knows the quality', async () => Number((await bea.tile('alice')).quality) > 0)
  const ages = []
  await bea.until('reads ten clocks', async () => {
    const age = await bea.age('alice')
    if (age !== null) ages.push(age)
    return ages.length >= 10
  })
  ages.sort((a, b) => a - b)
  t.diagnostic(`phone to browser: the picture is ${ages[5]} ms old`)
  assert.ok(ages[5] < 3000, `the picture is ${ages[5]} ms old`)
})

step('the_one_who_speaks_is_marked', async () => {
  await bea.until('sees that alice speaks', async () => (await bea.tile('alice')).speaking === 'true')
})

step('a_second_phone_comes_to_a_second_tile', async () => {
  bob = await meeting.phone('bob')
  await meeting.enter(bob, { roomID: ROOM })
  await Promise.all([bea.sees('alice'), bea.sees('bob'), bea.hears(bob)])
  await bea.press('people')
  const { people } = await bea.all()
  assert.deepEqual(people.map(({ person }) => person), ['bea', 'alice', 'bob'])
  await bea.screenshot('meeting')
})

step('a_muted_phone_shows_it_and_is_silent', async () => {
  await alice.tap('.toggle-mic')
  await bea.until('sees that alice is muted', async () => (await bea.tile('alice')).audio === 'false')
  await bea.until('hears nothing of alice', async () => (await bea.tone('alice')) === null)
  await bea.sees('alice')
  assert.equal((await bea.all()).people.find(({ person }) => person === 'alice').audio, 'false')
  await alice.tap('.toggle-mic')
  await bea.hears(alice)
})

step('a_phone_whose_camera_is_off_is_a_letter_that_is_heard', async () => {
  await bob.tap('.toggle-camera')
  await bea.until('sees that bob has no picture', async () => (await bea.tile('bob')).video === 'false')
  assert.equal(await bea.page.isVisible('.tile[data-user=bob] .avatar'), true)
  await bea.hears(bob)
  await bea.screenshot('camera-off')
  await bob.tap('.toggle-camera')
  await bea.sees('bob')
  await bea.hears(bob)
})

step('the_page_speaks_chinese_at_once_and_stays_in_the_meeting', async () => {
  await bea.press('language')
  assert.equal(await bea.page.textContent('[data-count]'), '房间内 3 人')
  assert.equal(await bea.page.textContent('.people h2'), '成员')
  assert.equal(await bea.page.getAttribute('[data-act=leave]', 'aria-label'), '离开')
  assert.equal(await bea.page.getAttribute('html', 'lang'), 'zh-CN')
  await bea.sees('alice', { frames: 3 })
  await bea.screenshot('meeting-zh')
  await bea.press('language')
  assert.equal(await bea.page.textContent('[data-count]'), '3 in the room')
  await bea.press('people')
})

step('the_page_fits_a_phone', async () => {
  await bea.page.setViewportSize(PHONE)
  await bea.page.emulateMedia({ colorScheme: 'dark' })
  await bea.sees('alice', { frames: 3 })
  const { wide, small } = await bea.page.evaluate(() => {
    const shown = [...document.querySelectorAll('button')].filter((button) => button.offsetParent !== null)
    const size = (button) => button.getBoundingClientRect()
    return {
      wide: document.documentElement.scrollWidth > window.innerWidth,
      small: shown.filter((button) => size(button).width < 36 || size(button).height < 36).map((button) => button.outerHTML),
    }
  })
  assert.deepEqual([wide, small], [false, []])
  await bea.screenshot('meeting-phone-dark')
  await bea.page.setViewportSize({ width: 1280, height: 760 })
})

step('the_copied_link_names_the_room_and_nothing_else', async () => {
  await bea.press('copy')
  await bea.isTold('The link is copied.')
  const link = await bea.page.evaluate(() => navigator.clipboard.readText())
  assert.equal(link, `${meeting.server.http}/?room=${ROOM}`)
})

step('a_second_browser_watches_over_http_when_asked_to', async () => {
  const carl = await Visitor.arrive(browser, meeting.server, { name: '卡尔', room: ROOM, query: { play: 'flv', lang: 'zh' } })
  await carl.join()
  await carl.sees('alice')
  await carl.until('plays over HTTP', async () => (await carl.tile('alice')).transport === 'flv')
  await bea.until('lists the other browser', async () => (await others()).some(({ user }) => user === '卡尔'))
  await carl.press('leave')
  await carl.page.waitForSelector('.lobby')
  await bea.until('lists it no more', async () => !(await others()).some(({ user }) => user === '卡尔'))
  await carl.screenshot('lobby-zh')
  await carl.leaves()
})

step('a_browser_that_wants_a_touch_before_it_plays_sound_asks_for_it', async () => {
  // What Safari does, and Chromium on pages that were not touched yet.
  const wantTouch = () => {
    const play = HTMLMediaElement.prototype.play
    let touched = false
    addEventListener('click', ({ target }) => (touched ||= target.dataset.act === 'touch'), true)
    HTMLMediaElement.prototype.play = function () {
      const allowed = touched || this.muted
      return allowed ? play.call(this) : Promise.reject(new DOMException('play() needs a touch', 'NotAllowedError'))
    }
  }
  const finn = await Visitor.arrive(browser, meeting.server, { name: 'finn', room: ROOM, before: (page) => page.addInitScript(wantTouch) })
  await finn.join()
  await finn.sees('alice', { frames: 3 })
  await finn.until('plays without sound', async () => (await finn.tile('alice')).muted)
  await finn.page.click('[data-act=touch]')
  await finn.hears(alice)
  await finn.page.waitForSelector('[data-act=touch]', { state: 'hidden' })
  await finn.leaves()
  await bea.until('lists finn no more', async () => !(await others()).some(({ user }) => user === 'finn'))
})

step('a_phone_that_leaves_is_gone_from_the_tiles', async () => {
  await bob.call('exitRoom')
  await bea.until('sees one tile', async () => (await others()).length === 1)
  await bea.isTold('bob left.')
})

step('a_server_that_restarts_is_joined_again', async () => {
  bea.expects(/WebSocket connection|Failed to load resource|ERR_CONNECTION_REFUSED|ERR_INCOMPLETE|ERR_EMPTY/)
  await meeting.server.crashAndRestart()
  await bea.until('is in the room again', async () => (await meeting.server.room(ROOM))?.members.some(({ user }) => user === 'bea'))
  await bea.sees('alice', { within: 60000 })
})

step('a_removed_browser_is_told_so_and_may_come_back', async () => {
  await meeting.server.api('DELETE', `/v1/rooms/${ROOM}/members/bea`)
  await bea.isTold('You were removed from the room.')
  assert.equal(await bea.page.inputValue('#room'), ROOM)
  await bea.screenshot('removed')
  await bea.join()
  await bea.sees('alice')
})

step('a_closed_room_is_told_in_chinese_too', async () => {
  await bea.press('language')
  await meeting.server.api('DELETE', `/v1/rooms/${ROOM}`)
  await bea.isTold('房间已被解散。')
  await bea.leaves()
})
