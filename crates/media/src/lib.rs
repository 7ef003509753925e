//! Frames, codec headers, FLV and stream timelines: the one currency between gateways.
//!
//! A publisher's messages go through an [`Ingest`], which yields [`Frame`]s on a gapless, monotonic
//! publication timeline and keeps a [`StreamInfo`]. Every way out starts from frames again: [`flv`] writes
//! the tag bodies that RTMP and FLV share.
//!
//! Nothing here does I/O or reads a clock, and nothing panics on bytes from the network.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

pub mod aac;
pub mod flv;
pub mod h264;
pub mod opus;
pub mod rtp;

mod error;
mod frame;
mod info;
mod ingest;
mod timeline;

pub use error::{CodecTag, MediaError};
pub use frame::{Codec, Frame, FrameKind, TrackKind};
pub use info::{AudioInfo, StreamInfo, VideoInfo};
pub use ingest::{Frames, Ingest, IngestCounters, MAX_CODEC_HEADER_BYTES, Native};
pub use timeline::{MAX_BACKWARD_MS, MAX_FRAME_MS, MAX_HOLE_MS, Timeline};
