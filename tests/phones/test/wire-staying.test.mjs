// Members over the conference wire who stay: cameras that go off without a word, connections that are lost while media runs, and
// what somebody learns who comes back too late.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Server } from '../lib/server.mjs'
import { WireClient, post } from '../lib/wire-client.mjs'
import { Network } from '../phone/network.mjs'
import { NativePusher } from '../phone/pusher.mjs'

const SEAT_GRACE_S = 4
const ends = new Set()
let server

before(async () => {
  server = await Server.start({ env: { HUITONG_LIMITS_SEAT_GRACE_SECONDS: String(SEAT_GRACE_S), HUITONG_LIMITS_AWAY_AFTER_SECONDS: '1' } })
})
after(async () => {
  for (const end of ends) end()
  await server?.stop()
})

/** Who is named first makes the conference, the others enter it. */
const meet = (...names) => meetAs({}, ...names)

/** The same, where the others ask for something of their own. */
async function meetAs(asked, ...names) {
  const [first, ...others] = names.map((name) => new WireClient(server, name))
  await first.create({ password: 'secret' })
  assert.equal((await first.enter()).result, 0)
  for (const other of others) {
    await other.ask(first.confrId, { password: 'secret', ...asked })
    assert.equal((await other.enter()).result, 0)
    await first.event({ op: 300 })
  }
  for (const one of [first, ...others]) ends.add(() => one.end())
  return [first, ...others]
}

/** The live-pusher of a page. */
async function pushes(who) {
  const pusher = new NativePusher({ emit: () => {}, network: new Network(), media: {}, retryMs: 1000 })
  ends.add(() => pusher.stop())
  const { error, rtmp } = await who.pub()
  assert.equal(error, 0)
  pusher.update({ url: rtmp })
  pusher.start()
  return pusher
}

test('a_camera_that_is_switched_off_is_told_though_the_page_says_nothing', async () => {
  const [ann, bob] = await meet('ann', 'bob')
  const pusher = await pushes(bob)
  const { id } = (await ann.event({ op: 302 })).pubS
  const told = async (voff) => {
    const { streamId, aoff } = await ann.event({ op: 400, voff })
    assert.deepEqual([streamId, aoff], [id, 0])
  }
  pusher.update({ enableCamera: false })
  await told(1)
  pusher.update({ enableCamera: true })
  await told(0)
  pusher.stop()
  assert.equal((await ann.event({ op: 303 })).pubSId, id)
})

test('a_member_that_lost_its_connection_stays_while_its_media_runs', async () => {
  const [cai, dan, eve] = await meet('cai', 'dan', 'eve')
  const pusher = await pushes(dan)
  await cai.event({ op: 302 })
  const { memId } = dan.entered
  dan.drop()
  eve.drop()
  const gone = await cai.event({ op: 301 })
  assert.deepEqual([gone.memId, gone.reason], [eve.entered.memId, 4], 'who sends nothing is gone after the grace')
  const fay = new WireClient(server, 'fay')
  ends.add(() => fay.end())
  await fay.ask(cai.confrId, { password: 'secret' })
  const { mems, streams } = await fay.enter()
  assert.ok(mems[memId] && Object.values(streams).some((stream) => stream.memId === memId), 'dan is there with what it sends')
  assert.equal((await dan.sub(Object.keys(streams)[0])).error, -1, 'its own stream it does not play')
  const back = await dan.enter({ back: true })
  assert.deepEqual([back.result, back.memId], [0, memId])
  assert.equal((await dan.event({ op: 301 })).memId, eve.entered.memId, 'what it has missed is told')
  assert.equal((await dan.event({ op: 300 })).mem.name, fay.uid)
  dan.drop()
  pusher.stop()
  assert.equal((await cai.event({ op: 301, memId })).reason, 4, 'without media it is gone like any other')
})

test('a_phone_that_comes_out_of_the_background_keeps_its_place_though_its_page_says_nothing', async () => {
  const [nia, oda, pat] = await meet('nia', 'oda', 'pat')
  const pusher = await pushes(oda)
  const { id } = (await nia.event({ op: 302 })).pubS
  oda.drop()
  pusher.stop()
  assert.equal((await nia.event({ op: 303 })).pubSId, id)
  pusher.start()
  assert.equal((await nia.event({ op: 302 })).pubS.id, id)
  pat.drop()
  assert.equal((await nia.event({ op: 301 })).memId, pat.entered.memId, 'who was gone earlier is still there')
  assert.equal((await oda.sub('RTC1__Of_X999')).message, 'There is no such stream.', 'and its page is answered')
  assert.equal((await oda.enter({ back: true })).result, 0)
})

test('a_page_without_a_connection_gets_addresses_as_long_as_its_seat_is_kept', async () => {
  const [quin, rae] = await meet('quin', 'rae')
  rae.drop()
  const pusher = await pushes(rae)
  assert.equal((await quin.event({ op: 302 })).memId, rae.entered.memId)
  pusher.stop()
  assert.equal((await quin.event({ op: 301 })).memId, rae.entered.memId)
  assert.equal((await rae.pub()).error, -1, 'its seat was given away')
})

test('a_page_whose_old_connection_takes_nothing_any_more_goes_on_with_a_new_one', async () => {
  // One user may write down 64 KiB at once, and 4 MiB and more may be on its way on a connection: that takes more users than
  // may talk.
  const [tea, ...crowd] = await meetAs({ role: 1 }, 'tea', ...Array.from({ length: 90 }, (_, n) => `sam ${n}`))
  ends.add(tea.pause())
  const write = (who, val) => who.manage('confr/attrs/update', { cattrs: [{ key: 'text', val, op: 'UPDATE' }] })
  for (let n = 0; n < 180; n++) assert.equal((await write(crowd[n >> 1], String(n).padEnd(30_000, '.'))).error, 0)
  assert.equal((await tea.enter({ back: true })).result, 0)
  for (let val = ''; !val.startsWith('179'); ) [{ val }] = (await tea.event({ op: 402 })).cattrs
})

test('who_comes_back_too_late_learns_whether_the_conference_is_over', async () => {
  const [gus, hal, ida] = await meet('gus', 'hal', 'ida')
  assert.equal((await gus.manage('kick/member', { uids: ['hal'] })).error, 0)
  assert.equal((await hal.event({ op: 301 })).reason, 2)
  assert.equal((await hal.enter({ back: true })).result, -501, 'it is out, and the conference is not over')
  assert.equal((await gus.manage('disband/conference', {})).error, 0)
  await ida.event({ op: 301 })
  assert.equal((await ida.enter({ back: true })).result, -506)
})

test('names_and_passwords_of_digits_may_come_as_numbers', async () => {
  const jan = new WireClient(server, 'jan')
  const path = `/wire/${server.app.id}/conferences/room`
  const asked = { memName: jan.uid, token: jan.token, roomName: 4711 }
  const made = await jan.rest(path, { ...asked, password: 123456 })
  assert.deepEqual([made.error, made.isCreator], [0, true])
  const kim = new WireClient(server, 'kim')
  assert.equal((await kim.ask(made.confrId, { password: 654321 })).error, -500)
  assert.equal((await kim.ask(made.confrId, { password: '123456' })).error, 0)
  const broken = await post(`${server.http}${path}`, { ...asked, password: { a: 1 } })
  assert.deepEqual([broken.error, /password/.test(broken.message)], [-405, true])
})

test('where_no_more_cameras_may_be_on_the_voice_is_sent', async () => {
  const lea = new WireClient(server, 'lea')
  const mia = new WireClient(server, 'mia')
  for (const one of [lea, mia]) ends.add(() => one.end())
  const path = `/wire/${server.app.id}/conferences/room`
  const found = await lea.rest(path, { memName: lea.uid, token: lea.token, roomName: 'few', maxVideoCount: 1 })
  for (const one of [lea, mia]) {
    await one.ask(found.confrId)
    assert.equal((await one.enter()).result, 0)
  }
  await pushes(lea)
  await pushes(mia)
  const { pubS } = await lea.event({ op: 302 })
  assert.deepEqual([pubS.memId, pubS.aoff, pubS.voff], [mia.entered.memId, 0, 1])
})
