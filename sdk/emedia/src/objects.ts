/** What pages are given: conferences, tickets, members, streams. */
import type { ConferenceKind, ConferenceMember, ConferenceRole, ConferenceStream, RoomId } from '@huitong/core';
import { StreamType, roleNumber, typeOf } from './constants.js';
import { fullName } from './identity.js';
import type { Names } from './identity.js';

/** A member, as pages know it. */
export interface Member {
  id: string;
  /** `appKey_user@domain`: pages compare it with their own, and split it. */
  name: string;
  globalName: string;
  memName: string;
  /** The user alone. */
  userName: string;
  nickName: string;
  ext: unknown;
  role: number;
  isSelf?: true;
  [key: string]: unknown;
}

/** A stream, as pages know it. */
export interface Stream {
  id: string;
  /** 1: the picture is off. */
  voff: 0 | 1;
  /** 1: the sound is off. */
  aoff: 0 | 1;
  memId: string;
  memName: string;
  rtcId: string;
  /** 0 camera and microphone, 1 screen. */
  type: number;
  owner: Member;
  closeReason?: string | number;
}

/** What is behind a ticket. */
export interface TicketParts {
  tktId: string;
  confrId: string;
}

const OK = 200;

/** The id of a member; `memberNumber` reads it. */
export const memberId = (member: number): string => `MS_X${member}`;

/** The number in the id of a member; null if it is none. More digits than a number keeps are the name of a user. */
export function memberNumber(id: string): number | null {
  const [, digits] = /^MS_X(\d+)$/.exec(id) ?? [];
  return digits !== undefined && Number.isSafeInteger(Number(digits)) ? Number(digits) : null;
}

/** A member of the conference. */
export function memberObject(names: Names, { member, user, role, nick, ext }: ConferenceMember): Member {
  const name = fullName(names, user);
  return {
    id: memberId(member), name, globalName: name, memName: name, userName: user, nickName: nick ?? user, ext: parsed(ext), role: roleNumber(role),
  };
}

/** Oneself. */
export function selfObject(names: Names, you: ConferenceMember, session: string): Member {
  return { ...memberObject(names, you), isSelf: true, sessId: session, vcodes: ['H264'], rtcCfg: '{}' };
}

/** A stream of somebody else. */
export function streamObject(stream: ConferenceStream, owner: Member): Stream {
  const rtcId = `RTC${stream.number}`;
  return {
    id: `${rtcId}__Of_X${stream.member.member}`, voff: stream.video ? 0 : 1, aoff: stream.audio ? 0 : 1, memId: owner.id, memName: owner.memName,
    rtcId, type: StreamType[stream.stream], owner,
  };
}

/** The id of an own stream. */
export const ownStreamId = (rtcId: string, member: number): string => `${rtcId}__Of_X${member}`;

/** What the members were told that a role is worth. It names, and proves nothing: the server knows who may do what. */
export const roleToken = (conference: string, role: ConferenceRole): string => `${conference}/${roleNumber(role)}`;

/** The text of a ticket. */
export function ticketText(address: string, ticket: string, conference: string, kind: ConferenceKind, name: string): string {
  return JSON.stringify({ url: address, confrId: conference, memName: name, tktId: ticket, type: 'CONFR', confrType: typeOf(kind) });
}

/** What is in a ticket: its text, what was in that, or what resolved with it. Null if there is none. */
export function ticketParts(given: unknown): TicketParts | null {
  if (typeof given === 'string') {
    let inside: unknown = null;
    try {
      inside = JSON.parse(given);
    } catch {
      // The ticket itself, as a back-end may hand it on.
    }
    return inside && typeof inside === 'object' ? ticketParts(inside) : given === '' ? null : { tktId: given, confrId: '' };
  }
  const { tktId, ticket, confrId = '', conference = confrId } = (given ?? {}) as Record<string, unknown>;
  if (typeof tktId === 'string') {
    return { tktId, confrId: String(conference) };
  }
  return ticket === undefined ? null : ticketParts(ticket);
}

/** What an answered request resolves with: the fields themselves, and the same as the body of an HTTP reply. */
export function reply<T extends object>(fields: T, text?: string): T & { error: 0; data: T & { error: 0 }; statusCode: number; header: object } {
  const data = Object.assign({ error: 0 as const }, fields);
  const all = Object.assign({}, data, { data, statusCode: OK, header: {} });
  if (text !== undefined) {
    // Pages of the published package take the whole result for this text.
    const value = (): string => text;
    Object.defineProperty(all, 'toString', { value });
    Object.defineProperty(all, 'valueOf', { value });
  }
  return all;
}

/** The fields of a conference. */
export interface Confr {
  confrId: string;
  id: string;
  serverConfrId: string;
  password: string;
  roleToken: string;
  ticket: string;
  type: number;
  mixed?: boolean;
}

/** A conference. */
export function confrObject(conference: string, kind: ConferenceKind, role: ConferenceRole, password: string, ticket: string): Confr {
  const mixed = kind === 'ordinary' ? {} : { mixed: true };
  return {
    confrId: conference, id: conference, serverConfrId: conference, password, roleToken: roleToken(conference, role), ticket, type: typeOf(kind), ...mixed,
  };
}

/** The room of a name. */
export const namedRoom = (name: string): RoomId => ({ text: name });

/** Extensions travel as text; whatever is JSON comes out as it went in. */
function parsed(ext: string | undefined): unknown {
  if (ext === undefined) {
    return {};
  }
  try {
    return JSON.parse(ext);
  } catch {
    return ext;
  }
}
