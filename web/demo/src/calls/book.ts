/** Whom one calls, and the calls that were: the browser keeps both, and nobody else. */
import type { CallEnding, CallMedia } from '@huitong/core';
import { printable } from '../address.js';

/** How a call ended: as the server said it, or because of what was done here. */
export type Ending = CallEnding | 'hungUpHere' | 'cancelledHere' | 'rejectedHere';

/** A call that is over. */
export interface Entry {
  /** When it was over, Unix ms. */
  at: number;
  /** The others; in a call that came in, whoever called is the first. */
  users: string[];
  media: CallMedia;
  outgoing: boolean;
  ending: Ending;
  durationMs: number;
}

/** What the book is kept in. */
export interface Shelf {
  read(key: string): string | null;
  write(key: string, text: string): void;
}

/** As many as can be watched at once. */
export const MOST_CONTACTS = 200;
/** Older calls are forgotten. */
export const MOST_CALLS = 20;
const STORE = { contacts: 'huitong.contacts', calls: 'huitong.calls' };

/** See the head of the file. */
export class Book {
  contacts: string[];
  calls: Entry[];

  constructor(private readonly shelf: Shelf) {
    const names = (list: unknown[]): string[] => list.filter((one): one is string => typeof one === 'string' && printable(one));
    this.contacts = names(this.list(STORE.contacts)).slice(0, MOST_CONTACTS);
    this.calls = this.list(STORE.calls).filter(isEntry).slice(0, MOST_CALLS);
  }

  /** Adds a contact; false when there is no room for it. The newest is the first. */
  add(user: string): boolean {
    if (this.contacts.length >= MOST_CONTACTS) {
      return false;
    }
    this.contacts = [user, ...this.contacts.filter((other) => other !== user)];
    this.shelf.write(STORE.contacts, JSON.stringify(this.contacts));
    return true;
  }

  remove(user: string): void {
    this.contacts = this.contacts.filter((other) => other !== user);
    this.shelf.write(STORE.contacts, JSON.stringify(this.contacts));
  }

  /** Writes down a call that is over. */
  note(entry: Entry): void {
    this.keep([entry, ...this.calls].slice(0, MOST_CALLS));
  }

  /** Forgets all calls. */
  forget(): void {
    this.keep([]);
  }

  private keep(calls: Entry[]): void {
    this.calls = calls;
    this.shelf.write(STORE.calls, JSON.stringify(calls));
  }

  /** What an earlier visit, or anybody else, has left under this name. */
  private list(key: string): unknown[] {
    try {
      const list: unknown = JSON.parse(this.shelf.read(key) ?? '[]');
      return Array.isArray(list) ? list : [];
    } catch {
      return [];
    }
  }
}

function isEntry(one: unknown): one is Entry {
  const { at, users, media, outgoing, ending, durationMs } = (one ?? {}) as Record<string, unknown>;
  const texts = Array.isArray(users) && users.length > 0 && users.every((user) => typeof user === 'string');
  return texts && typeof at === 'number' && (media === 'audio' || media === 'video') && typeof outgoing === 'boolean'
    && typeof ending === 'string' && typeof durationMs === 'number';
}
