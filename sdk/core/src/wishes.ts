/** What a stay sends and receives: each wish is brought to the server until the server has it. */
import { Backoff } from './backoff.js';
import type { Answer } from './connection.js';
import type { Failure, Publish, Request, StreamKind } from './generated/protocol.js';
import type { Platform } from './platform.js';

/** Which tracks of a stream are wanted. */
export interface Tracks {
  audio: boolean;
  video: boolean;
}

/** Something that the server is to know. */
interface Wish {
  want: Tracks;
  /** What the server has, or was asked to have; undefined when that is not known. */
  told: Tracks | undefined;
  /** The pauses after refusals for the moment. */
  pauses: Backoff;
}

/** A stream that is sent, or about to be. */
interface Publication extends Wish {
  stream: StreamKind;
  key: string;
}

/** What of a member's stream is received. */
interface Subscription extends Wish {
  user: string;
  stream: StreamKind;
}

/** Streams that go with a join. */
export interface Declared {
  publish: Publish[];
  /** The join was accepted; `sends`: as somebody who may send. */
  done: (sends: boolean) => void;
}

/** What wishes need of the stay that has them. */
interface Carrier {
  request(request: Request, done: (answer: Answer) => void): void;
  /** Makes a change after a pause, and then brings what is open. */
  later(ms: number, change: () => void): void;
  /** A stream is not registered: the others do not see it. */
  refused(failure: Failure): void;
}

/** What was refused for the moment is asked again after this long, ms, and later after up to so long. */
const AGAIN_MS = 1000;
const AGAIN_MOST_MS = 30000;
/** What the server sends before it is told a wish. */
const EVERYTHING: Tracks = { audio: true, video: true };
const STREAMS: readonly StreamKind[] = ['main', 'aux'];

/** See the head of the file. */
export class Wishes {
  private readonly publications = new Map<StreamKind, Publication>();
  private readonly subscriptions = new Map<string, Subscription>();
  /** What of the join under way was refused. */
  private readonly early = new Set<StreamKind>();

  constructor(
    private readonly platform: Platform,
    private readonly carrier: Carrier,
  ) {}

  /** A stream is sent, or about to be, with this key and these tracks. */
  send(stream: StreamKind, key: string, want: Tracks): void {
    const known = this.publications.get(stream);
    if (known?.key === key) {
      known.want = want;
    } else {
      this.publications.set(stream, { stream, key, want, told: undefined, pauses: this.pauses() });
    }
  }

  /** These tracks of a member's stream are received. */
  receive(user: string, stream: StreamKind, want: Tracks): void {
    const id = subscriptionId(user, stream);
    const known = this.subscriptions.get(id);
    if (known) {
      known.want = want;
    } else {
      this.subscriptions.set(id, { user, stream, want, told: EVERYTHING, pauses: this.pauses() });
    }
  }

  /** Nothing is sent any more. */
  sendNothing(): void {
    this.publications.clear();
  }

  /** The server has none of the streams any more. */
  sendAnew(): void {
    this.publications.forEach((wish) => (wish.told = undefined));
  }

  /** What the server has of what is received is not known. */
  receiveAnew(): void {
    this.subscriptions.forEach((wish) => (wish.told = undefined));
  }

  /** The server knows nothing of this client. */
  newSession(): void {
    this.sendAnew();
    this.subscriptions.forEach((wish) => (wish.told = EVERYTHING));
  }

  /** A member has left: whoever comes under that name gets what everybody gets. */
  forget(user: string): void {
    STREAMS.forEach((stream) => this.subscriptions.delete(subscriptionId(user, stream)));
  }

  /** Takes over what an earlier stay in the same room receives. */
  takeOver(earlier: Wishes): void {
    for (const [id, wish] of earlier.subscriptions) {
      this.subscriptions.set(id, { ...wish, told: EVERYTHING });
    }
  }

  /** The streams that a join brings with it. */
  declare(sends: boolean): Declared {
    this.early.clear();
    const declared = sends ? [...this.publications.values()] : [];
    const sent = new Map<Publication, Tracks>(declared.map((wish) => [wish, wish.want]));
    return {
      publish: declared.map(({ stream, key, want }) => ({ stream, key, ...want })),
      done: (may) => sent.forEach((told, wish) => (wish.told = may && !this.early.has(wish.stream) ? told : undefined)),
    };
  }

  /** A stream that a join brings with it is refused; that is told before the join is answered. */
  refusedEarly(stream: StreamKind): void {
    this.early.add(stream);
  }

  /** Asks the server for what it does not have yet: streams if this client `sends`, and what of those is received who are `here`. */
  bring(sends: boolean, here: (user: string) => boolean): void {
    if (sends) {
      this.publications.forEach((wish) => this.bringPublication(wish));
    }
    this.subscriptions.forEach((wish) => {
      if (here(wish.user)) {
        this.bringSubscription(wish);
      }
    });
  }

  private bringPublication(wish: Publication): void {
    if (!open(wish)) {
      return;
    }
    const { stream, key, want } = wish;
    wish.told = want;
    this.carrier.request({ op: 'publish', stream, key, ...want }, (answer) => {
      this.answered(wish, want, answer);
      // That requests came too fast is nobody's concern; anything else keeps the others from seeing this member.
      if ('error' in answer && answer.error.code !== 'rate-limited') {
        this.carrier.refused(answer.error);
        this.sendSoundAlone(wish, answer.error);
      }
    });
  }

  /** Where there is no place for one more picture the sound needs none, be it muted for now. The picture is tried again. */
  private sendSoundAlone({ stream, key, want: { audio, video } }: Publication, { code }: Failure): void {
    if (code === 'conference-limit' && stream === 'main' && video) {
      this.carrier.request({ op: 'publish', stream, key, audio, video: false }, () => undefined);
    }
  }

  private bringSubscription(wish: Subscription): void {
    if (!open(wish)) {
      return;
    }
    const { user, stream, want } = wish;
    wish.told = want;
    this.carrier.request({ op: 'subscribe', user, stream, ...want }, (answer) => {
      this.answered(wish, want, answer);
      if ('error' in answer) {
        this.platform.log('info', `subscribe was refused: ${answer.error.message}`);
      }
    });
  }

  /** A wish whose answer was lost, or that was refused for the moment, is open again. */
  private answered(wish: Wish, sent: Tracks, answer: Answer): void {
    if ('lost' in answer) {
      wish.told = undefined;
    } else if ('ok' in answer) {
      wish.pauses.reset();
    } else if (answer.error.retry === 'later') {
      this.carrier.later(wish.pauses.next(), () => {
        if (wish.told === sent) {
          wish.told = undefined; // nothing newer was asked meanwhile
        }
      });
    }
  }

  private pauses(): Backoff {
    return new Backoff(AGAIN_MS, AGAIN_MOST_MS, () => this.platform.random());
  }
}

/** Whether the server is still to be told. */
const open = ({ want, told }: Wish): boolean => !told || told.audio !== want.audio || told.video !== want.video;

function subscriptionId(user: string, stream: StreamKind): string {
  return `${stream}/${user}`;
}
