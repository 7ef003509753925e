/** Checks of attribute records: defaults, and that a page can set them. */
import assert from 'node:assert/strict';
import { ledger } from '../ledger.js';
import type { Check, Checks } from '../ledger.js';
import { Rig } from './rig.js';

const other = (value: unknown): unknown => (typeof value === 'boolean' ? !value : typeof value === 'number' ? value + 1 : 'other');

const pusherAttribute: Check = ({ name, default: expected, values }) => {
  const rig = new Rig();
  const pusher = rig.trtc.createPusher();
  if (name === 'volume') {
    assert.ok(!('volume' in pusher.pusherAttributes));
    rig.trtc.pusherAudioVolumeNotify({ detail: { volume: 9 } });
    assert.equal(pusher.pusherAttributes.volume, 9);
    return;
  }
  assert.deepEqual(pusher.pusherAttributes[name], expected);
  for (const value of values ?? [other(expected)]) {
    assert.equal(rig.trtc.setPusherAttributes({ [name]: value })[name], value);
    assert.equal(new Rig().trtc.createPusher({ [name]: value }).pusherAttributes[name], value);
  }
};

/** Attributes that say which stream it is: their default is what a player without a stream would have. */
const OF_STREAM: Record<string, unknown> = {
  src: /^rtmp:\/\//, id: 'bob_main', streamID: 'bob_main', userID: 'bob', streamType: 'main', hasVideo: true, hasAudio: false,
};

const playerAttribute: Check = ({ name, default: expected, values }) => {
  const rig = new Rig().join().guest('bob', false, true);
  const [player] = rig.trtc.getPlayerList();
  const wanted = name in OF_STREAM ? OF_STREAM[name] : name === 'playerContext' ? undefined : expected;
  assert.ok(name in player, `${name} is a key`);
  if (wanted instanceof RegExp) {
    assert.match(player[name], wanted);
  } else {
    assert.deepEqual(player[name], wanted);
  }
  if (!(name in OF_STREAM)) {
    for (const value of values ?? [other(expected)]) {
      assert.equal(rig.trtc.setPlayerAttributes('bob_main', { [name]: value })[0][name], value);
    }
  }
};

const generic: Checks = {};
for (const { id, kind, owner } of ledger('trtc-wx')) {
  if (kind === 'attribute' && owner === 'pusherAttributes') {
    generic[id] = pusherAttribute;
  } else if (kind === 'attribute' && owner === 'playerAttributes') {
    generic[id] = playerAttribute;
  }
}

const muted: Check = (record) => {
  playerAttribute(record);
  const byOption = new Rig({ env: 'test', subscribe: 'auto' }).join().guest('bob', false, true);
  assert.equal(byOption.trtc.getPlayerList()[0][record.name], false);
  const bySetting = new Rig();
  bySetting.phone.wx['huitong'].subscribe = 'auto';
  bySetting.join().guest('bob', false, true);
  assert.equal(bySetting.trtc.getPlayerList()[0][record.name], false);
};

/** See the head of the file. */
export const attributeChecks: Checks = {
  ...generic,
  'trtc-wx.attribute.player.muteAudio': muted,
  'trtc-wx.attribute.player.muteVideo': muted,
  'trtc-wx.attribute.player.objectFit': (record) => {
    playerAttribute(record);
    const rig = new Rig().join().guest('bob', false, true, 'aux');
    assert.equal(rig.trtc.getPlayerList()[0].objectFit, 'contain');
  },
  'trtc-wx.attribute.player.src': (record) => {
    playerAttribute(record);
    const rig = new Rig().join().guest('bob', false, true);
    const { src } = rig.trtc.getPlayerList()[0];
    rig.guest('bob', true, true);
    assert.equal(rig.trtc.getPlayerList()[0].src, src, 'fixed when the stream first appears');
    const flv = new Rig();
    flv.phone.wx['huitong'].play = 'flv';
    flv.join().guest('bob', false, true);
    assert.match(flv.trtc.getPlayerList()[0].src, /^https:\/\/media\.example\/flv\/[^/]+\.flv$/);
  },
  'trtc-wx.attribute.player.streamType': (record) => {
    playerAttribute(record);
    const rig = new Rig().join().guest('bob', false, true, 'aux');
    assert.equal(rig.trtc.getPlayerList()[0].streamType, 'aux');
  },
  'trtc-wx.attribute.pusher.url': (record) => {
    pusherAttribute(record);
    assert.match(new Rig().prepare().url, /^rtmp:\/\/rtc\.example\.org:1935\/live\/[A-Za-z0-9_-]{16,}$/);
    assert.equal(new Rig().prepare({ userSig: '' }).url, null);
  },
  'trtc-wx.attribute.pusherInstance.pusherAttributes': () => {
    const pusher = new Rig().trtc.createPusher({ beautyLevel: 3 });
    const { pusherAttributes } = pusher;
    assert.equal(pusherAttributes.beautyLevel, 3);
    assert.equal(pusher.setPusherAttributes({ beautyLevel: 4 }), pusherAttributes);
    assert.equal(pusherAttributes.beautyLevel, 4);
  },
  'trtc-wx.attribute.playerInstance.playerAttributes': () => {
    const rig = new Rig().join().guest('bob', false, true);
    const player = rig.trtc.getPlayerInstance('bob_main');
    const [copy] = rig.trtc.getPlayerList();
    assert.deepEqual(copy, player.playerAttributes);
    assert.notEqual(copy, player.playerAttributes);
  },
};
