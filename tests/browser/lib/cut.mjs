// The wire of a page's signalling, which a test can cut and mend.
/** How a browser is told that its socket is gone. */
const GONE = { code: 3001, reason: 'cut by the test' }

export class Cut {
  #sockets = new Set()
  #dark = false

  /** Has to be called before the page is loaded. */
  async watch(page) {
    await page.routeWebSocket(/./, (socket) => {
      this.#sockets.add(socket)
      // In the dark a connection is begun and nothing answers.
      if (!this.#dark) socket.connectToServer()
    })
    return this
  }

  /** Every socket ends, and none that is opened afterwards gets through. */
  async cut() {
    this.#dark = true
    await this.#endAll()
  }

  /** Those opened from now on get through. */
  async mend() {
    this.#dark = false
    await this.#endAll()
  }

  async #endAll() {
    const all = [...this.#sockets]
    this.#sockets.clear()
    await Promise.all(all.map((socket) => socket.close(GONE).catch(() => undefined)))
  }
}
