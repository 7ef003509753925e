// The SDK file that the server itself hands out: its address is filled in, so a page needs no setting at all.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { Meeting, allMeet } from '../lib/meeting.mjs'
import { VOICE_PAGE, pass, voiceApp } from '../lib/voice.mjs'

let meeting, folder

before(async () => {
  meeting = await Meeting.begin()
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'huitong-sdk-'))
})
after(async () => {
  await meeting?.end()
  fs.rmSync(folder, { recursive: true, force: true })
})

test('a_page_with_the_servers_own_file_needs_no_address', async () => {
  const response = await fetch(`${meeting.server.http}/sdk/trtc-wx/trtc-wx.js`)
  assert.equal(response.status, 200, 'the server has the file: `make sdk` comes before the build of the server')
  const sdk = path.join(folder, 'trtc-wx.js')
  fs.writeFileSync(sdk, await response.text())
  const phones = await meeting.gather({ strRoomID: 'no-settings' }, ['una', 'vic'], { sdk, server: null })
  await allMeet(phones, { frames: 5 })
})

test('a_page_with_the_servers_own_component_for_voice_rooms_needs_no_address', async () => {
  const list = await (await fetch(`${meeting.server.http}/sdk/`)).text()
  const files = [...list.matchAll(/href="\/sdk\/(miniprogram\/gme-room\/[^"]+)"/g)].map(([, file]) => file)
  assert.ok(files.length > 10, 'the server lists the files of the component')
  for (const file of files) {
    const target = path.join(folder, file)
    fs.mkdirSync(path.dirname(target), { recursive: true })
    fs.writeFileSync(target, await (await fetch(`${meeting.server.http}/sdk/${file}`)).text())
  }
  const app = voiceApp(path.join(folder, 'miniprogram/gme-room'))
  const [wes, xia] = await Promise.all(['1', '2'].map((name) => meeting.phone(name, { app: app.folder, server: null })))
  for (const phone of [wes, xia]) {
    await phone.open(VOICE_PAGE, pass(meeting, phone.name, 'no_settings'))
    await phone.until('is in the room', ({ data }) => data.told.some(({ type, params }) => type === 'EVENT_ENTER_ROOM_COMPLETED' && params.errType === 0))
  }
  await wes.call('run', 'enableMic', true)
  await xia.hears(wes)
  app.remove()
})
