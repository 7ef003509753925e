/** Whatever happens in between, what pages of conferences were told adds up to what the server knows. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { Trouble } from '../../core/test/trouble.js';
import { Person } from '../src/emedia/rig.js';
import type { World } from '../src/emedia/rig.js';

const SEEDS = 120;
const STEPS = 60;
const ROOM = { text: 'standup' };
const USERS = ['ann', 'bob', 'cid'];
const GUESTS = ['gus', 'gia'];
const ROLES: Record<string, number> = { admin: 7, talker: 3, audience: 1 };

/** A page that believes what it is told, and finds contradictions. `rebuilds`: it clears what it shows by itself. */
class Page {
  readonly person: Person;
  readonly members = new Map<string, any>();
  readonly streams = new Map<string, any>();
  attributes: any[] = [];
  role = 0;
  inside = false;
  rebuilt = 0;

  constructor(trouble: Trouble, readonly user: string, rebuilds: boolean) {
    this.person = new Person(user, trouble as unknown as World);
    const { mgr, untouched } = this.person;
    Object.keys(untouched).forEach((name) => (mgr[name] = untouched[name]));
    mgr.onMemberJoined = (member: any) => this.joined(member);
    mgr.onMemberExited = (member: any) => assert.ok(this.members.delete(member.id), `${member.userName} was there`);
    mgr.onStreamAdded = (stream: any) => this.added(stream);
    mgr.onStreamRemoved = (stream: any) => assert.ok(this.streams.delete(stream.id), `${stream.id} was there`);
    mgr.onMediaChanaged = (stream: any) => assert.equal(this.streams.get(stream.id), stream);
    mgr.onRoleChanged = (role: number) => (this.role = role);
    mgr.onConfrAttrsUpdated = (list: any[]) => (this.attributes = list);
    mgr.onConferenceExit = () => this.out();
    if (rebuilds) {
      mgr.onReconnect = () => this.rebuild();
    }
    this.enter();
  }

  enter(): void {
    this.attributes = [];
    void this.person.mgr.joinRoom({ roomName: ROOM.text, password: 'sesame', role: 3 });
  }

  private joined(member: any): void {
    if (member.isSelf) {
      this.inside = true;
      this.role = member.role;
    }
    this.members.set(member.id, member);
  }

  private added(stream: any): void {
    assert.ok(!this.streams.has(stream.id), `${stream.id} is new`);
    assert.ok(this.members.has(stream.memId), 'whoever sends is known');
    this.streams.set(stream.id, stream);
  }

  private rebuild(): void {
    this.rebuilt += 1;
    this.members.clear();
    this.streams.clear();
  }

  private out(): void {
    assert.deepEqual([this.members.size, this.streams.size], [0, 0], 'everything was told off');
    this.inside = false;
  }
}

class Chaos extends Trouble {
  readonly pages: Page[];

  constructor(seed: number) {
    super(seed);
    this.pages = USERS.map((user, at) => new Page(this, user, at > 0));
    this.clock.advance(100);
  }

  step(): void {
    const page = this.pages[this.chance(this.pages.length)] as Page;
    const guest = GUESTS[this.chance(GUESTS.length)] as string;
    const { conferences } = this.server;
    const name = conferences.inRoom(ROOM);
    const there = name !== null && guest in conferences.people(name);
    const [yes, rarely] = [this.chance(2) === 0, this.chance(10) === 0];
    const role = yes ? 'audience' as const : 'talker' as const;
    this.one([
      () => page.inside || page.enter(),
      () => rarely && page.person.mgr.exitConference(),
      () => name !== null && (there ? conferences.exit(name, guest) : conferences.enter(name, guest)),
      () => there && this.server.stream(ROOM, guest, 'main', yes, !yes || rarely),
      () => there && this.server.stream(ROOM, guest, 'aux', rarely, yes),
      () => name !== null && conferences.act(name, { op: 'grant', conference: name, users: [page.user], role }),
      () => name !== null && conferences.act(name, { op: 'attributes', conference: name, changes: [yes ? { key: 'a' } : { key: 'a', value: `${this.chance(9)}` }] }),
      () => name !== null && rarely && conferences.act(name, { op: 'kick', conference: name, users: [page.user] }),
      () => name !== null && rarely && yes && conferences.act(name, { op: 'destroy', conference: name }),
      () => this.server.dropAll(),
      () => (this.server.unreachable = yes),
      () => this.stall(yes && rarely),
      () => rarely && this.server.restart(),
      () => rarely && this.expire(page.user),
      () => (yes ? page.person.phone.hide() : page.person.phone.show()),
      () => page.person.phone.network(yes),
    ], 6000);
  }

  /** The trouble is over. */
  calm(): void {
    this.settle([], 1000);
    this.pages.forEach(({ person }) => person.phone.show());
    this.clock.advance(90_000);
  }

  compare(): void {
    const name = this.server.conferences.inRoom(ROOM);
    const people = name === null ? {} : this.server.conferences.people(name);
    for (const { user, inside, role, members, streams, attributes } of this.pages) {
      assert.equal(user in people, inside, `whether ${user} is inside`);
      if (inside && name !== null) {
        assert.equal(role, ROLES[people[user] ?? ''], `the role of ${user}`);
        assert.deepEqual([...members.values()].map((member) => member.userName).sort(), Object.keys(people).sort(), `who is there for ${user}`);
        const sent = Object.keys(people).filter((other) => other !== user)
          .flatMap((other) => this.server.member(ROOM, other)?.streams.map(({ audio, video }) => `${other} ${audio ? 0 : 1} ${video ? 0 : 1}`) ?? []);
        assert.deepEqual([...streams.values()].map(({ owner, aoff, voff }) => `${owner.userName} ${aoff} ${voff}`).sort(), sent.sort(), `what ${user} sees`);
        const written = Object.fromEntries(attributes.filter(({ op }) => op === 'UPDATE').map(({ key, val }) => [key, val]));
        assert.deepEqual(written, this.server.conferences.attributesOf(name), `what ${user} reads`);
      }
    }
  }
}

test('after_any_trouble_pages_and_server_know_the_same_conference', () => {
  let [inside, rebuilt] = [0, 0];
  for (let seed = 1; seed <= SEEDS; seed++) {
    try {
      const chaos = new Chaos(seed * 7919);
      for (let step = 0; step < STEPS; step++) {
        chaos.step();
      }
      chaos.calm();
      chaos.compare();
      inside += chaos.pages.filter((page) => page.inside).length;
      rebuilt += chaos.pages.reduce((sum, page) => sum + page.rebuilt, 0);
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
  assert.ok(inside > SEEDS && rebuilt > SEEDS / 2, `${inside} are inside in the end, ${rebuilt} times everything was told anew`);
});
