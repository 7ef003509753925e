/**
 * Who is in a conference and what they send, put together from what is told of the conference and of its room. A
 * stream is known only while its sender is, and whoever is out takes its streams along.
 */
import type {
  ConferenceExit, ConferenceMember, ConferenceRole, ConferenceState, Event, MemberInfo, RoomState, StreamKind, StreamState,
} from './generated/protocol.js';

/** A stream of somebody else. */
export interface ConferenceStream extends StreamState {
  /** Grows with every stream of this roster: one that comes anew is another one. */
  number: number;
  member: ConferenceMember;
}

/** One change of who is there and what is sent. */
export type RosterChange =
  | { type: 'memberEntered'; member: ConferenceMember }
  /** What it sent was told off before. Without a reason it is there still and not known any more. */
  | { type: 'memberExited'; member: ConferenceMember; reason: ConferenceExit | null }
  | { type: 'memberRole'; member: ConferenceMember }
  /** Its connection was lost for a while, or is back. */
  | { type: 'memberAway'; member: ConferenceMember; away: boolean }
  | { type: 'streamAdded'; stream: ConferenceStream }
  | { type: 'streamChanged'; stream: ConferenceStream }
  /** `reason` is why its sender is out; null if it is not. */
  | { type: 'streamRemoved'; stream: ConferenceStream; reason: ConferenceExit | null };

interface Entry {
  member: ConferenceMember;
  streams: Map<StreamKind, ConferenceStream>;
  /** Its connection is lost. */
  away: boolean;
  /** Its seat in the room is gone; why, the conference tells next. */
  gone: boolean;
}

/** What the room says of a member. */
interface Said {
  away: boolean;
  streams: Map<StreamKind, StreamState>;
}

const KINDS: readonly StreamKind[] = ['main', 'aux'];

/** See the head of the file. Every method says what changed, in an order in which each step makes sense. */
export class Roster {
  private readonly entries = new Map<number, Entry>();
  /** What the room says, by user. */
  private readonly room = new Map<string, Said>();
  private count = 0;

  /** Who is known, in the order in which they came. */
  get members(): ConferenceMember[] {
    return [...this.entries.values()].map(({ member }) => member);
  }

  /** What they send. */
  get streams(): ConferenceStream[] {
    const all: ConferenceStream[] = [];
    this.entries.forEach(({ streams }) => streams.forEach((stream) => all.push(stream)));
    return all;
  }

  /** Whether the connection of this user is lost. */
  away(user: string): boolean {
    return this.current(user)?.away ?? false;
  }

  /** Everything is as the server says now; who is gone is told off first. */
  replace(conference: ConferenceState, room: RoomState): RosterChange[] {
    const changes: RosterChange[] = [];
    const present = new Set(conference.members.map(({ member }) => member));
    for (const number of [...this.entries.keys()].filter((number) => !present.has(number))) {
      changes.push(...this.exited(number, null));
    }
    this.room.clear();
    room.members.forEach((info) => this.note(info));
    for (const member of conference.members) {
      changes.push(...this.entered(member));
    }
    const later = (change: RosterChange): boolean => change.type === 'streamAdded' || change.type === 'streamChanged';
    return changes.filter((change) => !later(change)).concat(changes.filter(later));
  }

  /** Forgets everybody; the numbers of streams go on. */
  clear(): void {
    this.entries.clear();
    this.room.clear();
  }

  /** Somebody is in the conference, or is heard of again. */
  entered(member: ConferenceMember): RosterChange[] {
    const known = this.entries.get(member.member);
    if (known) {
      known.gone = false;
      // The same stay may show another name; that is no news of its own.
      known.member = { ...member, role: known.member.role };
      known.streams.forEach((stream) => (stream.member = known.member));
      const role = this.role(member.member, member.role);
      return role.concat(this.compare(known));
    }
    const entry: Entry = { member, streams: new Map(), away: false, gone: false };
    this.entries.set(member.member, entry);
    return [{ type: 'memberEntered', member }, ...this.compare(entry)];
  }

  /** Somebody is out of the conference. */
  exited(number: number, reason: ConferenceExit | null): RosterChange[] {
    const entry = this.entries.get(number);
    if (!entry) {
      return [];
    }
    const changes: RosterChange[] = [];
    entry.streams.forEach((stream) => changes.push({ type: 'streamRemoved', stream, reason }));
    this.entries.delete(number);
    changes.push({ type: 'memberExited', member: entry.member, reason });
    return changes;
  }

  /** Somebody has another role. */
  role(number: number, role: ConferenceRole): RosterChange[] {
    const entry = this.entries.get(number);
    if (!entry || entry.member.role === role) {
      return [];
    }
    entry.member = { ...entry.member, role };
    entry.streams.forEach((stream) => (stream.member = entry.member));
    return [{ type: 'memberRole', member: entry.member }];
  }

  /** Something happened in the room. */
  inRoom(event: Event): RosterChange[] {
    if (event.ev === 'memberJoined') {
      this.note(event.member);
      return this.compareUser(event.member.user);
    }
    if (event.ev === 'memberLeft') {
      this.room.delete(event.user);
      const entry = this.current(event.user);
      if (entry) {
        entry.gone = true;
      }
    } else if (event.ev === 'streamChanged') {
      this.room.get(event.user)?.streams.set(event.stream.stream, event.stream);
      return this.compareUser(event.user);
    } else if (event.ev === 'memberAway') {
      const said = this.room.get(event.user);
      if (said) {
        said.away = event.away;
      }
      return this.compareUser(event.user);
    }
    return [];
  }

  private note({ user, away, streams }: MemberInfo): void {
    this.room.set(user, { away, streams: new Map(streams.map((stream) => [stream.stream, stream] as const)) });
  }

  /** The stay of a user that has a seat in the room. */
  private current(user: string): Entry | undefined {
    return [...this.entries.values()].filter(({ member, gone }) => member.user === user && !gone).pop();
  }

  private compareUser(user: string): RosterChange[] {
    const entry = this.current(user);
    return entry ? this.compare(entry) : [];
  }

  /** Brings what is known of a member up to what the room says. */
  private compare(entry: Entry): RosterChange[] {
    const changes: RosterChange[] = [];
    const said = this.room.get(entry.member.user);
    const away = said?.away ?? false;
    if (entry.away !== away) {
      entry.away = away;
      changes.push({ type: 'memberAway', member: entry.member, away });
    }
    for (const kind of KINDS) {
      const before = entry.streams.get(kind);
      const stream = said?.streams.get(kind);
      const now = stream && (stream.audio || stream.video) ? stream : undefined;
      const same = before && now && before.play === now.play;
      if (before && !same) {
        entry.streams.delete(kind);
        changes.push({ type: 'streamRemoved', stream: before, reason: null });
      }
      if (now && !same) {
        this.count += 1;
        const stream = { ...now, number: this.count, member: entry.member };
        entry.streams.set(kind, stream);
        changes.push({ type: 'streamAdded', stream });
      } else if (before && now && (before.audio !== now.audio || before.video !== now.video)) {
        const stream = { ...before, audio: now.audio, video: now.video };
        entry.streams.set(kind, stream);
        changes.push({ type: 'streamChanged', stream });
      }
    }
    return changes;
  }
}
