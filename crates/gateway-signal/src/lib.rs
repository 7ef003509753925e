//! Signalling gateway: WebSocket connections to and from the engine.
//!
//! Each connection is one task with a bounded [`Outbox`]. What arrives goes to a [`SignalSink`] in order
//! (`Opened`, then frames, then `Closed`); what is to be sent is pushed into the outbox that `Opened` carried.
//! The gateway knows frames, their size and their rate; it reads no request and knows no room.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod connection;
mod inside;
pub mod limits;
mod outbox;
mod rate;

use axum::extract::ws::WebSocketUpgrade;
use axum::response::Response;
use huitong_protocol::MediaBases;
use huitong_types::Fault;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;
use tracing::Instrument;

pub use inside::{FromEngine, Inside};
pub use outbox::{LaterText, Outbox};
pub use rate::{Rate, Verdict};

/// One signalling connection, numbered once for the life of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnNumber(pub u64);

impl ConnNumber {
    /// A number that was never given before.
    fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl fmt::Display for ConnNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}", self.0)
    }
}

/// Who connects.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The address.
    pub remote: SocketAddr,
    /// Where this client reaches media, if that differs from what is configured.
    pub media: Option<Arc<MediaBases>>,
}

/// What happens on a connection. The events of one connection are delivered in order.
#[derive(Debug)]
pub enum SignalEvent {
    /// It was accepted.
    Opened {
        /// The connection.
        conn: ConnNumber,
        /// Address of the peer.
        remote: SocketAddr,
        /// Where this client reaches media, if that differs from what is configured. Handed through.
        media: Option<Arc<MediaBases>>,
        /// Where its frames go.
        outbox: Outbox,
    },
    /// A text frame within the size and rate limits.
    Text {
        /// The connection.
        conn: ConnNumber,
        /// The text.
        text: String,
    },
    /// A frame that is not text or too long; it is to be answered with the fault.
    Bad {
        /// The connection.
        conn: ConnNumber,
        /// What is wrong.
        fault: Fault,
    },
    /// It is gone. Nothing follows.
    Closed {
        /// The connection.
        conn: ConnNumber,
    },
}

/// The receiver of events is gone: the server is at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SinkGone;

/// Where events go. `deliver` waits while the receiver is busy, which stops the reading of that connection.
pub trait SignalSink: Clone + Send + Sync + 'static {
    /// Delivers one event.
    fn deliver(&self, event: SignalEvent) -> impl Future<Output = Result<(), SinkGone>> + Send;
}

/// Answers an upgrade request and runs the connection until it ends. `shutdown` turning true closes it with
/// [`huitong_protocol::CloseCode::ShuttingDown`].
pub fn accept<S: SignalSink>(
    upgrade: WebSocketUpgrade,
    peer: Peer,
    sink: S,
    shutdown: watch::Receiver<bool>,
) -> Response {
    let conn = ConnNumber::next();
    let span = tracing::info_span!(parent: None, "signal", %conn, remote = %peer.remote);
    upgrade
        .read_buffer_size(limits::READ_BUFFER_BYTES)
        .write_buffer_size(limits::WRITE_BUFFER_BYTES)
        .max_write_buffer_size(limits::MAX_WRITE_BUFFER_BYTES)
        .max_frame_size(limits::TOLERATED_FRAME_BYTES)
        .max_message_size(limits::TOLERATED_FRAME_BYTES)
        .on_failed_upgrade(|error| tracing::debug!(%error, "the upgrade to WebSocket failed"))
        .on_upgrade(move |socket| connection::run(socket, conn, peer, sink, shutdown).instrument(span))
}

/// Tells the metrics recorder what the gateway's figures mean.
pub fn describe_metrics() {
    metrics::describe_gauge!("huitong_signal_connections", "Signalling connections open now.");
    metrics::describe_counter!("huitong_signal_frames_received_total", "Text frames received.");
    metrics::describe_counter!("huitong_signal_frames_sent_total", "Text frames sent.");
    metrics::describe_counter!(
        "huitong_signal_frames_refused_total",
        "Frames refused before they were read, by reason (binary, too-long, rate)."
    );
    metrics::describe_counter!(
        "huitong_signal_too_slow_total",
        "Connections closed because the client read slower than events arrived."
    );
}
