// The samples of the vendor's document, each as it stands there, in a page of two phones and against the real server.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ConferenceApps, appKey, fullName } from '../lib/conferencing.mjs'
import { Meeting } from '../lib/meeting.mjs'
import { mintUserSig } from '../lib/usersig.mjs'

const DOCUMENT = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../contract/seeds/001_741490ab71ad8bc7.txt')
const PAGE = 'pages/samples/samples'
/** From there the document's first sample finds the file. */
const PLACE = 'pages/emedia/emedia_for_miniProgram.js'

/** The samples in their order, by what each of them is about; several of the same get a number. Shapes of objects are none. */
function samples() {
  const all = {}
  for (const [, text] of fs.readFileSync(DOCUMENT, 'utf8').matchAll(/^```\n([^]*?)^```/gm)) {
    const [about, name] = /emedia\.mgr\.(\w+)|(?<=^var )\w+/m.exec(text) ?? []
    const shape = /^(\/\/.*\n)?\{/.test(text)
    const key = name ?? about
    if (shape || !key) continue
    const before = Object.keys(all).filter((one) => one.split(' ')[0] === key).length
    all[before > 0 ? `${key} ${before + 1}` : key] = text
  }
  return all
}

/** What the samples take for granted. */
const GIVEN = 'confrType, password, confrId, ticket, ext, rtcId, streamId, memberNames, role, option'
/** What the document has a page find out about the end is shown by the page. */
const shown = (text) => text.replace(/\};\s*$/, 'shows(reason);\n};\n')

const page = ({ emedia, ...others }) => `
  ${emedia}
  const { mgr } = emedia
  const plain = (value) => value === undefined ? null : JSON.parse(JSON.stringify(value))
  const samples = {${Object.entries(others).map(([key, text]) => `${JSON.stringify(key)}({ ${GIVEN} }) {\n${key === 'onConferenceExit' ? shown(text) : text}\n}`).join(',\n')}}
  let shows, told, answered, asking = ''

  // What a sample asks is answered to the test, too. Samples have no word for refusals: those end here.
  Object.getOwnPropertyNames(Object.getPrototypeOf(mgr)).filter((name) => /Conference|joinRoom|Stream|Role|kick/.test(name)).forEach((name) => {
    const own = mgr[name]
    mgr[name] = (...args) => {
      const mine = name === asking
      asking = mine ? '' : asking
      const answer = own.apply(mgr, args)
      if (!mine) return answer
      const done = answered
      if (!answer) return done({ value: null })
      answer.then((value) => done({ value: plain(value) }), (error) => done({ error: plain(error) }))
      return answer.catch(() => new Promise(() => undefined))
    }
  })

  Page({
    data: { told: [], answers: {}, shown: [], pubUrl: '', src: '' },
    onLoad({ appKey, user, token }) {
      wx.WebIM = { conn: { context: { accessToken: token, jid: { appKey, name: user, domain: 'easemob.com' } } } }
      shows = (text) => this.setData({ shown: this.data.shown.concat(text) })
      told = (name, args) => this.setData({ told: this.data.told.concat({ name, args: plain(args) }) })
    },
    run(number, key, given) {
      asking = key.split(' ')[0]
      answered = (answer) => this.setData({ ['answers.' + number]: answer })
      samples[key](given)
      if (/^on[A-Z]/.test(key)) {
        const own = mgr[key]
        mgr[key] = (...args) => (told(key, args), own(...args))
      }
    },
    push(pubUrl) {
      this.setData({ pubUrl }, () => wx.createLivePusherContext().start())
    },
    play(src) {
      this.setData({ src })
    },
    numbers() {
      this.setData({ numbers: plain([mgr.ConfrType, mgr.Role]) })
    },
  })`

const FILES = {
  'app.json': JSON.stringify({ pages: [PAGE] }),
  'app.js': 'App({})',
  [`${PAGE}.json`]: '{}',
  [`${PAGE}.wxml`]: '<live-pusher url="{{pubUrl}}" mode="RTC"></live-pusher><live-player wx:if="{{src}}" id="other_main" src="{{src}}" autoplay></live-player>',
  [`${PAGE}.wxss`]: '',
}

const apps = new ConferenceApps()
const all = samples()
const ran = new Set(['emedia'])
let meeting, ann, bob

/** A phone whose page has the samples. */
class Reader {
  #asked = 0

  constructor(phone) {
    this.phone = phone
  }

  /** Runs a sample; what it has asked is answered by then. */
  async run(key, given = {}) {
    assert.ok(all[key], `the document has no sample ${key}`)
    ran.add(key)
    const number = ++this.#asked
    await this.phone.call('run', number, key, given)
    return key.startsWith('on') || key === 'ConfrType' ? undefined : this.phone.until(`${key} is answered`, () => this.phone.data.answers[number])
  }

  hears(name, where = () => true) {
    return this.phone.until(`is told ${name}`, () => this.phone.data.told.find((one) => one.name === name && where(...one.args)))
  }

  shows(text) {
    return this.phone.until(`shows ${text}`, () => this.phone.data.shown.at(-1) === text)
  }
}

before(async () => {
  const source = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'huitong-samples-'))
  for (const [file, text] of Object.entries({ ...FILES, [`${PAGE}.js`]: page(all) })) {
    fs.mkdirSync(path.dirname(path.join(source, file)), { recursive: true })
    fs.writeFileSync(path.join(source, file), text)
  }
  const app = apps.make(source, PLACE)
  fs.rmSync(source, { recursive: true })
  meeting = await Meeting.begin()
  ;[ann, bob] = await Promise.all(['ann', 'bob'].map(async (user) => {
    const phone = await meeting.phone(user, { app })
    await phone.open(PAGE, { appKey: appKey(meeting.server), user, token: mintUserSig(meeting.server.app, user) })
    return new Reader(phone)
  }))
})
after(async () => {
  await meeting?.end()
  apps.remove()
})

test('a_conference_goes_by_the_samples_of_the_document_from_its_beginning_to_its_end', async () => {
  for (const key of Object.keys(all).filter((key) => key.startsWith('on'))) {
    for (const one of [ann, bob]) await one.run(key)
  }
  const password = 'secret'
  const { value: made } = await ann.run('createConference', { confrType: 10, password })
  const { confrId } = made
  assert.equal((await ann.run('joinConference', { confrId, password, ext: { role: 'admin' } })).value.role, 7)
  const { value: first } = await bob.run('getConferenceTkt', { confrId, password })
  assert.equal((await bob.run('joinConferenceWithTicket', { confrId, ticket: first.data.ticket, ext: { seat: 2 } })).value.confrId, confrId)
  await bob.hears('onMemberJoined', ({ userName, ext }) => userName === 'ann' && ext.role === 'admin')
  await ann.hears('onMemberJoined', ({ userName, ext }) => userName === 'bob' && ext.seat === 2)

  await bob.phone.call('push', (await bob.run('pubStream', { rtcId: 'wx-1-abc' })).value.data.rtmp)
  const { args: [stream] } = await ann.hears('onStreamAdded')
  await ann.phone.call('play', (await ann.run('subStream', { streamId: stream.id })).value.data.rtmp)
  await ann.phone.sees('other')

  const memberNames = [fullName(meeting.server, 'bob')]
  assert.equal((await ann.run('grantRole', { confrId, memberNames, role: 1 })).value.error, 0)
  await bob.hears('onRoleChanged', (role) => role === 1)
  await ann.hears('onStreamRemoved', ({ id }) => id === stream.id)
  assert.equal((await bob.run('pubStream 2', { rtcId: 'wx-2-abc' })).error.error, -520)
  assert.equal((await ann.run('kickMembersById', { confrId, memberNames })).value.error, 0)
  await bob.shows('服务器拒绝')
  await ann.hears('onMemberExited', ({ userName }, reason) => userName === 'bob' && reason === 2)

  assert.equal((await bob.run('joinConference 2', { confrId, password, ext: {} })).value.role, 1, 'what an admin has decided holds')
  await bob.run('exitConference', { confrId })
  await bob.shows('正常挂断')
  assert.equal((await bob.run('joinConferenceWithTicket 2', { confrId, ticket: first.data.ticket, ext: {} })).error.error, -504)
  await bob.shows('链接已失效')
  assert.equal((await ann.run('destroyConference', { confrId })).value.error, 0)
  await ann.shows('会议关闭')
})

test('a_room_goes_by_the_samples_of_the_document', async () => {
  const { value: made } = await ann.run('joinRoom')
  assert.deepEqual([made.role, made.isCreator], [7, true])
  const config = { nickName: 'Bob', rec: false, recMerge: false, maxTalkerCount: 9, maxVideoCount: 9, maxAudienceCount: 9, maxPubDesktopCount: 1, ext: { seat: 3 } }
  const { value: joined } = await bob.run('joinRoom 2', { option: { roomName: 'test', password: '', role: 3, config } })
  assert.equal(joined.confrId, made.confrId)
  await ann.hears('onMemberJoined', ({ nickName, ext }) => nickName === 'Bob' && ext.seat === 3)
  await bob.phone.call('push', (await bob.run('pubStream', { rtcId: 'wx-3-abc' })).value.data.rtmp)
  const { args: [stream] } = await ann.hears('onStreamAdded', ({ rtcId, owner }) => owner.nickName === 'Bob' && rtcId)
  assert.match((await ann.run('subStream 2', { streamId: stream.id })).value.data.rtmp, /^rtmp:/)
  assert.equal((await ann.run('createConference 2', { confrType: 12, password: '' })).value.type, 12)
})

test('constants_are_as_in_the_document_and_no_sample_was_left_out', async () => {
  await ann.phone.call('numbers')
  const before = ann.phone.data.numbers
  await ann.run('ConfrType')
  await ann.phone.call('numbers')
  for (const [at, group] of ann.phone.data.numbers.entries()) {
    for (const [name, value] of Object.entries(group)) assert.equal(before[at][name], value, name)
  }
  assert.deepEqual(Object.keys(all).filter((key) => !ran.has(key)), [])
})
