/** The ring tone, and the tone that a caller hears: made by WebAudio, with vibration where there is one. */
import { audioContext } from '@huitong/web-media';

/** What is heard. */
export type Ring = 'in' | 'out';

interface Note {
  hz: number;
  /** When, s after the beginning of the round. */
  at: number;
  for: number;
}

/** A round of three seconds with two calls of a third, and the tone of the telephone network. */
const ROUNDS: Record<Ring, { everyMs: number; gain: number; notes: readonly Note[] }> = {
  in: {
    everyMs: 3000,
    gain: 0.16,
    notes: [0, 0.9].flatMap((from) => [659.3, 830.6, 987.8, 830.6].map((hz, step) => ({ hz, at: from + step * 0.16, for: 0.24 }))),
  },
  out: { everyMs: 5000, gain: 0.05, notes: [{ hz: 450, at: 0, for: 1 }] },
};
const VIBRATION = [350, 150, 350];
/** Notes swell and fade, s, or they would click. */
const EDGE = 0.025;

/** See the head of the file. */
export class Ringer {
  private ring: Ring | null = null;
  private timer = 0;
  private sounding: OscillatorNode[] = [];
  private readonly touched = (): void => this.touch();

  /** `silent` is told whether the browser keeps the tone back until the page is touched. */
  constructor(private readonly silent: (blocked: boolean) => void) {
    ['pointerdown', 'keydown'].forEach((event) => document.addEventListener(event, this.touched));
  }

  /** Begins to ring, or stops with null. */
  set(ring: Ring | null): void {
    if (ring === this.ring) {
      return;
    }
    this.quiet();
    this.ring = ring;
    if (ring) {
      this.round();
      this.timer = window.setInterval(() => this.round(), ROUNDS[ring].everyMs);
    }
  }

  close(): void {
    this.set(null);
    ['pointerdown', 'keydown'].forEach((event) => document.removeEventListener(event, this.touched));
  }

  private round(): void {
    const graph = audioContext();
    const blocked = graph !== null && graph.state !== 'running';
    this.silent(blocked && this.ring === 'in');
    if (this.ring === 'in' && navigator.userActivation?.hasBeenActive) {
      navigator.vibrate?.(VIBRATION); // Not before a touch: the browser would complain.
    }
    if (!graph || !this.ring) {
      return;
    }
    if (blocked) {
      // What a sleeping graph is given would all sound at once when it wakes.
      void graph.resume().then(() => this.woken(), () => undefined);
      return;
    }
    const { notes, gain } = ROUNDS[this.ring];
    this.sounding = notes.map((note) => this.play(graph, note, gain));
  }

  private play(graph: AudioContext, { hz, at, for: length }: Note, loud: number): OscillatorNode {
    const [tone, volume] = [graph.createOscillator(), graph.createGain()];
    const [from, to] = [graph.currentTime + at, graph.currentTime + at + length];
    tone.type = this.ring === 'in' ? 'triangle' : 'sine';
    tone.frequency.value = hz;
    volume.gain.setValueAtTime(0, from);
    volume.gain.linearRampToValueAtTime(loud, from + EDGE);
    volume.gain.setValueAtTime(loud, to - EDGE);
    volume.gain.linearRampToValueAtTime(0, to);
    tone.connect(volume).connect(graph.destination);
    tone.start(from);
    tone.stop(to);
    return tone;
  }

  private touch(): void {
    if (this.ring && audioContext()?.state !== 'running') {
      void audioContext()?.resume().then(() => this.woken(), () => undefined);
    }
  }

  /** Sound is allowed now: it rings at once, and not only with the next round. */
  private woken(): void {
    const { ring } = this;
    if (ring && this.sounding.length === 0) {
      this.set(null);
      this.set(ring);
    }
  }

  private quiet(): void {
    window.clearInterval(this.timer);
    this.sounding.splice(0).forEach((tone) => {
      tone.stop();
      tone.disconnect();
    });
    if (this.ring === 'in') {
      this.silent(false);
      if (navigator.userActivation?.hasBeenActive) {
        navigator.vibrate?.(0);
      }
    }
    this.ring = null;
  }
}
