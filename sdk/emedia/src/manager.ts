/** `emedia.mgr`: what pages call, and what they assign to be called. */
import { Conferences, deviceId, makeKey, playUrl, pushUrl } from '@huitong/core';
import type {
  AskTicket, ConferenceEvent, ConferenceRequest, ConferenceSettings, ConferenceStream, Entered, Entrance, Failure, Grant, MediaBases, Platform,
} from '@huitong/core';
import { findServer } from '@huitong/wx-platform';
import { callingBack, extension, refusal } from './answers.js';
import { ConfrType, Role, kindOf, roleOf, typeOf } from './constants.js';
import { REASONS, TALKERS_FULL, UNKNOWN, exitByFailure, failedCode, leaveReason } from './exits.js';
import { bareName, findWho, fullName, latestSig } from './identity.js';
import type { Who } from './identity.js';
import type { Logger } from './logger.js';
import { confrObject, memberId, memberNumber, namedRoom, ownStreamId, reply, ticketParts, ticketText } from './objects.js';
import { BAD_PARAMETER, jsonOf, nameOf, optionOf, peopleOf, settingsOf, textOf, trouble } from './params.js';
import type { JoinRoomOption, PubOption, SubOption, Trouble } from './params.js';
import { Stage } from './stage.js';

/** How the SDK calls itself in the server's log. */
const CLIENT = 'emedia/0.1.0';
/** Joining by name never rejects: this is what it resolves with. */
const JOIN_FAILED = 'joinRoom error';

type Resolve = (value: any) => void;
type Reject = (error: Trouble) => void;

/** What waits for the end of an entry. */
interface Early {
  run: () => void;
  fail: (failure: Failure) => void;
}

/** Passwords that are remembered by their tickets: pages get a ticket and enter with it, and seldom have a second one. */
const TICKETS_KNOWN = 8;

/** Why what waits for an entry fails when the page leaves instead. */
const LEFT: Failure = { code: 'not-in-conference', message: 'The conference was left.', blame: 'client', retry: 'never' };

/** Until a page says otherwise. */
const TRACKS = { audio: true, video: true };

/** Without network for so long native tags have tried again in vain as often as they do, or are about to, ms: three times, three seconds apart. */
const TAGS_LIVE_MS = 8000;

/** The one that a page may assign again stays what it was. */
const nothing = (): void => undefined;

/** See the head of the file. */
export class Manager {
  readonly ConfrType = ConfrType;
  readonly Role = Role;
  onMemberJoined: (...args: any[]) => void = nothing;
  onMemberExited: (...args: any[]) => void = nothing;
  onStreamAdded: (...args: any[]) => void = nothing;
  onStreamRemoved: (...args: any[]) => void = nothing;
  onRoleChanged: (...args: any[]) => void = nothing;
  onMediaChanaged: (...args: any[]) => void = nothing;
  onConferenceExit: (...args: any[]) => void = nothing;
  onConfrAttrsUpdated: (...args: any[]) => void = nothing;
  onSoundChanage: (...args: any[]) => void = nothing;
  onReconnect: (...args: any[]) => void = nothing;
  private readonly platform!: Platform;
  private readonly logger!: Logger;

  constructor(platform: Platform, logger: Logger) {
    // What is not part of the API stays out of what pages may print or copy.
    const hidden: Record<string, unknown> = { platform, logger };
    Object.keys(hidden).forEach((key) => Object.defineProperty(this, key, { value: hidden[key] }));
    const changing: Record<string, unknown> = { host: '', conferences: null, address: '', stage: null, early: [], key: '', tracks: TRACKS, mixed: false, who: null, leaving: false, given: new Map(), round: 0 };
    Object.keys(changing).forEach((key) => Object.defineProperty(this, key, { value: changing[key], writable: true }));
  }

  private declare host: string;
  private declare conferences: Conferences | null;
  private declare address: string;
  private declare stage: Stage | null;
  private declare early: Early[];
  /** The page is giving up an entry. */
  private declare leaving: boolean;
  /** Key of the own push in the conference of now. */
  private declare key: string;
  /** Whether microphone and camera are on, as the page says. */
  private declare tracks: { audio: boolean; video: boolean };
  /** Whether the page plays the mixed sound, so that the single streams come without theirs. */
  private declare mixed: boolean;
  private declare who: Who | null;
  /** Passwords by the tickets that they gave, the oldest first. */
  private declare given: Map<string, string>;
  /** How often everything was told anew. */
  private declare round: number;

  /** Points at a private server. What the application has set in `wx.huitong` wins. */
  setHost(url: string): void {
    this.host = String(url ?? '');
  }

  /** Makes a conference, and does not enter it. */
  createConference(confrType: unknown, password?: unknown, rec?: unknown, recMerge?: unknown): Promise<any> {
    return this.asking((conferences, who, resolve, reject) => {
      const kind = kindOf(confrType);
      if (!kind) {
        reject(trouble(BAD_PARAMETER, `confrType must be 10, 11 or 12, and is ${String(confrType)}.`));
        return;
      }
      const settings: ConferenceSettings = { kind, ...(rec ? { record: true } : {}), ...(recMerge ? { recordMerged: true } : {}) };
      const secret = textOf(password);
      const way: AskTicket = { settings, ...(secret ? { password: secret } : {}) };
      this.ticket(conferences, who, way, (confr) => resolve(reply(confr, confr.confrId)), reject);
    });
  }

  /** Asks for a ticket. */
  getConferenceTkt(confrId: unknown, password?: unknown): Promise<any> {
    return this.asking((conferences, who, resolve, reject) => {
      this.ticket(conferences, who, this.wayTo(confrId, password), (confr) => resolve(reply(confr, confr.ticket)), reject);
    });
  }

  private ticket(conferences: Conferences, who: Who, way: AskTicket, done: (confr: ReturnType<typeof confrObject>) => void, reject: Reject): void {
    conferences.ask({ op: 'ticket', ...way }, (asked) => {
      if ('ok' in asked && asked.ok.op === 'ticket') {
        const { ticket, conference, kind, created } = asked.ok;
        this.remember(ticket, way.password);
        const text = ticketText(this.address, ticket, conference, kind, fullName(who.names, who.user));
        done(confrObject(conference, kind, created ? 'admin' : 'talker', way.password ?? '', text));
      } else {
        reject(refusal(asked));
      }
    });
  }

  /** A place that was lost with the server is taken again with another ticket, for which the page is not asked again. */
  private remember(ticket: string, password: string | undefined): void {
    const oldest = this.given.size < TICKETS_KNOWN ? undefined : this.given.keys().next().value;
    if (oldest !== undefined) {
      this.given.delete(oldest);
    }
    if (password) {
      this.given.set(ticket, password);
    }
  }

  /** Enters a conference by its id. */
  joinConference(confrId: unknown, password?: unknown, ext?: unknown): Promise<any> {
    return this.asking((conferences, who, resolve, reject) => {
      this.enter(conferences, who, { way: this.wayTo(confrId, password), ...extension(ext) }, resolve, reject);
    });
  }

  /** Enters with a ticket. */
  joinConferenceWithTicket(confrId: unknown, ticket: unknown, ext?: unknown): Promise<any> {
    return this.asking((conferences, who, resolve, reject) => {
      const parts = ticketParts(ticket);
      if (!parts) {
        reject(trouble(BAD_PARAMETER, 'ticket must be what getConferenceTkt or createConference gave.'));
        return;
      }
      const way = this.wayTo(confrId || parts.confrId, this.given.get(parts.tktId) ?? '');
      this.enter(conferences, who, { way, ticket: parts.tktId, ...extension(ext) }, resolve, reject);
    });
  }

  /** Enters the conference of this name, which is made if there is none. Never rejects. */
  joinRoom(option: JoinRoomOption): Promise<any> {
    const { roomName, password, role, config } = optionOf(option);
    const who = findWho();
    const lacks = !roomName ? 'roomName' : role === null ? 'role' : '';
    if (typeof who === 'string' || lacks) {
      this.logger.write('warn', typeof who === 'string' ? who : `joinRoom: ${lacks} is missing`);
      return Promise.resolve(undefined);
    }
    const { settings, ignored } = settingsOf(option);
    ignored.forEach((what) => this.logger.write('warn', `joinRoom: ${what}`));
    const nick = textOf(config['nickName']);
    const given = config['ext'];
    const ext = Object.assign(nick ? { nickName: nick } : {}, typeof given === 'object' ? given : given === undefined ? {} : { ext: given });
    const wish = roleOf(role);
    const way: AskTicket = {
      room: namedRoom(roomName), settings, ...(password ? { password } : {}), ...(wish ? { role: wish } : {}),
    };
    const joined = this.asking((conferences, me, resolve, reject) =>
      this.enter(conferences, me, { way, ...(nick ? { nick } : {}), ...extension(ext), ...(config['mix'] === true ? { mix: true } : {}) }, resolve, reject),
    );
    return joined.catch((error: Trouble) => {
      const full = error.error === TALKERS_FULL;
      return full
        ? { error: TALKERS_FULL, message: 'talker count limit', reaseon: error, reason: error }
        : { error: UNKNOWN, message: JOIN_FAILED, reaseon: error, reason: error };
    });
  }

  private enter(conferences: Conferences, who: Who, entrance: Entrance, resolve: Resolve, reject: Reject): void {
    if (this.stage?.conference === '') {
      // What waits for the entry that is given up waits for this one.
      this.stage = null;
    }
    this.exitConference();
    const stage = new Stage(who.names, (name, ...args) => this.fire(name, ...args), () => this.onReconnect !== nothing);
    this.stage = stage;
    this.who = who;
    conferences.enter(entrance, (entered) => {
      this.entered(stage, entrance, entered, resolve, reject);
    });
  }

  private entered(stage: Stage, entrance: Entrance, entered: Entered, resolve: Resolve, reject: Reject): void {
    if ('state' in entered) {
      const { you, conference, kind } = entered.state;
      const text = ticketText(this.address, entered.ticket, conference, kind, fullName(stage.names, you.user));
      const confr = confrObject(conference, kind, you.role, entrance.way.password ?? '', text);
      const more = { memberId: memberId(you.member), role: Role[ROLE_NAMES[you.role]] };
      resolve(reply(Object.assign(confr, more, entered.created ? { isCreator: true } : {}), more.memberId));
      return;
    }
    const { error } = entered;
    const exit = this.leaving ? { reason: REASONS.left, failed: undefined } : exitByFailure(error, true);
    const current = this.stage === stage;
    if (current) {
      this.stage = null;
      this.giveUpEarly(error);
    }
    if (current && entered.at === 'enter') {
      stage.exit(exit);
    }
    reject({ error: failedCode(error), failed: exit.failed, message: error.message, code: error.code });
  }

  /** Leaves. `reason`, an addition, is what the others are told: 0, 1, 3, 4 or 5. */
  exitConference(confrId?: unknown, reason?: unknown): void {
    const { stage, conferences } = this;
    const name = nameOf(confrId);
    const why = leaveReason(reason);
    if (!stage || !conferences?.busy || (name && stage.conference && !stage.is(name))) {
      if (name) {
        this.logger.write('warn', 'exitConference: this user is not in that conference');
      }
      return;
    }
    const inside = stage.conference !== '';
    if (!inside) {
      this.leaving = true;
      conferences.leave();
      this.leaving = false;
      return;
    }
    this.stage = null;
    this.silence();
    conferences.leave(why ?? undefined);
    stage.exit({ reason: REASONS[why ?? 'left'], failed: undefined });
  }

  /** Ends a conference for everybody. */
  destroyConference(confrId: unknown): Promise<any> {
    return this.governing((conference) => ({ op: 'destroy', conference }), confrId);
  }

  /** Removes members. */
  kickMembersById(confrId: unknown, memberNames: unknown): Promise<any> {
    return this.governing((conference, who) => ({ op: 'kick', conference, ...this.people(who, memberNames) }), confrId);
  }

  /** Changes roles. */
  grantRole(confrId: unknown, memberNames: unknown, role: unknown): Promise<any> {
    const to = roleOf(role);
    if (!to) {
      return Promise.reject(trouble(BAD_PARAMETER, `role must be 7, 3 or 1, and is ${String(role)}.`));
    }
    return this.governing((conference, who) => ({ op: 'grant', conference, ...this.people(who, memberNames), role: to }), confrId);
  }

  /** An addition: leaves out the sound or the picture of members, or not any more. */
  muteMembers(confrId: unknown, memberNames: unknown, what?: { audio?: boolean; video?: boolean }): Promise<any> {
    const { audio = true, video = false } = what ?? {};
    const muted = { audio: !!audio, video: !!video };
    return this.governing((conference, who) => ({ op: 'mute', conference, ...this.people(who, memberNames), ...muted }), confrId);
  }

  /** An addition: asks the admins to be made a talker, or with false not any more. */
  raiseHand(up?: boolean): Promise<any> {
    return this.simple({ op: 'hand', up: up !== false });
  }

  /** An addition: answers a raised hand with no. */
  declineHand(confrId: unknown, memberName: unknown): Promise<any> {
    return this.governing((conference, who) => {
      const { users, members } = this.people(who, memberName);
      return { op: 'decline', conference, user: users[0] ?? this.stage?.userOf(members[0] ?? 0) ?? '' };
    }, confrId);
  }

  /** Looks at a conference. */
  getConferenceInfo(confrId: unknown, password?: unknown): Promise<any> {
    return this.asking((conferences, who, resolve, reject) => {
      const { conference = '', password: secret } = this.wayTo(confrId, password);
      conferences.ask({ op: 'look', conference, ...(secret ? { password: secret } : {}) }, (asked) => {
        if ('ok' in asked && asked.ok.op === 'look') {
          const { kind, members, audience, talkers } = asked.ok;
          const names = talkers.map((user) => fullName(who.names, user));
          resolve(reply({ confr: { id: asked.ok.conference, type: typeOf(kind), memTotal: members, audienceTotal: audience, talkers: names } }));
        } else {
          reject(refusal(asked));
        }
      });
    });
  }

  /** Writes down an attribute. */
  setConferenceAttrs(option: Record<string, any>): Promise<any> {
    const { key, val, confrId } = option ?? {};
    const written = this.governing((conference) => {
      const value = typeof val === 'string' ? val : jsonOf('val', val);
      return { op: 'attributes', conference, changes: [{ key: textOf(key), value }] };
    }, confrId);
    return callingBack(option, written);
  }

  /** Deletes an attribute. */
  deleteConferenceAttrs(option: Record<string, any>): Promise<any> {
    const { key, confrId } = option ?? {};
    return callingBack(option, this.governing((conference) => ({ op: 'attributes', conference, changes: [{ key: textOf(key) }] }), confrId));
  }

  /** Gives the address to push to. Before the entry is done it waits for it. */
  pubStream(given: string | PubOption): Promise<any> {
    const option: PubOption = given && typeof given === 'object' ? given : { rtcId: given };
    const published = this.inside((resolve, reject) => this.startPush(textOf(option.rtcId), resolve, reject));
    return callingBack(option, published);
  }

  private startPush(rtcId: string, resolve: Resolve, reject: Reject): void {
    const { conferences } = this;
    const media = conferences?.media;
    const state = conferences?.state;
    if (!conferences || !media || !state) {
      reject(trouble(UNKNOWN, 'pubStream: enter a conference first.'));
      return;
    }
    this.key = this.key || makeKey(this.platform);
    const rtmp = this.fresh(pushUrl(media.rtmp, this.key));
    const done = (video: boolean): void =>
      resolve(reply({ rtmp, streamId: ownStreamId(rtcId, state.you.member), voff: video ? 0 : 1 }));
    this.register(conferences, done, reject);
  }

  /** Says what is sent. Where no more cameras may be on, the sound alone: it needs no place among them. */
  private register(conferences: Conferences, done: (video: boolean) => void, reject: Reject): void {
    const { key } = this;
    const { audio, video } = this.tracks;
    conferences.publish('main', key, audio, video, (asked) => {
      if ('ok' in asked) {
        done(video);
      } else if (video && asked.error.code === 'conference-limit') {
        this.logger.write('warn', `${asked.error.message} Only the sound is sent.`);
        conferences.publish('main', key, audio, false, (again) => ('ok' in again ? done(false) : reject(refusal(again))));
      } else {
        reject(refusal(asked));
      }
    });
  }

  /** An addition: says whether microphone and camera are on, so that the others are told. What is left out stays. */
  setMedia(what?: { audio?: boolean; video?: boolean }): Promise<any> {
    const { audio = this.tracks.audio, video = this.tracks.video } = what ?? {};
    this.tracks = { audio: !!audio, video: !!video };
    return new Promise((resolve, reject) => {
      const { conferences, key } = this;
      const done = (video: boolean): void => resolve(reply({ aoff: this.tracks.audio ? 0 : 1, voff: video ? 0 : 1 }));
      if (conferences?.state && key) {
        this.register(conferences, done, reject);
      } else {
        done(this.tracks.video);
      }
    });
  }

  /** Gives the addresses that play a stream. */
  subStream(given: string | SubOption): Promise<any> {
    const option: SubOption = given && typeof given === 'object' ? given : { streamId: given };
    const subscribed = this.inside((resolve, reject) => {
      const { conferences } = this;
      const number = this.stage?.streamNumber(textOf(option.streamId)) ?? null;
      const stream = conferences?.streams.filter((one) => one.number === number)[0];
      if (!stream || !conferences?.media) {
        reject(trouble(UNKNOWN, `subStream: there is no stream ${String(option.streamId)}.`));
        return;
      }
      resolve(reply(this.plays(conferences.media, stream.play)));
    });
    return callingBack(option, subscribed);
  }

  /**
   * An addition: gives the addresses of the voices of all others as one sound, which large conferences (type 11) have, and others for who came with
   * `config.mix`. The single
   * streams come without sound from then on, until it is called with false. After `onReconnect` it is to be called again.
   */
  subMix(on?: boolean): Promise<any> {
    return this.inside((resolve, reject) => {
      const { conferences } = this;
      const { mix, media } = conferences ?? {};
      const mixed = on !== false;
      if (!conferences || !media || (mixed && !mix)) {
        reject(trouble(UNKNOWN, 'subMix: there is no mixed sound; a conference of type 11 has one, others with config.mix of joinRoom.'));
        return;
      }
      this.mixed = mixed;
      conferences.streams.forEach((stream) => this.hear(stream));
      resolve(reply(mixed && mix ? this.plays(media, mix) : {}));
    });
  }

  private plays(media: MediaBases, key: string): { rtmp: string; flv: string } {
    return { rtmp: this.fresh(playUrl(media, 'rtmp', key)), flv: this.fresh(playUrl(media, 'flv', key)) };
  }

  /** A tag that has given up begins anew when its address is another one. The server reads no queries of media addresses. */
  private fresh(url: string): string {
    return this.round > 0 ? `${url}?${this.round}` : url;
  }

  /** Asks for the sound of a voice, or not. Screens are in no mix. */
  private hear({ stream, member }: ConferenceStream): void {
    if (stream === 'main') {
      this.conferences?.subscribe(member.user, stream, !this.mixed, true);
    }
  }

  /** A hook that some applications override. */
  createUrl(url: string): string {
    return url;
  }

  /** Belongs to a plug-in of another framework. */
  publishPlugin(name: string): void {
    this.logger.write('warn', `${name} is for a plug-in that mini programs do not have`);
  }

  /** What waits for the end of an entry waits in vain. */
  private giveUpEarly(failure: Failure): void {
    this.early.splice(0).forEach(({ fail }) => fail(failure));
  }

  /** The own stream is over, and what was played. */
  private silence(): void {
    this.giveUpEarly(LEFT);
    this.key = '';
    this.tracks = TRACKS;
    this.mixed = false;
    this.round = 0;
  }

  private people({ names }: Who, given: unknown): Required<Pick<Grant, 'users' | 'members'>> {
    const all = peopleOf(given);
    const members = all.map(memberNumber).filter((number): number is number => number !== null);
    const users = all.filter((name) => memberNumber(name) === null).map((name) => bareName(names, name));
    return { users, members };
  }

  /** Everybody inside goes by the present name of the conference, whatever it was called before it had to be made again. */
  private present(confrId: unknown): string {
    const name = nameOf(confrId);
    const { stage } = this;
    return stage && (name === '' || stage.is(name)) ? stage.conference : name;
  }

  private wayTo(confrId: unknown, password: unknown): AskTicket {
    const secret = textOf(password);
    return { conference: this.present(confrId), ...(secret ? { password: secret } : {}) };
  }

  private governing(request: (conference: string, who: Who) => ConferenceRequest, confrId: unknown): Promise<any> {
    return this.asking((conferences, who, resolve, reject) => {
      conferences.ask(request(this.present(confrId), who), (asked) => {
        if ('ok' in asked) {
          const users = 'users' in asked.ok ? (asked.ok.users as string[]) : [];
          resolve(reply({ uids: users.map((user) => fullName(who.names, user)) }));
        } else {
          reject(refusal(asked));
        }
      });
    });
  }

  private simple(request: ConferenceRequest): Promise<any> {
    return this.governing(() => request, '');
  }

  /** Runs something inside: now, after the entry that is under way, or not at all. */
  private inside(run: (resolve: Resolve, reject: Reject) => void): Promise<any> {
    return new Promise((resolve, reject) => {
      const { conferences } = this;
      if (conferences?.busy && !conferences.state) {
        const fail = (failure: Failure): void => reject(refusal({ error: failure }));
        this.early.push({ run: () => run(resolve, reject), fail });
      } else {
        run(resolve, reject);
      }
    });
  }

  /** Runs something with a login. */
  private asking(run: (conferences: Conferences, who: Who, resolve: Resolve, reject: Reject) => void): Promise<any> {
    return new Promise((resolve, reject) => {
      const who = findWho();
      const server = findServer(this.host);
      if (typeof who === 'string' || typeof server === 'string') {
        const message = typeof who === 'string' ? who : String(server);
        this.logger.write('error', message);
        reject(trouble(UNKNOWN, message));
        return;
      }
      const { app, user, sig } = who;
      const before = this.who;
      if ((before && (before.app !== app || before.user !== user)) || this.address !== server.signal) {
        this.exitConference();
        this.conferences?.logout();
        this.conferences = null;
      }
      this.who = who;
      this.address = server.signal;
      this.conferences = this.conferences ?? new Conferences(this.platform, server, (event) => this.told(event));
      this.conferences.login({ app, user, sig, latest: () => latestSig(who), device: deviceId(this.platform), client: CLIENT });
      run(this.conferences, who, resolve, reject);
    });
  }

  private told(event: ConferenceEvent): void {
    const { stage } = this;
    if (event.type === 'interrupted' || event.type === 'resumed') {
      this.logger.write('info', `the connection is ${event.type}`);
    } else if (event.type === 'over') {
      this.stage = null;
      this.silence();
    }
    if (event.type === 'streamAdded' && this.mixed) {
      this.hear(event.stream);
    } else if (event.type === 'entered') {
      this.mixed = false;
      this.round += event.again ? 1 : 0;
    }
    const member = String(this.conferences?.state?.you.member ?? '');
    stage?.tell(event, member);
    if (event.type === 'settled') {
      this.early.splice(0).forEach(({ run }) => run());
    } else if (event.type === 'resumed' && event.lostMs >= TAGS_LIVE_MS) {
      this.retell(stage);
    }
  }

  /** The place was kept, but what the tags of the page did is over. */
  private retell(stage: Stage | null): void {
    this.round += 1;
    if (this.mixed) {
      this.mixed = false;
      this.conferences?.streams.forEach((stream) => this.hear(stream));
    }
    stage?.retell();
  }

  /** Calls what the page has assigned. What it throws must not cost the others theirs. */
  private fire(name: string, ...args: unknown[]): void {
    const handler: unknown = (this as unknown as Record<string, unknown>)[name];
    if (typeof handler === 'function') {
      try {
        handler.apply(this, args);
      } catch (error) {
        this.platform.after(0, () => {
          throw error;
        });
      }
    }
  }
}

const ROLE_NAMES = { admin: 'ADMIN', talker: 'TALKER', audience: 'AUDIENCE' } as const;
