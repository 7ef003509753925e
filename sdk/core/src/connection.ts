/**
 * One session with the server over as many sockets as it takes: login, requests and replies, heartbeat, the
 * sequence of pushes, and going on after a lost connection. Time, sockets and chance come from the platform.
 */
import { Backoff } from './backoff.js';
import { CLOSE, PROTOCOL_VERSION } from './generated/protocol.js';
import type {
  Done, EndReason, Event, Failure, PushFrame, Reply, ReplyFrame, Request, ServerFrame, Welcome,
} from './generated/protocol.js';
import type { Cancel, Platform, Socket } from './platform.js';

/** What opens one voice room to one user. */
export interface VoicePass {
  /** As base64 or hexadecimal digits. */
  authBuffer: string;
  /** The name of the room. */
  voiceRoom: string;
}

/** Who logs in. */
export interface Identity {
  /** The application. */
  app: number;
  /** The user. */
  user: string;
  /** The credential that the application's back-end issued; empty where `voice` is given. */
  sig: string;
  /** The credential as it is now, for applications that renew it without a word; `sig` is what it was when this was said. */
  latest?: () => string;
  /** A credential for one voice room, in place of `sig`; another object is another credential. */
  voice?: VoicePass;
  /** The device. */
  device: string;
  /** Name and version of the SDK, for the server's log. */
  client: string;
  /** Whether calls ring here. Such a login and the user's other ones leave each other alone. */
  calls?: boolean;
}

/** Why a connection is over for good. */
export type End =
  /** The server refused the login. */
  | { why: 'refused'; failure: Failure }
  /** The server ended the session. */
  | { why: 'ended'; reason: EndReason; message: string }
  /** The server could not be reached in time. */
  | { why: 'lost'; failure: Failure };

/** Who is told what happens on a connection. */
export interface ConnectionListener {
  /** Logged in, or back after an interruption; `resumed` says whether the session is the same. */
  welcomed(welcome: Welcome): void;
  /** The server pushed an event. */
  pushed(event: Event): void;
  /** The socket is gone; the connection tries to get another one. `since`: when the server was asked what it has not answered. */
  interrupted(since: number): void;
  /** It is over. Nothing is told afterwards. */
  ended(end: End): void;
}

/** What became of a request: answered, refused, or unknown because the socket was lost. */
export type Answer = { ok: Done } | { error: Failure } | { lost: true };

/** A request that has no answer after this long means a dead socket, ms: mobile networks stall for seconds. */
export const REPLY_MS = 10000;
/** The same for the question whether a socket has survived a change of network or the background, ms. */
export const PROBE_MS = 3000;
/** How long one attempt to connect and log in may take, ms. */
export const ATTEMPT_MS = 10000;
/** How long the first login is tried, ms: longer than that, and a person has given up. */
export const FIRST_LOGIN_MS = 30000;
/** How long a session may have been out of reach to be taken up again, ms, if its seat is not kept for longer. */
export const RETURN_WITHIN_MS = 10 * 60 * 1000;
/** How long is tried after the application came back, if the seat has run out meanwhile, ms. */
export const RETURN_MS = 20000;
/** A socket that lived this long was a good one: the pauses between attempts begin anew, ms. */
const STABLE_MS = 5000;
/** Pauses between attempts, ms. */
const BACKOFF_FIRST_MS = 500;
const BACKOFF_MOST_MS = 8000;
/** How long to wait for the answer to a goodbye, ms. */
const GOODBYE_MS = 2000;
/** Close code of a client that is done. */
const NORMAL = 1000;

type Phase = 'idle' | 'waiting' | 'connecting' | 'greeting' | 'ready' | 'over';

interface Pending {
  done: (answer: Answer) => void;
  cancel: Cancel;
  sentAt: number;
}

/** Seat grace assumed before the server has said its own, ms. */
const UNKNOWN_GRACE_MS = FIRST_LOGIN_MS;

/** See the head of the file. */
export class Connection {
  private phase: Phase = 'idle';
  private socket: Socket | null = null;
  /** Grows with every socket; what an older one tells is ignored. */
  private generation = 0;
  private nextId = 1;
  private pending = new Map<number, Pending>();
  private welcome: Welcome | null = null;
  private seq = 0;
  private leaving = false;
  private identity: Identity | null = null;
  /** The credential that the server was shown last. */
  private shownSig = '';
  private listener: ConnectionListener | null;
  private readonly backoff: Backoff;
  private deadline = 0;
  /**
   * When the latest request that was answered had been sent: then, at least, the server was there. When something
   * arrives says little, as phones freeze applications and hand over afterwards what the network brought long ago.
   */
  private provenAt = 0;
  private readyAt = 0;
  private attemptAt = 0;
  private timer: Cancel | null = null;
  private giveUp: Cancel | null = null;
  private heartbeat: Cancel | null = null;
  private readonly subscriptions: Cancel[] = [];

  constructor(
    private readonly platform: Platform,
    private readonly url: string,
    listener: ConnectionListener,
  ) {
    this.listener = listener;
    this.backoff = new Backoff(BACKOFF_FIRST_MS, BACKOFF_MOST_MS, () => platform.random());
  }

  /** Whether requests can be sent now. */
  get ready(): boolean {
    return this.phase === 'ready' && !this.leaving;
  }

  /** Logs in, and stays logged in until [`bye`] or the end. */
  open(identity: Identity): void {
    if (this.phase !== 'idle') {
      return;
    }
    this.identity = { ...identity };
    this.provenAt = this.platform.now();
    this.setDeadline(this.provenAt + FIRST_LOGIN_MS);
    this.subscriptions.push(
      this.platform.onShow(() => this.shown()),
      this.platform.onNetwork((connected) => {
        if (connected) {
          this.lookAgain();
        }
      }),
    );
    this.connect();
  }

  /**
   * The same user has another credential. A running session is shown it at once, by a resume: the server may end
   * sessions whose credential expires.
   */
  renew(identity: Identity): void {
    const another = identity.sig !== this.identity?.sig || identity.voice !== this.identity.voice;
    this.identity = { ...identity };
    if (another && this.ready) {
      this.showAnew();
    }
  }

  private showAnew(): void {
    this.drop('the credential was renewed');
    this.lookAgain();
  }

  /** Whether there is another credential than the one that the server knows. */
  private get renewed(): boolean {
    const latest = this.identity?.latest?.();
    return latest !== undefined && latest !== '' && latest !== this.shownSig;
  }

  /**
   * Sends a request. `done` is called exactly once, later: with the answer, or with `lost` when the socket dies
   * first or there is none now.
   */
  request(request: Request, done: (answer: Answer) => void): void {
    if (!this.ready) {
      this.platform.after(0, () => done({ lost: true }));
      return;
    }
    this.transmit(request, done, REPLY_MS);
  }

  /**
   * Ends the session: the others see the member leave at once. Without a socket this goes on in the background
   * for as long as the seat would be kept, so that no ghost stays. Nothing is told to the listener any more.
   */
  bye(): void {
    this.listener = null;
    if (this.leaving || this.phase === 'over') {
      return;
    }
    this.leaving = true;
    if (this.phase === 'ready') {
      this.sayBye();
    } else if (this.phase !== 'greeting' && !this.welcome) {
      this.finish();
    }
  }

  /** Ends everything at once and silently: a newer session of the same user takes the place of this one. */
  abandon(): void {
    this.listener = null;
    this.finish();
  }

  private sayBye(): void {
    const done = (answer: Answer): void => {
      if (!('lost' in answer)) {
        this.finish();
      }
    };
    this.transmit({ op: 'bye' }, done, GOODBYE_MS);
  }

  private connect(): void {
    this.stopTimer();
    if (this.ofAnotherDay()) {
      this.tooLate();
      return;
    }
    this.phase = 'connecting';
    this.attemptAt = this.platform.now();
    const generation = ++this.generation;
    const current = (): boolean => generation === this.generation;
    this.timer = this.platform.after(ATTEMPT_MS, () => this.drop('no answer to the attempt to connect'));
    this.socket = this.platform.connect(this.url, {
      opened: () => {
        if (current()) {
          this.greet();
        }
      },
      text: (text) => {
        if (current()) {
          this.received(text);
        }
      },
      closed: (code, reason) => {
        if (current()) {
          this.closed(code, reason);
        }
      },
    });
  }

  private greet(): void {
    const { identity } = this;
    if (!identity) {
      return;
    }
    identity.sig = identity.latest?.() || identity.sig;
    this.shownSig = identity.sig;
    this.phase = 'greeting';
    this.nextId = 1;
    const { app, user, device, sig } = identity;
    const hello: Request = {
      op: 'hello',
      version: PROTOCOL_VERSION,
      app,
      user,
      // A goodbye goes on with the old session or not at all: without a credential there is no new one, which
      // would push the user's other devices out.
      ...((!this.leaving && identity.voice) || { sig: this.leaving ? '' : sig }),
      device,
      client: `${identity.client} ${this.platform.describe()}`,
    };
    if (identity.calls) {
      hello.calls = true;
    }
    if (this.welcome && this.welcome.session !== '') {
      hello.resume = { session: this.welcome.session, secret: this.welcome.secret, seq: this.seq };
    }
    this.transmit(hello, (answer) => this.greeted(answer), ATTEMPT_MS);
  }

  private greeted(answer: Answer): void {
    if ('lost' in answer) {
      return;
    }
    if ('error' in answer) {
      this.loginRefused(answer.error);
      return;
    }
    const welcome = answer.ok;
    if (welcome.op !== 'hello') {
      this.drop('the server answered something else');
      return;
    }
    if (this.ofAnotherDay()) {
      this.tooLate();
      return;
    }
    this.stopTimer();
    this.clearDeadline();
    this.phase = 'ready';
    this.readyAt = this.platform.now();
    this.welcome = welcome;
    this.armHeartbeat();
    if (welcome.resumed === 'new') {
      this.seq = 0;
    }
    if (this.leaving) {
      this.sayBye();
      return;
    }
    this.listener?.welcomed(welcome);
  }

  private loginRefused(failure: Failure): void {
    const known = this.welcome !== null;
    if (this.leaving) {
      this.finish();
    } else if (failure.code === 'taken-over') {
      // Told now, because there was no connection when it happened.
      this.end({ why: 'ended', reason: 'takenOver', message: failure.message });
    } else if (known && (failure.code === 'session-gone' || failure.code === 'wrong-sequence')) {
      this.platform.log('info', `the session cannot be resumed (${failure.code}), logging in afresh`);
      this.forgetSession();
      this.hangUp();
      this.connect();
    } else if (failure.code === 'credential-expired' && this.renewed) {
      this.hangUp();
      this.connect();
    } else if (known && failure.retry === 'later') {
      this.drop(failure.message);
    } else {
      this.end({ why: 'refused', failure });
    }
  }

  /** The next login makes a new session. How long the seat is kept stays known. */
  private forgetSession(): void {
    if (this.welcome) {
      this.welcome = { ...this.welcome, session: '', secret: '' };
    }
    this.seq = 0;
  }

  private received(text: string): void {
    let frame: ServerFrame;
    try {
      frame = JSON.parse(text) as ServerFrame;
    } catch {
      this.platform.log('warn', 'the server sent a frame that is not JSON');
      return;
    }
    if (typeof frame !== 'object' || frame === null) {
      return;
    }
    if ('re' in frame) {
      this.replied(frame);
    } else if ('seq' in frame) {
      this.pushed(frame);
    }
  }

  private replied(frame: ReplyFrame): void {
    const pending = this.pending.get(frame.re);
    if (!pending) {
      if (frame.re === 0 && 'error' in frame) {
        this.platform.log('warn', `the server could not read a request: ${frame.error.message}`);
      }
      return;
    }
    this.pending.delete(frame.re);
    pending.cancel();
    this.provenAt = Math.max(this.provenAt, pending.sentAt);
    const reply: Reply = frame;
    pending.done('ok' in reply ? { ok: reply.ok } : { error: reply.error });
  }

  private pushed(frame: PushFrame): void {
    if (frame.seq <= this.seq) {
      return; // seen before the socket was lost
    }
    if (frame.seq !== this.seq + 1 && frame.ev !== 'state') {
      this.drop(`push ${frame.seq} after ${this.seq}`);
      return;
    }
    this.seq = frame.seq;
    if (frame.ev === 'sessionEnded') {
      this.sessionEnded(frame.reason, frame.message);
      return;
    }
    this.listener?.pushed(frame);
  }

  private sessionEnded(reason: EndReason, message: string): void {
    if (reason === 'expired' || reason === 'serverShutdown' || (reason === 'credentialExpired' && this.renewed)) {
      // Nobody meant this session: log in again as soon as the server is there.
      this.forgetSession();
      this.drop(message);
    } else {
      this.end({ why: 'ended', reason, message });
    }
  }

  private closed(code: number, reason: string): void {
    if (code === CLOSE.sessionEnded && this.phase === 'ready') {
      this.end({ why: 'ended', reason: 'loggedOut', message: reason });
      return;
    }
    this.drop(`closed with ${code} ${reason}`);
  }

  /** The socket is of no use any more. */
  private drop(why: string): void {
    if (this.phase === 'over') {
      return;
    }
    const now = this.platform.now();
    const wasReady = this.phase === 'ready';
    this.platform.log('info', `connection lost: ${why}`);
    if (this.ofAnotherDay()) {
      this.tooLate();
      return;
    }
    const since = [...this.pending.values()].reduce((least, { sentAt }) => Math.min(least, sentAt), now);
    this.hangUp();
    if (wasReady) {
      if (now - this.readyAt >= STABLE_MS) {
        this.backoff.reset();
      }
      this.setDeadline(now + this.graceMs());
    }
    this.timer = this.platform.after(this.backoff.next(), () => this.connect());
    if (wasReady) {
      this.listener?.interrupted(since);
    }
  }

  private graceMs(): number {
    return this.welcome ? this.welcome.seatGraceMs : UNKNOWN_GRACE_MS;
  }

  private setDeadline(at: number): void {
    this.clearDeadline();
    this.deadline = at;
    this.giveUp = this.platform.after(Math.max(0, at - this.platform.now()), () => {
      this.giveUp = null;
      // In the background nothing can be reached; whether it is too late is seen on return.
      if (!this.platform.hidden() || this.leaving) {
        this.tooLate();
      }
    });
  }

  private clearDeadline(): void {
    this.giveUp?.();
    this.giveUp = null;
    this.deadline = 0;
  }

  /** Whether the session was out of reach for so long that nobody means to enter its meeting any more. */
  private ofAnotherDay(): boolean {
    return this.platform.now() - this.provenAt > Math.max(RETURN_WITHIN_MS, this.graceMs());
  }

  private tooLate(): void {
    const again = this.welcome !== null;
    const message = again
      ? 'The connection to the server was lost and could not be resumed in time.'
      : 'The server could not be reached.';
    const code = again ? 'session-gone' : 'timeout';
    this.end({ why: 'lost', failure: { code, message, blame: 'network', retry: 'later' } });
  }

  private shown(): void {
    if (this.ofAnotherDay()) {
      this.tooLate();
      return;
    }
    const now = this.platform.now();
    if (this.deadline > 0 && now >= this.deadline) {
      this.setDeadline(now + RETURN_MS);
    }
    this.lookAgain();
  }

  /** The world has changed: what was pointless a moment ago may work now, and what worked may be dead. */
  private lookAgain(): void {
    if (this.phase === 'waiting') {
      this.backoff.reset();
      this.connect();
    } else if (this.phase === 'ready') {
      this.transmit({ op: 'ping' }, () => undefined, PROBE_MS);
    } else if (this.attemptIsOld()) {
      this.hangUp();
      this.connect();
    }
  }

  private attemptIsOld(): boolean {
    const trying = this.phase === 'connecting' || this.phase === 'greeting';
    return trying && this.platform.now() - this.attemptAt > PROBE_MS;
  }

  private transmit(request: Request, done: (answer: Answer) => void, withinMs: number): void {
    const id = this.nextId++;
    const cancel = this.platform.after(withinMs, () => this.drop(`no answer to ${request.op}`));
    this.pending.set(id, { done, cancel, sentAt: this.platform.now() });
    this.armHeartbeat();
    this.socket?.send(JSON.stringify({ id, ...request }));
  }

  /** A server that hears nothing thinks that the client is dead. */
  private armHeartbeat(): void {
    this.heartbeat?.();
    const everyMs = this.welcome?.heartbeatMs;
    this.heartbeat = everyMs
      ? this.platform.after(everyMs, () => {
          if (this.ready && this.renewed) {
            this.showAnew();
          } else if (this.phase === 'ready') {
            this.transmit({ op: 'ping' }, () => undefined, REPLY_MS);
          }
        })
      : null;
  }

  private end(end: End): void {
    const listener = this.listener;
    this.finish();
    listener?.ended(end);
  }

  private finish(): void {
    if (this.phase === 'over') {
      return;
    }
    this.hangUp();
    this.phase = 'over';
    this.listener = null;
    this.stopTimer();
    this.clearDeadline();
    this.subscriptions.splice(0).forEach((cancel) => cancel());
  }

  /** Forgets the socket; every open request is lost. */
  private hangUp(): void {
    this.phase = 'waiting';
    this.generation += 1;
    this.stopTimer();
    this.heartbeat?.();
    this.heartbeat = null;
    const socket = this.socket;
    this.socket = null;
    socket?.close(NORMAL, '');
    const lost = [...this.pending.values()];
    this.pending.clear();
    for (const { done, cancel } of lost) {
      cancel();
      done({ lost: true });
    }
  }

  private stopTimer(): void {
    this.timer?.();
    this.timer = null;
  }
}
