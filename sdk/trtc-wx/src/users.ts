/**
 * The remote users and their streams, as pages see them. It is fed by the signalling connection and, when somebody
 * drives the SDK by hand, by the room codes of the native pusher.
 */
import { Player } from './player.js';
import { EVENT } from './events.js';
import type { EventCode } from './events.js';
import type { PlayerAttributes } from './attributes.js';

/** main: camera and microphone; aux: screen; small: the camera in low resolution. */
export type StreamType = 'main' | 'aux' | 'small';

/** One remote user, as it is in `userList`. */
export interface UserItem {
  userID: string;
  hasMainVideo?: boolean;
  hasMainAudio?: boolean;
  hasAuxVideo?: boolean;
}

/** What the table needs from the SDK. */
export interface UsersOwner {
  emit(code: EventCode, data?: unknown): void;
  /** Whether new players are muted until the page unmutes them. */
  startMuted(): boolean;
  /** A player came into the list. */
  appeared(player: Player): void;
  /** A player left the list. */
  disappeared(player: Player): void;
}

/** See the head of the file. */
export class UserController {
  private readonly users = new Map<string, UserItem>();
  private readonly players = new Map<string, Player>();

  constructor(
    private readonly owner: UsersOwner,
    private readonly ctx: unknown,
  ) {
    Object.defineProperty(this, 'owner', { enumerable: false });
  }

  /** Whether the user is known. */
  has(userID: string): boolean {
    return this.users.has(userID);
  }

  /** All players, in order of their first appearance. */
  all(): Player[] {
    return [...this.players.values()];
  }

  /** The player with this id. */
  find(id: string): Player | null {
    return this.players.get(id) ?? null;
  }

  /** Copies for setData. */
  playerList(): PlayerAttributes[] {
    return this.all().map((player) => Object.assign({}, player.playerAttributes));
  }

  /** Copies for setData. */
  userList(): UserItem[] {
    return [...this.users.values()].map((user) => Object.assign({}, user));
  }

  /** A user entered; told even if it was known. */
  join(userID: string): void {
    if (!this.users.has(userID)) {
      this.users.set(userID, { userID });
    }
    this.owner.emit(EVENT.REMOTE_USER_JOIN, this.lists({ userID }));
  }

  /** A user left; what it still sent is removed first. */
  leave(userID: string): void {
    if (!this.users.has(userID)) {
      return;
    }
    for (const player of this.all()) {
      const { streamType, hasVideo, hasAudio } = player.playerAttributes;
      if (player.playerAttributes['userID'] !== userID) {
        continue;
      }
      if (hasVideo) {
        this.video(userID, streamType, false);
      }
      if (hasAudio) {
        this.audio(userID, false);
      }
    }
    if (!this.users.delete(userID)) {
      return; // a handler has left the room
    }
    this.owner.emit(EVENT.REMOTE_USER_LEAVE, this.lists({ userID }));
  }

  /** A user's picture came or went. */
  video(userID: string, type: StreamType, on: boolean, src = ''): void {
    const user = this.users.get(userID);
    if (!user) {
      return;
    }
    const known = this.find(`${userID}_${type}`);
    if (!known && !on) {
      return;
    }
    const player = known ?? this.add(userID, type, src);
    player.playerAttributes['hasVideo'] = on;
    if (type === 'aux') {
      user.hasAuxVideo = on;
    } else {
      user.hasMainVideo = on;
    }
    this.dropIfEmpty(player);
    this.tell(on ? EVENT.REMOTE_VIDEO_ADD : EVENT.REMOTE_VIDEO_REMOVE, player);
  }

  /** A user's sound came or went; it is always that of the main stream. */
  audio(userID: string, on: boolean, src = ''): void {
    const user = this.users.get(userID);
    if (!user) {
      return;
    }
    const known = this.find(`${userID}_main`);
    if (!known && !on) {
      return;
    }
    const player = known ?? this.add(userID, 'main', src);
    player.playerAttributes['hasAudio'] = on;
    user.hasMainAudio = on;
    this.dropIfEmpty(player);
    this.tell(on ? EVENT.REMOTE_AUDIO_ADD : EVENT.REMOTE_AUDIO_REMOVE, player);
  }

  /** Forgets everybody without a word; players whose native context was made are stopped. */
  reset(): void {
    for (const player of this.all()) {
      if (player.hasContext) {
        player.stop();
      }
    }
    this.players.clear();
    this.users.clear();
  }

  private add(userID: string, streamType: StreamType, src: string): Player {
    const id = `${userID}_${streamType}`;
    const aux = streamType === 'aux' ? { objectFit: 'contain', muteAudio: false } : {};
    const attributes = Object.assign({ userID, streamType, streamID: id, id, src }, aux);
    const player = new Player(this.ctx, attributes, this.owner.startMuted());
    this.players.set(id, player);
    this.owner.appeared(player);
    return player;
  }

  /** A screen is there for its picture; anything else while it has a picture or a sound. */
  private dropIfEmpty(player: Player): void {
    const { id, streamType, hasVideo, hasAudio } = player.playerAttributes;
    if (!hasVideo && (!hasAudio || streamType === 'aux')) {
      this.players.delete(id);
      this.owner.disappeared(player);
    }
  }

  private tell(code: EventCode, player: Player): void {
    const { id, userID, streamType } = player.playerAttributes;
    this.owner.emit(code, this.lists({ player: player.playerAttributes, id, userID, streamType }));
  }

  private lists(data: Record<string, unknown>): Record<string, unknown> {
    return Object.assign(data, { userList: this.userList(), playerList: this.playerList() });
  }
}

/** The user of a player id: everything before the last underscore. */
export function splitId(id: string): { userID: string; type: StreamType } {
  const at = id.lastIndexOf('_');
  return { userID: id.slice(0, at), type: id.slice(at + 1) as StreamType };
}
