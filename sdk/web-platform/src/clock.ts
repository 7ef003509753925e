/** A clock that does not run backwards and does not stop while the machine sleeps. */

/** What of the runtime the clock reads. */
export interface Clocks {
  performance: { now(): number };
  Date: { now(): number };
}

/**
 * The two clocks of a browser may part by this much, ms, before it counts as sleep. Corrections of the wall clock
 * over the network are far smaller.
 */
const PART_MS = 5000;

/**
 * `performance.now()` is steady, but stands still in some browsers while the machine sleeps: a laptop that is opened
 * the next morning has to know that it was away. The wall clock goes on, so what it ran ahead is added.
 */
export class SteadyClock {
  private slept = 0;
  private readonly offset: number;

  constructor(private readonly clocks: Clocks) {
    this.offset = clocks.Date.now() - clocks.performance.now();
  }

  now(): number {
    const steady = this.clocks.performance.now();
    const ahead = this.clocks.Date.now() - steady - this.offset;
    if (ahead - this.slept > PART_MS) {
      this.slept = ahead;
    }
    return steady + this.slept;
  }
}
