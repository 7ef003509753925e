/** What stands for a person where there is no picture. */
import { make } from '../dom.js';
import { hueOf } from '../tile.js';

/** A circle with the first letter of a name, in the colour of the name. */
export function face(user: string, parts: { large?: boolean; pulse?: boolean } = {}): HTMLElement {
  const words = ['face', parts.large ? 'large' : '', parts.pulse ? 'pulse' : ''].filter((word) => word !== '').join(' ');
  const element = make('span', { class: words, 'aria-hidden': 'true' }, [...user][0]?.toUpperCase() ?? '?');
  element.style.setProperty('--hue', String(hueOf(user)));
  return element;
}

/** Gives a button a label with a name in it. */
export function label(button: HTMLElement, words: string): void {
  button.setAttribute('aria-label', words);
  button.title = words;
}
