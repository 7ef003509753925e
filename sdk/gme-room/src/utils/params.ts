/** The properties that pages give: their rules, and what they mean. */
import { base64url } from './huitong.js';

/** As pages write them. */
export interface Properties {
  appID?: unknown;
  roomID?: unknown;
  userID?: unknown;
  authBuffer?: unknown;
}

/** As they are used. */
export interface Entry {
  app: number;
  room: string;
  user: string;
  authBuffer: string;
}

/** Largest id of an application. */
const APP_MOST = 0xffffffff;
const ROOM = /^[A-Za-z0-9_]{1,127}$/;
/** The one form in which a number is written: `007` would be a second name of a user. */
const INTEGER = /^(?:0|-?[1-9]\d{0,18})$/;
/** The ends of int64 without sign. Numbers of the language cannot hold them, so digits are compared as text. */
const POSITIVE_MOST = '9223372036854775807';
const NEGATIVE_MOST = '9223372036854775808';

const AUTH_BUFFER = 'authBuffer must be the text that your token server made for this room and user; of an ArrayBuffer, what wx.arrayBufferToBase64 gives.';

/** What a page has set: a property of its own wins over the field of `config`. */
export function propertiesOf(data: Properties & { config?: Properties | null }): Properties {
  const config: Properties = data.config ?? {};
  const pick = (own: unknown, other: unknown): unknown => (own === undefined || own === null || own === '' ? other : own);
  return {
    appID: pick(data.appID, config.appID),
    roomID: pick(data.roomID, config.roomID),
    userID: pick(data.userID, config.userID),
    authBuffer: pick(data.authBuffer, config.authBuffer),
  };
}

/** Where to go as whom, or the sentence that says which property is wrong. */
export function entryOf({ appID, roomID, userID, authBuffer }: Properties): Entry | string {
  const app = typeof appID === 'string' && /^\d{1,10}$/.test(appID) ? Number(appID) : appID;
  if (typeof app !== 'number' || !(app >= 1 && app <= APP_MOST) || app % 1 !== 0) {
    return 'appID must be the number of an application.';
  }
  const room = textOf(roomID);
  if (!ROOM.test(room)) {
    return 'roomID must be 1 to 127 letters, digits and underscores.';
  }
  const user = textOf(userID);
  if (!isInt64(user)) {
    return 'userID must be a whole number of 64 bits, written as a text of decimal digits.';
  }
  const pass = passOf(authBuffer);
  return pass === '' ? AUTH_BUFFER : { app, room, user, authBuffer: pass };
}

/** Pages also write numbers, as long as these are exact. */
function textOf(value: unknown): string {
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : typeof value === 'string' ? value : '';
}

function isInt64(text: string): boolean {
  if (!INTEGER.test(text)) {
    return false;
  }
  const negative = text.charAt(0) === '-';
  const digits = negative ? text.slice(1) : text;
  const most = negative ? NEGATIVE_MOST : POSITIVE_MOST;
  return digits.length < most.length || digits <= most;
}

/**
 * Token servers answer text or bytes. On the way into a component `setData` makes a plain object with indices of a `Uint8Array`, and an
 * empty one of an `ArrayBuffer`.
 */
function passOf(value: unknown): string {
  if (typeof value === 'string') {
    return value;
  }
  if (value instanceof ArrayBuffer) {
    return base64url(new Uint8Array(value));
  }
  const given = Object(value) as Record<string, unknown>;
  // A back-end that writes bytes as JSON may have put them into `data`.
  const source = Object(Array.isArray(given['data']) ? given['data'] : given) as Record<string, unknown>;
  const bytes = Object.keys(source).map((key) => source[key]);
  return bytes.every(isByte) ? base64url(Uint8Array.from(bytes as number[])) : '';
}

function isByte(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= 255 && value % 1 === 0;
}
