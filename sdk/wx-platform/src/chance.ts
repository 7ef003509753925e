/**
 * Random bytes that are there at once. The runtime gives secure ones by callback only, so some are fetched ahead;
 * where there are none yet, or never, they are drawn from Math.random and the clock.
 */

/** Secure bytes fetched at a time: enough for eight stream keys. */
const AHEAD = 128;

/** Calls back with secure random bytes, if the runtime has such a thing. */
export type SecureSource = (count: number, done: (bytes: Uint8Array) => void) => void;

/** See the head of the file. */
export class Chance {
  private ahead: number[] = [];
  private fetching = false;
  private state = 0;

  constructor(private readonly secure: SecureSource) {}

  /** Fetches secure bytes for later. */
  prepare(): void {
    if (this.fetching || this.ahead.length >= AHEAD) {
      return;
    }
    this.fetching = true;
    this.secure(AHEAD, (bytes) => {
      this.fetching = false;
      this.ahead = Array.prototype.slice.call(bytes);
    });
  }

  /** Random bytes, the secure ones first. Each secure byte is given out once. */
  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    const secure = this.ahead.length >= count ? this.ahead.splice(0, count) : [];
    for (let at = 0; at < count; at++) {
      bytes[at] = (secure[at] ?? 0) ^ this.weak();
    }
    this.prepare();
    return bytes;
  }

  /** Eight bits of Math.random, stirred with the clock so that equal generators of two phones differ. */
  private weak(): number {
    const drawn = Math.floor(Math.random() * 0x100000000);
    let mixed = (this.state ^ drawn ^ (Date.now() & 0x7fffffff)) | 0;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x45d9f3b);
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x45d9f3b);
    this.state = (mixed + 0x6d2b79f5) | 0;
    return (mixed >>> 24) & 255;
  }
}
