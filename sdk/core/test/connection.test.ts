import assert from 'node:assert/strict';
import test from 'node:test';
import { Clock, FakePlatform, FakeServer } from '../../conformance/src/index.js';
import { ATTEMPT_MS, Connection, FIRST_LOGIN_MS, PROBE_MS, REPLY_MS, RETURN_MS, RETURN_WITHIN_MS } from '../src/index.js';
import type { Answer, End, Event, Request, Welcome } from '../src/index.js';

/** A connection of `ann` with everything it is told, as texts. */
class Rig {
  readonly clock = new Clock();
  readonly server = new FakeServer(this.clock);
  readonly platform = new FakePlatform(this.clock, this.server);
  readonly told: string[] = [];
  readonly events: Event[] = [];
  readonly connection = new Connection(this.platform, 'wss://h/v1/signal', {
    welcomed: ({ resumed }: Welcome) => this.told.push(`welcomed ${resumed}`),
    pushed: (event: Event) => {
      this.told.push(`pushed ${event.ev}`);
      this.events.push(event);
    },
    interrupted: () => this.told.push('interrupted'),
    ended: (end: End) => this.told.push(end.why === 'ended' ? `ended ${end.reason}` : `${end.why} ${end.failure.code}`),
  });

  open(): this {
    this.connection.open({ app: 1, user: 'ann', sig: 'sig', device: 'device-of-ann-000', client: 'test/1' });
    this.clock.advance(100);
    return this;
  }

  /** Sends a request and gives where its answer will be. */
  ask(request: Request): { answer?: Answer } {
    const box: { answer?: Answer } = {};
    this.connection.request(request, (answer) => {
      assert.equal(box.answer, undefined, 'answered once');
      box.answer = answer;
    });
    return box;
  }

  push(count: number): void {
    this.server.push('ann', { ev: 'audience', count });
  }
}

test('hello_carries_version_login_and_device', () => {
  const { server, told, connection } = new Rig().open();
  const [hello] = server.requests('hello');
  assert.deepEqual(hello, {
    id: 1, op: 'hello', version: 1, app: 1, user: 'ann', sig: 'sig', device: 'device-of-ann-000', client: 'test/1 fake/1', from: 'ann',
  });
  assert.deepEqual(told, ['welcomed new']);
  assert.ok(connection.ready);
});

test('every_request_gets_its_own_answer', () => {
  const rig = new Rig().open();
  rig.server.refuse('setRole', 'may-not-publish');
  const refused = rig.ask({ op: 'setRole', role: 'publisher' });
  const done = rig.ask({ op: 'leave' });
  rig.clock.advance(100);
  assert.ok(refused.answer && 'error' in refused.answer && refused.answer.error.code === 'may-not-publish');
  assert.deepEqual(done.answer, { ok: { op: 'leave' } });
  assert.deepEqual(rig.server.seen.map(({ id }) => id), [1, 2, 3]);
});

test('a_request_without_connection_is_lost_and_told_later', () => {
  const rig = new Rig();
  const box = rig.ask({ op: 'leave' });
  assert.equal(box.answer, undefined);
  rig.clock.advance(1);
  assert.deepEqual(box.answer, { lost: true });
});

test('a_request_without_reply_means_a_dead_socket', () => {
  const rig = new Rig().open();
  rig.server.mute = true;
  const box = rig.ask({ op: 'leave' });
  rig.clock.advance(REPLY_MS - 1);
  assert.equal(box.answer, undefined);
  rig.clock.advance(2);
  assert.deepEqual(box.answer, { lost: true });
  assert.deepEqual(rig.told, ['welcomed new', 'interrupted']);
});

test('an_idle_connection_sends_a_heartbeat_and_only_then', () => {
  const { server, clock, told } = new Rig().open();
  clock.advance(server.heartbeatMs - 200);
  assert.equal(server.requests('ping').length, 0);
  clock.advance(200);
  assert.equal(server.requests('ping').length, 1);
  clock.advance(10 * server.heartbeatMs);
  assert.equal(server.requests('ping').length, 11);
  assert.deepEqual(told, ['welcomed new']);
});

test('a_server_that_falls_silent_is_noticed_by_the_heartbeat', () => {
  const { server, clock, told } = new Rig().open();
  server.mute = true;
  clock.advance(server.heartbeatMs + REPLY_MS + 1);
  assert.deepEqual(told, ['welcomed new', 'interrupted']);
});

test('a_lost_socket_is_replaced_and_what_was_missed_comes_in_order', () => {
  const rig = new Rig().open();
  rig.push(1);
  rig.clock.advance(50);
  rig.server.dropAll();
  rig.push(2);
  rig.push(3);
  rig.clock.advance(5000);
  assert.deepEqual(rig.told, ['welcomed new', 'pushed audience', 'interrupted', 'welcomed replayed', 'pushed audience', 'pushed audience']);
  assert.deepEqual(rig.events.map((event) => event.ev === 'audience' && event.count), [1, 2, 3]);
  const [, again] = rig.server.requests('hello');
  assert.deepEqual(again?.resume, { session: 's1', secret: 'secret-s1', seq: 1 });
});

test('what_was_seen_already_is_not_told_again', () => {
  const rig = new Rig().open();
  rig.push(1);
  rig.clock.advance(50);
  rig.server.raw('ann', JSON.stringify({ seq: 1, ev: 'audience', count: 1 }));
  rig.clock.advance(50);
  assert.deepEqual(rig.told, ['welcomed new', 'pushed audience']);
});

test('a_hole_in_the_sequence_is_repaired_by_a_resume', () => {
  const rig = new Rig().open();
  rig.push(1);
  rig.clock.advance(50);
  rig.server.raw('ann', JSON.stringify({ seq: 3, ev: 'audience', count: 3 }));
  rig.clock.advance(5000);
  assert.deepEqual(rig.told, ['welcomed new', 'pushed audience', 'interrupted', 'welcomed replayed']);
  rig.push(2);
  rig.clock.advance(50);
  assert.equal(rig.told.at(-1), 'pushed audience');
});

test('a_snapshot_may_jump_in_the_sequence_and_counting_goes_on_there', () => {
  const rig = new Rig().open();
  rig.server.replay = 2;
  rig.server.dropAll();
  for (let count = 1; count <= 5; count++) {
    rig.push(count);
  }
  rig.clock.advance(5000);
  assert.deepEqual(rig.told, ['welcomed new', 'interrupted', 'welcomed snapshot', 'pushed state']);
  rig.push(6);
  rig.clock.advance(50);
  assert.equal(rig.told.at(-1), 'pushed audience');
});

test('attempts_pause_longer_and_longer_but_never_too_long', () => {
  const { server, clock } = new Rig().open();
  server.unreachable = true;
  const times: number[] = [];
  const known = server.urls.length;
  server.dropAll();
  const end = clock.now + 80_000;
  while (clock.now < end) {
    clock.advance(10);
    while (times.length < server.urls.length - known) {
      times.push(clock.now);
    }
  }
  const pauses = times.slice(1).map((time, at) => time - (times[at] ?? 0));
  assert.ok(pauses.every((pause, at) => at === 0 || pause >= (pauses[at - 1] ?? 0) - 20), String(pauses));
  assert.ok(Math.max(...pauses) <= 8100 && (pauses[0] ?? 0) < 1100, String(pauses));
});

test('a_connection_that_cannot_be_resumed_within_the_seat_grace_is_over', () => {
  const { server, clock, told, platform } = new Rig().open();
  server.unreachable = true;
  server.dropAll();
  clock.advance(server.seatGraceMs - 1000);
  assert.deepEqual(told, ['welcomed new', 'interrupted']);
  clock.advance(2000);
  assert.deepEqual(told, ['welcomed new', 'interrupted', 'lost session-gone']);
  assert.equal(clock.armed, 0);
  assert.equal(platform.subscriptions, 0);
});

test('a_first_login_that_reaches_nobody_is_over_after_a_while', () => {
  const rig = new Rig();
  rig.server.unreachable = true;
  rig.open();
  rig.clock.advance(FIRST_LOGIN_MS);
  assert.deepEqual(rig.told, ['lost timeout']);
});

test('an_attempt_that_hangs_is_given_up', () => {
  const rig = new Rig();
  rig.server.mute = true;
  rig.open();
  rig.clock.advance(ATTEMPT_MS);
  rig.server.mute = false;
  rig.clock.advance(2000);
  assert.deepEqual(rig.told, ['welcomed new']);
});

test('a_refused_login_is_over_at_once', () => {
  const rig = new Rig();
  rig.server.refuse('hello', 'credential-expired', 'afterLogin');
  rig.open();
  assert.deepEqual(rig.told, ['refused credential-expired']);
  rig.clock.advance(60_000);
  assert.equal(rig.server.requests('hello').length, 1);
});

test('a_busy_server_is_asked_again_when_resuming_but_not_at_the_first_login', () => {
  const first = new Rig();
  first.server.refuse('hello', 'server-full', 'later');
  first.open();
  assert.deepEqual(first.told, ['refused server-full']);
  const later = new Rig().open();
  later.server.refuse('hello', 'shutting-down', 'later');
  later.server.dropAll();
  later.clock.advance(10_000);
  assert.deepEqual(later.told, ['welcomed new', 'interrupted', 'welcomed replayed']);
});

test('a_session_that_cannot_be_resumed_is_replaced_by_a_fresh_login', () => {
  for (const code of ['session-gone', 'wrong-sequence'] as const) {
    const rig = new Rig().open();
    rig.server.refuse('hello', code);
    rig.server.dropAll();
    rig.clock.advance(10_000);
    assert.deepEqual(rig.told, ['welcomed new', 'interrupted', 'welcomed new'], code);
    assert.equal(rig.server.requests('hello').at(-1)?.resume, undefined);
  }
});

test('a_login_elsewhere_ends_the_connection_and_nothing_is_tried_again', () => {
  const rig = new Rig().open();
  rig.server.end('ann', 'takenOver');
  rig.clock.advance(60_000);
  assert.deepEqual(rig.told, ['welcomed new', 'ended takenOver']);
  assert.equal(rig.server.requests('hello').length, 1);
});

test('a_connection_that_was_taken_over_while_it_was_away_ends_and_leaves_the_newer_one_alone', () => {
  const away = new Rig().open();
  away.server.unreachable = true;
  away.server.dropAll();
  away.clock.advance(1000);
  away.server.unreachable = false;
  const newer: string[] = [];
  const connection = new Connection(new FakePlatform(away.clock, away.server), 'wss://h/v1/signal', {
    welcomed: ({ resumed }: Welcome) => newer.push(`welcomed ${resumed}`),
    pushed: (event: Event) => newer.push(`pushed ${event.ev}`),
    interrupted: () => newer.push('interrupted'),
    ended: () => newer.push('ended'),
  });
  connection.open({ app: 1, user: 'ann', sig: 'sig', device: 'device-of-ann-001', client: 'test/1' });
  away.clock.advance(60_000);
  assert.deepEqual(away.told, ['welcomed new', 'interrupted', 'ended takenOver']);
  assert.deepEqual([newer, connection.ready], [['welcomed new'], true]);
  assert.equal(away.server.requests('hello').length, 3, 'nothing is tried again');
});

test('a_session_that_was_closed_without_a_word_is_over', () => {
  const rig = new Rig().open();
  rig.server.dropAll(4002);
  rig.clock.advance(60_000);
  assert.deepEqual(rig.told, ['welcomed new', 'ended loggedOut']);
  assert.equal(rig.server.requests('hello').length, 1);
});

test('a_session_that_nobody_meant_to_end_is_made_anew', () => {
  for (const reason of ['expired', 'serverShutdown'] as const) {
    const rig = new Rig().open();
    rig.server.end('ann', reason);
    rig.clock.advance(10_000);
    assert.deepEqual(rig.told, ['welcomed new', 'interrupted', 'welcomed new'], reason);
  }
});

test('the_return_to_the_foreground_connects_at_once', () => {
  const rig = new Rig().open();
  rig.platform.hide();
  rig.server.unreachable = true;
  rig.server.dropAll();
  rig.clock.advance(60_000);
  rig.server.unreachable = false;
  rig.platform.show();
  rig.clock.advance(100);
  assert.deepEqual(rig.told, ['welcomed new', 'interrupted', 'welcomed replayed']);
});

test('a_socket_that_died_in_the_background_is_found_out_by_a_probe', () => {
  const rig = new Rig().open();
  rig.platform.hide();
  rig.server.mute = true;
  rig.platform.show();
  rig.clock.advance(PROBE_MS + 1);
  assert.deepEqual(rig.told, ['welcomed new', 'interrupted']);
});

test('a_change_of_network_probes_a_living_socket_and_hurries_a_waiting_one', () => {
  const rig = new Rig().open();
  rig.platform.network(true);
  rig.clock.advance(50);
  assert.equal(rig.server.requests('ping').length, 1);
  rig.server.unreachable = true;
  rig.server.dropAll();
  rig.clock.advance(30_000);
  rig.server.unreachable = false;
  rig.platform.network(false);
  const tried = rig.server.urls.length;
  rig.platform.network(true);
  assert.equal(rig.server.urls.length, tried + 1);
  rig.clock.advance(100);
  assert.equal(rig.told.at(-1), 'welcomed replayed');
});

test('an_attempt_that_hangs_on_the_old_network_is_replaced_and_a_fresh_one_is_left_alone', () => {
  const rig = new Rig().open();
  rig.server.mute = true;
  rig.server.dropAll();
  while (rig.server.requests('hello').length < 2) {
    rig.clock.advance(10);
  }
  const tried = rig.server.urls.length;
  rig.platform.network(true);
  assert.equal(rig.server.urls.length, tried, 'it may yet succeed');
  rig.clock.advance(PROBE_MS + 100);
  rig.server.mute = false;
  rig.platform.network(true);
  assert.equal(rig.server.urls.length, tried + 1);
  rig.clock.advance(100);
  assert.equal(rig.told.at(-1), 'welcomed replayed');
});

test('sockets_that_die_as_soon_as_they_are_there_are_not_made_faster_and_faster', () => {
  const rig = new Rig().open();
  const pauses: number[] = [];
  for (let time = 0; time < 6; time++) {
    rig.server.dropAll();
    const since = rig.clock.now;
    const logins = rig.server.requests('hello').length;
    while (rig.server.requests('hello').length === logins) {
      rig.clock.advance(10);
    }
    pauses.push(rig.clock.now - since);
    rig.clock.advance(100);
  }
  assert.ok(pauses.every((pause, at) => at === 0 || pause >= (pauses[at - 1] ?? 0)) && (pauses[5] ?? 0) > 5000, String(pauses));
  rig.clock.advance(6000);
  rig.server.dropAll();
  rig.clock.advance(600);
  assert.equal(rig.told.at(-1), 'welcomed replayed', 'one that lived was a good one');
});

test('a_goodbye_in_the_background_is_not_tried_for_ever', () => {
  const rig = new Rig().open();
  rig.platform.hide();
  rig.server.unreachable = true;
  rig.server.dropAll();
  rig.connection.bye();
  rig.clock.advance(rig.server.seatGraceMs + 20_000);
  assert.deepEqual([rig.clock.armed, rig.platform.subscriptions], [0, 0]);
});

test('in_the_background_the_grace_may_run_out_and_the_return_still_counts', () => {
  const rig = new Rig().open();
  rig.platform.hide();
  rig.server.unreachable = true;
  rig.server.dropAll();
  rig.clock.advance(rig.server.seatGraceMs + 60_000);
  rig.server.expire('ann');
  rig.server.unreachable = false;
  rig.platform.show();
  rig.clock.advance(1000);
  assert.deepEqual(rig.told, ['welcomed new', 'interrupted', 'welcomed new']);
});

test('a_return_without_network_is_over_after_a_short_while', () => {
  const rig = new Rig().open();
  rig.platform.hide();
  rig.server.unreachable = true;
  rig.server.dropAll();
  rig.clock.advance(rig.server.seatGraceMs + 60_000);
  rig.platform.show();
  rig.clock.advance(RETURN_MS + 100);
  assert.deepEqual(rig.told, ['welcomed new', 'interrupted', 'lost session-gone']);
});

test('a_return_after_too_long_does_not_enter_a_meeting_of_yesterday', () => {
  const rig = new Rig().open();
  rig.platform.hide();
  rig.server.unreachable = true;
  rig.server.dropAll();
  rig.clock.advance(RETURN_WITHIN_MS + 1);
  rig.server.unreachable = false;
  rig.platform.show();
  rig.clock.advance(1000);
  assert.deepEqual(rig.told, ['welcomed new', 'interrupted', 'lost session-gone']);
});

test('a_phone_that_slept_does_not_enter_a_meeting_of_yesterday_whatever_it_notices_first', () => {
  const SLEEP_MS = 3 * 3600_000;
  const firsts: [string, (rig: Rig) => void][] = [
    ['the close of the socket', (rig) => rig.server.dropAll()],
    ['the return to the foreground', (rig) => rig.platform.show()],
    ['its own timers', (rig) => rig.clock.advance(0)],
    ['what came before the sleep, then the close', (rig) => {
      rig.clock.advance(0);
      rig.server.dropAll();
    }],
  ];
  for (const [what, first] of firsts) {
    const rig = new Rig().open();
    rig.platform.hide();
    rig.push(1); // on its way when the phone falls asleep
    rig.server.expire('ann');
    rig.server.mute = true; // the socket is dead, which the phone does not know yet
    rig.clock.now += SLEEP_MS; // no timer ran
    first(rig);
    rig.clock.advance(20);
    rig.server.dropAll();
    rig.server.mute = false;
    rig.platform.show();
    rig.clock.advance(5000);
    assert.equal(rig.told.at(-1), 'lost session-gone', what);
    assert.equal(rig.server.requests('hello').length, 1, what);
    assert.equal(rig.clock.armed, 0, what);
  }
});

test('a_login_that_was_answered_before_the_phone_slept_is_none_afterwards', () => {
  const rig = new Rig().open();
  rig.server.dropAll();
  while (rig.server.requests('hello').length < 2) {
    rig.clock.advance(1);
  }
  rig.clock.now += RETURN_WITHIN_MS + 1;
  rig.clock.advance(5000);
  assert.deepEqual(rig.told, ['welcomed new', 'interrupted', 'lost session-gone']);
});

test('a_phone_that_lives_on_in_the_background_is_as_present_as_any_other', () => {
  const rig = new Rig().open();
  rig.platform.hide();
  rig.clock.advance(3 * RETURN_WITHIN_MS);
  rig.platform.show();
  rig.clock.advance(1000);
  rig.server.dropAll();
  rig.clock.advance(5000);
  assert.deepEqual(rig.told, ['welcomed new', 'interrupted', 'welcomed replayed']);
});

test('a_seat_that_is_kept_for_long_is_taken_again_after_long', () => {
  const rig = new Rig();
  rig.server.seatGraceMs = 2 * RETURN_WITHIN_MS;
  rig.open();
  rig.platform.hide();
  rig.clock.now += RETURN_WITHIN_MS + 60_000;
  rig.server.dropAll();
  rig.platform.show();
  rig.clock.advance(5000);
  assert.deepEqual(rig.told, ['welcomed new', 'interrupted', 'welcomed replayed']);
});

test('a_renewed_credential_is_shown_at_once_and_the_same_one_is_not', () => {
  const rig = new Rig().open();
  const identity = { app: 1, user: 'ann', sig: 'sig', device: 'device-of-ann-000', client: 'test/1' };
  rig.connection.renew(identity);
  rig.clock.advance(1000);
  assert.equal(rig.server.requests('hello').length, 1);
  rig.connection.renew({ ...identity, sig: 'newer' });
  rig.clock.advance(100);
  assert.deepEqual(rig.told, ['welcomed new', 'interrupted', 'welcomed replayed']);
  assert.deepEqual(rig.server.requests('hello').map(({ sig }) => sig), ['sig', 'newer']);
});

test('a_credential_that_is_renewed_without_connection_is_shown_with_the_next_one', () => {
  const rig = new Rig().open();
  rig.server.unreachable = true;
  rig.server.dropAll();
  rig.connection.renew({ app: 1, user: 'ann', sig: 'newer', device: 'device-of-ann-000', client: 'test/1' });
  rig.clock.advance(10_000);
  rig.server.unreachable = false;
  rig.clock.advance(10_000);
  assert.deepEqual(rig.server.requests('hello').map(({ sig }) => sig), ['sig', 'newer']);
});

test('a_credential_that_is_renewed_without_a_word_is_shown_before_and_after_the_old_one_runs_out', () => {
  const rig = new Rig();
  let sig = 'first';
  const identity = { app: 1, user: 'ann', sig, latest: () => sig, device: 'device-of-ann-000', client: 'test/1' };
  rig.connection.open(identity);
  const shown = (): (string | undefined)[] => rig.server.requests('hello').map((hello) => hello.sig);
  rig.clock.advance(rig.server.heartbeatMs * 3);
  assert.deepEqual(shown(), ['first']);
  sig = 'second';
  rig.clock.advance(rig.server.heartbeatMs + 100);
  assert.deepEqual([shown(), rig.told], [['first', 'second'], ['welcomed new', 'interrupted', 'welcomed replayed']], 'with the next heartbeat');
  sig = 'third';
  rig.server.end('ann', 'credentialExpired');
  rig.clock.advance(2000);
  assert.deepEqual([shown().pop(), rig.told.pop()], ['third', 'welcomed new'], 'in place of an end');
  sig = '';
  rig.clock.advance(rig.server.heartbeatMs * 2);
  assert.equal(shown().length, 3, 'somebody who has logged out has none');
  rig.server.end('ann', 'credentialExpired');
  rig.clock.advance(2000);
  assert.equal(rig.told.pop(), 'ended credentialExpired');
});

test('goodbye_ends_the_session_and_leaves_nothing_behind', () => {
  const rig = new Rig().open();
  rig.connection.bye();
  rig.clock.advance(1000);
  assert.deepEqual(rig.server.ops, ['hello', 'bye']);
  assert.deepEqual([rig.server.sockets, rig.clock.armed, rig.platform.subscriptions], [0, 0, 0]);
  assert.deepEqual(rig.told, ['welcomed new']);
});

test('a_goodbye_without_connection_is_brought_later_and_leaves_no_ghost', () => {
  const rig = new Rig().open();
  rig.server.unreachable = true;
  rig.server.dropAll();
  rig.connection.bye();
  rig.clock.advance(20_000);
  rig.server.unreachable = false;
  rig.clock.advance(10_000);
  assert.deepEqual(rig.server.ops, ['hello', 'hello', 'bye']);
  assert.equal(rig.server.requests('hello')[1]?.sig, '');
  assert.deepEqual([rig.server.sockets, rig.clock.armed, rig.platform.subscriptions], [0, 0, 0]);
});

test('a_late_goodbye_never_makes_a_new_session', () => {
  const rig = new Rig().open();
  rig.server.unreachable = true;
  rig.server.dropAll();
  rig.connection.bye();
  rig.server.expire('ann');
  rig.server.unreachable = false;
  rig.clock.advance(10_000);
  assert.deepEqual(rig.server.ops, ['hello', 'hello']);
  assert.deepEqual([rig.server.sockets, rig.clock.armed], [0, 0]);
});

test('a_goodbye_before_the_welcome_follows_it', () => {
  const rig = new Rig();
  rig.connection.open({ app: 1, user: 'ann', sig: 'sig', device: 'd', client: 'c' });
  rig.clock.advance(25);
  rig.connection.bye();
  rig.clock.advance(1000);
  assert.deepEqual(rig.server.ops, ['hello', 'bye']);
  assert.equal(rig.clock.armed, 0);
});

test('a_goodbye_before_the_socket_is_open_just_closes_it', () => {
  const rig = new Rig();
  rig.connection.open({ app: 1, user: 'ann', sig: 'sig', device: 'd', client: 'c' });
  rig.connection.bye();
  rig.clock.advance(1000);
  assert.deepEqual(rig.server.ops, []);
  assert.equal(rig.clock.armed, 0);
});

test('frames_that_make_no_sense_are_ignored', () => {
  const rig = new Rig().open();
  for (const text of ['', '{', 'null', '7', '"x"', '[]', '{}', '{"re":99,"ok":{}}', '{"re":0,"error":{"message":"m"}}']) {
    rig.server.raw('ann', text);
  }
  rig.push(1);
  rig.clock.advance(100);
  assert.deepEqual(rig.told, ['welcomed new', 'pushed audience']);
});
