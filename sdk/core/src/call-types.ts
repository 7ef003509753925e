/** Calls on the wire, beside the generated types of rooms and sessions. */
import type { Event, Failure, RoomId } from './generated/protocol.js';

/** Sound alone, or sound and picture. */
export type CallMedia = 'audio' | 'video';

/**
 * Where one participant of a call is: `calling` (the caller, before anybody answered), `ringing` (at a device),
 * `offline` (no device reached so far), `connected`, or one of the ways out.
 */
export type ParticipantState =
  | 'calling' | 'ringing' | 'offline' | 'connected' | 'rejected' | 'busy' | 'timedOut' | 'unreachable' | 'left' | 'lost'
  | 'kicked' | 'cancelled';

/** Why a call is over for a session. */
export type CallEndReason =
  | 'hungUp' | 'left' | 'rejected' | 'busy' | 'cancelled' | 'timedOut' | 'unreachable' | 'answeredElsewhere'
  | 'refusedElsewhere' | 'lost' | 'kicked' | 'dissolved' | 'ended' | 'sessionEnded' | 'serverShutdown';

/** One participant. */
export interface Participant {
  user: string;
  state: ParticipantState;
}

/** A call as one participant sees it. */
export interface Call {
  call: string;
  caller: string;
  media: CallMedia;
  room: RoomId;
  group?: string;
  data?: string;
  /** The application's back-end made the call. */
  backend?: true;
  /** Until ringing ends, ms. */
  ringingMs: number;
  /** Unix ms. */
  startedMs: number;
  /** When this participant was connected, Unix ms. */
  connectedMs?: number;
  you: 'calling' | 'ringing' | 'connected';
  /** The caller, then the invitees in the order given. */
  participants: Participant[];
}

/** What a client asks about calls. */
export type CallRequest =
  | { op: 'call'; invitees: string[]; media: CallMedia; group?: string; timeoutMs?: number; data?: string; ref?: string }
  | { op: 'accept'; call: string }
  | { op: 'reject'; call: string; busy?: boolean }
  | { op: 'hangup'; call: string };

/** What the server tells about calls. */
export type CallPush =
  | { ev: 'invited'; call: Call }
  | { ev: 'callChanged'; call: string; user: string; state: ParticipantState; by?: string }
  | { ev: 'callEnded'; call: string; reason: CallEndReason; by?: string; durationMs: number };

/** The answer to a request about calls. */
export type CallAnswer = { call: Call | null } | { error: Failure } | { lost: true };

/** The call push in an event, or null. */
export function callPush(event: Event): CallPush | null {
  const push = event as unknown as CallPush;
  return push.ev === 'invited' || push.ev === 'callChanged' || push.ev === 'callEnded' ? push : null;
}
