/** What pages of conferences do that nobody has thought of: too early, twice, at the wrong time, with the wrong things. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { two } from '../src/emedia/methods.js';
import { World, full } from '../src/emedia/rig.js';
import type { Person } from '../src/emedia/rig.js';

const names = (person: Person): string[] => person.take().map(({ name }) => name);

test('whoever_hangs_up_before_it_is_inside_has_hung_up_and_was_not_refused', async () => {
  const world = new World();
  const ann = world.person('ann');
  const joined = ann.mgr.joinRoom({ roomName: 'standup', role: 3 });
  const pushed = ann.mgr.pubStream('wx-1-abc').catch((error: any) => error);
  ann.mgr.exitConference();
  assert.deepEqual(ann.news(), ['ConferenceExit 0']);
  assert.equal((await world.settled(joined)).error, -1);
  assert.equal((await world.settled(pushed)).error, -507, 'what waited for the entry fails with it');
  assert.deepEqual(ann.take(), []);
  ann.mgr.exitConference();
  await world.wait(5000);
  assert.deepEqual(ann.take(), [], 'once');
});

test('a_second_join_while_the_first_is_under_way_takes_its_place_without_a_word', async () => {
  const world = new World();
  const ann = world.person('ann');
  const [first, second] = [1, 2].map(() => ann.mgr.joinRoom({ roomName: 'standup', role: 3 }));
  const pushed = ann.mgr.pubStream('wx-1-abc');
  const result = await world.settled(second);
  assert.equal((await world.settled(first)).error, -1);
  assert.deepEqual([result.confrId, names(ann)], [world.conference(), ['onMemberJoined']]);
  assert.match((await world.settled(pushed)).rtmp, /^rtmp:/);
  assert.deepEqual(Object.keys(world.server.conferences.people(world.conference())), ['ann']);
});

test('a_page_that_leaves_while_it_is_told_who_is_there_takes_no_stream_into_the_next_conference', async () => {
  const world = new World();
  const ann = world.person('ann');
  const listen = ann.mgr.onMemberJoined;
  ann.mgr.onMemberJoined = () => ann.mgr.exitConference();
  void ann.mgr.joinRoom({ roomName: 'standup', role: 3 });
  const early = ann.mgr.pubStream('wx-1-abc').catch((error: any) => ({ rejected: error }));
  await world.wait();
  assert.equal((await world.settled(early)).rejected?.error, -507);
  ann.mgr.onMemberJoined = listen;
  await world.settled(ann.mgr.joinRoom({ roomName: 'other', role: 3 }));
  assert.deepEqual(world.server.requests('publish'), []);
});

test('what_cannot_be_written_is_refused_by_the_promise_and_not_thrown', async () => {
  const { world, ann, confrId } = await two();
  const circle: any = {};
  circle.self = circle;
  const failed: any[] = [];
  const calls = { key: 'k', val: circle, confrId, error: (error: any) => failed.push(error.error) };
  await world.settled(ann.mgr.setConferenceAttrs(calls));
  assert.deepEqual(failed, [-405]);
  assert.equal((await world.settled(ann.mgr.setConferenceAttrs({ key: 'k', val: circle, confrId }))).rejected.error, -405);
  const bob = world.person('bob');
  const { rejected } = await world.settled(bob.mgr.joinConference(confrId, '', circle));
  assert.deepEqual([rejected.error, typeof rejected.message], [-405, 'string']);
  const { error, reason } = await world.settled(bob.mgr.joinRoom({ roomName: 'standup', role: 3, config: { ext: circle } }));
  assert.deepEqual([error, reason.error], [-1, -405]);
  assert.deepEqual(bob.take(), [], 'it was never inside');
});

test('arguments_of_other_types_are_refused_or_understood_and_never_thrown', async () => {
  const { world, ann, confrId } = await two();
  const odd = [undefined, null, 0, NaN, '', [], {}, () => 0, true, 'MS_X99999999999999999999999', -1];
  for (const one of odd) {
    for (const method of ['kickMembersById', 'grantRole', 'muteMembers', 'declineHand']) {
      const outcome = await world.settled(ann.mgr[method](confrId, one, one));
      assert.equal(typeof outcome.rejected?.error, 'number', `${method} ${String(one)}`);
    }
    for (const method of ['setConferenceAttrs', 'deleteConferenceAttrs', 'subStream']) {
      const outcome = await world.settled(ann.mgr[method](one));
      assert.equal(typeof (outcome.rejected?.error ?? outcome.error), 'number', `${method} ${String(one)}`);
    }
    const stranger = world.person('eve');
    for (const method of ['getConferenceTkt', 'getConferenceInfo', 'joinConference', 'joinConferenceWithTicket', 'destroyConference']) {
      const outcome = await world.settled(stranger.mgr[method](one, one, one));
      assert.equal(typeof outcome.rejected?.error, 'number', `${method} ${String(one)}`);
    }
    assert.equal((await world.settled(stranger.mgr.joinRoom(one)))?.confrId, undefined);
    assert.equal(stranger.mgr.exitConference(one, one), undefined);
  }
  assert.deepEqual(world.server.conferences.people(confrId), { ann: 'admin', bob: 'talker' });
});

test('callbacks_and_functions_of_options_that_throw_cost_nobody_anything', async () => {
  const { world, ann, bob, confrId } = await two();
  const thrown: string[] = [];
  const seen: string[] = [];
  const advance = world.clock.advance.bind(world.clock);
  world.clock.advance = (ms: number) => {
    try {
      advance(ms);
    } catch (error) {
      seen.push(String(error));
    }
  };
  for (const name of ['onMemberJoined', 'onMemberExited', 'onStreamAdded', 'onStreamRemoved', 'onRoleChanged', 'onConferenceExit']) {
    const listen = ann.mgr[name];
    ann.mgr[name] = (...args: any[]) => {
      listen(...args);
      thrown.push(name);
      throw new Error(name);
    };
  }
  world.server.stream({ text: 'standup' }, 'bob', 'main', true, true);
  await world.settled(ann.mgr.grantRole(confrId, [full('bob')], 7));
  await world.settled(bob.mgr.grantRole(confrId, [full('ann')], 1));
  ann.mgr.exitConference();
  await world.wait();
  assert.deepEqual(ann.news().pop(), 'ConferenceExit 0');
  assert.deepEqual(seen.sort(), thrown.map((name) => `Error: ${name}`).sort(), 'the console has them');
  const success = (): void => {
    throw new Error('success');
  };
  const written = bob.mgr.setConferenceAttrs({ key: 'k', val: 'v', confrId, success });
  assert.match(String((await world.settled(written)).rejected), /success/);
  assert.equal((await world.settled(bob.mgr.setConferenceAttrs({ key: 'k', val: 'w', confrId }))).error, 0);
});

test('a_stay_that_the_server_has_lost_is_told_by_its_code', async () => {
  const { world, bob } = await two();
  world.server.refuse('enter', 'session-gone');
  const eve = world.person('eve');
  const { rejected } = await world.settled(eve.mgr.joinConference(world.conference(), ''));
  assert.deepEqual([rejected.error, eve.one('onConferenceExit')], [-501, [2, -501]]);
  assert.deepEqual(bob.take().filter(({ name }) => name === 'onConferenceExit'), []);
});
