// Somebody with a browser on the demo site.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { ageOf, readClock } from '../../phones/lib/barcode.mjs'
import { until } from '../../phones/lib/until.mjs'

const HERE = path.dirname(fileURLToPath(import.meta.url))
const OUT = path.join(HERE, '../../../out/browser')
const LOOK = fs.readFileSync(path.join(HERE, 'look.js'), 'utf8')

/** Everything that should happen at once gets this long, ms: two cores run a browser, ffmpeg and other tests. */
export const SOON = 20000
const STRIP_WIDTH = 180
const DESKTOP = { width: 1280, height: 760 }
export const PHONE = { width: 390, height: 780 }

export class Visitor {
  // The goodbye to a session that the server has ended already: the member left first.
  #expected = [/ 404 .*\/(whip|whep)\//]
  lines = []
  faults = []

  /**
   * Opens the site. `query` and `hash` go into the address; `before` gets the page before it loads; `ready` is on it when it
   * has loaded.
   */
  static async arrive(browser, server, { name = '', room = '', query = {}, hash = '', host, before, ready = '[data-act=join]', ...context } = {}) {
    const visitor = new this()
    visitor.server = server
    visitor.context = await browser.newContext({ viewport: DESKTOP, locale: 'en-US', ...context })
    visitor.page = await visitor.context.newPage()
    visitor.name = name
    visitor.#watch()
    await visitor.page.addInitScript(LOOK)
    await before?.(visitor.page)
    const asked = new URLSearchParams({ ...(room && { room }), ...(name && { name }), ...query })
    await visitor.page.goto(`${host ?? server.http}/?${asked}${hash}`)
    await visitor.page.waitForSelector(ready, { timeout: SOON })
    return visitor
  }

  #watch() {
    const note = (kind, text) => {
      this.lines.push(`${kind}: ${text}`)
      if (kind === 'error' && !this.#expected.some((pattern) => pattern.test(text))) this.faults.push(text)
    }
    this.page.on('console', (message) => note(message.type(), `${message.text()} ${message.location().url}`))
    this.page.on('pageerror', (error) => note('error', error.stack || String(error)))
  }

  /** Errors on the console that the test causes on purpose; all others fail it at the end. */
  expects(...patterns) {
    this.#expected.push(...patterns)
  }

  async join() {
    await this.page.click('[data-act=join]')
    await this.until('is in the room', async () => (await this.all()).present === 'true')
    return this
  }

  press = (act) => this.page.click(`[data-act="${act}"]`)
  all = () => this.page.evaluate(() => window.look.all())
  tile = async (user, stream = 'main') => (await this.all()).tiles.find((t) => t.user === user && t.stream === stream)

  /** Waits until so many further pictures of a tile were shown. */
  async sees(user, { frames = 15, stream = 'main', within = SOON } = {}) {
    const ask = () => this.page.evaluate(([u, s]) => window.look.frames(u, s), [user, stream])
    const from = await ask()
    return this.until(`sees ${frames} pictures of ${user}`, async () => (await ask()) >= from + frames, within)
  }

  /** Waits until the tone of a phone is heard. */
  hears(phone, within = SOON) {
    const near = (hz) => hz !== null && Math.abs(hz - phone.toneHz) < 25
    return this.until(`hears ${phone.toneHz} Hz of ${phone.name}`, async () => near(await this.tone(phone.name)), within)
  }

  tone = (user, stream = 'main') => this.page.evaluate(([u, s]) => window.look.tone(u, s), [user, stream])

  /** How old the picture in a tile is, ms; null when its clock cannot be read. */
  async age(user, stream = 'main') {
    const strip = await this.page.evaluate(([u, s, w]) => window.look.strip(u, s, w), [user, stream, STRIP_WIDTH])
    const clock = strip && readClock(strip.gray, STRIP_WIDTH)
    return clock === null ? null : ageOf(clock, strip.at)
  }

  /** Waits until a sentence is on the page. */
  isTold = (sentence, within = SOON) =>
    this.until(`is told ${sentence}`, async () => {
      const { notices } = await this.all()
      return notices.some((notice) => (sentence instanceof RegExp ? sentence.test(notice) : notice === sentence))
    }, within)

  /** Waits for a condition, and explains what the page showed when it did not come true. */
  until(what, condition, within = SOON) {
    return until(condition, { what: `${this.name}: ${what}`, within, explain: () => this.explain() })
  }

  async explain() {
    const all = await this.all().catch((error) => String(error))
    const address = this.page.url()
    return [`the page ${address} shows ${JSON.stringify(all, null, 1)}`, ...this.lines.slice(-20), this.server.logTail(15)].join('\n')
  }

  async screenshot(name) {
    fs.mkdirSync(OUT, { recursive: true })
    await this.page.screenshot({ path: path.join(OUT, `${name}.png`) })
  }

  /** Closes the browser's window. No error may have been on its console. */
  async leaves() {
    // What a test puts into its pages cannot run in an empty one.
    const faults = [...this.faults]
    // As one goes who opens another page: pages of a context that is closed are told nothing.
    await this.page.goto('about:blank')
    await this.context.close()
    assert.deepEqual(faults, [], `errors on the console of ${this.name}`)
  }
}
