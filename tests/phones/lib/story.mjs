// Tests that tell one story: each goes on where the one before ended, so after a failure the rest is not tried.
import { test } from 'node:test'

/** Returns a `test` for the steps of one story. */
export function story() {
  let broken = null
  return (name, run) =>
    test(name, async (t) => {
      if (broken) throw new Error(`not tried, because ${broken} failed before`)
      try {
        await run(t)
      } catch (error) {
        broken = name
        throw error
      }
    })
}
