//! One output: its level, and its encoders while somebody takes them.

use bytes::Bytes;
use huitong_mixer::{Limiter, MOST_BLOCK};

use super::Wants;
use crate::line::millis;
use crate::{AudioEncoder, Codecs, Output, Pcm};

/// Frames that a new encoder is fed before its first one is sent. Decoders expect a frame to continue the one before: with
/// these, one that gets frames of another encoder from some moment on hears no seam.
const PRIMED_FRAMES: usize = 10;

/// Samples per channel of the longer frame, that of AAC.
const LONGEST_FRAME: usize = 1024;

/// Samples that are kept to prime encoders.
const PAST: usize = (PRIMED_FRAMES + 1) * LONGEST_FRAME;

/// So many more may be kept, so that they are not moved with each block.
const MORE: usize = 4 * LONGEST_FRAME;

/// Added to all times, ticks: an encoder's delay is taken off, and no time may be before zero.
const ORIGIN: i64 = 4800;

/// What is ready after a block. No block is longer than a frame, so there is one of each at most.
#[derive(Debug, Clone, Default)]
pub(super) struct Ready {
    pub(super) aac: Option<Output>,
    pub(super) opus: Option<Output>,
}

#[derive(Default)]
pub(super) struct Desk {
    limiter: Limiter,
    past: Vec<f32>,
    aac: Option<Coder>,
    opus: Option<Coder>,
    encoded: u64,
}

struct Coder {
    encoder: Box<dyn AudioEncoder>,
    pending: Pcm,
    frame: Pcm,
}

impl Coder {
    /// An encoder that goes on behind `past`, which ends at `at`. Frames begin at multiples of their length, so that
    /// those of all desks are exchangeable.
    fn new(mut encoder: Box<dyn AudioEncoder>, past: &[f32], at: i64) -> Self {
        let length = encoder.frame_samples();
        let pending = at.rem_euclid(length as i64) as usize;
        let known = past.len().saturating_sub(pending) / length;
        let mut pcm = Pcm::new(1);
        let from = past.len().saturating_sub(pending + known.min(PRIMED_FRAMES) * length);
        pcm.append_interleaved(past.get(from..).unwrap_or_default());
        let mut frame = Pcm::new(1);
        while pcm.len() >= length + pending {
            pcm.take_front(length, &mut frame);
            // What it says of the past has been said.
            drop(encoder.encode(&frame));
        }
        let missing = pending - pcm.len().min(pending);
        let mut front = Pcm::new(1);
        front.append_interleaved([0.0; LONGEST_FRAME].get(..missing).unwrap_or_default());
        front.append(&pcm);
        Self { encoder, pending: front, frame }
    }

    /// Takes a block that begins at `at`. A frame, with the time of its first decoded sample, if one is full.
    fn take(&mut self, at: i64, block: &[f32]) -> Option<(i64, Bytes)> {
        let start = at - self.pending.len() as i64;
        self.pending.append_interleaved(block);
        let length = self.encoder.frame_samples();
        if self.pending.len() < length {
            return None;
        }
        self.pending.take_front(length, &mut self.frame);
        let data = self.encoder.encode(&self.frame).ok()?;
        Some((start - self.encoder.delay_samples() as i64 + ORIGIN, data))
    }
}

impl Desk {
    /// A desk that goes on where this one is.
    pub(super) fn fork(&self) -> Self {
        Self { limiter: self.limiter.clone(), past: self.past.clone(), ..Self::default() }
    }

    /// Takes the block that begins at `at`, and encodes it as wanted.
    pub(super) fn take(&mut self, at: i64, block: &mut [f32], wants: Wants, codecs: &dyn Codecs) -> Ready {
        self.limiter.limit(block);
        let past = &self.past;
        let fit =
            |slot: &mut Option<Coder>, wanted: bool, make: &dyn Fn() -> Option<Box<dyn AudioEncoder>>| {
                if !wanted {
                    *slot = None;
                } else if slot.is_none() {
                    *slot = make().map(|encoder| Coder::new(encoder, past, at));
                }
            };
        fit(&mut self.aac, wants.aac, &|| codecs.aac_encoder(1).ok());
        fit(&mut self.opus, wants.opus, &|| codecs.opus_encoder(1).ok());
        let aac = self.aac.as_mut().and_then(|coder| coder.take(at, block));
        let opus = self.opus.as_mut().and_then(|coder| coder.take(at, block));
        self.encoded += u64::from(aac.is_some()) + u64::from(opus.is_some());
        self.past.extend_from_slice(block);
        if self.past.len() > PAST + MORE {
            self.past.drain(..self.past.len() - PAST);
        }
        Ready {
            aac: aac.map(|(at, data)| Output::Aac { ts_ms: millis(at), data }),
            opus: opus.map(|(at, data)| Output::Opus { ts_48k: at, channels: 1, data }),
        }
    }

    /// What comes next does not follow what was before.
    pub(super) fn rest(&mut self) {
        self.past.clear();
        self.aac = None;
        self.opus = None;
        self.limiter = Limiter::default();
    }

    /// Frames encoded so far.
    pub(super) const fn encoded(&self) -> u64 {
        self.encoded
    }
}

/// The codec header of everything in AAC that comes from a desk.
pub(super) fn aac_header(codecs: &dyn Codecs) -> Option<Bytes> {
    codecs.aac_encoder(1).ok()?.header()
}

const _: () = assert!(MOST_BLOCK <= LONGEST_FRAME && PAST >= PRIMED_FRAMES * LONGEST_FRAME);
