/**
 * Who is in a room now, over all pages of the mini program. A server ends the earlier session of a user when a later
 * one logs in from the same device; the SDK knows that beforehand, and whether anybody is left to be told.
 */

/** One stay, as its successor sees it. */
export interface Replaceable {
  /** The same user enters again, from the page with this context. */
  replacedFrom(context: unknown): void;
}

const stays = new Map<string, Replaceable>();

/** A stay of this user begins; an earlier one is over. */
export function stayBegins(user: string, stay: Replaceable, context: unknown): void {
  const earlier = stays.get(user);
  stays.set(user, stay);
  if (earlier && earlier !== stay) {
    earlier.replacedFrom(context);
  }
}

/** The stay is over. */
export function stayEnds(user: string, stay: Replaceable): void {
  if (stays.get(user) === stay) {
    stays.delete(user);
  }
}
