// Starts Debian's Chromium. No browser is ever downloaded.
import fs from 'node:fs'
import { chromium } from 'playwright-core'

/** The program itself: Debian's wrapper adds flags of its own. */
const PROGRAM = ['/usr/lib/chromium/chromium', '/usr/bin/chromium'].find((file) => fs.existsSync(file)) ?? 'chromium'

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--use-fake-device-for-media-stream=fps=20',
  '--auto-accept-this-tab-capture',
  '--auto-select-desktop-capture-source=Entire screen',
]

/** Sound before the first touch is what most tests want; those of the touch itself ask for the usual policy. */
const NO_TOUCH = '--autoplay-policy=no-user-gesture-required'
/** Says yes to every question for a device; without it the permissions of the context decide. */
const SAY_YES = '--use-fake-ui-for-media-stream'

/** A browser with a fake camera and microphone. */
export function launch({ touch = false, ask = false, flags = [] } = {}) {
  const args = [...FLAGS, ...(touch ? [] : [NO_TOUCH]), ...(ask ? [] : [SAY_YES]), ...flags]
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? PROGRAM, headless: true, args })
}
