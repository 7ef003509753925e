//! What a worker is told.

use crate::ice::Restarted;
use crate::session::{NewSession, SessionId};
use huitong_fanout::{TapEvent, TapSink, Tracks};
use huitong_hub::{Inbox, InboxFull, Packet, PublicationId};
use huitong_media::Frame;
use huitong_types::Fault;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use str0m::net::Protocol;
use str0m::{Candidate, IceCreds};
use tokio::sync::oneshot;

/// Datagrams and packets that wait for a worker at most: a stall of a tenth of a second with 40 publishers at 150
/// datagrams a second and as many of feedback. Beyond it they are dropped: retransmission repairs the one, viewers resume
/// at the next keyframe with the other.
const INBOX_MEDIA: usize = 8192;

/// Commands get through when media does not.
const INBOX_COMMANDS: usize = 65_536;

/// What is done to one session.
pub(crate) enum Command {
    /// Send (or take) other tracks from now on.
    Tracks(Tracks),
    /// End it now.
    Close(Fault),
    /// The peer ended it.
    Delete,
    /// Further candidates of the peer, for the ICE session of this name if it has one.
    Trickle { name: Option<String>, candidates: Vec<Candidate>, reply: oneshot::Sender<Result<(), Fault>> },
    /// The peer wants another ICE session.
    Restart { peer: IceCreds, candidates: Vec<Candidate>, reply: oneshot::Sender<Result<Restarted, Fault>> },
    /// A viewer somewhere lacks a keyframe of what this session publishes.
    Keyframe,
}

/// What a worker is told.
pub(crate) enum Input {
    /// A datagram.
    Datagram { proto: Protocol, source: SocketAddr, at: Instant, bytes: Vec<u8> },
    /// A packet of a publication that viewers of this worker watch.
    Packet { publication: PublicationId, packet: Arc<Packet<Frame>> },
    /// Something else happened to it.
    Tap { publication: PublicationId, event: TapEvent },
    /// A new session.
    Add(Box<NewSession>),
    /// Something for one session.
    Command { session: SessionId, command: Command },
}

/// The bounded mailbox of one worker.
pub(crate) struct Mailbox(Inbox<Input>);

impl Mailbox {
    pub(crate) fn new() -> Self {
        Self(Inbox::new(INBOX_MEDIA, INBOX_COMMANDS))
    }

    /// Media, which may be dropped; false if it was.
    pub(crate) fn media(&self, input: Input) -> bool {
        self.0.push(input).is_ok()
    }

    /// A new session; it comes back if there is no room for it.
    pub(crate) fn add(&self, session: Box<NewSession>) -> Result<(), Box<NewSession>> {
        match self.0.push_urgent(Input::Add(session)) {
            Err(InboxFull(Input::Add(session))) => Err(session),
            _ => Ok(()),
        }
    }

    /// Something for one session.
    pub(crate) fn command(&self, session: SessionId, command: Command) {
        if self.0.push_urgent(Input::Command { session, command }).is_err() {
            tracing::error!("a WebRTC worker is stuck: its mailbox is full of commands");
        }
    }

    pub(crate) fn wait(&self, out: &mut VecDeque<Input>, timeout: Option<Duration>) -> bool {
        self.0.wait(out, false, timeout)
    }

    pub(crate) fn close(&self) {
        self.0.close();
    }
}

impl TapSink for Mailbox {
    fn packet(&self, publication: PublicationId, packet: &Arc<Packet<Frame>>) -> bool {
        self.media(Input::Packet { publication, packet: Arc::clone(packet) })
    }

    fn event(&self, publication: PublicationId, event: TapEvent) {
        if self.0.push_urgent(Input::Tap { publication, event }).is_err() {
            tracing::error!("a WebRTC worker is stuck: its mailbox is full of commands");
        }
    }
}
