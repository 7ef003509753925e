/** Whatever happens in between, in the end the application and the server know the same. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { FakePlatform } from '../../conformance/src/index.js';
import { Room } from '../src/index.js';
import type { RoomEvent, StreamKind } from '../src/index.js';
import { play, SEEDS, Trouble } from './trouble.js';

const ROOM = { number: 7 };
const GUESTS = ['bob', 'cid', 'dan'];

/** An application that believes what it is told, and finds contradictions. */
class Page {
  readonly members = new Map<string, Set<string>>();
  inside = false;
  over = false;

  hear(event: RoomEvent): void {
    assert.ok(!this.over, 'nothing is told after the end');
    if (event.type === 'joined') {
      assert.equal(this.inside, event.again, 'joined for the first time, or again');
      this.inside = true;
    } else if (event.type === 'memberJoined') {
      assert.ok(!this.members.has(event.user), 'nobody enters twice');
      this.members.set(event.user, new Set());
    } else if (event.type === 'memberLeft') {
      assert.equal(this.members.get(event.user)?.size, 0, 'whoever leaves sends nothing any more');
      this.members.delete(event.user);
    } else if (event.type === 'trackChanged') {
      const tracks = this.members.get(event.user);
      const track = `${event.stream} ${event.track} ${event.play}`;
      assert.equal(tracks?.has(track), !event.on, `${track} of ${event.user} goes ${event.on ? 'on' : 'off'}`);
      if (event.on) {
        tracks?.add(track);
      } else {
        tracks?.delete(track);
      }
    } else if (event.type === 'removed' || event.type === 'failed') {
      this.over = true;
    }
  }
}

class Chaos extends Trouble {
  readonly platform = new FakePlatform(this.clock, this.server);
  readonly page = new Page();
  readonly room: Room;
  readonly wishes = new Map<string, { audio: boolean; video: boolean }>();
  own = { audio: false, video: false };

  constructor(seed: number) {
    super(seed);
    const stay = { room: ROOM, scene: 'rtc' as const, role: 'publisher' as const };
    this.room = new Room(this.platform, { signal: 'wss://h/v1/signal', rtmp: 'rtmp://h/live' }, stay, (event) => this.page.hear(event));
    this.room.publish('main', 'push-key', false, false);
    this.room.enter({ app: 1, user: 'ann', sig: 'sig', device: 'd', client: 'c' });
  }

  step(): void {
    const guest = GUESTS[this.chance(GUESTS.length)] ?? 'bob';
    const present = this.server.member(ROOM, guest) !== undefined;
    const kind: StreamKind = this.chance(3) === 0 ? 'aux' : 'main';
    const audio = this.chance(2) === 0;
    const video = this.chance(2) === 0;
    this.one([
      () => (present ? this.server.leave(ROOM, guest) : this.server.enter(ROOM, guest)),
      () => (present ? this.server.stream(ROOM, guest, kind, audio, video) : undefined),
      () => (present ? this.server.stream(ROOM, guest, kind, audio, video) : undefined),
      () => {
        this.own = { audio, video };
        this.room.publish('main', 'push-key', audio, video);
      },
      () => this.server.dropAll(),
      () => (this.server.unreachable = audio),
      () => this.stall(audio && video),
      () => (this.chance(8) === 0 ? this.server.restart() : undefined),
      () => (audio ? this.platform.hide() : this.platform.show()),
      () => this.platform.network(audio),
      () => (this.page.members.has(guest) ? this.room.subscribe(guest, 'main', audio, video) : undefined),
      () => this.server.refuse(audio ? 'join' : 'publish', 'rate-limited', 'later'),
    ], 4000);
  }

  /** The trouble is over. */
  calm(): void {
    this.settle([this.platform], 60_000);
  }
}

test('after_any_trouble_page_and_server_have_the_same_picture', () => {
  let stayed = 0;
  play((seed) => new Chaos(seed), (chaos) => {
    chaos.calm();
    if (!chaos.page.over) {
      stayed += 1;
      compare(chaos);
    }
    chaos.room.leave();
    chaos.clock.advance(200_000);
    assert.deepEqual([chaos.clock.armed, chaos.server.sockets, chaos.platform.subscriptions], [0, 0, 0], 'nothing is left');
    assert.ok(!chaos.server.members(ROOM).includes('ann'), 'no ghost');
  });
  assert.ok(stayed > SEEDS / 2, `${stayed} of ${SEEDS} stays survived`);
});

function compare({ server, page, own }: Chaos): void {
  assert.ok(server.members(ROOM).includes('ann'), 'the seat is there');
  const guests = server.members(ROOM).filter((user) => user !== 'ann');
  assert.deepEqual([...page.members.keys()].sort(), guests.sort());
  for (const user of guests) {
    const expected = (server.member(ROOM, user)?.streams ?? []).flatMap(({ stream, audio, video }) => [
      ...(audio ? [`${stream} audio`] : []),
      ...(video ? [`${stream} video`] : []),
    ]);
    const told = [...(page.members.get(user) ?? [])].map((track) => track.split(' ').slice(0, 2).join(' '));
    assert.deepEqual(told.sort(), expected.sort(), user);
  }
  const published = server.seen.flatMap((request) =>
    request.op === 'publish' ? [request] : request.op === 'join' ? (request.publish ?? []) : [],
  );
  const { audio, video } = published.at(-1) ?? {};
  assert.deepEqual({ audio, video }, own, 'microphone and camera');
}
