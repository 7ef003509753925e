/** The list of who is in the room. */
import { icon, iconButton, make } from './dom.js';
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
  private readonly heading = make('h2', { text: 'people' });

  constructor(close: () => void) {
    this.element = make(
      'aside',
      { class: 'people', label: 'people', hidden: true },
      make('header', {}, this.heading, iconButton('close', 'closePeople', close, { class: 'quiet' })),
      this.list,
    );
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
