import assert from 'node:assert/strict';
import test from 'node:test';
import { Clock, FakePlatform, FakeServer } from '../../conformance/src/index.js';
import { deviceId, endpoint, makeKey, playUrl, pushUrl, MEDIA_URL_CHARS } from '../src/index.js';

function platform(): FakePlatform {
  const clock = new Clock();
  return new FakePlatform(clock, new FakeServer(clock));
}

test('a_server_address_gives_the_socket_and_the_push_address', () => {
  const cases: [string, string | undefined, string, string][] = [
    ['https://rtc.example.org', undefined, 'wss://rtc.example.org/v1/signal', 'rtmp://rtc.example.org:1935/live'],
    ['http://127.0.0.1:8080', undefined, 'ws://127.0.0.1:8080/v1/signal', 'rtmp://127.0.0.1:1935/live'],
    ['http://h:8080/', 'rtmp://m:2935', 'ws://h:8080/v1/signal', 'rtmp://m:2935/live'],
    [' https://h/base/ ', 'rtmp://m/app/', 'wss://h/base/v1/signal', 'rtmp://m/app'],
    ['wss://h:4443', undefined, 'wss://h:4443/v1/signal', 'rtmp://h:1935/live'],
    ['HTTPS://H', undefined, 'wss://H/v1/signal', 'rtmp://H:1935/live'],
    ['http://[::1]:8080', undefined, 'ws://[::1]:8080/v1/signal', 'rtmp://[::1]:1935/live'],
  ];
  for (const [server, rtmp, signal, push] of cases) {
    assert.deepEqual(endpoint(server, rtmp), { signal, rtmp: push }, server);
  }
});

test('what_is_no_address_gives_null', () => {
  for (const server of ['', 'rtc.example.org', 'ftp://h', 'https://', 'https://a b', 'https://h:port', 'https://u@h']) {
    assert.equal(endpoint(server), null, server);
  }
  assert.equal(endpoint('https://h', 'http://h'), null);
});

test('media_addresses_are_base_and_key', () => {
  const bases = { rtmp: 'rtmp://h:1935/live', flv: 'https://h/flv', wsFlv: 'wss://h/flv', whip: 'https://h/whip', whep: 'https://h/whep' };
  assert.equal(pushUrl(bases.rtmp, 'k'), 'rtmp://h:1935/live/k');
  assert.equal(playUrl(bases, 'rtmp', 'k'), 'rtmp://h:1935/live/k');
  assert.equal(playUrl(bases, 'flv', 'k'), 'https://h/flv/k.flv');
});

test('a_push_key_has_128_bits_and_fits_into_the_longest_address_with_a_long_host', () => {
  const key = makeKey(platform());
  assert.match(key, /^[A-Za-z0-9_-]{22}$/);
  const host = `${'a'.repeat(40)}.${'b'.repeat(40)}.cn`;
  assert.ok(pushUrl(endpoint(`https://${host}`)!.rtmp, key).length <= MEDIA_URL_CHARS);
});

test('a_device_keeps_its_id', () => {
  const phone = platform();
  const id = deviceId(phone);
  assert.match(id, /^[A-Za-z0-9_-]{16,64}$/);
  assert.equal(deviceId(phone), id);
  phone.store.set('huitong.device', 'not an id');
  assert.notEqual(deviceId(phone), 'not an id');
});
