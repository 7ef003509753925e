/** Checks of event and error records: when they come, with what, and in which order. */
import assert from 'node:assert/strict';
import { ledger } from '../ledger.js';
import type { Check, Checks } from '../ledger.js';
import { talking } from './methods.js';
import { World } from './rig.js';
import type { Person } from './rig.js';

/** How long it rings, ms. */
const RING_MS = 30_000;

/** The keys of a payload are those of the ledger: all that it promises, and none that it does not name. */
export function payload(code: string, data: Record<string, unknown>): void {
  const record = ledger('trtc-calling').find(({ id }) => id === `trtc-calling.event.${code}`);
  const members = record?.payload ?? [];
  const allowed = new Set(members.map(({ name }) => name));
  assert.deepEqual(Object.keys(data).filter((name) => !allowed.has(name)), [], `${code} has keys that the ledger does not name`);
  assert.deepEqual(members.filter(({ name, optional }) => !optional && data[name] === undefined).map(({ name }) => name), [], `${code} lacks keys`);
}

/** Ann calls Bob; nobody has answered. */
async function ringing(type = 1): Promise<{ world: World; ann: Person; bob: Person; inviteID: string }> {
  const world = new World();
  const [ann, bob] = (await world.people('ann', 'bob')) as [Person, Person];
  const call = ann.tag.call({ userID: 'bob', type });
  await world.wait();
  const { inviteID } = await call;
  return { world, ann, bob, inviteID };
}

const nativeError: Check = async ({ value }) => {
  const { ann, world } = await talking();
  ann.pusher(Number(value), 'why');
  if (value === -1307) {
    assert.deepEqual(ann.codes(), [], 'the pusher is brought back first');
    for (let passed = 0; passed < 120_000; passed += 10_000) {
      await world.wait(10_000);
      ann.pusher(-1307, 'why');
    }
    assert.deepEqual(ann.take().find(({ eventCode }) => eventCode === 'ERROR')?.data, { code: -1307, message: 'why', errorMsg: 'why' });
    return;
  }
  const error = ann.one('ERROR');
  payload('ERROR', error);
  assert.deepEqual(error, { code: value, message: 'why', errorMsg: 'why' });
  assert.equal(ann.data.callStatus, 'connected');
};

/** See the head of the file. */
export const eventChecks: Checks = {
  'trtc-calling.event.REJECT': async () => {
    const { world, ann, bob, inviteID } = await ringing();
    void bob.tag.reject();
    await world.wait();
    const [told, ...more] = ann.take();
    payload('REJECT', told?.data);
    assert.deepEqual(told?.data, { invitee: 'bob', inviteID, reason: 'reject' });
    assert.deepEqual([more, ann.data.callStatus, ann.data.active], [[], 'idle', false], 'no CALL_END');
  },
  'trtc-calling.event.LINE_BUSY': async () => {
    const world = new World();
    const [ann, bob] = (await world.people('ann', 'bob')) as [Person, Person];
    world.server.calls.invite('cid', ['bob'], 'audio');
    await world.wait();
    bob.take();
    ann.tag.on('LINE_BUSY', () => void ann.tag.hangup()); // as the published pages do
    const call = ann.tag.call({ userID: 'bob', type: 1 });
    await world.wait();
    const { inviteID } = await call;
    const told = ann.take();
    assert.deepEqual(told.map(({ eventCode }) => eventCode), ['LINE_BUSY', 'HANG_UP']);
    payload('LINE_BUSY', told[0]?.data);
    assert.deepEqual(told[0]?.data, { invitee: 'bob', inviteID, reason: 'line busy' });
    assert.deepEqual([bob.codes(), ann.data.callStatus], [[], 'idle']);
  },
  'trtc-calling.event.NO_RESP': async () => {
    const world = new World();
    const [ann] = (await world.people('ann')) as [Person];
    ann.tag.on('NO_RESP', () => void ann.tag.hangup());
    const call = ann.tag.call({ userID: 'bob', type: 1 });
    await world.wait(RING_MS - 500);
    assert.deepEqual(ann.codes(), []);
    await world.wait(1000);
    const { inviteID } = await call;
    const told = ann.take();
    assert.deepEqual(told.map(({ eventCode }) => eventCode), ['NO_RESP', 'HANG_UP', 'CALL_END']);
    payload('NO_RESP', told[0]?.data);
    assert.deepEqual(told[0]?.data, { inviteID, timeoutUserList: ['bob'], groupID: '', sponsor: 'ann' });
    assert.deepEqual(told[2]?.data, { inviteID, sponsor: 'ann', call_end: 0 });
    assert.deepEqual([ann.data.callStatus, ann.data.active], ['idle', false]);
  },
  'trtc-calling.event.CALLING_TIMEOUT': async () => {
    const { world, ann, bob, inviteID } = await ringing();
    bob.take();
    await world.wait(RING_MS + 500);
    const expected = { inviteID, timeoutUserList: ['bob'], groupID: '', sponsor: 'ann' };
    for (const one of [ann, bob]) {
      const told = one.take();
      assert.deepEqual(told.map(({ eventCode }) => eventCode), ['CALLING_TIMEOUT', 'CALL_END'], one.user);
      payload('CALLING_TIMEOUT', told[0]?.data);
      assert.deepEqual([told[0]?.data, told[1]?.data], [expected, { inviteID, sponsor: 'ann', call_end: 0 }]);
      assert.equal(one.data.callStatus, 'idle');
    }
    const group = new World();
    const [cid] = (await group.people('cid', 'dan', 'eve')) as [Person];
    void cid.tag.groupCall({ userIDList: ['dan', 'eve', 'far'], type: 1, groupID: 'g' });
    await group.wait(RING_MS + 500);
    const told = cid.take();
    assert.deepEqual(told.map(({ eventCode }) => eventCode).pop(), 'CALL_END');
    const lists = told.filter(({ eventCode }) => eventCode === 'CALLING_TIMEOUT').map(({ data }) => data.timeoutUserList);
    assert.deepEqual(lists.flat(), ['dan', 'eve']);
    assert.deepEqual(told.find(({ eventCode }) => eventCode === 'NO_RESP')?.data.timeoutUserList, ['far']);
  },
  'trtc-calling.event.CALLING_CANCEL': async () => {
    const { world, ann, bob, inviteID } = await ringing();
    bob.take();
    void ann.tag.hangup();
    await world.wait();
    const cancelled = bob.one('CALLING_CANCEL');
    payload('CALLING_CANCEL', cancelled);
    assert.deepEqual(cancelled, { invitee: 'bob', inviteID, sponsor: 'ann', reason: 'cancelled' });
    assert.equal(bob.data.callStatus, 'idle');
    const [other] = (await world.people('bob')) as [Person];
    world.server.calls.invite('cid', ['bob'], 'audio');
    await world.wait();
    bob.take();
    void other.tag.accept();
    await world.wait();
    assert.equal(bob.one('CALLING_CANCEL').reason, 'answered elsewhere');
    void other.tag.hangup();
    await world.wait();
    world.server.calls.invite('cid', ['bob'], 'audio');
    await world.wait();
    bob.take();
    void other.tag.reject();
    await world.wait();
    assert.equal(bob.one('CALLING_CANCEL').reason, 'refused elsewhere');
  },
  'trtc-calling.event.INVITED': async () => {
    const { world, bob, inviteID } = await ringing(2);
    const invited = bob.one('INVITED');
    payload('INVITED', invited);
    const roomID = world.server.calls.roomOf('bob').number;
    assert.deepEqual(invited, {
      sponsor: 'ann', isFromGroup: false, inviteID, inviteeList: ['bob'], groupID: '', inviteData: { version: 4, callType: 2, roomID, callEnd: 0 },
    });
    assert.deepEqual([bob.data.callStatus, bob.data.isSponsor, bob.data.config.type], ['calling', false, 2]);
    assert.deepEqual(bob.data.invitation, { inviteID, inviter: 'ann', type: 2, roomID });
  },
  'trtc-calling.event.USER_ENTER': async () => {
    const { world, ann, bob } = await ringing();
    void bob.tag.accept();
    await world.wait();
    for (const [one, other] of [[ann, 'bob'], [bob, 'ann']] as const) {
      const data = one.one('USER_ENTER');
      payload('USER_ENTER', data);
      assert.deepEqual(data, { userID: other });
    }
  },
  'trtc-calling.event.USER_LEAVE': async () => {
    const world = new World();
    const [ann, bob, cid] = (await world.people('ann', 'bob', 'cid')) as [Person, Person, Person];
    void ann.tag.groupCall({ userIDList: ['bob', 'cid'], type: 1, groupID: 'g' });
    await world.wait();
    void bob.tag.accept();
    void cid.tag.accept();
    await world.wait();
    ann.take();
    void bob.tag.hangup();
    world.server.remove('bob', 'left');
    await world.wait();
    const data = ann.one('USER_LEAVE');
    payload('USER_LEAVE', data);
    assert.deepEqual([data, ann.data.callStatus], [{ userID: 'bob' }, 'connected']);
    const pair = await talking();
    void pair.bob.tag.hangup();
    await pair.world.wait();
    assert.deepEqual(pair.ann.codes(), ['USER_LEAVE', 'CALL_END'], 'once, and before the end');
  },
  'trtc-calling.event.CALL_END': async () => {
    const { world, ann, bob } = await talking();
    const since = ann.data.chatTime;
    await world.wait(65_000);
    assert.notEqual(ann.data.chatTime, since);
    void bob.tag.hangup();
    await world.wait();
    const end = ann.one('CALL_END');
    payload('CALL_END', end);
    assert.ok(typeof end.call_end === 'number' && end.call_end >= 65 && end.call_end <= 67, String(end.call_end));
    assert.match(ann.tag.extractCallingInfoFromMessage(end.message), /^结束通话，通话时长：00:01:0[5-7]$/);
    assert.deepEqual([end.sponsor, ann.data.callStatus, ann.data.chatTime], ['ann', 'idle', '00:00:00']);
    const brief = await ringing();
    void brief.bob.tag.accept();
    await brief.world.wait(50);
    void brief.bob.tag.hangup();
    await brief.world.wait();
    assert.equal(brief.ann.one('CALL_END').call_end, 0, 'a call of no second ends as well');
  },
  'trtc-calling.event.USER_VOICE_VOLUME': async () => {
    const { ann } = await talking();
    ann.tag._pusherAudioVolumeNotify({ detail: { volume: 42 } });
    payload('USER_VOICE_VOLUME', ann.events[0]?.data);
    assert.deepEqual(ann.one('USER_VOICE_VOLUME'), { userID: 'ann', volume: 42 });
    ann.tag._playerAudioVolumeNotify({ detail: { volume: 170 }, currentTarget: { dataset: { userid: 'bob' } } });
    assert.deepEqual(ann.one('USER_VOICE_VOLUME'), { userID: 'bob', volume: 100 });
  },
  'trtc-calling.event.HANG_UP': async () => {
    const { ann } = await talking();
    let status = '';
    ann.tag.on('HANG_UP', () => (status = ann.data.callStatus));
    void ann.tag.hangup();
    assert.deepEqual(ann.take(), [{ eventCode: 'HANG_UP', data: undefined }]);
    assert.equal(status, 'idle', 'after the reset');
  },
  'trtc-calling.event.ERROR': async () => {
    const [ann] = (await new World().people('ann')) as [Person];
    void ann.tag.call({ userID: 'ann', type: 1 });
    const error = ann.one('ERROR');
    payload('ERROR', error);
    assert.equal(error.message, error.errorMsg);
  },
  'trtc-calling.error.-1301': nativeError,
  'trtc-calling.error.-1302': nativeError,
  'trtc-calling.error.-1303': nativeError,
  'trtc-calling.error.-1304': nativeError,
  'trtc-calling.error.-1307': nativeError,
  'trtc-calling.error.-100018': async (record) => {
    await nativeError(record);
    const world = new World();
    const ann = world.person('ann');
    world.server.refuse('hello', 'credential-expired');
    const login = ann.tag.login().catch((error: unknown) => error);
    await world.wait();
    assert.equal(((await login) as any).code, -100018);
  },
  'trtc-calling.error.6017': async () => {
    const world = new World();
    const [ann] = (await world.people('ann')) as [Person];
    world.server.refuse('call' as never, 'invalid-field');
    const call = ann.tag.call({ userID: 'bob', type: 1 });
    await world.wait();
    assert.deepEqual([(await call).code, ann.one('ERROR').code, ann.data.active], [6017, 6017, false]);
  },
  'trtc-calling.error.8010': async () => {
    const { world, ann, bob } = await ringing();
    world.server.refuse('reject' as never, 'call-gone' as never);
    const reject = bob.tag.reject();
    await world.wait();
    assert.equal((await reject).code, 8010);
    void ann.tag.hangup();
    await assert.rejects(bob.tag.accept(), { code: 8010 });
  },
  'trtc-calling.error.8011': async () => {
    const { world, ann } = await ringing();
    world.server.refuse('hangup' as never, 'not-your-call' as never);
    const hangup = ann.tag.hangup();
    await world.wait();
    assert.equal((await hangup).code, 8011);
  },
};
