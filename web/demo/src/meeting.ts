/** A stay in a room: what the core tells becomes tiles and sentences, what the user does goes to the core. */
import { deviceId, makeKey, Room } from '@huitong/core';
import type { Endpoint, Platform, RoomEvent, RoomId } from '@huitong/core';
import type { Bases, Trouble } from '@huitong/web-media';
import { shared } from '@huitong/web-runtime';
import { CLIENT } from './address.js';
import type { Credential } from './address.js';
import { say } from './language.js';
import type { Me } from './me.js';
import { Members } from './members.js';
import { ScreenShare } from './screen.js';
import { Sending } from './sending.js';
import { roomNews, troubleSentence } from './sentences.js';
import { othersShown, receiveSeen } from './stage.js';
import type { Show } from './stage.js';

/** What the meeting needs. */
export interface MeetingOptions {
  platform: Platform;
  endpoint: Endpoint;
  credential: Credential;
  room: RoomId;
  me: Me;
}

/** Whom the meeting tells. */
export interface MeetingEvents {
  /** Tiles, people or buttons are to be drawn anew. */
  changed(): void;
  /** A sentence for the user. */
  say(sentence: string, kind: 'info' | 'warn'): void;
  /** It is over; the sentence says why, or is empty when the user left. */
  over(sentence: string): void;
}

/** See the head of the file. */
export class Meeting {
  readonly members = new Members();
  readonly user: string;
  private readonly room: Room;
  private readonly key: string;
  private joined = false;
  private isOver = false;
  /** Members whose picture is not received, because there is no room to show it. */
  private readonly dark = new Set<string>();
  /** Those who were there before are known; from now on people come and go. */
  private settled = false;
  private readonly sending: Sending;
  private readonly screen: ScreenShare;
  private readonly undo: (() => void)[] = [];

  constructor(
    private readonly options: MeetingOptions,
    private readonly events: MeetingEvents,
  ) {
    const { platform, endpoint, credential, room } = options;
    this.user = credential.user;
    this.key = makeKey(platform);
    this.room = new Room(platform, endpoint, { room, scene: 'rtc', role: 'publisher' }, (event) => this.heard(event));
    this.room.enter({ ...credential, device: deviceId(platform), client: CLIENT });
    this.listen('change', () => this.declare());
    this.listen('trouble', (event) => this.events.say(troubleSentence((event as CustomEvent<Trouble>).detail, true), 'warn'));
    this.sending = new Sending(options.me, (sentence) => this.events.say(sentence, 'warn'));
    this.screen = new ScreenShare(platform, {
      changed: () => this.events.changed(),
      say: (sentence, kind) => this.events.say(sentence, kind),
      publish: (key, audio, video) => this.room.publish('aux', key, audio, video),
    });
    const leave = (): void => this.leave();
    window.addEventListener('pagehide', leave);
    this.undo.push(() => window.removeEventListener('pagehide', leave));
  }

  /** Whether browsers can send here; null before it is known. */
  get maySend(): boolean | null {
    return this.joined ? Boolean(this.bases?.whip) : null;
  }

  /** Whether one's own screen is shared now. */
  get sharing(): boolean {
    return this.screen.shared;
  }

  /** Whether the server has this browser in the room. */
  get present(): boolean {
    return this.joined && this.room.present;
  }

  /** Whether the connection is lost and may come back. */
  get away(): boolean {
    return this.joined && !this.room.present;
  }

  /** What is to be seen, one's own picture first. */
  get shows(): Show[] {
    const { me } = this.options;
    const calm = { speaking: false, away: false };
    const shows: Show[] = [];
    if (this.maySend !== false) {
      const { audio, video } = me.sends;
      shows.push({ user: this.user, stream: 'main', own: true, src: '', pusher: me.pusher, picture: video, state: { audio, video, ...calm } });
    }
    return shows.concat(this.screen.shows(this.user), othersShown(this.members, this.dark, (play) => `${this.bases?.flv}/${play}.flv`));
  }

  /** Only those who are seen are received with their picture; everybody is heard. */
  setSeen(users: ReadonlySet<string>): void {
    receiveSeen(this.members.list, this.dark, users, (user, picture) => {
      this.room.subscribe(user, 'main', true, picture);
      this.events.changed();
    });
  }

  /** Begins or ends sharing the screen. */
  async share(): Promise<void> {
    if (this.screen.shared) {
      this.screen.end();
    } else {
      await this.screen.share(this.bases?.whip ?? '');
    }
  }

  /** Leaves and closes the devices. */
  leave(): void {
    this.end('');
  }

  private get bases(): Bases | null {
    return this.room.media;
  }

  private heard(event: RoomEvent): void {
    if (this.members.apply(event)) {
      this.greet(event);
      this.events.changed();
      return;
    }
    if (event.type === 'joined') {
      this.entered();
    }
    const news = roomNews(event);
    if (news?.over) {
      this.end(news.sentence);
      return;
    }
    // That the connection is lost stands above the pictures as long as it is.
    if (news && event.type !== 'interrupted') {
      this.events.say(news.sentence, news.kind);
    }
    this.events.changed();
  }

  private greet(event: RoomEvent): void {
    if (this.settled && event.type === 'memberJoined') {
      this.events.say(say('joined', { name: event.user }), 'info');
    } else if (event.type === 'memberLeft') {
      this.dark.delete(event.user);
      this.events.say(say('left', { name: event.user }), 'info');
    }
  }

  private entered(): void {
    const first = !this.joined;
    this.joined = true;
    shared.bases = this.bases;
    // The members that are there are told in the same turn.
    queueMicrotask(() => (this.settled = true));
    if (!this.maySend) {
      this.options.me.close();
      return;
    }
    if (first) {
      void this.send();
    }
  }

  private async send(): Promise<void> {
    const { me } = this.options;
    await me.open();
    if (this.isOver) {
      return;
    }
    this.declare();
    await this.sending.begin(`${this.bases?.whip}/${this.key}`);
  }

  /** Says what one sends, so that the others know whether silence and darkness are meant. */
  private declare(): void {
    if (this.maySend && !this.isOver) {
      const { audio, video } = this.options.me.sends;
      this.room.publish('main', this.key, audio, video);
    }
    this.events.changed();
  }

  private end(sentence: string): void {
    if (this.isOver) {
      return;
    }
    this.isOver = true;
    this.sending.end();
    this.screen.end();
    this.room.leave();
    this.options.me.close();
    this.undo.splice(0).forEach((run) => run());
    this.events.over(sentence);
  }

  private listen(event: string, run: (event: Event) => void): void {
    this.on(this.options.me, event, run);
  }

  private on(target: EventTarget, event: string, run: (event: Event) => void): void {
    target.addEventListener(event, run);
    this.undo.push(() => target.removeEventListener(event, run));
  }
}
