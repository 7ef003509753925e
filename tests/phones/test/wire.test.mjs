// The conference wire of the vendor's mini-program client, spoken by a small client of our own against the built server.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { pull, push } from '../lib/ffmpeg.mjs'
import { Server } from '../lib/server.mjs'
import { story } from '../lib/story.mjs'
import { until } from '../lib/until.mjs'
import { WireClient, fullName, keyOf, post } from '../lib/wire-client.mjs'

const SOON = 15000
const step = story()
const clients = new Set()
const programs = new Set()
let server, ann, bob, encoder, stream

const client = (user) => {
  const made = new WireClient(server, user)
  clients.add(made)
  return made
}
const program = (made) => {
  programs.add(made)
  return made
}
const ended = (made, what) => until(() => made.endedAt, { what, within: SOON, explain: made.explain })

before(async () => {
  server = await Server.start()
})
after(async () => {
  for (const made of programs) made.stop()
  for (const made of clients) made.end()
  await server?.stop()
})

step('a_user_creates_a_conference_and_enters_as_its_admin', async () => {
  ann = client('ann')
  const made = await ann.create({ password: 'secret', confrType: 10 })
  assert.deepEqual([made.error, made.type, made.password], [0, 10, 'secret'])
  assert.equal(made.data.roleToken, made.roleToken)
  const inside = await ann.enter({ ext: JSON.stringify({ nickName: 'Ann' }) })
  assert.deepEqual([inside.result, inside.role, inside.mems, inside.streams], [0, 7, {}, {}])
})

step('a_second_one_needs_the_password_and_both_hear_of_each_other', async () => {
  bob = client('bob')
  assert.equal((await bob.ask(ann.confrId, { password: 'wrong' })).error, -500)
  assert.equal((await bob.ask(ann.confrId, { password: 'secret' })).error, 0)
  const inside = await bob.enter()
  assert.deepEqual([inside.result, inside.role], [0, 3], 'role 9 is none: it is the default of the conference')
  const [known] = Object.values(inside.mems)
  assert.deepEqual([known.name, known.nickName, known.role], [ann.uid, 'Ann', 7])
  assert.equal((await ann.event({ op: 300 })).mem.name, bob.uid)
})

step('what_one_pushes_the_other_plays', async () => {
  const { error, rtmp } = await bob.pub()
  assert.equal(error, 0)
  assert.equal(ann.events.length, 0, 'nobody is told of a stream that carries nothing')
  encoder = program(push(rtmp))
  stream = (await ann.event({ op: 302 })).pubS
  assert.deepEqual([stream.memName, stream.type], [bob.uid, 0])
  assert.equal(bob.events.some(({ op }) => op === 302), false, 'the own stream is never told')
  const player = program(pull((await ann.sub(stream.id)).rtmp))
  await until(() => player.bytes > 180 * 320, { what: 'ann sees bob', within: SOON, explain: player.explain })
  player.stop()
  assert.equal((await ann.sub('RTC1__Of_X999')).error, -1)
})

step('a_second_push_replaces_the_first', async () => {
  const { rtmp } = await bob.pub()
  await ended(encoder, 'the first push is refused')
  encoder = program(push(rtmp))
  const player = program(pull((await ann.sub(stream.id)).rtmp))
  await until(() => player.bytes > 0, { what: 'ann sees bob again', within: SOON, explain: player.explain })
  player.stop()
})

step('a_client_that_changes_its_network_goes_on_and_hears_what_it_missed', async () => {
  const { sessId, memId } = bob.entered
  bob.drop()
  const eve = client('eve')
  await eve.ask(ann.confrId, { password: 'secret' })
  await eve.enter()
  const back = await bob.enter({ back: true })
  assert.deepEqual([back.result, back.sessId, back.memId], [0, sessId, memId])
  assert.equal((await bob.event({ op: 300 })).mem.name, eve.uid)
  await bob.enter({ back: true })
  assert.equal((await bob.poll()).result, 0, 'the newest connection of a live stay wins')
  await eve.request({ op: 201 })
  assert.equal((await bob.event({ op: 301 })).reason, 0)
})

step('attributes_and_a_look_are_for_all', async () => {
  const cattrs = [{ key: 'topic', val: 'tea', op: 'UPDATE' }]
  assert.equal((await ann.manage('confr/attrs/update', { cattrs })).error, 0)
  const [told] = (await bob.event({ op: 402 })).cattrs
  assert.deepEqual([told.key, told.val, told.memName], ['topic', 'tea', ann.uid])
  const look = await bob.rest('/easemob/rtc/select/confr', { uid: bob.uid, token: bob.token, confrId: ann.confrId, password: 'secret' })
  assert.deepEqual(look.confr, { id: ann.confrId, type: 10, memTotal: 2, audienceTotal: 0, talkers: [ann.uid, bob.uid] })
})

step('an_admin_makes_a_talker_audience_and_it_is_cut', async () => {
  assert.equal((await bob.manage('chanage/roles', { uids: [ann.uid], role: 1 })).error, -520, 'bob is no admin')
  assert.equal((await ann.manage('chanage/roles', { uids: [bob.entered.memId], role: '1' })).error, 0)
  assert.equal((await bob.event({ op: 412 })).role, 1)
  assert.equal((await ann.event({ op: 303 })).pubSId, stream.id)
  await ended(encoder, 'the push of the audience ends')
  const refused = await bob.pub()
  assert.deepEqual([refused.error, refused.rtmp], [-1, undefined])
  const named = { confrId: ann.confrId, uids: [`${keyOf(server.app)}_bob`], role: '3' }
  assert.equal((await ann.manage(`chanage/roles?CONFRID=${ann.confrId}`, named)).error, 0, 'as a back-end writes it')
  assert.equal((await bob.event({ op: 412 })).role, 3)
  assert.equal((await bob.pub()).error, 0)
})

step('a_newer_entry_of_the_same_user_takes_its_place', async () => {
  const again = client('bob')
  await again.ask(ann.confrId, { password: 'secret' })
  assert.equal((await again.enter()).result, 0)
  const exit = await bob.event({ op: 301, memId: bob.entered.memId })
  assert.equal(exit.reason, 10)
  assert.equal((await ann.event({ op: 301, memId: exit.memId })).reason, 10, 'the others are told why')
  bob = again
})

step('who_is_removed_is_told_and_may_not_go_on', async () => {
  assert.equal((await ann.manage('kick/member', { uids: [bob.uid] })).error, 0)
  assert.equal((await bob.event({ op: 301 })).reason, 2)
  assert.equal((await bob.poll()).result, -506)
  await bob.untilClosed()
  assert.equal((await bob.enter({ back: true })).result, -501)
  assert.equal((await bob.pub()).error, -1)
})

step('rooms_are_found_by_name_and_the_end_is_told_to_all', async () => {
  const find = (who, more = {}) =>
    who.rest(`/wire/${server.app.id}/conferences/room`, {
      roomName: '茶', password: 'p', memName: who.uid, token: who.token, supportWechatMiniProgram: true, useVCodes: ['H264', 'VP8'], ...more,
    })
  const made = await find(ann, { maxTalkerCount: 1 })
  assert.deepEqual([made.error, made.isCreator], [0, true])
  const found = await find(bob)
  assert.deepEqual([found.confrId, found.isCreator], [made.confrId, false])
  assert.equal((await find(bob, { password: 'wrong' })).confrId, undefined)
  const stray = await bob.rest('/easemob/rtc/req/ticket', { uid: bob.uid, token: bob.token, password: 'p', role: 3 })
  assert.equal(stray.error, -508, 'who did not find the room does not get another one')
  const boss = client('ann')
  await boss.ask(made.confrId, { password: 'p', role: 7 })
  assert.equal((await boss.enter()).role, 7)
  await bob.ask(made.confrId, { password: 'p', role: 3 })
  bob.entered = null
  assert.equal((await bob.enter()).result, -523, 'there is place for one talker')
  await bob.ask(made.confrId, { password: 'p', role: 1 })
  assert.equal((await bob.enter()).role, 1)
  assert.equal((await boss.manage('disband/conference', {})).error, 0)
  assert.equal((await bob.event({ op: 301 })).reason, 11)
  assert.equal((await boss.event({ op: 301 })).reason, 11)
})

step('what_is_forged_or_out_of_place_opens_nothing', async () => {
  const cai = client('cai')
  const { confrId } = await cai.create()
  const used = cai.ticket
  assert.equal((await cai.enter()).result, 0)
  const thief = client('thief')
  thief.confrId = confrId
  assert.equal((await thief.enter({ ticket: used })).result, -504, 'a ticket is for one entry, also when it is stolen')
  const foreign = { ...used, memName: thief.uid }
  assert.equal((await thief.enter({ ticket: foreign })).result, -500)
  const [conference, , proof] = cai.roleToken.split('.')
  const forged = `${conference}.${Buffer.from(thief.uid).toString('base64url')}.${proof}`
  const kicked = await post(`${server.http}/easemob/rtc/kick/member`, { uids: ['cai'], roleToken: forged })
  assert.equal(kicked.error, -500)
  const asked = await post(`${server.http}/easemob/rtc/req/ticket`, { uid: fullName(server.app, 'cai'), token: thief.token, confrId })
  assert.equal(asked.error, -500)
  for (const name of ['../../etc/passwd', 'a/b', 'x'.repeat(65), '\u0000']) {
    assert.equal((await cai.ask(name)).error, -508, name)
  }
  await thief.connect(used.url)
  for (const frame of ['', '{', '[1]', '{"op":200,"tsxId":"x"}']) thief.send(frame)
  assert.equal((await thief.request({ op: 1000, cver: 1 })).result, -507, 'it is still answered')
  const huge = client('huge')
  await huge.ask(confrId)
  assert.equal((await huge.enter({ ext: JSON.stringify({ x: 'x'.repeat(100_000) }) })).result, -405)
  assert.equal((await cai.poll()).result, 0, 'nobody else noticed')
  assert.equal((await post(`${server.http}/easemob/rtc/req/ticket`, '{')).status, 400)
  assert.equal((await post(`${server.http}/easemob/rtc/stream/guess`, { op: 'pubS', rtcId: 'x' })).error, -1)
})

step('a_back_end_makes_looks_at_and_ends_conferences', async () => {
  const base = `${server.http}/${keyOf(server.app).replace('#', '/')}`
  const { id, secret } = server.app
  const grant = (more = {}) => post(`${base}/token`, { grant_type: 'client_credentials', client_id: String(id), client_secret: secret, ...more })
  assert.equal((await grant({ client_secret: 'wrong' })).status, 401)
  const { access_token: token, expires_in: seconds } = await grant()
  assert.ok(seconds > 0)
  const bearer = { authorization: `Bearer ${token}` }
  const ask = async (method, path) => (await fetch(`${base}${path}`, { method, headers: bearer })).json()
  const made = await post(`${base}/conferences`, { confrType: 12, creator: 'dan', memDefaultRole: '1' }, bearer)
  assert.deepEqual([made.error, made.type, made.mixed], [0, 12, true])
  assert.match(made.expireDate, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
  const dan = client('dan')
  await dan.ask(made.id, { password: made.password })
  assert.equal((await dan.enter()).role, 7)
  const [member] = (await ask('GET', `/conferences/${made.id}`)).mems
  assert.deepEqual(member, { memberId: dan.entered.memId, memName: dan.uid, role: 7 })
  assert.equal((await ask('DELETE', `/conferences/${made.id}/dan`)).error, 0)
  assert.equal((await dan.event({ op: 301 })).reason, 2)
  assert.equal((await ask('DELETE', `/conferences/${made.id}`)).error, 0)
  const gone = await fetch(`${base}/conferences/${made.id}`, { headers: bearer })
  assert.equal(gone.status, 404)
  assert.equal((await fetch(`${base}/conferences/${made.id}`)).status, 401)
})

step('the_end_of_the_server_puts_everybody_out_and_the_conference_is_there_with_the_next_one', async () => {
  const [eve, fay] = [client('eve'), client('fay')]
  await eve.create({ password: 'again' })
  await eve.enter()
  const { confrId } = eve
  await fay.ask(confrId, { password: 'again' })
  await fay.enter()
  await server.restart()
  for (const who of [eve, fay]) {
    assert.equal((await who.event({ op: 301, memId: who.entered.memId })).reason, 4)
    await who.untilClosed()
  }
  const [old, admin, other] = [client('fay'), client('eve'), client('fay')]
  Object.assign(old, { confrId, ticket: fay.ticket })
  assert.equal((await old.enter()).result, -500, 'tickets are of one start of the server')
  assert.equal((await other.ask(confrId, { password: 'guess' })).error, -500)
  await other.ask(confrId, { password: 'again' })
  assert.equal((await other.enter()).role, 3)
  await admin.ask(confrId)
  assert.equal((await admin.enter()).role, 7, 'who created it is admin again')
})
