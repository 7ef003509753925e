//! The back-end API under `/v1/`: who may call it, what it does, how it refuses.

mod auth;
mod refusal;
mod rooms;
mod streams;

use crate::http::Shared;
use axum::Router;
use huitong_types::ErrorCode;
use utoipa::openapi::OpenApi as Description;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use refusal::Refusal;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Huitong back-end API",
        description = "Look at and steer what runs. Every call is made for one application and authenticated with \
                       its secret: `Authorization: Basic` with the application id and the secret, or \
                       `Authorization: Bearer` with a token of `huitong apitoken`. Rooms are written `1234` \
                       (numeric), `abc` (named) or `@1234` (named, of digits)."
    ),
    security(("secret" = []), ("token" = [])),
    modifiers(&Schemes)
)]
struct Doc;

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, doc: &mut Description) {
        let components = doc.components.get_or_insert_default();
        for (name, scheme) in [("secret", HttpAuthScheme::Basic), ("token", HttpAuthScheme::Bearer)] {
            components.add_security_scheme(name, SecurityScheme::Http(Http::new(scheme)));
        }
    }
}

/// The routes, and their description for `/openapi.json`.
pub(crate) fn router() -> (Router<Shared>, Description) {
    OpenApiRouter::with_openapi(Doc::openapi())
        .routes(routes!(rooms::list))
        .routes(routes!(rooms::detail, rooms::dissolve))
        .routes(routes!(rooms::remove_member))
        .routes(routes!(rooms::urls))
        .split_for_parts()
}

/// The answer to a call that does not exist.
pub(crate) fn no_such_call() -> Refusal {
    Refusal::new(
        axum::http::StatusCode::NOT_FOUND,
        ErrorCode::UnknownOperation,
        "There is no such call; see /openapi.json.",
    )
}
