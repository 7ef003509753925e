/** The three things that the site is for, as links. */
import { make } from './dom.js';

/** What the page is for. */
export type Mode = 'rooms' | 'calls' | 'voice';

/** The links; that of `present` is marked. */
export function modes(present: Mode): HTMLElement {
  const link = (mode: Mode, href: string, text: 'modeRooms' | 'modeCalls' | 'modeVoice'): HTMLElement =>
    make('a', { href, text, 'data-mode': mode, ...(mode === present ? { 'aria-current': 'page' } : {}) });
  return make(
    'nav',
    { class: 'modes', label: 'modes' },
    link('rooms', '#rooms', 'modeRooms'),
    link('calls', '#calls', 'modeCalls'),
    link('voice', '#voice', 'modeVoice'),
  );
}
