/** A page with the built class on a simulated phone, and everything that it is told. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../load.js';
import { Phone } from '../phone.js';

/** The built file. */
export const FILE = 'dist/miniprogram/trtc-wx/trtc-wx.js';
/** Its text. */
export const source = (): string => readFileSync(path.join(ROOT, FILE), 'utf8');

/** The room in which the rig meets others. */
export const ROOM = { number: 1234 };

/** One event as a handler got it. */
export interface Told {
  eventCode: string;
  data: any;
}

/** Event codes in the order in which a table of them is easy to read. */
export class Rig {
  readonly phone: Phone;
  readonly trtc: any;
  readonly page = { name: 'page' };
  readonly events: Told[] = [];
  /** Called with every event after it was noted. */
  onEvent: (event: Told) => void = () => undefined;

  /** `Class` of another rig on the same phone: two pages of one mini program share what they require. */
  constructor(options: unknown = { env: 'test' }, phone = new Phone(), readonly Class: any = phone.require(FILE)) {
    this.phone = phone;
    // Secure random bytes arrive after the file was loaded.
    phone.clock.advance(1);
    this.trtc = new Class(this.page, options);
    for (const code of Object.keys(this.trtc.EVENT)) {
      this.trtc.on(code, (event: Told) => {
        this.events.push(event);
        this.onEvent(event);
      });
    }
  }

  get server(): Phone['server'] {
    return this.phone.server;
  }

  wait(ms: number): this {
    this.phone.clock.advance(ms);
    return this;
  }

  /** Parameters of enterRoom as demo pages have them. */
  params(more: Record<string, unknown> = {}): Record<string, unknown> {
    return { sdkAppID: '1400000001', userID: 'ann', userSig: 'sig', roomID: '1234', ...more };
  }

  /** Creates the pusher and enters, without starting. */
  prepare(more: Record<string, unknown> = {}): any {
    this.trtc.createPusher({});
    return this.trtc.enterRoom(this.params(more));
  }

  /** Creates the pusher, enters, starts and joins. */
  join(more: Record<string, unknown> = {}): this {
    this.prepare(more);
    this.trtc.getPusherInstance().start();
    return this.wait(200);
  }

  /** Somebody else enters and sends. */
  guest(user: string, audio = false, video = false, kind: 'main' | 'aux' = 'main'): this {
    if (!this.server.member(ROOM, user)) {
      this.server.enter(ROOM, user);
    }
    if (audio || video) {
      this.server.stream(ROOM, user, kind, audio, video);
    }
    return this.wait(50);
  }

  /** A state code of the pusher, as the page forwards it. */
  code(code: number, message: unknown = ''): void {
    this.trtc.pusherEventHandler({ type: 'statechange', detail: { code, message } });
  }

  /** A room code with its list of users. */
  room(code: number, ...userlist: unknown[]): void {
    this.code(code, JSON.stringify({ userlist }));
  }

  /** An event of a player's tag. */
  player(id: string, detail: Record<string, unknown>): any {
    return { type: 'native', timeStamp: 1, target: { id }, currentTarget: { id, dataset: { streamid: id } }, detail };
  }

  /** The codes of the events since the last call. */
  codes(): string[] {
    return this.take().map(({ eventCode }) => eventCode);
  }

  /** The events since the last call. */
  take(): Told[] {
    return this.events.splice(0);
  }

  /** The one event of this code since the last call. */
  one(code: string): Told {
    const found = this.take().filter(({ eventCode }) => eventCode === code);
    if (found.length !== 1) {
      throw new Error(`${found.length} events ${code} instead of one`);
    }
    return found[0] as Told;
  }
}
