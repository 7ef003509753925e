/** The dialog of a call that comes in: who calls, one's own picture before anybody sees it, and the answers. */
import { icon, iconButton, make, name } from '../dom.js';
import { say } from '../language.js';
import { face } from './faces.js';
import type { Talk } from './talk.js';
import { namesOf } from './words.js';

/** What the user may answer. */
export interface InviteEvents {
  accept(camera: boolean): void;
  reject(): void;
}

/** Whether the camera may be opened without a question. */
async function mayOpen(): Promise<boolean> {
  try {
    return (await navigator.permissions.query({ name: 'camera' as PermissionName })).state === 'granted';
  } catch {
    return false; // The browser does not tell; the button asks.
  }
}

/** See the head of the file. */
export class Invite {
  readonly element: HTMLElement;
  private readonly title = make('h2', { id: 'invite-title' });
  private readonly words = make('p', { class: 'invite-words', id: 'invite-words' });
  private readonly note = make('p', { class: 'notice', role: 'status', hidden: true, text: 'ringBlocked' });
  private readonly preview = make('div', { class: 'preview' });
  private readonly hint = make('small', { text: 'previewIs' });
  private readonly turnOn = make('button', { type: 'button', class: 'plain', text: 'previewOn', 'data-act': 'preview', on: { click: () => void this.open() } });
  private readonly first: HTMLButtonElement;

  constructor(
    private readonly talk: Talk,
    private readonly events: InviteEvents,
  ) {
    const video = talk.media === 'video';
    const caller = talk.others[0]?.user ?? '';
    const answer = (text: 'decline' | 'withoutCamera' | 'accept', label: 'decline' | 'acceptVoice' | 'acceptVideo' | 'accept', button: HTMLButtonElement): HTMLElement => {
      name(button, 'label', label);
      return make('div', { class: 'answer' }, button, make('span', { text, 'aria-hidden': 'true' }));
    };
    const accept = (camera: boolean, act: string, which: 'phone' | 'camera'): HTMLButtonElement =>
      iconButton(which, 'accept', () => this.events.accept(camera), { class: 'yes', 'data-act': act });
    this.first = accept(video, 'accept', video ? 'camera' : 'phone');
    const decline = iconButton('leave', 'decline', () => this.events.reject(), { class: 'no', 'data-act': 'reject' });
    this.element = make(
      'div',
      { class: 'invite', role: 'alertdialog', 'aria-modal': 'true', 'aria-labelledby': 'invite-title', 'aria-describedby': 'invite-words' },
      make(
        'section',
        { class: 'invite-card' },
        face(caller, { large: true, pulse: true }),
        this.title,
        this.words,
        video ? make('div', { class: 'invite-preview' }, this.preview, this.hint) : null,
        make('div', { class: 'answers' },
          answer('decline', 'decline', decline),
          video ? answer('withoutCamera', 'acceptVoice', accept(false, 'accept-voice', 'phone')) : null,
          answer('accept', video ? 'acceptVideo' : 'accept', this.first)),
        this.note,
      ),
    );
    this.preview.append(make('div', { class: 'preview-ask' }, icon('camera'), this.turnOn));
    this.element.addEventListener('keydown', (event) => this.keep(event));
  }

  /** It is on the page. */
  begin(): void {
    this.first.focus();
    this.show();
    if (this.talk.media === 'video') {
      this.preview.prepend(this.talk.me.pusher);
      void mayOpen().then((may) => (may ? this.open() : undefined));
    }
  }

  /** The browser plays no ring tone before a touch. */
  blocked(on: boolean): void {
    this.note.hidden = !on;
  }

  /** Texts and marks, as language and state are now. */
  show(): void {
    const { talk } = this;
    const [caller, ...others] = talk.others.map(({ user }) => user);
    const video = talk.media === 'video';
    const words = others.length > 0 ? say(video ? 'invitesGroupVideo' : 'invitesGroupVoice', { names: namesOf(others) }) : say(video ? 'invitesVideo' : 'invitesVoice');
    this.title.textContent = say('incoming', { name: caller ?? '' });
    this.words.textContent = words;
    const { hasCamera } = talk.me.state;
    this.preview.dataset['state'] = hasCamera ? 'on' : 'ask';
    this.hint.hidden = !hasCamera;
  }

  private async open(): Promise<void> {
    if (this.talk.phase === 'incoming' && this.element.isConnected) {
      await this.talk.me.open();
    }
  }

  /** The keyboard stays in the dialog. */
  private keep(event: KeyboardEvent): void {
    const buttons = [...this.element.querySelectorAll('button')].filter((button) => button.offsetParent !== null);
    const edge = event.shiftKey ? buttons[0] : buttons[buttons.length - 1];
    if (event.key === 'Tab' && document.activeElement === edge) {
      event.preventDefault();
      (event.shiftKey ? buttons[buttons.length - 1] : buttons[0])?.focus();
    }
  }
}
