/** Checks of the methods of the class. */
import assert from 'node:assert/strict';
import vm from 'node:vm';
import type { Check, Checks } from '../ledger.js';
import { Phone } from '../phone.js';
import { FILE, ROOM, Rig, source } from './rig.js';

const PARAM_ERROR = { eventCode: 'ERROR', data: { message: '进房参数错误' } };

/** Rules of enterRoom in their order: what breaks each. */
const BROKEN: [string, Record<string, unknown>][] = [
  ['sdkAppID', { sdkAppID: '' }],
  ['sdkAppID', { sdkAppID: 'abc' }],
  ['roomID', { roomID: undefined }],
  ['roomID', { roomID: 0 }],
  ['roomID', { roomID: 4294967296 }],
  ['roomID', { roomID: 'abc' }],
  ['roomID', { roomID: 1.5 }],
  ['strRoomID', { strRoomID: '会议' }],
  ['userID', { userID: '' }],
  ['userID', { userID: '小明' }],
  ['userSig', { userSig: '' }],
];

const enterRoom: Check = () => {
  for (const [field, broken] of BROKEN) {
    const rig = new Rig({});
    const attributes = rig.prepare({ ...broken, enableMic: true });
    assert.deepEqual(rig.take(), [PARAM_ERROR], field);
    assert.equal(attributes.url, null);
    assert.equal(attributes.enableMic, true, 'the parameters are merged all the same');
    const [level, text] = rig.phone.printed.find(([kind]) => kind === 'error') ?? [];
    assert.ok(level === 'error' && text?.includes(field), `${field}: ${text}`);
    rig.trtc.getPusherInstance().start();
    rig.wait(1000);
    assert.equal(rig.server.seen.length, 0);
  }
  const rig = new Rig();
  const params = rig.params({ beautyLevel: 9, userDefineRecordId: 'rec_1' });
  rig.trtc.createPusher({});
  const attributes = rig.trtc.enterRoom(params);
  assert.equal(attributes, rig.trtc.getPusherAttributes(), 'the live object');
  assert.ok(attributes.url.length <= 128 && !attributes.url.includes('sig'));
  assert.deepEqual([attributes.beautyLevel, attributes.userSig, attributes.roomID], [9, 'sig', '1234']);
  const { scene, enableBlackStream, encsmall, cloudenv, streamID, privateMapKey, pureAudioMode, recvMode } = params;
  assert.deepEqual(
    [scene, enableBlackStream, encsmall, cloudenv, streamID, privateMapKey, pureAudioMode, recvMode, params['enableinfiniteanchor']],
    ['videocall', '', 0, 'PRO', '', '', '', 1, 0],
  );
  const blank = rig.params({ streamID: null, recvMode: 0 });
  rig.trtc.enterRoom(blank);
  assert.deepEqual([blank['streamID'], blank['recvMode']], ['', 1]);
};

const enterRoomWire: Check = () => {
  const joined = (more: Record<string, unknown>): any => new Rig().join(more).server.requests('join')[0];
  assert.deepEqual(joined({ roomID: '1234' }).room, { number: 1234 });
  assert.deepEqual(joined({ roomID: 4294967295 }).room, { number: 4294967295 });
  assert.deepEqual(joined({ roomID: undefined, strRoomID: '1234' }).room, { text: '1234' });
  assert.deepEqual(joined({ strRoomID: 'x' }).room, { text: 'x' });
  assert.equal(joined({ scene: 'live' }).scene, 'live');
  assert.equal(joined({ scene: 'rtc' }).scene, 'rtc');
  assert.equal(joined({ scene: 'live', role: 'audience' }).role, 'audience');
  assert.equal(joined({ scene: 'live', role: 'anchor' }).role, 'publisher');
  assert.equal(joined({ privateMapKey: 'pmk' }).privateMapKey, 'pmk');
  assert.equal(joined({ userDefineRecordId: 'a', userDefineRecordID: 'b' }).recordId, 'b');
  assert.ok(!('details' in joined({ recvMode: '1', enableMic: true, own: 'nobody’s business' })), 'only what is not usual is carried');
  const words = { streamID: 's1', pureAudioMode: 1, recvMode: 4, enableBlackStream: 1, encsmall: 1, cloudenv: 'DEV', enableinfiniteanchor: 1 };
  const attributes = { frontCamera: 'back', maxBitrate: 1200, enableAgc: true };
  const carried = Object.fromEntries(Object.entries({ ...words, ...attributes }).map(([name, value]) => [name, String(value)]));
  assert.deepEqual(joined({ ...words, ...attributes }).details, carried);
  const odd = joined({ streamID: `${'界'.repeat(50)}`, cloudenv: 'a\n\u0085\ud800b', waitingImage: { no: 'text' } }).details;
  assert.deepEqual(odd, { streamID: '界'.repeat(42), cloudenv: 'a\ufffdb' }, 'what the server would refuse is clipped');
  const many = Object.fromEntries(Object.keys(new Rig().trtc.getPusherAttributes()).map((name) => [name, 'x']));
  assert.equal(Object.keys(joined({ ...many, ...words }).details).length, 16);
  const { url } = new Rig().prepare();
  const rig = new Rig();
  const pushed = rig.prepare({ enableMic: true, enableCamera: true });
  assert.notEqual(pushed.url, url, 'every entry has a key of its own');
  rig.trtc.getPusherInstance().start();
  rig.wait(200);
  const [publish] = rig.server.requests('join')[0]?.publish ?? [];
  assert.deepEqual(publish, { stream: 'main', key: pushed.url.split('/').at(-1), audio: true, video: true });
  const lazy = new Rig();
  lazy.trtc.enterRoom(lazy.params());
  lazy.trtc.getPusherInstance().start();
  assert.deepEqual(lazy.wait(200).codes(), ['LOCAL_JOIN'], 'without createPusher there is a default pusher');
};

const handlerOf = (method: string, event: (rig: Rig) => unknown, code: string, data?: unknown): Check => () => {
  const rig = new Rig().join();
  rig.take();
  assert.equal(rig.trtc[method](event(rig)), undefined);
  const told = rig.one(code);
  if (data !== undefined) {
    assert.deepEqual(told.data, data);
  }
};

const ofPusher = (detail: unknown) => (): unknown => ({ type: 'x', detail });

/** See the head of the file. */
export const methodChecks: Checks = {
  'trtc-wx.method.constructor': () => {
    const phone = new Phone();
    const text = source();
    const Class = phone.requireText(text);
    assert.equal(typeof Class, 'function');
    assert.equal(Class.default, undefined);
    assert.equal(Class.__esModule, undefined);
    const holder: Record<string, unknown> = {};
    const define = Object.assign((_: unknown, factory: () => unknown) => (holder['amd'] = factory()), { amd: {} });
    const wrapped = vm.compileFunction(text, ['wx', 'define', 'exports', 'module']) as (...args: unknown[]) => void;
    wrapped.call(undefined, phone.wx, define);
    assert.equal(typeof holder['amd'], 'function');
    wrapped.call(holder, phone.wx);
    assert.equal(typeof holder['TRTC'], 'function');
    const page = {};
    const trtc = new Class(page, { env: 'test', TUIScene: 'TUICalling' });
    assert.deepEqual(Object.keys(trtc).sort(), ['EVENT', 'TUIScene', 'ctx', 'env', 'eventEmitter', 'pusherInstance', 'userController']);
    assert.deepEqual([trtc.ctx === page, trtc.env, trtc.TUIScene, trtc.pusherInstance], [true, 'test', 'TUICalling', null]);
    assert.equal(new Class(page, 'test').env, 'test');
    assert.ok(new Class() && new Class(null, null));
    phone.clock.advance(60_000);
    assert.equal(phone.server.urls.length, 0, 'no network');
    const bare = new Phone();
    Object.keys(bare.wx).forEach((key) => delete bare.wx[key]);
    const Bare = bare.require(FILE);
    assert.ok(new Bare().createPusher());
    const quiet = new Rig({ env: 'test' });
    quiet.prepare({ userSig: '' });
    assert.deepEqual(quiet.phone.printed, []);
  },
  'trtc-wx.method.on': () => {
    const rig = new Rig({});
    const order: unknown[] = [];
    const context = {};
    const handler = function (this: unknown, ...args: unknown[]): void {
      order.push(this, args);
    };
    rig.trtc.on('BGM_PLAY_START', handler, context);
    rig.trtc.on('BGM_PLAY_START', handler);
    assert.equal(rig.trtc.on('BGM_PLAY_START', 'no function'), undefined);
    assert.equal(rig.phone.printed.at(-1)?.[0], 'error');
    rig.trtc.on('UNKNOWN_CODE', handler);
    rig.trtc.on('BGM_PLAY_START', () => rig.trtc.on('BGM_PLAY_START', () => order.push('added meanwhile')));
    rig.trtc.pusherBGMStartHandler({});
    const argument = [{ eventCode: 'BGM_PLAY_START', data: undefined }];
    assert.deepEqual(order, [context, argument, undefined, argument]);
    rig.trtc.on('BGM_PLAY_COMPLETE', () => {
      throw new Error('page');
    });
    assert.throws(() => rig.trtc.pusherBGMCompleteHandler({}), /page/);
  },
  'trtc-wx.method.off': () => {
    const { trtc } = new Rig();
    let count = 0;
    const handler = (): void => void count++;
    trtc.on('BGM_PLAY_START', handler);
    trtc.on('BGM_PLAY_START', handler);
    trtc.off('BGM_PLAY_START', handler);
    trtc.off('BGM_PLAY_START', () => undefined);
    trtc.off('UNKNOWN_CODE', handler);
    trtc.off();
    trtc.pusherBGMStartHandler({});
    assert.equal(count, 1);
    trtc.off('BGM_PLAY_START');
    trtc.pusherBGMStartHandler({});
    assert.equal(count, 1);
  },
  'trtc-wx.method.createPusher': () => {
    const rig = new Rig();
    const pusher = rig.trtc.createPusher({ beautyLevel: 9, own: 1 });
    assert.equal(pusher, rig.trtc.getPusherInstance());
    assert.deepEqual(rig.phone.contexts, [['pusher', rig.page]]);
    const { beautyLevel, own, minBitrate } = pusher.pusherAttributes;
    assert.deepEqual([beautyLevel, own, minBitrate], [9, 1, 600]);
    assert.notEqual(rig.trtc.createPusher(), pusher);
  },
  'trtc-wx.method.enterRoom': (record) => {
    enterRoom(record);
    enterRoomWire(record);
  },
  'trtc-wx.method.exitRoom': () => {
    const rig = new Rig().join().guest('bob', true, true).guest('cid', true, false);
    rig.trtc.getPlayerInstance('bob_main').play();
    const old = rig.trtc.getPusherInstance();
    rig.phone.natives();
    rig.take();
    assert.deepEqual(rig.trtc.exitRoom(), { pusher: {}, playerList: [] });
    assert.deepEqual(rig.codes(), ['LOCAL_LEAVE']);
    assert.deepEqual(rig.phone.natives(), ['bob_main.stop', 'pusher.stop'], 'only players whose context was made');
    rig.wait(50);
    assert.deepEqual(rig.server.members(ROOM), ['bob', 'cid']);
    assert.deepEqual(rig.trtc.exitRoom(), { pusher: {}, playerList: [] });
    old.start();
    assert.deepEqual(rig.phone.natives(), []);
    assert.deepEqual(new Rig().trtc.exitRoom(), { pusher: {}, playerList: [] });
    const loud = new Rig({}).join();
    loud.trtc.exitRoom();
    const before = loud.phone.printed.length;
    loud.trtc.getPusherInstance().start();
    assert.deepEqual(loud.phone.printed.slice(before).map(([level]) => level), ['warn'], 'the console says what to do');
    assert.match(loud.phone.printed.at(-1)?.[1] ?? '', /createPusher/);
    loud.take();
    loud.trtc.enterRoom(loud.params());
    loud.trtc.getPusherInstance().start();
    assert.deepEqual(loud.wait(200).codes(), ['LOCAL_JOIN'], 'enterRoom makes a pusher where there is none any more');
  },
  'trtc-wx.method.getPlayerList': () => {
    const rig = new Rig().join().guest('bob', true, false).guest('cid', false, true);
    assert.deepEqual(rig.trtc.getPlayerList().map(({ id }: any) => id), ['bob_main', 'cid_main']);
    rig.trtc.getPlayerList()[0].muteAudio = 'changed by the page';
    assert.equal(rig.trtc.getPlayerList()[0].muteAudio, true);
  },
  'trtc-wx.method.setPusherAttributes': () => {
    const rig = new Rig().join();
    const attributes = rig.trtc.setPusherAttributes({ enableMic: true, own: 1 });
    assert.equal(attributes, rig.trtc.setPusherAttributes({ enableCamera: true }));
    rig.wait(50);
    const told = rig.server.requests('publish').map(({ audio, video }) => [audio, video]);
    assert.deepEqual(told, [[true, false], [true, true]]);
    assert.equal(rig.trtc.setPusherAttributes(), attributes, 'nothing to change');
    rig.trtc.setPusherAttributes({ beautyLevel: 2 });
    rig.wait(50);
    assert.equal(rig.server.requests('publish').length, 2, 'other attributes are nobody else’s business');
  },
  'trtc-wx.method.setPlayerAttributes': () => {
    const rig = new Rig().join().guest('b_c', true, true).guest('cid', true, true);
    const asked = (): unknown[] => rig.wait(50).server.requests('subscribe').splice(0).map(({ user, audio, video }) => [user, audio, video]);
    const before = asked().length;
    const list = rig.trtc.setPlayerAttributes('b_c_main', { muteVideo: false, own: 1 });
    assert.deepEqual(list.map(({ id, muteVideo }: any) => [id, muteVideo]), [['b_c_main', false], ['cid_main', true]]);
    assert.deepEqual(asked().slice(before), [['b_c', false, true]]);
    assert.deepEqual(rig.trtc.setPlayerAttributes('nobody_main', { muteVideo: false }), rig.trtc.getPlayerList());
    const muted = (changes: unknown): unknown => rig.trtc.setPlayerAttributes(changes).map(({ muteAudio }: any) => muteAudio);
    assert.deepEqual(muted({ muteAudio: false }), [false, false], 'without an id: all');
    assert.deepEqual(muted({ muteAudio: true, id: 'cid_main' }), [false, true]);
    assert.deepEqual(muted({ muteAudio: true, streamID: 'b_c_main' }), [true, true]);
    assert.deepEqual(muted({ muteAudio: false, userID: 'cid', streamType: 'main' }), [true, false]);
  },
  'trtc-wx.method.getPusherInstance': () => {
    const { trtc } = new Rig();
    assert.equal(trtc.pusherInstance, null);
    const pusher = trtc.getPusherInstance();
    assert.equal(typeof pusher.start, 'function');
    assert.equal(trtc.getPusherInstance(), pusher);
  },
  'trtc-wx.method.getPlayerInstance': () => {
    const rig = new Rig().join().guest('bob', false, true);
    const player = rig.trtc.getPlayerInstance('bob_main');
    assert.equal(player.playerAttributes.id, 'bob_main');
    assert.equal(rig.trtc.getPlayerInstance(), player);
    assert.equal(rig.phone.contexts.length, 1, 'the context is made when it is needed');
    for (const id of ['bob_aux', 'nobody_main', '', 'x']) {
      assert.equal(rig.trtc.getPlayerInstance(id), null);
    }
    assert.equal(new Rig().trtc.getPlayerInstance(), null);
  },
  'trtc-wx.method.pusherEventHandler': () => {
    const rig = new Rig();
    for (const code of [0, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1021, 2003, 2004, 2007, 5000, 5001, 1020, 3004, 99, undefined]) {
      rig.code(code as number);
    }
    assert.deepEqual(rig.codes(), []);
    rig.code(1018);
    rig.room(1031, { userid: 'bob' });
    rig.room(1033, { userid: 'bob', streamtype: 'main', hasvideo: true, playurl: 'room://b' });
    rig.room(1034, { userid: 'bob', hasaudio: true });
    rig.room(1032, { userid: 'bob' });
    assert.deepEqual(rig.codes(), [
      'LOCAL_JOIN', 'REMOTE_USER_JOIN', 'REMOTE_VIDEO_ADD', 'REMOTE_AUDIO_ADD', 'REMOTE_VIDEO_REMOVE', 'REMOTE_AUDIO_REMOVE',
      'REMOTE_USER_LEAVE',
    ]);
    const loud = new Rig({});
    loud.code(1031, '{not json');
    loud.code(1033, '{}');
    assert.equal(loud.phone.printed.filter(([level]) => level === 'warn').length, 1);
    assert.deepEqual(loud.codes(), []);
  },
  'trtc-wx.method.pusherNetStatusHandler': (record) => {
    const info = { netQualityLevel: 1, videoFPS: 15 };
    const rig = new Rig().join();
    rig.trtc.pusherNetStatusHandler({ detail: { info } });
    assert.deepEqual(rig.one('LOCAL_NET_STATE_UPDATE').data.pusher.netStatus, info);
    handlerOf(record.name, ofPusher({ info }), 'LOCAL_NET_STATE_UPDATE')(record);
    rig.trtc.pusherNetStatusHandler({ detail: {} });
    assert.deepEqual(rig.one('LOCAL_NET_STATE_UPDATE').data.pusher.netStatus, {}, 'a report without content');
  },
  'trtc-wx.method.pusherErrorHandler': (record) => {
    const detail = { errCode: 10001, errMsg: 'no camera' };
    handlerOf(record.name, ofPusher(detail), 'ERROR', { code: 10001, message: 'no camera' })(record);
    const rig = new Rig();
    for (const event of [undefined, {}, { detail: null }, { detail: {} }]) {
      rig.trtc.pusherErrorHandler(event);
    }
    assert.deepEqual(rig.take(), []);
  },
  'trtc-wx.method.pusherBGMStartHandler': (record) => handlerOf(record.name, ofPusher({}), 'BGM_PLAY_START')(record),
  'trtc-wx.method.pusherBGMProgressHandler': (record) =>
    handlerOf(record.name, ofPusher({ progress: 1, duration: 2 }), 'BGM_PLAY_PROGRESS', { progress: 1, duration: 2 })(record),
  'trtc-wx.method.pusherBGMCompleteHandler': (record) => handlerOf(record.name, ofPusher({}), 'BGM_PLAY_COMPLETE')(record),
  'trtc-wx.method.pusherAudioVolumeNotify': (record) => {
    handlerOf(record.name, ofPusher({ volume: 5 }), 'LOCAL_AUDIO_VOLUME_UPDATE')(record);
    const rig = new Rig();
    rig.trtc.createPusher();
    rig.trtc.pusherAudioVolumeNotify({ detail: { volume: 5 } });
    assert.equal(rig.one('LOCAL_AUDIO_VOLUME_UPDATE').data.pusher.volume, 5);
  },
  'trtc-wx.method.playerEventHandler': (record) => {
    handlerOf(record.name, (rig) => rig.player('bob_main', { code: 2004, message: 'm' }), 'REMOTE_STATE_UPDATE')(record);
    for (const code of [6002, 6003, 6004, 6005]) {
      handlerOf(record.name, (rig) => rig.player('bob_main', { code, message: 'm' }), 'PLAYER_WARNING', { code, message: 'm' })(record);
    }
  },
  'trtc-wx.method.playerFullscreenChange': (record) =>
    handlerOf(record.name, (rig) => rig.player('bob_main', {}), 'VIDEO_FULLSCREEN_UPDATE')(record),
  'trtc-wx.method.playerNetStatus': () => {
    const rig = new Rig().join().guest('bob', false, true);
    rig.take();
    const info = { netQualityLevel: 2 };
    rig.trtc.playerNetStatus(rig.player('bob_main', { info }));
    assert.deepEqual(rig.one('REMOTE_NET_STATE_UPDATE').data.playerList[0].netStatus, info);
    for (const currentTarget of [{ id: 'bob_main' }, { dataset: { streamid: 'bob_main' } }, { id: 'tag', dataset: { streamid: 'bob_main' } }]) {
      rig.trtc.playerNetStatus({ currentTarget, detail: { info } });
      rig.one('REMOTE_NET_STATE_UPDATE');
    }
    rig.trtc.playerNetStatus(rig.player('nobody_main', { info }));
    rig.trtc.playerNetStatus({});
    assert.deepEqual(rig.take(), []);
  },
  'trtc-wx.method.playerAudioVolumeNotify': () => {
    const rig = new Rig().join().guest('bob', false, true);
    rig.take();
    rig.trtc.playerAudioVolumeNotify(rig.player('bob_main', { volume: 7 }));
    assert.equal(rig.one('REMOTE_AUDIO_VOLUME_UPDATE').data.playerList[0].volume, 7);
    rig.trtc.playerAudioVolumeNotify(rig.player('nobody_main', { volume: 7 }));
    assert.deepEqual(rig.take(), []);
  },
  'trtc-wx.method.getPusherAttributes': () => {
    const { trtc } = new Rig();
    assert.equal(trtc.getPusherAttributes(), trtc.getPusherInstance().pusherAttributes);
  },
  'trtc-wx.method.switchStreamType': () => {
    const rig = new Rig().join().guest('bob', false, true);
    const { src } = rig.trtc.getPlayerList()[0];
    const types = [1, 2].map(() => rig.trtc.switchStreamType('bob_main')[0]._definitionType);
    assert.deepEqual(types, ['small', 'main']);
    assert.equal(rig.trtc.getPlayerList()[0].src, src);
    assert.equal(rig.trtc.switchStreamType('nobody_main').length, 1);
  },
  'trtc-wx.method.subMix': () => {
    const rig = new Rig({ env: 'test', subscribe: 'auto' }).join().guest('bob', true, true);
    const asked = (): unknown[] => rig.server.requests('subscribe').map(({ user, stream, audio }) => [user, stream, audio]).slice(-1)[0] ?? [];
    rig.take();
    rig.trtc.subMix();
    assert.match(rig.wait(100).one('REMOTE_MIX_UPDATE').data.src, /^rtmp:.*mix-of-the-room/);
    assert.deepEqual(asked(), ['bob', 'main', false], 'or its voice would be heard twice');
    rig.trtc.setPlayerAttributes('bob_main', { muteAudio: false });
    rig.guest('cid', true);
    assert.deepEqual(asked(), ['cid', 'main', false], 'who comes later is in the mix, too');
    rig.guest('cid', true, true, 'aux');
    rig.trtc.setPlayerAttributes('bob_main', { muteVideo: true });
    assert.deepEqual(rig.wait(50).server.requests('subscribe').filter(({ stream, audio }) => stream === 'aux' && !audio), [], 'screens are not in it');
    rig.server.levels = [{ user: 'bob', level: 40 }, { user: 'gone', level: 9 }];
    rig.take();
    const volumes = rig.wait(1100).one('REMOTE_AUDIO_VOLUME_UPDATE').data.playerList.map(({ id, volume }: any) => [id, volume]);
    assert.deepEqual(volumes, [['bob_main', 40], ['cid_main', 0], ['cid_aux', 0]]);
    rig.trtc.playerAudioVolumeNotify(rig.player('bob_main', { volume: 0 }));
    assert.equal(rig.trtc.getPlayerList()[0].volume, 40, 'a tag without sound knows nothing of its voice');
    rig.phone.natives();
    rig.trtc.playerEventHandler(rig.player('mix', { code: -2301 }));
    assert.ok(rig.wait(10_000).phone.natives().includes('mix.play'), 'its tag is started again');
    rig.take();
    rig.trtc.subMix(false);
    assert.equal(rig.wait(100).one('REMOTE_MIX_UPDATE').data.src, '');
    assert.ok(rig.server.requests('subscribe').some(({ user, audio, video }) => user === 'bob' && audio && !video), 'single voices are back');
    rig.trtc.subMix();
    rig.wait(100).take();
    rig.trtc.exitRoom();
    assert.deepEqual(rig.codes(), ['REMOTE_MIX_UPDATE', 'LOCAL_LEAVE']);
    assert.equal(rig.join().server.requests('join').slice(-1)[0]?.mix, undefined, 'the next room begins without');
  },
  'trtc-wx.method.setLogLevel': () => {
    const rig = new Rig({});
    rig.trtc.setLogLevel(3);
    rig.code(1003, 'only noted');
    assert.deepEqual(rig.phone.printed, []);
    rig.trtc.setLogLevel(0);
    rig.code(1003, 'only noted');
    assert.equal(rig.phone.printed.length, 1);
  },
  'trtc-wx.method.initLog': () => {
    const rig = new Rig();
    assert.equal(rig.trtc.initLog({}), undefined);
    assert.equal(rig.wait(60_000).server.urls.length, 0);
  },
};
