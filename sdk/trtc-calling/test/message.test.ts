/** What pages read of a call that the back-end leads into a room of others. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ACTION, inviteesOf, isGroup, roomOf, signalMessage } from '../src/message.js';

const fixture = (name: string) => JSON.parse(readFileSync(new URL(`../../../crates/protocol/fixtures/${name}.json`, import.meta.url), 'utf8')) as { call: Parameters<typeof isGroup>[0] };

test('a_call_into_a_room_of_others_is_one_of_a_group_and_names_that_room', () => {
  const { call } = fixture('push-invited-open');
  assert.deepEqual([isGroup(call), roomOf(call), inviteesOf(call)], [true, 'lounge_1', ['bob']]);
  const { payload } = signalMessage(call, ACTION.invite);
  const { data } = JSON.parse(payload.data) as { data: string };
  assert.equal((JSON.parse(data) as { room_id: unknown }).room_id, 'lounge_1');
});

test('a_call_with_a_room_of_its_own_between_two_is_none_of_a_group', () => {
  const { call } = fixture('push-invited-backend');
  assert.deepEqual([isGroup(call), roomOf(call)], [false, 48213377]);
});
