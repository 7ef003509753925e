// `make demo`: a server and three simulated phones for 30 seconds, with a live table. Every figure is measured on
// pictures and sound that were decoded; in the middle one phone loses its network for three seconds.
import { parseArgs } from 'node:util'
import { Meeting } from './lib/meeting.mjs'
import { LiveTable } from './lib/table.mjs'
import { until } from './lib/until.mjs'

const { values: options } = parseArgs({ options: { seconds: { type: 'string', default: '30' } } })
const SECONDS = Number(options.seconds)
const OUTAGE_AT = Math.round(SECONDS * 0.4)
const OUTAGE_SECONDS = 3
const NAMES = ['alice', 'bob', 'carol']
const VICTIM = 'bob'
const ROOM = { roomID: '1' }
/** A picture younger than this is live. */
const FRESH_MS = 500
/** The phones get this long to boot and to meet on a slow machine. */
const MEET_MS = 30000

const table = new LiveTable()
const began = Date.now()
const elapsed = () => Math.floor((Date.now() - began) / 1000)
const say = (text) => table.say(`${String(elapsed()).padStart(3)} s  ${text}`)
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

const pairsOf = (phones) =>
  phones.flatMap((viewer) => phones.filter((p) => p !== viewer).map((sender) => ({ viewer, sender })))

const isLive = ({ viewer, sender }) => {
  const player = viewer.player(sender)
  return player !== null && Date.now() - player.lastFrame < FRESH_MS && player.heard === sender.toneHz
}

const reconnects = (viewer, player) =>
  Math.max(0, viewer.pusher.connects - 1) + Math.max(0, (player?.connects ?? 0) - 1)

function row({ viewer, sender }) {
  const player = viewer.player(sender)
  if (!player) return [viewer.name, sender.name, '-', '-', '-', '-', '-', viewer.pusher ? reconnects(viewer, null) : 0]
  const latency = player.latency === null ? '-' : `${player.latency} ms`
  const heard = player.heard === sender.toneHz ? `${player.heard} Hz` : player.heard ? `${player.heard} Hz?` : 'silence'
  const first = player.firstPictureMs === null ? '-' : `${player.firstPictureMs} ms`
  return [
    viewer.name,
    sender.name,
    player.frames,
    player.fps.toFixed(1),
    latency,
    heard,
    first,
    reconnects(viewer, player),
  ]
}

/** Takes the victim's network away and tells how long it took until everybody was back. */
async function outage(phones, pairs) {
  const victim = phones.find(({ name }) => name === VICTIM)
  say(`${VICTIM} loses the network: connections are gone, the server is told nothing`)
  victim.network.lose()
  await victim.networkChanged({ isConnected: false, networkType: 'none' })
  await wait(OUTAGE_SECONDS * 1000)
  victim.network.heal()
  await victim.networkChanged({ isConnected: true, networkType: '4g' })
  const back = Date.now()
  say(`${VICTIM} has a network again, with another address`)
  const touched = pairs.filter(({ viewer, sender }) => viewer === victim || sender === victim)
  await until(() => touched.every(isLive), {
    what: `${VICTIM} is back`,
    within: MEET_MS,
    explain: () => victim.explain(),
  })
  const took = Date.now() - back
  say(`${VICTIM} sees, hears, is seen and is heard again after ${(took / 1000).toFixed(1)} s`)
  return took
}

/** What a reader should know at the end: is everything as it must be, and if not, what is wrong. */
function judge(phones, pairs, recovery) {
  const wrong = []
  for (const { viewer, sender } of pairs.filter((pair) => !isLive(pair))) {
    wrong.push(`${viewer.name} does not see and hear ${sender.name}`)
  }
  for (const phone of phones) {
    for (const code of ['REMOTE_USER_LEAVE', 'KICKED_OUT']) {
      const [event] = phone.events(code)
      if (event) wrong.push(`${phone.name} got ${code} ${event.userID ?? event.reason ?? ''}`)
    }
  }
  if (recovery === null) wrong.push(`${VICTIM} did not recover`)
  const latencies = pairs.map(({ viewer, sender }) => viewer.player(sender)?.latency ?? Infinity).sort((a, b) => a - b)
  const frames = pairs.reduce((sum, { viewer, sender }) => sum + (viewer.player(sender)?.frames ?? 0), 0)
  return { wrong, frames, median: latencies[Math.floor(latencies.length / 2)] }
}

async function main() {
  table.say(`Huitong demo: one server, three simulated phones, ${SECONDS} seconds`)
  const meeting = await Meeting.begin()
  try {
    say(`server on ${meeting.server.http} and ${meeting.server.rtmp}`)
    const phones = await Promise.all(
      NAMES.map(async (name) => {
        const phone = await meeting.phone(name, { faulty: true, retryMs: 1000 })
        say(`${name} is switched on (${phone.toneHz} Hz)`)
        await meeting.enter(phone, ROOM)
        say(`${name} is in the room`)
        return phone
      }),
    )
    return await watch(phones)
  } finally {
    await meeting.end()
  }
}

async function watch(phones) {
  const pairs = pairsOf(phones)
  const draw = () =>
    table.show(
      `${String(elapsed()).padStart(3)} s  who sees whom (latency from the sender's clock to the decoded picture)`,
      pairs.map(row),
    )
  const timer = setInterval(draw, 1000)
  try {
    await until(() => pairs.every(isLive), {
      what: 'everybody sees and hears everybody',
      within: MEET_MS,
      explain: () => phones[0].explain(),
    })
    say('everybody sees and hears everybody')
    await wait(Math.max(0, OUTAGE_AT - elapsed()) * 1000)
    const recovery = await outage(phones, pairs)
    await wait(Math.max(0, SECONDS - elapsed()) * 1000)
    clearInterval(timer)
    draw()
    table.keep()
    return conclude(judge(phones, pairs, recovery), recovery)
  } finally {
    clearInterval(timer)
  }
}

function conclude({ wrong, frames, median }, recovery) {
  if (wrong.length === 0) {
    table.say(
      `\nGOOD: all 6 directions live, ${frames} pictures decoded, median latency ${median} ms, ` +
        `recovered ${(recovery / 1000).toFixed(1)} s after a ${OUTAGE_SECONDS} s outage, nobody was thought to have left`,
    )
    return 0
  }
  table.say(`\nBAD: ${wrong.join('; ')}`)
  return 1
}

// A reader that goes away ends the demo; leaving by exit takes the server and the phones along.
process.stdout.on('error', () => process.exit(1))
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

process.exitCode = await main().catch((error) => {
  table.keep()
  table.say(`\nBAD: ${error.message}`)
  return 1
})
