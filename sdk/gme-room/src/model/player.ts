/** The open microphones of the others: a native player each, or one for the mix of all. */
import { LOUDEST } from '../common/constants.js';
import { REMOTE } from '../common/settings.js';
import { PLAY, Revival, createPlayerContext } from '../utils/huitong.js';
import type { Platform } from '../utils/huitong.js';
import { Level } from '../utils/levels.js';

/** What the template reads of one player. */
export type PlayerConfig = typeof REMOTE & { id: string; userID: string; src: string; muteAudio: boolean };

/** Somebody whose microphone is open, as pages see it. As a text it is the user id. */
export interface RemoteUser {
  userID: string;
  hasMainAudio: true;
  /** From 0 to 100. */
  volume: number;
}

/** What players need of their room. */
export interface PlayersHost {
  readonly component: unknown;
  /** Whether players could play now. */
  mayPlay(): boolean;
}

interface Player {
  userID: string;
  src: string;
  level: Level;
  revival: Revival;
}

/** The user of the mix: nobody. */
const MIX = '';

/** The id of a user's tag. */
const idOf = (userID: string): string => (userID === MIX ? 'mix' : `${userID}_main`);

/** See the head of the file. */
export class Players {
  /** Whether the room is heard. */
  audible = true;
  private readonly players = new Map<string, Player>();
  /** The mix, while it is played in place of the single voices. */
  private mix: Player | null = null;

  constructor(
    private readonly platform: Platform,
    private readonly host: PlayersHost,
  ) {}

  /** How many microphones are open. */
  get count(): number {
    return this.players.size;
  }

  /** Whether all are heard by one stream. */
  get mixed(): boolean {
    return this.mix !== null;
  }

  /** What the template reads, in the order in which microphones were opened. A mix that is not to be heard is not fetched. */
  configs(): PlayerConfig[] {
    const config = ({ userID, src }: Player): PlayerConfig =>
      Object.assign({}, REMOTE, { id: idOf(userID), userID, src, muteAudio: !this.audible });
    return this.mix ? (this.audible ? [config(this.mix)] : []) : [...this.players.values()].map(config);
  }

  /** What pages read. */
  users(): RemoteUser[] {
    return [...this.players.values()].map(({ userID, level }) => remoteUser(userID, this.volume(level)));
  }

  /** Somebody has opened the microphone. A newer address replaces an older one. */
  open(userID: string, src: string): void {
    const known = this.players.get(userID);
    if (known) {
      known.src = src;
    } else {
      this.players.set(userID, this.playerOf(userID, src));
    }
  }

  /** Plays the mix from here, or with an empty address the single voices. False if it is so already. */
  playMix(src: string): boolean {
    if (src === (this.mix?.src ?? '')) {
      return false;
    }
    this.mix?.revival.stop();
    this.mix = src === '' ? null : this.playerOf(MIX, src);
    return true;
  }

  /** Somebody has closed it; false if it was not open. */
  close(userID: string): boolean {
    this.players.get(userID)?.revival.stop();
    return this.players.delete(userID);
  }

  /** Nobody is heard any more. */
  clear(): void {
    this.all().forEach(({ revival }) => revival.stop());
    this.players.clear();
    this.mix = null;
  }

  /** The native player of a user reports its state. */
  state(userID: string, code: number): void {
    const player = this.all().find((one) => one.userID === userID);
    if (code === PLAY.playing || code === PLAY.firstFrame) {
      player?.revival.alive();
    } else if (code === PLAY.gaveUp) {
      player?.revival.died();
    }
  }

  /** The native player of a user reports its volume. */
  heard(userID: string, volume: unknown): void {
    this.players.get(userID)?.level.heard(volume, this.platform.now());
  }

  /** What stood in the way of dead players may be gone. */
  retry(): void {
    this.all().forEach(({ revival }) => revival.retry());
  }

  /** What had taken the sound away has given it back; the tags may still be paused. */
  soundBack(): void {
    this.configs().forEach(({ id }) => createPlayerContext(id, this.host.component)?.['resume']?.({}));
    this.retry();
  }

  /** Nothing is heard of anybody while the loudspeaker is off, whatever a tag has said before. */
  private volume(level: Level): number {
    return this.audible ? level.read(this.platform.now()) : 0;
  }

  /** Those that have a tag, and those that had one before the mix. */
  private all(): Player[] {
    return [...this.players.values(), ...(this.mix ? [this.mix] : [])];
  }

  private playerOf(userID: string, src: string): Player {
    return { userID, src, level: new Level(), revival: this.revivalOf(userID) };
  }

  private revivalOf(userID: string): Revival {
    const restart = (): void => {
      const player = createPlayerContext(idOf(userID), this.host.component);
      player?.['stop']?.({});
      player?.['play']?.({});
    };
    // The server sends nothing to a player that is not wanted; it would only die again.
    const wanted = (): boolean => (userID === MIX ? this.mix !== null : this.mix === null && this.players.has(userID));
    const possible = (): boolean => this.audible && this.host.mayPlay() && wanted();
    return new Revival(this.platform, possible, restart);
  }
}

function remoteUser(userID: string, volume: number): RemoteUser {
  const user: RemoteUser = { userID, hasMainAudio: true, volume: Math.min(LOUDEST, volume) };
  // Not enumerable: pages hand the list to setData, which copies fields.
  Object.defineProperty(user, 'toString', { value: () => userID });
  return user;
}
