/** What the component's own template shows, made from what it knows. */
import type { Call, ParticipantState } from '@huitong/core';
import { VIDEO } from './constants.js';
import type { CallStatus } from './constants.js';
import type { Stream, User } from './streams.js';

/** One place on the screen. */
export interface Tile {
  key: string;
  userID: string;
  initial: string;
  /** Number of the colour behind the initial. */
  colour: number;
  note: string;
  silent: boolean;
  /** Empty while there is nothing to play. */
  streamID: string;
  streamType: string;
  src: string;
  picture: boolean;
  muteVideo: boolean;
  muteAudio: boolean;
}

/** What a view is made from. */
export interface Known {
  self: string;
  status: CallStatus;
  type: number;
  call: Call | null;
  /** Whom a call that the server has not answered yet is for. */
  wanted: string[];
  sponsor: boolean;
  accepting: boolean;
  users: User[];
  streams: Stream[];
  screen: string;
  texts: Texts;
}

const CHINESE = {
  ringVideo: '邀请你视频通话', ringAudio: '邀请你语音通话', waiting: '等待对方接受邀请…', waitingMany: '等待成员接受邀请…',
  connecting: '正在接通…', group: '群组通话', calling: '呼叫中', away: '网络不佳', me: '我', mic: '麦克风', speaker: '扬声器', camera: '摄像头',
  turn: '翻转', hangup: '挂断', cancel: '取消', accept: '接听', reject: '拒绝', kicked: '您已被踢下线',
};

/** The words on the screen. */
export type Texts = Record<keyof typeof CHINESE, string>;

const ENGLISH: Texts = {
  ringVideo: 'Video call', ringAudio: 'Voice call', waiting: 'Ringing…', waitingMany: 'Ringing…', connecting: 'Connecting…',
  group: 'Group call', calling: 'Ringing', away: 'Poor network', me: 'Me', mic: 'Mute', speaker: 'Speaker', camera: 'Camera', turn: 'Flip',
  hangup: 'End', cancel: 'Cancel', accept: 'Accept', reject: 'Decline', kicked: 'You are logged in elsewhere',
};

/** The words in the user's language; Chinese when it is not known. */
export function textsFor(language: string): Texts {
  return language === '' || /^zh/i.test(language) ? CHINESE : ENGLISH;
}

/** Colours behind initials; the style sheet has as many. */
const COLOURS = 6;
/** More places than this do not fit on a screen without scrolling. */
export const PLACES = 9;
/** Who may still come. */
const RINGING: readonly ParticipantState[] = ['ringing', 'offline'];

const initialOf = (user: string): string => (/^[\ud800-\udbff]/.test(user) ? user.slice(0, 2) : user.slice(0, 1)).toUpperCase();

function colourOf(user: string): number {
  let sum = 0;
  for (let at = 0; at < user.length; at++) {
    sum = (sum * 31 + user.charCodeAt(at)) % 9973;
  }
  return sum % COLOURS;
}

function tile(userID: string, streamType: string, stream: Stream | undefined, note: string, silent: boolean): Tile {
  return {
    key: `${userID}_${streamType}`,
    userID,
    initial: initialOf(userID),
    colour: colourOf(userID),
    note,
    silent,
    streamID: stream?.streamID ?? '',
    streamType,
    src: stream?.src ?? '',
    picture: !!stream && stream.hasVideo && !stream.muteVideo,
    muteVideo: stream?.muteVideo ?? false,
    muteAudio: stream?.muteAudio ?? false,
  };
}

function tilesOf({ users, streams, call, status, texts }: Known): Tile[] {
  const tiles: Tile[] = [];
  for (const { userID, hasMainAudio, away } of users) {
    const main = streams.filter((stream) => stream.userID === userID && stream.streamType === 'main')[0];
    const aux = streams.filter((stream) => stream.userID === userID && stream.streamType === 'aux')[0];
    tiles.push(tile(userID, 'main', main, away ? texts.away : '', !hasMainAudio));
    if (aux) {
      tiles.push(tile(userID, 'aux', aux, '', false));
    }
  }
  const here = new Set(users.map(({ userID }) => userID));
  for (const { user, state } of status === 'idle' ? [] : (call?.participants ?? [])) {
    if (RINGING.indexOf(state) >= 0 && !here.has(user)) {
      tiles.push(tile(user, 'main', undefined, texts.calling, false));
    }
  }
  return tiles;
}

/** Data keys of the template beside those that pages know. */
export function viewOf(known: Known): Record<string, unknown> {
  const { self, status, type, call, wanted, sponsor, accepting, screen, texts } = known;
  const video = type === VIDEO;
  const tiles = tilesOf(known).filter(({ userID }) => userID !== self);
  const stage = status === 'connected' ? 'connected' : status === 'calling' && !sponsor && call?.you !== 'connected' ? 'incoming' : 'outgoing';
  const others = call ? call.participants.map(({ user }) => user).filter((user) => user !== self) : wanted;
  const face = stage === 'incoming' && call ? call.caller : (others[0] ?? '');
  const many = others.length > 1;
  const ring = video ? texts.ringVideo : texts.ringAudio;
  const waiting = many ? texts.waitingMany : texts.waiting;
  const hint = accepting ? texts.connecting : stage === 'incoming' ? ring : waiting;
  const places = Math.min(PLACES, tiles.length + 1);
  const pair = tiles.length <= 1 && !many;
  const ownLarge = stage !== 'connected' || (pair && (screen === 'pusher' || tiles.length === 0));
  const ownClass = !video ? 'ht-off' : ownLarge ? 'ht-full' : pair ? 'ht-small' : 'ht-tile';
  return {
    stage,
    video,
    tiles,
    many,
    t: texts,
    face: { userID: face, initial: initialOf(face), colour: colourOf(face) },
    faces: others.slice(0, PLACES).map((user) => ({ userID: user, initial: initialOf(user), colour: colourOf(user) })),
    own: { initial: initialOf(self), colour: colourOf(self) },
    title: many ? `${texts.group} · ${others.length + 1}` : face,
    hint,
    layout: pair ? 'ht-pair' : `ht-grid ht-of-${places}`,
    ownClass,
    tileClass: video && pair ? (ownLarge ? 'ht-small' : 'ht-full') : 'ht-tile',
  };
}
