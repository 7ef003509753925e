/** The voices of all others as one sound: a player that is not seen. */
import type { LivePlayer } from '@huitong/web-runtime';
import { make } from '../dom.js';
import { Tile } from '../tile.js';

/** See the head of the file. */
export class MixedSound {
  readonly element = make('div', { class: 'mixed-sound', 'aria-hidden': 'true' });
  private tile: Tile | null = null;

  /** `blocked` is called when sound needs a touch. */
  constructor(private readonly blocked: () => void) {}

  /** Plays what is at this address from now on; nothing if it is empty. */
  play(src: string): void {
    if (src === '') {
      this.close();
      return;
    }
    this.tile ??= this.begin();
    this.tile.play(src, { audio: true, video: false });
  }

  /** The page was touched. */
  unblock(): void {
    void this.tile?.player?.resume().catch(() => undefined);
  }

  close(): void {
    this.tile?.remove();
    this.tile = null;
  }

  /** A tile begins again by itself when its stream breaks. */
  private begin(): Tile {
    const player = document.createElement('live-player') as LivePlayer;
    player.setAttribute('mode', 'RTC');
    player.setAttribute('autoplay', '');
    const nothing = (): void => undefined;
    const tile = new Tile('', 'main', false, player, { volume: nothing, blocked: this.blocked, reshaped: nothing });
    this.element.append(tile.element);
    return tile;
  }
}
