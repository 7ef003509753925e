// Mini programs with the built component for calls in place.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { OWN_APP } from './phone.mjs'

const BUILT = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../dist/miniprogram/TRTCCalling')
const PLACE = 'components/TRTCCalling'

export const CALL_PAGE = 'pages/call/call'

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
