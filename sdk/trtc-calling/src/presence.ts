/** Who is online: every page has a list of its own, and their one login watches all of them. */

/** As many as the server lets one login watch. */
export const MOST_WATCHED = 200;

/** A component, as far as it is told who is online. */
export interface Watcher {
  presence(userID: string, online: boolean): void;
}

/** See the head of the file. */
export class Presence {
  private readonly lists = new Map<Watcher, readonly string[]>();
  private readonly online = new Set<string>();

  /** `watch` replaces the list that the login watches. */
  constructor(private readonly watch: (users: string[]) => void) {}

  /** This component watches these users from now on. What is known already it is told at once. */
  want(watcher: Watcher, users: readonly string[]): void {
    if (users.length > 0) {
      this.lists.set(watcher, users);
    } else if (!this.lists.delete(watcher)) {
      return;
    }
    const all = new Set<string>();
    this.lists.forEach((list) => list.forEach((user) => all.add(user)));
    const known = users.filter((user) => this.online.has(user));
    [...this.online].filter((user) => !all.has(user)).forEach((user) => this.online.delete(user));
    this.watch([...all].slice(0, MOST_WATCHED));
    known.forEach((user) => watcher.presence(user, true));
  }

  /** The login was told of a user. */
  told(user: string, online: boolean): void {
    if (online) {
      this.online.add(user);
    } else {
      this.online.delete(user);
    }
    this.lists.forEach((users, watcher) => {
      if (users.indexOf(user) >= 0) {
        watcher.presence(user, online);
      }
    });
  }
}

/** The list that a page gives, each user once; or the sentence that says what is wrong with it. */
export function watchedOf(list: unknown): string[] | string {
  if (!Array.isArray(list) || list.some((user) => typeof user !== 'string' || user === '')) {
    return 'userIDList must be a list of texts that are not empty.';
  }
  const users = [...new Set(list as string[])];
  return users.length > MOST_WATCHED ? `userIDList must name at most ${MOST_WATCHED} users; it names ${users.length}.` : users;
}
