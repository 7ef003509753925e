// Mini programs with the built component for voice rooms in place, and what their pages are told.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { mintAuthBuffer } from './authbuffer.mjs'
import { OWN_APP } from './phone.mjs'

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../..')
const BUILT = path.join(ROOT, 'dist/miniprogram/gme-room')
const LEDGER = path.join(ROOT, 'contract/gme-room.json')
const PLACE = 'components/gme-room'

export const VOICE_PAGE = 'pages/gme/gme'

/** What each event promises to carry. */
const payloads = new Map(
  JSON.parse(fs.readFileSync(LEDGER, 'utf8'))
    .records.filter(({ kind }) => kind === 'event')
    .map(({ name, payload }) => [name, payload]),
)
/** Keys that the ledger names outside the tables: of every event, of every error, and an alias. */
const BESIDE = ['eventType', 'code', 'remoteUserList']

/** The keys of an event are those of the ledger: all that it promises, and none that it does not name. */
export function checkParams(type, params) {
  const members = payloads.get(type)
  const names = members.map(({ name }) => name).concat(BESIDE)
  assert.deepEqual(Object.keys(params).filter((name) => !names.includes(name)), [], `${type} has keys that the ledger does not name`)
  const lacks = members.filter(({ name, optional }) => !optional && !(name in params))
  assert.deepEqual(lacks.map(({ name }) => name), [], `${type} lacks keys`)
}

/** A copy of the tests' mini program with the component, from `files` if they are not the built ones; `remove()` deletes it. */
export function voiceApp(files = BUILT) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'huitong-voice-'))
  fs.cpSync(OWN_APP, folder, { recursive: true })
  fs.cpSync(files, path.join(folder, PLACE), { recursive: true })
  return { folder, remove: () => fs.rmSync(folder, { recursive: true, force: true }) }
}

/** What a page is opened with; the user of a phone is its name. */
export function pass(meeting, user, room, more = {}) {
  const { app } = meeting.server
  return { appID: String(app.id), roomID: room, userID: user, authBuffer: mintAuthBuffer(app, user, room), ...more }
}

/** Opens the page on a phone. */
export const opens = (meeting, phone, room, more) => phone.open(VOICE_PAGE, pass(meeting, phone.name, room, more))

/** What a page is told from now on, without volumes. */
export class Ear {
  #from

  constructor(phone) {
    this.phone = phone
    this.#from = phone.data?.told.length ?? 0
  }

  /** All events, or those with this name, oldest first. */
  all(type) {
    return (this.phone.data?.told ?? []).slice(this.#from).filter((told) => !type || told.type === type)
  }

  /** Waits until the event has come; gives what it carries, after a look into the ledger. */
  async hears(type, condition = () => true, within) {
    const found = () => this.all(type).find(({ params }) => condition(params))
    const { params } = await this.phone.until(`is told ${type}`, found, within)
    checkParams(type, params)
    return params
  }

  /** The names of the events that came, in order. */
  get types() {
    return this.all().map(({ type }) => type)
  }
}

/** Tries to enter with what differs from the usual; gives what the page was told within `within` ms. */
export async function triesToEnter(meeting, phone, room, config, within) {
  await phone.call('set', { ...pass(meeting, phone.name, room), ...config })
  const ear = new Ear(phone)
  await phone.call('enter')
  return ear.hears('EVENT_ENTER_ROOM_COMPLETED', undefined, within)
}
