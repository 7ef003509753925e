import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConferenceExit, ErrorCode } from '@huitong/core';
import { conferenceLink, readAddress } from '../src/address.js';
import { wayOf } from '../src/conference/door.js';
import type { Wish } from '../src/conference/door.js';
import { KINDS, leftOut, NOW, outSentence, ROLES, turnedAway } from '../src/conference/words.js';
import { say, speak } from '../src/language.js';
import { failureSentence } from '../src/sentences.js';
import { TEXTS } from '../src/texts.js';

const wish = (more: Partial<Wish> = {}): Wish => ({ room: 'weekly', password: '', role: '', kind: 'ordinary', ...more });
const failure = (code: ErrorCode): { code: ErrorCode; message: string } => ({ code, message: 'Because of a rule.' });

/** What a ticket or an entry may be refused with, by docs/protocol.md. */
const AT_THE_DOOR: readonly ErrorCode[] = [
  'no-conference', 'wrong-password', 'too-many-guesses', 'not-checked', 'room-taken', 'scene-mismatch', 'conference-limit', 'server-full',
  'shutting-down', 'ticket-invalid', 'ticket-expired', 'ticket-void', 'conference-over', 'talkers-full', 'room-full', 'may-not-enter',
];

/** What an admin's request may be refused with. */
const INSIDE: readonly ErrorCode[] = ['no-conference', 'not-admin', 'nobody-there', 'last-admin', 'conference-limit'];

const EXITS: readonly ConferenceExit[] = ['noAnswer', 'removed', 'busy', 'failed', 'notSupported', 'otherDevice', 'closed'];

test('an_invitation_names_the_conference_behind_the_hash_and_nothing_else', () => {
  const link = conferenceLink('https://h/p/?room=1&name=me#app=1&sig=s', '周会 7');
  assert.equal(link, 'https://h/p/#conference?room=%E5%91%A8%E4%BC%9A+7');
  const { hash, search } = new URL(link);
  const asked = readAddress(search, hash);
  assert.deepEqual([asked.mode, asked.room], ['conference', '周会 7']);
});

test('the_page_of_conferences_is_asked_for_with_and_without_a_room_and_a_credential', () => {
  assert.deepEqual([readAddress('', '#conference').mode, readAddress('?room=5', '#conference').room], ['conference', '']);
  const given = readAddress('', '#conference?room=5&app=1400000000&user=a&sig=s');
  assert.deepEqual([given.mode, given.room, given.credential?.user], ['conference', '5', 'a']);
  const later = readAddress('', '#conference&app=1400000000&user=a&sig=s');
  assert.deepEqual([later.mode, later.credential?.app], ['conference', 1400000000]);
  assert.equal(readAddress('?room=5', '#rooms').room, '5');
});

test('what_is_not_filled_in_is_not_asked_for', () => {
  assert.deepEqual(wayOf(wish()), { room: { text: 'weekly' }, settings: { kind: 'ordinary' } });
  assert.deepEqual(wayOf(wish({ room: '77', password: ' p ', role: 'audience', kind: 'live' })), {
    room: { text: '77' }, settings: { kind: 'live' }, password: ' p ', role: 'audience',
  });
  assert.deepEqual(wayOf(wish({ room: '@77' }))?.room, { text: '77' }, 'as the back-end writes the name');
  assert.equal(wayOf(wish({ room: 'x'.repeat(129) })), null);
});

test('who_is_not_let_in_reads_what_to_do', () => {
  for (const language of ['en', 'zh'] as const) {
    speak(language, false);
    const generic = say('failedBecause', { detail: 'Because of a rule.' });
    for (const code of AT_THE_DOOR) {
      const words = turnedAway(failure(code), 'p');
      assert.ok(words !== generic && !/[{}]|undefined/.test(words), `${code}: ${words}`);
    }
    for (const code of INSIDE) {
      assert.notEqual(failureSentence(failure(code)), generic, code);
    }
  }
  speak('en', false);
  assert.equal(turnedAway(failure('wrong-password'), ''), TEXTS.needsPassword[0], 'nobody is told that no password is wrong');
  assert.equal(turnedAway(failure('wrong-password'), 'p'), TEXTS.wrongPassword[0]);
  assert.equal(turnedAway(failure('conference-limit'), ''), TEXTS.tooManyMade[0]);
  assert.match(failureSentence(failure('conference-limit')), /Because of a rule\.$/);
});

test('every_way_out_has_a_sentence_and_leaving_needs_none', () => {
  assert.equal(outSentence('left', null), '');
  const told = EXITS.map((reason) => outSentence(reason, null));
  assert.ok(told.every((words) => words.length > 20), told.join('\n'));
  assert.equal(new Set(told).size, 5, 'what a page of the demo cannot bring about shares one sentence');
  assert.equal(outSentence('failed', failure('credential-expired')), TEXTS.credentialExpired[0]);
  assert.equal(outSentence('failed', failure('session-gone')), TEXTS.outFailed[0]);
});

test('roles_and_kinds_and_what_is_left_out_have_names_of_their_own', () => {
  for (const table of [ROLES, NOW, KINDS]) {
    assert.equal(new Set(Object.values(table).map((key) => TEXTS[key][1])).size, 3);
  }
  assert.deepEqual(
    [leftOut(true, true), leftOut(true, false), leftOut(false, true), leftOut(false, false)],
    ['nothingOfYou', 'noSoundOfYou', 'noPictureOfYou', null],
  );
});
