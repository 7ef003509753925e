/** Phones with the built component for voice rooms on a page, in virtual time, and everything that they are told. */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { Clock } from '../clock.js';
import { ROOT, run } from '../load.js';
import { Phone } from '../phone.js';
import { FakeServer } from '../server.js';
import { attach } from '../trtc-calling/rig.js';

/** The built files. */
export const FOLDER = 'dist/miniprogram/gme-room';
/** The names of all of them with this ending. */
export const files = (ending = '.js'): string[] =>
  readdirSync(path.join(ROOT, FOLDER), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(ending)).sort();
/** The text of one of them. */
export const source = (name: string): string => readFileSync(path.join(ROOT, FOLDER, name), 'utf8');

/** The room in which people are unless they say otherwise. */
export const ROOM = { text: 'room_123' };

/** One call of the handler. */
export interface Told {
  type: string;
  params: any;
}

/** What the component's main file registers; files require each other as they do in a mini program. */
export function component(phone: Phone): any {
  let registered: unknown = null;
  const loaded = new Map<string, unknown>();
  const scope = { ...phone.scope(), Component: (definition: unknown) => (registered = definition) };
  const load = (name: string): unknown => {
    if (!loaded.has(name)) {
      const near = (other: string): unknown => load(path.posix.join(path.posix.dirname(name), other));
      loaded.set(name, run(source(name), { ...scope, require: near }, name));
    }
    return loaded.get(name);
  };
  load('gme-room.js');
  return registered;
}

/** A server and the time in which everybody lives. */
export class World {
  readonly clock = new Clock();
  readonly server = new FakeServer(this.clock);

  /** Lets time pass. */
  wait(ms = 200): void {
    this.clock.advance(ms);
  }

  /** Somebody with a page that is open. */
  person(userID: unknown = '10001', more: Record<string, unknown> = {}): Person {
    return new Person(this, { appID: '1400000001', roomID: ROOM.text, userID, authBuffer: 'auth', ...more });
  }

  /** Several people who are in the room, without the events of that. */
  people(...users: string[]): Person[] {
    const all = users.map((user) => this.person(user));
    all.forEach((one) => one.enter());
    this.wait();
    all.forEach((one) => one.take());
    return all;
  }

  /** Somebody opens or closes a microphone, as the server sees it when the push has arrived. */
  microphone(user: string, on: boolean, video = false): void {
    this.server.stream(ROOM, user, 'main', on, video);
    this.wait();
  }
}

/** One user on one phone with one page. */
export class Person {
  /** What `selectComponent` gives. */
  readonly tag: any;
  readonly phone: Phone;
  readonly told: Told[] = [];
  readonly handler = (type: string, params: any): unknown => this.told.push({ type, params });
  private readonly definition: any;

  constructor(
    readonly world: World,
    config: Record<string, unknown>,
  ) {
    this.phone = new Phone(world.clock, world.server);
    this.definition = component(this.phone);
    // Secure random bytes arrive after the file was loaded.
    world.clock.advance(1);
    this.tag = attach(this.definition, config);
  }

  /** Enters with the handler that writes down everything. */
  enter(): number {
    return this.tag.enterRoom(this.handler);
  }

  /** The page is closed. */
  close(): void {
    this.definition.lifetimes.detached.call(this.tag);
  }

  /** What came since the last call, without volumes. */
  take(): Told[] {
    return this.told.splice(0).filter(({ type }) => type !== 'EVENT_AUDIO_VOLUME_UPDATE');
  }

  /** The same in short: type and result. */
  short(): string[] {
    const names = Object.keys(this.tag.ERROR_TYPE);
    const word = (value: number): string => names.find((name) => this.tag.ERROR_TYPE[name] === value) ?? String(value);
    return this.take().map(({ type, params }) => `${type.slice('EVENT_'.length)} ${word(params.errType)}`);
  }

  /** The volumes that came since the last call: user, up, down. */
  volumes(): [string, number, number][] {
    const all = this.told.splice(0).filter(({ type }) => type === 'EVENT_AUDIO_VOLUME_UPDATE');
    return all.map(({ params }) => [params.userID, params.uplinkVolume, params.downlinkVolume]);
  }

  /** Users whose microphone is open. */
  get list(): string[] {
    return this.tag.getRemoteUserList().map(String);
  }

  /** A native event of the own tag, or of the tag of somebody. */
  native(event: 'state' | 'error' | 'volume', detail: unknown, userid?: string): void {
    const tag = userid === undefined ? '_pusher' : '_player';
    const name = { state: 'StateChange', error: 'Error', volume: 'Volume' }[event];
    this.tag[`${tag}${name}`]({ detail, currentTarget: { dataset: { userid } } });
  }
}
