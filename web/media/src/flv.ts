/** Plays a stream as FLV over HTTP or WebSocket: where WebRTC is not to be had, and for senders it cannot show. */
import type Mpegts from 'mpegts.js';
import { startElement } from './player.js';
import type { Player, PlayEvents, PlayStats, Tracks, Transport } from './player.js';
import { quality } from './quality.js';
import { Trouble } from './trouble.js';

/** The player library, as far as it is used; tests hand over their own. */
export type Engine = Pick<typeof Mpegts, 'createPlayer' | 'isSupported' | 'Events'> & {
  /** How bytes come over WebSocket, if not as the library does it. */
  SocketLoader?: Mpegts.CustomLoaderConstructor;
};

/** How far behind the newest picture to play, s. */
export interface Latency {
  target: number;
  most: number;
}

/** What of a browser is needed; tests hand over their own. */
export interface FlvScope {
  performance: { now(): number };
  setTimeout: (run: () => void, ms: number) => number;
  clearTimeout: (timer: number) => void;
}

/** For conversations. Below it, pauses of the network are heard (measured: 252 ms with dropped pictures at .4/.2). */
export const CLOSE_BEHIND: Latency = { target: 0.3, most: 0.6 };
/** How much faster to play while too far behind: heard by few, and a second is made up for in three. */
const CATCH_UP_RATE = 1.3;
/** Farther behind than this is not caught up with, but jumped over, s. */
const JUMP_S = 4;
/** How often the stream is looked at, ms. */
const LOOK_MS = 500;
/** No new picture (or sound, without pictures) for so long: the stream is fetched anew, ms. */
export const FROZEN_MS = 4000;
/** A start may take longer: an encoder with a keyframe every few seconds, a publisher that has not begun, ms. */
export const START_MS = 10000;
/** Pauses between attempts, ms. */
export const PAUSES_MS = [500, 1500, 4000];
/** The window over which rates and stalls are reckoned, looks. */
const WINDOW = 10;

interface Look {
  at: number;
  frames: number;
  moved: boolean;
  /** Sound taken out of the stream so far; `undefined` where the browser does not tell (Firefox). */
  audioBytes: number | undefined;
}

const EMPTY = { videoKbps: 0, audioKbps: 0, width: 0, height: 0 };

/** Frames shown or dropped so far; both show that the stream comes. */
const framesOf = (element: HTMLVideoElement): number => element.getVideoPlaybackQuality?.().totalVideoFrames ?? 0;

/** Bytes of sound handed to the decoder so far. No standard has it; Chromium and WebKit do. */
const audioBytesOf = (element: HTMLVideoElement): number | undefined =>
  (element as { webkitAudioDecodedByteCount?: number }).webkitAudioDecodedByteCount;

/** How much is buffered ahead of what is shown, s. */
function ahead(element: HTMLVideoElement): number {
  const { buffered, currentTime } = element;
  return buffered.length === 0 ? 0 : Math.max(0, buffered.end(buffered.length - 1) - currentTime);
}

/** See the head of the file. */
export class FlvPlayer implements Player {
  readonly transport: Transport;
  private readonly engine: Engine;
  private player: Mpegts.Player | null = null;
  private element: HTMLVideoElement | null = null;
  private expected: Tracks | null = null;
  private stopped = false;
  private attempts = 0;
  private reloads = 0;
  private timer = 0;
  private pause = 0;
  private looks: Look[] = [];
  private begunAt = 0;
  private movedAt = 0;
  private moves = false;
  private stoodStill = false;
  private frames = 0;
  private time = 0;
  private base = 0;
  private figures = { ...EMPTY };

  constructor(
    private readonly url: string,
    private readonly events: PlayEvents,
    engine: Engine,
    private readonly latency: Latency = CLOSE_BEHIND,
    private readonly scope: FlvScope = window,
  ) {
    this.engine = engine;
    this.transport = /^wss?:/i.test(url) ? 'ws-flv' : 'flv';
  }

  play(element: HTMLVideoElement): void {
    this.element = element;
    if (!this.engine.isSupported()) {
      this.fail(new Trouble('unsupported', 'this browser has no Media Source Extensions'));
      return;
    }
    this.load();
    this.look();
  }

  /** An element waits for a track that has ended, so the stream is fetched anew with those that are there. */
  expect(tracks: Tracks): void {
    const before = this.expected;
    this.expected = tracks;
    const changed = before !== null && (before.audio !== tracks.audio || before.video !== tracks.video);
    if (changed && this.player) {
      this.load();
    }
  }

  stop(): void {
    this.stopped = true;
    this.scope.clearTimeout(this.timer);
    this.unload();
    this.element = null;
  }

  stats(): Promise<PlayStats> {
    const { element, looks, scope } = this;
    const first = looks[0];
    const last = looks[looks.length - 1];
    const span = first && last ? last.at - first.at : 0;
    const fps = first && last && span > 0 ? (1000 * (last.frames - first.frames)) / span : 0;
    const latencyMs = element ? Math.round(1000 * ahead(element)) : 0;
    const stalled = looks.length === 0 ? 1 : looks.filter((look) => !look.moved).length / looks.length;
    const starting = !this.moves && scope.performance.now() - this.begunAt < START_MS;
    return Promise.resolve({
      ...this.figures, transport: this.transport, frames: this.base + this.frames, fps, latencyMs, jitterMs: 0,
      reloads: this.reloads, quality: starting ? 0 : quality({ stalled, latencyMs }),
    });
  }

  private load(): void {
    const { element, engine } = this;
    if (!element || this.stopped) {
      return;
    }
    this.unload();
    // A start that stood still may have waited for a track that does not come after all.
    const tracks = this.stoodStill ? null : this.expected;
    const known = tracks && (tracks.audio || tracks.video) ? { hasAudio: tracks.audio, hasVideo: tracks.video } : {};
    const player = engine.createPlayer(
      { type: 'flv', isLive: true, url: this.url, ...known },
      {
        ...(this.transport === 'ws-flv' && engine.SocketLoader ? { customLoader: engine.SocketLoader } : {}),
        enableStashBuffer: false,
        lazyLoad: false,
        deferLoadAfterSourceOpen: false,
        autoCleanupSourceBuffer: true,
        autoCleanupMaxBackwardDuration: 30,
        autoCleanupMinBackwardDuration: 10,
        liveSync: true,
        liveSyncMaxLatency: this.latency.most,
        liveSyncTargetLatency: this.latency.target,
        liveSyncPlaybackRate: CATCH_UP_RATE,
      },
    );
    this.player = player;
    this.begunAt = this.scope.performance.now();
    this.movedAt = this.begunAt;
    this.moves = false;
    this.looks = [];
    this.watch(player);
    player.attachMediaElement(element);
    player.load();
    startElement(element, this.events.blocked);
  }

  private watch(player: Mpegts.Player): void {
    const current = (run: (...args: any[]) => void) => (...args: any[]) => {
      if (this.player === player) {
        run(...args);
      }
    };
    // Never inside the event: the library goes on with what would be destroyed.
    const later = (why: Trouble): void => {
      this.scope.setTimeout(current(() => this.again(why)), 0);
    };
    const { Events } = this.engine;
    player.on(Events.ERROR, current((type, detail, info) => {
      const { code = 0, msg = '' } = (info ?? {}) as { code?: number; msg?: string };
      const kind = type === 'NetworkError' ? (code >= 400 ? 'refused' : 'lost') : 'undecodable';
      later(new Trouble(kind, `${detail} ${msg}`.trim(), code > 0 ? code : 0));
    }));
    player.on(Events.LOADING_COMPLETE, current(() => later(new Trouble('ended', 'the server ended the stream'))));
    player.on(Events.MEDIA_INFO, current((info: Record<string, unknown>) => {
      const number = (name: string): number => (typeof info[name] === 'number' ? (info[name] as number) : 0);
      this.figures.width = number('width') || this.figures.width;
      this.figures.height = number('height') || this.figures.height;
      this.figures.audioKbps = Math.round(number('audioDataRate')) || this.figures.audioKbps;
    }));
    player.on(Events.STATISTICS_INFO, current(({ speed }: { speed?: number }) => {
      // The library tells KiB a second of both tracks together.
      this.figures.videoKbps = Math.max(0, Math.round(8 * (speed ?? 0)) - this.figures.audioKbps);
    }));
  }

  private unload(): void {
    this.scope.clearTimeout(this.pause);
    const player = this.player;
    this.player = null;
    this.base += this.frames;
    this.frames = 0;
    this.time = 0;
    if (player) {
      try {
        player.destroy();
      } catch {
        // It was in the middle of an error of its own; there is nothing left to free.
      }
    }
  }

  /** Fetches the stream anew after a pause, or gives up. */
  private again(why: Trouble): void {
    this.unload();
    const pause = PAUSES_MS[this.attempts];
    if (pause === undefined || why.kind === 'undecodable') {
      this.fail(why);
      return;
    }
    this.attempts += 1;
    this.pause = this.scope.setTimeout(() => this.load(), pause);
    this.events.retrying?.(this.attempts, why);
  }

  private fail(why: Trouble): void {
    this.stop();
    this.events.failed?.(why);
  }

  private look(): void {
    this.timer = this.scope.setTimeout(() => {
      if (this.player && this.element) {
        this.judge(this.element);
      }
      if (!this.stopped) {
        this.look();
      }
    }, LOOK_MS);
  }

  /** What the sound takes. Our server's metadata has no rate: it does not know it before the sound comes. */
  private hear(): void {
    const first = this.looks[0];
    const last = this.looks[this.looks.length - 1];
    if (first?.audioBytes !== undefined && last?.audioBytes !== undefined && last.at > first.at) {
      this.figures.audioKbps = Math.max(0, Math.round((8 * (last.audioBytes - first.audioBytes)) / (last.at - first.at)));
    }
  }

  private judge(element: HTMLVideoElement): void {
    const now = this.scope.performance.now();
    const frames = framesOf(element);
    const video = this.expected ? this.expected.video : frames > 0;
    const moved = (video ? frames > this.frames : element.currentTime > this.time) && element.readyState >= 2;
    this.frames = Math.max(frames, 0);
    this.time = element.currentTime;
    this.figures.width = element.videoWidth || this.figures.width;
    this.figures.height = element.videoHeight || this.figures.height;
    if (moved) {
      this.movedAt = now;
      if (!this.moves) {
        this.moves = true;
        this.attempts = 0;
        this.events.connected?.(this.transport);
      }
    }
    this.looks = [...this.looks.slice(1 - WINDOW), { at: now, frames: this.base + frames, moved, audioBytes: audioBytesOf(element) }];
    this.hear();
    if (ahead(element) > JUMP_S && element.readyState >= 2) {
      element.currentTime += ahead(element) - this.latency.target;
    }
    const patience = this.moves ? FROZEN_MS : START_MS;
    if (now - this.movedAt > patience && !element.paused) {
      this.stoodStill = !this.moves;
      this.reloads += 1;
      this.again(new Trouble('lost', 'no picture came any more'));
    }
  }
}
