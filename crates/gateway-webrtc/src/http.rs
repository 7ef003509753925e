//! The requests of WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep).

use crate::WebrtcGateway;
use crate::demux;
use crate::mailbox::Command;
use crate::offer::{self, Answered, Making};
use crate::problem::Problem;
use crate::session::{End, NewRole, NewSession, SessionId};
use crate::worker::b_frames;
use axum::body::Bytes;
use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Router, middleware};
use huitong_fanout::{Authority, MEDIA_ORDERS, MediaOrder, Ticket};
use huitong_types::{ErrorCode, Fault, StreamKey};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Longest wait for the addresses of a host name. A name that takes longer is left out.
const RESOLVE: Duration = Duration::from_secs(2);

/// How often it is looked whether all sessions are over at the end of the server.
const LOOK: Duration = Duration::from_millis(10);

/// Addresses that are offered to one peer at most. Each costs the browser checks.
const CANDIDATES: usize = 8;

/// By which host names and addresses the sender of a request can reach the port of WebRTC.
pub trait Reach: Send + Sync + 'static {
    /// Names or addresses, the likeliest first.
    fn hosts(&self, headers: &HeaderMap) -> Vec<String>;
}

/// A session as the HTTP side knows it.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    session: SessionId,
    worker: usize,
}

#[derive(Clone)]
struct Site {
    gateway: WebrtcGateway,
    reach: Arc<dyn Reach>,
}

/// `POST /whip/{key}`, `POST /whep/{key}` and what follows for their sessions.
pub fn router(gateway: WebrtcGateway, reach: Arc<dyn Reach>) -> Router {
    let whip = post(publish).patch(trickle).delete(end).options(preflight).fallback(wrong_method);
    let whep = post(play).patch(trickle).delete(end).options(preflight).fallback(wrong_method);
    Router::new()
        .route("/whip/{name}", whip)
        .route("/whep/{name}", whep)
        .layer(middleware::map_response(open_to_pages))
        .with_state(Site { gateway, reach })
}

/// Pages from elsewhere use it: that is what keys in URLs are for.
async fn open_to_pages(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("Location, ETag, Link, Accept-Patch"),
    );
    response
}

async fn preflight() -> Response {
    let methods = HeaderValue::from_static("POST, PATCH, DELETE, OPTIONS");
    let allowed = HeaderValue::from_static("Content-Type, Authorization, If-Match");
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, methods),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, allowed),
        (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400")),
        (header::HeaderName::from_static("accept-post"), HeaderValue::from_static("application/sdp")),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

async fn wrong_method() -> Response {
    let sentence = "POST an offer to a URL with a key; PATCH or DELETE the address of a session.";
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, ErrorCode::UnknownOperation, sentence);
    let allow = HeaderValue::from_static("POST, PATCH, DELETE, OPTIONS");
    ([(header::ALLOW, allow)], problem).into_response()
}

async fn publish(
    State(site): State<Site>,
    Path(name): Path<String>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    site.open(true, &name, uri.path(), &headers, &body).await
}

async fn play(
    State(site): State<Site>,
    Path(name): Path<String>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    site.open(false, &name, uri.path(), &headers, &body).await
}

/// The control side knows of a connection until this is dropped.
struct Admitted {
    ticket: Ticket,
    authority: Arc<dyn Authority>,
    deliberate: bool,
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.authority.closed(self.ticket, self.deliberate);
    }
}

impl Site {
    async fn open(
        &self,
        publish: bool,
        name: &str,
        path: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Response, Problem> {
        expect_type(headers, "application/sdp")?;
        let key = StreamKey::new(name).map_err(|error| {
            Fault::because(
                ErrorCode::UnknownKey,
                format!("The last part of the URL is not a stream key: {error}."),
            )
        })?;
        let offer = offer::parse(body)?;
        let inner = &self.gateway.0;
        if self.gateway.resources().len() >= crate::MAX_SESSIONS {
            return Err(Fault::new(ErrorCode::ServerFull).into());
        }
        let candidates = self.candidates(headers).await;
        let ticket = Ticket::next();
        let (control, mut orders) = mpsc::channel(MEDIA_ORDERS);
        let admitted = Admitted { ticket, authority: Arc::clone(&inner.authority), deliberate: true };
        if publish {
            inner.authority.publish(ticket, key, control);
        } else {
            inner.authority.play(ticket, key, control);
        }
        let order = permission(&mut orders).await?;
        let session = SESSIONS.fetch_add(1, Ordering::Relaxed);
        let worker = usize::try_from(session).unwrap_or(0) % inner.workers.len().max(1);
        let (made, resource) = self.make(publish, worker, &candidates, offer)?;
        let Answered { rtc, video, audio, sdp } = made.answered;
        let (ended, end) = oneshot::channel();
        let role = self.role(order, ticket)?;
        let local = candidates.first().copied().unwrap_or_else(|| inner.net.address());
        let new = NewSession { id: session, name: made.name, rtc, video, audio, local, role, ended };
        let mailbox = inner.workers.get(worker).ok_or(Fault::new(ErrorCode::Internal))?;
        self.gateway.resources().insert(resource.clone(), Resource { session, worker });
        let follower = Follower { gateway: self.gateway.clone(), resource: resource.clone(), admitted };
        if mailbox.add(Box::new(new)).is_err() {
            return Err(Fault::new(ErrorCode::ServerFull).into());
        }
        tracing::info!(%ticket, session, publish, "WebRTC session begins");
        tokio::spawn(follower.follow(session, worker, orders, end));
        let base = path.rsplit_once('/').map_or("", |(base, _)| base);
        Ok(created(&format!("{base}/{resource}"), session, sdp))
    }

    fn make(
        &self,
        publish: bool,
        worker: usize,
        candidates: &[SocketAddr],
        offer: str0m::change::SdpOffer,
    ) -> Result<(Made, String), Problem> {
        let inner = &self.gateway.0;
        let random = |_| Fault::because(ErrorCode::Internal, "The system gives no random numbers.");
        let name = demux::new_name(worker).map_err(random)?;
        let password = demux::random_name::<24>().map_err(random)?;
        let resource = demux::random_name::<24>().map_err(random)?;
        let making = Making {
            publish,
            name: name.clone(),
            password,
            candidates,
            crypto: Arc::clone(&inner.crypto),
            certificate: inner.certificate.clone(),
        };
        Ok((Made { answered: offer::answer(making, offer)?, name }, resource))
    }

    fn role(&self, order: MediaOrder, ticket: Ticket) -> Result<NewRole, Problem> {
        let inner = &self.gateway.0;
        match order {
            MediaOrder::PublishAccepted { grant, allowed } => {
                let publisher = inner.fanout.publish(&grant).map_err(|_| {
                    Fault::because(ErrorCode::KeyInUse, "Another connection publishes this stream now.")
                })?;
                let authority = Arc::clone(&inner.authority);
                Ok(NewRole::Publish { publisher, allowed, ticket, authority })
            }
            MediaOrder::PlayAccepted { grant, tracks } => {
                if grant.info().b_frames {
                    let fault = b_frames();
                    return Err(Problem::new(StatusCode::CONFLICT, fault.code, fault.message));
                }
                Ok(NewRole::Play { fanout: inner.fanout.clone(), grant, tracks })
            }
            _ => Err(Fault::new(ErrorCode::Internal).into()),
        }
    }

    /// Under which addresses this peer is told to reach the server.
    async fn candidates(&self, headers: &HeaderMap) -> Vec<SocketAddr> {
        let inner = &self.gateway.0;
        let bound = inner.net.address();
        let mut all = Vec::new();
        let mut add = |address: SocketAddr| {
            if address.is_ipv4() == bound.is_ipv4() && !all.contains(&address) && all.len() < CANDIDATES {
                all.push(address);
            }
        };
        inner.config.extra_candidates.iter().copied().for_each(&mut add);
        if !bound.ip().is_unspecified() {
            add(bound);
            return all;
        }
        for host in self.reach.hosts(headers) {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            if let Ok(ip) = host.parse::<IpAddr>() {
                add(SocketAddr::new(ip, bound.port()));
                continue;
            }
            match tokio::time::timeout(RESOLVE, tokio::net::lookup_host((host, bound.port()))).await {
                Ok(Ok(addresses)) => addresses.for_each(&mut add),
                Ok(Err(error)) => tracing::warn!(host, %error, "a host name for WebRTC has no address"),
                Err(_elapsed) => tracing::warn!(host, "the addresses of a host name took too long"),
            }
        }
        all
    }
}

struct Made {
    answered: Answered,
    name: String,
}

/// Numbers sessions for the life of the process.
static SESSIONS: AtomicU64 = AtomicU64::new(1);

/// Waits for the answer of the control side, which comes after the hold of early requests at the latest.
async fn permission(orders: &mut mpsc::Receiver<MediaOrder>) -> Result<MediaOrder, Problem> {
    loop {
        match orders.recv().await {
            Some(order @ (MediaOrder::PublishAccepted { .. } | MediaOrder::PlayAccepted { .. })) => {
                return Ok(order);
            }
            Some(MediaOrder::Close(fault)) => return Err(fault.into()),
            Some(_) => {}
            None => return Err(Fault::new(ErrorCode::ShuttingDown).into()),
        }
    }
}

fn created(location: &str, session: SessionId, sdp: String) -> Response {
    let text = |value: &str| HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static(""));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/sdp")),
        (header::LOCATION, text(location)),
        (header::ETAG, text(&etag(session))),
        (
            header::HeaderName::from_static("accept-patch"),
            HeaderValue::from_static("application/trickle-ice-sdpfrag"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (StatusCode::CREATED, headers, sdp).into_response()
}

/// The name of the ICE session, which stays the same for the life of a session.
fn etag(session: SessionId) -> String {
    format!("\"{session}\"")
}

fn expect_type(headers: &HeaderMap, wanted: &str) -> Result<(), Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let plain = given.split(';').next().unwrap_or_default().trim();
    if plain.eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    let sentence = format!("The content type must be {wanted}, not {plain:?}.");
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::BadMessage, sentence))
}

/// Candidates of the peer. They are not needed: the server waits for the peer's checks and learns its addresses from
/// them, so that names of `.local` need not be resolved either.
async fn trickle(
    State(site): State<Site>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let resource = site.find(&name)?;
    expect_type(&headers, "application/trickle-ice-sdpfrag")?;
    let wanted = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok());
    if wanted == Some("*") {
        let sentence = "ICE is not restarted here: the session goes on when the peer checks from its new address; if \
                        that fails, POST a new offer.";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::UnknownOperation, sentence));
    }
    if wanted.is_some_and(|tag| tag != etag(resource.session)) {
        let sentence = "If-Match names another ICE session than this one has; take the ETag of the answer.";
        return Err(Problem::new(StatusCode::PRECONDITION_FAILED, ErrorCode::BadMessage, sentence));
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn end(State(site): State<Site>, Path(name): Path<String>) -> Result<Response, Problem> {
    let resource = site.find(&name)?;
    site.gateway.command(&resource, Command::Delete);
    site.gateway.resources().remove(&name);
    Ok(StatusCode::OK.into_response())
}

impl Site {
    fn find(&self, name: &str) -> Result<Resource, Problem> {
        let found = self.gateway.resources().get(name).cloned();
        found.ok_or_else(|| {
            Fault::because(ErrorCode::SessionGone, "There is no such session (any more).").into()
        })
    }
}

impl WebrtcGateway {
    fn resources(&self) -> std::sync::MutexGuard<'_, std::collections::HashMap<String, Resource>> {
        self.0.resources.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says goodbye to all peers and waits until that is done, or for so long.
    pub async fn close_all(&self, within: Duration) {
        let all: Vec<_> = self.resources().values().cloned().collect();
        for resource in &all {
            self.command(resource, Command::Close(ErrorCode::ShuttingDown.into()));
        }
        let gone = async {
            while !self.resources().is_empty() {
                tokio::time::sleep(LOOK).await;
            }
        };
        // Whoever is not told by then loses its path with the process.
        let _all_gone = tokio::time::timeout(within, gone).await;
    }

    fn command(&self, resource: &Resource, command: Command) {
        if let Some(mailbox) = self.0.workers.get(resource.worker) {
            mailbox.command(resource.session, command);
        }
    }
}

/// Carries orders to a session until it is over, and tells the control side then.
struct Follower {
    gateway: WebrtcGateway,
    resource: String,
    admitted: Admitted,
}

impl Follower {
    async fn follow(
        mut self,
        session: SessionId,
        worker: usize,
        mut orders: mpsc::Receiver<MediaOrder>,
        mut end: oneshot::Receiver<End>,
    ) {
        let mut followed = true;
        loop {
            let order = tokio::select! {
                ended = &mut end => {
                    // A worker that is gone says nothing.
                    self.admitted.deliberate = ended.map_or(true, |end| end.deliberate);
                    return;
                }
                order = orders.recv(), if followed => order,
            };
            let command = match order {
                Some(MediaOrder::Allowed(tracks) | MediaOrder::Tracks(tracks)) => Command::Tracks(tracks),
                Some(MediaOrder::Close(fault)) => Command::Close(fault),
                Some(_) => continue,
                None => {
                    followed = false;
                    Command::Close(ErrorCode::ShuttingDown.into())
                }
            };
            if let Some(mailbox) = self.gateway.0.workers.get(worker) {
                mailbox.command(session, command);
            }
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.gateway.resources().remove(&self.resource);
    }
}

/// A random number that need not be secret: where sequence numbers and times begin.
pub(crate) fn seed() -> u64 {
    getrandom::u64().unwrap_or(0x5eed)
}
