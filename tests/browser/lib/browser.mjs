// Chromium with a fake camera, and pages that are not the server's own.
import http from 'node:http'
import fs from 'node:fs'
import path from 'node:path'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { until } from '../../phones/lib/until.mjs'
import { launch } from './chromium.mjs'

const HERE = path.dirname(fileURLToPath(import.meta.url))
const SOON = 30000

export class Browser {
  static async start() {
    const self = new Browser()
    const html = fs.readFileSync(path.join(HERE, 'page.html'))
    const clock = fs.readFileSync(path.join(HERE, '../../phones/lib/barcode.mjs'))
    self.site = http.createServer(({ url }, response) => {
      const [type, body] = url === '/barcode.mjs' ? ['text/javascript', clock] : ['text/html', html]
      response.setHeader('content-type', type).end(body)
    })
    self.site.listen(0, '127.0.0.1')
    await once(self.site, 'listening')
    self.chromium = await launch()
    return self
  }

  /** A page of its own, with `call(name, …)` for what the page can do. */
  async page() {
    const context = await this.chromium.newContext({ permissions: ['camera', 'microphone'] })
    const page = await context.newPage()
    const errors = []
    page.on('pageerror', (error) => errors.push(error.message))
    await page.goto(`http://127.0.0.1:${this.site.address().port}/`)
    const call = (name, ...args) =>
      page.evaluate(([name, args]) => window.call[name](...args), [name, args])
    /** Resolves with what the page sees once `condition` holds for it. */
    const sees = async (what, condition) => {
      let seen = null
      const ask = async () => {
        seen = await call('look')
        return condition(seen) && seen
      }
      return until(ask, { what, within: SOON, explain: () => JSON.stringify({ seen, errors }) })
    }
    return { call, sees, close: () => context.close() }
  }

  async end() {
    await this.chromium.close()
    this.site.close()
  }
}
