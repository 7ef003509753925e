/**
 * Calls of the server in memory. Users with sessions take part over the wire; all others are moved by the test. It
 * follows docs/protocol.md and the rules of calls where clients can tell the difference.
 */
import type { Call, CallEndReason, CallMedia, CallPush, CallRequest, ErrorCode, ParticipantState } from '@huitong/core';
import type { Clock } from './clock.js';

/** What the calls need of the server. `session` and `device` are ids. */
export interface CallHost {
  /** Those on which calls ring. */
  sessionsOf(user: string): string[];
  /** Whether a session has a connection now. */
  connected(session: string): boolean;
  push(session: string, event: CallPush): void;
  /** Whoever leaves the call leaves its room. */
  takeSeat(session: string, room: { number: number }): void;
}

interface Party {
  state: ParticipantState;
  /** The session that called or accepted. */
  session?: string;
  connectedAt: number;
}

interface Running {
  id: string;
  caller: string;
  media: CallMedia;
  group: string | undefined;
  backend: boolean;
  room: number;
  startedAt: number;
  until: number;
  parties: Map<string, Party>;
  cancel: () => void;
  /** Set while the caller has no connection and nobody has answered. */
  callerLost: () => void;
}

/** How long a caller may be without connection while it rings, ms. */
const CALLER_LOST_MS = 10_000;

const RINGS: readonly ParticipantState[] = ['ringing', 'offline'];
const IN: readonly ParticipantState[] = ['calling', 'connected', ...RINGS];

/** What became of a request. */
export type CallReply = { call?: Call } | { refused: ErrorCode };

const refused = (code: string): CallReply => ({ refused: code as ErrorCode });

/** See the head of the file. */
export class FakeCalls {
  private readonly running = new Map<string, Running>();
  /** The newest `ref` of a session, and the call that was made for it. */
  private readonly refs = new Map<string, { ref: string; call: string }>();
  /** Members of groups that the back-end has created. */
  readonly groups = new Map<string, string[]>();
  /** Rooms of calls, also of those that are over: the number of the room, and the call. */
  private readonly rooms = new Map<number, string>();
  private count = 0;

  constructor(
    private readonly clock: Clock,
    private readonly host: CallHost,
  ) {}

  /** The call that a user is in. */
  of(user: string): string | null {
    return [...this.running.values()].find((call) => IN.includes(call.parties.get(user)?.state ?? 'left'))?.id ?? null;
  }

  /** The number of the room of the call that a user is in. */
  roomOf(user: string): { number: number } {
    return { number: this.get(this.of(user) ?? '').room };
  }

  /** Somebody without a session calls; gives the id. */
  invite(caller: string, invitees: string[], media: CallMedia, more: { group?: string; timeoutMs?: number } = {}): string {
    return this.start(caller, undefined, { op: 'call', invitees, media, ...more }).id;
  }

  /** The back-end lets all of these ring; gives the id. */
  ring(first: string, others: string[], media: CallMedia): string {
    return this.start(first, undefined, { op: 'call', invitees: others, media }, true).id;
  }

  /** Somebody without a session answers. */
  accept(user: string): void {
    this.connect(this.get(this.of(user) ?? ''), user, undefined);
  }

  /** Somebody without a session leaves the call as `state`: rejected, left, lost … */
  leave(user: string, state: ParticipantState): void {
    this.out(this.get(this.of(user) ?? ''), user, state);
  }

  /** The whole call ends with one reason for all. */
  end(id: string, reason: CallEndReason): void {
    this.finish(this.get(id), reason);
  }

  /** A session is connected: what rings for its user rings there, and is announced where it is `fresh`. */
  arrived(user: string, session: string, fresh: boolean): void {
    for (const call of this.running.values()) {
      const party = call.parties.get(user);
      if (party?.session === session) {
        call.callerLost();
      } else if (party && RINGS.includes(party.state)) {
        const unheard = party.state === 'offline';
        party.state = 'ringing';
        if (fresh) {
          this.host.push(session, { ev: 'invited', call: this.view(call, user, session) });
        }
        if (unheard) {
          this.changed(call, user);
        }
      }
    }
  }

  /** A session has lost its connection. */
  lost(user: string, session: string): void {
    for (const call of this.running.values()) {
      const party = call.parties.get(user);
      if (party?.session === session && party.state === 'calling') {
        call.callerLost = this.clock.after(CALLER_LOST_MS, () => this.out(call, user, 'lost'));
      }
    }
  }

  /** A session is over; `goodbye`: on purpose. */
  gone(user: string, session: string, goodbye = false): void {
    this.refs.delete(session);
    for (const call of [...this.running.values()]) {
      if (call.parties.get(user)?.session === session) {
        this.out(call, user, goodbye ? 'left' : 'lost');
      }
    }
  }

  /** The server has lost everything. */
  clear(): void {
    this.running.forEach(({ cancel, callerLost }) => [cancel, callerLost].forEach((stop) => stop()));
    this.running.clear();
    this.refs.clear();
  }

  /** The calls of one session, for a snapshot. */
  snapshot(user: string, session: string): Call[] {
    return [...this.running.values()]
      .filter((call) => {
        const party = call.parties.get(user);
        return party && (RINGS.includes(party.state) || (IN.includes(party.state) && party.session === session));
      })
      .map((call) => this.view(call, user, session));
  }

  /** Whether a session may join a room, as far as calls are concerned. */
  mayJoin(user: string, session: string, room: unknown): boolean {
    const id = this.rooms.get((room as { number: number }).number);
    const party = this.running.get(id ?? '')?.parties.get(user);
    return id === undefined || (party?.session === session && IN.includes(party.state));
  }

  /** A request over the wire. */
  request(user: string, session: string, request: CallRequest): CallReply {
    if (request.op === 'call') {
      return this.place(user, session, request);
    }
    const call = this.running.get(request.call);
    const party = call?.parties.get(user);
    if (!call || !party || !IN.includes(party.state)) {
      return refused('call-gone');
    }
    if (request.op === 'accept') {
      if (party.state === 'connected') {
        return party.session === session ? { call: this.view(call, user, session) } : refused('call-gone');
      }
      if (party.state === 'calling') {
        return refused('call-gone');
      }
      this.connect(call, user, session);
      return { call: this.view(call, user, session) };
    }
    if (party.session !== undefined && request.op === 'reject') {
      return refused(party.session === session ? 'not-your-call' : 'call-gone');
    }
    if (party.session !== undefined && party.session !== session) {
      return refused('not-your-call');
    }
    const rang = RINGS.includes(party.state);
    const state = rang ? (request.op === 'reject' && request.busy ? 'busy' : 'rejected') : 'left';
    this.out(call, user, state, session);
    return {};
  }

  private get(id: string): Running {
    const call = this.running.get(id);
    if (!call) {
      throw new Error(`there is no call ${id}`);
    }
    return call;
  }

  private place(user: string, session: string, request: Extract<CallRequest, { op: 'call' }>): CallReply {
    const { ref } = request;
    const before = this.refs.get(session);
    if (ref !== undefined && before?.ref === ref) {
      const made = this.running.get(before.call);
      return made ? { call: this.view(made, user, session) } : refused('call-gone');
    }
    const members = this.groups.get(request.group ?? '');
    if (members && [user, ...request.invitees].some((one) => !members.includes(one))) {
      return refused('not-in-group');
    }
    if (request.invitees.includes(user) || new Set(request.invitees).size !== request.invitees.length) {
      return refused('invalid-field');
    }
    const own = this.running.get(this.of(user) ?? '');
    const glare = own !== undefined && answers(own, user, request);
    if (own && !glare) {
      return refused('call-busy');
    }
    if (own) {
      this.connect(own, user, session);
    }
    const call = own ?? this.start(user, session, request);
    if (ref !== undefined) {
      this.refs.set(session, { ref, call: call.id });
    }
    return { call: this.view(call, user, session) };
  }

  private start(caller: string, session: string | undefined, request: Extract<CallRequest, { op: 'call' }>, backend = false): Running {
    const id = `call-${++this.count}`;
    const timeoutMs = request.timeoutMs ?? 30_000;
    const busy = new Set(request.invitees.filter((user) => this.of(user)));
    const call: Running = {
      id, caller, media: request.media, group: request.group, backend, room: 5000 + this.count, parties: new Map(),
      startedAt: this.clock.now, until: this.clock.now + timeoutMs, cancel: () => undefined, callerLost: () => undefined,
    };
    this.running.set(id, call);
    this.rooms.set(call.room, id);
    const party = (state: ParticipantState): Party => ({ state, connectedAt: 0, ...(session ? { session } : {}) });
    const rings = (user: string): ParticipantState => (this.host.sessionsOf(user).some((to) => this.host.connected(to)) ? 'ringing' : 'offline');
    call.parties.set(caller, party(backend ? rings(caller) : 'calling'));
    for (const user of request.invitees) {
      call.parties.set(user, { state: busy.has(user) ? 'busy' : rings(user), connectedAt: 0 });
    }
    call.cancel = this.clock.after(timeoutMs, () => this.expired(call));
    // The answer goes out before anything that follows from it.
    this.clock.after(0, () => {
      if (busy.size === request.invitees.length) {
        this.finish(call, 'busy');
      }
    });
    for (const user of [...(backend ? [caller] : []), ...request.invitees.filter((other) => !busy.has(other))]) {
      this.host.sessionsOf(user).forEach((to) => this.host.push(to, { ev: 'invited', call: this.view(call, user, to) }));
    }
    return call;
  }

  private connect(call: Running, user: string, session: string | undefined): void {
    const party = call.parties.get(user);
    const caller = call.parties.get(call.caller);
    if (!party || !caller) {
      return;
    }
    party.state = 'connected';
    if (session) {
      party.session = session;
    }
    const first = caller.state === 'calling';
    if (first) {
      caller.state = 'connected';
      call.callerLost();
    }
    const talking = [...call.parties.values()].filter(({ state }) => state === 'connected');
    talking.filter(({ connectedAt }) => talking.length > 1 && connectedAt === 0).forEach((one) => (one.connectedAt = this.clock.now));
    this.host.sessionsOf(user).filter((other) => other !== session)
      .forEach((other) => this.host.push(other, { ev: 'callEnded', call: call.id, reason: 'answeredElsewhere', durationMs: 0 }));
    this.changed(call, user);
    if (first) {
      this.changed(call, call.caller, session);
    }
  }

  /** Participant `user` is out; `by` is the session that asked for it, which needs no word. */
  private out(call: Running, user: string, state: ParticipantState, by?: string): void {
    const party = call.parties.get(user);
    if (!party || !this.running.has(call.id)) {
      return;
    }
    const before = party.state;
    const to = party.session ? [party.session] : RINGS.includes(before) ? this.host.sessionsOf(user) : [];
    const durationMs = party.connectedAt ? this.clock.now - party.connectedAt : 0;
    party.state = state;
    const elsewhere = by !== undefined && RINGS.includes(before);
    const own = elsewhere ? 'refusedElsewhere' : state === 'unreachable' ? 'timedOut' : (state as CallEndReason);
    if (party.session) {
      this.host.takeSeat(party.session, { number: call.room });
    }
    to.filter((session) => session !== by).forEach((session) => this.host.push(session, { ev: 'callEnded', call: call.id, reason: own, durationMs }));
    if (user === call.caller && before === 'calling') {
      this.finish(call, state === 'lost' ? 'lost' : 'cancelled');
      return;
    }
    this.changed(call, user);
    this.overIf(call, state);
  }

  private overIf(call: Running, state: ParticipantState): void {
    const states = [...call.parties.values()].map((party) => party.state);
    const ringing = states.filter((other) => other === 'ringing' || other === 'offline').length;
    const connected = states.filter((other) => other === 'connected').length;
    const declined = call.backend && !group(call);
    const nobodyElse = (ringing === 0 && connected < 2) || declined;
    if (nobodyElse || (connected === 0 && !states.includes('calling'))) {
      const unanswered: Partial<Record<ParticipantState, CallEndReason>> = {
        rejected: 'rejected', busy: 'busy', timedOut: 'timedOut', unreachable: 'unreachable', lost: 'lost',
      };
      this.finish(call, unanswered[state] ?? 'hungUp');
    }
  }

  private expired(call: Running): void {
    for (const [user, party] of [...call.parties]) {
      if (party.state === 'ringing' || party.state === 'offline') {
        this.out(call, user, party.state === 'ringing' ? 'timedOut' : 'unreachable');
      }
    }
  }

  private finish(call: Running, reason: CallEndReason): void {
    if (!this.running.delete(call.id)) {
      return;
    }
    call.cancel();
    call.callerLost();
    for (const [user, { state, session, connectedAt }] of call.parties) {
      const to = session ? [session] : this.host.sessionsOf(user);
      if (IN.includes(state)) {
        if (session) {
          this.host.takeSeat(session, { number: call.room });
        }
        const durationMs = connectedAt ? this.clock.now - connectedAt : 0;
        to.forEach((one) => this.host.push(one, { ev: 'callEnded', call: call.id, reason, durationMs }));
      }
    }
  }

  /** Tells those concerned how it stands with one of a call; `knows` is a session that has it from a reply. */
  private changed(call: Running, user: string, knows?: string): void {
    const state = call.parties.get(user)?.state ?? 'left';
    for (const [other, party] of call.parties) {
      const rings = party.state === 'ringing' && group(call);
      const to = rings ? this.host.sessionsOf(other) : party.session && IN.includes(party.state) ? [party.session] : [];
      if (other !== user) {
        to.filter((one) => one !== knows).forEach((one) => this.host.push(one, { ev: 'callChanged', call: call.id, user, state }));
      }
    }
  }

  private view(call: Running, user: string, session: string): Call {
    const party = call.parties.get(user);
    const own = party?.session === session ? party.state : 'ringing';
    const [, second = ''] = [...call.parties.keys()];
    return {
      call: call.id,
      caller: call.backend && user === call.caller ? second : call.caller,
      ...(call.backend ? { backend: true } : {}),
      media: call.media,
      room: { number: call.room },
      ...(call.group ? { group: call.group } : {}),
      ringingMs: Math.max(0, call.until - this.clock.now),
      startedMs: call.startedAt,
      ...(party?.connectedAt ? { connectedMs: party.connectedAt } : {}),
      you: own === 'connected' || own === 'calling' ? own : 'ringing',
      participants: [...call.parties].map(([other, { state: its }]) => ({ user: other, state: its })),
    };
  }
}

const group = (call: Running): boolean => call.group !== undefined || call.parties.size > 2;

/** Whether both call each other at the same time: then the second call is the answer to the first. */
function answers(call: Running, user: string, request: Extract<CallRequest, { op: 'call' }>): boolean {
  const rings = RINGS.includes(call.parties.get(user)?.state ?? 'left') && call.parties.get(call.caller)?.state === 'calling';
  const same = request.invitees.length === 1 && request.invitees[0] === call.caller;
  return rings && same && !group(call) && request.group === undefined;
}
