/** The devices of one pusher: they are made to match what the attributes say, one change after the other. */
import { capture, captureScreen, release, Trouble } from '@huitong/web-media';

/** What is wanted now. */
export interface Wanted {
  source: 'camera' | 'screen';
  audio: boolean;
  video: boolean;
  audioOptions: MediaTrackConstraints;
  videoOptions: MediaTrackConstraints;
}

/** Whom the devices tell. */
export interface DeviceEvents {
  /** The tracks that there are now. */
  changed(stream: MediaStream): void;
  trouble(trouble: Trouble): void;
  /** A track ended by itself: unplugged, or the user ended the sharing. */
  ended(kind: 'audio' | 'video'): void;
}

/** See the head of the file. */
export class Devices {
  readonly stream = new MediaStream();
  /** Changes run one after the other; the newest wish is what the last one works for. */
  private work: Promise<void> = Promise.resolve();
  private wanted: Wanted | null = null;
  private options = { audio: '', video: '' };

  constructor(private readonly events: DeviceEvents) {}

  /** Brings the devices to this; null closes them. Resolves when it is done. */
  want(wanted: Wanted | null): Promise<void> {
    this.wanted = wanted;
    if (!wanted) {
      this.drop('audio');
      this.drop('video');
    }
    this.work = this.work.then(() => this.match());
    return this.work;
  }

  private async match(): Promise<void> {
    const { wanted } = this;
    if (!wanted) {
      this.drop('audio');
      this.drop('video');
      return;
    }
    if (wanted.source === 'screen') {
      await this.matchScreen();
    } else {
      await this.matchCamera(wanted);
    }
    this.enable();
    this.events.changed(this.stream);
  }

  private async matchScreen(): Promise<void> {
    if (this.stream.getVideoTracks().length > 0) {
      return;
    }
    try {
      this.take(await captureScreen());
    } catch (error) {
      this.events.trouble(error instanceof Trouble ? error : new Trouble('capture-failed', String(error)));
    }
  }

  private async matchCamera({ audio, video, audioOptions, videoOptions }: Wanted): Promise<void> {
    const keys = { audio: JSON.stringify(audioOptions), video: JSON.stringify(videoOptions) };
    if (!video || keys.video !== this.options.video) {
      this.drop('video'); // The light of a camera that is off must be off too.
    }
    if (keys.audio !== this.options.audio) {
      this.drop('audio');
    }
    const askAudio = audio && this.stream.getAudioTracks().length === 0;
    const askVideo = video && this.stream.getVideoTracks().length === 0;
    if (!askAudio && !askVideo) {
      return;
    }
    this.options = keys;
    const { stream, troubles } = await capture({ audio: askAudio && audioOptions, video: askVideo && videoOptions });
    this.take(stream);
    troubles.forEach((trouble) => this.events.trouble(trouble));
  }

  /** Keeps the tracks that are still wanted. */
  private take(stream: MediaStream): void {
    if (!this.wanted) {
      release(stream);
      return;
    }
    for (const track of stream.getTracks()) {
      this.stream.addTrack(track);
      track.onended = () => {
        this.stream.removeTrack(track);
        this.events.ended(track.kind === 'audio' ? 'audio' : 'video');
      };
    }
  }

  /** A muted microphone stays open, so that speaking begins at once when it is unmuted. */
  private enable(): void {
    const on = this.wanted?.audio === true;
    this.stream.getAudioTracks().forEach((track) => (track.enabled = on));
  }

  private drop(kind: 'audio' | 'video'): void {
    const tracks = this.stream.getTracks().filter((track) => track.kind === kind);
    for (const track of tracks) {
      track.onended = null;
      track.stop();
      this.stream.removeTrack(track);
    }
  }
}
