//! What both directions of transcoding have in common: a line between two codecs.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

use crate::line::{Fit, Line, TICKS_PER_MS};
use crate::{AudioDecoder, AudioEncoder, Codecs, Counters, LINE_RATE, Output, Pcm};

/// A stream on its way from one codec to the other.
pub(crate) struct Passage {
    pub(crate) codecs: Arc<dyn Codecs>,
    pub(crate) decoder: Option<Box<dyn AudioDecoder>>,
    pub(crate) encoder: Option<Box<dyn AudioEncoder>>,
    pub(crate) line: Line,
    /// What was decoded last; kept for its memory.
    pub(crate) pcm: Pcm,
    /// What was encoded last.
    pub(crate) frame: Pcm,
    pub(crate) outputs: VecDeque<Output>,
    pub(crate) counters: Counters,
}

impl Passage {
    pub(crate) fn new(codecs: Arc<dyn Codecs>) -> Self {
        Self {
            codecs,
            decoder: None,
            encoder: None,
            line: Line::new(LINE_RATE, 1),
            pcm: Pcm::new(1),
            frame: Pcm::new(1),
            outputs: VecDeque::new(),
            counters: Counters::default(),
        }
    }

    /// The source goes on with another number of channels: the encoder is made anew.
    pub(crate) fn set_channels(&mut self, channels: usize) {
        if channels != self.line.channels() {
            self.line.set_channels(channels);
            self.encoder = None;
        }
    }

    /// Puts so many ticks of concealment on the line.
    pub(crate) fn conceal(&mut self, ticks: i64) {
        self.counters.concealed_ms += (ticks / TICKS_PER_MS) as u64;
        self.line.conceal(ticks);
    }
}

/// One direction: says what the codec on the far side is, and gets the rest from here.
pub(crate) trait Crossing {
    fn passage(&mut self) -> &mut Passage;

    /// An encoder for as many channels as the line has now.
    fn new_encoder(&mut self) -> Option<Box<dyn AudioEncoder>>;

    /// Gives out an encoded frame whose first decoded sample belongs at `at`, ticks.
    fn put(&mut self, at: i64, data: Bytes);

    /// Makes room on the line for a frame of `frame` ticks at time `at`: what is missing before it is concealed when it is more
    /// than `hole`, and beyond a long one the line jumps. False when the frame comes too late and must be left out.
    fn admit(&mut self, at: i64, frame: i64, hole: i64) -> bool {
        let passage = self.passage();
        match passage.line.fit(at, frame, hole) {
            Fit::Plays => {}
            Fit::Hole(missing) => {
                passage.conceal(missing);
                self.encode();
            }
            Fit::Late => {
                passage.counters.late += 1;
                return false;
            }
            Fit::Jumps => self.jump(at),
        }
        true
    }

    /// Goes on at another time; what waits for a full frame fades out first.
    fn jump(&mut self, at: i64) {
        let passage = self.passage();
        if passage.line.is_anchored() {
            passage.counters.jumps += 1;
            if let Some(encoder) = &passage.encoder {
                passage.line.fill_up(encoder.frame_samples());
            }
            self.encode();
        }
        self.passage().line.jump(at);
    }

    /// Encodes the full frames that wait on the line.
    fn encode(&mut self) {
        if self.passage().encoder.is_none() {
            self.passage().encoder = self.new_encoder();
        }
        let Some(mut encoder) = self.passage().encoder.take() else {
            self.passage().counters.encoder_errors += 1;
            return;
        };
        let delay = encoder.delay_samples() as i64;
        loop {
            let Passage { line, frame, counters, .. } = self.passage();
            let Some(start) = line.take(encoder.frame_samples(), frame) else { break };
            match encoder.encode(frame) {
                // The very first frame of a publication would begin before its timeline.
                Ok(_) if start < delay => {}
                Ok(data) => {
                    counters.frames_out += 1;
                    self.put(start - delay, data);
                }
                Err(_) => counters.encoder_errors += 1,
            }
        }
        self.passage().encoder = Some(encoder);
    }
}
