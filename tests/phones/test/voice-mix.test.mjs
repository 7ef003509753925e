// Voice rooms in which more talk than a phone plays with a tag each, over the real server: everybody is heard as one sound.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Meeting } from '../lib/meeting.mjs'
import { Ear, opens, voiceApp } from '../lib/voice.mjs'

const ROOM = 'crowd_1'
let meeting, app, ann, bob, cid

before(async () => {
  app = voiceApp()
  meeting = await Meeting.begin()
  const phone = (name, huitong) => meeting.phone(name, { app: app.folder, huitong, faulty: true })
  // Ann plays the mix always, Bob everybody by a tag, Cid one voice by a tag and more as the mix.
  ;[ann, bob, cid] = await Promise.all([phone('10001', { voices: 0 }), phone('9223372036854775807', {}), phone('-3', { voices: 1 })])
  const ears = [ann, bob, cid].map((one) => new Ear(one))
  await Promise.all([ann, bob, cid].map((one) => opens(meeting, one, ROOM)))
  await Promise.all(ears.map((ear) => ear.hears('EVENT_ENTER_ROOM_COMPLETED', ({ errType }) => errType === 0)))
})
after(async () => {
  app.remove()
  assert.equal(await meeting?.end(), 0, 'the server drains and exits with 0')
})

const tags = (phone) => Object.keys(phone.players)
const hearsInTheMix = (phone, ...others) =>
  phone.until(
    `hears ${others.map(({ name }) => name)} in the mix`,
    () => others.some(({ toneHz }) => phone.players.mix?.heard === toneHz) && tags(phone).length === 1,
  )

test('a_phone_that_plays_too_few_voices_hears_all_as_one_and_never_its_own', async () => {
  await bob.call('run', 'enableMic', true)
  await Promise.all([cid.hears(bob), hearsInTheMix(ann, bob)])
  await ann.call('run', 'enableMic', true)
  await Promise.all([hearsInTheMix(cid, ann, bob), bob.hears(ann)])
  await hearsInTheMix(ann, bob)
  assert.deepEqual([cid.data.list.map(({ userID }) => userID).sort(), tags(bob)], [[ann.name, bob.name].sort(), [`${ann.name}_main`]])
  const room = await meeting.server.room(`@${ROOM}`)
  assert.deepEqual(room.members.map(({ user }) => user).sort(), [ann, bob, cid].map(({ name }) => name).sort(), 'nobody left for it')
  await cid.until(
    'is told how loud each is',
    ({ data: { volumes } }) => [ann, bob].every(({ name }) => volumes[name]?.downlinkVolume > 20),
  )
  // One after the other, so that each is known to be in it.
  await bob.call('run', 'enableMic', false)
  await hearsInTheMix(cid, ann)
  await ann.until('hears nobody, and not itself', () => (ann.players.mix?.heard ?? null) === null)
  await bob.call('run', 'enableMic', true)
  await hearsInTheMix(ann, bob)
  await ann.call('run', 'enableMic', false)
  await hearsInTheMix(cid, bob)
})

test('the_speaker_is_off_and_on_for_the_mix_too', async () => {
  await cid.call('run', 'enableSpeaker', false)
  await cid.until('plays nothing', () => tags(cid).length === 0)
  await ann.call('run', 'enableMic', true)
  await cid.until('is told of ann', ({ data }) => data.list.length === 2)
  assert.deepEqual(tags(cid), [])
  await cid.call('run', 'enableSpeaker', true)
  await hearsInTheMix(cid, ann, bob)
})

test('a_lost_network_brings_the_mix_back', async () => {
  cid.network.lose()
  await cid.until('its player has broken off', () => !cid.players.mix?.connected)
  const { connects, audioTags } = cid.players.mix
  cid.network.heal()
  const back = ({ players: { mix } }) => mix?.connected && mix.connects > connects && mix.audioTags > audioTags + 40
  await cid.until('hears somebody again', (phone) => back(phone) && [ann.toneHz, bob.toneHz].includes(phone.players.mix.heard), 30000)
  const ended = cid.data.told.filter(({ type }) => ['EVENT_ERROR', 'EVENT_EXIT_ROOM_COMPLETED'].includes(type))
  assert.deepEqual(ended, [], 'its page is not bothered')
})

test('when_few_enough_are_left_nothing_of_the_mix_is', async () => {
  await Promise.all([ann, bob].map((phone) => phone.call('run', 'enableMic', false)))
  await Promise.all([ann, cid].map((phone) => phone.until('plays nothing', () => tags(phone).length === 0)))
  await bob.call('run', 'enableMic', true)
  await cid.hears(bob)
})
