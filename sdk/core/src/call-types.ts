/** Calls on the wire, by names of their own. */
import type { CallEndReason, CallState, Event, Request } from './generated/protocol.js';

/** A call as one participant sees it. */
export type Call = CallState;

/** What a client asks about calls. */
export type CallRequest = Extract<Request, { op: 'call' | 'accept' | 'reject' | 'hangup' }>;

/** What the server tells about calls. */
export type CallPush = Extract<Event, { ev: 'invited' | 'callChanged' | 'callEnded' }>;

/** Why a call is over here: in the server's words, or because this session ended with it. */
export type CallEnding = CallEndReason | 'sessionEnded';

/** The call push in an event, or null. */
export function callPush(event: Event): CallPush | null {
  return event.ev === 'invited' || event.ev === 'callChanged' || event.ev === 'callEnded' ? event : null;
}
