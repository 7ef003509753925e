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
  return pass === '' ? 'authBuffer must be what your token server made for this room and user.' : { app, room, user, authBuffer: pass };
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

/** Token servers answer text or bytes. */
function passOf(value: unknown): string {
  if (typeof value === 'string') {
    return value;
  }
  if (value instanceof ArrayBuffer) {
    return base64url(new Uint8Array(value));
  }
  return value instanceof Uint8Array ? base64url(value) : '';
}
