/** Checks of method, property and object records. */
import assert from 'node:assert/strict';
import type { Checks, Record_ } from '../ledger.js';
import { Person, ROOM, World } from './rig.js';

/** Two people in the room, the second with an open microphone that is sent. */
export function talking(): { world: World; ann: Person; bob: Person } {
  const world = new World();
  const [ann, bob] = world.people('10001', '10002') as [Person, Person];
  bob.tag.enableMic(true);
  world.wait();
  world.microphone('10002', true);
  ann.take();
  bob.take();
  return { world, ann, bob };
}

/** A property is read from `config` and from a property of its own, which wins. */
function property(name: string, good: unknown, other: unknown, ofHello: string): void {
  const world = new World();
  const ann = world.person();
  ann.tag.setData({ [name]: good, config: { ...ann.tag.data.config, [name]: other } });
  assert.equal(ann.enter(), 0);
  world.wait();
  const [hello] = world.server.requests('hello') as any[];
  assert.equal(String(hello[ofHello]), String(good));
  const bea = world.person('10009');
  bea.tag.setData({ config: { ...bea.tag.data.config, [name]: '' } });
  assert.equal(bea.enter(), 1004, `${name} is needed`);
  assert.deepEqual(bea.short(), ['ENTER_ROOM_COMPLETED ERROR_INVALID_PARAMETER']);
}

/** See the head of the file. */
export const methodChecks: Checks = {
  'gme-room.attribute.appID': () => {
    property('appID', '1400000007', '1400000008', 'app');
    const world = new World();
    for (const appID of ['', 'x', '0', '4294967296', 1.5, null]) {
      assert.equal(world.person('1', { appID }).enter(), 1004, String(appID));
    }
    assert.equal(world.person('1', { appID: 1400000001 }).enter(), 0, 'a number');
  },
  'gme-room.attribute.roomID': () => property('roomID', 'a_1', 'b_2', 'voiceRoom'),
  'gme-room.attribute.userID': () => property('userID', '-5', '6', 'user'),
  'gme-room.attribute.authBuffer': () => {
    property('authBuffer', 'one', 'two', 'authBuffer');
    const world = new World();
    world.person('1', { authBuffer: Uint8Array.of(251, 239, 190, 1).buffer }).enter();
    world.wait();
    world.wait();
    // As bytes arrive in a component: `setData` copies them, and JSON of a back-end has its own form.
    const copied = [{ 0: 251, 1: 239, 2: 190, 3: 1 }, { type: 'Buffer', data: [251, 239, 190, 1] }, [251, 239, 190, 1]];
    copied.forEach((authBuffer, at) => world.person(String(at + 2), { authBuffer }).enter());
    world.wait();
    const shown = world.server.requests('hello').map(({ authBuffer }: any) => authBuffer);
    assert.deepEqual(shown, ['----AQ', '----AQ', '----AQ', '----AQ'], 'bytes become text');
    for (const authBuffer of [{}, [], [256], [-1], [1.5], ['1'], { a: 'b' }, 7, true]) {
      const eve = world.person('1', { authBuffer });
      assert.equal(eve.enter(), 1004, JSON.stringify(authBuffer));
      assert.match(eve.take()[0]?.params.errMsg, /^authBuffer must be the text .*arrayBufferToBase64/);
    }
  },
  'gme-room.attribute.config': () => {
    const world = new World();
    const ann = world.person();
    const seen: number[] = [];
    ann.tag.setData({ config: { appID: '1400000001', roomID: 'r', userID: '7', authBuffer: 'b' } }, () => seen.push(ann.enter()));
    world.wait();
    assert.deepEqual([seen, ann.short()], [[0], ['ENTER_ROOM_COMPLETED OK']]);
    assert.deepEqual(world.server.members({ text: 'r' }), ['7']);
  },
  'gme-room.method.enterRoom': () => {
    const world = new World();
    const ann = world.person();
    assert.equal(ann.tag.enterRoom(), 1004, 'no handler');
    assert.equal(ann.enter(), 0);
    assert.deepEqual(ann.take(), [], 'not before the server has answered');
    world.wait();
    const [told] = ann.take();
    assert.deepEqual([told?.type, told?.params.errType, told?.params.roomID, told?.params.userID], ['EVENT_ENTER_ROOM_COMPLETED', 0, ROOM.text, '10001']);
    assert.deepEqual(world.server.members(ROOM), ['10001'], 'the room was made');
    const second: string[] = [];
    assert.equal(ann.tag.enterRoom((type: string) => second.push(type)), 0);
    world.wait();
    assert.deepEqual([second, ann.take(), world.server.requests('hello').length], [['EVENT_ENTER_ROOM_COMPLETED'], [], 1], 'the same room');
    ann.tag.setData({ config: { ...ann.tag.data.config, authBuffer: 'newer' } });
    ann.enter();
    world.wait(2000);
    assert.deepEqual(ann.short(), ['ENTER_ROOM_COMPLETED OK']);
    const hello = world.server.requests('hello')[1] as any;
    assert.deepEqual([hello.authBuffer, hello.resume.session !== ''], ['newer', true], 'the server is shown the newer one, in the same stay');
    ann.tag.setData({ config: { ...ann.tag.data.config, roomID: 'other' } });
    assert.equal(ann.enter(), 0);
    world.wait();
    assert.deepEqual(ann.short(), ['EXIT_ROOM_COMPLETED OK', 'ENTER_ROOM_COMPLETED OK']);
    assert.deepEqual([world.server.members(ROOM), world.server.members({ text: 'other' })], [[], ['10001']]);
    const again: string[] = [];
    const handler = (type: string, params: any): void => {
      again.push(`${type} ${params.roomID ?? params.reason}`);
      if (type === 'EVENT_EXIT_ROOM_COMPLETED') {
        ann.tag.enterRoom(handler);
      }
    };
    ann.tag.enterRoom(handler);
    ann.tag.setData({ config: { ...ann.tag.data.config, roomID: 'third' } });
    const logins = world.server.requests('hello').length;
    assert.equal(ann.tag.enterRoom(handler), 0);
    world.wait(2000);
    const [entered, exited] = ['EVENT_ENTER_ROOM_COMPLETED', 'EVENT_EXIT_ROOM_COMPLETED'];
    assert.deepEqual(again, [`${entered} other`, `${exited} exit`, `${entered} third`]);
    assert.equal(world.server.requests('hello').length, logins + 1, 'a page that enters again by itself logs in once');
    assert.deepEqual([world.server.sockets, world.server.members({ text: 'third' })], [1, ['10001']]);
    world.server.refuse('hello', 'credential-mismatch');
    const eve = world.person('66');
    assert.equal(eve.enter(), 0);
    world.wait();
    const [refused] = eve.take();
    assert.deepEqual([refused?.type, refused?.params.errType, refused?.params.code], ['EVENT_ENTER_ROOM_COMPLETED', 1004, 7006]);
    assert.equal(eve.enter(), 0, 'and may try again');
    world.wait();
    assert.deepEqual(eve.short(), ['ENTER_ROOM_COMPLETED OK']);
  },
  'gme-room.method.exitRoom': () => {
    const { world, ann, bob } = talking();
    assert.equal(bob.tag.exitRoom(), 0);
    const [told] = bob.take();
    assert.deepEqual([told?.type, told?.params.errType, told?.params.reason], ['EVENT_EXIT_ROOM_COMPLETED', 0, 'exit']);
    assert.deepEqual([bob.tag.data.pusher.url, bob.tag.data.players], ['', []]);
    world.wait();
    assert.deepEqual([world.server.members(ROOM), ann.list, world.server.sockets], [['10001'], [], 1]);
    assert.equal(bob.tag.exitRoom(), 0, 'outside a room');
    assert.deepEqual(bob.short(), ['EXIT_ROOM_COMPLETED OK']);
    const cem = world.person('3');
    cem.enter();
    cem.tag.exitRoom();
    world.wait(1000);
    assert.deepEqual([cem.short(), world.server.members(ROOM)], [['EXIT_ROOM_COMPLETED OK'], ['10001']], 'on the way in');
  },
  'gme-room.method.enableMic': () => {
    const world = new World();
    const ann = world.person();
    assert.equal(ann.tag.enableMic(true), 1004, 'before any entry');
    ann.enter();
    assert.equal(ann.tag.enableMic(true), 1004, 'before it is completed');
    assert.deepEqual([ann.short(), ann.tag.data.pusher.url], [['ERROR ERROR_INVALID_PARAMETER'], '']);
    world.wait();
    assert.equal(ann.tag.enableMic(true), 0);
    world.wait();
    const { url } = ann.tag.data.pusher;
    assert.match(url, /^rtmp:\/\/media\.example:1935\/live\/[\w-]{22}$/, 'where the server says');
    assert.deepEqual(world.server.published('10001'), [{ stream: 'main', key: url.split('/').pop(), audio: true, video: false }]);
    ann.tag.enableMic(true);
    assert.equal(ann.tag.data.pusher.url, url, 'twice is once');
    assert.equal(ann.tag.enableMic(false), 0);
    assert.equal(ann.tag.data.pusher.url, '');
    assert.ok(ann.phone.natives().includes('pusher.stop'));
    world.wait();
    assert.equal(world.server.published('10001')[0]?.audio, false);
    ann.tag.enableMic(true);
    assert.notEqual(ann.tag.data.pusher.url, url, 'a key is for one opening');
    const bea = world.person('10009');
    bea.phone.wx['huitong'].rtmp = 'rtmp://push.example:2935';
    bea.enter();
    world.wait();
    bea.tag.enableMic(true);
    assert.match(bea.tag.data.pusher.url, /^rtmp:\/\/push\.example:2935\/live\//, 'unless the application knows better');
  },
  'gme-room.method.enableSpeaker': () => {
    const { world, ann } = talking();
    assert.equal(new World().person().tag.enableSpeaker(false), 1004, 'before entry');
    const wanted = (): unknown[] => world.server.requests('subscribe').filter(({ from }) => from === '10001').map(({ user, audio, video }: any) => [user, audio, video]);
    assert.deepEqual(wanted(), [['10002', true, false]]);
    assert.equal(ann.tag.enableSpeaker(false), 0);
    assert.equal(ann.tag.data.players[0].muteAudio, true);
    world.wait();
    world.server.enter(ROOM, '10003');
    world.microphone('10003', true);
    assert.deepEqual(ann.tag.data.players.map(({ userID, muteAudio }: any) => [userID, muteAudio]), [['10002', true], ['10003', true]], 'those who come later');
    assert.deepEqual(wanted().slice(1), [['10002', false, false], ['10003', false, false]]);
    assert.equal(ann.tag.enableSpeaker(true), 0);
    world.wait();
    assert.deepEqual(ann.tag.data.players.map(({ muteAudio }: any) => muteAudio), [false, false]);
    assert.deepEqual(wanted().slice(3), [['10002', true, false], ['10003', true, false]]);
  },
  'gme-room.method.getRemoteUserList': () => {
    const { world, ann, bob } = talking();
    assert.deepEqual(ann.tag.getRemoteUserList(), [{ userID: '10002', hasMainAudio: true, volume: 0 }]);
    assert.deepEqual([`${ann.tag.getRemoteUserList()[0]}`, bob.list], ['10002', []]);
    ann.native('volume', { volume: 61 }, '10002');
    assert.equal(ann.tag.getRemoteUserList()[0].volume, 61);
    world.wait(4000);
    assert.equal(ann.tag.getRemoteUserList()[0].volume, 0, 'a tag that says nothing more is quiet');
    ann.tag.exitRoom();
    assert.deepEqual(ann.tag.getRemoteUserList(), []);
  },
  'gme-room.object.gme-room': ({ members = [] }: Record_) => {
    const ann = new World().person();
    for (const { name, type } of members as any[]) {
      const names: string[] = name === 'methods' ? type.split(', ') : [name];
      names.forEach((one) => assert.ok(ann.tag[one], one));
    }
  },
};
