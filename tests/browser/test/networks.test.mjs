// Browsers on networks that lose, delay and change.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Server } from '../../phones/lib/server.mjs'
import { until } from '../../phones/lib/until.mjs'
import { Browser } from '../lib/browser.mjs'
import { launch } from '../lib/chromium.mjs'
import { portOf, Relay, through } from '../lib/relay.mjs'
import { Visitor } from '../lib/visitor.mjs'

const HZ = 700
const LOSS = 0.05
const DELAY_MS = 100
/** How long the bad network is watched, and how many pictures a second must come through it at least: half of them. */
const WATCH_MS = 10000
const LEAST_FPS = 8
/** Chromium calls a path disconnected after some seconds of silence, then the page restarts ICE. */
const CHANGE_MS = 30000
let server, strangers, browser
const relays = []

/** The WebRTC port, as the server tells it at its start. */
const rtcPort = () => Number(/media on 127\.0\.0\.1:(\d+)/.exec(server.logText)[1])
const relayTo = async (port, conditions) => {
  const relay = await Relay.start(port, conditions)
  relays.push(relay)
  return relay
}
const figure = async (name) => {
  const text = await (await fetch(`${server.http}/metrics`)).text()
  return Number(text.split('\n').find((line) => line.startsWith(`${name} `))?.split(' ')[1] ?? 0)
}

before(async () => {
  server = await Server.start({ demo: true })
  ;[strangers, browser] = await Promise.all([Browser.start(), launch()])
})
after(async () => {
  relays.forEach((relay) => relay.close())
  await strangers?.end()
  await browser?.close()
  assert.equal(await server?.stop(), 0, 'the server drains and exits with 0')
})

test('five_percent_loss_and_a_tenth_of_a_second_are_repaired_and_the_picture_goes_on', async (t) => {
  const [alice, bob] = [await strangers.page(), await strangers.page()]
  const [up, down] = [await relayTo(rtcPort(), { seed: 7, delayMs: DELAY_MS }), await relayTo(rtcPort(), { seed: 8, delayMs: DELAY_MS })]
  await alice.call('publish', (await server.urls('push', 1, 'alice')).whip, { hz: HZ, only: 'udp', via: up.port })
  await alice.sees('alice sends pictures', ({ state, sent }) => state === 'connected' && sent > 10)
  await bob.call('play', (await server.urls('play', 1, 'alice')).whep, { only: 'udp', via: down.port })
  const before = await bob.sees('bob decodes pictures', ({ decoded }) => decoded > 30)
  up.loss = down.loss = LOSS
  const since = performance.now()
  const seen = await bob.sees('bob decodes pictures all the while', () => performance.now() - since > WATCH_MS)
  const fps = ((seen.decoded - before.decoded) * 1000) / (performance.now() - since)
  const sent = await alice.call('look')
  t.diagnostic(`${fps.toFixed(1)} pictures a second; ${seen.nacks} NACKs of bob, ${seen.repaired} packets repaired; alice sent ${sent.resent} again`)
  assert.ok(up.lost > 10 && down.lost > 10, 'the networks lose datagrams')
  assert.ok(fps >= LEAST_FPS, `${fps} pictures a second`)
  assert.ok(seen.nacks > 0 && seen.repaired > 0, JSON.stringify(seen))
  assert.ok(sent.resent > 0, JSON.stringify(sent))
  const told = async () =>
    (await figure('huitong_webrtc_nacks_total{direction="received"}')) > 0 &&
    (await figure('huitong_webrtc_nacks_total{direction="sent"}')) > 0 &&
    (await figure('huitong_webrtc_resent_total{direction="sent"}')) > 0 &&
    (await figure('huitong_webrtc_rtt_seconds_count{role="play"}')) > 0
  await until(told, { what: 'the figures tell of it', within: 15000, explain: async () => (await fetch(`${server.http}/metrics`)).text() })
  await Promise.all([alice.close(), bob.close()])
})

/** Sends the media of one kind (`whip`, `whep`) through a relay that the test can change; counts requests. */
async function routed(page, kind, path) {
  await page.route(`**/${kind}/**`, async (route) => {
    const method = route.request().method()
    path.requests.push(method)
    if (method === 'DELETE') return route.continue()
    const response = await route.fetch()
    const text = await response.text()
    if (response.status() >= 300) return route.fulfill({ response, body: text })
    path.relay ??= await relayTo(portOf(text))
    return route.fulfill({ response, body: through(path.relay, text) })
  })
}

/** The path breaks, and there is another one. */
async function change(path) {
  const { serverPort } = path.relay
  path.relay.dark = true
  path.relay = await relayTo(serverPort)
}

test('another_network_in_mid_call_restarts_ice_and_the_session_goes_on', async () => {
  const [sends, plays] = [{ requests: [] }, { requests: [] }]
  const arrive = (name, before) => Visitor.arrive(browser, server, { name, room: '20009', before })
  const bea = await arrive('bea', (page) => routed(page, 'whip', sends))
  await bea.join()
  const carl = await arrive('carl', (page) => routed(page, 'whep', plays))
  await carl.join()
  await carl.sees('bea')
  await change(sends)
  await bea.until('restarts ICE', async () => sends.requests.includes('PATCH'), CHANGE_MS)
  await carl.sees('bea', { within: CHANGE_MS })
  assert.deepEqual(sends.requests, ['POST', 'PATCH'], 'no session was made anew')
  // A viewer for whom no picture comes for long may have tried a new session meanwhile.
  plays.requests.length = 0
  await change(plays)
  await carl.until('restarts ICE', async () => plays.requests.includes('PATCH'), CHANGE_MS)
  await carl.sees('bea', { within: CHANGE_MS })
  assert.deepEqual([sends.requests, plays.requests], [['POST', 'PATCH'], ['PATCH']], 'no session was made anew')
  assert.equal((await carl.tile('bea')).transport, 'whep')
  assert.ok((await figure('huitong_webrtc_ice_restarts_total')) >= 2)
  await Promise.all([bea.leaves(), carl.leaves()])
})
