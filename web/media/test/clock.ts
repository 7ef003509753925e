/** Timers of a browser in virtual time. */
export class Timers {
  now = 0;
  private next = 1;
  private due = new Map<number, { at: number; run: () => void }>();

  readonly setTimeout = (run: () => void, ms: number): number => {
    this.due.set(this.next, { at: this.now + ms, run });
    return this.next++;
  };

  readonly clearTimeout = (timer: number): void => void this.due.delete(timer);

  readonly performance = { now: (): number => this.now };

  /** Lets time pass; promises settle between timers. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      await settle();
      const first = [...this.due].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (!first) {
        break;
      }
      this.due.delete(first[0]);
      this.now = first[1].at;
      first[1].run();
    }
    this.now = end;
  }

  get pending(): number {
    return this.due.size;
  }
}

/** Lets every promise that can settle do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
