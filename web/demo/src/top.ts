/** What stands at the top of every page: language, and light or dark. */
import { iconButton, make, translateAll } from './dom.js';
import { language, recall, remember, speak } from './language.js';

const STORE = 'huitong.theme';

/** Light or dark as chosen before; without a choice the system decides. */
export function beginTheme(): void {
  const kept = recall(STORE);
  if (kept === 'light' || kept === 'dark') {
    document.documentElement.dataset['theme'] = kept;
  }
}

function otherTheme(): void {
  const root = document.documentElement;
  const dark = root.dataset['theme'] ? root.dataset['theme'] === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset['theme'] = dark ? 'light' : 'dark';
  remember(STORE, root.dataset['theme']);
}

/** The buttons. `spoken` is called when the language has changed. */
export function topButtons(spoken: () => void): HTMLElement[] {
  const speakOther = (): void => {
    speak(language() === 'en' ? 'zh' : 'en', true);
    translateAll(document);
    spoken();
  };
  return [
    iconButton('globe', 'otherLanguage', speakOther, { class: 'quiet', 'data-act': 'language' }),
    iconButton('theme', 'theme', otherTheme, { class: 'quiet', 'data-act': 'theme' }),
  ];
}

/** The name of the house. */
export function brand(): HTMLElement {
  return make('span', { class: 'brand' }, 'Huitong ', make('b', { lang: 'zh' }, '会通'));
}

/** Where else this server leads to. */
export function foot(): HTMLElement {
  return make('footer', { class: 'foot' }, make('a', { href: 'miniprogram/', text: 'program' }), ' · ', make('a', { href: 'about', text: 'about' }));
}
