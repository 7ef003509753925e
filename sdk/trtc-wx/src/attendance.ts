/**
 * Whether the page of a stay is still there. A user who leaves a page runs no code of pages that do not listen, and a
 * page behind another tab looks like one that is closed: its tags tell the difference, and it may come back.
 */
import { RETURN_WITHIN_MS } from '@huitong/core';
import type { Cancel, Platform } from '@huitong/core';
import { PageOf } from '@huitong/wx-platform';
import type { Presence } from '@huitong/wx-platform';

/** A page whose tags say nothing for so long is closed, if it is not among the open ones, ms: tags report every 2 s. */
const PAGE_SILENT_MS = 3000;

/** Who is told. */
export interface Attended {
  /** The page is closed, or was hidden so that nothing of it works; then it may come back. */
  pageGone(mayComeBack: boolean): void;
  /** The page that was awaited is open again; `late` when nobody thinks of the meeting any more. */
  pageBack(late: boolean): void;
}

/** See the head of the file. */
export class Attendance {
  private readonly page: PageOf;
  /** When a tag of the page last said anything, or was last kept from doing so. */
  private heardAt = 0;
  /** Until when a page that is gone is looked for; null when none is. */
  private until: number | null = null;
  private watch: Cancel | null = null;

  constructor(
    private readonly platform: Platform,
    context: unknown,
    private readonly owner: Attended,
  ) {
    this.page = new PageOf(context);
  }

  /** Where the page is now. */
  get presence(): Presence {
    return this.page.presence();
  }

  /** Whether a page that is gone is expected to come back. */
  get awaits(): boolean {
    return this.until !== null;
  }

  /** Looks after the page from now on. */
  begin(): void {
    this.end();
    this.watch = this.page.watch((presence) => this.looked(presence));
  }

  /** No code of a page tells that it is shown again. One that never is costs a look now and then, and not for ever. */
  awaitReturn(): void {
    this.begin();
    this.until = this.platform.now() + RETURN_WITHIN_MS;
  }

  /** The page does not matter any more. */
  end(): void {
    this.until = null;
    this.stopLooking();
  }

  /** A tag of the page said something. */
  heard(): void {
    this.heardAt = this.platform.now();
    if (this.awaits) {
      this.looked(this.presence);
    }
  }

  /** The application is in the foreground again: the tags were silent and need a moment to talk. */
  shown(): void {
    this.heardAt = this.platform.now();
  }

  private looked(presence: Presence): void {
    if (this.platform.hidden()) {
      return; // in the background all tags are silent, and nobody leaves a page
    }
    const now = this.platform.now();
    if (this.until !== null) {
      const late = now > this.until;
      if (presence === 'open') {
        this.end();
        this.owner.pageBack(late);
      } else if (late) {
        this.stopLooking(); // its tags will be heard if it comes back all the same
      }
    } else if (presence === 'closed' || (presence === 'behind' && now - this.heardAt >= PAGE_SILENT_MS)) {
      this.owner.pageGone(presence === 'behind');
    }
  }

  private stopLooking(): void {
    this.watch?.();
    this.watch = null;
  }
}
