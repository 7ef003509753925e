/** Who speaks. */

/** Quieter than this is breath and keyboards, on the scale of 0 to 100. */
const SPEECH = 38;
/** Somebody who paused for less than this still speaks, ms. */
const HOLD_MS = 1200;
/** How much louder than the present speaker another one has to be to take over at once. */
const MARGIN = 8;

/** See the head of the file. */
export class Speakers {
  private readonly heard = new Map<string, { volume: number; at: number }>();
  private present = '';

  /** Somebody is this loud now. */
  hear(user: string, volume: number, now: number): void {
    if (volume >= SPEECH) {
      this.heard.set(user, { volume, at: now });
    }
  }

  forget(user: string): void {
    this.heard.delete(user);
  }

  /** The one who speaks now; empty if nobody does. */
  speaker(now: number): string {
    let loudest = '';
    let most = 0;
    for (const [user, { volume, at }] of this.heard) {
      if (now - at > HOLD_MS) {
        this.heard.delete(user);
      } else {
        const counts = volume + (user === this.present ? MARGIN : 0);
        if (counts > most) {
          most = counts;
          loudest = user;
        }
      }
    }
    this.present = loudest;
    return loudest;
  }
}
