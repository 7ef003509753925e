// Who may not enter, and what the page is told.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Meeting, ROOM_PAGE } from '../lib/meeting.mjs'
import { mintUserSig } from '../lib/usersig.mjs'

const BAD_SIGNATURE = -100018
const NOT_ENTERED = -3301
let meeting

before(async () => {
  meeting = await Meeting.begin()
})
after(() => meeting?.end())

/** Tries to enter and returns the phone once the page was told of an error. */
async function refused(name, more, room = { roomID: '7' }) {
  const phone = await meeting.phone(name)
  await phone.open(ROOM_PAGE, meeting.query(name, room, more))
  await phone.untilEvent('ERROR')
  return phone
}

test('bad_signatures_are_refused_with_the_vendors_code', async () => {
  const { app } = meeting.server
  const now = Math.floor(Date.now() / 1000)
  const signatures = {
    expired: mintUserSig(app, 'expired', { at: now - 7200, expire: 3600 }),
    forged: mintUserSig({ ...app, secret: app.secret.replaceAll('0', '1') }, 'forged'),
    borrowed: mintUserSig(app, 'somebody-else'),
    garbage: 'garbage',
  }
  for (const [name, userSig] of Object.entries(signatures)) {
    const phone = await refused(name, { userSig })
    assert.equal(phone.events('ERROR')[0].error, BAD_SIGNATURE, name)
    assert.equal(phone.events('LOCAL_JOIN').length, 0, name)
    assert.equal(phone.pusher.videoTags, 0, `${name} has sent no picture`)
    await phone.kill()
  }
  assert.equal(await meeting.server.room('7'), null, 'nobody has made the room')
})

test('a_room_of_another_scene_is_refused_with_a_sentence', async () => {
  const owner = await meeting.phone('owner')
  await meeting.enter(owner, { roomID: '8' })
  const phone = await refused('viewer', { scene: 'live' }, { roomID: '8' })
  const [{ error, message }] = phone.events('ERROR')
  assert.equal(error, NOT_ENTERED)
  assert.match(message, /scene/)
  await Promise.all([owner.kill(), phone.kill()])
})

test('wrong_parameters_are_told_without_asking_the_server', async () => {
  const phone = await meeting.phone('nobody')
  await phone.open(ROOM_PAGE, meeting.query('nobody', { roomID: '0' }))
  await phone.until(
    'the page has the error',
    ({ data }) => data.status === 'error undefined' || data.pusher.url === null,
  )
  assert.equal(phone.data.pusher.url, null)
  assert.equal(phone.pusher.started, false)
})
