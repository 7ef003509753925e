// What happened lately, for the log panel of each page.
const KEPT = 50
const lines = []
const listeners = []

/** Adds a line. */
function log(words) {
  const time = new Date().toTimeString().slice(0, 8)
  lines.push(`${time} ${words}`)
  if (lines.length > KEPT) lines.shift()
  listeners.forEach((run) => run(lines))
}

/** Calls `run` with the lines now and whenever one is added; returns what ends that. */
function follow(run) {
  listeners.push(run)
  run(lines)
  return () => listeners.splice(listeners.indexOf(run), 1)
}

/** Forgets all lines. */
function clear() {
  lines.length = 0
  listeners.forEach((run) => run(lines))
}

module.exports = { log, follow, clear }
