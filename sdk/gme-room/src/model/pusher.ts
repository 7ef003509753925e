/** The own microphone: the one native pusher of the component, which is there while the microphone is open. */
import { LOCAL } from '../common/settings.js';
import { PUSH, Revival, createPusherContext, makeKey, pushUrl } from '../utils/huitong.js';
import type { Cancel, Failure, NativeContext, Platform, Room } from '../utils/huitong.js';
import { Level } from '../utils/levels.js';

/** After a return from the background the tag has to show within this time that it pushes, ms: it tells so every two seconds. */
const SIGN_MS = 6000;

/** What the template reads. */
export type PusherConfig = typeof LOCAL & { url: string };

/** See the head of the file. */
export class Pusher {
  /** How loud the own microphone is. */
  readonly level = new Level();
  private url = '';
  private key = '';
  private room: Room | null = null;
  private context: NativeContext | null = null;
  /** When the tag last showed that it pushes; null: never, as on phones that do not tell. */
  private aliveAt: number | null = null;
  private check: Cancel | null = null;
  private readonly revival: Revival;

  constructor(
    private readonly platform: Platform,
    private readonly component: unknown,
  ) {
    const restart = (): void => {
      this.native('stop');
      this.native('start');
    };
    this.revival = new Revival(platform, () => !platform.hidden() && this.isOpen && !!this.room?.present, restart);
  }

  /** Whether the microphone is open. */
  get isOpen(): boolean {
    return this.url !== '';
  }

  /** What the template reads. */
  get config(): PusherConfig {
    return Object.assign({}, LOCAL, { url: this.url });
  }

  /**
   * Opens the microphone and pushes to this address. Every time under a new key, so that a connection that is about to end is
   * not taken for this one.
   */
  open(room: Room, base: string): void {
    if (this.isOpen) {
      return;
    }
    this.room = room;
    this.key = makeKey(this.platform);
    this.url = pushUrl(base, this.key);
    this.aliveAt = null;
    this.revival.allowed();
    room.publish('main', this.key, true, false);
  }

  /** Closes it. The others are told at once, before the connection has ended. */
  close(): void {
    if (!this.isOpen) {
      return;
    }
    this.room?.publish('main', this.key, false, false);
    this.end();
  }

  /** Nothing is pushed any more, and the server knows. */
  end(): void {
    if (this.isOpen) {
      this.native('stop');
    }
    this.revival.stop();
    this.check?.();
    this.check = null;
    this.context = null;
    this.room = null;
    this.url = '';
  }

  /** A state code of the native pusher. True: the page is not told, because the pusher is brought back. */
  state(code: number): boolean {
    if (code === PUSH.begin) {
      this.revival.allowed();
      this.revival.alive();
    }
    return code === PUSH.disconnected && this.isOpen && this.revival.died();
  }

  /** The native tag tells how it pushes. */
  status(): void {
    this.aliveAt = this.platform.now();
  }

  /** The phone is back from the background, where the system may have stopped the tag without a word. */
  shown(): void {
    this.retry();
    this.check?.();
    const { aliveAt } = this;
    this.check = aliveAt === null ? null : this.platform.after(SIGN_MS, () => {
      this.check = null;
      if (this.isOpen && this.aliveAt === aliveAt) {
        this.revival.suspect();
      }
    });
  }

  /** What had taken the sound away has given it back; the tag may still be paused. */
  soundBack(): void {
    if (this.isOpen) {
      this.native('resume');
    }
    this.shown();
  }

  /** The server has refused media. */
  refused(failure: Failure): void {
    this.revival.refused(failure.retry !== 'later');
  }

  /** What stood in the way of a dead pusher may be gone. */
  retry(): void {
    this.revival.retry();
  }

  private native(name: string): void {
    this.context = this.context ?? createPusherContext(this.component);
    this.context?.[name]?.({});
  }
}
