/** The page of calls: a name, contacts, calls that were, and the call of now above it all. */
import type { CallMedia, Endpoint, Platform } from '@huitong/core';
import { audioContext } from '@huitong/web-media';
import { callLink, printable } from '../address.js';
import type { Asked, Credential } from '../address.js';
import { CredentialFields, mint } from '../credentials.js';
import { iconButton, make, name, oncePerTurn } from '../dom.js';
import { language, recall, remember, say } from '../language.js';
import { modes } from '../modes.js';
import { Toasts } from '../toasts.js';
import { brand, foot, topButtons } from '../top.js';
import { Book } from './book.js';
import type { Entry } from './book.js';
import { CallView } from './call-view.js';
import { Contacts } from './contacts.js';
import { Desk } from './desk.js';
import { face } from './faces.js';
import { recentRows } from './recent.js';
import type { Talk } from './talk.js';
import { endWords } from './words.js';

const STORE = { name: 'huitong.name', online: 'huitong.online' };

/** What the page needs. */
export interface CallsOptions {
  platform: Platform;
  endpoint: Endpoint;
  /** The address of the page's folder. */
  base: string;
  asked: Asked;
  /** The server mints credentials. */
  demo: boolean;
}

/** See the head of the file. */
export class CallsPage {
  readonly element: HTMLElement;
  private readonly book = new Book({ read: recall, write: remember });
  private readonly toasts = new Toasts();
  private readonly contacts: Contacts;
  private readonly fields: { name: HTMLInputElement; contact: HTMLInputElement };
  private readonly credentials: CredentialFields;
  private readonly notice = make('p', { class: 'notice', role: 'alert' });
  private readonly enterButton = make('button', { type: 'submit', class: 'main', text: 'goOnline', 'data-act': 'online' });
  private readonly form: HTMLElement;
  private readonly me = make('div', { class: 'me' });
  private readonly status = make('small', { text: 'goingOnline', 'data-status': 'away' });
  private readonly lists: HTMLElement;
  private readonly ended = make('div', { class: 'ended', role: 'status', hidden: true });
  private readonly endWords = make('span');
  private last: Entry | null = null;
  private readonly recent = make('ul', { class: 'recent' });
  /** The calls that are listed, in this language. */
  private listed = '';
  private readonly noRecent = make('p', { class: 'empty', text: 'noRecent' });
  private readonly clear = make('button', { type: 'button', class: 'plain', text: 'clearRecent', on: { click: () => this.forget() } });
  private readonly undo: (() => void)[] = [];
  private desk: Desk | null = null;
  private view: CallView | null = null;
  private readonly changed = oncePerTurn(() => this.draw());

  constructor(private readonly options: CallsOptions) {
    const { asked, demo } = options;
    this.fields = {
      name: make('input', { id: 'name', autocomplete: 'nickname', maxlength: '64', hint: 'nameHint', value: asked.name || recall(STORE.name) || '' }),
      contact: make('input', { id: 'contact', autocomplete: 'off', maxlength: '64', hint: 'addName', label: 'addName' }),
    };
    this.credentials = new CredentialFields(asked.credential, !demo || asked.credential !== null);
    this.contacts = new Contacts({ call: (users, media) => this.call(users, media), remove: (user) => this.remove(user) });
    this.form = this.buildForm();
    this.lists = this.buildLists();
    this.element = make(
      'div',
      { class: 'lobby calls' },
      make('header', { class: 'bar' }, brand(), modes('calls'), make('span', { class: 'gap' }), ...topButtons(() => this.draw())),
      make('main', { class: 'calls-main' }, this.form, this.lists),
      foot(),
      this.toasts.element,
    );
    this.leaveWithThePage();
    if (asked.call !== '' && this.addContact(asked.call)) {
      this.toasts.say(say('contactAdded', { name: asked.call }));
    }
    this.draw();
    // Who was online when the page was left is so again.
    if (recall(STORE.online) === '1' && this.fields.name.value !== '' && !this.credentials.needed) {
      void this.goOnline();
    }
  }

  /** Whether a call is going on, which nothing may cover. */
  get busy(): boolean {
    return this.view !== null;
  }

  /** The page is left for another one of the site. */
  close(): void {
    this.undo.splice(0).forEach((run) => run());
    this.desk?.logout();
    this.desk = null;
  }

  private leaveWithThePage(): void {
    const listen = (event: 'pagehide' | 'pageshow', run: (event: PageTransitionEvent) => void): void => {
      window.addEventListener(event, run);
      this.undo.push(() => window.removeEventListener(event, run));
    };
    listen('pagehide', () => this.desk?.logout());
    listen('pageshow', ({ persisted }) => void (persisted && this.desk?.login()));
  }

  private buildForm(): HTMLElement {
    const submit = (event: Event): void => {
      event.preventDefault();
      audioContext(); // The click is the touch that browsers want before they play the ring tone.
      void this.goOnline();
    };
    return make(
      'form',
      { class: 'enter narrow', novalidate: true, on: { submit } },
      make('h1', { text: 'callsTitle' }),
      make('p', { class: 'tagline', text: 'callsTagline' }),
      this.notice,
      make('div', { class: 'row' }, make('label', { for: 'name', text: this.credentials.needed ? 'user' : 'name' }), this.fields.name),
      this.credentials.element,
      this.enterButton,
    );
  }

  private buildLists(): HTMLElement {
    const add = (event: Event): void => {
      event.preventDefault();
      if (this.addContact(this.fields.contact.value.trim())) {
        this.fields.contact.value = '';
      }
    };
    return make(
      'div',
      { class: 'columns', hidden: true },
      make('h1', { class: 'heard', text: 'callsTitle' }),
      make('section', { class: 'card' },
        this.me,
        this.ended,
        make('h2', { text: 'contacts' }),
        make('form', { class: 'add', on: { submit: add } }, this.fields.contact,
          iconButton('plus', 'add', () => undefined, { type: 'submit', 'data-act': 'add' })),
        this.contacts.element),
      make('section', { class: 'card' },
        make('header', { class: 'card-head' }, make('h2', { text: 'recent' }), this.clear), this.recent, this.noRecent),
    );
  }

  private async goOnline(): Promise<void> {
    const user = this.fields.name.value.trim();
    const wrong = user === '' ? 'nameMissing' : !printable(user) ? 'nameTooLong' : this.credentials.wrong;
    if (wrong) {
      this.notice.textContent = say(wrong);
      (wrong === 'credentialMissing' ? this.credentials : this.fields.name).focus();
      return;
    }
    this.notice.textContent = '';
    this.enterButton.disabled = true;
    try {
      this.online(this.credentials.needed ? this.credentials.read(user) : await mint(this.options.base, user));
    } catch (error) {
      this.notice.textContent = error instanceof Error ? error.message : String(error);
    }
    this.enterButton.disabled = false;
  }

  private online(credential: Credential): void {
    remember(STORE.name, credential.user);
    remember(STORE.online, '1');
    this.desk = new Desk(this.options.platform, this.options.endpoint, credential, {
      changed: () => this.changed(),
      begun: (talk) => this.begun(talk),
      over: (entry) => this.over(entry),
      say: (sentence, kind) => this.toasts.say(sentence, kind),
      closed: (sentence) => this.offline(sentence),
    });
    if (this.book.contacts.includes(credential.user)) {
      this.book.remove(credential.user); // A link of one's own, opened before there was a name.
    }
    this.desk.login();
    this.watch();
    this.draw();
  }

  private offline(sentence: string): void {
    remember(STORE.online, '');
    this.desk?.logout();
    this.desk = null;
    this.notice.textContent = sentence;
    this.draw();
  }

  private watch(): void {
    this.desk?.watch(this.book.contacts);
  }

  private addContact(user: string): boolean {
    const { desk, book } = this;
    const wrong =
      user === '' ? say('nameMissing')
      : !printable(user) ? say('nameTooLong')
      : user === desk?.user ? say('contactSelf')
      : book.contacts.includes(user) ? say('contactKnown', { name: user })
      : !book.add(user) ? say('contactsFull')
      : '';
    if (wrong && desk) {
      this.toasts.say(wrong, 'warn'); // A link that is opened a second time is no fault.
    }
    this.watch();
    this.draw();
    return wrong === '';
  }

  private remove(user: string): void {
    this.book.remove(user);
    this.watch();
    this.draw();
  }

  private forget(): void {
    this.book.forget();
    this.draw();
  }

  private call(users: string[], media: CallMedia): void {
    audioContext();
    this.desk?.call(users, media);
  }

  private begun(talk: Talk): void {
    const { desk } = this;
    this.ended.hidden = true;
    this.view = new CallView(talk, {
      accept: (camera) => {
        audioContext(); // The touch that lets the others be heard.
        desk?.accept(camera);
      },
      reject: () => desk?.reject(),
      hangup: () => desk?.hangup(),
    });
    this.element.append(this.view.element);
    this.lists.inert = true;
    // Sentences are above the call.
    this.element.append(this.toasts.element);
    this.view.begin();
  }

  private over(entry: Entry): void {
    this.view?.close();
    this.view = null;
    this.lists.inert = false;
    this.book.note(entry);
    const again = (): void => this.call(entry.users, entry.media);
    this.last = entry;
    this.ended.replaceChildren(
      this.endWords,
      make('button', { type: 'button', class: 'plain', text: entry.outgoing ? 'callAgain' : 'callBack', 'data-act': 'again', on: { click: again } }),
      iconButton('close', 'dismiss', () => (this.ended.hidden = true), { class: 'quiet small' }),
    );
    this.ended.dataset['ending'] = entry.ending;
    this.ended.hidden = false;
    this.changed();
  }

  private draw(): void {
    const { desk, view, book } = this;
    view?.draw();
    this.form.hidden = desk !== null;
    this.lists.hidden = desk === null;
    if (!desk) {
      return;
    }
    this.drawMe(desk);
    this.contacts.show(book.contacts, (user) => desk.isOnline(user));
    this.endWords.textContent = this.last ? endWords(this.last) : '';
    this.drawRecent();
    this.noRecent.hidden = book.calls.length > 0;
    this.clear.hidden = book.calls.length === 0;
  }

  /** Only when there is something new: a row must not be replaced under a finger. */
  private drawRecent(): void {
    const { calls } = this.book;
    const wanted = `${language()} ${calls[0]?.at ?? ''} ${calls.length}`;
    if (wanted !== this.listed) {
      this.listed = wanted;
      this.recent.replaceChildren(...recentRows(calls, (users, media) => this.call(users, media)));
    }
  }

  private drawMe(desk: Desk): void {
    if (this.me.dataset['user'] !== desk.user) {
      this.me.dataset['user'] = desk.user;
      this.me.replaceChildren(
        make('span', { class: 'portrait' }, face(desk.user), make('i', { class: 'dot' })),
        make('span', { class: 'lines' }, make('b', { class: 'person' }, desk.user), this.status),
        make('button', { type: 'button', class: 'plain', text: 'myLink', 'data-act': 'copy', on: { click: () => void this.copy(desk.user) } }),
        make('button', { type: 'button', class: 'plain', text: 'goOffline', 'data-act': 'offline', on: { click: () => this.offline('') } }),
      );
    }
    this.me.dataset['online'] = String(desk.reachable);
    name(this.status, 'text', desk.reachable ? 'onlineAs' : 'seeking');
  }

  private copy(user: string): Promise<void> {
    return this.toasts.copy(callLink(location.href, user), say('myLinkCopied'));
  }
}
