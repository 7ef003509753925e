import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { deviceId, makeKey } from '@huitong/core';
import { describeBrowser, webPlatform } from '../src/index.js';
import type { Scope } from '../src/index.js';

beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
afterEach(() => mock.timers.reset());

/** A WebSocket whose events the test causes. */
class FakeSocket {
  static latest: FakeSocket;
  static refuse: string | null = null;
  sent: string[] = [];
  closedWith: unknown[] | null = null;
  sendFails = false;
  onopen: () => void = () => undefined;
  onmessage: (event: { data: unknown }) => void = () => undefined;
  onclose: (event: { code: number; reason: string }) => void = () => undefined;

  constructor(readonly url: string) {
    if (FakeSocket.refuse) {
      throw new Error(FakeSocket.refuse);
    }
    FakeSocket.latest = this;
  }

  send(text: string): void {
    if (this.sendFails) {
      throw new Error('InvalidStateError');
    }
    this.sent.push(text);
  }

  close(...how: unknown[]): void {
    if (typeof how[1] === 'string' && how[1].length > 123) {
      throw new Error('SyntaxError');
    }
    this.closedWith = how;
  }
}

function browser(more: Record<string, unknown> = {}) {
  FakeSocket.refuse = null;
  const target = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  const connection = new EventTarget();
  const store = new Map<string, string>();
  const clocks = { steady: 100, wall: 1_700_000_000_000 };
  const scope = {
    WebSocket: FakeSocket,
    Date: { now: () => clocks.wall },
    performance: { now: () => clocks.steady },
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    crypto: globalThis.crypto,
    document,
    navigator: { onLine: true, userAgent: '', connection },
    console,
    localStorage: {
      getItem: (key: string) => store.get(key) ?? null,
      setItem: (key: string, value: string) => void store.set(key, value),
    },
    addEventListener: target.addEventListener.bind(target),
    removeEventListener: target.removeEventListener.bind(target),
    ...more,
  };
  const platform = webPlatform(() => undefined, scope as unknown as Scope);
  return { platform, scope, target, document, connection, store, clocks };
}

function open(platform: ReturnType<typeof webPlatform>) {
  const told: string[] = [];
  const socket = platform.connect('wss://h/v1/signal', {
    opened: () => told.push('opened'),
    text: (text) => told.push(`text ${text}`),
    closed: (code, reason) => told.push(`closed ${code} ${reason}`),
  });
  return { told, socket, fake: FakeSocket.latest };
}

test('the_events_of_a_socket_are_told_and_its_end_once', () => {
  const { told, socket, fake } = open(browser().platform);
  assert.equal(fake.url, 'wss://h/v1/signal');
  fake.onopen();
  fake.onmessage({ data: 'hello' });
  fake.onmessage({ data: new ArrayBuffer(2) });
  socket.send('request');
  fake.onclose({ code: 4002, reason: 'over' });
  fake.onclose({ code: 1006, reason: '' });
  assert.deepEqual(told, ['opened', 'text hello', 'closed 4002 over']);
  assert.deepEqual(fake.sent, ['request']);
});

test('a_socket_that_the_page_closes_tells_nothing_afterwards', () => {
  const { told, socket, fake } = open(browser().platform);
  socket.close(1000, '');
  fake.onopen();
  fake.onmessage({ data: 'late' });
  fake.onclose({ code: 1000, reason: '' });
  assert.deepEqual(told, []);
  assert.deepEqual(fake.closedWith, [1000, '']);
});

test('a_reason_that_is_too_long_closes_all_the_same', () => {
  const { socket, fake } = open(browser().platform);
  socket.close(4007, 'x'.repeat(200));
  assert.deepEqual(fake.closedWith, []);
});

test('an_address_that_the_page_may_not_use_is_told_as_closed_and_not_inside_the_call', () => {
  const { platform } = browser();
  FakeSocket.refuse = 'SecurityError';
  const { told, socket } = open(platform);
  assert.deepEqual(told, []);
  mock.timers.tick(0);
  assert.deepEqual(told, ['closed 1006 Error: SecurityError']);
  socket.send('x');
  socket.close(1000, '');
});

test('a_send_that_throws_is_told_as_closed', () => {
  const { told, socket, fake } = open(browser().platform);
  fake.sendFails = true;
  socket.send('x');
  assert.deepEqual(told, []);
  mock.timers.tick(0);
  assert.deepEqual(told, ['closed 1006 Error: InvalidStateError']);
});

test('timers_run_once_and_can_be_cancelled', () => {
  const { platform } = browser();
  const ran: string[] = [];
  platform.after(10, () => ran.push('first'));
  platform.after(10, () => ran.push('cancelled'))();
  mock.timers.tick(20);
  assert.deepEqual(ran, ['first']);
});

test('the_clock_counts_the_time_in_which_the_machine_slept', () => {
  const { platform, clocks } = browser();
  const before = platform.now();
  clocks.steady += 1000;
  clocks.wall += 1000;
  assert.equal(platform.now() - before, 1000);
  clocks.wall += 3_600_000; // asleep: only the wall clock went on
  assert.equal(platform.now() - before, 3_601_000);
});

test('a_wall_clock_that_is_set_back_does_not_turn_the_clock_back', () => {
  const { platform, clocks } = browser();
  const before = platform.now();
  clocks.wall -= 86_400_000;
  clocks.steady += 1;
  assert.equal(platform.now() - before, 1);
});

test('keys_come_from_secure_random_bytes', () => {
  const { platform } = browser();
  assert.match(makeKey(platform), /^[A-Za-z0-9_-]{22}$/);
  assert.notEqual(makeKey(platform), makeKey(platform));
});

test('what_is_stored_is_read_again_and_the_device_keeps_its_id', () => {
  const { platform } = browser();
  assert.equal(platform.read('nothing'), '');
  assert.equal(deviceId(platform), deviceId(platform));
});

test('a_browser_without_storage_works_on', () => {
  const scope = {
    get localStorage(): never {
      throw new Error('SecurityError');
    },
  };
  const { platform } = browser();
  const blocked = webPlatform(() => undefined, Object.defineProperty({ ...browser().scope }, 'localStorage', Object.getOwnPropertyDescriptor(scope, 'localStorage') ?? {}) as unknown as Scope);
  blocked.write('a', 'b');
  assert.equal(blocked.read('a'), '');
  assert.equal(platform.read('a'), '');
});

test('a_page_that_is_hidden_and_shown_goes_to_the_background_and_back', () => {
  const { platform, document } = browser();
  const told: string[] = [];
  const undo = platform.onShow(() => told.push('shown'));
  platform.onHide(() => told.push('hidden'));
  document.visibilityState = 'hidden';
  document.dispatchEvent(new Event('visibilitychange'));
  assert.equal(platform.hidden(), true);
  document.visibilityState = 'visible';
  document.dispatchEvent(new Event('visibilitychange'));
  assert.equal(platform.hidden(), false);
  undo();
  document.dispatchEvent(new Event('visibilitychange'));
  assert.deepEqual(told, ['hidden', 'shown']);
});

test('a_network_that_goes_comes_or_changes_is_told', () => {
  const { platform, scope, target, connection } = browser();
  const told: boolean[] = [];
  const undo = platform.onNetwork((connected) => told.push(connected));
  scope.navigator.onLine = false;
  target.dispatchEvent(new Event('offline'));
  scope.navigator.onLine = true;
  target.dispatchEvent(new Event('online'));
  connection.dispatchEvent(new Event('change'));
  undo();
  target.dispatchEvent(new Event('online'));
  connection.dispatchEvent(new Event('change'));
  assert.deepEqual(told, [false, true, true]);
});

test('browsers_are_told_apart_in_the_log', () => {
  const chrome = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36';
  const edge = `${chrome.replace('X11; Linux x86_64', 'Windows NT 10.0')} Edg/156.0`;
  const safari = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1';
  assert.equal(describeBrowser(chrome), 'Chrome/156 Linux');
  assert.equal(describeBrowser(edge), 'Edge/156 Windows');
  assert.equal(describeBrowser(safari), 'Safari/18.0 iOS');
  assert.equal(describeBrowser('something else'), 'browser');
});
