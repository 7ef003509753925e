//! From browsers to phones.

use std::sync::Arc;

use bytes::Bytes;

use crate::line::{JUMP_TICKS, TICKS_PER_MS, millis, ticks};
use crate::opus::packet_shape;
use crate::passage::{Crossing, Passage};
use crate::{AudioEncoder, Builtin, Codecs, Counters, Input, LINE_RATE, Output, Pcm, Transcoder};

/// Encoders switch between mono and stereo as the sound and the bit rate have it. Players take a new AAC header
/// badly, so AAC becomes stereo at once but mono again only after this much sound that is mono.
pub const MONO_AFTER_TICKS: i64 = 10 * LINE_RATE as i64;

/// A difference that is a hole, ticks. Lost packets are known from RTP times, so this is about the mapping to the
/// publication's timeline, which sender reports correct by some milliseconds.
const HOLE_TICKS: i64 = 25 * TICKS_PER_MS;

/// A packet further behind than this is no straggler: the sender has begun a new count.
const STRAGGLER_TICKS: i64 = 5 * LINE_RATE as i64;

/// Transcodes one stream of Opus to AAC-LC at 48 kHz.
pub struct OpusToAac {
    passage: Passage,
    /// The encoder's header, as long as it is yet to be sent.
    announce: Option<Bytes>,
    /// RTP time of the packet that comes next.
    expected: Option<i64>,
    /// Sound since the last stereo packet, ticks.
    mono_for: i64,
}

impl Default for OpusToAac {
    fn default() -> Self {
        Self::new(Arc::new(Builtin))
    }
}

impl OpusToAac {
    /// A transcoder with these codecs.
    pub fn new(codecs: Arc<dyn Codecs>) -> Self {
        Self { passage: Passage::new(codecs), announce: None, expected: None, mono_for: 0 }
    }

    fn opus(&mut self, rtp: i64, ts_ms: i64, data: &[u8]) {
        let passage = &mut self.passage;
        passage.counters.frames_in += 1;
        // A damaged packet is a lost one: the next packet shows the hole.
        let Ok((samples, channels)) = packet_shape(data) else {
            passage.counters.damaged += 1;
            return;
        };
        if passage.decoder.is_none() {
            passage.decoder = passage.codecs.opus_decoder().ok();
        }
        let missing = self.expected.map_or(0, |expected| rtp.saturating_sub(expected));
        if (-STRAGGLER_TICKS..0).contains(&missing) {
            passage.counters.late += 1;
            return;
        }
        self.follow(samples, channels);
        if (1..=JUMP_TICKS).contains(&missing) {
            self.conceal(missing, data);
        } else if missing != 0 {
            self.passage.line.cut();
        }
        let passage = &mut self.passage;
        let mut pcm = std::mem::replace(&mut passage.pcm, Pcm::new(2));
        let decoded = passage.decoder.as_mut().is_some_and(|decoder| decoder.decode(data, &mut pcm).is_ok());
        if decoded {
            self.expected = Some(rtp.saturating_add(pcm.len() as i64));
            if self.admit(ticks(ts_ms), pcm.len() as i64, HOLE_TICKS) {
                self.passage.line.push(&pcm);
                self.encode();
            }
        } else {
            passage.counters.damaged += 1;
            // What was concealed so far is not concealed again.
            self.expected = self.expected.map(|_| rtp);
        }
        self.passage.pcm = pcm;
    }

    /// Follows the source to another number of channels.
    fn follow(&mut self, samples: usize, channels: usize) {
        self.mono_for = if channels == 1 { self.mono_for.saturating_add(samples as i64) } else { 0 };
        let line = &self.passage.line;
        let wanted = match (line.is_anchored(), line.channels()) {
            (false, _) => channels,
            (true, 2) if self.mono_for > MONO_AFTER_TICKS => 1,
            (true, now) => now.max(channels),
        };
        self.passage.set_channels(wanted);
    }

    /// Fills the hole in front of `next`.
    fn conceal(&mut self, missing: i64, next: &[u8]) {
        let passage = &mut self.passage;
        if !passage.line.is_anchored() {
            return;
        }
        let mut pcm = std::mem::replace(&mut passage.pcm, Pcm::new(2));
        let decoder = passage.decoder.as_mut();
        if decoder.is_some_and(|decoder| decoder.conceal(missing as usize, Some(next), &mut pcm)) {
            passage.counters.concealed_ms += (missing / TICKS_PER_MS) as u64;
            passage.line.push(&pcm);
        } else {
            passage.conceal(missing);
        }
        passage.pcm = pcm;
        self.encode();
    }
}

impl Crossing for OpusToAac {
    fn passage(&mut self) -> &mut Passage {
        &mut self.passage
    }

    /// A new encoder begins with the overlap of the last frame, so that its first frame is whole.
    fn new_encoder(&mut self) -> Option<Box<dyn AudioEncoder>> {
        let passage = &mut self.passage;
        let channels = passage.line.channels();
        let mut encoder = passage.codecs.aac_encoder(channels).ok()?;
        passage.frame.convert(channels);
        if passage.frame.len() == encoder.frame_samples() {
            // That frame went out from the encoder before this one.
            encoder.encode(&passage.frame).ok();
        }
        self.announce = encoder.header();
        Some(encoder)
    }

    fn put(&mut self, at: i64, data: Bytes) {
        let ts_ms = millis(at);
        let header = self.announce.take().map(|data| Output::AacHeader { ts_ms, data });
        self.passage.outputs.extend(header);
        self.passage.outputs.push_back(Output::Aac { ts_ms, data });
    }
}

impl Transcoder for OpusToAac {
    fn handle(&mut self, input: Input) {
        // One input makes at most a second of output; what was not taken is of no use to anybody.
        self.passage.outputs.clear();
        match input.bounded() {
            Input::Opus { rtp, ts_ms, data } => self.opus(rtp, ts_ms, &data),
            Input::Aac { .. } => {
                self.passage.counters.frames_in += 1;
                self.passage.counters.damaged += 1;
            }
            Input::AacHeader(_) => self.passage.counters.damaged += 1,
        }
    }

    fn poll(&mut self) -> Option<Output> {
        self.passage.outputs.pop_front()
    }

    fn counters(&self) -> Counters {
        self.passage.counters
    }
}
