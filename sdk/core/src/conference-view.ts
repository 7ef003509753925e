/** What one member knows of its conference, and what of it is new when something is heard. */
import type { ConferencePush } from './conference-types.js';
import type {
  AttributeChange, ConferenceExit, ConferenceMember, ConferenceRole, ConferenceState, Event, Failure, RoomState, StreamKind,
} from './generated/protocol.js';
import { Roster } from './roster.js';
import type { RosterChange } from './roster.js';

/** What an application hears of its conference. */
export type ConferenceEvent =
  | RosterChange
  /** Inside; who is there and what they send follows, then `settled`. `again`: nothing that was told before holds any more. */
  | { type: 'entered'; state: ConferenceState; again: boolean }
  /** Everything that was there at the entry is told. */
  | { type: 'settled' }
  /** One's own role is now this. */
  | { type: 'role'; role: ConferenceRole }
  /** An admin leaves out one's sound or picture, or does not any more. */
  | { type: 'muted'; audio: boolean; video: boolean }
  /** For admins: somebody asks to be made a talker, or does not any more. */
  | { type: 'hand'; member: ConferenceMember; up: boolean }
  /** An admin said no to one's raised hand. */
  | { type: 'handDeclined' }
  | { type: 'attributes'; changes: AttributeChange[]; by: string | null }
  /** Number of those who only watch a live conference. */
  | { type: 'audience'; count: number }
  /** Media of an own stream was refused. */
  | { type: 'pushRefused'; stream: StreamKind; failure: Failure }
  /** The connection is lost; the place is kept while it is sought again. */
  | { type: 'interrupted' }
  /** Back in the same place, after the network was gone for so long. What was missed follows. */
  | { type: 'resumed'; lostMs: number }
  /** Out. The last event of this conference. */
  | { type: 'over'; reason: ConferenceExit; failure: Failure | null };

type Push = Exclude<ConferencePush, { ev: 'conferenceExited' }>;

/** See the head of the file. Every method says what is new, in an order in which each step makes sense. */
export class ConferenceView {
  /** As the server has it now; null before the entry. */
  state: ConferenceState | null = null;
  readonly roster = new Roster();
  private readonly hands = new Map<number, ConferenceMember>();

  /** Entered, for the first time or again: nothing that was known before counts. */
  entered(state: ConferenceState, room: RoomState): ConferenceEvent[] {
    const again = this.state !== null;
    this.state = { ...state, noAudio: false, noVideo: false, attributes: {} };
    this.roster.clear();
    this.hands.clear();
    const events: ConferenceEvent[] = [{ type: 'entered', state, again }];
    events.push(...this.roster.replace(state, room), ...this.catchUp(state));
    if (room.scene === 'live') {
      events.push({ type: 'audience', count: room.audience });
    }
    return events.concat({ type: 'settled' });
  }

  /** The whole conference is now like this. */
  snapshot(state: ConferenceState, room: RoomState): ConferenceEvent[] {
    return [...this.roster.replace(state, room), ...this.ownRole(state.you.role), ...this.catchUp(state)];
  }

  /** Something happened in the room. */
  inRoom(event: Event): RosterChange[] {
    return this.roster.inRoom(event);
  }

  /** Something happened in the conference. */
  push(push: Push): ConferenceEvent[] {
    switch (push.ev) {
      case 'conferenceJoined':
        return this.roster.entered(push.member);
      case 'conferenceLeft':
        return this.roster.exited(push.member, push.reason ?? null);
      case 'roleChanged':
        return push.member === this.state?.you.member ? this.ownRole(push.role) : this.roster.role(push.member, push.role);
      case 'muted':
        return this.muted(push.audio, push.video);
      case 'handChanged':
        return this.hand(push.member, push.up);
      case 'handDeclined':
        return [{ type: 'handDeclined' }];
      default:
        return this.attributes(push.changes, push.by ?? null);
    }
  }

  private ownRole(role: ConferenceRole): ConferenceEvent[] {
    if (!this.state || this.state.you.role === role) {
      return [];
    }
    this.state = { ...this.state, you: { ...this.state.you, role } };
    if (role !== 'admin') {
      this.hands.clear();
    }
    return [{ type: 'role', role }];
  }

  private muted(audio: boolean, video: boolean): ConferenceEvent[] {
    if (!this.state || (!!this.state.noAudio === audio && !!this.state.noVideo === video)) {
      return [];
    }
    this.state = { ...this.state, noAudio: audio, noVideo: video };
    return [{ type: 'muted', audio, video }];
  }

  private hand(member: ConferenceMember, up: boolean): ConferenceEvent[] {
    if (this.hands.has(member.member) === up) {
      return [];
    }
    if (up) {
      this.hands.set(member.member, member);
    } else {
      this.hands.delete(member.member);
    }
    return [{ type: 'hand', member, up }];
  }

  private attributes(changes: AttributeChange[], by: string | null): ConferenceEvent[] {
    if (!this.state || changes.length === 0) {
      return [];
    }
    const attributes = table(this.state.attributes);
    for (const { key, value } of changes) {
      if (value === undefined) {
        delete attributes[key];
      } else {
        attributes[key] = value;
      }
    }
    this.state = { ...this.state, attributes };
    return [{ type: 'attributes', changes, by }];
  }

  /** What is not about members, streams and roles is as the server says now. */
  private catchUp({ noAudio, noVideo, hands = [], attributes = {} }: ConferenceState): ConferenceEvent[] {
    const up = new Set(hands.map(({ member }) => member));
    const events = this.muted(!!noAudio, !!noVideo);
    [...this.hands.values()].filter(({ member }) => !up.has(member)).forEach((member) => events.push(...this.hand(member, false)));
    hands.forEach((member) => events.push(...this.hand(member, true)));
    const [before, now] = [table(this.state?.attributes), table(attributes)];
    const changes: AttributeChange[] = Object.keys(before).filter((key) => !(key in now)).map((key) => ({ key }));
    for (const key of Object.keys(now).filter((key) => before[key] !== now[key])) {
      changes.push({ key, value: now[key] ?? '' });
    }
    return events.concat(this.attributes(changes, null));
  }
}

/** A copy that knows nothing but its own keys: members choose them, and may well call one `constructor` or `__proto__`. */
function table(from: Record<string, string> | undefined): Record<string, string> {
  return Object.assign(Object.create(null) as Record<string, string>, from);
}
