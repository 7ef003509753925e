/** A sound over and over: made here, kept in a file, played by the runtime. A phone that cannot do it stays silent. */

/** Samples of one round, from -1 to 1. */
export interface Sound {
  rate: number;
  samples: Float32Array;
}

interface Player {
  src: string;
  loop: boolean;
  play(): void;
  stop(): void;
  destroy?(): void;
  onError?(run: () => void): void;
}

const HEADER_BYTES = 44;
const LOUDEST = 32767;

/** A sound as the bytes of a WAV file: one channel of 16 bits. */
export function wav({ rate, samples }: Sound): ArrayBuffer {
  const bytes = 2 * samples.length;
  const view = new DataView(new ArrayBuffer(HEADER_BYTES + bytes));
  const text = (at: number, what: string): void => {
    for (let i = 0; i < what.length; i++) {
      view.setUint8(at + i, what.charCodeAt(i));
    }
  };
  text(0, 'RIFF');
  view.setUint32(4, HEADER_BYTES - 8 + bytes, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, 'data');
  view.setUint32(40, bytes, true);
  samples.forEach((sample, at) => view.setInt16(HEADER_BYTES + 2 * at, Math.round(LOUDEST * Math.max(-1, Math.min(1, sample))), true));
  return view.buffer as ArrayBuffer;
}

/** See the head of the file. */
export class Tone {
  /** Where the file is, once it is written. */
  private path = '';
  private wanted = false;
  private player: Player | null = null;

  /** `name` is that of the file. */
  constructor(
    private readonly name: string,
    private readonly make: () => Sound,
  ) {}

  /** Plays until `stop`. A second time, it changes nothing. */
  play(): void {
    if (this.wanted) {
      return;
    }
    this.wanted = true;
    attempt(() => (this.path === '' ? this.write() : this.begin()));
  }

  /** Falls silent. */
  stop(): void {
    const { player } = this;
    this.wanted = false;
    this.player = null;
    attempt(() => {
      player?.stop();
      player?.destroy?.();
    });
  }

  private write(): void {
    const folder = wx.env?.USER_DATA_PATH;
    const files = wx.getFileSystemManager?.();
    if (!folder || !files || !wx.createInnerAudioContext) {
      return;
    }
    const path = `${folder}/${this.name}`;
    const success = (): void => {
      this.path = path;
      if (this.wanted) {
        attempt(() => this.begin());
      }
    };
    files.writeFile({ filePath: path, data: wav(this.make()), success, fail: () => undefined });
  }

  private begin(): void {
    const player = wx.createInnerAudioContext?.();
    if (!player || this.player) {
      return;
    }
    this.player = player;
    player.onError?.(() => undefined);
    player.src = this.path;
    player.loop = true;
    player.play();
  }
}

/** Runs what may fail on some phones: they do without the sound. */
function attempt(run: () => void): void {
  try {
    run();
  } catch {
    // Nothing to be done about it.
  }
}
