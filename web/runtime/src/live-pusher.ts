/** `<live-pusher>` for browsers. */
import { Meter, snapshot, Trouble, whipUrl, WhipPublisher } from '@huitong/web-media';
import type { Music, Picture } from '@huitong/web-media';
import { choice, flag, number, text } from './attributes.js';
import { PUSH } from './codes.js';
import { Devices } from './devices.js';
import type { Wanted } from './devices.js';
import { MediaElement } from './element.js';
import { Outgoing } from './outgoing.js';
import { shared } from './settings.js';

/** Sides of the picture that phones send unless told otherwise, and what a browser's camera gives more readily. */
const WIDE = { width: 640, height: 480 };

const DEVICE_ATTRIBUTES = [
  'enable-camera', 'enable-mic', 'muted', 'device-position', 'camera-id', 'microphone-id', 'video-width', 'video-height',
  'fps', 'enable-agc', 'enable-ans', 'source', 'orientation', 'audio-quality', 'remote-mirror',
];

/** State codes of failures; the others are told as what the connection became. */
const FAILED: Record<string, number> = {
  'camera-denied': PUSH.CAMERA_FAILED, 'no-camera': PUSH.CAMERA_FAILED, 'camera-busy': PUSH.CAMERA_FAILED,
  'insecure-page': PUSH.CAMERA_FAILED, 'capture-failed': PUSH.CAMERA_FAILED,
  'microphone-denied': PUSH.MICROPHONE_FAILED, 'no-microphone': PUSH.MICROPHONE_FAILED,
  'microphone-busy': PUSH.MICROPHONE_FAILED, 'screen-denied': PUSH.SCREEN_FAILED,
};

/**
 * docs/native-components.md says which attributes, events and functions of the native component work; others are kept and
 * ignored. Three are of browsers only: `source` (camera or screen), `camera-id` and `microphone-id`. `url` is an address
 * of RTMP or WHIP.
 */
export class LivePusher extends MediaElement {
  private publisher: WhipPublisher | null = null;
  private previewing = false;
  private pushing = false;
  private paused = false;
  private behind = false;
  /** Counts the starts: one that waited gives way to a newer one. */
  private turn = 0;
  private applied = 0;
  private meter: Meter | null = null;
  private metered: MediaStreamTrack | null = null;
  private front = true;
  private readonly devices = new Devices({
    changed: (stream) => this.changed(stream),
    trouble: (trouble) => this.trouble(trouble),
    ended: (kind) => this.ended(kind),
  });
  private readonly outgoing = new Outgoing(
    {
      started: () => this.tell('bgmstart', {}),
      progress: (progress, duration) => this.tell('bgmprogress', { progress, duration }),
      completed: () => {
        this.tell('bgmcomplete', {});
        void this.apply();
      },
      failed: (why) => this.trouble(why),
    },
    (why) => this.trouble(why),
  );

  static get observedAttributes(): string[] {
    return ['url', 'autopush', 'mirror', 'local-mirror', ...DEVICE_ATTRIBUTES];
  }

  connectedCallback(): void {
    this.screen.muted = true;
    this.dress();
    if (flag(this, 'autopush', false) && text(this, 'url') !== '') {
      void this.start();
    }
  }

  disconnectedCallback(): void {
    this.whenGone(() => {
      this.stop();
      this.stopPreview();
      this.outgoing.close();
    });
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after || !this.isConnected) {
      return;
    }
    if (name === 'url' || name === 'autopush') {
      if (text(this, 'url') === '') {
        // There is nowhere to push to, which is no fault: a page may show the camera first.
        if (this.pushing) {
          this.stop();
        }
      } else if (this.pushing || flag(this, 'autopush', false)) {
        void this.start();
      }
    } else if (name === 'mirror' || name === 'local-mirror') {
      this.dress();
    } else {
      if (name === 'device-position') {
        this.front = choice(this, 'device-position', ['front', 'back'], 'front') === 'front';
      }
      void this.sync();
    }
  }

  /** The tracks that are captured now. They are the element's: nobody else stops them. */
  get stream(): MediaStream {
    return this.devices.stream;
  }

  /** Opens the devices and pushes. */
  async start(): Promise<void> {
    this.dropPublisher();
    this.pushing = true;
    this.paused = false;
    const turn = ++this.turn;
    await this.sync();
    if (/^rtmps?:/i.test(text(this, 'url'))) {
      await shared.whenKnown();
    }
    if (!this.pushing || this.publisher || turn !== this.turn) {
      return;
    }
    const address = whipUrl(text(this, 'url'), shared.bases);
    if (address === '') {
      this.pushing = false;
      this.trouble(new Trouble('unsupported', 'this server takes no streams from browsers'));
      this.state(PUSH.GAVE_UP, 'there is no WHIP address');
      return;
    }
    this.push(address);
  }

  /** Ends pushing; the devices are closed unless a preview runs. */
  stop(): void {
    this.dropPublisher();
    this.pushing = false;
    this.stopClocks();
    void this.sync();
  }

  /** Sends neither sound nor picture for a while, and stays connected. */
  pause(): void {
    this.paused = true;
    void this.apply();
  }

  resume(): void {
    this.paused = false;
    void this.apply();
  }

  /**
   * The application went to the background, or came back. There the camera is closed; what is sent is the waiting image, if
   * there is one, and the sound unless `background-mute` is set.
   */
  background(behind: boolean): void {
    if (behind !== this.behind) {
      this.behind = behind;
      if (behind && this.pushing) {
        this.state(PUSH.SUSPENDED, 'in the background');
      }
      void this.sync();
    }
  }

  /** Mixes music into what is sent. Rejects when it cannot be loaded. */
  async playBGM(music: Music): Promise<void> {
    const playing = this.outgoing.play(music);
    void this.apply();
    await playing;
  }

  pauseBGM(): void {
    this.outgoing.pauseMusic();
  }

  async resumeBGM(): Promise<void> {
    await this.outgoing.resumeMusic();
  }

  stopBGM(): void {
    this.outgoing.stopMusic();
    void this.apply();
  }

  /** 0 to 1. */
  setBGMVolume(volume: number): void {
    this.outgoing.setMusicVolume(volume);
  }

  /** 0 to 1. */
  setMICVolume(volume: number): void {
    this.outgoing.setMicrophoneVolume(volume);
    void this.apply();
  }

  /** How far the camera can zoom; rejects where it cannot. */
  maxZoom(): number {
    const { zoom } = (this.stream.getVideoTracks()[0]?.getCapabilities() ?? {}) as { zoom?: { max: number } };
    if (!zoom) {
      throw new Trouble('unsupported', 'this camera cannot zoom');
    }
    return zoom.max;
  }

  async setZoom(zoom: number): Promise<void> {
    const most = this.maxZoom();
    await this.stream.getVideoTracks()[0]?.applyConstraints({ advanced: [{ zoom: Math.min(Math.max(zoom, 1), most) } as MediaTrackConstraintSet] });
  }

  /** Opens the devices and shows the camera, without pushing. */
  async startPreview(): Promise<void> {
    this.previewing = true;
    await this.sync();
    this.beat();
  }

  stopPreview(): void {
    this.previewing = false;
    void this.sync();
  }

  /** The camera on the other side of a phone. */
  async switchCamera(): Promise<void> {
    this.front = !this.front;
    await this.sync();
  }

  async snapshot(raw: boolean): Promise<Picture> {
    return snapshot(this.screen, raw);
  }

  /** Turns the light of the camera on or off, where there is one. */
  async toggleTorch(): Promise<void> {
    const track = this.stream.getVideoTracks()[0];
    const { torch = false } = (track?.getSettings() ?? {}) as { torch?: boolean };
    await track?.applyConstraints({ advanced: [{ torch: !torch } as MediaTrackConstraintSet] });
  }

  private sync(): Promise<void> {
    return this.devices.want(this.previewing || this.pushing ? this.wanted() : null);
  }

  private wanted(): Wanted {
    const id = (name: string): { deviceId?: ConstrainDOMString } => {
      const device = text(this, name);
      return device === '' ? {} : { deviceId: { exact: device } };
    };
    const camera = id('camera-id');
    const [wide, high] = [number(this, 'video-width', WIDE.width, 16, 4096), number(this, 'video-height', WIDE.height, 16, 4096)];
    // A phone that lies on its side sends a picture that is wider than high.
    const turned = choice(this, 'orientation', ['vertical', 'horizontal'], 'vertical') === 'horizontal' && wide < high;
    const low = choice(this, 'audio-quality', ['high', 'low'], 'high') === 'low';
    return {
      source: choice(this, 'source', ['camera', 'screen'], 'camera'),
      audio: flag(this, 'enable-mic', true) && !flag(this, 'muted', false),
      video: flag(this, 'enable-camera', true) && !this.behind,
      audioOptions: {
        ...id('microphone-id'),
        echoCancellation: true,
        autoGainControl: flag(this, 'enable-agc', true),
        noiseSuppression: flag(this, 'enable-ans', true),
        ...(low ? { sampleRate: { ideal: 16_000 }, channelCount: { ideal: 1 } } : {}),
      },
      videoOptions: {
        ...camera,
        ...(camera.deviceId ? {} : { facingMode: this.front ? 'user' : 'environment' }),
        width: { ideal: turned ? high : wide },
        height: { ideal: turned ? wide : high },
        frameRate: { ideal: number(this, 'fps', 15, 1, 30) },
      },
    };
  }

  private push(address: string): void {
    const limits = { maxKbps: number(this, 'max-bitrate', 1000, 50, 20000), maxFps: number(this, 'fps', 15, 1, 60) };
    let publisher: WhipPublisher | null = null;
    const current = (run: () => void): void => {
      if (this.publisher === publisher) {
        run();
      }
    };
    publisher = new WhipPublisher(
      address,
      {
        connected: () => current(() => {
          this.state(PUSH.CONNECTED, 'connected');
          this.state(PUSH.PUSH_BEGIN, 'push begins');
          this.state(PUSH.ENCODER_STARTED, 'encoder started');
        }),
        retrying: (attempt, why) => current(() => this.state(PUSH.RECONNECTING, `reconnecting, attempt ${attempt}: ${why.message}`)),
        failed: (why) => current(() => this.failed(why)),
      },
      limits,
    );
    this.publisher = publisher;
    publisher.start(this.stream);
    this.beat();
    void this.apply();
  }

  private failed(why: Trouble): void {
    this.dropPublisher();
    this.pushing = false;
    this.stopClocks();
    this.tell('trouble', { trouble: why });
    if (why.kind === 'refused') {
      this.state(PUSH.CLOSED_BY_SERVER, why.message);
    } else if (why.kind === 'unreachable' || why.kind === 'no-route') {
      this.state(PUSH.CONNECT_FAILED, why.message);
    }
    this.state(PUSH.GAVE_UP, why.message);
    void this.sync();
  }

  private dropPublisher(): void {
    this.publisher?.stop();
    this.publisher = null;
  }

  private changed(stream: MediaStream): void {
    const picture = stream.getVideoTracks()[0] ?? null;
    if (this.screen.srcObject !== stream) {
      this.screen.srcObject = stream;
      this.screen.addEventListener('loadeddata', () => this.state(PUSH.FIRST_FRAME, 'first picture captured'), { once: true });
    }
    if (picture && picture.id !== this.dataset['track']) {
      const screen = choice(this, 'source', ['camera', 'screen'], 'camera') === 'screen';
      this.state(screen ? PUSH.SCREEN_CAPTURE : PUSH.CAMERA_OPEN, screen ? 'screen captured' : 'camera open');
    }
    this.dataset['track'] = picture?.id ?? '';
    this.screen.play().catch(() => undefined); // A muted element may always play; it may be gone, though.
    this.dress();
    this.measure(stream);
    void this.apply();
    this.tell('devices', { audio: stream.getAudioTracks().length > 0, video: picture !== null });
  }

  /** Sends the tracks that there are now. */
  private async apply(): Promise<void> {
    const turn = ++this.applied;
    const { publisher, paused, behind } = this;
    const silent = paused || (behind && flag(this, 'background-mute', false));
    const camera = choice(this, 'source', ['camera', 'screen'], 'camera') === 'camera';
    const sound = this.outgoing.sound(this.stream.getAudioTracks()[0] ?? null);
    const wish = { mirrored: camera && flag(this, 'remote-mirror', false), still: behind ? text(this, 'waiting-image') : '' };
    const picture = await this.outgoing.picture(this.stream.getVideoTracks()[0] ?? null, wish);
    if (turn !== this.applied) {
      return; // A picture took its time to load, and something else is wanted meanwhile.
    }
    await publisher?.replace('audio', silent ? null : sound);
    await publisher?.replace('video', paused ? null : picture);
  }

  private measure(stream: MediaStream): void {
    const track = stream.getAudioTracks()[0] ?? null;
    if (track !== this.metered) {
      this.meter?.stop();
      this.metered = track;
      this.meter = track ? Meter.ofStream(new MediaStream([track])) : null;
    }
  }

  private trouble(trouble: Trouble): void {
    const code = FAILED[trouble.kind];
    if (code !== undefined) {
      this.state(code, trouble.message);
    }
    this.tell('trouble', { trouble });
    this.tell('error', { errMsg: trouble.message, errCode: trouble.code });
  }

  private ended(kind: 'audio' | 'video'): void {
    if (choice(this, 'source', ['camera', 'screen'], 'camera') === 'screen') {
      if (kind === 'video') {
        this.tell('sharingended', {});
      }
      return;
    }
    this.trouble(new Trouble(kind === 'video' ? 'no-camera' : 'no-microphone', 'the device was taken away'));
    void this.apply();
  }

  private beat(): void {
    this.startClocks(() => void this.netStatus(), () => {
      this.tell('audiovolumenotify', { volume: flag(this, 'enable-mic', true) ? (this.meter?.volume ?? 0) : 0 });
    });
  }

  private async netStatus(): Promise<void> {
    const { publisher } = this;
    const stats = await publisher?.stats();
    if (!stats || publisher !== this.publisher) {
      return;
    }
    const info = {
      videoBitrate: stats.videoKbps, audioBitrate: stats.audioKbps, videoFPS: Math.round(stats.fps), videoGOP: 0,
      netSpeed: stats.videoKbps + stats.audioKbps, netJitter: Math.round(stats.jitterMs ?? 0),
      netQualityLevel: stats.quality, videoWidth: stats.width, videoHeight: stats.height, videoCache: 0, audioCache: 0,
    };
    this.tell('netstatus', { info });
  }

  /** One's own face is shown as in a mirror; a screen and the camera on the back never are. */
  private dress(): void {
    const asked = choice(this, 'local-mirror', ['auto', 'enable', 'disable'], flag(this, 'mirror', false) ? 'enable' : 'auto');
    const camera = choice(this, 'source', ['camera', 'screen'], 'camera') === 'camera';
    const on = asked === 'enable' || (asked === 'auto' && camera && this.front);
    this.screen.style.transform = on ? 'scaleX(-1)' : '';
    this.screen.style.objectFit = camera ? 'cover' : 'contain';
  }
}
