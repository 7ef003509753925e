/** The conference of now as pages know it: what the core tells becomes calls of what the page has assigned. */
import type { ConferenceEvent, ConferenceMember, ConferenceState, ConferenceStream, Failure, RosterChange } from '@huitong/core';
import { roleNumber } from './constants.js';
import { REASONS, exitByFailure } from './exits.js';
import type { Exit } from './exits.js';
import { memberObject, roleToken, selfObject, streamObject } from './objects.js';
import type { Member, Stream } from './objects.js';
import type { Names } from './identity.js';

/** Calls what the page has assigned under this name. */
export type Fire = (name: string, ...args: unknown[]) => void;

/** An attribute, as pages are told of it. */
export interface Attribute {
  key: string;
  val: string;
  op: 'UPDATE' | 'DEL';
  memName?: string;
}

const STREAM_OFF = 'Unpub';

/** See the head of the file. */
export class Stage {
  /** Everybody inside, oneself first. */
  private readonly members = new Map<number, Member>();
  private readonly streams = new Map<number, Stream>();
  /** Every attribute that was ever told, with its latest word. */
  private attributes: Attribute[] = [];
  /** Hands that are up, as told. */
  private readonly hands = new Map<number, ConferenceMember>();
  private state: ConferenceState | null = null;
  /** What an admin leaves out of oneself, as told. */
  private muted = { audio: false, video: false };
  private isOut = false;

  /** `rebuilds`: whether the page wants to hear of a conference that is told anew, and clears what it shows by itself. */
  constructor(
    readonly names: Names,
    private readonly fire: Fire,
    private readonly rebuilds: () => boolean,
  ) {}

  /** Whether this name means the conference of now. */
  is(conference: string): boolean {
    return this.conference === conference;
  }

  /** The name of the conference; empty before the entry. */
  get conference(): string {
    return this.state?.conference ?? '';
  }

  /** The core's words for a stream that pages know by its id. */
  streamNumber(id: string): number | null {
    const found = [...this.streams].filter(([, stream]) => stream.id === id)[0];
    return found ? found[0] : null;
  }

  /** Who is the member of this number, if it is known. */
  userOf(number: number): string | undefined {
    return this.members.get(number)?.userName ?? this.hands.get(number)?.user;
  }

  /** Something happened. */
  tell(event: ConferenceEvent, session: string): void {
    switch (event.type) {
      case 'entered':
        this.entered(event.state, session, event.again);
        break;
      case 'role':
        this.ownRole(event.role);
        break;
      case 'muted':
        this.silenced(event.audio, event.video);
        break;
      case 'hand':
        this.hand(event.member, event.up);
        break;
      case 'handDeclined':
        this.fire('onHandDeclined');
        break;
      case 'attributes':
        this.written(event);
        break;
      case 'audience':
        this.fire('onAudienceChanged', event.count);
        break;
      case 'pushRefused':
        this.fire('onPushRefused', { error: exitByFailure(event.failure, false).failed, message: event.failure.message });
        break;
      case 'over':
        this.exit(exitOf(event.reason, event.failure));
        break;
      case 'settled':
      case 'interrupted':
      case 'resumed':
        break;
      default:
        this.changed(event);
    }
  }

  /**
   * Tells what is known once more, as the tags of the page have given up meanwhile. A page that rebuilds what it shows is told
   * everything, as by the file that this one replaces; another one that streams are over and come anew. Both hear of themselves
   * first, which is when pages publish.
   */
  retell(): void {
    const { state } = this;
    const all = this.rebuilds();
    const [self, ...others] = [...this.members.values()];
    if (!state || !self) {
      return;
    }
    const [streams, hands, { muted }] = [[...this.streams], [...this.hands.values()], this];
    const steps = all ? [() => this.reconnected(state)] : streams.map(([number]) => () => this.removed(number, STREAM_OFF));
    steps.push(() => this.joined(self));
    if (all) {
      steps.push(...others.map((member) => () => this.joined(member)), ...hands.map((member) => () => this.hand(member, true)));
    }
    if (all && (muted.audio || muted.video)) {
      steps.push(() => this.fire('onMuted', { ...muted }));
    }
    steps.push(...streams.map(([number, stream]) => () => this.added(number, stream)));
    // Any of them may make the page leave.
    steps.every((step) => {
      step();
      return !this.isOut;
    });
  }

  /** Out: everything that was known ends first. */
  exit({ reason, failed }: Exit): void {
    this.isOut = true;
    this.clear(reason);
    this.fire('onConferenceExit', reason, failed);
  }

  private entered(state: ConferenceState, session: string, again: boolean): void {
    const before = this.state;
    if (again) {
      if (!this.rebuilds()) {
        this.clear(undefined);
        [...this.hands.values()].forEach((member) => this.hand(member, false));
      }
      this.members.clear();
      this.streams.clear();
      this.hands.clear();
    }
    this.state = state;
    if (again) {
      this.reconnected(state);
    }
    const self = selfObject(this.names, state.you, session);
    this.members.set(state.you.member, self);
    this.joined(self);
    if (before) {
      this.catchUp(before, state);
    }
  }

  private reconnected({ conference }: ConferenceState): void {
    this.fire('onReconnect', { confrId: conference, id: conference }, { confrId: conference, type: 'CONFR' });
  }

  /** What is not so any more. What is so is told anew. */
  private catchUp(before: ConferenceState, state: ConferenceState): void {
    if (before.you.role !== state.you.role) {
      this.ownRole(state.you.role);
    }
    if (state.noAudio || state.noVideo) {
      this.muted = { audio: false, video: false }; // the word that follows is told, whatever was told before
    } else {
      this.silenced(false, false);
    }
    const left = new Set(Object.keys(state.attributes ?? {}));
    const gone = this.attributes.filter(({ key, op }) => op === 'UPDATE' && !left.has(key));
    if (gone.length > 0) {
      this.written({ changes: gone.map(({ key }) => ({ key })), by: null });
    }
  }

  private silenced(audio: boolean, video: boolean): void {
    if (this.muted.audio !== audio || this.muted.video !== video) {
      this.muted = { audio, video };
      this.fire('onMuted', { audio, video });
    }
  }

  private hand(member: ConferenceMember, up: boolean): void {
    if (up) {
      this.hands.set(member.member, member);
    } else {
      this.hands.delete(member.member);
    }
    this.fire('onHandRaised', this.memberOf(member), up);
  }

  private joined(member: Member): void {
    this.fire('onMemberJoined', member);
    this.fire('onMemberJoin', member);
  }

  private ownRole(role: ConferenceMember['role']): void {
    const { state } = this;
    if (state) {
      const self = this.members.get(state.you.member);
      if (self) {
        self.role = roleNumber(role);
      }
      this.state = { ...state, you: { ...state.you, role } };
      if (role !== 'admin') {
        this.hands.clear();
      }
      this.fire('onRoleChanged', roleNumber(role), roleToken(state.conference, role));
    }
  }

  private changed(change: RosterChange): void {
    switch (change.type) {
      case 'memberEntered': {
        const member = memberObject(this.names, change.member);
        this.members.set(change.member.member, member);
        this.joined(member);
        break;
      }
      case 'memberExited':
        this.left(change.member.member, change.reason === null ? undefined : REASONS[change.reason]);
        break;
      case 'memberRole': {
        const member = this.memberOf(change.member);
        member.role = roleNumber(change.member.role);
        this.fire('onMemberRoleChanged', member, member.role);
        break;
      }
      case 'streamAdded': {
        this.added(change.stream.number, streamObject(change.stream, this.memberOf(change.stream.member)));
        break;
      }
      case 'streamChanged':
        this.switched(change.stream);
        break;
      case 'memberAway':
        break; // The API has no word for it.
      default:
        this.removed(change.stream.number, change.reason === null ? STREAM_OFF : REASONS[change.reason]);
    }
  }

  private added(number: number, told: Stream): void {
    const stream = Object.assign({}, told);
    delete stream.closeReason;
    this.streams.set(number, stream);
    this.fire('onStreamAdded', stream);
  }

  private switched({ number, audio, video }: ConferenceStream): void {
    const stream = this.streams.get(number);
    if (stream) {
      stream.voff = video ? 0 : 1;
      stream.aoff = audio ? 0 : 1;
      const update = { voff: stream.voff, aoff: stream.aoff };
      this.fire('onMediaChanaged', stream, update);
      this.fire('onMediaChanged', stream, update);
    }
  }

  private removed(number: number, closeReason: string | number): void {
    const stream = this.streams.get(number);
    if (stream) {
      this.streams.delete(number);
      stream.closeReason = closeReason;
      this.fire('onStreamRemoved', stream);
    }
  }

  private left(number: number, reason: number | undefined): void {
    const member = this.members.get(number);
    if (member) {
      this.members.delete(number);
      this.fire('onMemberExited', member, reason);
    }
  }

  /** Streams, then members go, oneself as well: each entry gives another id. */
  private clear(reason: number | undefined): void {
    [...this.streams.keys()].forEach((number) => this.removed(number, reason ?? STREAM_OFF));
    [...this.members.keys()].forEach((number) => this.left(number, undefined));
  }

  private written({ changes, by }: Pick<Extract<ConferenceEvent, { type: 'attributes' }>, 'changes' | 'by'>): void {
    const who = by === null ? {} : { memName: memberObject(this.names, { member: 0, user: by, role: 'talker' }).memName };
    for (const { key, value } of changes) {
      const told: Attribute = { key, val: value ?? '', op: value === undefined ? 'DEL' : 'UPDATE', ...who };
      this.attributes = this.attributes.filter((other) => other.key !== key).concat(told);
    }
    this.fire('onConfrAttrsUpdated', this.attributes.slice());
  }

  private memberOf(member: ConferenceMember): Member {
    const known = this.members.get(member.member);
    return known ?? memberObject(this.names, member);
  }
}

function exitOf(reason: keyof typeof REASONS, failure: Failure | null): Exit {
  return failure && reason === 'failed' ? exitByFailure(failure, false) : { reason: REASONS[reason], failed: undefined };
}
