/** A stay in a voice room: who sits there, whose microphone is open, and one's own. */
import { deviceId, makeKey, Room } from '@huitong/core';
import type { Endpoint, Platform, RoomEvent } from '@huitong/core';
import type { Bases, Trouble } from '@huitong/web-media';
import { shared } from '@huitong/web-runtime';
import { CLIENT } from '../address.js';
import type { Credential } from '../address.js';
import { Me } from '../me.js';
import type { MeetingEvents } from '../meeting.js';
import { Members } from '../members.js';
import { Sending } from '../sending.js';
import { roomNews, troubleSentence } from '../sentences.js';
import type { Seat } from './seats.js';

/** What the stay needs. */
export interface StayOptions {
  platform: Platform;
  endpoint: Endpoint;
  credential: Credential;
  /** The name of the voice room. */
  room: string;
}

/** See the head of the file. */
export class VoiceStay {
  readonly me = new Me();
  readonly user: string;
  /** Whether the room is heard. */
  audible = true;
  private readonly members = new Members();
  private readonly room: Room;
  private readonly key: string;
  private readonly sending: Sending;
  private joined = false;
  private pushing = false;
  private isOver = false;
  private readonly leaveWithThePage = (): void => this.leave();

  constructor(
    { platform, endpoint, credential, room }: StayOptions,
    private readonly events: MeetingEvents,
  ) {
    this.user = credential.user;
    this.key = makeKey(platform);
    this.me.prepare(false, false);
    this.sending = new Sending(this.me, (sentence) => events.say(sentence, 'warn'));
    this.me.addEventListener('change', () => this.declare());
    this.me.addEventListener('trouble', (event) => events.say(troubleSentence((event as CustomEvent<Trouble>).detail, true), 'warn'));
    this.room = new Room(platform, endpoint, { room: { text: room }, scene: 'rtc', role: 'publisher' }, (event) => this.heard(event));
    this.room.enter({ ...credential, device: deviceId(platform), client: CLIENT });
    window.addEventListener('pagehide', this.leaveWithThePage);
  }

  /** Whether the server has this browser in the room. */
  get present(): boolean {
    return this.joined && this.room.present;
  }

  /** Whether the connection is lost and may come back. */
  get away(): boolean {
    return this.joined && !this.room.present;
  }

  /** Whether browsers can send here; null before it is known. */
  get maySpeak(): boolean | null {
    return this.joined ? Boolean(this.bases?.whip) : null;
  }

  /** Whether one's own microphone is open. */
  get speaks(): boolean {
    return this.me.sends.audio;
  }

  /** Who sits where: oneself first, then the others in the order they came. */
  get seats(): Seat[] {
    if (!this.joined) {
      return [];
    }
    const others = this.members.list.map(({ user, away, streams }): Seat => {
      const main = streams.get('main');
      const open = main?.audio === true;
      return { user, own: false, open, away, src: open && main ? `${this.bases?.flv}/${main.play}.flv` : '' };
    });
    return [{ user: this.user, own: true, open: this.speaks, away: false, src: '' }, ...others];
  }

  /** Opens or closes one's own microphone. */
  async microphone(): Promise<void> {
    const { me } = this;
    if (this.speaks || !this.maySpeak) {
      me.prepare(false, false);
      return;
    }
    me.prepare(true, false);
    await me.open();
    this.declare();
    if (!this.isOver && me.sends.audio && !this.pushing) {
      this.pushing = true;
      await this.sending.begin(`${this.bases?.whip}/${this.key}`);
    }
  }

  /** Silences the room or hears it again. What is not heard is not received either. */
  speaker(): void {
    this.audible = !this.audible;
    this.members.list.forEach(({ user }) => this.listenTo(user));
    this.events.changed();
  }

  /** Leaves and closes the microphone. */
  leave(): void {
    this.end('');
  }

  private get bases(): Bases | null {
    return this.room.media;
  }

  private listenTo(user: string): void {
    this.room.subscribe(user, 'main', this.audible, false);
  }

  private heard(event: RoomEvent): void {
    if (this.members.apply(event)) {
      if (event.type === 'memberJoined') {
        this.listenTo(event.user);
      }
    } else if (event.type === 'joined') {
      this.joined = true;
      shared.bases = this.bases;
    }
    const news = roomNews(event);
    if (news?.over) {
      this.end(news.sentence);
      return;
    }
    // That the connection is lost stands above the seats as long as it is.
    if (news && event.type !== 'interrupted') {
      this.events.say(news.sentence, news.kind);
    }
    this.events.changed();
  }

  /** Says whether one's own microphone is open, once there is something to say. */
  private declare(): void {
    if (this.joined && !this.isOver && (this.pushing || this.speaks)) {
      this.room.publish('main', this.key, this.speaks, false);
    }
    this.events.changed();
  }

  private end(sentence: string): void {
    if (this.isOver) {
      return;
    }
    this.isOver = true;
    window.removeEventListener('pagehide', this.leaveWithThePage);
    this.sending.end();
    this.room.leave();
    this.me.close();
    this.events.over(sentence);
  }
}
