/** What is heard when somebody calls: two notes in turn, and a pause. */
import type { Sound } from '@huitong/wx-platform';

const RATE = 8000;
const ROUND_SECONDS = 3;
/** Frequency of a note, Hz, when it begins and how long it is, seconds. */
const NOTES = [
  [660, 0, 0.28], [880, 0.3, 0.28], [660, 0.6, 0.28], [880, 0.9, 0.4],
] as const;
const LOUDNESS = 0.35;
/** How long a note takes to come and go, seconds: without that it would click. */
const EDGE_SECONDS = 0.02;

/** One round of it. */
export function bell(): Sound {
  const samples = new Float32Array(RATE * ROUND_SECONDS);
  for (const [hz, from, long] of NOTES) {
    for (let at = 0; at < long * RATE; at++) {
      const t = at / RATE;
      const loud = LOUDNESS * Math.min(1, t / EDGE_SECONDS, (long - t) / EDGE_SECONDS);
      const phase = 2 * Math.PI * hz * t;
      samples[Math.round(from * RATE) + at] = loud * (0.8 * Math.sin(phase) + 0.2 * Math.sin(2 * phase));
    }
  }
  return { rate: RATE, samples };
}
