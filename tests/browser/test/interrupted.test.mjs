// The wire to the server is cut while one is in a room: the page says so for as long as it is, and goes on afterwards.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Server } from '../../phones/lib/server.mjs'
import { launch } from '../lib/chromium.mjs'
import { Cut } from '../lib/cut.mjs'
import { Visitor } from '../lib/visitor.mjs'

const LOST = 'The connection was lost; reconnecting…'
let server, browser

before(async () => {
  ;[server, browser] = await Promise.all([Server.start({ demo: true }), launch()])
})
after(async () => {
  await browser?.close()
  assert.equal(await server?.stop(), 0, 'the server drains and exits with 0')
})

const PAGES = [
  { what: 'room', ready: '[data-act=join]' },
  { what: 'voice', ready: '[data-act=enter-voice]', hash: '#voice' },
  { what: 'conference', ready: '[data-act=enter]', hash: '#conference?room=cut' },
]

for (const { what, ready, hash } of PAGES) {
  test(`a_${what}_says_that_the_connection_is_lost_until_it_is_back`, async () => {
    const wire = new Cut()
    const dora = await Visitor.arrive(browser, server, {
      name: 'dora', room: 'cut', hash, ready, permissions: ['camera', 'microphone'], before: (page) => wire.watch(page),
    })
    const banner = dora.page.locator('.banner')
    const isPresent = (present) => dora.until(`present: ${present}`, async () => (await dora.all()).present === present)
    await dora.page.click(ready)
    await isPresent('true')
    assert.equal(await banner.isVisible(), false)
    await wire.cut()
    await isPresent('false')
    await banner.getByText(LOST).waitFor()
    assert.equal(await dora.page.locator('.toast', { hasText: LOST }).count(), 0, 'it is said once')
    await dora.screenshot(`lost-${what}`)
    await wire.mend()
    await isPresent('true')
    await dora.isTold('Connected again.')
    assert.equal(await banner.isVisible(), false)
    await dora.leaves()
  })
}
