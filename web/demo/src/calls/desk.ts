/** A user who can be called: the login, who else is online, and the call of now. */
import { Calls, makeKey } from '@huitong/core';
import type { Call, CallMedia, CallsEvent, Endpoint, Platform } from '@huitong/core';
import { CLIENT } from '../address.js';
import type { Credential } from '../address.js';
import { say } from '../language.js';
import { endSentence, failureSentence } from '../sentences.js';
import type { Ending, Entry } from './book.js';
import { Talk } from './talk.js';

const DEVICE = 'huitong.tab';

/** Whom the desk tells. */
export interface DeskEvents {
  /** To be drawn anew. */
  changed(): void;
  /** A call begins: it is to be shown at once, so that devices can be opened. */
  begun(talk: Talk): void;
  /** The call of now is over. */
  over(entry: Entry): void;
  /** A sentence for the user. */
  say(sentence: string, kind: 'info' | 'warn'): void;
  /** Logged out by the server; the sentence says why. */
  closed(sentence: string): void;
}

/** Every tab is a device of its own: a second one rings beside the first, and does not push it out. */
function tabDevice(platform: Platform): string {
  try {
    const known = sessionStorage.getItem(DEVICE) ?? makeKey(platform);
    sessionStorage.setItem(DEVICE, known);
    return known;
  } catch {
    return makeKey(platform);
  }
}

/** See the head of the file. */
export class Desk {
  /** The call of now. */
  talk: Talk | null = null;
  /** Calls can be made and come in. */
  reachable = false;
  private readonly calls: Calls;
  private readonly here = new Set<string>();

  constructor(
    private readonly platform: Platform,
    endpoint: Endpoint,
    readonly credential: Credential,
    private readonly events: DeskEvents,
  ) {
    this.calls = new Calls(platform, endpoint, (event) => this.heard(event));
  }

  get user(): string {
    return this.credential.user;
  }

  login(): void {
    this.calls.login({ ...this.credential, device: tabDevice(this.platform), client: CLIENT });
  }

  /** Out of the call of now, and out of reach. */
  logout(): void {
    this.calls.logout();
    this.reachable = false;
    this.here.clear();
    if (this.talk) {
      this.finish(this.talk.phase === 'talking' ? 'hungUpHere' : this.talk.incoming ? 'rejectedHere' : 'cancelledHere', this.calls.connectedMs);
    }
  }

  /** Tells from now on who of these can be called. */
  watch(users: readonly string[]): void {
    [...this.here].filter((user) => !users.includes(user)).forEach((user) => this.here.delete(user));
    this.calls.watch(users);
  }

  isOnline(user: string): boolean {
    return this.reachable && this.here.has(user);
  }

  call(users: string[], media: CallMedia): void {
    if (this.talk) {
      return;
    }
    if (!this.reachable) {
      this.events.say(say('notOnline'), 'warn');
      return;
    }
    const talk = this.begin({ users, media });
    talk.announce();
    void talk.me.open();
    this.calls.call({ invitees: users, media }, (outcome) => {
      if (this.talk !== talk) {
        return;
      }
      if ('error' in outcome) {
        this.drop(talk);
        this.events.say(failureSentence(outcome.error), 'warn');
      }
      this.events.changed();
    });
  }

  /** Answers, with or without the camera. */
  accept(camera: boolean): void {
    const { talk } = this;
    if (!talk || talk.phase !== 'incoming') {
      return;
    }
    talk.answering = true;
    talk.me.prepare(true, camera);
    talk.announce();
    // Why a call that cannot be answered is over is told as its end.
    this.calls.accept(() => {
      talk.answering = false;
      this.events.changed();
    });
    this.events.changed();
    void talk.me.open();
  }

  reject(): void {
    if (this.talk?.phase === 'incoming') {
      this.calls.reject(() => undefined);
      this.finish('rejectedHere', 0);
    }
  }

  /** Hangs up, or cancels what has not been answered. */
  hangup(): void {
    if (this.talk) {
      const ms = this.calls.connectedMs;
      const talking = this.talk.phase === 'talking';
      this.calls.hangup(() => undefined);
      this.finish(talking ? 'hungUpHere' : this.talk.incoming ? 'rejectedHere' : 'cancelledHere', ms);
    }
  }

  private begin(from: Call | { users: string[]; media: CallMedia }): Talk {
    const talk = new Talk(this.platform, this.calls, this.user, from, {
      changed: () => this.talk === talk && this.events.changed(),
      say: (sentence, kind) => this.events.say(sentence, kind),
    });
    this.talk = talk;
    this.events.begun(talk);
    return talk;
  }

  private drop(talk: Talk): void {
    this.talk = null;
    talk.end();
  }

  private finish(ending: Ending, durationMs: number): void {
    const { talk } = this;
    if (talk) {
      const users = talk.others.map(({ user }) => user);
      const { incoming, media } = talk;
      this.drop(talk);
      this.events.over({ at: Date.now(), users, media, outgoing: !incoming, ending, durationMs });
    }
  }

  private heard(event: CallsEvent): void {
    switch (event.type) {
      case 'ready':
      case 'resumed':
        this.reachable = true;
        this.sayInCall(event.type === 'resumed' ? 'resumed' : null);
        break;
      case 'interrupted':
      case 'unreachable':
        this.reachable = false;
        this.sayInCall('reconnecting');
        break;
      case 'invited':
        this.begin(event.call);
        break;
      case 'room':
        this.talk?.inRoom(event.event);
        break;
      case 'over':
        this.finish(event.reason, event.durationMs);
        break;
      case 'presence':
        this.here[event.online ? 'add' : 'delete'](event.user);
        break;
      case 'closed':
        this.closed(event);
        return;
      case 'participant':
      case 'answered':
        break;
    }
    this.events.changed();
  }

  /** What the page itself shows of the connection is covered by a call. */
  private sayInCall(key: 'resumed' | 'reconnecting' | null): void {
    if (this.talk && key) {
      this.events.say(say(key), key === 'resumed' ? 'info' : 'warn');
    }
  }

  private closed({ end }: Extract<CallsEvent, { type: 'closed' }>): void {
    this.reachable = false;
    if (end.why !== 'ended') {
      this.events.closed(failureSentence(end.failure));
    } else {
      this.events.closed(end.reason === 'takenOver' ? say('elsewhereNow') : endSentence(end.reason, end.message));
    }
  }
}
