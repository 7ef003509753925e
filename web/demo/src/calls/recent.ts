/** The list of calls that are over. */
import type { CallMedia } from '@huitong/core';
import { icon, iconButton, make } from '../dom.js';
import { language, say } from '../language.js';
import type { Entry } from './book.js';
import { label } from './faces.js';
import { endWords, missed, namesOf } from './words.js';

const DAY_MS = 86_400_000;

/** When it was: the time today, else the day. */
function when(at: number): string {
  const today = Date.now() - at < DAY_MS && new Date(at).getDate() === new Date().getDate();
  const format: Intl.DateTimeFormatOptions = today ? { hour: '2-digit', minute: '2-digit' } : { month: 'short', day: 'numeric' };
  return new Intl.DateTimeFormat(language() === 'zh' ? 'zh-CN' : 'en-GB', format).format(at);
}

/** The rows; a press on one calls again. */
export function recentRows(entries: readonly Entry[], call: (users: string[], media: CallMedia) => void): HTMLElement[] {
  return entries.map((entry) => {
    const names = namesOf(entry.users);
    const again = iconButton(entry.media === 'video' ? 'camera' : 'phone', entry.outgoing ? 'callAgain' : 'callBack', () => call(entry.users, entry.media), { class: 'go' });
    label(again, say(entry.media === 'video' ? 'videoTo' : 'voiceTo', { name: names }));
    delete again.dataset['label'];
    return make(
      'li',
      { 'data-ending': entry.ending, 'data-missed': String(missed(entry)) },
      make('span', { class: 'way' }, icon(entry.outgoing ? 'out' : 'into')),
      make('span', { class: 'lines' }, make('span', { class: 'person' }, names), make('small', {}, endWords(entry))),
      make('time', { datetime: new Date(entry.at).toISOString() }, when(entry.at)),
      again,
    );
  });
}
