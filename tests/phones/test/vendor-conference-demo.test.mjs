// The vendor's published conference component, unmodified, with the built file in place of the vendor's. It is not part of this
// repository: HUITONG_EMEDIA_DEMO names a checkout of easemob/webim-weixin-xcx at 8a62db2. Without it these tests are skipped;
// pages/conference of app/, which follows the same contract, is tested always.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { ConferenceApps, appKey } from '../lib/conferencing.mjs'
import { Meeting } from '../lib/meeting.mjs'
import { mintUserSig } from '../lib/usersig.mjs'

const DEMO = process.env.HUITONG_EMEDIA_DEMO
const skip = DEMO ? false : 'HUITONG_EMEDIA_DEMO does not name a checkout of easemob/webim-weixin-xcx'
const COMPONENT = 'comps/chat/multiEmedia'
const TAG = 'conference'
const HOST = 'pages/host/host'

const apps = new ConferenceApps()
let meeting, app

/** The page around the component does what the chat page of the demo does: it says who the user is, and what to do. */
const HOST_FILES = {
  'app.json': JSON.stringify({ pages: [HOST] }),
  'app.js': `
    let unique = 0
    wx.WebIM = { conn: { context: {}, getUniqueId: () => String(Date.now()) + unique++ } }
    require('./emedia/emedia_for_miniProgram.js')
    App({})`,
  [`${HOST}.json`]: JSON.stringify({ usingComponents: { 'multi-emedia': `/${COMPONENT}/multiEmedia` } }),
  [`${HOST}.wxml`]: `<multi-emedia wx:if="{{ready}}" id="${TAG}" username="{{username}}" action="{{action}}" bind:createConfrSuccess="made" bind:hangup="hungUp"></multi-emedia>`,
  [`${HOST}.wxss`]: '',
  [`${HOST}.js`]: `
    Page({
      data: { ready: false, username: { groupId: 'g1' }, action: null, made: null, hungUp: false },
      onLoad({ appKey, user, token, action }) {
        Object.assign(wx.WebIM.conn.context, { accessToken: token, userId: user, jid: { appKey, name: user, domain: 'easemob.com' } })
        this.setData({ action: action || null, ready: true })
      },
      made({ detail }) { this.setData({ made: detail }) },
      hungUp() { this.setData({ hungUp: true, ready: false }) },
    })`,
}

before(async () => {
  if (!DEMO) return
  const source = fs.mkdtempSync(path.join(fs.realpathSync('/tmp'), 'huitong-vendor-'))
  fs.cpSync(path.join(DEMO, 'src', COMPONENT), path.join(source, COMPONENT), { recursive: true })
  for (const [file, text] of Object.entries(HOST_FILES)) {
    fs.mkdirSync(path.dirname(path.join(source, file)), { recursive: true })
    fs.writeFileSync(path.join(source, file), text)
  }
  app = apps.make(source)
  fs.rmSync(source, { recursive: true })
  meeting = await Meeting.begin()
})
after(async () => {
  await meeting?.end()
  apps.remove()
})

async function open(name, action, more) {
  const phone = await meeting.phone(name, { app, ...more })
  await phone.open(HOST, { appKey: appKey(meeting.server), user: name, token: mintUserSig(meeting.server.app, name), action })
  return phone
}

/** Waits until the phone plays so many others, with picture and with one of these tones each. */
const meets = (phone, ...others) =>
  phone.until(`sees and hears ${others.map(({ name }) => name)}`, () => {
    const players = Object.values(phone.players)
    const heard = players.map(({ heard }) => heard)
    return players.length === others.length && players.every(({ frames }) => frames >= 15) && others.every(({ toneHz }) => heard.includes(toneHz))
  })

test('the_vendors_component_makes_a_conference_and_others_join_by_its_name', { skip }, async () => {
  const ann = await open('ann')
  const made = await ann.until('has made a conference', () => ann.data.made)
  assert.deepEqual([made.groupId, typeof made.confrId, made.password], ['g1', 'string', ''])
  const [bob, cid] = [await open('bob', { action: 'join', roomName: made.roomName, password: made.password }), await open('cid', { action: 'join', confrId: made.confrId, password: '' })]
  assert.equal((await bob.until('is in it', () => bob.data.made)).confrId, made.confrId)
  assert.equal((await cid.until('is in it by its id', () => cid.data.made)).confrId, made.confrId)
  await Promise.all([meets(ann, bob, cid), meets(bob, ann, cid), meets(cid, ann, bob)])
  const page = await ann.html(TAG)
  assert.ok(page.includes('bob') && page.includes('cid'), 'with their names')
  await bob.tapIn(TAG, '.hangup')
  await bob.until('has hung up', () => bob.data.hungUp)
  await meets(ann, cid)
  for (const phone of [ann, bob, cid]) {
    const log = await phone.fullLog()
    // It hangs up, and again when it is detached: the second time is only worth a warning.
    assert.deepEqual(log.filter((line) => /^\S+ error:|\[emedia\]/.test(line) && !line.includes('exitConference')), [], phone.name)
  }
  await Promise.all([ann, bob, cid].map((phone) => phone.kill()))
})

test('the_vendors_component_sees_and_is_seen_again_after_its_tags_have_given_up', { skip }, async () => {
  const fay = await open('fay', undefined, { faulty: true })
  const made = await fay.until('has made a conference', () => fay.data.made)
  const gus = await open('gus', { action: 'join', roomName: made.roomName, password: '' })
  await Promise.all([meets(fay, gus), meets(gus, fay)])
  fay.network.lose()
  await fay.networkChanged({ isConnected: false, networkType: 'none' })
  const gaveUp = ({ pusher, players }) => pusher.codes.includes(-1307) && Object.values(players).every(({ codes }) => codes.includes(-2301))
  await fay.until('its tags have given up', gaveUp, 30000)
  fay.network.heal()
  await fay.networkChanged({ isConnected: true, networkType: '4g' })
  const live = (phone, { toneHz }) =>
    phone.until('sees and hears the other now', () => {
      const [player, ...more] = Object.values(phone.players)
      return player && more.length === 0 && player.fps > 0 && player.heard === toneHz
    }, 30000)
  await Promise.all([live(fay, gus), live(gus, fay)])
  assert.deepEqual((await fay.fullLog()).filter((line) => line.includes('onConferenceExit')), [])
  await Promise.all([fay, gus].map((phone) => phone.kill()))
})

test('the_vendors_component_comes_back_after_a_crash_of_the_server', { skip }, async () => {
  const dan = await open('dan')
  const made = await dan.until('has made a conference', () => dan.data.made)
  const eve = await open('eve', { action: 'join', roomName: made.roomName, password: '' })
  await Promise.all([meets(dan, eve), meets(eve, dan)])
  await meeting.server.crashAndRestart()
  await dan.until('is told of the new conference', async () => (await dan.fullLog()).filter((line) => line.includes('++++++++++ member')).length >= 4, 60000)
  assert.deepEqual((await dan.fullLog()).filter((line) => line.includes('onConferenceExit')), [])
  await Promise.all([meets(dan, eve), meets(eve, dan)])
  await Promise.all([dan, eve].map((phone) => phone.kill()))
})
