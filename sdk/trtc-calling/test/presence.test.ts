/** Who is online, for the pages of one login. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { MOST_WATCHED, Presence, watchedOf } from '../src/presence.js';

interface Page {
  told: string[];
  presence(userID: string, online: boolean): void;
}

function page(): Page {
  const told: string[] = [];
  return { told, presence: (userID, online) => void told.push(`${userID} ${online}`) };
}

test('each_page_is_told_of_its_own_list_and_the_login_watches_all', () => {
  const lists: string[][] = [];
  const presence = new Presence((users) => lists.push(users));
  const [first, second] = [page(), page()];
  presence.want(first, ['a', 'b']);
  presence.told('a', true);
  presence.want(second, ['a', 'c']);
  assert.deepEqual(lists.pop(), ['a', 'b', 'c']);
  assert.deepEqual([first.told, second.told], [['a true'], ['a true']], 'what is known is told at once');
  presence.told('b', true);
  presence.told('c', true);
  presence.told('a', false);
  assert.deepEqual(first.told, ['a true', 'b true', 'a false']);
  assert.deepEqual(second.told, ['a true', 'c true', 'a false']);
});

test('what_nobody_watches_any_more_is_forgotten', () => {
  const lists: string[][] = [];
  const presence = new Presence((users) => lists.push(users));
  const one = page();
  presence.want(one, []);
  assert.deepEqual(lists, [], 'nothing is asked for nothing');
  presence.want(one, ['a']);
  presence.told('a', true);
  presence.want(one, []);
  presence.want(one, ['a']);
  assert.deepEqual([lists, one.told], [[['a'], [], ['a']], ['a true']], 'the second time the server says it');
});

test('a_list_that_cannot_be_watched_is_refused_with_a_sentence', () => {
  assert.deepEqual(watchedOf(['a', 'b', 'a']), ['a', 'b']);
  for (const wrong of [undefined, 'a', [7], ['']]) {
    assert.match(String(watchedOf(wrong)), /^userIDList must be a list/);
  }
  const many = Array.from({ length: MOST_WATCHED + 1 }, (_none, at) => `u${at}`);
  assert.match(String(watchedOf(many)), /at most 200 users; it names 201/);
});
