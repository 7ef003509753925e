/** What all elements of a page share. */
import type { Bases, Transport } from '@huitong/web-media';

/** How long a pusher waits for the server's addresses, ms: a page may start it before it has logged in. */
const KNOWN_MS = 10_000;

/** Set by the page as soon as the server has told it. */
export class Shared {
  /** How streams come unless an element says otherwise: `auto` is WebRTC where it works, else FLV. */
  transport: 'auto' | Transport = 'auto';
  private known: Bases | null = null;
  private readonly waiting = new Set<() => void>();

  /** The bases of media addresses: with them an address of RTMP plays and pushes over WebRTC. */
  get bases(): Bases | null {
    return this.known;
  }

  set bases(bases: Bases | null) {
    this.known = bases;
    if (bases) {
      this.waiting.forEach((run) => run());
      this.waiting.clear();
    }
  }

  /** Resolves when the bases are known, or when it has taken too long. */
  async whenKnown(within = KNOWN_MS): Promise<void> {
    if (this.known) {
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, within);
      this.waiting.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

/** See the head of the file. */
export const shared = new Shared();
