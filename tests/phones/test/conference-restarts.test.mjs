// Conferences that outlive the server: phones come back to the same one, as what they were.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Attendee, ConferenceApps } from '../lib/conferencing.mjs'
import { Meeting } from '../lib/meeting.mjs'
import { until } from '../lib/until.mjs'

/** How long a phone may take to be back: its tries are half a minute apart at most. */
const BACK_MS = 60000

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

const come = (name, more) => Attendee.come(meeting, app, name, { silent: true, ...more })

/** Nothing waits for the disk any more. */
const kept = () =>
  until(
    async () => {
      const figures = await (await fetch(`${meeting.server.http}/metrics`)).text()
      const none = (figure) => new RegExp(`^${figure} 0$`, 'm').test(figures)
      return none('huitong_conference_changes_waiting') && none('huitong_store_waiting_bytes')
    },
    { what: 'everything is on the disk', within: 15000 },
  )

for (const end of ['crashAndRestart', 'restart']) {
  test(`after_${end}_everybody_is_in_the_same_conference_as_what_it_was`, async () => {
    const [ann, bob, cid] = [await come(`ann-${end}`), await come(`bob-${end}`), await come(`cid-${end}`)]
    const password = 'sesame'
    const { confrId } = await ann.joins(end, { password })
    await bob.joins(end, { password })
    const { value: ticket } = await cid.ask('getConferenceTkt', confrId, password)
    await cid.ask('joinConferenceWithTicket', confrId, ticket.ticket)
    await ann.ask('grantRole', confrId, [bob.name], 7)
    assert.equal((await bob.hears('onRoleChanged')).value, 7)
    await cid.ask('setConferenceAttrs', { key: 'topic', val: 'budget', confrId })
    await ann.hears('onConfrAttrsUpdated')
    await kept()
    const all = [ann, bob, cid]
    all.forEach((who) => who.forget())
    await meeting.server[end]()
    for (const who of all) {
      await who.hears('onReconnect', { within: BACK_MS })
      for (const other of all.filter((one) => one !== who)) await who.hears('onMemberJoined', { user: other.name, within: BACK_MS })
      const [{ key, val }] = (await who.hears('onConfrAttrsUpdated')).value
      assert.deepEqual([key, val], ['topic', 'budget'])
      assert.equal(who.told('onConferenceExit').length, 0, `${who.name} was told that it is out`)
    }
    const eve = await come(`eve-${end}`)
    assert.equal((await eve.ask('joinConference', confrId, 'simsim')).error.error, -500, 'not without its password')
    assert.equal((await eve.ask('joinRoom', { roomName: end, password: '', role: 7 })).value.error, -1, 'nor by its name')
    await eve.ask('joinConference', confrId, password)
    await bob.ask('kickMembersById', confrId, [eve.name])
    assert.equal((await eve.hears('onConferenceExit')).value, 2, 'who was made admin is one')
    await ann.ask('destroyConference', confrId)
    assert.equal((await cid.hears('onConferenceExit')).value, 11, 'and its creator ends it')
    await Promise.all([...all, eve].map((who) => who.phone.kill()))
  })
}

test('what_a_back_end_made_is_there_after_a_crash_and_opens_with_its_password_alone', async () => {
  const made = await meeting.server.api('POST', '/v1/conferences', { room: 'tomorrow', creator: 'host', password: 'pw', kind: 'live' })
  await meeting.server.crashAndRestart()
  const guest = await come('guest')
  const { conference } = made
  assert.equal((await guest.ask('joinConference', conference, 'guess')).error.error, -500)
  const { value } = await guest.ask('joinConference', conference, 'pw')
  assert.deepEqual([value.confrId, value.role], [conference, 1], 'who comes to a live conference watches')
  const host = await come('host')
  assert.equal((await host.ask('joinConference', conference, '')).value.role, 7)
  await Promise.all([guest, host].map((who) => who.phone.kill()))
})
