//! The seam between media gateways and the control side.
//!
//! Gateways yield requests and never decide: a connection that wants to publish or to play asks the
//! [`Authority`] with the key of its URL and gets its orders on a bounded mailbox.

use crate::publication::{PlayGrant, PublishGrant};
use huitong_types::{Fault, StreamKey};
use tokio::sync::mpsc;

/// One media connection, numbered once for the life of the server by [`Ticket::next`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

impl Ticket {
    /// A number that was never given before.
    pub fn next() -> Self {
        use std::sync::atomic::{AtomicU64, Ordering};
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl std::fmt::Display for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "m{}", self.0)
    }
}

/// Which tracks are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tracks {
    /// Audio.
    pub audio: bool,
    /// Video.
    pub video: bool,
}

impl Tracks {
    /// Audio and video.
    pub const BOTH: Self = Self { audio: true, video: true };
    /// Neither.
    pub const NONE: Self = Self { audio: false, video: false };
}

/// Orders to one media connection.
#[derive(Clone, Debug)]
pub enum MediaOrder {
    /// Publish this stream.
    PublishAccepted {
        /// The permission, from [`Fanout::grant_publish`](crate::Fanout::grant_publish).
        grant: PublishGrant,
        /// Tracks the member may send; frames of others are dropped.
        allowed: Tracks,
    },
    /// The tracks a publisher may send changed.
    Allowed(Tracks),
    /// Play this stream.
    PlayAccepted {
        /// The permission, from [`Fanout::grant_play`](crate::Fanout::grant_play).
        grant: PlayGrant,
        /// Tracks to send.
        tracks: Tracks,
    },
    /// Send other tracks from now on.
    Tracks(Tracks),
    /// Refuse, or end now; the sentence goes to the peer where its protocol can carry one.
    Close(Fault),
}

/// Orders waiting for one connection at most. The engine sends a handful in the life of a connection, so a
/// mailbox that overflows belongs to a connection that is stuck, and the sender drops it.
pub const MEDIA_ORDERS: usize = 32;

/// Where the orders to one connection go.
pub type MediaControl = mpsc::Sender<MediaOrder>;

/// What media gateways ask of the control side. No method blocks; answers come as [`MediaOrder`]s.
pub trait Authority: Send + Sync + 'static {
    /// A connection wants to publish.
    fn publish(&self, ticket: Ticket, key: StreamKey, control: MediaControl);
    /// A connection wants to play.
    fn play(&self, ticket: Ticket, key: StreamKey, control: MediaControl);
    /// A publisher carries these tracks now: one came for the first time or again, or comes no more.
    fn tracks_seen(&self, ticket: Ticket, tracks: Tracks);
    /// The connection is gone. `deliberate`: a publisher said goodbye instead of vanishing.
    fn closed(&self, ticket: Ticket, deliberate: bool);
}
