// Voice rooms of the demo site: browsers and a simulated phone whose page has the component for voice rooms.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { after, before } from 'node:test'
import { Meeting } from '../../phones/lib/meeting.mjs'
import { story } from '../../phones/lib/story.mjs'
import { VOICE_PAGE, pass, voiceApp } from '../../phones/lib/voice.mjs'
import { launch } from '../lib/chromium.mjs'
import { PHONE, Visitor } from '../lib/visitor.mjs'

const ROOM = 'lounge_7'
const PAT = '9007199254740993'
const TONE = fs.readFileSync(new URL('../lib/tone.js', import.meta.url), 'utf8')
const step = story()
let meeting, browser, app, ann, ben, pat

before(async () => {
  app = voiceApp()
  ;[meeting, browser] = await Promise.all([Meeting.begin({ demo: true }), launch()])
})
after(async () => {
  await browser?.close()
  app.remove()
  assert.equal(await meeting?.end(), 0, 'the server drains and exits with 0')
})

/** Somebody on the page of voice rooms, whose microphone hums. */
async function enters(name, toneHz, more = {}) {
  const before = (page) => page.addInitScript(`window.__toneHz = ${toneHz}; ${TONE}`)
  const visitor = await Visitor.arrive(browser, meeting.server, {
    name, room: ROOM, hash: '#voice', ready: '[data-act=enter-voice]', permissions: ['microphone'], before, ...more,
  })
  visitor.toneHz = toneHz
  await visitor.press('enter-voice')
  await visitor.until('is in the room', async () => (await visitor.all()).present === 'true')
  return visitor
}

const seat = async (visitor, user) => (await visitor.all()).seats.find((one) => one.seat === user)
const shows = (visitor, user, what, condition) =>
  visitor.until(`${what}: ${user}`, async () => {
    const found = await seat(visitor, user)
    return found && condition(found)
  })
const open = ({ open: isOpen }) => isOpen === 'true'
const rings = ({ level }) => Number(level) > 0

step('a_name_that_no_voice_room_can_have_is_told_before_anybody_is_asked', async () => {
  const visitor = await Visitor.arrive(browser, meeting.server, { name: 'eve', hash: '#voice', ready: '[data-act=enter-voice]' })
  await visitor.page.fill('#room', 'a-b')
  await visitor.press('enter-voice')
  await visitor.isTold('A voice room has a name of 1 to 127 letters, digits and underscores.')
  await visitor.leaves()
})

step('browsers_and_a_phone_sit_in_one_voice_room_and_hear_each_other', async () => {
  ann = await enters('ann', 900)
  assert.deepEqual((await ann.all()).seats.map(({ seat: user, own }) => [user, own]), [['ann', '']], 'oneself first')
  ben = await enters('ben', 1200, { viewport: PHONE, isMobile: true, hasTouch: true, query: { lang: 'zh' } })
  pat = await meeting.phone(PAT, { app: app.folder })
  await pat.open(VOICE_PAGE, pass(meeting, PAT, ROOM))
  await shows(ann, PAT, 'the phone sits there and is silent', (one) => !open(one))
  await pat.call('run', 'enableMic', true)
  await shows(ann, PAT, 'its microphone is open', open)
  await Promise.all([ann.hears(pat), ben.hears(pat)])
  await ann.press('mic')
  await Promise.all([ben.hears(ann), pat.hears(ann)])
  await shows(ben, 'ann', 'a ring follows the voice', rings)
  await shows(ann, 'ann', 'the own ring moves', rings)
  await ann.screenshot('voice')
  await ben.screenshot('voice-zh')
  const { members } = await meeting.server.room(`@${ROOM}`)
  assert.deepEqual(members.map(({ user }) => user).sort(), [PAT, 'ann', 'ben'])
  assert.equal(await ann.page.evaluate(() => document.querySelector('live-pusher').stream.getVideoTracks().length), 0, 'no camera')
})

step('microphone_and_speaker_do_what_they_say', async () => {
  await ann.press('mic')
  await shows(ben, 'ann', 'ann is silent', (one) => !open(one))
  await pat.until('the list has nobody', ({ data }) => data.list.length === 0)
  await ben.press('speaker')
  await shows(ben, PAT, 'no ring while nothing is heard', (one) => open(one) && !rings(one))
  await ben.press('speaker')
  await shows(ben, PAT, 'the ring is back', rings)
  await ben.hears(pat)
})

step('whoever_leaves_frees_the_seat', async () => {
  await pat.call('run', 'exitRoom')
  await ann.until('the seat of the phone is free', async () => !(await seat(ann, PAT)))
  await ben.press('leave')
  await ben.page.waitForSelector('[data-act=enter-voice]')
  await ann.until('ann is alone', async () => (await ann.all()).seats.length === 1)
  await Promise.all([ann.leaves(), ben.leaves()])
})
