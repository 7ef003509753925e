/** What every player of a stream can do, however the stream comes. */
import type { Trouble } from './trouble.js';

/** How a stream comes. */
export type Transport = 'whep' | 'flv' | 'ws-flv';

/** What a player is doing. Rates are of the time since the last question. */
export interface PlayStats {
  transport: Transport;
  /** Pictures decoded so far. */
  frames: number;
  fps: number;
  /** What waits in buffers plus half a round trip, ms: a guess at how old the picture is, without the sender's share. */
  latencyMs: number;
  videoKbps: number;
  audioKbps: number;
  width: number;
  height: number;
  jitterMs: number;
  /** How often playing was begun anew because it stood still. */
  reloads: number;
  /** 1 best … 6 unusable, 0 unknown. */
  quality: number;
}

/** Which tracks a stream carries now. */
export interface Tracks {
  audio: boolean;
  video: boolean;
}

/** Whom a player tells. */
export interface PlayEvents {
  /** The server answered and media begins. */
  connected?(transport: Transport): void;
  /** It does not flow any more; attempt number `attempt` follows by itself. */
  retrying?(attempt: number, why: Trouble): void;
  /** Another way is tried, because the one before failed. */
  changed?(to: Transport, why: Trouble): void;
  /** It is over; nothing follows. */
  failed?(why: Trouble): void;
  /** The browser plays sound only after a touch. */
  blocked?(): void;
}

/** A player. One object plays one stream once. */
export interface Player {
  /** Begins to play in this element. */
  play(element: HTMLVideoElement): void;
  /** Says which tracks are to be expected from now on. */
  expect(tracks: Tracks): void;
  /** Ends it; nothing is told afterwards. */
  stop(): void;
  stats(): Promise<PlayStats>;
}

/** Starts an element; browsers refuse sound before the page was touched. */
export function startElement(element: HTMLVideoElement, blocked: (() => void) | undefined): void {
  element.play().catch((error: unknown) => {
    if (error instanceof Error && error.name === 'NotAllowedError') {
      blocked?.();
    }
  });
}
