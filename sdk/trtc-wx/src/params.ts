/** The parameters of `enterRoom`: their rules, their defaults, and what they mean to the server. */
import { clip } from '@huitong/core';
import type { Role, RoomId, Scene, Stay } from '@huitong/core';
import { pusherDefaults } from './attributes.js';

/** What a page gives to `enterRoom`; any attribute of the pusher may be among it. */
export type EnterParams = Record<string, unknown>;

/** The largest numeric room. */
const ROOM_MAX = 4294967295;
/** The characters that the original refuses in names: common Chinese ones. */
const CHINESE = /[\u4E00-\u9FA5]/;
/** What the vendor's server takes and this one has no use for, with what it is unless the page says otherwise. */
const WORDS: EnterParams = {
  enableBlackStream: '',
  encsmall: 0,
  cloudenv: 'PRO',
  streamID: '',
  pureAudioMode: '',
  recvMode: 1,
  enableinfiniteanchor: 0,
};
/** Attributes of the pusher that are no news to the server, or not its business. */
const NOT_CARRIED: readonly string[] = ['url', 'netStatus', 'enableMic', 'enableCamera'];
/** How many details the server keeps, and of each name and text so many bytes. */
const DETAILS = 16;
const DETAIL_BYTES = 128;
/** What a recording label may be. */
const RECORD_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** Why parameters are refused, for the developer, in the language of the documents; null when they are good. */
export function paramFault(params: EnterParams): string | null {
  const { sdkAppID, roomID, strRoomID, userID, userSig } = params;
  if (!sdkAppID || appId(sdkAppID) === null) {
    return '未设置 sdkAppID 或 sdkAppID 不是数字';
  }
  if (roomID === undefined && strRoomID === undefined) {
    return '未设置 roomID';
  }
  if (!strRoomID && roomNumber(roomID) === null) {
    return `roomID 应为 1 ~ ${ROOM_MAX} 的整数`;
  }
  if (strRoomID && CHINESE.test(String(strRoomID))) {
    return 'strRoomID 不支持中文';
  }
  if (!userID) {
    return '未设置 userID';
  }
  if (CHINESE.test(String(userID))) {
    return 'userID 不支持中文';
  }
  return userSig ? null : '未设置 userSig';
}

/** The application id as the server wants it; null when it is none. */
export function appId(value: unknown): number | null {
  return integer(value);
}

function roomNumber(value: unknown): number | null {
  return integer(value);
}

/** A positive 32-bit number, given as number or as decimal text. */
function integer(value: unknown): number | null {
  const text = typeof value === 'string' ? value.trim() : value;
  const number = typeof text === 'number' ? text : typeof text === 'string' && /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  return number >= 1 && number <= ROOM_MAX && Math.floor(number) === number ? number : null;
}

/** Writes into the parameters what pages of the original find there afterwards. */
export function addDefaults(params: EnterParams): void {
  if (params['scene'] === undefined || params['scene'] === 'rtc' || params['scene'] === '') {
    params['scene'] = 'videocall';
  }
  const defaults: EnterParams = Object.assign({ userDefineRecordID: '', privateMapKey: '' }, WORDS);
  for (const key of Object.keys(defaults)) {
    if (!params[key]) {
      params[key] = defaults[key];
    }
  }
}

/** What good parameters mean. `warn` is told what is left out. */
export function stayOf(params: EnterParams, warn: (message: string) => void): Stay {
  const { strRoomID, roomID, privateMapKey, role } = params;
  const room: RoomId = strRoomID ? { text: String(strRoomID) } : { number: roomNumber(roomID) ?? 0 };
  const scene: Scene = params['scene'] === 'live' ? 'live' : 'rtc';
  const stay: Stay = { room, scene, role: roleOf(role) ?? 'publisher', orAudience: roleOf(role) === null };
  if (privateMapKey) {
    stay.privateMapKey = String(privateMapKey);
  }
  const details = detailsOf(params);
  if (Object.keys(details).length > 0) {
    stay.details = details;
  }
  const recordId = params['userDefineRecordID'] || params['userDefineRecordId'];
  if (recordId && RECORD_ID.test(String(recordId))) {
    stay.recordId = String(recordId);
  } else if (recordId) {
    warn('userDefineRecordId 只能包含最多 64 个英文字母、数字、下划线和连词符，已忽略');
  }
  return stay;
}

/** The server's word for a role; null when the page has not said one. */
export function roleOf(role: unknown): Role | null {
  if (role === 'audience') {
    return 'audience';
  }
  return role === 'anchor' ? 'publisher' : null;
}

/** What the page asked for beyond the usual: it is for the operator, who wants to know why somebody's call is as it is. */
function detailsOf(params: EnterParams): Record<string, string> {
  const usual: EnterParams = Object.assign({}, WORDS, pusherDefaults());
  const details: Record<string, string> = {};
  for (const name of Object.keys(usual)) {
    const value = params[name];
    const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    if (!plain || String(value) === String(usual[name]) || NOT_CARRIED.indexOf(name) >= 0) {
      continue;
    }
    const text = clip(String(value), DETAIL_BYTES);
    if (text !== '' && Object.keys(details).length < DETAILS) {
      details[name] = text;
    }
  }
  return details;
}
