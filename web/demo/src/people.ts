/** The list of who is in the room. */
import { icon, iconButton, make, onEscape } from './dom.js';
import { say } from './language.js';

/** A person in the list. */
export interface Person {
  user: string;
  own: boolean;
  audio: boolean;
  video: boolean;
  away: boolean;
}

/** See the head of the file. */
export class People {
  readonly element: HTMLElement;
  private readonly list = make('ul');
  private readonly heading = make('h2', { id: 'people-heading', text: 'people' });
  private readonly closer: HTMLButtonElement;

  constructor(close: () => void) {
    this.closer = iconButton('close', 'closePeople', close, { class: 'quiet' });
    this.element = make(
      'aside',
      { class: 'people', 'aria-labelledby': 'people-heading', hidden: true, on: onEscape(close) },
      make('header', {}, this.heading, this.closer),
      this.list,
    );
  }

  /** The keyboard goes on from here. */
  focus(): void {
    this.closer.focus();
  }

  show(people: readonly Person[]): void {
    this.list.replaceChildren(
      ...people.map(({ user, own, audio, video, away }) =>
        make(
          'li',
          { 'data-person': user, 'data-audio': String(audio), 'data-away': String(away) },
          make('span', { class: 'person' }, own ? say('youAre', { name: user }) : user),
          away ? make('small', { text: 'away' }) : null,
          mark(audio ? 'mic' : 'micOff', audio),
          mark(video ? 'camera' : 'cameraOff', video),
        ),
      ),
    );
  }
}

function mark(which: Parameters<typeof icon>[0], on: boolean): HTMLElement {
  return make('span', { class: on ? 'mark' : 'mark off' }, icon(which));
}
