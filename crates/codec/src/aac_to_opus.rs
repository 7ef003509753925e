//! From phones to browsers.

use std::sync::Arc;

use bytes::Bytes;

use crate::line::ticks;
use crate::passage::{Crossing, Passage};
use crate::{AudioEncoder, Builtin, Codecs, Counters, Input, LINE_RATE, Output, Pcm, Transcoder};

/// Part of a frame's duration that must be missing before it is a hole (tenths): one lost frame is found although
/// its neighbours' times are rounded to milliseconds.
const HOLE_TENTHS: i64 = 6;

/// Core samples of a frame of which nothing is known yet.
const USUAL_SAMPLES: usize = 1024;

/// Transcodes one stream of AAC to Opus. The number of channels follows the source, its sample rate may be any of
/// AAC's.
pub struct AacToOpus {
    passage: Passage,
    /// Of the decoder.
    header: Bytes,
    /// Samples per channel of the last decoded frame, at the source's rate.
    frame_samples: usize,
}

impl Default for AacToOpus {
    fn default() -> Self {
        Self::new(Arc::new(Builtin))
    }
}

impl AacToOpus {
    /// A transcoder with these codecs.
    pub fn new(codecs: Arc<dyn Codecs>) -> Self {
        Self { passage: Passage::new(codecs), header: Bytes::new(), frame_samples: USUAL_SAMPLES }
    }

    fn header(&mut self, header: Bytes) {
        let passage = &mut self.passage;
        if header == self.header && passage.decoder.is_some() {
            return;
        }
        match passage.codecs.aac_decoder(&header) {
            Ok(decoder) => {
                passage.decoder = Some(decoder);
                passage.line.cut();
                self.header = header;
            }
            Err(_) => {
                // What follows belongs to a header that is not understood: the old decoder would make noise of it.
                passage.decoder = None;
                passage.counters.damaged += 1;
            }
        }
    }

    fn aac(&mut self, ts_ms: i64, data: &[u8]) {
        let passage = &mut self.passage;
        passage.counters.frames_in += 1;
        let Some(decoder) = &mut passage.decoder else {
            passage.counters.damaged += 1;
            return;
        };
        let mut pcm = std::mem::replace(&mut passage.pcm, Pcm::new(1));
        let heard = decoder.decode(data, &mut pcm).is_ok();
        if heard {
            self.frame_samples = pcm.len();
            passage.line.set_rate(decoder.sample_rate());
            passage.set_channels(pcm.channels());
        } else {
            passage.counters.damaged += 1;
        }
        // A stream does not begin with a frame that nothing can be made of.
        if heard || passage.line.is_anchored() {
            self.place(ticks(ts_ms), heard.then_some(&pcm));
        }
        self.passage.pcm = pcm;
    }

    fn place(&mut self, at: i64, heard: Option<&Pcm>) {
        let rate = i64::from(self.passage.line.rate().max(1));
        let frame = self.frame_samples as i64 * i64::from(LINE_RATE) / rate;
        if !self.admit(at, frame, frame * HOLE_TENTHS / 10) {
            return;
        }
        match heard {
            Some(pcm) => self.passage.line.push(pcm),
            None => self.passage.conceal(frame),
        }
        self.encode();
    }
}

impl Crossing for AacToOpus {
    fn passage(&mut self) -> &mut Passage {
        &mut self.passage
    }

    fn new_encoder(&mut self) -> Option<Box<dyn AudioEncoder>> {
        self.passage.codecs.opus_encoder(self.passage.line.channels()).ok()
    }

    fn put(&mut self, at: i64, data: Bytes) {
        let channels = self.passage.line.channels() as u8;
        self.passage.outputs.push_back(Output::Opus { ts_48k: at, channels, data });
    }
}

impl Transcoder for AacToOpus {
    fn handle(&mut self, input: Input) {
        // One input makes at most half a second of output; what was not taken is of no use to anybody.
        self.passage.outputs.clear();
        match input.bounded() {
            Input::AacHeader(header) => self.header(header),
            Input::Aac { ts_ms, data } => self.aac(ts_ms, &data),
            Input::Opus { .. } => {
                self.passage.counters.frames_in += 1;
                self.passage.counters.damaged += 1;
            }
        }
    }

    fn poll(&mut self) -> Option<Output> {
        self.passage.outputs.pop_front()
    }

    fn counters(&self) -> Counters {
        self.passage.counters
    }
}
