// Somebody on the page of conferences of the demo site.
import fs from 'node:fs'
import { SOON, Visitor } from './visitor.mjs'

const TONE = fs.readFileSync(new URL('./tone.js', import.meta.url), 'utf8')

export class Attendee extends Visitor {
  /** Opens the page, by an invitation to `room` if there is one; the microphone hums `toneHz`. */
  static async atTheDoor(browser, server, name, { room = '', toneHz = 0, ...options } = {}) {
    const before = (page) => page.addInitScript(`window.__toneHz = ${toneHz}; ${TONE}`)
    const hash = `#conference${room && `?${new URLSearchParams({ room })}`}`
    const attendee = await this.arrive(browser, server, {
      name, hash, ready: '[data-act=enter]', permissions: ['camera', 'microphone'], ...(toneHz && { before }), ...options,
    })
    attendee.toneHz = toneHz
    return attendee
  }

  /** Fills in the form and presses the button. */
  async knocks({ room, password, role, kind } = {}) {
    if (room !== undefined) await this.page.fill('#room', room)
    if (password !== undefined) await this.page.fill('#password', password)
    if (role !== undefined) await this.page.selectOption('#role', role)
    if (kind !== undefined) await this.page.selectOption('#kind', kind)
    await this.press('enter')
  }

  async enters(how) {
    await this.knocks(how)
    await this.until('is in the conference', async () => (await this.all()).present === 'true')
    return this
  }

  /** Does something with somebody in the list of people. */
  async does(act, user) {
    const row = this.page.locator(`[data-person="${user}"]`)
    if (!(await row.isVisible())) await this.press('people')
    if (!(await row.locator('.actions').isVisible())) await row.locator('[data-act=actions]').click()
    await row.locator(`[data-act=${act}]`).click()
  }

  /** What the list of people says of somebody; undefined if nothing. */
  person = async (user) => (await this.all()).people.find(({ person }) => person === user)

  /** Waits until the list of people has somebody like this. */
  lists(user, like) {
    return this.until(`lists ${user} ${JSON.stringify(like)}`, async () => {
      const person = await this.person(user)
      return person && Object.entries(like).every(([key, value]) => person[key] === value)
    })
  }

  role = () => this.page.evaluate(() => document.querySelector('.conference')?.dataset.role ?? null)

  /** Waits until its own role is this. */
  is(role) {
    return this.until(`is ${role}`, async () => (await this.role()) === role)
  }

  /** Waits until nobody of this name has a tile. */
  losesSightOf(user) {
    return this.until(`sees nothing of ${user}`, async () => (await this.tile(user)) === undefined)
  }

  hearsNothingOf(user) {
    return this.until(`hears nothing of ${user}`, async () => (await this.tone(user)) === null)
  }

  /** Waits until it is out for this reason, and at the door again. */
  async isOut(sentence) {
    await this.page.waitForSelector('[data-act=enter]', { timeout: SOON })
    await this.isTold(sentence)
  }
}
