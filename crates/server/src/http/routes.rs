//! What is served where.

use super::{Shared, demo, host, metrics, pages, sdk, web};
use crate::address::Reached;
use crate::api;
use crate::compat;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use huitong_gateway_signal::Peer;
use huitong_protocol::SIGNAL_PATH;
use huitong_types::ErrorCode;
use std::net::SocketAddr;
use std::sync::Arc;

/// Longest body of a request, bytes. The API's bodies have some hundred.
const BODY_BYTES: usize = 64 * 1024;

/// The whole site.
pub(crate) fn router(shared: Shared) -> Router {
    let (api, description) = api::router();
    let description = Json(description);
    Router::new()
        .route("/", get(web::index))
        .route("/assets/{*path}", get(web::asset))
        .route("/demo/usersig", get(demo::available).post(demo::mint))
        .route("/demo/authbuffer", post(demo::mint_voice))
        .route("/about", get(pages::about))
        .route("/healthz", get(pages::healthz))
        .route("/readyz", get(pages::readyz))
        .route("/metrics", get(metrics::metrics_text))
        .route("/openapi.json", get(move || std::future::ready(description.clone())))
        .route("/sdk", get(sdk::index))
        .route("/sdk/", get(sdk::index))
        .route("/sdk/{*path}", get(sdk::file))
        .route(SIGNAL_PATH, any(signal))
        .merge(host::router(shared.preview.is_some()))
        .merge(api)
        .merge(compat::router())
        .fallback(pages::nothing_here)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .with_state(shared)
}

async fn wrong_method() -> Response {
    let sentence = "This address does not know the method; see /openapi.json.";
    api::Refusal::new(axum::http::StatusCode::METHOD_NOT_ALLOWED, ErrorCode::UnknownOperation, sentence)
        .into_response()
}

/// The signalling endpoint.
async fn signal(
    State(shared): State<Shared>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    // A draining server lets sessions go on: the engine tells those that may from new ones.
    match upgrade {
        Ok(upgrade) => {
            let media = shared.address.media_for(&Reached::by(&headers));
            let media = (media != shared.address.media()).then(|| Arc::new(media));
            let peer = Peer { remote, media };
            huitong_gateway_signal::accept(upgrade, peer, shared.control.clone(), shared.shutdown.clone())
        }
        Err(rejection) => {
            let sentence = format!("Signalling is spoken over WebSocket here: {rejection}.");
            api::Refusal::new(rejection.into_response().status(), ErrorCode::BadMessage, sentence)
                .into_response()
        }
    }
}
