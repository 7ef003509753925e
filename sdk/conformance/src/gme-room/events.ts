/** Checks of event, error, constant and callback records. */
import assert from 'node:assert/strict';
import type { Checks, Record_ } from '../ledger.js';
import { methodChecks, talking } from './methods.js';
import { ROOM, World } from './rig.js';
import type { Person, Told } from './rig.js';

/** The keys of what was told are those of the record. */
function payload(record: Record_, told: Told | undefined): any {
  assert.equal(told?.type, record.name);
  const named = (record.payload ?? []).map(({ name }) => name);
  const given = Object.keys(told?.params ?? {});
  const beside = ['eventType', 'remoteUserList', 'code'];
  assert.deepEqual(given.filter((name) => !named.includes(name) && !beside.includes(name)), []);
  assert.deepEqual((record.payload ?? []).filter(({ name, optional }) => !optional && !given.includes(name)), []);
  assert.equal(told?.params.eventType, record.name);
  return told?.params;
}

/** What the entry is told when the server refuses it so. */
function refusedWith(code: Parameters<World['server']['refuse']>[1], op: 'hello' | 'join' = 'join'): any {
  const world = new World();
  const ann = world.person();
  world.server.refuse(op, code);
  ann.enter();
  world.wait();
  const [told, ...more] = ann.take();
  assert.deepEqual([told?.type, more], ['EVENT_ENTER_ROOM_COMPLETED', []]);
  return told?.params;
}

const value = (record: Record_): void => {
  const { ERROR_TYPE } = new World().person().tag;
  assert.equal(ERROR_TYPE[record.name], record.value);
};

/** See the head of the file. */
export const eventChecks: Checks = {
  'gme-room.callback.eventHandler': () => {
    const world = new World();
    const ann = world.person();
    const seen: unknown[][] = [];
    ann.tag.enterRoom((...args: any[]) => {
      seen.push([args.length, args[0], args[1].eventType, typeof args[1].errMsg]);
      throw new Error('the page fails');
    });
    world.wait();
    assert.deepEqual(seen, [[2, 'EVENT_ENTER_ROOM_COMPLETED', 'EVENT_ENTER_ROOM_COMPLETED', 'string']]);
    assert.ok(ann.phone.printed.some(([level, text]) => level === 'error' && text.includes('the page fails')));
    assert.equal(ann.tag.enableMic(true), 0, 'the component goes on');
  },
  'gme-room.constant.EVENT_TYPE': () => {
    const { EVENT_TYPE } = new World().person().tag;
    Object.entries(EVENT_TYPE).forEach(([key, name]) => assert.equal(key, name));
    assert.equal(Object.keys(EVENT_TYPE).length, 5);
  },
  'gme-room.constant.ERROR_TYPE': () => {
    const { ERROR_TYPE } = new World().person().tag;
    assert.ok(Object.values(ERROR_TYPE).every((code) => typeof code === 'number'));
    assert.equal(ERROR_TYPE.OK, 0);
  },
  'gme-room.event.EVENT_ENTER_ROOM_COMPLETED': (record) => {
    const world = new World();
    const ann = world.person();
    ann.enter();
    world.wait();
    assert.equal(payload(record, ann.take()[0]).errType, 0);
    world.server.dropAll();
    world.wait(2000);
    world.server.restart();
    world.wait(20_000);
    assert.deepEqual([ann.take(), world.server.members(ROOM)], [[], ['10001']], 'a new session in the old stay is no entry');
  },
  'gme-room.event.EVENT_EXIT_ROOM_COMPLETED': (record) => {
    const { world, ann } = talking();
    ann.tag.exitRoom();
    assert.equal(payload(record, ann.take()[0]).reason, 'exit');
    world.wait();
    const { world: other, ann: bea } = talking();
    other.server.remove('10001', 'kicked');
    other.wait();
    const [, told] = bea.take();
    assert.equal(payload(record, told).reason, 'kicked');
    assert.deepEqual([bea.list, bea.tag.data.players, world.server.members(ROOM)], [[], [], ['10002']]);
  },
  'gme-room.event.EVENT_AUDIO_VOLUME_UPDATE': (record) => {
    const { world, ann } = talking();
    ann.tag.enableMic(true);
    ann.native('volume', { volume: 33.4 });
    ann.native('volume', { volume: 170 }, '10002');
    ann.told.splice(0);
    world.wait(1000);
    const told = ann.told.slice();
    payload(record, told[0]);
    assert.equal(told[0]?.params.UserID, '10001');
    assert.deepEqual(ann.volumes(), [['10001', 33, 0], ['10002', 0, 100], ['10001', 33, 0], ['10002', 0, 100]], 'twice a second for each');
    ann.tag.enableMic(false);
    ann.tag.enableSpeaker(false);
    world.wait(400);
    assert.deepEqual(ann.volumes(), [['10002', 0, 0]], 'nothing is heard while the speaker is off');
    world.microphone('10002', false);
    ann.volumes();
    world.wait(2000);
    assert.deepEqual([ann.volumes(), world.clock.armed > 0], [[], true], 'no microphone, no volume');
  },
  'gme-room.event.EVENT_USER_LIST_UPDATE': (record) => {
    const world = new World();
    ['20', '21', '22'].forEach((user) => world.server.enter(ROOM, user));
    world.server.stream(ROOM, '20', 'main', true, false);
    world.server.stream(ROOM, '21', 'main', true, true);
    world.server.stream(ROOM, '22', 'main', false, true);
    const ann = world.person();
    ann.enter();
    world.wait();
    const [, told, ...more] = ann.take();
    const params = payload(record, told);
    assert.deepEqual([params.userList.map(String), params.remoteUserList.map(String), more], [['20', '21'], ['20', '21'], []]);
    world.microphone('20', false);
    assert.deepEqual(ann.take().map(({ params: { userList } }) => userList.map(String)), [['21']]);
    world.server.leave(ROOM, '21');
    world.wait();
    assert.deepEqual(ann.take().map(({ params: { userList } }) => userList), [[]]);
    world.server.stream(ROOM, '22', 'aux', true, true);
    world.wait();
    assert.deepEqual(ann.take(), [], 'a screen is no microphone');
  },
  'gme-room.event.EVENT_ERROR': (record) => {
    const { world, ann } = talking();
    ann.tag.enableMic(true);
    ann.native('error', { errCode: 10002, errMsg: 'the microphone is forbidden' });
    const params = payload(record, ann.take()[0]);
    assert.deepEqual([params.errType, params.code, params.errMsg], [65536, 10002, 'the microphone is forbidden']);
    ann.native('state', { code: -1302, message: 'open mic failed' });
    assert.equal(payload(record, ann.take()[0]).code, -1302);
    world.server.push('10001', { ev: 'publishRefused', stream: 'main', error: { code: 'publishers-full', message: 'full', blame: 'client', retry: 'later' } });
    world.wait();
    assert.equal(payload(record, ann.take()[0]).errType, 65536);
  },
  'gme-room.error.OK': (record) => {
    value(record);
    methodChecks['gme-room.method.enterRoom']?.(record);
  },
  'gme-room.error.ERROR_INVALID_PARAMETER': (record) => {
    value(record);
    for (const code of ['bad-credential', 'credential-mismatch', 'credential-for-other', 'credential-expired', 'unknown-app'] as const) {
      const { errType, code: detail } = refusedWith(code, 'hello');
      assert.deepEqual([errType, detail], [1004, 7006], code);
    }
    assert.equal(refusedWith('may-not-enter').errType, 1004);
  },
  'gme-room.error.ERROR_CHARGE_OVERDU': (record) => {
    value(record);
    assert.equal(new World().person().tag.ERROR_TYPE.ERROR_CHARGE_OVERDUE, record.value);
    assert.equal(refusedWith('app-suspended').errType, record.value);
    assert.equal(refusedWith('app-suspended', 'hello').errType, record.value);
    assert.equal(refusedWith('app-overdue').errType, record.value);
  },
  'gme-room.error.ERROR_NETWORK_ERROR': (record) => {
    value(record);
    const world = new World();
    world.server.unreachable = true;
    const ann = world.person();
    assert.equal(ann.enter(), 0);
    world.wait(31_000);
    assert.deepEqual(ann.short(), ['ENTER_ROOM_COMPLETED ERROR_NETWORK_ERROR'], 'after as long as the vendor tries');
    const inside = talking();
    inside.world.server.unreachable = true;
    inside.world.server.dropAll();
    inside.world.wait(60_000);
    assert.deepEqual(inside.ann.take(), [], 'the seat is kept');
    inside.world.wait(60_000);
    assert.deepEqual(inside.ann.short(), ['ERROR ERROR_NETWORK_ERROR', 'EXIT_ROOM_COMPLETED OK']);
    assert.equal(refusedWith('shutting-down', 'hello').errType, record.value);
  },
  'gme-room.error.ERROR_UNKNOWN': (record) => {
    value(record);
    assert.equal(refusedWith('internal').errType, record.value);
    assert.equal(refusedWith('a-code-of-later' as 'internal').errType, record.value);
    const { world, ann } = talking();
    world.server.end('10001', 'takenOver');
    world.wait();
    const told = ann.take();
    assert.deepEqual(told.map(({ type, params }) => [type, params.errType, params.code]), [
      ['EVENT_ERROR', 65536, 10003],
      ['EVENT_EXIT_ROOM_COMPLETED', 0, undefined],
    ]);
    const [cem] = world.people('3') as [Person];
    cem.tag.enterRoom((type: string, params: unknown) => {
      cem.told.push({ type, params });
      if (type === 'EVENT_ERROR') {
        cem.enter();
      }
    });
    world.wait();
    assert.deepEqual(cem.short(), ['ENTER_ROOM_COMPLETED OK', 'USER_LIST_UPDATE OK'], 'a new handler is told who speaks');
    world.server.remove('3', 'dissolved');
    world.wait();
    assert.deepEqual(cem.short().slice(0, 3), ['ERROR ERROR_UNKNOWN', 'EXIT_ROOM_COMPLETED OK', 'ENTER_ROOM_COMPLETED OK'], 'entering again in the handler');
  },
};
