// The vendor's own conference client, unmodified, against the built server. It is not part of this repository:
// HUITONG_EMEDIA_SDK names the file src/emedia/emedia_for_miniProgram.js of easemob/webim-weixin-xcx. Without it these tests
// are skipped; wire.test.mjs says the same with a client of our own and is run always.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pull, push } from '../lib/ffmpeg.mjs'
import { Server } from '../lib/server.mjs'
import { until } from '../lib/until.mjs'
import { VendorPage } from '../lib/vendor-wire.mjs'

const FILE = process.env.HUITONG_EMEDIA_SDK
/** Said beside each test that is skipped, so that a run without the file does not look like one with it. */
const skip = FILE ? false : 'HUITONG_EMEDIA_SDK does not name the vendor\'s emedia_for_miniProgram.js'
const SOON = 15000
const ends = new Set()
let server

before(async () => {
  if (FILE) server = await Server.start()
})
after(async () => {
  for (const end of ends) end()
  await server?.stop()
})

const page = (user) => {
  const made = new VendorPage(FILE, server, user)
  ends.add(() => made.end())
  return made
}
const named = (who) => (member) => member.name === who.name

/** One page creates a conference, another one joins it. */
async function meet(names, type = 10) {
  const [first, second] = names.map(page)
  const { data } = await first.mgr.createConference(type, 'secret', false, false)
  await first.mgr.joinConference(data.confrId, 'secret', { from: 'first' })
  await second.mgr.joinConference(data.confrId, 'secret')
  const [member] = await first.heard('onMemberJoined', named(second))
  return { first, second, member, confrId: data.confrId }
}

test('pages_create_join_publish_and_play', { skip }, async () => {
  const { first, second, confrId } = await meet(['ann', 'ben'])
  const [own] = await first.heard('onMemberJoined', named(first))
  assert.deepEqual([own.isSelf, own.role], [true, 7])
  const [other] = await second.heard('onMemberJoined', named(first))
  assert.equal(other.ext, '{"from":"first"}')
  const { data } = await second.mgr.pubStream('wx-1-abc')
  const encoder = push(data.rtmp)
  ends.add(encoder.stop)
  const [stream] = await first.heard('onStreamAdded', ({ memName }) => memName === second.name)
  assert.equal(stream.owner.name, second.name)
  const player = pull((await first.mgr.subStream(stream.id)).data.rtmp)
  ends.add(player.stop)
  await until(() => player.bytes > 180 * 320, { what: 'ann sees ben', within: SOON, explain: player.explain })
  second.mgr.exitConference(confrId)
  await first.heard('onStreamRemoved', ({ id }) => id === stream.id)
  await first.heard('onMemberExited', named(second))
  assert.equal(second.count('onStreamAdded'), 0, 'the own stream is never told')
})

test('an_admin_changes_roles_removes_and_ends', { skip }, async () => {
  const { first, second, confrId } = await meet(['cem', 'dai'])
  await first.mgr.grantRole(confrId, [second.name], 1)
  assert.equal((await second.heard('onRoleChanged'))[0], 1)
  assert.equal((await second.mgr.pubStream('wx-1-abc')).data.rtmp, undefined)
  await first.mgr.grantRole(confrId, [second.name], 3)
  assert.equal((await second.heard('onRoleChanged'))[0], 3)
  await first.mgr.kickMembersById(confrId, [second.name])
  assert.equal((await second.heard('onConferenceExit'))[0], 2)
  await first.heard('onMemberExited', named(second))
  await second.mgr.joinConference(confrId, 'secret')
  await first.mgr.destroyConference(confrId)
  for (const who of [first, second]) assert.equal((await who.heard('onConferenceExit'))[0], 11)
})

test('rooms_are_joined_by_name_and_attributes_are_told', { skip }, async () => {
  const [eva, fay] = ['eva', 'fay'].map(page)
  const room = { roomName: '晨会', password: 'secret', role: 7, config: { nickName: 'Eva', maxTalkerCount: 2 } }
  const made = await eva.mgr.joinRoom(room)
  const found = await fay.mgr.joinRoom({ ...room, role: 3, config: { nickName: 'Fay' } })
  assert.equal(found.confrId, made.confrId)
  const [member] = await eva.heard('onMemberJoined', named(fay))
  assert.equal(member.nickName, 'Fay')
  await eva.mgr.setConferenceAttrs({ key: 'topic', val: 'tea', confrId: made.confrId, success() {}, error() {} })
  const [attributes] = await fay.heard('onConfrAttrsUpdated')
  assert.deepEqual([attributes[0].key, attributes[0].val], ['topic', 'tea'])
  const gil = page('gil')
  assert.equal((await gil.mgr.joinRoom({ ...room, role: 3 })).error, -1, 'there is place for two talkers')
  const hal = page('hal')
  assert.equal((await hal.mgr.joinRoom({ ...room, password: 'wrong', role: 3 })).error, -1)
})

test('a_page_whose_network_changes_goes_on_and_hears_the_others', { skip }, async () => {
  const { first, second, confrId } = await meet(['ida', 'jan'])
  second.changeNetwork()
  const kim = page('kim')
  await kim.mgr.joinConference(confrId, 'secret')
  await second.heard('onMemberJoined', named(kim))
  kim.mgr.exitConference(confrId)
  await second.heard('onMemberExited', named(kim))
  assert.equal(first.count('onMemberExited', named(second)), 0, 'nobody saw it go')
})
