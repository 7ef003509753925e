/** The page of a meeting: bars, stage, list, buttons. */
import { roomLink } from './address.js';
import { Controls } from './controls.js';
import { icon, iconButton, make, oncePerTurn } from './dom.js';
import { say } from './language.js';
import { Meeting } from './meeting.js';
import type { MeetingOptions } from './meeting.js';
import { People } from './people.js';
import type { Person } from './people.js';
import { Stage } from './stage.js';
import { Toasts } from './toasts.js';
import { brand, topButtons } from './top.js';

/** See the head of the file. */
export class MeetingView {
  readonly element: HTMLElement;
  private readonly meeting: Meeting;
  private readonly stage: Stage;
  private readonly toasts = new Toasts();
  private readonly people: People;
  private readonly banner = make('p', { class: 'banner', role: 'status', hidden: true });
  private readonly touch = make('button', { type: 'button', class: 'main touch', text: 'touch', hidden: true, 'data-act': 'touch' });
  private readonly count = make('span', { class: 'count', 'data-count': true });
  private readonly controls: Controls;
  private readonly peopleButton: HTMLButtonElement;
  private readonly heardMe: () => void;
  private readonly changed = oncePerTurn(() => this.draw());

  constructor(
    private readonly options: MeetingOptions,
    private readonly roomName: string,
    over: (sentence: string) => void,
  ) {
    const { me, credential } = options;
    this.stage = new Stage(credential.user, () => (this.touch.hidden = false), (users) => this.meeting.setSeen(users));
    this.people = new People(() => this.togglePeople(false));
    this.controls = new Controls(me, () => void this.meeting.share());
    this.peopleButton = iconButton('people', 'people', () => this.togglePeople(), { 'data-act': 'people', 'aria-expanded': 'false' });
    this.touch.addEventListener('click', () => {
      this.touch.hidden = true;
      this.stage.unblock();
    });
    this.element = this.build();
    this.heardMe = () => this.stage.heardMyself(me.state.mic ? me.level : 0);
    me.addEventListener('level', this.heardMe);
    this.meeting = new Meeting(options, {
      changed: () => this.changed(),
      say: (sentence, kind) => this.toasts.say(sentence, kind),
      over: (sentence) => {
        me.removeEventListener('level', this.heardMe);
        this.stage.close();
        over(sentence);
      },
    });
    this.changed();
  }

  private build(): HTMLElement {
    return make(
      'div',
      { class: 'meeting' },
      make(
        'header',
        { class: 'bar' },
        brand(),
        make('span', { class: 'room-name', role: 'heading', 'aria-level': '1', 'data-room': this.roomName }, this.roomName),
        make('button', { type: 'button', class: 'plain invite-button', 'data-act': 'copy', label: 'copy', on: { click: () => void this.copy() } },
          icon('link'), make('span', { text: 'copy' })),
        make('span', { class: 'gap' }),
        this.count,
        ...topButtons(() => this.draw()),
      ),
      this.banner,
      make('main', { class: 'middle' }, this.stage.element, this.people.element, this.touch),
      make(
        'footer',
        { class: 'bar controls' },
        ...this.controls.elements, this.peopleButton,
        iconButton('leave', 'leave', () => this.meeting.leave(), { class: 'danger', 'data-act': 'leave' }),
      ),
      this.toasts.element,
    );
  }

  private draw(): void {
    const { meeting } = this;
    if (!this.element.isConnected) {
      return;
    }
    this.stage.render(meeting.shows);
    this.stage.show();
    this.people.show(this.persons());
    this.count.textContent = say('count', { count: meeting.members.list.length + 1 });
    this.element.dataset['present'] = String(meeting.present);
    const words = meeting.away ? 'reconnecting' : meeting.maySend === false ? 'watchOnly' : null;
    this.banner.hidden = words === null;
    this.banner.textContent = words ? say(words) : '';
    this.controls.draw(meeting.maySend, meeting.sharing);
  }

  private persons(): Person[] {
    const { meeting, options } = this;
    const { audio, video } = meeting.maySend ? options.me.sends : { audio: false, video: false };
    const others = meeting.members.list.map(({ user, away, streams }) => {
      const main = streams.get('main');
      return { user, own: false, audio: main?.audio ?? false, video: main?.video ?? false, away };
    });
    return [{ user: meeting.user, own: true, audio, video, away: false }, ...others];
  }

  private togglePeople(open = this.people.element.hidden): void {
    this.people.element.hidden = !open;
    this.peopleButton.setAttribute('aria-expanded', String(open));
    if (open) {
      this.people.focus();
    } else {
      this.peopleButton.focus();
    }
  }

  private copy(): Promise<void> {
    return this.toasts.copy(roomLink(location.href, this.roomName), say('copied'));
  }
}
