/** What a client wants the server to know, and how far the server knows it. */
import type { Backoff } from './backoff.js';
import type { StreamKind } from './generated/protocol.js';

/** Which tracks of a stream are wanted. */
export interface Tracks {
  audio: boolean;
  video: boolean;
}

/** Something that the server is to know. */
export interface Wish {
  want: Tracks;
  /** What the server has, or was asked to have; undefined when that is not known. */
  told: Tracks | undefined;
  /** The pauses after refusals for the moment. */
  pauses: Backoff;
}

/** A stream that is sent, or about to be. */
export interface Publication extends Wish {
  stream: StreamKind;
  key: string;
}

/** What of a member's stream is received. */
export interface Subscription extends Wish {
  user: string;
  stream: StreamKind;
}

/** What the server sends before it is told a wish. */
export const EVERYTHING: Tracks = { audio: true, video: true };

/** Whether the server is still to be told. */
export const open = ({ want, told }: Wish): boolean => !told || told.audio !== want.audio || told.video !== want.video;
