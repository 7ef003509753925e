/** Publishes tracks over WebRTC. */
import { prefer } from './codecs.js';
import { Link } from './link.js';
import type { LinkScope } from './link.js';
import { quality } from './quality.js';
import { RtcReader } from './rtcstats.js';
import type { RtcFigures } from './rtcstats.js';
import { Trouble } from './trouble.js';

/** Whom a publisher tells. */
export interface PublishEvents {
  /** Media flows to the server. */
  connected?(): void;
  retrying?(attempt: number, why: Trouble): void;
  /** It is over; nothing follows. */
  failed?(why: Trouble): void;
}

/** How it is sent. */
export interface PublishLimits {
  /** Most bits per second of the picture, kbit/s. */
  maxKbps?: number;
  maxFps?: number;
}

/** What a publisher is doing, with the grade of its connection. */
export type PublishStats = RtcFigures & { quality: number };

type Kind = 'audio' | 'video';

/** See the head of the file. Both tracks always have their place, so that a camera can come and go without a new offer. */
export class WhipPublisher {
  private readonly link: Link;
  private readonly reader = new RtcReader('outbound-rtp');
  private readonly tracks: Record<Kind, MediaStreamTrack | null> = { audio: null, video: null };
  private readonly senders: Partial<Record<Kind, RTCRtpSender>> = {};

  constructor(
    url: string,
    private readonly events: PublishEvents,
    private readonly limits: PublishLimits = {},
    scope: LinkScope = window,
  ) {
    const options = {
      url,
      prepare: (peer: RTCPeerConnection) => this.prepare(peer),
      connected: () => {
        this.limit();
        this.events.connected?.();
      },
      retrying: (attempt: number, why: Trouble) => this.events.retrying?.(attempt, why),
      failed: (why: Trouble) => this.events.failed?.(why),
    };
    this.link = new Link(options, scope);
  }

  /** Begins to send these tracks. They stay the caller's: stopping the publisher does not stop the camera. */
  start(stream: MediaStream): void {
    this.tracks.audio = stream.getAudioTracks()[0] ?? null;
    this.tracks.video = stream.getVideoTracks()[0] ?? null;
    this.link.start();
  }

  /** Sends another track in place of the present one, or nothing. */
  async replace(kind: Kind, track: MediaStreamTrack | null): Promise<void> {
    this.tracks[kind] = track;
    try {
      await this.senders[kind]?.replaceTrack(track);
    } catch (error) {
      // A connection that has just ended takes none any more; the next one begins with what is wanted then.
      if (!(error instanceof DOMException) || error.name !== 'InvalidStateError') {
        throw error;
      }
    }
  }

  stop(): void {
    this.link.stop();
  }

  async stats(): Promise<PublishStats> {
    const reports = await this.link.connection?.getStats();
    const figures = this.reader.read(reports ?? new Map());
    const { rttMs, jitterMs, loss } = figures;
    const signs = {
      ...(rttMs === undefined ? {} : { rttMs }),
      ...(jitterMs === undefined ? {} : { jitterMs }),
      ...(loss === undefined ? {} : { loss }),
    };
    return { ...figures, quality: quality(signs) };
  }

  private prepare(peer: RTCPeerConnection): void {
    for (const kind of ['audio', 'video'] as const) {
      const transceiver = peer.addTransceiver(this.tracks[kind] ?? kind, { direction: 'sendonly' });
      this.senders[kind] = transceiver.sender;
      if (!prefer(transceiver, kind, 'send')) {
        throw new Trouble('unsupported', 'this browser cannot encode H.264, which phones need');
      }
    }
  }

  /** Limits hold from the moment there is an encoding to put them on, which is after the answer. */
  private limit(): void {
    const sender = this.senders.video;
    const { maxKbps, maxFps } = this.limits;
    const parameters = sender?.getParameters();
    const encoding = parameters?.encodings[0];
    if (!sender || !parameters || !encoding) {
      return;
    }
    if (maxKbps !== undefined) {
      encoding.maxBitrate = 1000 * maxKbps;
    }
    if (maxFps !== undefined) {
      encoding.maxFramerate = maxFps;
    }
    sender.setParameters(parameters).catch(() => undefined); // Without limits the congestion control still rules.
  }
}
