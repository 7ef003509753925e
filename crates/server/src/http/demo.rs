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
use huitong_auth::authbuffer::{self, Form, Key, VoiceRoom, VoiceUser};
use huitong_auth::usersig;
use huitong_types::{AppId, ErrorCode, Redacted, UserId};
use serde::{Deserialize, Serialize};

/// How long a credential of the demo is valid, seconds: a long day.
const EXPIRE_SECONDS: u64 = 24 * 60 * 60;

/// How long one for a voice room is valid, seconds.
const VOICE_EXPIRE_SECONDS: u64 = 300;

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

/// Whose credential for which voice room is wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VoiceWanted {
    user: String,
    room: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VoiceMinted {
    app: AppId,
    user: String,
    room: String,
    auth_buffer: String,
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
    let (app, secret) = demo_app(&shared)?;
    let Json(wanted) = body.map_err(unread)?;
    let user = UserId::new(wanted.user).map_err(|error| wrong("user", &error))?;
    let user_sig = usersig::mint(app, secret, &user, unix_seconds(), EXPIRE_SECONDS, None);
    let minted = Minted { app, user, user_sig, expire: EXPIRE_SECONDS };
    Ok(([(CACHE_CONTROL, "no-store")], Json(minted)).into_response())
}

/// Mints an authBuffer of the demo application for anybody, as [`mint`] does a `UserSig`. It is valid for as short a time
/// as the vendor's documents advise.
pub(super) async fn mint_voice(
    State(shared): State<Shared>,
    body: Result<Json<VoiceWanted>, JsonRejection>,
) -> Result<Response, Refusal> {
    let (app, secret) = demo_app(&shared)?;
    let Json(wanted) = body.map_err(unread)?;
    let user = VoiceUser::parse(&wanted.user).map_err(|error| wrong("user", &error))?;
    let room = VoiceRoom::parse(&wanted.room).map_err(|error| wrong("room", &error))?;
    let mut random = [0; authbuffer::RANDOM_BYTES];
    getrandom::fill(&mut random).map_err(|_no_bytes| {
        Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::Internal,
            "The system gives no random bytes.",
        )
    })?;
    let key = Key::of(secret);
    let bytes = authbuffer::mint(app, &key, user, &room, unix_seconds(), VOICE_EXPIRE_SECONDS, random);
    let auth_buffer = String::from_utf8_lossy(&Form::Base64.write(&bytes)).into_owned();
    let (user, room) = (user.to_string(), room.to_string());
    let minted = VoiceMinted { app, user, room, auth_buffer, expire: VOICE_EXPIRE_SECONDS };
    Ok(([(CACHE_CONTROL, "no-store")], Json(minted)).into_response())
}

fn demo_app(shared: &Shared) -> Result<(AppId, &Redacted<String>), Refusal> {
    shared.demo.and_then(|app| Some((app, shared.apps.get(&app)?))).ok_or_else(|| {
        let sentence = "This server has an application of its own: its back-end mints credentials.";
        Refusal::new(StatusCode::NOT_FOUND, ErrorCode::NotFound, sentence)
    })
}

fn unread(rejection: JsonRejection) -> Refusal {
    Refusal::new(rejection.status(), ErrorCode::BadMessage, rejection.body_text())
}

fn wrong(field: &str, error: &dyn std::fmt::Display) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, ErrorCode::InvalidField, format!("{field}: {error}"))
}
