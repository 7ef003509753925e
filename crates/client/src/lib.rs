//! Client of a Huitong server: signalling over WebSocket, RTMP out and in, FLV in.
//!
//! Each connection is one value that its owner drives: nothing runs in the background, so a load test can hold
//! thousands of them and a bot can put each into a task of its own. Every method that waits may be dropped at
//! any point (in a `select!`, say) without losing bytes, unless its documentation says otherwise.
//!
//! | what | type |
//! |---|---|
//! | log in, join a room, publish and subscribe, receive events | [`Signal`] |
//! | send a stream | [`RtmpPublisher`] |
//! | receive a stream | [`RtmpPlayer`], [`FlvPlayer`] |
//!
//! Addresses are plain `rtmp://`, `http://` and `ws://`. For TLS the caller opens the transport and hands it to
//! [`Signal::over`] or [`FlvPlayer::over`].
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod address;
mod error;
mod flv;
mod rtmp;
mod signal;

pub use error::ClientError;
pub use flv::FlvPlayer;
pub use rtmp::{RtmpPlayer, RtmpPublisher};
pub use signal::Signal;

use bytes::Bytes;
use huitong_media::flv::TagKind;
use std::time::Duration;

/// Longest time from opening a connection to the server's answer. A request that comes before its key is
/// registered is held by the server for a few seconds; three times that covers a slow network too.
pub const SETUP_TIMEOUT: Duration = Duration::from_secs(15);

/// One audio, video or metadata message of a stream, whatever carried it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// What the body is.
    pub kind: TagKind,
    /// Time on the publication's timeline, ms, wrapping at 32 bits.
    pub timestamp_ms: u32,
    /// The FLV tag body.
    pub body: Bytes,
}

/// Runs a set-up step with [`SETUP_TIMEOUT`].
async fn in_time<T>(step: impl Future<Output = Result<T, ClientError>>) -> Result<T, ClientError> {
    tokio::time::timeout(SETUP_TIMEOUT, step).await.unwrap_or(Err(ClientError::Timeout))
}
