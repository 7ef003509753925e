/**
 * Requests that are brought to the server until it has answered, over as many sockets as that takes, or until whoever
 * asked would not wait any longer.
 */
import type { Answer } from './connection.js';
import type { Done, Failure, Request } from './generated/protocol.js';
import type { Cancel, Platform } from './platform.js';

/** What the server made of a request, or why it has made nothing of it. */
export type Asked = { ok: Done } | { error: Failure };

interface Ask {
  request: Request;
  done: (asked: Asked) => void;
  sent: boolean;
  cancel: Cancel;
}

/** What asks need of a connection. */
interface Carrier {
  readonly ready: boolean;
  request(request: Request, done: (answer: Answer) => void): void;
}

/** More than this do not wait at once: a page that asks for more has gone wild. One more is refused. */
const MOST = 32;
/** Where a refusal for the moment is no answer, it is asked again after this long, ms. */
const AGAIN_MS = 1000;

/** See the head of the file. */
export class Asks {
  private list: Ask[] = [];
  private carrier: Carrier | null = null;

  /** `idle` is called whenever nothing waits any more. */
  constructor(
    private readonly platform: Platform,
    private readonly idle: () => void,
  ) {}

  /** Whether somebody waits for an answer. */
  get waiting(): boolean {
    return this.list.length > 0;
  }

  /** Asks go over this connection from now on. */
  use(carrier: Carrier | null): void {
    this.carrier = carrier;
  }

  /** `done` is called once, with a failure of the network after `withinMs`. */
  ask(request: Request, withinMs: number, done: (asked: Asked) => void): void {
    if (this.list.length >= MOST) {
      const message = `${MOST} requests wait for an answer already.`;
      this.platform.after(0, () => done({ error: { code: 'rate-limited', message, blame: 'client', retry: 'later' } }));
      return;
    }
    const late = (): void => this.end(ask, { error: { code: 'timeout', message: 'The server did not answer.', blame: 'network', retry: 'later' } });
    const ask: Ask = { request, done, sent: false, cancel: this.platform.after(withinMs, late) };
    this.list.push(ask);
    this.bring();
  }

  /** Sends what the server has not been asked yet. */
  bring(): void {
    const { carrier } = this;
    if (!carrier?.ready) {
      return;
    }
    for (const ask of this.list.slice()) {
      if (!ask.sent) {
        ask.sent = true;
        carrier.request(ask.request, (answer) => this.answered(ask, answer));
      }
    }
  }

  /** Nothing more is brought; whoever waits is given this. */
  clear(error: Failure): void {
    const list = this.list;
    this.list = [];
    for (const { done, cancel } of list) {
      cancel();
      done({ error });
    }
  }

  private answered(ask: Ask, answer: Answer): void {
    if (this.list.indexOf(ask) < 0) {
      return;
    }
    if ('lost' in answer || ('error' in answer && answer.error.code === 'shutting-down')) {
      ask.sent = false; // the next login brings it again, if need be to the server's next start
    } else if ('error' in answer && ask.request.op === 'leave' && answer.error.code === 'rate-limited') {
      this.platform.after(AGAIN_MS, () => {
        ask.sent = false;
        this.bring();
      });
    } else {
      this.end(ask, answer);
    }
  }

  private end(ask: Ask, asked: Asked): void {
    const at = this.list.indexOf(ask);
    if (at < 0) {
      return;
    }
    this.list.splice(at, 1);
    ask.cancel();
    ask.done(asked);
    if (this.list.length === 0) {
      this.idle();
    }
  }
}
