/** Checks of attributes, constants, objects and claims. */
import assert from 'node:assert/strict';
import type { Check, Checks } from '../ledger.js';
import { talking } from './methods.js';
import { World, attach, component, source } from './rig.js';
import type { Person } from './rig.js';
import { Phone } from '../phone.js';

const config: Check = async ({ name }) => {
  const world = new World();
  const wrong: Record<string, unknown[]> = { sdkAppID: [0, -1, 1.5, 'x', null], userID: ['', 7], userSig: ['', null], type: [] };
  for (const value of wrong[name] ?? []) {
    await assert.rejects(world.person('ann', { [name]: value }).tag.login(), { code: 6017 }, `${name} ${String(value)}`);
  }
  const right: Record<string, unknown> = { sdkAppID: '1400000001', userID: 'zoe', userSig: 'other', type: undefined };
  const ann = world.person('ann', { [name]: right[name] });
  void ann.tag.login();
  await world.wait();
  const [hello] = world.server.requests('hello');
  const sent: Record<string, unknown> = { sdkAppID: hello?.app, userID: hello?.user, userSig: hello?.sig, type: undefined };
  assert.equal(sent[name], name === 'sdkAppID' ? 1400000001 : right[name]);
};

const background: Check = async () => {
  const stays = await talking();
  stays.ann.tag.setData({ backgroundMute: true });
  stays.ann.page('hide');
  await stays.world.wait();
  assert.deepEqual([stays.ann.data.callStatus, stays.bob.codes()], ['connected', []]);
  const ends = await talking();
  assert.equal(ends.ann.data.backgroundMute, false);
  ends.ann.page('hide');
  await ends.world.wait();
  assert.deepEqual([ends.ann.codes(), ends.bob.codes()], [['HANG_UP'], ['USER_LEAVE', 'CALL_END']], 'the other one is told');
};

const volumes: Check = async () => {
  const { ann } = await talking();
  ann.tag._pusherAudioVolumeNotify({ detail: { volume: 1 } });
  ann.tag._playerAudioVolumeNotify({ detail: { volume: 2 }, currentTarget: { dataset: { userid: 'bob' } } });
  assert.deepEqual(ann.take().map(({ data }) => data), [{ userID: 'ann', volume: 1 }, { userID: 'bob', volume: 2 }]);
};

/** What the native side of a phone was asked for, with the sound that is played. */
async function invitedWith(config: Record<string, unknown>, type: 'audio' | 'video' = 'video'): Promise<{ world: World; ann: Person; sounds: string[] }> {
  const world = new World();
  const [ann] = (await world.people('ann')) as [Person];
  const sounds: string[] = [];
  const writeFile = ({ success }: any): void => success();
  const player = (): unknown => ({ play: () => sounds.push('play'), stop: () => sounds.push('stop') });
  Object.assign(ann.phone.wx, { env: { USER_DATA_PATH: 'u' }, getFileSystemManager: () => ({ writeFile }), createInnerAudioContext: player });
  ann.tag.setData(config);
  world.server.calls.invite('bob', ['ann'], type);
  await world.wait();
  return { world, ann, sounds };
}

const ringTone: Check = async () => {
  for (const end of ['accept', 'reject', 'cancel'] as const) {
    const { world, ann, sounds } = await invitedWith({});
    assert.deepEqual(sounds, ['play']);
    if (end === 'cancel') {
      world.server.calls.end(world.server.calls.of('ann') ?? '', 'cancelled');
    } else {
      void ann.tag[end]();
    }
    await world.wait();
    assert.deepEqual(sounds, ['play', 'stop'], end);
  }
  assert.deepEqual((await invitedWith({ ringTone: false })).sounds, []);
};

const cameraPreview: Check = async () => {
  const { world, ann } = await invitedWith({});
  assert.deepEqual([ann.data.previewing, ann.data.active, ann.data.pusherConfig.pushUrl, ann.data.pusherConfig.enableCamera], [true, false, '', true]);
  assert.deepEqual(ann.phone.natives(), ['pusher.startPreview']);
  void ann.tag.accept();
  await world.wait();
  assert.deepEqual([ann.data.previewing, ann.data.active, ann.phone.natives()], [false, true, ['pusher.start']], 'the tag stays and begins to push');
  const refused = await invitedWith({});
  refused.ann.phone.natives();
  void refused.ann.tag.reject();
  assert.deepEqual([refused.ann.data.previewing, refused.ann.phone.natives()], [false, ['pusher.stopPreview']]);
  for (const [config, type] of [[{ cameraPreview: false }, 'video'], [{}, 'audio']] as const) {
    const off = await invitedWith(config, type);
    assert.deepEqual([off.ann.data.previewing, off.ann.phone.natives()], [false, []]);
  }
};

/** Ann calls Bob, who is not there. */
async function absent(): Promise<{ world: World; ann: Person }> {
  const world = new World();
  const [ann] = (await world.people('ann')) as [Person];
  void ann.tag.call({ userID: 'bob', type: 1 });
  await world.wait();
  return { world, ann };
}

async function arrives(world: World, user: string): Promise<Person> {
  const person = world.person(user);
  void person.tag.login();
  await world.wait();
  return person;
}

/** See the head of the file. */
export const claimChecks: Checks = {
  'trtc-calling.attribute.id': () => {
    assert.ok(!source().includes('TRTCCalling-component'), 'no id is expected of the page');
  },
  'trtc-calling.attribute.config': () => {
    const { properties } = component(new Phone());
    assert.deepEqual(properties.config, { type: Object, value: { sdkAppID: 0, userID: '', userSig: '', type: 0 } });
  },
  'trtc-calling.attribute.backgroundMute': background,
  'trtc-calling.claim.backgroundHangup': background,
  'trtc-calling.attribute.ringTone': ringTone,
  'trtc-calling.attribute.cameraPreview': cameraPreview,
  'trtc-calling.attribute.config.sdkAppID': config,
  'trtc-calling.attribute.config.userID': config,
  'trtc-calling.attribute.config.userSig': config,
  'trtc-calling.attribute.config.type': async (record) => {
    await config(record);
    const world = new World();
    const [ann] = (await world.people('ann')) as [Person];
    world.server.calls.invite('bob', ['ann'], 'video');
    await world.wait();
    assert.equal(ann.data.config.type, 2, 'an invitation sets it');
    void ann.tag.reject();
    assert.equal(ann.data.config.type, 0);
  },
  'trtc-calling.object.config': async () => {
    const world = new World();
    const [ann] = (await world.people('ann')) as [Person];
    assert.deepEqual(Object.keys(ann.data.config).sort(), ['sdkAppID', 'type', 'userID', 'userSig']);
  },
  'trtc-calling.constant.EVENT': () => {
    const { EVENT } = attach(component(new Phone()));
    assert.deepEqual(Object.keys(EVENT), Object.values(EVENT));
    const named = [
      'INVITED', 'GROUP_CALL_INVITEE_LIST_UPDATE', 'USER_ENTER', 'USER_LEAVE', 'REJECT', 'NO_RESP', 'LINE_BUSY', 'CALLING_CANCEL',
      'CALLING_TIMEOUT', 'CALL_END', 'USER_VIDEO_AVAILABLE', 'USER_AUDIO_AVAILABLE', 'USER_VOICE_VOLUME', 'HANG_UP', 'ERROR', 'USER_ACCEPT',
      'USER_UPDATE', 'SDK_READY', 'KICKED_OUT', 'CALL_MODE', 'USER_PRESENCE',
    ];
    assert.deepEqual(Object.keys(EVENT).sort(), named.sort());
  },
  'trtc-calling.constant.callType': async () => {
    for (const [type, media, video] of [[1, 'audio', false], [2, 'video', true]] as const) {
      const { world, ann } = await talking(type);
      assert.equal((world.server.requests('call' as never)[0] as any).media, media);
      assert.deepEqual([ann.data.video, ann.data.pusherConfig.enableCamera], [video, video]);
    }
  },
  'trtc-calling.constant.CALL_STATUS': async () => {
    const { world, ann, bob } = await talking();
    assert.equal(ann.data.callStatus, 'connected');
    void bob.tag.hangup();
    await world.wait();
    assert.equal(ann.data.callStatus, 'idle');
    void ann.tag.call({ userID: 'bob', type: 1 });
    await world.wait();
    assert.equal(ann.data.callStatus, 'calling');
  },
  'trtc-calling.object.inviteData': async (record) => {
    const world = new World();
    const [ann] = (await world.people('ann')) as [Person];
    world.server.calls.invite('bob', ['ann'], 'audio');
    await world.wait();
    const { inviteData } = ann.one('INVITED');
    assert.deepEqual(Object.keys(inviteData).sort(), (record.members ?? []).map(({ name }) => name).sort());
    assert.deepEqual([inviteData.callType, typeof inviteData.roomID], [1, 'number']);
  },
  'trtc-calling.object.event': async () => {
    const { ann } = await talking();
    void ann.tag.hangup();
    assert.deepEqual(Object.keys(ann.events[0] ?? {}), ['eventCode', 'data']);
  },
  'trtc-calling.object.signalMessage': async () => {
    const { world, ann, bob } = await talking();
    void bob.tag.hangup();
    await world.wait();
    const { message } = ann.one('CALL_END');
    assert.equal(message.type, 'TIMCustomElem');
    const signal = JSON.parse(message.payload.data);
    const keys = ['actionType', 'businessID', 'data', 'groupID', 'inviteID', 'inviteeList', 'inviter', 'timeout'];
    assert.deepEqual([Object.keys(signal).sort(), signal.businessID, signal.inviter, signal.inviteeList], [keys, 1, 'ann', ['bob']]);
    const inner = JSON.parse(signal.data);
    assert.deepEqual([inner.version, inner.businessID, inner.platform, inner.call_type, inner.data.cmd], [4, 'av_call', 'MiniApp', 2, 'hangup']);
    assert.equal(typeof inner.call_end, 'number');
  },
  'trtc-calling.claim.remoteViewDefaultOn': async () => {
    const { ann } = await talking();
    const [stream] = ann.data.streamList;
    assert.deepEqual([stream.userID, stream.muteVideo, stream.muteAudio, stream.hasVideo], ['bob', false, false, true]);
    assert.match(stream.src, /^rtmp:\/\/media\.example/);
  },
  'trtc-calling.claim.errorCapture': async () => {
    const { ann } = await talking();
    ann.tag._pusherErrorHandler({ detail: { errCode: 10001, errMsg: 'no camera' } });
    assert.deepEqual(ann.one('ERROR'), { code: 10001, message: 'no camera', errorMsg: 'no camera' });
  },
  'trtc-calling.claim.volumeBothSides': volumes,
  'trtc-calling.claim.inviteTimeout30': async () => {
    const { world, ann } = await absent();
    await world.wait(29_500);
    assert.equal(ann.data.callStatus, 'calling');
    await world.wait(1000);
    assert.equal(ann.data.callStatus, 'idle');
  },
  'trtc-calling.claim.busy': async () => {
    const { world, bob } = await talking();
    const [cid] = (await world.people('cid')) as [Person];
    void cid.tag.call({ userID: 'bob', type: 1 });
    await world.wait();
    assert.deepEqual([cid.codes(), bob.codes(), bob.data.callStatus], [['LINE_BUSY'], [], 'connected']);
  },
  'trtc-calling.claim.c2cSignalling': async () => {
    const world = new World();
    const [ann, bob] = (await world.people('ann', 'bob')) as [Person, Person];
    world.server.seen.splice(0);
    void ann.tag.call({ userID: 'bob', type: 1 });
    await world.wait();
    void bob.tag.accept();
    await world.wait();
    void bob.tag.hangup();
    await world.wait();
    const signals = world.server.seen.filter(({ op }) => ['call', 'accept', 'reject', 'hangup'].includes(op));
    assert.deepEqual(signals.map(({ from, op }) => `${from} ${op}`), ['ann call', 'bob accept', 'bob hangup']);
  },
  'trtc-calling.claim.crossEnd': async () => {
    const world = new World();
    const [ann] = (await world.people('ann')) as [Person];
    void ann.tag.call({ userID: 'browser', type: 2 });
    await world.wait();
    world.server.calls.accept('browser');
    world.server.enter(world.server.calls.roomOf('ann'), 'browser');
    await world.wait();
    assert.deepEqual([ann.codes(), ann.data.callStatus], [['USER_ENTER'], 'connected']);
  },
  'trtc-calling.claim.loginFirst': async () => {
    const ann = new World().person('ann');
    assert.equal((await ann.tag.call({ userID: 'bob', type: 1 })).code, 6014);
    assert.equal(ann.one('ERROR').code, 6014);
  },
  'trtc-calling.claim.logoutStops': async () => {
    const world = new World();
    const [ann] = (await world.people('ann')) as [Person];
    await ann.tag.logout();
    world.server.calls.invite('bob', ['ann'], 'audio');
    await world.wait(1000);
    assert.deepEqual([ann.codes(), world.server.sockets], [[], 0]);
  },
  'trtc-calling.claim.groupNeedsIMGroup': async () => {
    const world = new World();
    const [ann] = (await world.people('ann')) as [Person];
    const call = ann.tag.groupCall({ userIDList: ['bob'], type: 1, groupID: 'of another product' });
    await world.wait();
    assert.equal((await call).code, 0);
    assert.equal((world.server.requests('call' as never)[0] as any).group, 'of another product');
  },
  'trtc-calling.claim.singleLogin': async () => {
    const world = new World();
    const [phone, pad] = (await world.people('bob', 'bob')) as [Person, Person];
    world.server.calls.invite('ann', ['bob'], 'audio');
    await world.wait();
    assert.deepEqual([phone.codes(), pad.codes()], [['INVITED'], ['INVITED']]);
    void pad.tag.accept();
    await world.wait();
    assert.deepEqual([phone.codes(), phone.data.callStatus, pad.data.callStatus], [['CALLING_CANCEL'], 'idle', 'connected']);
  },
  'trtc-calling.claim.noOfflinePush': async () => {
    const { world, ann } = await absent();
    await world.wait(10_000);
    const bob = await arrives(world, 'bob');
    assert.equal(bob.one('INVITED').sponsor, 'ann');
    void bob.tag.accept();
    await world.wait();
    assert.equal(ann.data.callStatus, 'connected');
    const late = await absent();
    void late.ann.tag.hangup();
    await late.world.wait();
    assert.deepEqual((await arrives(late.world, 'bob')).codes(), [], 'what has ended is not delivered');
  },
};
