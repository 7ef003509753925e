// The pages of `app/` are written for the vendor's API: here they run with the vendor's published package, whose
// engine is played by hand. What holds here must hold with our package.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { Phone } from '../lib/phone.mjs'

const VENDOR_SDK = createRequire(import.meta.url).resolve('trtc-wx-sdk')
const user = (userid, more) => JSON.stringify({ userlist: [{ userid, ...more }] })

test('the_room_page_follows_the_vendors_package', async (t) => {
  const phone = await Phone.boot({ name: 'alice', number: 1, sdk: VENDOR_SDK })
  t.after(() => phone.kill())
  await phone.open('pages/room/room', {
    sdkAppID: 1400000001,
    userID: 'alice',
    userSig: 'sig',
    roomID: '123',
    env: 'test',
  })
  assert.equal(phone.data.status, 'entering')
  const engine = (code, message = '') => phone.pusherEvent('statechange', { code, message })

  await engine(1018)
  await phone.until('has joined', ({ data }) => data.status === 'joined')
  await phone.until('camera and microphone are on', ({ pusher }) => pusher.camera && pusher.mic)

  await engine(1031, user('bob'))
  await engine(1033, user('bob', { streamtype: 'main', hasvideo: true, playurl: 'room://bob' }))
  await engine(1034, user('bob', { hasaudio: true, playurl: 'room://bob' }))
  await phone.until('has a player for bob', () => phone.player('bob'))
  assert.equal(phone.player('bob').muteVideo, false)

  await phone.tap('.toggle-video')
  await phone.until('hides bob', () => phone.player('bob').muteVideo)
  await phone.tap('.toggle-mic')
  await phone.until('is mute', ({ pusher }) => !pusher.mic)

  await engine(1032, user('bob'))
  await phone.until('bob is gone', () => !phone.player('bob'))
  assert.deepEqual(
    phone
      .events()
      .map(({ code }) => code)
      .filter((code) => code.startsWith('REMOTE')),
    [
      'REMOTE_USER_JOIN',
      'REMOTE_VIDEO_ADD',
      'REMOTE_AUDIO_ADD',
      'REMOTE_VIDEO_REMOVE',
      'REMOTE_AUDIO_REMOVE',
      'REMOTE_USER_LEAVE',
    ],
  )
  await phone.tap('.hang-up')
  await phone.until('has left', ({ data }) => data.status === 'left')
})
