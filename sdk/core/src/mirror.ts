/** What is known of a room, and what changed when something new is heard of it. */
import type { LeaveReason, MemberInfo, RoomState, StreamKind, StreamState } from './generated/protocol.js';

/** Sound or picture. */
export type Track = 'audio' | 'video';

/** One change of the picture that an application has of a room. */
export type Change =
  /** Somebody who may send entered. */
  | { type: 'memberJoined'; user: string }
  /** Somebody left; what they sent was reported off before. */
  | { type: 'memberLeft'; user: string; reason: LeaveReason }
  /** Somebody's connection was lost for a while, or is back. */
  | { type: 'memberAway'; user: string; away: boolean }
  /** A track of a stream began or ended; `play` is the key that plays the stream. */
  | { type: 'trackChanged'; user: string; stream: StreamKind; track: Track; on: boolean; play: string };

interface Member {
  away: boolean;
  streams: Map<StreamKind, StreamState>;
}

/** Pictures first: pages lay out a player by its picture. */
const TRACKS: readonly Track[] = ['video', 'audio'];

/** See the head of the file. Every method says what changed, in an order in which each step makes sense. */
export class Mirror {
  private members = new Map<string, Member>();

  /** Whether this user is known. */
  has(user: string): boolean {
    return this.members.has(user);
  }

  /** Knows what another one knows. */
  takeOver(other: Mirror): void {
    this.members = other.members;
  }

  /** Somebody entered, or is heard of again. */
  joined(info: MemberInfo): Change[] {
    const changes: Change[] = [];
    let member = this.members.get(info.user);
    if (!member) {
      member = { away: false, streams: new Map() };
      this.members.set(info.user, member);
      changes.push({ type: 'memberJoined', user: info.user });
    }
    const named = new Set(info.streams.map((stream) => stream.stream));
    for (const [kind, stream] of [...member.streams]) {
      if (!named.has(kind)) {
        changes.push(...this.stream(info.user, { ...stream, audio: false, video: false }));
      }
    }
    for (const stream of info.streams) {
      changes.push(...this.stream(info.user, stream));
    }
    changes.push(...this.away(info.user, info.away));
    return changes;
  }

  /** Somebody left. */
  left(user: string, reason: LeaveReason): Change[] {
    const member = this.members.get(user);
    if (!member) {
      return [];
    }
    const changes: Change[] = [];
    for (const stream of [...member.streams.values()]) {
      changes.push(...this.stream(user, { ...stream, audio: false, video: false }));
    }
    this.members.delete(user);
    changes.push({ type: 'memberLeft', user, reason });
    return changes;
  }

  /** Somebody's connection was lost or is back. */
  away(user: string, away: boolean): Change[] {
    const member = this.members.get(user);
    if (!member || member.away === away) {
      return [];
    }
    member.away = away;
    return [{ type: 'memberAway', user, away }];
  }

  /** A stream is now like this. A new play key means that the old address is dead: off, then on again. */
  stream(user: string, now: StreamState): Change[] {
    const member = this.members.get(user);
    if (!member) {
      return [];
    }
    const changes: Change[] = [];
    const kind = now.stream;
    const push = (track: Track, on: boolean, play: string): void => {
      changes.push({ type: 'trackChanged', user, stream: kind, track, on, play });
    };
    let before = member.streams.get(kind);
    if (before && before.play !== now.play) {
      for (const track of TRACKS.filter((t) => before?.[t])) {
        push(track, false, before.play);
      }
      before = undefined;
    }
    for (const track of TRACKS) {
      if ((before ? before[track] : false) !== now[track]) {
        push(track, now[track], now.play);
      }
    }
    if (now.audio || now.video) {
      member.streams.set(kind, now);
    } else {
      member.streams.delete(kind);
    }
    return changes;
  }

  /** The whole room is now like this: who is gone leaves first, then the others in the server's order. */
  replace(state: RoomState): Change[] {
    const changes: Change[] = [];
    const present = new Set(state.members.map((member) => member.user));
    for (const user of [...this.members.keys()]) {
      if (!present.has(user)) {
        changes.push(...this.left(user, 'left'));
      }
    }
    for (const member of state.members) {
      changes.push(...this.joined(member));
    }
    return changes;
  }
}
