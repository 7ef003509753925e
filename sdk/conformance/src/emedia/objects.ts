/** Checks of records of objects, constants and claims. */
import assert from 'node:assert/strict';
import type { Check, Checks, Record_ } from '../ledger.js';
import { two } from './methods.js';
import { World, full } from './rig.js';

/** A constant that stands in both places. */
const constant: Check = ({ name, value }: Record_) => {
  const { mgr } = new World().person('ann');
  const [table = '', key = ''] = name.split('.');
  assert.equal(mgr[table][key], value);
};
const table: Check = ({ name }) => assert.equal(typeof new World().person('ann').mgr[name], 'object');

/** Everything that a record of an object promises is there. */
function hasMembers({ members = [] }: Record_, object: any): void {
  const lacks = members.filter(({ name, optional }) => !optional && object[name] === undefined);
  assert.deepEqual(lacks.map(({ name }) => name), []);
}

const numbers = [
  'ConfrType.COMMUNICATION', 'ConfrType.COMMUNICATION_MIX', 'ConfrType.LIVE', 'ConfrType.P2P', 'ConfrType.INTERCOMM', 'Role.ADMIN',
  'Role.TALKER', 'Role.AUDIENCE', 'Role.HIDING',
];

/** See the head of the file. */
export const objectChecks: Checks = {
  ...Object.fromEntries(numbers.map((name) => [`emedia.constant.${name}`, constant])),
  'emedia.constant.ConfrType': table,
  'emedia.constant.Role': table,
  'emedia.object.emedia': (record) => {
    const { emedia, phone } = new World().person('ann');
    hasMembers(record, emedia);
    assert.equal(phone.wx['emedia'], emedia);
  },
  'emedia.object.mgr': async (record) => {
    const world = new World();
    const ann = world.person('ann');
    hasMembers({ ...record, members: (record.members ?? []).filter(({ name }) => !/methods|callbacks/.test(name)) }, ann.mgr);
    const late: unknown[] = [];
    void ann.mgr.joinRoom({ roomName: 'standup', role: 7 });
    ann.mgr.onMemberJoined = (member: any) => late.push(member.userName);
    await world.wait();
    assert.deepEqual(late, ['ann'], 'what is assigned after the join was started counts');
    assert.ok(Object.values(ann.untouched).filter((one) => one !== undefined).every((one) => typeof one === 'function'));
  },
  'emedia.object.confr': async (record) => {
    const { world, ann, bob, confrId } = await two({ password: 'sesame' });
    hasMembers(record, ann.result);
    hasMembers(record, await world.settled(ann.mgr.createConference(11, 'x')));
    hasMembers(record, await world.settled(bob.mgr.getConferenceTkt(confrId, 'sesame')));
    assert.equal(ann.result.password, 'sesame');
  },
  'emedia.object.member': async (record) => {
    const { world, ann, confrId } = await two();
    await world.settled(world.person('cid').mgr.joinConference(confrId, '', { role: 'admin' }));
    const [member] = ann.one('onMemberJoined');
    hasMembers(record, member);
    assert.deepEqual([member.name, member.globalName, member.userName, member.ext, member.role], [full('cid'), full('cid'), 'cid', { role: 'admin' }, 3]);
  },
  'emedia.object.stream': async (record) => {
    const { world, ann } = await two();
    world.server.stream({ text: 'standup' }, 'bob', 'main', true, false);
    world.server.stream({ text: 'standup' }, 'bob', 'aux', false, true);
    await world.wait();
    const streams = ann.take().map(({ args }) => args[0]);
    streams.forEach((stream) => hasMembers(record, stream));
    assert.deepEqual(streams.map(({ voff, aoff, type, memName, memId, owner }) => [voff, aoff, type, memName, memId === owner.id]), [
      [1, 0, 0, full('bob'), true], [0, 1, 1, full('bob'), true],
    ]);
    assert.match(streams[0].id, /^RTC\d+__Of_/);
    assert.notEqual(streams[0].id, streams[1].id);
  },
  'emedia.claim.dependsOnIM': async () => {
    const world = new World();
    const ann = world.person('ann');
    ann.phone.wx['WebIM'] = { conn: { context: { accessToken: 's', jid: `${full('a_b')}/webim` } } };
    await world.settled(ann.mgr.createConference(10));
    const [hello] = world.server.requests('hello');
    assert.deepEqual([hello?.app, hello?.user, hello?.sig], [1400000001, 'a_b', 's']);
    const other = new World();
    const bob = other.person('bob');
    bob.phone.wx['WebIM'].conn.context.jid = { appKey: 'org#shop', name: 'bob', domain: 'easemob.com' };
    assert.match((await other.settled(bob.mgr.createConference(10))).rejected.message, /wx\.huitong\.app/);
    bob.phone.wx['huitong'].app = 7;
    await other.settled(bob.mgr.createConference(10));
    assert.equal(other.server.requests('hello')[0]?.app, 7);
    delete bob.phone.wx['WebIM'];
    assert.match((await other.settled(bob.mgr.createConference(10))).rejected.message, /accessToken/);
  },
  'emedia.claim.crossPlatform': async () => {
    const world = new World();
    const bob = await world.inRoom('bob', 'made elsewhere');
    world.server.conferences.enter(world.conference('made elsewhere'), 'gus');
    await world.wait();
    assert.deepEqual(bob.news(), ['MemberJoined gus']);
  },
  'emedia.claim.creatorIsAdmin': async () => {
    const world = new World();
    assert.equal((await world.inRoom('ann', 'standup', { role: 1 })).result.role, 7);
  },
  'emedia.claim.autoCreateRoom': async () => {
    const { ann, bob } = await two({ password: 'sesame' });
    assert.deepEqual([ann.result.isCreator, bob.result.isCreator, bob.result.confrId], [true, undefined, ann.result.confrId]);
  },
  'emedia.claim.roleAtJoin': async () => {
    const world = new World();
    await world.inRoom('ann');
    const joined = await Promise.all([1, 3].map((role) => world.inRoom(`user${role}`, 'standup', { role })));
    assert.deepEqual(joined.map(({ result }) => result.role), [1, 3]);
  },
  'emedia.claim.roleRights': async () => {
    const world = new World();
    const ann = await world.inRoom('ann');
    const bob = await world.inRoom('bob', 'standup', { role: 1 });
    assert.equal((await world.settled(bob.mgr.pubStream('wx-1-abc'))).rejected.error, -520);
    assert.equal((await world.settled(bob.mgr.destroyConference(world.conference()))).rejected.error, -520, 'and the server says so');
    assert.equal((await world.settled(ann.mgr.destroyConference(world.conference()))).error, 0);
  },
  'emedia.claim.recDefaultOff': async () => {
    const world = new World();
    await world.inRoom('ann');
    await world.settled(world.person('bob').mgr.createConference(10, ''));
    assert.deepEqual(world.server.requests('ticket').map(({ settings }) => [settings?.record, settings?.recordMerged]), [
      [undefined, undefined], [undefined, undefined],
    ]);
  },
  'emedia.claim.roomLimits': async () => {
    const world = new World();
    const ann = await world.inRoom('ann', 'standup', { config: { maxTalkerCount: 2, maxVideoCount: 1, maxAudienceCount: 'many' } });
    assert.ok(ann.phone.printed.some(([level, text]) => level === 'warn' && text.includes('maxAudienceCount')));
    const bob = await world.inRoom('bob');
    assert.equal((await world.settled(ann.mgr.pubStream('wx-1-abc'))).voff, 0);
    assert.equal((await world.settled(bob.mgr.pubStream('wx-1-abc'))).voff, 1, 'as many cameras are on as may be: the sound goes');
    assert.deepEqual(world.server.published('bob').map(({ audio, video }) => [audio, video]), [[true, false]]);
    assert.equal((await world.inRoom('cid')).result.error, -523);
  },
  'emedia.claim.extVisible': async () => {
    const { world, ann, confrId } = await two();
    await world.settled(world.person('cid').mgr.joinConference(confrId, '', { hello: '世界' }));
    assert.deepEqual(ann.one('onMemberJoined')[0].ext, { hello: '世界' });
  },
  'emedia.claim.pubNeedsRtcId': async () => {
    const { world, ann } = await two();
    const rtcId = ann.emedia.util.getRtcId();
    const { streamId } = await world.settled(ann.mgr.pubStream(rtcId));
    assert.ok(streamId.startsWith(`${rtcId}__Of_`));
  },
  'emedia.claim.serverClose': async () => {
    const { world, bob } = await two();
    world.server.conferences.act(world.conference(), { op: 'destroy', conference: world.conference() });
    await world.wait();
    assert.equal(bob.one('onConferenceExit')[0], 11);
  },
};
