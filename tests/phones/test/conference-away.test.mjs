// Conferences of phones that are away for longer than their seat is kept, whose credential or ticket runs out, or that start again.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { Attendee, ConferenceApps } from '../lib/conferencing.mjs'
import { Meeting, allMeet } from '../lib/meeting.mjs'
import { until } from '../lib/until.mjs'
import { mintUserSig } from '../lib/usersig.mjs'

/** Short, because it is waited for. Tickets cannot be made to live for less. */
const SEAT_GRACE_S = 3
const TICKET_S = 10
/** How long a credential is good here, s: time enough to enter, and not much more. */
const CREDENTIAL_S = 6

const apps = new ConferenceApps()
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'huitong-away-'))
let meeting, app, ann

before(async () => {
  const config = path.join(folder, 'huitong.toml')
  fs.writeFileSync(config, `
    [limits]
    connection_timeout_seconds = 5
    seat_grace_seconds = ${SEAT_GRACE_S}
    away_after_seconds = 1
    [conferences]
    ticket_seconds = ${TICKET_S}
    [[app]]
    id = 1400000001
    secret = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    end_expired_sessions = true`)
  meeting = await Meeting.begin({ args: ['--config', config] })
  app = apps.make()
  ann = await come('ann')
})
after(async () => {
  await meeting?.end()
  apps.remove()
  fs.rmSync(folder, { recursive: true, force: true })
})

const come = (name, more) => Attendee.come(meeting, app, name, { silent: true, ...more })
const exit = async (who) => {
  const { value, second } = await who.hears('onConferenceExit')
  return [value, second ?? undefined]
}

test('who_is_without_network_for_longer_than_its_place_is_kept_is_out_by_the_network', async () => {
  const bob = await come('bob', { faulty: true })
  await ann.joins('network')
  await bob.joins('network')
  bob.phone.network.lose()
  assert.deepEqual(await exit(bob), [4, -9527])
  assert.equal((await ann.hears('onMemberExited', { user: 'bob' })).second, 4)
  await bob.phone.kill()
})

test('a_credential_that_runs_out_ends_the_stay_unless_the_application_has_renewed_it', async () => {
  const short = (user) => mintUserSig(meeting.server.app, user, { expire: CREDENTIAL_S })
  const [dan, cid] = [await come('dan'), await come('cid')]
  await ann.joins('credentials')
  // Phones take long to start; the time of a credential is to be that of the stay.
  for (const one of [dan, cid]) {
    await one.phone.call('renew', short(one.name))
    assert.ok((await one.joins('credentials')).confrId)
  }
  await dan.phone.call('renew', mintUserSig(meeting.server.app, 'dan'))
  assert.deepEqual(await exit(cid), [4, -502])
  // That of dan was made before, and would have run out by now.
  await dan.ask('setConferenceAttrs', { key: 'still', val: 'here', confrId: '' })
  await ann.hears('onConfrAttrsUpdated')
  assert.deepEqual([dan.told('onConferenceExit'), dan.told('onReconnect'), ann.told('onMemberExited', 'dan')], [[], [], []])
  await Promise.all([cid, dan].map(({ phone }) => phone.kill()))
})

test('a_conference_that_ended_while_a_phone_was_in_the_background_is_over_and_nobody_is_alone_in_another', async () => {
  const eve = await come('eve')
  const { confrId } = await ann.joins('ended')
  await eve.joins('ended')
  ann.forget()
  await eve.phone.background({ dropMs: 0 })
  await ann.hears('onMemberExited', { user: 'eve' })
  await ann.ask('destroyConference', confrId)
  await eve.phone.foreground()
  assert.deepEqual(await exit(eve), [11, undefined])
  assert.equal((await ann.joins('ended')).isCreator, true, 'there is none of that name')
  await eve.phone.kill()
})

test('who_was_put_out_while_its_phone_was_away_for_long_does_not_come_back_by_itself', async () => {
  const jon = await come('jon')
  await ann.joins('put out')
  await jon.joins('put out')
  ann.forget()
  await jon.phone.background({ dropMs: 0 })
  await ann.ask('kickMembersById', '', ['jon'])
  await ann.hears('onMemberExited', { user: 'jon' })
  const over = () => meeting.server.logText.split('\n').some((line) => /session-ended/.test(line) && /jon/.test(line))
  await until(over, { what: 'the session of the phone has run out', within: 10 * SEAT_GRACE_S * 1000, explain: () => meeting.server.logTail() })
  await jon.phone.foreground()
  assert.deepEqual(await exit(jon), [2, undefined])
  assert.equal((await ann.ask('getConferenceInfo', '')).value.data.confr.memTotal, 1)
  await jon.phone.kill()
})

test('a_phone_that_was_in_the_background_for_long_has_its_place_and_its_media_back', async () => {
  const [fay, gus] = [await come('fay', { silent: false }), await come('gus', { silent: false })]
  await fay.joins('background', { password: 'sesame' })
  await gus.joins('background', { password: 'sesame' })
  await allMeet([fay.phone, gus.phone])
  fay.forget()
  await gus.phone.background({ dropMs: 0 })
  await fay.hears('onMemberExited', { user: 'gus' })
  await gus.phone.foreground()
  await gus.hears('onReconnect')
  await allMeet([fay.phone, gus.phone])
  assert.equal(gus.told('onConferenceExit').length, 0)
  await Promise.all([fay, gus].map(({ phone }) => phone.kill()))
})

test('an_application_that_is_started_again_takes_its_own_place', async () => {
  const stored = { 'huitong.device': 'device-of-hal-0001' }
  const hal = await come('hal', { stored })
  await ann.joins('again')
  await hal.joins('again')
  await ann.hears('onMemberJoined', { user: 'hal' })
  ann.forget()
  const again = await come('hal once more', { user: 'hal', stored })
  await hal.phone.kill()
  await again.joins('again')
  assert.equal((await ann.hears('onMemberExited', { user: 'hal' })).second, 10)
  await ann.hears('onMemberJoined', { user: 'hal' })
  assert.deepEqual(ann.phone.data.told.filter(({ user }) => user === 'hal').map(({ name }) => name).slice(-3), ['onMemberJoined', 'onMemberExited', 'onMemberJoined'])
  const { value: info } = await ann.ask('getConferenceInfo', '')
  assert.equal(info.data.confr.memTotal, 2)
  await again.phone.kill()
})

test('tickets_that_have_run_out_and_conferences_that_never_were_are_told', async () => {
  const ida = await come('ida')
  const { confrId } = await ann.joins('tickets')
  const ticket = async () => (await ida.ask('getConferenceTkt', confrId)).value.ticket
  const old = await ticket()
  const asked = Date.now()
  assert.equal((await ida.ask('joinConferenceWithTicket', 'no-such-conference', await ticket())).error.error, -508)
  assert.deepEqual(await exit(ida), [4, -508])
  ida.forget()
  await until(() => Date.now() > asked + TICKET_S * 1000 + 1000, { what: 'the ticket has run out', within: 2 * TICKET_S * 1000 })
  assert.equal((await ida.ask('joinConferenceWithTicket', confrId, old)).error.error, -502)
  assert.deepEqual(await exit(ida), [4, -502])
  await ida.phone.kill()
})
