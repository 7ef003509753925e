// Conferences against the real server: every callback, and every error as it comes about.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Attendee, ConferenceApps, fullName } from '../lib/conferencing.mjs'
import { Meeting } from '../lib/meeting.mjs'
import { mintUserSig } from '../lib/usersig.mjs'

const apps = new ConferenceApps()
let meeting, app, ann, bob

before(async () => {
  meeting = await Meeting.begin()
  app = apps.make()
  ;[ann, bob] = [await come('ann'), await come('bob')]
})
after(async () => {
  await meeting?.end()
  apps.remove()
})

const come = (name, more) => Attendee.come(meeting, app, name, { silent: true, ...more })

/** Both are in a new conference of this name. */
async function both(roomName, more = {}) {
  const { confrId } = await ann.joins(roomName, more)
  await bob.joins(roomName, { password: more.password })
  ann.forget()
  bob.forget()
  return confrId
}

/** Both are out, and have forgotten it. */
async function apart() {
  await bob.phone.call('exit')
  await ann.phone.call('exit')
  ann.forget()
  bob.forget()
}

const failed = async (who, ...question) => (await who.ask(...question)).error.error
const exit = async (who) => {
  const { value, second } = await who.hears('onConferenceExit')
  return [value, second ?? undefined]
}

test('a_conference_is_made_looked_at_and_entered_by_its_id', async () => {
  const { value: made } = await ann.ask('createConference', 10, 'sesame')
  const { confrId } = made
  assert.deepEqual([made.data.confrId, made.id, made.type, made.password], [confrId, confrId, 10, 'sesame'])
  assert.equal(await failed(bob, 'getConferenceTkt', confrId, 'simsim'), -500)
  assert.equal(await failed(bob, 'getConferenceTkt', 'no-such-conference'), -508)
  const own = await ann.ask('joinConferenceWithTicket', confrId, made.ticket, { seat: 1 })
  assert.equal(own.value.role, 7)
  assert.equal(own.text, own.value.memberId)
  const { value: ticket } = await bob.ask('getConferenceTkt', confrId, 'sesame')
  const joined = await bob.ask('joinConferenceWithTicket', confrId, ticket.data.ticket, { seat: 2 })
  assert.deepEqual([joined.value.role, joined.value.confrId], [3, confrId])
  assert.deepEqual((await bob.hears('onMemberJoined', { user: 'ann' })).ext, { seat: 1 })
  assert.deepEqual((await ann.hears('onMemberJoined', { user: 'bob' })).ext, { seat: 2 })
  const { value: info } = await bob.ask('getConferenceInfo', confrId, 'sesame')
  const talkers = [fullName(meeting.server, 'ann'), fullName(meeting.server, 'bob')]
  assert.deepEqual(info.data.confr, { id: confrId, type: 10, memTotal: 2, audienceTotal: 0, talkers })
  await apart()
})

test('attributes_are_told_to_everybody', async () => {
  const confrId = await both('attributes')
  await bob.ask('setConferenceAttrs', { key: 'topic', val: 'budget', confrId })
  const [{ key, val, op, memName }] = (await ann.hears('onConfrAttrsUpdated')).value
  assert.deepEqual([key, val, op, memName], ['topic', 'budget', 'UPDATE', fullName(meeting.server, 'bob')])
  ann.forget()
  await ann.ask('deleteConferenceAttrs', { key: 'topic', confrId })
  assert.equal((await ann.hears('onConfrAttrsUpdated')).value[0].op, 'DEL')
  await apart()
})

test('keys_of_attributes_are_any_text_of_a_bounded_length', async () => {
  const confrId = await both('odd keys')
  const odd = ['__proto__', 'constructor', '键 /../?#', 'k'.repeat(128)]
  for (const key of odd) assert.equal((await ann.ask('setConferenceAttrs', { key, val: { of: key }, confrId })).value.error, 0, key)
  await bob.phone.call('exit')
  bob.forget()
  await bob.joins('odd keys')
  const { value: list } = await bob.hears('onConfrAttrsUpdated', { where: ({ value }) => value.length === odd.length })
  assert.deepEqual(Object.fromEntries(list.map(({ key, val }) => [`of ${key}`, val])), Object.fromEntries(odd.map((key) => [`of ${key}`, JSON.stringify({ of: key })])))
  const refused = async (key, val) => failed(ann, 'setConferenceAttrs', { key, val, confrId })
  assert.deepEqual([await refused('', 'v'), await refused('k'.repeat(129), 'v'), await refused('big', 'v'.repeat(33 * 1024))], [-405, -405, -510])
  await apart()
})

test('of_several_who_are_named_those_who_are_there_are_removed', async () => {
  const confrId = await both('batch')
  const { value } = await ann.ask('kickMembersById', confrId, ['nobody', 'bob', 'MS_X99999', 'MS_Xbob', fullName(meeting.server, 'eve')])
  assert.deepEqual(value.data.uids, [fullName(meeting.server, 'bob')])
  assert.deepEqual(await exit(bob), [2, undefined])
  const crowd = Array.from({ length: 101 }, (_, at) => `user${at}`)
  assert.deepEqual([await failed(ann, 'kickMembersById', confrId, []), await failed(ann, 'kickMembersById', confrId, crowd)], [-405, -405])
  await apart()
})

test('whoever_joins_while_the_conference_ends_has_an_answer_and_is_not_left_inside', async () => {
  for (let round = 0; round < 5; round++) {
    const { confrId } = await ann.joins('last minute')
    bob.forget()
    const [joining, ending] = await Promise.all([bob.start('joinConference', confrId, ''), ann.start('destroyConference', confrId)])
    assert.equal((await ann.answer(ending)).value.error, 0)
    const { value, error } = await bob.answer(joining)
    if (value) assert.deepEqual(await exit(bob), [11, undefined])
    else assert.ok([-506, -508].includes(error.error), JSON.stringify(error))
    assert.equal(await failed(bob, 'getConferenceInfo', confrId), -508)
  }
  await apart()
})

test('only_admins_decide_and_each_role_has_its_rights', async () => {
  const confrId = await both('rights')
  for (const question of [['grantRole', confrId, ['bob'], 7], ['kickMembersById', confrId, ['ann']], ['destroyConference', confrId]]) {
    assert.equal(await failed(bob, ...question), -520, question[0])
  }
  assert.deepEqual((await ann.ask('grantRole', confrId, [fullName(meeting.server, 'bob')], 7)).value.data.uids, [fullName(meeting.server, 'bob')])
  assert.equal((await bob.hears('onRoleChanged')).value, 7)
  assert.equal((await ann.hears('onMemberRoleChanged', { user: 'bob' })).second, 7)
  assert.equal(await failed(ann, 'kickMembersById', confrId, ['nobody']), -507)
  await apart()
})

test('reasons_that_a_member_gives_reach_the_others', async () => {
  const confrId = await both('reasons')
  for (const reason of [1, 3, 4, 5, 0]) {
    await bob.phone.call('exit', confrId, reason)
    assert.deepEqual(await exit(bob), [reason, undefined])
    assert.equal((await ann.hears('onMemberExited', { user: 'bob' })).second, reason)
    await bob.joins('reasons')
    ann.forget()
    bob.forget()
  }
  await apart()
})

test('who_is_removed_sees_2_and_who_was_in_a_conference_that_ends_sees_11', async () => {
  const confrId = await both('ends')
  await ann.ask('kickMembersById', confrId, ['bob'])
  assert.deepEqual(await exit(bob), [2, undefined])
  assert.equal((await ann.hears('onMemberExited', { user: 'bob' })).second, 2)
  bob.forget()
  await bob.joins('ends')
  const [{ value: ticket }] = [await bob.ask('getConferenceTkt', confrId)]
  await ann.ask('destroyConference', confrId)
  assert.deepEqual([await exit(ann), await exit(bob)], [[11, undefined], [11, undefined]])
  bob.forget()
  const late = await bob.ask('joinConferenceWithTicket', confrId, ticket.ticket)
  assert.deepEqual([late.error.error, await exit(bob)], [-506, [11, -506]])
  assert.equal(await failed(bob, 'joinConference', confrId, ''), -508)
  await apart()
})

test('tickets_are_for_one_user_and_one_entry', async () => {
  const confrId = await both('tickets')
  const { value: own } = await ann.ask('getConferenceTkt', confrId)
  assert.equal(await failed(bob, 'joinConferenceWithTicket', confrId, own.ticket), -500)
  assert.ok(bob.told('onConferenceExit').some(({ value, second }) => value === 4 && second === -500))
  const { value: once } = await bob.ask('getConferenceTkt', confrId)
  await bob.ask('joinConferenceWithTicket', confrId, once.ticket)
  await bob.phone.call('exit')
  bob.forget()
  assert.equal(await failed(bob, 'joinConferenceWithTicket', confrId, once.ticket), -504)
  assert.deepEqual(await exit(bob), [4, -504])
  await apart()
})

test('limits_are_told_by_their_codes', async () => {
  await ann.joins('limits', { config: { maxTalkerCount: 1, maxAudienceCount: 0 } })
  assert.deepEqual((({ error, message }) => [error, message])(await bob.joins('limits')), [-523, 'talker count limit'])
  assert.deepEqual(await exit(bob), [2, -523])
  bob.forget()
  const watching = await bob.joins('limits', { role: 1 })
  assert.deepEqual([watching.error, watching.reason.failed, await exit(bob)], [-1, -510, [4, -510]])
  await apart()
  await ann.joins('cameras', { config: { maxVideoCount: 1 } })
  await bob.joins('cameras')
  assert.equal((await ann.ask('pubStream', 'wx-1-abc')).value.voff, 0)
  assert.equal((await bob.ask('pubStream', 'wx-1-abc')).value.voff, 1, 'the sound goes, the picture has no place')
  await apart()
})

test('an_application_that_may_begin_nothing_makes_and_opens_no_conference', async () => {
  const { confrId } = await ann.joins('arrears')
  await meeting.server.api('PUT', '/v1/suspension')
  const { error, reason } = await bob.joins('arrears')
  assert.deepEqual([error, reason.error, reason.code], [-1, -510, 'app-suspended'])
  assert.deepEqual([await failed(bob, 'createConference', 10), await failed(bob, 'getConferenceTkt', confrId)], [-510, -510])
  assert.ok((await ann.ask('getConferenceTkt', confrId)).value.ticket, 'whoever is inside may come back')
  await meeting.server.api('DELETE', '/v1/suspension')
  assert.equal((await bob.joins('arrears')).confrId, confrId)
  await apart()
})

test('a_wrong_or_expired_credential_is_told', async () => {
  const eve = await come('eve', { token: 'nonsense' })
  assert.equal(await failed(eve, 'createConference', 10), -500)
  await eve.phone.kill()
  const old = await come('old', { token: mintUserSig(meeting.server.app, 'old', { expire: 1, at: 1000 }) })
  const answer = await old.joins('standup')
  assert.deepEqual([answer.error, answer.reason.error], [-1, -502])
  await old.phone.kill()
})

test('hands_are_raised_and_declined_in_a_live_conference', async () => {
  const { confrId } = await ann.joins('show', { config: { confrType: 12 } })
  const watching = await bob.joins('show', { role: 1 })
  assert.deepEqual([watching.type, watching.role, watching.mixed], [12, 1, true])
  await bob.ask('raiseHand')
  await ann.hears('onHandRaised', { user: 'bob', where: ({ second }) => second === true })
  await ann.ask('declineHand', confrId, 'bob')
  await bob.hears('onHandDeclined')
  await ann.ask('grantRole', confrId, ['bob'], 3)
  assert.equal((await bob.hears('onRoleChanged')).value, 3)
  await ann.hears('onMemberJoined', { user: 'bob' })
  await apart()
})

test('another_device_takes_the_place', async () => {
  await both('devices')
  const again = await come('bob on a pad', { user: 'bob' })
  await again.joins('devices')
  assert.equal((await exit(bob))[0], 10)
  assert.equal(ann.told('onConferenceExit').length, 0)
  await again.phone.kill()
  await apart()
})

test('a_short_loss_of_the_network_is_not_seen_and_without_one_nobody_enters', async () => {
  await ann.joins('network')
  const cid = await come('cid', { faulty: true })
  await cid.joins('network')
  cid.forget()
  cid.phone.network.reset()
  await ann.ask('setConferenceAttrs', { key: 'n', val: '1', confrId: '' })
  await cid.hears('onConfrAttrsUpdated')
  assert.equal(cid.told('onReconnect').length, 0, 'the same place')
  assert.equal(cid.told('onConferenceExit').length, 0)
  const { value: ticket } = await cid.ask('getConferenceTkt', cid.phone.data.answers[1].value.confrId)
  await cid.phone.call('exit')
  cid.forget()
  cid.phone.network.lose()
  const number = await cid.start('joinConferenceWithTicket', ticket.confrId, ticket.ticket)
  // The SDK waits 20 s for an answer.
  assert.equal((await cid.answer(number, 40000)).error.failed, -9527)
  assert.deepEqual(await exit(cid), [4, -9527])
  await cid.phone.kill()
  await apart()
})
