//! What is heard of one talker: its frames decoded, in order and without holes, mono at 48 kHz.

use bytes::Bytes;

use super::MixCounters;
use crate::line::{Fit, JUMP_TICKS, Line, TICKS_PER_MS, ticks};
use crate::opus::packet_shape;
use crate::{AudioDecoder, Codecs, Input, LINE_RATE, Pcm};

/// Part of an AAC frame's duration that must be missing before it is a hole, tenths; times are rounded to milliseconds.
const HOLE_TENTHS: i64 = 6;

/// A difference that is a hole in Opus, ticks: lost packets are known from RTP times.
const HOLE_TICKS: i64 = 25 * TICKS_PER_MS;

/// A packet further behind than this is no straggler: the sender has begun a new count.
const STRAGGLER_TICKS: i64 = 5 * LINE_RATE as i64;

/// How fast the level goes down, as a power of two per sample: 35 dB in a second.
const LEVEL_FALLS: f32 = 5.8 / LINE_RATE as f32;

pub(super) struct Ear {
    aac: Option<Box<dyn AudioDecoder>>,
    aac_header: Bytes,
    opus: Option<Box<dyn AudioDecoder>>,
    line: Line,
    /// RTP time of the Opus packet that comes next.
    expected: Option<i64>,
    /// Samples per channel of the last AAC frame, at the source's rate.
    frame_samples: i64,
    pcm: Pcm,
    out: Pcm,
    /// Samples of what is heard now that stand for lost ones.
    made_up: usize,
    level: f32,
    counters: MixCounters,
}

impl Default for Ear {
    fn default() -> Self {
        Self {
            aac: None,
            aac_header: Bytes::new(),
            opus: None,
            line: Line::new(LINE_RATE, 1),
            expected: None,
            frame_samples: 1024,
            pcm: Pcm::new(2),
            out: Pcm::new(1),
            made_up: 0,
            level: 0.0,
            counters: MixCounters::default(),
        }
    }
}

impl Ear {
    /// The samples that a piece of the stream brings, and how many of the first ones stand for lost ones. They follow those
    /// before.
    pub(super) fn hear(&mut self, input: Input, codecs: &dyn Codecs) -> (&[f32], usize) {
        self.made_up = 0;
        match input {
            Input::AacHeader(header) => self.header(header, codecs),
            Input::Aac { ts_ms, data } => self.aac(ticks(ts_ms), &data),
            Input::Opus { rtp, ts_ms, data } => self.opus(rtp, ticks(ts_ms), &data, codecs),
        }
        let waiting = self.line.waiting();
        self.out.clear();
        if waiting > 0 && self.line.take(waiting, &mut self.out).is_some() {
            let peak = self.out.left().iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
            self.level = peak.max(self.level);
        }
        (self.out.left(), self.made_up)
    }

    /// So many samples of time pass.
    pub(super) fn pass(&mut self, samples: usize) {
        self.level *= (-LEVEL_FALLS * samples as f32).exp2();
    }

    /// Nothing is heard for a while: what comes afterwards does not follow.
    pub(super) fn rest(&mut self) {
        self.line.cut();
        self.expected = None;
    }

    /// What was said before is long ago.
    pub(super) fn forget(&mut self) {
        self.level = 0.0;
    }

    /// How loud it was lately, 0 to 1.
    pub(super) fn level(&self) -> f32 {
        self.level
    }

    /// Adds what happened.
    pub(super) fn count(&self, sum: &mut MixCounters) {
        sum.frames += self.counters.frames;
        sum.damaged += self.counters.damaged;
        sum.concealed_ms += self.counters.concealed_ms;
        sum.dropped_ms += self.counters.dropped_ms;
    }

    fn header(&mut self, header: Bytes, codecs: &dyn Codecs) {
        if header == self.aac_header && self.aac.is_some() {
            return;
        }
        // What follows a header that is not understood would be noise to the old decoder.
        self.aac = codecs.aac_decoder(&header).ok();
        self.counters.damaged += u64::from(self.aac.is_none());
        self.aac_header = header;
        self.line.cut();
    }

    fn aac(&mut self, at: i64, data: &[u8]) {
        self.counters.frames += 1;
        let Some(decoder) = &mut self.aac else {
            self.counters.damaged += 1;
            return;
        };
        let mut pcm = std::mem::replace(&mut self.pcm, Pcm::new(2));
        let heard = decoder.decode(data, &mut pcm).is_ok();
        if heard {
            self.line.set_rate(decoder.sample_rate());
            self.frame_samples = pcm.len() as i64;
        } else {
            self.counters.damaged += 1;
        }
        let frame = self.frame_samples * i64::from(LINE_RATE) / i64::from(self.line.rate().max(1));
        if heard {
            self.place(at, &pcm, frame, frame * HOLE_TENTHS / 10);
        } else if self.line.is_anchored() {
            self.conceal(frame);
        }
        self.pcm = pcm;
    }

    fn opus(&mut self, rtp: i64, at: i64, data: &[u8], codecs: &dyn Codecs) {
        self.counters.frames += 1;
        if packet_shape(data).is_err() {
            self.counters.damaged += 1;
            return;
        }
        if self.opus.is_none() {
            self.opus = codecs.opus_decoder().ok();
        }
        let missing = self.expected.map_or(0, |expected| rtp.saturating_sub(expected));
        if (-STRAGGLER_TICKS..0).contains(&missing) {
            return;
        }
        self.line.set_rate(LINE_RATE);
        let mut pcm = std::mem::replace(&mut self.pcm, Pcm::new(2));
        if (1..=JUMP_TICKS).contains(&missing) && self.line.is_anchored() {
            self.counters.concealed_ms += (missing / TICKS_PER_MS) as u64;
            let decoder = self.opus.as_mut();
            if decoder.is_some_and(|decoder| decoder.conceal(missing as usize, Some(data), &mut pcm)) {
                self.line.push(&pcm);
            } else {
                self.line.conceal(missing);
            }
            self.made_up = self.line.waiting();
        } else if missing != 0 {
            self.line.cut();
        }
        if self.opus.as_mut().is_some_and(|decoder| decoder.decode(data, &mut pcm).is_ok()) {
            self.expected = Some(rtp.saturating_add(pcm.len() as i64));
            self.place(at, &pcm, pcm.len() as i64, HOLE_TICKS);
        } else {
            self.counters.damaged += 1;
            self.expected = self.expected.map(|_| rtp);
        }
        self.pcm = pcm;
    }

    /// Times tell of holes only: how long a voice waits follows from when it comes. So what is late for its time is played as
    /// what is not.
    fn place(&mut self, at: i64, pcm: &Pcm, frame: i64, hole: i64) {
        match self.line.fit(at, frame, hole) {
            Fit::Plays => {}
            Fit::Hole(missing) => self.conceal(missing),
            Fit::Late | Fit::Jumps => self.line.follow(at),
        }
        self.line.push(pcm);
    }

    fn conceal(&mut self, missing: i64) {
        self.counters.concealed_ms += (missing / TICKS_PER_MS) as u64;
        self.line.conceal(missing);
        self.made_up = self.line.waiting();
    }
}
