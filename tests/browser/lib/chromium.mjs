// Starts Debian's Chromium. No browser is ever downloaded.
import fs from 'node:fs'
import { chromium } from 'playwright-core'

const FOLDER = '/usr/lib/chromium'
const there = (...files) => files.find((file) => fs.existsSync(file))

/** The whole browser: it asks for devices and wants touches as people know it. Debian's wrapper adds flags of its own. */
const WHOLE = there(`${FOLDER}/chromium`, '/usr/bin/chromium') ?? 'chromium'
/** The same engine without windows, menus and their processes: it needs half the processor. */
const SHELL = there(`${FOLDER}/chromium-headless-shell`) ?? WHOLE

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

/** A browser with a fake camera and microphone; the whole one where what it asks or wants of its user matters. */
export function launch({ touch = false, ask = false, flags = [] } = {}) {
  const args = [...FLAGS, ...(touch ? [] : [NO_TOUCH]), ...(ask ? [] : [SAY_YES]), ...flags]
  const program = process.env.CHROMIUM ?? (touch || ask ? WHOLE : SHELL)
  return chromium.launch({ executablePath: program, headless: true, args })
}
