/** What the server in memory keeps of sockets, sessions and rooms. */
import type { Event, MemberInfo, Publish, Role, RoomId, Scene, StreamKind } from '@huitong/core';

/** Who is told what arrives on a socket; the same as in the platform interface. */
export interface Wire {
  opened(): void;
  text(text: string): void;
  closed(code: number, reason: string): void;
}

/** A socket, and whose it is once that is said. */
export interface Connection {
  wire: Wire;
  open: boolean;
  session: Session | null;
}

/** A user who has logged in; it lives on without a socket for a while. */
export interface Session {
  id: string;
  user: string;
  device: string;
  calls: boolean;
  voiceRoom: string | null; // the only room that the login is for
  conn: Connection | null;
  pushes: { seq: number; text: string }[];
  sent: number;
  room: FakeRoom | null;
  roomId: RoomId;
  role: Role;
  mix?: boolean; // it asked for the voices of all others in one stream
  /** Registered streams, of which a member may push media. */
  published: Map<StreamKind, Publish>;
}

/** Who is in a room. */
export interface FakeRoom {
  scene: Scene;
  members: Map<string, MemberInfo>;
}

/** Whether a client that does not hear of this would come back where it is not wanted. */
export function putsOut(event: Event): boolean {
  return (
    (event.ev === 'removed' && ['kicked', 'dissolved', 'replaced'].includes(event.reason)) ||
    (event.ev === 'conferenceExited' && ['removed', 'otherDevice', 'closed'].includes(event.reason))
  );
}
