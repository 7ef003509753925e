// The conference page of the example mini program on phones: as its users write it, with the tags that only phones have.
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Meeting } from '../lib/meeting.mjs'

const EXAMPLE = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../examples/miniprogram')
const PAGE = 'pages/conference/conference'
/** Native tags try again three times, three seconds apart. */
const TAGS_GIVE_UP_MS = 30000

let meeting

before(async () => {
  meeting = await Meeting.begin({ demo: true })
})
after(() => meeting?.end())

/** Somebody whose page is in the conference. */
async function come(name, join, more) {
  const phone = await meeting.phone(name, { app: EXAMPLE, ...more })
  await phone.open(PAGE, { name, join })
  await phone.call('enter')
  return phone.until('is inside', () => (phone.data.state === 'inside' ? phone : null))
}

const meets = (phone, { toneHz }, within) =>
  phone.until('sees and hears the other now', () => {
    const [player, ...more] = Object.values(phone.players)
    return player && more.length === 0 && player.fps > 0 && player.heard === toneHz
  }, within)

test('the_page_sees_and_is_seen_again_after_its_tags_have_given_up', async () => {
  const ann = await come('ann', 'tunnel')
  const bob = await come('bob', 'tunnel', { faulty: true })
  await Promise.all([meets(ann, bob), meets(bob, ann)])
  bob.network.lose()
  await bob.networkChanged({ isConnected: false, networkType: 'none' })
  const gaveUp = ({ pusher, players }) => pusher.codes.includes(-1307) && Object.values(players).every(({ codes }) => codes.includes(-2301))
  await bob.until('its tags have given up', gaveUp, TAGS_GIVE_UP_MS)
  bob.network.heal()
  await bob.networkChanged({ isConnected: true, networkType: '4g' })
  await Promise.all([meets(ann, bob, TAGS_GIVE_UP_MS), meets(bob, ann, TAGS_GIVE_UP_MS)])
  assert.deepEqual([bob.data.people.map(({ user }) => user), ann.data.people.map(({ user }) => user)], [['ann'], ['bob']])
  await bob.call('hangUp')
  await ann.until('is alone', () => ann.data.people.length === 0 && Object.keys(ann.players).length === 0)
  assert.equal(bob.data.state, 'door')
})
