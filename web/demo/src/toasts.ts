/** Sentences that come and go. */
import { iconButton, make } from './dom.js';
import { say } from './language.js';

/** How long a sentence stays, ms; one that asks for something stays longer. */
const STAY_MS = { info: 4000, warn: 10000 };
/** Sentences shown at once: more would cover the meeting when a whole class comes in. The oldest goes first. */
const MOST = 3;

/** See the head of the file. */
export class Toasts {
  readonly element = make('div', { class: 'toasts', role: 'log', 'aria-live': 'polite' });

  /** Shows a sentence. One that is there already is not shown twice. */
  say(sentence: string, kind: 'info' | 'warn' = 'info'): void {
    if ([...this.element.children].some((toast) => toast.firstChild?.textContent === sentence)) {
      return;
    }
    const toast = make('div', { class: `toast ${kind}` }, make('span', {}, sentence));
    const timer = window.setTimeout(() => toast.remove(), STAY_MS[kind]);
    toast.append(iconButton('close', 'dismiss', () => {
      window.clearTimeout(timer);
      toast.remove();
    }, { class: 'quiet small', 'aria-hidden': 'true', tabindex: '-1' }));
    while (this.element.childElementCount >= MOST) {
      this.element.firstElementChild?.remove();
    }
    this.element.append(toast);
  }

  /** Copies a link and says so; where that is not allowed, shows it. */
  async copy(link: string, done: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(link);
      this.say(done);
    } catch {
      this.say(say('copyFailed', { link }), 'warn');
    }
  }
}
