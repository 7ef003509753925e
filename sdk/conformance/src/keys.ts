/** Play keys of the server in memory: every session has its own. */
import type { Event, MemberInfo } from '@huitong/core';

/** A member as a session sees it. */
export interface Viewer {
  id: string;
}

/** A member with the play keys of this session. */
export function keyed(member: MemberInfo, session: Viewer): MemberInfo {
  const streams = member.streams.map((stream) => ({ ...stream, play: `${stream.play}-${session.id}` }));
  return { ...member, streams };
}

/** The same for what is told of members. */
export function withKeys(event: Event, session: Viewer): Event {
  if (event.ev === 'memberJoined') {
    return { ...event, member: keyed(event.member, session) };
  }
  if (event.ev === 'streamChanged') {
    return { ...event, stream: { ...event.stream, play: `${event.stream.play}-${session.id}` } };
  }
  return event;
}
