/** One WHIP or WHEP session over as many peer connections as it takes. */
import { exchange, hangUp } from './exchange.js';
import { asTrouble, Trouble } from './trouble.js';

/** What of a browser is needed; tests hand over their own. */
export interface LinkScope {
  RTCPeerConnection: typeof RTCPeerConnection;
  fetch: typeof fetch;
  setTimeout: (run: () => void, ms: number) => number;
  clearTimeout: (timer: number) => void;
}

/** What a link is told to do, and whom it tells. */
export interface LinkOptions {
  /** Where offers go. */
  url: string;
  /** There is another way to do the same: what finds no route is given up at once, and sooner. */
  replaceable?: boolean;
  /** Puts transceivers and handlers on each new peer connection. */
  prepare(peer: RTCPeerConnection): void;
  /** Media flows. */
  connected(peer: RTCPeerConnection): void;
  /** It does not flow any more; attempt number `attempt` follows by itself. */
  retrying(attempt: number, why: Trouble): void;
  /** It is over; nothing follows. */
  failed(why: Trouble): void;
}

/** How long is waited for local candidates, ms: those of the own interfaces are there at once, and no others are needed. */
export const GATHER_MS = 800;
/** How long an attempt may take from the offer to flowing media, ms. */
export const CONNECT_MS = 10000;
/** The same where there is another way: a person looks at an empty tile meanwhile, ms. */
export const CONNECT_REPLACEABLE_MS = 5000;
/** `disconnected` often heals by itself: it may last this long, ms. */
export const HEAL_MS = 6000;
/** Pauses between attempts, ms. */
export const PAUSES_MS = [500, 1500, 4000];
/** Media that flowed this long was a good connection: its end begins the attempts anew, ms. */
export const STABLE_MS = 10000;

/** These say nothing about the request, but about the moment. */
const PASSING = [408, 425, 429];
const passes = (why: Trouble): boolean =>
  why.kind === 'refused' ? why.status >= 500 || PASSING.includes(why.status) : why.kind !== 'unsupported';

/** See the head of the file. */
export class Link {
  private peer: RTCPeerConnection | null = null;
  private session = '';
  private request: AbortController | null = null;
  private attempts = 0;
  private stopped = false;
  /** Grows with every attempt: what an older one brings is dropped. */
  private generation = 0;
  private timers = new Set<number>();

  constructor(
    private readonly options: LinkOptions,
    private readonly scope: LinkScope = window,
  ) {}

  /** The present peer connection, for statistics and senders. */
  get connection(): RTCPeerConnection | null {
    return this.peer;
  }

  start(): void {
    void this.attempt();
  }

  /** Ends it; nothing is told afterwards. */
  stop(): void {
    this.stopped = true;
    this.clear();
  }

  /** Gives up the present connection and makes a new one at once. */
  restart(why: Trouble): void {
    if (!this.stopped) {
      this.lost(this.generation, why);
    }
  }

  private async attempt(): Promise<void> {
    const generation = ++this.generation;
    const current = (): boolean => generation === this.generation && !this.stopped;
    const request = new AbortController();
    this.request = request;
    try {
      const peer = new this.scope.RTCPeerConnection({ bundlePolicy: 'max-bundle' });
      this.peer = peer;
      this.watch(peer, generation);
      this.options.prepare(peer);
      await peer.setLocalDescription(await peer.createOffer());
      await this.gathered(peer);
      if (!current()) {
        return;
      }
      const bound = this.scope.fetch.bind(this.scope);
      const { answer, session } = await exchange(bound, this.options.url, peer.localDescription?.sdp ?? '', request.signal);
      if (!current()) {
        hangUp(bound, session, () => undefined); // The server has made a session that nobody wants any more.
        return;
      }
      this.session = session;
      await peer.setRemoteDescription({ type: 'answer', sdp: answer });
    } catch (error) {
      if (current()) {
        this.lost(generation, asTrouble(error, 'unsupported'));
      }
    }
  }

  private watch(peer: RTCPeerConnection, generation: number): void {
    let healing = 0;
    let flows = false;
    let since = 0;
    const late = this.later(this.options.replaceable ? CONNECT_REPLACEABLE_MS : CONNECT_MS, () => this.lost(generation, new Trouble('no-route', 'no media within the time')));
    peer.onconnectionstatechange = () => {
      if (generation !== this.generation || this.stopped) {
        return;
      }
      const state = peer.connectionState;
      this.cancel(healing);
      if (state === 'connected') {
        this.cancel(late);
        if (!flows) {
          flows = true;
          since = this.later(STABLE_MS, () => (this.attempts = 0));
          this.options.connected(peer);
        }
      } else if (state === 'failed') {
        this.cancel(since);
        this.lost(generation, new Trouble(flows ? 'lost' : 'no-route', 'the connection failed'));
      } else if (state === 'disconnected') {
        healing = this.later(HEAL_MS, () => this.lost(generation, new Trouble('lost', 'the connection fell silent')));
      }
    };
  }

  private lost(generation: number, why: Trouble): void {
    if (generation !== this.generation || this.stopped) {
      return;
    }
    this.clear();
    const pause = PAUSES_MS[this.attempts];
    const elsewhere = this.options.replaceable === true && why.kind === 'no-route';
    if (pause === undefined || elsewhere || !passes(why)) {
      this.stopped = true;
      this.options.failed(why);
      return;
    }
    this.attempts += 1;
    this.later(pause, () => void this.attempt());
    this.options.retrying(this.attempts, why);
  }

  private clear(): void {
    this.generation += 1;
    this.timers.forEach((timer) => this.scope.clearTimeout(timer));
    this.timers.clear();
    this.request?.abort();
    this.request = null;
    const { peer, session } = this;
    this.peer = null;
    this.session = '';
    if (peer) {
      peer.onconnectionstatechange = null;
      // Closed first, it would end the session by itself, and the server would know none to delete.
      hangUp(this.scope.fetch.bind(this.scope), session, () => peer.close());
    }
  }

  /** Resolves when candidates are gathered, or after a short while with those that are there. */
  private gathered(peer: RTCPeerConnection): Promise<void> {
    return new Promise((resolve) => {
      if (peer.iceGatheringState === 'complete') {
        resolve();
        return;
      }
      this.later(GATHER_MS, resolve);
      peer.onicegatheringstatechange = () => {
        if (peer.iceGatheringState === 'complete') {
          resolve();
        }
      };
    });
  }

  private later(ms: number, run: () => void): number {
    const timer = this.scope.setTimeout(() => {
      this.timers.delete(timer);
      run();
    }, ms);
    this.timers.add(timer);
    return timer;
  }

  private cancel(timer: number): void {
    this.timers.delete(timer);
    this.scope.clearTimeout(timer);
  }
}
