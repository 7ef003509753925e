import assert from 'node:assert/strict';
import test from 'node:test';
import { Clock, FakePlatform, FakeServer } from '../../conformance/src/index.js';
import { CALL_WITHIN_MS, Calls } from '../src/calls.js';
import type { CallsEvent, Outcome } from '../src/index.js';

/** One device of a user, with everything it is told, as texts. */
class Device {
  readonly told: string[] = [];
  readonly outcomes: string[] = [];
  readonly platform: FakePlatform;
  readonly calls: Calls;
  onEvent: (event: CallsEvent) => void = () => undefined;

  constructor(
    readonly user: string,
    readonly world: World,
    readonly device = `device-of-${user}`,
  ) {
    this.platform = new FakePlatform(world.clock, world.server);
    this.calls = new Calls(this.platform, { signal: 'wss://h/v1/signal', rtmp: 'rtmp://h/live' }, (event) => {
      this.told.push(short(event));
      this.onEvent(event);
    });
    this.calls.publish(`key-of-${user}`, true, false);
  }

  login(): this {
    this.calls.login({ app: 1, user: this.user, sig: 'sig', device: this.device, client: 'test/1' });
    return this;
  }

  call(...invitees: string[]): this {
    this.calls.call({ invitees, media: 'audio' }, this.noted);
    return this;
  }

  readonly noted = (outcome: Outcome): void => {
    this.outcomes.push('call' in outcome ? `ok ${outcome.call.you}` : outcome.error.code);
  };

  news(): string[] {
    return this.told.splice(0);
  }
}

class World {
  readonly clock = new Clock();
  readonly server = new FakeServer(this.clock);

  /** Somebody who is logged in. */
  device(user: string, device?: string): Device {
    const made = new Device(user, this, device).login();
    this.wait(100);
    made.news();
    return made;
  }

  wait(ms: number): this {
    this.clock.advance(ms);
    return this;
  }
}

function short(event: CallsEvent): string {
  switch (event.type) {
    case 'ready':
      return event.again ? 'ready again' : 'ready';
    case 'invited':
      return `invited by ${event.call.caller}`;
    case 'participant':
      return `${event.user} ${event.state}`;
    case 'over':
      return `over ${event.reason} ${event.durationMs}`;
    case 'room':
      return event.event.type === 'memberJoined' || event.event.type === 'memberLeft' ? `${event.event.type} ${event.event.user}` : event.event.type;
    case 'closed':
      return `closed ${event.end.why}`;
    default:
      return event.type;
  }
}

test('two_people_ring_talk_and_hang_up', () => {
  const world = new World();
  const [ann, bob] = [world.device('ann'), world.device('bob')];
  ann.call('bob');
  world.wait(200);
  assert.deepEqual(ann.outcomes, ['ok calling']);
  assert.deepEqual(bob.news(), ['invited by ann']);
  bob.calls.accept(bob.noted);
  world.wait(200);
  assert.deepEqual(bob.outcomes, ['ok connected']);
  assert.deepEqual(ann.news(), ['joined', 'role', 'bob connected', 'answered', 'memberJoined bob']);
  assert.deepEqual(bob.news().filter((what) => what !== 'role'), ['answered', 'joined', 'memberJoined ann']);
  assert.deepEqual(world.server.published('ann'), [{ stream: 'main', key: 'key-of-ann', audio: true, video: false }]);
  world.wait(5000);
  ann.calls.hangup(ann.noted);
  assert.equal(ann.calls.current, null, 'it is over here at once');
  world.wait(200);
  assert.deepEqual(ann.news(), []);
  const [over] = bob.news().filter((what) => what.startsWith('over'));
  assert.match(over ?? '', /^over hungUp 5\d\d\d$/);
  assert.equal(bob.calls.current, null);
});

test('devices_live_beside_each_other_and_the_first_answer_counts', () => {
  const world = new World();
  const [phone, pad] = [world.device('bob', 'phone-of-bob-0001'), world.device('bob', 'pad-of-bob-000001')];
  world.server.calls.invite('ann', ['bob'], 'audio');
  world.wait(100);
  assert.deepEqual([phone.news(), pad.news()], [['invited by ann'], ['invited by ann']]);
  pad.calls.accept(pad.noted);
  world.wait(100);
  assert.deepEqual(phone.news(), ['over answeredElsewhere 0']);
  assert.equal(pad.calls.current?.you, 'connected');
  pad.calls.hangup(pad.noted);
  world.wait(100).server.calls.invite('ann', ['bob'], 'audio');
  world.wait(100);
  pad.news();
  phone.calls.reject(phone.noted);
  world.wait(100);
  assert.deepEqual(pad.news(), ['over refusedElsewhere 0']);
});

test('who_calls_each_other_is_connected_without_ringing', () => {
  const world = new World();
  const [ann, bob] = [world.device('ann'), world.device('bob')];
  ann.call('bob');
  bob.call('ann');
  world.wait(200);
  assert.deepEqual([ann.outcomes, bob.outcomes], [['ok calling'], ['ok connected']]);
  assert.ok(!bob.news().some((what) => what.startsWith('invited')));
  assert.equal(ann.calls.current?.call, bob.calls.current?.call);
  assert.equal(ann.calls.current?.you, 'connected');
});

test('an_invitation_that_crosses_a_refused_call_rings_after_it', () => {
  const world = new World();
  const bob = world.device('bob');
  world.server.calls.invite('ann', ['bob', 'cid'], 'audio');
  bob.call('dan');
  world.wait(100);
  assert.deepEqual(bob.outcomes, ['call-busy']);
  assert.deepEqual(bob.news(), ['invited by ann']);
});

test('a_call_whose_answer_was_lost_is_made_once', () => {
  const world = new World();
  const ann = world.device('ann');
  world.device('bob');
  ann.call('bob');
  world.wait(15).server.dropAll();
  world.wait(5000);
  assert.deepEqual(ann.outcomes, ['ok calling']);
  assert.equal(world.server.requests('call' as never).length, 2);
  assert.equal(new Set(world.server.requests('call' as never).map(({ ref }: any) => ref)).size, 1);
});

test('a_call_that_nobody_can_make_is_given_up_and_ended_if_it_was_made', () => {
  const world = new World();
  const ann = world.device('ann');
  ann.call('bob');
  world.wait(15).server.unreachable = true;
  world.server.dropAll();
  world.wait(CALL_WITHIN_MS + 100);
  assert.deepEqual(ann.outcomes, ['timeout']);
  world.server.unreachable = false;
  world.wait(10_000);
  assert.equal(world.server.calls.of('ann'), null, 'nobody rings for ever');
  assert.equal(ann.calls.current, null);
});

test('hanging_up_before_the_answer_ends_what_the_server_makes_of_it', () => {
  const world = new World();
  const [ann, bob] = [world.device('ann'), world.device('bob')];
  ann.call('bob');
  ann.calls.hangup(ann.noted);
  assert.deepEqual(ann.outcomes, ['call-gone', 'call-gone'], 'neither the call nor its end waits for the server');
  world.wait(300);
  assert.deepEqual(bob.news(), ['invited by ann', 'over cancelled 0']);
  assert.equal(world.server.calls.of('ann'), null);
});

test('a_hang_up_over_a_dead_socket_arrives_later', () => {
  const world = new World();
  const [ann, bob] = [world.device('ann'), world.device('bob')];
  ann.call('bob');
  world.wait(100);
  bob.calls.accept(bob.noted);
  world.wait(100);
  world.server.mute = true;
  ann.calls.hangup(ann.noted);
  world.server.dropAll();
  world.server.mute = false;
  world.wait(5000);
  assert.equal(world.server.calls.of('bob'), null);
  assert.equal(ann.outcomes.length, 2);
});

test('a_call_outlives_a_lost_socket_and_dies_with_its_session', () => {
  const world = new World();
  const ann = world.device('ann');
  ann.call('bob');
  world.wait(100).server.calls.accept('bob');
  world.wait(100).server.dropAll();
  world.wait(3000);
  assert.equal(ann.calls.current?.you, 'connected');
  ann.news();
  world.server.expire('ann');
  world.server.dropAll();
  world.wait(3000);
  assert.match(ann.news().join(), /over lost \d+/);
  assert.equal(ann.calls.current, null);
});

test('an_invitation_goes_on_ringing_in_a_new_session', () => {
  const world = new World();
  const bob = world.device('bob');
  world.server.calls.invite('ann', ['bob'], 'audio');
  world.wait(100).server.expire('bob');
  world.server.dropAll();
  world.wait(3000);
  assert.deepEqual(bob.news(), ['invited by ann', 'interrupted', 'resumed']);
  bob.calls.accept(bob.noted);
  world.wait(100);
  assert.deepEqual(bob.outcomes, ['ok connected']);
});

test('an_invitation_that_ended_meanwhile_stops_ringing_in_a_new_session', () => {
  const world = new World();
  const bob = world.device('bob');
  const id = world.server.calls.invite('ann', ['bob'], 'audio');
  world.wait(100).server.expire('bob');
  world.server.dropAll();
  world.server.calls.end(id, 'cancelled');
  world.wait(3000);
  assert.deepEqual(bob.news(), ['invited by ann', 'interrupted', 'resumed', 'over lost 0']);
});

test('a_snapshot_says_which_calls_there_are', () => {
  const world = new World();
  const bob = world.device('bob');
  world.server.replay = 0;
  const id = world.server.calls.invite('ann', ['bob'], 'audio');
  world.wait(100).server.dropAll();
  world.server.calls.end(id, 'cancelled');
  world.server.calls.invite('cid', ['bob'], 'video');
  world.wait(3000);
  assert.deepEqual(bob.news(), ['invited by ann', 'interrupted', 'resumed', 'over lost 0', 'invited by cid']);
});

test('ringing_ends_without_the_server_when_it_cannot_be_reached', () => {
  const world = new World();
  const bob = world.device('bob');
  world.server.calls.invite('ann', ['bob'], 'audio', { timeoutMs: 5000 });
  world.wait(100).server.unreachable = true;
  world.server.dropAll();
  world.wait(12_000);
  assert.deepEqual(bob.news(), ['invited by ann', 'interrupted', 'over timedOut 0']);
});

test('whoever_was_out_of_reach_for_long_is_reachable_again_later', () => {
  const world = new World();
  const bob = world.device('bob');
  world.server.unreachable = true;
  world.server.dropAll();
  world.server.expire('bob');
  world.wait(11 * 60_000);
  assert.deepEqual(bob.news().slice(0, 2), ['interrupted', 'unreachable']);
  world.server.unreachable = false;
  world.wait(2 * 60_000);
  assert.deepEqual(bob.news().slice(-1), ['ready again']);
  world.server.calls.invite('ann', ['bob'], 'audio');
  world.wait(100);
  assert.deepEqual(bob.news(), ['invited by ann']);
});

test('a_refused_login_is_told_and_nothing_goes_on', () => {
  const world = new World();
  world.server.refuse('hello', 'bad-credential');
  const bob = new Device('bob', world).login();
  world.wait(60_000);
  assert.deepEqual(bob.news(), ['closed refused']);
  assert.deepEqual([world.clock.armed, bob.platform.subscriptions], [0, 0]);
});

test('the_same_device_elsewhere_ends_the_login_and_its_call', () => {
  const world = new World();
  const ann = world.device('ann');
  ann.call('bob');
  world.wait(100).server.calls.accept('bob');
  world.wait(100);
  ann.news();
  world.device('ann');
  assert.match(ann.news().join(), /^over sessionEnded [1-9]\d*,closed ended$/);
});

test('a_second_invitation_is_answered_busy_without_a_word', () => {
  const world = new World();
  const bob = world.device('bob');
  world.server.calls.invite('ann', ['bob'], 'audio');
  world.wait(100);
  bob.news();
  const call = { call: 'stray', caller: 'cid', media: 'audio', room: { number: 9 }, ringingMs: 1000, startedMs: 0, you: 'ringing', participants: [] };
  world.server.push('bob', { ev: 'invited', call } as never);
  world.wait(100);
  assert.deepEqual(bob.news(), []);
  assert.deepEqual(world.server.requests('reject' as never).map(({ call: id, busy }: any) => [id, busy]), [['stray', true]]);
});

test('a_group_is_connected_by_its_first_answer_and_told_of_everybody', () => {
  const world = new World();
  const ann = world.device('ann');
  ann.call('bob', 'cid', 'dan');
  world.wait(100);
  world.server.calls.leave('cid', 'rejected');
  world.server.calls.accept('bob');
  world.wait(30_000);
  const news = ann.news().filter((what) => what !== 'joined' && what !== 'role');
  assert.deepEqual(news, ['cid rejected', 'bob connected', 'answered', 'dan unreachable']);
  assert.equal(ann.calls.current?.you, 'connected');
});

test('a_busy_line_leaves_nobody_in_the_room_of_its_call', () => {
  const world = new World();
  const [ann] = [world.device('ann'), world.device('bob')];
  world.server.calls.invite('cid', ['bob'], 'audio');
  world.wait(100);
  ann.call('bob');
  world.wait(200);
  assert.deepEqual([ann.outcomes, ann.news()], [['ok calling'], ['over busy 0']]);
  world.server.calls.invite('dan', ['ann'], 'audio');
  world.wait(100);
  ann.calls.accept(ann.noted);
  world.wait(200);
  assert.deepEqual(ann.news().filter((what) => what !== 'role'), ['invited by dan', 'answered', 'joined']);
});

test('a_room_that_cannot_be_entered_ends_the_call', () => {
  const world = new World();
  const ann = world.device('ann');
  world.server.refuse('join', 'may-not-enter');
  ann.call('bob');
  world.wait(300);
  assert.deepEqual(ann.news(), ['over lost 0']);
  assert.equal(world.server.calls.of('ann'), null);
});

test('a_room_that_cannot_be_entered_for_the_moment_is_tried_again', () => {
  const world = new World();
  const ann = world.device('ann');
  world.server.refuse('join', 'rate-limited', 'later');
  world.server.refuse('join', 'rate-limited', 'later');
  ann.call('bob');
  world.wait(300);
  assert.deepEqual(ann.news(), []);
  world.wait(3000);
  assert.deepEqual(ann.news(), ['joined', 'role']);
  world.server.refuse('join', 'rate-limited', 'later');
  const bob = world.device('bob');
  bob.calls.accept(bob.noted);
  world.wait(100);
  bob.calls.hangup(bob.noted);
  world.wait(5000);
  assert.deepEqual(bob.news().filter((what) => what !== 'answered'), [], 'an end ends that, too');
});

test('logging_out_leaves_first_and_leaves_nothing_behind', () => {
  const world = new World();
  const [ann, bob] = [world.device('ann'), world.device('bob')];
  ann.call('bob');
  world.wait(100);
  ann.calls.logout();
  world.wait(1000);
  assert.deepEqual(bob.news(), ['invited by ann', 'over cancelled 0']);
  assert.deepEqual(ann.news().filter((what) => what !== 'joined' && what !== 'role'), []);
  assert.equal(ann.platform.subscriptions, 0);
  world.server.calls.invite('cid', ['ann'], 'audio');
  world.wait(1000);
  assert.deepEqual(ann.news(), []);
});

test('a_repeated_call_whose_first_one_is_over_by_then_is_gone', () => {
  const world = new World();
  const ann = world.device('ann');
  world.device('bob');
  ann.call('bob');
  world.wait(15).server.dropAll();
  world.server.calls.leave('bob', 'rejected');
  world.wait(5000);
  assert.deepEqual(ann.outcomes, ['call-gone'], 'it rings nowhere a second time');
  assert.deepEqual([ann.calls.current, world.server.calls.of('bob')], [null, null]);
});

test('the_caller_sees_that_an_invitee_who_was_not_there_rings_now', () => {
  const world = new World();
  const ann = world.device('ann');
  ann.call('bob');
  world.wait(100);
  assert.deepEqual(ann.calls.current?.participants, [{ user: 'ann', state: 'calling' }, { user: 'bob', state: 'offline' }]);
  const bob = new Device('bob', world).login();
  world.wait(100);
  assert.deepEqual(bob.news(), ['ready', 'invited by ann']);
  assert.deepEqual(ann.news().filter((what) => what !== 'joined' && what !== 'role'), ['bob ringing']);
});

test('who_is_away_when_called_rings_on_its_return', () => {
  const world = new World();
  const [ann, bob] = [world.device('ann'), world.device('bob')];
  bob.platform.hide();
  world.server.dropAll();
  bob.platform.network(false);
  world.server.unreachable = true;
  world.wait(100).server.unreachable = false;
  ann.call('bob');
  world.wait(20_000);
  assert.deepEqual(bob.news().filter((what) => what.startsWith('invited')), ['invited by ann']);
  assert.deepEqual(ann.calls.current?.participants[1], { user: 'bob', state: 'ringing' });
});

test('who_is_not_in_a_group_of_the_back_end_is_not_called_in_it', () => {
  const world = new World();
  world.server.calls.groups.set('team', ['ann', 'bob']);
  const ann = world.device('ann');
  const call = (group: string, ...invitees: string[]): void => ann.calls.call({ invitees, media: 'audio', group }, ann.noted);
  call('team', 'bob', 'cid');
  world.wait(100);
  call('of another product', 'cid');
  world.wait(100);
  assert.deepEqual(ann.outcomes, ['not-in-group', 'ok calling']);
});

test('a_call_of_the_back_end_is_answered_when_two_have_accepted', () => {
  const world = new World();
  const [ann, bob] = [world.device('ann'), world.device('bob')];
  world.server.calls.ring('ann', ['bob'], 'audio');
  world.wait(100);
  assert.deepEqual([ann.news(), bob.news()], [['invited by bob'], ['invited by ann']]);
  ann.calls.accept(ann.noted);
  world.wait(2000);
  assert.deepEqual([ann.news().includes('answered'), ann.calls.current?.you, ann.calls.connectedMs], [false, 'connected', 0]);
  bob.calls.accept(bob.noted);
  world.wait(100);
  assert.ok(ann.news().includes('answered') && bob.news().includes('answered'));
  assert.ok(ann.calls.connectedMs > 0 && ann.calls.connectedMs < 200);
});

test('who_waits_for_the_other_one_of_a_call_of_the_back_end_can_leave', () => {
  const world = new World();
  const [ann, bob] = [world.device('ann'), world.device('bob')];
  world.server.calls.ring('ann', ['bob'], 'audio');
  world.wait(100);
  ann.calls.accept(ann.noted);
  world.wait(100);
  ann.calls.reject(ann.noted);
  world.wait(100);
  assert.equal(world.server.calls.of('ann'), null, 'a refusal that comes too late leaves');
  assert.deepEqual(bob.news(), ['invited by ann', 'over hungUp 0']);
  assert.deepEqual(ann.outcomes, ['ok connected', 'ok connected']);
});
