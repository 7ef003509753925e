import assert from 'node:assert/strict';
import test from 'node:test';
import { base64url, clip, utf8 } from '../src/index.js';

test('utf8_agrees_with_the_platform_for_every_plane', () => {
  for (const text of ['', 'abc', 'é', '会通', '𠮷😀', 'a\u0000b', '\uffff']) {
    assert.deepEqual(utf8(text), [...new TextEncoder().encode(text)], text);
  }
});

test('lone_surrogates_become_the_replacement_character', () => {
  for (const text of ['\ud800', 'a\udc00b', '\ud83d', '\udc00\ud800']) {
    assert.deepEqual(utf8(text), [...new TextEncoder().encode(text)]);
  }
});

test('a_clipped_text_is_whole_characters_that_fit_and_can_be_shown', () => {
  assert.equal(clip('short', 128), 'short');
  assert.equal(clip('a界😀b', 7), 'a界');
  assert.equal(clip('a界😀b', 8), 'a界😀');
  assert.equal(clip('a\u0000\r\n\u007f\u009fb', 2), 'ab');
  assert.equal(clip('\ud800x', 4), '\ufffdx');
  assert.equal(clip('é', 1), '');
});

test('base64url_agrees_with_the_platform_for_every_length', () => {
  for (let length = 0; length < 70; length++) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 89 + length * 7) % 256);
    assert.equal(base64url(bytes), Buffer.from(bytes).toString('base64url'));
  }
});
