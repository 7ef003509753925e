//! Where bytes of strangers are read, as functions of their own: what fuzzers call is what the gateway does.

use crate::offer::{self, Making};
use crate::{demux, fragment};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use str0m::config::{CryptoProvider, DtlsCert};
use str0m::net::{Protocol, Receive};
use str0m::rtp::rtcp::Rtcp;
use str0m::{IceCreds, Input, Output, Rtc};

/// Credentials of the sessions that are made here, so that inputs can name them: their worker is the first.
pub const NAME: &str = "AAAAAAAAAAAAAAAA";

/// The secret that belongs to [`NAME`].
pub const PASSWORD: &str = "AAAAAAAAAAAAAAAAAAAAAAAA";

/// Outputs of a session after one datagram at most; more mean that it never rests.
const OUTPUTS: usize = 10_000;

/// What all sessions share: made once.
#[derive(Clone)]
pub struct Maker {
    crypto: Arc<CryptoProvider>,
    certificate: DtlsCert,
}

impl Maker {
    /// Makes a certificate; `None` if the system cannot.
    pub fn new() -> Option<Self> {
        let crypto = Arc::new(str0m::crypto::from_feature_flags());
        let certificate = crypto.dtls_provider.generate_certificate()?;
        Some(Self { crypto, certificate })
    }

    /// Answers the body of a WHIP (`publish`) or WHEP request as the gateway does; `None` if it is refused. A session that
    /// was answered accepts its own offer with other credentials, which is how ICE is restarted: with `restart` that is done,
    /// too, and its answer is given.
    pub fn answer(&self, publish: bool, body: &[u8], restart: bool) -> Option<String> {
        let (mut rtc, sdp) = self.session(publish, body)?;
        if !restart {
            return Some(sdp);
        }
        let peer = IceCreds { ufrag: "BBBB".to_owned(), pass: PASSWORD.to_owned() };
        let renewed = fragment::renewed(std::str::from_utf8(body).ok()?, &peer);
        let renewed = offer::parse(renewed.as_bytes()).ok()?;
        let answer = rtc.sdp_api().accept_offer(renewed).ok()?.to_sdp_string();
        Some(fragment::of_answer(&answer, &peer))
    }

    fn session(&self, publish: bool, body: &[u8]) -> Option<(Rtc, String)> {
        let offer = offer::parse(body).ok()?;
        let own = IceCreds { ufrag: NAME.to_owned(), pass: PASSWORD.to_owned() };
        let candidates = [SocketAddr::from(([127, 0, 0, 1], 8000))];
        let (crypto, certificate) = (Arc::clone(&self.crypto), self.certificate.clone());
        let making = Making { publish, own, candidates: &candidates, crypto, certificate };
        let answered = offer::answer(making, offer).ok()?;
        Some((answered.rtc, answered.sdp))
    }

    /// Gives datagrams to a session with this offer, all from one address, a millisecond apart. Returns how many it took.
    pub fn receive<'d>(&self, offer: &[u8], datagrams: impl Iterator<Item = &'d [u8]>) -> usize {
        let Some((mut rtc, _)) = self.session(true, offer) else { return 0 };
        let (source, local) =
            (SocketAddr::from(([127, 0, 0, 1], 9)), SocketAddr::from(([127, 0, 0, 1], 8000)));
        let (mut now, mut taken) = (Instant::now(), 0);
        for datagram in datagrams {
            now += Duration::from_millis(1);
            if addressee(datagram).is_some_and(|worker| worker != 0) {
                continue;
            }
            let Ok(receive) = Receive::new(Protocol::Udp, source, local, datagram) else { continue };
            let input = Input::Receive(now, receive);
            if !rtc.accepts(&input) {
                continue;
            }
            taken += 1;
            let Ok(()) = rtc.handle_input(input) else { continue };
            for _ in 0..OUTPUTS {
                match rtc.poll_output() {
                    Ok(Output::Timeout(_)) | Err(_) => break,
                    Ok(Output::Event(_) | Output::Transmit(_)) => {}
                }
            }
        }
        taken
    }
}

/// Reads a fragment of trickle ICE; how many candidates it has, or the sentence of a refusal.
///
/// # Errors
/// It cannot be read.
pub fn fragment(body: &[u8]) -> Result<usize, String> {
    fragment::parse(body).map(|fragment| fragment.candidates.len())
}

/// The worker whose session a datagram names, if it is a STUN request that names one.
pub fn addressee(datagram: &[u8]) -> Option<usize> {
    demux::session_name(datagram).and_then(demux::worker_of)
}

/// Reads the packets of a compound RTCP packet (RFC 3550, section 6.1), as they come out of decryption. Returns how many can
/// be read.
pub fn rtcp(mut compound: &[u8]) -> usize {
    let mut read = 0;
    while let Some(&[_, _, l1, l0]) = compound.first_chunk::<4>() {
        let length = (usize::from(u16::from_be_bytes([l1, l0])) + 1) * 4;
        let Some((packet, rest)) = compound.split_at_checked(length) else { break };
        read += usize::from(Rtcp::try_from(packet).is_ok());
        compound = rest;
    }
    read
}
