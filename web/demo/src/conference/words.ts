/** A word for every role, and one sentence for everything that a conference says no to or ends with. */
import type { ConferenceExit, ConferenceKind, ConferenceRole, ErrorCode, Failure } from '@huitong/core';
import { say } from '../language.js';
import { failureSentence } from '../sentences.js';
import type { Key } from '../texts.js';

/** What a role is called. */
export const ROLES: Record<ConferenceRole, Key> = { admin: 'roleAdmin', talker: 'roleTalker', audience: 'roleAudience' };

/** What is said when somebody else has a role now. */
export const NOW: Record<ConferenceRole, Key> = { admin: 'nowAdmin', talker: 'nowTalker', audience: 'nowAudience' };

/** What a kind is called. */
export const KINDS: Record<ConferenceKind, Key> = { ordinary: 'kindOrdinary', large: 'kindLarge', live: 'kindLive' };

/** What the same code means at the door, where it means something else inside. */
const AT_THE_DOOR: Partial<Record<ErrorCode, Key>> = {
  'room-full': 'conferenceFull',
  'talkers-full': 'talkersFull',
  'conference-limit': 'tooManyMade',
  'scene-mismatch': 'nameTaken',
  'no-conference': 'conferenceGone',
  'may-not-enter': 'notLetIn',
  'room-key-required': 'notLetIn',
};

/** Why one was not let in, and what to do. `password` is the one that was shown. */
export function turnedAway(failure: Pick<Failure, 'code' | 'message'>, password: string): string {
  if (failure.code === 'wrong-password' && password === '') {
    return say('needsPassword');
  }
  const key = AT_THE_DOOR[failure.code];
  return key ? say(key) : failureSentence(failure);
}

const OUT: Record<Exclude<ConferenceExit, 'left'>, Key> = {
  removed: 'outRemoved',
  closed: 'outClosed',
  otherDevice: 'outOtherDevice',
  failed: 'outFailed',
  noAnswer: 'outOther',
  busy: 'outOther',
  notSupported: 'outOther',
};

/** Why one is out, and what to do; empty when one has left. */
export function outSentence(reason: ConferenceExit, failure: Pick<Failure, 'code' | 'message'> | null): string {
  if (reason === 'left') {
    return '';
  }
  return reason === 'failed' && failure && failure.code !== 'session-gone' ? turnedAway(failure, '') : say(OUT[reason]);
}

/** What of oneself an admin leaves out; null if nothing. */
export function leftOut(audio: boolean, video: boolean): Key | null {
  return audio && video ? 'nothingOfYou' : audio ? 'noSoundOfYou' : video ? 'noPictureOfYou' : null;
}
