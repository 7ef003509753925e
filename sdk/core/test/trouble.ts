/** What the tests of trouble share: chances that come again with the same seed, and a network that lets everybody down. */
import { Clock, FakePlatform, FakeServer } from '../../conformance/src/index.js';

/** How many seeds each test plays. */
export const SEEDS = 400;
/** How much happens with each of them. */
export const STEPS = 60;

/** A server and the way to it, on which everything goes wrong at random. */
export abstract class Trouble {
  readonly clock = new Clock();
  readonly server = new FakeServer(this.clock);

  constructor(private seed: number) {
    // With a short memory the server cannot replay everything, and sends the whole state instead.
    this.server.replay = this.chance(2) === 0 ? 128 : 2;
  }

  /** Lets something happen, with `one` of what can. */
  abstract step(): void;

  /** One of 0 to n - 1. */
  chance(n: number): number {
    this.seed = (this.seed * 48271) % 2147483647;
    return this.seed % n;
  }

  /** Does one of these, and lets time pass: mostly little, at times up to `longest`, ms. */
  protected one(acts: readonly (() => unknown)[], longest: number): void {
    acts[this.chance(acts.length)]?.();
    this.clock.advance(this.chance(4) === 0 ? this.chance(longest) : this.chance(longest / 100));
  }

  /** Nothing gets through; sockets on which something was lost do not come back to life. */
  protected stall(stalled: boolean): void {
    if (this.server.mute && !stalled) {
      this.server.dropAll();
    }
    this.server.mute = stalled;
  }

  /** The credential of a user has run out by the time it comes back. */
  protected expire(user: string): void {
    try {
      this.server.expire(user);
    } catch {
      // The server has forgotten everybody, or the user is logged out.
    }
    this.server.dropAll();
  }

  /** The trouble is over, and there is so much time to find together again, ms. */
  protected settle(platforms: readonly FakePlatform[], ms: number): void {
    this.server.unreachable = false;
    this.stall(false);
    platforms.forEach((platform) => platform.show());
    this.clock.advance(ms);
  }
}

/** Plays all seeds: trouble for a while, then `after`. What goes wrong says with which seed. */
export function play<T extends Trouble>(make: (seed: number) => T, after: (trouble: T) => void): void {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const trouble = make(seed * 7919);
    try {
      for (let step = 0; step < STEPS; step++) {
        trouble.step();
      }
      after(trouble);
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
}
