/** Stays from the page's side: roles, second entries, stops, pages that close, handlers that throw. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { Phone } from '../../conformance/src/index.js';
import { FILE, ROOM, Rig } from '../../conformance/src/trtc-wx/rig.js';

const LIVE = { scene: 'live', role: 'audience' };

test('audience_pushes_nothing_until_it_takes_the_microphone', () => {
  const rig = new Rig().join(LIVE);
  assert.deepEqual(rig.codes(), ['LOCAL_JOIN']);
  assert.deepEqual(rig.phone.natives(), []);
  assert.deepEqual(rig.server.members(ROOM), []);
  rig.trtc.setPusherAttributes({ enableMic: true });
  rig.wait(100);
  assert.deepEqual(rig.server.ops, ['hello', 'join', 'setRole', 'publish']);
  assert.deepEqual(rig.phone.natives(), ['pusher.start']);
  rig.trtc.setPusherAttributes({ enableMic: false });
  rig.wait(100);
  assert.deepEqual(rig.phone.natives(), [], 'a muted speaker stays a speaker');
  rig.trtc.setPusherAttributes({ role: 'audience' });
  rig.wait(100);
  assert.equal(rig.server.requests('setRole').at(-1)?.role, 'audience');
  assert.deepEqual(rig.phone.natives(), ['pusher.stop']);
  rig.trtc.setPusherAttributes({ role: 'anchor', enableMic: true });
  rig.wait(100);
  assert.deepEqual(rig.phone.natives(), ['pusher.start']);
  assert.deepEqual(rig.codes(), []);
});

test('a_live_room_without_place_is_watched_by_those_who_did_not_ask_to_be_anchor', () => {
  const rig = new Rig();
  rig.server.refuse('join', 'publishers-full', 'later');
  rig.join({ scene: 'live' });
  assert.deepEqual(rig.codes(), ['LOCAL_JOIN']);
  assert.deepEqual(rig.phone.natives(), ['pusher.start', 'pusher.stop']);
  rig.code(-1307);
  assert.deepEqual(rig.codes(), [], 'a pusher that is not wanted may die in peace');
  const anchor = new Rig();
  anchor.server.refuse('join', 'publishers-full', 'later');
  anchor.join({ scene: 'live', role: 'anchor' });
  assert.equal(anchor.one('ERROR').data.detail, -102052);
});

test('a_refused_microphone_is_an_error_and_the_stay_goes_on', () => {
  const rig = new Rig().join(LIVE);
  rig.take();
  rig.server.refuse('setRole', 'may-not-publish');
  rig.trtc.setPusherAttributes({ enableMic: true });
  rig.wait(100);
  assert.equal(rig.one('ERROR').data.code, -3301);
  assert.deepEqual(rig.guest('bob').codes(), ['REMOTE_USER_JOIN']);
});

test('an_rtc_room_has_no_audience', () => {
  const rig = new Rig().join();
  rig.trtc.setPusherAttributes({ role: 'audience' });
  rig.wait(100);
  assert.deepEqual(rig.server.ops, ['hello', 'join']);
});

test('entering_the_same_room_again_changes_nothing_but_attributes', () => {
  const rig = new Rig().join();
  const { url } = rig.trtc.getPusherAttributes();
  rig.take();
  const again = rig.trtc.enterRoom(rig.params({ enableMic: true }));
  assert.equal(again.url, url);
  rig.trtc.getPusherInstance().start();
  rig.wait(500);
  assert.deepEqual(rig.server.ops, ['hello', 'join', 'publish']);
  assert.deepEqual(rig.codes(), []);
});

test('a_renewed_credential_for_the_same_room_is_what_the_user_shows_from_then_on', () => {
  const rig = new Rig().guest('bob', true, true).join({ enableMic: true });
  rig.take();
  rig.phone.natives();
  rig.trtc.enterRoom(rig.params({ userSig: 'newer', privateMapKey: 'newer key' }));
  rig.wait(5000);
  const [, shown] = rig.server.requests('hello');
  assert.deepEqual([shown?.sig, shown?.resume?.session !== undefined], ['newer', true], 'the session is prolonged');
  assert.equal(rig.server.requests('join').length, 1, 'the stay goes on');
  rig.server.restart();
  rig.guest('bob', true, true).wait(10_000);
  assert.equal(rig.server.requests('hello').at(-1)?.sig, 'newer');
  assert.equal(rig.server.requests('join').at(-1)?.privateMapKey, 'newer key');
  assert.ok(!rig.codes().some((code) => code.startsWith('LOCAL') || code === 'ERROR'));
  assert.deepEqual(rig.phone.natives(), []);
});

test('a_new_pusher_for_the_same_room_tells_its_own_microphone_and_camera', () => {
  const rig = new Rig().join({ enableMic: true, enableCamera: true });
  rig.trtc.createPusher({});
  rig.trtc.enterRoom(rig.params());
  rig.trtc.getPusherInstance().start();
  rig.wait(500);
  assert.deepEqual(rig.server.requests('publish').map(({ audio, video }) => [audio, video]), [[false, false]]);
  assert.equal(rig.server.requests('join').length, 1);
});

test('bad_parameters_during_a_stay_are_told_and_the_stay_goes_on', () => {
  const rig = new Rig().join();
  rig.take();
  assert.equal(rig.trtc.enterRoom(rig.params({ userSig: '' })).url, null);
  assert.deepEqual(rig.codes(), ['ERROR']);
  rig.trtc.setPusherAttributes({ enableMic: true });
  rig.wait(100);
  assert.deepEqual(rig.server.published('ann').map(({ audio }) => audio), [true]);
  const [before] = rig.server.requests('join');
  rig.server.restart();
  rig.wait(10_000);
  assert.equal(rig.server.requests('join').at(-1)?.publish?.[0]?.key, before?.publish?.[0]?.key);
  assert.deepEqual([rig.codes(), rig.server.members(ROOM)], [[], ['ann']]);
});

test('entering_another_room_leaves_the_first', () => {
  const rig = new Rig().join().guest('bob', true, true);
  const { url } = rig.trtc.getPusherAttributes();
  rig.take();
  assert.notEqual(rig.trtc.enterRoom(rig.params({ roomID: 5 })).url, url);
  rig.trtc.getPusherInstance().start();
  rig.wait(500);
  assert.deepEqual(rig.server.members(ROOM), ['bob']);
  assert.deepEqual(rig.server.members({ number: 5 }), ['ann']);
  assert.deepEqual(rig.codes(), ['LOCAL_JOIN']);
  assert.deepEqual(rig.trtc.getPlayerList(), []);
});

test('stop_and_start_is_a_new_stay_that_tells_differences_only', () => {
  const rig = new Rig().join().guest('bob').guest('cid', true, true);
  rig.take();
  rig.trtc.getPusherInstance().stop();
  rig.wait(1000);
  rig.server.leave(ROOM, 'bob');
  rig.trtc.getPusherInstance().start();
  rig.wait(500);
  assert.deepEqual(rig.codes(), ['LOCAL_JOIN', 'REMOTE_USER_LEAVE', 'REMOTE_VIDEO_REMOVE', 'REMOTE_AUDIO_REMOVE', 'REMOTE_VIDEO_ADD', 'REMOTE_AUDIO_ADD']);
});

test('exit_while_the_join_is_on_its_way_leaves_nothing', () => {
  for (const ms of [0, 5, 15, 25, 35, 45, 60]) {
    const rig = new Rig();
    rig.prepare();
    rig.trtc.getPusherInstance().start();
    rig.wait(ms);
    rig.trtc.exitRoom();
    rig.take();
    rig.wait(60_000);
    assert.deepEqual([rig.take(), rig.server.members(ROOM), rig.server.sockets, rig.phone.clock.armed], [[], [], 0, 0], `${ms} ms`);
  }
});

test('a_page_that_is_closed_without_exit_leaves_the_room', () => {
  const phone = new Phone();
  const rig = new Rig({ env: 'test' }, phone);
  phone.pages.push({ name: 'home' }, rig.page);
  rig.join();
  rig.take();
  phone.pages.push({ name: 'another page on top' });
  rig.wait(30_000);
  assert.deepEqual(rig.server.members(ROOM), ['ann']);
  phone.pages.splice(1);
  rig.wait(3000);
  assert.deepEqual(rig.server.members(ROOM), []);
  assert.deepEqual([rig.codes(), phone.clock.armed], [[], 0]);
});

/** Two pages of one mini program, one on top of the other unless the first is closed before. */
function twoPages(between: (phone: Phone, first: Rig) => void): { phone: Phone; first: Rig; second: Rig } {
  const phone = new Phone();
  const first = new Rig({ env: 'test' }, phone);
  phone.pages.push({ name: 'home' }, first.page);
  first.join({ enableMic: true }).take();
  between(phone, first);
  const second = new Rig({ env: 'test' }, phone, first.Class);
  phone.pages.push(second.page);
  phone.natives();
  second.join({ enableMic: true }).wait(60_000);
  return { phone, first, second };
}

test('a_page_that_is_closed_hears_nothing_and_stops_nothing_when_its_user_enters_again', () => {
  const { phone, first, second } = twoPages((on) => {
    on.pages.pop();
    on.clock.advance(500);
  });
  assert.deepEqual([first.codes(), second.codes()], [[], ['LOCAL_JOIN']]);
  assert.deepEqual(phone.natives(), ['pusher.start']);
  assert.deepEqual([phone.server.members(ROOM), phone.server.sockets], [['ann'], 1]);
});

test('an_open_page_is_told_when_its_user_enters_from_another_page', () => {
  const { phone, first, second } = twoPages(() => undefined);
  assert.equal(first.one('KICKED_OUT').data.reason, 'duplicate');
  assert.deepEqual(second.codes(), ['LOCAL_JOIN']);
  assert.deepEqual(phone.natives(), ['pusher.stop', 'pusher.start']);
  first.trtc.exitRoom();
  assert.deepEqual(second.wait(100).server.members(ROOM), ['ann'], 'the page below says goodbye for itself only');
});

test('a_page_that_enters_again_with_a_new_object_is_not_told_that_it_was_put_out', () => {
  const rig = new Rig().join({ enableMic: true });
  rig.take();
  rig.phone.natives();
  const again = new rig.Class(rig.page, 'test');
  const told: string[] = [];
  Object.keys(again.EVENT).forEach((code) => again.on(code, () => told.push(code)));
  again.createPusher({ enableMic: true });
  again.enterRoom(rig.params());
  again.getPusherInstance().start();
  rig.wait(60_000);
  assert.deepEqual([rig.codes(), told, rig.phone.natives()], [[], ['LOCAL_JOIN'], ['pusher.start']]);
});

test('another_user_of_the_same_phone_disturbs_nobody', () => {
  const rig = new Rig().join();
  rig.take();
  const other = new Rig({ env: 'test' }, rig.phone, rig.Class).join({ userID: 'bob' });
  assert.deepEqual([rig.wait(60_000).codes(), other.codes()], [['REMOTE_USER_JOIN'], ['LOCAL_JOIN', 'REMOTE_USER_JOIN']]);
});

test('nothing_is_told_to_a_page_that_has_just_been_closed', () => {
  const phone = new Phone();
  const rig = new Rig({ env: 'test' }, phone);
  phone.pages.push({ name: 'home' }, rig.page);
  rig.join({ enableMic: true }).take();
  phone.natives();
  phone.pages.pop();
  phone.server.remove('ann', 'kicked');
  assert.deepEqual([rig.wait(60_000).codes(), phone.natives(), phone.clock.armed], [[], [], 0]);
});

test('the_page_of_a_hidden_tab_stays_in_the_room_while_its_tags_talk', () => {
  const phone = new Phone();
  const rig = new Rig({ env: 'test' }, phone);
  phone.pages.push(rig.page);
  rig.join({ enableMic: true });
  phone.pages[0] = { name: 'another tab' };
  for (let second = 0; second < 60; second += 2) {
    rig.trtc.pusherNetStatusHandler({ detail: { info: { netSpeed: 100 } } });
    rig.wait(2000);
  }
  assert.deepEqual(rig.server.members(ROOM), ['ann']);
  rig.wait(6000);
  assert.deepEqual(rig.server.members(ROOM), []);
});

/** A page at the bottom of the stack, where tabs are, whose user went to another tab and stayed there for a while. */
function hiddenTab(ms: number): Rig {
  const phone = new Phone();
  const rig = new Rig({ env: 'test' }, phone).guest('bob', true, true);
  phone.pages.push(rig.page);
  rig.join({ enableMic: true }).take();
  phone.natives();
  phone.pages[0] = { name: 'another tab' };
  rig.wait(ms);
  return rig;
}

const showTab = (rig: Rig): Rig => {
  rig.phone.pages[0] = rig.page;
  return rig.wait(5000);
};

test('a_hidden_tab_that_is_silent_gets_its_seat_back_when_it_is_shown', () => {
  const rig = hiddenTab(60_000);
  assert.deepEqual(rig.server.members(ROOM), ['bob'], 'as if it were closed');
  rig.code(-1307, 'gave up');
  assert.deepEqual([rig.codes(), rig.phone.natives()], [[], []]);
  rig.server.enter(ROOM, 'cid');
  showTab(rig);
  assert.deepEqual(rig.server.members(ROOM), ['bob', 'cid', 'ann']);
  assert.deepEqual(rig.codes(), ['REMOTE_VIDEO_REMOVE', 'REMOTE_AUDIO_REMOVE', 'REMOTE_VIDEO_ADD', 'REMOTE_AUDIO_ADD', 'REMOTE_USER_JOIN']);
  assert.deepEqual(rig.phone.natives(), ['pusher.stop', 'pusher.start']);
});

test('a_pusher_that_says_nothing_after_its_tab_is_shown_again_is_started_anew', () => {
  const rig = hiddenTab(0);
  const talk = (netSpeed: number): void => rig.trtc.pusherNetStatusHandler({ detail: { info: { netSpeed } } });
  talk(100);
  rig.wait(60_000);
  assert.deepEqual(rig.server.members(ROOM), ['bob']);
  rig.phone.pages[0] = rig.page;
  rig.wait(2500);
  talk(0);
  rig.wait(6000);
  assert.deepEqual([rig.server.members(ROOM), rig.phone.natives()], [['bob', 'ann'], ['pusher.stop', 'pusher.start']]);
});

test('the_background_is_no_sign_that_a_hidden_tab_is_closed', () => {
  const talk = (rig: Rig): void => rig.trtc.pusherNetStatusHandler({ detail: { info: { netSpeed: 100 } } });
  const rig = hiddenTab(0);
  talk(rig);
  rig.phone.hide();
  rig.wait(60_000);
  rig.phone.show();
  rig.wait(2500);
  assert.deepEqual(rig.server.members(ROOM), ['bob', 'ann']);
  talk(rig);
  rig.wait(2500);
  assert.deepEqual(rig.server.members(ROOM), ['bob', 'ann']);
  assert.equal(rig.server.requests('join').length, 1);
});

test('a_tab_that_was_hidden_too_long_is_told_that_its_seat_is_lost', () => {
  const rig = hiddenTab(20 * 60_000);
  assert.equal(rig.phone.clock.armed, 0, 'it is not looked for all day');
  showTab(rig);
  assert.deepEqual(rig.codes(), []);
  rig.code(1001);
  assert.equal(rig.one('ERROR').data.code, -1307);
  rig.code(1001);
  assert.deepEqual([rig.codes(), rig.server.members(ROOM)], [[], ['bob']]);
  rig.trtc.getPusherInstance().start();
  assert.deepEqual(rig.wait(500).codes()[0], 'LOCAL_JOIN', 'the page may start again');
});

test('a_hidden_tab_whose_user_has_entered_elsewhere_learns_of_it_when_it_is_shown', () => {
  const rig = hiddenTab(0);
  const other = new Rig({ env: 'test' }, rig.phone, rig.Class);
  rig.phone.pages[0] = other.page;
  other.join().wait(60_000);
  assert.deepEqual(rig.codes(), [], 'its handlers would act on the page that is open');
  showTab(rig);
  assert.equal(rig.one('KICKED_OUT').data.reason, 'duplicate');
});

test('a_hidden_tab_that_exits_is_not_brought_back', () => {
  const rig = hiddenTab(60_000);
  rig.trtc.exitRoom();
  assert.equal(rig.phone.clock.armed, 0);
  rig.take();
  showTab(rig).code(1001);
  assert.deepEqual([rig.wait(60_000).codes(), rig.server.members(ROOM)], [[], ['bob']]);
});

test('a_component_leaves_with_its_page', () => {
  const phone = new Phone();
  const Class = phone.require(FILE);
  const page = { getPageId: () => 'pageId:7' };
  phone.pages.push(page);
  const trtc = new Class({ getPageId: () => 'pageId:7', component: true }, 'test');
  trtc.createPusher();
  trtc.enterRoom({ sdkAppID: 1, userID: 'ann', userSig: 's', roomID: 1234 });
  trtc.getPusherInstance().start();
  phone.clock.advance(10_000);
  assert.deepEqual(phone.server.members(ROOM), ['ann']);
  phone.pages.pop();
  phone.clock.advance(3000);
  assert.deepEqual(phone.server.members(ROOM), []);
});

test('what_a_handler_throws_reaches_the_runtime_and_costs_nothing', () => {
  const rig = new Rig().guest('bob', true, true);
  rig.onEvent = ({ eventCode }) => {
    if (eventCode === 'LOCAL_JOIN') {
      throw new Error('page');
    }
  };
  assert.throws(() => rig.join(), /page/);
  rig.wait(500);
  assert.deepEqual(rig.codes(), ['LOCAL_JOIN', 'REMOTE_USER_JOIN', 'REMOTE_VIDEO_ADD', 'REMOTE_AUDIO_ADD']);
});

test('a_handler_may_exit_in_the_middle_of_the_news', () => {
  const rig = new Rig().guest('bob', true, true).guest('cid');
  rig.onEvent = ({ eventCode }) => {
    if (eventCode === 'REMOTE_USER_JOIN') {
      rig.trtc.exitRoom();
    }
  };
  rig.join();
  assert.deepEqual(rig.wait(60_000).codes(), ['LOCAL_JOIN', 'REMOTE_USER_JOIN', 'LOCAL_LEAVE']);
  const leaver = new Rig().join().guest('bob', true, true);
  leaver.take();
  leaver.onEvent = ({ eventCode }) => {
    if (eventCode === 'REMOTE_VIDEO_REMOVE') {
      leaver.trtc.exitRoom();
    }
  };
  leaver.server.leave(ROOM, 'bob');
  assert.deepEqual(leaver.wait(500).codes(), ['REMOTE_VIDEO_REMOVE', 'LOCAL_LEAVE']);
  leaver.join();
  leaver.room(1031, { userid: 'cid' });
  leaver.room(1033, { userid: 'cid', streamtype: 'main', hasvideo: true });
  leaver.take();
  leaver.room(1032, { userid: 'cid' });
  assert.deepEqual(leaver.codes(), ['REMOTE_VIDEO_REMOVE', 'LOCAL_LEAVE'], 'fed by hand as well');
});

test('a_screen_whose_picture_ended_is_no_player_even_if_its_sound_goes_on', () => {
  const rig = new Rig().join().guest('bob', true, true).guest('bob', true, true, 'aux');
  rig.take();
  rig.server.stream(ROOM, 'bob', 'aux', true, false);
  rig.wait(50);
  const { playerList, id } = rig.one('REMOTE_VIDEO_REMOVE').data;
  assert.deepEqual([id, playerList.map((player: { id: string }) => player.id)], ['bob_aux', ['bob_main']]);
  rig.room(1033, { userid: 'bob', streamtype: 'aux', hasvideo: true });
  rig.trtc.getPlayerInstance('bob_aux').playerAttributes.hasAudio = true;
  rig.room(1033, { userid: 'bob', streamtype: 'aux', hasvideo: false });
  assert.equal(rig.trtc.getPlayerInstance('bob_aux'), null, 'fed by hand as well');
});

test('a_typical_page_causes_one_publish_and_no_needless_subscription', () => {
  const rig = new Rig().guest('bob', true, true);
  rig.onEvent = ({ eventCode, data }) => {
    if (eventCode === 'LOCAL_JOIN') {
      rig.trtc.setPusherAttributes({ enableCamera: true });
      rig.trtc.setPusherAttributes({ enableMic: true });
    } else if (eventCode === 'REMOTE_VIDEO_ADD') {
      rig.trtc.setPlayerAttributes(data.player.streamID, { muteVideo: false });
    } else if (eventCode === 'REMOTE_AUDIO_ADD') {
      rig.trtc.setPlayerAttributes(data.player.streamID, { muteAudio: false });
    }
  };
  rig.join().wait(1000);
  assert.deepEqual(rig.server.ops, ['hello', 'join', 'publish']);
});

test('somebody_known_by_hand_is_not_announced_twice_by_the_server', () => {
  const rig = new Rig().join();
  rig.take();
  rig.room(1031, { userid: 'bob' });
  rig.guest('bob');
  assert.deepEqual(rig.codes(), ['REMOTE_USER_JOIN']);
});

test('the_first_key_is_made_of_secure_bytes_where_the_phone_has_them', () => {
  const keys = new Set<string>();
  for (let n = 0; n < 200; n++) {
    keys.add(new Rig().prepare().url.split('/').at(-1));
  }
  assert.equal(keys.size, 200);
});

test('credentials_and_keys_are_never_printed', () => {
  const rig = new Rig({});
  rig.trtc.setLogLevel(0);
  rig.server.refuse('join', 'room-full', 'later');
  rig.join({ userSig: 'SECRET-SIG', privateMapKey: 'SECRET-MAP', scene: 'live' });
  rig.server.dropAll();
  rig.wait(120_000);
  const key = rig.trtc.getPusherAttributes().url.split('/').at(-1);
  const text = JSON.stringify(rig.phone.printed);
  assert.ok(!text.includes('SECRET') && !text.includes(key), text);
});
