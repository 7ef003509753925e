/** Ours against the published packages, step by step. Every difference is named with its ledger record, and used. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { ledger } from '../src/index.js';
import { STORY, ours, published } from '../src/trtc-wx/oracle.js';
import type { Entry } from '../src/trtc-wx/oracle.js';

/** An intended difference: what must be done to an entry of theirs or of ours to make them equal. */
interface Difference {
  record: string;
  theirs?: (entry: Entry) => unknown;
  ours?: (entry: Entry) => unknown;
}

const dataOf = (entry: Entry, ...codes: string[]): any[] =>
  entry.events.filter(({ eventCode }) => codes.includes(eventCode)).map(({ data }) => data);

/** Every object anywhere in the entry. */
function each(value: unknown, visit: (object: Record<string, any>) => void): void {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach((inner) => each(inner, visit));
    if (!Array.isArray(value)) {
      visit(value as Record<string, any>);
    }
  }
}

const TRACKS = ['REMOTE_VIDEO_ADD', 'REMOTE_VIDEO_REMOVE', 'REMOTE_AUDIO_ADD', 'REMOTE_AUDIO_REMOVE'];

const anyUrl = (entry: Entry): void =>
  each(entry, (object) => {
    if (typeof object['url'] === 'string' && object['url'] !== '') {
      object['url'] = 'a push address';
    }
  });

/** Sizes that a network report wrote over the settings. */
const keepSizes = (entry: Entry): void =>
  each(entry, (object) => {
    if (object['videoWidth'] === 1 && 'beautyLevel' in object) {
      Object.assign(object, { videoWidth: 360, videoHeight: 640 });
    }
  });

const at = (step: string, change: (entry: Entry) => void) => (entry: Entry): void => {
  if (entry.step.startsWith(step)) {
    change(entry);
  }
};

const LEAVES = 'pusher 1032 {"userlist":[{"userid":"bob"}';
const codesOnly = at(LEAVES, (entry) => (entry.events = entry.events.map(({ eventCode }) => ({ eventCode }))));
const strip = (codes: string[], ...keys: string[]) => (entry: Entry): void =>
  dataOf(entry, ...codes).forEach((data) => keys.forEach((key) => delete data[key]));
const noData = (code: string) => (entry: Entry): void =>
  entry.events.filter(({ eventCode }) => eventCode === code).forEach((event) => delete event.data);

const BOTH: Difference[] = [
  { record: 'trtc-wx.attribute.pusher.url', theirs: anyUrl, ours: anyUrl },
  // The same join is told once.
  { record: 'trtc-wx.event.LOCAL_JOIN', theirs: at('pusher 1018 again', (entry) => (entry.events = [])) },
  { record: 'trtc-wx.event.KICKED_OUT', ours: noData('KICKED_OUT') },
  { record: 'trtc-wx.event.REMOTE_AUDIO_REMOVE', ours: strip(TRACKS, 'id', 'userID', 'streamType') },
  { record: 'trtc-wx.event.LOCAL_NET_STATE_UPDATE', theirs: keepSizes },
  // The story never gets past the login: ours keeps a pusher that gave up for the join.
  { record: 'trtc-wx.error.-1307', theirs: at('pusher -1307', (entry) => (entry.events = [])) },
  // stopDumpAudio of the packages starts the dump once more.
  {
    record: 'trtc-wx.method.pusherInstance.stopDumpAudio',
    theirs: at('pusher.stopDumpAudio', (entry) => (entry.calls = entry.calls.map(([, options]) => ['pusher.stopDumpAudio', options]))),
  },
];

const NEW: Difference[] = [
  ...BOTH,
  // Their lists in the removals still show what is being removed; ours are as after the change.
  { record: 'trtc-wx.event.REMOTE_USER_LEAVE', theirs: codesOnly, ours: codesOnly },
  // Theirs is the detail alone; ours has it at the top and the native event with it.
  {
    record: 'trtc-wx.event.REMOTE_STATE_UPDATE',
    ours: strip(['REMOTE_STATE_UPDATE'], 'type', 'timeStamp', 'target', 'currentTarget', 'detail'),
  },
];

const OLD: Difference[] = [
  ...BOTH,
  {
    record: 'trtc-wx.attribute.pusher.waitingImage',
    theirs: (entry) => each(entry, (object) => 'waitingImage' in object && (object['waitingImage'] = '')),
  },
  // enableinfiniteanchor came with 1.1.14.
  { record: 'trtc-wx.method.enterRoom', ours: (entry) => each(entry, (object) => delete object['enableinfiniteanchor']) },
  // A screen was a player like others before 1.1.
  {
    record: 'trtc-wx.attribute.player.objectFit',
    theirs: (entry) =>
      each(entry, (object) => object['streamType'] === 'aux' && Object.assign(object, { muteAudio: false, objectFit: 'contain' })),
  },
  // 1.0.4 told the leave alone.
  {
    record: 'trtc-wx.event.REMOTE_USER_LEAVE',
    ours: at(LEAVES, (entry) => (entry.events = entry.events.filter(({ eventCode }) => eventCode === 'REMOTE_USER_LEAVE'))),
  },
  { record: 'trtc-wx.error.-3301', ours: at('pusher -3301', (entry) => (entry.events = [])) },
  // 1.0.4 left netStatus empty.
  {
    record: 'trtc-wx.method.pusherNetStatusHandler',
    ours: (entry) => each(entry, (object) => 'beautyLevel' in object && (object['netStatus'] = {})),
  },
  { record: 'trtc-wx.event.BGM_PLAY_PROGRESS', ours: strip(['BGM_PLAY_PROGRESS'], 'progress', 'duration') },
  { record: 'trtc-wx.event.REMOTE_STATE_UPDATE', ours: strip(['REMOTE_STATE_UPDATE'], 'code', 'message') },
  {
    record: 'trtc-wx.event.PLAYER_WARNING',
    theirs: at('player warning', (entry) =>
      (entry.events = entry.events.map(({ data }) => ({ eventCode: 'PLAYER_WARNING', data: data.detail })))),
  },
  {
    record: 'trtc-wx.method.pusherInstance.setMICVolume',
    theirs: (entry) => /set(MIC|BGM)Volume/.test(entry.step) && entry.calls.forEach((call) => (call[1] = { volume: call[1] })),
  },
  { record: 'trtc-wx.method.exitRoom', theirs: at('exitRoom', (entry) => (entry.result.pusher = {})) },
];

function compare(alias: string, subscribe: 'auto' | undefined, differences: Difference[]): void {
  const known = new Set(ledger('trtc-wx').map(({ id }) => id));
  const theirs = published(alias, STORY);
  const own = ours(subscribe, STORY);
  for (const { record, theirs: ofTheirs, ours: ofOurs } of differences) {
    assert.ok(known.has(record), `${record} is a record`);
    const before = JSON.stringify([theirs, own]);
    theirs.forEach((entry) => ofTheirs?.(entry));
    own.forEach((entry) => ofOurs?.(entry));
    assert.notEqual(JSON.stringify([theirs, own]), before, `the difference ${record} is no difference any more`);
  }
  theirs.forEach((entry, step) => assert.deepEqual(own[step], entry, entry.step));
  assert.equal(own.length, theirs.length);
}

test('ours_does_what_1_1_15_does_but_for_the_listed_differences', () => compare('trtc-wx-sdk-1.1', 'auto', NEW));
test('ours_does_what_1_0_4_does_but_for_the_listed_differences', () => compare('trtc-wx-sdk-1.0', undefined, OLD));
