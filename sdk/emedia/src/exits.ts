/** Why one is out, in the numbers that pages know. */
import { EMEDIA_CODES } from '@huitong/core';
import type { ConferenceExit, Failure } from '@huitong/core';

/** First argument of onConferenceExit, and `reason` of members that go. */
export const REASONS: Record<ConferenceExit, number> = {
  left: 0, noAnswer: 1, removed: 2, busy: 3, failed: 4, notSupported: 5, otherDevice: 10, closed: 11,
};

/** The network is to blame. */
export const NETWORK = -9527;
/** As many may talk as do. */
export const TALKERS_FULL = -523;
/** Nothing more exact is known. */
export const UNKNOWN = -1;

/** Codes that are told beside reason 4, and those that mean that the conference is over. */
const FAILED: readonly number[] = [NETWORK, -500, -502, -504, -508, -510];
const CLOSED: readonly number[] = [-506];
/** Means that the conference is over, unless it is the answer to an entry. */
const CLOSED_INSIDE = -501;

/** What pages are told instead of a code that they do not know. */
export interface Exit {
  reason: number;
  failed: number | undefined;
}

/** The number of a failure. */
export function failedCode({ code, blame }: Failure): number {
  return blame === 'network' ? NETWORK : (EMEDIA_CODES[code] ?? UNKNOWN);
}

/** The exit that a code means, at the entry or inside. */
export function exitByCode(failed: number, entering: boolean): Exit {
  if (FAILED.indexOf(failed) >= 0) {
    return { reason: REASONS.failed, failed };
  }
  const closed = CLOSED.indexOf(failed) >= 0 || (failed === CLOSED_INSIDE && !entering);
  return { reason: closed ? REASONS.closed : REASONS.removed, failed };
}

/** The exit that a failure means. */
export function exitByFailure(failure: Failure, entering: boolean): Exit {
  const failed = failedCode(failure);
  if (failure.code === 'taken-over') {
    return { reason: REASONS.otherDevice, failed };
  }
  // The same number stands for a server that cannot go on, and then nobody has ended the conference.
  const broken = CLOSED.indexOf(failed) >= 0 && failure.code !== 'conference-over';
  return broken ? { reason: entering ? REASONS.removed : REASONS.failed, failed } : exitByCode(failed, entering);
}

/** The reason that a page gives for leaving; null if it is none that a page may give. */
export function leaveReason(reason: unknown): ConferenceExit | null {
  const words: ConferenceExit[] = ['left', 'noAnswer', 'busy', 'failed', 'notSupported'];
  return words.filter((word) => REASONS[word] === Number(reason ?? 0))[0] ?? null;
}
