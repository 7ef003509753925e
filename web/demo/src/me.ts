/** One's own camera and microphone: one pusher that is shown while one checks it and goes on into the meeting. */
import type { Trouble } from '@huitong/web-media';
import type { LivePusher } from '@huitong/web-runtime';
import { recall, remember } from './language.js';

const STORE = { camera: 'huitong.camera', microphone: 'huitong.microphone' };

/** What is on, and what there is. */
export interface MeState {
  /** The user wants it on. */
  mic: boolean;
  camera: boolean;
  /** The device is open. */
  hasMic: boolean;
  hasCamera: boolean;
}

/** See the head of the file. `change` for every change of the state, `level` for the loudness, `trouble` for failures. */
export class Me extends EventTarget {
  readonly pusher = document.createElement('live-pusher') as LivePusher;
  readonly state: MeState = { mic: true, camera: true, hasMic: false, hasCamera: false };
  /** The devices were asked for. */
  opened = false;
  level = 0;

  constructor() {
    super();
    const { pusher } = this;
    pusher.setAttribute('mode', 'RTC');
    pusher.setAttribute('max-bitrate', '900');
    pusher.setAttribute('fps', '20');
    for (const kind of ['camera', 'microphone'] as const) {
      const device = recall(STORE[kind]);
      if (device) {
        pusher.setAttribute(`${kind}-id`, device);
      }
    }
    pusher.addEventListener('devices', (event) => {
      const { audio, video } = (event as CustomEvent<{ audio: boolean; video: boolean }>).detail;
      this.state.hasMic = audio;
      this.state.hasCamera = video;
      this.changed();
    });
    pusher.addEventListener('audiovolumenotify', (event) => {
      this.level = (event as CustomEvent<{ volume: number }>).detail.volume;
      this.dispatchEvent(new Event('level'));
    });
    pusher.addEventListener('trouble', (event) => this.trouble((event as CustomEvent<{ trouble: Trouble }>).detail.trouble));
  }

  /** Opens the devices, if it was not done. */
  async open(): Promise<void> {
    this.opened = true;
    this.changed();
    await this.pusher.startPreview();
  }

  close(): void {
    this.opened = false;
    this.pusher.stop();
    this.pusher.stopPreview();
    this.changed();
  }

  /** What is wanted before the devices are opened, or for a change of both at once. */
  prepare(mic: boolean, camera: boolean): void {
    Object.assign(this.state, { mic, camera });
    this.pusher.setAttribute('enable-mic', String(mic));
    this.pusher.setAttribute('enable-camera', String(camera));
    this.changed();
  }

  /** Turns microphone or camera on or off. One that is wanted but is not there is tried again. */
  toggle(kind: 'mic' | 'camera'): void {
    const missing = this.opened && this.state[kind] && !this.state[kind === 'mic' ? 'hasMic' : 'hasCamera'];
    if (missing) {
      void this.pusher.startPreview();
      return;
    }
    this.state[kind] = !this.state[kind];
    this.pusher.setAttribute(kind === 'mic' ? 'enable-mic' : 'enable-camera', String(this.state[kind]));
    this.changed();
  }

  /** Uses another device from now on. */
  choose(kind: 'camera' | 'microphone', device: string): void {
    remember(STORE[kind], device);
    this.pusher.setAttribute(`${kind}-id`, device);
  }

  /** The camera on the other side of a phone. */
  flip(): void {
    this.pusher.removeAttribute('camera-id');
    void this.pusher.switchCamera();
  }

  /** What the others are to get. */
  get sends(): { audio: boolean; video: boolean } {
    const { mic, camera, hasMic, hasCamera } = this.state;
    return { audio: mic && hasMic, video: camera && hasCamera };
  }

  private trouble(trouble: Trouble): void {
    const device = trouble.kind.startsWith('no-') ? trouble.kind.slice(3) : '';
    if (device === 'camera' || device === 'microphone') {
      // A device of an earlier visit may be gone; the next attempt takes any.
      remember(STORE[device], '');
      this.pusher.removeAttribute(`${device}-id`);
    }
    this.dispatchEvent(new CustomEvent('trouble', { detail: trouble }));
  }

  private changed(): void {
    this.dispatchEvent(new Event('change'));
  }
}
