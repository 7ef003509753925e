/** Reads the reports of a peer connection, and what changed between two of them. */

/** What one side of a connection does, in the units of the native components. */
export interface RtcFigures {
  /** Pictures that were encoded or decoded so far. */
  frames: number;
  fps: number;
  videoKbps: number;
  audioKbps: number;
  width: number;
  height: number;
  rttMs?: number;
  jitterMs?: number;
  loss?: number;
  /** Mean time in the jitter buffer, ms. */
  bufferMs?: number;
}

type Report = Record<string, any>;

interface Sums {
  at: number;
  videoBytes: number;
  audioBytes: number;
  frames: number;
  packets: number;
  lost: number;
  bufferS: number;
  buffered: number;
}

const ZERO: Sums = { at: 0, videoBytes: 0, audioBytes: 0, frames: 0, packets: 0, lost: 0, bufferS: 0, buffered: 0 };

const count = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0);

/** See the head of the file. Keeps the sums of the last report. */
export class RtcReader {
  private last: Sums = ZERO;

  constructor(private readonly side: 'inbound-rtp' | 'outbound-rtp') {}

  /** Figures since the last call. `reports` is an RTCStatsReport. */
  read(reports: { forEach(run: (report: Report) => void): void }): RtcFigures {
    const now: Sums = { ...ZERO };
    const figures: RtcFigures = { frames: 0, fps: 0, videoKbps: 0, audioKbps: 0, width: 0, height: 0 };
    reports.forEach((report) => {
      if (report['type'] === this.side) {
        this.own(report, now, figures);
      } else if (report['type'] === 'remote-inbound-rtp' && this.side === 'outbound-rtp') {
        remote(report, now, figures);
      } else if (report['type'] === 'candidate-pair' && report['nominated'] === true && report['currentRoundTripTime'] !== undefined) {
        figures.rttMs ??= 1000 * count(report['currentRoundTripTime']);
      }
    });
    this.difference(now, figures);
    this.last = now;
    return figures;
  }

  private own(report: Report, now: Sums, figures: RtcFigures): void {
    const inbound = this.side === 'inbound-rtp';
    const bytes = count(report[inbound ? 'bytesReceived' : 'bytesSent']);
    now.at = Math.max(now.at, count(report['timestamp']));
    now.packets += count(report[inbound ? 'packetsReceived' : 'packetsSent']);
    if (inbound) {
      now.lost += Math.max(0, count(report['packetsLost']));
      figures.jitterMs = Math.max(figures.jitterMs ?? 0, 1000 * count(report['jitter']));
    }
    if (report['kind'] === 'audio') {
      now.audioBytes += bytes;
      return;
    }
    now.videoBytes += bytes;
    now.frames += count(report[inbound ? 'framesDecoded' : 'framesEncoded']);
    now.bufferS += count(report['jitterBufferDelay']);
    now.buffered += count(report['jitterBufferEmittedCount']);
    figures.width = count(report['frameWidth']) || figures.width;
    figures.height = count(report['frameHeight']) || figures.height;
  }

  private difference(now: Sums, figures: RtcFigures): void {
    const { last } = this;
    const ms = now.at - last.at;
    figures.frames = now.frames;
    // A new peer connection counts from nought again.
    if (last.at === 0 || ms <= 0 || now.videoBytes < last.videoBytes || now.audioBytes < last.audioBytes) {
      return;
    }
    figures.videoKbps = Math.round((8 * (now.videoBytes - last.videoBytes)) / ms);
    figures.audioKbps = Math.round((8 * (now.audioBytes - last.audioBytes)) / ms);
    figures.fps = Math.max(0, (1000 * (now.frames - last.frames)) / ms);
    const lost = Math.max(0, now.lost - last.lost);
    const arrived = Math.max(0, now.packets - last.packets);
    if (lost + arrived > 0) {
      figures.loss = lost / (lost + arrived);
    }
    if (now.buffered > last.buffered) {
      figures.bufferMs = (1000 * (now.bufferS - last.bufferS)) / (now.buffered - last.buffered);
    }
  }
}

function remote(report: Report, now: Sums, figures: RtcFigures): void {
  now.lost += Math.max(0, count(report['packetsLost']));
  figures.jitterMs = Math.max(figures.jitterMs ?? 0, 1000 * count(report['jitter']));
  if (report['roundTripTime'] !== undefined) {
    figures.rttMs = Math.max(figures.rttMs ?? 0, 1000 * count(report['roundTripTime']));
  }
}
