import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conferenceRoom, printable, readAddress, roomLink, roomOf } from '../src/address.js';
import { choose, say, speak } from '../src/language.js';
import { gridFor, mayFill } from '../src/layout.js';
import { Members } from '../src/members.js';
import { endSentence, failureSentence, troubleSentence } from '../src/sentences.js';
import { Speakers } from '../src/speaker.js';
import { CALL_TEXTS } from '../src/call-texts.js';
import { CONFERENCE_TEXTS } from '../src/conference-texts.js';
import { TEXTS } from '../src/texts.js';
import { VOICE_TEXTS } from '../src/voice-texts.js';

test('room_and_name_come_from_the_query_and_credentials_from_behind_the_hash', () => {
  const asked = readAddress('?room=88&lang=zh', '#app=1400000000&user=%E5%BC%A0&sig=eJx*-_');
  assert.deepEqual(asked, {
    room: '88', name: '张', language: 'zh', play: null, credential: { app: 1400000000, user: '张', sig: 'eJx*-_' },
    mode: 'rooms', call: '',
  });
  assert.equal(readAddress('', '#app=x&user=a&sig=b').credential, null);
});

test('a_link_to_the_room_carries_no_credential_and_no_name', () => {
  assert.equal(roomLink('https://h/?room=1&name=me#app=1&sig=s', '会 1'), 'https://h/?room=%E4%BC%9A+1');
});

test('rooms_are_written_as_the_back_end_api_writes_them', () => {
  assert.deepEqual(roomOf('1234'), { number: 1234 });
  assert.deepEqual(roomOf('@1234'), { text: '1234' });
  assert.deepEqual(roomOf('会议'), { text: '会议' });
  assert.deepEqual(roomOf('0'), { text: '0' });
  assert.deepEqual(roomOf('99999999999'), { text: '99999999999' });
  assert.equal(roomOf('@'), null);
  assert.equal(roomOf('x'.repeat(129)), null);
  assert.equal(printable('a\u0000b'), false);
});

test('a_conference_has_the_name_that_phones_give_it_and_the_form_of_the_api_for_digits_is_read', () => {
  const named = ['1234', '@1234', '@team', '@@1', '会议'].map((text) => conferenceRoom(text));
  assert.deepEqual(named, ['1234', '1234', '@team', '@@1', '会议'].map((text) => ({ text })));
  assert.equal(conferenceRoom(''), null);
});

test('tiles_are_as_large_as_the_stage_allows', () => {
  const shape = (count: number, width: number, height: number): string => {
    const { columns, rows } = gridFor(count, width, height);
    return `${columns}x${rows}`;
  };
  assert.deepEqual([1, 2, 3, 4, 6, 9, 16].map((count) => shape(count, 1280, 640)), ['1x1', '2x1', '3x1', '2x2', '3x2', '5x2', '6x3']);
  assert.deepEqual([1, 2, 4, 16].map((count) => shape(count, 390, 650)), ['1x1', '1x2', '2x2', '3x6']);
});

test('pictures_that_lie_are_put_side_by_side_less_eagerly_than_those_that_stand', () => {
  assert.deepEqual(gridFor(3, 1280, 640, [4 / 3, 4 / 3, 4 / 3]), { columns: 2, rows: 2 });
  assert.deepEqual(gridFor(3, 1280, 640, [9 / 16, 9 / 16, 9 / 16]), { columns: 3, rows: 1 });
});

test('every_number_of_tiles_fits_its_grid', () => {
  for (let count = 1; count <= 16; count++) {
    const { columns, rows } = gridFor(count, 1000, 600);
    assert.ok(columns * rows >= count && columns * (rows - 1) < count, `${count}: ${columns}x${rows}`);
  }
});

test('a_picture_of_the_other_orientation_is_shown_whole', () => {
  assert.equal(mayFill({ width: 640, height: 480 }, { width: 400, height: 300 }), true);
  assert.equal(mayFill({ width: 360, height: 640 }, { width: 640, height: 400 }), false);
  assert.equal(mayFill({ width: 0, height: 0 }, { width: 640, height: 400 }), false);
});

test('the_one_who_is_heard_speaks_until_a_pause_or_somebody_clearly_louder', () => {
  const speakers = new Speakers();
  speakers.hear('a', 20, 0);
  assert.equal(speakers.speaker(0), '');
  speakers.hear('a', 50, 100);
  speakers.hear('b', 54, 110);
  assert.equal(speakers.speaker(120), 'b');
  speakers.hear('a', 58, 200);
  assert.equal(speakers.speaker(200), 'b');
  speakers.hear('a', 70, 300);
  assert.equal(speakers.speaker(300), 'a');
  assert.equal(speakers.speaker(5000), '');
});

test('members_follow_the_events_of_the_room', () => {
  const members = new Members();
  const track = { type: 'trackChanged', user: 'a', stream: 'main', play: 'K' } as const;
  members.apply({ type: 'memberJoined', user: 'a' });
  members.apply({ ...track, track: 'video', on: true });
  members.apply({ ...track, track: 'audio', on: true });
  members.apply({ ...track, track: 'video', on: false });
  assert.deepEqual(members.list[0]?.streams.get('main'), { audio: true, video: false, play: 'K' });
  members.apply({ ...track, track: 'audio', on: false });
  members.apply({ type: 'memberAway', user: 'a', away: true });
  assert.deepEqual([members.list[0]?.streams.size, members.list[0]?.away], [0, true]);
  assert.equal(members.apply({ type: 'memberLeft', user: 'a', reason: 'left' }), true);
  assert.equal(members.apply({ type: 'interrupted' }), false);
  assert.deepEqual(members.list, []);
});

test('the_language_is_the_asked_one_then_the_kept_one_then_the_browsers', () => {
  assert.deepEqual(
    [choose('zh', 'en', ['en']), choose('xx', 'en', ['zh']), choose(null, null, ['zh-TW', 'en']), choose(null, null, ['de', 'zh'])],
    ['zh', 'en', 'zh', 'en'],
  );
});

test('every_text_is_there_in_both_languages_with_the_same_words_to_fill_in', () => {
  const slots = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
  for (const [key, [english, chinese]] of Object.entries<readonly [string, string]>(TEXTS)) {
    assert.ok(english !== '' && chinese !== '', key);
    assert.deepEqual(slots(english), slots(chinese), key);
  }
});

test('no_page_takes_the_name_of_a_text_of_another', () => {
  for (const part of [CALL_TEXTS, CONFERENCE_TEXTS, VOICE_TEXTS]) {
    for (const [key, text] of Object.entries<readonly [string, string]>(part)) {
      assert.equal(TEXTS[key as keyof typeof TEXTS], text, key);
    }
  }
});

test('every_failure_has_a_sentence_in_the_language_of_the_page', () => {
  speak('zh', false);
  assert.equal(troubleSentence({ kind: 'camera-denied', detail: '' }, true), TEXTS.cameraDenied[1]);
  assert.equal(endSentence('kicked', ''), '你已被移出房间。');
  speak('en', false);
  assert.equal(failureSentence({ code: 'credential-expired', message: '' }), TEXTS.credentialExpired[0]);
  assert.match(failureSentence({ code: 'internal', message: 'The server failed to do this.' }), /The server failed/);
  assert.match(troubleSentence({ kind: 'refused', detail: 'The stream has B-frames.' }, false), /B-frames/);
  assert.equal(say('count', { count: 3 }), '3 in the room');
});
