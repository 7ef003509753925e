// What rooms use, measured with real media, and an application that is suspended while its room runs.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { pull } from '../lib/ffmpeg.mjs'
import { Meeting } from '../lib/meeting.mjs'
import { story } from '../lib/story.mjs'
import { stays, until } from '../lib/until.mjs'

const ROOM = { roomID: '50001' }
const NOT_ENTERED = -3301
const SUSPENDED = -100013
/** How long the three watch each other, ms: half an hour of the worked example, scaled down. */
const WATCHED = 12000
/**
 * What is received is looked at once a second, and a stream counts as dry after one to two seconds without a picture, so a
 * reception may begin a second late and end three seconds late.
 */
const LATE_BEGIN = 1000
const LATE_END = 3000
/** Between what a phone sees and what the server knows lie a decoder, some packets, and a busy machine. */
const SLACK = 2000
const step = story()
const guests = []
let meeting, alice, bob, carol

before(async () => {
  meeting = await Meeting.begin()
})
after(async () => {
  guests.forEach(({ stop }) => stop())
  assert.equal(await meeting?.end(), 0, 'the server drains and exits with 0')
})

const frames = (phone, other) => phone.player(other)?.frames ?? 0

/** Usage of the room, by user; once everybody has left it. */
const used = (count) =>
  until(
    async () => {
      const { records } = await meeting.server.api('GET', '/v1/usage?room=50001')
      return records.length === count && records.every(({ open }) => !open) && records
    },
    { what: `${count} stays are on record`, within: 15000, explain: () => meeting.server.logTail() },
  )

step('of_three_each_uses_what_it_receives', async (t) => {
  // The example of the vendor's page: one sends a small picture, one sound only, one a large picture.
  const sizes = { alice: { width: 360, height: 640 }, bob: {}, carol: { width: 720, height: 1280 } }
  ;[alice, bob, carol] = await Promise.all(
    Object.entries(sizes).map(([name, size]) => meeting.phone(name, { media: { ...size, fps: 5 } })),
  )
  const began = Date.now()
  await Promise.all([
    meeting.enter(alice, ROOM),
    meeting.enter(bob, ROOM, { camera: false }),
    meeting.enter(carol, ROOM),
  ])
  const pairs = [
    [alice, carol],
    [bob, alice],
    [bob, carol],
    [carol, alice],
  ]
  await Promise.all([...pairs.map(([phone, other]) => phone.sees(other, { frames: 3 })), alice.hears(bob), carol.hears(bob)])
  const before = pairs.map(([phone, other]) => frames(phone, other))
  await stays(() => [alice, bob, carol].every(({ pusher }) => pusher.connected), {
    what: 'all three push',
    during: WATCHED,
    explain: () => alice.explain(),
  })
  pairs.forEach(([phone, other], n) => assert.ok(frames(phone, other) > before[n], `${phone.name} saw ${other.name}`))
  await Promise.all([alice, bob, carol].map((phone) => phone.call('exitRoom')))
  const records = await used(3)
  const most = Date.now() - began
  const of = (name) => records.find(({ user }) => user === name)
  t.diagnostic(JSON.stringify(records))
  const received = (what, ms, room) => {
    assert.ok(ms >= WATCHED - LATE_BEGIN - SLACK, `${what}: ${ms} ms are too few`)
    assert.ok(ms <= room + LATE_END, `${what}: ${ms} ms are more than the ${room} ms in the room`)
  }
  for (const record of records) {
    const { roomMs, endedMs, startedMs, micMs, user } = record
    assert.equal(endedMs - startedMs, roomMs, user)
    assert.ok(roomMs >= WATCHED && roomMs <= most, `${user} was ${roomMs} ms in the room`)
    assert.ok(micMs >= WATCHED && micMs <= roomMs, `${user} spoke ${micMs} ms`)
  }
  received('alice of carol', of('alice').videoHdMs, of('alice').roomMs)
  received('bob of alice', of('bob').videoSdMs, of('bob').roomMs)
  received('bob of carol', of('bob').videoHdMs, of('bob').roomMs)
  received('carol of alice', of('carol').videoSdMs, of('carol').roomMs)
  assert.deepEqual([of('alice').videoSdMs, of('carol').videoHdMs], [0, 0], 'the sound of bob is no picture')
  assert.ok(records.every(({ videoFhdMs }) => videoFhdMs === 0))
  // Who receives one stream has either pictures or audio time.
  for (const { roomMs, audioMs, videoSdMs, videoHdMs } of [of('alice'), of('carol')]) {
    assert.equal(audioMs + videoSdMs + videoHdMs, roomMs)
  }
  assert.ok(of('bob').audioMs <= of('bob').roomMs - of('bob').videoHdMs)
})

step('the_days_add_up_to_the_stays', async () => {
  const { records } = await meeting.server.api('GET', '/v1/usage')
  const { days, dayOffsetMinutes } = await meeting.server.api('GET', '/v1/usage/daily')
  assert.equal(dayOffsetMinutes, 0)
  const sum = (list, what) => list.reduce((all, one) => all + one[what], 0)
  for (const what of ['roomMs', 'audioMs', 'micMs', 'videoSdMs', 'videoHdMs', 'videoFhdMs']) {
    assert.equal(sum(days, what), sum(records, what), what)
  }
  for (const { audioMs, audioMinutes, videoSdMs, videoSdMinutes } of days) {
    assert.equal(audioMinutes, Math.ceil(Math.floor(audioMs / 1000) / 60))
    assert.equal(videoSdMinutes, Math.ceil(Math.floor(videoSdMs / 1000) / 60))
  }
})

/** Plays the picture of alice without any SDK; resolves when something came. */
async function guest(kind) {
  const program = pull((await meeting.server.urls('play', '50002', 'alice'))[kind])
  guests.push(program)
  await until(() => program.bytes > 0, { what: `a guest plays ${kind}`, within: 15000, explain: program.explain })
  return program
}

step('those_who_play_minted_urls_are_counted_together_and_beside', async () => {
  await Promise.all([alice, bob].map((phone) => phone.call('enterAgain', { roomID: '50002' })))
  await Promise.all([bob.sees(alice, { frames: 3 }), alice.hears(bob)])
  const playing = [await guest('rtmp'), await guest('flv')]
  const from = Date.now()
  await bob.sees(alice, { frames: 15 })
  const both = Date.now() - from
  playing.forEach(({ stop }) => stop())
  const over = async () => {
    const { records } = await meeting.server.api('GET', '/v1/usage?of=guests')
    return records.length === 1 && !records[0].open && records[0]
  }
  const record = await until(over, { what: 'what guests received is on record', within: 15000, explain: () => meeting.server.logTail() })
  assert.deepEqual([record.user, record.room, record.micMs, record.videoHdMs], ['alice', '50002', 0, 0])
  assert.ok(record.roomMs >= 2 * both, `two for ${both} ms: ${JSON.stringify(record)}`)
  assert.ok(record.videoSdMs >= 2 * both - 2 * LATE_BEGIN && record.audioMs + record.videoSdMs === record.roomMs, JSON.stringify(record))
  const { days } = await meeting.server.api('GET', '/v1/usage/daily?of=guests')
  assert.equal(days.reduce((all, day) => all + day.roomMs, 0), record.roomMs)
  const { sums } = await meeting.server.api('GET', '/v1/usage/users')
  assert.deepEqual(sums.map(({ name }) => name), ['alice', 'bob', 'carol'], 'guests are nobody')
})

step('a_suspended_application_lets_nobody_in_and_cuts_nobody_off', async () => {
  const playing = await guest('rtmp')
  await meeting.server.api('PUT', '/v1/suspension')
  const since = carol.mark()
  await carol.call('enterAgain', { roomID: '50002' })
  const refused = await carol.until('is refused', () => since.events('ERROR')[0])
  assert.deepEqual([refused.error, refused.detail], [NOT_ENTERED, SUSPENDED], JSON.stringify(refused))
  assert.equal(since.events('LOCAL_JOIN').length, 0)
  await Promise.all([bob.sees(alice, { frames: 10 }), alice.hears(bob)])
  const before = playing.bytes
  await until(() => playing.bytes > before, { what: 'a guest that played plays on', within: 15000 })
  await assert.rejects(meeting.server.urls('play', '50002', 'alice'), /suspended/, 'no address is given out')
  const detail = await meeting.server.room('50002')
  assert.deepEqual(detail.members.map(({ user }) => user).sort(), ['alice', 'bob'])
})

step('once_it_is_resumed_everybody_may_enter', async () => {
  await meeting.server.api('DELETE', '/v1/suspension')
  const since = carol.mark()
  await carol.call('enterAgain', { roomID: '50002' })
  await carol.until('has joined', () => since.events('LOCAL_JOIN')[0])
  await carol.sees(alice, { frames: 3 })
})
