/** One call from its first ring to its end: one's own devices, the others' streams, and what the core tells of them. */
import { makeKey } from '@huitong/core';
import type { Call, CallMedia, Calls, Participant, Platform, RoomEvent } from '@huitong/core';
import type { Bases, Trouble } from '@huitong/web-media';
import { shared } from '@huitong/web-runtime';
import { say } from '../language.js';
import { Me } from '../me.js';
import { Members } from '../members.js';
import { Sending } from '../sending.js';
import { failureSentence, troubleSentence } from '../sentences.js';
import { othersShown, receiveSeen } from '../stage.js';
import type { Show } from '../stage.js';

/** `placing`: asked for; `outgoing`: it rings there; `incoming`: it rings here; `answering`: accepted, and not connected yet. */
export type Phase = 'placing' | 'outgoing' | 'incoming' | 'answering' | 'talking';

/** What is known of a call before the server has made it. */
export interface Plan {
  users: string[];
  media: CallMedia;
}

/** Whom the call tells. */
export interface TalkEvents {
  /** To be drawn anew. */
  changed(): void;
  /** A sentence for the user. */
  say(sentence: string, kind: 'info' | 'warn'): void;
}

/** See the head of the file. */
export class Talk {
  readonly me = new Me();
  readonly members = new Members();
  answering = false;
  private readonly key: string;
  private readonly sending: Sending;
  private readonly dark = new Set<string>();
  private joined = false;
  private over = false;

  /** A call that comes in brings itself; one that goes out begins as a plan. */
  constructor(
    platform: Platform,
    private readonly calls: Calls,
    readonly self: string,
    private readonly from: Call | Plan,
    private readonly events: TalkEvents,
  ) {
    this.key = makeKey(platform);
    this.sending = new Sending(this.me, (sentence) => events.say(sentence, 'warn'));
    this.me.prepare(!('call' in from), from.media === 'video');
    this.me.addEventListener('change', () => this.declare());
    this.me.addEventListener('trouble', (event) => events.say(troubleSentence((event as CustomEvent<Trouble>).detail, true), 'warn'));
  }

  /** The call as it is now; null before the server has made it. */
  get call(): Call | null {
    return this.over ? null : this.calls.current;
  }

  get media(): CallMedia {
    return this.from.media;
  }

  /** Who called is somebody else. */
  get incoming(): boolean {
    return 'call' in this.from && this.from.caller !== this.self;
  }

  get phase(): Phase {
    const { call } = this;
    if (!call) {
      return 'placing';
    }
    return call.you === 'connected' ? 'talking' : call.you === 'calling' ? 'outgoing' : this.answering ? 'answering' : 'incoming';
  }

  /** The others, and what they do. */
  get others(): Participant[] {
    const plan = 'call' in this.from ? this.from.participants : this.from.users.map((user) => ({ user, state: 'calling' as const }));
    return (this.call?.participants ?? plan).filter(({ user }) => user !== this.self);
  }

  /** Whether there are several others, or may be. */
  get many(): boolean {
    return this.others.length > 1;
  }

  /** How long one has been connected, ms. */
  get connectedMs(): number {
    return this.calls.connectedMs;
  }

  /** Whether browsers can send here; null before it is known. */
  get maySend(): boolean | null {
    return this.joined ? Boolean(this.bases?.whip) : null;
  }

  /** What is to be seen, one's own picture first. */
  get shows(): Show[] {
    const { me } = this;
    const { audio, video } = me.sends;
    const state = { audio, video, speaking: false, away: false };
    const own: Show = { user: this.self, stream: 'main', own: true, src: '', pusher: me.pusher, picture: video, state };
    const others = othersShown(this.members, this.dark, (play) => `${this.bases?.flv}/${play}.flv`);
    return this.maySend === false ? others : [own, ...others];
  }

  /** Tells the server what will be sent, before the room of the call is entered. */
  announce(): void {
    const { mic, camera } = this.me.state;
    this.calls.publish(this.key, mic, camera);
  }

  /** Only those who are seen are received with their picture; everybody is heard. */
  setSeen(users: ReadonlySet<string>): void {
    receiveSeen(this.members.list, this.dark, users, (user, picture) => {
      this.calls.subscribe(user, 'main', true, picture);
      this.events.changed();
    });
  }

  /** Something happened in the room of the call. */
  inRoom(event: RoomEvent): void {
    if (this.members.apply(event)) {
      if (event.type === 'memberLeft') {
        this.dark.delete(event.user);
      }
      if (event.type === 'memberLeft' && this.many) {
        this.events.say(say('left', { name: event.user }), 'info');
      }
    } else if (event.type === 'joined') {
      this.joined = true;
      shared.bases = this.bases;
      void this.send();
    } else if (event.type === 'refused' || event.type === 'pushRefused') {
      this.events.say(failureSentence(event.failure), 'warn');
    }
    this.events.changed();
  }

  /** Closes the devices. */
  end(): void {
    this.over = true;
    this.sending.end();
    this.me.close();
  }

  private get bases(): Bases | null {
    return this.calls.room?.media ?? null;
  }

  private async send(): Promise<void> {
    const { me, bases } = this;
    if (!bases?.whip) {
      me.close();
      return;
    }
    await me.open();
    if (!this.over) {
      this.declare();
      await this.sending.begin(`${bases.whip}/${this.key}`);
    }
  }

  /** Says what one sends, so that the others know whether silence and darkness are meant. */
  private declare(): void {
    if (this.maySend && !this.over) {
      const { audio, video } = this.me.sends;
      this.calls.publish(this.key, audio, video);
    }
    this.events.changed();
  }
}
