/** What the address of the page says: room, name, credentials, and how streams come. */
import type { RoomId } from '@huitong/core';
import type { Mode } from './modes.js';

/** What this site calls itself when it logs in. */
export const CLIENT = 'huitong-web-demo/0.1.0';

/** A credential with whom it is for. */
export interface Credential {
  app: number;
  user: string;
  sig: string;
}

/** What was asked for in the address; empty and null where nothing was. */
export interface Asked {
  room: string;
  name: string;
  language: string | null;
  play: string | null;
  credential: Credential | null;
  /** The page that was asked for. */
  mode: Mode;
  /** Whom to have as a contact on the page of calls. */
  call: string;
}

/** Reads the address. Credentials stand behind `#`, which browsers send to no server. */
export function readAddress(search: string, hash: string): Asked {
  const query = new URLSearchParams(search);
  // An invitation to a conference is `#conference?room=…`: which room it is, no server on the way learns.
  const secret = new URLSearchParams(hash.replace(/^#/, '').replace(/^(\w+)\?/, '$1&'));
  const mode =
    secret.has('conference') ? 'conference'
    : secret.has('calls') || query.has('call') ? 'calls'
    : secret.has('voice') ? 'voice'
    : 'rooms';
  const app = Number(secret.get('app'));
  const user = secret.get('user') ?? '';
  const sig = secret.get('sig') ?? '';
  return {
    room: ((mode === 'conference' ? secret : query).get('room') ?? '').trim(),
    name: (query.get('name') ?? user).trim(),
    language: query.get('lang'),
    play: query.get('play'),
    credential: Number.isInteger(app) && app > 0 && user !== '' && sig !== '' ? { app, user, sig } : null,
    mode,
    call: (query.get('call') ?? '').trim(),
  };
}

/** The link to a room, without anything that belongs to the one who copies it. */
export function roomLink(page: string, room: string): string {
  const url = new URL(page);
  url.hash = '';
  url.search = `?${new URLSearchParams({ room })}`;
  return url.href;
}

/** The link that makes its user a contact of whoever opens it. */
export function callLink(page: string, user: string): string {
  const url = new URL(page);
  url.hash = '';
  url.search = `?${new URLSearchParams({ call: user })}`;
  return url.href;
}

/** The invitation to a conference. Its password is told in another way. */
export function conferenceLink(page: string, room: string): string {
  const url = new URL(page);
  url.search = '';
  url.hash = `conference?${new URLSearchParams({ room })}`;
  return url.href;
}

const MOST_BYTES = 128;
const LARGEST_NUMBER = 4294967295;

/** Whether a name of a user or room can be taken: up to 128 bytes of printable text. */
export function printable(text: string): boolean {
  // Control characters: C0, DEL and C1.
  const control = [...text].some((character) => character < ' ' || (character >= '\u007f' && character < '\u00a0'));
  return text !== '' && !control && new TextEncoder().encode(text).length <= MOST_BYTES;
}

/** Whether a text can be the name of a voice room: the rule of the phones' component, whatever else this server would take. */
export function isVoiceRoom(text: string): boolean {
  return /^[A-Za-z0-9_]{1,127}$/.test(text);
}

/** The room of a conference: a name, whatever digits it has, as on phones. `@1234`, as the back-end API writes it, is read, too. */
export function conferenceRoom(text: string): RoomId | null {
  const named = text.replace(/^@(?=\d+$)/, '');
  return printable(named) ? { text: named } : null;
}

/** The room that a text names, as the back-end API writes rooms: `1234`, `abc`, or `@1234` for a named room of digits. */
export function roomOf(text: string): RoomId | null {
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    if (number >= 1 && number <= LARGEST_NUMBER) {
      return { number };
    }
  }
  const named = text.startsWith('@') ? text.slice(1) : text;
  return printable(named) ? { text: named } : null;
}
