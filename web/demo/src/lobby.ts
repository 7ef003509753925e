/** The first page: who, where, and whether the devices work. */
import type { Trouble } from '@huitong/web-media';
import { printable, roomOf } from './address.js';
import type { Asked, Credential } from './address.js';
import { CredentialFields, mint } from './credentials.js';
import { iconButton, make, name, setIcon } from './dom.js';
import { recall, remember, say } from './language.js';
import type { Me } from './me.js';
import { modes } from './modes.js';
import { troubleSentence } from './sentences.js';
import type { Key } from './texts.js';
import { brand, foot, topButtons } from './top.js';

const STORE = { name: 'huitong.name', room: 'huitong.room' };
/** Segments of the level meter. */
const SEGMENTS = 20;

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
  private readonly deviceNotice = make('p', { class: 'notice', role: 'status', 'data-notice': 'devices' });
  private readonly fields: Fields;
  private readonly credentials: CredentialFields;
  private readonly joinButton = make('button', { type: 'submit', class: 'main', text: 'join', 'data-act': 'join' });
  private readonly level = make('div', { class: 'level', role: 'meter', label: 'level', 'aria-valuemin': '0', 'aria-valuemax': '100' });
  private readonly selects = make('div', { class: 'selects' });
  private readonly stage = make('div', { class: 'preview' });
  private readonly undo: (() => void)[] = [];
  private micButton: HTMLButtonElement;
  private cameraButton: HTMLButtonElement;
  private trouble: Trouble | null = null;

  constructor(private readonly options: LobbyOptions) {
    const { asked, me } = options;
    this.fields = {
      name: make('input', { id: 'name', autocomplete: 'nickname', maxlength: '64', hint: 'nameHint', value: asked.name || recall(STORE.name) || '' }),
      room: make('input', { id: 'room', autocomplete: 'off', maxlength: '128', hint: 'roomHint', value: asked.room || recall(STORE.room) || '' }),
    };
    this.credentials = new CredentialFields(asked.credential, !options.demo || asked.credential !== null);
    this.micButton = iconButton('mic', 'mute', () => me.toggle('mic'), { 'data-act': 'mic' });
    this.cameraButton = iconButton('camera', 'cameraOff', () => me.toggle('camera'), { 'data-act': 'camera' });
    for (let segment = 0; segment < SEGMENTS; segment++) {
      this.level.append(make('i'));
    }
    this.say(options.notice);
    this.element = make(
      'div',
      { class: 'lobby' },
      make('header', { class: 'bar' }, brand(), modes('rooms'), make('span', { class: 'gap' }), ...topButtons(() => this.show())),
      make('main', { class: 'lobby-main' }, this.check(), this.form()),
      foot(),
    );
    this.listen('change', () => {
      // What is there now needs no sentence any more.
      const { hasCamera, hasMic } = me.state;
      this.trouble = hasCamera && hasMic ? null : this.trouble;
      this.show();
    });
    this.listen('level', () => this.showLevel());
    this.listen('trouble', (event) => {
      this.trouble = (event as CustomEvent<Trouble>).detail;
      this.show();
    });
    this.show();
    void this.openIfAllowed();
  }

  /** One's own devices, as they were checked here. */
  get me(): Me {
    return this.options.me;
  }

  /** The page is left for the meeting or for good. */
  close(): void {
    this.undo.splice(0).forEach((run) => run());
  }

  private listen(event: string, run: (event: Event) => void): void {
    this.options.me.addEventListener(event, run);
    this.undo.push(() => this.options.me.removeEventListener(event, run));
  }

  private check(): HTMLElement {
    const turnOn = make('button', { type: 'button', class: 'main', text: 'turnOn', 'data-act': 'turn-on', on: { click: () => void this.open() } });
    const off = make('div', { class: 'preview-off' }, make('p', { text: 'cameraIsOff' }));
    const ask = make('div', { class: 'preview-ask' }, turnOn, make('p', { text: 'checkHelp' }));
    this.stage.append(this.options.me.pusher, off, ask, make('div', { class: 'preview-buttons' }, this.micButton, this.cameraButton));
    return make(
      'section',
      { class: 'check' },
      this.stage,
      make('div', { class: 'level-row' }, this.level, make('small', { text: 'speakNow' })),
      this.selects,
      this.deviceNotice,
    );
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

  /** Who allowed the camera before is not asked to press a button for it. */
  private async openIfAllowed(): Promise<void> {
    if (this.options.me.opened) {
      await this.fillSelects();
      return;
    }
    try {
      const { state } = await navigator.permissions.query({ name: 'camera' as PermissionName });
      if (state === 'granted') {
        await this.open();
      }
    } catch {
      // The browser does not tell; the button asks.
    }
  }

  private async open(): Promise<void> {
    this.trouble = null;
    await this.options.me.open();
    await this.fillSelects();
  }

  private async fillSelects(): Promise<void> {
    const all = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
    const select = (kind: 'camera' | 'microphone'): HTMLElement | null => {
      const devices = all.filter((device) => device.kind === (kind === 'camera' ? 'videoinput' : 'audioinput') && device.deviceId !== '');
      if (devices.length < 2) {
        return null;
      }
      const { me } = this.options;
      const present = me.pusher.getAttribute(`${kind}-id`);
      const choose = (event: Event): void => me.choose(kind, (event.target as HTMLSelectElement).value);
      const list = make('select', { id: kind, on: { change: choose } });
      list.append(...devices.map(({ deviceId, label }) => make('option', { value: deviceId, selected: deviceId === present }, label)));
      return make('div', { class: 'row' }, make('label', { for: kind, text: kind }), list);
    };
    this.selects.replaceChildren(...[select('camera'), select('microphone')].filter((row) => row !== null));
  }

  private show(): void {
    const { me } = this.options;
    const { hasCamera, hasMic } = me.state;
    const mic = me.state.mic && (hasMic || !me.opened);
    const camera = me.state.camera && (hasCamera || !me.opened);
    this.stage.dataset['state'] = !me.opened ? 'ask' : camera ? 'on' : 'off';
    setIcon(this.micButton, mic ? 'mic' : 'micOff');
    name(this.micButton, 'label', mic ? 'mute' : 'unmute');
    this.micButton.setAttribute('aria-pressed', String(!mic));
    setIcon(this.cameraButton, camera ? 'camera' : 'cameraOff');
    name(this.cameraButton, 'label', camera ? 'cameraOff' : 'cameraOn');
    this.cameraButton.setAttribute('aria-pressed', String(!camera));
    this.deviceNotice.textContent = this.trouble ? troubleSentence(this.trouble, true) : '';
  }

  private showLevel(): void {
    const { level } = this.options.me;
    this.level.setAttribute('aria-valuenow', String(level));
    [...this.level.children].forEach((segment, at) => segment.toggleAttribute('data-lit', level > (100 * at) / SEGMENTS));
  }

  private say(sentence: string): void {
    this.notice.textContent = sentence;
  }

  private busy(on: boolean): void {
    this.joinButton.disabled = on;
    name(this.joinButton, 'text', on ? 'joining' : 'join');
  }
}
