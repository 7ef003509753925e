/**
 * One login for all components of a mini program with the same user: pages on the stack may each have one. A call
 * belongs to the component that made it; an invitation to the one whose page was shown last.
 */
import { Calls } from '@huitong/core';
import type { CallsEvent, Endpoint, Identity, Platform } from '@huitong/core';
import { Presence } from './presence.js';
import type { Watcher } from './presence.js';

/** A component, as the center sees it. */
export interface Seat extends Watcher {
  /** Something happened that concerns this component. */
  told(event: CallsEvent): void;
}

const centers = new Map<string, Center>();

/** See the head of the file. */
export class Center {
  readonly calls: Calls;
  readonly presence = new Presence((users) => this.calls.watch(users));
  private seats: Seat[] = [];
  /** Whose the call of now is. */
  private owner: Seat | null = null;
  private known = false;

  private constructor(
    platform: Platform,
    readonly endpoint: Endpoint,
    private readonly name: string,
  ) {
    this.calls = new Calls(platform, endpoint, (event) => this.told(event));
  }

  /** Joins the login of this user, which is made if there is none. */
  static join(platform: Platform, endpoint: Endpoint, identity: Identity, seat: Seat): Center {
    const name = JSON.stringify([endpoint.signal, identity.app, identity.user]);
    const center = centers.get(name) ?? new Center(platform, endpoint, name);
    centers.set(name, center);
    center.shown(seat);
    center.calls.login(identity);
    return center;
  }

  /** Whether the login is through. */
  get isIn(): boolean {
    return this.known;
  }

  /** The component's page is in front. */
  shown(seat: Seat): void {
    this.seats = this.seats.filter((other) => other !== seat).concat(seat);
  }

  /** Whether the call of now belongs to this component. */
  isOwner(seat: Seat): boolean {
    return this.owner === seat;
  }

  /** The component is about to call. */
  take(seat: Seat): void {
    if (!this.calls.current) {
      this.owner = seat;
    }
  }

  /** The component logs out, or is gone. The last one ends the login. */
  leave(seat: Seat): void {
    this.seats = this.seats.filter((other) => other !== seat);
    this.presence.want(seat, []);
    if (this.seats.length === 0) {
      this.forget();
      this.calls.logout();
    } else if (this.owner === seat) {
      this.owner = null;
      this.calls.hangup(() => undefined);
    }
  }

  private forget(): void {
    if (centers.get(this.name) === this) {
      centers.delete(this.name);
    }
  }

  private told(event: CallsEvent): void {
    const top = this.seats[this.seats.length - 1];
    switch (event.type) {
      case 'invited':
        this.owner = top ?? null;
        top?.told(event);
        break;
      case 'participant':
      case 'answered':
      case 'room':
        this.owner?.told(event);
        break;
      case 'over': {
        const { owner } = this;
        this.owner = null;
        owner?.told(event);
        break;
      }
      case 'presence':
        this.presence.told(event.user, event.online);
        break;
      default:
        if (event.type === 'closed') {
          this.forget();
        }
        this.known = event.type === 'closed' ? false : this.known || event.type === 'ready';
        this.seats.slice().forEach((seat) => seat.told(event));
    }
  }
}
