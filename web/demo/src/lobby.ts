/** The first page: who, where, and whether the devices work. */
import { printable, roomOf } from './address.js';
import type { Asked, Credential } from './address.js';
import { Check } from './check.js';
import { CredentialFields, mint } from './credentials.js';
import { make, name } from './dom.js';
import { recall, remember, say } from './language.js';
import type { Me } from './me.js';
import { modes } from './modes.js';
import type { Key } from './texts.js';
import { brand, foot, topButtons } from './top.js';

const STORE = { name: 'huitong.name', room: 'huitong.room' };

/** What the lobby needs. */
export interface LobbyOptions {
  me: Me;
  asked: Asked;
  /** The address of the page's folder. */
  base: string;
  /** The server mints credentials. */
  demo: boolean;
  /** A sentence that says why one is here again; empty at first. */
  notice: string;
  enter(credential: Credential, room: string): void;
}

interface Fields {
  name: HTMLInputElement;
  room: HTMLInputElement;
}

/** See the head of the file. */
export class Lobby {
  readonly element: HTMLElement;
  private readonly notice = make('p', { class: 'notice', role: 'alert' });
  private readonly fields: Fields;
  private readonly credentials: CredentialFields;
  private readonly joinButton = make('button', { type: 'submit', class: 'main', text: 'join', 'data-act': 'join' });
  private readonly check: Check;

  constructor(private readonly options: LobbyOptions) {
    const { asked, me } = options;
    this.fields = {
      name: make('input', { id: 'name', autocomplete: 'nickname', maxlength: '64', hint: 'nameHint', value: asked.name || recall(STORE.name) || '' }),
      room: make('input', { id: 'room', autocomplete: 'off', maxlength: '128', hint: 'roomHint', value: asked.room || recall(STORE.room) || '' }),
    };
    this.credentials = new CredentialFields(asked.credential, !options.demo || asked.credential !== null);
    this.check = new Check(me);
    this.say(options.notice);
    this.element = make(
      'div',
      { class: 'lobby' },
      make('header', { class: 'bar' }, brand(), modes('rooms'), make('span', { class: 'gap' }), ...topButtons(() => this.check.show())),
      make('main', { class: 'lobby-main' }, this.check.element, this.form()),
      foot(),
    );
  }

  /** One's own devices, as they were checked here. */
  get me(): Me {
    return this.options.me;
  }

  /** The page is left for the meeting or for good. */
  close(): void {
    this.check.close();
  }

  private form(): HTMLElement {
    const { fields, credentials } = this;
    const row = (input: HTMLInputElement, text: Key, help: Key | null = null): HTMLElement =>
      make('div', { class: 'row' }, make('label', { for: input.id, text }), input, help ? make('small', { text: help }) : null);
    const submit = (event: Event): void => {
      event.preventDefault();
      void this.join();
    };
    return make(
      'form',
      { class: 'enter', novalidate: true, on: { submit } },
      make('h1', { text: 'title' }),
      make('p', { class: 'tagline', text: 'tagline' }),
      this.notice,
      row(fields.name, credentials.needed ? 'user' : 'name'),
      row(fields.room, 'room', 'roomHelp'),
      credentials.element,
      this.joinButton,
    );
  }

  private async join(): Promise<void> {
    const { options, fields, credentials } = this;
    const [user, room] = [fields.name.value.trim(), fields.room.value.trim()];
    const missing: [{ focus(): void }, Key] | null =
      user === '' ? [fields.name, 'nameMissing']
      : !printable(user) ? [fields.name, 'nameTooLong']
      : room === '' ? [fields.room, 'roomMissing']
      : roomOf(room) === null ? [fields.room, 'roomTooLong']
      : credentials.wrong ? [credentials, credentials.wrong]
      : null;
    if (missing) {
      this.say(say(missing[1]));
      missing[0].focus();
      return;
    }
    this.say('');
    this.busy(true);
    try {
      const credential = credentials.needed ? credentials.read(user) : await mint(options.base, user);
      remember(STORE.name, user);
      remember(STORE.room, room);
      options.enter(credential, room);
    } catch (error) {
      this.say(error instanceof Error ? error.message : String(error));
    }
    this.busy(false);
  }

  private say(sentence: string): void {
    this.notice.textContent = sentence;
  }

  private busy(on: boolean): void {
    this.joinButton.disabled = on;
    name(this.joinButton, 'text', on ? 'joining' : 'join');
  }
}
