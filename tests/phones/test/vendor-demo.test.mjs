// The vendor's published demo pages, unmodified but for static/trtc-wx.js. They are not part of this repository:
// HUITONG_TRTC_DEMO names a checkout of tencentyun/TRTCSDK, directory WXMini/TRTCSimpleDemo. Without it these
// tests are skipped; the pages of app/, which follow the same contract, are tested always.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Meeting, allMeet } from '../lib/meeting.mjs'

const DEMO = process.env.HUITONG_TRTC_DEMO
/** Said beside each test that is skipped, so that a run without the pages does not look like one with them. */
const skip = DEMO ? false : 'HUITONG_TRTC_DEMO does not name a checkout of the vendor\'s TRTCSimpleDemo'

let meeting

before(async () => {
  if (DEMO) meeting = await Meeting.begin()
})
after(() => meeting?.end())

/** Opens a page of the demo the way its own entry page does: everything is text of the query. */
const open = async (name, page, roomID, more = {}) => {
  const phone = await meeting.phone(name, { app: DEMO })
  const { sdkAppID, userID, userSig } = meeting.query(name)
  await phone.open(page, { roomID: String(roomID), userID, sdkAppID: String(sdkAppID), userSig, ...more })
  await phone.joins()
  return phone
}

test('the_video_call_page_connects_two_phones', { skip }, async () => {
  const page = 'pages/videocall/room/room'
  const phones = await Promise.all(['ann', 'ben'].map((name) => open(name, page, 50001)))
  const [ann, ben] = phones
  await allMeet(phones)
  await ann.call('_pusherAudioHandler')
  await ben.untilEvent('REMOTE_AUDIO_REMOVE', 'ann')
  await ben.hearsNothingOf(ann)
  await ann.tap('.btn-hangup')
  await ben.untilEvent('REMOTE_USER_LEAVE', 'ann')
  await ben.until('has no player for ann', () => !ben.player(ann))
  await Promise.all(phones.map((phone) => phone.kill()))
})

test('the_meeting_page_connects_three_phones_and_mutes_and_hides', { skip }, async () => {
  const page = 'pages/meeting/room/room'
  const on = { localVideo: 'true', localAudio: 'true' }
  const phones = await Promise.all(['cem', 'dai', 'eva'].map((name) => open(name, page, 50002, on)))
  const [cem, dai, eva] = phones
  await allMeet(phones, { frames: 5 })
  await cem.call('_pusherVideoHandler')
  await dai.untilEvent('REMOTE_VIDEO_REMOVE', 'cem')
  await dai.hears(cem)
  await cem.call('_pusherVideoHandler')
  await dai.sees(cem)
  const player = dai.data.playerList.find(({ userID }) => userID === 'eva')
  await dai.call('_mutePlayerVideo', { currentTarget: { dataset: { value: player } } })
  await dai.until('pictures of eva stop', () => dai.player(eva).fps === 0)
  await dai.hears(eva)
  await Promise.all(phones.map((phone) => phone.kill()))
})

test('the_meeting_page_joins_with_everything_off', { skip }, async () => {
  const page = 'pages/meeting/room/room'
  const off = { localVideo: 'false', localAudio: 'false' }
  const fay = await open('fay', page, 50003, off)
  const gus = await open('gus', page, 50003, { localVideo: 'true', localAudio: 'true' })
  await fay.sees(gus)
  assert.equal(gus.events('REMOTE_USER_JOIN', 'fay').length, 1)
  assert.deepEqual(gus.events('REMOTE_VIDEO_ADD'), [])
  await Promise.all([fay.kill(), gus.kill()])
})

test('the_voice_room_page_connects_speakers_and_listeners', { skip }, async () => {
  const page = 'pages/voice-room/room/room'
  const host = await open('host', page, 50004, { role: 'presenter' })
  const guest = await open('guest', page, 50004, { role: 'audience' })
  await guest.hears(host)
  assert.equal(guest.player(host).frames, 0, 'nobody asked for pictures')
  await guest.call('_confirmRoleChange')
  await host.hears(guest)
  await guest.call('_confirmRoleChange')
  await host.untilEvent('REMOTE_AUDIO_REMOVE', 'guest')
  await Promise.all([host.kill(), guest.kill()])
})
