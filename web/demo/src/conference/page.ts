/** Conferences: the door, and the conference behind it. */
import type { Endpoint, Platform } from '@huitong/core';
import { audioContext } from '@huitong/web-media';
import type { Asked, Credential } from '../address.js';
import { make } from '../dom.js';
import { say } from '../language.js';
import { Me } from '../me.js';
import { Toasts } from '../toasts.js';
import { Door, wayOf } from './door.js';
import type { Wish } from './door.js';
import { Gathering } from './gathering.js';
import { ConferenceView } from './view.js';
import { turnedAway } from './words.js';

/** What the page needs. */
export interface ConferenceOptions {
  platform: Platform;
  endpoint: Endpoint;
  /** The address of the page's folder. */
  base: string;
  asked: Asked;
  /** The server mints credentials. */
  demo: boolean;
}

/** See the head of the file. */
export class ConferencePage {
  readonly element = make('div', { class: 'whole' });
  private asked: Asked;
  private me = new Me();
  private door: Door | null = null;
  private view: ConferenceView | null = null;
  private gathering: Gathering | null = null;
  private toasts = new Toasts();

  constructor(private readonly options: ConferenceOptions) {
    this.asked = options.asked;
    this.showDoor(null, '');
  }

  /** Whether one is inside or about to be, so that nothing may cover it. */
  get busy(): boolean {
    return this.view !== null || (this.door?.busy ?? false);
  }

  /** The page is left for another one of the site. */
  close(): void {
    this.door?.close();
    this.me.close();
  }

  private showDoor(wish: Wish | null, notice: string): void {
    const { base, demo } = this.options;
    this.me = new Me();
    const enter = (credential: Credential, asked: Wish): Promise<string> => this.enter(credential, asked);
    this.door = new Door({ me: this.me, asked: this.asked, base, demo, wish, notice, enter });
    this.element.replaceChildren(this.door.element);
  }

  private async enter(credential: Credential, wish: Wish): Promise<string> {
    const way = wayOf(wish);
    if (!way) {
      return say('roomTooLong');
    }
    audioContext(); // The click that enters is the touch that browsers want before they play sound.
    const { platform, endpoint } = this.options;
    const gathering = new Gathering({ platform, endpoint, credential, way, me: this.me }, {
      changed: () => this.view?.changed(),
      say: (sentence, kind) => this.toasts.say(sentence, kind),
      over: (sentence) => {
        if (this.gathering === gathering) {
          this.over(credential, wish, sentence);
        }
      },
    });
    this.toasts = new Toasts();
    const entered = await gathering.enter();
    if ('error' in entered) {
      gathering.leave();
      return turnedAway(entered.error, wish.password);
    }
    this.inside(gathering, wish, entered.created);
    return '';
  }

  private inside(gathering: Gathering, wish: Wish, created: boolean): void {
    const { me, toasts } = this;
    this.door?.close();
    this.door = null;
    this.gathering = gathering;
    this.view = new ConferenceView({ gathering, me, toasts, room: wish.room, secret: wish.password !== '' });
    this.element.replaceChildren(this.view.element);
    scrollTo(0, 0); // The form is longer than the window of a phone, and the conference is as high as it.
    this.view.changed();
    if (created) {
      toasts.say(say('conferenceMade'));
    }
  }

  private over(credential: Credential, wish: Wish, sentence: string): void {
    this.view?.close();
    this.view = null;
    this.gathering = null;
    this.asked = { ...this.asked, name: credential.user, room: wish.room };
    this.showDoor(wish, sentence);
  }
}
