// Conferences with real media: who talks is seen and heard by everybody, and what changes is told.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Attendee, ConferenceApps } from '../lib/conferencing.mjs'
import { Meeting, allMeet } from '../lib/meeting.mjs'

/** Native tags try again three times, three seconds apart. */
const TAGS_GIVE_UP_MS = 30000

const apps = new ConferenceApps()
let meeting, app

before(async () => {
  meeting = await Meeting.begin()
  app = apps.make()
})
after(async () => {
  await meeting?.end()
  apps.remove()
})

const come = (name, more) => Attendee.come(meeting, app, name, more)

test('members_of_a_conference_see_and_hear_each_other', async () => {
  const [ann, bob] = [await come('ann'), await come('bob')]
  const made = await ann.joins('standup', { password: 'sesame', role: 7, config: { nickName: 'Ann' } })
  assert.equal(made.isCreator, true)
  assert.equal((await bob.joins('standup', { password: 'sesame' })).confrId, made.confrId)
  await allMeet([ann.phone, bob.phone])
  assert.ok(ann.phone.pusher.url.length <= 128)
  ann.forget()
  await bob.phone.call('camera', false)
  const off = await ann.hears('onMediaChanaged', { user: 'bob', where: ({ voff }) => voff === 1 })
  assert.equal(off.aoff, 0)
  ann.forget()
  await bob.phone.call('camera', true)
  await ann.hears('onMediaChanaged', { user: 'bob', where: ({ voff }) => voff === 0 })
  await ann.phone.sees(bob.phone)
  ann.forget()
  await bob.phone.call('exit', made.confrId)
  assert.equal((await ann.hears('onMemberExited', { user: 'bob' })).second, 0)
  // The page's word and the end of its stream come on two connections: whichever is read first says why.
  assert.ok([0, 'Unpub'].includes(ann.told('onStreamRemoved', 'bob')[0].closeReason))
  assert.deepEqual(Object.keys(ann.phone.players), [])
  const order = bob.phone.data.told.slice(-4).map(({ name }) => name)
  assert.deepEqual(order, ['onStreamRemoved', 'onMemberExited', 'onMemberExited', 'onConferenceExit'])
  await ann.phone.kill()
  await bob.phone.kill()
})

test('a_page_for_rooms_and_a_page_for_conferences_meet_in_one_room', async () => {
  const [cid, dan] = [await come('cid'), await meeting.phone('dan')]
  await cid.joins('hall')
  await meeting.enter(dan, { strRoomID: 'hall' })
  await allMeet([cid.phone, dan])
  assert.equal((await cid.hears('onMemberJoined', { user: 'dan' })).nickName, 'dan')
  await cid.ask('kickMembersById', '', ['dan'])
  await dan.untilEvent('KICKED_OUT')
  await cid.hears('onMemberExited', { user: 'dan' })
  await cid.phone.kill()
  await dan.kill()
})

test('a_talker_that_becomes_audience_is_cut_at_once_and_talks_again_when_it_may', async () => {
  const [eve, fay] = [await come('eve'), await come('fay')]
  const { confrId } = await eve.joins('panel')
  await fay.joins('panel')
  await eve.phone.sees(fay.phone)
  eve.forget()
  await eve.ask('grantRole', confrId, ['fay'], 1)
  await eve.hears('onStreamRemoved', { user: 'fay' })
  assert.equal((await fay.hears('onRoleChanged')).value, 1)
  assert.equal((await fay.ask('pubStream', 'wx-9-abc')).error.error, -520)
  await fay.ask('raiseHand')
  await eve.hears('onHandRaised', { user: 'fay' })
  fay.forget()
  await eve.ask('grantRole', confrId, ['fay'], 3)
  await fay.hears('onRoleChanged', { where: ({ value }) => value === 3 })
  await fay.phone.call('push')
  await eve.phone.sees(fay.phone)
  await eve.ask('muteMembers', confrId, ['fay'], { audio: true, video: true })
  await fay.hears('onMuted')
  await eve.phone.until('sees fay no more', () => !eve.phone.player('fay'))
  await eve.ask('muteMembers', confrId, 'fay', { audio: false, video: false })
  await eve.phone.sees(fay.phone)
  await eve.phone.kill()
  await fay.phone.kill()
})

test('in_a_large_conference_a_phone_plays_all_other_voices_as_one_sound_and_their_pictures_without', async () => {
  const [gia, hal] = [await come('gia'), await come('hal')]
  await gia.joins('congress', { config: { confrType: 11 } })
  await hal.joins('congress')
  await allMeet([gia.phone, hal.phone])
  await gia.phone.call('mix')
  await gia.phone.until('hears hal in the mix, and not itself', () => gia.phone.player('mix')?.heard === hal.phone.toneHz)
  await gia.phone.hearsNothingOf(hal.phone)
  await gia.phone.sees(hal.phone)
  const ida = await come('ida')
  await ida.joins('congress')
  await Promise.all([gia.phone.sees(ida.phone), hal.phone.hears(ida.phone)])
  assert.equal(gia.phone.player('ida').heard, null, 'who comes later is in the mix, too')
  await hal.phone.call('exit')
  await gia.phone.until('hears ida in the mix', () => gia.phone.player('mix')?.heard === ida.phone.toneHz)
  await Promise.all([gia, hal, ida].map(({ phone }) => phone.kill()))
})

test('tags_that_gave_up_while_the_network_was_gone_are_made_anew_in_the_same_place', async () => {
  const [jan, kim] = [await come('jan'), await come('kim', { faulty: true })]
  await jan.joins('tunnel')
  await kim.joins('tunnel')
  await allMeet([jan.phone, kim.phone])
  jan.forget()
  kim.phone.network.lose()
  await kim.phone.networkChanged({ isConnected: false, networkType: 'none' })
  const gaveUp = ({ pusher, players }) => pusher.codes.includes(-1307) && Object.values(players).every(({ codes }) => codes.includes(-2301))
  await kim.phone.until('its tags have given up', gaveUp, TAGS_GIVE_UP_MS)
  kim.phone.network.heal()
  await kim.phone.networkChanged({ isConnected: true, networkType: '4g' })
  await kim.hears('onReconnect')
  await allMeet([jan.phone, kim.phone])
  assert.deepEqual([kim.told('onConferenceExit'), jan.told('onMemberExited')], [[], []], 'it was there all the time')
  await jan.phone.kill()
  await kim.phone.kill()
})
