/**
 * Brings native media back. The native tags try again a few times and then give up for good; a page that was made
 * for a cloud does not start them again, so the SDK does, as long as it has its seat, with growing pauses.
 */
import { Backoff } from './backoff.js';
import type { Cancel, Platform } from './platform.js';

/** Pauses between starts, ms: the native tag needs some seconds for its own retries in between. */
const FIRST_MS = 1000;
const MOST_MS = 15000;
/** After this long in vain the page is told, ms: as long as a seat is kept. */
const GIVE_UP_MS = 90000;
/** Pauses after the server refused media for the moment, ms: a place in a full room becomes free in human time. */
const REFUSED_FIRST_MS = 5000;
const REFUSED_MOST_MS = 30000;

/** One native tag. */
export class Revival {
  private readonly backoff: Backoff;
  private timer: Cancel | null = null;
  private dead = false;
  private since = 0;
  private readonly refusals: Backoff;
  /** Before this time the server would refuse the media again. */
  private notBefore = 0;

  /** `possible`: whether the server would take the media now. `restart` stops and starts the native tag. */
  constructor(
    private readonly platform: Platform,
    private readonly possible: () => boolean,
    private readonly restart: () => void,
  ) {
    this.backoff = new Backoff(FIRST_MS, MOST_MS, () => platform.random());
    this.refusals = new Backoff(REFUSED_FIRST_MS, REFUSED_MOST_MS, () => platform.random());
  }

  /** The tag has given up. False when it was brought back in vain for too long: the page should know. */
  died(): boolean {
    const now = this.platform.now();
    if (!this.dead) {
      this.dead = true;
      this.since = now;
    } else if (now - this.since >= GIVE_UP_MS) {
      this.cancel();
      return false;
    }
    this.later();
    return true;
  }

  /** Media flows. */
  alive(): void {
    this.cancel();
    this.dead = false;
    this.backoff.reset();
  }

  /** What stood in the way may be gone: a dead tag is tried again, with fresh patience. */
  retry(): void {
    if (this.dead) {
      this.since = this.platform.now();
      this.backoff.reset();
      this.later();
    }
  }

  /** The server refused the media, for good or for the moment. The tag tries again by itself; each time tells this. */
  refused(forGood: boolean): void {
    const now = this.platform.now();
    // The server is there and answers: that is no connection on which to lose patience.
    this.since = now;
    if (forGood) {
      this.notBefore = Infinity;
    } else if (now >= this.notBefore) {
      this.notBefore = now + this.refusals.next();
    }
  }

  /** What the server refused it may take now. */
  allowed(): void {
    this.refusals.reset();
    this.notBefore = 0;
  }

  /** The tag shows no life although it has not said that it died: start it anew now. */
  suspect(): void {
    if (!this.dead) {
      this.dead = true;
      this.since = this.platform.now();
    }
    this.cancel();
    this.attempt();
  }

  /** Nobody wants this tag any more. */
  stop(): void {
    this.cancel();
    this.dead = false;
  }

  private cancel(): void {
    this.timer?.();
    this.timer = null;
  }

  private later(): void {
    this.cancel();
    const wait = Math.max(this.backoff.next(), this.notBefore - this.platform.now());
    if (wait < Infinity) {
      this.timer = this.platform.after(wait, () => this.attempt());
    }
  }

  private attempt(): void {
    this.timer = null;
    if (this.platform.now() < this.notBefore) {
      this.later();
    } else if (this.possible()) {
      this.restart();
    }
  }
}
