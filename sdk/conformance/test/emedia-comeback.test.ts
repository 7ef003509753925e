/** Pages of conferences whose phone was away: what they are told, so that they show and send what is so now. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { two } from '../src/emedia/methods.js';
import { World } from '../src/emedia/rig.js';
import type { Person } from '../src/emedia/rig.js';

const ROOM = { text: 'standup' };

/** Without network for so long. */
async function lost(world: World, ms: number): Promise<void> {
  world.server.unreachable = true;
  world.server.dropAll();
  await world.wait(ms);
  world.server.unreachable = false;
  await world.wait(20_000);
}

/** Ann sends, and bob plays that and sends. */
async function playing(more: Record<string, unknown> = {}): Promise<{ world: World; ann: Person; bob: Person; confrId: string; id: string }> {
  const all = await two(more);
  const { world, ann, bob } = all;
  world.server.stream(ROOM, 'ann', 'main', true, true);
  await world.wait();
  const [{ id }] = bob.one('onStreamAdded');
  await world.settled(bob.mgr.pubStream('wx-1-abc'));
  ann.take();
  return { ...all, id };
}

/** The page does not clear what it shows by itself. */
function plain(person: Person): void {
  person.mgr.onReconnect = person.untouched['onReconnect'];
}

test('a_loss_that_outlives_the_tags_of_a_page_makes_it_build_new_ones', async () => {
  const { world, bob, id } = await playing();
  const [before, sent] = [await world.settled(bob.mgr.subStream(id)), await world.settled(bob.mgr.pubStream('wx-1-abc'))];
  await lost(world, 40_000);
  assert.deepEqual(bob.news(), ['Reconnect', 'MemberJoined bob', 'MemberJoined ann', 'StreamAdded ann']);
  const after = await world.settled(bob.mgr.subStream(id));
  assert.deepEqual([after.rtmp, after.flv], [`${before.rtmp}?1`, `${before.flv}?1`], 'the same streams under other addresses');
  assert.equal((await world.settled(bob.mgr.pubStream('wx-2-abc'))).rtmp, `${sent.rtmp}?1`);
  assert.equal(world.server.published('bob').length, 1);
  await lost(world, 40_000);
  assert.equal(bob.news()[0], 'Reconnect');
  assert.ok((await world.settled(bob.mgr.subStream(id))).rtmp.endsWith('?2'));
});

test('a_page_that_does_not_rebuild_is_told_streams_off_and_on', async () => {
  const { world, bob } = await playing();
  plain(bob);
  await lost(world, 40_000);
  assert.deepEqual(bob.take().map(({ name, args }) => [name, args[0].userName ?? args[0].owner.userName, args[0].closeReason]), [
    ['onStreamRemoved', 'ann', 'Unpub'], ['onMemberJoined', 'bob', undefined], ['onStreamAdded', 'ann', undefined],
  ]);
});

test('tags_live_through_a_short_loss_and_the_page_hears_nothing', async () => {
  const { world, bob } = await playing();
  await lost(world, 3000);
  assert.deepEqual(bob.news(), []);
});

test('what_was_missed_follows_what_is_told_anew', async () => {
  const { world, bob } = await playing();
  world.server.unreachable = true;
  world.server.dropAll();
  await world.wait(1000);
  world.server.conferences.act(world.conference(), { op: 'kick', conference: world.conference(), users: ['ann'] });
  await lost(world, 40_000);
  assert.deepEqual(bob.news(), ['Reconnect', 'MemberJoined bob', 'MemberJoined ann', 'StreamAdded ann', 'StreamRemoved ann', 'MemberExited ann 2']);
});

test('a_page_that_leaves_while_it_is_told_anew_is_told_nothing_more', async () => {
  const { world, bob } = await playing();
  const listen = bob.mgr.onMemberJoined;
  bob.mgr.onMemberJoined = (member: any) => {
    listen(member);
    bob.mgr.exitConference();
  };
  await lost(world, 40_000);
  assert.deepEqual(bob.news(), ['Reconnect', 'MemberJoined bob', 'StreamRemoved ann', 'MemberExited bob', 'MemberExited ann', 'ConferenceExit 0']);
});

test('the_mix_is_asked_for_anew_like_everything_else', async () => {
  const { world, bob } = await playing({ config: { confrType: 11 } });
  await world.settled(bob.mgr.subMix());
  await lost(world, 40_000);
  const asked = world.server.requests('subscribe').map(({ audio }) => audio);
  assert.deepEqual(asked, [false, true], 'until then single voices are heard');
  assert.match((await world.settled(bob.mgr.subMix())).rtmp, /mix-of-the-room.*\?1$/);
});

test('a_conference_that_was_ended_while_one_was_away_is_over_and_not_made_again', async () => {
  const { world, ann, bob, confrId } = await two();
  world.server.unreachable = true;
  world.server.dropAll();
  await world.wait(1000);
  world.server.conferences.act(confrId, { op: 'destroy', conference: confrId });
  ['ann', 'bob'].forEach((user) => world.server.expire(user));
  await lost(world, 1000);
  for (const one of [ann, bob]) {
    assert.deepEqual(one.one('onConferenceExit'), [11, undefined]);
  }
  assert.equal(world.server.conferences.inRoom(ROOM), null);
});

test('what_is_not_so_any_more_is_told_when_the_place_itself_was_lost', async () => {
  for (const rebuilds of [true, false]) {
    const { world, ann, bob, confrId } = await two();
    await world.settled(ann.mgr.grantRole(confrId, ['bob'], 7));
    for (const key of ['kept', 'gone']) {
      await world.settled(ann.mgr.setConferenceAttrs({ key, val: '1', confrId }));
    }
    world.server.conferences.enter(confrId, 'gus', 'audience');
    world.server.push('bob', { ev: 'muted', audio: true, video: false });
    await world.wait();
    bob.take();
    if (!rebuilds) {
      plain(bob);
    }
    world.server.unreachable = true;
    world.server.dropAll();
    await world.wait(1000);
    const act = (request: object): void => world.server.conferences.act(confrId, { conference: confrId, ...request } as never);
    act({ op: 'grant', users: ['bob'], role: 'talker' });
    act({ op: 'attributes', changes: [{ key: 'gone' }] });
    world.server.expire('bob');
    await lost(world, 1000);
    const told = bob.take();
    const last = (name: string): any[] => told.filter((one) => one.name === name).pop()?.args ?? [];
    assert.equal(last('onRoleChanged')[0], 3);
    assert.deepEqual(last('onMuted'), [{ audio: false, video: false }]);
    assert.deepEqual(last('onConfrAttrsUpdated')[0].map(({ key, op }: any) => [key, op]), [['gone', 'DEL'], ['kept', 'UPDATE']]);
    assert.deepEqual(told.some(({ name }) => name === 'onReconnect'), rebuilds);
  }
});

test('who_is_muted_is_told_so_anew_when_its_page_builds_everything_anew', async () => {
  for (const placeLost of [true, false]) {
    const { world, ann, bob, confrId } = await two();
    await world.settled(ann.mgr.muteMembers(confrId, ['bob'], { audio: true }));
    assert.deepEqual(bob.one('onMuted'), [{ audio: true, video: false }]);
    bob.take();
    world.server.unreachable = true;
    world.server.dropAll();
    await world.wait(1000);
    if (placeLost) {
      world.server.expire('bob');
    }
    await lost(world, 40_000);
    const told = bob.take();
    assert.deepEqual(told.filter(({ name }) => name === 'onMuted').map(({ args }) => args), [[{ audio: true, video: false }]]);
    assert.equal(told[0]?.name, 'onReconnect');
  }
});

test('a_server_that_cannot_take_one_back_is_a_failure_and_not_the_end_of_the_conference', async () => {
  const { world, bob } = await two();
  world.server.refuse('ticket', 'internal');
  world.server.expire('bob');
  await lost(world, 1000);
  assert.deepEqual(bob.one('onConferenceExit'), [4, -506]);
});

test('hands_that_are_down_when_an_admin_is_back_are_told_down', async () => {
  const { world, ann, bob, confrId } = await two();
  await world.settled(ann.mgr.grantRole(confrId, ['bob'], 1));
  await world.settled(bob.mgr.raiseHand());
  plain(ann);
  ann.take();
  world.server.unreachable = true;
  world.server.dropAll();
  await world.wait(1000);
  world.server.conferences.act(confrId, { op: 'decline', conference: confrId, user: 'bob' });
  world.server.expire('ann');
  await lost(world, 1000);
  assert.deepEqual(ann.take().filter(({ name }) => name === 'onHandRaised').map(({ args }) => [args[0].userName, args[1]]), [['bob', false]]);
});

test('without_network_at_the_start_one_enters_when_it_is_there_or_hears_that_it_is_to_blame', async () => {
  const world = new World();
  const ann = world.person('ann');
  world.server.unreachable = true;
  const first = ann.mgr.joinRoom({ roomName: 'standup', role: 3 });
  const pushed = ann.mgr.pubStream('wx-1-abc').catch((error: any) => error);
  const { error, reason } = await world.settled(first, 25_000);
  assert.deepEqual([error, reason.error, (await world.settled(pushed)).error, ann.news()], [-1, -9527, -9527, []]);
  const second = ann.mgr.joinRoom({ roomName: 'standup', role: 3 });
  await world.wait(10_000);
  world.server.unreachable = false;
  assert.equal((await world.settled(second, 9000)).confrId, world.conference());
  delete ann.phone.wx['huitong'];
  const missing = await world.settled(ann.mgr.joinRoom({ roomName: 'other', role: 3 }));
  assert.match(missing.reason.message, /No server is configured/);
  assert.deepEqual(Object.keys(world.server.conferences.people(world.conference())), ['ann'], 'it stays where it is');
});

test('a_token_that_the_application_renews_by_itself_is_the_one_that_counts', async () => {
  const { world, bob } = await two();
  const { context } = bob.phone.wx['WebIM'].conn;
  const shown = (): (string | undefined)[] => world.server.requests('hello').filter(({ user }) => user === 'bob').map(({ sig }) => sig);
  context.accessToken = 'renewed';
  world.server.end('bob', 'credentialExpired');
  await world.wait(5000);
  assert.deepEqual([shown(), bob.news()[0]], [['sig-of-bob', 'renewed'], 'Reconnect'], 'it goes on with it');
  context.jid = { ...context.jid, name: 'eve' };
  context.accessToken = 'of eve';
  await world.wait(world.server.heartbeatMs * 2);
  world.server.dropAll();
  await world.wait(5000);
  assert.deepEqual(shown(), ['sig-of-bob', 'renewed', 'renewed'], 'that of somebody else is not shown');
});

test('beside_a_messaging_product_with_tokens_of_its_own_the_credential_stands_in_the_settings', async () => {
  const world = new World();
  const ann = world.person('ann');
  ann.phone.wx['huitong'].userSig = 'for this server';
  await world.settled(ann.mgr.createConference(10));
  assert.equal(world.server.requests('hello')[0]?.sig, 'for this server');
  assert.equal(ann.phone.wx['WebIM'].conn.context.accessToken, 'sig-of-ann', 'what is of the other product stays');
});
