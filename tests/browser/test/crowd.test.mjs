// More people than tiles: the grid adapts, sixteen are seen, everybody is heard and listed.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { CROWD_MS, gatherCrowd, record } from '../../phones/lib/crowd.mjs'
import { Meeting } from '../../phones/lib/meeting.mjs'
import { launch } from '../lib/chromium.mjs'
import { Visitor } from '../lib/visitor.mjs'

const ROOM = '20004'
const MOST = 16
let meeting, browser, recording, gina
const crowd = []

before(async () => {
  ;[meeting, browser, recording] = await Promise.all([Meeting.begin({ demo: true }), launch(), record()])
})
after(async () => {
  for (const somebody of crowd) somebody.leave()
  await gina?.leaves()
  await browser?.close()
  await meeting?.end()
})

async function come(count) {
  const names = Array.from({ length: count }, (_, at) => `p${crowd.length + at + 1}`)
  const people = await gatherCrowd(meeting.server, names, { roomID: ROOM }, { enableMic: true, enableCamera: true })
  crowd.push(...people)
  await Promise.all(people.map((somebody) => somebody.send(recording)))
}

/** How many tiles are laid out in the grid, and how many are shown a picture. */
const look = () =>
  gina.page.evaluate(() => {
    const tiles = [...document.querySelectorAll('.tile:not([data-own])')]
    const shown = tiles.filter((tile) => !tile.classList.contains('unseen'))
    const player = (tile) => tile.querySelector('live-player')
    const { right, bottom } = document.querySelector('.stage').getBoundingClientRect()
    return {
      tiles: tiles.length,
      shown: shown.length,
      pictured: shown.filter((tile) => player(tile).video.videoWidth > 0).length,
      outside: shown.filter((tile) => tile.getBoundingClientRect().right > right + 1 || tile.getBoundingClientRect().bottom > bottom + 1).length,
      soundOnly: tiles.filter((tile) => player(tile).getAttribute('tracks') === 'audio').length,
      columns: Number(getComputedStyle(document.querySelector('.grid')).getPropertyValue('--columns')),
    }
  })

test('the_grid_adapts_from_one_to_sixteen_and_further_people_are_heard', async () => {
  gina = await Visitor.arrive(browser, meeting.server, { name: 'gina', room: ROOM })
  await gina.join()
  const own = (await gina.all()).tiles.length
  for (const [more, columns] of [[1, 1], [3, 2], [5, 3]]) {
    await come(more)
    await gina.until(`sees ${crowd.length}`, async () => (await look()).pictured === crowd.length, CROWD_MS)
    const { outside, columns: seen } = await look()
    assert.equal(outside, 0)
    assert.ok(seen >= columns, `${seen} columns for ${crowd.length}`)
  }
  await come(9)
  await gina.until('has a tile for everybody', async () => (await look()).tiles === 18, CROWD_MS)
  await gina.until('sees sixteen', async () => (await look()).shown + own === MOST, CROWD_MS)
  await gina.until('sees their pictures', async () => (await look()).pictured === MOST - own, CROWD_MS)
  await gina.until('gets only the sound of the others', async () => (await look()).soundOnly === 18 + own - MOST, CROWD_MS)
  assert.equal((await look()).outside, 0)
  await gina.press('people')
  assert.equal((await gina.all()).people.length, 19)
  await gina.screenshot('sixteen')
})
