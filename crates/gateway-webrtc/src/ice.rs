//! Changes of the ICE session under a WebRTC session: candidates that come later, and a restart for a peer whose network
//! has changed (RFC 9725, sections 4.3.2 and 4.3.3).
//!
//! Encryption, streams and viewers stay as they are; what changes are the credentials, and with them the path.

use crate::demux;
use crate::fragment;
use crate::offer::FIRST_ESTIMATE;
use crate::session::{Role, Session};
use huitong_types::{ErrorCode, Fault};
use std::time::Instant;
use str0m::change::SdpOffer;
use str0m::{Candidate, IceCreds};

/// Addresses that are taken from one peer in one ICE session. With the addresses that the server offers they make pairs, of
/// which the machine keeps 100, and a pair in use must not be among those that it throws away. More are left out: the peer's
/// checks tell where it is.
const CANDIDATES: usize = 10;

/// The answer to a restart.
#[derive(Debug)]
pub(crate) struct Restarted {
    /// How often ICE was restarted.
    pub(crate) restarts: u32,
    /// What the peer is told (`application/trickle-ice-sdpfrag`).
    pub(crate) fragment: String,
    /// The name of the ICE session before, which nobody uses any more; `None` if the request was one that was answered
    /// already.
    pub(crate) before: Option<String>,
}

/// The ICE session of a WebRTC session.
pub(crate) struct Ice {
    /// The peer's offer, from which a restart is made.
    offer: String,
    /// The answer to it: candidates and sections of the server.
    answer: String,
    peer: IceCreds,
    own: IceCreds,
    restarts: u32,
    /// Candidates taken in this ICE session.
    taken: usize,
}

impl Ice {
    /// The first ICE session of an offer and an answer, which have been accepted by the machine.
    pub(crate) fn new(offer: String, answer: String, own: IceCreds) -> Self {
        let value = |prefix: &str| {
            let found = offer.lines().find_map(|line| line.strip_prefix(prefix));
            found.unwrap_or_default().trim().to_owned()
        };
        let peer = IceCreds { ufrag: value("a=ice-ufrag:"), pass: value("a=ice-pwd:") };
        Self { offer, answer, peer, own, restarts: 0, taken: 0 }
    }
}

impl Session {
    /// Takes further candidates of the peer.
    pub(crate) fn trickle(&mut self, name: Option<&str>, candidates: Vec<Candidate>) -> Result<(), Fault> {
        if name.is_some_and(|name| name != self.ice.peer.ufrag) {
            let sentence = "The a=ice-ufrag is of another ICE session than the one of this ETag; to restart ICE, send \
                            If-Match: *.";
            return Err(Fault::because(ErrorCode::BadMessage, sentence));
        }
        let room = CANDIDATES.saturating_sub(self.ice.taken);
        for candidate in candidates.into_iter().take(room) {
            self.ice.taken += 1;
            self.rtc.add_remote_candidate(candidate);
        }
        Ok(())
    }

    /// Begins another ICE session. The same request again gets the same answer: the first one may have been lost.
    pub(crate) fn restart(
        &mut self,
        now: Instant,
        worker: usize,
        peer: IceCreds,
        candidates: Vec<Candidate>,
    ) -> Result<Restarted, Fault> {
        if peer == self.ice.peer {
            let fragment = fragment::of_answer(&self.ice.answer, &self.ice.own);
            return Ok(Restarted { restarts: self.ice.restarts, fragment, before: None });
        }
        if peer.ufrag == self.ice.peer.ufrag {
            let sentence = "A restart of ICE needs a new a=ice-ufrag, not just a new a=ice-pwd.";
            return Err(Fault::because(ErrorCode::BadMessage, sentence));
        }
        let random = |_| Fault::because(ErrorCode::Internal, "The system gives no random numbers.");
        let ufrag = demux::new_name(worker).map_err(random)?;
        let own = IceCreds { ufrag, pass: demux::random_name::<24>().map_err(random)? };
        let refused = |error: &dyn std::fmt::Display| {
            Fault::because(ErrorCode::Internal, format!("ICE cannot be restarted: {error}."))
        };
        // The offer that made the session, with other credentials, is the only door to a restart that the machine has.
        let offer = SdpOffer::from_sdp_string(&fragment::renewed(&self.ice.offer, &peer));
        let offer = offer.map_err(|error| refused(&error))?;
        let answer = self.rtc.sdp_api().accept_offer(offer).map_err(|error| refused(&error))?;
        // It has chosen credentials by itself, whose name says no worker.
        self.rtc.direct_api().set_local_ice_credentials(own.clone());
        self.ice.answer = answer.to_sdp_string();
        let before = std::mem::replace(&mut self.ice.own, own).ufrag;
        self.ice.peer = peer;
        self.ice.restarts = self.ice.restarts.saturating_add(1);
        self.ice.taken = 0;
        self.trickle(None, candidates)?;
        if let Role::Play(playing) = &mut self.role {
            // What was sent into the void has taught congestion control that this peer's link carries nothing.
            self.rtc.bwe().reset(FIRST_ESTIMATE);
            playing.change_link();
        }
        self.renewed = true;
        // It gets the time for a new path that a new session would have.
        self.last_heard = now;
        let fragment = fragment::of_answer(&self.ice.answer, &self.ice.own);
        Ok(Restarted { restarts: self.ice.restarts, fragment, before: Some(before) })
    }

    /// The name by which datagrams say that they are of this session.
    pub(crate) fn name(&self) -> &str {
        &self.ice.own.ufrag
    }
}
