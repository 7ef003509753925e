/** The component among pages, devices, networks and each other, in virtual time. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { Person, World, attach, component } from '../../conformance/src/trtc-calling/rig.js';
import { Phone } from '../../conformance/src/index.js';
import { talking } from '../../conformance/src/trtc-calling/methods.js';

/** Two pages of one mini program with a component each. */
async function twoPages(): Promise<{ world: World; phone: Phone; first: any; second: any; told: string[] }> {
  const world = new World();
  const phone = new Phone(world.clock, world.server);
  const definition = component(phone);
  const told: string[] = [];
  const page = (name: string): any => {
    const tag = attach(definition, { sdkAppID: 1, userID: 'ann', userSig: 's' });
    Object.keys(tag.EVENT).forEach((code) => tag.on(code, () => code === 'SDK_READY' || told.push(`${name} ${code}`)));
    return tag;
  };
  const [first, second] = [page('first'), page('second')];
  void first.login();
  await world.wait();
  void second.login();
  await world.wait();
  return { world, phone, first, second, told };
}

test('pages_of_one_mini_program_share_a_login_and_the_latest_rings', async () => {
  const { world, first, second, told } = await twoPages();
  assert.equal(world.server.sockets, 1);
  world.server.calls.invite('bob', ['ann'], 'audio');
  await world.wait();
  assert.deepEqual(told, ['second INVITED']);
  assert.deepEqual([first.data.callStatus, second.data.callStatus], ['idle', 'calling']);
  assert.equal((await first.call({ userID: 'cid', type: 1 })).code, 6017, 'one call at a time');
});

test('a_page_that_is_closed_leaves_the_login_to_the_one_below', async () => {
  const { world, second, first, told } = await twoPages();
  world.server.calls.invite('bob', ['ann'], 'audio');
  await world.wait();
  await second.logout();
  await world.wait();
  assert.equal(world.server.calls.of('bob'), null, 'what rang there is refused');
  told.splice(0);
  world.server.calls.invite('bob', ['ann'], 'audio');
  await world.wait();
  assert.deepEqual([told, first.data.callStatus], [['first INVITED'], 'calling']);
  await first.logout();
  await world.wait();
  assert.equal(world.server.sockets, 0);
});

test('a_page_that_vanishes_takes_its_call_along', async () => {
  const { world, ann, bob } = await talking();
  ann.page('close');
  await world.wait();
  assert.deepEqual(bob.codes(), ['USER_LEAVE', 'CALL_END']);
  assert.equal(world.server.sockets, 1);
});

test('both_call_each_other_and_are_connected', async () => {
  const world = new World();
  const [ann, bob] = (await world.people('ann', 'bob')) as [Person, Person];
  const calls = [ann.tag.call({ userID: 'bob', type: 1 }), bob.tag.call({ userID: 'ann', type: 1 })];
  await world.wait();
  const [one, other] = await Promise.all(calls);
  assert.equal(one.inviteID, other.inviteID);
  assert.deepEqual([ann.data.callStatus, bob.data.callStatus, ann.data.isSponsor, bob.data.isSponsor], ['connected', 'connected', true, false]);
  assert.deepEqual([ann.codes(), bob.codes()], [['USER_ENTER'], ['USER_ENTER']]);
});

test('who_of_a_group_is_in_another_call_is_told_at_once_and_once', async () => {
  const world = new World();
  const [ann, bob] = (await world.people('ann', 'bob')) as [Person, Person];
  world.server.calls.invite('dan', ['cid'], 'audio');
  const call = ann.tag.groupCall({ userIDList: ['bob', 'cid'], type: 1 });
  await world.wait();
  const { inviteID } = await call;
  assert.deepEqual(ann.one('LINE_BUSY'), { invitee: 'cid', inviteID, reason: 'line busy' });
  void bob.tag.accept();
  await world.wait();
  void bob.tag.hangup();
  await world.wait();
  assert.deepEqual(ann.codes(), ['USER_ENTER', 'USER_LEAVE', 'CALL_END']);
});

test('whoever_answers_a_call_of_the_back_end_waits_for_the_other_one', async () => {
  const world = new World();
  const [ann, bob] = (await world.people('ann', 'bob')) as [Person, Person];
  world.server.calls.ring('ann', ['bob'], 'video');
  await world.wait();
  assert.deepEqual([ann.one('INVITED').sponsor, ann.data.stage, bob.one('INVITED').sponsor], ['bob', 'incoming', 'ann']);
  void ann.tag.accept();
  await world.wait(2000);
  assert.deepEqual([ann.data.callStatus, ann.data.stage, ann.data.hint, ann.data.chatTime], ['calling', 'outgoing', '等待对方接受邀请…', '00:00:00']);
  void bob.tag.accept();
  await world.wait();
  assert.deepEqual([ann.data.callStatus, bob.data.callStatus], ['connected', 'connected']);
  void ann.tag.hangup();
  await world.wait();
  world.server.calls.ring('ann', ['bob'], 'audio');
  await world.wait();
  void ann.tag.accept();
  ann.take();
  await world.wait(31_000);
  assert.deepEqual(ann.codes(), ['CALLING_TIMEOUT', 'CALL_END'], 'nobody came');
});

test('a_handler_that_throws_costs_the_call_nothing', async () => {
  const world = new World();
  const [ann, bob] = (await world.people('ann', 'bob')) as [Person, Person];
  ann.tag.on('USER_ENTER', () => {
    throw new Error('the page fails');
  });
  void ann.tag.call({ userID: 'bob', type: 1 });
  await world.wait();
  void bob.tag.accept();
  await assert.rejects(world.wait(), /the page fails/, 'it surfaces as an error of its own');
  await world.wait();
  assert.deepEqual([ann.data.callStatus, bob.data.callStatus], ['connected', 'connected']);
});

test('a_login_of_the_same_device_elsewhere_is_told_and_ends_the_call', async () => {
  const { world, ann } = await talking();
  const again = world.person('ann');
  again.phone.storage.set('huitong.device', ann.phone.storage.get('huitong.device'));
  void again.tag.login();
  await world.wait();
  assert.deepEqual(ann.codes(), ['CALL_END', 'KICKED_OUT', 'HANG_UP']);
  assert.deepEqual([ann.toasts, ann.data.callStatus], [['您已被踢下线'], 'idle']);
});

test('hanging_up_before_the_server_has_answered_tells_only_that', async () => {
  const world = new World();
  const [ann, bob] = (await world.people('ann', 'bob')) as [Person, Person];
  const call = ann.tag.call({ userID: 'bob', type: 1 });
  void ann.tag.hangup();
  await world.wait();
  assert.equal((await call).code, 8010);
  assert.deepEqual([ann.codes(), bob.codes()], [['HANG_UP'], ['INVITED', 'CALLING_CANCEL']]);
});

test('a_call_without_a_network_is_given_up_with_an_error', async () => {
  const world = new World();
  const [ann] = (await world.people('ann')) as [Person];
  world.server.unreachable = true;
  world.server.dropAll();
  const call = ann.tag.call({ userID: 'bob', type: 1 });
  await world.wait(20_000);
  assert.notEqual((await call).code, 0);
  assert.deepEqual([ann.codes(), ann.data.callStatus, ann.data.active], [['ERROR'], 'idle', false]);
});

test('the_caller_who_loses_the_network_while_ringing_is_idle_in_the_end', async () => {
  const world = new World();
  const [ann] = (await world.people('ann')) as [Person];
  void ann.tag.call({ userID: 'bob', type: 1 });
  await world.wait();
  world.server.unreachable = true;
  world.server.dropAll();
  await world.wait(40_000);
  assert.deepEqual([ann.data.callStatus, ann.codes()], ['idle', ['CALLING_TIMEOUT', 'CALL_END']]);
});

test('a_phone_call_ends_the_call', async () => {
  const { world, ann, bob } = await talking();
  ann.pusher(5001);
  await world.wait();
  assert.deepEqual([ann.codes(), bob.codes()], [['HANG_UP'], ['USER_LEAVE', 'CALL_END']]);
});

test('a_muted_microphone_stays_muted_when_the_native_pusher_begins', async () => {
  const world = new World();
  const [ann] = (await world.people('ann')) as [Person];
  ann.tag.setMicMute(true);
  void ann.tag.call({ userID: 'bob', type: 1 });
  await world.wait();
  ann.phone.calls.splice(0);
  ann.pusher(1002);
  assert.deepEqual(ann.phone.calls.map(({ name, options }) => [name, options.volume]), [['setMICVolume', 0]]);
  assert.equal(world.server.published('ann')[0]?.audio, false);
});

test('a_player_that_gave_up_is_started_again', async () => {
  const { world, ann } = await talking();
  const [{ streamID }] = ann.data.streamList;
  ann.phone.natives();
  ann.tag._playerStateChange({ detail: { code: -2301 }, currentTarget: { id: streamID, dataset: { streamid: streamID } } });
  await world.wait(3000);
  assert.deepEqual(ann.phone.natives(), [`${streamID}.stop`, `${streamID}.play`]);
});

test('the_screen_has_a_place_for_everybody', async () => {
  const world = new World();
  const names = ['bob', 'cid', 'dan', 'eve', 'fay', 'gus', 'hal', 'ida'];
  const [ann] = (await world.people('ann')) as [Person];
  void ann.tag.groupCall({ userIDList: names, type: 2, groupID: 'g' });
  await world.wait();
  assert.deepEqual([ann.data.stage, ann.data.faces.length, ann.data.ownClass], ['outgoing', 8, 'ht-full']);
  names.forEach((name) => {
    world.server.calls.accept(name);
    world.server.enter(world.server.calls.roomOf('ann'), name);
    world.server.stream(world.server.calls.roomOf('ann'), name, 'main', true, name !== 'cid');
  });
  await world.wait();
  assert.deepEqual([ann.data.stage, ann.data.layout, ann.data.ownClass], ['connected', 'ht-grid ht-of-9', 'ht-tile']);
  assert.deepEqual(ann.data.tiles.map(({ userID, picture }: any) => `${userID} ${picture}`), names.map((name) => `${name} ${name !== 'cid'}`));
});

test('the_other_picture_is_large_and_a_tap_changes_that', async () => {
  const { ann } = await talking();
  assert.deepEqual([ann.data.ownClass, ann.data.tileClass], ['ht-small', 'ht-full']);
  ann.tag._toggleViewSize({ currentTarget: { dataset: { screen: 'pusher' } } });
  assert.deepEqual([ann.data.screen, ann.data.ownClass, ann.data.tileClass], ['pusher', 'ht-full', 'ht-small']);
});
