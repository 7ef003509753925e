//! The conference wire of the vendor's mini-program client, and the requests of its back-ends: translated to and from the protocol
//! inside, so that unmodified clients meet everybody else in the same rooms. `docs/emedia-wire.md` describes it.

mod backend;
mod body;
mod book;
mod desk;
mod events;
mod frames;
mod io;
mod manage;
mod names;
mod probe;
mod rest;
mod roster;
mod socket;
mod wire;

use crate::clock::Clock;
use crate::http::Shared;
use axum::Router;
use axum::routing::{any, get, post};
use desk::{Desk, Who};
use huitong_auth::Seals;
use huitong_gateway_signal::{Rate, Verdict};
use huitong_types::{AppId, ErrorCode, Fault, UserId};
use io::Random;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

pub(crate) use names::{Apps, is_app_key};
pub use probe::answers;

/// Where clients connect to.
const SOCKET_PATH: &str = "/easemob/rtc/conference";

/// Where clients ask for addresses of streams; the secret of the stay follows.
const STREAMS_PATH: &str = "/easemob/rtc/stream";

/// Users whose rate of requests is remembered. When there are more, all are forgotten, which gives each a fresh allowance.
const PACES: usize = 16_384;

/// What the connections and requests of this wire share.
pub(crate) struct Emedia {
    desk: Arc<Desk>,
    book: book::Book,
    clock: Clock,
    paces: Mutex<HashMap<(AppId, UserId), Rate>>,
    /// Stays that wait for their clients.
    waiting: AtomicUsize,
    /// Stays whose clients have no connection: those that wait, and those whose media runs.
    alone: AtomicUsize,
}

impl fmt::Debug for Emedia {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emedia").field("stays", &self.book.size()).finish_non_exhaustive()
    }
}

impl Emedia {
    /// For these applications. `secret` is 32 random bytes of this start.
    pub(crate) fn new(apps: Apps, secret: [u8; 32]) -> Self {
        Self {
            desk: Arc::new(Desk::new(apps, Seals::new(secret))),
            book: book::Book::default(),
            clock: Clock::start(),
            paces: Mutex::default(),
            waiting: AtomicUsize::new(0),
            alone: AtomicUsize::new(0),
        }
    }

    fn fresh_wire(&self, streams: String) -> wire::Wire {
        wire::Wire::new(Arc::clone(&self.desk), random(), streams, self.clock.now())
    }

    /// Whether a user may make one more request now: as many as on a signalling connection.
    fn in_pace(&self, who: &Who) -> Result<(), Fault> {
        // Nothing behind this lock can panic between two states.
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        if paces.len() >= PACES {
            paces.clear();
        }
        let now = Instant::now();
        let pace = paces.entry((who.app, who.user().clone())).or_insert_with(|| Rate::new(now));
        match pace.frame(now) {
            Verdict::Take => Ok(()),
            Verdict::Refuse | Verdict::Close => Err(Fault::new(ErrorCode::RateLimited)),
        }
    }
}

/// The system's random numbers.
fn random() -> Random {
    Box::new(|| {
        let mut bytes = [0; 18];
        if let Err(error) = getrandom::fill(&mut bytes) {
            // The server read from the same source when it started; names that can be guessed would be worse than no server.
            tracing::error!(%error, "the system gives no random numbers");
            std::process::abort();
        }
        bytes
    })
}

/// The routes.
pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route(SOCKET_PATH, any(rest::socket))
        .route("/easemob/rtc/stream/{secret}", post(rest::stream))
        .route("/easemob/rtc/req/ticket", post(rest::ticket))
        .route("/easemob/rtc/select/confr", post(rest::look))
        .route("/easemob/rtc/chanage/roles", post(manage::grant))
        .route("/easemob/rtc/kick/member", post(manage::kick))
        .route("/easemob/rtc/disband/conference", post(manage::disband))
        .route("/easemob/rtc/confr/attrs/update", post(manage::attributes))
        .route("/{org}/{app}/token", post(backend::token))
        .route("/{org}/{app}/conferences", post(backend::create))
        .route("/{org}/{app}/conferences/room", post(rest::room))
        .route("/{org}/{app}/conferences/{conference}", get(backend::detail).delete(backend::end))
        .route("/{org}/{app}/conferences/{conference}/{user}", axum::routing::delete(backend::remove))
}

/// Tells the metrics recorder what the figures of this wire mean.
pub(crate) fn describe_metrics() {
    metrics::describe_gauge!("huitong_wire_connections", "Connections over the conference wire open now.");
    metrics::describe_counter!(
        "huitong_wire_frames_received_total",
        "Frames received over the conference wire."
    );
    metrics::describe_counter!("huitong_wire_frames_sent_total", "Frames sent over the conference wire.");
    metrics::describe_counter!(
        "huitong_wire_refused_total",
        "Entries and requests of the conference wire that were refused, by code."
    );
}

#[cfg(test)]
mod tests;
