//! AAC⇄Opus transcoding of live streams, and the mix of a room ([`mix`]).
//!
//! Phones speak AAC, browsers Opus. A stream is transcoded once, while somebody needs it: [`AacToOpus`] and
//! [`OpusToAac`] are machines without I/O, clock or thread that take coded frames with their times on the
//! publication's timeline and give frames of the other codec on the same timeline. [`Workers`] drives many of
//! them on a few threads of its own, away from the threads that move media.
//!
//! The way of the samples: an [`AudioDecoder`] → [`line::Line`] (places them on the timeline: gaps, late
//! frames, drift; 48 kHz from here on) → an [`AudioEncoder`]. Nothing here panics on bytes from the network:
//! damaged frames are counted in [`Counters`] and concealed.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

pub mod line;
pub mod mix;
pub mod pool;
pub mod resample;

mod aac;
mod aac_to_opus;
mod codec;
mod error;
mod opus;
mod opus_to_aac;
mod passage;
mod pcm;
mod transcoder;
mod worker;

pub use aac::{AacDecoder, AacEncoder};
pub use aac_to_opus::AacToOpus;
pub use codec::{AudioDecoder, AudioEncoder, Builtin, Codecs, LINE_RATE};
pub use error::CodecError;
pub use opus::{OpusDecoder, OpusEncoder, opus_packet_samples};
pub use opus_to_aac::{MONO_AFTER_TICKS, OpusToAac};
pub use pcm::Pcm;
pub use transcoder::{Counters, Direction, Input, MAX_CODED_BYTES, Output, Transcoder};
pub use worker::{MAX_STREAMS, QUEUE_FRAMES, Sink, StreamHandle, TooManyStreams, Workers};
