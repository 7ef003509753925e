/** Conferences on the wire, by names of their own. */
import type { Event, Request } from './generated/protocol.js';

/** What a client asks about conferences, in one or outside. */
export type ConferenceRequest = Extract<
  Request,
  { op: 'ticket' | 'look' | 'enter' | 'leave' | 'grant' | 'kick' | 'mute' | 'hand' | 'decline' | 'attributes' | 'destroy' }
>;

/** What the server tells those who are in a conference. */
export type ConferencePush = Extract<
  Event,
  {
    ev:
      | 'conferenceJoined' | 'conferenceLeft' | 'roleChanged' | 'muted' | 'handChanged' | 'handDeclined' | 'attributesChanged'
      | 'conferenceExited';
  }
>;

const PUSHES: readonly string[] = [
  'conferenceJoined', 'conferenceLeft', 'roleChanged', 'muted', 'handChanged', 'handDeclined', 'attributesChanged', 'conferenceExited',
];

/** The push about conferences in an event, or null. */
export function conferencePush(event: Event): ConferencePush | null {
  return PUSHES.indexOf(event.ev) >= 0 ? (event as ConferencePush) : null;
}
