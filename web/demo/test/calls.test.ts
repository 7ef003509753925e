import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callLink, readAddress } from '../src/address.js';
import { Book, MOST_CALLS, MOST_CONTACTS } from '../src/calls/book.js';
import type { Ending, Entry } from '../src/calls/book.js';
import { clock, endWords, missed, namesOf } from '../src/calls/words.js';
import { speak } from '../src/language.js';
import { TEXTS } from '../src/texts.js';

/** Every reason of the protocol, and what is done here. */
const ENDINGS: readonly Ending[] = [
  'hungUp', 'rejected', 'busy', 'cancelled', 'timedOut', 'unreachable', 'answeredElsewhere', 'refusedElsewhere', 'lost', 'kicked',
  'dissolved', 'ended', 'serverShutdown', 'sessionEnded', 'hungUpHere', 'cancelledHere', 'rejectedHere',
];

const entry = (more: Partial<Entry> = {}): Entry => ({ at: 1, users: ['Bob'], media: 'video', outgoing: true, ending: 'hungUp', durationMs: 65_000, ...more });

function shelf(kept: Record<string, string> = {}): { kept: Record<string, string>; read(key: string): string | null; write(key: string, text: string): void } {
  return { kept, read: (key) => kept[key] ?? null, write: (key, text) => void (kept[key] = text) };
}

test('the_page_of_calls_is_asked_for_behind_the_hash_or_by_whom_to_call', () => {
  assert.deepEqual([readAddress('', '#calls').mode, readAddress('', '').mode, readAddress('', '#rooms').mode], ['calls', 'rooms', 'rooms']);
  const linked = readAddress('?call=%E5%BC%A0', '');
  assert.deepEqual([linked.mode, linked.call], ['calls', '张']);
  const given = readAddress('', '#calls&app=1400000000&user=a&sig=s');
  assert.deepEqual([given.mode, given.credential?.user], ['calls', 'a']);
  assert.equal(callLink('https://h/p/?room=1#app=1&sig=s', '张 三'), 'https://h/p/?call=%E5%BC%A0+%E4%B8%89');
});

test('contacts_and_calls_outlive_the_page_and_are_bounded', () => {
  const store = shelf();
  const book = new Book(store);
  book.add('a');
  book.add('b');
  book.add('a');
  assert.deepEqual(new Book(store).contacts, ['a', 'b'], 'the newest first, and nobody twice');
  book.remove('a');
  assert.deepEqual(new Book(store).contacts, ['b']);
  for (let at = 0; at < MOST_CALLS + 5; at++) {
    book.note(entry({ at }));
  }
  const { calls } = new Book(store);
  assert.deepEqual([calls.length, calls[0]?.at], [MOST_CALLS, MOST_CALLS + 4]);
  for (let at = 0; at < MOST_CONTACTS; at++) {
    book.add(`user${at}`);
  }
  assert.deepEqual([book.add('one more'), book.contacts.length], [false, MOST_CONTACTS]);
  book.forget();
  assert.deepEqual(new Book(store).calls, []);
});

test('what_others_left_in_the_store_breaks_nothing', () => {
  for (const text of ['', 'x', '7', 'null', '[null, {"at": 1}, 3]', '{}']) {
    const book = new Book(shelf({ 'huitong.contacts': text, 'huitong.calls': text }));
    assert.deepEqual([book.contacts, book.calls], [[], []], text);
  }
});

test('every_end_of_a_call_has_a_sentence_of_its_own_in_both_languages', () => {
  for (const language of ['en', 'zh'] as const) {
    speak(language, false);
    const told = ENDINGS.map((ending) => endWords(entry({ ending })));
    assert.equal(new Set(told).size, ENDINGS.length, told.join('\n'));
    told.forEach((words) => assert.doesNotMatch(words, /[{}]|undefined/));
  }
  speak('en', false);
});

test('the_sentence_says_who_called_and_how_many_there_were', () => {
  const users = ['Bob', 'Cid'];
  assert.equal(endWords(entry({ ending: 'timedOut' })), 'Bob did not answer.');
  assert.equal(endWords(entry({ ending: 'timedOut', users })), TEXTS.endNoAnswerMany[0]);
  assert.equal(endWords(entry({ ending: 'timedOut', users, outgoing: false })), 'You did not answer the call from Bob.');
  assert.equal(endWords(entry({ ending: 'cancelled', outgoing: false })), 'Bob gave up before you answered.');
  assert.equal(endWords(entry({ ending: 'cancelledHere', users })), 'You cancelled the call to Bob, Cid.');
  assert.equal(endWords(entry({ users })), 'The others have left the call; it lasted 1:05 for you.');
  assert.deepEqual([missed(entry({ ending: 'cancelled', outgoing: false, durationMs: 0 })), missed(entry({ ending: 'rejectedHere', outgoing: false, durationMs: 0 }))], [true, false]);
  speak('zh', false);
  assert.equal(namesOf(users), 'Bob、Cid');
  speak('en', false);
});

test('durations_are_written_as_a_clock_shows_them', () => {
  assert.deepEqual([0, 7999, 750_000, 3_600_000].map(clock), ['0:00', '0:07', '12:30', '1:00:00']);
});
