/**
 * A signalling server in memory: sessions, one kind of rooms, replay and snapshot, and the ways in which a server or
 * a network can fail. It follows docs/protocol.md where clients can tell the difference, and nowhere else.
 */
import type {
  CallRequest, ConferenceRequest, EndReason, ErrorCode, Event, Failure, Join, LeaveReason, MemberInfo, Publish, Request, RequestFrame, Role, RoomId,
  RoomState, Scene, StreamKind, StreamState, VoiceLevel, Welcome,
} from '@huitong/core';
import { FakeCalls } from './calls.js';
import type { Clock } from './clock.js';
import { FakeConferences } from './conferences.js';
import { keyed, withKeys } from './keys.js';
import { FakePresence } from './presence.js';
import { putsOut } from './server-parts.js';
import type { Connection, FakeRoom, Session, Wire } from './server-parts.js';

/** A request as it arrived, with the user whose session it was. */
export type Seen = RequestFrame & { from: string };

export const WIRE_MS = 10;

const CALL_OPS: readonly string[] = ['call', 'accept', 'reject', 'hangup'];
const CONFERENCE_OPS: readonly string[] = ['ticket', 'look', 'enter', 'grant', 'kick', 'mute', 'hand', 'decline', 'attributes', 'destroy'];
/** Users that one session may watch. */
const WATCHED_MOST = 200;

const nameOf = (room: RoomId): string => JSON.stringify(room);

/** See the head of the file. */
export class FakeServer {
  /** Everything that arrived. */
  readonly seen: Seen[] = [];
  readonly urls: string[] = [];
  private readonly connections: Connection[] = [];
  private readonly sessions = new Map<string, Session>();
  /** Sessions that a newer login ended: whoever comes back to them is told so. */
  private readonly takenOver = new Set<string>();
  /** What has put sessions out of where they were, for clients that ask when theirs has run out. */
  private readonly putOut = new Map<string, { seq: number; event: Event }[]>();
  private readonly rooms = new Map<string, FakeRoom>();
  private readonly refusals: { op: string; failure: Failure }[] = [];
  private count = 0;
  /** New sockets fail. */
  unreachable = false;
  /** Frames arrive and are not answered; nothing is sent. */
  mute = false;
  heartbeatMs = 10_000;
  seatGraceMs = 90_000;
  /** How loud the voices of every mix are. */
  levels: VoiceLevel[] = [];
  /** Pushes kept for replay. */
  replay = 128;

  /** The calls of all users. */
  readonly calls: FakeCalls;
  /** All conferences. */
  readonly conferences: FakeConferences;
  private readonly presence: FakePresence;

  constructor(private readonly clock: Clock) {
    const push = (id: string, event: Event): void => {
      const session = this.sessions.get(id);
      if (session) {
        this.pushTo(session, event);
      }
    };
    this.presence = new FakePresence(clock, push);
    this.conferences = new FakeConferences(clock, {
      push,
      seat: (id, room, scene, role, publish, mix) => {
        const session = this.sessions.get(id);
        const elsewhere = session?.room && nameOf(session.roomId) !== nameOf(room);
        return session && !elsewhere ? this.join(session, { room, scene, role, publish, mix }) : null;
      },
      unseat: (id, reason) => this.unseat(id, reason),
      place: (id, role) => this.place(this.sessions.get(id), role),
      films: (id) => this.sessions.get(id)?.published.get('main')?.video === true,
      guest: (room, user, scene, inside) => (inside ? this.enter(room, user, scene) : this.leave(room, user)),
    });
    this.calls = new FakeCalls(clock, {
      sessionsOf: (user) => this.reachable(user).map(({ id }) => id),
      connected: (id) => !!this.sessions.get(id)?.conn,
      push: (id, event) => push(id, event as unknown as Event),
      takeSeat: (id, room) => {
        const session = this.sessions.get(id);
        if (session?.room && nameOf(session.roomId) === nameOf(room)) {
          this.outOfRoom(session, 'left');
        }
      },
    });
  }

  /** The sessions of a user on which calls ring. */
  private reachable(user: string): Session[] {
    return [...this.sessions.values()].filter((session) => session.user === user && session.calls);
  }

  /** Opens a socket. */
  connect(url: string, wire: Wire): { send(text: string): void; close(): void } {
    this.urls.push(url);
    const connection: Connection = { wire, open: false, session: null };
    let wanted = true;
    this.connections.push(connection);
    this.clock.after(WIRE_MS, () => {
      if (!wanted) {
        return;
      }
      if (this.unreachable) {
        wire.closed(1006, 'unreachable');
      } else {
        connection.open = true;
        wire.opened();
      }
    });
    return {
      send: (text) => this.clock.after(WIRE_MS, () => this.received(connection, text)),
      close: () => {
        wanted = false;
        this.gone(connection);
      },
    };
  }

  /** The next request of this kind is refused. */
  refuse(op: Request['op'], code: ErrorCode, retry: Failure['retry'] = 'never'): void {
    this.refusals.push({ op, failure: { code, message: `refused: ${code}`, blame: 'server', retry } });
  }

  /** Every socket breaks. */
  dropAll(code = 1006): void {
    for (const connection of this.connections.slice()) {
      if (connection.open) {
        this.gone(connection);
        connection.wire.closed(code, 'dropped');
      }
    }
  }

  /** The server restarts: sessions and seats are gone, sockets too. */
  restart(): void {
    this.dropAll();
    this.sessions.clear();
    this.rooms.clear();
    this.calls.clear();
    this.conferences.restart();
    this.presence.clear();
    this.putOut.clear();
  }

  /** Requests of one kind, oldest first. */
  requests<O extends Request['op']>(op: O): Extract<Seen, { op: O }>[] {
    return this.seen.filter((request): request is Extract<Seen, { op: O }> => request.op === op);
  }

  /** The names of all requests, without pings. */
  get ops(): string[] {
    return this.seen.map(({ op }) => op).filter((op) => op !== 'ping');
  }

  /** Open sockets. */
  get sockets(): number {
    return this.connections.filter(({ open }) => open).length;
  }

  /** Users who have a seat in a room. */
  members(room: RoomId): string[] {
    return [...(this.rooms.get(nameOf(room))?.members.keys() ?? [])];
  }

  /** The streams that a user's session has registered: microphone and camera of each. */
  published(user: string): Publish[] {
    return [...this.sessionOf(user).published.values()];
  }

  /** What the others see of a member. */
  member(room: RoomId, user: string): MemberInfo | undefined {
    return this.rooms.get(nameOf(room))?.members.get(user);
  }

  /** Somebody else enters the room. */
  enter(room: RoomId, user: string, scene: Scene = 'rtc'): void {
    const member: MemberInfo = { user, away: false, streams: [] };
    this.roomOf(room, scene).members.set(user, member);
    this.tell(room, user, { ev: 'memberJoined', member: structuredClone(member) });
  }

  /** Somebody else leaves. */
  leave(room: RoomId, user: string, reason: LeaveReason = 'left'): void {
    this.rooms.get(nameOf(room))?.members.delete(user);
    this.tell(room, user, { ev: 'memberLeft', user, reason });
  }

  /** A stream of somebody else changes. */
  stream(room: RoomId, user: string, kind: StreamKind, audio: boolean, video: boolean): void {
    const member = this.member(room, user);
    if (!member) {
      throw new Error(`${user} is not in the room`);
    }
    const stream: StreamState = { stream: kind, audio, video, play: `play-${user}-${kind}-${this.count}` };
    const at = member.streams.findIndex((other) => other.stream === kind);
    const known = member.streams[at];
    if (known) {
      stream.play = known.play;
      member.streams.splice(at, 1);
    } else {
      this.count += 1;
    }
    if (audio || video) {
      member.streams.push(stream);
    }
    this.tell(room, user, { ev: 'streamChanged', user, stream });
  }

  /** The connection of somebody in the room is lost for a while, or is back. */
  away(room: RoomId, user: string, away: boolean): void {
    Object.assign(this.member(room, user) ?? {}, { away });
    this.tell(room, user, { ev: 'memberAway', user, away });
  }

  /** Pushes an event to one user. */
  push(user: string, event: Event): void {
    this.pushTo(this.sessionOf(user), event);
  }

  /** Takes a user out of its room. */
  remove(user: string, reason: LeaveReason): void {
    const session = this.sessionOf(user);
    this.outOfRoom(session, reason);
    this.pushTo(session, { ev: 'removed', reason, message: `removed: ${reason}` });
  }

  /** Ends a session with a word to its client. */
  end(user: string, reason: EndReason): void {
    this.endSession(this.sessionOf(user), reason);
  }

  private endSession(session: Session, reason: EndReason): void {
    this.pushTo(session, { ev: 'sessionEnded', reason, message: `ended: ${reason}` });
    const { conn } = session;
    if (reason === 'takenOver') {
      this.takenOver.add(session.id);
    }
    this.forget(session);
    if (conn) {
      this.close(conn, 4002);
    }
  }

  /** Ends a session whose client is not there. */
  expire(user: string): void {
    this.forget(this.sessionOf(user));
  }

  /** Sends a text as it is. */
  raw(user: string, text: string): void {
    this.send(this.sessionOf(user).conn, text);
  }

  private roomOf(room: RoomId, scene: Scene): FakeRoom {
    const found = this.rooms.get(nameOf(room)) ?? { scene, members: new Map() };
    this.rooms.set(nameOf(room), found);
    return found;
  }

  private sessionOf(user: string): Session {
    const session = [...this.sessions.values()].find((other) => other.user === user);
    if (!session) {
      throw new Error(`${user} has no session`);
    }
    return session;
  }

  private tell(room: RoomId, about: string, event: Event): void {
    const of = this.rooms.get(nameOf(room));
    for (const session of this.sessions.values()) {
      if (of && session.room === of && session.user !== about) {
        this.pushTo(session, withKeys(event, session));
      }
    }
  }

  private pushTo(session: Session, event: Event): void {
    session.sent += 1;
    const text = JSON.stringify({ seq: session.sent, ...event });
    if (putsOut(event)) {
      this.putOut.set(session.id, [...(this.putOut.get(session.id) ?? []), { seq: session.sent, event }]);
    }
    session.pushes.push({ seq: session.sent, text });
    while (session.pushes.length > this.replay) {
      session.pushes.shift();
    }
    this.send(session.conn, text);
  }

  private send(connection: Connection | null, text: string): void {
    if (connection && !this.mute) {
      this.clock.after(WIRE_MS, () => {
        if (connection.open) {
          connection.wire.text(text);
        }
      });
    }
  }

  private close(connection: Connection, code: number): void {
    this.clock.after(WIRE_MS, () => {
      if (connection.open) {
        this.gone(connection);
        connection.wire.closed(code, 'closed by the server');
      }
    });
  }

  private gone(connection: Connection): void {
    connection.open = false;
    const { session } = connection;
    if (session?.conn === connection) {
      session.conn = null;
      this.missing(session, false);
    }
  }

  private forget(session: Session, goodbye = false): void {
    this.outOfRoom(session, goodbye ? 'left' : 'timedOut');
    this.sessions.delete(session.id);
    this.presence.ended(session.id);
    this.calls.gone(session.user, session.id, goodbye);
    this.missing(session, goodbye);
  }

  /** A connection is gone: perhaps it was the last one of its user. */
  private missing(session: Session, goodbye: boolean): void {
    this.calls.lost(session.user, session.id);
    if (session.calls && !this.reachable(session.user).some(({ conn }) => conn)) {
      this.presence.gone(session.user, goodbye);
    }
  }

  private outOfRoom(session: Session, reason: LeaveReason): void {
    const { room } = session;
    session.room = null;
    this.withdraw(session, room, reason);
    if (room) {
      this.conferences.seatLost(session.id, reason);
    }
  }

  /** Takes the seat of a session, and tells it unless it knows. */
  private unseat(id: string, reason: LeaveReason): void {
    const session = this.sessions.get(id);
    if (session?.room) {
      this.outOfRoom(session, reason);
      if (reason !== 'left') {
        this.pushTo(session, { ev: 'removed', reason, message: `removed: ${reason}` });
      }
    }
  }

  /** Somebody may send from now on, or not any more. */
  private place(session: Session | undefined, role: Role): void {
    if (session?.room?.scene === 'live') {
      this.setRole(session, role);
    } else if (session && role === 'audience') {
      session.published.clear();
      const streams = this.member(session.roomId, session.user)?.streams ?? [];
      [...streams].forEach(({ stream }) => this.stream(session.roomId, session.user, stream, false, false));
    }
  }

  /** The others see the member no more, and nothing that it has registered counts any longer. */
  private withdraw(session: Session, room: FakeRoom | null, reason: LeaveReason): void {
    session.published.clear();
    if (room?.members.delete(session.user)) {
      const key = [...this.rooms].find(([, other]) => other === room)?.[0] ?? '';
      this.tell(JSON.parse(key) as RoomId, session.user, { ev: 'memberLeft', user: session.user, reason });
    }
  }

  private announce(session: Session): void {
    if (session.room && !session.room.members.has(session.user)) {
      const member: MemberInfo = { user: session.user, away: false, streams: [] };
      session.room.members.set(session.user, member);
      this.tell(session.roomId, session.user, { ev: 'memberJoined', member });
    }
  }

  private setRole(session: Session, role: Role): void {
    session.role = role;
    if (role === 'publisher') {
      this.announce(session);
    } else {
      this.withdraw(session, session.room, 'becameAudience');
    }
  }

  private received(connection: Connection, text: string): void {
    if (!connection.open) {
      return;
    }
    const request = JSON.parse(text) as RequestFrame;
    const from = request.op === 'hello' ? request.user : (connection.session?.user ?? '');
    this.seen.push({ ...request, from });
    if (this.mute) {
      return;
    }
    const at = this.refusals.findIndex(({ op }) => op === request.op);
    if (at >= 0) {
      this.send(connection, JSON.stringify({ re: request.id, error: this.refusals.splice(at, 1)[0]?.failure }));
      if (request.op === 'hello') {
        this.close(connection, 4000);
      }
      return;
    }
    this.answer(connection, request);
  }

  private answer(connection: Connection, request: RequestFrame): void {
    const ok = (body: object = {}): void =>
      this.send(connection, JSON.stringify({ re: request.id, ok: { op: request.op, ...body } }));
    const error = (code: ErrorCode): void => {
      const failure: Failure = { code, message: `refused: ${code}`, blame: 'client', retry: code === 'conference-limit' ? 'later' : 'never' };
      this.send(connection, JSON.stringify({ re: request.id, error: failure }));
    };
    const { session } = connection;
    if (request.op === 'hello') {
      this.hello(connection, request, ok, error);
    } else if (!session) {
      error('not-logged-in');
    } else if (request.op === 'join' && !this.calls.mayJoin(session.user, session.id, request.room)) {
      error('may-not-enter');
    } else if (request.op === 'join' && session.voiceRoom !== null && nameOf(request.room) !== nameOf({ text: session.voiceRoom })) {
      error('may-not-enter');
    } else if (request.op === 'join' && session.room && nameOf(session.roomId) !== nameOf(request.room)) {
      error('already-in-room');
    } else if (request.op === 'join') {
      ok({ state: this.join(session, request) });
    } else if (request.op === 'levels') {
      ok({ levels: this.levels });
    } else if (request.op === 'ping') {
      ok({ time: this.clock.now });
    } else if (request.op === 'bye') {
      ok();
      this.forget(session, true);
      this.close(connection, 4002);
    } else if (request.op === 'setRole') {
      this.setRole(session, request.role);
      ok();
    } else if (request.op === 'publish' && (session.role === 'audience' || this.refusal(session, request))) {
      error(this.refusal(session, request) ?? 'may-not-publish');
    } else if (request.op === 'publish') {
      this.register(session, [request]);
      ok();
    } else if (request.op === 'watch' && request.users.length > WATCHED_MOST) {
      error('invalid-field');
    } else if (request.op === 'watch') {
      ok({ users: this.presence.watch(session.id, request.users) });
    } else if (CONFERENCE_OPS.includes(request.op) || (request.op === 'leave' && this.conferences.view(session.id))) {
      const reply = this.conferences.request(session.user, session.id, request as unknown as ConferenceRequest);
      if ('refused' in reply) {
        error(reply.refused);
      } else {
        ok(reply.ok);
      }
    } else if (request.op === 'leave') {
      this.outOfRoom(session, 'left');
      ok();
    } else if (CALL_OPS.includes(request.op) && !session.calls) {
      error('not-logged-in');
    } else if (CALL_OPS.includes(request.op)) {
      const reply = this.calls.request(session.user, session.id, request as unknown as CallRequest);
      if ('refused' in reply) {
        error(reply.refused);
      } else {
        ok(reply);
      }
    } else {
      ok();
    }
  }

  private hello(
    connection: Connection,
    request: Extract<RequestFrame, { op: 'hello' }>,
    ok: (body: object) => void,
    error: (code: ErrorCode) => void,
  ): void {
    const wish = request.resume;
    const known = wish ? this.sessions.get(wish.session) : undefined;
    const out = (!known && wish && this.putOut.get(wish.session)) || [];
    const unheard = out.filter(({ seq }) => seq > (wish?.seq ?? 0)).map(({ event }) => event);
    let session = known;
    if (wish && this.takenOver.has(wish.session)) {
      error('taken-over');
      this.close(connection, 4000);
      return;
    }
    if (!session) {
      if (request.sig === '') {
        error('bad-credential');
        this.close(connection, 4000);
        return;
      }
      const id = `s${++this.count}`;
      const { device = id, calls = false } = request;
      session = { id, user: request.user, device, calls, voiceRoom: request.voiceRoom ?? null, conn: null, pushes: [], sent: 0, room: null, roomId: { number: 1 }, role: 'publisher', published: new Map() };
      const ends = (other: Session): boolean => other.calls === calls && (other.device === device || !calls);
      for (const other of [...this.sessions.values()].filter(({ user }) => user === request.user).filter(ends)) {
        this.endSession(other, 'takenOver');
      }
      this.sessions.set(id, session);
    }
    session.conn = connection;
    connection.session = session;
    const missed = session.pushes.filter(({ seq }) => seq > (wish?.seq ?? 0));
    const snapshot = known !== undefined && missed.length < session.sent - (wish?.seq ?? 0);
    const welcome: Welcome = {
      version: 1,
      server: 'fake/1',
      session: session.id,
      secret: `secret-${session.id}`,
      resumed: !known ? 'new' : snapshot ? 'snapshot' : 'replayed',
      heartbeatMs: this.heartbeatMs,
      seatGraceMs: this.seatGraceMs,
      time: this.clock.now,
      media: {
        rtmp: 'rtmp://media.example:1935/live',
        flv: 'https://media.example/flv',
        wsFlv: 'wss://media.example/flv',
        whip: 'https://media.example/whip',
        whep: 'https://media.example/whep',
      },
      ...(unheard.length > 0 ? { missed: unheard } : {}),
    };
    ok(welcome);
    if (snapshot) {
      const calls = this.calls.snapshot(session.user, session.id);
      const conference = this.conferences.view(session.id);
      const room = session.room ? this.stateFor(session) : null;
      this.pushTo(session, { ev: 'state', room, calls, ...(conference ? { conference } : {}) } as Event);
    } else if (known) {
      missed.forEach(({ text }) => this.send(connection, text));
    }
    if (session.calls) {
      this.presence.here(session.user);
      this.calls.arrived(session.user, session.id, known === undefined);
    }
  }

  private join(session: Session, request: Pick<Join, 'room' | 'scene' | 'role' | 'publish' | 'mix'>): RoomState {
    const room = this.roomOf(request.room, request.scene ?? 'rtc');
    session.room = room;
    session.roomId = request.room;
    session.role = request.role ?? 'publisher';
    session.mix = request.mix === true;
    if (session.role === 'publisher') {
      this.announce(session);
    }
    this.register(session, request.publish ?? []);
    return this.stateFor(session);
  }

  private refusal(session: Session, publish: Publish): ErrorCode | null {
    return this.conferences.mayPublish(session.id, publish);
  }

  private register(session: Session, streams: Publish[]): void {
    for (const { stream = 'main', key, audio, video } of streams) {
      session.published.set(stream, { stream, ...(key ? { key } : {}), audio, video });
    }
  }

  private stateFor(session: Session): RoomState {
    const room = session.room;
    const others = [...(room?.members.values() ?? [])].filter(({ user }) => user !== session.user);
    const members = others.map((member) => keyed(member, session));
    const scene = room?.scene ?? 'rtc';
    const mix = session.mix ? { mix: { play: `mix-of-the-room-${session.id}` } } : {};
    return { room: session.roomId, scene, role: session.role, members, audience: 0, ...mix };
  }
}
