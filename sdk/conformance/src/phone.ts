/** A simulated phone in virtual time: `wx`, native media contexts that write down what they are asked, and pages. */
import { Clock } from './clock.js';
import { load, run } from './load.js';
import { FakeServer } from './server.js';

/** One call of a native function. */
export interface NativeCall {
  target: 'pusher' | string;
  name: string;
  options: any;
}

type Callback = (value?: unknown) => void;

const PUSHER = [
  'start', 'stop', 'pause', 'resume', 'switchCamera', 'snapshot', 'toggleTorch', 'playBGM', 'pauseBGM', 'resumeBGM', 'stopBGM',
  'setBGMVolume', 'setMICVolume', 'startPreview', 'stopPreview', 'sendMessage', 'startDumpAudio', 'stopDumpAudio',
];
const PLAYER = ['play', 'stop', 'pause', 'resume', 'mute', 'snapshot', 'requestFullScreen', 'exitFullScreen'];

/** See the head of the file. */
export class Phone {
  readonly clock: Clock;
  readonly server: FakeServer;
  /** Everything the native contexts were asked. */
  readonly calls: NativeCall[] = [];
  /** Everything printed: level and text. */
  readonly printed: [string, string][] = [];
  /** The arguments with which contexts were made. */
  readonly contexts: unknown[][] = [];
  readonly pages: unknown[] = [];
  readonly saved: string[] = [];
  readonly storage = new Map<string, unknown>();
  /** What the native snapshot gives; null fails. */
  picture: { tempImagePath?: string; width: number; height: number } | null = { tempImagePath: 'wxfile://p', width: 3, height: 4 };
  readonly wx: Record<string, any>;
  private readonly listeners: Record<string, Callback[]> = { show: [], hide: [], network: [], sound: [] };

  constructor(clock = new Clock(), server = new FakeServer(clock)) {
    this.clock = clock;
    this.server = server;
    this.wx = this.makeWx();
  }

  /** What a module sees on this phone. */
  scope(): Record<string, unknown> {
    const level = (name: string) => (...what: unknown[]) => this.printed.push([name, what.map(String).join(' ')]);
    return {
      wx: this.wx,
      console: { log: level('log'), info: level('info'), warn: level('warn'), error: level('error') },
      setTimeout: (callback: () => void, ms: number) => this.clock.after(ms ?? 0, callback),
      clearTimeout: (cancel?: () => void) => cancel?.(),
      getCurrentPages: () => this.pages.slice(),
      Date: { now: () => this.clock.now },
    };
  }

  /** Requires a built file. */
  require(file: string): any {
    return load(file, this.scope());
  }

  /** Requires a text. */
  requireText(source: string): any {
    return run(source, this.scope());
  }

  show(): void {
    this.listeners['show']?.forEach((tell) => tell());
  }

  hide(): void {
    this.listeners['hide']?.forEach((tell) => tell());
  }

  /** A call that had taken the sound away is over. */
  soundBack(): void {
    this.listeners['sound']?.forEach((tell) => tell());
  }

  network(isConnected: boolean): void {
    this.listeners['network']?.forEach((tell) => tell({ isConnected, networkType: '4g' }));
  }

  /** Native calls in short, since the last time. */
  natives(): string[] {
    return this.calls.splice(0).map(({ target, name }) => `${target}.${name}`);
  }

  private makeWx(): Record<string, any> {
    return {
      huitong: { server: 'https://rtc.example.org' },
      connectSocket: (options: any) => this.connectSocket(options),
      createLivePusherContext: (...args: unknown[]) => this.context('pusher', PUSHER, args),
      createLivePlayerContext: (...args: unknown[]) => this.context(String(args[0]), PLAYER, args),
      saveImageToPhotosAlbum: ({ filePath, success }: any) => {
        this.saved.push(filePath);
        success?.({ errMsg: 'saveImageToPhotosAlbum:ok' });
      },
      getRandomValues: ({ length, success }: any) =>
        this.clock.after(0, () => success?.({ randomValues: new Uint8Array(length).fill(7).buffer })),
      getSystemInfoSync: () => ({ platform: 'ios', system: 'iOS 17.4', version: '8.0.50', SDKVersion: '3.4.0' }),
      getStorageSync: (key: string) => this.storage.get(key) ?? '',
      setStorageSync: (key: string, value: unknown) => this.storage.set(key, value),
      onAppShow: (tell: Callback) => this.listeners['show']?.push(tell),
      onAppHide: (tell: Callback) => this.listeners['hide']?.push(tell),
      onAudioInterruptionEnd: (tell: Callback) => this.listeners['sound']?.push(tell),
      onNetworkStatusChange: (tell: Callback) => this.listeners['network']?.push(tell),
    };
  }

  private connectSocket({ url, success }: any): Record<string, unknown> {
    const on: Record<string, Callback> = {};
    const tell = (event: string, value?: unknown): void => on[event]?.(value);
    const socket = this.server.connect(url, {
      opened: () => tell('open', {}),
      text: (data) => tell('message', { data }),
      closed: (code, reason) => tell('close', { code, reason }),
    });
    this.clock.after(0, () => success?.({ errMsg: 'connectSocket:ok' }));
    return {
      send: ({ data }: any) => socket.send(data),
      close: () => socket.close(),
      onOpen: (run: Callback) => (on['open'] = run),
      onMessage: (run: Callback) => (on['message'] = run),
      onError: (run: Callback) => (on['error'] = run),
      onClose: (run: Callback) => (on['close'] = run),
    };
  }

  private context(target: string, names: string[], args: unknown[]): Record<string, unknown> {
    this.contexts.push([target === 'pusher' ? 'pusher' : 'player', ...args]);
    const context: Record<string, unknown> = {};
    for (const name of names) {
      context[name] = (options: any) => {
        this.calls.push({ target, name, options });
        if (name === 'snapshot' && !this.picture) {
          options?.fail?.({ errMsg: 'snapshot:fail' });
        } else {
          options?.success?.(name === 'snapshot' ? this.picture : { errMsg: `${name}:ok` });
        }
      };
    }
    return context;
  }
}
