/** Whether a page is still there. A user who leaves with the back button runs no code of pages that do not listen. */
import type { Cancel } from '@huitong/core';

/** How often is looked whether a page is still open, ms: its media stops at once, its seat should soon follow. */
const LOOK_MS = 2000;

/** On the stack of pages; not there, but perhaps only behind another tab; closed for good. */
export type Presence = 'open' | 'behind' | 'closed';

interface PageLike {
  getPageId?: () => unknown;
}

/** Where on the stack the page is whose `context` this is, or the page of this component: they share their id. */
function placeOf(context: unknown): number {
  const pages = typeof getCurrentPages === 'function' ? getCurrentPages() : [];
  const id = (context as PageLike | null | undefined)?.getPageId;
  for (let at = 0; at < pages.length; at++) {
    const other = (pages[at] as PageLike | null | undefined)?.getPageId;
    if (pages[at] === context || (!!id && !!other && id.call(context) === other.call(pages[at]))) {
      return at;
    }
  }
  return -1;
}

/** The page of a context. A context that never was on the stack is no page, and counts as open. */
export class PageOf {
  private place = -1;

  constructor(private readonly context: unknown) {}

  /** Where the page is now. Only the lowest page of the stack can come back: a change of tabs closes all others. */
  presence(): Presence {
    try {
      const place = placeOf(this.context);
      if (place < 0 && this.place >= 0) {
        return this.place === 0 ? 'behind' : 'closed';
      }
      this.place = place;
    } catch {
      // A runtime whose pages cannot be compared: they count as open.
    }
    return 'open';
  }

  /** Calls `look` again and again with where the page is. What is no page is not watched. */
  watch(look: (presence: Presence) => void): Cancel {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const later = (): void => {
      timer = setTimeout(() => {
        later();
        look(this.presence());
      }, LOOK_MS);
    };
    this.presence();
    if (this.place >= 0) {
      later();
    }
    return () => clearTimeout(timer);
  }
}
