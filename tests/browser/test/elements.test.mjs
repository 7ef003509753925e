// <live-player> and <live-pusher> by themselves: attributes, events and state codes as mini programs know them.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Meeting } from '../../phones/lib/meeting.mjs'
import { launch } from '../lib/chromium.mjs'
import { Visitor } from '../lib/visitor.mjs'

const ROOM = '20003'
let meeting, browser, ina, urls

before(async () => {
  ;[meeting, browser] = await Promise.all([Meeting.begin({ demo: true }), launch()])
  ;[ina] = await Promise.all([Visitor.arrive(browser, meeting.server, { name: 'ina' }), meeting.phone('alice').then((phone) => meeting.enter(phone, { roomID: ROOM }))])
  urls = await meeting.server.urls('play', ROOM, 'alice')
})
after(async () => {
  await ina?.leaves()
  await browser?.close()
  await meeting?.end()
})

/** Puts an element on the page; `window.told` keeps what it tells. */
async function put(tag, attributes) {
  await ina.page.evaluate(
    ([name, given]) => {
      window.element?.remove()
      window.told = []
      const element = document.createElement(name)
      window.element = element
      for (const event of ['statechange', 'netstatus', 'audiovolumenotify', 'error', 'fullscreenchange']) {
        element.addEventListener(event, ({ detail }) => window.told.push({ event, ...detail }))
      }
      Object.entries(given).forEach(([key, value]) => element.setAttribute(key, value))
      document.body.prepend(element)
    },
    [tag, attributes],
  )
}

const told = () => ina.page.evaluate(() => window.told)
const codes = async () => (await told()).filter(({ event }) => event === 'statechange').map(({ code }) => code)
const untilCode = (code) => ina.until(`the element tells ${code}`, async () => (await codes()).includes(code))
const untilTold = (what, condition) => ina.until(what, async () => (await told()).find(condition))

test('a_player_tells_the_states_of_the_native_one_in_order', async () => {
  await put('live-player', { src: urls.flv, autoplay: '', mode: 'RTC', 'no-such-attribute': 'kept' })
  for (const code of [2001, 2002, 2003, 2004, 2009, 2032]) await untilCode(code)
  const all = await codes()
  assert.ok(all.indexOf(2001) < all.indexOf(2002), String(all))
  assert.equal(await ina.page.evaluate(() => window.element.getAttribute('no-such-attribute')), 'kept')
})

test('net_status_has_the_figures_of_the_native_one', async () => {
  await put('live-player', { src: urls['ws-flv'], autoplay: '' })
  const { info } = await untilTold('figures of a running stream', ({ event, info }) => event === 'netstatus' && info.videoFPS > 5)
  assert.deepEqual([info.videoWidth, info.videoHeight], [180, 320])
  assert.ok(info.netQualityLevel >= 1 && info.netQualityLevel <= 6, JSON.stringify(info))
  assert.ok(info.videoBitrate > 0 && info.netSpeed > 0, JSON.stringify(info))
})

test('volume_is_told_and_a_muted_player_is_silent', async () => {
  await put('live-player', { src: urls.flv, autoplay: '' })
  await untilTold('the tone of the phone', ({ event, volume }) => event === 'audiovolumenotify' && volume > 20)
  await ina.page.evaluate(() => {
    window.element.mute()
    window.told = []
  })
  await untilTold('silence', ({ event, volume }) => event === 'audiovolumenotify' && volume === 0)
})

test('a_snapshot_is_a_picture_of_the_size_of_the_stream', async () => {
  await put('live-player', { src: urls.flv, autoplay: '' })
  await untilCode(2003)
  const picture = await ina.page.evaluate(async () => {
    const { url, width, height } = await window.element.snapshot(false)
    const image = new Image()
    image.src = url
    await image.decode()
    return { width, height, real: [image.naturalWidth, image.naturalHeight] }
  })
  assert.deepEqual(picture, { width: 180, height: 320, real: [180, 320] })
})

test('a_stopped_player_tells_nothing_and_gives_its_connection_back', async () => {
  await put('live-player', { src: urls.flv, autoplay: '' })
  await untilCode(2003)
  const viewers = async () => (await meeting.server.room(ROOM)).members[0].streams[0].viewers
  await ina.until('the server counts a viewer', async () => (await viewers()) === 1)
  await ina.page.evaluate(() => {
    window.element.stop()
    window.told = []
  })
  await ina.until('the server counts none', async () => (await viewers()) === 0)
  assert.deepEqual(await told(), [])
})

test('a_player_without_a_stream_gives_up_and_says_so', async () => {
  ina.expects(/403|404/)
  await put('live-player', { src: `${meeting.server.http}/flv/nobodyknowsthiskey00.flv`, autoplay: '' })
  await untilCode(2103)
  await ina.until('the player gives up', async () => (await codes()).includes(-2301), 60000)
})

test('a_pusher_previews_camera_and_microphone', async () => {
  await put('live-pusher', { 'enable-camera': 'true' })
  await ina.page.evaluate(() => window.element.startPreview())
  for (const code of [1003, 1007]) await untilCode(code)
  await untilTold('a beep of the fake microphone', ({ event, volume }) => event === 'audiovolumenotify' && volume > 20)
  const { width, height } = await ina.page.evaluate(() => window.element.snapshot(true))
  assert.ok(width > 0 && height > 0)
  await ina.page.evaluate(() => window.element.setAttribute('enable-camera', 'false'))
  await ina.until('the camera is closed', () => ina.page.evaluate(() => window.element.stream.getVideoTracks().length === 0))
  await ina.page.evaluate(() => window.element.stopPreview())
  await ina.until('the microphone is closed', () => ina.page.evaluate(() => window.element.stream.getTracks().length === 0))
})

test('a_pusher_without_a_server_for_it_gives_up_and_says_so', async () => {
  await put('live-pusher', { url: 'rtmp://127.0.0.1/live/nobodyknowsthiskey00' })
  await ina.page.evaluate(() => window.element.start())
  await untilCode(-1307)
})

test('a_denied_camera_is_the_error_10001_of_the_native_pusher', async () => {
  await put('live-pusher', {})
  await ina.page.evaluate(() => {
    const { mediaDevices } = navigator
    const real = mediaDevices.getUserMedia.bind(mediaDevices)
    mediaDevices.getUserMedia = (wish) =>
      wish.video ? Promise.reject(new DOMException('Permission denied', 'NotAllowedError')) : real(wish)
    return window.element.startPreview()
  })
  await untilTold('the error', ({ event, errCode }) => event === 'error' && errCode === 10001)
  await untilCode(-1301)
})
