/** The things that the site is for, as links. */
import { make } from './dom.js';
import type { Key } from './texts.js';

/** What the page is for. */
export type Mode = 'rooms' | 'calls' | 'voice' | 'conference';

const TEXTS: Record<Mode, Key> = { rooms: 'modeRooms', calls: 'modeCalls', voice: 'modeVoice', conference: 'modeConference' };

/** The links; that of `present` is marked. */
export function modes(present: Mode): HTMLElement {
  const links = (Object.keys(TEXTS) as Mode[]).map((mode) =>
    make('a', { href: `#${mode}`, text: TEXTS[mode], 'data-mode': mode, ...(mode === present ? { 'aria-current': 'page' } : {}) }));
  return make('nav', { class: 'modes', label: 'modes' }, ...links);
}
