//! Groups: whom the application's back-end lets call each other in one.
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
use huitong_protocol::api::{ApiError, GroupDetail, GroupList, GroupRequest};

/// Longest body of a request for a group, bytes: as many of the longest names as it may have, with room to spare.
pub(super) const BODY_BYTES: usize = 512 * 1024;

/// Make a group, or say anew who is in it. Calls in progress go on as they are. Without a group of this id, everybody may
/// call everybody in its name.
#[utoipa::path(
    put, path = "/v1/groups/{group}", operation_id = "putGroup", tag = "groups", request_body = GroupRequest,
    params(("group" = String, Path, description = "The id of the group.")),
    responses(
        (status = 200, description = "The group as it is kept now.", body = GroupDetail),
        (status = 400, description = "The id or the body is wrong.", body = ApiError),
    )
)]
pub(super) async fn put(
    State(shared): State<Shared>,
    caller: Caller,
    group: Result<Path<String>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<GroupDetail>, Refusal> {
    let group = params::segment(group)?;
    let request: GroupRequest = params::body(body, "a list of members")?;
    let mark = shared.control.store.mark();
    match shared.control.call(caller.app, ApiCall::PutGroup(group, request)).await? {
        ApiResult::Group(group) => {
            params::kept(&shared.control.store, mark, caller.app, "a group").await;
            Ok(Json(group))
        }
        _ => Err(mixed_up()),
    }
}

/// List the groups of the application.
#[utoipa::path(
    get, path = "/v1/groups", operation_id = "listGroups", tag = "groups", params(Page),
    responses(
        (status = 200, description = "A page of groups, by id.", body = GroupList),
        (status = 400, description = "A parameter is wrong.", body = ApiError),
    )
)]
pub(super) async fn list(
    State(shared): State<Shared>,
    caller: Caller,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<GroupList>, Refusal> {
    let Page { offset, limit } = params::page(page)?;
    let limit = params::limit(limit)?;
    match shared.control.call(caller.app, ApiCall::ListGroups { offset, limit }).await? {
        ApiResult::Groups(groups) => Ok(Json(groups)),
        _ => Err(mixed_up()),
    }
}

/// One group with its members.
#[utoipa::path(
    get, path = "/v1/groups/{group}", operation_id = "getGroup", tag = "groups",
    params(("group" = String, Path, description = "The id of the group.")),
    responses(
        (status = 200, description = "The group.", body = GroupDetail),
        (status = 400, description = "The id is wrong.", body = ApiError),
        (status = 404, description = "There is no such group.", body = ApiError),
    )
)]
pub(super) async fn detail(
    State(shared): State<Shared>,
    caller: Caller,
    group: Result<Path<String>, PathRejection>,
) -> Result<Json<GroupDetail>, Refusal> {
    let group = params::segment(group)?;
    match shared.control.call(caller.app, ApiCall::GetGroup(group)).await? {
        ApiResult::Group(group) => Ok(Json(group)),
        _ => Err(mixed_up()),
    }
}

/// Keep a group no longer. Calls in progress go on.
#[utoipa::path(
    delete, path = "/v1/groups/{group}", operation_id = "dropGroup", tag = "groups",
    params(("group" = String, Path, description = "The id of the group.")),
    responses(
        (status = 204, description = "Done."),
        (status = 400, description = "The id is wrong.", body = ApiError),
        (status = 404, description = "There is no such group.", body = ApiError),
    )
)]
pub(super) async fn drop(
    State(shared): State<Shared>,
    caller: Caller,
    group: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Refusal> {
    let group = params::segment(group)?;
    let mark = shared.control.store.mark();
    let dropped = done(shared.control.call(caller.app, ApiCall::DropGroup(group)).await?)?;
    params::kept(&shared.control.store, mark, caller.app, "the end of a group").await;
    Ok(dropped)
}
