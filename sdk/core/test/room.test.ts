import assert from 'node:assert/strict';
import test from 'node:test';
import { Clock, FakePlatform, FakeServer } from '../../conformance/src/index.js';
import { Room } from '../src/index.js';
import type { RoomEvent, Stay } from '../src/index.js';

const ROOM = { number: 7 };

/** The stay of `ann` in room 7, with everything it is told, as texts. */
class Rig {
  readonly told: string[] = [];
  readonly room: Room;
  /** Called with every event, before it is noted. */
  onEvent: (event: RoomEvent) => void = () => undefined;

  constructor(
    stay: Partial<Stay> = {},
    readonly clock = new Clock(),
    readonly server = new FakeServer(clock),
    readonly platform = new FakePlatform(clock, server),
  ) {
    const whole: Stay = { room: ROOM, scene: 'rtc', role: 'publisher', ...stay };
    this.room = new Room(platform, { signal: 'wss://h/v1/signal', rtmp: 'rtmp://h/live' }, whole, (event) => {
      this.told.push(short(event));
      this.onEvent(event);
    });
  }

  enter(audio = false, video = false): this {
    this.room.publish('main', 'push-key', audio, video);
    this.room.enter({ app: 1, user: 'ann', sig: 'sig', device: 'device-of-ann-000', client: 'test/1' });
    return this.wait(200);
  }

  wait(ms: number): this {
    this.clock.advance(ms);
    return this;
  }

  /** What was told since the last call. */
  news(): string[] {
    return this.told.splice(0);
  }

  ops(): string[] {
    const { ops } = this.server;
    this.server.seen.splice(0);
    return ops;
  }
}

function short(event: RoomEvent): string {
  switch (event.type) {
    case 'joined':
      return event.again ? 'joined again' : 'joined';
    case 'memberJoined':
      return `+${event.user}`;
    case 'memberLeft':
      return `-${event.user}`;
    case 'memberAway':
      return `${event.user} ${event.away ? 'away' : 'back'}`;
    case 'trackChanged':
      return `${event.user}/${event.stream} ${event.track.charAt(0)}${event.on ? '+' : '-'}`;
    case 'role':
    case 'audience':
      return `${event.type} ${event.type === 'role' ? event.role : event.count}`;
    case 'pushRefused':
      return `push of ${event.stream} refused ${event.failure.code}`;
    case 'refused':
      return `refused ${event.op} ${event.failure.code}`;
    case 'removed':
      return `removed ${event.reason}`;
    case 'failed':
      return `failed ${event.failure.code}`;
    default:
      return event.type;
  }
}

test('a_late_joiner_hears_of_everybody_who_is_there', () => {
  const rig = new Rig();
  rig.server.enter(ROOM, 'bob');
  rig.server.stream(ROOM, 'bob', 'main', true, true);
  rig.server.enter(ROOM, 'cid');
  rig.enter(true, false);
  assert.deepEqual(rig.news(), ['joined', 'role publisher', '+bob', 'bob/main v+', 'bob/main a+', '+cid']);
  const [join] = rig.server.requests('join');
  assert.deepEqual(join?.publish, [{ stream: 'main', key: 'push-key', audio: true, video: false }]);
  rig.server.stream(ROOM, 'bob', 'main', true, false);
  rig.server.leave(ROOM, 'bob');
  rig.wait(50);
  assert.deepEqual(rig.news(), ['bob/main v-', 'bob/main a-', '-bob']);
});

test('optional_words_travel_only_when_they_are_there', () => {
  const plain = new Rig().enter().server.requests('join')[0];
  assert.deepEqual(Object.keys(plain ?? {}).sort(), ['from', 'id', 'op', 'publish', 'role', 'room', 'scene']);
  const full = new Rig({ privateMapKey: 'pmk', recordId: 'rec', details: { mode: 'x' } }).enter().server.requests('join')[0];
  assert.deepEqual([full?.privateMapKey, full?.recordId, full?.details], ['pmk', 'rec', { mode: 'x' }]);
});

test('microphone_and_camera_are_told_once_per_change', () => {
  const rig = new Rig().enter();
  rig.ops();
  rig.room.publish('main', 'push-key', true, false);
  rig.room.publish('main', 'push-key', true, false);
  rig.room.publish('main', 'push-key', true, true);
  rig.wait(50);
  const told = rig.server.requests('publish').map(({ audio, video }) => [audio, video]);
  assert.deepEqual(told, [[true, false], [true, true]]);
});

test('wishes_of_handlers_are_gathered_until_all_have_been_told', () => {
  const rig = new Rig();
  rig.onEvent = ({ type }) => {
    if (type === 'joined') {
      rig.room.publish('main', 'push-key', false, true);
      rig.room.publish('main', 'push-key', true, true);
    }
  };
  rig.enter();
  assert.deepEqual(rig.server.requests('publish').map(({ audio, video }) => [audio, video]), [[true, true]]);
});

test('only_what_differs_from_everything_is_subscribed', () => {
  const rig = new Rig();
  rig.onEvent = (event) => {
    if (event.type === 'trackChanged' && event.on) {
      rig.room.subscribe(event.user, event.stream, event.user !== 'cid', true);
    }
  };
  for (const user of ['bob', 'cid']) {
    rig.server.enter(ROOM, user);
    rig.server.stream(ROOM, user, 'main', true, true);
  }
  rig.enter().wait(100);
  const asked = rig.server.requests('subscribe').map(({ user, audio, video }) => [user, audio, video]);
  assert.deepEqual(asked, [['cid', false, true]]);
});

test('somebody_who_comes_back_is_subscribed_anew', () => {
  const rig = new Rig().enter();
  for (let round = 0; round < 2; round++) {
    rig.server.enter(ROOM, 'bob');
    rig.wait(50);
    rig.room.subscribe('bob', 'main', true, false);
    rig.server.leave(ROOM, 'bob');
    rig.wait(50);
  }
  assert.equal(rig.server.requests('subscribe').length, 2);
});

test('a_lost_socket_keeps_the_seat_and_only_differences_are_told', () => {
  const rig = new Rig().enter();
  rig.server.enter(ROOM, 'bob');
  rig.wait(50).news();
  rig.server.dropAll();
  rig.server.enter(ROOM, 'cid');
  rig.server.leave(ROOM, 'bob');
  rig.ops();
  rig.wait(5000);
  assert.deepEqual(rig.news(), ['interrupted', 'resumed', '+cid', '-bob']);
  assert.deepEqual(rig.ops(), ['hello']);
  assert.deepEqual(rig.server.members(ROOM), ['ann', 'cid']);
});

test('too_much_missed_ends_in_the_same_picture', () => {
  const rig = new Rig().enter();
  rig.server.replay = 1;
  rig.server.enter(ROOM, 'bob');
  rig.server.enter(ROOM, 'cid');
  rig.wait(50).news();
  rig.server.dropAll();
  rig.server.leave(ROOM, 'bob');
  rig.server.stream(ROOM, 'cid', 'main', true, false);
  rig.server.enter(ROOM, 'dan');
  rig.wait(5000);
  assert.deepEqual(rig.news(), ['interrupted', 'resumed', '-bob', 'cid/main a+', '+dan']);
});

test('after_a_snapshot_every_subscription_is_said_again', () => {
  const rig = new Rig().enter();
  rig.server.replay = 0;
  rig.server.enter(ROOM, 'bob');
  rig.wait(50).room.subscribe('bob', 'main', true, false);
  rig.wait(50);
  rig.server.dropAll();
  // Bob is gone and back meanwhile: the server knows nothing of the wish any more, and the snapshot does not show it.
  rig.server.leave(ROOM, 'bob');
  rig.server.enter(ROOM, 'bob');
  rig.ops();
  rig.wait(5000);
  assert.deepEqual(rig.ops(), ['hello', 'subscribe']);
});

test('what_was_asked_while_the_socket_died_is_asked_again', () => {
  const rig = new Rig().enter();
  rig.server.enter(ROOM, 'bob');
  rig.wait(50);
  rig.room.publish('main', 'push-key', true, true);
  rig.room.subscribe('bob', 'main', false, true);
  rig.server.dropAll();
  rig.ops();
  rig.wait(5000);
  assert.deepEqual(rig.ops(), ['hello', 'publish', 'subscribe']);
});

test('wishes_made_without_connection_are_brought_later', () => {
  const rig = new Rig().enter();
  rig.server.unreachable = true;
  rig.server.dropAll();
  rig.room.publish('main', 'push-key', true, false);
  rig.room.publish('main', 'push-key', true, true);
  rig.ops();
  rig.wait(10_000);
  rig.server.unreachable = false;
  rig.wait(10_000);
  assert.deepEqual(rig.server.requests('publish').map(({ audio, video }) => [audio, video]), [[true, true]]);
});

test('a_join_whose_reply_was_lost_is_repeated', () => {
  const rig = new Rig();
  rig.room.enter({ app: 1, user: 'ann', sig: 'sig', device: 'd', client: 'c' });
  while (rig.server.requests('join').length === 0) {
    rig.wait(1);
  }
  rig.server.dropAll();
  rig.wait(5000);
  assert.deepEqual(rig.news().filter((text) => text === 'joined'), ['joined']);
  assert.equal(rig.server.requests('join').length, 2);
});

test('what_a_snapshot_tells_is_not_told_before_a_join_whose_reply_was_lost', () => {
  const rig = new Rig();
  rig.server.replay = 0;
  rig.server.enter(ROOM, 'bob');
  rig.room.enter({ app: 1, user: 'ann', sig: 'sig', device: 'd', client: 'c' });
  while (rig.server.requests('join').length === 0) {
    rig.wait(1);
  }
  rig.server.dropAll();
  rig.server.enter(ROOM, 'cid');
  rig.wait(5000);
  assert.deepEqual(rig.news(), ['interrupted', 'joined', 'role publisher', '+bob', '+cid']);
});

test('a_server_that_lost_the_session_is_entered_again_with_the_same_key', () => {
  const rig = new Rig().enter(true, true);
  rig.server.enter(ROOM, 'bob');
  rig.server.stream(ROOM, 'bob', 'main', true, true);
  rig.server.enter(ROOM, 'cid');
  rig.wait(50).room.subscribe('bob', 'main', true, false);
  rig.wait(50).news();
  rig.server.restart();
  rig.server.enter(ROOM, 'bob');
  rig.server.stream(ROOM, 'bob', 'main', true, true);
  rig.ops();
  rig.wait(5000);
  const news = rig.news();
  assert.deepEqual(news, ['interrupted', 'joined again', 'role publisher', '-cid', 'bob/main v-', 'bob/main a-', 'bob/main v+', 'bob/main a+']);
  const [join] = rig.server.requests('join');
  assert.deepEqual(join?.publish, [{ stream: 'main', key: 'push-key', audio: true, video: true }]);
  assert.equal(rig.server.requests('subscribe').length, 1, 'the wish is brought to the new session');
});

test('a_seat_that_timed_out_in_a_living_session_is_taken_again', () => {
  const rig = new Rig().enter();
  rig.news();
  rig.server.remove('ann', 'timedOut');
  rig.wait(1000);
  assert.deepEqual(rig.news(), ['joined again', 'role publisher']);
  assert.deepEqual(rig.server.members(ROOM), ['ann']);
});

test('whoever_is_put_out_stays_out', () => {
  for (const reason of ['kicked', 'dissolved', 'replaced'] as const) {
    const rig = new Rig().enter();
    rig.news();
    rig.server.remove('ann', reason);
    rig.wait(60_000);
    assert.deepEqual(rig.news(), [`removed ${reason}`]);
    assert.ok(rig.room.isOver);
    assert.deepEqual([rig.server.sockets, rig.clock.armed, rig.platform.subscriptions], [0, 0, 0]);
  }
});

test('a_kick_that_was_missed_is_told_on_return', () => {
  for (const before of ['resumed', 'interrupted']) {
    const rig = new Rig().enter();
    rig.server.replay = 0;
    rig.server.dropAll();
    rig.server.remove('ann', 'kicked');
    if (before === 'interrupted') rig.server.expire('ann');
    rig.wait(10_000);
    assert.deepEqual(rig.news().slice(-2), [before, 'removed kicked']);
  }
});

test('a_seat_that_is_gone_after_the_grace_is_taken_again', () => {
  const rig = new Rig().enter();
  rig.server.replay = 0;
  rig.news();
  rig.platform.hide();
  rig.server.unreachable = true;
  rig.server.dropAll();
  rig.wait(rig.server.seatGraceMs + 10_000);
  rig.server.remove('ann', 'timedOut');
  rig.server.unreachable = false;
  rig.platform.show();
  rig.wait(1000);
  assert.deepEqual(rig.news(), ['interrupted', 'resumed', 'joined again']);
});

test('nothing_is_asked_of_a_session_that_is_about_to_end_and_everything_of_the_next', () => {
  const rig = new Rig().enter();
  rig.news();
  rig.ops();
  rig.server.remove('ann', 'sessionEnded');
  rig.wait(50);
  rig.room.publish('main', 'push-key', true, true);
  rig.wait(5000);
  assert.deepEqual([rig.ops(), rig.news()], [[], []]);
  rig.server.end('ann', 'serverShutdown');
  rig.wait(10_000);
  assert.deepEqual(rig.news(), ['interrupted', 'joined again', 'role publisher']);
  assert.deepEqual(rig.server.published('ann').map(({ audio, video }) => [audio, video]), [[true, true]]);
});

test('another_device_of_the_user_ends_the_stay', () => {
  const rig = new Rig().enter();
  rig.news();
  rig.server.end('ann', 'takenOver');
  rig.wait(60_000);
  assert.deepEqual(rig.news(), ['removed takenOver']);
  assert.equal(rig.server.requests('hello').length, 1);
});

test('a_refused_join_is_told_and_the_session_ends', () => {
  const rig = new Rig();
  rig.server.refuse('join', 'room-full', 'later');
  rig.enter().wait(60_000);
  assert.deepEqual(rig.news(), ['failed room-full']);
  assert.deepEqual(rig.server.ops, ['hello', 'join', 'bye']);
  assert.equal(rig.clock.armed, 0);
});

test('a_join_after_a_lost_session_is_tried_again_when_the_server_is_busy', () => {
  const rig = new Rig().enter();
  rig.server.refuse('join', 'shutting-down', 'later');
  rig.server.refuse('join', 'server-full', 'later');
  rig.news();
  rig.server.restart();
  rig.wait(10_000);
  assert.deepEqual(rig.news(), ['interrupted', 'joined again', 'role publisher']);
});

test('a_room_that_refuses_the_return_ends_the_stay', () => {
  const rig = new Rig().enter();
  rig.server.refuse('join', 'may-not-enter');
  rig.news();
  rig.server.restart();
  rig.wait(10_000);
  assert.deepEqual(rig.news(), ['interrupted', 'failed may-not-enter']);
});

test('a_refused_publish_is_told_and_not_repeated', () => {
  const rig = new Rig().enter();
  rig.news();
  rig.server.refuse('publish', 'may-not-publish');
  rig.room.publish('main', 'push-key', true, true);
  rig.wait(60_000);
  assert.deepEqual(rig.news(), ['refused publish may-not-publish']);
  assert.equal(rig.server.requests('publish').length, 1);
});

test('where_no_more_pictures_may_be_sent_the_sound_goes_alone_and_the_picture_when_there_is_a_place', () => {
  const rig = new Rig().enter();
  rig.news();
  rig.server.refuse('publish', 'conference-limit', 'later');
  rig.room.publish('main', 'push-key', true, true);
  rig.wait(200);
  assert.deepEqual(rig.news(), ['refused publish conference-limit']);
  assert.deepEqual(rig.server.published('ann').map(({ audio, video }) => [audio, video]), [[true, false]]);
  rig.wait(60_000);
  assert.deepEqual(rig.server.published('ann').map(({ audio, video }) => [audio, video]), [[true, true]]);
  assert.deepEqual(rig.news(), []);
});

test('a_stream_that_is_refused_while_one_joins_is_asked_for_again_and_told', () => {
  const rig = new Rig();
  rig.server.refuse('publish', 'conference-limit', 'later');
  rig.room.publish('main', 'push-key', true, true);
  rig.room.enter({ app: 1, user: 'ann', sig: 'sig', device: 'device-of-ann-000', client: 'test/1' });
  while (rig.server.requests('hello').length === 0) {
    rig.wait(1);
  }
  const error = { code: 'conference-limit', message: 'As many cameras are on as may be.', blame: 'client', retry: 'later' } as const;
  rig.server.push('ann', { ev: 'publishRefused', stream: 'main', error });
  rig.wait(200);
  assert.deepEqual(rig.news(), ['joined', 'role publisher', 'refused publish conference-limit']);
  assert.deepEqual(rig.server.requests('publish').map(({ audio, video }) => [audio, video]), [[true, true], [true, false]]);
});

test('a_request_that_came_too_fast_is_repeated_in_silence', () => {
  const rig = new Rig().enter();
  rig.news();
  rig.server.refuse('publish', 'rate-limited', 'later');
  rig.room.publish('main', 'push-key', true, true);
  rig.wait(5000);
  assert.deepEqual(rig.news(), []);
  assert.equal(rig.server.requests('publish').length, 2);
});

test('a_publish_for_which_there_is_no_place_is_told_and_repeated_with_growing_pauses', () => {
  const rig = new Rig().enter();
  rig.news();
  for (let time = 0; time < 6; time++) {
    rig.server.refuse('publish', 'publishers-full', 'later');
  }
  rig.room.publish('main', 'push-key', true, true);
  rig.wait(12_000);
  assert.ok(rig.news().every((text) => text === 'refused publish publishers-full'));
  assert.equal(rig.server.requests('publish').length, 5, 'after 0.75 s, 1.5 s, 3 s, 6 s more');
  rig.wait(60_000);
  assert.equal(rig.server.requests('publish').length, 7, 'until it is accepted');
  rig.room.publish('main', 'push-key', false, true);
  rig.wait(50).server.refuse('publish', 'publishers-full', 'later');
  rig.room.publish('main', 'push-key', true, true);
  rig.wait(1000);
  assert.equal(rig.server.requests('publish').length, 10, 'once accepted, the pauses are short again');
});

test('a_pause_after_a_refusal_ends_with_the_stay', () => {
  const rig = new Rig().enter();
  rig.server.refuse('publish', 'publishers-full', 'later');
  rig.room.publish('main', 'push-key', true, true);
  rig.wait(100);
  rig.room.leave();
  rig.wait(100);
  assert.equal(rig.clock.armed, 0);
});

test('a_push_that_the_server_refused_is_told_with_its_cause', () => {
  const rig = new Rig().enter();
  rig.news();
  const error = { code: 'publishers-full' as const, message: 'full', blame: 'client' as const, retry: 'later' as const };
  rig.server.push('ann', { ev: 'publishRefused', stream: 'aux', error });
  rig.wait(100);
  assert.deepEqual(rig.news(), ['push of aux refused publishers-full']);
});

test('what_was_refused_for_the_moment_is_not_repeated_when_something_newer_was_accepted', () => {
  const rig = new Rig().enter();
  rig.server.refuse('publish', 'rate-limited', 'later');
  rig.room.publish('main', 'push-key', true, false);
  rig.room.publish('main', 'push-key', true, true);
  rig.wait(60_000);
  assert.deepEqual(rig.server.requests('publish').map(({ audio, video }) => [audio, video]), [[true, false], [true, true]]);
  rig.server.refuse('publish', 'rate-limited', 'later');
  rig.room.publish('main', 'push-key', false, true);
  rig.wait(100); // it is refused, and its pause has begun
  rig.room.publish('main', 'push-key', false, false);
  rig.wait(60_000);
  assert.equal(rig.server.requests('publish').length, 4);
});

test('a_wish_for_somebody_who_is_not_there_is_brought_when_they_come', () => {
  const rig = new Rig().enter();
  rig.room.subscribe('bob', 'main', true, false);
  rig.wait(1000);
  assert.equal(rig.server.requests('subscribe').length, 0);
  rig.server.enter(ROOM, 'bob');
  rig.wait(100);
  assert.equal(rig.server.requests('subscribe').length, 1);
});

test('audience_watches_and_registers_its_stream_when_it_becomes_a_publisher', () => {
  const rig = new Rig({ scene: 'live', role: 'audience' }).enter();
  assert.deepEqual(rig.news(), ['joined', 'role audience', 'audience 0']);
  assert.deepEqual(rig.server.requests('join')[0]?.publish, []);
  rig.room.setRole('publisher');
  rig.room.publish('main', 'push-key', true, false);
  rig.wait(100);
  assert.deepEqual(rig.news(), ['role publisher']);
  assert.deepEqual(rig.server.ops, ['hello', 'join', 'setRole', 'publish']);
  rig.room.setRole('audience');
  rig.wait(100);
  assert.deepEqual(rig.news(), ['role audience']);
});

test('a_speaker_registers_its_stream_after_every_change_to_publisher', () => {
  const rig = new Rig({ scene: 'live', role: 'audience' }).enter();
  const registered = [{ stream: 'main', key: 'push-key', audio: true, video: false }];
  rig.room.publish('main', 'push-key', true, false);
  for (let round = 0; round < 3; round++) {
    rig.room.setRole('publisher');
    rig.wait(100);
    assert.deepEqual([rig.server.members(ROOM), rig.server.published('ann')], [['ann'], registered], `round ${round}`);
    rig.room.setRole('audience');
    rig.wait(100);
    assert.deepEqual([rig.server.members(ROOM), rig.server.published('ann')], [[], []], `round ${round}`);
  }
});

test('the_others_see_a_speaker_come_and_go_with_its_role', () => {
  const host = new Rig({ scene: 'live' }).enter();
  const fan = new FakePlatform(host.clock, host.server);
  const stay: Stay = { room: ROOM, scene: 'live', role: 'audience' };
  const room = new Room(fan, { signal: 'wss://h/v1/signal', rtmp: 'rtmp://h/live' }, stay, () => undefined);
  room.enter({ app: 1, user: 'fan', sig: 'sig', device: 'd', client: 'c' });
  host.wait(200).news();
  room.setRole('publisher');
  host.wait(100);
  room.setRole('audience');
  host.wait(100);
  assert.deepEqual(host.news(), ['+fan', '-fan']);
});

test('a_refused_role_is_told_and_the_present_one_stays', () => {
  const rig = new Rig({ scene: 'live', role: 'audience' }).enter();
  rig.news();
  rig.server.refuse('setRole', 'publishers-full', 'later');
  rig.room.setRole('publisher');
  rig.wait(10_000);
  assert.deepEqual(rig.news(), ['refused setRole publishers-full']);
  assert.equal(rig.room.ownRole, 'audience');
});

test('a_live_room_without_place_is_watched_where_that_will_do', () => {
  const rig = new Rig({ scene: 'live', orAudience: true });
  rig.server.refuse('join', 'publishers-full', 'later');
  rig.enter();
  assert.deepEqual(rig.news(), ['joined', 'role audience', 'audience 0']);
  const strict = new Rig({ scene: 'live' });
  strict.server.refuse('join', 'publishers-full', 'later');
  strict.enter();
  assert.deepEqual(strict.news(), ['failed publishers-full']);
});

test('after_leaving_nothing_is_told_not_even_what_was_on_its_way', () => {
  const rig = new Rig();
  rig.onEvent = ({ type }) => {
    if (type === 'joined') {
      rig.room.leave();
    }
  };
  rig.server.enter(ROOM, 'bob');
  rig.enter().wait(1000);
  assert.deepEqual(rig.news(), ['joined']);
  assert.deepEqual(rig.server.members(ROOM), ['bob']);
});

test('a_handler_that_throws_costs_the_others_nothing', () => {
  const rig = new Rig();
  rig.server.enter(ROOM, 'bob');
  rig.onEvent = ({ type }) => {
    if (type === 'joined') {
      throw new Error('page');
    }
  };
  assert.throws(() => rig.enter(), /page/);
  rig.wait(200);
  assert.deepEqual(rig.news(), ['joined', 'role publisher', '+bob']);
  rig.server.enter(ROOM, 'cid');
  rig.wait(50);
  assert.deepEqual(rig.news(), ['+cid']);
});

test('a_new_stay_continues_from_what_an_earlier_one_knew', () => {
  const rig = new Rig();
  rig.server.enter(ROOM, 'bob');
  rig.enter().news();
  rig.room.leave();
  rig.wait(1000);
  rig.server.enter(ROOM, 'cid');
  const again = new Rig({}, rig.clock, rig.server, rig.platform);
  again.room.continueFrom(rig.room);
  again.enter();
  assert.deepEqual(again.news(), ['joined', 'role publisher', '+cid']);
});

test('an_expired_credential_is_a_failure_and_not_a_removal', () => {
  const rig = new Rig().enter();
  rig.news();
  rig.server.end('ann', 'credentialExpired');
  rig.wait(1000);
  assert.deepEqual(rig.news(), ['failed credential-expired']);
});

test('who_asks_for_the_mix_has_its_key_while_it_is_in_the_room', () => {
  const rig = new Rig({ mix: true });
  assert.equal(rig.room.mix, undefined);
  rig.enter();
  assert.match(rig.room.mix ?? '', /^mix-of-the-room-/);
  const without = new Rig().enter();
  assert.equal(without.room.mix, undefined);
  rig.server.end('ann', 'credentialExpired');
  rig.wait(1000);
  assert.equal(rig.room.mix, undefined, 'the key died with the session');
});
