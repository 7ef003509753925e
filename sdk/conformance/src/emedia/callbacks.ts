/** Checks of callback records. */
import assert from 'node:assert/strict';
import type { Checks } from '../ledger.js';
import { two } from './methods.js';
import { World, full } from './rig.js';

const ROOM = { text: 'standup' };

/** See the head of the file. */
export const callbackChecks: Checks = {
  'emedia.callback.onMemberJoined': async () => {
    const world = new World();
    const ann = world.person('ann');
    void ann.mgr.joinRoom({ roomName: 'standup', role: 7 });
    await world.wait();
    world.server.conferences.enter(world.conference(), 'gus');
    await world.wait();
    const [self, gus] = ann.take().filter(({ name }) => name === 'onMemberJoined').map(({ args }) => args[0]);
    assert.deepEqual([self.isSelf, self.name, self.memName, self.role, self.vcodes, self.rtcCfg], [true, full('ann'), full('ann'), 7, ['H264'], '{}']);
    assert.deepEqual([typeof self.id, typeof self.nickName, typeof self.sessId], ['string', 'string', 'string']);
    assert.deepEqual([gus.name, gus.isSelf], [full('gus'), undefined]);
  },
  'emedia.callback.onMemberJoin': async () => {
    const world = new World();
    const ann = world.person('ann');
    ann.mgr.onMemberJoin = (...args: any[]) => ann.told.push({ name: 'onMemberJoin', args });
    void ann.mgr.joinRoom({ roomName: 'standup', role: 7 });
    await world.wait();
    assert.deepEqual(ann.news(), ['MemberJoined ann', 'MemberJoin ann']);
  },
  'emedia.callback.onMemberExited': async () => {
    const { world, ann } = await two();
    world.server.stream(ROOM, 'bob', 'main', true, true);
    await world.wait();
    ann.take();
    for (const reason of ['noAnswer', 'busy', 'notSupported'] as const) {
      const conference = world.conference();
      world.server.conferences.enter(conference, `gus-${reason}`);
      world.server.conferences.exit(conference, `gus-${reason}`, reason);
    }
    await world.wait();
    assert.deepEqual(ann.take().filter(({ name }) => name === 'onMemberExited').map(({ args }) => args[1]), [1, 3, 5]);
    world.server.conferences.exit(world.conference(), 'bob', 'left');
    await world.wait();
    assert.deepEqual(ann.news(), ['StreamRemoved bob', 'MemberExited bob 0']);
  },
  'emedia.callback.onStreamAdded': async () => {
    const { world, ann, bob } = await two();
    await world.settled(bob.mgr.pubStream('wx-1-abc'));
    world.server.stream(ROOM, 'bob', 'main', true, false);
    await world.wait();
    const args = ann.one('onStreamAdded');
    assert.equal(args.length, 1);
    assert.equal(args[0].memName.split('_')[1].split('@')[0], 'bob');
    assert.deepEqual(bob.take(), [], 'own streams are no news');
  },
  'emedia.callback.onStreamRemoved': async () => {
    const { world, ann } = await two();
    world.server.stream(ROOM, 'bob', 'main', true, true);
    world.server.stream(ROOM, 'bob', 'main', false, false);
    await world.wait();
    assert.equal(ann.one('onStreamRemoved')[0].closeReason, 'Unpub');
    world.server.stream(ROOM, 'bob', 'main', true, true);
    world.server.conferences.act(world.conference(), { op: 'kick', conference: world.conference(), users: ['bob'] });
    await world.wait();
    assert.equal(ann.one('onStreamRemoved')[0].closeReason, 2);
  },
  'emedia.callback.onRoleChanged': async () => {
    const { world, ann, bob, confrId } = await two();
    await world.settled(ann.mgr.grantRole(confrId, ['bob'], 7));
    const [role, token] = bob.one('onRoleChanged');
    assert.deepEqual([role, typeof token], [7, 'string']);
    assert.deepEqual(ann.take().filter(({ name }) => name === 'onRoleChanged'), [], 'only the one whom it concerns');
  },
  'emedia.callback.onMediaChanaged': async () => {
    const { world, ann } = await two();
    ann.mgr.onMediaChanged = (...args: any[]) => ann.told.push({ name: 'onMediaChanged', args });
    world.server.stream(ROOM, 'bob', 'main', true, true);
    await world.wait();
    const [stream] = ann.one('onStreamAdded');
    world.server.stream(ROOM, 'bob', 'main', true, false);
    await world.wait();
    const told = ann.take();
    assert.deepEqual(told.map(({ name }) => name), ['onMediaChanaged', 'onMediaChanged']);
    for (const { args } of told) {
      assert.equal(args[0], stream);
      assert.deepEqual([args[0].voff, args[0].aoff, args[1]], [1, 0, { voff: 1, aoff: 0 }]);
    }
  },
  'emedia.callback.onConferenceExit': async () => {
    const { world, bob } = await two();
    world.server.conferences.act(world.conference(), { op: 'destroy', conference: world.conference() });
    await world.wait();
    assert.deepEqual(bob.news(), ['MemberExited ann 11', 'MemberExited bob', 'ConferenceExit 11']);
    await world.wait(5000);
    bob.mgr.exitConference();
    assert.deepEqual(bob.news(), [], 'once');
  },
  'emedia.callback.onConfrAttrsUpdated': async () => {
    const { world, ann, bob, confrId } = await two();
    await world.settled(ann.mgr.setConferenceAttrs({ key: 'a', val: '1', confrId }));
    await world.settled(ann.mgr.setConferenceAttrs({ key: 'b', val: '2', confrId }));
    bob.take();
    await world.settled(ann.mgr.deleteConferenceAttrs({ key: 'a', confrId }));
    const [list] = bob.one('onConfrAttrsUpdated');
    const of = (key: string): any => list.filter((one: any) => one.key === key)[0];
    assert.deepEqual([of('a').op, of('b').op, of('b').val, list.length], ['DEL', 'UPDATE', '2', 2]);
    const cid = world.person('cid');
    await world.settled(cid.mgr.joinRoom({ roomName: 'standup', role: 3 }));
    assert.equal(cid.one('onConfrAttrsUpdated')[0][0].key, 'b', 'whoever comes later knows them, too');
  },
  'emedia.callback.onSoundChanage': () => {
    const { mgr } = new World().person('ann');
    assert.equal(mgr.onSoundChanage({}, {}, {}), undefined);
  },
  'emedia.callback.onReconnect': async () => {
    const { world, ann } = await two();
    world.server.stream(ROOM, 'bob', 'main', true, true);
    await world.wait();
    ann.take();
    const before = world.conference();
    world.server.restart();
    await world.wait(10_000);
    const [first, ...news] = ann.news();
    assert.equal(first, 'Reconnect');
    assert.equal(news[0], 'MemberJoined ann');
    assert.ok(news.includes('MemberJoined bob'));
    assert.equal(world.conference(), before, 'the conference outlives the server');
    const written = ann.mgr.setConferenceAttrs({ key: 'a', val: '1', confrId: before });
    assert.equal((await world.settled(written)).error, 0, 'the page goes on with the name that it knows');
    const plain = new World();
    const cid = await plain.inRoom('cid');
    plain.server.conferences.enter(plain.conference(), 'gus');
    await plain.wait();
    cid.take();
    cid.mgr.onReconnect = cid.untouched['onReconnect'];
    plain.server.restart();
    await plain.wait(10_000);
    assert.deepEqual(cid.news(), ['MemberExited cid', 'MemberExited gus', 'MemberJoined cid'], 'a page that does not clear by itself is told who is gone');
  },
};
