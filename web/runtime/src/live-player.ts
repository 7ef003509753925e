/** `<live-player>` for browsers. */
import { ChoosingPlayer, CLOSE_BEHIND, engine, FlvPlayer, Meter, playWays, snapshot, WhepPlayer } from '@huitong/web-media';
import type { Latency, Picture, PlayEvents, Tracks, Transport, Trouble, Way } from '@huitong/web-media';
import { choice, flag, number, text, words } from './attributes.js';
import { PLAY } from './codes.js';
import { MediaElement } from './element.js';
import { shared } from './settings.js';

const TRANSPORTS = ['auto', 'whep', 'flv', 'ws-flv'] as const;

/**
 * The native attributes `src`, `autoplay`, `muted`, `mode`, `object-fit`, `min-cache`, `max-cache`, `mute-audio` and
 * `mute-video` work as on phones; others are kept and ignored. Two are of browsers only: `transport` (auto, whep,
 * flv, ws-flv), and `tracks` (`audio video`), which says what the stream carries now, so that silence and a
 * camera that is off are not taken for faults.
 */
export class LivePlayer extends MediaElement {
  private player: ChoosingPlayer | null = null;
  private meter: Meter | null = null;
  private transport: Transport | null = null;
  private began = false;
  /** Why it is held: the application is in the background, or another page is in front. */
  private readonly held = new Set<string>();
  private size = '';

  static get observedAttributes(): string[] {
    return ['src', 'autoplay', 'muted', 'object-fit', 'mute-audio', 'tracks', 'transport'];
  }

  connectedCallback(): void {
    document.addEventListener('fullscreenchange', this.fullScreenChanged);
    this.dress();
    if (flag(this, 'autoplay', false)) {
      this.play();
    }
  }

  disconnectedCallback(): void {
    document.removeEventListener('fullscreenchange', this.fullScreenChanged);
    this.whenGone(() => this.stop());
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after) {
      return;
    }
    if (name === 'tracks') {
      this.expect();
    } else if (name === 'src' || name === 'transport' || name === 'autoplay') {
      const playing = this.player !== null;
      const wanted = flag(this, 'autoplay', false) && this.isConnected;
      if (playing && name !== 'autoplay') {
        this.play();
      } else if (!playing && wanted) {
        this.play();
      }
    } else {
      this.dress();
    }
  }

  /** Whether it plays or tries to. */
  get playing(): boolean {
    return this.player !== null;
  }

  play(): void {
    this.stop();
    const src = text(this, 'src');
    if (src === '') {
      return;
    }
    const asked = choice(this, 'transport', TRANSPORTS, shared.transport);
    const all = playWays(src, shared.bases);
    const ways = asked === 'auto' ? all : all.filter(({ transport }) => transport === asked);
    this.dress(this.newScreen());
    this.watch(this.screen);
    const player: ChoosingPlayer = new ChoosingPlayer(ways.map((way) => this.way(way)), this.events(() => this.player === player));
    this.player = player;
    this.expect();
    this.startClocks(() => void this.netStatus(), () => this.volume());
    player.play(this.screen);
  }

  stop(): void {
    this.stopClocks();
    this.player?.stop();
    this.player = null;
    this.dropMeter();
    this.transport = null;
    this.began = false;
  }

  pause(): void {
    this.screen.pause();
  }

  async resume(): Promise<void> {
    await this.screen.play();
  }

  /**
   * Holds the player while nobody can see it: another page is in front (unless `auto-pause-if-navigate` is false), or
   * the application is in the background. It goes on with what is sent then.
   */
  hold(why: 'navigate' | 'background', on: boolean): void {
    const asked = why === 'background' || flag(this, 'auto-pause-if-navigate', true);
    if (!on || !asked) {
      this.held.delete(why);
    } else {
      this.held.add(why);
    }
    if (!this.player) {
      return;
    }
    if (this.held.size > 0) {
      this.screen.pause();
    } else if (this.screen.paused) {
      this.screen.play().catch(() => this.tell('blocked', {}));
    }
  }

  /** Turns the sound off or on. */
  mute(): void {
    this.toggleAttribute('muted', !flag(this, 'muted', false));
  }

  async snapshot(raw: boolean): Promise<Picture> {
    return snapshot(this.screen, raw);
  }

  /** What the player does; null while it is stopped. */
  async stats(): ReturnType<ChoosingPlayer['stats']> {
    return (this.player ?? new ChoosingPlayer([], {})).stats();
  }

  private way({ transport, url }: { transport: Transport; url: string }): Way {
    const make = (events: PlayEvents): WhepPlayer | FlvPlayer =>
      transport === 'whep' ? new WhepPlayer(url, events) : new FlvPlayer(url, events, engine, this.latency());
    return { transport, make };
  }

  private latency(): Latency {
    if (choice(this, 'mode', ['live', 'RTC'], 'live') === 'RTC') {
      return CLOSE_BEHIND;
    }
    const target = number(this, 'min-cache', 1, 0.1, 10);
    return { target, most: Math.max(target + 0.2, number(this, 'max-cache', 3, 0.2, 10)) };
  }

  private events(current: () => boolean): PlayEvents {
    const guard = <T extends unknown[]>(run: (...told: T) => void) => (...told: T): void => {
      if (current()) {
        run(...told);
      }
    };
    return {
      connected: guard((transport: Transport) => {
        this.transport = transport;
        this.state(PLAY.CONNECTED, 'connected');
        this.state(PLAY.PULL_BEGIN, 'pull begins');
      }),
      retrying: guard((attempt: number, why: Trouble) => {
        this.dropMeter();
        this.state(PLAY.RECONNECTING, `reconnecting, attempt ${attempt}: ${why.message}`);
      }),
      changed: guard((to: Transport, why: Trouble) => {
        this.dropMeter();
        this.transport = null;
        this.state(PLAY.UNSTABLE, `going on over ${to}: ${why.message}`);
      }),
      blocked: guard(() => this.tell('blocked', {})),
      failed: guard((why: Trouble) => {
        this.stop();
        const code = why.kind === 'undecodable' ? PLAY.DECODE_FAILED : why.kind === 'ended' ? PLAY.END : PLAY.GAVE_UP;
        this.tell('trouble', { trouble: why });
        this.state(code, why.message);
      }),
    };
  }

  /** What the video element itself tells. */
  private watch(video: HTMLVideoElement): void {
    const on = (name: string, run: () => void): void =>
      video.addEventListener(name, () => {
        if (video === this.screen) {
          run();
        }
      });
    on('loadeddata', () => {
      if (!this.began) {
        this.began = true;
        this.state(PLAY.FIRST_IDR, 'first picture');
        this.state(PLAY.FIRST_FRAME, 'first picture shown');
      }
    });
    on('playing', () => {
      // A connection that came back while nobody can see it starts by itself.
      if (this.held.size > 0) {
        video.pause();
      } else {
        this.state(PLAY.PLAYING, 'playing');
      }
    });
    on('waiting', () => this.state(PLAY.LOADING, 'loading'));
    on('resize', () => {
      const size = `${video.videoWidth}x${video.videoHeight}`;
      if (size !== this.size && video.videoWidth > 0) {
        this.size = size;
        this.state(PLAY.RESOLUTION, `resolution is ${size}`);
      }
    });
  }

  private dress(video = this.screen): void {
    video.muted = flag(this, 'muted', false) || flag(this, 'mute-audio', false);
    video.style.objectFit = choice(this, 'object-fit', ['contain', 'fillCrop'], 'contain') === 'fillCrop' ? 'cover' : 'contain';
  }

  private expect(): void {
    const tracks = words(this, 'tracks');
    if (tracks) {
      const expected: Tracks = { audio: tracks.has('audio'), video: tracks.has('video') };
      this.player?.expect(expected);
    }
  }

  private async netStatus(): Promise<void> {
    const { player } = this;
    const stats = await player?.stats();
    if (!stats || player !== this.player) {
      return;
    }
    const info = {
      videoBitrate: stats.videoKbps,
      audioBitrate: stats.audioKbps,
      videoFPS: Math.round(stats.fps),
      videoGOP: 0,
      netSpeed: stats.videoKbps + stats.audioKbps,
      netJitter: stats.jitterMs,
      netQualityLevel: stats.quality,
      videoWidth: stats.width,
      videoHeight: stats.height,
      videoCache: stats.latencyMs,
      audioCache: stats.latencyMs,
      transport: stats.transport,
    };
    this.tell('netstatus', { info });
  }

  private volume(): void {
    if (!this.meter && this.transport) {
      const stream = this.screen.srcObject;
      this.meter = this.transport === 'whep' && stream instanceof MediaStream ? Meter.ofStream(stream) : Meter.ofElement(this.screen);
    }
    this.tell('audiovolumenotify', { volume: this.meter?.volume ?? 0 });
  }

  /** The sound of an element can be taken only once, so the meter of buffers stays for the life of the element. */
  private dropMeter(): void {
    if (this.transport === 'whep' || !this.player) {
      this.meter?.stop();
      this.meter = null;
    }
  }

  private readonly fullScreenChanged = (): void => {
    const fullScreen = document.fullscreenElement === this;
    if (fullScreen || this.dataset['full'] === '1') {
      this.dataset['full'] = fullScreen ? '1' : '0';
      const wide = this.screen.videoWidth >= this.screen.videoHeight;
      this.tell('fullscreenchange', { fullScreen, direction: wide ? 'horizontal' : 'vertical' });
    }
  };
}
