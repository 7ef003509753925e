/** The mini-program runtime, as the core and the SDKs see it. Nothing else in the SDKs touches `wx`. */
import type { Cancel, LogLevel, Platform } from '@huitong/core';
import { Chance } from './chance.js';
import { connect } from './sockets.js';

export { PLAY, PUSH, PUSH_ERRORS, PUSH_NOTES } from './codes.js';
export { keepScreenOn, language, registerComponent, toast } from './components.js';
export { Tone, wav } from './tone.js';
export type { Sound } from './tone.js';
export { findServer, settings } from './settings.js';
export type { Settings } from './settings.js';
export { createPlayerContext, createPusherContext, saveToAlbum } from './media.js';
export type { NativeContext } from './media.js';
export { PageOf } from './pages.js';
export type { Presence } from './pages.js';

/** Runs what may fail on some phones without consequence, and says whether it went well. */
function attempt(run: () => void): boolean {
  try {
    run();
    return true;
  } catch {
    return false; // The phone lacks it; whoever needs the result asks whether it is there.
  }
}

/** Listeners of one kind of event of the runtime, which is registered there at the first use and kept. */
class Channel<T> {
  private readonly listeners: ((value: T) => void)[] = [];
  private registered = false;

  constructor(private readonly register: (tell: (value: T) => void) => void) {}

  add(run: (value: T) => void): Cancel {
    if (!this.registered) {
      this.registered = attempt(() => this.register((value) => this.listeners.slice().forEach((listener) => listener(value))));
    }
    const own = (value: T): void => run(value);
    this.listeners.push(own);
    return () => {
      const at = this.listeners.indexOf(own);
      if (at >= 0) {
        this.listeners.splice(at, 1);
      }
    };
  }
}

const chance = new Chance((count, done) =>
  attempt(() => {
    const success = (result: { randomValues?: ArrayBuffer }): void => {
      if (result.randomValues) {
        done(new Uint8Array(result.randomValues));
      }
    };
    const options = { length: count, success, fail: () => undefined };
    if (wx.getRandomValues) {
      wx.getRandomValues(options);
    } else if (wx.getUserCryptoManager) {
      wx.getUserCryptoManager().getRandomValues?.(options);
    }
  }),
);
// Asked for when the file is loaded, secure bytes are there when the first page makes its first key.
chance.prepare();

const shows = new Channel<void>((tell) => wx.onAppShow?.(() => tell()));
const hides = new Channel<void>((tell) => wx.onAppHide?.(() => tell()));
const interruptions = /* @__PURE__ */ new Channel<void>((tell) => wx.onAudioInterruptionEnd?.(() => tell()));
const networks = new Channel<boolean>((tell) => wx.onNetworkStatusChange?.((state) => tell(state.isConnected !== false)));

/** In the background or not: known for the whole application, because no single user of it is there all the time. */
class Background {
  hidden = false;
  private watching = false;

  watch(): void {
    if (!this.watching) {
      this.watching = true;
      shows.add(() => (this.hidden = false));
      hides.add(() => (this.hidden = true));
    }
  }
}

const background = new Background();

function after(ms: number, run: () => void): Cancel {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

function describe(): string {
  let text = 'wechat';
  attempt(() => {
    const info = wx.getSystemInfoSync?.();
    if (info) {
      text = `wechat/${info.version ?? ''} ${info.system ?? info.platform ?? ''} lib/${info.SDKVersion ?? ''}`;
    }
  });
  return text;
}

function read(key: string): string {
  let value: unknown = '';
  attempt(() => (value = wx.getStorageSync?.(key)));
  return typeof value === 'string' ? value : '';
}

/** The platform; `log` is where its lines go. */
export function wxPlatform(log: (level: LogLevel, message: string) => void): Platform {
  background.watch();
  return {
    now: () => Date.now(),
    after,
    connect: (url, listener) => connect(url, listener, (run) => after(0, run)),
    random: () => Math.random(),
    randomBytes: (count) => chance.bytes(count),
    read,
    write: (key, value) => attempt(() => wx.setStorageSync?.(key, value)),
    hidden: () => background.hidden,
    onShow: (run) => shows.add(run),
    onHide: (run) => hides.add(run),
    onNetwork: (run) => networks.add(run),
    describe,
    log,
  };
}

/**
 * Something that had taken the sound away, such as a phone call, has given it back. The runtime pauses everything that records
 * or plays for that, and need not go on by itself.
 */
export function onSoundBack(run: () => void): Cancel {
  return interruptions.add(run);
}

/** What files of an application share under this name; undefined if nothing. */
export function shared(name: string): unknown {
  return typeof wx === 'undefined' ? undefined : wx[name];
}

/** Shares something with the other files of the application. */
export function share(name: string, value: unknown): void {
  attempt(() => {
    wx[name] = value;
  });
}

/** Writes to the developer's console. */
export function print(level: LogLevel, ...what: unknown[]): void {
  attempt(() => console[level](...what));
}
