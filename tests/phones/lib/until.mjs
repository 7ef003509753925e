// Waiting for conditions, with an explanation when they do not come true.

/** A wait that ran out of time; the message says what was waited for and what was seen. */
export class TimedOut extends Error {}

/**
 * Resolves with the first truthy value of `condition()`. It is asked whenever `changed(listener)` says that
 * something changed (the function returns its own undo), and at short intervals besides, because ages and rates
 * change by themselves. Rejects after `within` ms with `explain()`.
 */
export function until(condition, { what, within, explain = () => '', changed = () => () => {} }) {
  return new Promise((resolve, reject) => {
    let undo = () => {}
    let settled = false
    const finish = (settle, value) => {
      if (settled) return
      settled = true
      clearInterval(interval)
      clearTimeout(timer)
      undo()
      settle(value)
    }
    const ask = async () => {
      try {
        const value = await condition()
        if (value) finish(resolve, value)
      } catch (error) {
        finish(reject, error)
      }
    }
    const interval = setInterval(ask, 100)
    const timer = setTimeout(async () => {
      finish(reject, new TimedOut(`not within ${within} ms: ${what}\n${await explain()}`))
    }, within)
    undo = changed(ask)
    ask()
  })
}

/** Watches that `condition()` stays true for `during` ms; rejects with `what` the moment it does not. */
export function stays(condition, { what, during, explain = () => '' }) {
  return new Promise((resolve, reject) => {
    const interval = setInterval(() => {
      if (condition()) return
      clearInterval(interval)
      clearTimeout(timer)
      reject(new Error(`did not stay so for ${during} ms: ${what}\n${explain()}`))
    }, 50)
    const timer = setTimeout(() => {
      clearInterval(interval)
      resolve()
    }, during)
  })
}
