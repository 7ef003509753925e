//! From browsers to phones.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::line::{Fit, JUMP_TICKS, Line, TICKS_PER_MS, millis, ticks};
use crate::opus::packet_shape;
use crate::{
    AudioDecoder, AudioEncoder, Builtin, Codecs, Counters, Input, LINE_RATE, Output, Pcm, Transcoder,
};

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
    codecs: Arc<dyn Codecs>,
    decoder: Option<Box<dyn AudioDecoder>>,
    encoder: Option<Box<dyn AudioEncoder>>,
    /// The encoder's header is yet to be sent.
    announce: bool,
    line: Line,
    /// RTP time of the packet that comes next.
    expected: Option<i64>,
    /// Sound since the last stereo packet, ticks.
    mono_for: i64,
    pcm: Pcm,
    /// The last frame that was encoded.
    frame: Pcm,
    outputs: VecDeque<Output>,
    counters: Counters,
}

impl Default for OpusToAac {
    fn default() -> Self {
        Self::new(Arc::new(Builtin))
    }
}

impl OpusToAac {
    /// A transcoder with these codecs.
    pub fn new(codecs: Arc<dyn Codecs>) -> Self {
        Self {
            codecs,
            decoder: None,
            encoder: None,
            announce: false,
            line: Line::new(LINE_RATE, 1),
            expected: None,
            mono_for: 0,
            pcm: Pcm::new(2),
            frame: Pcm::new(1),
            outputs: VecDeque::new(),
            counters: Counters::default(),
        }
    }

    fn opus(&mut self, rtp: i64, ts_ms: i64, data: &[u8]) {
        self.counters.frames_in += 1;
        // A damaged packet is a lost one: the next packet shows the hole.
        let Ok((samples, channels)) = packet_shape(data) else {
            self.counters.damaged += 1;
            return;
        };
        if self.decoder.is_none() {
            self.decoder = self.codecs.opus_decoder().ok();
        }
        let missing = self.expected.map_or(0, |expected| rtp.saturating_sub(expected));
        if (-STRAGGLER_TICKS..0).contains(&missing) {
            self.counters.late += 1;
            return;
        }
        self.follow(samples, channels);
        if (1..=JUMP_TICKS).contains(&missing) {
            self.conceal(missing, data);
        } else if missing != 0 {
            self.line.cut();
        }
        let mut pcm = std::mem::replace(&mut self.pcm, Pcm::new(2));
        let decoded = self.decoder.as_mut().is_some_and(|decoder| decoder.decode(data, &mut pcm).is_ok());
        if decoded {
            self.expected = Some(rtp.saturating_add(pcm.len() as i64));
            self.place(ticks(ts_ms), &pcm);
        } else {
            self.counters.damaged += 1;
            // What was concealed so far is not concealed again.
            self.expected = self.expected.map(|_| rtp);
        }
        self.pcm = pcm;
    }

    /// Follows the source to another number of channels.
    fn follow(&mut self, samples: usize, channels: usize) {
        self.mono_for = if channels == 1 { self.mono_for.saturating_add(samples as i64) } else { 0 };
        let wanted = match (self.line.is_anchored(), self.line.channels()) {
            (false, _) => channels,
            (true, 2) if self.mono_for > MONO_AFTER_TICKS => 1,
            (true, now) => now.max(channels),
        };
        if wanted == self.line.channels() {
            return;
        }
        self.line.set_channels(wanted);
        self.encoder = None;
    }

    /// Fills the hole in front of `next`.
    fn conceal(&mut self, missing: i64, next: &[u8]) {
        if !self.line.is_anchored() {
            return;
        }
        self.counters.concealed_ms += (missing / TICKS_PER_MS) as u64;
        let mut pcm = std::mem::replace(&mut self.pcm, Pcm::new(2));
        let decoder = self.decoder.as_mut();
        if decoder.is_some_and(|decoder| decoder.conceal(missing as usize, Some(next), &mut pcm)) {
            self.line.push(&pcm);
        } else {
            self.line.conceal(missing);
        }
        self.pcm = pcm;
        self.encode();
    }

    fn place(&mut self, at: i64, pcm: &Pcm) {
        match self.line.fit(at, pcm.len() as i64, HOLE_TICKS) {
            Fit::Plays => {}
            Fit::Hole(missing) => {
                self.counters.concealed_ms += (missing / TICKS_PER_MS) as u64;
                self.line.conceal(missing);
            }
            Fit::Late => {
                self.counters.late += 1;
                return;
            }
            Fit::Jumps => self.jump(at),
        }
        self.line.push(pcm);
        self.encode();
    }

    fn jump(&mut self, at: i64) {
        if self.line.is_anchored() {
            self.counters.jumps += 1;
            if let Some(encoder) = &self.encoder {
                self.line.fill_up(encoder.frame_samples());
            }
            self.encode();
        }
        self.line.jump(at);
    }

    /// A new encoder begins with the overlap of the last frame, so that its first frame is whole.
    fn new_encoder(&mut self) -> Option<Box<dyn AudioEncoder>> {
        let channels = self.line.channels();
        let mut encoder = self.codecs.aac_encoder(channels).ok()?;
        self.announce = true;
        self.frame.convert(channels);
        if self.frame.len() == encoder.frame_samples() {
            // That frame went out from the encoder before this one.
            encoder.encode(&self.frame).ok();
        }
        Some(encoder)
    }

    fn encode(&mut self) {
        if self.encoder.is_none() {
            self.encoder = self.new_encoder();
        }
        let Some(encoder) = &mut self.encoder else {
            self.counters.encoder_errors += 1;
            return;
        };
        let delay = encoder.delay_samples() as i64;
        while let Some(start) = self.line.take(encoder.frame_samples(), &mut self.frame) {
            let Ok(data) = encoder.encode(&self.frame) else {
                self.counters.encoder_errors += 1;
                continue;
            };
            // The very first frame of a publication would begin before its timeline.
            if start < delay {
                continue;
            }
            let ts_ms = millis(start - delay);
            if std::mem::take(&mut self.announce) {
                self.outputs.extend(encoder.header().map(|header| Output::AacHeader { ts_ms, data: header }));
            }
            self.counters.frames_out += 1;
            self.outputs.push_back(Output::Aac { ts_ms, data });
        }
    }
}

impl Transcoder for OpusToAac {
    fn handle(&mut self, input: Input) {
        // One input makes at most a second of output; what was not taken is of no use to anybody.
        self.outputs.clear();
        match input.bounded() {
            Input::Opus { rtp, ts_ms, data } => self.opus(rtp, ts_ms, &data),
            Input::Aac { .. } => {
                self.counters.frames_in += 1;
                self.counters.damaged += 1;
            }
            Input::AacHeader(_) => self.counters.damaged += 1,
        }
    }

    fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn counters(&self) -> Counters {
        self.counters
    }
}
