//! Codec-blind fan-out.
//!
//! A [`Sequencer`] numbers the packets of one publication. Each [`Shard`] (one per fan-out thread) keeps a
//! [`Ring`] of shared packets per publication and a [`Cursor`] per viewer. A packet is serialised at most once
//! per wire format, whoever asks first, and everything a viewer has not taken goes out in one vectored write.
//!
//! The hub opens no socket and reads no clock: time is an argument in microseconds, writes go through the
//! [`ViewerIo`] that the caller hands in.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

pub mod cursor;
pub mod inbox;
pub mod pace;
pub mod packet;
pub mod ring;
pub mod shard;
pub mod stage;
pub mod viewer;

pub use cursor::{Cursor, CursorStats};
pub use inbox::{Inbox, InboxFull};
pub use pace::{Pace, Pacer};
pub use packet::{Configs, Kind, Packet, Rendition, Sequencer, Track, Wire, WireFormat};
pub use ring::{Ring, RingLimits, RingSnapshot};
pub use shard::{Gone, PublicationId, Rest, Shard, ShardInput, ViewerId, ViewerIo};
pub use viewer::{ViewerTracks, Wrote};

/// Microseconds on the caller's monotonic clock.
pub type Micros = u64;
