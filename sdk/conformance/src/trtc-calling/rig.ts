/** Phones with the built component on a page, in virtual time, and everything that they are told. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Clock } from '../clock.js';
import { ROOT, load } from '../load.js';
import { Phone } from '../phone.js';
import { FakeServer } from '../server.js';

/** The built files. */
export const FOLDER = 'dist/miniprogram/TRTCCalling';
export const FILE = `${FOLDER}/TRTCCalling.js`;
/** The text of one of them. */
export const source = (kind = 'js'): string => readFileSync(path.join(ROOT, FOLDER, `TRTCCalling.${kind}`), 'utf8');

/** One event as a handler got it. */
export interface Told {
  eventCode: string;
  data: any;
}

/** A server and the time in which everybody lives. */
export class World {
  readonly clock = new Clock();
  readonly server = new FakeServer(this.clock);

  /** Lets time pass, and promises settle. */
  async wait(ms = 200): Promise<void> {
    const step = Math.max(1, ms / 4);
    for (let passed = 0; passed < ms; passed += step) {
      this.clock.advance(step);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Somebody with a page that is open; not logged in. */
  person(user: string, config: Record<string, unknown> = {}, phone = new Phone(this.clock, this.server)): Person {
    return new Person(user, this, phone, config);
  }

  /** Several people who are logged in, without the events of that. */
  async people(...names: string[]): Promise<Person[]> {
    const all = names.map((name) => this.person(name));
    all.forEach((one) => void one.tag.login());
    await this.wait();
    all.forEach((one) => one.take());
    return all;
  }
}

/** One user on one phone with one page. */
export class Person {
  /** What `selectComponent` gives. */
  readonly tag: any;
  readonly events: Told[] = [];
  readonly toasts: string[] = [];
  private readonly definition: any;

  constructor(
    readonly user: string,
    readonly world: World,
    readonly phone: Phone,
    config: Record<string, unknown> = {},
  ) {
    phone.wx['showToast'] = ({ title }: { title: string }) => this.toasts.push(title);
    phone.wx['setKeepScreenOn'] = () => undefined;
    // Secure random bytes arrive after the file was loaded.
    this.definition = component(phone);
    phone.clock.advance(1);
    this.tag = attach(this.definition, { sdkAppID: 1400000001, userID: user, userSig: 'sig', type: 1, ...config });
    for (const code of Object.keys(this.tag.EVENT)) {
      this.tag.on(code, (event: Told) => this.events.push(event));
    }
  }

  /** The page goes to the background, comes back, or is closed. */
  page(what: 'show' | 'hide' | 'close'): void {
    if (what === 'close') {
      this.definition.lifetimes.detached.call(this.tag);
    } else {
      this.definition.pageLifetimes[what].call(this.tag);
    }
  }

  get data(): any {
    return this.tag.data;
  }

  /** Which of the built-in codes came since the last call, without those that only newer generations know. */
  codes(): string[] {
    return this.take().map(({ eventCode }) => eventCode).filter((code) => !NEWER.includes(code));
  }

  /** The events since the last call. */
  take(): Told[] {
    return this.events.splice(0);
  }

  /** What the one event of this code since the last call carried. */
  one(code: string): any {
    const found = this.take().filter(({ eventCode }) => eventCode === code);
    if (found.length !== 1) {
      throw new Error(`${this.user} was told ${code} ${found.length} times instead of once`);
    }
    return found[0]?.data;
  }

  /** A native event of the pusher's tag. */
  pusher(code: number, message = ''): void {
    this.tag._pusherStateChangeHandler({ type: 'statechange', detail: { code, message } });
  }
}

const NEWER = ['USER_ACCEPT', 'USER_UPDATE', 'SDK_READY', 'CALL_MODE', 'USER_VIDEO_AVAILABLE', 'USER_AUDIO_AVAILABLE', 'GROUP_CALL_INVITEE_LIST_UPDATE', 'USER_PRESENCE'];

/** What the file registers. */
export function component(phone: Phone, scope: Record<string, unknown> = {}): any {
  let registered: unknown = null;
  load(FILE, { ...phone.scope(), Component: (definition: unknown) => (registered = definition), ...scope });
  return registered;
}

/** A component on a page, as far as its own code can tell. */
export function attach(definition: any, config?: Record<string, unknown>): any {
  const data: Record<string, unknown> = structuredClone(definition.data);
  for (const [name, { value }] of Object.entries<any>(definition.properties)) {
    data[name] = structuredClone(value);
  }
  const tag: any = {
    data,
    setData(changes: Record<string, unknown>, done?: () => void) {
      // The runtime copies what it is given.
      Object.assign(data, structuredClone(changes));
      done?.();
    },
  };
  for (const [name, method] of Object.entries<any>(definition.methods)) {
    tag[name] = method.bind(tag);
  }
  definition.lifetimes.created?.call(tag);
  definition.lifetimes.attached?.call(tag);
  if (config) {
    tag.setData({ config });
  }
  return tag;
}
