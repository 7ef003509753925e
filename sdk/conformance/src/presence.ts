/** Who is online, for those who watch: presence of the server in memory. */
import type { Event } from '@huitong/core';
import type { Clock } from './clock.js';

/** How long a connection that broke still counts, ms. */
export const LINGER_MS = 10_000;

/** See the head of the file. */
export class FakePresence {
  private readonly online = new Set<string>();
  private readonly lingering = new Map<string, () => void>();
  private readonly watching = new Map<string, string[]>();

  constructor(
    private readonly clock: Clock,
    private readonly push: (session: string, event: Event) => void,
  ) {}

  /** A user has a connection on which calls ring. */
  here(user: string): void {
    this.stay(user);
    this.say(user, true);
  }

  /** The last connection of a user is gone; `goodbye`: on purpose. */
  gone(user: string, goodbye: boolean): void {
    if (goodbye) {
      this.stay(user);
      this.say(user, false);
    } else if (this.online.has(user) && !this.lingering.has(user)) {
      this.lingering.set(user, this.clock.after(LINGER_MS, () => this.gone(user, true)));
    }
  }

  /** A session watches these users instead of those before. */
  watch(session: string, users: string[]): { user: string; online: boolean }[] {
    this.watching.set(session, users);
    return users.map((user) => ({ user, online: this.online.has(user) }));
  }

  /** A session is over. */
  ended(session: string): void {
    this.watching.delete(session);
  }

  /** Nothing is known any more. */
  clear(): void {
    this.lingering.forEach((cancel) => cancel());
    this.lingering.clear();
    this.online.clear();
    this.watching.clear();
  }

  private stay(user: string): void {
    this.lingering.get(user)?.();
    this.lingering.delete(user);
  }

  private say(user: string, online: boolean): void {
    if (this.online.has(user) === online) {
      return;
    }
    if (online) {
      this.online.add(user);
    } else {
      this.online.delete(user);
    }
    for (const [session, users] of this.watching) {
      if (users.includes(user)) {
        this.push(session, { ev: 'presence', user, online });
      }
    }
  }
}
