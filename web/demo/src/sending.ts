/** One's own stream on its way to the server, kept going. */
import { say } from './language.js';
import type { Me } from './me.js';

/** A pusher that gave up is started again after this long, ms. */
const AGAIN_MS = 4000;

/** See the head of the file. */
export class Sending {
  private url = '';
  private timer = 0;
  /** The loss was told; the next one is told when it was well in between. */
  private told = false;
  private readonly heard = (event: Event): void => this.state((event as CustomEvent<{ code: number }>).detail.code);

  constructor(
    private readonly me: Me,
    private readonly warn: (sentence: string) => void,
  ) {
    me.pusher.addEventListener('statechange', this.heard);
  }

  /** Sends to this address from now on. */
  async begin(url: string): Promise<void> {
    this.url = url;
    this.me.pusher.setAttribute('url', url);
    await this.me.pusher.start();
  }

  end(): void {
    this.url = '';
    window.clearTimeout(this.timer);
    this.me.pusher.removeEventListener('statechange', this.heard);
  }

  private state(code: number): void {
    if (code === 1001) {
      this.told = false;
    } else if (code === 1102 && !this.told) {
      this.told = true;
      this.warn(say('mediaLost'));
    } else if (code === -1307 && this.url !== '') {
      window.clearTimeout(this.timer);
      this.timer = window.setTimeout(() => void this.me.pusher.start(), AGAIN_MS);
    }
  }
}
