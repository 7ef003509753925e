/** The own camera and microphone in a call: the one native pusher of the component. */
import { Revival, makeKey, pushUrl } from '@huitong/core';
import type { Calls, Endpoint, Failure, Platform } from '@huitong/core';
import { PUSH, createPusherContext } from '@huitong/wx-platform';
import type { NativeContext } from '@huitong/wx-platform';

/** What templates read. */
export interface PusherConfig {
  pushUrl: string;
  frontCamera: 'front' | 'back';
  enableMic: boolean;
  enableCamera: boolean;
  volume: number;
}

/** The pusher of a component that is idle. */
export function idlePusher(): PusherConfig {
  return { pushUrl: '', frontCamera: 'front', enableMic: true, enableCamera: false, volume: 0 };
}

/** See the head of the file. */
export class Local {
  config = idlePusher();
  /** The own picture is shown, and nothing is pushed. */
  previewing = false;
  private key = '';
  private calls: Calls | null = null;
  private context: NativeContext | null = null;
  private readonly revival: Revival;

  constructor(
    private readonly platform: Platform,
    private readonly component: unknown,
  ) {
    const restart = (): void => {
      this.native('stop');
      this.native('start');
    };
    this.revival = new Revival(platform, () => !platform.hidden() && this.key !== '' && !!this.calls?.room?.present, restart);
  }

  /** The own camera is shown before the invitation is answered. [`show`] follows when the tag is there. */
  preview(): void {
    this.previewing = true;
    this.config = { ...this.config, enableCamera: true };
  }

  /** The tag of the preview is on the page. */
  show(): void {
    if (this.previewing && this.config.pushUrl === '') {
      this.native('startPreview');
    }
  }

  /** The tag has its address. One that was there before it may not notice. */
  push(): void {
    if (this.previewing && this.config.pushUrl !== '') {
      this.previewing = false;
      this.native('start');
    }
  }

  /** A key for the call that is about to begin; nothing is pushed yet. */
  prepare(calls: Calls, camera: boolean): void {
    this.calls = calls;
    this.key = makeKey(this.platform);
    // What the page has chosen while idle holds for the call that follows.
    this.config = { ...this.config, enableCamera: camera, volume: 0 };
    this.tell();
  }

  /** Media goes to the server from now on. */
  begin(endpoint: Endpoint): void {
    this.config = { ...this.config, pushUrl: pushUrl(endpoint.rtmp, this.key) };
  }

  /** Nothing is pushed any more. */
  end(): void {
    if (this.config.pushUrl !== '') {
      this.native('stop');
    } else if (this.previewing) {
      this.native('stopPreview');
    }
    this.previewing = false;
    this.revival.stop();
    this.context = null;
    this.key = '';
    this.calls = null;
    this.config = idlePusher();
  }

  /** The microphone. The native tag keeps its connection and its device, so that it is open again at once. */
  microphone(on: boolean): void {
    this.config = { ...this.config, enableMic: on };
    this.native('setMICVolume', { volume: on ? 1 : 0 });
    this.tell();
  }

  /** The camera. */
  camera(on: boolean): void {
    this.config = { ...this.config, enableCamera: on };
    this.tell();
  }

  /** The front or the back camera. */
  turn(front: boolean): void {
    const frontCamera = front ? 'front' : 'back';
    if (this.config.frontCamera !== frontCamera) {
      this.config = { ...this.config, frontCamera };
      this.native('switchCamera');
    }
  }

  /** A state code of the native pusher. True: the page is not told, because the pusher is brought back. */
  state(code: number): boolean {
    if (code === PUSH.begin) {
      this.revival.allowed();
      this.revival.alive();
      if (!this.config.enableMic) {
        this.native('setMICVolume', { volume: 0 }); // a new tag begins with an open microphone
      }
    }
    return code === PUSH.disconnected && this.key !== '' && this.revival.died();
  }

  /** The server takes media of this call from now on. */
  allowed(): void {
    this.revival.allowed();
    this.revival.retry();
  }

  /** The server has refused media. */
  refused(failure: Failure): void {
    this.revival.refused(failure.retry !== 'later');
  }

  /** What stood in the way of a dead pusher may be gone. */
  retry(): void {
    this.revival.retry();
  }

  private tell(): void {
    if (this.key !== '') {
      this.calls?.publish(this.key, this.config.enableMic, this.config.enableCamera);
    }
  }

  private native(name: string, options: unknown = {}): void {
    if (this.config.pushUrl !== '' || this.previewing) {
      this.context = this.context ?? createPusherContext(this.component);
      this.context?.[name]?.(options);
    }
  }
}
