//! Credentials for the demo site, when the server runs with the demo application.

use super::Shared;
use crate::api::Refusal;
use crate::clock::unix_seconds;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use huitong_auth::usersig;
use huitong_types::{AppId, ErrorCode, UserId};
use serde::{Deserialize, Serialize};

/// How long a credential of the demo is valid, seconds: a long day.
const EXPIRE_SECONDS: u64 = 24 * 60 * 60;

/// Whether credentials are minted here, and for which application.
#[derive(Serialize)]
pub(super) struct Available {
    app: Option<AppId>,
}

/// Whose credential is wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    user: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Minted {
    app: AppId,
    user: UserId,
    user_sig: String,
    expire: u64,
}

/// Whether the demo site may ask for credentials. With an application of one's own, a back-end mints them.
pub(super) async fn available(State(shared): State<Shared>) -> Response {
    ([(CACHE_CONTROL, "no-store")], Json(Available { app: shared.demo })).into_response()
}

/// Mints a `UserSig` of the demo application for anybody. There is nothing to protect: the application exists
/// only while no other is configured. Other sites cannot ask, because a JSON body needs a leave (CORS) that no
/// answer gives.
pub(super) async fn mint(
    State(shared): State<Shared>,
    body: Result<Json<Wanted>, JsonRejection>,
) -> Result<Response, Refusal> {
    let Some((app, secret)) = shared.demo.and_then(|app| Some((app, shared.apps.get(&app)?))) else {
        let sentence = "This server has an application of its own: its back-end mints UserSigs.";
        return Err(Refusal::new(StatusCode::NOT_FOUND, ErrorCode::NotFound, sentence));
    };
    let Json(wanted) = body.map_err(|rejection| {
        Refusal::new(rejection.status(), ErrorCode::BadMessage, rejection.body_text())
    })?;
    let user = UserId::new(wanted.user).map_err(|error| {
        let sentence = format!("user: {error}");
        Refusal::new(StatusCode::BAD_REQUEST, ErrorCode::InvalidField, sentence)
    })?;
    let user_sig = usersig::mint(app, secret, &user, unix_seconds(), EXPIRE_SECONDS, None);
    let minted = Minted { app, user, user_sig, expire: EXPIRE_SECONDS };
    Ok(([(CACHE_CONTROL, "no-store")], Json(minted)).into_response())
}
