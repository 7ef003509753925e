import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { AVOID_MS, ChoosingPlayer, Experience } from '../src/choose.js';
import type { Way } from '../src/choose.js';
import { FlvPlayer, FROZEN_MS, START_MS } from '../src/flv.js';
import type { Engine, FlvScope } from '../src/flv.js';
import type { PlayEvents, PlayStats, Transport } from '../src/player.js';
import { Trouble } from '../src/trouble.js';
import { settle, Timers } from './clock.js';

/** The player library, of which the test causes the events. */
class Library extends EventEmitter {
  destroyed = false;
  constructor(
    readonly source: Record<string, unknown>,
    readonly config: Record<string, unknown>,
  ) {
    super();
  }
  attachMediaElement = (): void => undefined;
  load = (): void => undefined;
  destroy = (): void => void (this.destroyed = true);
}

function rig({ blocked = false, supported = true } = {}) {
  const timers = new Timers();
  const made: Library[] = [];
  const told: string[] = [];
  const Events = { ERROR: 'error', LOADING_COMPLETE: 'complete', MEDIA_INFO: 'info', STATISTICS_INFO: 'statistics' };
  const createPlayer = (source: Record<string, unknown>, config: Record<string, unknown>): Library => {
    made.push(new Library(source, config));
    element.frames = 0; // A media element counts anew with each source.
    return made[made.length - 1]!;
  };
  const engine = { createPlayer, isSupported: () => supported, Events } as unknown as Engine;
  const element = {
    frames: 0, currentTime: 0, readyState: 4, paused: false, videoWidth: 0, videoHeight: 0,
    webkitAudioDecodedByteCount: undefined as number | undefined,
    buffered: { length: 0, end: () => 0 },
    getVideoPlaybackQuality: () => ({ totalVideoFrames: element.frames }),
    play: () => (blocked ? Promise.reject(Object.assign(new Error(), { name: 'NotAllowedError' })) : Promise.resolve()),
  };
  const events: PlayEvents = {
    connected: (transport) => told.push(`connected ${transport}`),
    retrying: (attempt, why) => told.push(`retrying ${attempt} ${why.kind}`),
    failed: (why) => told.push(`failed ${why.kind} ${why.status}`),
    blocked: () => told.push('blocked'),
  };
  const player = new FlvPlayer('http://h/flv/K.flv', events, engine, undefined, timers as unknown as FlvScope);
  const play = (): void => player.play(element as unknown as HTMLVideoElement);
  /** Plays for a while: pictures and time go on. */
  const runs = async (ms: number, { pictures = true, sound = true } = {}): Promise<void> => {
    for (let at = 0; at < ms; at += 500) {
      element.frames += pictures ? 7 : 0;
      element.currentTime += sound ? 0.5 : 0;
      await timers.pass(500);
    }
  };
  return { timers, made, told, element, player, play, runs };
}

test('live_latency_is_chased_and_nothing_is_stashed', () => {
  const { play, made } = rig();
  play();
  const { enableStashBuffer, liveSync, liveSyncTargetLatency, liveSyncMaxLatency } = made[0]!.config;
  assert.deepEqual([enableStashBuffer, liveSync], [false, true]);
  assert.ok(Number(liveSyncTargetLatency) <= 0.4 && Number(liveSyncMaxLatency) <= 0.8);
});

test('pictures_that_come_are_told_once_and_counted', async () => {
  const { play, runs, told, player } = rig();
  play();
  await runs(5000);
  const { frames, fps, quality } = await player.stats();
  assert.deepEqual([told, frames, Math.round(fps), quality], [['connected flv'], 70, 14, 1]);
});

test('what_the_sound_takes_is_reckoned_from_its_bytes_and_the_rest_is_picture', async () => {
  const { play, runs, player, made, element } = rig();
  play();
  element.webkitAudioDecodedByteCount = 0;
  for (let n = 0; n < 8; n++) {
    await runs(500);
    element.webkitAudioDecodedByteCount += 3000;
  }
  made[0]!.emit('statistics', { speed: 60 });
  const { audioKbps, videoKbps } = await player.stats();
  assert.deepEqual([audioKbps, videoKbps], [48, 480 - 48]);
});

test('where_the_bytes_of_sound_are_not_told_metadata_says_what_it_takes', async () => {
  const { play, runs, player, made } = rig();
  play();
  made[0]!.emit('info', { audioDataRate: 64 });
  await runs(2000);
  made[0]!.emit('info', {});
  assert.equal((await player.stats()).audioKbps, 64);
});

test('frozen_pictures_are_fetched_anew_although_the_sound_goes_on', async () => {
  const { play, runs, told, made, player } = rig();
  player.expect({ audio: true, video: true });
  play();
  await runs(2000);
  await runs(FROZEN_MS + 1500, { pictures: false });
  assert.deepEqual(told, ['connected flv', 'retrying 1 lost']);
  assert.equal(made.length, 2);
  assert.equal(made[0]!.destroyed, true);
  await runs(2000);
  assert.equal(told[2], 'connected flv');
  const { reloads, frames } = await player.stats();
  assert.deepEqual([reloads, frames], [1, 56]);
});

test('a_stream_of_sound_alone_is_not_taken_for_frozen', async () => {
  const { play, runs, told, player } = rig();
  player.expect({ audio: true, video: false });
  play();
  await runs(3 * FROZEN_MS, { pictures: false });
  assert.deepEqual(told, ['connected flv']);
});

test('a_camera_that_goes_off_makes_the_stream_be_fetched_without_pictures', async () => {
  const { play, runs, made, player } = rig();
  player.expect({ audio: true, video: true });
  play();
  await runs(1000);
  player.expect({ audio: true, video: true });
  assert.equal(made.length, 1);
  player.expect({ audio: true, video: false });
  assert.deepEqual(made.map(({ source }) => source['hasVideo']), [true, false]);
});

test('a_start_that_stood_still_is_tried_again_without_counting_on_any_track', async () => {
  const { play, timers, made, player } = rig();
  player.expect({ audio: true, video: true });
  play();
  await timers.pass(START_MS + 2000);
  assert.deepEqual(made.map(({ source }) => source['hasAudio']), [true, undefined]);
});

test('a_stream_that_never_begins_is_tried_again_and_given_up', async () => {
  const { play, timers, told } = rig();
  play();
  await timers.pass(5 * START_MS);
  assert.deepEqual(told, ['retrying 1 lost', 'retrying 2 lost', 'retrying 3 lost', 'failed lost 0']);
});

test('an_answer_of_the_server_that_refuses_is_told_with_its_status', async () => {
  const { play, timers, made, told } = rig();
  play();
  for (let attempt = 0; attempt < 4; attempt++) {
    made[attempt]!.emit('error', 'NetworkError', 'HttpStatusCodeInvalid', { code: 403, msg: 'Forbidden' });
    await timers.pass(4000);
  }
  assert.equal(told[3], 'failed refused 403');
});

test('pictures_that_the_browser_cannot_decode_are_not_tried_again', async () => {
  const { play, made, told, timers } = rig();
  play();
  made[0]!.emit('error', 'MediaError', 'MediaMSEError', { code: 11, msg: '' });
  assert.equal(made[0]!.destroyed, false, 'the library is still inside its event');
  await timers.pass(1);
  assert.deepEqual(told, ['failed undecodable 11']);
});

test('far_behind_is_jumped_over', async () => {
  const { play, timers, element } = rig();
  play();
  element.buffered = { length: 1, end: () => 30 };
  element.currentTime = 10;
  await timers.pass(500);
  assert.ok(element.currentTime > 29 && element.currentTime < 30, String(element.currentTime));
});

test('a_browser_that_waits_for_a_touch_says_so', async () => {
  const { play, told } = rig({ blocked: true });
  play();
  await settle();
  assert.deepEqual(told, ['blocked']);
});

test('a_stopped_player_tells_nothing_and_keeps_no_timer', async () => {
  const { play, player, timers, made, told } = rig();
  play();
  player.stop();
  made[0]!.emit('error', 'NetworkError', 'EarlyEof', { code: -1, msg: '' });
  await timers.pass(60000);
  assert.deepEqual([told, timers.pending, made.length], [[], 0, 1]);
});

/** Ways that fail as told; one that is not told to fail plays. */
function ways(failures: Partial<Record<Transport, Trouble>>) {
  const played: string[] = [];
  const all = (['whep', 'flv', 'ws-flv'] as const).map((transport): Way => ({
    transport,
    make: (events) => ({
      play: () => {
        played.push(transport);
        const failure = failures[transport];
        if (failure) {
          events.failed?.(failure);
        }
      },
      expect: (tracks) => void played.push(`${transport} expects ${tracks.video}`),
      stop: () => void played.push(`${transport} stopped`),
      stats: () => Promise.resolve({ transport, frames: 5 } as PlayStats),
    }),
  }));
  return { played, all };
}

const ELEMENT = {} as HTMLVideoElement;

test('flv_is_played_when_webrtc_fails_and_the_reason_is_told', async () => {
  const { all, played } = ways({ whep: new Trouble('refused', 'The stream has B-frames.', 409) });
  const told: string[] = [];
  const player = new ChoosingPlayer(all, { changed: (to, why) => told.push(`${to} ${why.status}`) }, new Experience(() => 0));
  player.play(ELEMENT);
  player.expect({ audio: true, video: true });
  assert.deepEqual([played, told], [['whep', 'flv', 'flv expects true'], ['flv 409']]);
  await settle();
  assert.equal((await player.stats()).frames, 10);
});

test('when_every_way_fails_the_last_reason_is_told', () => {
  const { all } = ways({ whep: new Trouble('no-route'), flv: new Trouble('lost'), 'ws-flv': new Trouble('refused', '', 403) });
  const told: string[] = [];
  new ChoosingPlayer(all, { failed: (why) => told.push(why.kind) }, new Experience(() => 0)).play(ELEMENT);
  assert.deepEqual(told, ['refused']);
});

test('after_webrtc_found_no_route_other_players_begin_with_flv_for_a_while', () => {
  let now = 0;
  const experience = new Experience(() => now);
  const first = ways({ whep: new Trouble('no-route') });
  new ChoosingPlayer(first.all, {}, experience).play(ELEMENT);
  const second = ways({});
  new ChoosingPlayer(second.all, {}, experience).play(ELEMENT);
  now = AVOID_MS;
  const third = ways({});
  new ChoosingPlayer(third.all, {}, experience).play(ELEMENT);
  assert.deepEqual([first.played, second.played, third.played], [['whep', 'flv'], ['flv'], ['whep']]);
});

test('a_refusal_of_one_stream_says_nothing_about_others', () => {
  const experience = new Experience(() => 0);
  new ChoosingPlayer(ways({ whep: new Trouble('refused', '', 409) }).all, {}, experience).play(ELEMENT);
  const second = ways({});
  new ChoosingPlayer(second.all, {}, experience).play(ELEMENT);
  assert.deepEqual(second.played, ['whep']);
});
