/** What all elements of a page share. */
import type { Bases, Transport } from '@huitong/web-media';

/** Set by the page as soon as the server has told it. */
export interface Shared {
  /** The bases of media addresses: with them an address of RTMP plays and pushes over WebRTC. */
  bases: Bases | null;
  /** How streams come unless an element says otherwise: `auto` is WebRTC where it works, else FLV. */
  transport: 'auto' | Transport;
}

/** See the head of the file. */
export const shared: Shared = { bases: null, transport: 'auto' };
