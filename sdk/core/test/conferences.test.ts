import assert from 'node:assert/strict';
import test from 'node:test';
import { Clock, FakePlatform, FakeServer } from '../../conformance/src/index.js';
import { ANSWER_WITHIN_MS, Conferences, IDLE_MS } from '../src/conferences.js';
import { ConferenceView } from '../src/conference-view.js';
import type { ConferenceEvent, ConferenceState, Entered, Entrance, RoomState } from '../src/index.js';

const ROOM = { text: 'standup' };

/** One device of a user, with everything it is told, as texts. */
class Device {
  readonly told: string[] = [];
  readonly entries: string[] = [];
  readonly platform: FakePlatform;
  readonly conferences: Conferences;
  onEvent: (event: ConferenceEvent) => void = () => undefined;

  constructor(
    readonly user: string,
    readonly world: World,
  ) {
    this.platform = new FakePlatform(world.clock, world.server);
    this.conferences = new Conferences(this.platform, { signal: 'wss://h/v1/signal', rtmp: 'rtmp://h/live' }, (event) => {
      this.told.push(short(event));
      this.onEvent(event);
    });
    this.login();
  }

  login(user = this.user): void {
    this.conferences.login({ app: 1, user, sig: 'sig', device: `device-of-${user}`, client: 'test/1' });
  }

  enter(entrance: Entrance = { way: { room: ROOM } }): this {
    this.conferences.enter(entrance, (entered: Entered) =>
      this.entries.push('state' in entered ? `in as ${entered.state.you.role}` : `${entered.at}: ${entered.error.code}`),
    );
    return this;
  }

  news(): string[] {
    return this.told.splice(0);
  }

  results(): string[] {
    return this.entries.splice(0);
  }

  /** Registers a stream; gives what the server says to it, once it has. */
  publish(key: string, audio = true, video = true): string[] {
    const said: string[] = [];
    this.conferences.publish('main', key, audio, video, (asked) => said.push('ok' in asked ? 'ok' : asked.error.code));
    return said;
  }
}

class World {
  readonly clock = new Clock();
  readonly server = new FakeServer(this.clock);

  device(user: string): Device {
    return new Device(user, this);
  }

  /** Several people inside, in this order. */
  inside(...users: string[]): Device[] {
    const all = users.map((user) => {
      const device = this.device(user).enter();
      this.wait(200);
      return device;
    });
    all.forEach((device) => (device.news(), device.results()));
    return all;
  }

  get name(): string {
    return this.server.conferences.inRoom(ROOM) ?? '';
  }

  wait(ms: number): this {
    this.clock.advance(ms);
    return this;
  }
}

function short(event: ConferenceEvent): string {
  switch (event.type) {
    case 'entered':
      return event.again ? 'entered again' : 'entered';
    case 'memberEntered':
    case 'memberRole':
      return `${event.type} ${event.member.user} ${event.member.role}`;
    case 'memberExited':
      return `memberExited ${event.member.user} ${event.reason}`;
    case 'streamAdded':
    case 'streamChanged':
      return `${event.type} ${event.stream.member.user} ${event.stream.audio} ${event.stream.video}`;
    case 'streamRemoved':
      return `streamRemoved ${event.stream.member.user} ${event.reason}`;
    case 'memberAway':
      return `memberAway ${event.member.user} ${event.away}`;
    case 'role':
      return `role ${event.role}`;
    case 'hand':
      return `hand ${event.member.user} ${event.up}`;
    case 'attributes':
      return `attributes ${JSON.stringify(event.changes)}`;
    case 'over':
      return `over ${event.reason} ${event.failure?.code ?? ''}`.trim();
    default:
      return event.type;
  }
}

test('whoever_enters_is_told_everything_in_order_and_then_has_its_answer', () => {
  const world = new World();
  const [ann] = world.inside('ann') as [Device];
  world.server.conferences.enter(world.name, 'gus', 'talker', 'Gus');
  world.server.stream(ROOM, 'gus', 'main', true, true);
  const bob = world.device('bob').enter();
  bob.onEvent = ({ type }) => type === 'settled' && assert.deepEqual(bob.entries, []);
  world.wait(200);
  assert.deepEqual(bob.news(), ['entered', 'memberEntered ann admin', 'memberEntered gus talker', 'streamAdded gus true true', 'settled']);
  assert.deepEqual(bob.results(), ['in as talker']);
  assert.equal(ann.conferences.members.length, 2);
  assert.ok(world.server.members(ROOM).includes('bob'));
  bob.conferences.leave();
  assert.equal(bob.conferences.state, null);
  world.wait(100);
  assert.deepEqual(bob.news(), []);
  assert.equal(ann.news().pop(), 'memberExited bob left');
});

test('a_refused_ticket_and_a_refused_entry_are_told_apart', () => {
  const world = new World();
  const [ann] = world.inside('ann') as [Device];
  assert.ok(ann);
  const bob = world.device('bob');
  bob.enter({ way: { conference: 'k-none' } });
  world.wait(200);
  bob.enter({ way: { conference: world.name }, ticket: 'made up' });
  world.wait(200);
  world.server.refuse('enter', 'talkers-full', 'later');
  bob.enter();
  world.wait(200);
  assert.deepEqual(bob.results(), ['ticket: no-conference', 'enter: ticket-invalid', 'enter: talkers-full']);
  assert.deepEqual(bob.news(), []);
});

test('a_reply_that_is_lost_with_its_socket_costs_nothing', () => {
  const world = new World();
  world.inside('ann');
  const bob = world.device('bob');
  world.wait(100);
  bob.enter();
  world.wait(35); // the entry is on its way
  world.server.dropAll();
  world.wait(5000);
  assert.deepEqual(bob.results(), ['in as talker']);
  assert.deepEqual(bob.news().filter((what) => what === 'entered'), ['entered']);
  assert.equal(world.server.conferences.people(world.name)['bob'], 'talker');
});

test('no_answer_in_time_is_the_fault_of_the_network', () => {
  const world = new World();
  const bob = world.device('bob');
  world.wait(100);
  world.server.mute = true;
  bob.enter();
  world.wait(ANSWER_WITHIN_MS + 100);
  assert.deepEqual(bob.results(), ['ticket: timeout']);
  assert.equal(bob.conferences.busy, false);
});

test('a_place_that_was_lost_with_its_session_is_taken_again_with_what_was_sent', () => {
  const world = new World();
  const [ann, bob] = world.inside('ann', 'bob') as [Device, Device];
  bob.publish('key-of-bob');
  world.wait(100);
  ann.news();
  world.server.expire('bob');
  world.server.dropAll();
  world.wait(5000);
  assert.deepEqual(bob.news().filter((what) => !/interrupted|resumed/.test(what)), ['entered again', 'memberEntered ann admin', 'settled']);
  assert.deepEqual(world.server.published('bob').map(({ key }) => key), ['key-of-bob']);
  assert.deepEqual(bob.publish('key-of-bob'), ['ok'], 'and is known to be there');
  assert.deepEqual(bob.results(), [], 'the entry was answered long ago');
});

test('who_has_no_place_for_its_camera_when_it_comes_back_sends_sound_until_there_is_one', () => {
  for (const audio of [true, false]) {
    const world = new World();
    const ann = world.device('ann').enter({ way: { room: ROOM, settings: { maxVideos: 1 } } });
    world.wait(200);
    const bob = world.device('bob').enter();
    world.wait(200);
    bob.publish('key-of-bob', audio, true);
    world.wait(100);
    world.server.unreachable = true;
    world.server.expire('bob');
    world.server.dropAll();
    world.wait(1000);
    world.server.unreachable = false;
    const wanted = ann.publish('key-of-ann');
    world.wait(4000);
    assert.deepEqual([wanted, bob.told.includes('entered again')], [['ok'], true]);
    assert.deepEqual(world.server.published('bob').map((stream) => [stream.audio, stream.video]), [[audio, false]]);
    assert.deepEqual(bob.publish('key-of-bob', audio, true), [], 'is not taken for something that is known');
    ann.publish('key-of-ann', true, false);
    world.wait(60_000);
    assert.deepEqual(world.server.published('bob').map((stream) => [stream.audio, stream.video]), [[audio, true]]);
  }
});

test('after_a_restart_of_the_server_everybody_is_in_the_same_conference_as_what_it_was', () => {
  const world = new World();
  const [ann, bob] = [world.device('ann'), world.device('bob')];
  for (const device of [ann, bob]) {
    device.enter({ way: { room: ROOM, password: 'pw' } });
    world.wait(200);
  }
  const { name } = world;
  world.server.conferences.act(name, { op: 'grant', conference: name, users: ['bob'], role: 'admin' });
  world.wait(100);
  [ann, bob].forEach((device) => (device.news(), device.results()));
  world.server.restart();
  world.wait(10_000);
  assert.equal(world.name, name);
  assert.deepEqual(world.server.conferences.people(name), { ann: 'admin', bob: 'admin' });
  assert.ok(bob.news().includes('entered again'));
  assert.equal(bob.conferences.state?.you.role, 'admin');
});

test('who_came_with_a_ticket_alone_is_told_after_a_restart_that_it_needs_another_one', () => {
  const world = new World();
  const ann = world.device('ann').enter({ way: { room: ROOM, password: 'pw' } });
  world.wait(200);
  const bob = world.device('bob');
  let ticket = '';
  bob.conferences.ask({ op: 'ticket', conference: world.name, password: 'pw' }, (asked) => {
    ticket = 'ok' in asked && asked.ok.op === 'ticket' ? asked.ok.ticket : '';
  });
  world.wait(200);
  bob.enter({ way: { conference: world.name }, ticket });
  world.wait(200);
  assert.deepEqual(bob.results(), ['in as talker']);
  bob.news();
  world.server.restart();
  world.wait(10_000);
  assert.deepEqual(bob.news(), ['interrupted', 'over failed ticket-void']);
  assert.equal(ann.conferences.state?.conference, world.name);
});

test('a_seat_that_timed_out_is_taken_again_and_one_that_was_taken_away_is_not', () => {
  const world = new World();
  const [, bob] = world.inside('ann', 'bob') as [Device, Device];
  world.server.conferences.exit(world.name, 'bob', 'failed');
  world.wait(500);
  assert.deepEqual(bob.news(), ['entered again', 'memberEntered ann admin', 'settled']);
  world.server.conferences.act(world.name, { op: 'kick', conference: world.name, users: ['bob'] });
  world.wait(500);
  assert.deepEqual(bob.news(), ['over removed']);
  assert.ok(!('bob' in world.server.conferences.people(world.name)));
});

test('who_was_away_when_its_conference_ended_is_told_so_and_begins_no_other', () => {
  const world = new World();
  const [, bob] = world.inside('ann', 'bob') as [Device, Device];
  world.server.unreachable = true;
  world.server.dropAll();
  world.wait(1000);
  world.server.conferences.act(world.name, { op: 'destroy', conference: world.name });
  world.server.expire('ann');
  world.server.expire('bob');
  world.server.unreachable = false;
  world.wait(20_000);
  assert.deepEqual(bob.news(), ['interrupted', 'over closed']);
  assert.equal(world.name, '', 'nobody has made another one');
});

test('who_was_put_out_while_it_was_away_for_long_is_told_so_and_does_not_come_back_by_itself', () => {
  const world = new World();
  const [ann, bob] = world.inside('ann', 'bob') as [Device, Device];
  world.server.unreachable = true;
  world.server.dropAll();
  world.wait(1000);
  world.server.conferences.act(world.name, { op: 'kick', conference: world.name, users: ['bob'] });
  world.server.expire('bob');
  world.server.unreachable = false;
  world.wait(20_000);
  assert.deepEqual(bob.news(), ['interrupted', 'over removed']);
  assert.deepEqual(Object.keys(world.server.conferences.people(world.name)), ['ann']);
  bob.enter();
  world.wait(500);
  assert.deepEqual(bob.results(), ['in as talker'], 'who means to come back may');
  assert.equal(ann.conferences.members.length, 1);
});

test('how_long_the_network_was_gone_is_told_from_the_first_question_without_an_answer_on', () => {
  const world = new World();
  const [ann] = world.inside('ann') as [Device];
  const lost: number[] = [];
  ann.onEvent = (event) => event.type === 'resumed' && lost.push(event.lostMs);
  world.server.dropAll();
  world.wait(5000);
  world.server.mute = true;
  world.wait(world.server.heartbeatMs + 9000);
  world.server.mute = false;
  world.wait(10_000);
  assert.equal(lost.length, 2);
  assert.ok((lost[0] ?? 0) < 2000 && (lost[1] ?? 0) >= 9000, lost.join());
});

test('what_is_asked_while_the_server_restarts_its_next_start_answers', () => {
  const world = new World();
  const [ann] = world.inside('ann') as [Device];
  assert.ok(ann);
  const bob = world.device('bob');
  world.wait(100);
  world.server.refuse('ticket', 'shutting-down', 'later');
  bob.enter();
  world.wait(100);
  assert.deepEqual(bob.results(), []);
  world.server.restart();
  world.wait(10_000);
  assert.deepEqual(bob.results(), ['in as talker']);
});

test('keys_of_attributes_may_be_any_text', () => {
  const view = new ConferenceView();
  const you = { member: 1, user: 'ann', role: 'admin' as const };
  const with_ = (json: string): ConferenceState => ({ conference: 'k', kind: 'ordinary', you, members: [], attributes: JSON.parse(json) as Record<string, string> });
  const room: RoomState = { room: ROOM, scene: 'rtc', role: 'publisher', members: [], audience: 0 };
  const odd = '{"__proto__":"a","constructor":"b","":"c"}';
  const told = (events: ConferenceEvent[]): unknown[] => events.flatMap((event) => (event.type === 'attributes' ? event.changes : []));
  const all = [{ key: '__proto__', value: 'a' }, { key: 'constructor', value: 'b' }, { key: '', value: 'c' }];
  assert.deepEqual(told(view.entered(with_(odd), room)), all);
  assert.deepEqual(told(view.snapshot(with_(odd), room)), [], 'is known');
  assert.deepEqual(told(view.snapshot(with_('{}'), room)), all.map(({ key }) => ({ key })));
});

test('who_shows_another_name_is_the_same_member', () => {
  const view = new ConferenceView();
  const you = { member: 1, user: 'ann', role: 'admin' as const };
  const gus = { member: 2, user: 'gus', role: 'talker' as const };
  const state: ConferenceState = { conference: 'k', kind: 'ordinary', you, members: [gus], attributes: {} };
  const sends = { stream: 'main' as const, audio: true, video: false, play: 'p' };
  const room: RoomState = {
    room: ROOM, scene: 'rtc', role: 'publisher', audience: 0, members: [{ user: 'gus', away: false, streams: [sends] }],
  };
  view.entered(state, room);
  const named = { ...gus, nick: 'Gus' };
  assert.deepEqual(view.push({ ev: 'conferenceJoined', member: named }), [], 'nobody came');
  assert.deepEqual(view.roster.members, [named]);
  assert.deepEqual(view.roster.streams.map(({ member }) => member.nick), ['Gus']);
});

test('after_a_long_gap_the_difference_is_told', () => {
  const world = new World();
  const [ann, bob] = world.inside('ann', 'bob') as [Device, Device];
  world.server.conferences.enter(world.name, 'gus');
  world.server.stream(ROOM, 'gus', 'main', true, false);
  world.wait(100);
  bob.news();
  world.server.replay = 1;
  world.server.unreachable = true;
  world.server.dropAll();
  world.server.conferences.exit(world.name, 'gus', 'removed');
  world.server.conferences.enter(world.name, 'gia');
  world.server.conferences.act(world.name, { op: 'grant', conference: world.name, users: ['bob'], role: 'admin' });
  world.server.conferences.act(world.name, { op: 'attributes', conference: world.name, changes: [{ key: 'a', value: '1' }] });
  world.server.conferences.act(world.name, { op: 'mute', conference: world.name, users: ['bob'], audio: true, video: false });
  world.server.unreachable = false;
  world.wait(5000);
  const news = bob.news().filter((what) => !/interrupted|resumed/.test(what));
  assert.deepEqual(news, [
    'streamRemoved gus null', 'memberExited gus null', 'memberEntered gia talker', 'role admin', 'muted', 'attributes [{"key":"a","value":"1"}]',
  ]);
  assert.equal(ann.conferences.members.length, 2);
});

test('whose_connection_is_lost_is_told_at_once_at_an_entry_and_after_a_gap', () => {
  const world = new World();
  const [ann] = world.inside('ann') as [Device];
  ['gus', 'gia'].forEach((user) => world.server.conferences.enter(world.name, user));
  world.server.away(ROOM, 'gus', true);
  world.wait(100);
  assert.deepEqual(ann.news(), ['memberEntered gus talker', 'memberEntered gia talker', 'memberAway gus true']);
  assert.deepEqual([ann.conferences.away('gus'), ann.conferences.away('gia')], [true, false]);
  const bob = world.device('bob').enter();
  world.wait(200);
  assert.ok(bob.news().indexOf('memberAway gus true') > 0 && bob.conferences.away('gus'), 'who comes later is told it, too');
  bob.news();
  world.server.replay = 1;
  world.server.unreachable = true;
  world.server.dropAll();
  world.server.away(ROOM, 'gus', false);
  world.server.away(ROOM, 'gia', true);
  world.server.unreachable = false;
  world.wait(5000);
  assert.deepEqual(bob.news().filter((what) => /Away/.test(what)), ['memberAway gus false', 'memberAway gia true']);
  world.server.away(ROOM, 'gia', true);
  world.wait(100);
  assert.deepEqual(bob.news(), [], 'what is known is not told again');
});

test('to_leave_is_brought_to_the_server_however_long_it_takes', () => {
  const world = new World();
  const [ann, bob] = world.inside('ann', 'bob') as [Device, Device];
  world.server.unreachable = true;
  world.server.dropAll();
  bob.conferences.leave('busy');
  world.wait(5000);
  world.server.unreachable = false;
  world.wait(15_000);
  assert.ok(ann.news().includes('memberExited bob busy'));
  assert.deepEqual(world.server.requests('leave').map(({ reason }) => reason), ['busy']);
});

test('to_leave_before_the_answer_leaves_no_ghost', () => {
  const world = new World();
  const [ann] = world.inside('ann') as [Device];
  for (const after of [5, 15, 25, 35]) {
    const bob = world.device('bob');
    world.wait(100);
    bob.enter();
    world.wait(after);
    bob.conferences.leave();
    assert.match(bob.results()[0] ?? '', /not-in-conference/);
    world.wait(200);
    assert.deepEqual(world.server.conferences.people(world.name), { ann: 'admin' }, `${after} ms`);
    bob.conferences.logout();
    world.wait(100);
  }
  assert.ok(ann.conferences.state);
});

test('streams_are_registered_until_an_admin_takes_the_right_away', () => {
  const world = new World();
  const [ann, bob] = world.inside('ann', 'bob') as [Device, Device];
  const said = bob.publish('key-1');
  world.wait(100);
  assert.deepEqual(said, ['ok']);
  const grant = (role: 'audience' | 'talker'): void =>
    ann.conferences.ask({ op: 'grant', conference: world.name, users: ['bob'], role }, () => undefined);
  grant('audience');
  world.wait(100);
  assert.deepEqual(bob.news(), ['role audience']);
  assert.deepEqual(bob.publish('key-1'), ['may-not-publish']);
  assert.deepEqual(world.server.published('bob'), []);
  grant('talker');
  world.wait(100);
  assert.deepEqual(world.server.published('bob'), [], 'nothing is sent unasked');
  const again = bob.publish('key-1');
  world.wait(100);
  assert.deepEqual([again, world.server.published('bob').length], [['ok'], 1]);
});

test('a_listener_of_a_live_conference_becomes_a_talker_and_the_others_see_it_then', () => {
  const world = new World();
  const live = { way: { room: ROOM, settings: { kind: 'live' as const } } };
  const [ann, bob] = [world.device('ann').enter(live), world.device('bob')];
  world.wait(200);
  bob.enter(live);
  world.wait(200);
  assert.deepEqual(bob.results(), ['in as audience']);
  assert.equal(ann.news().some((what) => what.includes('bob')), false);
  bob.conferences.ask({ op: 'hand', up: true }, () => undefined);
  world.wait(100);
  assert.deepEqual(ann.news(), ['hand bob true']);
  ann.conferences.ask({ op: 'grant', conference: world.name, users: ['bob'], role: 'talker' }, () => undefined);
  world.wait(100);
  assert.ok(bob.news().includes('role talker'));
  assert.deepEqual(ann.news().sort(), ['hand bob false', 'memberEntered bob talker']);
  const said = bob.publish('key-1');
  world.wait(100);
  assert.deepEqual(said, ['ok']);
  assert.deepEqual(world.server.requests('setRole'), [], 'roles are not asked for in the room');
});

test('the_end_of_the_session_is_the_end_of_the_conference', () => {
  for (const [reason, over] of [['takenOver', 'over otherDevice taken-over'], ['loggedOut', 'over removed session-gone'], ['credentialExpired', 'over failed credential-expired']] as const) {
    const world = new World();
    const [, bob] = world.inside('ann', 'bob') as [Device, Device];
    world.server.end('bob', reason);
    world.wait(500);
    assert.deepEqual(bob.news(), [over]);
    bob.login();
    bob.enter();
    world.wait(500);
    assert.deepEqual(bob.results(), ['in as talker'], 'and one can come again');
  }
});

test('an_application_that_leaves_while_it_is_told_is_told_nothing_more', () => {
  const world = new World();
  world.inside('ann');
  const bob = world.device('bob').enter();
  bob.onEvent = ({ type }) => type === 'memberEntered' && bob.conferences.leave();
  world.wait(500);
  assert.deepEqual(bob.news(), ['entered', 'memberEntered ann admin']);
  assert.deepEqual(world.server.conferences.people(world.name), { ann: 'admin' });
});

test('another_user_logs_in_instead_and_an_idle_login_is_given_up', () => {
  const world = new World();
  const [ann, bob] = world.inside('ann', 'bob') as [Device, Device];
  bob.login('eve');
  world.wait(500);
  assert.equal(bob.conferences.state, null);
  assert.ok(ann.news().includes('memberExited bob left'));
  ann.conferences.leave();
  world.wait(IDLE_MS + 1000);
  assert.equal(world.server.sockets, 0);
  ann.login();
  ann.enter();
  world.wait(500);
  assert.equal(ann.results().length, 1);
});

test('a_conference_that_is_quiet_for_long_goes_on', () => {
  const world = new World();
  const [ann, bob] = world.inside('ann', 'bob') as [Device, Device];
  bob.login();
  world.wait(10 * IDLE_MS);
  assert.deepEqual([world.server.sockets, ann.news(), bob.news()], [2, [], []]);
  assert.deepEqual(Object.keys(world.server.conferences.people(world.name)), ['ann', 'bob']);
});

test('too_many_questions_at_once_are_refused_and_every_one_is_answered', () => {
  const world = new World();
  const [ann] = world.inside('ann') as [Device];
  world.server.unreachable = true;
  world.server.dropAll();
  const answers: string[] = [];
  for (let n = 0; n < 40; n++) {
    ann.conferences.ask({ op: 'hand', up: true }, (asked) => answers.push('ok' in asked ? 'ok' : asked.error.code));
  }
  world.wait(ANSWER_WITHIN_MS + 1000);
  assert.equal(answers.length, 40);
  assert.deepEqual([...new Set(answers)].sort(), ['rate-limited', 'timeout']);
});
