/** One clear sentence for everything that can go wrong. */
import type { EndReason, ErrorCode, Failure, LeaveReason, RoomEvent } from '@huitong/core';
import type { Trouble, TroubleKind } from '@huitong/web-media';
import { say } from './language.js';
import type { Key } from './texts.js';

const TROUBLES: Record<Exclude<TroubleKind, 'refused'>, Key> = {
  'insecure-page': 'insecurePage',
  unsupported: 'unsupported',
  'camera-denied': 'cameraDenied',
  'microphone-denied': 'microphoneDenied',
  'screen-denied': 'screenDenied',
  'no-camera': 'cameraMissing',
  'no-microphone': 'microphoneMissing',
  'camera-busy': 'cameraBusy',
  'microphone-busy': 'microphoneBusy',
  'capture-failed': 'captureFailed',
  unreachable: 'unreachable',
  'no-route': 'noRoute',
  lost: 'mediaLost',
  ended: 'mediaEnded',
  undecodable: 'undecodable',
  'no-sound': 'noSound',
  'music-failed': 'captureFailed',
  'picture-failed': 'captureFailed',
};

/** What happened to a device or to media. */
export function troubleSentence({ kind, detail }: Pick<Trouble, 'kind' | 'detail'>, sending: boolean): string {
  return kind === 'refused' ? say(sending ? 'pushRefused' : 'playRefused', { detail }) : say(TROUBLES[kind]);
}

const FAILURES: Partial<Record<ErrorCode, Key>> = {
  'bad-credential': 'badCredential',
  'credential-mismatch': 'badCredential',
  'credential-for-other': 'badCredential',
  'credential-expired': 'credentialExpired',
  'unknown-app': 'unknownApp',
  'room-full': 'roomFull',
  'publishers-full': 'publishersFull',
  'scene-mismatch': 'sceneMismatch',
  'room-key-required': 'mayNotEnter',
  'may-not-create': 'mayNotEnter',
  'may-not-enter': 'mayNotEnter',
  'server-full': 'serverFull',
  'shutting-down': 'shuttingDown',
  'app-suspended': 'appClosed',
  'app-overdue': 'appClosed',
  timeout: 'serverSilent',
  'session-gone': 'timedOut',
  'taken-over': 'takenOver',
  'call-busy': 'callBusyHere',
  'call-gone': 'callGone',
  'not-in-group': 'notInGroup',
  'no-conference': 'conferenceGone',
  'conference-over': 'conferenceGone',
  'room-taken': 'nameTaken',
  'wrong-password': 'wrongPassword',
  'too-many-guesses': 'tooManyGuesses',
  'not-checked': 'passwordUnchecked',
  'ticket-invalid': 'ticketStale',
  'ticket-expired': 'ticketStale',
  'ticket-void': 'ticketStale',
  'talkers-full': 'stageFull',
  'conference-limit': 'limitReached',
  'not-admin': 'notAdmin',
  'last-admin': 'lastAdmin',
  'nobody-there': 'nobodyThere',
};

/** Why the server said no. */
export function failureSentence(failure: Pick<Failure, 'code' | 'message'>): string {
  const key = FAILURES[failure.code];
  return say(key ?? 'failedBecause', { detail: failure.message });
}

const ENDS: Partial<Record<LeaveReason | EndReason, Key>> = {
  kicked: 'kicked',
  dissolved: 'dissolved',
  replaced: 'takenOver',
  takenOver: 'takenOver',
  timedOut: 'timedOut',
  expired: 'timedOut',
  credentialExpired: 'credentialExpired',
  serverShutdown: 'shuttingDown',
};

/** Why one is not in the room any more. */
export function endSentence(reason: LeaveReason | EndReason, message: string): string {
  const key = ENDS[reason];
  return key ? say(key) : say('ended', { detail: message });
}

/** What the user is told of what happens to the room it is in, and whether that is the end of its stay. */
export interface RoomNews {
  sentence: string;
  kind: 'info' | 'warn';
  over: boolean;
}

/** See {@link RoomNews}; null when there is nothing to tell. */
export function roomNews(event: RoomEvent): RoomNews | null {
  switch (event.type) {
    case 'interrupted':
      return { sentence: say('reconnecting'), kind: 'warn', over: false };
    case 'resumed':
      return { sentence: say('resumed'), kind: 'info', over: false };
    case 'refused':
    case 'pushRefused':
      return { sentence: failureSentence(event.failure), kind: 'warn', over: false };
    case 'failed':
      return { sentence: failureSentence(event.failure), kind: 'warn', over: true };
    case 'removed':
      return { sentence: endSentence(event.reason, event.message), kind: 'warn', over: true };
    default:
      return null;
  }
}
