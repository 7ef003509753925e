// A room of the plain kind, over the real server: a page that asks for it plays all other voices as one sound.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Meeting, allMeet } from '../lib/meeting.mjs'

const ROOM = { roomID: 4711 }
let meeting, ann, bob, cid

before(async () => {
  meeting = await Meeting.begin()
  ;[ann, bob] = await meeting.gather(ROOM, ['ann', 'bob'], { faulty: true })
  await allMeet([ann, bob])
})
after(async () => {
  assert.equal(await meeting?.end(), 0, 'the server drains and exits with 0')
})

const hearsInTheMix = (phone, ...others) =>
  phone.until(
    `hears ${others.map(({ name }) => name)} in the mix`,
    () => others.some(({ toneHz }) => phone.players.mix?.heard === toneHz),
  )

test('a_page_that_asks_for_it_hears_all_as_one_and_never_itself_and_sees_each', async () => {
  await ann.call('subMix', true)
  await hearsInTheMix(ann, bob)
  await ann.hearsNothingOf(bob)
  await ann.sees(bob)
  assert.ok(ann.data.mix.length <= 128)
  cid = await meeting.enter(await meeting.phone('cid'), ROOM)
  await Promise.all([ann.sees(cid), bob.hears(cid), cid.hears(ann)])
  await bob.call('toggleMic')
  await hearsInTheMix(ann, cid)
  assert.equal(ann.player('cid').heard, null, 'who comes later is in the mix, too')
  await ann.until('is told how loud cid is', ({ data: { playerList } }) => playerList.find(({ userID }) => userID === 'cid')?.volume > 20)
  await bob.call('toggleMic')
  await cid.call('toggleMic')
  await hearsInTheMix(ann, bob)
})

test('a_lost_network_brings_the_mix_back', async () => {
  ann.network.lose()
  await ann.until('its player has broken off', () => !ann.players.mix?.connected)
  const { audioTags } = ann.players.mix ?? { audioTags: 0 }
  ann.network.heal()
  await ann.until('hears bob again', ({ players: { mix } }) => mix?.connected && mix.audioTags > audioTags + 40 && mix.heard === bob.toneHz, 30000)
})

test('who_asks_for_it_no_more_hears_each_by_itself', async () => {
  await ann.call('subMix', false)
  await ann.until('plays no mix', () => !ann.players.mix)
  await ann.hears(bob)
})
