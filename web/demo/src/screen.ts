/** One's own screen on its way to the server. */
import { makeKey } from '@huitong/core';
import type { Platform } from '@huitong/core';
import type { Trouble } from '@huitong/web-media';
import type { LivePusher } from '@huitong/web-runtime';
import { troubleSentence } from './sentences.js';
import type { Show } from './stage.js';

/** Whom it tells. */
export interface ScreenEvents {
  changed(): void;
  /** A sentence for the user. */
  say(sentence: string, kind: 'info' | 'warn'): void;
  /** This is sent with this key from now on. */
  publish(key: string, audio: boolean, video: boolean): void;
}

/** See the head of the file. */
export class ScreenShare {
  private pusher: LivePusher | null = null;
  private key: string;

  constructor(
    private readonly platform: Platform,
    private readonly events: ScreenEvents,
  ) {
    this.key = makeKey(platform);
  }

  /** Whether it is shared now. */
  get shared(): boolean {
    return this.pusher !== null;
  }

  /** What is to be seen of it by oneself. */
  shows(user: string): Show[] {
    const { pusher } = this;
    const state = { audio: true, video: true, speaking: false, away: false };
    return pusher ? [{ user, stream: 'aux', own: true, src: '', pusher, picture: true, state }] : [];
  }

  /** Asks which screen, and sends it to this server. */
  async share(whip: string): Promise<void> {
    const pusher = document.createElement('live-pusher') as LivePusher;
    pusher.setAttribute('source', 'screen');
    pusher.setAttribute('max-bitrate', '2500');
    pusher.setAttribute('url', `${whip}/${this.key}`);
    this.pusher = pusher;
    pusher.addEventListener('trouble', (event) => {
      const { trouble } = (event as CustomEvent<{ trouble: Trouble }>).detail;
      this.events.say(troubleSentence(trouble, true), trouble.kind === 'screen-denied' ? 'info' : 'warn');
      this.end();
    });
    pusher.addEventListener('sharingended', () => this.end());
    // On the page before the capture is asked for: an element that is on no page closes its devices.
    this.events.changed();
    await pusher.startPreview();
    if (this.pusher === pusher && pusher.stream.getVideoTracks().length > 0) {
      this.events.publish(this.key, pusher.stream.getAudioTracks().length > 0, true);
      await pusher.start();
    }
  }

  /** It is shared no more. */
  end(): void {
    const { pusher } = this;
    if (pusher) {
      this.pusher = null;
      pusher.stop();
      pusher.stopPreview();
      this.events.publish(this.key, false, false);
      this.key = makeKey(this.platform);
      this.events.changed();
    }
  }
}
