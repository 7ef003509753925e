/** What the page knows of the others in the room, from the events of the core. */
import type { RoomEvent, StreamKind } from '@huitong/core';

/** A stream of a member. */
export interface Stream {
  audio: boolean;
  video: boolean;
  /** The key that plays it. */
  play: string;
}

/** Another member. */
export interface Member {
  user: string;
  away: boolean;
  streams: Map<StreamKind, Stream>;
}

/** See the head of the file. Members are in the order they came. */
export class Members {
  private readonly all = new Map<string, Member>();

  get list(): Member[] {
    return [...this.all.values()];
  }

  /** Takes an event; says whether it was about a member. */
  apply(event: RoomEvent): boolean {
    if (event.type === 'memberJoined') {
      this.all.set(event.user, { user: event.user, away: false, streams: new Map() });
      return true;
    }
    if (event.type === 'memberLeft') {
      return this.all.delete(event.user);
    }
    if (event.type === 'memberAway') {
      const member = this.all.get(event.user);
      if (member) {
        member.away = event.away;
      }
      return member !== undefined;
    }
    if (event.type === 'trackChanged') {
      const streams = this.all.get(event.user)?.streams;
      const stream = streams?.get(event.stream) ?? { audio: false, video: false, play: event.play };
      const now = { ...stream, play: event.play, [event.track]: event.on };
      if (now.audio || now.video) {
        streams?.set(event.stream, now);
      } else {
        streams?.delete(event.stream);
      }
      return streams !== undefined;
    }
    return false;
  }
}
