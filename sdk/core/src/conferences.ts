/**
 * Conferences of one user on one device: asked for, entered, and left again. There is at most one that the user is in.
 * Requests are brought to the server over lost sockets until it has answered; a place that was lost with its session
 * is asked for again, and everything is told anew.
 */
import type { Endpoint } from './address.js';
import { Asks } from './asks.js';
import type { Asked } from './asks.js';
import { conferencePush } from './conference-types.js';
import type { ConferencePush, ConferenceRequest } from './conference-types.js';
import { ConferenceView } from './conference-view.js';
import type { ConferenceEvent } from './conference-view.js';
import { Connection } from './connection.js';
import type { Answer, ConnectionListener, End, Identity } from './connection.js';
import type {
  AskTicket, ConferenceExit, ConferenceMember, ConferenceRole, ConferenceState, Enter, Event, Failure, MediaBases, Publish,
  Request, Role, RoomState, StreamKind, Welcome,
} from './generated/protocol.js';
import type { Cancel, Platform } from './platform.js';
import { Room } from './room.js';
import type { Line, RoomEvent } from './room-types.js';
import type { ConferenceStream } from './roster.js';

/** How to get into a conference. */
export interface Entrance {
  /** The conference, by its name or by its room, how it is made if need be, and the password. */
  way: AskTicket;
  /** A ticket that is there already. Another one is asked for when this one was used and the place was lost. */
  ticket?: string;
  nick?: string;
  /** Shown to the others as it is. */
  ext?: string;
  recordId?: string;
  details?: Record<string, string>;
  /** Whether to have the voices of all others as one stream, see [`Conferences.mix`]; in a large conference everybody has. */
  mix?: boolean;
}

/** What became of an entrance. `ticket` is the one that was used. `at`: whether the ticket was refused, or the entry with it. */
export type Entered = { state: ConferenceState; created: boolean; ticket: string } | { error: Failure; at: 'ticket' | 'enter' };

/** How long a person waits for the answer to one request, ms: then the network is to blame. */
export const ANSWER_WITHIN_MS = 20000;
/** How long a goodbye is brought to a server that cannot be reached, ms: by then the place is gone anyway. */
const LEAVE_WITHIN_MS = 120000;
/** A login that nobody needs is kept this long, ms: pages ask for a conference, show it, and enter. */
export const IDLE_MS = 60000;

/** For one who was inside these mean that the conference has ended while it was away. */
const ENDED: readonly string[] = ['no-conference', 'conference-over'];

/** The ticket in hand. */
interface Pass {
  ticket: string;
  conference: string;
  /** It was shown to the server, which may have taken it. */
  shown: boolean;
}

interface Now {
  entrance: Entrance;
  pass: Pass | null;
  created: boolean;
  readonly view: ConferenceView;
  room: Room | null;
  /** The state of the room that its stay has yet to be given. */
  fresh: RoomState | null;
  /** Who waits for the first entry. */
  done: ((entered: Entered) => void) | null;
  /** The stay in the room waits to be let in again. */
  again: ((answer: Answer) => void) | null;
  /** Streams that the server has, by kind, and who waits for that. */
  readonly published: Map<StreamKind, Publish>;
  readonly publishing: Map<StreamKind, ((asked: Asked) => void)[]>;
}

/** See the head of the file. */
export class Conferences implements ConnectionListener {
  private connection: Connection | null = null;
  private identity: Identity | null = null;
  private welcome: Welcome | null = null;
  private readonly asks: Asks;
  private now: Now | null = null;
  private idle: Cancel | null = null;
  /** When the network was lost last. */
  private lostSince = 0;

  constructor(
    private readonly platform: Platform,
    private readonly endpoint: Endpoint,
    private readonly listener: (event: ConferenceEvent) => void,
  ) {
    this.asks = new Asks(platform, () => this.rest());
  }

  /** The conference that this user is in, as it is now; null outside, and before the entry. */
  get state(): ConferenceState | null {
    return this.now?.view.state ?? null;
  }

  /** Whether an entry is under way or done. */
  get busy(): boolean {
    return this.now !== null;
  }

  /** The others, as told. */
  get members(): ConferenceMember[] {
    return this.now?.view.roster.members ?? [];
  }

  /** Whether the connection of one of them is lost, as told. */
  away(user: string): boolean {
    return this.now?.view.roster.away(user) ?? false;
  }

  /** What they send, as told. */
  get streams(): ConferenceStream[] {
    return this.now?.view.roster.streams ?? [];
  }

  /** The key by which the voices of all others are played as one stream; it changes with `entered` only. Undefined without a mix. */
  get mix(): string | undefined {
    return this.now?.room?.mix;
  }

  /** Media addresses of the server; null before the login. */
  get media(): MediaBases | null {
    return this.welcome?.media ?? null;
  }

  /** Says who asks from now on, and logs in if need be. Another user ends what the earlier one was in, without a word. */
  login(identity: Identity): void {
    const before = this.identity;
    if (before && (before.app !== identity.app || before.user !== identity.user)) {
      this.logout();
    }
    this.identity = identity;
    if (this.connection) {
      this.connection.renew(identity);
    } else {
      this.connect(identity);
    }
    this.rest();
  }

  /** Out of the conference and out of reach. No event follows. */
  logout(): void {
    const { connection } = this;
    this.drop();
    this.forget(connection);
    this.asks.clear(failure('not-logged-in', 'Another user has logged in.', 'client'));
    connection?.bye();
  }

  /** Asks something. `done` is called once. */
  ask(request: ConferenceRequest, done: (asked: Asked) => void): void {
    this.asks.ask(request, ANSWER_WITHIN_MS, done);
  }

  /** Enters a conference; whatever this user was in it leaves first. `done` is called once, after the events of the entry. */
  enter(entrance: Entrance, done: (entered: Entered) => void): void {
    this.leave();
    const { way, ticket } = entrance;
    const pass = ticket !== undefined && way.conference !== undefined ? { ticket, conference: way.conference, shown: false } : null;
    const now: Now = {
      entrance, pass, done, created: false, view: new ConferenceView(), room: null, fresh: null, again: null, published: new Map(),
      publishing: new Map(),
    };
    this.now = now;
    this.admit(now, [], pass === null);
  }

  /** Leaves, or gives up to enter. No event follows. */
  leave(reason?: ConferenceExit): void {
    const now = this.drop();
    if (now && (now.view.state || now.pass?.shown)) {
      this.asks.ask({ op: 'leave', ...(reason ? { reason } : {}) }, LEAVE_WITHIN_MS, () => undefined);
    }
    now?.done?.({ error: failure('not-in-conference', 'The conference was left before it was entered.', 'client'), at: 'enter' });
    this.rest();
  }

  /** Sends, or is about to send, a stream with this key. `done` is called once: with what the server says to it. */
  publish(stream: StreamKind, key: string, audio: boolean, video: boolean, done: (asked: Asked) => void): void {
    const { now } = this;
    if (!now?.room || !now.view.state) {
      done({ error: failure('not-in-conference', 'Enter a conference first.', 'client') });
    } else if (now.view.state.you.role === 'audience') {
      done({ error: failure('may-not-publish', 'Who is audience may not publish: an admin has to make it a talker.', 'client') });
    } else {
      const known = now.published.get(stream);
      if (known && known.key === key && known.audio === audio && known.video === video) {
        done({ ok: { op: 'publish' } });
        return;
      }
      now.publishing.set(stream, (now.publishing.get(stream) ?? []).concat(done));
      now.room.publish(stream, key, audio, video);
    }
  }

  /** Says which tracks of a member's stream to receive. */
  subscribe(user: string, stream: StreamKind, audio: boolean, video: boolean): void {
    this.now?.room?.subscribe(user, stream, audio, video);
  }

  /** The connection is logged in. */
  welcomed({ missed = [], ...welcome }: Welcome): void {
    this.welcome = welcome;
    this.asks.bring();
    // Who was put out while nobody could tell it does not come back by itself.
    missed.forEach((event) => this.pushed(event));
    const { now } = this;
    if (now?.room) {
      if (welcome.resumed === 'new') {
        now.pass = null;
      }
      now.room.welcomed(welcome);
    }
    if (now?.view.state && welcome.resumed !== 'new') {
      this.tell(now, { type: 'resumed', lostMs: this.platform.now() - this.lostSince });
    }
  }

  /** The connection has lost its socket. */
  interrupted(since: number): void {
    const { now } = this;
    this.lostSince = since;
    now?.room?.interrupted();
    if (now?.view.state) {
      this.tell(now, { type: 'interrupted' });
    }
  }

  /** The connection is over. */
  ended(end: End): void {
    const neverIn = this.welcome === null;
    this.forget(this.connection);
    if (end.why === 'lost' && neverIn && this.identity && this.asks.waiting) {
      // Whoever asks now came later than this login began, and has patience of its own.
      this.connect(this.identity);
      return;
    }
    const reasons: Partial<Record<string, ConferenceExit>> = { takenOver: 'otherDevice', loggedOut: 'removed' };
    const reason = end.why === 'ended' ? (reasons[end.reason] ?? 'failed') : 'failed';
    const codes: Partial<Record<string, Failure['code']>> = { takenOver: 'taken-over', credentialExpired: 'credential-expired' };
    const error = end.why === 'ended' ? failure(codes[end.reason] ?? 'session-gone', end.message, 'client') : end.failure;
    const inside = this.state ? this.drop() : null;
    // Who still waits to be let in is told by its request.
    this.asks.clear(error);
    if (inside) {
      this.listener({ type: 'over', reason, failure: error });
    }
  }

  /** The server pushed an event. */
  pushed(event: Event): void {
    const { now } = this;
    if (now?.again && event.ev === 'publishRefused') {
      // What goes with an entry and is refused is told before its answer.
      now.published.delete(event.stream);
      now.room?.pushed(event);
      return;
    }
    if (!now?.view.state || !now.room || now.again) {
      return; // Whatever it is, the answer to the entry tells it.
    }
    const push = conferencePush(event);
    if (push) {
      this.told(now, push);
    } else if (event.ev === 'state') {
      this.snapshot(now, event.room, event.conference);
    } else if (event.ev !== 'removed') {
      // That a seat is lost the conference tells, too, and why.
      const changes = now.view.inRoom(event);
      now.room.pushed(event);
      this.tellAll(now, changes);
    }
  }

  private told(now: Now, push: ConferencePush): void {
    if (push.ev !== 'conferenceExited') {
      this.tellAll(now, now.view.push(push));
    } else if (push.conference === now.view.state?.conference && push.reason === 'failed') {
      // Nobody meant this member to go: it takes its place again.
      now.pass = null;
      now.room?.pushed({ ev: 'removed', reason: 'timedOut', message: push.reason });
    } else if (push.conference === now.view.state?.conference) {
      this.over(now, push.reason, null);
    }
  }

  /** The server says how things are, after more was missed than it keeps. */
  private snapshot(now: Now, room: RoomState | null, conference: ConferenceState | undefined): void {
    if (!room || !conference) {
      now.pass = null;
      now.room?.pushed({ ev: 'state', room: null });
      return;
    }
    const events = now.view.snapshot(conference, room);
    now.room?.placed(placeOf(conference.you.role));
    now.room?.pushed({ ev: 'state', room: placed(room, conference) });
    this.tellAll(now, events);
  }

  /** Gets a ticket if there is none, and enters with it. */
  private admit(now: Now, publish: Publish[], mayRenew: boolean): void {
    if (now.pass) {
      this.show(now, now.pass, publish, mayRenew);
      return;
    }
    this.ask({ op: 'ticket', ...wayOf(now) }, (asked) => {
      if (this.now !== now) {
        return;
      }
      if ('ok' in asked && asked.ok.op === 'ticket') {
        const { ticket, conference, created } = asked.ok;
        now.created = now.created || created;
        now.pass = { ticket, conference, shown: false };
        this.show(now, now.pass, publish, mayRenew);
      } else if ('error' in asked) {
        this.turnedAway(now, unlessTicketOnly(now.entrance, asked.error), 'ticket');
      }
    });
  }

  private show(now: Now, pass: Pass, publish: Publish[], mayRenew: boolean): void {
    const { nick, ext, recordId, details, mix } = now.entrance;
    const again = pass.shown;
    pass.shown = true;
    const session = this.welcome?.session;
    const enter: Enter = {
      conference: pass.conference,
      ticket: pass.ticket,
      ...(nick ? { nick } : {}),
      ...(ext ? { ext } : {}),
      ...(recordId ? { recordId } : {}),
      ...(details ? { details } : {}),
      ...(publish.length > 0 ? { publish } : {}),
      ...(mix ? { mix } : {}),
    };
    this.ask({ op: 'enter', ...enter }, (asked) => {
      if (this.now !== now) {
        return;
      }
      if ('ok' in asked && asked.ok.op === 'enter') {
        this.inside(now, asked.ok.conference, asked.ok.state);
      } else if ('error' in asked) {
        // A ticket that an earlier session has used up is no reason to stay out.
        const used = again || session !== this.welcome?.session;
        const stale = /^ticket-/.test(asked.error.code) || asked.error.code === 'conference-over';
        if (stale && used && mayRenew) {
          now.pass = null;
          this.admit(now, publish, false);
        } else {
          this.turnedAway(now, asked.error, 'enter');
        }
      }
    });
  }

  private turnedAway(now: Now, error: Failure, at: 'ticket' | 'enter'): void {
    const { again } = now;
    if (again) {
      now.again = null;
      now.pass = null;
      again({ error });
      return;
    }
    const { done } = now;
    now.done = null;
    this.drop();
    done?.({ error, at });
    this.rest();
  }

  private inside(now: Now, conference: ConferenceState, room: RoomState): void {
    const { again, done } = now;
    now.again = null;
    now.done = null;
    const events = now.view.entered(conference, room);
    const as = placed(room, conference);
    if (again) {
      if (as.role === 'audience') {
        now.published.clear();
      }
      now.room?.placed(as.role);
      again({ ok: { op: 'join', state: as } });
    } else {
      this.openRoom(now, as);
    }
    this.tellAll(now, events);
    done?.({ state: conference, created: now.created, ticket: now.pass?.ticket ?? '' });
  }

  private openRoom(now: Now, state: RoomState): void {
    const { welcome } = this;
    if (!welcome) {
      return;
    }
    const stay = { room: state.room, scene: state.scene, role: state.role, patient: true } as const;
    const room: Room = new Room(this.platform, this.line(now), stay, (event) => {
      if (this.now === now && now.room === room) {
        this.inRoom(now, event);
      }
    });
    now.room = room;
    now.fresh = state;
    room.welcomed({ ...welcome, resumed: 'new' });
  }

  /** The room speaks over the connection of the conferences, and to join it is to enter the conference. */
  private line(now: Now): Line {
    const nothing = (): void => undefined;
    const current = (): Connection | null => this.connection;
    return {
      get ready(): boolean {
        return current()?.ready ?? false;
      },
      request: (request, done) => this.request(now, request, done),
      open: nothing,
      renew: nothing,
      bye: nothing,
      abandon: nothing,
    };
  }

  private request(now: Now, request: Request, done: (answer: Answer) => void): void {
    const { fresh } = now;
    if (request.op === 'join' && fresh) {
      now.fresh = null;
      done({ ok: { op: 'join', state: fresh } });
    } else if (request.op === 'join') {
      now.again = done;
      this.admit(now, request.publish ?? [], true);
    } else if (request.op === 'publish') {
      const { stream = 'main', key, audio, video } = request;
      this.connection?.request(request, (answer) => {
        done(answer);
        this.publishAnswered(now, { stream, ...(key ? { key } : {}), audio, video }, answer);
      });
    } else {
      this.connection?.request(request, done);
    }
  }

  private publishAnswered(now: Now, publish: Publish, answer: Answer): void {
    const { stream = 'main' } = publish;
    if ('lost' in answer || ('error' in answer && answer.error.code === 'rate-limited')) {
      return; // it is asked again
    }
    if ('ok' in answer) {
      now.published.set(stream, publish);
    }
    const waiting = now.publishing.get(stream) ?? [];
    now.publishing.delete(stream);
    waiting.forEach((done) => done(answer));
  }

  private inRoom(now: Now, event: RoomEvent): void {
    if (event.type === 'failed') {
      const ended = ENDED.indexOf(event.failure.code) >= 0;
      this.over(now, ended ? 'closed' : 'failed', ended ? null : event.failure);
    } else if (event.type === 'removed') {
      this.over(now, event.reason === 'dissolved' ? 'closed' : 'removed', null);
    } else if (event.type === 'pushRefused' || event.type === 'audience') {
      if (!now.again && !now.fresh) {
        this.tell(now, event);
      }
    } else if (event.type === 'refused') {
      this.platform.log('warn', `${event.op} was refused: ${event.failure.message}`);
    }
  }

  private over(now: Now, reason: ConferenceExit, error: Failure | null): void {
    if (this.now === now) {
      this.drop();
      this.listener({ type: 'over', reason, failure: error });
      this.rest();
    }
  }

  private tellAll(now: Now, events: ConferenceEvent[]): void {
    for (const event of events) {
      if (event.type === 'role' && this.now === now) {
        now.room?.placed(placeOf(event.role));
        if (event.role === 'audience') {
          now.published.clear();
        }
      }
      this.tell(now, event);
    }
  }

  /** What is told may make the application leave: then nothing more is. */
  private tell(now: Now, event: ConferenceEvent): void {
    if (this.now === now) {
      this.listener(event);
    }
  }

  /** Forgets the conference of now. */
  private drop(): Now | null {
    const { now } = this;
    this.now = null;
    now?.room?.abandon();
    if (now) {
      this.endPublishing(now);
    }
    return now;
  }

  private endPublishing(now: Now): void {
    const error = failure('not-in-conference', 'The conference was left.', 'client');
    now.publishing.forEach((waiting) => waiting.forEach((done) => done({ error })));
    now.publishing.clear();
  }

  private connect(identity: Identity): void {
    const connection: Connection = new Connection(this.platform, this.endpoint.signal, {
      welcomed: (welcome) => this.connection === connection && this.welcomed(welcome),
      pushed: (event) => this.connection === connection && this.pushed(event),
      interrupted: (since) => this.connection === connection && this.interrupted(since),
      ended: (end) => this.connection === connection && this.ended(end),
    });
    this.connection = connection;
    this.asks.use(connection);
    connection.open(identity);
  }

  private forget(connection: Connection | null): void {
    if (connection && this.connection === connection) {
      this.connection = null;
      this.welcome = null;
      this.asks.use(null);
    }
  }

  /** A login that is of no use is given up after a while. */
  private rest(): void {
    this.idle?.();
    this.idle = null;
    if (!this.now && !this.asks.waiting && this.connection) {
      this.idle = this.platform.after(IDLE_MS, () => {
        this.idle = null;
        const { connection } = this;
        if (!this.now && !this.asks.waiting) {
          this.forget(connection);
          connection?.bye();
        }
      });
    }
  }
}

/**
 * Who was inside comes back to that conference and to no other: what has ended meanwhile must not begin anew, with this user as its
 * admin, because one phone had no network when it ended.
 */
function wayOf({ entrance: { way }, view: { state } }: Now): AskTicket {
  const { password, role } = way;
  return state ? { conference: state.conference, ...(password ? { password } : {}), ...(role ? { role } : {}) } : way;
}

/** The role in the room of who has this role in the conference: only who may talk sends. */
function placeOf(role: ConferenceRole): Role {
  return role === 'audience' ? 'audience' : 'publisher';
}

function placed(room: RoomState, { you }: ConferenceState): RoomState {
  return { ...room, role: placeOf(you.role) };
}

/** Who came with a ticket alone cannot get another one where there is a password: that its ticket is void says what to do. */
function unlessTicketOnly({ ticket, way }: Entrance, error: Failure): Failure {
  const alone = ticket !== undefined && !way.password && error.code === 'wrong-password';
  return alone ? failure('ticket-void', 'The place was lost, and a ticket is for one entry; ask for another one.', 'client') : error;
}

function failure(code: Failure['code'], message: string, blame: Failure['blame']): Failure {
  return { code, message, blame, retry: 'never' };
}
