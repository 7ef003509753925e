//! The back-end API under `/v1/`: who may call it, what it does, how it refuses.

mod answers;
mod auth;
mod call_records;
mod calls;
mod conferences;
mod csv;
mod groups;
mod operator;
mod params;
mod reading;
mod refusal;
mod rooms;
mod streams;
#[cfg(test)]
mod tests;
mod usage;

use crate::http::Shared;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use huitong_types::{ErrorCode, Fault};
use std::time::Duration;
use utoipa::openapi::OpenApi as Description;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

pub(crate) use params::kept;
pub(crate) use refusal::{Refusal, status as status_of};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Huitong back-end API",
        description = "Look at and steer what runs. Every call is made for one application and authenticated with \
                       its secret: `Authorization: Basic` with the application id and the secret, or \
                       `Authorization: Bearer` with a token of `huitong apitoken`. Those under `/v1/operator` are of the \
                       operator of the server: `Authorization: Basic` with `operator` and `operator.secret`. Rooms are written `1234` \
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
        let basic = HttpAuthScheme::Basic;
        for (name, scheme) in
            [("secret", basic.clone()), ("token", HttpAuthScheme::Bearer), ("operator", basic)]
        {
            components.add_security_scheme(name, SecurityScheme::Http(Http::new(scheme)));
        }
    }
}

/// The routes, and their description for `/openapi.json`.
pub(crate) fn router() -> (Router<Shared>, Description) {
    let (router, mut description) = OpenApiRouter::with_openapi(Doc::openapi())
        .routes(routes!(rooms::list))
        .routes(routes!(rooms::detail, rooms::dissolve))
        .routes(routes!(rooms::remove_member))
        .routes(routes!(rooms::urls))
        .routes(routes!(calls::start, calls::list))
        .routes(routes!(calls::detail, calls::end))
        .routes(routes!(conferences::create, conferences::list))
        .routes(routes!(conferences::detail, conferences::end))
        .routes(routes!(conferences::change, conferences::remove))
        .routes(routes!(groups::list))
        .routes(
            routes!(groups::put, groups::detail, groups::drop)
                .map(|group| group.route_layer(DefaultBodyLimit::max(groups::BODY_BYTES))),
        )
        .routes(routes!(call_records::list))
        .routes(routes!(call_records::export))
        .routes(routes!(usage::list))
        .routes(routes!(usage::export))
        .routes(routes!(usage::daily))
        .routes(routes!(usage::users))
        .routes(routes!(usage::rooms))
        .routes(routes!(usage::suspension, usage::suspend, usage::resume))
        .routes(routes!(operator::own))
        .routes(routes!(operator::list))
        .routes(routes!(operator::detail))
        .routes(routes!(operator::suspend, operator::resume))
        .routes(routes!(operator::allow, operator::reset))
        .split_for_parts();
    answers::everywhere(&mut description);
    (router.route_layer(from_fn(in_time)), description)
}

/// Longest time from the head of a call to its answer. What takes that long is a body that does not arrive.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);

async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(CALL_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_elapsed) => Refusal::from(Fault::new(ErrorCode::Timeout)).into_response(),
    }
}

/// The answer to a call that does not exist.
pub(crate) fn no_such_call() -> Refusal {
    Refusal::new(
        axum::http::StatusCode::NOT_FOUND,
        ErrorCode::UnknownOperation,
        "There is no such call; see /openapi.json.",
    )
}
