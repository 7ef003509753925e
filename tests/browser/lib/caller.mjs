// Somebody on the page of calls of the demo site.
import fs from 'node:fs'
import { SOON, Visitor } from './visitor.mjs'

const TONE = fs.readFileSync(new URL('./tone.js', import.meta.url), 'utf8')

export class Caller extends Visitor {
  /** Opens the page and goes online; with `contacts` in the list, and a microphone that hums `toneHz`. */
  static async online(browser, server, name, { contacts = [], toneHz = 0, ...options } = {}) {
    const before = (page) => page.addInitScript(`window.__toneHz = ${toneHz}; ${TONE}`)
    const caller = await this.arrive(browser, server, {
      name, hash: '#calls', ready: '[data-act=online]', permissions: ['camera', 'microphone'], ...(toneHz && { before }), ...options,
    })
    caller.toneHz = toneHz
    await caller.page.click('[data-act=online]')
    await caller.page.waitForSelector('.me[data-online=true]', { timeout: SOON })
    for (const contact of contacts) await caller.adds(contact)
    return caller
  }

  async adds(contact) {
    await this.page.fill('#contact', contact)
    await this.press('add')
    await this.page.waitForSelector(`[data-contact="${contact}"]`)
  }

  /** Waits until the dot of a contact is green, or not. */
  knows(contact, online) {
    return this.until(`knows ${contact} ${online ? 'online' : 'offline'}`, async () =>
      (await this.page.getAttribute(`[data-contact="${contact}"]`, 'data-online')) === String(online))
  }

  /** Calls one contact. */
  calls(contact, media = 'video') {
    return this.page.click(`[data-contact="${contact}"] [data-act=call-${media}]`)
  }

  /** Calls several at once. */
  async callsAll(contacts, media = 'video') {
    for (const contact of contacts) await this.page.check(`[data-contact="${contact}"] input`)
    await this.press(`group-${media}`)
  }

  phase = () => this.page.evaluate(() => document.querySelector('.call')?.dataset.phase ?? 'idle')

  /** Waits until the call is in this phase; `idle` without one. */
  is(phase) {
    return this.until(`is ${phase}`, async () => (await this.phase()) === phase)
  }

  /** Waits until the call is over for this reason, and gives the sentence. */
  async ends(ending) {
    const read = () => this.page.evaluate(() => {
      const ended = document.querySelector('.ended:not([hidden])')
      return document.querySelector('.call') || !ended ? null : { ending: ended.dataset.ending, words: ended.firstChild.textContent }
    })
    const seen = await this.until(`sees the call end: ${ending}`, read)
    if (seen.ending !== ending) throw new Error(`${this.name}: the call ended by ${seen.ending} (${seen.words}), not ${ending}`)
    return seen.words
  }

  /** What is said of somebody who is called. */
  awaits(contact, state) {
    return this.until(`sees ${contact} ${state}`, async () =>
      (await this.page.locator(`[data-awaits="${contact}"]`).first().getAttribute('data-state', { timeout: 1000 }).catch(() => null)) === state)
  }
}
