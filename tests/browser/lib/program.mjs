// A mini program in the browser: the shell, and the frame in which its pages run.
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from '../../phones/lib/until.mjs'

const OUT = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../out/browser')

/** Everything that should happen at once gets this long, ms: two cores run a browser, ffmpeg and other tests. */
export const SOON = 20000
const DESKTOP = { width: 1000, height: 880 }

export class Program {
  faults = []
  lines = []

  /** Opens the project that a server shows under `at`: `/miniprogram/` or `/preview/`. */
  static async open(browser, server, { at = '/preview/', hash = '', language = 'zh-CN', viewport = DESKTOP, permissions = ['camera', 'microphone'], before } = {}) {
    const program = new Program()
    program.context = await browser.newContext({ viewport, locale: language, permissions })
    program.page = await program.context.newPage()
    program.page.setDefaultTimeout(SOON)
    program.page.on('console', (message) => program.lines.push(`${message.type()}: ${message.text()}`))
    await before?.(program.page)
    program.page.on('pageerror', (error) => program.faults.push(error.stack || `${error.name}: ${error.message}`))
    await program.page.goto(`${server.http}${at}${hash}`)
    await program.settled()
    return program
  }

  /** Waits until the project runs or its fault is shown. */
  async settled() {
    await this.page.waitForSelector('.wait', { state: 'hidden' })
    this.frame = this.page.frameLocator('iframe')
  }

  /** Elements of the page on top. */
  find(selector, more) {
    return this.frame.locator(`.wx-page:not([hidden]) ${selector}`, more)
  }

  async tap(selector) {
    await this.find(selector).first().click()
  }

  /** Runs a function in the frame. */
  ask(run, argument) {
    return this.frame.locator('body').evaluate(run, argument)
  }

  /** The words of the page on top. */
  words() {
    return this.ask(() => document.querySelector('.wx-page:not([hidden])')?.innerText ?? '')
  }

  /** Waits until the page on top says `words`. */
  says(words) {
    return this.until(`the page says ${words}`, async () => (await this.words()).includes(words))
  }

  /** Paths of the open pages. */
  stack() {
    return this.ask(() => getCurrentPages().map(({ route }) => route))
  }

  until(what, condition) {
    const explain = async () => [await this.words().catch(() => ''), ...this.lines.slice(-30), ...this.faults].join('\n')
    return until(condition, { what, within: SOON, explain })
  }

  async screenshot(name) {
    fs.mkdirSync(OUT, { recursive: true })
    await this.page.screenshot({ path: path.join(OUT, `${name}.png`) })
  }

  close() {
    return this.context.close()
  }
}
