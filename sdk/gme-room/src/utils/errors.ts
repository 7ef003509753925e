/** From refusals of the server and of the phone to what pages are told. */
import { DETAIL, ERROR_TYPE } from '../common/constants.js';
import { GME_CODES, PUSH } from './huitong.js';
import type { Failure } from './huitong.js';

/** What every event carries, and what an error carries beside it. */
export interface Result {
  /** A value of [`ERROR_TYPE`]. */
  errType: number;
  /** One sentence for developers. */
  errMsg: string;
  /** A more exact code, if there is one. */
  code?: number;
}

/** Everything went well. */
export const FINE: Result = { errType: ERROR_TYPE.OK, errMsg: 'OK' };

/** Refusals that concern the authBuffer: the native product has one code for all of them. */
const AUTHORISATION: readonly string[] = [
  'unknown-app', 'bad-credential', 'credential-mismatch', 'credential-for-other', 'credential-expired', 'may-not-enter', 'may-not-create',
];

/** What a page is told when the server refuses something. */
export function resultOf(failure: Failure): Result {
  const word = GME_CODES[failure.code] ?? GME_CODES.internal;
  const errType = (ERROR_TYPE as Record<string, number>)[word] ?? ERROR_TYPE.ERROR_UNKNOWN;
  const code = AUTHORISATION.indexOf(failure.code) >= 0 ? DETAIL.authorisation : errType;
  return { errType, errMsg: `${failure.code}: ${failure.message}`, code };
}

/** What a page is told when properties or calls are wrong. */
export function invalid(errMsg: string): Result {
  return { errType: ERROR_TYPE.ERROR_INVALID_PARAMETER, errMsg, code: ERROR_TYPE.ERROR_INVALID_PARAMETER };
}

/** What a page is told of an error of a native tag. */
export function deviceError(code: number, message: string): Result {
  const errType = code === PUSH.disconnected ? ERROR_TYPE.ERROR_NETWORK_ERROR : ERROR_TYPE.ERROR_UNKNOWN;
  return { errType, errMsg: message === '' ? `The phone reports error ${code}.` : message, code };
}
