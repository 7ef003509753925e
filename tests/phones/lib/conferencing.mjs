// Mini programs with the built file for conferences in place, and what their pages are told.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { OWN_APP } from './phone.mjs'
import { mintUserSig } from './usersig.mjs'

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../..')
const BUILT = path.join(ROOT, 'dist/miniprogram/emedia/emedia_for_miniProgram.js')
const PLACE = 'emedia/emedia_for_miniProgram.js'

export const CONFERENCE_PAGE = 'pages/conference/conference'

/** The organisation in the key of an application; its number follows. */
const ORG = 'org'

/** The key of the server's application. */
export const appKey = (server) => `${ORG}#${server.app.id}`

/** What pages call a user. */
export const fullName = (server, user) => `${appKey(server)}_${user}@easemob.com`

/**
 * Copies of mini programs in temporary folders, with the built file where they have theirs. `make` gives the folder;
 * `remove` deletes all of them.
 */
export class ConferenceApps {
  #folders = []

  make(app = OWN_APP, place = PLACE) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'huitong-conference-'))
    this.#folders.push(folder)
    fs.cpSync(app, folder, { recursive: true })
    fs.mkdirSync(path.dirname(path.join(folder, place)), { recursive: true })
    fs.copyFileSync(BUILT, path.join(folder, place))
    return folder
  }

  remove() {
    for (const folder of this.#folders.splice(0)) fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** Somebody with a page for conferences. */
export class Attendee {
  #asked = 0
  #read = 0

  constructor(meeting, phone) {
    this.meeting = meeting
    this.phone = phone
    this.name = phone.name
  }

  /** A phone whose page is open; `user` is who it is if that is not its name. */
  static async come(meeting, app, name, { user = name, silent = false, token, ...options } = {}) {
    const phone = await meeting.phone(name, { app, ...options })
    const { server } = meeting
    const query = { appKey: appKey(server), user, token: token ?? mintUserSig(server.app, user), silent }
    await phone.open(CONFERENCE_PAGE, query)
    return new Attendee(meeting, phone)
  }

  /** Asks the manager something, and waits for the answer. */
  async ask(method, ...args) {
    return this.answer(await this.start(method, ...args))
  }

  /** Asks without waiting; gives the number of the question. */
  async start(method, ...args) {
    const number = ++this.#asked
    await this.phone.call('ask', number, method, ...args)
    return number
  }

  answer(number, within) {
    return this.phone.until(`has the answer to question ${number}`, () => this.phone.data.answers[number], within)
  }

  /** Enters the conference of this name. */
  async joins(roomName, more = {}) {
    const { value } = await this.ask('joinRoom', { roomName, password: '', role: 3, ...more })
    return value
  }

  /** Everything that was told of this kind since it was last asked for. */
  told(name, user) {
    return this.phone.data.told.slice(this.#read).filter((one) => one.name === name && (user === undefined || one.user === user))
  }

  /** What was told so far is of no interest any more. */
  forget() {
    this.#read = this.phone.data.told.length
  }

  /** Waits until something is told. */
  hears(name, { user, within, where = () => true } = {}) {
    return this.phone.until(`is told ${name}${user ? ` of ${user}` : ''}`, () => this.told(name, user).filter(where)[0], within)
  }
}
