//! The requests of WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep).

use crate::WebrtcGateway;
use crate::demux;
use crate::ice::Ice;
use crate::mailbox::Command;
use crate::offer::{self, Answered, Making};
use crate::patch::{FRAGMENT_TYPE, patch};
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
use str0m::IceCreds;
use tokio::sync::{mpsc, oneshot};

/// Longest wait for the addresses of a host name. A name that takes longer is left out.
const RESOLVE: Duration = Duration::from_secs(2);

/// How often it is looked whether all sessions are over at the end of the server.
const LOOK: Duration = Duration::from_millis(10);

/// Longest offer that is read. Chromium's for a publisher have 7 KiB.
const OFFER_BYTES: usize = 64 * 1024;

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
    pub(crate) session: SessionId,
    pub(crate) worker: usize,
    /// How often its ICE was restarted.
    pub(crate) restarts: u32,
}

#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) gateway: WebrtcGateway,
    reach: Arc<dyn Reach>,
}

/// `POST /whip/{key}`, `POST /whep/{key}` and what follows for their sessions.
pub fn router(gateway: WebrtcGateway, reach: Arc<dyn Reach>) -> Router {
    let whip = post(publish).patch(patch).delete(end).options(preflight).fallback(wrong_method);
    let whep = post(play).patch(patch).delete(end).options(preflight).fallback(wrong_method);
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
        expect_size(body, OFFER_BYTES)?;
        let inner = &self.gateway.0;
        if self.gateway.resources().len() >= crate::MAX_SESSIONS {
            return Err(Fault::new(ErrorCode::ServerFull).into());
        }
        let candidates = self.candidates(headers).await;
        // The permission of a publisher ends the one before it: an offer that is of no use must not get so far. What is
        // made here is made again behind the permission, because requests that are held must cost little.
        self.make(publish, 0, &candidates, body)?;
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
        let (made, name) = self.make(publish, worker, &candidates, body)?;
        let Answered { rtc, video, audio, sdp } = made.answered;
        let (ended, end) = oneshot::channel();
        let role = self.role(order, ticket)?;
        let local = candidates.first().copied().unwrap_or_else(|| inner.net.address());
        let ice = Ice::new(String::from_utf8_lossy(body).into_owned(), sdp.clone(), made.own);
        let new = NewSession { id: session, ice, rtc, video, audio, local, role, ended };
        let mailbox = inner.workers.get(worker).ok_or(Fault::new(ErrorCode::Internal))?;
        let resource = Resource { session, worker, restarts: 0 };
        self.gateway.resources().insert(name.clone(), resource.clone());
        let follower = Follower { gateway: self.gateway.clone(), resource: name.clone(), admitted };
        if mailbox.add(Box::new(new)).is_err() {
            return Err(Fault::new(ErrorCode::ServerFull).into());
        }
        tracing::info!(%ticket, session, publish, "WebRTC session begins");
        tokio::spawn(follower.follow(session, worker, orders, end));
        let base = path.rsplit_once('/').map_or("", |(base, _)| base);
        Ok(created(&format!("{base}/{name}"), &resource, sdp))
    }

    fn make(
        &self,
        publish: bool,
        worker: usize,
        candidates: &[SocketAddr],
        body: &[u8],
    ) -> Result<(Made, String), Problem> {
        let offer = offer::parse(body)?;
        let inner = &self.gateway.0;
        let random = |_| Fault::because(ErrorCode::Internal, "The system gives no random numbers.");
        let ufrag = demux::new_name(worker).map_err(random)?;
        let own = IceCreds { ufrag, pass: demux::random_name::<24>().map_err(random)? };
        let resource = demux::random_name::<24>().map_err(random)?;
        let making = Making {
            publish,
            own: own.clone(),
            candidates,
            crypto: Arc::clone(&inner.crypto),
            certificate: inner.certificate.clone(),
        };
        Ok((Made { answered: offer::answer(making, offer)?, own }, resource))
    }

    fn role(&self, order: MediaOrder, ticket: Ticket) -> Result<NewRole, Problem> {
        let inner = &self.gateway.0;
        match order {
            MediaOrder::PublishAccepted { grant, allowed } => {
                let publisher = inner.fanout.publish(&grant)?;
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
    own: IceCreds,
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

/// A header of ours, which has nothing in it that headers may not have.
pub(crate) fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static(""))
}

fn created(location: &str, resource: &Resource, sdp: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/sdp")),
        (header::LOCATION, text(location)),
        (header::ETAG, text(&etag(resource))),
        (header::HeaderName::from_static("accept-patch"), HeaderValue::from_static(FRAGMENT_TYPE)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (StatusCode::CREATED, headers, sdp).into_response()
}

/// The tag of the present ICE session.
pub(crate) fn etag(resource: &Resource) -> String {
    format!("\"{}-{}\"", resource.session, resource.restarts)
}

/// Refuses a body that is too long to be looked at.
pub(crate) fn expect_size(body: &[u8], most: usize) -> Result<(), Problem> {
    if body.len() <= most {
        return Ok(());
    }
    let sentence = format!("The body has {} bytes, of which at most {most} are read.", body.len());
    Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::BadMessage, sentence))
}

pub(crate) fn expect_type(headers: &HeaderMap, wanted: &str) -> Result<(), Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let plain = given.split(';').next().unwrap_or_default().trim();
    if plain.eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    let sentence = format!("The content type must be {wanted}, not {plain:?}.");
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::BadMessage, sentence))
}

async fn end(State(site): State<Site>, Path(name): Path<String>) -> Result<Response, Problem> {
    let resource = site.find(&name)?;
    site.gateway.command(&resource, Command::Delete);
    site.gateway.resources().remove(&name);
    Ok(StatusCode::OK.into_response())
}

impl Site {
    pub(crate) fn find(&self, name: &str) -> Result<Resource, Problem> {
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

    /// Notes how often the ICE of a session was restarted. Answers may be noted in another order than they were given.
    pub(crate) fn restarted(&self, name: &str, restarts: u32) {
        if let Some(resource) = self.resources().get_mut(name) {
            resource.restarts = resource.restarts.max(restarts);
        }
    }

    pub(crate) fn command(&self, resource: &Resource, command: Command) {
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
