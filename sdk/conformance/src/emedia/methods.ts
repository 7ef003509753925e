/** Checks of method records. */
import assert from 'node:assert/strict';
import type { Check, Checks } from '../ledger.js';
import { World, full } from './rig.js';
import type { Person } from './rig.js';

/** Two people in the conference of a room; the first has made it. */
export async function two(more: Record<string, unknown> = {}): Promise<{ world: World; ann: Person; bob: Person; confrId: string }> {
  const world = new World();
  const ann = await world.inRoom('ann', 'standup', more);
  const bob = await world.inRoom('bob', 'standup', { password: more['password'] ?? '' });
  ann.take();
  return { world, ann, bob, confrId: world.conference() };
}

/** A reply: the fields themselves, and the same as a body. */
function isReply(result: any): void {
  assert.equal(result.statusCode, 200);
  assert.equal(typeof result.header, 'object');
  assert.equal(result.data.error, 0);
  for (const key of Object.keys(result.data)) {
    assert.deepEqual(result[key], result.data[key], key);
  }
}

const warns: Check = async ({ name }) => {
  const { mgr, phone } = new World().person('ann');
  assert.equal(mgr[name]({}), undefined);
  assert.ok(phone.printed.some(([level, text]) => level === 'warn' && text.includes(name)));
};

const attributes = (option: (confrId: string, calls: unknown[]) => any, expected: object): Check => async ({ name }) => {
  const { world, ann, bob, confrId } = await two();
  world.server.conferences.act(confrId, { op: 'attributes', conference: confrId, changes: [{ key: 'topic', value: 'old' }] });
  await world.wait();
  ann.take();
  bob.take();
  const calls: unknown[] = [];
  assert.equal((await world.settled(bob.mgr[name](option(confrId, calls)))).error, 0);
  assert.deepEqual(calls, ['success']);
  for (const one of [ann, bob]) {
    const [[told]] = [one.one('onConfrAttrsUpdated')];
    assert.deepEqual(told, [{ key: 'topic', ...expected, memName: full('bob') }]);
  }
  const failed: unknown[] = [];
  await world.settled(bob.mgr[name]({ ...option('k-none', failed), confrId: 'k-none' }));
  assert.deepEqual(failed, ['error']);
  assert.equal((await world.settled(bob.mgr[name]({ key: 'topic', val: 'x', confrId: 'k-none' }))).rejected.error, -508);
};

/** See the head of the file. */
export const methodChecks: Checks = {
  'emedia.method.util.getRtcId': () => {
    const { emedia } = new World().person('ann');
    const ids = [emedia.util.getRtcId(), emedia.util.getRtcId(), emedia.util.getRtcId()];
    assert.deepEqual(ids.map((id) => /^wx-(\d+)-[a-z]{3}$/.exec(id)?.[1]), ['1', '2', '3']);
  },
  'emedia.method.mgr.createConference': async () => {
    const world = new World();
    const ann = world.person('ann');
    const made = await world.settled(ann.mgr.createConference('12', 'sesame', true, true));
    isReply(made);
    const asked = world.server.requests('ticket')[0];
    assert.deepEqual(asked?.settings, { kind: 'live', record: true, recordMerged: true });
    assert.equal(asked?.password, 'sesame');
    const { confrId, id, serverConfrId, type, password, mixed, roleToken, ticket } = made;
    assert.deepEqual([id, serverConfrId, type, password, mixed], [confrId, confrId, 12, 'sesame', true]);
    assert.equal(typeof roleToken, 'string');
    assert.equal(JSON.parse(ticket).confrId, confrId);
    assert.deepEqual(world.server.conferences.people(confrId), {}, 'it does not enter');
    assert.equal((await world.settled(ann.mgr.createConference(10))).mixed, undefined);
    const { rejected } = await world.settled(ann.mgr.createConference(99));
    assert.equal(rejected.error, -405);
    assert.match(rejected.message, /10, 11 or 12/);
    world.server.refuse('ticket', 'conference-limit');
    assert.deepEqual((await world.settled(ann.mgr.createConference(10))).rejected, { error: -510, message: 'refused: conference-limit', code: 'conference-limit' });
  },
  'emedia.method.mgr.getConferenceTkt': async () => {
    const world = new World();
    const [ann, bob] = [world.person('ann'), world.person('bob')];
    const { confrId } = await world.settled(ann.mgr.createConference(10, 'sesame'));
    const got = await world.settled(bob.mgr.getConferenceTkt(confrId, 'sesame'));
    isReply(got);
    assert.equal(String(got), got.data.ticket);
    assert.equal(JSON.parse(got.data.ticket).confrId, confrId);
    assert.deepEqual([got.confrId, got.type, got.password], [confrId, 10, 'sesame']);
    assert.equal((await world.settled(bob.mgr.getConferenceTkt(confrId, 'wrong'))).rejected.error, -500);
    assert.equal((await world.settled(bob.mgr.getConferenceTkt('k-none'))).rejected.error, -508);
    assert.deepEqual(bob.take(), [], 'who was never inside is not told that it is out');
    assert.equal((await world.settled(bob.mgr.joinConferenceWithTicket(confrId, got))).confrId, confrId, 'the result itself is a ticket');
  },
  'emedia.method.mgr.joinConference': async () => {
    const { world, ann, confrId } = await two();
    world.server.stream({ text: 'standup' }, 'ann', 'main', true, true);
    const cid = world.person('cid');
    const order: string[] = [];
    const joined = cid.mgr.joinConference(confrId, '', { seat: 3 }).then((result: any) => {
      order.push(...cid.news(), 'then');
      return result;
    });
    const result = await world.settled(joined);
    assert.deepEqual(order, ['MemberJoined cid', 'MemberJoined ann', 'MemberJoined bob', 'StreamAdded ann', 'then']);
    isReply(result);
    assert.equal(`${result}`, result.memberId);
    assert.match(result.memberId, /^MS_/);
    assert.deepEqual([result.confrId, result.role, result.type], [confrId, 3, 10]);
    assert.deepEqual(ann.one('onMemberJoined')[0].ext, { seat: 3 });
    assert.equal((await world.settled(world.person('dan').mgr.joinConference('k-none', ''))).rejected.error, -508);
  },
  'emedia.method.mgr.joinConferenceWithTicket': async () => {
    const world = new World();
    const ann = world.person('ann');
    for (const form of [(t: any) => t.ticket, (t: any) => JSON.parse(t.ticket), (t: any) => t, (t: any) => JSON.parse(t.ticket).tktId]) {
      const made = await world.settled(ann.mgr.createConference(10));
      const result = await world.settled(ann.mgr.joinConferenceWithTicket(made.confrId, form(made)));
      assert.deepEqual([result.confrId, result.role], [made.confrId, 7]);
      ann.mgr.exitConference();
    }
    const made = await world.settled(ann.mgr.createConference(10));
    await world.settled(ann.mgr.joinConferenceWithTicket(made.confrId, made.ticket));
    const bob = world.person('bob');
    const { rejected } = await world.settled(bob.mgr.joinConferenceWithTicket(made.confrId, made.ticket));
    assert.deepEqual([rejected.error, rejected.failed], [-500, -500], 'a foreign one');
    assert.deepEqual(bob.one('onConferenceExit'), [4, -500]);
    assert.equal((await world.settled(bob.mgr.joinConferenceWithTicket(made.confrId, ''))).rejected.error, -405);
    const locked = await world.settled(ann.mgr.createConference(10, 'sesame'));
    const own = await world.settled(bob.mgr.getConferenceTkt(locked.confrId, 'sesame'));
    await world.settled(bob.mgr.joinConferenceWithTicket(locked.confrId, own.ticket));
    bob.take();
    world.server.restart();
    await world.wait(10_000);
    assert.deepEqual(bob.news(), ['Reconnect', 'MemberJoined bob'], 'after a restart it has another ticket by the password that gave this one');
  },
  'emedia.method.mgr.joinRoom': async () => {
    const world = new World();
    const ann = world.person('ann');
    const config = { nickName: 'Ann', rec: true, recMerge: true, maxTalkerCount: 2, maxVideoCount: 9, maxAudienceCount: 30, maxPubDesktopCount: 1, ext: { seat: 1 } };
    const made = await world.settled(ann.mgr.joinRoom({ roomName: 'standup', password: 'sesame', role: 7, config }));
    assert.deepEqual([made.isCreator, made.role, made.confrId], [true, 7, world.conference()]);
    assert.match(made.memberId, /^MS_/);
    const [ticket] = world.server.requests('ticket');
    assert.deepEqual(ticket?.settings, { record: true, recordMerged: true, maxTalkers: 2, maxVideos: 9, maxAudience: 30, maxScreens: 1 });
    const bob = world.person('bob');
    const joined = await world.settled(bob.mgr.joinRoom({ roomName: 'standup', password: 'sesame', role: 1 }));
    assert.deepEqual([joined.isCreator, joined.role, joined.confrId], [undefined, 1, made.confrId]);
    const { nickName, ext } = bob.take().filter(({ name }) => name === 'onMemberJoined')[1]?.args[0];
    assert.deepEqual([nickName, ext], ['Ann', { nickName: 'Ann', seat: 1 }]);
    const wrong = await world.settled(world.person('eve').mgr.joinRoom({ roomName: 'standup', password: 'simsim', role: 3 }));
    assert.deepEqual([wrong.error, wrong.message, wrong.reaseon.error, wrong.reason], [-1, 'joinRoom error', -500, wrong.reaseon]);
    await world.settled(world.person('cid').mgr.joinRoom({ roomName: 'standup', password: 'sesame', role: 3 }));
    const full = await world.settled(world.person('dan').mgr.joinRoom({ roomName: 'standup', password: 'sesame', role: 3 }));
    assert.deepEqual([full.error, full.message], [-523, 'talker count limit']);
    const lost = world.person('fay');
    for (const option of [{ password: '', role: 3 }, { roomName: 'a', password: '' }, undefined]) {
      assert.equal(await world.settled(lost.mgr.joinRoom(option)), undefined);
    }
    lost.phone.wx['WebIM'].conn.context.accessToken = '';
    assert.equal(await world.settled(lost.mgr.joinRoom({ roomName: 'a', password: '', role: 3 })), undefined);
    assert.equal(lost.phone.printed.filter(([level]) => level === 'warn').length, 4);
  },
  'emedia.method.mgr.exitConference': async () => {
    const { world, ann, bob, confrId } = await two();
    world.server.stream({ text: 'standup' }, 'ann', 'main', true, true);
    await world.wait();
    bob.take();
    assert.equal(bob.mgr.exitConference(confrId), undefined);
    assert.deepEqual(bob.news(), ['StreamRemoved ann', 'MemberExited bob', 'MemberExited ann', 'ConferenceExit 0']);
    bob.mgr.exitConference(confrId);
    bob.mgr.exitConference();
    await world.wait();
    assert.deepEqual(bob.news(), []);
    assert.deepEqual(world.server.requests('leave').map(({ from }) => from), ['bob']);
    assert.deepEqual(ann.one('onMemberExited').slice(1), [0]);
    assert.deepEqual(world.server.conferences.people(confrId), { ann: 'admin' });
    ann.mgr.exitConference('k-other');
    assert.deepEqual(ann.news(), [], 'another conference');
    ann.mgr.exitConference();
    assert.equal(ann.news().pop(), 'ConferenceExit 0', 'without a name it is that of now');
  },
  'emedia.method.mgr.destroyConference': async () => {
    const { world, ann, bob, confrId } = await two();
    assert.equal((await world.settled(bob.mgr.destroyConference(confrId))).rejected.error, -520);
    isReply(await world.settled(ann.mgr.destroyConference(confrId)));
    assert.equal(ann.one('onConferenceExit')[0], 11);
    assert.equal(bob.one('onConferenceExit')[0], 11);
    const made = await world.settled(ann.mgr.createConference(10));
    assert.equal((await world.settled(ann.mgr.destroyConference(made.confrId))).error, 0, 'also one that was only made');
  },
  'emedia.method.mgr.kickMembersById': async () => {
    const { world, ann, bob, confrId } = await two();
    const back = async (): Promise<void> => void (await world.settled(bob.mgr.joinRoom({ roomName: 'standup', role: 3 })));
    const own = async (): Promise<string> => {
      await back();
      return bob.take().filter(({ name }) => name === 'onMemberJoined')[0]?.args[0].id;
    };
    assert.equal((await world.settled(bob.mgr.kickMembersById(confrId, ['ann']))).rejected.error, -520);
    for (const names of [() => ['bob'], () => [full('bob')], () => 'bob', own]) {
      const named = await names();
      ann.take();
      const result = await world.settled(ann.mgr.kickMembersById(confrId, named));
      assert.deepEqual(result.data, { error: 0, uids: [full('bob')] });
      assert.equal(bob.one('onConferenceExit')[0], 2);
      assert.deepEqual(ann.take().filter(({ name }) => name === 'onMemberExited').map(({ args }) => [args[0].userName, args[1]]), [['bob', 2]]);
      await back();
      bob.take();
    }
    assert.equal((await world.settled(ann.mgr.kickMembersById(confrId, ['nobody']))).rejected.error, -507);
  },
  'emedia.method.mgr.grantRole': async () => {
    const { world, ann, bob, confrId } = await two();
    await world.settled(bob.mgr.pubStream('wx-1-abc'));
    world.server.stream({ text: 'standup' }, 'bob', 'main', true, true);
    await world.wait();
    ann.take();
    assert.equal((await world.settled(bob.mgr.grantRole(confrId, ['ann'], 1))).rejected.error, -520);
    assert.equal((await world.settled(ann.mgr.grantRole(confrId, ['bob'], '1'))).error, 0);
    assert.equal(bob.one('onRoleChanged')[0], 1);
    assert.deepEqual(ann.news(), ['StreamRemoved bob', 'MemberRoleChanged bob 1'], 'what it sent is over');
    assert.equal((await world.settled(bob.mgr.pubStream('wx-1-abc'))).rejected.error, -520);
    assert.equal((await world.settled(ann.mgr.grantRole(confrId, full('bob'), 7))).error, 0);
    assert.equal(bob.one('onRoleChanged')[0], 7);
    assert.equal((await world.settled(ann.mgr.grantRole(confrId, ['bob'], 5))).rejected.error, -405);
  },
  'emedia.method.mgr.setHost': async () => {
    const world = new World();
    const ann = world.person('ann');
    delete ann.phone.wx['huitong'];
    assert.match((await world.settled(ann.mgr.createConference(10))).rejected.message, /No server is configured/);
    assert.equal(ann.mgr.setHost('https://own.example:8443'), undefined);
    assert.equal((await world.settled(ann.mgr.createConference(10))).error, 0);
    assert.deepEqual(world.server.urls, ['wss://own.example:8443/v1/signal']);
  },
  'emedia.method.mgr.getConferenceInfo': async () => {
    const { world, bob, confrId } = await two({ password: 'sesame' });
    world.server.conferences.enter(confrId, 'gus', 'audience');
    const info = await world.settled(bob.mgr.getConferenceInfo(confrId, 'sesame'));
    isReply(info);
    assert.deepEqual(info.data.confr, { id: confrId, type: 10, memTotal: 3, audienceTotal: 1, talkers: [full('ann'), full('bob')] });
    assert.equal((await world.settled(bob.mgr.getConferenceInfo(confrId, 'wrong'))).rejected.error, -500);
  },
  'emedia.method.mgr.setConferenceAttrs': attributes(
    (confrId, calls) => ({ key: 'topic', val: 'budget', confrId, success: () => calls.push('success'), error: () => calls.push('error') }),
    { val: 'budget', op: 'UPDATE' },
  ),
  'emedia.method.mgr.deleteConferenceAttrs': attributes(
    (confrId, calls) => ({ key: 'topic', confrId, success: () => calls.push('success'), error: () => calls.push('error') }),
    { val: '', op: 'DEL' },
  ),
  'emedia.method.mgr.createUrl': () => assert.equal(new World().person('ann').mgr.createUrl('rtmp://x'), 'rtmp://x'),
  'emedia.method.mgr.publish': warns,
  'emedia.method.mgr.subscribe': warns,
  'emedia.method.mgr.postMessage': warns,
  'emedia.method.mgr.onStateChange': warns,
  'emedia.method.config': () => {
    const { emedia, mgr, phone } = new World().person('ann');
    assert.equal(emedia.config({ logLevel: 3, reconnect: 5 }), undefined);
    assert.deepEqual([emedia.config.logLevel, emedia.config.reconnect], [3, 5]);
    mgr.publish();
    assert.deepEqual(phone.printed, [], 'warnings are below that level');
  },
};
