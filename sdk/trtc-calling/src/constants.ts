/** Names and numbers that pages know. */
import { TRTC_CODES } from '@huitong/core';
import type { Failure } from '@huitong/core';

/** The event codes; every value equals its key. */
export const EVENT = {
  INVITED: 'INVITED',
  GROUP_CALL_INVITEE_LIST_UPDATE: 'GROUP_CALL_INVITEE_LIST_UPDATE',
  USER_ENTER: 'USER_ENTER',
  USER_LEAVE: 'USER_LEAVE',
  REJECT: 'REJECT',
  NO_RESP: 'NO_RESP',
  LINE_BUSY: 'LINE_BUSY',
  CALLING_CANCEL: 'CALLING_CANCEL',
  CALLING_TIMEOUT: 'CALLING_TIMEOUT',
  CALL_END: 'CALL_END',
  USER_VIDEO_AVAILABLE: 'USER_VIDEO_AVAILABLE',
  USER_AUDIO_AVAILABLE: 'USER_AUDIO_AVAILABLE',
  USER_VOICE_VOLUME: 'USER_VOICE_VOLUME',
  HANG_UP: 'HANG_UP',
  ERROR: 'ERROR',
  USER_ACCEPT: 'USER_ACCEPT',
  USER_UPDATE: 'USER_UPDATE',
  SDK_READY: 'SDK_READY',
  KICKED_OUT: 'KICKED_OUT',
  CALL_MODE: 'CALL_MODE',
  // Not in the vendor's documents: who is online, of those that a page watches.
  USER_PRESENCE: 'USER_PRESENCE',
} as const;

/** A value of [`EVENT`]. */
export type EventCode = keyof typeof EVENT;

/** 1: sound; 2: sound and picture. */
export const AUDIO = 1;
export const VIDEO = 2;

/** Value of `data.callStatus`. */
export type CallStatus = 'idle' | 'calling' | 'connected';

/** Error codes of the vendor's documents. */
export const CODE = {
  /** Bad signalling parameters. */
  badParameters: 6017,
  /** Not logged in. */
  notLoggedIn: 6014,
  /** The invitation is unknown or was handled. */
  gone: 8010,
  /** Not this user's to decide. */
  notAllowed: 8011,
  /** The push connection, or the connection to the server, is lost. */
  connectionLost: -1307,
  /** The credential was refused. */
  badCredential: -100018,
  /** The application may begin nothing: it is suspended, or over its quota. */
  inArrears: -100013,
} as const;

/** What `ERROR` carries, and what promises are rejected with. */
export interface ErrorData {
  code: number;
  message: string;
  errorMsg: string;
}

const CODES: Record<string, number> = {
  'call-gone': CODE.gone,
  'not-your-call': CODE.notAllowed,
  'not-in-group': CODE.notAllowed,
  'call-busy': CODE.badParameters,
  'invalid-field': CODE.badParameters,
  'bad-message': CODE.badParameters,
  'app-suspended': CODE.inArrears,
  'app-overdue': CODE.inArrears,
};

/** An error in the shape of every error here. */
export function errorOf(code: number, message: string): ErrorData {
  return { code, message, errorMsg: message };
}

/** The error for a refusal of the server. */
export function errorFor(failure: Failure): ErrorData {
  const known = CODES[failure.code] ?? (TRTC_CODES[failure.code] ?? TRTC_CODES.internal)[0];
  return errorOf(known, failure.message);
}
