/** The language of the page. */
import { TEXTS } from './texts.js';
import type { Key, Language } from './texts.js';

const STORE = 'huitong.language';

let current: Language = 'en';

/** The language now. */
export const language = (): Language => current;

/** The text of this name; `{word}` in it is replaced. */
export function say(key: Key, words: Record<string, string | number> = {}): string {
  const text: string = TEXTS[key][current === 'en' ? 0 : 1];
  return text.replace(/\{(\w+)\}/g, (whole, word: string) => String(words[word] ?? whole));
}

/** The language of a page that was asked for with `asked`, was left with `stored`, in a browser that speaks `spoken`. */
export function choose(asked: string | null, stored: string | null, spoken: readonly string[]): Language {
  for (const wish of [asked, stored]) {
    if (wish === 'zh' || wish === 'en') {
      return wish;
    }
  }
  return /^zh\b/i.test(spoken[0] ?? '') ? 'zh' : 'en';
}

/** Sets the language and keeps it for the next visit. */
export function speak(wanted: Language, keep: boolean): void {
  current = wanted;
  if (typeof document !== 'undefined') {
    document.documentElement.lang = wanted === 'zh' ? 'zh-CN' : 'en';
    document.title = say('title');
  }
  if (keep) {
    remember(STORE, wanted);
  }
}

/** What an earlier visit left; null if nothing, or if the browser keeps nothing. */
export function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Keeps something for the next visit, where the browser allows it. */
export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // A private window: the next visit asks again.
  }
}

/** The language of the first page. */
export function begin(asked: string | null): void {
  speak(choose(asked, recall(STORE), navigator.languages), false);
}
