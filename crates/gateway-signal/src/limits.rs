//! Limits of one signalling connection, each with its reason.

use std::time::Duration;

/// Longest frame that is answered with an error while the connection goes on. Frames of more than
/// [`huitong_types::limits::SIGNAL_FRAME_BYTES`] are refused; up to this size they are read and thrown away, so
/// that one oversized request does not cost a client its connection. Beyond it the connection is closed,
/// because reading on would let a peer without login make the server hold that much.
pub const TOLERATED_FRAME_BYTES: usize = 256 * 1024;

/// Requests per second that a connection may send in the long run. A page with 50 members sends a few.
pub const REQUESTS_PER_SECOND: u32 = 50;

/// Requests that a connection may send at once: subscriptions of a full room after a reconnect.
pub const REQUEST_BURST: u32 = 100;

/// Frames beyond the rate that are answered before the connection is closed, and how fast that is forgiven. A client
/// that sends too much at once gets its answers; one that goes on costs the server a parse and a write per frame.
pub const OVER_RATE_BURST: u32 = 1000;

/// See [`OVER_RATE_BURST`].
pub const OVER_RATE_PER_SECOND: u32 = 10;

/// Frames waiting for one client. When a whole room of 300 goes away or comes back at once, everybody who stays
/// gets that many frames in one burst; three times that fits.
pub const OUTBOX_FRAMES: usize = 1024;

/// Bytes waiting for one client: a room state of 300 members is about 60 KiB.
pub const OUTBOX_BYTES: usize = 1024 * 1024;

/// Frames written between two looks at the socket's other direction.
pub const WRITE_BATCH: usize = 32;

/// A client that takes nothing for this long is gone or stuck: longer than a change of network takes.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(20);

/// How long a closing connection may take to take the close frame and to answer it.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Read buffer of a connection. Small, because most connections are idle most of the time.
pub const READ_BUFFER_BYTES: usize = 2 * 1024;

/// Bytes gathered before a write is tried; a batch is flushed at its end anyway.
pub const WRITE_BUFFER_BYTES: usize = 4 * 1024;

/// Bytes the WebSocket layer may hold unsent: one outbox and a frame, so it never refuses what fits the outbox.
pub const MAX_WRITE_BUFFER_BYTES: usize = OUTBOX_BYTES + TOLERATED_FRAME_BYTES;

/// Longest reason in a close frame, bytes (RFC 6455: 125 with the code).
pub const CLOSE_REASON_BYTES: usize = 123;
