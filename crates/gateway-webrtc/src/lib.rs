//! WHIP and WHEP: browsers publish (RFC 9725) and play over WebRTC.
//!
//! A request on the HTTP port ([`http`]) asks the control side for permission, answers the offer and hands the new
//! session to a worker thread, which owns it from then on. All workers share one UDP socket: one thread reads it and
//! gives each datagram to the worker of its session; every worker writes to it itself. Where UDP is blocked, browsers come
//! over TCP to the same port number.
//!
//! The WebRTC machine is `str0m`, in RTP mode: H.264 is put together and cut by `huitong_media::rtp`, and what a picture
//! is cut into is made once and shared by all viewers.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod demux;
mod figures;
mod fragment;
pub mod http;
mod ice;
mod ladder;
mod mailbox;
mod net;
mod offer;
mod patch;
mod play;
mod problem;
mod publish;
mod room;
mod session;
mod stats;
pub mod strangers;
mod tcp;
mod worker;

pub use figures::describe_metrics;
pub use http::{Reach, router};
pub use net::{Transport, bind};

use huitong_fanout::{Authority, Fanout};
use mailbox::Mailbox;
use net::Net;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use str0m::config::{CryptoProvider, DtlsCert};

/// A peer that sends nothing for this long is gone. Browsers check the path every few seconds (RFC 7675); three checks in
/// a row that all get lost are no bad luck any more.
pub const SILENCE: Duration = Duration::from_secs(15);

/// Sessions at once. Each has some 300 KiB in this process; beyond this many a machine with enough processors has no
/// memory for anything else, and more are refused as [`huitong_types::ErrorCode::ServerFull`].
pub const MAX_SESSIONS: usize = 20_000;

/// How the gateway works.
#[derive(Clone, Debug)]
pub struct WebrtcConfig {
    /// Threads that own sessions; 0 means one per processor.
    pub threads: usize,
    /// A peer that sends nothing for this long is gone.
    pub silence: Duration,
    /// Addresses that are offered besides those by which a client reached the server: of a NAT or a proxy before it.
    pub extra_candidates: Vec<SocketAddr>,
}

impl Default for WebrtcConfig {
    fn default() -> Self {
        Self { threads: 0, silence: SILENCE, extra_candidates: Vec::new() }
    }
}

/// The gateway. Clones share it.
#[derive(Clone)]
pub struct WebrtcGateway(Arc<Inner>);

struct Inner {
    fanout: Fanout,
    authority: Arc<dyn Authority>,
    config: WebrtcConfig,
    net: Arc<Net>,
    workers: Vec<Arc<Mailbox>>,
    crypto: Arc<CryptoProvider>,
    certificate: DtlsCert,
    /// Sessions by the name of their resource.
    resources: Mutex<HashMap<String, http::Resource>>,
}

impl WebrtcGateway {
    /// Starts the threads on a transport that is bound. Called within a tokio runtime, which serves ICE over TCP.
    ///
    /// # Errors
    /// The system refuses a thread, or no certificate can be made.
    pub fn start(
        transport: Transport,
        config: WebrtcConfig,
        fanout: Fanout,
        authority: Arc<dyn Authority>,
    ) -> std::io::Result<Self> {
        let count = match config.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            n => n,
        };
        // The names of sessions begin with one character that says whose they are.
        let count = count.min(demux::WORKERS);
        let crypto = Arc::new(str0m::crypto::from_feature_flags());
        let certificate = crypto
            .dtls_provider
            .generate_certificate()
            .ok_or_else(|| std::io::Error::other("no certificate for DTLS could be made"))?;
        let workers: Vec<_> = (0..count).map(|_| Arc::new(Mailbox::new())).collect();
        let net = Net::start(transport, workers.clone())?;
        for (index, mailbox) in workers.iter().enumerate() {
            worker::start(index, Arc::clone(mailbox), Arc::clone(&net), config.silence)?;
        }
        let resources = Mutex::default();
        let inner = Inner { fanout, authority, config, net, workers, crypto, certificate, resources };
        Ok(Self(Arc::new(inner)))
    }

    /// The bound address.
    pub fn address(&self) -> SocketAddr {
        self.0.net.address()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.net.stop();
        self.workers.iter().for_each(|worker| worker.close());
    }
}
