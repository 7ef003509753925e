//! What the operator of the server sees and decides of all applications.
#![allow(unused_qualifications, reason = "the macro that describes the calls writes paths in full")]

use super::auth::{Caller, Operator};
use super::params::{self, invalid};
use super::refusal::Refusal;
use crate::config::QUOTA_MOST;
use crate::http::Shared;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use huitong_engine::{ApiCall, Suspender};
use huitong_protocol::api::{Account, AccountList, ApiError, Quota};
use huitong_types::{AppId, ErrorCode, Fault};
use serde_json::{Map, Value};

/// What the application may use, what it has used, and whether anything may begin.
#[utoipa::path(
    get, path = "/v1/account", operation_id = "getOwnAccount", tag = "usage",
    responses((status = 200, description = "What holds now.", body = Account))
)]
pub(super) async fn own(State(shared): State<Shared>, caller: Caller) -> Result<Json<Account>, Refusal> {
    only(caller.app, shared.control.accounts(Some(caller.app)).await?)
}

/// How each application of the server stands.
#[utoipa::path(
    get, path = "/v1/operator/accounts", operation_id = "listAccounts", tag = "operator", security(("operator" = [])),
    responses(
        (status = 200, description = "All applications of the configuration.", body = AccountList),
        (status = 404, description = "The server has no operator.", body = ApiError),
    )
)]
pub(super) async fn list(
    State(shared): State<Shared>,
    _operator: Operator,
) -> Result<Json<AccountList>, Refusal> {
    Ok(Json(AccountList { accounts: shared.control.accounts(None).await? }))
}

/// How one application stands.
#[utoipa::path(
    get, path = "/v1/operator/accounts/{app}", operation_id = "getAccount", tag = "operator",
    params(("app" = u32, Path, description = "The application.")), security(("operator" = [])),
    responses(
        (status = 200, description = "What holds now.", body = Account),
        (status = 404, description = "There is no such application.", body = ApiError),
    )
)]
pub(super) async fn detail(
    State(shared): State<Shared>,
    _operator: Operator,
    app: Result<Path<String>, PathRejection>,
) -> Result<Json<Account>, Refusal> {
    let app = known(&shared, app)?;
    only(app, shared.control.accounts(Some(app)).await?)
}

/// Suspend an application: nobody enters a room or begins a call from now on. What runs goes on. Its back-end cannot lift it.
#[utoipa::path(
    put, path = "/v1/operator/accounts/{app}/suspension", operation_id = "suspendAccount", tag = "operator",
    params(("app" = u32, Path, description = "The application.")), security(("operator" = [])),
    responses(
        (status = 200, description = "It is suspended, also after a restart.", body = Account),
        (status = 404, description = "There is no such application.", body = ApiError),
    )
)]
pub(super) async fn suspend(
    State(shared): State<Shared>,
    _operator: Operator,
    app: Result<Path<String>, PathRejection>,
) -> Result<Json<Account>, Refusal> {
    change(&shared, app, true).await
}

/// Lift the operator's suspension. One by the application's own back-end stays.
#[utoipa::path(
    delete, path = "/v1/operator/accounts/{app}/suspension", operation_id = "resumeAccount", tag = "operator",
    params(("app" = u32, Path, description = "The application.")), security(("operator" = [])),
    responses(
        (status = 200, description = "The operator does not suspend it any more.", body = Account),
        (status = 403, description = "The configuration of the server suspends it.", body = ApiError),
        (status = 404, description = "There is no such application.", body = ApiError),
    )
)]
pub(super) async fn resume(
    State(shared): State<Shared>,
    _operator: Operator,
    app: Result<Path<String>, PathRejection>,
) -> Result<Json<Account>, Refusal> {
    change(&shared, app, false).await
}

/// Let an application use this from now on, in the place of what the configuration says.
#[utoipa::path(
    put, path = "/v1/operator/accounts/{app}/quota", operation_id = "setQuota", tag = "operator", request_body = Quota,
    params(("app" = u32, Path, description = "The application.")), security(("operator" = [])),
    responses(
        (status = 200, description = "It holds, also after a restart.", body = Account),
        (status = 400, description = "The body is wrong.", body = ApiError),
        (status = 404, description = "There is no such application.", body = ApiError),
    )
)]
pub(super) async fn allow(
    State(shared): State<Shared>,
    _operator: Operator,
    app: Result<Path<String>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Account>, Refusal> {
    let app = known(&shared, app)?;
    // A list would be read as one without names, and the empty one as no limit at all.
    let named: Map<String, Value> = params::body(body, "a quota")?;
    let quota: Quota = serde_json::from_value(Value::Object(named)).map_err(|error| {
        Fault::because(ErrorCode::BadMessage, format!("The body is not a quota: {error}."))
    })?;
    for (field, minutes) in [
        ("audioMinutesPerDay", quota.audio_minutes_per_day),
        ("videoMinutesPerDay", quota.video_minutes_per_day),
        ("audioMinutesPerMonth", quota.audio_minutes_per_month),
        ("videoMinutesPerMonth", quota.video_minutes_per_month),
    ] {
        if let Some(minutes) = minutes.filter(|minutes| *minutes > QUOTA_MOST) {
            return Err(invalid(field, &format!("it is {minutes}, allowed are 0 to {QUOTA_MOST}")));
        }
    }
    set_quota(&shared, app, Some(quota)).await
}

/// Let an application use again what the configuration says.
#[utoipa::path(
    delete, path = "/v1/operator/accounts/{app}/quota", operation_id = "resetQuota", tag = "operator",
    params(("app" = u32, Path, description = "The application.")), security(("operator" = [])),
    responses(
        (status = 200, description = "It holds, also after a restart.", body = Account),
        (status = 404, description = "There is no such application.", body = ApiError),
    )
)]
pub(super) async fn reset(
    State(shared): State<Shared>,
    _operator: Operator,
    app: Result<Path<String>, PathRejection>,
) -> Result<Json<Account>, Refusal> {
    let app = known(&shared, app)?;
    set_quota(&shared, app, None).await
}

async fn change(
    shared: &Shared,
    app: Result<Path<String>, PathRejection>,
    suspend: bool,
) -> Result<Json<Account>, Refusal> {
    let app = known(shared, app)?;
    let mark = shared.control.store.mark();
    shared.control.call(app, ApiCall::Suspend(Suspender::Operator, suspend)).await?;
    params::kept(&shared.control.store, mark, app, "a suspension").await;
    only(app, shared.control.accounts(Some(app)).await?)
}

async fn set_quota(shared: &Shared, app: AppId, quota: Option<Quota>) -> Result<Json<Account>, Refusal> {
    let mark = shared.control.store.mark();
    let accounts = shared.control.allow(app, quota).await?;
    params::kept(&shared.control.store, mark, app, "a quota").await;
    only(app, accounts)
}

/// The application that the path names, if it is served.
fn known(shared: &Shared, app: Result<Path<String>, PathRejection>) -> Result<AppId, Refusal> {
    let text = params::segment(app)?;
    let app = text.parse().ok().and_then(|number| AppId::new(number).ok());
    app.filter(|app| shared.apps.contains_key(app)).ok_or_else(|| missing(&text))
}

fn only(app: AppId, accounts: Vec<Account>) -> Result<Json<Account>, Refusal> {
    accounts.into_iter().next().map(Json).ok_or_else(|| missing(&app.to_string()))
}

fn missing(app: &str) -> Refusal {
    Fault::because(ErrorCode::NotFound, format!("This server does not serve application {app}.")).into()
}
