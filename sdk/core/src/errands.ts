/** Requests about calls that are brought to the server until it has answered, over as many sockets as that takes. */
import type { Call, CallRequest } from './call-types.js';
import type { Answer } from './connection.js';
import type { Failure, Request } from './generated/protocol.js';
import type { Platform } from './platform.js';

/** What the server made of an errand. `call` is empty where the operation answers none. */
export type Reply = { call: Call } | { error: Failure };

interface Errand {
  request: CallRequest;
  done: (reply: Reply) => void;
  sent: boolean;
}

/** What errands need of a connection. */
interface Carrier {
  readonly ready: boolean;
  request(request: Request, done: (answer: Answer) => void): void;
}

/** What was refused for the moment is asked again after this long, ms. */
const AGAIN_MS = 1000;
/** More than this do not wait at once: a client has one call, and ends a few more that nobody wants. */
const MOST = 32;

/** See the head of the file. */
export class Errands {
  private list: Errand[] = [];
  private carrier: Carrier | null = null;

  constructor(private readonly platform: Platform) {}

  /** Errands go over this connection from now on. */
  use(carrier: Carrier): void {
    this.carrier = carrier;
  }

  /** Takes an errand. The oldest ones that only end a call give way when there are too many. */
  add(request: CallRequest, done: (reply: Reply) => void): void {
    if (this.list.length >= MOST) {
      const at = this.list.findIndex((errand) => errand.request.op === 'hangup' || errand.request.op === 'reject');
      this.list.splice(Math.max(0, at), 1);
    }
    this.list.push({ request, done, sent: false });
    this.bring(this.carrier);
  }

  /** Whether a call is being ended here. */
  concerns(call: string): boolean {
    return this.list.some(({ request }) => (request.op === 'hangup' || request.op === 'reject') && request.call === call);
  }

  /** Sends what the server has not been asked yet. */
  bring(carrier: Carrier | null): void {
    if (!carrier?.ready) {
      return;
    }
    for (const errand of this.list.slice()) {
      if (!errand.sent) {
        errand.sent = true;
        carrier.request(errand.request as unknown as Request, (answer) => this.answered(errand, answer));
      }
    }
  }

  /** Nothing more is brought; with a reply, whoever waits is given it. */
  clear(reply: Reply | null): void {
    const list = this.list;
    this.list = [];
    if (reply) {
      list.forEach(({ done }) => done(reply));
    }
  }

  private answered(errand: Errand, answer: Answer): void {
    const at = this.list.indexOf(errand);
    if (at < 0) {
      return;
    }
    if ('lost' in answer) {
      errand.sent = false; // the next login brings it again
      return;
    }
    if ('error' in answer && errand.request.op !== 'call' && answer.error.code === 'rate-limited') {
      this.platform.after(AGAIN_MS, () => {
        errand.sent = false;
        this.bring(this.carrier);
      });
      return;
    }
    this.list.splice(at, 1);
    errand.done('error' in answer ? answer : (answer.ok as unknown as Reply));
  }
}
