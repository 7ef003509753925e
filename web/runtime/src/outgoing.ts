/** What a pusher sends: the tracks of its devices, or what was made of them. */
import { audioContext, loadPicture, Mixer, Painter, Trouble } from '@huitong/web-media';
import type { Music, MusicEvents } from '@huitong/web-media';

/** How the picture is to be sent now. */
export interface PictureWish {
  mirrored: boolean;
  /** In the background a still picture stands for the camera; empty for none. */
  still: string;
}

/** See the head of the file. */
export class Outgoing {
  private mixer: Mixer | null = null;
  private painter: Painter | null = null;
  private painted = '';
  private wanted = '';

  constructor(private readonly music: MusicEvents, private readonly failed: (why: Trouble) => void) {}

  /** The sound to send: the microphone itself, until music or a volume is asked for. */
  sound(microphone: MediaStreamTrack | null): MediaStreamTrack | null {
    this.mixer?.setMicrophone(microphone);
    // A mixer without music and microphone has nothing to say.
    return this.mixer && (microphone || this.mixer.busy) ? this.mixer.track : microphone;
  }

  /** The picture to send. */
  async picture(camera: MediaStreamTrack | null, { mirrored, still }: PictureWish): Promise<MediaStreamTrack | null> {
    this.wanted = still;
    if (still !== '') {
      return this.showStill(still);
    }
    if (camera && mirrored) {
      const painter = this.painter ??= new Painter();
      if (this.painted !== camera.id) {
        this.painted = camera.id;
        painter.mirror(camera);
      }
      return painter.track;
    }
    this.dropPainter();
    return camera;
  }

  play(music: Music): Promise<void> {
    return this.mix().play(music);
  }

  pauseMusic(): void {
    this.mixer?.pause();
  }

  async resumeMusic(): Promise<void> {
    await this.mixer?.resume();
  }

  stopMusic(): void {
    this.mixer?.stop();
  }

  setMusicVolume(volume: number): void {
    this.mix().setMusicVolume(volume);
  }

  setMicrophoneVolume(volume: number): void {
    this.mix().setMicrophoneVolume(volume);
  }

  /** Gives everything back. */
  close(): void {
    this.mixer?.close();
    this.mixer = null;
    this.dropPainter();
  }

  private async showStill(url: string): Promise<MediaStreamTrack | null> {
    if (this.painted === url) {
      return this.painter?.track ?? null;
    }
    try {
      const picture = await loadPicture(url);
      if (this.wanted !== url) {
        return null;
      }
      this.painter ??= new Painter();
      this.painted = url;
      this.painter.still(picture);
      return this.painter.track;
    } catch (error) {
      this.failed(new Trouble('picture-failed', `${url}: ${(error as Error).message}`));
      return null;
    }
  }

  private mix(): Mixer {
    const graph = audioContext();
    if (!graph) {
      throw new Trouble('unsupported', 'this browser cannot mix sound');
    }
    return this.mixer ??= new Mixer(graph, this.music);
  }

  private dropPainter(): void {
    this.painter?.stop();
    this.painter = null;
    this.painted = '';
  }
}
