// Mini programs with the built component for calls in place, and what their pages are told.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { OWN_APP } from './phone.mjs'

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../..')
const BUILT = path.join(ROOT, 'dist/miniprogram/TRTCCalling')
const LEDGER = path.join(ROOT, 'contract/trtc-calling.json')
const PLACE = 'components/TRTCCalling'

export const CALL_PAGE = 'pages/call/call'
/** Values of `type`. */
export const AUDIO = 1
export const VIDEO = 2

/** What each event promises to carry. */
const payloads = new Map(
  JSON.parse(fs.readFileSync(LEDGER, 'utf8'))
    .records.filter(({ kind }) => kind === 'event')
    .map(({ name, payload }) => [name, payload]),
)
/** Events of later generations of the component, which come beside those of the document. */
const BESIDE = ['SDK_READY', 'USER_ACCEPT', 'USER_UPDATE', 'CALL_MODE', 'USER_AUDIO_AVAILABLE', 'USER_VIDEO_AVAILABLE']

/** The keys of an event are those of the ledger: all that it promises, and none that it does not name. */
export function checkPayload(code, data) {
  const members = payloads.get(code)
  if (BESIDE.includes(code)) return
  const given = Object.keys(data ?? {})
  const names = members.map(({ name }) => name)
  assert.deepEqual(given.filter((name) => !names.includes(name)), [], `${code} has keys that the ledger does not name`)
  const lacks = members.filter(({ name, optional }) => !optional && !given.includes(name))
  assert.deepEqual(lacks.map(({ name }) => name), [], `${code} lacks keys`)
}

/** Opens the page for calls and waits until it is logged in. */
export async function logIn(meeting, phone, more) {
  await phone.open(CALL_PAGE, meeting.query(phone.name, {}, more))
  await phone.until('is logged in', () => phone.data.status === 'logged in')
  return phone
}

/** Waits until the component of each phone is in this state. */
export const are = (status, ...phones) =>
  Promise.all(phones.map((phone) => phone.until(`is ${status}`, () => phone.component?.callStatus === status)))

/** What the page of a phone is told from now on. */
export class Ear {
  #since

  constructor(phone) {
    this.phone = phone
    this.#since = phone.mark()
  }

  /** Waits until the event has come; gives what it carries, after a look into the ledger. */
  async hears(code, { of, within } = {}) {
    const { data } = await this.phone.until(`is told ${code}`, () => this.#since.events(code, of)[0], within)
    checkPayload(code, data)
    return data
  }

  /** The codes of the document that came, in order. */
  get codes() {
    return this.#since.events().map(({ code }) => code).filter((code) => !BESIDE.includes(code))
  }

  /** All events with this code. */
  all = (code) => this.#since.events(code)
}

/** An ear for each phone. */
export const ears = (...phones) => phones.map((phone) => new Ear(phone))

/**
 * A copy of a mini program in a temporary folder, with the built component instead of what it has in `components/`.
 * Gives the folder; `remove()` deletes all of them.
 */
export class CallingApps {
  #folders = []

  make(app = OWN_APP) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'huitong-calling-'))
    this.#folders.push(folder)
    fs.cpSync(app, folder, { recursive: true })
    fs.rmSync(path.join(folder, PLACE), { recursive: true, force: true })
    fs.cpSync(BUILT, path.join(folder, PLACE), { recursive: true })
    return folder
  }

  remove() {
    for (const folder of this.#folders.splice(0)) fs.rmSync(folder, { recursive: true, force: true })
  }
}
