/** Who can be called: what a watcher is told, over one connection after the other. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { Clock, FakePlatform, FakeServer } from '../../conformance/src/index.js';
import { Calls } from '../src/calls.js';
import { Watching } from '../src/presence.js';

/** Longer than the server lets a broken connection count, ms. */
const GONE_MS = 11_000;

/** A connection whose answers the test gives, in any order. */
class Line {
  ready = true;
  readonly asked: { users: string[]; done: (answer: any) => void }[] = [];

  request(request: any, done: (answer: any) => void): void {
    this.asked.push({ users: request.users, done });
  }

  /** Answers a request: these users are online. */
  answer(at: number, ...online: string[]): void {
    const { users = [], done } = this.asked[at] ?? {};
    done?.({ ok: { op: 'watch', users: users.map((user) => ({ user, online: online.includes(user) })) } });
  }
}

function watching(): { watch: Watching; line: Line; told: string[] } {
  const told: string[] = [];
  return { watch: new Watching((user, online) => told.push(`${user} ${online}`)), line: new Line(), told };
}

const event = (user: string, online: boolean): any => ({ ev: 'presence', user, online });

test('only_what_is_new_is_told', () => {
  const { watch, line, told } = watching();
  watch.watch(['ann', 'bob', 'ann'], line);
  assert.deepEqual(line.asked[0]?.users, ['ann', 'bob'], 'each once');
  line.answer(0, 'ann');
  watch.pushed(event('ann', true));
  watch.pushed(event('bob', true));
  watch.pushed(event('bob', true));
  watch.pushed(event('zoe', true));
  watch.pushed({ ev: 'memberLeft', user: 'ann', reason: 'left' } as any);
  assert.deepEqual(told, ['ann true', 'bob true']);
});

test('an_answer_about_an_earlier_list_is_of_no_interest', () => {
  const { watch, line, told } = watching();
  watch.watch(['ann'], line);
  watch.watch(['bob'], line);
  line.answer(1, 'bob');
  line.answer(0, 'ann');
  assert.deepEqual(told, ['bob true']);
  watch.watch(['ann'], line);
  watch.watch(['bob'], line);
  line.answer(3, 'bob');
  assert.deepEqual(told, ['bob true', 'bob true'], 'who is on a list again is not known any more');
});

test('a_list_without_a_connection_is_asked_for_when_there_is_one', () => {
  const { watch, line, told } = watching();
  watch.watch(['ann'], null);
  line.ready = false;
  watch.again(line);
  assert.equal(line.asked.length, 0);
  line.ready = true;
  watch.again(line);
  line.answer(0, 'ann');
  watch.forget();
  watch.forget();
  watch.again(line);
  line.answer(1, 'ann');
  assert.deepEqual(told, ['ann true', 'ann false', 'ann true']);
});

test('an_empty_list_ends_it_and_a_refusal_changes_nothing', () => {
  const { watch, line, told } = watching();
  watch.watch(['ann'], line);
  line.asked[0]?.done({ error: { code: 'rate-limited' } });
  line.asked[0]?.done({ lost: true });
  watch.watch([], line);
  assert.deepEqual(line.asked[1]?.users, [], 'the server is told');
  watch.pushed(event('ann', true));
  watch.again(line);
  assert.deepEqual([told, line.asked.length], [[], 2]);
});

/** Somebody who is logged in, and hears of presence. */
function device(clock: Clock, server: FakeServer, user: string): { calls: Calls; told: string[] } {
  const told: string[] = [];
  const calls = new Calls(new FakePlatform(clock, server), { signal: 'wss://h/v1/signal', rtmp: 'rtmp://h/live' }, (what) => {
    if (what.type === 'presence') {
      told.push(`${what.user} ${what.online}`);
    }
  });
  calls.login({ app: 1, user, sig: 'sig', device: `device-of-${user}`, client: 'test/1' });
  return { calls, told };
}

function pair(): { clock: Clock; server: FakeServer; ann: ReturnType<typeof device>; bob: ReturnType<typeof device> } {
  const clock = new Clock();
  const server = new FakeServer(clock);
  const ann = device(clock, server, 'ann');
  ann.calls.watch(['bob', 'cid']);
  clock.advance(100);
  const bob = device(clock, server, 'bob');
  clock.advance(100);
  assert.deepEqual(ann.told.splice(0), ['bob true'], 'a list that was given before the login counts');
  return { clock, server, ann, bob };
}

test('a_goodbye_is_told_at_once_and_a_change_of_network_is_not', () => {
  const { clock, server, ann, bob } = pair();
  server.dropAll();
  clock.advance(GONE_MS);
  assert.deepEqual(ann.told, [], 'everybody is back in time');
  bob.calls.logout();
  clock.advance(100);
  assert.deepEqual(ann.told, ['bob false']);
});

test('what_changed_while_the_watcher_was_away_is_told_when_it_is_back', () => {
  const { clock, server, ann, bob } = pair();
  server.unreachable = true;
  server.dropAll();
  clock.advance(100);
  server.unreachable = false;
  bob.calls.logout();
  clock.advance(GONE_MS + 5000);
  assert.deepEqual(ann.told, ['bob false']);
  assert.equal(server.requests('watch').length, 1, 'a session that is resumed goes on watching');
});

test('a_new_session_watches_again', () => {
  const { clock, server, ann, bob } = pair();
  server.expire('ann');
  server.dropAll();
  bob.calls.logout();
  clock.advance(GONE_MS);
  assert.deepEqual(server.requests('watch').map(({ users }) => users), [['bob', 'cid'], ['bob', 'cid']]);
  assert.deepEqual(ann.told, ['bob false']);
});

test('a_snapshot_is_followed_by_another_look', () => {
  const { clock, server, ann, bob } = pair();
  server.replay = 0;
  server.unreachable = true;
  server.dropAll();
  bob.calls.logout();
  clock.advance(GONE_MS);
  server.unreachable = false;
  clock.advance(GONE_MS);
  assert.equal(server.requests('watch').length, 2);
  assert.deepEqual(ann.told, ['bob false']);
});

test('without_a_login_nobody_is_known_to_be_there', () => {
  const { clock, server, ann } = pair();
  server.end('ann', 'credentialExpired');
  clock.advance(100);
  assert.deepEqual(ann.told, ['bob false']);
});
