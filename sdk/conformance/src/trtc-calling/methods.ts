/** Checks of method records. */
import assert from 'node:assert/strict';
import type { Check, Checks, Record_ } from '../ledger.js';
import { Phone } from '../phone.js';
import { World, attach, component } from './rig.js';
import type { Person } from './rig.js';

/** Two people in a call with picture, and their server. */
export async function talking(type = 2): Promise<{ world: World; ann: Person; bob: Person }> {
  const world = new World();
  const [ann, bob] = (await world.people('ann', 'bob')) as [Person, Person];
  void ann.tag.call({ userID: 'bob', type });
  await world.wait();
  void bob.tag.accept();
  await world.wait();
  world.server.stream(world.server.calls.roomOf('ann'), 'bob', 'main', true, type === 2);
  await world.wait();
  ann.take();
  bob.take();
  return { world, ann, bob };
}

const published = ({ world }: { world: World }, user: string): unknown[] => {
  const [{ audio, video } = { audio: null, video: null }] = world.server.published(user);
  return [audio, video];
};

const sync = ({ name }: Record_, ...args: unknown[]): void => {
  const world = new World();
  assert.equal(world.person('ann').tag[name](...args), undefined);
};

/** See the head of the file. */
export const methodChecks: Checks = {
  'trtc-calling.method.selectComponent': () => {
    const tag = attach(component(new Phone()));
    const methods = [
      'on', 'off', 'login', 'logout', 'call', 'groupCall', 'accept', 'reject', 'hangup', 'startRemoteView', 'stopRemoteView', 'openCamera',
      'closeCamera', 'setMicMute', 'switchCamera', 'setHandsFree', 'getTim', 'extractCallingInfoFromMessage', 'lastOneHangup',
      'handleNewMessage', 'switchAudioCall', 'switchVideoCall',
    ];
    assert.deepEqual(methods.filter((name) => typeof tag[name] !== 'function'), []);
    assert.equal(tag.EVENT.INVITED, 'INVITED');
    assert.deepEqual(tag.data.config, { sdkAppID: 0, userID: '', userSig: '', type: 0 });
  },
  'trtc-calling.method.on': async () => {
    const world = new World();
    const ann = world.person('ann');
    const seen: unknown[] = [];
    const context = { name: 'page' };
    ann.tag.on('HANG_UP', function (this: unknown, ...args: any[]) {
      seen.push(this, args.length, args[0].eventCode);
    }, context);
    ann.tag.on('HANG_UP', function (this: unknown) {
      seen.push(this);
    });
    ann.tag.on('HANG_UP', 'no function');
    assert.ok(ann.phone.printed.some(([level]) => level === 'error'));
    assert.equal(ann.tag.on('X', () => undefined), undefined);
    await ann.tag.hangup();
    assert.deepEqual(seen, [context, 1, 'HANG_UP', undefined]);
    void ann.tag.login();
    await world.wait();
    await ann.tag.hangup();
    assert.equal(seen.length, 8, 'handlers survive a login, and it doubles none');
  },
  'trtc-calling.method.off': async () => {
    const ann = new World().person('ann');
    const seen: string[] = [];
    const first = (): unknown => seen.push('first');
    ann.tag.on('HANG_UP', first);
    ann.tag.on('HANG_UP', () => seen.push('second'));
    assert.equal(ann.tag.off('HANG_UP', first), undefined);
    await ann.tag.hangup();
    ann.tag.off('HANG_UP');
    await ann.tag.hangup();
    assert.deepEqual(seen, ['second']);
  },
  'trtc-calling.method.login': async () => {
    const world = new World();
    const ann = world.person('ann');
    const login = ann.tag.login();
    assert.ok(login instanceof Promise);
    await world.wait();
    assert.equal(await login, undefined);
    const again = ann.tag.login();
    await world.wait();
    assert.equal(await again, undefined);
    assert.equal(world.server.requests('hello').length, 1, 'the connection is used again');
    world.server.calls.invite('bob', ['ann'], 'audio');
    await world.wait();
    assert.deepEqual(ann.codes(), ['INVITED'], 'once, although the page logged in twice');
    world.server.refuse('hello', 'bad-credential');
    const eve = world.person('eve');
    const refused = eve.tag.login().catch((error: unknown) => error);
    await world.wait();
    const told = eve.one('ERROR');
    assert.deepEqual(await refused, told);
    assert.deepEqual(Object.keys(told).sort(), ['code', 'errorMsg', 'message']);
    const nobody = world.person('');
    await assert.rejects(nobody.tag.login(), { code: 6017 });
  },
  'trtc-calling.method.logout': async () => {
    const { world, ann, bob } = await talking();
    const logout = ann.tag.logout();
    assert.ok(logout instanceof Promise);
    await world.wait();
    assert.equal(await logout, undefined);
    assert.ok(bob.codes().includes('CALL_END'), 'a running call is left');
    ann.take();
    world.server.calls.invite('cid', ['ann'], 'audio');
    await world.wait();
    assert.deepEqual(ann.codes(), [], 'nothing is received');
    assert.equal((await ann.tag.call({ userID: 'bob', type: 1 })).code, 6014);
    const [cem, dai] = (await world.people('cem', 'dai')) as [Person, Person];
    void cem.tag.call({ userID: 'dai', type: 1 });
    await world.wait();
    void cem.tag.logout();
    await world.wait();
    assert.deepEqual(dai.codes(), ['INVITED', 'CALLING_CANCEL'], 'an outgoing call is cancelled');
    const eva = (await world.people('eva'))[0] as Person;
    void dai.tag.call({ userID: 'eva', type: 1 });
    await world.wait();
    void eva.tag.logout();
    await world.wait();
    assert.deepEqual(dai.codes(), ['REJECT'], 'an invitation is refused');
  },
  'trtc-calling.method.call': async () => {
    const world = new World();
    const [ann, bob] = (await world.people('ann', 'bob')) as [Person, Person];
    const call = ann.tag.call({ userID: 'bob', type: 2 });
    assert.match(ann.data.pusherConfig.pushUrl, /^rtmp:\/\/.+\/[\w-]{22}$/, 'media starts before the invitation is out');
    assert.deepEqual([ann.data.callStatus, ann.data.active], ['idle', true]);
    await world.wait();
    const { code, inviteID, roomID } = await call;
    assert.deepEqual([code, typeof inviteID, roomID >= 1 && roomID <= 100_000_000], [0, 'string', true]);
    assert.deepEqual([ann.data.callStatus, ann.data.isSponsor, ann.data.config.type], ['calling', true, 2]);
    const [request] = world.server.requests('call' as never) as any[];
    assert.deepEqual([request.invitees, request.media, request.timeoutMs], [['bob'], 'video', 30000]);
    assert.equal(bob.one('INVITED').inviteID, inviteID);
    assert.equal(ann.data.pusherConfig.pushUrl.split('/').pop(), world.server.published('ann')[0]?.key, 'the server knows the key');
    const second = await ann.tag.call({ userID: 'cid', type: 1 });
    assert.deepEqual([second.code, typeof second.message], [6017, 'string']);
    assert.equal(ann.one('ERROR').code, 6017);
    assert.equal(ann.data.callStatus, 'calling', 'the call goes on');
    for (const wrong of [{}, { userID: 'bob' }, { userID: 'bob', type: 3 }, { userID: '', type: 1 }, { userID: 'cid', type: 1 }]) {
      const cid = (await world.people('cid'))[0] as Person;
      assert.equal((await cid.tag.call(wrong)).code, 6017, JSON.stringify(wrong));
    }
  },
  'trtc-calling.method.groupCall': async () => {
    const world = new World();
    const [ann, bob, cid, dan] = (await world.people('ann', 'bob', 'cid', 'dan')) as [Person, Person, Person, Person];
    const call = ann.tag.groupCall({ userIDList: ['bob', 'cid', 'dan'], type: 1, groupID: 'team' });
    await world.wait();
    assert.equal((await call).code, 0);
    assert.deepEqual([ann, bob, cid, dan].map((one) => one.data.callStatus), ['calling', 'calling', 'calling', 'calling']);
    void bob.tag.accept();
    await world.wait();
    assert.equal(ann.data.callStatus, 'connected', 'by the first answer');
    void cid.tag.reject();
    await world.wait();
    assert.equal(ann.one('REJECT').invitee, 'cid');
    assert.deepEqual([ann.data.callStatus, dan.data.callStatus], ['connected', 'calling']);
    void bob.tag.hangup();
    void dan.tag.reject();
    await world.wait();
    assert.ok(ann.codes().includes('CALL_END'));
    bob.take();
    const plain = ann.tag.groupCall({ userIDList: ['bob', 'cid', 'bob'], type: 1 });
    await world.wait();
    assert.equal((await plain).code, 0);
    const invited = bob.one('INVITED');
    assert.deepEqual([invited.inviteeList, invited.isFromGroup, invited.groupID], [['bob', 'cid'], true, '']);
    world.server.refuse('call' as never, 'not-in-group' as never);
    const eve = (await world.people('eve'))[0] as Person;
    const refused = eve.tag.groupCall({ userIDList: ['bob', 'zoe'], type: 1, groupID: 'team' });
    await world.wait();
    assert.equal((await refused).code, 8011);
    assert.equal(eve.one('ERROR').code, 8011);
    assert.equal(eve.data.active, false);
    for (const code of ['app-suspended', 'app-overdue']) {
      world.server.refuse('call' as never, code as never);
      const late = eve.tag.call({ userID: 'bob', type: 1 });
      await world.wait();
      assert.equal((await late).code, -100013, code);
    }
  },
  'trtc-calling.method.accept': async () => {
    const world = new World();
    const [ann, bob] = (await world.people('ann', 'bob')) as [Person, Person];
    await assert.rejects(bob.tag.accept(), { code: 8010 });
    void ann.tag.call({ userID: 'bob', type: 2 });
    await world.wait();
    const accept = bob.tag.accept();
    assert.equal(bob.data.pusherConfig.pushUrl, '', 'signalling first');
    assert.equal(bob.data.callStatus, 'calling');
    await world.wait();
    assert.equal(bob.tag.extractCallingInfoFromMessage(await accept), '已接听');
    assert.deepEqual([bob.data.callStatus, ann.data.callStatus], ['connected', 'connected']);
    assert.deepEqual(world.server.members(world.server.calls.roomOf('bob')).sort(), ['ann', 'bob']);
    assert.match(bob.data.pusherConfig.pushUrl, /^rtmp:/);
    const [cid] = (await world.people('cid')) as [Person];
    const id = world.server.calls.invite('dan', ['cid'], 'audio');
    await world.wait();
    const late = cid.tag.accept().catch((error: unknown) => error);
    world.server.calls.end(id, 'cancelled');
    await world.wait();
    assert.equal(((await late) as any).code, 8010);
    assert.equal(cid.data.callStatus, 'idle');
  },
  'trtc-calling.method.reject': async () => {
    const world = new World();
    const [ann, bob] = (await world.people('ann', 'bob')) as [Person, Person];
    assert.equal(await bob.tag.reject(), '未收到邀请，无法拒绝');
    void ann.tag.call({ userID: 'bob', type: 1 });
    await world.wait();
    const reject = bob.tag.reject();
    assert.equal(bob.data.callStatus, 'idle');
    await world.wait();
    assert.equal(bob.tag.extractCallingInfoFromMessage(await reject), '拒绝通话');
    assert.deepEqual(ann.codes(), ['REJECT']);
    assert.equal(ann.data.callStatus, 'idle');
  },
  'trtc-calling.method.hangup': async () => {
    const world = new World();
    const [ann, bob] = (await world.people('ann', 'bob')) as [Person, Person];
    assert.equal(await ann.tag.hangup(), null);
    assert.deepEqual(ann.codes(), ['HANG_UP'], 'idle: only the word');
    void ann.tag.call({ userID: 'bob', type: 1 });
    await world.wait();
    const cancel = ann.tag.hangup();
    assert.deepEqual(ann.codes(), ['CALL_END', 'HANG_UP']);
    assert.deepEqual([ann.data.callStatus, ann.data.active, ann.data.pusherConfig.pushUrl], ['idle', false, '']);
    await world.wait();
    const { code, data } = await cancel;
    assert.deepEqual([code, ann.tag.extractCallingInfoFromMessage(data.message)], [0, '取消通话']);
    assert.deepEqual(bob.codes(), ['INVITED', 'CALLING_CANCEL']);
    void ann.tag.call({ userID: 'bob', type: 1 });
    await world.wait();
    void bob.tag.hangup();
    await world.wait();
    assert.deepEqual(ann.codes(), ['REJECT'], 'whoever has not answered refuses');
    const talk = await talking();
    talk.bob.tag.hangup();
    await talk.world.wait();
    assert.deepEqual([talk.bob.codes(), talk.ann.codes()], [['HANG_UP'], ['USER_LEAVE', 'CALL_END']]);
    assert.deepEqual([talk.ann.data.playerList, talk.ann.data.streamList], [[], []]);
  },
  'trtc-calling.method.startRemoteView': async (record) => {
    const { world, ann } = await talking();
    ann.tag.stopRemoteView('bob');
    assert.equal(ann.tag.startRemoteView('bob'), undefined);
    assert.equal(ann.data.streamList[0].muteVideo, false);
    await world.wait();
    assert.deepEqual(world.server.requests('subscribe').map(({ user, video }) => [user, video]).pop(), ['bob', true]);
    ann.tag.startRemoteView('nobody');
    sync(record, 'nobody');
  },
  'trtc-calling.method.stopRemoteView': async (record) => {
    const { world, ann } = await talking();
    ann.tag.stopRemoteView('bob');
    assert.equal(ann.data.streamList[0].muteVideo, true);
    await world.wait();
    assert.deepEqual(world.server.requests('subscribe').map(({ user, audio, video }) => [user, audio, video]).pop(), ['bob', true, false]);
    sync(record, 'nobody');
  },
  'trtc-calling.method.openCamera': async (record) => {
    const talk = await talking(1);
    assert.deepEqual(published(talk, 'ann'), [true, false]);
    talk.ann.tag.openCamera();
    assert.equal(talk.ann.data.pusherConfig.enableCamera, true);
    await talk.world.wait();
    assert.deepEqual(published(talk, 'ann'), [true, true]);
    sync(record);
  },
  'trtc-calling.method.closeCamera': async (record) => {
    const talk = await talking(2);
    assert.deepEqual(published(talk, 'ann'), [true, true]);
    talk.ann.tag.closeCamera();
    assert.equal(talk.ann.data.pusherConfig.enableCamera, false);
    await talk.world.wait();
    assert.deepEqual(published(talk, 'ann'), [true, false]);
    sync(record);
  },
  'trtc-calling.method.setMicMute': async (record) => {
    const talk = await talking(1);
    talk.ann.phone.natives();
    talk.ann.tag.setMicMute(true);
    assert.equal(talk.ann.data.pusherConfig.enableMic, false);
    const [call] = talk.ann.phone.calls.splice(0);
    assert.deepEqual([call?.name, call?.options.volume], ['setMICVolume', 0]);
    await talk.world.wait();
    assert.deepEqual(published(talk, 'ann'), [false, false]);
    talk.ann.tag.setMicMute(false);
    assert.deepEqual(talk.ann.phone.calls.map(({ options }) => options.volume), [1]);
    await talk.world.wait();
    assert.deepEqual(published(talk, 'ann'), [true, false]);
    sync(record, true);
  },
  'trtc-calling.method.switchCamera': async (record) => {
    const { ann } = await talking();
    ann.phone.natives();
    ann.tag.switchCamera(true);
    assert.deepEqual(ann.phone.natives(), [], 'it is in use already');
    ann.tag.switchCamera(false);
    assert.deepEqual([ann.phone.natives(), ann.data.pusherConfig.frontCamera], [['pusher.switchCamera'], 'back']);
    sync(record, true);
  },
  'trtc-calling.method.setHandsFree': async (record) => {
    const { ann } = await talking();
    ann.tag.setHandsFree(false);
    assert.equal(ann.data.soundMode, 'ear');
    ann.tag.setHandsFree(true);
    assert.equal(ann.data.soundMode, 'speaker');
    sync(record, true);
  },
  'trtc-calling.method.extractCallingInfoFromMessage': (): void => {
    const { tag } = new World().person('ann');
    const text = (actionType: number, inner: object = {}, more: object = {}): string => {
      const signal = { businessID: 1, actionType, data: JSON.stringify({ room_id: 5, ...inner }), ...more };
      return tag.extractCallingInfoFromMessage({ type: 'TIMCustomElem', payload: { data: JSON.stringify(signal) } });
    };
    assert.deepEqual([1, 2, 3, 4, 5, 6].map((action) => text(action)), ['发起通话', '取消通话', '已接听', '拒绝通话', '无应答', '']);
    assert.equal(text(1, { call_end: 3671 }), '结束通话，通话时长：01:01:11');
    assert.equal(text(1, { call_end: 0 }, { groupID: 'g' }), '结束群聊');
    for (const other of [undefined, {}, { type: 'TIMTextElem' }, { type: 'TIMCustomElem', payload: { data: 'x' } }]) {
      assert.equal(tag.extractCallingInfoFromMessage(other), '');
    }
  },
} satisfies Record<string, Check>;
