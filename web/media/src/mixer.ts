/** Background music in what is sent: the microphone and a file become one track. */
import { Trouble } from './trouble.js';

/** Whom the music tells. Times are ms. */
export interface MusicEvents {
  started(): void;
  progress(at: number, duration: number): void;
  completed(): void;
  failed(why: Trouble): void;
}

/** What to play. */
export interface Music {
  url: string;
  /** Where it starts and ends, ms; without an end it is played to its own. */
  from?: number;
  to?: number;
}

/** Volumes are those of the native component: 0 to 1. */
const within = (volume: number): number => Math.min(1, Math.max(0, Number.isFinite(volume) ? volume : 1));

/** See the head of the file. The music is heard here as well, as on phones. */
export class Mixer {
  private readonly out: MediaStreamAudioDestinationNode;
  private readonly microphone: GainNode;
  private readonly music: GainNode;
  private source: MediaStreamAudioSourceNode | null = null;
  private player: HTMLAudioElement | null = null;

  constructor(private readonly graph: AudioContext, private readonly events: MusicEvents) {
    this.out = graph.createMediaStreamDestination();
    this.microphone = graph.createGain();
    this.music = graph.createGain();
    this.microphone.connect(this.out);
    this.music.connect(this.out);
    this.music.connect(graph.destination);
  }

  /** The mixed sound. */
  get track(): MediaStreamTrack | null {
    return this.out.stream.getAudioTracks()[0] ?? null;
  }

  /** Whether there is music, playing or paused. */
  get busy(): boolean {
    return this.player !== null;
  }

  /** Takes another microphone, or none. */
  setMicrophone(track: MediaStreamTrack | null): void {
    if (this.source?.mediaStream.getAudioTracks()[0] === track) {
      return;
    }
    this.source?.disconnect();
    this.source = track ? this.graph.createMediaStreamSource(new MediaStream([track])) : null;
    this.source?.connect(this.microphone);
  }

  setMicrophoneVolume(volume: number): void {
    this.microphone.gain.value = within(volume);
  }

  setMusicVolume(volume: number): void {
    this.music.gain.value = within(volume);
  }

  /** Plays a file in place of the one before. Rejects when it cannot be loaded. */
  async play({ url, from = 0, to = Infinity }: Music): Promise<void> {
    this.stop();
    const player = new Audio();
    // Without leave of its server the graph would hear silence.
    player.crossOrigin = 'anonymous';
    player.src = url;
    player.currentTime = from / 1000;
    this.player = player;
    const current = (run: () => void) => (): void => {
      if (this.player === player) {
        run();
      }
    };
    const done = current(() => {
      this.stop();
      this.events.completed();
    });
    player.addEventListener('ended', done);
    player.addEventListener('timeupdate', current(() => {
      const [at, end] = [1000 * player.currentTime, Math.min(1000 * (player.duration || 0), to)];
      this.events.progress(Math.round(at - from), Math.round(end - from));
      if (at >= to) {
        done();
      }
    }));
    this.graph.createMediaElementSource(player).connect(this.music);
    try {
      await player.play();
      current(() => this.events.started())();
    } catch (error) {
      const trouble = new Trouble('music-failed', `${url}: ${(error as Error).message}`);
      current(() => {
        this.stop();
        this.events.failed(trouble);
      })();
      throw trouble;
    }
  }

  pause(): void {
    this.player?.pause();
  }

  async resume(): Promise<void> {
    await this.player?.play();
  }

  stop(): void {
    const { player } = this;
    this.player = null;
    player?.pause();
    player?.removeAttribute('src');
  }

  /** Takes everything apart. */
  close(): void {
    this.stop();
    this.setMicrophone(null);
    this.microphone.disconnect();
    this.music.disconnect();
  }
}
