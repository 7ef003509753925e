/** How loud somebody is, as far as the native tags have said lately. */
import { LOUDEST } from '../common/constants.js';

/** Native tags repeat their volume every two seconds or oftener: after this long without a word it is quiet, ms. */
const STALE_MS = 3000;

/** See the head of the file. */
export class Level {
  private volume = 0;
  private heardAt = -Infinity;

  /** A native tag reports a volume. */
  heard(volume: unknown, now: number): void {
    this.volume = Math.min(LOUDEST, Math.max(0, Math.round(Number(volume) || 0)));
    this.heardAt = now;
  }

  /** From 0 to [`LOUDEST`]. */
  read(now: number): number {
    return now - this.heardAt > STALE_MS ? 0 : this.volume;
  }
}
