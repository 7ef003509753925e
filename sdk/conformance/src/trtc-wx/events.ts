/** Checks of events, errors, constants and object shapes. */
import assert from 'node:assert/strict';
import { ledger } from '../ledger.js';
import type { Check, Checks, Record_ } from '../ledger.js';
import { ROOM, Rig } from './rig.js';
import type { Told } from './rig.js';

const NEVER = ['IM_READY', 'IM_MESSAGE_RECEIVED', 'IM_NOT_READY', 'IM_KICKED_OUT', 'IM_ERROR', 'BGM_PLAY_FAIL'];

/** How each event comes about. */
const CAUSES: Record<string, (rig: Rig) => void> = {
  LOCAL_JOIN: (rig) => rig.join(),
  LOCAL_LEAVE: (rig) => rig.trtc.exitRoom(),
  KICKED_OUT: (rig) => {
    rig.join().server.remove('ann', 'kicked');
    rig.wait(50);
  },
  REMOTE_USER_JOIN: (rig) => rig.join().guest('bob'),
  REMOTE_USER_LEAVE: (rig) => {
    rig.join().guest('bob', true, true).server.leave(ROOM, 'bob');
    rig.wait(50);
  },
  REMOTE_VIDEO_ADD: (rig) => rig.join().guest('bob', false, true),
  REMOTE_VIDEO_REMOVE: (rig) => {
    rig.join().guest('bob', false, true).server.stream(ROOM, 'bob', 'main', false, false);
    rig.wait(50);
  },
  REMOTE_AUDIO_ADD: (rig) => rig.join().guest('bob', true, false),
  REMOTE_AUDIO_REMOVE: (rig) => {
    rig.join().guest('bob', true, true).server.stream(ROOM, 'bob', 'main', false, true);
    rig.wait(50);
  },
  REMOTE_MIX_UPDATE: (rig) => {
    rig.join().trtc.subMix();
    rig.wait(50);
  },
  REMOTE_STATE_UPDATE: (rig) => rig.trtc.playerEventHandler(rig.player('bob_main', { code: 2004, message: 'm' })),
  PLAYER_WARNING: (rig) => rig.trtc.playerEventHandler(rig.player('bob_main', { code: 6003, message: 'm' })),
  LOCAL_NET_STATE_UPDATE: (rig) => rig.trtc.pusherNetStatusHandler({ detail: { info: { netQualityLevel: 1 } } }),
  REMOTE_NET_STATE_UPDATE: (rig) => {
    rig.join().guest('bob', true, true).trtc.playerNetStatus(rig.player('bob_main', { info: {} }));
  },
  LOCAL_AUDIO_VOLUME_UPDATE: (rig) => rig.trtc.pusherAudioVolumeNotify({ detail: { volume: 1 } }),
  REMOTE_AUDIO_VOLUME_UPDATE: (rig) => {
    rig.join().guest('bob', true, true).trtc.playerAudioVolumeNotify(rig.player('bob_main', { volume: 1 }));
  },
  VIDEO_FULLSCREEN_UPDATE: (rig) => rig.trtc.playerFullscreenChange({}),
  BGM_PLAY_START: (rig) => rig.trtc.pusherBGMStartHandler({}),
  BGM_PLAY_PROGRESS: (rig) => rig.trtc.pusherBGMProgressHandler({ detail: { progress: 1, duration: 2 } }),
  BGM_PLAY_COMPLETE: (rig) => rig.trtc.pusherBGMCompleteHandler({}),
  ERROR: (rig) => rig.trtc.pusherErrorHandler({ detail: { errCode: 10001, errMsg: 'm' } }),
};

/** Causes an event and compares its payload with the record. */
function cause(record: Record_): { rig: Rig; told: Told; all: Told[] } {
  const rig = new Rig();
  assert.equal(rig.trtc.EVENT[record.name], record.value);
  CAUSES[record.name]?.(rig);
  const all = rig.take();
  const found = all.filter(({ eventCode }) => eventCode === record.name);
  assert.equal(found.length, 1, `${record.name} is told once`);
  const told = found[0] as Told;
  assert.deepEqual(Object.keys(told), ['eventCode', 'data']);
  const payload = record.payload ?? [];
  if (payload.length === 0) {
    assert.equal(told.data, undefined);
  }
  for (const { name } of payload) {
    assert.ok(told.data[name] !== undefined, `${record.name} has data.${name}`);
  }
  return { rig, told, all };
}

const event: Check = (record) => {
  if (NEVER.includes(record.name)) {
    assert.equal(new Rig().trtc.EVENT[record.name], record.value);
  } else {
    cause(record);
  }
};

const nativeError: Check = ({ value }) => {
  const rig = new Rig();
  rig.code(value as number, 'why');
  assert.deepEqual(rig.take(), [{ eventCode: 'ERROR', data: { code: value, message: 'why' } }]);
};

const tagError: Check = ({ value }) => {
  const rig = new Rig();
  rig.trtc.pusherErrorHandler({ detail: { errCode: value, errMsg: 'why' } });
  assert.deepEqual(rig.take(), [{ eventCode: 'ERROR', data: { code: value, message: 'why' } }]);
};

const byKind: Checks = {};
for (const { id, kind, value } of ledger('trtc-wx')) {
  if (kind === 'event') {
    byKind[id] = event;
  } else if (kind === 'error' && typeof value === 'number') {
    byKind[id] = value > 0 ? tagError : nativeError;
  }
}

/** Tracks of one stream: who it is stands beside the player, and the lists are as after the change. */
const track = (add: boolean): Check => (record) => {
  const { told, rig } = cause(record);
  if (add) {
    assert.equal(told.data.player, rig.trtc.getPlayerInstance('bob_main').playerAttributes, 'the live object, not a copy');
  }
  const { player, id, userID, streamType, userList, playerList } = told.data;
  assert.deepEqual([id, userID, streamType], [player.id, player.userID, player.streamType]);
  assert.equal(player.id, 'bob_main');
  const flag = record.name.includes('VIDEO') ? ['hasVideo', 'hasMainVideo'] : ['hasAudio', 'hasMainAudio'];
  assert.equal(player[flag[0] ?? ''], add);
  assert.equal(userList[0][flag[1] ?? ''], add);
  const listed = playerList.map((item: any) => item.id);
  assert.deepEqual(listed, player.hasVideo || player.hasAudio ? ['bob_main'] : []);
};

/** See the head of the file. */
export const eventChecks: Checks = {
  ...byKind,
  'trtc-wx.event.LOCAL_JOIN': (record) => {
    const { rig } = cause(record);
    rig.code(1018);
    assert.deepEqual(rig.take(), [], 'never twice for one join');
    const early = new Rig();
    early.prepare();
    early.trtc.getPusherInstance().start();
    early.code(1018);
    assert.deepEqual(early.wait(200).codes(), ['LOCAL_JOIN']);
    rig.server.restart();
    assert.deepEqual(rig.wait(10_000).codes(), [], 'a join that the SDK repeats is the same stay');
  },
  'trtc-wx.event.LOCAL_LEAVE': (record) => {
    cause(record);
    const rig = new Rig().join();
    rig.take();
    let inside = false;
    rig.onEvent = () => (inside = true);
    rig.trtc.exitRoom();
    assert.ok(inside, 'before exitRoom returns');
    rig.take();
    rig.code(1019, 'reason[0]');
    assert.deepEqual(rig.take(), []);
  },
  'trtc-wx.event.KICKED_OUT': (record) => {
    const { rig, told } = cause(record);
    assert.equal(told.data.reason, 'kicked');
    assert.ok(told.data.message.length > 0);
    assert.equal(rig.phone.natives().at(-1), 'pusher.stop', 'the server takes nothing any more');
    const reasons: [(rig: Rig) => void, string][] = [
      [({ server }) => server.remove('ann', 'dissolved'), 'dismissed'],
      [({ server }) => server.remove('ann', 'replaced'), 'duplicate'],
      [({ server }) => server.end('ann', 'takenOver'), 'duplicate'],
      [(other) => other.code(1019, 'reason[1]'), 'kicked'],
    ];
    for (const [happens, reason] of reasons) {
      const other = new Rig().join();
      other.take();
      happens(other);
      assert.deepEqual(other.wait(60_000).take().map(({ eventCode, data }) => [eventCode, data.reason]), [['KICKED_OUT', reason]]);
    }
  },
  'trtc-wx.event.REMOTE_USER_JOIN': (record) => {
    const { told } = cause(record);
    assert.deepEqual(told.data, { userID: 'bob', userList: [{ userID: 'bob' }], playerList: [] });
    const late = new Rig().guest('bob').guest('cid').join();
    assert.deepEqual(late.take().map(({ eventCode, data }) => [eventCode, data?.userID]), [
      ['LOCAL_JOIN', undefined], ['REMOTE_USER_JOIN', 'bob'], ['REMOTE_USER_JOIN', 'cid'],
    ]);
    late.server.restart();
    late.guest('bob');
    assert.deepEqual(late.wait(10_000).codes(), ['REMOTE_USER_LEAVE'], 'nobody is announced twice');
  },
  'trtc-wx.event.REMOTE_USER_LEAVE': (record) => {
    const { all } = cause(record);
    assert.deepEqual(all.slice(-3).map(({ eventCode }) => eventCode), ['REMOTE_VIDEO_REMOVE', 'REMOTE_AUDIO_REMOVE', 'REMOTE_USER_LEAVE']);
    assert.deepEqual(all.at(-1)?.data, { userID: 'bob', userList: [], playerList: [] });
  },
  'trtc-wx.event.REMOTE_VIDEO_ADD': track(true),
  'trtc-wx.event.REMOTE_VIDEO_REMOVE': track(false),
  'trtc-wx.event.REMOTE_AUDIO_ADD': track(true),
  'trtc-wx.event.REMOTE_AUDIO_REMOVE': track(false),
  'trtc-wx.event.REMOTE_STATE_UPDATE': (record) => {
    const { told } = cause(record);
    assert.deepEqual([told.data.code, told.data.message, told.data.currentTarget.dataset.streamid], [2004, 'm', 'bob_main']);
    assert.equal(told.data.detail.code, 2004);
  },
  'trtc-wx.event.LOCAL_NET_STATE_UPDATE': (record) => {
    cause(record);
    const rig = new Rig();
    rig.trtc.createPusher();
    rig.trtc.pusherNetStatusHandler({ detail: { info: { videoWidth: 1, videoHeight: 2, netQualityLevel: 3, videoFPS: 15 } } });
    const { pusher } = rig.one('LOCAL_NET_STATE_UPDATE').data;
    assert.deepEqual([pusher.netStatus.videoWidth, pusher.videoWidth, pusher.videoHeight], [1, 360, 640]);
    assert.deepEqual([pusher.netQualityLevel, pusher.videoFPS], [3, 15]);
  },
  'trtc-wx.event.ERROR': (record) => {
    cause({ ...record, payload: [{ name: 'code', optional: false }, { name: 'message', optional: false }] });
    const rig = new Rig();
    rig.server.refuse('join', 'room-full', 'later');
    rig.join();
    assert.deepEqual(rig.take(), [{ eventCode: 'ERROR', data: { code: -3301, message: 'refused: room-full', detail: -102052 } }]);
    assert.equal(rig.phone.natives().at(-1), 'pusher.stop');
  },
  'trtc-wx.error.param': () => {
    const rig = new Rig();
    rig.prepare({ userSig: undefined });
    assert.deepEqual(rig.take(), [{ eventCode: 'ERROR', data: { message: '进房参数错误' } }]);
  },
  'trtc-wx.error.-3301': (record) => {
    nativeError(record);
    for (const code of ['room-full', 'may-not-enter', 'room-key-required', 'scene-mismatch', 'shutting-down'] as const) {
      const rig = new Rig();
      rig.server.refuse('join', code);
      rig.join();
      const { data } = rig.one('ERROR');
      assert.equal(data.code, -3301);
      assert.equal(typeof data.detail, 'number');
      assert.ok(data.message.includes(code));
    }
    const nobody = new Rig();
    nobody.server.unreachable = true;
    nobody.join().wait(60_000);
    assert.equal(nobody.one('ERROR').data.code, -3301);
    const homeless = new Rig();
    delete homeless.phone.wx['huitong'];
    assert.equal(homeless.prepare().url, null);
    assert.match(homeless.one('ERROR').data.message, /wx\.huitong/);
  },
  'trtc-wx.error.-100018': (record) => {
    nativeError(record);
    for (const code of ['bad-credential', 'credential-expired', 'credential-mismatch', 'credential-for-other', 'unknown-app'] as const) {
      const rig = new Rig();
      rig.server.refuse('hello', code);
      rig.join();
      assert.equal(rig.one('ERROR').data.code, -100018, code);
    }
  },
  'trtc-wx.error.-1307': (record) => {
    nativeError(record);
    const rig = new Rig().join();
    rig.take();
    rig.server.unreachable = true;
    rig.server.dropAll();
    rig.wait(89_000);
    assert.deepEqual(rig.take(), []);
    rig.wait(2000);
    assert.equal(rig.one('ERROR').data.code, -1307);
  },
  'trtc-wx.constant.EVENT': () => {
    const { EVENT } = new Rig().trtc;
    const named = ledger('trtc-wx').filter(({ kind }) => kind === 'event').map(({ name }) => name);
    assert.deepEqual(Object.keys(EVENT).sort(), named.sort());
    assert.deepEqual(Object.keys(EVENT), Object.values(EVENT));
  },
  'trtc-wx.object.event': () => {
    const rig = new Rig();
    rig.trtc.pusherBGMStartHandler({});
    assert.deepEqual(rig.take(), [{ eventCode: 'BGM_PLAY_START', data: undefined }]);
  },
  'trtc-wx.object.exitRoomResult': () => {
    assert.deepEqual(new Rig().join().trtc.exitRoom(), { pusher: {}, playerList: [] });
  },
  'trtc-wx.object.pusherAttributes': () => {
    const attributes = new Rig().join().trtc.getPusherAttributes();
    assert.ok(Object.values(attributes).every((value) => typeof value !== 'function'));
    assert.deepEqual(JSON.parse(JSON.stringify(attributes)), attributes);
  },
  'trtc-wx.object.player': () => {
    const [player] = new Rig().join().guest('b_c', true, true).trtc.getPlayerList();
    assert.ok(Object.values(player).every((value) => typeof value !== 'function'));
    assert.equal(player.id, 'b_c_main');
    assert.deepEqual([player.streamID, player.userID, player.streamType], ['b_c_main', 'b_c', 'main']);
    const owned = ledger('trtc-wx').filter(({ owner, kind }) => kind === 'attribute' && owner === 'playerAttributes');
    assert.deepEqual(Object.keys(player).sort(), owned.map(({ name }) => name).sort());
  },
  'trtc-wx.object.userListItem': () => {
    const rig = new Rig().join().guest('bob');
    const item = (): unknown => rig.take().at(-1)?.data.userList[0];
    assert.deepEqual(item(), { userID: 'bob' }, 'the flags come with the first change');
    rig.guest('bob', true, true);
    assert.deepEqual(item(), { userID: 'bob', hasMainVideo: true, hasMainAudio: true });
    rig.guest('bob', false, true, 'aux');
    assert.deepEqual(item(), { userID: 'bob', hasMainVideo: true, hasMainAudio: true, hasAuxVideo: true });
    rig.server.stream(ROOM, 'bob', 'main', false, false);
    rig.wait(50);
    assert.deepEqual(item(), { userID: 'bob', hasMainVideo: false, hasMainAudio: false, hasAuxVideo: true });
  },
  'trtc-wx.object.serverAddress': () => {
    const rig = new Rig();
    rig.phone.wx['huitong'] = { server: 'http://10.0.0.1:8080' };
    assert.match(rig.prepare().url, /^rtmp:\/\/10\.0\.0\.1:1935\/live\//);
    rig.trtc.getPusherInstance().start();
    rig.wait(200);
    assert.deepEqual(rig.server.urls, ['ws://10.0.0.1:8080/v1/signal']);
    const own = new Rig();
    own.phone.wx['huitong'] = { server: 'https://h', rtmp: 'rtmp://media:2935/live' };
    assert.match(own.prepare().url, /^rtmp:\/\/media:2935\/live\//);
  },
};
