//! One WebRTC session.

use crate::ice::Ice;
use crate::offer::Line;
use crate::play::Playing;
use crate::publish::Publishing;
use crate::stats::Stats;
use huitong_fanout::{Authority, Fanout, PlayGrant, Publisher, Ticket, Tracks};
use huitong_types::{ErrorCode, Fault};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use str0m::Rtc;
use str0m::media::Pt;
use tokio::sync::oneshot;

/// Number of a session in its worker and in all others.
pub(crate) type SessionId = u64;

/// Addresses from which a session is heard at once at most: a browser tries those of its interfaces. When one more comes
/// the oldest is forgotten.
const ADDRESSES: usize = 8;

/// A session on its way to its worker.
pub(crate) struct NewSession {
    pub(crate) id: SessionId,
    pub(crate) ice: Ice,
    pub(crate) rtc: Rtc,
    pub(crate) video: Option<Line>,
    pub(crate) audio: Option<Line>,
    /// The address that its datagrams are said to come to: the first one that was offered.
    pub(crate) local: SocketAddr,
    pub(crate) role: NewRole,
    pub(crate) ended: oneshot::Sender<End>,
}

/// What a new session is for.
pub(crate) enum NewRole {
    Publish { publisher: Publisher, allowed: Tracks, ticket: Ticket, authority: Arc<dyn Authority> },
    Play { fanout: Fanout, grant: PlayGrant, tracks: Tracks },
}

/// Why a session is over.
#[derive(Debug, Clone)]
pub(crate) struct End {
    /// The peer said goodbye, or the control side ended it: nobody waits for it to come back.
    pub(crate) deliberate: bool,
    pub(crate) why: Fault,
}

impl End {
    pub(crate) fn ordered(why: Fault) -> Self {
        Self { deliberate: true, why }
    }

    pub(crate) fn goodbye() -> Self {
        Self::ordered(Fault::because(ErrorCode::SessionGone, "The peer ended the session."))
    }

    pub(crate) fn lost(why: &'static str) -> Self {
        Self { deliberate: false, why: Fault::because(ErrorCode::Timeout, why) }
    }
}

/// What a session does.
pub(crate) enum Role {
    Publish(Box<Publishing>),
    Play(Box<Playing>),
}

impl Role {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Publish(_) => "publish",
            Self::Play(_) => "play",
        }
    }

    /// Whether it is a viewer that has got nothing yet. The WebRTC machine would report an RTP time of zero then, which is no
    /// time of the stream, and a browser would wait for several reports until it believed another one.
    pub(crate) fn has_nothing_to_report(&self) -> bool {
        matches!(self, Self::Play(playing) if !playing.began())
    }
}

/// A session as its worker holds it.
pub(crate) struct Session {
    pub(crate) ice: Ice,
    pub(crate) rtc: Rtc,
    pub(crate) stats: Stats,
    /// The payload type of packets that are sent again.
    pub(crate) resend: Option<Pt>,
    pub(crate) role: Role,
    pub(crate) local: SocketAddr,
    /// Where it was heard from, the newest last.
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) last_heard: Instant,
    /// When the WebRTC machine wants to be called again.
    pub(crate) deadline: Instant,
    pub(crate) connected: bool,
    /// ICE was restarted, and the new path is not found yet.
    pub(crate) renewed: bool,
    pub(crate) ended: Option<oneshot::Sender<End>>,
}

impl Session {
    /// Notes an address from which the peer has proved itself. Returns whether it is new, and one that is to be forgotten.
    pub(crate) fn heard_from(&mut self, source: SocketAddr) -> (bool, Option<SocketAddr>) {
        if self.addresses.contains(&source) {
            return (false, None);
        }
        let oldest = (self.addresses.len() >= ADDRESSES).then(|| self.addresses.remove(0));
        self.addresses.push(source);
        (true, oldest)
    }
}
