/** Phones with the built file for conferences, in virtual time, and everything that their pages are told. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Clock } from '../clock.js';
import { ROOT, load } from '../load.js';
import { Phone } from '../phone.js';
import { FakeServer } from '../server.js';

/** The built file, and its text. */
export const FILE = 'dist/miniprogram/emedia/emedia_for_miniProgram.js';
export const source = (): string => readFileSync(path.join(ROOT, FILE), 'utf8');

export const APP_KEY = 'org#1400000001';
export const DOMAIN = 'easemob.com';
/** What pages call a user. */
export const full = (user: string): string => `${APP_KEY}_${user}@${DOMAIN}`;

/** The callbacks that pages assign. */
export const CALLBACKS = [
  'onMemberJoined', 'onMemberExited', 'onStreamAdded', 'onStreamRemoved', 'onRoleChanged', 'onMediaChanaged', 'onConferenceExit',
  'onConfrAttrsUpdated', 'onReconnect', 'onMemberRoleChanged', 'onHandRaised', 'onHandDeclined', 'onMuted', 'onAudienceChanged', 'onPushRefused',
];

/** One call of what a page has assigned. */
export interface Told {
  name: string;
  args: any[];
}

/** A server and the time in which everybody lives. */
export class World {
  readonly clock = new Clock();
  readonly server = new FakeServer(this.clock);

  /** Lets time pass, and promises settle. */
  async wait(ms = 200): Promise<void> {
    const step = Math.max(1, ms / 10);
    for (let passed = 0; passed < ms; passed += step) {
      this.clock.advance(step);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Somebody whose page has assigned everything. */
  person(user: string): Person {
    return new Person(user, this);
  }

  /** Somebody inside a conference of that name, without what was told of it. */
  async inRoom(user: string, roomName = 'standup', more: Record<string, unknown> = {}): Promise<Person> {
    const person = this.person(user);
    person.result = await this.settled(person.mgr.joinRoom({ roomName, password: '', role: 3, ...more }));
    person.take();
    return person;
  }

  /** The name of a conference by that of its room. */
  conference(roomName = 'standup'): string {
    const name = this.server.conferences.inRoom({ text: roomName });
    if (name === null) {
      throw new Error(`there is no conference in ${roomName}`);
    }
    return name;
  }

  /** Waits for a promise while time passes. What it rejects with is given, too. */
  async settled(promise: Promise<any>, ms = 400): Promise<any> {
    let outcome: any = 'pending';
    promise.then(
      (value) => (outcome = value),
      (error) => (outcome = { rejected: error }),
    );
    await this.wait(ms);
    return outcome;
  }
}

/** One user on one phone with one page. */
export class Person {
  readonly phone: Phone;
  readonly emedia: any;
  readonly told: Told[] = [];
  /** What the last join resolved with. */
  result: any = null;
  /** The callbacks as they are before the page assigns them. */
  readonly untouched: Record<string, unknown> = {};

  constructor(
    readonly user: string,
    readonly world: World,
  ) {
    this.phone = new Phone(world.clock, world.server);
    this.emedia = load(FILE, this.phone.scope());
    // Secure random bytes arrive after the file was loaded.
    world.clock.advance(1);
    this.phone.wx['WebIM'] = { conn: { context: { accessToken: `sig-of-${user}`, jid: { appKey: APP_KEY, name: user, domain: DOMAIN } } } };
    for (const name of CALLBACKS) {
      this.untouched[name] = this.mgr[name];
      this.mgr[name] = (...args: any[]) => this.told.push({ name, args });
    }
  }

  get mgr(): any {
    return this.emedia.mgr;
  }

  /** What was told since the last call. */
  take(): Told[] {
    return this.told.splice(0);
  }

  /** The same in short: name, and whom or what it is about. */
  news(): string[] {
    return this.take().map(({ name, args }) => `${name.slice(2)} ${brief(args)}`.trim());
  }

  /** What the one call of this name since the last time carried. */
  one(name: string): any[] {
    const found = this.take().filter((told) => told.name === name);
    const [only] = found;
    if (!only || found.length !== 1) {
      throw new Error(`${this.user} was told ${name} ${found.length} times instead of once`);
    }
    return only.args;
  }
}

function brief([first, ...more]: any[]): string {
  const about = first?.userName ?? first?.owner?.userName ?? (typeof first === 'object' && first ? '' : first);
  const rest = more.filter((one) => typeof one === 'number' || typeof one === 'boolean');
  return [about, ...rest].filter((one) => one !== undefined && one !== '').join(' ');
}
