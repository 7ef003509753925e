/** How good a connection is, on the scale of the native components: 1 best … 6 unusable, 0 unknown. */

/** What is known about the last seconds; what is not known is left out. */
export interface Signs {
  /** Share of packets that were lost, 0 to 1. */
  loss?: number;
  /** Round trip, ms. */
  rttMs?: number;
  /** Variation of the arrival, ms. */
  jitterMs?: number;
  /** Share of the time in which nothing new could be shown, 0 to 1. */
  stalled?: number;
  /** How far the picture is behind, ms. */
  latencyMs?: number;
}

/** Upper bounds of grades 1 to 5. */
const BOUNDS: Record<keyof Signs, readonly number[]> = {
  loss: [0.01, 0.03, 0.08, 0.15, 0.3],
  rttMs: [150, 250, 400, 700, 1200],
  jitterMs: [30, 60, 100, 200, 400],
  stalled: [0.01, 0.05, 0.15, 0.35, 0.7],
  latencyMs: [1200, 2000, 3000, 5000, 10000],
};

const WORST = 6;

function grade(bounds: readonly number[], value: number): number {
  const at = bounds.findIndex((bound) => value <= bound);
  return at < 0 ? WORST : at + 1;
}

/** The worst of the grades that the signs give; 0 if there are none. */
export function quality(signs: Signs): number {
  let worst = 0;
  for (const [name, bounds] of Object.entries(BOUNDS) as [keyof Signs, readonly number[]][]) {
    const value = signs[name];
    if (value !== undefined && Number.isFinite(value)) {
      worst = Math.max(worst, grade(bounds, value));
    }
  }
  return worst;
}
