/** One remote stream: its attributes and its native context. */
import { createPlayerContext, saveToAlbum } from '@huitong/wx-platform';
import type { NativeContext } from '@huitong/wx-platform';
import { playerDefaults } from './attributes.js';
import type { PlayerAttributes } from './attributes.js';
import { takePicture } from './snapshot.js';

/** See the head of the file. The context is made when it is first needed. */
export class Player {
  playerAttributes: PlayerAttributes;
  private context: NativeContext | null = null;

  constructor(
    private readonly ctx: unknown,
    attributes: PlayerAttributes,
    private readonly muted: boolean,
  ) {
    this.playerAttributes = Object.assign(playerDefaults(muted), attributes);
    Object.defineProperty(this, 'muted', { enumerable: false });
  }

  /** Whether the native context was made. */
  get hasContext(): boolean {
    return this.context !== null;
  }

  play(options?: unknown): void {
    this.call('play', options);
  }

  stop(options?: unknown): void {
    this.call('stop', options);
  }

  pause(options?: unknown): void {
    this.call('pause', options);
  }

  resume(options?: unknown): void {
    this.call('resume', options);
  }

  mute(options?: unknown): void {
    this.call('mute', options);
  }

  /** Puts the player into full screen; `direction` is 0, 90 or -90. */
  requestFullScreen(params?: { direction?: number }): Promise<unknown> {
    return this.promise('requestFullScreen', params);
  }

  requestExitFullScreen(): Promise<unknown> {
    return this.promise('exitFullScreen', {});
  }

  /** Takes a picture and answers with it when it is saved to the album. */
  snapshot(): Promise<unknown> {
    return takePicture(this.getPlayerContext()).then(
      (picture) => new Promise((resolve, reject) => saveToAlbum(picture.tempImagePath, () => resolve(picture), reject)),
    );
  }

  /** Merges attributes; objects given out before keep their values. */
  setPlayerAttributes(attributes: PlayerAttributes): void {
    this.playerAttributes = Object.assign({}, this.playerAttributes, attributes);
  }

  getPlayerContext(): NativeContext | null {
    if (!this.context) {
      this.context = createPlayerContext(this.playerAttributes['id'], this.ctx);
    }
    return this.context;
  }

  /** Stops, and forgets the context and every attribute. */
  reset(): void {
    if (this.context) {
      this.call('stop');
      this.context = null;
    }
    this.playerAttributes = playerDefaults(this.muted);
  }

  private call(name: string, options?: unknown): void {
    this.getPlayerContext()?.[name]?.(options);
  }

  private promise(name: string, params: object | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const native = this.getPlayerContext()?.[name];
      if (native) {
        native.call(this.context, Object.assign({}, params, { success: resolve, fail: reject }));
      } else {
        reject(new Error(`${name} is not there`));
      }
    });
  }
}
