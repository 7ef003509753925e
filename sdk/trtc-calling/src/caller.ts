/** One component between its page and the calls of its user: what pages ask, what they are told, what templates read. */
import { Emitter, deviceId, playUrl } from '@huitong/core';
import type { Call, Calls, CallsEvent, CallWish, Outcome, Platform } from '@huitong/core';
import { Tone, findServer, keepScreenOn, language, settings, toast } from '@huitong/wx-platform';
import { bell } from './bell.js';
import { Center } from './center.js';
import type { Seat } from './center.js';
import { AUDIO, CODE, EVENT, VIDEO, errorFor, errorOf } from './constants.js';
import type { CallStatus, ErrorData, EventCode } from './constants.js';
import { Ends } from './ends.js';
import { Local } from './local.js';
import { ACTION, clock, inviteesOf, isGroup, roomOf, signalMessage, typeOf } from './message.js';
import type { SignalMessage } from './message.js';
import { loginOf } from './params.js';
import type { Config, Login } from './params.js';
import { watchedOf } from './presence.js';
import { Streams } from './streams.js';
import { textsFor, viewOf } from './view.js';

/** How the SDK calls itself in the server's log. */
const CLIENT = 'TRTCCalling/0.1.0';
/** How long it rings, ms. */
const RING_MS = 30000;
const SECOND_MS = 1000;
const VERSION = 4;
/** One for all pages: only one call rings. */
const ring = new Tone('huitong-ring-1.wav', bell);

/** What this class needs of the component. */
export interface CallerHost {
  /** The component, for native contexts. */
  readonly component: unknown;
  config(): Config;
  /** Whether an invitation is heard, and whether the own camera is shown before a video call is answered. */
  ringTone(): boolean;
  cameraPreview(): boolean;
  /** `done` is called when the page shows it. */
  setData(changes: Record<string, unknown>, done?: () => void): void;
}

/** What `call` and `groupCall` resolve. */
export type Placed = { code: 0; inviteID: string; roomID: number | string } | ErrorData;

type InRoom = Extract<CallsEvent, { type: 'room' }>['event'];

/** See the head of the file. */
export class Caller implements Seat {
  readonly emitter = new Emitter();
  readonly local: Local;
  readonly streams: Streams;
  status: CallStatus = 'idle';
  private center: Center | null = null;
  private login_: Login | null = null;
  private waiting: { resolve: () => void; reject: (error: ErrorData) => void }[] = [];
  private type = 0;
  private sponsor = false;
  private call_: Call | null = null;
  private wanted: string[] = [];
  /** Whom the page watches. */
  private watched: string[] = [];
  private accepting: Promise<SignalMessage> | null = null;
  private screen = 'player';
  /** The bell of this component's invitation is heard. */
  private rings = false;
  private soundMode: 'speaker' | 'ear' = 'speaker';
  private stopClock: (() => void) | null = null;
  private readonly ends: Ends;
  private readonly texts = textsFor(language());

  constructor(
    private readonly host: CallerHost,
    private readonly platform: Platform,
  ) {
    this.local = new Local(platform, host.component);
    this.streams = new Streams(platform, {
      component: host.component,
      mayPlay: () => !platform.hidden() && !!this.calls?.room?.present,
    });
    this.ends = new Ends((code, data) => this.emit(code, data));
  }

  /** The own user id. */
  get self(): string {
    return this.login_?.user ?? '';
  }

  /** Whether a call is being made, rings or goes on. */
  get busy(): boolean {
    return this.status !== 'idle' || this.wanted.length > 0;
  }

  private get calls(): Calls | null {
    return this.center?.calls ?? null;
  }

  /** Logs in; resolves when calls can be made and come in. */
  login(): Promise<undefined> {
    const server = findServer();
    const login = loginOf(this.host.config());
    if (typeof server === 'string' || typeof login === 'string') {
      const message = typeof login === 'string' ? login : String(server);
      return Promise.reject(this.fail(errorOf(CODE.badParameters, message)));
    }
    const another = this.login_ && (this.login_.user !== login.user || this.login_.app !== login.app);
    if (another || this.center?.endpoint.signal !== server.signal) {
      this.leave();
    }
    this.login_ = login;
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve: () => resolve(undefined), reject });
      const identity = { ...login, device: deviceId(this.platform), client: CLIENT };
      this.center = Center.join(this.platform, server, identity, this);
      this.center.presence.want(this, this.watched);
      if (this.center.isIn) {
        this.arrived();
      }
    });
  }

  /** Logs out, out of the call first. */
  logout(): Promise<undefined> {
    if (this.busy) {
      this.hangup().catch(() => undefined);
    }
    this.leave();
    this.reset();
    return Promise.resolve(undefined);
  }

  /** The component is gone with its page. */
  dispose(): void {
    this.leave();
    this.clear();
  }

  /** The page is in front. */
  shown(): void {
    this.center?.shown(this);
    this.local.retry();
    this.streams.retry();
  }

  /** Calls. Always resolves. */
  place(wish: Pick<CallWish, 'invitees' | 'group'>, type: number): Promise<Placed> {
    const { calls, center } = this;
    const { invitees } = wish;
    if (!calls || !center) {
      return Promise.resolve(this.fail(errorOf(CODE.notLoggedIn, 'Call login() first and wait for its promise.')));
    }
    const fault = this.wrong(invitees, type) || (this.busy || calls.current ? 'There is a call already: end it first.' : '');
    if (fault) {
      return Promise.resolve(this.fail(errorOf(CODE.badParameters, fault)));
    }
    center.take(this);
    this.type = type;
    this.sponsor = true;
    this.wanted = invitees;
    this.ends.begin();
    this.local.prepare(calls, type === VIDEO);
    this.local.begin(center.endpoint);
    this.screen = 'pusher';
    keepScreenOn(true);
    this.render();
    const media = type === VIDEO ? ('video' as const) : ('audio' as const);
    return new Promise((resolve) => {
      const placing = this.wanted;
      calls.call({ ...wish, media, timeoutMs: RING_MS }, (outcome) => resolve(this.placed(outcome, placing)));
    });
  }

  private placed(outcome: Outcome, placing: string[]): Placed {
    const current = this.wanted === placing;
    if ('error' in outcome) {
      if (!current) {
        return errorFor(outcome.error); // hung up before the server had answered
      }
      this.reset();
      return this.fail(errorFor(outcome.error));
    }
    const { call } = outcome;
    if (current) {
      this.wanted = [];
      this.status = 'calling';
      // Both called each other: the other one was first.
      this.sponsor = call.caller === this.self;
      this.take(call);
      // Who is in another call is known at once; where nobody else was called, the end of the call tells it.
      if (this.sponsor && goesOn(call)) {
        this.ends.already(call);
      }
    }
    return { code: 0, inviteID: call.call, roomID: roomOf(call) };
  }

  private wrong(invitees: string[], type: number): string {
    if (type !== AUDIO && type !== VIDEO) {
      return 'type must be 1 (audio) or 2 (video).';
    }
    if (invitees.length === 0 || invitees.some((user) => typeof user !== 'string' || user === '')) {
      return 'A user to call must be a text that is not empty.';
    }
    return invitees.indexOf(this.self) >= 0 ? 'Nobody can call oneself.' : '';
  }

  /** Answers the invitation. */
  accept(): Promise<SignalMessage> {
    const { calls, center, call_: call } = this;
    if (this.accepting) {
      return this.accepting;
    }
    if (!calls || !center || !call || this.status !== 'calling' || this.sponsor) {
      return Promise.reject(errorOf(CODE.gone, 'There is no invitation to accept, or it is over.'));
    }
    this.local.prepare(calls, this.type === VIDEO);
    const accepting = new Promise<SignalMessage>((resolve, reject) => {
      calls.accept((outcome) => {
        this.accepting = null;
        if ('error' in outcome) {
          // That the caller was faster is told by CALLING_CANCEL.
          const error = errorFor(outcome.error);
          reject(error.code === CODE.gone ? error : this.fail(error));
          return;
        }
        this.local.begin(center.endpoint);
        this.take(outcome.call, () => this.local.push());
        resolve(signalMessage(outcome.call, ACTION.accept));
      });
    });
    this.accepting = accepting;
    this.stopRinging();
    this.render();
    return accepting;
  }

  private stopRinging(): void {
    if (this.rings) {
      this.rings = false;
      ring.stop();
    }
  }

  /** Refuses the invitation. */
  reject(): Promise<SignalMessage | ErrorData | string> {
    const { calls, call_: call } = this;
    if (!calls || !call || this.status !== 'calling' || this.sponsor) {
      return Promise.resolve('未收到邀请，无法拒绝');
    }
    return this.ended(call, ACTION.reject, (done) => calls.reject(done));
  }

  /** Ends the call from this side, whatever its state, and tells HANG_UP. */
  hangup(): Promise<{ code: number; data?: { message: SignalMessage } } | null> {
    const { calls, call_: call, status } = this;
    let result: Promise<{ code: number; data?: { message: SignalMessage } } | null> = Promise.resolve(null);
    if (calls && call && status === 'connected') {
      calls.hangup(() => undefined);
    } else if (calls && call && status === 'calling') {
      const action = this.sponsor ? ACTION.cancel : ACTION.reject;
      const { sponsor } = this;
      result = this.ended(call, action, (done) => calls.hangup(done)).then((message) =>
        'type' in message ? { code: 0, data: { message } } : message,
      );
      if (sponsor) {
        this.emit(EVENT.CALL_END, { message: signalMessage(call, action), call_end: 0, inviteID: call.call, sponsor: call.caller });
      }
    } else if (calls && this.wanted.length > 0) {
      this.wanted = [];
      calls.hangup(() => undefined);
    }
    this.reset();
    this.emit(EVENT.HANG_UP);
    return result;
  }

  /** Over here at once; resolves with what the server said, or at once where it cannot be asked now. */
  private ended(call: Call, action: number, end: (done: (outcome: Outcome) => void) => void): Promise<SignalMessage | ErrorData> {
    const message = signalMessage(call, action);
    const asked = this.calls?.ready === true;
    return new Promise((resolve) => {
      end((outcome) => resolve('error' in outcome ? errorFor(outcome.error) : message));
      this.reset();
      if (!asked) {
        resolve(message);
      }
    });
  }

  /** Tells from now on who of these users is online, also after another login; an empty list ends it. */
  watch(list: unknown): ErrorData | undefined {
    const users = watchedOf(list);
    if (typeof users === 'string') {
      return this.fail(errorOf(CODE.badParameters, users));
    }
    this.watched = users;
    this.center?.presence.want(this, users);
    return undefined;
  }

  /** A watched user is online, or no longer. */
  presence(userID: string, online: boolean): void {
    this.emit(EVENT.USER_PRESENCE, { userID, online });
  }

  /** Shows or hides the picture of a user. */
  view(user: string, shown: boolean): void {
    for (const stream of this.streams.view(user, shown)) {
      this.calls?.subscribe(user, stream.streamType, !stream.muteAudio, shown);
    }
    this.render();
  }

  /** Loudspeaker or earpiece. */
  handsFree(on: boolean): void {
    this.soundMode = on ? 'speaker' : 'ear';
    this.render();
  }

  /** The other one of loudspeaker and earpiece. */
  toggleSound(): void {
    this.handsFree(this.soundMode === 'ear');
  }

  /** Puts the own picture in front, or the other one's. */
  front(screen: string): void {
    this.screen = screen;
    this.render();
  }

  /** Tells the page's handlers. What they throw surfaces as their own error and costs the call nothing. */
  emit(code: EventCode, data?: unknown): void {
    try {
      this.emitter.emit(code, data);
    } catch (error) {
      this.platform.after(0, () => {
        throw error;
      });
    }
  }

  /** Tells an error and gives it back. */
  fail(error: ErrorData): ErrorData {
    this.platform.log('error', `${error.code} ${error.message}`);
    this.emit(EVENT.ERROR, error);
    return error;
  }

  /** Something happened to the calls of this user. */
  told(event: CallsEvent): void {
    switch (event.type) {
      case 'ready':
        this.arrived();
        break;
      case 'invited':
        this.invited(event.call);
        break;
      case 'participant':
        this.call_ = event.call;
        if (this.sponsor && goesOn(event.call)) {
          this.ends.participant(event.call, event.user, event.state);
        }
        this.render();
        break;
      case 'answered':
        this.answered(event.call);
        break;
      case 'room':
        this.inRoom(event.event);
        break;
      case 'over':
        this.over(event);
        break;
      case 'unreachable':
        this.fail(errorOf(CODE.connectionLost, event.failure.message));
        break;
      case 'resumed':
        this.local.retry();
        this.streams.retry();
        break;
      case 'closed':
        this.closed(event.end);
        break;
      case 'interrupted':
        break;
    }
  }

  private arrived(): void {
    const waiting = this.waiting.splice(0);
    this.host.setData({ localUser: profileOf(this.self) });
    waiting.forEach(({ resolve }) => resolve());
    if (waiting.length > 0) {
      this.emit(EVENT.SDK_READY);
    }
  }

  private closed(end: Extract<CallsEvent, { type: 'closed' }>['end']): void {
    const waiting = this.waiting.splice(0);
    this.center = null;
    const replaced = end.why === 'ended' && end.reason === 'takenOver';
    if (replaced) {
      toast(this.texts.kicked);
      this.emit(EVENT.KICKED_OUT);
      this.hangup().catch(() => undefined);
    } else {
      this.reset();
    }
    const message = end.why === 'ended' ? end.message : end.failure.message;
    const expired = end.why === 'ended' && end.reason === 'credentialExpired';
    const error = end.why === 'ended' ? errorOf(expired ? CODE.badCredential : CODE.notLoggedIn, message) : errorFor(end.failure);
    if (!replaced) {
      this.fail(error);
    }
    waiting.forEach(({ reject }) => reject(error));
  }

  private invited(call: Call): void {
    this.status = 'calling';
    this.sponsor = false;
    this.type = typeOf(call);
    this.ends.begin();
    keepScreenOn(true);
    if (this.type === VIDEO && this.host.cameraPreview()) {
      this.local.preview();
    }
    this.take(call, () => this.local.show());
    if (this.host.ringTone()) {
      this.rings = true;
      ring.play();
    }
    this.emit(EVENT.INVITED, {
      sponsor: call.caller,
      isFromGroup: isGroup(call),
      inviteID: call.call,
      inviteData: { version: VERSION, callType: this.type, roomID: roomOf(call), callEnd: 0 },
      inviteeList: inviteesOf(call),
      groupID: call.group ?? '',
    });
  }

  private answered(call: Call): void {
    this.status = 'connected';
    this.screen = 'player';
    this.take(call);
    this.tick();
    if (call.caller !== this.self) {
      return;
    }
    this.host.setData({ invitationAccept: { inviteID: call.call } });
  }

  /** Knows the call as it is now. */
  private take(call: Call, shown?: () => void): void {
    this.call_ = call;
    const { caller } = call;
    this.host.setData({ invitation: { inviteID: call.call, inviter: caller, type: typeOf(call), roomID: roomOf(call) } });
    this.render(shown);
  }

  private tick(): void {
    this.stopClock?.();
    const ms = this.calls?.connectedMs ?? 0;
    this.host.setData({ chatTime: clock(ms / SECOND_MS) });
    this.stopClock = this.platform.after(SECOND_MS - (ms % SECOND_MS), () => this.tick());
  }

  private inRoom(event: InRoom): void {
    switch (event.type) {
      case 'joined':
        this.local.allowed();
        return;
      case 'memberJoined':
        if (this.streams.enter(event.user)) {
          this.render();
          this.emit(EVENT.USER_ENTER, { userID: event.user });
        }
        return;
      case 'memberLeft':
        if (this.streams.leave(event.user)) {
          this.render();
          this.emit(EVENT.USER_LEAVE, { userID: event.user });
        }
        return;
      case 'memberAway':
        this.streams.away(event.user, event.away);
        this.render();
        return;
      case 'trackChanged':
        this.track(event);
        return;
      case 'pushRefused':
        this.local.refused(event.failure);
        this.fail(errorFor(event.failure));
        return;
      default:
    }
  }

  private track(event: Extract<InRoom, { type: 'trackChanged' }>): void {
    const media = this.calls?.room?.media;
    const { user: userID, stream, track, on } = event;
    this.streams.track(event, media ? playUrl(media, settings().play === 'flv' ? 'flv' : 'rtmp', event.play) : '');
    this.render();
    if (stream === 'main' && track === 'video') {
      this.emit(EVENT.USER_VIDEO_AVAILABLE, { userID, isVideoAvailable: on });
    } else if (stream === 'main') {
      this.emit(EVENT.USER_AUDIO_AVAILABLE, { userID, isAudioAvailable: on });
    }
  }

  private over({ call, reason, durationMs }: Extract<CallsEvent, { type: 'over' }>): void {
    const { sponsor, status, self } = this;
    const users = this.streams.userList().map(({ userID }) => userID);
    // Idle first: handlers hang up, and that must not end anything twice.
    this.reset();
    this.ends.over({ call, reason, durationMs, sponsor, self, users, connected: status === 'connected' });
  }

  /** Leaves the login, which others may go on using. */
  private leave(): void {
    const { center } = this;
    this.center = null;
    center?.leave(this);
    const error = errorOf(CODE.notLoggedIn, 'logout() was called before the login was through.');
    this.waiting.splice(0).forEach(({ reject }) => reject(error));
  }

  private clear(): void {
    this.stopRinging();
    this.status = 'idle';
    this.sponsor = false;
    this.type = 0;
    this.call_ = null;
    this.wanted = [];
    this.accepting = null;
    this.screen = 'player';
    this.soundMode = 'speaker';
    this.stopClock?.();
    this.stopClock = null;
    this.local.end();
    this.streams.clear();
  }

  /** Back to idle: media stopped, lists empty. */
  reset(): void {
    if (this.busy) {
      keepScreenOn(false);
    }
    this.clear();
    this.host.setData({
      chatTime: clock(0),
      invitation: { inviteID: '', inviter: '', type: 0, roomID: 0 },
      invitationAccept: { inviteID: '' },
    });
    this.render();
  }

  /** Brings the templates up to date. `shown` is called when the page shows it. */
  render(shown?: () => void): void {
    const { self, status, type, sponsor, wanted, screen, texts, call_: call } = this;
    const users = this.streams.userList();
    const streams = this.streams.streamList();
    const others = call ? call.participants.map(({ user }) => user).filter((user) => user !== self) : wanted;
    const known = { self, status, type, call, wanted, sponsor, accepting: this.accepting !== null, users, streams, screen, texts };
    const changes = {
      callStatus: status,
      active: this.local.config.pushUrl !== '',
      previewing: this.local.previewing,
      isSponsor: sponsor && status !== 'idle',
      soundMode: this.soundMode,
      pusherConfig: this.local.config,
      playerList: users,
      streamList: streams,
      remoteUsers: others.map(profileOf),
      screen,
      config: { ...this.host.config(), type },
      ...viewOf(known),
    };
    this.host.setData(changes, shown);
  }
}

/** Whether anybody may still come or is there: otherwise the end of the call follows, and it tells about everybody. */
function goesOn(call: Call): boolean {
  const open: readonly string[] = ['ringing', 'offline', 'connected'];
  return call.participants.some(({ user, state }) => user !== call.caller && open.indexOf(state) >= 0);
}

/** A user, as templates read one. */
export function profileOf(userID: string): { userID: string; nick: string; avatar: string } {
  return { userID, nick: userID, avatar: '' };
}
