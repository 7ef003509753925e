/** Who else is in the room of the call, and the players of what they send. */
import { Revival } from '@huitong/core';
import type { Platform, RoomEvent, StreamKind } from '@huitong/core';
import { PLAY, createPlayerContext } from '@huitong/wx-platform';

/** One remote stream, as templates read it. */
export interface Stream {
  userID: string;
  streamType: StreamKind;
  streamID: string;
  src: string;
  hasVideo: boolean;
  hasAudio: boolean;
  muteVideo: boolean;
  muteAudio: boolean;
  minCache: number;
  maxCache: number;
  autoPauseIfNavigate: boolean;
  autoPauseIfOpenNative: boolean;
}

/** Somebody in the room, as templates read it. */
export interface User {
  userID: string;
  hasMainVideo: boolean;
  hasMainAudio: boolean;
  /** The connection is lost for the moment. */
  away: boolean;
}

/** What the table needs of its component. */
export interface StreamsHost {
  readonly component: unknown;
  /** Whether players could play now. */
  mayPlay(): boolean;
}

type TrackChanged = Extract<RoomEvent, { type: 'trackChanged' }>;

/** See the head of the file. */
export class Streams {
  private readonly users = new Map<string, User>();
  private readonly streams = new Map<string, Stream>();
  private readonly revivals = new Map<string, Revival>();

  constructor(
    private readonly platform: Platform,
    private readonly host: StreamsHost,
  ) {}

  /** Everybody, in the order in which they came. */
  userList(): User[] {
    return [...this.users.values()].map((user) => Object.assign({}, user));
  }

  /** Every stream that carries something. */
  streamList(): Stream[] {
    return [...this.streams.values()].map((stream) => Object.assign({}, stream));
  }

  /** Whether the user is in the room. */
  has(user: string): boolean {
    return this.users.has(user);
  }

  /** Somebody came; false if they were known. */
  enter(userID: string): boolean {
    if (this.users.has(userID)) {
      return false;
    }
    this.users.set(userID, { userID, hasMainVideo: false, hasMainAudio: false, away: false });
    return true;
  }

  /** Somebody left; false if they were not known. */
  leave(userID: string): boolean {
    for (const stream of this.streamList().filter((one) => one.userID === userID)) {
      this.remove(stream.streamID);
    }
    return this.users.delete(userID);
  }

  /** Somebody's connection is lost or back. */
  away(userID: string, away: boolean): void {
    const user = this.users.get(userID);
    if (user) {
      user.away = away;
    }
  }

  /** A track began or ended; `src` is the address that plays the stream. */
  track({ user: userID, stream: streamType, track, on }: TrackChanged, src: string): void {
    const streamID = `${userID}_${streamType}`;
    let stream = this.streams.get(streamID);
    if (!stream && !on) {
      return;
    }
    if (!stream) {
      stream = {
        userID, streamType, streamID, src, hasVideo: false, hasAudio: false, muteVideo: false, muteAudio: false,
        minCache: 0.6, maxCache: 0.8, autoPauseIfNavigate: true, autoPauseIfOpenNative: true,
      };
      this.streams.set(streamID, stream);
    }
    if (track === 'video') {
      stream.hasVideo = on;
    } else {
      stream.hasAudio = on;
    }
    const user = this.users.get(userID);
    if (user && streamType === 'main') {
      user.hasMainVideo = stream.hasVideo;
      user.hasMainAudio = stream.hasAudio;
    }
    if (!stream.hasVideo && !stream.hasAudio) {
      this.remove(streamID);
    }
  }

  /** Shows or hides somebody's picture. Gives the streams that this concerns. */
  view(userID: string, shown: boolean): Stream[] {
    const found = [...this.streams.values()].filter((stream) => stream.userID === userID);
    found.forEach((stream) => (stream.muteVideo = !shown));
    return found;
  }

  /** A native player reports its state. */
  playState(streamID: string, code: number): void {
    if (code === PLAY.playing || code === PLAY.firstFrame) {
      this.revivals.get(streamID)?.alive();
    } else if (code === PLAY.gaveUp && this.streams.has(streamID)) {
      this.revivalOf(streamID).died();
    }
  }

  /** What stood in the way of dead players may be gone. */
  retry(): void {
    this.revivals.forEach((revival) => revival.retry());
  }

  /** Forgets everybody. */
  clear(): void {
    this.revivals.forEach((revival) => revival.stop());
    this.revivals.clear();
    this.streams.clear();
    this.users.clear();
  }

  private remove(streamID: string): void {
    this.streams.delete(streamID);
    this.revivals.get(streamID)?.stop();
    this.revivals.delete(streamID);
  }

  private revivalOf(streamID: string): Revival {
    const known = this.revivals.get(streamID);
    if (known) {
      return known;
    }
    const restart = (): void => {
      const player = createPlayerContext(streamID, this.host.component);
      player?.['stop']?.({});
      player?.['play']?.({});
    };
    const made = new Revival(this.platform, () => this.host.mayPlay() && this.streams.has(streamID), restart);
    this.revivals.set(streamID, made);
    return made;
  }
}
