/**
 * One stay in one room: what the application wishes (to be in, to send, to receive) is brought to the server again
 * and again until the server has it, over lost sockets and lost sessions; what the server tells comes out as events.
 */
import { Connection } from './connection.js';
import type { Answer, ConnectionListener, End, Identity } from './connection.js';
import type { Event, Failure, LeaveReason, MediaBases, MixState, Role, RoomState, StreamKind, VoiceLevel, Welcome } from './generated/protocol.js';
import { Mirror } from './mirror.js';
import type { Change } from './mirror.js';
import type { Endpoint } from './address.js';
import type { Cancel, Platform } from './platform.js';
import type { Line, RoomEvent, Stay } from './room-types.js';
import { Wishes } from './wishes.js';
import type { Declared } from './wishes.js';

/** A join that was refused for the moment is tried again after this long, ms. */
const AGAIN_MS = 1000;
/** How often a join is tried again after a lost session, when the server refuses it for the moment. */
const JOIN_AGAIN = 20;

/** See the head of the file. */
export class Room implements ConnectionListener {
  private readonly connection: Line;
  private readonly mirror = new Mirror();
  private readonly wishes: Wishes;
  private wantedRole: Role;
  private role: Role | undefined;
  private askingRole = false;
  private queue: RoomEvent[] = [];
  private busy = false;
  private inRoom = false;
  private joining = false;
  /** The server is about to end the session: whatever is asked now is in vain. */
  private sessionEnds = false;
  private joinedOnce = false;
  private lostAt = 0;
  private graceMs = 0;
  /** The last event is on its way. */
  private ending = false;
  private over = false;
  private refusals = 0;
  private bases: MediaBases | null = null;
  private readonly timers = new Set<Cancel>();
  private mixState: MixState | undefined;
  private mixWanted: boolean;
  /** What the server was asked about the mix by the last join. */
  private mixTold = false;

  /** `way` is the server, or a line to it; whoever gives a line tells this room what comes over it. */
  constructor(
    private readonly platform: Platform,
    way: Endpoint | Line,
    private stay: Stay,
    private readonly listener: (event: RoomEvent) => void,
  ) {
    this.connection = 'signal' in way ? new Connection(platform, way.signal, this) : way;
    this.wishes = new Wishes(platform, {
      request: (request, done) => this.connection.request(request, done),
      later: (ms, change) => this.later(ms, change),
      refused: (failure) => this.run(() => this.queue.push({ type: 'refused', op: 'publish', failure })),
    });
    this.wantedRole = stay.role;
    this.mixWanted = stay.mix === true;
  }

  /** Media addresses of the server; null before the login. */
  get media(): MediaBases | null {
    return this.bases;
  }

  /** The key by which the mix is played; `mixed` tells of changes. Undefined without a mix. */
  get mix(): string | undefined {
    return this.inRoom && this.mixState ? this.mixState.play : undefined;
  }

  /** Whether the server has this client in the room and can be reached now. */
  get present(): boolean {
    return this.inRoom && this.connection.ready;
  }

  /** Whether the stay is over, by whatever cause. */
  get isOver(): boolean {
    return this.over || this.ending;
  }

  /** One's own role: as the server has it, or as wished before the join. */
  get ownRole(): Role {
    return this.role ?? this.wantedRole;
  }

  /** Logs in and joins; `joined` or `failed` follows. */
  enter(identity: Identity): void {
    this.connection.open(identity);
  }

  /** What the user shows from now on: credential, key of the room, and the other words of a stay but its role. */
  renew(identity: Identity, stay: Stay): void {
    this.stay = stay;
    this.connection.renew(identity);
  }

  /** Leaves at once. No event follows. */
  leave(): void {
    this.stop();
    this.connection.bye();
  }

  /** Forgets the stay without telling the server: a newer login of the same user ends it there. */
  abandon(): void {
    this.stop();
    this.connection.abandon();
  }

  /** Takes over what an earlier stay in the same room knew, so that only differences are told. */
  continueFrom(earlier: Room): void {
    this.mirror.takeOver(earlier.mirror);
    this.wishes.takeOver(earlier.wishes);
  }

  /** Sends, or is about to send, a stream with this key; says which of its tracks are on. */
  publish(stream: StreamKind, key: string, audio: boolean, video: boolean): void {
    this.wishes.send(stream, key, { audio, video });
    this.run(() => undefined);
  }

  /** Says which tracks of a member's stream to receive. */
  subscribe(user: string, stream: StreamKind, audio: boolean, video: boolean): void {
    this.wishes.receive(user, stream, { audio, video });
    this.run(() => undefined);
  }

  /** Asks for one stream with the voices of all others, or for it no more. The single streams are not concerned. */
  wantMix(wanted: boolean): void {
    this.mixWanted = wanted;
    this.run(() => undefined);
  }

  /** Asks how loud the others in the mix are. Without an answer nobody is told anything. */
  levels(tell: (levels: VoiceLevel[]) => void): void {
    if (this.present && this.mix !== undefined) {
      this.connection.request({ op: 'levels' }, (answer) => {
        if ('ok' in answer && answer.ok.op === 'levels') {
          tell(answer.ok.levels);
        }
      });
    }
  }

  /** Changes between publisher and audience in a live room. */
  setRole(role: Role): void {
    this.wantedRole = role;
    this.run(() => undefined);
  }

  /**
   * Somebody else has decided about one's role. Who is audience sends nothing any more, and what it sends when it is
   * publisher again is registered anew.
   */
  placed(role: Role): void {
    this.run(() => {
      this.wantedRole = role;
      if (role === 'audience') {
        this.wishes.sendNothing();
      }
      this.setOwnRole(role);
    });
  }

  /** The connection is logged in. */
  welcomed(welcome: Welcome): void {
    this.run(() => {
      this.bases = welcome.media;
      this.graceMs = welcome.seatGraceMs;
      this.sessionEnds = false;
      if (welcome.resumed === 'new') {
        this.inRoom = false;
        this.role = undefined;
        this.wishes.newSession();
        // Whoever was put out while nobody could tell it does not come back by itself.
        welcome.missed?.forEach((event) => this.apply(event));
      } else if (this.inRoom) {
        this.queue.push({ type: 'resumed' });
      }
    });
  }

  /** The connection has lost its socket. */
  interrupted(): void {
    this.lostAt = this.platform.now();
    this.run(() => this.queue.push({ type: 'interrupted' }));
  }

  /** The server pushed an event. */
  pushed(event: Event): void {
    this.run(() => this.apply(event));
  }

  /** The connection is over. */
  ended(end: End): void {
    this.run(() => {
      if (end.why !== 'ended') {
        this.finish({ type: 'failed', failure: end.failure });
      } else if (end.reason === 'credentialExpired') {
        const { message } = end;
        this.finish({ type: 'failed', failure: { code: 'credential-expired', message, blame: 'client', retry: 'never' } });
      } else {
        this.finish({ type: 'removed', reason: end.reason, message: end.message });
      }
    });
  }

  private apply(event: Event): void {
    if (event.ev === 'state') {
      // Before a join is answered, nobody knows which room it is of; the answer tells the state anyway.
      if (!this.joining) {
        this.replaced(event.room);
      }
    } else if (event.ev === 'removed') {
      this.removed(event.reason, event.message);
    } else if (this.inRoom) {
      this.changed(event);
    } else if (event.ev === 'publishRefused') {
      this.wishes.refusedEarly(event.stream);
    }
  }

  private changed(event: Event): void {
    if (event.ev === 'memberJoined') {
      this.tell(this.mirror.joined(event.member));
    } else if (event.ev === 'memberLeft') {
      this.tell(this.mirror.left(event.user, event.reason));
    } else if (event.ev === 'memberAway') {
      this.tell(this.mirror.away(event.user, event.away));
    } else if (event.ev === 'streamChanged') {
      this.tell(this.mirror.stream(event.user, event.stream));
    } else if (event.ev === 'audience') {
      this.queue.push({ type: 'audience', count: event.count });
    } else if (event.ev === 'publishRefused') {
      this.queue.push({ type: 'pushRefused', stream: event.stream, failure: event.error });
    }
  }

  private tell(changes: Change[]): void {
    for (const change of changes) {
      if (change.type === 'memberLeft') {
        // Whoever comes back under that name is a new member, and gets what everybody gets.
        this.wishes.forget(change.user);
      }
      this.queue.push(change);
    }
  }

  /** The server says how the room is, after more was missed than it keeps. */
  private replaced(state: RoomState | null): void {
    if (state) {
      this.inRoom = true;
      this.setOwnRole(state.role);
      this.wishes.receiveAnew();
      this.tell(this.mirror.replace(state));
      this.tellRest(state);
    } else if (this.inRoom) {
      this.inRoom = false;
      if (this.platform.now() - this.lostAt < this.graceMs) {
        const message = 'The server removed this member while it was away.';
        this.finish({ type: 'removed', reason: 'kicked', message });
      }
    }
  }

  private removed(reason: LeaveReason, message: string): void {
    this.inRoom = false;
    this.role = undefined;
    this.wishes.sendAnew();
    if (reason === 'kicked' || reason === 'dissolved' || reason === 'replaced') {
      this.finish({ type: 'removed', reason, message });
    } else if (reason === 'sessionEnded') {
      this.sessionEnds = true;
    }
    // A seat that timed out is taken again at once: nobody meant this member to go.
  }

  private setOwnRole(role: Role): void {
    if (this.stay.scene === 'rtc') {
      this.wantedRole = role;
    }
    if (this.role !== role) {
      this.role = role;
      this.queue.push({ type: 'role', role });
    }
  }

  private tellRest(state: RoomState): void {
    if (this.mixState?.play !== state.mix?.play) {
      this.queue.push({ type: 'mixed' });
    }
    this.mixState = state.mix;
    if (state.scene === 'live') {
      this.queue.push({ type: 'audience', count: state.audience });
    }
  }

  /** Makes a change, tells the events it caused, then brings open wishes to the server. */
  private run(change: () => void): void {
    if (this.over) {
      return;
    }
    change();
    if (this.busy) {
      return;
    }
    this.busy = true;
    // A handler that throws must not cost the others their events; what it threw goes up at the end.
    const thrown: unknown[] = [];
    for (let event = this.queue.shift(); event; event = this.queue.shift()) {
      try {
        this.listener(event);
      } catch (error) {
        thrown.push(error);
      }
    }
    this.busy = false;
    if (this.ending) {
      this.stop();
    }
    this.bring();
    if (thrown.length > 0) {
      throw thrown[0];
    }
  }

  /** Sends what the server does not have yet. */
  private bring(): void {
    if (this.over || this.sessionEnds || !this.connection.ready) {
      return;
    }
    if (!this.inRoom) {
      this.join();
      return;
    }
    if (this.role !== this.wantedRole) {
      this.askRole();
      return;
    }
    if (this.mixTold !== this.mixWanted) {
      this.join(); // again: the wish for the mix goes with it
    }
    this.wishes.bring(this.role === 'publisher', (user) => this.mirror.has(user));
  }

  private join(): void {
    if (this.joining) {
      return;
    }
    this.joining = true;
    const { room, scene, privateMapKey, recordId, details } = this.stay;
    const mix = this.mixWanted;
    const declared = this.wishes.declare(this.wantedRole === 'publisher');
    const optional = {
      ...(privateMapKey ? { privateMapKey } : {}),
      ...(recordId ? { recordId } : {}),
      ...(details ? { details } : {}),
      ...(mix ? { mix } : {}),
    };
    const request = { op: 'join' as const, room, scene, role: this.wantedRole, publish: declared.publish, ...optional };
    this.connection.request(request, (answer) => {
      this.joining = false;
      this.run(() => this.joinAnswered(answer, declared, mix));
    });
  }

  private joinAnswered(answer: Answer, declared: Declared, mix: boolean): void {
    if ('error' in answer) {
      this.joinRefused(answer.error, mix);
    } else if ('ok' in answer && answer.ok.op === 'join') {
      const { state } = answer.ok;
      this.refusals = 0;
      this.mixTold = mix;
      declared.done(state.role === 'publisher');
      if (!this.inRoom) {
        this.queue.push({ type: 'joined', again: this.joinedOnce });
      }
      this.inRoom = true;
      this.joinedOnce = true;
      this.setOwnRole(state.role);
      this.tell(this.mirror.replace(state));
      this.tellRest(state);
    }
  }

  private joinRefused(failure: Failure, mix: boolean): void {
    if (this.inRoom) {
      // Only the mix was refused: the stay goes on as it is.
      const before = this.mixTold;
      this.mixTold = mix;
      if (failure.retry === 'later') {
        this.later(AGAIN_MS, () => (this.mixTold = before));
      }
      return;
    }
    const full = failure.code === 'publishers-full' && this.stay.orAudience === true;
    if (full && this.wantedRole === 'publisher') {
      this.wantedRole = 'audience';
    } else if ((this.joinedOnce || this.stay.patient) && failure.retry === 'later' && this.refusals < JOIN_AGAIN) {
      this.refusals += 1;
      this.joining = true; // until the pause is over
      this.later(AGAIN_MS, () => (this.joining = false));
    } else {
      this.finish({ type: 'failed', failure });
    }
  }

  private askRole(): void {
    if (this.askingRole) {
      return;
    }
    this.askingRole = true;
    const role = this.wantedRole;
    const { privateMapKey } = this.stay;
    this.connection.request({ op: 'setRole', role, ...(privateMapKey ? { privateMapKey } : {}) }, (answer) => {
      this.askingRole = false;
      this.run(() => {
        if ('ok' in answer) {
          this.wishes.sendAnew();
          this.setOwnRole(role);
        } else if ('error' in answer) {
          this.wantedRole = this.ownRole;
          this.queue.push({ type: 'refused', op: 'setRole', failure: answer.error });
        }
      });
    });
  }

  /** Makes a change after a pause, if the stay is not over by then. */
  private later(ms: number, change: () => void): void {
    const cancel = this.platform.after(ms, () => {
      this.timers.delete(cancel);
      this.run(change);
    });
    this.timers.add(cancel);
  }

  /** The stay is over; this is the last event that is told. */
  private finish(event: RoomEvent): void {
    this.inRoom = false;
    this.sessionEnds = true;
    this.ending = true;
    this.queue.push(event);
    this.connection.bye();
  }

  private stop(): void {
    this.over = true;
    this.timers.forEach((cancel) => cancel());
    this.timers.clear();
    this.inRoom = false;
    this.queue = [];
  }
}
