/** One WHIP or WHEP session over as many peer connections as it takes. */
import { exchange, hangUp, restartIce } from './exchange.js';
import { fragmentOf, renewedAnswer } from './fragment.js';
import { onNetworkChange } from './network.js';
import type { NetworkScope } from './network.js';
import { asTrouble, Trouble } from './trouble.js';

/** What of a browser is needed; tests hand over their own. */
export interface LinkScope extends NetworkScope {
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
/** `disconnected` often heals by itself within this time; then ICE is restarted over whatever network there is, ms. */
export const RENEW_MS = 1500;
/** When nothing heals within this time, a restart of ICE included, a new session is made, ms. */
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
  private answer = '';
  /** Stops listening to the network. */
  private deaf: () => void = () => undefined;
  private renewal: AbortController | null = null;
  /** Since the connection was lost, until it is back: then a new session is made; 0 while it is well. */
  private healing = 0;
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
      this.answer = answer;
      await peer.setRemoteDescription({ type: 'answer', sdp: answer });
    } catch (error) {
      if (current()) {
        this.lost(generation, asTrouble(error, 'unsupported'));
      }
    }
  }

  private watch(peer: RTCPeerConnection, generation: number): void {
    let flows = false;
    let since = 0;
    const late = this.later(this.options.replaceable ? CONNECT_REPLACEABLE_MS : CONNECT_MS, () => this.lost(generation, new Trouble('no-route', 'no media within the time')));
    this.deaf = onNetworkChange(this.scope, () => flows && void this.renew(generation));
    peer.onconnectionstatechange = () => {
      if (generation !== this.generation || this.stopped) {
        return;
      }
      const state = peer.connectionState;
      if (state === 'connected') {
        this.cancel(late);
        this.cancel(this.healing);
        this.healing = 0;
        if (!flows) {
          flows = true;
          since = this.later(STABLE_MS, () => (this.attempts = 0));
          this.options.connected(peer);
        }
      } else if (state === 'failed' && !flows) {
        this.cancel(since);
        this.lost(generation, new Trouble('no-route', 'the connection failed'));
      } else if (state === 'failed' || (state === 'disconnected' && flows)) {
        this.heal(generation, peer, state === 'failed' ? 0 : RENEW_MS);
      }
    };
  }

  /** The connection was lost: it comes back by itself, by a restart of ICE after this long, or with a new session. */
  private heal(generation: number, peer: RTCPeerConnection, after: number): void {
    if (this.healing !== 0) {
      return;
    }
    this.healing = this.later(HEAL_MS, () => this.lost(generation, new Trouble('lost', 'the connection fell silent')));
    this.later(after, () => {
      if (generation === this.generation && peer.connectionState !== 'connected' && !this.renewal) {
        void this.renew(generation);
      }
    });
  }

  /** Restarts ICE: the session goes on over another path. Only the newest restart counts. */
  private async renew(generation: number): Promise<void> {
    const { peer, session } = this;
    if (!peer || session === '' || generation !== this.generation) {
      return;
    }
    this.renewal?.abort();
    const renewal = new AbortController();
    this.renewal = renewal;
    const current = (): boolean => this.renewal === renewal && generation === this.generation;
    try {
      await peer.setLocalDescription(await peer.createOffer({ iceRestart: true }));
      await this.gathered(peer);
      if (!current()) {
        return;
      }
      const fragment = fragmentOf(peer.localDescription?.sdp ?? '');
      const answer = renewedAnswer(this.answer, await restartIce(this.scope.fetch.bind(this.scope), session, fragment, renewal.signal));
      if (!current()) {
        return;
      }
      if (answer === '') {
        throw new Trouble('refused', 'the server named no credentials for the restart');
      }
      this.answer = answer;
      await peer.setRemoteDescription({ type: 'answer', sdp: answer });
    } catch (error) {
      // Without a network the next change of it restarts again; a server that cannot restart gets a new session.
      const why = asTrouble(error, 'lost');
      if (current() && why.kind !== 'unreachable' && peer.connectionState !== 'connected') {
        this.lost(generation, new Trouble('lost', why.detail));
      }
    } finally {
      if (this.renewal === renewal) {
        this.renewal = null;
      }
    }
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
    this.renewal?.abort();
    this.renewal = null;
    this.healing = 0;
    this.deaf();
    const { peer, session } = this;
    this.peer = null;
    this.session = '';
    this.answer = '';
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
