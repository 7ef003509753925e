/** Addresses of one stream: whatever address a page was given, the others of the same key follow from the server's bases. */
import type { MediaBases } from '@huitong/core';
import type { Transport } from './player.js';

/** The bases that the server tells; those of WebRTC only where it has WebRTC. */
export type Bases = Omit<MediaBases, 'whip' | 'whep'> & { whip?: string | null; whep?: string | null };

/** The key at the end of a media address; empty if there is none. */
export function keyOf(url: string): string {
  const path = url.split(/[?#]/)[0] ?? '';
  const last = path.slice(path.lastIndexOf('/') + 1);
  return last.replace(/\.flv$/i, '');
}

/** Where a stream that is pushed to `url` (of RTMP or WHIP) goes from a browser; empty if the server takes none. */
export function whipUrl(url: string, bases: Bases | null): string {
  if (/^https?:/i.test(url)) {
    return url;
  }
  const key = keyOf(url);
  return bases?.whip && key !== '' ? `${bases.whip}/${key}` : '';
}

/**
 * The ways to play what `url` names, best first. Without bases only the address itself, if a browser can play it.
 * WebSocket goes before HTTP: browsers open six HTTP connections to a server, and a seventh tile would wait for ever.
 */
export function playWays(url: string, bases: Bases | null): { transport: Transport; url: string }[] {
  const key = keyOf(url);
  if (bases && key !== '') {
    const ways: { transport: Transport; url: string }[] = [
      { transport: 'ws-flv', url: `${bases.wsFlv}/${key}.flv` },
      { transport: 'flv', url: `${bases.flv}/${key}.flv` },
    ];
    return bases.whep ? [{ transport: 'whep', url: `${bases.whep}/${key}` }, ...ways] : ways;
  }
  if (/\.flv([?#]|$)/i.test(url)) {
    return /^wss?:/i.test(url) ? [{ transport: 'ws-flv', url }] : [{ transport: 'flv', url }];
  }
  return /^https?:/i.test(url) ? [{ transport: 'whep', url }] : [];
}
