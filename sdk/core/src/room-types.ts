/** A stay in a room as applications ask for it and hear of it. */
import type { Answer, Identity } from './connection.js';
import type { EndReason, Failure, LeaveReason, Request, Role, RoomId, Scene, StreamKind } from './generated/protocol.js';
import type { Change } from './mirror.js';

/** The room and how to be in it. */
export interface Stay {
  room: RoomId;
  scene: Scene;
  role: Role;
  /** The vendor's key for rooms, where the application demands one. */
  privateMapKey?: string;
  /** Label that recording callbacks echo. */
  recordId?: string;
  /** What else the application asked for: kept for the operator to see. At most 16, each name and text at most 128 bytes. */
  details?: Record<string, string>;
  /** Whether to ask again when the first join is refused for the moment. */
  patient?: boolean;
  /** Whether to watch when a live room has no place for one more publisher. */
  orAudience?: boolean;
  /** Whether to play the voices of all others in one stream from the join on, see [`Room.wantMix`]. */
  mix?: boolean;
}

/**
 * What a stay speaks over: a connection of its own, or a part of one that serves more than this stay. The methods are
 * those of [`Connection`]; who shares a connection decides what the end of a stay means for it.
 */
export interface Line {
  readonly ready: boolean;
  open(identity: Identity): void;
  renew(identity: Identity): void;
  request(request: Request, done: (answer: Answer) => void): void;
  bye(): void;
  abandon(): void;
}

/** What an application hears of its stay. */
export type RoomEvent =
  | Change
  /** In the room. Members and what they send follow. `again` after a session that the server had lost. */
  | { type: 'joined'; again: boolean }
  /** Number of audience members of a live room. */
  | { type: 'audience'; count: number }
  /** One's own role is now this. */
  | { type: 'role'; role: Role }
  /** The socket is gone; the seat is kept while another one is sought. */
  | { type: 'interrupted' }
  /** The mix is there, under another key, or is no longer there, see [`Room.mix`]. */
  | { type: 'mixed' }
  /** Back after an interruption, in the same seat. */
  | { type: 'resumed' }
  /** Something was refused; the stay goes on. */
  | { type: 'refused'; op: 'publish' | 'setRole'; failure: Failure }
  /** Media of an own stream was refused; when `retry` says so it may be sent again. */
  | { type: 'pushRefused'; stream: StreamKind; failure: Failure }
  /** Over: removed by the server or by another device. */
  | { type: 'removed'; reason: LeaveReason | EndReason; message: string }
  /** Over: never let in, or not let in again, or the connection could not be brought back. */
  | { type: 'failed'; failure: Failure };
