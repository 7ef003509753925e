/** The page of voice rooms: a name and a room, then seats with a bar of buttons. */
import type { Endpoint, Platform } from '@huitong/core';
import { audioContext } from '@huitong/web-media';
import { isVoiceRoom, printable, roomLink } from '../address.js';
import type { Asked, Credential } from '../address.js';
import { CredentialFields, mint } from '../credentials.js';
import { iconButton, make, name, oncePerTurn, setIcon } from '../dom.js';
import { recall, remember, say } from '../language.js';
import { modes } from '../modes.js';
import { Toasts } from '../toasts.js';
import { brand, foot, topButtons } from '../top.js';
import type { Key } from '../texts.js';
import { Seats } from './seats.js';
import { VoiceStay } from './stay.js';

const STORE = { name: 'huitong.name', room: 'huitong.voiceRoom' };

/** What the page needs. */
export interface VoiceOptions {
  platform: Platform;
  endpoint: Endpoint;
  /** The address of the page's folder. */
  base: string;
  asked: Asked;
  /** The server mints credentials. */
  demo: boolean;
}

/** A room that one is in, with what shows it. */
interface Inside {
  stay: VoiceStay;
  seats: Seats;
  room: string;
}

/** See the head of the file. */
export class VoicePage {
  readonly element: HTMLElement;
  private readonly fields: { name: HTMLInputElement; room: HTMLInputElement };
  private readonly credentials: CredentialFields;
  private readonly notice = make('p', { class: 'notice', role: 'alert' });
  private readonly enterButton = make('button', { type: 'submit', class: 'main', text: 'enterVoice', 'data-act': 'enter-voice' });
  private readonly toasts = new Toasts();
  private readonly form: HTMLElement;
  private readonly hall = make('section', { class: 'hall', hidden: true });
  private readonly title = make('h1', { class: 'hall-name' });
  private readonly count = make('small', { class: 'count', 'data-count': true });
  private readonly banner = make('p', { class: 'banner', role: 'status', hidden: true });
  private readonly touch = make('button', { type: 'button', class: 'main touch', text: 'touch', hidden: true, 'data-act': 'touch' });
  private readonly hint = make('p', { class: 'hall-hint', text: 'alone', hidden: true });
  private readonly place = make('div', { class: 'seats-place' });
  private readonly buttons = {
    mic: iconButton('micOff', 'openMic', () => void this.inside?.stay.microphone(), { 'data-act': 'mic' }),
    speaker: iconButton('speaker', 'speakerOff', () => this.inside?.stay.speaker(), { 'data-act': 'speaker' }),
  };
  private inside: Inside | null = null;
  private readonly changed = oncePerTurn(() => this.draw());

  constructor(private readonly options: VoiceOptions) {
    const { asked, demo } = options;
    const room = isVoiceRoom(asked.room) ? asked.room : recall(STORE.room) || 'lounge_1';
    this.fields = {
      name: make('input', { id: 'name', autocomplete: 'nickname', maxlength: '64', hint: 'nameHint', value: asked.name || recall(STORE.name) || '' }),
      room: make('input', { id: 'room', autocomplete: 'off', maxlength: '127', spellcheck: 'false', hint: 'voiceRoomHint', value: room }),
    };
    this.credentials = new CredentialFields(asked.credential, !demo || asked.credential !== null);
    this.form = this.buildForm();
    this.buildHall();
    this.element = make(
      'div',
      { class: 'lobby voice' },
      make('header', { class: 'bar' }, brand(), modes('voice'), make('span', { class: 'gap' }), ...topButtons(() => this.draw())),
      make('main', { class: 'calls-main' }, this.form, this.hall),
      foot(),
      this.toasts.element,
    );
  }

  /** Whether somebody is in a room, which nothing may cover. */
  get busy(): boolean {
    return this.inside !== null;
  }

  /** The page is left for another one of the site. */
  close(): void {
    this.inside?.stay.leave();
  }

  private buildForm(): HTMLElement {
    const row = (input: HTMLInputElement, text: Key, help: Key | null = null): HTMLElement =>
      make('div', { class: 'row' }, make('label', { for: input.id, text }), input, help ? make('small', { text: help }) : null);
    const submit = (event: Event): void => {
      event.preventDefault();
      audioContext(); // The click is the touch that browsers want before they play sound.
      void this.enter();
    };
    return make(
      'form',
      { class: 'enter narrow', novalidate: true, on: { submit } },
      make('h1', { text: 'voiceTitle' }),
      make('p', { class: 'tagline', text: 'voiceTagline' }),
      this.notice,
      row(this.fields.name, this.credentials.needed ? 'user' : 'name'),
      row(this.fields.room, 'room', 'voiceRoomHelp'),
      this.credentials.element,
      this.enterButton,
    );
  }

  private buildHall(): void {
    this.touch.addEventListener('click', () => {
      this.touch.hidden = true;
      this.inside?.seats.unblock();
    });
    this.hall.append(
      make('header', { class: 'hall-head' }, this.title, this.count,
        make('button', { type: 'button', class: 'plain', text: 'copy', 'data-act': 'copy', on: { click: () => void this.copy() } })),
      this.banner,
      this.hint,
      this.place,
      this.touch,
      make('div', { class: 'bar controls' }, this.buttons.mic, this.buttons.speaker,
        iconButton('leave', 'leave', () => this.inside?.stay.leave(), { class: 'danger', 'data-act': 'leave' })),
    );
  }

  private async enter(): Promise<void> {
    const [user, room] = [this.fields.name.value.trim(), this.fields.room.value.trim()];
    const wrong =
      user === '' ? 'nameMissing' : !printable(user) ? 'nameTooLong' : !isVoiceRoom(room) ? 'voiceRoomWrong' : this.credentials.wrong;
    if (wrong) {
      this.notice.textContent = say(wrong);
      (wrong === 'credentialMissing' ? this.credentials : wrong === 'voiceRoomWrong' ? this.fields.room : this.fields.name).focus();
      return;
    }
    this.notice.textContent = '';
    this.enterButton.disabled = true;
    try {
      this.begin(this.credentials.needed ? this.credentials.read(user) : await mint(this.options.base, user), room);
    } catch (error) {
      this.notice.textContent = error instanceof Error ? error.message : String(error);
    }
    this.enterButton.disabled = false;
  }

  private begin(credential: Credential, room: string): void {
    remember(STORE.name, credential.user);
    remember(STORE.room, room);
    const { platform, endpoint } = this.options;
    const seats = new Seats(() => (this.touch.hidden = false));
    const stay: VoiceStay = new VoiceStay({ platform, endpoint, credential, room }, {
      changed: () => this.changed(),
      say: (sentence, kind) => this.toasts.say(sentence, kind),
      over: (sentence) => this.over(sentence),
    });
    stay.me.addEventListener('level', () => seats.heardMyself(stay.user, stay.speaks ? stay.me.level : 0));
    // An element that is on no page closes its devices.
    this.place.replaceChildren(seats.element, make('div', { class: 'own-device' }, stay.me.pusher));
    this.inside = { stay, seats, room };
    this.draw();
  }

  private over(sentence: string): void {
    this.inside?.seats.close();
    this.inside = null;
    this.place.replaceChildren();
    this.touch.hidden = true;
    this.notice.textContent = sentence;
    this.draw();
  }

  private draw(): void {
    const { inside, buttons } = this;
    this.element.dataset['inside'] = String(inside !== null);
    this.form.hidden = inside !== null;
    this.hall.hidden = inside === null;
    if (!inside) {
      return;
    }
    const { stay, seats, room } = inside;
    this.title.textContent = room;
    this.hall.dataset['room'] = room;
    this.hall.dataset['present'] = String(stay.present);
    const taken = stay.seats;
    this.count.textContent = taken.length > 0 ? say('count', { count: taken.length }) : say('joining');
    const words = stay.away ? 'reconnecting' : stay.maySpeak === false ? 'voiceListenOnly' : null;
    this.banner.hidden = words === null;
    this.banner.textContent = words ? say(words) : '';
    this.hint.hidden = taken.length !== 1;
    seats.show(taken, stay.audible);
    buttons.mic.disabled = stay.maySpeak !== true;
    name(buttons.mic, 'label', stay.speaks ? 'closeMic' : 'openMic');
    buttons.mic.setAttribute('aria-pressed', String(!stay.speaks));
    setIcon(buttons.mic, stay.speaks ? 'mic' : 'micOff');
    name(buttons.speaker, 'label', stay.audible ? 'speakerOff' : 'speakerOn');
    buttons.speaker.setAttribute('aria-pressed', String(!stay.audible));
    setIcon(buttons.speaker, stay.audible ? 'speaker' : 'speakerOff');
  }

  private copy(): Promise<void> {
    return this.toasts.copy(`${roomLink(location.href, this.inside?.room ?? '')}#voice`, say('copied'));
  }
}
