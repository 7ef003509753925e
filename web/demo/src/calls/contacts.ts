/** The list of contacts: who is online, whom to call, and whom to call together. */
import type { CallMedia } from '@huitong/core';
import { iconButton, make, name } from '../dom.js';
import { say } from '../language.js';
import { face, label } from './faces.js';

/** Whom the list asks and tells. */
export interface ContactsEvents {
  call(users: string[], media: CallMedia): void;
  remove(user: string): void;
}

interface Row {
  element: HTMLElement;
  tick: HTMLInputElement;
  state: HTMLElement;
  voice: HTMLButtonElement;
  video: HTMLButtonElement;
  remove: HTMLButtonElement;
}

/** See the head of the file. */
export class Contacts {
  readonly element: HTMLElement;
  private readonly list = make('ul', { class: 'contacts' });
  private readonly empty = make('p', { class: 'empty', text: 'noContacts' });
  private readonly count = make('span', { class: 'chosen' });
  private readonly together: HTMLElement;
  private readonly rows = new Map<string, Row>();

  constructor(private readonly events: ContactsEvents) {
    const all = (media: CallMedia) => (): void => {
      const users = this.chosen;
      this.rows.forEach(({ tick }) => (tick.checked = false));
      this.showChosen();
      events.call(users, media);
    };
    this.together = make(
      'div',
      { class: 'together', hidden: true },
      this.count,
      iconButton('phone', 'groupVoice', all('audio'), { class: 'go', 'data-act': 'group-audio' }),
      iconButton('camera', 'groupVideo', all('video'), { class: 'go', 'data-act': 'group-video' }),
    );
    this.element = make('div', { class: 'book' }, this.list, this.empty, this.together);
  }

  /** Brings the list to this; rows that stay are the same elements, so that nothing moves under a finger. */
  show(users: readonly string[], isOnline: (user: string) => boolean): void {
    for (const [user, row] of this.rows) {
      if (!users.includes(user)) {
        row.element.remove();
        this.rows.delete(user);
      }
    }
    users.forEach((user, at) => {
      const row = this.rows.get(user) ?? this.add(user);
      if (this.list.children[at] !== row.element) {
        this.list.insertBefore(row.element, this.list.children[at] ?? null);
      }
      this.fill(user, row, isOnline(user));
    });
    this.empty.hidden = users.length > 0;
    this.showChosen();
  }

  private get chosen(): string[] {
    const chosen = [...this.list.querySelectorAll<HTMLElement>('[data-contact]:has(:checked)')];
    return chosen.map(({ dataset }) => String(dataset['contact']));
  }

  private add(user: string): Row {
    const call = (media: CallMedia) => (): void => this.events.call([user], media);
    const row: Row = {
      element: make('li', { 'data-contact': user }),
      tick: make('input', { type: 'checkbox', on: { change: () => this.showChosen() } }),
      state: make('small', { text: 'offline' }),
      voice: iconButton('phone', 'voiceCall', call('audio'), { class: 'go', 'data-act': 'call-audio' }),
      video: iconButton('camera', 'videoCall', call('video'), { class: 'go', 'data-act': 'call-video' }),
      remove: iconButton('close', 'dismiss', () => this.events.remove(user), { class: 'quiet small', 'data-act': 'remove' }),
    };
    [row.voice, row.video, row.remove].forEach((button) => delete button.dataset['label']);
    row.element.append(
      make('label', { class: 'who' }, row.tick, make('span', { class: 'portrait' }, face(user), make('i', { class: 'dot' })),
        make('span', { class: 'lines' }, make('span', { class: 'person' }, user), row.state)),
      row.remove, row.voice, row.video,
    );
    this.rows.set(user, row);
    return row;
  }

  private fill(user: string, { element, tick, state, voice, video, remove }: Row, online: boolean): void {
    element.dataset['online'] = String(online);
    name(state, 'text', online ? 'online' : 'offline');
    label(tick, say('tick', { name: user }));
    label(voice, say('voiceTo', { name: user }));
    label(video, say('videoTo', { name: user }));
    label(remove, say('removeContact', { name: user }));
  }

  private showChosen(): void {
    const { length } = this.chosen;
    this.together.hidden = length < 2;
    this.count.textContent = say('chosen', { count: length });
  }
}
