/** The list of who is in a conference, and for admins what can be done with each. */
import type { ConferenceRole } from '@huitong/core';
import { label } from '../calls/faces.js';
import { icon, iconButton, make, onEscape } from '../dom.js';
import { language, say } from '../language.js';
import type { Key } from '../texts.js';
import type { LeftOut } from './gathering.js';
import { ROLES } from './words.js';

/** Longest topic, characters: it has one line above the pictures. */
const TOPIC_CHARS = 80;

/** A person in the list. */
export interface Entry {
  user: string;
  own: boolean;
  role: ConferenceRole;
  audio: boolean;
  video: boolean;
  /** The connection is lost. */
  away: boolean;
  /** The hand is up. */
  hand: boolean;
  /** What this admin left out of the person. */
  leftOut: LeftOut;
}

/** What an admin does, and closing the list. */
export interface RollEvents {
  close(): void;
  grant(user: string, role: ConferenceRole): void;
  mute(user: string, leftOut: LeftOut): void;
  kick(user: string): void;
  topic(text: string): void;
  mixed(on: boolean): void;
}

/** See the head of the file. */
export class Roll {
  readonly element: HTMLElement;
  private readonly list = make('ul');
  private readonly field = make('input', { autocomplete: 'off', maxlength: String(TOPIC_CHARS), label: 'topic', hint: 'topic', 'data-field': 'topic' });
  private readonly form: HTMLElement;
  private readonly closer: HTMLButtonElement;
  private readonly tick = make('input', { type: 'checkbox', 'data-act': 'mixed' });
  private readonly mixed = make('label', { class: 'mixing', hidden: true }, this.tick, make('span', { text: 'oneSound' }));
  /** Rows by name, with what they show: a row must not be replaced under a finger. */
  private readonly rows = new Map<string, { shows: string; row: HTMLElement }>();
  /** Of whom the actions are shown. */
  private open = '';
  private last: { people: readonly Entry[]; governs: boolean } = { people: [], governs: false };

  constructor(private readonly events: RollEvents) {
    this.closer = iconButton('close', 'closePeople', () => events.close(), { class: 'quiet' });
    const submit = (event: Event): void => {
      event.preventDefault();
      events.topic(this.field.value.trim());
    };
    this.form = make('form', { class: 'add', hidden: true, on: { submit } }, this.field, make('button', { type: 'submit', class: 'plain', text: 'setTopic', 'data-act': 'set-topic' }));
    this.tick.addEventListener('change', () => events.mixed(this.tick.checked));
    this.element = make(
      'aside',
      { class: 'people roll', 'aria-labelledby': 'people-heading', hidden: true, on: onEscape(() => events.close()) },
      make('header', {}, make('h2', { id: 'people-heading', text: 'people' }), this.closer),
      this.form,
      this.mixed,
      this.list,
    );
  }

  /** The keyboard goes on from here. */
  focus(): void {
    this.closer.focus();
  }

  /** Whether everybody is heard as one mixed sound; null where that cannot be had. */
  showMixed(on: boolean | null): void {
    this.mixed.hidden = on === null;
    this.tick.checked = on === true;
  }

  /** `governs`: whether this user is an admin. */
  show(people: readonly Entry[], governs: boolean): void {
    this.last = { people, governs };
    this.form.hidden = !governs;
    const rows = people.map((person) => this.rowOf(person, governs));
    const names = new Set(people.map(({ user }) => user));
    [...this.rows.keys()].filter((user) => !names.has(user)).forEach((user) => this.rows.delete(user));
    if (rows.length !== this.list.childElementCount || rows.some((row, at) => this.list.children[at] !== row)) {
      this.list.replaceChildren(...rows);
    }
  }

  private rowOf(person: Entry, governs: boolean): HTMLElement {
    const open = governs && this.open === person.user;
    const shows = JSON.stringify([person, governs, open, language()]);
    const known = this.rows.get(person.user);
    if (known?.shows === shows) {
      return known.row;
    }
    const row = this.build(person, governs && !person.own, open);
    this.rows.set(person.user, { shows, row });
    return row;
  }

  private build(person: Entry, governed: boolean, open: boolean): HTMLElement {
    const { user, own, role, audio, video, away, hand } = person;
    const toggle = iconButton('more', 'people', () => this.toggle(user), { class: 'quiet small more', 'data-act': 'actions', 'aria-expanded': String(open) });
    delete toggle.dataset['label'];
    label(toggle, say('actionsFor', { name: user }));
    return make(
      'li',
      { 'data-person': user, 'data-role': role, 'data-audio': String(audio), 'data-video': String(video), 'data-away': String(away) },
      make('span', { class: 'lines' }, make('b', { class: 'person' }, own ? say('youAre', { name: user }) : user), make('small', { text: ROLES[role] }),
        hand ? make('small', { class: 'asks', text: 'asks' }) : null, away ? make('small', { class: 'lost', text: 'away' }) : null),
      mark(audio ? 'mic' : 'micOff', audio),
      mark(video ? 'camera' : 'cameraOff', video),
      governed ? toggle : null,
      governed && open ? this.actions(person) : null,
    );
  }

  private actions({ user, role, leftOut }: Entry): HTMLElement {
    const { events } = this;
    const action = (text: Key, act: string, run: () => void): HTMLElement =>
      make('button', { type: 'button', class: act === 'kick' ? 'plain grave' : 'plain', text, 'data-act': act, on: { click: () => this.done(run) } });
    const { audio, video } = leftOut;
    return make(
      'div',
      { class: 'actions' },
      role === 'audience' ? null : action(audio ? 'unmuteSound' : 'muteSound', 'mute-sound', () => events.mute(user, { audio: !audio, video })),
      role === 'audience' ? null : action(video ? 'unmutePicture' : 'mutePicture', 'mute-picture', () => events.mute(user, { audio, video: !video })),
      role === 'audience' ? action('makeTalker', 'grant-talker', () => events.grant(user, 'talker')) : action('makeAudience', 'grant-audience', () => events.grant(user, 'audience')),
      role === 'admin' ? null : action('makeAdmin', 'grant-admin', () => events.grant(user, 'admin')),
      action('removeMember', 'kick', () => events.kick(user)),
    );
  }

  private toggle(user: string): void {
    this.open = this.open === user ? '' : user;
    this.show(this.last.people, this.last.governs);
    this.rows.get(user)?.row.querySelector<HTMLElement>('[data-act="actions"]')?.focus();
  }

  private done(run: () => void): void {
    this.open = '';
    run();
    this.show(this.last.people, this.last.governs);
  }
}

function mark(which: Parameters<typeof icon>[0], on: boolean): HTMLElement {
  return make('span', { class: on ? 'mark' : 'mark off' }, icon(which));
}
