// The component for calls against the real server, which does not serve calls yet: pages get a clear answer and go on.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { CALL_PAGE, CallingApps } from '../lib/calling.mjs'
import { Meeting } from '../lib/meeting.mjs'

const apps = new CallingApps()
let meeting

before(async () => {
  meeting = await Meeting.begin()
})
after(async () => {
  apps.remove()
  assert.equal(await meeting?.end(), 0, 'the server drains and exits with 0')
})

test('a_call_to_a_server_without_calls_ends_in_an_error_and_nothing_else_breaks', async () => {
  const ann = await meeting.phone('ann', { app: apps.make() })
  await ann.open(CALL_PAGE, meeting.query('ann', {}))
  await ann.until('is logged in', () => ann.data.status === 'logged in')
  await ann.call('call', 'bob', 2)
  await ann.until('is told', () => ann.data.error)
  assert.match(ann.data.error.message, /operation/i, JSON.stringify(ann.data.error))
  await ann.until('is idle again', () => ann.component.callStatus === 'idle')
  assert.equal(ann.pusher, null, 'neither camera nor microphone stay open')
})
