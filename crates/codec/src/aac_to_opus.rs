//! From phones to browsers.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

use crate::line::{Fit, Line, TICKS_PER_MS, ticks};
use crate::{
    AudioDecoder, AudioEncoder, Builtin, Codecs, Counters, Input, LINE_RATE, Output, Pcm, Transcoder,
};

/// Part of a frame's duration that must be missing before it is a hole (tenths): one lost frame is found although
/// its neighbours' times are rounded to milliseconds.
const HOLE_TENTHS: i64 = 6;

/// Core samples of a frame of which nothing is known yet.
const USUAL_SAMPLES: usize = 1024;

/// Transcodes one stream of AAC to Opus. The number of channels follows the source, its sample rate may be any of
/// AAC's.
pub struct AacToOpus {
    codecs: Arc<dyn Codecs>,
    header: Bytes,
    decoder: Option<Box<dyn AudioDecoder>>,
    encoder: Option<Box<dyn AudioEncoder>>,
    line: Line,
    /// Samples per channel of the last decoded frame, at the source's rate.
    frame_samples: usize,
    pcm: Pcm,
    frame: Pcm,
    outputs: VecDeque<Output>,
    counters: Counters,
}

impl Default for AacToOpus {
    fn default() -> Self {
        Self::new(Arc::new(Builtin))
    }
}

impl AacToOpus {
    /// A transcoder with these codecs.
    pub fn new(codecs: Arc<dyn Codecs>) -> Self {
        Self {
            codecs,
            header: Bytes::new(),
            decoder: None,
            encoder: None,
            line: Line::new(LINE_RATE, 1),
            frame_samples: USUAL_SAMPLES,
            pcm: Pcm::new(1),
            frame: Pcm::new(1),
            outputs: VecDeque::new(),
            counters: Counters::default(),
        }
    }

    fn header(&mut self, header: Bytes) {
        if header == self.header && self.decoder.is_some() {
            return;
        }
        match self.codecs.aac_decoder(&header) {
            Ok(decoder) => {
                self.decoder = Some(decoder);
                self.header = header;
                self.line.cut();
            }
            Err(_) => {
                // What follows belongs to a header that is not understood: the old decoder would make noise of it.
                self.decoder = None;
                self.counters.damaged += 1;
            }
        }
    }

    fn aac(&mut self, ts_ms: i64, data: &[u8]) {
        self.counters.frames_in += 1;
        let Some(decoder) = &mut self.decoder else {
            self.counters.damaged += 1;
            return;
        };
        let mut pcm = std::mem::replace(&mut self.pcm, Pcm::new(1));
        let heard = decoder.decode(data, &mut pcm).is_ok();
        if heard {
            let rate = decoder.sample_rate();
            self.frame_samples = pcm.len();
            self.follow(rate, pcm.channels());
        } else {
            self.counters.damaged += 1;
        }
        // A stream does not begin with a frame that nothing can be made of.
        if heard || self.line.is_anchored() {
            self.place(ticks(ts_ms), heard.then_some(&pcm));
        }
        self.pcm = pcm;
    }

    /// Follows the source to another sample rate or number of channels.
    fn follow(&mut self, rate: u32, channels: usize) {
        self.line.set_rate(rate);
        if channels != self.line.channels() {
            self.line.set_channels(channels);
            self.encoder = None;
        }
    }

    fn place(&mut self, at: i64, heard: Option<&Pcm>) {
        let frame = self.frame_samples as i64 * i64::from(LINE_RATE) / i64::from(self.line.rate().max(1));
        match self.line.fit(at, frame, frame * HOLE_TENTHS / 10) {
            Fit::Plays => {}
            Fit::Hole(missing) => {
                self.counters.concealed_ms += (missing / TICKS_PER_MS) as u64;
                self.line.conceal(missing);
                self.encode();
            }
            Fit::Late => {
                self.counters.late += 1;
                return;
            }
            Fit::Jumps => self.jump(at),
        }
        match heard {
            Some(pcm) => self.line.push(pcm),
            None => {
                self.counters.concealed_ms += (frame / TICKS_PER_MS) as u64;
                self.line.conceal(frame);
            }
        }
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

    fn encode(&mut self) {
        let channels = self.line.channels();
        if self.encoder.is_none() {
            self.encoder = self.codecs.opus_encoder(channels).ok();
        }
        let Some(encoder) = &mut self.encoder else {
            self.counters.encoder_errors += 1;
            return;
        };
        let delay = encoder.delay_samples() as i64;
        while let Some(start) = self.line.take(encoder.frame_samples(), &mut self.frame) {
            match encoder.encode(&self.frame) {
                // The very first packet of a publication would begin before its timeline.
                Ok(_) if start < delay => {}
                Ok(data) => {
                    self.counters.frames_out += 1;
                    let ts_48k = start - delay;
                    self.outputs.push_back(Output::Opus { ts_48k, channels: channels as u8, data });
                }
                Err(_) => self.counters.encoder_errors += 1,
            }
        }
    }
}

impl Transcoder for AacToOpus {
    fn handle(&mut self, input: Input) {
        // One input makes at most half a second of output; what was not taken is of no use to anybody.
        self.outputs.clear();
        match input.bounded() {
            Input::AacHeader(header) => self.header(header),
            Input::Aac { ts_ms, data } => self.aac(ts_ms, &data),
            Input::Opus { .. } => {
                self.counters.frames_in += 1;
                self.counters.damaged += 1;
            }
        }
    }

    fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn counters(&self) -> Counters {
        self.counters
    }
}
