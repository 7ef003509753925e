//! What back-ends of this vendor's customers ask: a token for the application, then conferences.

use super::body::{Answer, Body, Refused, fine, wrong};
use super::frames::{kind_number, kind_of, merge, role_number, role_of};
use super::names::{Named, member_id, user_named};
use super::rest::{Raw, conference, key_of, mixed_up, settings};
use crate::api::kept;
use crate::clock::{unix_ms, unix_seconds};
use crate::http::Shared;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use huitong_auth::{mint_api_token, verify_authorization, verify_basic};
use huitong_engine::{ApiCall, ApiResult, ConferenceLimits};
use huitong_protocol::api::{ConferenceDetail, ConferenceRequest, ConferenceRole};
use huitong_protocol::{Destroy, Kick};
use huitong_types::{AppId, ErrorCode, Fault};
use serde_json::{Value, json};
use time::OffsetDateTime;

/// How long a token of a back-end is valid, seconds: a day, after which it asks for another.
const TOKEN_SECONDS: u64 = 86_400;

/// Random bytes of a password that the server makes: 8 characters, which people can type, and wrong guesses cost time.
const PASSWORD_BYTES: usize = 6;

/// How long a conference is kept that nobody is in, ms, unless the request says otherwise: as documented by the vendor.
const EMPTY_MS: u32 = 120_000;

/// Longest time that a request may ask for, ms: a day.
const EMPTY_MOST_MS: u32 = 86_400_000;

/// A token for an application, for its id and its secret.
pub(super) async fn token(
    State(shared): State<Shared>,
    path: Result<Path<(String, String)>, PathRejection>,
    body: Raw,
) -> Answer {
    let (key, body) = (key_of(path)?, Body::read(body)?);
    if body.text("grant_type")? != "client_credentials" {
        return Err(wrong("grant_type", "is not client_credentials").into());
    }
    let apps = &shared.wire.desk.apps;
    let unknown = || Fault::new(ErrorCode::CredentialMismatch);
    // Nobody learns which applications there are: every wrong pair is refused alike.
    let app = apps.of_client(&body.text("client_id")?).ok_or_else(unknown)?;
    if apps.of_key(&key).ok() != Some(app) {
        return Err(unknown().into());
    }
    let pair = STANDARD.encode(format!("{app}:{}", body.text("client_secret")?));
    verify_basic(&pair, |app| apps.secret(app)).map_err(|_| unknown())?;
    let secret = apps.secret(app).ok_or_else(unknown)?;
    let token = mint_api_token(app, secret, unix_seconds().saturating_add(TOKEN_SECONDS));
    tracing::info!(app = app.get(), "a back-end took a token over the conference endpoints");
    fine(json!({"access_token": token, "expires_in": TOKEN_SECONDS, "application": key}))
}

/// The application that the path names, proved by the Authorization header.
fn caller(shared: &Shared, key: &str, headers: &HeaderMap) -> Result<AppId, Refused> {
    let apps = &shared.wire.desk.apps;
    let header = headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok()).ok_or_else(|| {
        Fault::because(
            ErrorCode::NotLoggedIn,
            "The request needs an Authorization header: Bearer with a token.",
        )
    })?;
    let app = verify_authorization(header, unix_seconds(), |app| apps.secret(app))
        .map_err(|error| error.fault())?;
    if apps.of_key(key).ok() != Some(app) {
        let sentence = "The token is for another application than the one in the path.";
        return Err(Fault::because(ErrorCode::CredentialForOther, sentence).into());
    }
    Ok(app)
}

/// Make a conference. One without a password gets one.
pub(super) async fn create(
    State(shared): State<Shared>,
    path: Result<Path<(String, String)>, PathRejection>,
    headers: HeaderMap,
    body: Raw,
) -> Answer {
    let key = key_of(path)?;
    let app = caller(&shared, &key, &headers)?;
    let body = Body::read(body)?;
    let kind = kind_of(body.field("confrType"))?;
    let settings = settings(&body, kind)?;
    let password = match body.maybe("password")? {
        Some(password) => password.into_owned(),
        None => fresh_password(),
    };
    let empty_ms = body.number("confrDelayMillis")?.unwrap_or(EMPTY_MS).min(EMPTY_MOST_MS);
    let request = ConferenceRequest {
        room: None,
        kind: kind.into(),
        password: Some(password.clone()),
        creator: body
            .maybe("creator")?
            .map(|creator| user_named(&creator, &key, "creator").map(String::from))
            .transpose()?,
        // Who only knows the password is no admin, whatever the back-end of another server may have handed out.
        default_role: role_of(body.field("memDefaultRole"))?
            .map(|role| ConferenceRole::from(role.min(huitong_types::ConferenceRole::Talker))),
        empty_ms: Some(empty_ms),
        record: settings.record,
        record_merged: settings.record_merged,
        max_talkers: settings.max_talkers,
        max_videos: settings.max_videos,
        max_audience: settings.max_audience,
        max_screens: settings.max_screens,
        no_hands: settings.no_hands,
    };
    let call = ApiCall::CreateConference(Box::new(request));
    let mark = shared.control.store.mark();
    let ApiResult::Conference(made) = shared.control.call(app, call).await? else { return Err(mixed_up()) };
    kept(&shared.control.store, mark, app, "a conference").await;
    let arrival = u64::try_from(ConferenceLimits::default().arrival.as_millis()).unwrap_or(u64::MAX);
    let expires = date(unix_ms().saturating_add(u64::from(empty_ms).max(arrival)) / 1000);
    let mut reply = summary(&made);
    merge(&mut reply, json!({"password": password, "expireDate": expires}));
    fine(reply)
}

fn fresh_password() -> String {
    let mut random = super::random();
    URL_SAFE_NO_PAD.encode(random().get(..PASSWORD_BYTES).unwrap_or_default())
}

/// `YYYY-MM-DD HH:MM:SS` in UTC.
fn date(unix_seconds: u64) -> String {
    let at = i64::try_from(unix_seconds).ok().and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
    let at = at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())
}

/// What both replies about a conference have.
fn summary(detail: &ConferenceDetail) -> Value {
    let summary = &detail.summary;
    let number = kind_number(summary.kind.into());
    json!({
        "id": summary.conference, "type": number, "mixed": number != 10, "audienceLimit": summary.max_audience,
        "talkerLimit": summary.max_talkers, "allowAudienceTalk": !summary.no_hands,
    })
}

/// One conference and who is in it.
pub(super) async fn detail(
    State(shared): State<Shared>,
    path: Result<Path<(String, String, String)>, PathRejection>,
    headers: HeaderMap,
) -> Answer {
    let (key, name) = named(path)?;
    let app = caller(&shared, &key, &headers)?;
    let call = ApiCall::GetConference(conference(&name)?);
    let ApiResult::Conference(detail) = shared.control.call(app, call).await? else { return Err(mixed_up()) };
    let members: Vec<Value> = detail
        .members
        .iter()
        .map(|member| {
            json!({
                "memberId": member_id(member.member), "memName": format!("{key}_{}@{DOMAIN}", member.user),
                "role": role_number(member.role.into()),
            })
        })
        .collect();
    let mut reply = summary(&detail);
    merge(&mut reply, json!({"mems": members}));
    fine(reply)
}

/// What full names end with where no client has said otherwise.
const DOMAIN: &str = "easemob.com";

fn named(path: Result<Path<(String, String, String)>, PathRejection>) -> Result<(String, String), Refused> {
    let Path((org, app, name)) =
        path.map_err(|error| Fault::because(ErrorCode::BadMessage, error.body_text()))?;
    Ok((format!("{org}#{app}"), name))
}

/// End a conference.
pub(super) async fn end(
    State(shared): State<Shared>,
    path: Result<Path<(String, String, String)>, PathRejection>,
    headers: HeaderMap,
) -> Answer {
    let (key, name) = named(path)?;
    let app = caller(&shared, &key, &headers)?;
    let call = ApiCall::Destroy(None, Destroy { conference: conference(&name)? });
    let mark = shared.control.store.mark();
    shared.control.call(app, call).await?;
    kept(&shared.control.store, mark, app, "the end of a conference").await;
    fine(json!({}))
}

/// Remove a member.
pub(super) async fn remove(
    State(shared): State<Shared>,
    path: Result<Path<(String, String, String, String)>, PathRejection>,
    headers: HeaderMap,
) -> Answer {
    let Path((org, app, name, user)) =
        path.map_err(|error| Fault::because(ErrorCode::BadMessage, error.body_text()))?;
    let key = format!("{org}#{app}");
    let app = caller(&shared, &key, &headers)?;
    let (users, members) = match Named::parse(&user, &key)? {
        Named::User(user) => (vec![user], Vec::new()),
        Named::Member(member) => (Vec::new(), vec![member]),
    };
    let kick = Kick { conference: conference(&name)?, users, members };
    shared.control.call(app, ApiCall::Kick(None, kick)).await?;
    fine(json!({}))
}
