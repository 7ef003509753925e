import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlayEvents } from '../src/player.js';
import { CONNECT_REPLACEABLE_MS } from '../src/link.js';
import { FROZEN_MS, SILENT_MS, WhepPlayer } from '../src/whep.js';
import { Timers } from './clock.js';

/** A peer connection whose figures the test sets. */
class Peer {
  static all: Peer[] = [];
  static packets = 0;
  connectionState = 'new';
  iceGatheringState = 'complete';
  onconnectionstatechange: (() => void) | null = null;
  localDescription = { sdp: 'offer' };
  constructor() {
    Peer.all.push(this);
  }
  addTransceiver = (): object => ({});
  createOffer = (): Promise<object> => Promise.resolve({});
  setLocalDescription = (): Promise<void> => Promise.resolve();
  setRemoteDescription = (): Promise<void> => Promise.resolve();
  getStats = (): Promise<Map<string, object>> =>
    Promise.resolve(new Map([['a', { type: 'inbound-rtp', kind: 'audio', packetsReceived: Peer.packets }]]));
  close = (): void => undefined;
  goes(state: string): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}

async function rig(sound: number, { route = true } = {}) {
  Peer.all = [];
  Peer.packets = sound;
  const scope = globalThis as Record<string, unknown>;
  scope['RTCRtpReceiver'] = {}; // A browser that tells nothing of its codecs offers them all.
  const timers = new Timers();
  const told: string[] = [];
  const events: PlayEvents = {
    connected: () => told.push('connected'),
    retrying: (_attempt, why) => told.push(`retrying ${why.kind}`),
    failed: (why) => told.push(`failed ${why.kind}`),
  };
  const element = { frames: 0, getVideoPlaybackQuality: () => ({ totalVideoFrames: element.frames }), play: () => Promise.resolve(), srcObject: null };
  class Stream {
    getTracks = (): [] => [];
  }
  const fetcher = (): Promise<Response> => Promise.resolve(new Response('answer', { status: 201 }));
  const all = { setTimeout: timers.setTimeout, clearTimeout: timers.clearTimeout, performance: timers.performance, RTCPeerConnection: Peer, fetch: fetcher, MediaStream: Stream };
  const player = new WhepPlayer('http://h/whep/K', events, all as unknown as ConstructorParameters<typeof WhepPlayer>[2]);
  player.expect({ audio: true, video: true });
  player.play(element as unknown as HTMLVideoElement);
  await timers.pass(1);
  if (route) {
    Peer.all[0]?.goes('connected');
  }
  const runs = async (ms: number, pictures: boolean): Promise<void> => {
    for (let at = 0; at < ms; at += 1000) {
      element.frames += pictures ? 15 : 0;
      await timers.pass(1000);
    }
  };
  return { player, told, runs };
}

test('sound_and_picture_that_come_are_left_alone', async () => {
  const { told, runs } = await rig(100);
  await runs(2 * FROZEN_MS, true);
  assert.deepEqual(told, ['connected']);
});

test('a_picture_without_the_sound_that_belongs_to_it_is_fetched_another_way', async () => {
  const { told, runs } = await rig(0);
  await runs(SILENT_MS + 2000, true);
  assert.deepEqual(told, ['connected', 'failed no-sound']);
});

test('a_muted_member_is_not_taken_for_missing_sound', async () => {
  const { player, told, runs } = await rig(0);
  player.expect({ audio: false, video: true });
  await runs(3 * SILENT_MS, true);
  assert.deepEqual(told, ['connected']);
});

test('pictures_that_stop_make_a_new_connection', async () => {
  const { told, runs } = await rig(100);
  await runs(2000, true);
  await runs(FROZEN_MS + 2000, false);
  assert.deepEqual(told, ['connected', 'retrying lost']);
});

test('a_member_whose_camera_is_off_is_not_taken_for_frozen', async () => {
  const { player, told, runs } = await rig(100);
  player.expect({ audio: true, video: false });
  await runs(2 * FROZEN_MS, false);
  assert.deepEqual(told, ['connected']);
});

test('a_network_that_lets_no_media_through_is_given_up_at_once_because_there_is_flv', async () => {
  const { told, runs } = await rig(0, { route: false });
  await runs(CONNECT_REPLACEABLE_MS + 1000, false);
  assert.deepEqual(told, ['failed no-route']);
});
