/** Voice rooms on phones that go to the background and come back, lose tags, and close pages. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { talking } from '../src/gme-room/methods.js';
import { ROOM, World } from '../src/gme-room/rig.js';
import type { Person } from '../src/gme-room/rig.js';

/** State codes of the native tags: they have given up. */
const PUSH_GAVE_UP = -1307;
const PLAY_GAVE_UP = -2301;

/** Somebody with an open microphone who hears somebody. */
function both(): ReturnType<typeof talking> {
  const all = talking();
  all.ann.tag.enableMic(true);
  all.world.wait();
  all.world.microphone('10001', true);
  all.ann.native('state', { code: 1002 });
  all.ann.phone.natives();
  return all;
}

test('tags_that_died_in_the_background_are_started_when_the_phone_is_back_though_its_socket_lived_on', () => {
  const { world, ann } = both();
  ann.phone.hide();
  ann.native('state', { code: PUSH_GAVE_UP });
  ann.native('state', { code: PLAY_GAVE_UP }, '10002');
  world.wait(30_000);
  assert.deepEqual(ann.phone.natives(), [], 'nothing is started in the background');
  ann.phone.show();
  world.wait(3000);
  assert.deepEqual(ann.phone.natives().sort(), ['10002_main.play', '10002_main.stop', 'pusher.start', 'pusher.stop']);
  assert.deepEqual(ann.short(), [], 'no page is bothered');
});

test('a_microphone_that_the_system_stopped_without_a_word_is_opened_again', () => {
  const { world, ann } = both();
  const status = (): void => ann.tag._pusherStatus({ detail: { info: {} } });
  status();
  ann.phone.hide();
  world.wait(20_000);
  ann.phone.show();
  world.wait(7000);
  assert.deepEqual(ann.phone.natives(), ['pusher.stop', 'pusher.start']);
  ann.native('state', { code: 1002 });
  status();
  ann.phone.hide();
  world.wait(20_000);
  ann.phone.show();
  world.wait(2000);
  status();
  world.wait(10_000);
  assert.deepEqual(ann.phone.natives(), [], 'one that goes on pushing is left alone');
  ann.phone.hide();
  ann.phone.show();
  ann.tag.enableMic(false);
  ann.phone.natives();
  world.wait(10_000);
  assert.deepEqual(ann.phone.natives(), [], 'and so is one that is closed');
});

test('a_phone_call_over_the_page_takes_the_sound_and_gives_it_back', () => {
  const { world, ann } = both();
  // The tag says that it is interrupted; the mini program stays in front, and the tags are paused until the runtime says more.
  ann.native('state', { code: 5001 });
  world.wait(20_000);
  assert.deepEqual([ann.phone.natives(), ann.short()], [[], []]);
  ann.phone.soundBack();
  assert.deepEqual(ann.phone.natives().sort(), ['10002_main.resume', 'pusher.resume']);
  ann.tag.enableMic(false);
  ann.phone.natives();
  ann.phone.soundBack();
  assert.deepEqual(ann.phone.natives(), ['10002_main.resume'], 'a microphone that is closed stays closed');
  ann.tag.exitRoom();
  ann.phone.soundBack();
  assert.deepEqual([ann.phone.natives(), ann.short()], [[], ['EXIT_ROOM_COMPLETED OK']]);
});

test('a_microphone_that_stays_silent_after_a_phone_call_is_opened_again', () => {
  const { world, ann } = both();
  ann.tag._pusherStatus({ detail: { info: {} } });
  world.wait(2000);
  ann.phone.soundBack();
  ann.phone.natives();
  world.wait(7000);
  assert.deepEqual(ann.phone.natives(), ['pusher.stop', 'pusher.start']);
});

test('a_page_that_is_closed_leaves_at_once_and_nothing_of_it_goes_on', () => {
  const { world, ann, bob } = both();
  ann.close();
  assert.deepEqual([ann.phone.natives(), ann.tag.data.pusher.url, ann.tag.data.players], [['pusher.stop'], '', []]);
  world.wait();
  assert.deepEqual([world.server.members(ROOM), bob.list, ann.take()], [['10002'], [], []]);
  ann.phone.hide();
  ann.phone.show();
  ann.phone.network(true);
  world.wait(60_000);
  assert.deepEqual([ann.phone.natives(), ann.told, world.server.members(ROOM)], [[], [], ['10002']]);
  const entering = new World();
  const cem = entering.person('3');
  cem.enter();
  cem.close();
  entering.wait(5000);
  assert.deepEqual([entering.server.members(ROOM), cem.told, entering.server.sockets], [[], [], 0], 'on the way in');
  assert.equal(entering.clock.armed, 0);
});

test('a_phone_that_was_away_for_longer_than_its_seat_is_kept_is_in_again_with_its_microphone', () => {
  const { world, ann } = both();
  ann.phone.hide();
  world.server.dropAll();
  world.wait(20_000);
  world.server.remove('10001', 'timedOut');
  world.wait(5000);
  ann.phone.show();
  world.wait(60_000);
  assert.deepEqual(world.server.members(ROOM).sort(), ['10001', '10002']);
  assert.deepEqual([ann.short(), ann.list], [[], ['10002']]);
  assert.equal(world.server.published('10001')[0]?.audio, true);
});

test('a_server_that_lost_everything_and_takes_the_old_auth_buffer_no_more_ends_the_stay_with_that_error', () => {
  const world = new World();
  const [ann] = world.people('10001') as [Person];
  ann.tag.enableMic(true);
  world.server.restart();
  world.server.refuse('hello', 'session-gone');
  world.server.refuse('hello', 'credential-expired');
  world.wait(60_000);
  const told = ann.take().filter(({ type }) => type !== 'EVENT_USER_LIST_UPDATE');
  assert.deepEqual(told.map(({ type, params: { errType, code, reason } }) => [type, errType, code, reason]), [
    ['EVENT_ERROR', 1004, 7006, undefined],
    ['EVENT_EXIT_ROOM_COMPLETED', 0, undefined, 'credential-expired'],
  ]);
  assert.deepEqual([ann.tag.data.pusher.url, ann.tag.data.players], ['', []]);
  ann.tag.setData({ authBuffer: 'newer' });
  assert.equal(ann.enter(), 0);
  world.wait();
  assert.deepEqual(ann.short(), ['ENTER_ROOM_COMPLETED OK'], 'with a new one it begins anew');
});
