/** Voice rooms in which more talk than a phone plays with a tag each: they are heard as one stream, and everything else stays as it is. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { Person, ROOM, World } from '../src/gme-room/rig.js';

const NAMES = ['-9223372036854775808', '2', '3', '4', '5', '6', '7', '8', '9223372036854775807'];

/** One who listens, in a room with others who do not speak yet. */
function listening(voices?: number): { world: World; ann: Person } {
  const world = new World();
  NAMES.forEach((user) => world.server.enter(ROOM, user));
  const ann = world.person('10001');
  if (voices !== undefined) {
    ann.phone.wx['huitong'].voices = voices;
  }
  ann.enter();
  world.wait();
  ann.take();
  return { world, ann };
}

const speak = (world: World, names: string[], on = true): void => names.forEach((user) => world.microphone(user, on));
/** What the template shows. */
const tags = (ann: Person): string[] => ann.tag.data.players.map(({ id }: any) => id);
const single = (names: string[]): string[] => names.map((user) => `${user}_main`);
/** Whose sound was asked for, or not, since the last call. */
const asked = (world: World): [string, boolean][] => {
  const found = world.server.requests('subscribe').map(({ user, audio }: any) => [user, audio] as [string, boolean]);
  world.server.seen.splice(0);
  return found;
};

test('one_voice_too_many_and_all_are_heard_as_one_stream_until_some_fewer_are_left', () => {
  const { world, ann } = listening();
  speak(world, NAMES.slice(0, 8));
  assert.deepEqual([tags(ann), world.server.requests('join').length], [single(NAMES.slice(0, 8)), 1]);
  asked(world);
  speak(world, NAMES.slice(8));
  assert.deepEqual(tags(ann), ['mix']);
  assert.match(ann.tag.data.players[0].src, /^rtmp:.*\/mix-of-the-room/);
  assert.deepEqual(world.server.requests('join').map(({ mix }: any) => mix), [true]);
  const last = NAMES.slice(8).map((user) => [user, true]);
  assert.deepEqual(asked(world), [...last, ...NAMES.map((user) => [user, false])], 'singly until the mix is there, and nobody twice');
  assert.deepEqual([ann.list, ann.short().slice(-1)], [NAMES, ['USER_LIST_UPDATE OK']], 'the list is that of the microphones');
  speak(world, NAMES.slice(7), false);
  assert.deepEqual([tags(ann), ann.list], [['mix'], NAMES.slice(0, 7)], 'who comes and goes changes nothing');
  speak(world, NAMES.slice(6, 7), false);
  assert.deepEqual(tags(ann), single(NAMES.slice(0, 6)));
  assert.deepEqual(world.server.requests('join').map(({ mix }: any) => mix), [undefined], 'the server makes none for nobody');
  assert.deepEqual(asked(world), NAMES.slice(0, 6).map((user) => [user, true]));
  speak(world, NAMES.slice(6, 8));
  assert.deepEqual([tags(ann), asked(world)], [single(NAMES.slice(0, 8)), NAMES.slice(6, 8).map((user) => [user, true])], 'those who speak again');
  assert.deepEqual(ann.take().filter(({ type }) => type !== 'EVENT_USER_LIST_UPDATE'), [], 'pages notice nothing');
});

test('the_own_microphone_goes_on_while_others_are_mixed', () => {
  const { world, ann } = listening();
  ann.tag.enableMic(true);
  world.wait();
  const { url } = ann.tag.data.pusher;
  speak(world, NAMES);
  assert.deepEqual([tags(ann), ann.tag.data.pusher.url], [['mix'], url]);
  assert.deepEqual(world.server.published('10001'), [{ stream: 'main', key: url.split('/').pop(), audio: true, video: false }]);
  assert.ok(!ann.phone.natives().includes('pusher.stop'));
});

test('the_speaker_silences_the_mix_which_is_not_fetched_then', () => {
  const { world, ann } = listening();
  speak(world, NAMES);
  assert.equal(ann.tag.enableSpeaker(false), 0);
  assert.deepEqual(tags(ann), []);
  world.server.enter(ROOM, '11');
  speak(world, ['11']);
  assert.deepEqual([tags(ann), ann.list.length], [[], 10]);
  assert.equal(ann.tag.enableSpeaker(true), 0);
  assert.deepEqual(tags(ann), ['mix']);
  asked(world);
  ann.tag.enableSpeaker(false);
  speak(world, NAMES.slice(2), false);
  assert.deepEqual(ann.tag.data.players.map(({ muteAudio }: any) => muteAudio), [true, true, true], 'single again, and as silent');
  world.wait();
  assert.ok(asked(world).every(([, audio]) => !audio));
});

test('each_voice_of_a_mix_has_its_level_and_none_while_nothing_is_to_be_heard', () => {
  const { world, ann } = listening(0);
  speak(world, NAMES.slice(0, 2));
  world.server.levels = [{ user: NAMES[0] ?? '', level: 63 }, { user: 'nobody', level: 5 }];
  world.wait(1000);
  ann.told.splice(0);
  world.wait(1000);
  const told = ann.volumes();
  assert.ok(told.length >= 4 && told.length <= 6, 'twice a second for each, and not more often');
  assert.deepEqual(told.slice(0, 2), [[NAMES[0], 0, 63], [NAMES[1], 0, 0]]);
  assert.deepEqual(ann.tag.getRemoteUserList().map(({ volume }: any) => volume), [63, 0]);
  ann.tag.enableSpeaker(false);
  const before = world.server.requests('levels').length;
  world.wait(2000);
  assert.equal(ann.volumes().filter(([, , down]) => down > 0).length, 0);
  assert.equal(world.server.requests('levels').length, before, 'and nobody asks');
  ann.tag.enableSpeaker(true);
  world.server.refuse('levels', 'not-found');
  world.wait(1000);
  assert.equal(ann.volumes().pop()?.[2], 0);
  assert.deepEqual([ann.short(), world.server.members(ROOM).includes('10001')], [[], true]);
});

test('a_phone_that_plays_single_voices_asks_the_server_for_no_levels', () => {
  const { world, ann } = listening();
  speak(world, NAMES.slice(0, 3));
  world.wait(3000);
  assert.deepEqual([tags(ann).length, world.server.requests('levels')], [3, []]);
});

test('the_application_says_how_many_voices_its_phones_play', () => {
  const { world, ann } = listening(2);
  speak(world, NAMES.slice(0, 2));
  assert.deepEqual(tags(ann), single(NAMES.slice(0, 2)));
  speak(world, NAMES.slice(2, 3));
  assert.deepEqual(tags(ann), ['mix']);
  const { world: other, ann: bea } = listening(0);
  speak(other, NAMES.slice(0, 1));
  assert.deepEqual(tags(bea), ['mix'], 'always');
  speak(other, NAMES.slice(0, 1), false);
  assert.deepEqual(tags(bea), [], 'and nothing of nobody');
});

test('in_a_large_room_only_those_who_speak_cost_requests', () => {
  const world = new World();
  const silent = Array.from({ length: 298 }, (_none, at) => String(at + 20));
  silent.forEach((user) => world.server.enter(ROOM, user));
  world.server.enter(ROOM, '2');
  world.microphone('2', true);
  const ann = world.person('10001');
  ann.enter();
  world.wait();
  assert.deepEqual(asked(world), [['2', true]]);
  ann.tag.enableSpeaker(false);
  ann.tag.enableSpeaker(true);
  ann.tag.enableSpeaker(false);
  world.wait();
  assert.deepEqual(new Set(asked(world).map(([user]) => user)), new Set(['2']));
  world.microphone('33', true);
  world.microphone('2', false);
  assert.deepEqual(asked(world), [['33', false]], 'who comes later is not heard either');
  ann.tag.enableSpeaker(true);
  world.microphone('2', true);
  assert.deepEqual(asked(world), [['33', true], ['2', true]], 'nor is anybody forgotten who was silent then');
});

test('a_mix_that_the_server_refuses_costs_no_stay_and_is_asked_for_again', () => {
  const { world, ann } = listening();
  world.server.refuse('join', 'rate-limited', 'later');
  speak(world, NAMES);
  assert.deepEqual([tags(ann), world.server.members(ROOM).includes('10001')], [single(NAMES), true]);
  world.wait(2000);
  assert.deepEqual(tags(ann), ['mix']);
  const { world: other, ann: bea } = listening();
  other.server.refuse('join', 'internal');
  speak(other, NAMES);
  other.wait(60_000);
  assert.deepEqual([tags(bea), other.server.requests('join').length], [single(NAMES), 2], 'not for good and all');
  assert.deepEqual(bea.take().filter(({ type }) => type !== 'EVENT_USER_LIST_UPDATE'), []);
});

test('a_server_that_lost_the_session_gives_a_mix_by_a_new_key', () => {
  const { world, ann } = listening();
  speak(world, NAMES);
  const { src } = ann.tag.data.players[0];
  world.server.restart();
  world.wait(2000);
  NAMES.forEach((user) => world.server.enter(ROOM, user));
  speak(world, NAMES);
  world.wait(60_000);
  assert.deepEqual(tags(ann), ['mix']);
  assert.notEqual(ann.tag.data.players[0].src, src);
  ann.tag.exitRoom();
  assert.deepEqual(tags(ann), []);
});

test('what_is_no_switch_switches_nothing', () => {
  const { world, ann } = listening();
  for (const wrong of ['no', '', null, undefined, 2, {}, [true]]) {
    assert.deepEqual([ann.tag.enableMic(wrong), ann.tag.enableSpeaker(wrong)], [1004, 1004], String(wrong));
  }
  world.wait();
  assert.deepEqual([ann.tag.data.pusher.url, new Set(ann.short())], ['', new Set(['ERROR ERROR_INVALID_PARAMETER'])]);
  for (const [on, off] of [[1, 0], ['true', 'false'], ['1', '0']]) {
    assert.deepEqual([ann.tag.enableMic(on), ann.tag.data.pusher.url !== '', ann.tag.enableMic(off), ann.tag.data.pusher.url], [0, true, 0, '']);
    assert.deepEqual([ann.tag.enableSpeaker(off), ann.tag.enableSpeaker(on)], [0, 0]);
  }
});
