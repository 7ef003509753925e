//! The seam between the fan-out, which knows who needs which sound, and the codecs, which make it.

use huitong_codec::{Direction, Input, Output, Sink, StreamHandle, Workers, opus_packet_samples};
use huitong_fanout::{TranscodeOut, Transcoder, Transcoding};
use huitong_media::{Codec, Frame, FrameKind, TrackKind, opus};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Describes the metrics of this module.
pub(crate) fn describe_metrics() {
    metrics::describe_counter!(
        "huitong_transcodings_total",
        "Conversions of a stream's sound begun, by the codec that viewers needed."
    );
}

/// RTP ticks of Opus in a millisecond.
const TICKS_PER_MS: i64 = 48;

/// How far the time of a packet may be from the end of the one before it and still follow it without a hole. Frames
/// have their times in whole milliseconds, and sender reports correct them by a few more; a lost packet is 20 ms.
const SAME_TICKS: i64 = 8 * TICKS_PER_MS;

/// Transcodes sound on threads of its own, for a fan-out.
pub struct Transcoders {
    workers: Workers,
}

impl Transcoders {
    /// Starts the threads.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn new(threads: usize) -> std::io::Result<Self> {
        Ok(Self { workers: Workers::new(threads)? })
    }
}

impl Transcoder for Transcoders {
    fn start(&self, from: Codec, to: Codec, out: TranscodeOut) -> Option<Box<dyn Transcoding>> {
        let direction = match (from, to) {
            (Codec::Aac, Codec::Opus) => Direction::AacToOpus,
            (Codec::Opus, Codec::Aac) => Direction::OpusToAac,
            _ => return None,
        };
        let started = self.workers.start(direction, Box::new(Frames { out, channels: 0 }));
        match started {
            Ok(handle) => {
                metrics::counter!("huitong_transcodings_total", "to" => to.name()).increment(1);
                Some(Box::new(Feed { handle, clock: Mutex::default(), dropped: AtomicU64::new(0) }))
            }
            Err(error) => {
                tracing::warn!(%error, "viewers that need another codec hear nothing of this stream");
                None
            }
        }
    }
}

/// What comes out, as frames of the publication.
struct Frames {
    out: TranscodeOut,
    /// Channels of the Opus header that was sent last; 0 before the first.
    channels: u8,
}

impl Frames {
    fn frame(&self, codec: Codec, kind: FrameKind, ts_ms: i64, payload: bytes::Bytes) {
        let frame = Frame { track: TrackKind::Audio, kind, ts_ms: ts_ms.max(0), cts_ms: 0, codec, payload };
        // When it is over, the handle is dropped soon, and with it this.
        let _still_wanted = self.out.frame(frame);
    }
}

impl Sink for Frames {
    fn output(&mut self, output: Output) {
        match output {
            Output::AacHeader { ts_ms, data } => self.frame(Codec::Aac, FrameKind::Config, ts_ms, data),
            Output::Aac { ts_ms, data } => self.frame(Codec::Aac, FrameKind::Audio, ts_ms, data),
            Output::Opus { ts_48k, channels, data } => {
                let ts_ms = ts_48k.div_euclid(TICKS_PER_MS);
                if channels != self.channels {
                    self.channels = channels;
                    self.frame(Codec::Opus, FrameKind::Config, ts_ms, opus::head(channels));
                }
                self.frame(Codec::Opus, FrameKind::Audio, ts_ms, data);
            }
        }
    }

    fn failed(&mut self) {
        tracing::error!("a codec failed: viewers that need another codec hear no more of this stream");
    }
}

/// What goes in.
struct Feed {
    handle: StreamHandle,
    clock: Mutex<OpusClock>,
    /// Pieces that had no room up to the push before.
    dropped: AtomicU64,
}

impl Transcoding for Feed {
    fn push(&self, frame: &Frame) -> bool {
        let (ts_ms, data) = (frame.ts_ms, frame.payload.clone());
        let input = match (frame.codec, frame.kind) {
            (Codec::Aac, FrameKind::Config) => Input::AacHeader(data),
            (Codec::Aac, FrameKind::Audio) => Input::Aac { ts_ms, data },
            (Codec::Opus, FrameKind::Audio) => {
                let mut clock = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
                let rtp = clock.rtp(ts_ms, opus_packet_samples(&data).unwrap_or_default());
                Input::Opus { rtp, ts_ms, data }
            }
            // What an Opus header says stands in every packet, too.
            _ => return true,
        };
        self.handle.push(input);
        let dropped = self.handle.queue_dropped();
        self.dropped.swap(dropped, Ordering::Relaxed) == dropped
    }
}

/// Counts Opus packets in RTP ticks again: frames carry whole milliseconds, which is not enough to tell a packet that
/// follows from one that overlaps by a sample. Only holes between neighbours count; what the sender's clock gains or loses
/// over time is the transcoder's to follow, by the frames' times.
#[derive(Debug, Default)]
pub(crate) struct OpusClock {
    /// Where the next packet is expected, in ticks of this clock and by the times of the frames.
    next: Option<(i64, i64)>,
}

impl OpusClock {
    /// The time of a packet of so many samples.
    pub(crate) fn rtp(&mut self, ts_ms: i64, samples: usize) -> i64 {
        let said = ts_ms.saturating_mul(TICKS_PER_MS);
        let samples = i64::try_from(samples).unwrap_or_default();
        let at = match self.next {
            None => said,
            Some((at, expected)) if (said - expected).abs() <= SAME_TICKS => at,
            Some((at, expected)) => at.saturating_add(said - expected),
        };
        self.next = Some((at.saturating_add(samples), said.saturating_add(samples)));
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_that_follow_each_other_do_so_to_the_sample_and_holes_stay_holes() {
        let mut clock = OpusClock::default();
        let times: Vec<i64> = [0, 21, 40, 59, 81].iter().map(|ms| clock.rtp(*ms, 960)).collect();
        assert_eq!(times, [0, 960, 1920, 2880, 3840]);
        assert_eq!(clock.rtp(141, 960), 4800 + 40 * 48, "two packets are missing");
        assert_eq!(clock.rtp(160, 960), 5760 + 40 * 48);
    }

    #[test]
    fn a_clock_that_drifts_makes_no_holes() {
        let mut clock = OpusClock::default();
        // A sender whose clock is 500 ppm fast for an hour.
        for n in 0..180_000_i64 {
            assert_eq!(clock.rtp(n * 20 + n * 20 / 2000, 960), n * 960);
        }
    }
}
