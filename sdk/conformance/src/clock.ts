/** Time that stands still until a test moves it. */

interface Timer {
  at: number;
  order: number;
  run: () => void;
}

/** See the head of the file. */
export class Clock {
  now = 1_700_000_000_000;
  private timers: Timer[] = [];
  private order = 0;

  /** Calls `run` when time has moved on by `ms`. */
  after(ms: number, run: () => void): () => void {
    const timer = { at: this.now + Math.max(0, ms), order: this.order++, run };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  /** Moves time on, doing everything that falls due, in order. */
  advance(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const due = this.timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (!due) {
        break;
      }
      this.timers = this.timers.filter((timer) => timer !== due);
      this.now = Math.max(this.now, due.at);
      due.run();
    }
    this.now = until;
  }

  /** Timers that are armed, for tests that look for leaks. */
  get armed(): number {
    return this.timers.length;
  }
}
