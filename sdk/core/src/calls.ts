/**
 * Calls of one user on one device: logged in to be reachable, ringing, in a call, and out of it again. There is at most
 * one call at a time. Requests are brought to the server again over lost sockets until it has answered; what the server
 * tells, in whatever order it arrives with the answers, comes out as events in an order that makes sense.
 */
import { Backoff } from './backoff.js';
import { callPush } from './call-types.js';
import type { Call, CallEnding, CallPush } from './call-types.js';
import { Errands } from './errands.js';
import { Connection } from './connection.js';
import type { ConnectionListener, End, Identity } from './connection.js';
import type { Endpoint } from './address.js';
import type { CallMedia, Event, Failure, ParticipantState, StreamKind, Welcome } from './generated/protocol.js';
import { makeKey } from './address.js';
import { Watching } from './presence.js';
import { Room } from './room.js';
import type { Line, RoomEvent } from './room-types.js';
import type { Cancel, Platform } from './platform.js';

/** Whom to call, and how. */
export interface CallWish {
  invitees: string[];
  media: CallMedia;
  group?: string;
  /** How long it rings, ms. */
  timeoutMs?: number;
  /** Handed through to the invitees. */
  data?: string;
}

/** What became of a wish. */
export type Outcome = { call: Call } | { error: Failure };

/** What an application hears of its calls. */
export type CallsEvent =
  /** Logged in: calls can be made and come in. `again` after the connection had been given up. */
  | { type: 'ready'; again: boolean }
  /** The connection is lost and sought again. */
  | { type: 'interrupted' }
  /** The connection is back. */
  | { type: 'resumed' }
  /** Somebody calls. */
  | { type: 'invited'; call: Call }
  /** Another participant is now in this state. */
  | { type: 'participant'; call: Call; user: string; state: ParticipantState }
  /** This user and somebody else are connected. */
  | { type: 'answered'; call: Call }
  /** The call is over here. The last event of this call. */
  | { type: 'over'; call: Call; reason: CallEnding; durationMs: number }
  /** Something happened in the room of the call. */
  | { type: 'room'; event: RoomEvent }
  /** A watched user can be called from now on, or no longer. */
  | { type: 'presence'; user: string; online: boolean }
  /** The server cannot be reached for so long that a call is over by now. It goes on being sought. */
  | { type: 'unreachable'; failure: Failure }
  /** Logged out for good: refused, replaced, or never reached. */
  | { type: 'closed'; end: End };

/** How long a person waits until a call is made, ms: then the network is to blame. */
export const CALL_WITHIN_MS = 15000;
/** How much later than told ringing may end without a word of the server, ms, when it cannot be reached. */
export const RING_SLACK_MS = 5000;
/** How long after being removed from the room the word is awaited why the call is over, ms. */
const REMOVED_MS = 3000;
/** Pauses between attempts to log in again when the connection was given up, ms. Coming back or a network ends them. */
const AGAIN_FIRST_MS = 5000;
const AGAIN_MOST_MS = 60000;

interface Now {
  call: Call;
  room: Room | null;
  /** When this user was connected, by the platform's clock; 0 if not yet. */
  connectedAt: number;
  accepting: boolean;
  /** A new session has yet to hear of it again. */
  unsure: boolean;
  timers: Cancel[];
}

interface Making {
  done: (outcome: Outcome) => void;
  cancel: Cancel;
}

/** See the head of the file. */
export class Calls implements ConnectionListener {
  private connection: Connection | null = null;
  private identity: Identity | null = null;
  private welcome: Welcome | null = null;
  /** `ready` was told since the login was asked for. */
  private announced = false;
  private readonly errands: Errands;
  private now: Now | null = null;
  private making: Making | null = null;
  /** What the server told of unknown calls while an answer is awaited that may make them known. */
  private early: CallPush[] = [];
  private push: { key: string; audio: boolean; video: boolean } | null = null;
  private readonly watching: Watching;
  private readonly again: Backoff;
  private readonly waits: Cancel[] = [];

  constructor(
    private readonly platform: Platform,
    private readonly endpoint: Endpoint,
    private readonly listener: (event: CallsEvent) => void,
  ) {
    this.again = new Backoff(AGAIN_FIRST_MS, AGAIN_MOST_MS, () => platform.random());
    this.errands = new Errands(platform);
    this.watching = new Watching((user, online) => this.listener({ type: 'presence', user, online }));
  }

  /** Whether the server knows this user and can be reached now. */
  get ready(): boolean {
    return this.connection !== null && this.connection.ready;
  }

  /** The call of now, ringing or not; null when idle. It changes with the events. */
  get current(): Call | null {
    return this.now?.call ?? null;
  }

  /** How long this user has been connected in the call of now, ms. */
  get connectedMs(): number {
    return this.now && this.now.connectedAt > 0 ? this.platform.now() - this.now.connectedAt : 0;
  }

  /** The room of the call of now, once it is entered. */
  get room(): Room | null {
    return this.now?.room ?? null;
  }

  /** Logs in; `ready` or `closed` follows. A second time, it shows the credential if that is another one. */
  login(identity: Identity): void {
    const all = { ...identity, calls: true };
    this.identity = all;
    if (this.connection) {
      this.connection.renew(all);
    } else {
      this.connect();
    }
  }

  /** Logs out: out of the call of now, then out of reach. No event follows. */
  logout(): void {
    const call = this.current;
    const connection = this.connection;
    this.dropMaking();
    if (call && connection?.ready) {
      const op = call.you === 'ringing' && !this.now?.accepting ? ('reject' as const) : ('hangup' as const);
      connection.request({ op, call: call.call }, () => undefined);
    }
    this.drop();
    this.stopWaiting();
    this.errands.clear(null);
    this.connection = null;
    this.welcome = null;
    this.announced = false;
    connection?.bye();
  }

  /** Tells from now on who of these users can be called; an empty list ends it. */
  watch(users: readonly string[]): void {
    this.watching.watch(users, this.connection);
  }

  /** Calls. `done` is called once; with an error nothing rings. */
  call(wish: CallWish, done: (outcome: Outcome) => void): void {
    if (this.now || this.making) {
      done({ error: failure('call-busy', 'There is a call already.') });
      return;
    }
    const giveUp = (): void => this.endMaking({ error: failure('timeout', 'The server did not answer.', 'network') });
    const making: Making = { done, cancel: this.platform.after(CALL_WITHIN_MS, giveUp) };
    this.making = making;
    this.errands.add({ op: 'call', ...wish, ref: makeKey(this.platform) }, (answer) => {
      const wanted = this.making === making;
      if ('call' in answer && !wanted) {
        this.errands.add({ op: 'hangup', call: answer.call.call }, () => undefined);
        if (this.now?.call.call === answer.call.call) {
          this.over('cancelled', 0); // the other one called, too, and the late request was taken as the answer
        }
      } else if ('call' in answer) {
        // Both may have called each other: then the server has made one call of it, which has been announced, too.
        const own = (push: CallPush): boolean => push.ev === 'invited' && push.call.call === answer.call.call;
        this.early = this.early.filter((push) => !own(push));
        this.begin(answer.call);
        this.endMaking({ call: answer.call });
      } else if (wanted) {
        this.endMaking(answer);
      }
    });
  }

  /** Answers the call that rings. `done` is called once; with an error the call is over. */
  accept(done: (outcome: Outcome) => void): void {
    const { now } = this;
    if (!now || now.call.you !== 'ringing' || now.accepting) {
      done({ error: gone() });
      return;
    }
    now.accepting = true;
    const { call } = now.call;
    this.errands.add({ op: 'accept', call }, (answer) => {
      if (this.now !== now) {
        if ('call' in answer) {
          this.errands.add({ op: 'hangup', call }, () => undefined);
        }
        done({ error: 'error' in answer ? answer.error : gone() });
        return;
      }
      now.accepting = false;
      if ('error' in answer) {
        this.over('lost', 0);
        done(answer);
        return;
      }
      now.call = answer.call;
      this.enter(now);
      done(answer);
      this.connectedIf(now);
    });
  }

  /** Refuses the call that rings. It is over here at once. `done` tells what the server said. */
  reject(done: (outcome: Outcome) => void): void {
    this.part('reject', done);
  }

  /** Leaves the call, cancels it or refuses it. It is over here at once. `done` tells what the server said. */
  hangup(done: (outcome: Outcome) => void): void {
    if (this.making) {
      this.dropMaking();
      done({ error: gone() });
    } else {
      this.part('hangup', done);
    }
  }

  private part(op: 'reject' | 'hangup', done: (outcome: Outcome) => void): void {
    const call = this.current;
    if (!call) {
      done({ error: gone() });
      return;
    }
    this.drop();
    // Whoever has called, or has answered, cannot refuse any more.
    const asked = call.you === 'ringing' ? op : 'hangup';
    this.errands.add({ op: asked, call: call.call }, (answer) => done('error' in answer ? answer : { call }));
  }

  /** What is pushed with this key, in this call and those that follow. */
  publish(key: string, audio: boolean, video: boolean): void {
    this.push = { key, audio, video };
    this.now?.room?.publish('main', key, audio, video);
  }

  /** Which tracks of another participant to receive. */
  subscribe(user: string, stream: StreamKind, audio: boolean, video: boolean): void {
    this.now?.room?.subscribe(user, stream, audio, video);
  }

  /** The connection is logged in. */
  welcomed(welcome: Welcome): void {
    const first = this.welcome === null;
    const fresh = welcome.resumed === 'new';
    this.welcome = welcome;
    this.again.reset();
    const { now } = this;
    if (fresh && now && !first) {
      // A call belongs to the session that took part in it. One that rings is announced to the new one again, before
      // anything that is asked now is answered.
      if (now.call.you === 'ringing') {
        now.unsure = true;
        this.connection?.request({ op: 'ping' }, () => {
          if (this.now === now && now.unsure && !now.accepting) {
            this.over('lost', 0);
          }
        });
      } else {
        this.over('lost', this.connectedMs);
      }
    } else if (!fresh) {
      now?.room?.welcomed(welcome);
    }
    this.listener(first ? { type: 'ready', again: this.announced } : { type: 'resumed' });
    this.announced = true;
    this.errands.bring(this.connection);
    if (fresh) {
      this.watching.again(this.connection);
    }
  }

  /** The connection has lost its socket. */
  interrupted(): void {
    this.now?.room?.interrupted();
    this.listener({ type: 'interrupted' });
  }

  /** The connection is over. */
  ended(end: End): void {
    this.connection = null;
    this.watching.forget();
    const known = this.welcome !== null;
    this.welcome = null;
    const error: Failure = 'failure' in end ? end.failure : failure('session-gone', end.message, 'server');
    if (this.now) {
      this.over(end.why === 'lost' ? 'lost' : 'sessionEnded', this.connectedMs);
    }
    this.dropMaking({ error });
    this.errands.clear({ error });
    if (end.why === 'lost' && (known || this.announced)) {
      this.listener({ type: 'unreachable', failure: end.failure });
      this.waitForBetterTimes();
    } else {
      this.announced = false;
      this.listener({ type: 'closed', end });
    }
  }

  /** The server pushed an event. */
  pushed(event: Event): void {
    const push = callPush(event);
    if (push) {
      this.told(push);
      return;
    }
    if (event.ev === 'state') {
      this.snapshot(event.calls ?? []);
      this.watching.again(this.connection);
    }
    this.watching.pushed(event);
    this.now?.room?.pushed(event);
    if (event.ev === 'removed' && this.now?.room) {
      this.awaitReason(this.now);
    }
  }

  private connect(): void {
    this.stopWaiting();
    const { identity } = this;
    if (!identity) {
      return;
    }
    const connection: Connection = new Connection(this.platform, this.endpoint.signal, {
      welcomed: (welcome) => this.connection === connection && this.welcomed(welcome),
      pushed: (event) => this.connection === connection && this.pushed(event),
      interrupted: () => this.connection === connection && this.interrupted(),
      ended: (end) => this.connection === connection && this.ended(end),
    });
    this.connection = connection;
    this.errands.use(connection);
    connection.open(identity);
  }

  private waitForBetterTimes(): void {
    const connect = (): void => this.connect();
    this.waits.push(
      this.platform.after(this.again.next(), connect),
      this.platform.onShow(connect),
      this.platform.onNetwork((connected) => connected && connect()),
    );
  }

  private stopWaiting(): void {
    this.waits.splice(0).forEach((cancel) => cancel());
  }

  private told(push: CallPush): void {
    const { now } = this;
    const id = push.ev === 'invited' ? push.call.call : push.call;
    if (now && push.ev === 'invited' && id === now.call.call) {
      now.unsure = false;
    } else if (now && id === now.call.call) {
      this.toldOfCurrent(now, push);
    } else if (this.errands.concerns(id)) {
      return; // it is over here, and the server is being told
    } else if (this.making) {
      this.early.push(push);
    } else if (push.ev === 'invited') {
      this.invited(push.call);
    }
  }

  private toldOfCurrent(now: Now, push: CallPush): void {
    if (push.ev === 'callEnded') {
      this.over(push.reason, push.durationMs);
    } else if (push.ev === 'callChanged') {
      this.changed(now, push.user, push.state);
    }
  }

  private invited(call: Call): void {
    if (this.now) {
      this.errands.add({ op: 'reject', call: call.call, busy: true }, () => undefined);
      return;
    }
    this.begin(call);
    this.listener({ type: 'invited', call });
  }

  private changed(now: Now, user: string, state: ParticipantState): void {
    const { call } = now;
    const participants = call.participants.map((known) => (known.user === user ? { user, state } : known));
    now.call = { ...call, participants };
    if (user === this.identity?.user) {
      return;
    }
    if (state === 'connected' && call.you === 'calling') {
      now.call.you = 'connected';
    }
    this.listener({ type: 'participant', call: now.call, user, state });
    this.connectedIf(now);
  }

  /** The server says how things are, after more was missed than it keeps. */
  private snapshot(calls: Call[]): void {
    const { now } = this;
    const same = now && calls.filter(({ call }) => call === now.call.call)[0];
    if (now && !same && !now.accepting) {
      this.over('lost', this.connectedMs);
    }
    if (now && same) {
      const before = now.call.participants;
      const known = new Map(before.map(({ user, state }) => [user, state] as const));
      now.call = { ...same, you: now.accepting ? 'ringing' : same.you };
      for (const { user, state } of same.participants) {
        if (known.get(user) !== state && this.now === now && user !== this.identity?.user) {
          this.listener({ type: 'participant', call: now.call, user, state });
        }
      }
      if (this.now === now) {
        this.connectedIf(now);
      }
    }
    // What this session is said to take part in without knowing of it is the answer to a request that is still asked.
    calls.filter((call) => call !== same && call.you === 'ringing').forEach((call) => this.told({ ev: 'invited', call }));
  }

  private begin(call: Call): void {
    const now: Now = { call, room: null, connectedAt: 0, accepting: false, unsure: false, timers: [] };
    this.now = now;
    const late = (): void => {
      if (now.connectedAt === 0 && !this.ready) {
        this.errands.add({ op: 'hangup', call: now.call.call }, () => undefined);
        this.over('timedOut', 0);
      }
    };
    now.timers.push(this.platform.after(call.ringingMs + RING_SLACK_MS, late));
    if (call.you !== 'ringing') {
      this.enter(now);
      this.connectedIf(now);
    }
  }

  private connectedIf(now: Now): void {
    // In a call that the back-end made, whoever answers first waits for the other one.
    const talks = now.call.participants.some(({ user, state }) => user !== this.identity?.user && state === 'connected');
    if (this.now === now && talks && now.call.you === 'connected' && now.connectedAt === 0) {
      now.connectedAt = this.platform.now();
      if (!this.making) {
        this.listener({ type: 'answered', call: now.call });
      }
    }
  }

  private enter(now: Now): void {
    const { welcome } = this;
    if (!welcome) {
      return;
    }
    const stay = { room: now.call.room, scene: 'rtc', role: 'publisher', patient: true } as const;
    const room: Room = new Room(this.platform, this.line(), stay, (event) => {
      if (this.now === now && now.room === room) {
        this.inRoom(now, event);
      }
    });
    now.room = room;
    if (this.push) {
      room.publish('main', this.push.key, this.push.audio, this.push.video);
    }
    room.welcomed({ ...welcome, resumed: 'new', missed: [] });
  }

  /** The room speaks over the connection of the calls, and the end of the call is its end. */
  private line(): Line {
    const nothing = (): void => undefined;
    const { connection } = this;
    return {
      get ready(): boolean {
        return connection !== null && connection.ready;
      },
      request: (request, done) => connection?.request(request, done),
      open: nothing,
      renew: nothing,
      bye: nothing,
      abandon: nothing,
    };
  }

  private inRoom(now: Now, event: RoomEvent): void {
    if (event.type === 'failed') {
      this.platform.log('warn', `the room of the call cannot be entered: ${event.failure.message}`);
      this.errands.add({ op: 'hangup', call: now.call.call }, () => undefined);
      this.over('lost', this.connectedMs);
    } else if (event.type !== 'interrupted' && event.type !== 'resumed') {
      this.listener({ type: 'room', event });
    }
  }

  /** Out of the room is out of the call; the server says why. */
  private awaitReason(now: Now): void {
    const cancel = this.platform.after(REMOVED_MS, () => {
      if (this.now === now && this.ready) {
        this.over('lost', this.connectedMs);
      }
    });
    now.timers.push(cancel);
  }

  private over(reason: CallEnding, durationMs: number): void {
    const call = this.drop();
    if (call) {
      this.listener({ type: 'over', call, reason, durationMs });
    }
  }

  /** Forgets the call of now. */
  private drop(): Call | null {
    const { now } = this;
    this.now = null;
    now?.timers.forEach((cancel) => cancel());
    now?.room?.abandon();
    return now?.call ?? null;
  }

  private dropMaking(outcome: Outcome = { error: gone() }): void {
    if (this.making) {
      this.endMaking(outcome);
    }
  }

  private endMaking(outcome: Outcome): void {
    const { making } = this;
    this.making = null;
    making?.cancel();
    making?.done(outcome);
    const { now } = this;
    if (now && now.connectedAt > 0 && 'call' in outcome && now.call === outcome.call) {
      this.listener({ type: 'answered', call: now.call });
    }
    this.early.splice(0).forEach((push) => this.told(push));
  }
}

function failure(code: string, message: string, blame: Failure['blame'] = 'client'): Failure {
  return { code: code as Failure['code'], message, blame, retry: 'never' };
}

function gone(): Failure {
  return failure('call-gone', 'There is no such call, or it is over.');
}
