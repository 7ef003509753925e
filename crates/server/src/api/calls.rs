//! Calls in progress: made, looked at and ended by the application's back-end.
#![allow(unused_qualifications, reason = "the macro that describes the calls writes paths in full")]

use super::auth::Caller;
use super::params::{self, Page, done, mixed_up};
use super::refusal::Refusal;
use crate::http::Shared;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use huitong_engine::{ApiCall, ApiResult};
use huitong_protocol::api::{ApiError, CallList, CallRequest, CallSummary};

/// Start a call: it rings at everybody in it, and is connected when two have answered. With `room` it leads into a room where others are: it does not
/// ring at the caller, and whoever answers is connected.
#[utoipa::path(
    post, path = "/v1/calls", operation_id = "startCall", tag = "calls", request_body = CallRequest,
    responses(
        (status = 201, description = "It rings.", body = CallSummary),
        (status = 400, description = "The body is wrong.", body = ApiError),
        (status = 403, description = "Somebody is not a member of the group (`not-in-group`).", body = ApiError),
        (status = 409, description = "The caller is in a call (`call-busy`); `room` has the scene `live` (`scene-mismatch`) or is that of another call (`room-taken`).", body = ApiError),
    )
)]
pub(super) async fn start(
    State(shared): State<Shared>,
    caller: Caller,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<CallSummary>), Refusal> {
    let request: CallRequest = params::body(body, "a request for a call")?;
    match shared.control.call(caller.app, ApiCall::StartCall(request)).await? {
        ApiResult::Call(call) => Ok((StatusCode::CREATED, Json(call))),
        _ => Err(mixed_up()),
    }
}

/// List the calls in progress. Those that are over have records.
#[utoipa::path(
    get, path = "/v1/calls", operation_id = "listCalls", tag = "calls", params(Page),
    responses(
        (status = 200, description = "A page of calls, the oldest first.", body = CallList),
        (status = 400, description = "A parameter is wrong.", body = ApiError),
    )
)]
pub(super) async fn list(
    State(shared): State<Shared>,
    caller: Caller,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<CallList>, Refusal> {
    let Page { offset, limit } = params::page(page)?;
    let limit = params::limit(limit)?;
    match shared.control.call(caller.app, ApiCall::ListCalls { offset, limit }).await? {
        ApiResult::Calls(calls) => Ok(Json(calls)),
        _ => Err(mixed_up()),
    }
}

/// One call in progress.
#[utoipa::path(
    get, path = "/v1/calls/{call}", operation_id = "getCall", tag = "calls",
    params(("call" = String, Path, description = "The id of the call.")),
    responses(
        (status = 200, description = "The call and how it stands with everybody in it.", body = CallSummary),
        (status = 404, description = "There is no such call, or it is over (`call-gone`).", body = ApiError),
    )
)]
pub(super) async fn detail(
    State(shared): State<Shared>,
    caller: Caller,
    call: Result<Path<String>, PathRejection>,
) -> Result<Json<CallSummary>, Refusal> {
    let call = params::segment(call)?;
    match shared.control.call(caller.app, ApiCall::GetCall(call)).await? {
        ApiResult::Call(call) => Ok(Json(call)),
        _ => Err(mixed_up()),
    }
}

/// End a call for everybody in it, with the reason `ended`.
#[utoipa::path(
    delete, path = "/v1/calls/{call}", operation_id = "endCall", tag = "calls",
    params(("call" = String, Path, description = "The id of the call.")),
    responses(
        (status = 204, description = "Done."),
        (status = 404, description = "There is no such call, or it is over (`call-gone`).", body = ApiError),
    )
)]
pub(super) async fn end(
    State(shared): State<Shared>,
    caller: Caller,
    call: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Refusal> {
    let call = params::segment(call)?;
    done(shared.control.call(caller.app, ApiCall::EndCall(call)).await?)
}
