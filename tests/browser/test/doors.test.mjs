// How one gets in, and the sentence for everything that keeps one out or without a device.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Server } from '../../phones/lib/server.mjs'
import { mintUserSig } from '../../phones/lib/usersig.mjs'
import { launch } from '../lib/chromium.mjs'
import { PHONE, Visitor } from '../lib/visitor.mjs'

let server, browser

before(async () => {
  // Without the flag that says yes, a context without permissions says no, as a user does.
  ;[server, browser] = await Promise.all([Server.start(), launch({ ask: true, flags: ['--host-resolver-rules=MAP plain.test 127.0.0.1'] })])
})
after(async () => {
  await browser?.close()
  await server?.stop()
})

const arrive = (options) => Visitor.arrive(browser, server, { name: 'dora', room: 'doors', ...options })
const hashFor = (user, sig = mintUserSig(server.app, user), app = server.app.id) =>
  `#${new URLSearchParams({ app: String(app), user, sig })}`

test('a_server_with_its_own_application_asks_for_a_usersig', async () => {
  const dora = await arrive()
  await dora.press('join')
  await dora.isTold('Enter APPID, user ID and UserSig first.')
  await dora.page.fill('#appid', String(server.app.id))
  await dora.page.fill('#sig', mintUserSig(server.app, 'dora'))
  await dora.screenshot('credentials')
  await dora.join()
  await dora.leaves()
})

test('a_credential_behind_the_hash_is_used_and_taken_from_the_address', async () => {
  const dora = await arrive({ name: '', hash: hashFor('dora') })
  assert.equal(new URL(dora.page.url()).hash, '')
  assert.equal(await dora.page.inputValue('#name'), 'dora')
  await dora.join()
  await dora.leaves()
})

test('a_wrong_credential_is_told_in_one_sentence', async () => {
  const other = { ...server.app, secret: 'f'.repeat(64) }
  const cases = [
    [hashFor('dora', mintUserSig(other, 'dora')), 'The UserSig is not right for this APPID and user: get a new one from your back-end.'],
    [hashFor('dora', mintUserSig(server.app, 'dora', { at: 1_600_000_000, expire: 60 })), 'The UserSig has expired: get a new one from your back-end.'],
    [hashFor('dora', mintUserSig(server.app, 'dora'), 7), 'This server does not know the APPID.'],
  ]
  for (const [hash, sentence] of cases) {
    const dora = await arrive({ hash })
    await dora.press('join')
    await dora.isTold(sentence)
    assert.equal(await dora.page.isVisible('.lobby'), true)
    await dora.leaves()
  }
})

test('a_newer_entry_under_the_same_name_is_told_to_the_older_one', async () => {
  const first = await arrive({ hash: hashFor('dora') })
  await first.join()
  const second = await arrive({ hash: hashFor('dora') })
  await second.join()
  await first.isTold('Somebody entered with the same name, so you had to leave.')
  await first.leaves()
  await second.leaves()
})

test('denied_devices_are_told_where_to_allow_them', async () => {
  const dora = await arrive({ permissions: ['microphone'] })
  await dora.press('turn-on')
  await dora.isTold(/not allowed to use the camera: allow it/)
  await dora.screenshot('camera-denied')
  await dora.leaves()
})

test('denied_devices_are_told_in_chinese', async () => {
  // Who allowed the camera before is not asked to press anything.
  const dora = await arrive({ permissions: ['camera'], locale: 'zh-CN', viewport: PHONE })
  await dora.isTold(/未获得麦克风权限/)
  await dora.screenshot('microphone-denied-zh-phone')
  await dora.leaves()
})

test('a_page_that_did_not_come_over_https_says_why_there_is_no_camera', async () => {
  const dora = await arrive({ host: `http://plain.test:${server.httpPort}` })
  await dora.press('turn-on')
  await dora.isTold('Camera and microphone work only on https pages or on localhost: open this page with https.')
  await dora.leaves()
})

test('a_device_that_is_missing_is_told', async () => {
  const missing = () => {
    const { mediaDevices } = navigator
    const real = mediaDevices.getUserMedia.bind(mediaDevices)
    mediaDevices.getUserMedia = (wish) =>
      wish.video ? Promise.reject(new DOMException('Requested device not found', 'NotFoundError')) : real(wish)
  }
  const dora = await arrive({ permissions: ['camera', 'microphone'], before: (page) => page.addInitScript(missing) })
  await dora.isTold('No camera was found; the others hear you but do not see you.')
  await dora.leaves()
})

test('a_room_name_that_cannot_be_is_told_before_anything_is_sent', async () => {
  const dora = await arrive({ room: '会'.repeat(60), hash: hashFor('dora') })
  await dora.press('join')
  await dora.isTold('The name of the room is too long or has characters that cannot be printed.')
  await dora.leaves()
})
