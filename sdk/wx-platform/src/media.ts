/** Native media contexts, the album, and whether a page is still there. */
import type { Cancel } from '@huitong/core';

/** A native context: functions that take an options object. Which ones exist depends on the phone. */
export type NativeContext = Record<string, ((options?: unknown) => unknown) | undefined>;

/** The context of the one `<live-pusher>` of a page; null where the runtime has none. */
export function createPusherContext(page: unknown): NativeContext | null {
  return typeof wx === 'undefined' || !wx.createLivePusherContext ? null : wx.createLivePusherContext(page);
}

/** The context of the `<live-player>` with this id; null where the runtime has none. */
export function createPlayerContext(id: string, page: unknown): NativeContext | null {
  return typeof wx === 'undefined' || !wx.createLivePlayerContext ? null : wx.createLivePlayerContext(id, page);
}

/** Saves a picture to the album. */
export function saveToAlbum(filePath: string, success: (result: unknown) => void, fail: (error: unknown) => void): void {
  if (typeof wx !== 'undefined' && wx.saveImageToPhotosAlbum) {
    wx.saveImageToPhotosAlbum({ filePath, success, fail });
  } else {
    fail(new Error('saveImageToPhotosAlbum is not there'));
  }
}

/** How often is looked whether a page is still open, ms: its media stops at once, its seat should soon follow. */
const LOOK_MS = 2000;

interface PageLike {
  getPageId?: () => unknown;
}

/** A component belongs to the page with the same page id. */
function isOpen(context: unknown): boolean {
  const pages = typeof getCurrentPages === 'function' ? getCurrentPages() : [];
  const id = (context as PageLike | null | undefined)?.getPageId;
  return pages.some((page) => {
    const other = (page as PageLike | null | undefined)?.getPageId;
    return page === context || (!!id && !!other && id.call(context) === other.call(page));
  });
}

/**
 * Calls `absent` again and again while the page (or the page of the component) `context` is not among the open ones.
 * A user who leaves with the back button runs no code of pages that do not listen. Pages of a hidden tab are absent
 * too, and alive: whoever is called looks for another sign. A context that is no page is not watched.
 */
export function watchPage(context: unknown, absent: () => void): Cancel {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let watching = false;
  try {
    watching = isOpen(context);
  } catch {
    // A runtime whose pages cannot be compared: they are not watched.
  }
  const look = (): void => {
    timer = setTimeout(look, LOOK_MS);
    if (!isOpen(context)) {
      absent();
    }
  };
  if (watching) {
    timer = setTimeout(look, LOOK_MS);
  }
  return () => clearTimeout(timer);
}
