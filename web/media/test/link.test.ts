import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONNECT_MS, GATHER_MS, HEAL_MS, Link, PAUSES_MS, RENEW_MS, STABLE_MS } from '../src/link.js';
import type { LinkScope } from '../src/link.js';
import type { Trouble } from '../src/trouble.js';
import { Timers } from './clock.js';

class Peer {
  static all: Peer[] = [];
  connectionState = 'new';
  iceGatheringState = 'complete';
  onconnectionstatechange: (() => void) | null = null;
  onicegatheringstatechange: (() => void) | null = null;
  localDescription: { sdp: string } | null = null;
  answer = '';
  closed = false;

  constructor() {
    Peer.all.push(this);
  }
  restarts = 0;
  createOffer = ({ iceRestart = false } = {}): Promise<object> => {
    this.restarts += iceRestart ? 1 : 0;
    return Promise.resolve({ sdp: 'offer' });
  };
  setLocalDescription = (): Promise<void> => {
    const credentials = `a=ice-ufrag:name${this.restarts}\r\na=ice-pwd:secret${this.restarts}\r\n`;
    const sdp = `m=audio 9\r\na=mid:0\r\n${credentials}a=candidate:1\r\nm=video 9\r\na=mid:1\r\n${credentials}`;
    this.localDescription = { sdp: this.restarts === 0 ? `offer ${Peer.all.length}` : sdp };
    return Promise.resolve();
  };
  setRemoteDescription = ({ sdp }: { sdp: string }): Promise<void> => {
    this.answer = sdp;
    return Promise.resolve();
  };
  close = (): void => void (this.closed = true);
  goes(state: string): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}

type Answers = () => Response | Promise<Response>;

const created = (): Response => new Response('answer', { status: 201, headers: { location: '/whip/s/1' } });

const ANSWER = 'm=audio 9\r\na=mid:0\r\na=ice-ufrag:old\r\na=ice-pwd:old\r\na=candidate:old\r\n';
const negotiated = (): Response => new Response(ANSWER, { status: 201, headers: { location: '/whip/s/1' } });
const cannot = (): Response => new Response('', { status: 422 });
const renewed = (): Response => new Response('a=ice-ufrag:fresh\r\na=ice-pwd:key\r\na=candidate:new\r\n', { status: 200 });

function rig(answers: Answers = created, patched: Answers = cannot) {
  Peer.all = [];
  const timers = new Timers();
  const requests: string[] = [];
  const told: string[] = [];
  const fetcher = (url: string, { method = 'GET', body }: RequestInit = {}): Promise<Response> => {
    requests.push(`${method} ${url}${body ? ` ${String(body)}` : ''}`);
    const others = method === 'PATCH' ? patched : () => new Response(null, { status: 200 });
    return Promise.resolve(method === 'POST' ? answers() : others());
  };
  const online = new Set<() => void>();
  const events = {
    addEventListener: (_: string, run: () => void) => void online.add(run),
    removeEventListener: (_: string, run: () => void) => void online.delete(run),
  };
  const scope = {
    ...events, ...timers, setTimeout: timers.setTimeout, clearTimeout: timers.clearTimeout, RTCPeerConnection: Peer, fetch: fetcher };
  const link = new Link(
    {
      url: 'http://h/whip/KEY',
      prepare: () => undefined,
      connected: () => told.push('connected'),
      retrying: (attempt: number, why: Trouble) => told.push(`retrying ${attempt} ${why.kind}`),
      failed: (why: Trouble) => told.push(`failed ${why.kind} ${why.status} ${why.detail}`),
    },
    scope as unknown as LinkScope,
  );
  return { link, timers, requests, told, online, peer: () => Peer.all[Peer.all.length - 1]! };
}

test('an_offer_is_posted_once_gathered_and_the_answer_taken', async () => {
  const { link, timers, requests, told, peer } = rig();
  link.start();
  await timers.pass(1);
  assert.deepEqual([requests, peer().answer], [['POST http://h/whip/KEY offer 1'], 'answer']);
  peer().goes('connected');
  assert.deepEqual(told, ['connected']);
});

test('gathering_that_takes_long_is_not_waited_for', async () => {
  const { link, timers, requests, peer } = rig();
  link.start();
  peer().iceGatheringState = 'gathering';
  await timers.pass(GATHER_MS - 1);
  assert.deepEqual(requests, []);
  await timers.pass(1);
  assert.equal(requests.length, 1);
});

test('stop_deletes_the_session_at_its_location_and_closes', async () => {
  const { link, timers, requests, told, peer } = rig();
  link.start();
  await timers.pass(1);
  peer().goes('connected');
  link.stop();
  assert.equal(requests[1], 'DELETE http://h/whip/s/1');
  assert.equal(timers.pending, 0);
  await timers.pass(1);
  assert.equal(peer().closed, true);
  peer().goes('failed');
  assert.deepEqual(told, ['connected']);
});

test('a_session_that_was_made_after_stop_is_deleted', async () => {
  let answer: (response: Response) => void = () => undefined;
  const { link, timers, requests } = rig(() => new Promise<Response>((resolve) => (answer = resolve)));
  link.start();
  await timers.pass(1);
  link.stop();
  answer(created());
  await timers.pass(1);
  assert.equal(requests[1], 'DELETE http://h/whip/s/1');
});

test('a_refusal_is_final_and_tells_the_servers_sentence', async () => {
  const problem = JSON.stringify({ title: 'Forbidden', detail: 'The stream key is unknown.' });
  const { link, timers, told, requests } = rig(() => new Response(problem, { status: 403 }));
  link.start();
  await timers.pass(60000);
  assert.deepEqual(told, ['failed refused 403 The stream key is unknown.']);
  assert.equal(requests.length, 1);
});

test('a_server_that_is_not_there_is_tried_again_with_growing_pauses_and_then_given_up', async () => {
  const { link, timers, told } = rig(() => Promise.reject(new Error('ECONNREFUSED')));
  link.start();
  const at: number[] = [];
  while (told.length <= PAUSES_MS.length && timers.now < 60000) {
    const before = told.length;
    await timers.pass(1);
    if (told.length > before) {
      at.push(timers.now - 1);
    }
  }
  const [first = 0, second = 0, third = 0] = PAUSES_MS;
  assert.deepEqual(at.map((ms) => Math.round(ms / 10) * 10), [0, first, first + second, first + second + third]);
  assert.deepEqual(told.map((line) => line.split(' ').slice(0, 3).join(' ')), [
    'retrying 1 unreachable', 'retrying 2 unreachable', 'retrying 3 unreachable', 'failed unreachable 0',
  ]);
});

test('a_failure_of_the_server_is_tried_again', async () => {
  let calls = 0;
  const { link, timers, told } = rig(() => (calls++ === 0 ? new Response('', { status: 503 }) : created()));
  link.start();
  await timers.pass(2000);
  assert.deepEqual([told, calls], [['retrying 1 refused'], 2]);
});

test('media_that_never_comes_is_no_route', async () => {
  const { link, timers, told, requests } = rig();
  link.start();
  await timers.pass(CONNECT_MS + 1);
  assert.deepEqual(told, ['retrying 1 no-route']);
  assert.equal(requests[1], 'DELETE http://h/whip/s/1');
});

test('a_short_silence_heals_by_itself_and_a_long_one_is_a_loss', async () => {
  const { link, timers, told, requests, peer } = rig();
  link.start();
  await timers.pass(1);
  peer().goes('connected');
  peer().goes('disconnected');
  await timers.pass(RENEW_MS - 1);
  peer().goes('connected');
  await timers.pass(HEAL_MS);
  assert.deepEqual([told, requests.length], [['connected'], 1]);
  peer().goes('disconnected');
  await timers.pass(HEAL_MS + 1);
  assert.deepEqual(told, ['connected', 'retrying 1 lost']);
});

const RESTART =
  'PATCH http://h/whip/s/1 m=audio 9\r\na=mid:0\r\na=ice-ufrag:name1\r\na=ice-pwd:secret1\r\na=candidate:1\r\n' +
  'a=end-of-candidates\r\n';

test('a_longer_silence_restarts_ice_and_keeps_the_session', async () => {
  const { link, timers, told, requests, peer } = rig(negotiated, renewed);
  link.start();
  await timers.pass(1);
  peer().goes('connected');
  peer().goes('disconnected');
  await timers.pass(RENEW_MS + 1);
  assert.deepEqual(requests.slice(1), [RESTART]);
  assert.equal(peer().answer, 'm=audio 9\r\na=mid:0\r\na=candidate:new\r\na=ice-ufrag:fresh\r\na=ice-pwd:key\r\n');
  peer().goes('connecting');
  peer().goes('connected');
  await timers.pass(2 * HEAL_MS);
  assert.deepEqual([told, Peer.all.length], [['connected'], 1]);
});

test('a_failed_connection_restarts_ice_at_once_and_what_does_not_come_back_gets_a_new_session', async () => {
  const { link, timers, told, requests, peer } = rig(negotiated, renewed);
  link.start();
  await timers.pass(1);
  peer().goes('connected');
  peer().goes('failed');
  await timers.pass(1);
  assert.deepEqual(requests.slice(1), [RESTART]);
  peer().goes('connecting');
  peer().goes('failed');
  await timers.pass(HEAL_MS);
  assert.deepEqual(told, ['connected', 'retrying 1 lost']);
  await timers.pass(PAUSES_MS[0]!);
  assert.deepEqual([requests.slice(2).map((line) => line.split(' ')[0]), Peer.all.length], [['DELETE', 'POST'], 2]);
});

test('a_server_that_cannot_restart_ice_gets_a_new_session_at_once_unless_media_flows', async () => {
  const { link, timers, told, online, peer } = rig(negotiated, cannot);
  link.start();
  await timers.pass(1);
  peer().goes('connected');
  online.forEach((run) => run());
  await timers.pass(1);
  assert.deepEqual([told, peer().restarts], [['connected'], 1]);
  peer().goes('failed');
  await timers.pass(1);
  assert.deepEqual(told, ['connected', 'retrying 1 lost']);
  assert.equal(online.size, 0, 'nobody listens to the network for a connection that is gone');
});

test('another_network_restarts_ice_without_waiting_for_silence', async () => {
  const { link, timers, told, requests, online, peer } = rig(negotiated, renewed);
  link.start();
  await timers.pass(1);
  online.forEach((run) => run());
  await timers.pass(1);
  assert.equal(requests.length, 1, 'not before there is something to restart');
  peer().goes('connected');
  online.forEach((run) => run());
  await timers.pass(1);
  assert.deepEqual([requests.slice(1), told], [[RESTART], ['connected']]);
});

test('without_a_network_the_restart_waits_for_one', async () => {
  let calls = 0;
  const patched = (): Response | Promise<Response> => (calls++ === 0 ? Promise.reject(new Error('offline')) : renewed());
  const { link, timers, told, online, peer } = rig(negotiated, patched);
  link.start();
  await timers.pass(1);
  peer().goes('connected');
  peer().goes('disconnected');
  await timers.pass(RENEW_MS + 1);
  assert.deepEqual([told, calls], [['connected'], 1]);
  online.forEach((run) => run());
  await timers.pass(1);
  peer().goes('connected');
  await timers.pass(HEAL_MS);
  assert.deepEqual([told, calls, Peer.all.length], [['connected'], 2, 1]);
});

test('a_connection_that_was_good_begins_the_attempts_anew', async () => {
  const { link, timers, told, peer } = rig();
  link.start();
  for (let round = 0; round < PAUSES_MS.length + 2; round++) {
    await timers.pass(PAUSES_MS[0]! + 1);
    peer().goes('connected');
    await timers.pass(STABLE_MS);
    peer().goes('failed');
    await timers.pass(1);
  }
  assert.equal(told.includes('failed lost 0 the connection failed'), false);
  assert.equal(told.filter((line) => line === 'retrying 1 lost').length, PAUSES_MS.length + 2);
});
