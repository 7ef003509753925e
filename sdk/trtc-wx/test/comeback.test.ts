/** What happens when networks, sockets, sessions and native tags die: pages do nothing and are back. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { ROOM, Rig } from '../../conformance/src/trtc-wx/rig.js';

import type { Failure, StreamKind } from '@huitong/core';

const SPEAKING = { enableMic: true, enableCamera: true };

/** The native pusher gives up after its retries. */
const giveUp = (rig: Rig): void => rig.code(-1307, 'gave up');

/** A player's tag gives up after its retries. */
const playerGivesUp = (rig: Rig, id: string): void => rig.trtc.playerEventHandler(rig.player(id, { code: -2301, message: 'gave up' }));

test('a_pusher_that_gave_up_is_started_again_and_the_page_is_not_troubled', () => {
  const rig = new Rig().join(SPEAKING);
  rig.take();
  rig.phone.natives();
  giveUp(rig);
  assert.deepEqual(rig.phone.natives(), [], 'not at once');
  rig.wait(3000);
  assert.deepEqual(rig.phone.natives(), ['pusher.stop', 'pusher.start']);
  rig.code(1002);
  rig.wait(60_000);
  assert.deepEqual(rig.phone.natives(), []);
  assert.deepEqual(rig.take(), []);
});

test('a_pusher_that_gave_up_before_the_join_is_started_with_the_join', () => {
  const rig = new Rig();
  rig.server.unreachable = true;
  rig.prepare(SPEAKING);
  rig.trtc.getPusherInstance().start();
  rig.wait(9500);
  giveUp(rig);
  rig.phone.natives();
  rig.wait(5000);
  assert.deepEqual([rig.phone.natives(), rig.codes()], [[], []], 'neither started in vain nor told');
  rig.server.unreachable = false;
  rig.phone.network(true);
  rig.wait(3000);
  assert.deepEqual([rig.codes(), rig.phone.natives()], [['LOCAL_JOIN'], ['pusher.stop', 'pusher.start']]);
});

test('a_pusher_that_gave_up_before_a_join_that_fails_is_told_as_the_failure', () => {
  const rig = new Rig();
  rig.server.unreachable = true;
  rig.prepare(SPEAKING);
  rig.trtc.getPusherInstance().start();
  rig.wait(9500);
  giveUp(rig);
  rig.wait(60_000);
  assert.deepEqual(rig.take().map(({ eventCode, data }) => [eventCode, data.code]), [['ERROR', -3301]]);
  assert.equal(rig.phone.clock.armed, 0);
});

test('a_pusher_that_cannot_be_brought_back_is_told_to_the_page', () => {
  const rig = new Rig().join(SPEAKING);
  rig.take();
  for (let second = 0; second < 100; second += 10) {
    giveUp(rig);
    rig.wait(10_000);
  }
  assert.deepEqual(rig.take().map(({ data }) => data), [{ code: -1307, message: 'gave up' }]);
});

test('the_pauses_between_starts_grow', () => {
  const rig = new Rig().join(SPEAKING);
  const pauses = [1, 2, 3, 4].map(() => {
    rig.phone.natives();
    giveUp(rig);
    let waited = 0;
    while (!rig.phone.calls.some(({ name }) => name === 'start')) {
      rig.wait(100);
      waited += 100;
    }
    return waited;
  });
  assert.ok(pauses.every((pause, at) => at === 0 || pause > (pauses[at - 1] ?? 0)), String(pauses));
});

test('a_push_that_has_begun_is_a_living_one', () => {
  const rig = new Rig().join(SPEAKING);
  giveUp(rig);
  rig.wait(3000);
  rig.code(1002);
  rig.phone.natives();
  rig.phone.hide();
  rig.phone.show();
  rig.wait(60_000);
  assert.deepEqual(rig.phone.natives(), []);
});

test('tags_that_gave_up_while_the_session_was_lost_are_started_when_the_room_is_entered_again', () => {
  const rig = new Rig().join(SPEAKING).guest('bob', true, true);
  rig.trtc.setPlayerAttributes('bob_main', { muteVideo: false });
  rig.server.unreachable = true;
  rig.server.restart();
  rig.server.enter(ROOM, 'bob');
  giveUp(rig);
  rig.wait(30_000);
  rig.phone.natives();
  rig.server.unreachable = false;
  rig.phone.network(true);
  rig.wait(2000);
  assert.deepEqual(rig.phone.natives(), ['pusher.stop', 'pusher.start']);
});

test('a_pusher_that_gave_up_and_is_not_wanted_any_more_is_not_started', () => {
  const rig = new Rig().join({ ...SPEAKING, scene: 'live', role: 'anchor' });
  giveUp(rig);
  rig.trtc.setPusherAttributes({ role: 'audience' });
  rig.wait(100);
  rig.phone.natives();
  rig.wait(60_000);
  assert.deepEqual(rig.phone.natives(), []);
});

test('a_player_that_gave_up_is_known_by_either_name_of_its_tag', () => {
  for (const currentTarget of [{ id: 'bob_main' }, { dataset: { streamid: 'bob_main' } }]) {
    const rig = new Rig().join().guest('bob', true, true);
    rig.trtc.setPlayerAttributes('bob_main', { muteVideo: false });
    rig.phone.natives();
    rig.trtc.playerEventHandler({ currentTarget, detail: { code: -2301 } });
    rig.wait(3000);
    assert.deepEqual(rig.phone.natives(), ['bob_main.stop', 'bob_main.play'], JSON.stringify(currentTarget));
  }
});

test('without_a_seat_a_pusher_is_started_only_when_the_seat_is_back', () => {
  const rig = new Rig().join(SPEAKING);
  rig.server.unreachable = true;
  rig.server.dropAll();
  giveUp(rig);
  rig.phone.natives();
  rig.wait(30_000);
  assert.deepEqual(rig.phone.natives(), []);
  rig.server.unreachable = false;
  rig.wait(12_000);
  assert.deepEqual(rig.phone.natives(), ['pusher.stop', 'pusher.start']);
});

test('a_pusher_that_the_page_has_stopped_stays_stopped', () => {
  const rig = new Rig().join(SPEAKING);
  giveUp(rig);
  rig.trtc.getPusherInstance().stop();
  rig.phone.natives();
  rig.wait(60_000);
  assert.deepEqual(rig.phone.natives(), []);
});

test('a_pusher_that_died_while_it_was_paused_is_started_when_it_is_resumed', () => {
  const rig = new Rig().join(SPEAKING);
  rig.trtc.getPusherInstance().pause();
  giveUp(rig);
  rig.phone.natives();
  rig.wait(30_000);
  assert.deepEqual(rig.phone.natives(), [], 'nobody wants it to run');
  rig.trtc.getPusherInstance().resume();
  rig.wait(3000);
  assert.deepEqual(rig.phone.natives(), ['pusher.resume', 'pusher.stop', 'pusher.start']);
});

test('a_player_that_gave_up_plays_again', () => {
  const rig = new Rig().join().guest('bob', true, true);
  rig.trtc.setPlayerAttributes('bob_main', { muteVideo: false });
  rig.phone.natives();
  playerGivesUp(rig, 'bob_main');
  rig.wait(3000);
  assert.deepEqual(rig.phone.natives(), ['bob_main.stop', 'bob_main.play']);
  rig.trtc.playerEventHandler(rig.player('bob_main', { code: 2004 }));
  rig.wait(60_000);
  assert.deepEqual(rig.phone.natives(), []);
});

test('a_player_that_nobody_wants_to_see_or_hear_is_left_alone_until_somebody_does', () => {
  const rig = new Rig().join().guest('bob', true, true);
  playerGivesUp(rig, 'bob_main');
  rig.phone.natives();
  rig.wait(60_000);
  assert.deepEqual(rig.phone.natives(), []);
  rig.trtc.setPlayerAttributes('bob_main', { muteAudio: false });
  rig.wait(3000);
  assert.deepEqual(rig.phone.natives(), ['bob_main.stop', 'bob_main.play']);
});

test('a_player_whose_stream_ended_is_not_started', () => {
  const rig = new Rig().join().guest('bob', true, true);
  rig.trtc.setPlayerAttributes('bob_main', { muteVideo: false });
  playerGivesUp(rig, 'bob_main');
  rig.server.leave(ROOM, 'bob');
  rig.phone.natives();
  rig.wait(60_000);
  assert.deepEqual(rig.phone.natives(), []);
});

test('in_the_background_nothing_is_started_and_on_return_at_once', () => {
  const rig = new Rig().join(SPEAKING).guest('bob', true, true);
  rig.trtc.setPlayerAttributes('bob_main', { muteVideo: false });
  rig.phone.hide();
  giveUp(rig);
  playerGivesUp(rig, 'bob_main');
  rig.phone.natives();
  rig.wait(30_000);
  assert.deepEqual(rig.phone.natives(), []);
  rig.phone.show();
  rig.wait(2000);
  assert.deepEqual(rig.phone.natives().sort(), ['bob_main.play', 'bob_main.stop', 'pusher.start', 'pusher.stop']);
});

test('a_stay_that_ended_in_the_background_leaves_nothing_that_hinders_the_next_one', () => {
  const ends: [string, (rig: Rig) => void][] = [
    ['kicked', (rig) => rig.server.remove('ann', 'kicked')],
    ['left by the page', (rig) => void rig.trtc.exitRoom()],
  ];
  for (const [how, end] of ends) {
    const rig = new Rig().join(SPEAKING);
    rig.phone.hide();
    end(rig);
    rig.wait(100).trtc.exitRoom();
    rig.phone.show();
    rig.join(SPEAKING).guest('bob', true, true);
    rig.trtc.setPlayerAttributes('bob_main', { muteVideo: false });
    rig.phone.natives();
    giveUp(rig);
    playerGivesUp(rig, 'bob_main');
    rig.wait(3000);
    assert.deepEqual(rig.phone.natives().sort(), ['bob_main.play', 'bob_main.stop', 'pusher.start', 'pusher.stop'], how);
  }
});

test('a_stay_that_begins_in_the_background_starts_nothing_until_the_return', () => {
  const rig = new Rig();
  rig.phone.hide();
  rig.join(SPEAKING);
  giveUp(rig);
  rig.phone.natives();
  rig.wait(30_000);
  assert.deepEqual(rig.phone.natives(), []);
  rig.phone.show();
  rig.wait(2000);
  assert.deepEqual(rig.phone.natives(), ['pusher.stop', 'pusher.start']);
});

test('a_pusher_that_says_nothing_after_the_return_is_started_anew', () => {
  const rig = new Rig().join(SPEAKING);
  const status = (netSpeed: number): void => rig.trtc.pusherNetStatusHandler({ detail: { info: { netSpeed } } });
  status(500);
  rig.phone.natives();
  rig.phone.hide();
  rig.wait(30_000);
  rig.phone.show();
  rig.wait(2000);
  status(0);
  rig.wait(4000);
  assert.deepEqual(rig.phone.natives(), ['pusher.stop', 'pusher.start']);
  status(500);
  rig.phone.hide();
  rig.wait(30_000);
  rig.phone.show();
  rig.wait(2000);
  status(500);
  rig.wait(10_000);
  assert.deepEqual(rig.phone.natives(), [], 'one that flows is left alone');
});

test('a_look_into_the_foreground_that_was_too_short_to_judge_says_nothing_of_the_pusher', () => {
  const rig = new Rig().join(SPEAKING);
  const status = (netSpeed: number): void => rig.trtc.pusherNetStatusHandler({ detail: { info: { netSpeed } } });
  status(500);
  rig.phone.natives();
  rig.phone.hide();
  rig.wait(3000);
  rig.phone.show();
  rig.wait(1000);
  rig.phone.hide();
  rig.wait(20_000);
  rig.phone.show();
  rig.wait(1900);
  status(500);
  rig.wait(10_000);
  assert.deepEqual(rig.phone.natives(), []);
});

test('pages_that_do_not_report_the_network_are_not_disturbed_on_return', () => {
  const rig = new Rig().join(SPEAKING);
  rig.phone.natives();
  rig.phone.hide();
  rig.wait(30_000);
  rig.phone.show();
  rig.wait(60_000);
  assert.deepEqual(rig.phone.natives(), []);
});

test('the_seat_survives_the_background_and_the_page_hears_what_it_missed', () => {
  const rig = new Rig().join(SPEAKING).guest('bob', true, true);
  rig.take();
  rig.phone.hide();
  rig.server.unreachable = true;
  rig.server.dropAll();
  rig.wait(40_000);
  rig.server.leave(ROOM, 'bob');
  rig.server.enter(ROOM, 'cid');
  rig.server.unreachable = false;
  rig.phone.show();
  rig.wait(500);
  assert.deepEqual(rig.codes(), ['REMOTE_VIDEO_REMOVE', 'REMOTE_AUDIO_REMOVE', 'REMOTE_USER_LEAVE', 'REMOTE_USER_JOIN']);
  assert.deepEqual(rig.server.members(ROOM), ['ann', 'cid']);
  assert.equal(rig.server.requests('join').length, 1);
});

test('a_server_that_lost_the_session_gets_the_same_key_and_the_page_new_play_addresses', () => {
  const rig = new Rig().join(SPEAKING).guest('bob', false, true);
  const { url } = rig.trtc.getPusherAttributes();
  const { src } = rig.trtc.getPlayerList()[0];
  rig.take();
  rig.server.restart();
  rig.guest('bob', false, true);
  rig.wait(10_000);
  assert.deepEqual(rig.codes(), ['REMOTE_VIDEO_REMOVE', 'REMOTE_VIDEO_ADD']);
  assert.equal(rig.trtc.getPusherAttributes().url, url);
  assert.notEqual(rig.trtc.getPlayerList()[0].src, src);
  const keys = rig.server.requests('join').map(({ publish }) => publish?.[0]?.key);
  assert.deepEqual(keys, [url.split('/').at(-1), url.split('/').at(-1)]);
});

test('mute_wishes_survive_a_change_of_network', () => {
  const rig = new Rig().join().guest('bob', true, true);
  rig.server.unreachable = true;
  rig.server.dropAll();
  rig.trtc.setPlayerAttributes('bob_main', { muteAudio: false });
  rig.trtc.setPusherAttributes({ enableMic: true });
  rig.wait(20_000);
  rig.server.unreachable = false;
  rig.phone.network(true);
  rig.wait(500);
  const { audio, video } = rig.server.requests('subscribe').at(-1)!;
  assert.deepEqual([audio, video], [true, false]);
  assert.deepEqual(rig.server.requests('publish').map((request) => request.audio), [true]);
});

test('a_lost_seat_is_told_once_and_the_pusher_stops', () => {
  const rig = new Rig().join(SPEAKING);
  rig.take();
  rig.phone.natives();
  rig.server.unreachable = true;
  rig.server.dropAll();
  rig.wait(200_000);
  assert.deepEqual(rig.take().map(({ data }) => data.code), [-1307]);
  assert.deepEqual(rig.phone.natives(), ['pusher.stop']);
  assert.equal(rig.phone.clock.armed, 0);
  rig.server.unreachable = false;
  rig.trtc.getPusherInstance().start();
  assert.deepEqual(rig.wait(500).codes(), ['LOCAL_JOIN'], 'the page may start again');
});

/** The server refuses a push, as it does for the 51st sender of a room. */
function refusePush(rig: Rig, retry: Failure['retry'] = 'later', code: Failure['code'] = 'publishers-full', stream: StreamKind = 'main'): void {
  rig.server.push('ann', { ev: 'publishRefused', stream, error: { code, message: `refused: ${code}`, blame: 'client', retry } });
  rig.wait(50);
}

test('whoever_finds_no_place_to_send_is_told_once_until_the_push_succeeds', () => {
  const rig = new Rig().join(SPEAKING);
  rig.take();
  for (let time = 0; time < 4; time++) {
    refusePush(rig);
    rig.wait(3000);
  }
  assert.deepEqual(rig.take(), [{ eventCode: 'ERROR', data: { code: -3301, message: 'refused: publishers-full', detail: -102052 } }]);
  refusePush(rig, 'never', 'may-not-publish');
  assert.equal(rig.one('ERROR').data.detail, -102013, 'another cause is other news');
  rig.code(1002);
  refusePush(rig);
  assert.equal(rig.one('ERROR').data.detail, -102052);
  assert.deepEqual(rig.guest('bob').codes(), ['REMOTE_USER_JOIN'], 'the stay goes on');
});

test('a_publish_refused_for_want_of_a_place_is_told_like_a_refused_push', () => {
  const rig = new Rig().join();
  rig.take();
  for (let time = 0; time < 5; time++) {
    rig.server.refuse('publish', 'publishers-full', 'later');
  }
  rig.trtc.setPusherAttributes({ enableMic: true });
  refusePush(rig);
  rig.wait(60_000);
  assert.equal(rig.one('ERROR').data.detail, -102052);
  assert.equal(rig.server.requests('publish').length, 6);
});

test('a_refused_pusher_is_not_started_again_before_its_pause_is_over', () => {
  const rig = new Rig().join(SPEAKING);
  rig.take();
  rig.phone.natives();
  const waits: number[] = [];
  for (let round = 0; round < 6; round++) {
    const since = rig.phone.clock.now;
    for (let time = 0; time < 3; time++) {
      refusePush(rig);
    }
    giveUp(rig);
    rig.phone.hide();
    rig.phone.show(); // every occasion on which a dead pusher is tried at once
    while (rig.phone.natives().length === 0) {
      rig.wait(100);
    }
    waits.push(rig.phone.clock.now - since);
  }
  assert.ok(waits.every((wait, at) => wait >= Math.min(15_000, 2500 * 2 ** at) && wait <= 31_000), String(waits));
  assert.ok((waits[0] ?? 0) <= 5500, 'the tag’s own attempts make the pause no longer');
});

test('patience_does_not_end_while_the_server_answers', () => {
  const rig = new Rig().join(SPEAKING);
  rig.take();
  for (let second = 0; second < 300; second += 30) {
    refusePush(rig);
    giveUp(rig);
    rig.wait(30_000);
  }
  assert.deepEqual(rig.take().map(({ data }) => data.code), [-3301]);
});

test('a_pusher_that_had_given_up_before_its_refusal_was_heard_of_waits_all_the_same', () => {
  const rig = new Rig().join(SPEAKING);
  giveUp(rig);
  refusePush(rig);
  rig.phone.natives();
  rig.wait(2300);
  assert.deepEqual(rig.phone.natives(), []);
  rig.wait(3000);
  assert.deepEqual(rig.phone.natives(), ['pusher.stop', 'pusher.start']);
});

test('a_page_that_starts_or_takes_the_microphone_anew_may_try_what_was_refused', () => {
  const anews: [string, (rig: Rig) => void][] = [
    ['start', (rig) => rig.trtc.getPusherInstance().start()],
    ['role', (rig) => {
      rig.trtc.setPusherAttributes({ role: 'audience' });
      rig.wait(100);
      rig.trtc.setPusherAttributes({ role: 'anchor' });
      rig.wait(100);
    }],
  ];
  for (const [what, anew] of anews) {
    const rig = new Rig().join({ ...SPEAKING, scene: 'live', role: 'anchor' });
    refusePush(rig, 'never', 'may-not-publish');
    anew(rig);
    giveUp(rig);
    rig.phone.natives();
    rig.wait(3000);
    assert.deepEqual(rig.phone.natives(), ['pusher.stop', 'pusher.start'], what);
  }
});

test('a_pusher_that_was_refused_for_good_is_started_only_when_that_may_have_changed', () => {
  const rig = new Rig().join(SPEAKING);
  rig.trtc.pusherNetStatusHandler({ detail: { info: { netSpeed: 0 } } }); // from now on silence would be suspicious
  refusePush(rig, 'never', 'may-not-publish');
  giveUp(rig);
  rig.phone.natives();
  rig.phone.hide();
  rig.phone.show();
  rig.wait(120_000);
  assert.deepEqual(rig.phone.natives(), []);
  rig.server.restart();
  rig.wait(10_000);
  assert.deepEqual(rig.phone.natives(), ['pusher.stop', 'pusher.start'], 'a new session has perhaps other rights');
});

test('a_refused_screen_says_nothing_of_the_camera', () => {
  const rig = new Rig().join(SPEAKING);
  refusePush(rig, 'never', 'may-not-publish-aux', 'aux');
  giveUp(rig);
  rig.phone.natives();
  rig.wait(3000);
  assert.deepEqual(rig.phone.natives(), ['pusher.stop', 'pusher.start']);
});
