/**
 * Conferences of the server in memory. Users with sessions take part over the wire; all others are moved by the test. It
 * follows docs/protocol.md, section 12, where clients can tell the difference.
 */
import type {
  AttributeChange, ConferenceExit, ConferenceKind, ConferenceMember, ConferenceRequest, ConferenceRole, ConferenceSettings, ConferenceState,
  ErrorCode, Event, Failure, LeaveReason, Publish, Role, RoomId, RoomState, Scene,
} from '@huitong/core';
import type { Clock } from './clock.js';

/** What conferences need of the server. `session` is an id. */
export interface ConferenceHost {
  push(session: string, event: Event): void;
  /** Gives a session a seat in a room; null if it sits in another one. */
  seat(session: string, room: RoomId, scene: Scene, role: Role, publish: Publish[], mix: boolean): RoomState | null;
  /** Takes the seat; tells the session unless it knows. */
  unseat(session: string, reason: LeaveReason): void;
  /** Whoever may not send any more: its streams are over. In a live room it is among the publishers or not. */
  place(session: string, role: Role): void;
  /** Whether a session sends a camera's picture. */
  films(session: string): boolean;
  /** Somebody without a session comes into a room, or goes. */
  guest(room: RoomId, user: string, scene: Scene, inside: boolean): void;
}

interface Member extends ConferenceMember {
  /** Empty for those whom the test moves. */
  session: string;
  noAudio: boolean;
  noVideo: boolean;
}

interface Conference {
  name: string;
  room: RoomId;
  kind: ConferenceKind;
  creator: string;
  password: string;
  settings: ConferenceSettings;
  members: Map<number, Member>;
  decided: Map<string, ConferenceRole>;
  /** What admins leave out of users, wherever they are meanwhile. */
  silenced: Map<string, Pick<Member, 'noAudio' | 'noVideo'>>;
  hands: Set<number>;
  attributes: Record<string, string>;
  /** Set while nobody is inside. */
  cancel: () => void;
}

interface Ticket {
  user: string;
  conference: string;
  role: ConferenceRole | undefined;
  used: boolean;
  until: number;
}

/** What became of a request: the body of the reply, or why not. */
export type ConferenceReply = { ok: object } | { refused: ErrorCode };

const TICKET_MS = 300_000;
const EMPTY_MS = 60_000;
/** How long they wait for the first who comes at least, also after a restart. */
const ARRIVAL_MS = 60_000;

const NO_CAMERA: Failure = { code: 'conference-limit', message: 'As many cameras are on as may be.', blame: 'client', retry: 'later' };

const refused = (code: ErrorCode): ConferenceReply => ({ refused: code });
const sceneOf = (kind: ConferenceKind): Scene => (kind === 'live' ? 'live' : 'rtc');
const placeOf = (role: ConferenceRole): Role => (role === 'audience' ? 'audience' : 'publisher');

const WHY: Record<ConferenceExit, LeaveReason> = {
  left: 'left', noAnswer: 'left', busy: 'left', notSupported: 'left', failed: 'timedOut', removed: 'kicked', otherDevice: 'replaced',
  closed: 'dissolved',
};
const EXITS: Partial<Record<LeaveReason, ConferenceExit>> = {
  kicked: 'removed', dissolved: 'closed', replaced: 'otherDevice', timedOut: 'failed',
};

/** See the head of the file. */
export class FakeConferences {
  private readonly running = new Map<string, Conference>();
  private readonly tickets = new Map<string, Ticket>();
  private readonly ended = new Set<string>();
  private count = 0;

  constructor(
    private readonly clock: Clock,
    private readonly host: ConferenceHost,
  ) {}

  /** The conference of a room. */
  inRoom(room: RoomId): string | null {
    return this.ofRoom(room)?.name ?? null;
  }

  /** Who is inside, with its role, in the order in which they came. */
  people(name: string): Record<string, ConferenceRole> {
    const members = [...(this.running.get(name)?.members.values() ?? [])];
    return Object.fromEntries(members.map(({ user, role }) => [user, role]));
  }

  /** What is written down. */
  attributesOf(name: string): Record<string, string> {
    return { ...this.running.get(name)?.attributes };
  }

  /** Somebody without a session comes in. */
  enter(name: string, user: string, role: ConferenceRole = 'talker', nick?: string): number {
    const conference = this.get(name);
    if (role !== 'audience' || conference.kind !== 'live') {
      this.host.guest(conference.room, user, sceneOf(conference.kind), true);
    }
    return this.add(conference, { user, role, session: '', ...(nick ? { nick } : {}) }).member;
  }

  /** Somebody without a session goes. */
  exit(name: string, user: string, reason: ConferenceExit = 'left'): void {
    const conference = this.get(name);
    const member = this.byUser(conference, user);
    if (member) {
      this.out(conference, member, reason);
    }
  }

  /** The back-end does what an admin may do. */
  act(name: string, request: ConferenceRequest): void {
    this.govern(this.get(name), '', request);
  }

  /** Everything written down so far runs out. */
  expireTickets(): void {
    this.tickets.forEach((ticket) => (ticket.until = 0));
  }

  /** The server restarts: conferences go on, nobody is in them, and tickets are void. */
  restart(): void {
    this.tickets.clear();
    this.ended.clear();
    this.running.forEach((conference) => {
      conference.members.clear();
      conference.hands.clear();
      this.settle(conference, ARRIVAL_MS);
    });
  }

  /** A session has lost its seat by other ways than those of its conference. */
  seatLost(session: string, reason: LeaveReason): void {
    const found = this.ofSession(session);
    if (found) {
      this.out(found.conference, found.member, EXITS[reason] ?? 'left', true);
    }
  }

  /** The conference as a session sees it. */
  view(session: string): ConferenceState | undefined {
    const found = this.ofSession(session);
    return found && this.viewOf(found.conference, found.member);
  }

  /** Whether a session may register this stream. */
  mayPublish(session: string, publish: Publish): ErrorCode | null {
    const found = this.ofSession(session);
    if (!found) {
      return null;
    }
    const { conference, member } = found;
    return member.role === 'audience' ? 'may-not-publish' : this.mayFilm(conference, session, publish) ? null : 'conference-limit';
  }

  private mayFilm(conference: Conference, session: string, { stream = 'main', video }: Publish): boolean {
    const others = [...conference.members.values()].filter((other) => other.session !== session && this.host.films(other.session)).length;
    return stream !== 'main' || !video || others < (conference.settings.maxVideos ?? Infinity);
  }

  /** A request of a session. */
  request(user: string, session: string, request: ConferenceRequest): ConferenceReply {
    switch (request.op) {
      case 'ticket':
        return this.ticket(user, request);
      case 'look':
        return this.look(user, request.conference, request.password);
      case 'enter':
        return this.admit(user, session, request);
      case 'leave': {
        const found = this.ofSession(session);
        if (found) {
          this.out(found.conference, found.member, request.reason ?? 'left');
        }
        return { ok: {} };
      }
      case 'hand': {
        const found = this.ofSession(session);
        return found ? this.hand(found.conference, found.member, request.up) : refused('not-in-conference');
      }
      default: {
        const conference = this.running.get(request.conference);
        return conference ? this.govern(conference, user, request) : refused('no-conference');
      }
    }
  }

  private ticket(user: string, request: Extract<ConferenceRequest, { op: 'ticket' }>): ConferenceReply {
    const { conference: name, room, settings = {}, password = '', role } = request;
    let conference = name !== undefined ? this.running.get(name) : room && this.ofRoom(room);
    if (name !== undefined && !conference) {
      return refused(this.ended.has(name) ? 'conference-over' : 'no-conference');
    }
    const created = !conference;
    conference ??= this.create(user, room, settings, password);
    if (!created && conference.password !== password && conference.creator !== user) {
      return refused('wrong-password');
    }
    const ticket = `ticket-${++this.count}`;
    this.tickets.set(ticket, { user, conference: conference.name, role, used: false, until: this.clock.now + TICKET_MS });
    return { ok: { ticket, conference: conference.name, room: conference.room, kind: conference.kind, created, validMs: TICKET_MS } };
  }

  private create(creator: string, room: RoomId | undefined, settings: ConferenceSettings, password: string): Conference {
    const name = `k-${++this.count}`;
    const kind = settings.kind ?? 'ordinary';
    const conference: Conference = {
      name, room: room ?? { text: name }, kind, creator, password, settings, members: new Map(), decided: new Map(), silenced: new Map(), hands: new Set(), attributes: {},
      cancel: () => undefined,
    };
    this.running.set(name, conference);
    this.settle(conference, ARRIVAL_MS);
    return conference;
  }

  private look(user: string, name: string, password = ''): ConferenceReply {
    const conference = this.running.get(name);
    if (!conference) {
      return refused('no-conference');
    }
    if (conference.password !== password && conference.creator !== user) {
      return refused('wrong-password');
    }
    const all = [...conference.members.values()];
    const audience = all.filter(({ role }) => role === 'audience').length;
    const talkers = all.filter(({ role }) => role !== 'audience').map((member) => member.user);
    return { ok: { conference: name, room: conference.room, kind: conference.kind, members: all.length, audience, talkers } };
  }

  private admit(user: string, session: string, request: Extract<ConferenceRequest, { op: 'enter' }>): ConferenceReply {
    const ticket = this.tickets.get(request.ticket);
    const conference = this.running.get(request.conference);
    const present = this.ofSession(session);
    if (!ticket || ticket.user !== user || (conference && ticket.conference !== conference.name)) {
      return refused('ticket-invalid');
    }
    if (!conference) {
      return refused('conference-over');
    }
    if (present && present.conference !== conference) {
      return refused('already-in-room');
    }
    if (!present && (ticket.used || ticket.until < this.clock.now)) {
      return refused(ticket.used ? 'ticket-void' : 'ticket-expired');
    }
    const role = present?.member.role ?? this.roleOf(conference, user, ticket.role);
    const full = present ? null : this.full(conference, user, role);
    if (full) {
      return refused(full);
    }
    const earlier = this.byUser(conference, user);
    if (earlier && !present) {
      this.out(conference, earlier, 'otherDevice');
    }
    const publish = role === 'audience' ? [] : (request.publish ?? []).filter((stream) => this.mayFilm(conference, session, stream));
    // Only live rooms have audience.
    const place = conference.kind === 'live' ? placeOf(role) : 'publisher';
    const mix = conference.kind === 'large' || request.mix === true;
    const state = this.host.seat(session, conference.room, sceneOf(conference.kind), place, publish, mix);
    if (!state) {
      return refused('already-in-room');
    }
    for (const one of role === 'audience' ? [] : (request.publish ?? [])) {
      if (!publish.includes(one)) {
        this.host.push(session, { ev: 'publishRefused', stream: one.stream ?? 'main', error: NO_CAMERA });
      }
    }
    ticket.used = true;
    const { nick, ext } = request;
    const member = present?.member ?? this.add(conference, { user, role, session, ...(nick ? { nick } : {}), ...(ext ? { ext } : {}) });
    return { ok: { conference: this.viewOf(conference, member), state } };
  }

  private full(conference: Conference, user: string, role: ConferenceRole): ErrorCode | null {
    const audience = role === 'audience';
    const others = [...conference.members.values()].filter((other) => other.user !== user && (other.role === 'audience') === audience).length;
    const most = audience ? conference.settings.maxAudience : conference.settings.maxTalkers;
    return others < (most ?? Infinity) ? null : audience ? 'room-full' : 'talkers-full';
  }

  private roleOf(conference: Conference, user: string, asked: ConferenceRole | undefined): ConferenceRole {
    const ordinary = conference.settings.defaultRole ?? (conference.kind === 'live' ? 'audience' : 'talker');
    const wish = conference.decided.get(user) ?? asked ?? ordinary;
    return conference.creator === user ? 'admin' : wish === 'admin' && !conference.decided.has(user) ? 'talker' : wish;
  }

  private add(conference: Conference, who: Omit<Member, 'member' | 'noAudio' | 'noVideo'>): Member {
    const member: Member = { noAudio: false, noVideo: false, ...conference.silenced.get(who.user), ...who, member: ++this.count };
    conference.members.set(member.member, member);
    conference.cancel();
    if (this.announced(conference, member.role)) {
      this.tell(conference, { ev: 'conferenceJoined', member: plain(member) }, member);
    }
    return member;
  }

  private out(conference: Conference, member: Member, reason: ConferenceExit, seatGone = false): void {
    conference.members.delete(member.member);
    conference.hands.delete(member.member);
    if (!member.session) {
      this.host.guest(conference.room, member.user, sceneOf(conference.kind), false);
    } else if (!seatGone) {
      this.host.unseat(member.session, WHY[reason]);
    }
    if (this.announced(conference, member.role)) {
      this.tell(conference, { ev: 'conferenceLeft', member: member.member, user: member.user, reason });
    }
    if (member.session && reason !== 'left' && !/noAnswer|busy|notSupported/.test(reason)) {
      this.host.push(member.session, { ev: 'conferenceExited', conference: conference.name, reason });
    }
    this.settle(conference);
  }

  /** A conference that nobody is in is over after a while. */
  private settle(conference: Conference, leastMs = 0): void {
    conference.cancel();
    if (conference.members.size === 0) {
      const ms = Math.max(conference.settings.emptyMs ?? EMPTY_MS, leastMs);
      conference.cancel = this.clock.after(ms, () => this.end(conference));
    }
  }

  private end(conference: Conference): void {
    this.running.delete(conference.name);
    this.ended.add(conference.name);
    [...conference.members.values()].forEach((member) => this.out(conference, member, 'closed'));
    conference.cancel();
  }

  private hand(conference: Conference, member: Member, up: boolean): ConferenceReply {
    if (conference.hands.has(member.member) !== up && !(up && member.role !== 'audience')) {
      if (up && conference.settings.noHands) {
        return refused('not-admin');
      }
      conference.hands[up ? 'add' : 'delete'](member.member);
      const admins = [...conference.members.values()].filter(({ role, session }) => role === 'admin' && session);
      admins.forEach(({ session }) => this.host.push(session, { ev: 'handChanged', member: plain(member), up }));
    }
    return { ok: {} };
  }

  /** What admins do; `user` is empty for the back-end. */
  private govern(conference: Conference, user: string, request: ConferenceRequest): ConferenceReply {
    const own = this.byUser(conference, user);
    if (request.op === 'attributes') {
      return own || !user ? this.write(conference, request.changes, user) : refused('not-in-conference');
    }
    if (user && own?.role !== 'admin' && conference.creator !== user) {
      return refused('not-admin');
    }
    if (request.op === 'destroy') {
      this.end(conference);
      return { ok: {} };
    }
    const named = this.named(conference, request);
    if (named.length === 0) {
      return refused('nobody-there');
    }
    for (const member of named) {
      if (request.op === 'grant') {
        this.grant(conference, member, request.role);
      } else if (request.op === 'kick') {
        this.out(conference, member, 'removed');
      } else if (request.op === 'mute') {
        const silence = { noAudio: request.audio, noVideo: request.video };
        conference.silenced.set(member.user, silence);
        Object.assign(member, silence);
        this.host.push(member.session, { ev: 'muted', audio: request.audio, video: request.video });
      } else {
        this.hand(conference, member, false);
        this.host.push(member.session, { ev: 'handDeclined' });
      }
    }
    return { ok: { users: named.map((member) => member.user) } };
  }

  private named(conference: Conference, request: ConferenceRequest): Member[] {
    const users = 'users' in request ? (request.users ?? []) : request.op === 'decline' ? [request.user] : [];
    const numbers = 'members' in request ? (request.members ?? []) : [];
    return [...conference.members.values()].filter(({ user, member }) => users.includes(user) || numbers.includes(member));
  }

  private grant(conference: Conference, member: Member, role: ConferenceRole): void {
    const before = this.announced(conference, member.role);
    member.role = role;
    conference.decided.set(member.user, role);
    if (role !== 'audience') {
      this.hand(conference, member, false);
    }
    if (member.session) {
      this.host.place(member.session, placeOf(role));
    }
    const after = this.announced(conference, role);
    const { member: number, user } = member;
    if (before && !after) {
      this.tell(conference, { ev: 'conferenceLeft', member: number, user }, member);
    } else if (!before && after) {
      this.tell(conference, { ev: 'conferenceJoined', member: plain(member) }, member);
    }
    const knows = (other: Member): boolean => other === member || (before && after);
    for (const other of [...conference.members.values()].filter((other) => other.session && knows(other))) {
      this.host.push(other.session, { ev: 'roleChanged', member: number, user, role });
    }
  }

  private write(conference: Conference, changes: AttributeChange[], by: string): ConferenceReply {
    for (const { key, value } of changes) {
      delete conference.attributes[key];
      if (value !== undefined) {
        conference.attributes[key] = value;
      }
    }
    this.tell(conference, { ev: 'attributesChanged', changes, ...(by ? { by } : {}) });
    return { ok: {} };
  }

  private tell(conference: Conference, event: Event, but?: Member): void {
    for (const member of conference.members.values()) {
      if (member.session && member !== but) {
        this.host.push(member.session, event);
      }
    }
  }

  private announced(conference: Conference, role: ConferenceRole): boolean {
    return conference.kind !== 'live' || role !== 'audience';
  }

  private viewOf(conference: Conference, own: Member): ConferenceState {
    const { name, kind, attributes, hands } = conference;
    const members = [...conference.members.values()].filter((other) => other !== own && this.announced(conference, other.role)).map(plain);
    const raised = [...hands].flatMap((number) => conference.members.get(number) ?? []).map(plain);
    return {
      conference: name, kind, you: plain(own), members, attributes: { ...attributes },
      ...(own.noAudio ? { noAudio: true } : {}), ...(own.noVideo ? { noVideo: true } : {}), ...(own.role === 'admin' ? { hands: raised } : {}),
    };
  }

  private get(name: string): Conference {
    const conference = this.running.get(name);
    if (!conference) {
      throw new Error(`there is no conference ${name}`);
    }
    return conference;
  }

  private ofRoom(room: RoomId): Conference | undefined {
    return [...this.running.values()].find((conference) => JSON.stringify(conference.room) === JSON.stringify(room));
  }

  private byUser(conference: Conference, user: string): Member | undefined {
    return [...conference.members.values()].find((member) => member.user === user);
  }

  private ofSession(session: string): { conference: Conference; member: Member } | undefined {
    for (const conference of this.running.values()) {
      const member = [...conference.members.values()].find((other) => other.session === session);
      if (session && member) {
        return { conference, member };
      }
    }
    return undefined;
  }
}

function plain({ member, user, role, nick, ext }: ConferenceMember): ConferenceMember {
  return { member, user, role, ...(nick ? { nick } : {}), ...(ext ? { ext } : {}) };
}
