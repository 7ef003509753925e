import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyOf, playWays, whipUrl } from '../src/address.js';
import { pictureCodecs, soundCodecs } from '../src/codecs.js';
import { loudness } from '../src/meter.js';
import { quality } from '../src/quality.js';
import { RtcReader } from '../src/rtcstats.js';

const BASES = { rtmp: 'rtmp://h/live', flv: 'http://h/flv', wsFlv: 'ws://h/flv' };
const WITH_RTC = { ...BASES, whip: 'http://h/whip', whep: 'http://h/whep' };

test('the_key_is_found_in_every_form_of_address', () => {
  for (const url of ['rtmp://h/live/KEY', 'http://h/flv/KEY.flv', 'ws://h/flv/KEY.flv?x=/y', 'http://h/whep/KEY']) {
    assert.equal(keyOf(url), 'KEY', url);
  }
});

test('a_native_address_is_played_over_webrtc_first_and_flv_after_it', () => {
  const transports = (bases: typeof BASES | null, url = 'rtmp://h/live/K'): string[] => playWays(url, bases).map((way) => way.transport);
  assert.deepEqual(transports(WITH_RTC), ['whep', 'ws-flv', 'flv']);
  assert.deepEqual(transports(BASES), ['ws-flv', 'flv']);
  assert.deepEqual(transports(null), []);
  assert.deepEqual(transports(null, 'wss://h/flv/K.flv'), ['ws-flv']);
  assert.equal(playWays('rtmp://h/live/K', WITH_RTC)[0]?.url, 'http://h/whep/K');
});

test('a_native_address_is_pushed_to_where_the_server_takes_webrtc', () => {
  assert.equal(whipUrl('rtmp://h/live/K', WITH_RTC), 'http://h/whip/K');
  assert.equal(whipUrl('rtmp://h/live/K', BASES), '');
  assert.equal(whipUrl('https://h/whip/K', null), 'https://h/whip/K');
});

test('constrained_baseline_in_whole_packets_comes_first_and_other_pictures_are_not_offered', () => {
  const h264 = (id: string, mode: number): { mimeType: string; sdpFmtpLine: string } =>
    ({ mimeType: 'video/H264', sdpFmtpLine: `packetization-mode=${mode};profile-level-id=${id}` });
  const all = [{ mimeType: 'video/VP8' }, h264('4d001f', 1), h264('42001f', 1), h264('42e01f', 0), { mimeType: 'video/rtx' }, h264('42e01f', 1)];
  const chosen = pictureCodecs(all);
  assert.deepEqual(chosen.map((codec) => ('sdpFmtpLine' in codec ? codec.sdpFmtpLine : codec.mimeType)), [
    'packetization-mode=1;profile-level-id=42e01f',
    'packetization-mode=1;profile-level-id=42001f',
    'packetization-mode=1;profile-level-id=4d001f',
    'packetization-mode=0;profile-level-id=42e01f',
    'video/rtx',
  ]);
  assert.deepEqual(pictureCodecs([{ mimeType: 'video/VP8' }]), []);
  assert.deepEqual(soundCodecs([{ mimeType: 'audio/PCMU' }, { mimeType: 'audio/opus' }]), [{ mimeType: 'audio/opus' }]);
});

test('the_worst_sign_decides_the_grade', () => {
  assert.equal(quality({}), 0);
  assert.equal(quality({ loss: 0, rttMs: 20, jitterMs: 3 }), 1);
  assert.equal(quality({ loss: 0.05, rttMs: 20 }), 3);
  assert.equal(quality({ loss: 0.5 }), 6);
  assert.equal(quality({ stalled: 1, latencyMs: 300 }), 6);
  assert.equal(quality({ rttMs: Number.NaN }), 0);
});

test('loudness_goes_from_silence_to_full_scale', () => {
  assert.equal(loudness([0, 0, 0]), 0);
  assert.equal(loudness([1, -1, 1, -1]), 100);
  const half = loudness([0.1, -0.1]);
  assert.ok(half > 60 && half < 70, String(half));
  assert.equal(loudness([1e-5]), 0);
});

const inbound = (at: number, frames: number, bytes: number, more: object = {}): Map<string, object> =>
  new Map([['v', {
    type: 'inbound-rtp', kind: 'video', timestamp: at, framesDecoded: frames, bytesReceived: bytes, packetsReceived: bytes / 1000,
    packetsLost: 0, jitter: 0.01, jitterBufferDelay: frames * 0.05, jitterBufferEmittedCount: frames, frameWidth: 360, frameHeight: 640, ...more,
  }]]);

test('rates_are_those_of_the_time_since_the_last_report', () => {
  const reader = new RtcReader('inbound-rtp');
  assert.deepEqual([reader.read(inbound(1000, 10, 10_000)).fps, reader.read(inbound(3000, 40, 210_000)).fps], [0, 15]);
  const later = reader.read(inbound(4000, 55, 310_000, { packetsLost: 100 }));
  assert.deepEqual([later.videoKbps, later.width, later.height, later.loss], [800, 360, 640, 0.5]);
  assert.equal(Math.round(later.bufferMs ?? 0), 50);
});

test('a_new_connection_that_counts_from_nought_gives_no_negative_rates', () => {
  const reader = new RtcReader('inbound-rtp');
  reader.read(inbound(1000, 1000, 1_000_000));
  const fresh = reader.read(inbound(2000, 5, 5000));
  assert.deepEqual([fresh.fps, fresh.videoKbps, fresh.frames], [0, 0, 5]);
});
