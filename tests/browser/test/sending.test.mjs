// Browsers that send: to each other and to phones, over WebRTC.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { Meeting } from '../../phones/lib/meeting.mjs'
import { story } from '../../phones/lib/story.mjs'
import { launch } from '../lib/chromium.mjs'
import { Visitor } from '../lib/visitor.mjs'

const ROOM = '20002'
const step = story()
let meeting, browser, alice, bea, carl
/** Why these tests are not run; empty when they are. */
let without = ''

before(async () => {
  ;[meeting, browser] = await Promise.all([Meeting.begin({ demo: true }), launch()])
  if (!('whip' in (await meeting.server.urls('push', ROOM, 'nobody')))) without = 'this server has no WebRTC'
})
after(async () => {
  await browser?.close()
  assert.equal(await meeting?.end(), 0, 'the server drains and exits with 0')
})

const sending = (name, run) => step(name, (t) => (without ? t.skip(without) : run(t)))
const arrive = (name, options) => Visitor.arrive(browser, meeting.server, { name, room: ROOM, ...options })
const codecOf = async (user) => (await meeting.server.room(ROOM)).members.find((member) => member.user === user)?.streams[0]?.videoCodec

sending('two_browsers_see_and_hear_each_other', async () => {
  bea = await arrive('bea')
  await bea.join()
  carl = await arrive('carl', { query: { lang: 'zh' } })
  await carl.join()
  await Promise.all([bea.sees('carl'), carl.sees('bea')])
  for (const [one, other] of [[bea, 'carl'], [carl, 'bea']]) {
    // The fake microphone beeps twice a second.
    await one.until(`hears ${other}`, async () => (await one.tone(other)) !== null)
    await one.until('plays over WebRTC', async () => (await one.tile(other)).transport === 'whep')
  }
  assert.match(await codecOf('bea'), /h264 .*baseline/)
})

sending('a_phone_and_a_browser_see_each_other', async () => {
  alice = await meeting.phone('alice')
  await meeting.enter(alice, { roomID: ROOM })
  await Promise.all([bea.sees('alice'), alice.sees('bea', { frames: 10 }), bea.hears(alice)])
  await bea.screenshot('sending')
  await carl.screenshot('sending-zh')
})

sending('a_muted_browser_shows_it_to_the_others_and_keeps_sending_its_picture', async () => {
  await bea.press('mic')
  await carl.until('sees that bea is muted', async () => (await carl.tile('bea')).audio === 'false')
  await alice.until('is told that bea is mute', () => alice.events('REMOTE_AUDIO_REMOVE', 'bea')[0])
  await carl.sees('bea')
  await bea.press('mic')
  await carl.until('sees that bea may be heard', async () => (await carl.tile('bea')).audio === 'true')
  await carl.until('hears bea', async () => (await carl.tone('bea')) !== null)
})

sending('a_camera_that_is_off_is_dark_at_its_owner_too_and_comes_back', async () => {
  await bea.press('camera')
  await carl.until('sees a letter', async () => (await carl.tile('bea')).video === 'false')
  assert.equal(await bea.page.evaluate(() => document.querySelector('live-pusher').stream.getVideoTracks().length), 0)
  await bea.press('camera')
  await carl.sees('bea')
})

sending('a_shared_screen_is_a_tile_of_its_own_and_shown_whole', async () => {
  await bea.press('share')
  await carl.sees('bea', { stream: 'aux', frames: 2 })
  assert.equal(await carl.page.textContent('.tile[data-stream=aux] .tile-name'), 'bea 的屏幕')
  const fit = () => carl.page.evaluate(() => document.querySelector('.tile[data-stream=aux] live-player').video.style.objectFit)
  assert.equal(await fit(), 'contain')
  await alice.until('has a player for the screen', () => alice.player('bea', 'aux'))
  await carl.screenshot('screen')
  await bea.press('share')
  await carl.until('sees the screen no more', async () => !(await carl.tile('bea', 'aux')))
  await carl.sees('bea')
})

sending('flv_takes_over_where_webrtc_is_refused', async () => {
  const problem = { status: 409, contentType: 'application/problem+json', body: JSON.stringify({ title: 'Conflict', detail: 'B-frames.' }) }
  const dan = await arrive('dan', { before: (page) => page.route('**/whep/**', (route) => route.fulfill(problem)) })
  dan.expects(/409/)
  await dan.join()
  await dan.sees('alice')
  await dan.until('plays as FLV', async () => (await dan.tile('alice')).transport === 'ws-flv')
  await dan.hears(alice)
  await dan.leaves()
})

sending('flv_takes_over_where_the_network_lets_no_media_through', async () => {
  const eve = await arrive('eve', {
    before: (page) =>
      page.route('**/whep/**', async (route) => {
        if (route.request().method() !== 'POST') return route.continue()
        const response = await route.fetch()
        // Nobody answers at the discard port.
        const body = (await response.text()).replace(/(a=candidate:.* )(\d+)( typ)/g, '$19$3')
        return route.fulfill({ response, body })
      }),
  })
  await eve.join()
  await eve.sees('alice', { within: 30000 })
  await eve.until('plays as FLV', async () => (await eve.tile('alice')).transport === 'ws-flv')
  await eve.leaves()
})

sending('who_leaves_is_gone_at_once_and_the_camera_is_off', async () => {
  await carl.press('leave')
  await carl.page.waitForSelector('.lobby')
  await bea.until('sees carl no more', async () => !(await bea.tile('carl')))
  const open = await carl.page.evaluate(() => [...document.querySelectorAll('live-pusher')].flatMap((p) => p.stream.getTracks()).length)
  assert.ok(open <= 2, 'only the preview of the lobby may be open')
  await carl.leaves()
})

sending('a_removed_browser_sends_no_more', async () => {
  await meeting.server.api('DELETE', `/v1/rooms/${ROOM}/members/bea`)
  await bea.isTold('You were removed from the room.')
  await alice.until('has no player for bea', () => !alice.player('bea'))
  await bea.leaves()
})
