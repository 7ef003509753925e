// The SDK file that the server itself hands out: its address is filled in, so a page needs no setting at all.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { Meeting, allMeet } from '../lib/meeting.mjs'

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
