/** Signal messages: what the vendor's signalling would have sent, in its documented form, for pages that keep or show it. */
import type { Call } from '@huitong/core';
import { AUDIO, VIDEO } from './constants.js';

/** What happened. */
export const ACTION = { invite: 1, cancel: 2, accept: 3, reject: 4, timeOut: 5 } as const;

/** `businessID` of signals, and that of calls inside them. */
const SIGNAL = 1;
const CALLS = 'av_call';
const VERSION = 4;
const TYPE = 'TIMCustomElem';

/** A message object. */
export interface SignalMessage {
  type: string;
  payload: { data: string };
}

/** What a message says beyond the call and the action. */
export interface Details {
  /** Seconds of a call that has ended. */
  callEnd?: number;
  /** How long it rings, seconds. */
  timeout?: number;
  busy?: boolean;
}

/** The invitees of a call. */
export function inviteesOf(call: Call): string[] {
  return call.participants.map(({ user }) => user).filter((user) => user !== call.caller);
}

/** Whether a call is one of a group: one was named, there is more than one invitee, or it leads into a room where others may be. */
export function isGroup(call: Call): boolean {
  return !!call.group || !!call.open || inviteesOf(call).length > 1;
}

/** The number of a call's room; its name, if it is one of others that has a name. */
export function roomOf(call: Call): number | string {
  return 'number' in call.room ? call.room.number : call.room.text;
}

/** 1 or 2. */
export function typeOf(call: Call): number {
  return call.media === 'video' ? VIDEO : AUDIO;
}

/** The object that pages get. */
export function signalMessage(call: Call, actionType: number, { callEnd, timeout = 0, busy }: Details = {}): SignalMessage {
  const type = typeOf(call);
  const room = roomOf(call);
  const ended = callEnd !== undefined;
  const cmd = ended ? 'hangup' : type === VIDEO ? 'videoCall' : 'audioCall';
  const inner: Record<string, unknown> = {
    extraInfo: '',
    version: VERSION,
    businessID: CALLS,
    platform: 'MiniApp',
    call_type: type,
    room_id: room,
    data: { cmd, room_id: room, message: busy ? 'lineBusy' : '' },
  };
  if (ended) {
    inner['call_end'] = callEnd;
  }
  if (busy) {
    inner['line_busy'] = 'line_busy';
  }
  const signal = {
    businessID: SIGNAL,
    inviteID: call.call,
    inviter: call.caller,
    actionType,
    inviteeList: inviteesOf(call),
    data: JSON.stringify(inner),
    timeout,
    groupID: call.group ?? '',
  };
  return { type: TYPE, payload: { data: JSON.stringify(signal) } };
}

function parsed(text: unknown): Record<string, any> {
  try {
    const value: unknown = JSON.parse(String(text));
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** Display text of a message; empty for what is none of a call. */
export function textOf(message: any): string {
  if (!message || message.type !== TYPE) {
    return '';
  }
  const signal = parsed(message.payload?.data);
  if (signal['businessID'] !== SIGNAL) {
    return '';
  }
  switch (signal['actionType']) {
    case ACTION.invite:
      return invited(signal, parsed(signal['data']));
    case ACTION.cancel:
      return '取消通话';
    case ACTION.accept:
      return '已接听';
    case ACTION.reject:
      return '拒绝通话';
    case ACTION.timeOut:
      return '无应答';
    default:
      return '';
  }
}

/** The end of a call travels as an invitation, too. */
function invited(signal: Record<string, any>, inner: Record<string, any>): string {
  const seconds: unknown = inner['call_end'];
  const hangup = inner['data']?.cmd === 'hangup';
  if (!signal['groupID'] && typeof seconds === 'number' && (seconds > 0 || hangup)) {
    return `结束通话，通话时长：${clock(seconds)}`;
  }
  return seconds === 0 || !inner['room_id'] ? '结束群聊' : '发起通话';
}

/** Seconds as HH:MM:SS. */
export function clock(seconds: number): string {
  const two = (value: number): string => (value < 10 ? `0${value}` : String(value));
  const whole = Math.max(0, Math.floor(seconds));
  return `${two(Math.floor(whole / 3600))}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}
