import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { Chance } from '../src/chance.js';
import { findServer, settings, wxPlatform } from '../src/index.js';

const scope = globalThis as Record<string, any>;

beforeEach(() => {
  scope['wx'] = {};
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
});
afterEach(() => {
  delete scope['wx'];
  mock.timers.reset();
});

const platform = wxPlatform(() => undefined);

/** A SocketTask whose events the test causes. */
class Task {
  readonly on: Record<string, (event?: unknown) => void> = {};
  readonly sent: string[] = [];
  closed: unknown = null;
  broken = false;

  onOpen = (run: () => void): void => void (this.on['open'] = run);
  onMessage = (run: () => void): void => void (this.on['message'] = run);
  onError = (run: () => void): void => void (this.on['error'] = run);
  onClose = (run: () => void): void => void (this.on['close'] = run);
  send = ({ data, fail }: any): void => {
    if (this.broken) {
      fail({ errMsg: 'sendSocketMessage:fail' });
    } else {
      this.sent.push(data);
    }
  };
  close = (options: unknown): void => void (this.closed = options);
}

/** Connects, and gives what the listener was told. */
function connect(task: Task | undefined): { told: string[]; socket: ReturnType<typeof platform.connect>; options: any } {
  const told: string[] = [];
  let options: any;
  scope['wx'].connectSocket = (given: any) => {
    options = given;
    return task;
  };
  const socket = platform.connect('wss://h/v1/signal', {
    opened: () => told.push('opened'),
    text: (text) => told.push(`text ${text}`),
    closed: (code, reason) => told.push(`closed ${code} ${reason}`),
  });
  return { told, socket, options };
}

test('a_socket_is_opened_without_nagle_and_its_events_are_told', () => {
  const task = new Task();
  const { told, socket, options } = connect(task);
  assert.deepEqual([options.url, options.tcpNoDelay], ['wss://h/v1/signal', true]);
  task.on['open']?.({});
  task.on['message']?.({ data: 'hello' });
  task.on['message']?.({ data: new ArrayBuffer(2) });
  socket.send('request');
  task.on['close']?.({ code: 4002, reason: 'over' });
  task.on['close']?.({ code: 1006, reason: 'again' });
  assert.deepEqual(told, ['opened', 'text hello', 'closed 4002 over']);
  assert.deepEqual(task.sent, ['request']);
});

test('a_sixth_socket_is_told_as_closed_and_not_inside_the_call', () => {
  const { told, socket } = connect(undefined);
  assert.deepEqual(told, []);
  mock.timers.tick(1);
  assert.equal(told.length, 1);
  assert.match(told[0] ?? '', /^closed 1006/);
  socket.send('x');
  socket.close(1000, '');
});

test('a_runtime_that_throws_is_told_as_closed', () => {
  const told: number[] = [];
  scope['wx'].connectSocket = () => {
    throw new Error('not in background');
  };
  platform.connect('wss://h', { opened: () => undefined, text: () => undefined, closed: (code) => told.push(code) });
  mock.timers.tick(1);
  assert.deepEqual(told, [1006]);
});

test('failures_of_connecting_and_sending_close_the_socket_once', () => {
  const failing = connect(new Task());
  failing.options.fail({ errMsg: 'connectSocket:fail' });
  mock.timers.tick(1);
  assert.deepEqual(failing.told, ['closed 1006 connectSocket:fail']);
  const task = new Task();
  const { told, socket } = connect(task);
  task.on['open']?.();
  task.broken = true;
  socket.send('a');
  socket.send('b');
  mock.timers.tick(1);
  assert.deepEqual(told, ['opened', 'closed 1006 sendSocketMessage:fail']);
});

test('a_socket_that_was_closed_before_it_opened_is_closed_when_it_opens', () => {
  const task = new Task();
  const { told, socket } = connect(task);
  socket.close(1000, 'too slow');
  task.closed = null; // the runtime ignores a close before the open
  task.on['open']?.({});
  assert.notEqual(task.closed, null);
  const failed = new Task();
  const failing = connect(failed);
  failing.options.fail({ errMsg: 'connectSocket:fail timeout' });
  mock.timers.tick(1);
  failed.on['open']?.({});
  assert.notEqual(failed.closed, null, 'a socket that was given up as failed, too');
  assert.deepEqual([told, failing.told], [[], ['closed 1006 connectSocket:fail timeout']]);
});

test('after_close_nothing_is_told', () => {
  const task = new Task();
  const { told, socket } = connect(task);
  task.on['open']?.();
  socket.close(1000, '');
  task.on['message']?.({ data: 'late' });
  task.on['error']?.({ errMsg: 'late' });
  task.on['close']?.({});
  mock.timers.tick(1);
  assert.deepEqual(told, ['opened']);
});

test('phones_that_lack_everything_optional_still_work', () => {
  assert.equal(platform.describe(), 'wechat');
  assert.equal(platform.read('key'), '');
  platform.write('key', 'value');
  assert.equal(platform.randomBytes(16).length, 16);
  platform.onShow(() => undefined)();
  platform.onHide(() => undefined)();
});

test('life_cycle_listeners_come_and_go_and_the_runtime_is_asked_once', () => {
  const listeners: ((state: unknown) => void)[] = [];
  scope['wx'].onNetworkStatusChange = (listener: (state: unknown) => void) => listeners.push(listener);
  const told: string[] = [];
  const cancel = platform.onNetwork((connected) => told.push(`first ${connected}`));
  platform.onNetwork((connected) => told.push(`second ${connected}`));
  assert.equal(listeners.length, 1);
  listeners[0]?.({ isConnected: false });
  cancel();
  cancel();
  listeners[0]?.({ isConnected: true });
  assert.deepEqual(told, ['first false', 'second false', 'second true']);
});

test('whether_the_application_is_in_the_background_is_known_to_those_who_come_later', async () => {
  const tell: Record<string, () => void> = {};
  scope['wx'].onAppShow = (run: () => void) => (tell['show'] = run);
  scope['wx'].onAppHide = (run: () => void) => (tell['hide'] = run);
  // What the module knows is of the whole application: this test needs a module of its own.
  const fresh = (await import('../src/index.js?' + 'background')) as typeof import('../src/index.js');
  const early = fresh.wxPlatform(() => undefined);
  assert.equal(early.hidden(), false);
  tell['hide']?.();
  assert.deepEqual([early.hidden(), fresh.wxPlatform(() => undefined).hidden()], [true, true]);
  let seen: boolean | undefined;
  early.onShow(() => (seen = early.hidden()));
  tell['show']?.();
  assert.equal(seen, false, 'listeners find it changed');
});

test('the_server_is_what_the_application_set', () => {
  scope['wx'].huitong = { server: 'https://h:8443', play: 'flv' };
  assert.deepEqual(findServer(), { signal: 'wss://h:8443/v1/signal', rtmp: 'rtmp://h:1935/live' });
  assert.equal(settings().play, 'flv');
});

test('without_a_server_the_sentence_says_what_to_set', () => {
  for (const huitong of [undefined, null, 'https://h', {}, { server: '' }, { server: 7 }]) {
    scope['wx'].huitong = huitong;
    assert.match(String(findServer()), /wx\.huitong = \{ server/);
  }
  scope['wx'].huitong = { server: 'rtc.example.org' };
  assert.match(String(findServer()), /must look like/);
});

test('secure_bytes_are_used_once_and_fetched_ahead', () => {
  const waiting: ((bytes: Uint8Array) => void)[] = [];
  const chance = new Chance((_count, done) => waiting.push(done));
  chance.prepare();
  chance.prepare();
  assert.equal(waiting.length, 1, 'one request at a time');
  const early = chance.bytes(16);
  assert.equal(new Set(early).size > 4, true, 'bytes are there before the secure ones');
  waiting[0]?.(new Uint8Array(128).fill(1));
  const random = mock.method(Math, 'random', () => 0);
  const first = chance.bytes(16);
  const second = chance.bytes(16);
  random.mock.restore();
  assert.notDeepEqual(first, second);
  assert.equal(waiting.length, 2, 'what was used is fetched again');
});

test('weak_bytes_are_spread_evenly', () => {
  const chance = new Chance(() => undefined);
  const counts = new Array<number>(256).fill(0);
  for (const byte of chance.bytes(65_536)) {
    counts[byte] = (counts[byte] ?? 0) + 1;
  }
  assert.ok(Math.min(...counts) > 150 && Math.max(...counts) < 370, `${Math.min(...counts)} to ${Math.max(...counts)}`);
});
