import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choice, flag, number, text, words } from '../src/attributes.js';

const element = (attributes: Record<string, string>) => ({ getAttribute: (name: string) => attributes[name] ?? null });

test('a_switch_is_on_when_it_is_there_unless_it_says_false', () => {
  const of = element({ muted: '', autoplay: 'true', 'enable-mic': 'false', 'enable-camera': ' FALSE ' });
  assert.deepEqual(
    [flag(of, 'muted', false), flag(of, 'autoplay', false), flag(of, 'enable-mic', true), flag(of, 'enable-camera', true), flag(of, 'absent', true)],
    [true, true, false, false, true],
  );
});

test('a_number_outside_its_rule_counts_as_not_given', () => {
  const of = element({ fps: '20', 'min-cache': '-1', 'max-cache': 'much', 'min-bitrate': '' });
  assert.deepEqual(
    [number(of, 'fps', 15, 1, 30), number(of, 'min-cache', 1, 0, 9), number(of, 'max-cache', 3, 0, 9), number(of, 'min-bitrate', 200, 1, 999)],
    [20, 1, 3, 200],
  );
});

test('words_are_known_in_any_case_and_unknown_ones_are_ignored', () => {
  const of = element({ mode: 'rtc', 'object-fit': 'stretch', tracks: 'audio, video', src: ' rtmp://h/live/K ' });
  assert.equal(choice(of, 'mode', ['live', 'RTC'], 'live'), 'RTC');
  assert.equal(choice(of, 'object-fit', ['contain', 'fillCrop'], 'contain'), 'contain');
  assert.deepEqual([...(words(of, 'tracks') ?? [])], ['audio', 'video']);
  assert.equal(words(of, 'absent'), null);
  assert.deepEqual([...(words(element({ tracks: '' }), 'tracks') ?? ['?'])], []);
  assert.equal(text(of, 'src'), 'rtmp://h/live/K');
});
