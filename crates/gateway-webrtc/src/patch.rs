//! `PATCH` of a session (RFC 9725, section 4.3): candidates that come later, and ICE restarts.

use crate::fragment::{self, FRAGMENT_BYTES, Fragment};
use crate::http::{Resource, Site, etag, expect_size, expect_type, text};
use crate::mailbox::Command;
use crate::problem::Problem;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use huitong_types::{ErrorCode, Fault};
use tokio::sync::oneshot;

/// The media type of fragments (RFC 8840, section 9).
pub(crate) const FRAGMENT_TYPE: &str = "application/trickle-ice-sdpfrag";

/// What `If-Match` asks for.
#[derive(Debug, PartialEq, Eq)]
enum Wish {
    /// `*`: a restart of ICE.
    Restart,
    /// The present ICE session: it gets candidates.
    Trickle,
}

pub(crate) async fn patch(
    State(site): State<Site>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let resource = site.find(&name)?;
    expect_type(&headers, FRAGMENT_TYPE)?;
    expect_size(&body, FRAGMENT_BYTES)?;
    let wish = wish(&headers, &resource)?;
    let fragment =
        fragment::parse(&body).map_err(|why| bad(format!("The fragment cannot be read: {why}.")))?;
    match wish {
        Wish::Restart => restart(&site, &name, &resource, fragment).await,
        Wish::Trickle => trickle(&site, &resource, fragment).await,
    }
}

fn bad(sentence: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, ErrorCode::BadMessage, sentence)
}

fn wish(headers: &HeaderMap, resource: &Resource) -> Result<Wish, Problem> {
    let mut tags = headers.get_all(header::IF_MATCH).iter().peekable();
    if tags.peek().is_none() {
        let sentence =
            "If-Match is missing: give the ETag of the answer to add candidates, or * to restart ICE.";
        return Err(Problem::new(StatusCode::PRECONDITION_REQUIRED, ErrorCode::BadMessage, sentence));
    }
    let present = etag(resource);
    for tag in tags.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')) {
        if tag.trim() == "*" {
            return Ok(Wish::Restart);
        }
        // A weak tag matches nothing here (RFC 9110, section 13.1.1).
        if tag.trim() == present {
            return Ok(Wish::Trickle);
        }
    }
    let sentence =
        "If-Match names another ICE session than this one has; take the newest ETag, or * to restart ICE.";
    Err(Problem::new(StatusCode::PRECONDITION_FAILED, ErrorCode::BadMessage, sentence))
}

async fn trickle(site: &Site, resource: &Resource, fragment: Fragment) -> Result<Response, Problem> {
    if !fragment.speaks_of_candidates {
        return Err(bad("The fragment has neither a=candidate nor a=end-of-candidates."));
    }
    let (reply, answer) = oneshot::channel();
    let Fragment { name, candidates, .. } = fragment;
    site.gateway.command(resource, Command::Trickle { name, candidates, reply });
    // Who has no worker any more has no session either.
    answer.await.map_err(|_gone| gone())??;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn restart(
    site: &Site,
    name: &str,
    resource: &Resource,
    fragment: Fragment,
) -> Result<Response, Problem> {
    let peer = fragment.credentials();
    let peer =
        peer.ok_or_else(|| bad("A restart of ICE needs a=ice-ufrag and a=ice-pwd in the fragment."))?;
    let (reply, answer) = oneshot::channel();
    let candidates = fragment.candidates;
    site.gateway.command(resource, Command::Restart { peer, candidates, reply });
    let restarted = answer.await.map_err(|_gone| gone())??;
    let resource = Resource { restarts: restarted.restarts, ..resource.clone() };
    let tag = etag(&resource);
    site.gateway.restarted(name, restarted.restarts);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(FRAGMENT_TYPE)),
        (header::ETAG, text(&tag)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((StatusCode::OK, headers, restarted.fragment).into_response())
}

fn gone() -> Problem {
    Fault::because(ErrorCode::SessionGone, "There is no such session (any more).").into()
}
