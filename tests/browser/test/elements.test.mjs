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
  await untilTold('the bit rate of the sound', ({ event, info }) => event === 'netstatus' && info.audioBitrate > 10 && info.audioBitrate < 200)
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
    window.forgive = () => (mediaDevices.getUserMedia = real)
    return window.element.startPreview()
  })
  await untilTold('the error', ({ event, errCode }) => event === 'error' && errCode === 10001)
  await untilCode(-1301)
  await ina.page.evaluate(() => void window.forgive())
})

/** A pusher of `user` that pushes, with what the room gets of it in a player beside it. */
async function pushing(user, attributes) {
  const push = await meeting.server.urls('push', ROOM, user)
  const play = await meeting.server.urls('play', ROOM, user)
  await put('live-pusher', { url: push.whip, ...attributes })
  await ina.page.evaluate(async (src) => {
    for (const event of ['bgmstart', 'bgmprogress', 'bgmcomplete']) {
      window.element.addEventListener(event, ({ detail }) => window.told.push({ event, ...detail }))
    }
    await window.element.start()
    window.remote?.remove()
    window.remote = document.createElement('live-player')
    window.remote.setAttribute('src', src)
    window.remote.setAttribute('autoplay', '')
    document.body.prepend(window.remote)
  }, play.whep)
  await untilCode(1002)
}

/** Mean colour of what the player beside the pusher shows, and how bright its clock is on the left and on the right. */
const look = () =>
  ina.page.evaluate(() => {
    const SIDE = 64
    const brush = Object.assign(document.createElement('canvas'), { width: SIDE, height: SIDE }).getContext('2d')
    brush.drawImage(window.remote.video, 0, 0, SIDE, SIDE)
    const { data } = brush.getImageData(0, 0, SIDE, SIDE)
    const mean = [0, 1, 2].map((channel) => data.filter((_, at) => at % 4 === channel).reduce((sum, value) => sum + value, 0) / SIDE / SIDE)
    // The clock of the fake camera stands above on the left, in a lighter green that has some red.
    const red = (from) => {
      let sum = 0
      for (let y = 0; y < SIDE / 4; y++) for (let x = from; x < from + SIDE / 2; x++) sum += data[4 * (y * SIDE + x)]
      return sum
    }
    return { mean, left: red(0), right: red(SIDE / 2) }
  })

/** A tone of so many hertz as a file. */
const tone = (hertz, seconds) =>
  ina.page.evaluate(
    async ([frequency, length]) => {
      const rate = 48000
      const data = new DataView(new ArrayBuffer(44 + 2 * rate * length))
      const text = (at, words) => [...words].forEach((letter, index) => data.setUint8(at + index, letter.charCodeAt(0)))
      text(0, 'RIFF')
      data.setUint32(4, 36 + 2 * rate * length, true)
      text(8, 'WAVEfmt ')
      ;[[16, 16], [20, 1, 2], [22, 1, 2], [24, rate], [28, 2 * rate], [32, 2, 2], [34, 16, 2]].forEach(([at, value, bytes = 4]) =>
        bytes === 4 ? data.setUint32(at, value, true) : data.setUint16(at, value, true),
      )
      text(36, 'data')
      data.setUint32(40, 2 * rate * length, true)
      for (let at = 0; at < rate * length; at++) data.setInt16(44 + 2 * at, 12000 * Math.sin((2 * Math.PI * frequency * at) / rate), true)
      return URL.createObjectURL(new Blob([data.buffer], { type: 'audio/wav' }))
    },
    [hertz, seconds],
  )

test('background_music_reaches_the_others_and_tells_where_it_is', async () => {
  await pushing('eve', { 'enable-mic': 'false' })
  const alice = await meeting.phone('ann')
  await meeting.enter(alice, { roomID: ROOM })
  const url = await tone(1300, 12)
  await ina.page.evaluate((file) => window.element.playBGM({ url: file }), url)
  await untilTold('the start', ({ event }) => event === 'bgmstart')
  await alice.hears({ name: 'eve', toneHz: 1300 })
  const { duration } = await untilTold('progress', ({ event, progress }) => event === 'bgmprogress' && progress > 1000)
  assert.equal(duration, 12000)
  await ina.page.evaluate(() => window.element.stopBGM())
  await ina.page.evaluate((file) => window.element.playBGM({ url: file, from: 11500 }), url)
  await untilTold('the end', ({ event }) => event === 'bgmcomplete')
  await alice.closePage()
})

test('music_that_is_not_there_fails_with_the_native_code', async () => {
  ina.expects(/404/, /not found/i)
  await put('live-pusher', {})
  const refused = await ina.page.evaluate(() => window.element.playBGM({ url: '/no-such.mp3' }).catch(({ kind }) => kind))
  assert.equal(refused, 'music-failed')
  const { errCode } = await untilTold('the error', ({ event }) => event === 'error')
  assert.equal(errCode, 10003)
})

test('the_others_see_a_mirrored_picture_where_that_is_asked_for', async () => {
  await pushing('fay', { 'enable-mic': 'false' })
  await ina.until('the picture is as the camera has it', async () => {
    const { left, right } = await look()
    return left > 1.3 * right
  })
  await ina.page.evaluate(() => window.element.setAttribute('remote-mirror', 'true'))
  await ina.until('the picture is mirrored', async () => {
    const { left, right } = await look()
    return right > 1.3 * left
  })
})

test('in_the_background_the_waiting_image_stands_for_the_camera', async () => {
  const red = await ina.page.evaluate(() => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 240 })
    const brush = canvas.getContext('2d')
    brush.fillStyle = 'red'
    brush.fillRect(0, 0, 320, 240)
    return canvas.toDataURL()
  })
  await pushing('gil', { 'enable-mic': 'true', 'waiting-image': red })
  const isRed = async () => {
    const [r, g] = (await look()).mean
    return r > 150 && g < 80
  }
  await ina.until('the camera is seen', async () => (await look()).mean[1] > 80)
  await ina.page.evaluate(() => window.element.background(true))
  await untilCode(5000)
  await ina.until('the image is seen', isRed)
  assert.equal(await ina.page.evaluate(() => window.element.stream.getVideoTracks().length), 0, 'the camera is closed')
  await ina.page.evaluate(() => window.element.background(false))
  await ina.until('the camera is seen again', async () => !(await isRed()) && (await look()).mean[1] > 80)
  await ina.page.evaluate(() => window.remote.remove())
})

test('a_player_that_is_held_stands_still_and_goes_on', async () => {
  await put('live-player', { src: urls.whep, autoplay: '' })
  await untilCode(2004)
  const time = () => ina.page.evaluate(() => window.element.video.currentTime)
  await ina.page.evaluate(() => window.element.hold('navigate', true))
  assert.equal(await ina.page.evaluate(() => window.element.video.paused), true)
  await ina.page.evaluate(() => window.element.hold('navigate', false))
  const before = await time()
  await ina.until('it goes on', async () => (await time()) > before + 0.3)
  await ina.page.evaluate(() => {
    window.element.setAttribute('auto-pause-if-navigate', 'false')
    window.element.hold('navigate', true)
  })
  assert.equal(await ina.page.evaluate(() => window.element.video.paused), false)
})
