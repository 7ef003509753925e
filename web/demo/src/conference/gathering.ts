/** A stay in a conference: what the core tells becomes tiles, people and sentences, what the user does goes to the core. */
import { Conferences, deviceId, makeKey } from '@huitong/core';
import type {
  AskTicket, ConferenceEvent, ConferenceKind, ConferenceMember, ConferenceRequest, ConferenceRole, ConferenceState, Endpoint, Entered, Failure,
  Platform,
} from '@huitong/core';
import type { Trouble } from '@huitong/web-media';
import { shared } from '@huitong/web-runtime';
import { CLIENT } from '../address.js';
import type { Credential } from '../address.js';
import { say } from '../language.js';
import type { Me } from '../me.js';
import type { Member } from '../members.js';
import { ScreenShare } from '../screen.js';
import { Sending } from '../sending.js';
import { failureSentence, troubleSentence } from '../sentences.js';
import { othersShown, receiveSeen } from '../stage.js';
import type { Show } from '../stage.js';
import { leftOut, NOW, outSentence } from './words.js';

/** The attribute under which the topic is written down. */
const TOPIC = 'topic';

/** What a stay needs. */
export interface GatheringOptions {
  platform: Platform;
  endpoint: Endpoint;
  credential: Credential;
  /** Which conference, and how it is entered. */
  way: AskTicket;
  me: Me;
}

/** Whom the stay tells. */
export interface GatheringEvents {
  /** Tiles, people or buttons are to be drawn anew. */
  changed(): void;
  /** A sentence for the user. */
  say(sentence: string, kind: 'info' | 'warn'): void;
  /** It is over; the sentence says why, or is empty when the user left. */
  over(sentence: string): void;
}

/** What admins leave out of a member. */
export interface LeftOut {
  audio: boolean;
  video: boolean;
}

/** See the head of the file. */
export class Gathering {
  readonly user: string;
  /** For admins: who asks to be let talk, by name. */
  readonly hands = new Map<string, ConferenceMember>();
  /** What this admin left out of others; what other admins did is not told. */
  readonly leftOut = new Map<string, LeftOut>();
  handUp = false;
  /** Everybody is heard as one mixed sound. */
  mixed = false;
  /** Those who only watch a live conference. */
  audience = 0;
  private readonly conferences: Conferences;
  private readonly screen: ScreenShare;
  private sending: Sending | null = null;
  private key = '';
  /** Those who were there before are known; from now on people come and go. */
  private settled = false;
  private away = false;
  private isOver = false;
  /** Members whose picture is not received, because there is no room to show it. */
  private readonly dark = new Set<string>();
  private readonly undo: (() => void)[] = [];

  constructor(
    private readonly options: GatheringOptions,
    private readonly events: GatheringEvents,
  ) {
    const { platform, endpoint, credential, me } = options;
    this.user = credential.user;
    this.conferences = new Conferences(platform, endpoint, (event) => this.heard(event));
    this.conferences.login({ ...credential, device: deviceId(platform), client: CLIENT });
    this.screen = new ScreenShare(platform, {
      changed: () => events.changed(),
      say: (sentence, kind) => events.say(sentence, kind),
      publish: (key, audio, video) => this.publishScreen(key, audio, video),
    });
    this.on(me, 'change', () => this.declare());
    this.on(me, 'trouble', (event) => {
      if (this.sending) {
        events.say(troubleSentence((event as CustomEvent<Trouble>).detail, true), 'warn');
      }
    });
    this.on(window, 'pagehide', () => this.leave());
  }

  /** Asks to be let in. */
  enter(): Promise<Entered> {
    return new Promise((done) => this.conferences.enter({ way: this.options.way }, done));
  }

  /** The conference as it is now; null outside. */
  get state(): ConferenceState | null {
    return this.conferences.state;
  }

  get role(): ConferenceRole {
    return this.state?.you.role ?? 'audience';
  }

  get kind(): ConferenceKind {
    return this.state?.kind ?? 'ordinary';
  }

  /** What the conference is about; empty if nobody said. */
  get topic(): string {
    return this.state?.attributes?.[TOPIC] ?? '';
  }

  /** The others that one knows of. */
  get others(): ConferenceMember[] {
    return this.conferences.members;
  }

  /** Whether the server has this browser inside, and can be reached. */
  get present(): boolean {
    return this.state !== null && !this.away;
  }

  /** Whether browsers can send to this server; null before it is known. */
  get canSend(): boolean | null {
    return this.state ? Boolean(this.conferences.media?.whip) : null;
  }

  /** Whether one may send here now; null before it is known. */
  get maySend(): boolean | null {
    return this.canSend && this.role === 'audience' ? false : this.canSend;
  }

  get sharing(): boolean {
    return this.screen.shared;
  }

  /** Where the mixed sound of all others is played from; empty where there is none. */
  get mixSource(): string {
    const { mix, media } = this.conferences;
    return mix && media ? `${media.flv}/${mix}.flv` : '';
  }

  /** The others with what they send. */
  get members(): Member[] {
    const { streams } = this.conferences;
    return this.others.map(({ user, member }) => ({
      user,
      away: this.conferences.away(user),
      streams: new Map(streams.filter((stream) => stream.member.member === member).map(({ stream, audio, video, play }) => [stream, { audio, video, play }])),
    }));
  }

  /** What is to be seen, one's own picture first. Who only listens has no tile. */
  get shows(): Show[] {
    const { me } = this.options;
    const { noAudio, noVideo } = this.state ?? {};
    const shows: Show[] = [];
    if (this.maySend === true) {
      const { audio, video } = me.sends;
      const state = { audio: audio && !noAudio, video: video && !noVideo, speaking: false, away: false };
      shows.push({ user: this.user, stream: 'main', own: true, src: '', pusher: me.pusher, picture: video, state });
    }
    const silent = new Set(this.others.filter(({ role }) => role === 'audience').map(({ user }) => user));
    const list = this.members.filter(({ user, streams }) => streams.size > 0 || !silent.has(user));
    const others = othersShown({ list }, this.dark, (play) => `${this.conferences.media?.flv}/${play}.flv`);
    // What others show of their screens is not in the mix.
    return shows.concat(this.screen.shows(this.user), others.map((show) => ({ ...show, silent: this.mixed && show.stream === 'main' })));
  }

  /** Only those who are seen are received with their picture; everybody is heard. */
  setSeen(users: ReadonlySet<string>): void {
    receiveSeen(this.others, this.dark, users, (user, picture) => {
      this.conferences.subscribe(user, 'main', !this.mixed, picture);
      this.events.changed();
    });
  }

  /** Hears everybody as one mixed sound, or each by itself. */
  setMixed(on: boolean): void {
    this.mixed = on && this.mixSource !== '';
    this.others.forEach(({ user }) => this.receive(user));
    this.events.changed();
  }

  /** Begins or ends sharing the screen. */
  async share(): Promise<void> {
    if (this.screen.shared) {
      this.screen.end();
    } else {
      await this.screen.share(this.conferences.media?.whip ?? '');
    }
  }

  /** Gives others this role. */
  grant(user: string, role: ConferenceRole): void {
    this.decide((conference) => ({ op: 'grant', conference, users: [user], role }));
  }

  /** Says no to a raised hand. */
  decline(user: string): void {
    this.decide((conference) => ({ op: 'decline', conference, user }));
  }

  kick(user: string): void {
    this.decide((conference) => ({ op: 'kick', conference, users: [user] }));
  }

  /** Leaves out sound or picture of somebody, or does not any more. */
  mute(user: string, { audio, video }: LeftOut): void {
    this.decide((conference) => ({ op: 'mute', conference, users: [user], audio, video }), () => this.leftOut.set(user, { audio, video }));
  }

  /** Raises or lowers one's own hand. */
  raise(up: boolean): void {
    this.decide(() => ({ op: 'hand', up }), () => (this.handUp = up && this.role === 'audience'));
  }

  /** Writes down what the conference is about. */
  setTopic(value: string): void {
    this.decide((conference) => ({ op: 'attributes', conference, changes: [{ key: TOPIC, ...(value === '' ? {} : { value }) }] }));
  }

  /** Ends the conference for everybody; that it is over is told as to all others. */
  endForAll(): void {
    this.decide((conference) => ({ op: 'destroy', conference }));
  }

  /** Leaves, or gives up to enter, and closes the devices. */
  leave(): void {
    this.end('');
  }

  /** Nobody is to be heard twice. */
  private receive(user: string): void {
    this.conferences.subscribe(user, 'main', !this.mixed, !this.dark.has(user));
  }

  private decide(request: (conference: string) => ConferenceRequest, done: () => void = () => undefined): void {
    const { state } = this;
    if (!state) {
      return;
    }
    this.conferences.ask(request(state.conference), (asked) => {
      if ('error' in asked) {
        this.events.say(failureSentence(asked.error), 'warn');
      } else {
        done();
      }
      this.events.changed();
    });
  }

  private heard(event: ConferenceEvent): void {
    this.people(event);
    switch (event.type) {
      case 'entered':
        this.entered(event.state);
        break;
      case 'settled':
        this.settled = true;
        break;
      case 'role':
        this.placed(event.role);
        break;
      case 'muted':
        // What is left out stands above the pictures as long as it is.
        if (leftOut(event.audio, event.video) === null) {
          this.events.say(say('heardAgain'), 'info');
        }
        break;
      case 'handDeclined':
        this.handUp = false;
        this.events.say(say('handDeclined'), 'info');
        break;
      case 'audience':
        this.audience = event.count;
        break;
      case 'pushRefused':
        this.refused(event.failure);
        break;
      case 'interrupted':
      case 'resumed':
        // That the connection is lost stands above the pictures as long as it is.
        this.away = event.type === 'interrupted';
        if (!this.away) {
          this.events.say(say('resumed'), 'info');
        }
        break;
      case 'over':
        this.end(outSentence(event.reason, event.failure));
        return;
      default:
        break;
    }
    this.events.changed();
  }

  /** Others come, go, change, and ask. */
  private people(event: ConferenceEvent): void {
    if (event.type === 'memberEntered' && this.mixed) {
      this.receive(event.member.user);
    }
    if (event.type === 'memberEntered' && this.settled) {
      this.events.say(say(this.kind === 'live' ? 'onStage' : 'joined', { name: event.member.user }), 'info');
    } else if (event.type === 'memberExited') {
      const { user } = event.member;
      this.dark.delete(user);
      this.hands.delete(user);
      // Without a reason it is one of many who listen now.
      const words = event.reason === null ? 'nowAudience' : event.reason === 'removed' ? 'wasRemoved' : 'left';
      this.events.say(say(words, { name: user }), 'info');
    } else if (event.type === 'memberRole' && this.settled) {
      this.events.say(say(NOW[event.member.role], { name: event.member.user }), 'info');
    } else if (event.type === 'hand') {
      this.hands[event.up ? 'set' : 'delete'](event.member.user, event.member);
    }
  }

  private entered(state: ConferenceState): void {
    this.settled = false;
    this.away = false;
    this.handUp = false;
    this.hands.clear();
    shared.bases = this.conferences.media;
    this.mixed = this.mixed && this.mixSource !== '';
    if (state.you.role === 'audience') {
      this.stopSending();
    } else if (!this.sending) {
      void this.send();
    }
  }

  /** An admin has decided about one's own role. */
  private placed(role: ConferenceRole): void {
    if (role !== 'admin') {
      this.hands.clear();
    }
    if (role === 'audience') {
      this.stopSending();
      this.events.say(say('youAudience'), 'warn');
    } else if (!this.sending) {
      // Nobody is to be seen or heard who did not ask for it.
      if (!this.handUp) {
        this.options.me.prepare(false, false);
      }
      this.events.say(say(role === 'admin' ? 'youAdmin' : this.handUp ? 'youTalkerAsked' : 'youTalker'), 'info');
      void this.send();
    } else if (role === 'admin') {
      this.events.say(say('youAdmin'), 'info');
    }
    this.handUp = false;
  }

  private async send(): Promise<void> {
    const { me, platform } = this.options;
    const whip = this.conferences.media?.whip;
    if (!whip) {
      me.close();
      return;
    }
    // Who was audience in between registers its stream anew.
    this.key = makeKey(platform);
    const sending = new Sending(me, (sentence) => this.events.say(sentence, 'warn'));
    this.sending = sending;
    await me.open();
    if (this.sending === sending) {
      this.declare();
      await sending.begin(`${whip}/${this.key}`);
    }
  }

  private stopSending(): void {
    this.sending?.end();
    this.sending = null;
    this.screen.end();
    this.options.me.close();
  }

  /** Says what one sends, so that the others know whether silence and darkness are meant. */
  private declare(): void {
    const { me } = this.options;
    if (this.sending && me.opened && this.state) {
      const { audio, video } = me.sends;
      this.conferences.publish('main', this.key, audio, video, (asked) => {
        if ('error' in asked) {
          this.refused(asked.error);
        }
      });
    }
    this.events.changed();
  }

  private publishScreen(key: string, audio: boolean, video: boolean): void {
    if (this.maySend !== true) {
      return; // What a listener had shared the server has ended.
    }
    this.conferences.publish('aux', key, audio, video, (asked) => {
      if ('error' in asked && this.screen.shared) {
        this.events.say(asked.error.code === 'conference-limit' ? say('screensFull') : failureSentence(asked.error), 'warn');
        this.screen.end();
      }
    });
  }

  /** The server does not take one's own stream. */
  private refused(failure: Failure): void {
    const { me } = this.options;
    if (this.isOver || failure.code === 'may-not-publish' || failure.code === 'not-in-conference') {
      return; // That is said already.
    }
    if (failure.code === 'conference-limit') {
      // Of one's own picture only cameras are limited. A second refusal is an answer to what was asked before the camera went off.
      if (me.state.camera) {
        this.events.say(say('camerasFull'), 'warn');
        me.prepare(me.state.mic, false);
      }
    } else {
      this.events.say(failureSentence(failure), 'warn');
    }
  }

  private end(sentence: string): void {
    if (this.isOver) {
      return;
    }
    this.isOver = true;
    this.undo.splice(0).forEach((run) => run());
    this.stopSending();
    this.conferences.logout();
    this.events.over(sentence);
  }

  private on(target: EventTarget, event: string, run: (event: Event) => void): void {
    target.addEventListener(event, run);
    this.undo.push(() => target.removeEventListener(event, run));
  }
}
