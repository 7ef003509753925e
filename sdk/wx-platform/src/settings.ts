/** Where the server is and how the application wants to be served. */
import { endpoint } from '@huitong/core';
import type { Endpoint, PlayFormat } from '@huitong/core';

/** What the server writes into the SDK files that it serves, in place of these words. */
const SERVED_SERVER = '__HUITONG_SERVER__';
const SERVED_RTMP = '__HUITONG_RTMP__';

/** What the application may set in `wx.huitong` before it first uses an SDK. */
export interface Settings {
  /** `https://host[:port]`, or `http://` in development. */
  server?: string;
  /** Where media is pushed to, if not to port 1935 of the server: `rtmp://host[:port][/live]`. */
  rtmp?: string;
  /** How streams are fetched: `rtmp` unless set. */
  play?: PlayFormat;
  /** How many voices of a voice room are played with a tag each; of more, one stream with all of them is played. */
  voices?: number;
  /** Number of the application, where the page's own words for it are not a number. */
  app?: number;
  /** Credential of the user, where the page's own words for it are those of another product. */
  userSig?: string;
  /** `auto`: streams are received until the page mutes them; otherwise not until it unmutes them. */
  subscribe?: 'auto';
}

/** A word that the server has not replaced begins with two underscores. */
const filled = (word: string): string => (word.slice(0, 2) === '__' ? '' : word);

/** What the application has set; empty if nothing. */
export function settings(): Settings {
  const set: unknown = typeof wx === 'undefined' ? undefined : wx.huitong;
  return typeof set === 'object' && set !== null ? set : {};
}

/** The server to talk to, or the sentence that says why there is none. `named` is what the page's own words say. */
export function findServer(named = ''): Endpoint | string {
  const set = settings();
  const own = typeof set.server === 'string' && set.server !== '' ? set.server : named;
  const server = own !== '' ? own : filled(SERVED_SERVER);
  if (server === '') {
    return 'No server is configured: set wx.huitong = { server: "https://your-host" } before the SDK is used.';
  }
  const rtmp = typeof set.rtmp === 'string' && set.rtmp !== '' ? set.rtmp : own !== '' ? '' : filled(SERVED_RTMP);
  return endpoint(server, rtmp) ?? 'wx.huitong.server must look like https://host[:port], wx.huitong.rtmp like rtmp://host[:port]/live.';
}
