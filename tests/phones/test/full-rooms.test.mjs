// Rooms with as many people as the documents promise, and one more.
import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { CROWD_MS, Somebody, gatherCrowd, record } from '../lib/crowd.mjs'
import { Meeting } from '../lib/meeting.mjs'
import { until } from '../lib/until.mjs'

const MEMBERS = 300
const SPEAKERS = 50
/** What the page of one too many is told: not entered, because something is full. */
const FULL = [-3301, -102052]

let meeting, recording
let crowd = []

before(async () => {
  ;[meeting, recording] = await Promise.all([Meeting.begin(), record()])
})
after(() => meeting?.end())
afterEach(() => {
  for (const somebody of crowd) somebody.leave()
  crowd = []
})

const names = (count, prefix) => Array.from({ length: count }, (_, at) => `${prefix}-${at}`)

async function enter(count, prefix, room, more) {
  const people = await gatherCrowd(meeting.server, names(count, prefix), room, more)
  crowd.push(...people)
  return people
}

async function oneMore(name, room, more) {
  const somebody = new Somebody(meeting.server, name)
  crowd.push(somebody)
  somebody.enter(room, more)
  return somebody
}

/** Waits until each of `people` has heard `code` of `count` others. */
const allHear = (people, code, count) =>
  until(() => people.every((somebody) => somebody.users(code).size >= count), {
    what: `each of ${people.length} hears ${code} of ${count} others`,
    within: CROWD_MS,
    explain: () => `fewest: ${Math.min(...people.map((somebody) => somebody.users(code).size))}\n${meeting.server.logTail(10)}`,
  })

const told = (somebody) =>
  until(() => somebody.errors.length > 0, {
    what: `${somebody.name} is told that there is no place`,
    within: CROWD_MS,
    explain: () => JSON.stringify(somebody.events.slice(-5)),
  })

test('three_hundred_people_in_a_room_know_of_each_other_and_one_more_is_told_that_it_is_full', async () => {
  const room = { roomID: '300' }
  const people = await enter(MEMBERS, 'member', room)
  await allHear(people, 'REMOTE_USER_JOIN', MEMBERS - 1)
  const late = await oneMore('late', room)
  await told(late)
  assert.deepEqual([late.errors, late.joined], [[FULL], false])
  assert.ok(people.every(({ errors }) => errors.length === 0))
})

test('fifty_people_send_in_one_room_and_one_more_only_watches', async () => {
  const room = { roomID: '50' }
  const on = { enableMic: true, enableCamera: true }
  const speakers = await enter(SPEAKERS, 'speaker', room, on)
  const [watcher] = await enter(1, 'watcher', room)
  await Promise.all(speakers.map((speaker) => speaker.send(recording)))
  await allHear([watcher], 'REMOTE_AUDIO_ADD', SPEAKERS)
  await allHear([watcher], 'REMOTE_VIDEO_ADD', SPEAKERS)
  await allHear(speakers, 'REMOTE_AUDIO_ADD', SPEAKERS - 1)
  const late = await oneMore('late', room, on)
  await allHear([late], 'REMOTE_AUDIO_ADD', SPEAKERS)
  await assert.rejects(late.send(recording), 'its push is refused')
  await told(late)
  assert.deepEqual([late.errors, late.joined], [[FULL], true])
  assert.ok(!watcher.users('REMOTE_AUDIO_ADD').has('late'))
})

test('fifty_microphones_are_open_in_a_live_room_and_one_more_finds_no_place', async () => {
  const room = { strRoomID: 'fifty' }
  const anchor = { scene: 'live', role: 'anchor', enableMic: true }
  const anchors = await enter(SPEAKERS, 'anchor', room, anchor)
  const [fan] = await enter(1, 'fan', room, { scene: 'live', role: 'audience' })
  await Promise.all(anchors.map((somebody) => somebody.send(recording)))
  await allHear([fan], 'REMOTE_AUDIO_ADD', SPEAKERS)
  const late = await oneMore('late', room, anchor)
  await told(late)
  assert.deepEqual([late.errors, late.joined], [[FULL], false])
  fan.trtc.setPusherAttributes({ enableMic: true })
  await told(fan)
  assert.deepEqual(fan.errors, [FULL], 'the audience finds no place either, and goes on listening')
})
