/** Whatever happens to conferences in between, every device is told a story that makes sense, and in the end knows what the server knows. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { FakePlatform } from '../../conformance/src/index.js';
import { Conferences } from '../src/index.js';
import type { ConferenceEvent, ConferenceRole, ConferenceStream } from '../src/index.js';
import { play, SEEDS, Trouble } from './trouble.js';

const ROOM = { text: 'standup' };
const USERS = ['ann', 'bob', 'cid'];
const GUESTS = ['gus', 'gia'];

/** An application that believes what it is told, and finds contradictions. */
class Device {
  readonly platform: FakePlatform;
  readonly conferences: Conferences;
  readonly members = new Map<number, { user: string; role: ConferenceRole }>();
  readonly streams = new Map<number, ConferenceStream>();
  readonly away = new Set<string>();
  attributes: Record<string, string> = {};
  role: ConferenceRole | null = null;
  conference = '';
  settled = false;
  stays = 0;
  returns = 0;
  asked = 0;
  answers = 0;

  constructor(chaos: Chaos, readonly user: string) {
    this.platform = new FakePlatform(chaos.clock, chaos.server);
    this.conferences = new Conferences(this.platform, { signal: 'wss://h/v1/signal', rtmp: 'rtmp://h/live' }, (event) => this.hear(event));
    this.enter();
  }

  enter(): void {
    this.conferences.login({ app: 1, user: this.user, sig: 'sig', device: `device-of-${this.user}`, client: 'test/1' });
    this.asked += 1;
    this.forget();
    const settings = { kind: 'ordinary' as const };
    this.conferences.enter({ way: { room: ROOM, settings, password: 'sesame' }, nick: this.user }, (entered) => {
      this.answers += 1;
      assert.equal('state' in entered, this.settled, 'whoever is in has been told so');
    });
  }

  leave(): void {
    this.forget();
    this.conferences.leave();
  }

  forget(): void {
    this.members.clear();
    this.streams.clear();
    this.away.clear();
    this.attributes = {};
    this.role = null;
    this.settled = false;
  }

  hear(event: ConferenceEvent): void {
    assert.ok(event.type === 'entered' || this.role, `${event.type} outside`);
    switch (event.type) {
      case 'entered':
        assert.equal(event.again, this.role !== null, 'entered for the first time, or again');
        assert.ok(!event.again || event.state.conference === this.conference, 'whoever comes back comes back to the same conference');
        this.conference = event.state.conference;
        this.forget();
        this.role = event.state.you.role;
        this.stays += 1;
        this.returns += event.again ? 1 : 0;
        break;
      case 'settled':
        assert.ok(!this.settled);
        this.settled = true;
        break;
      case 'memberEntered':
        assert.ok(!this.members.has(event.member.member), 'nobody enters twice');
        this.members.set(event.member.member, event.member);
        break;
      case 'memberExited':
        assert.ok(this.members.delete(event.member.member), 'who goes was there');
        this.away.delete(event.member.user);
        assert.ok(![...this.streams.values()].some(({ member }) => member.member === event.member.member), 'and sends nothing any more');
        break;
      case 'memberRole':
        assert.notEqual(this.members.get(event.member.member)?.role, event.member.role, 'another role');
        this.members.set(event.member.member, event.member);
        break;
      case 'memberAway':
        assert.notEqual(this.away.has(event.member.user), event.away, 'news');
        this.away[event.away ? 'add' : 'delete'](event.member.user);
        break;
      case 'streamAdded':
        assert.ok(this.members.has(event.stream.member.member), 'whoever sends is known');
        assert.ok(!this.streams.has(event.stream.number), 'a new stream');
        this.streams.set(event.stream.number, event.stream);
        break;
      case 'streamChanged':
        assert.ok(this.streams.has(event.stream.number), 'a known stream');
        this.streams.set(event.stream.number, event.stream);
        break;
      case 'streamRemoved':
        assert.ok(this.streams.delete(event.stream.number), 'a known stream ends');
        break;
      case 'role':
        assert.notEqual(this.role, event.role);
        this.role = event.role;
        break;
      case 'attributes':
        for (const { key, value } of event.changes) {
          delete this.attributes[key];
          Object.assign(this.attributes, value === undefined ? {} : { [key]: value });
        }
        break;
      case 'over':
        this.forget();
        break;
      default:
    }
  }
}

class Chaos extends Trouble {
  readonly devices: Device[];

  constructor(seed: number) {
    super(seed);
    this.devices = USERS.map((user) => new Device(this, user));
    this.clock.advance(100);
  }

  step(): void {
    const device = this.devices[this.chance(this.devices.length)] as Device;
    const guest = GUESTS[this.chance(GUESTS.length)] as string;
    const name = this.server.conferences.inRoom(ROOM);
    const inside = name !== null && guest in this.server.conferences.people(name);
    const yes = this.chance(2) === 0;
    const rarely = this.chance(10) === 0;
    const role: ConferenceRole = yes ? 'audience' : rarely ? 'admin' : 'talker';
    this.one([
      () => (device.role || device.conferences.busy ? undefined : device.enter()),
      () => (device.role || device.conferences.busy ? undefined : device.enter()),
      () => (rarely ? device.leave() : undefined),
      () => name !== null && (inside ? this.server.conferences.exit(name, guest) : this.server.conferences.enter(name, guest)),
      () => inside && this.server.stream(ROOM, guest, 'main', yes, rarely || !yes),
      () => inside && this.server.stream(ROOM, guest, yes ? 'main' : 'aux', rarely, yes),
      () => inside && this.server.away(ROOM, guest, yes),
      () => name !== null && this.server.conferences.act(name, { op: 'grant', conference: name, users: [device.user], role }),
      () => name !== null && this.server.conferences.act(name, { op: 'attributes', conference: name, changes: [yes ? { key: 'a' } : { key: 'a', value: `${this.chance(9)}` }] }),
      () => name !== null && rarely && this.server.conferences.act(name, { op: 'kick', conference: name, users: [device.user] }),
      () => name !== null && rarely && yes && this.server.conferences.act(name, { op: 'destroy', conference: name }),
      () => device.role && device.conferences.publish('main', `key-of-${device.user}`, yes, rarely, () => undefined),
      () => this.server.dropAll(),
      () => (this.server.unreachable = yes),
      () => this.stall(yes && rarely),
      () => rarely && this.server.restart(),
      () => rarely && this.expire(device.user),
      () => (yes ? device.platform.hide() : device.platform.show()),
      () => device.platform.network(yes),
      () => this.server.refuse(yes ? 'enter' : 'ticket', 'rate-limited', 'later'),
    ], 6000);
  }

  /** The trouble is over. */
  calm(): void {
    this.settle(this.devices.map(({ platform }) => platform), 90_000);
  }

  /** In the end, everybody knows the same. */
  compare(): void {
    const name = this.server.conferences.inRoom(ROOM);
    const people = name === null ? {} : this.server.conferences.people(name);
    for (const { user, role, members, streams, away, attributes, asked, answers, settled } of this.devices) {
      assert.equal(answers, asked, `${user} has an answer to everything`);
      assert.equal(people[user] ?? null, role, `the role of ${user}`);
      if (role && name !== null) {
        assert.ok(settled);
        const others = Object.entries(people).filter(([other]) => other !== user).sort();
        assert.deepEqual([...members.values()].map((member) => [member.user, member.role]).sort(), others, `who is there for ${user}`);
        const expected = others.flatMap(([other]) => this.server.member(ROOM, other)?.streams.map(({ stream, audio, video }) => [other, stream, audio, video]) ?? []);
        const told = [...streams.values()].map(({ member, stream, audio, video }) => [member.user, stream, audio, video]);
        assert.deepEqual(told.sort(), expected.sort(), `what ${user} sees`);
        const absent = others.map(([other]) => other).filter((other) => this.server.member(ROOM, other)?.away);
        assert.deepEqual([...away].sort(), absent.sort(), `whose connection is lost for ${user}`);
        assert.deepEqual(attributes, this.server.conferences.attributesOf(name));
        assert.ok(this.server.members(ROOM).includes(user), `${user} has its seat`);
      }
    }
  }
}

test('after_any_trouble_devices_and_server_know_the_same_conference', () => {
  let [stays, returns] = [0, 0];
  play((seed) => new Chaos(seed), (chaos) => {
    chaos.calm();
    chaos.compare();
    chaos.devices.forEach((device) => device.leave());
    chaos.clock.advance(400_000);
    const left = chaos.devices.map(({ platform }) => platform.subscriptions);
    GUESTS.forEach((guest) => chaos.server.conferences.inRoom(ROOM) && chaos.server.conferences.exit(chaos.server.conferences.inRoom(ROOM)!, guest));
    chaos.clock.advance(100_000);
    assert.deepEqual([chaos.clock.armed, chaos.server.sockets, left], [0, 0, USERS.map(() => 0)], 'nothing is left');
    chaos.devices.forEach((device) => {
      stays += device.stays;
      returns += device.returns;
    });
  });
  assert.ok(stays > SEEDS * 3 && returns > SEEDS / 2, `${stays} stays, ${returns} of them after a lost session`);
});
