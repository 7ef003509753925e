/** Whatever happens to calls in between, every device is told a story that makes sense, and in the end knows what the server knows. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { FakePlatform } from '../../conformance/src/index.js';
import { Calls } from '../src/calls.js';
import type { CallsEvent } from '../src/index.js';
import { play, SEEDS, Trouble } from './trouble.js';

const USERS = ['ann', 'bob', 'cid'];
const DEVICES = ['ann', 'bob', 'bob', 'cid'];

/** An application that believes what it is told, and finds contradictions. */
class Device {
  readonly platform: FakePlatform;
  readonly calls: Calls;
  /** The call of now, as the events have it. */
  current: { call: string; answered: boolean } | null = null;
  readonly present = new Map<string, boolean>();
  over = false;
  talks = 0;
  asked = 0;
  answers = 0;

  constructor(chaos: Chaos, readonly user: string, number: number) {
    this.platform = new FakePlatform(chaos.clock, chaos.server);
    this.calls = new Calls(this.platform, { signal: 'wss://h/v1/signal', rtmp: 'rtmp://h/live' }, (event) => this.hear(event));
    this.calls.publish(`key-${number}`, true, false);
    this.calls.login({ app: 1, user, sig: 'sig', device: `device-${number}-of-${user}`, client: 'test/1' });
    this.calls.watch(USERS.filter((other) => other !== user));
  }

  hear(event: CallsEvent): void {
    assert.ok(!this.over, 'nothing is told after the end');
    switch (event.type) {
      case 'invited':
        assert.equal(this.current, null, 'nothing rings during a call');
        this.current = { call: event.call.call, answered: false };
        break;
      case 'participant':
      case 'answered':
        assert.equal(event.call.call, this.current?.call, `${event.type} of the call of now`);
        assert.ok(event.type === 'participant' || !this.current?.answered, 'answered once');
        this.talks += event.type === 'answered' ? 1 : 0;
        this.current = { call: event.call.call, answered: this.current?.answered === true || event.type === 'answered' };
        break;
      case 'over':
        assert.equal(event.call.call, this.current?.call, 'over is the call of now');
        this.current = null;
        break;
      case 'room':
        assert.ok(this.current, 'a room without a call');
        break;
      case 'presence':
        assert.notEqual(this.present.get(event.user) ?? false, event.online, 'presence changes');
        this.present.set(event.user, event.online);
        break;
      case 'closed':
        assert.fail('nobody was logged out');
        break;
      default:
    }
  }

  call(invitees: string[], group: boolean): void {
    this.asked += 1;
    this.calls.call({ invitees, media: 'audio', ...(group ? { group: 'g' } : {}) }, (outcome) => {
      this.answers += 1;
      if ('call' in outcome) {
        assert.equal(this.current, null, 'a call is made where there is none');
        this.current = { call: outcome.call.call, answered: false };
      }
    });
  }

  /** Answers the call of now, or ends it. */
  end(how: 'accept' | 'reject' | 'hangup'): void {
    this.asked += 1;
    if (how !== 'accept') {
      this.current = null;
    }
    this.calls[how](() => (this.answers += 1));
  }
}

class Chaos extends Trouble {
  readonly devices: Device[];

  constructor(seed: number) {
    super(seed);
    this.devices = DEVICES.map((user, number) => new Device(this, user, number));
    this.clock.advance(100);
  }

  step(): void {
    const device = this.devices[this.chance(this.devices.length)] as Device;
    const others = USERS.filter((user) => user !== device.user);
    const yes = this.chance(2) === 0;
    const rarely = this.chance(10) === 0;
    this.one([
      () => device.call(yes ? others : [others[this.chance(2)] as string], rarely),
      () => device.call([others[this.chance(2)] as string], false),
      () => device.end('accept'),
      () => device.end('accept'),
      () => device.end('accept'),
      () => device.end('reject'),
      () => device.end('hangup'),
      () => this.server.dropAll(),
      () => (this.server.unreachable = yes),
      () => this.stall(yes && rarely),
      () => (rarely ? this.server.restart() : undefined),
      () => (rarely && this.server.seen.some(({ from }) => from === device.user) ? this.expire(device.user) : undefined),
      () => (yes ? device.platform.hide() : device.platform.show()),
      () => device.platform.network(yes),
      () => this.server.refuse(rarely ? 'join' : 'call', 'rate-limited', 'later'),
      () => this.server.refuse(yes ? 'hangup' : 'reject', 'rate-limited', 'later'),
    ], 6000);
    this.devices.forEach((one) => assert.equal(one.calls.current?.call, one.current?.call, `${one.user} believes what is so`));
  }

  /** The trouble is over. */
  calm(): void {
    this.settle(this.devices.map(({ platform }) => platform), 90_000);
  }

  /** In the end, everybody knows the same. */
  compare(): void {
    const talking = new Map<string, string>();
    for (const device of this.devices) {
      const { user, current, calls, asked, answers } = device;
      assert.ok(calls.ready, `${user} is logged in`);
      assert.equal(answers, asked, `${user} has an answer to everything`);
      assert.deepEqual([...device.present].filter(([, online]) => online).length, USERS.length - 1, `${user} sees who is there`);
      if (current) {
        assert.equal(this.server.calls.of(user), current.call, `the call of ${user} is one`);
        assert.ok(!talking.has(user), 'on one device');
        talking.set(user, current.call);
        assert.ok(this.server.members(this.server.calls.roomOf(user)).includes(user), `${user} is in the room`);
      }
    }
    USERS.forEach((user) => assert.equal(this.server.calls.of(user), talking.get(user) ?? null, `what the server has of ${user}`));
  }
}

test('after_any_trouble_devices_and_server_know_the_same_calls', () => {
  let talked = 0;
  play((seed) => new Chaos(seed), (chaos) => {
    chaos.calm();
    chaos.compare();
    talked += chaos.devices.reduce((sum, { talks }) => sum + talks, 0);
    for (const device of chaos.devices) {
      device.calls.logout();
      device.over = true;
    }
    chaos.clock.advance(200_000);
    const left = chaos.devices.map(({ platform }) => platform.subscriptions);
    assert.deepEqual([chaos.clock.armed, chaos.server.sockets, left], [0, 0, DEVICES.map(() => 0)], 'nothing is left');
    USERS.forEach((user) => assert.equal(chaos.server.calls.of(user), null));
  });
  assert.ok(talked > SEEDS, `${talked} times somebody was connected`);
});
