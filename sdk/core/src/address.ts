/** Where the server is, and what media addresses look like. */
import { SIGNAL_PATH } from './generated/protocol.js';
import type { MediaBases } from './generated/protocol.js';
import { base64url } from './text.js';
import type { Platform } from './platform.js';

/** Where an SDK finds its server. */
export interface Endpoint {
  /** Address of the signalling WebSocket. */
  signal: string;
  /** Media address without `/` and key, for pushing before the server has told its own. */
  rtmp: string;
}

/** Longest media URL that goes into a media component: long ones fail on iOS. */
export const MEDIA_URL_CHARS = 128;

const RTMP_PORT = 1935;
const RTMP_APP = 'live';

/**
 * Reads a server address such as `https://host[:port]`; http and ws are for development. `rtmp` overrides where
 * media is pushed to (`rtmp://host[:port][/app]`). Gives null when an address cannot be read.
 */
export function endpoint(server: string, rtmp?: string): Endpoint | null {
  const parts = /^(http|https|ws|wss):\/\/(\[[0-9a-f:.]+\]|[^/:?#\s[\]@]+)(:\d{1,5})?(\/[^?#\s]*)?$/i.exec(server.trim());
  if (!parts) {
    return null;
  }
  const [, scheme = '', host = '', port = '', path = ''] = parts;
  const secure = /^(https|wss)$/i.test(scheme);
  const signal = `${secure ? 'wss' : 'ws'}://${host}${port}${path.replace(/\/+$/, '')}${SIGNAL_PATH}`;
  if (rtmp === undefined || rtmp === '') {
    return { signal, rtmp: `rtmp://${host}:${RTMP_PORT}/${RTMP_APP}` };
  }
  const media = /^(rtmps?:\/\/[^/?#\s]+)(\/[^?#\s]*)?$/i.exec(rtmp.trim());
  if (!media) {
    return null;
  }
  const app = (media[2] ?? '').replace(/\/+$/, '');
  return { signal, rtmp: `${media[1]}${app === '' ? `/${RTMP_APP}` : app}` };
}

/** How streams are fetched. */
export type PlayFormat = 'rtmp' | 'flv';

/** The address that pushes with this key. */
export function pushUrl(base: string, key: string): string {
  return `${base}/${key}`;
}

/** The address that plays with this key. */
export function playUrl(bases: MediaBases, format: PlayFormat, key: string): string {
  return format === 'flv' ? `${bases.flv}/${key}.flv` : `${bases.rtmp}/${key}`;
}

/** Bytes in a stream key: 128 bits, where 96 are required. */
const KEY_BYTES = 16;

/** Makes the key of a stream that is to be pushed: 22 characters that nobody can guess. */
export function makeKey(platform: Platform): string {
  return base64url(platform.randomBytes(KEY_BYTES));
}

const DEVICE_STORE = 'huitong.device';

/** The id of this device, made at the first use and kept: a phone that starts again replaces itself. */
export function deviceId(platform: Platform): string {
  const known = platform.read(DEVICE_STORE);
  if (/^[A-Za-z0-9_-]{16,64}$/.test(known)) {
    return known;
  }
  const made = makeKey(platform);
  platform.write(DEVICE_STORE, made);
  return made;
}
