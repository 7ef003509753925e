/** Plays a stream over WebRTC. */
import { prefer } from './codecs.js';
import { Link } from './link.js';
import type { LinkScope } from './link.js';
import { startElement } from './player.js';
import type { Player, PlayEvents, PlayStats, Tracks } from './player.js';
import { quality } from './quality.js';
import { RtcReader } from './rtcstats.js';
import { Trouble } from './trouble.js';

/** How often is looked whether pictures still come, ms. */
const LOOK_MS = 1000;
/** No picture for so long although the stream has one: the connection is made anew, ms. */
export const FROZEN_MS = 8000;

/**
 * No sound for so long although the stream has some: this way carries none of it, ms. Servers that do not convert AAC
 * to Opus give the sound of phones over FLV only.
 */
export const SILENT_MS = 3000;

/** Packets of sound that have arrived. */
function soundPackets(reports: RTCStatsReport): number {
  let packets = 0;
  reports.forEach((report: { type: string; kind?: string; packetsReceived?: number }) => {
    packets += report.type === 'inbound-rtp' && report.kind === 'audio' ? (report.packetsReceived ?? 0) : 0;
  });
  return packets;
}

/** See the head of the file. */
export class WhepPlayer implements Player {
  private readonly link: Link;
  private readonly reader = new RtcReader('inbound-rtp');
  private readonly stream: MediaStream;
  private element: HTMLVideoElement | null = null;
  private expected: Tracks | null = null;
  private reloads = 0;
  private timer = 0;
  private frames = 0;
  private movedAt = 0;
  /** Since when sound is missing; null when none is expected, or it has come. */
  private silentSince: number | null = null;

  constructor(
    url: string,
    private readonly events: PlayEvents,
    private readonly scope: LinkScope & Pick<typeof globalThis, 'MediaStream' | 'performance'> = window,
  ) {
    this.stream = new scope.MediaStream();
    const options = {
      url,
      replaceable: true,
      prepare: (peer: RTCPeerConnection) => this.prepare(peer),
      connected: () => {
        this.movedAt = this.scope.performance.now();
        this.awaitSound();
        this.events.connected?.('whep');
      },
      retrying: (attempt: number, why: Trouble) => this.events.retrying?.(attempt, why),
      failed: (why: Trouble) => this.end(() => this.events.failed?.(why)),
    };
    this.link = new Link(options, scope);
  }

  play(element: HTMLVideoElement): void {
    this.element = element;
    element.srcObject = this.stream;
    startElement(element, this.events.blocked);
    this.watch();
    this.link.start();
  }

  expect(tracks: Tracks): void {
    const before = this.expected;
    this.expected = tracks;
    this.movedAt = this.scope.performance.now();
    if (before?.audio !== tracks.audio) {
      this.awaitSound();
    }
  }

  stop(): void {
    this.end(() => undefined);
  }

  async stats(): Promise<PlayStats> {
    const reports = await this.link.connection?.getStats();
    const { frames, fps, videoKbps, audioKbps, width, height, rttMs, jitterMs, loss, bufferMs } = this.reader.read(reports ?? new Map());
    const latencyMs = Math.round((bufferMs ?? 0) + (rttMs ?? 0) / 2);
    const signs = {
      latencyMs,
      ...(rttMs === undefined ? {} : { rttMs }),
      ...(jitterMs === undefined ? {} : { jitterMs }),
      ...(loss === undefined ? {} : { loss }),
    };
    const grade = this.link.connection?.connectionState === 'connected' ? quality(signs) : 0;
    return {
      transport: 'whep', frames, fps, latencyMs, videoKbps, audioKbps, width, height,
      jitterMs: Math.round(jitterMs ?? 0), reloads: this.reloads, quality: grade,
    };
  }

  private prepare(peer: RTCPeerConnection): void {
    this.stream.getTracks().forEach((track) => this.stream.removeTrack(track));
    for (const kind of ['audio', 'video'] as const) {
      prefer(peer.addTransceiver(kind, { direction: 'recvonly' }), kind, 'receive');
    }
    peer.ontrack = ({ track }) => this.stream.addTrack(track);
  }

  /** A decoder that never gets its keyframe shows nothing and reports nothing: only the missing pictures tell. */
  private watch(): void {
    this.timer = this.scope.setTimeout(() => {
      const now = this.scope.performance.now();
      const frames = this.element?.getVideoPlaybackQuality?.().totalVideoFrames ?? 0;
      const still = frames === this.frames && this.expected?.video === true;
      if (!still || this.link.connection?.connectionState !== 'connected') {
        this.movedAt = now;
      } else if (now - this.movedAt > FROZEN_MS) {
        this.movedAt = now;
        this.reloads += 1;
        this.link.restart(new Trouble('lost', 'no picture came any more'));
      }
      this.frames = frames;
      void this.listen();
      this.watch();
    }, LOOK_MS);
  }

  private awaitSound(): void {
    this.silentSince = this.expected?.audio ? this.scope.performance.now() : null;
  }

  /** A decoder without sound is as silent as a person; only the packets tell. */
  private async listen(): Promise<void> {
    const { connection } = this.link;
    if (this.silentSince === null || connection?.connectionState !== 'connected') {
      return;
    }
    const packets = soundPackets(await connection.getStats());
    if (this.link.connection !== connection || this.silentSince === null) {
      return;
    }
    if (packets > 0) {
      this.silentSince = null;
    } else if (this.scope.performance.now() - this.silentSince > SILENT_MS) {
      this.end(() => this.events.failed?.(new Trouble('no-sound', 'no sound came over WebRTC')));
    }
  }

  private end(tell: () => void): void {
    this.scope.clearTimeout(this.timer);
    this.link.stop();
    if (this.element) {
      this.element.srcObject = null;
      this.element = null;
    }
    tell();
  }
}
