/** The one pusher of a page: its attributes and its native context. */
import { createPusherContext, saveToAlbum } from '@huitong/wx-platform';
import type { NativeContext } from '@huitong/wx-platform';
import { pusherDefaults } from './attributes.js';
import type { PusherAttributes } from './attributes.js';
import { takePicture } from './snapshot.js';

/** What the room does when the page starts or stops the pusher, or changes its attributes. */
export interface PusherOwner {
  /** The page starts pushing. False: the native pusher is not to be started now. */
  starting(pusher: Pusher): boolean;
  /** The page has stopped pushing. */
  stopped(pusher: Pusher): void;
  /** The page pauses or resumes pushing. */
  pausing(pusher: Pusher, paused: boolean): void;
  /** Attributes have changed. */
  changed(pusher: Pusher, attributes: PusherAttributes): void;
  /** For developers. */
  warn(message: string): void;
}

/** See the head of the file. */
export class Pusher {
  context: NativeContext | null;
  pusherAttributes: PusherAttributes;

  constructor(
    private readonly owner: PusherOwner,
    ctx: unknown,
    attributes: PusherAttributes,
  ) {
    this.context = createPusherContext(ctx);
    this.pusherAttributes = Object.assign(pusherDefaults(), attributes);
    // Pages may print or copy the instance; what it belongs to is not their business.
    Object.defineProperty(this, 'owner', { enumerable: false });
  }

  /** Merges attributes into the one object that pages hold. */
  setPusherAttributes(attributes: PusherAttributes): PusherAttributes {
    Object.assign(this.pusherAttributes, attributes);
    this.owner.changed(this, attributes || {});
    return this.pusherAttributes;
  }

  /** Begins to push, and with it the stay in the room. */
  start(options?: unknown): void {
    if (!this.context) {
      this.owner.warn('The pusher was reset by exitRoom: call createPusher before start.');
    } else if (this.owner.starting(this)) {
      this.native('start', options);
    }
  }

  /** Stops pushing and leaves the room. */
  stop(options?: unknown): void {
    this.native('stop', options);
    this.owner.stopped(this);
  }

  /** Pauses pushing; the membership stays. */
  pause(options?: unknown): void {
    this.owner.pausing(this, true);
    this.native('pause', options);
  }

  /** Goes on pushing after a pause. */
  resume(options?: unknown): void {
    this.owner.pausing(this, false);
    this.native('resume', options);
  }

  /** Toggles the camera, or goes to the one that is named, and gives the attributes. */
  switchCamera(options?: unknown): PusherAttributes {
    const now = this.pusherAttributes['frontCamera'];
    const named = typeof options === 'object' && options !== null ? (options as PusherAttributes)['frontCamera'] : options;
    const next = named === 'front' || named === 'back' ? named : now === 'front' ? 'back' : 'front';
    if (next !== now) {
      this.pusherAttributes['frontCamera'] = next;
      this.native('switchCamera', options);
    }
    return this.pusherAttributes;
  }

  /** Sends a text inside the stream: `{msg}`. */
  sendMessage(options?: unknown): void {
    this.native('sendMessage', options);
  }

  /** Takes a picture and answers with it at once. Whether the album takes it as well is the user's decision. */
  snapshot(): Promise<unknown> {
    return takePicture(this.context).then((picture) => {
      const refused = (): void => this.owner.warn('The snapshot was taken and not saved to the album.');
      saveToAlbum(picture.tempImagePath, () => undefined, refused);
      return picture;
    });
  }

  toggleTorch(options?: unknown): void {
    this.native('toggleTorch', options);
  }

  startDumpAudio(options?: unknown): void {
    this.native('startDumpAudio', options);
  }

  stopDumpAudio(options?: unknown): void {
    this.native('stopDumpAudio', options);
  }

  playBGM(options?: unknown): void {
    this.native('playBGM', options);
  }

  pauseBGM(options?: unknown): void {
    this.native('pauseBGM', options);
  }

  resumeBGM(options?: unknown): void {
    this.native('resumeBGM', options);
  }

  stopBGM(options?: unknown): void {
    this.native('stopBGM', options);
  }

  setBGMVolume(volume: unknown): void {
    this.native('setBGMVolume', volumeOptions(volume));
  }

  setMICVolume(volume: unknown): void {
    this.native('setMICVolume', volumeOptions(volume));
  }

  startPreview(options?: unknown): void {
    this.native('startPreview', options);
  }

  stopPreview(options?: unknown): void {
    this.native('stopPreview', options);
  }

  /** Stops, drops the native context and every attribute. */
  reset(): PusherAttributes {
    this.native('stop', {});
    this.context = null;
    this.pusherAttributes = {};
    return this.pusherAttributes;
  }

  /** Calls the native context, where it is there and can do that. */
  native(name: string, options?: unknown): void {
    this.context?.[name]?.(options);
  }
}

/** Pages give `{volume: n}`, `n`, or `{volume: {volume: n}}`; the runtime wants the first. */
function volumeOptions(given: unknown): unknown {
  if (typeof given !== 'object' || given === null) {
    return { volume: given };
  }
  const { volume } = given as { volume?: unknown };
  return typeof volume === 'object' && volume !== null ? Object.assign({}, given, volume) : given;
}
