//! Health, readiness and the pages for people.

use super::Shared;
use crate::address::Reached;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};

const LANDING: &str = include_str!("../../pages/landing.html");

/// What the pages of the server itself look like; its rules stand in place of `{{style}}`.
pub(super) const STYLE: &str = include_str!("../../pages/pages.css");

/// 200 once all listeners accept.
pub(super) async fn healthz(State(shared): State<Shared>) -> (StatusCode, &'static str) {
    if shared.is_ready() { (StatusCode::OK, "ok\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "starting\n") }
}

/// 200 while new clients are welcome.
pub(super) async fn readyz(State(shared): State<Shared>) -> (StatusCode, &'static str) {
    if shared.is_draining() {
        (StatusCode::SERVICE_UNAVAILABLE, "draining\n")
    } else {
        healthz(State(shared)).await
    }
}

/// What this server is and where to go next.
pub(super) async fn about(State(shared): State<Shared>, headers: HeaderMap) -> Html<String> {
    let reached = Reached::by(&headers);
    let server = shared.address.http_for(&reached);
    // http becomes ws, https becomes wss.
    let signal = format!("{}{}", server.replacen("http", "ws", 1), huitong_protocol::SIGNAL_PATH);
    let page = LANDING
        .replace("{{style}}", STYLE)
        .replace("{{version}}", env!("CARGO_PKG_VERSION"))
        .replace("{{server}}", &server)
        .replace("{{signal}}", &signal)
        .replace("{{rtmp}}", &shared.address.rtmp_for(&reached));
    Html(page)
}

/// Everything that is not served.
pub(super) async fn nothing_here(uri: Uri) -> Response {
    if uri.path().starts_with("/v1/") {
        return crate::api::no_such_call().into_response();
    }
    (StatusCode::NOT_FOUND, "There is nothing under this address; see / for what is served here.\n")
        .into_response()
}
