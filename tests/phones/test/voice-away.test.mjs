// A voice room whose network stays away. Half a minute is only waited for, so this is a file of its own, beside the others.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Meeting } from '../lib/meeting.mjs'
import { Ear, opens, triesToEnter, voiceApp } from '../lib/voice.mjs'

const ROOM = 'away_1'
/** How long a seat is kept here, s: short, because it is waited for. */
const SEAT_GRACE = 3
/** How long the component tries to enter without a network, ms, and some more for the machine. */
const GIVES_UP_MS = 45000
let meeting, app, ann

before(async () => {
  app = voiceApp()
  meeting = await Meeting.begin({ env: { HUITONG_LIMITS_SEAT_GRACE_SECONDS: String(SEAT_GRACE), HUITONG_LIMITS_AWAY_AFTER_SECONDS: '1' } })
  ann = await meeting.phone('10001', { app: app.folder, faulty: true })
  await opens(meeting, ann, ROOM, { idle: true })
})
after(async () => {
  app.remove()
  await meeting?.end()
})

const tries = () => triesToEnter(meeting, ann, ROOM, {}, GIVES_UP_MS)

test('a_network_that_stays_away_ends_the_stay_with_a_network_error', async () => {
  assert.equal((await tries()).errType, 0)
  const ear = new Ear(ann)
  ann.network.lose()
  const { errType } = await ear.hears('EVENT_ERROR', undefined, GIVES_UP_MS)
  assert.equal(errType, 7004)
  await ear.hears('EVENT_EXIT_ROOM_COMPLETED')
  assert.deepEqual(ear.types, ['EVENT_ERROR', 'EVENT_EXIT_ROOM_COMPLETED'])
  assert.equal((await tries()).errType, 7004, 'and without one nobody enters')
  ann.network.heal()
  assert.equal((await tries()).errType, 0)
  await ann.call('run', 'exitRoom')
})
