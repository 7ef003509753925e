/** Chooses how a stream comes, and goes on to the next way when one fails. */
import type { Player, PlayEvents, PlayStats, Tracks, Transport } from './player.js';
import { Trouble } from './trouble.js';

/** One way to play a stream. */
export interface Way {
  transport: Transport;
  make(events: PlayEvents): Player;
}

/** For so long after WebRTC found no route it is not tried again, ms: every other tile would wait for the same. */
export const AVOID_MS = 60000;

/** What all players of a page have learned about the network. */
export class Experience {
  private avoidedUntil = new Map<Transport, number>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** A way failed for a reason that holds for every stream. */
  learn(transport: Transport, why: Trouble): void {
    if (transport === 'whep' && (why.kind === 'no-route' || why.kind === 'unsupported')) {
      this.avoidedUntil.set(transport, this.now() + AVOID_MS);
    }
  }

  /** Those ways first that are not known to fail; none is left out. */
  order<T extends { transport: Transport }>(ways: readonly T[]): T[] {
    const bad = ({ transport }: T): boolean => (this.avoidedUntil.get(transport) ?? 0) > this.now();
    return [...ways.filter((way) => !bad(way)), ...ways.filter(bad)];
  }
}

const shared = new Experience(() => (typeof performance === 'undefined' ? 0 : performance.now()));

const NOTHING: PlayStats = {
  transport: 'flv', frames: 0, fps: 0, latencyMs: 0, videoKbps: 0, audioKbps: 0, width: 0, height: 0, jitterMs: 0,
  reloads: 0, quality: 0,
};

/** See the head of the file. */
export class ChoosingPlayer implements Player {
  private readonly ways: Way[];
  private player: Player | null = null;
  private element: HTMLVideoElement | null = null;
  private expected: Tracks | null = null;
  /** Pictures that earlier ways have shown. */
  private before = 0;

  constructor(
    ways: readonly Way[],
    private readonly events: PlayEvents,
    private readonly experience: Experience = shared,
  ) {
    this.ways = experience.order(ways);
  }

  play(element: HTMLVideoElement): void {
    this.element = element;
    this.next(new Trouble('unsupported', 'there is no address to play from'));
  }

  expect(tracks: Tracks): void {
    this.expected = tracks;
    this.player?.expect(tracks);
  }

  stop(): void {
    this.player?.stop();
    this.player = null;
    this.element = null;
  }

  async stats(): Promise<PlayStats> {
    const stats = (await this.player?.stats()) ?? NOTHING;
    return { ...stats, frames: this.before + stats.frames };
  }

  private next(why: Trouble): void {
    const way = this.ways.shift();
    if (!way || !this.element) {
      this.element = null;
      this.events.failed?.(why);
      return;
    }
    const again = this.player !== null;
    const player = way.make({ ...this.events, failed: (trouble) => this.failed(player, way, trouble) });
    this.player = player;
    if (again) {
      this.events.changed?.(way.transport, why);
    }
    if (this.expected) {
      player.expect(this.expected);
    }
    player.play(this.element);
  }

  private failed(player: Player, way: Way, why: Trouble): void {
    if (this.player !== player) {
      return;
    }
    this.experience.learn(way.transport, why);
    void player.stats().then(({ frames }) => (this.before += frames));
    this.next(why);
  }
}
