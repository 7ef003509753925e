//! The demo site, built into the server by `make sdk`.

use super::{Shared, pages, sdk};
use axum::extract::{Path, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

/// Where the builds keep the site.
const FOLDER: &str = "web/";

/// What the site may do: run its own scripts and styles, play what it fetched or captured, and talk to any server of
/// media, because their addresses are configuration. No page of another site may frame it, for it uses the camera.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
                      media-src 'self' blob: mediastream:; connect-src 'self' http: https: ws: wss:; \
                      manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The names of these carry a hash of their content.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// The site, or what this server is where the site was not built.
pub(super) async fn index(state: State<Shared>, headers: HeaderMap) -> Response {
    match file("index.html", "no-cache") {
        Some(page) => page,
        None => pages::about(state, headers).await.into_response(),
    }
}

/// A script, style or picture of the site.
pub(super) async fn asset(Path(path): Path<String>) -> Response {
    file(&format!("assets/{path}"), FOR_EVER).unwrap_or_else(|| {
        (StatusCode::NOT_FOUND, "There is no such file; reload the page, it may be of another version.\n")
            .into_response()
    })
}

fn file(path: &str, keep: &'static str) -> Option<Response> {
    let bytes = sdk::Dist::get(&format!("{FOLDER}{path}"))?.data.into_owned();
    let headers = [
        (CONTENT_TYPE, sdk::content_type(path)),
        (CACHE_CONTROL, keep),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    Some((headers, bytes).into_response())
}
