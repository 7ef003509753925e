/** Who of some users can be called now. */
import type { Answer } from './connection.js';
import type { Event, Request } from './generated/protocol.js';

/** What presence needs of a connection. */
interface Carrier {
  readonly ready: boolean;
  request(request: Request, done: (answer: Answer) => void): void;
}

/** Watches users over one connection after the other; tells what is new only. */
export class Watching {
  private users: string[] = [];
  private readonly known = new Map<string, boolean>();
  /** Counts the lists: an answer about an earlier one is of no interest. */
  private list = 0;

  constructor(private readonly tell: (user: string, online: boolean) => void) {}

  /** Watches these users instead of those before. */
  watch(users: readonly string[], carrier: Carrier | null): void {
    this.users = users.filter((user, at) => users.indexOf(user) === at);
    for (const user of [...this.known.keys()].filter((user) => this.users.indexOf(user) < 0)) {
      this.known.delete(user);
    }
    this.ask(carrier);
  }

  /** Asks anew: this is another session, or more was missed than is kept. */
  again(carrier: Carrier | null): void {
    if (this.users.length > 0) {
      this.ask(carrier);
    }
  }

  /** The server pushed an event. */
  pushed(event: Event): void {
    if (event.ev === 'presence') {
      this.heard(event.user, event.online);
    }
  }

  /** Nothing is known any more: there is no connection. */
  forget(): void {
    for (const user of [...this.known.keys()]) {
      this.heard(user, false);
    }
  }

  private ask(carrier: Carrier | null): void {
    this.list += 1;
    const { list } = this;
    if (!carrier?.ready) {
      return;
    }
    carrier.request({ op: 'watch', users: this.users }, (answer) => {
      if (list === this.list && 'ok' in answer && answer.ok.op === 'watch') {
        answer.ok.users.forEach(({ user, online }) => this.heard(user, online));
      }
    });
  }

  private heard(user: string, online: boolean): void {
    if (this.users.indexOf(user) >= 0 && (this.known.get(user) ?? false) !== online) {
      this.known.set(user, online);
      this.tell(user, online);
    }
  }
}
