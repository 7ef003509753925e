/** Numbers that the vendor's documents use. */
import { TRTC_CODES } from '@huitong/core';
import type { EndReason, Failure, LeaveReason } from '@huitong/core';

/** A picture or a sound cannot be brought back: the push connection is lost. */
export const CONNECTION_LOST = -1307;

/** What `ERROR` carries for a refusal of the server. */
export function errorData(failure: Failure): { code: number; message: string; detail: number } {
  const [code, detail] = TRTC_CODES[failure.code] ?? TRTC_CODES.internal;
  return { code, message: failure.message, detail };
}

const KICKED: Record<LeaveReason | EndReason, string> = {
  kicked: 'kicked',
  dissolved: 'dismissed',
  replaced: 'duplicate',
  takenOver: 'duplicate',
  left: 'left',
  timedOut: 'timeout',
  expired: 'timeout',
  becameAudience: 'audience',
  sessionEnded: 'ended',
  loggedOut: 'ended',
  credentialExpired: 'ended',
  serverShutdown: 'shutdown',
};

/** What `KICKED_OUT` calls the reason. */
export function kickedReason(reason: LeaveReason | EndReason): string {
  return KICKED[reason];
}
