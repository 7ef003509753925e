/** Checks of the rules that the documents state. */
import assert from 'node:assert/strict';
import { FakeServer } from '../server.js';
import { Clock } from '../clock.js';
import { Phone } from '../phone.js';
import type { Checks } from '../ledger.js';
import { ROOM, Rig } from './rig.js';

/** See the head of the file. */
export const claimChecks: Checks = {
  'trtc-wx.claim.autoCreateRoom': () => {
    const rig = new Rig();
    assert.deepEqual(rig.server.members(ROOM), []);
    assert.deepEqual(rig.join().codes(), ['LOCAL_JOIN']);
    assert.deepEqual(rig.server.members(ROOM), ['ann']);
    rig.trtc.exitRoom();
    rig.wait(50);
    assert.deepEqual(rig.server.members(ROOM), []);
  },
  'trtc-wx.claim.strRoomIDFirst': () => {
    const { server } = new Rig().join({ roomID: 1234, strRoomID: '1234' });
    assert.deepEqual(server.members({ text: '1234' }), ['ann']);
    assert.deepEqual(server.members({ number: 1234 }), []);
  },
  'trtc-wx.claim.recordIdRule': () => {
    const good = new Rig({}).join({ userDefineRecordId: 'a-Z_9'.padEnd(64, 'x') });
    assert.equal(good.server.requests('join')[0]?.recordId?.length, 64);
    assert.ok(!good.phone.printed.some(([level]) => level === 'warn'));
    for (const userDefineRecordId of ['a b', 'x'.repeat(65), '中']) {
      const bad = new Rig({}).join({ userDefineRecordId });
      assert.deepEqual(bad.codes(), ['LOCAL_JOIN'], 'the entry succeeds');
      assert.ok(!('recordId' in (bad.server.requests('join')[0] ?? {})));
      assert.ok(bad.phone.printed.some(([level, text]) => level === 'warn' && text.includes('userDefineRecordId')));
    }
  },
  'trtc-wx.claim.listenFirst': () => {
    const rig = new Rig().join();
    let late = 0;
    rig.trtc.on('LOCAL_JOIN', () => late++);
    rig.wait(1000);
    assert.equal(late, 0, 'earlier events are not replayed');
  },
  'trtc-wx.claim.pageContext': () => {
    const rig = new Rig().join().guest('bob', true, true);
    rig.trtc.getPlayerInstance('bob_main').play();
    assert.deepEqual(rig.phone.contexts, [['pusher', rig.page], ['player', 'bob_main', rig.page]]);
  },
  'trtc-wx.claim.pusherSingleton': () => {
    const rig = new Rig().join();
    const old = rig.trtc.getPusherInstance();
    const pusher = rig.trtc.createPusher();
    assert.equal(rig.trtc.getPusherInstance(), pusher);
    old.setPusherAttributes({ enableMic: true });
    rig.wait(50);
    assert.equal(rig.server.requests('publish').length, 0, 'a replaced pusher has no say');
    old.stop();
    rig.wait(50);
    assert.deepEqual(rig.server.members(ROOM), ['ann']);
    const other = new Rig();
    other.prepare();
    const replaced = other.trtc.getPusherInstance();
    other.trtc.createPusher();
    replaced.start();
    assert.deepEqual([other.wait(1000).codes(), other.server.seen], [[], []], 'its start joins nothing');
  },
  'trtc-wx.claim.setDataDriven': () => {
    const page = { name: 'page', setData: () => assert.fail('the SDK does not touch the view') };
    const phone = new Phone();
    const Class = phone.require('dist/miniprogram/trtc-wx/trtc-wx.js');
    const trtc = new Class(Object.freeze(page), 'test');
    assert.equal(typeof trtc.createPusher().pusherAttributes, 'object');
    const rig = new Rig();
    for (const result of [rig.prepare(), rig.trtc.setPusherAttributes({}), rig.trtc.setPlayerAttributes('x', {}), rig.trtc.exitRoom()]) {
      assert.equal(typeof result, 'object');
    }
  },
  'trtc-wx.claim.manualSubscribe': () => {
    const clock = new Clock();
    const server = new FakeServer(clock);
    server.enter(ROOM, 'bob');
    server.stream(ROOM, 'bob', 'main', true, true);
    const rig = new Rig({ env: 'test' }, new Phone(clock, server)).join();
    const asked = (): unknown[] => server.requests('subscribe').map(({ user, audio, video }) => [user, audio, video]);
    assert.deepEqual(asked(), [['bob', false, false]]);
    rig.trtc.setPlayerAttributes('bob_main', { muteAudio: false });
    rig.wait(50);
    assert.deepEqual(asked().at(-1), ['bob', true, false]);
  },
  'trtc-wx.claim.streamidEqualsId': () => {
    const rig = new Rig().join().guest('bob', true, true).guest('bob', false, true, 'aux');
    for (const { id, streamID } of rig.trtc.getPlayerList()) {
      assert.equal(id, streamID);
    }
  },
  'trtc-wx.claim.exitResets': () => {
    const rig = new Rig().join({ enableMic: true }).guest('bob', true, true);
    rig.trtc.exitRoom();
    rig.take();
    rig.wait(60_000);
    assert.deepEqual(rig.take(), []);
    assert.equal(rig.phone.clock.armed, 0, 'no timer is left');
    assert.equal(rig.server.sockets, 0);
    rig.server.seen.splice(0);
    rig.join({ roomID: 77 });
    assert.deepEqual(rig.codes(), ['LOCAL_JOIN']);
    const [join] = rig.server.requests('join');
    assert.deepEqual(join?.room, { number: 77 });
    assert.equal(join?.publish?.[0]?.audio, false, 'the microphone of the last entry is forgotten');
    assert.deepEqual(rig.trtc.getPlayerList(), []);
  },
  'trtc-wx.claim.netQuality': () => {
    const rig = new Rig().join().guest('bob', true, true);
    rig.take();
    for (const netQualityLevel of [0, 1, 2, 3, 4, 5, 6]) {
      rig.trtc.pusherNetStatusHandler({ detail: { info: { netQualityLevel } } });
      assert.equal(rig.one('LOCAL_NET_STATE_UPDATE').data.pusher.netStatus.netQualityLevel, netQualityLevel);
      rig.trtc.playerNetStatus(rig.player('bob_main', { info: { netQualityLevel } }));
      assert.equal(rig.one('REMOTE_NET_STATE_UPDATE').data.playerList[0].netStatus.netQualityLevel, netQualityLevel);
    }
  },
  'trtc-wx.claim.sizeOverridesAspect': () => {
    const set = { videoWidth: 720, videoHeight: 1280, videoAspect: '3:4' };
    for (const attributes of [new Rig().trtc.createPusher(set).pusherAttributes, new Rig().prepare(set)]) {
      const { videoWidth, videoHeight, videoAspect } = attributes;
      assert.deepEqual({ videoWidth, videoHeight, videoAspect }, set);
    }
  },
  'trtc-wx.claim.stopNotifiesRemote': () => {
    const rig = new Rig().join();
    rig.trtc.getPusherInstance().stop();
    rig.wait(50);
    assert.deepEqual(rig.server.members(ROOM), []);
  },
};
