/** One sentence for every end of a call, and a word for every state in one. */
import type { ParticipantState } from '@huitong/core';
import { language, say } from '../language.js';
import type { Key } from '../texts.js';
import type { Ending, Entry } from './book.js';

/** The text for one other, and the one for several where it differs. */
const ENDS: Record<Exclude<Ending, 'timedOut' | 'cancelled'>, readonly [Key, Key?]> = {
  hungUp: ['endHungUp', 'endHungUpMany'],
  rejected: ['endRejected', 'endRejectedMany'],
  busy: ['endBusy', 'endBusyMany'],
  unreachable: ['endUnreachable', 'endUnreachableMany'],
  answeredElsewhere: ['endAnsweredElsewhere'],
  refusedElsewhere: ['endRefusedElsewhere'],
  lost: ['endLost'],
  kicked: ['endKicked'],
  dissolved: ['endDissolved'],
  ended: ['endEnded'],
  serverShutdown: ['endServerShutdown'],
  sessionEnded: ['endSessionEnded'],
  hungUpHere: ['endHungUpHere'],
  cancelledHere: ['endCancelledHere'],
  rejectedHere: ['endRejectedHere'],
};

const STATES: Record<ParticipantState, Key> = {
  calling: 'stateCalling', ringing: 'stateRinging', offline: 'stateOffline', connected: 'stateConnected',
  rejected: 'stateRejected', busy: 'stateBusy', timedOut: 'stateTimedOut', unreachable: 'stateUnreachable', left: 'stateLeft',
  lost: 'stateLost', kicked: 'stateKicked', cancelled: 'stateCancelled',
};

/** What a participant does now. */
export function stateKey(state: ParticipantState): Key {
  return STATES[state];
}

/** Names as a sentence has them. */
export function namesOf(users: readonly string[]): string {
  return users.join(language() === 'zh' ? '、' : ', ');
}

/** A duration as a clock shows it: `0:07`, `12:30`, `1:00:00`. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

function endKey({ ending, outgoing, users }: Pick<Entry, 'ending' | 'outgoing' | 'users'>): Key {
  const many = users.length > 1;
  if (ending === 'timedOut') {
    return !outgoing ? 'endMissed' : many ? 'endNoAnswerMany' : 'endNoAnswer';
  }
  if (ending === 'cancelled') {
    return outgoing ? 'endCancelledOut' : 'endCancelled';
  }
  const [one, several] = ENDS[ending] ?? ENDS.lost;
  return many && several ? several : one;
}

/** Why a call is over. */
export function endWords(entry: Entry): string {
  // Of a call that came in, whoever called is named, however many there were.
  const name = entry.outgoing ? namesOf(entry.users) : (entry.users[0] ?? '');
  return say(endKey(entry), { name, time: clock(entry.durationMs) });
}

/** Whether a call came in and was not answered anywhere. */
export function missed({ outgoing, ending, durationMs }: Entry): boolean {
  return !outgoing && durationMs === 0 && (ending === 'timedOut' || ending === 'cancelled' || ending === 'lost');
}
