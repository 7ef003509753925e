/** How long to wait before the next attempt: longer each time, and by chance, so that phones do not come at once. */
export class Backoff {
  private attempts = 0;

  /** `firstMs` is the middle of the first pause; it doubles up to `mostMs`. `random` gives [0, 1). */
  constructor(
    private readonly firstMs: number,
    private readonly mostMs: number,
    private readonly random: () => number,
  ) {}

  /** The next pause in ms: between half and the whole of the current step. */
  next(): number {
    const step = Math.min(this.mostMs, this.firstMs * Math.pow(2, this.attempts));
    this.attempts += 1;
    return Math.round(step / 2 + (step / 2) * this.random());
  }

  /** The thing works: the next failure waits little again. */
  reset(): void {
    this.attempts = 0;
  }
}
