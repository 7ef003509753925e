/** The first page of conferences: who, which one, its password, as what, and whether the devices work. */
import type { AskTicket, ConferenceKind, ConferenceRole } from '@huitong/core';
import { conferenceRoom, printable } from '../address.js';
import type { Asked, Credential } from '../address.js';
import { Check } from '../check.js';
import { CredentialFields, mint } from '../credentials.js';
import { make, name } from '../dom.js';
import { recall, remember, say } from '../language.js';
import type { Me } from '../me.js';
import { modes } from '../modes.js';
import type { Key } from '../texts.js';
import { brand, foot, topButtons } from '../top.js';
import { KINDS } from './words.js';

const STORE = { name: 'huitong.name', room: 'huitong.conference' };
/** What is asked for, by what one comes for; empty is what is usual there. */
const WISHES: Record<'' | Exclude<ConferenceRole, 'admin'>, Key> = { '': 'roleAsItComes', talker: 'roleTalk', audience: 'roleListen' };

/** What is entered, and how. */
export interface Wish {
  room: string;
  password: string;
  role: '' | ConferenceRole;
  kind: ConferenceKind;
}

/** What to ask the server for, so that a wish comes true. Null if the name is none. */
export function wayOf({ room, password, role, kind }: Wish): AskTicket | null {
  const id = conferenceRoom(room);
  return id && { room: id, settings: { kind }, ...(password === '' ? {} : { password }), ...(role === '' ? {} : { role }) };
}

/** What the first page needs. */
export interface DoorOptions {
  me: Me;
  asked: Asked;
  /** The address of the page's folder. */
  base: string;
  /** The server mints credentials. */
  demo: boolean;
  /** What was entered before. */
  wish: Wish | null;
  /** A sentence that says why one is here again; empty at first. */
  notice: string;
  /** Resolves with why one is not let in; never, if one is. */
  enter(credential: Credential, wish: Wish): Promise<string>;
}

function choice<T extends string>(id: string, options: Record<T, Key>, chosen: T): HTMLSelectElement {
  const list = make('select', { id });
  list.append(...(Object.keys(options) as T[]).map((value) => make('option', { value, text: options[value], selected: value === chosen })));
  return list;
}

/** See the head of the file. */
export class Door {
  readonly element: HTMLElement;
  /** An answer is awaited. */
  busy = false;
  private readonly check: Check;
  private readonly notice = make('p', { class: 'notice', role: 'alert' });
  private readonly name: HTMLInputElement;
  private readonly room: HTMLInputElement;
  private readonly password: HTMLInputElement;
  private readonly role: HTMLSelectElement;
  private readonly kind: HTMLSelectElement;
  private readonly credentials: CredentialFields;
  private readonly button = make('button', { type: 'submit', class: 'main', text: 'enterConference', 'data-act': 'enter' });

  constructor(private readonly options: DoorOptions) {
    const { asked, wish, me } = options;
    const text = (id: string, hint: Key, value: string): HTMLInputElement => make('input', { id, autocomplete: 'off', maxlength: '128', hint, value });
    this.name = text('name', 'nameHint', asked.name || recall(STORE.name) || '');
    this.room = text('room', 'conferenceHint', wish?.room ?? (asked.room || recall(STORE.room) || ''));
    this.password = make('input', { id: 'password', type: 'password', autocomplete: 'off', value: wish?.password ?? '' });
    this.role = choice('role', WISHES, wish?.role === 'admin' ? '' : (wish?.role ?? ''));
    this.kind = choice('kind', KINDS, wish?.kind ?? 'ordinary');
    this.credentials = new CredentialFields(asked.credential, !options.demo || asked.credential !== null);
    this.check = new Check(me);
    this.notice.textContent = options.notice;
    this.element = make(
      'div',
      { class: 'lobby door' },
      make('header', { class: 'bar' }, brand(), modes('conference'), make('span', { class: 'gap' }), ...topButtons(() => this.check.show())),
      make('main', { class: 'lobby-main' }, this.check.element, this.form()),
      foot(),
    );
  }

  /** The page is left for the conference or for good. */
  close(): void {
    this.check.close();
  }

  /** By the link of somebody who is there: what counts for new conferences only is no question then. */
  private get invited(): boolean {
    return this.options.wish === null && this.options.asked.room !== '';
  }

  private form(): HTMLElement {
    const row = (input: HTMLElement, text: Key, help: Key | null = null): HTMLElement =>
      make('div', { class: 'row' }, make('label', { for: input.id, text }), input, help ? make('small', { text: help }) : null);
    const submit = (event: Event): void => {
      event.preventDefault();
      void this.enter();
    };
    return make(
      'form',
      { class: 'enter', novalidate: true, on: { submit } },
      make('h1', { text: 'conferenceTitle' }),
      make('p', { class: 'tagline', text: this.invited ? 'conferenceInvited' : 'conferenceTagline' }),
      this.notice,
      row(this.name, this.credentials.needed ? 'user' : 'name'),
      row(this.room, 'conferenceName', this.invited ? null : 'conferenceNameHelp'),
      row(this.password, 'conferencePassword', 'conferencePasswordHelp'),
      row(this.role, 'conferenceRole'),
      this.invited ? null : row(this.kind, 'conferenceKind'),
      this.credentials.element,
      this.button,
    );
  }

  private async enter(): Promise<void> {
    const { options, credentials } = this;
    const user = this.name.value.trim();
    const wish: Wish = {
      room: this.room.value.trim(), password: this.password.value, role: this.role.value as Wish['role'], kind: this.kind.value as ConferenceKind,
    };
    const missing: [{ focus(): void }, Key] | null =
      user === '' ? [this.name, 'nameMissing']
      : !printable(user) ? [this.name, 'nameTooLong']
      : wish.room === '' ? [this.room, 'roomMissing']
      : conferenceRoom(wish.room) === null ? [this.room, 'roomTooLong']
      : credentials.wrong ? [credentials, credentials.wrong]
      : null;
    if (missing) {
      this.notice.textContent = say(missing[1]);
      missing[0].focus();
      return;
    }
    this.wait(true);
    this.notice.textContent = '';
    try {
      const credential = credentials.needed ? credentials.read(user) : await mint(options.base, user);
      remember(STORE.name, user);
      remember(STORE.room, wish.room);
      const refused = await options.enter(credential, wish);
      this.notice.textContent = refused;
      if (refused === say('needsPassword') || refused === say('wrongPassword')) {
        this.password.select();
      }
    } catch (error) {
      this.notice.textContent = error instanceof Error ? error.message : String(error);
    }
    this.wait(false);
  }

  private wait(on: boolean): void {
    this.busy = on;
    this.button.disabled = on;
    name(this.button, 'text', on ? 'enteringConference' : 'enterConference');
  }
}
