// A port on the open Internet is visited by strangers. A call that is going on does not notice.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { after, before, test } from 'node:test'
import { Meeting, allMeet } from '../lib/meeting.mjs'
import { strangersCome } from '../lib/strangers.mjs'
import { until } from '../lib/until.mjs'

const STRANGERS = 10_000
/** So many at once; each stays for up to 0.4 s, so all have come after some twenty seconds. */
const TOGETHER = 300
/** 300 strangers at a time with some tens of KiB each, and as much again for the allocator. What those at a time
 * declare or send without permission would be ten times that. */
const GROWTH_MIB = 32
/** Connections that were held, or that log in too late, go within the server's time-outs of 5, 10 and 15 s. */
const GONE_MS = 40_000

let meeting
before(async () => {
  meeting = await Meeting.begin()
})
after(() => meeting?.end())

const residentMiB = (pid) => {
  const line = fs.readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+) kB/)
  return Number(line[1]) / 1024
}
const descriptors = (pid) => fs.readdirSync(`/proc/${pid}/fd`).length

test('ten_thousand_bad_connections_leave_a_call_unharmed', async (t) => {
  const { server } = meeting
  const phones = await meeting.gather({ roomID: 43001 }, ['alice', 'bob'])
  const [alice, bob] = phones
  await allMeet(phones)
  const { pid } = server
  const before = { memory: residentMiB(pid), files: descriptors(pid) }
  const players = phones.map((phone, n) => phone.player(phones[1 - n]))
  const seen = players.map((player) => ({ connects: player.connects, frames: player.frames }))

  let peak = before.memory
  await strangersCome(server, {
    count: STRANGERS,
    together: TOGETHER,
    onProgress: (count) => {
      if (count % 100 === 0) peak = Math.max(peak, residentMiB(pid))
    },
  })

  assert.equal(server.pid, pid, 'the same process serves on')
  t.diagnostic(`memory ${before.memory.toFixed(1)} MiB before, ${peak.toFixed(1)} MiB at most`)
  assert.ok(peak - before.memory < GROWTH_MIB, `memory grew from ${before.memory} to ${peak} MiB`)
  for (const [n, phone] of phones.entries()) {
    const player = phone.player(phones[1 - n])
    assert.equal(player.connects, seen[n].connects, `${phone.name}'s player did not reconnect`)
    assert.ok(player.frames > seen[n].frames, `${phone.name} saw pictures all the while`)
    assert.equal(phone.pusher.connects, 1, `${phone.name}'s push did not break`)
    assert.deepEqual(phone.events('REMOTE_USER_LEAVE'), [])
    assert.deepEqual(phone.events('ERROR'), [])
  }
  await allMeet([alice, bob])
  await until(() => descriptors(pid) <= before.files + 2, {
    what: 'every connection of the strangers is gone',
    within: GONE_MS,
    explain: () => `${descriptors(pid)} descriptors, ${before.files} before\n${server.logTail()}`,
  })
  assert.doesNotMatch(server.logText, /panicked/)
})
