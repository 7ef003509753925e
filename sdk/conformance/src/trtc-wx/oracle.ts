/**
 * Runs the published packages and ours through the same story of calls and native events, and writes down what each
 * told and returned. The packages are installed for tests only.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import { ROOT } from '../load.js';
import { Phone } from '../phone.js';
import { FILE } from './rig.js';

/** What one step of the story led to, as plain data. */
export interface Entry {
  step: string;
  result: any;
  events: { eventCode: string; data?: any }[];
  calls: [string, any][];
}

type Story = (act: (step: string, run: (trtc: any) => unknown) => void) => void;

const plain = (value: unknown): any => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

/** Plays the story with one class. */
export function play(Class: any, phone: Phone, options: unknown, story: Story): Entry[] {
  const trtc = new Class({ name: 'page' }, options);
  const entries: Entry[] = [];
  let events: Entry['events'] = [];
  for (const code of Object.keys(trtc.EVENT)) {
    trtc.on(code, (event: any) => events.push(plain(event)));
  }
  story((step, run) => {
    events = [];
    phone.calls.splice(0);
    const result = plain(run(trtc));
    entries.push({ step, result, events, calls: phone.calls.map(({ target, name, options: given }) => [`${target}.${name}`, plain(given)]) });
  });
  return entries;
}

/** Our class on a fresh phone. */
export function ours(subscribe: 'auto' | undefined, story: Story): Entry[] {
  const phone = new Phone();
  return play(phone.require(FILE), phone, { env: 'test', ...(subscribe ? { subscribe } : {}) }, story);
}

/** A published package, found under its alias, on a fresh phone. Its telemetry goes nowhere. */
export function published(alias: string, story: Story): Entry[] {
  const phone = new Phone();
  Object.assign(phone.wx, {
    getSystemInfo: ({ success }: any) => success?.({ SDKVersion: '3.4.0', version: '8.0.50', system: 'iOS 17.4' }),
    getAccountInfoSync: () => ({ miniProgram: {} }),
    request: () => undefined,
  });
  const require = createRequire(path.join(ROOT, 'package.json'));
  const runtime: Record<string, unknown> = { wx: phone.wx, getApp: () => ({}), getCurrentPages: () => [] };
  const scope = globalThis as Record<string, unknown>;
  const before = Object.keys(runtime).map((name) => [name, scope[name]] as const);
  const silent = (['log', 'info', 'warn', 'error'] as const).map((level) => [level, console[level]] as const);
  Object.assign(scope, runtime);
  silent.forEach(([level]) => (console[level] = () => undefined));
  try {
    return play(require(alias), phone, alias.endsWith('1.0') ? 'test' : { env: 'test' }, story);
  } finally {
    silent.forEach(([level, print]) => (console[level] = print));
    before.forEach(([name, value]) => (scope[name] = value));
  }
}

const users = (...userlist: unknown[]): string => JSON.stringify({ userlist });

/** A page's life, and everything that can be fed by hand. */
export const STORY: Story = (act) => {
  const code = (number: number, message: unknown = 'why'): void =>
    act(`pusher ${number} ${String(message).slice(0, 60)}`, (trtc) => trtc.pusherEventHandler({ detail: { code: number, message } }));
  const tag = (detail: Record<string, unknown>): any => ({
    type: 'native', timeStamp: 1, target: { id: 'b_c_main' }, currentTarget: { id: 'b_c_main', dataset: { streamid: 'b_c_main' } }, detail,
  });
  act('createPusher', (trtc) => trtc.createPusher({ beautyLevel: 9, own: 1 }).pusherAttributes);
  act('enterRoom', (trtc) => {
    const params = { sdkAppID: 1400000001, userID: 'ann', userSig: 'sig', roomID: '1234', enableMic: true };
    return [trtc.enterRoom(params), params];
  });
  act('setPusherAttributes', (trtc) => trtc.setPusherAttributes({ enableCamera: true }));
  act('start', (trtc) => trtc.getPusherInstance().start({ tag: 1 }));
  code(1018);
  code(1018, 'again');
  code(1033, users({ userid: 'bob', streamtype: 'main', hasvideo: true, playurl: 'room://early' }));
  code(1031, users({ userid: 'bob', playurl: 'room://bob' }, { userid: 'cid' }));
  code(1031, users({ userid: 'bob' }));
  code(1033, users({ userid: 'bob', streamtype: 'main', hasvideo: true, playurl: 'room://bob-main' }));
  act('getPlayerList', (trtc) => trtc.getPlayerList());
  act('setPlayerAttributes', (trtc) => trtc.setPlayerAttributes('bob_main', { muteVideo: false, muteAudio: false }));
  act('setPlayerAttributes of nobody', (trtc) => trtc.setPlayerAttributes('nobody_main', { muteVideo: false }));
  code(1034, users({ userid: 'bob', hasaudio: true, playurl: 'room://other' }));
  code(1033, users({ userid: 'bob', streamtype: 'aux', hasvideo: true, playurl: 'room://bob-aux' }));
  code(1034, users({ userid: 'bob', hasaudio: false }));
  code(1033, users({ userid: 'bob', streamtype: 'main', hasvideo: false }));
  code(1034, users({ userid: 'bob', hasaudio: true, playurl: 'room://bob-again' }));
  code(1033, users({ userid: 'bob', streamtype: 'aux', hasvideo: false }));
  code(1033, users({ userid: 'bob', streamtype: 'aux', hasvideo: true, playurl: 'room://bob-aux2' }));
  code(1032, users({ userid: 'bob' }, { userid: 'nobody' }));
  code(1032, users({ userid: 'cid' }));
  for (const error of [-1301, -1302, -1303, -1304, -1305, -1307, -100018, -3301]) {
    code(error, `why ${error}`);
  }
  for (const noted of [0, 1001, 1003, 1007, 1020, 1021, 2003, 3004, 5000, 5001]) {
    code(noted);
  }
  code(1031, '{not json');
  code(1019, 'reason[0]');
  act('pusher error', (trtc) => trtc.pusherErrorHandler({ detail: { errCode: 10001, errMsg: 'no camera' } }));
  act('pusher net', (trtc) => trtc.pusherNetStatusHandler({ detail: { info: { videoWidth: 1, videoHeight: 2, netQualityLevel: 3 } } }));
  act('pusher volume', (trtc) => trtc.pusherAudioVolumeNotify({ detail: { volume: 5 } }));
  act('bgm start', (trtc) => trtc.pusherBGMStartHandler({ detail: {} }));
  act('bgm progress', (trtc) => trtc.pusherBGMProgressHandler({ detail: { progress: 1, duration: 2 } }));
  act('bgm complete', (trtc) => trtc.pusherBGMCompleteHandler({ detail: {} }));
  code(1031, users({ userid: 'b_c' }));
  code(1033, users({ userid: 'b_c', streamtype: 'main', hasvideo: true, playurl: 'room://b_c' }));
  act('player state', (trtc) => trtc.playerEventHandler(tag({ code: 2004, message: 'm' })));
  act('player warning', (trtc) => trtc.playerEventHandler(tag({ code: 6003, message: 'm' })));
  act('player net', (trtc) => trtc.playerNetStatus(tag({ info: { netQualityLevel: 2, videoWidth: 3, videoHeight: 4 } })));
  act('player volume', (trtc) => trtc.playerAudioVolumeNotify(tag({ volume: 7 })));
  act('player full screen', (trtc) => trtc.playerFullscreenChange(tag({})));
  for (const name of ['play', 'stop', 'pause', 'resume', 'mute']) {
    act(`player.${name}`, (trtc) => trtc.getPlayerInstance('b_c_main')[name]({ tag: 1 }));
  }
  for (const name of [
    'pause', 'resume', 'playBGM', 'pauseBGM', 'resumeBGM', 'stopBGM', 'startPreview', 'stopPreview', 'sendMessage', 'toggleTorch',
    'startDumpAudio', 'stopDumpAudio',
  ]) {
    act(`pusher.${name}`, (trtc) => trtc.getPusherInstance()[name]({ tag: 1 }));
  }
  act('pusher.setMICVolume', (trtc) => trtc.getPusherInstance().setMICVolume({ volume: 2 }));
  act('pusher.setBGMVolume', (trtc) => trtc.getPusherInstance().setBGMVolume({ volume: 0.5 }));
  act('pusher.switchCamera', (trtc) => trtc.getPusherInstance().switchCamera('back'));
  code(1019, 'reason[1]');
  act('enterRoom with bad parameters', (trtc) => trtc.enterRoom({ sdkAppID: 1, userID: 'ann', userSig: '', roomID: 1, own: 2 }));
  act('exitRoom', (trtc) => trtc.exitRoom());
  act('getPlayerList after exit', (trtc) => trtc.getPlayerList());
};
