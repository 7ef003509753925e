/** Checks of claims, and of the credential that the server judges. */
import assert from 'node:assert/strict';
import type { Checks } from '../ledger.js';
import { methodChecks, talking } from './methods.js';
import { ROOM, World, files, source } from './rig.js';
import type { Person } from './rig.js';

/** See the head of the file. */
export const claimChecks: Checks = {
  'gme-room.object.authBuffer': () => {
    const world = new World();
    world.person('10001', { authBuffer: 'FfgoIxM+HQq8' }).enter();
    world.wait();
    const [hello] = world.server.requests('hello') as any[];
    assert.deepEqual([hello.authBuffer, hello.voiceRoom, hello.user, hello.app, 'sig' in hello], ['FfgoIxM+HQq8', ROOM.text, '10001', 1400000001, false]);
    // What the server makes of it: crates/auth and crates/engine/tests/voice.rs.
  },
  'gme-room.claim.billingAfterEnter': () => {
    const world = new World();
    const ann = world.person();
    world.server.refuse('join', 'room-full');
    ann.enter();
    world.wait();
    assert.deepEqual(world.server.members(ROOM), [], 'nobody is in a room whose entry failed');
    ann.enter();
    world.wait();
    assert.deepEqual(world.server.members(ROOM), ['10001']);
  },
  'gme-room.claim.okMeansSuccess': () => {
    const { ann } = talking();
    const { OK } = ann.tag.ERROR_TYPE;
    const results = [ann.tag.enableMic(true), ann.tag.enableMic(false), ann.tag.enableSpeaker(false), ann.tag.exitRoom(), ann.enter()];
    assert.deepEqual(results, [OK, OK, OK, OK, OK]);
  },
  'gme-room.claim.layout': ({ values = [] }) => {
    const names = files('').map((name) => name.split('/')[0]);
    const wanted = values.map((name) => (name === 'custom utils' ? 'utils' : name));
    assert.deepEqual(wanted.filter((name) => !names.includes(name)), []);
    assert.match(source('common/constants.js'), /ERROR_CHARGE_OVERDU/);
    assert.match(source('common/settings.js'), /enableCamera/);
    assert.deepEqual(files('.js').filter((name) => name.startsWith('model/')), ['model/player.js', 'model/pusher.js', 'model/room.js']);
  },
  'gme-room.claim.roomIDRule': () => {
    const world = new World();
    for (const roomID of ['', 'a-b', 'a b', '会议', 'R'.repeat(128), '../x', null]) {
      assert.equal(world.person('1', { roomID }).enter(), 1004, String(roomID));
    }
    for (const roomID of ['R'.repeat(127), 'room_123', '_', '10000']) {
      const ann = world.person('1', { roomID });
      assert.equal(ann.enter(), 0, roomID);
      world.wait();
      assert.deepEqual(world.server.members({ text: roomID }), ['1'], 'a name, also of digits only');
      ann.tag.exitRoom();
    }
  },
  'gme-room.claim.userIDInt64': () => {
    const world = new World();
    const wrong = ['', '1.0', '1e3', '007', '+7', '-0', ' 7', 'ann', '9223372036854775808', '-9223372036854775809', 9007199254740993, 1.5, NaN, null];
    wrong.forEach((userID) => assert.equal(world.person(userID).enter(), 1004, String(userID)));
    for (const userID of ['0', '-1', '9007199254740993', '9223372036854775807', '-9223372036854775808', 10001]) {
      const ann = world.person(userID);
      assert.equal(ann.enter(), 0, String(userID));
      world.wait();
      assert.deepEqual(world.server.members(ROOM), [String(userID)], 'digit by digit');
      ann.tag.exitRoom();
      world.wait();
    }
  },
  'gme-room.claim.userIDUnique': () => {
    const { world, ann, bob } = talking();
    const again = world.person('10001');
    again.enter();
    world.wait();
    assert.deepEqual([again.short()[0], ann.short()], ['ENTER_ROOM_COMPLETED OK', ['ERROR ERROR_UNKNOWN', 'EXIT_ROOM_COMPLETED OK']]);
    assert.deepEqual([world.server.members(ROOM).sort(), bob.tag.data.pusher.url !== ''], [['10001', '10002'], true]);
    // One session per device: the seat in this room changes hands all the same.
    world.server.remove('10002', 'replaced');
    world.wait();
    assert.deepEqual(bob.take().map(({ type, params }) => [type, params.reason]), [['EVENT_ERROR', undefined], ['EVENT_EXIT_ROOM_COMPLETED', 'replaced']]);
  },
  'gme-room.claim.configureFirst': () => {
    const world = new World();
    const ann = world.person('10001', { authBuffer: undefined });
    assert.equal(ann.enter(), 1004);
    ann.tag.setData({ authBuffer: 'later' });
    assert.equal(ann.enter(), 0);
    world.wait();
    assert.deepEqual(ann.short(), ['ENTER_ROOM_COMPLETED ERROR_INVALID_PARAMETER', 'ENTER_ROOM_COMPLETED OK']);
  },
  'gme-room.claim.roomPeriod': () => {
    const { world, ann } = talking();
    ann.tag.exitRoom();
    const second: string[] = [];
    ann.tag.enterRoom((type: string) => second.push(type));
    world.wait();
    assert.deepEqual(ann.short(), ['EXIT_ROOM_COMPLETED OK'], 'the handler of the first period hears its end and no more');
    assert.deepEqual(second.slice(0, 2), ['EVENT_ENTER_ROOM_COMPLETED', 'EVENT_USER_LIST_UPDATE']);
    assert.deepEqual([ann.tag.data.players[0].muteAudio, ann.tag.data.pusher.url], [false, ''], 'as after every entry');
  },
  'gme-room.claim.micAfterEnter': (record) => methodChecks['gme-room.method.enableMic']?.(record),
  'gme-room.claim.speakerDefaultOn': () => {
    const { ann, bob } = talking();
    assert.deepEqual(ann.tag.data.players.map(({ userID, src, autoplay, muteAudio }: any) => [userID, /^rtmp:/.test(src), autoplay, muteAudio]), [['10002', true, true, false]]);
    assert.deepEqual(bob.tag.data.players, []);
  },
  'gme-room.claim.listOnlyMicOn': () => {
    const { world, ann } = talking();
    const [cem] = world.people('3') as [Person];
    assert.deepEqual([ann.list, cem.list], [['10002'], ['10002']]);
    world.microphone('10002', false);
    assert.deepEqual([ann.list, cem.list], [[], []]);
  },
};
