// A table that redraws itself on a terminal, and plain lines elsewhere.

const COLUMNS = [
  ['who', 8],
  ['sees', 8],
  ['frames', 7],
  ['fps', 6],
  ['latency', 9],
  ['hears', 9],
  ['first picture', 15],
  ['reconnects', 11],
]

const pad = (text, width) => String(text).padEnd(width)

export class LiveTable {
  #out
  #terminal
  #drawn = 0

  constructor(out = process.stdout) {
    this.#out = out
    this.#terminal = out.isTTY === true
  }

  /** Prints a line that stays. */
  say(text) {
    this.#erase()
    this.#out.write(`${text}\n`)
  }

  /** Shows the rows under a title; `rows` have the cells of the columns. */
  show(title, rows) {
    const head = COLUMNS.map(([name, width]) => pad(name, width)).join('')
    const body = rows.map((row) => row.map((cell, i) => pad(cell, COLUMNS[i][1])).join(''))
    this.#erase()
    if (this.#terminal) {
      const lines = ['', title, head, ...body]
      this.#out.write(`${lines.join('\n')}\n`)
      this.#drawn = lines.length
    } else {
      this.#out.write(`${title}\n${[head, ...body].map((line) => `  ${line.trimEnd()}`).join('\n')}\n`)
    }
  }

  /** Leaves what is drawn where it is. */
  keep() {
    this.#drawn = 0
  }

  #erase() {
    if (this.#drawn) this.#out.write(`\x1b[${this.#drawn}A\x1b[J`)
    this.#drawn = 0
  }
}
