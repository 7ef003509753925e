//! Conferences: made, looked at, steered and ended by the application's back-end.
#![allow(unused_qualifications, reason = "the macro that describes the calls writes paths in full")]

use super::auth::Caller;
use super::params::{self, Page, done, invalid, mixed_up};
use super::refusal::Refusal;
use crate::http::Shared;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use huitong_engine::{ApiCall, ApiResult, Silence};
use huitong_protocol::api::{
    ApiError, ConferenceDetail, ConferenceList, ConferenceMemberChange, ConferenceRequest,
};
use huitong_protocol::{Destroy, Grant, Kick};
use huitong_types::{ConferenceName, UserId};

fn named(name: &str) -> Result<ConferenceName, Refusal> {
    ConferenceName::new(name).map_err(|error| invalid("conference", &error.to_string()))
}

/// The conference and the user in the path.
fn member(path: Result<Path<(String, String)>, PathRejection>) -> Result<(ConferenceName, UserId), Refusal> {
    let Path((conference, user)) = path.map_err(params::unreadable)?;
    let user = UserId::new(user).map_err(|error| invalid("user", &error.to_string()))?;
    Ok((named(&conference)?, user))
}

/// Make a conference. Its creator, if one is named, is its admin and needs no password.
#[utoipa::path(
    post, path = "/v1/conferences", operation_id = "createConference", tag = "conferences",
    request_body = ConferenceRequest,
    responses(
        (status = 201, description = "It is there.", body = ConferenceDetail),
        (status = 400, description = "The body is wrong.", body = ApiError),
        (status = 409, description = "The room is in use (`room-taken`, `scene-mismatch`).", body = ApiError),
    )
)]
pub(super) async fn create(
    State(shared): State<Shared>,
    caller: Caller,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<ConferenceDetail>), Refusal> {
    let request: ConferenceRequest = params::body(body, "a request for a conference")?;
    let mark = shared.control.store.mark();
    match shared.control.call(caller.app, ApiCall::CreateConference(Box::new(request))).await? {
        ApiResult::Conference(detail) => {
            params::kept(&shared.control.store, mark, caller.app, "a conference").await;
            Ok((StatusCode::CREATED, Json(*detail)))
        }
        _ => Err(mixed_up()),
    }
}

/// List the conferences that are not over.
#[utoipa::path(
    get, path = "/v1/conferences", operation_id = "listConferences", tag = "conferences", params(Page),
    responses(
        (status = 200, description = "A page of conferences, the oldest first.", body = ConferenceList),
        (status = 400, description = "A parameter is wrong.", body = ApiError),
    )
)]
pub(super) async fn list(
    State(shared): State<Shared>,
    caller: Caller,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<ConferenceList>, Refusal> {
    let Page { offset, limit } = params::page(page)?;
    let limit = params::limit(limit)?;
    match shared.control.call(caller.app, ApiCall::ListConferences { offset, limit }).await? {
        ApiResult::Conferences(list) => Ok(Json(list)),
        _ => Err(mixed_up()),
    }
}

/// One conference with its members.
#[utoipa::path(
    get, path = "/v1/conferences/{conference}", operation_id = "getConference", tag = "conferences",
    params(("conference" = String, Path, description = "The name of the conference.")),
    responses(
        (status = 200, description = "The conference and who is in it, as what.", body = ConferenceDetail),
        (status = 404, description = "There is no such conference, or it is over (`no-conference`).", body = ApiError),
    )
)]
pub(super) async fn detail(
    State(shared): State<Shared>,
    caller: Caller,
    conference: Result<Path<String>, PathRejection>,
) -> Result<Json<ConferenceDetail>, Refusal> {
    let conference = named(&params::segment(conference)?)?;
    match shared.control.call(caller.app, ApiCall::GetConference(conference)).await? {
        ApiResult::Conference(detail) => Ok(Json(*detail)),
        _ => Err(mixed_up()),
    }
}

/// End a conference for everybody in it.
#[utoipa::path(
    delete, path = "/v1/conferences/{conference}", operation_id = "endConference", tag = "conferences",
    params(("conference" = String, Path, description = "The name of the conference.")),
    responses(
        (status = 204, description = "Done."),
        (status = 404, description = "There is no such conference, or it is over (`no-conference`).", body = ApiError),
    )
)]
pub(super) async fn end(
    State(shared): State<Shared>,
    caller: Caller,
    conference: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Refusal> {
    let conference = named(&params::segment(conference)?)?;
    let mark = shared.control.store.mark();
    let status =
        done(shared.control.call(caller.app, ApiCall::Destroy(None, Destroy { conference })).await?)?;
    params::kept(&shared.control.store, mark, caller.app, "the end of a conference").await;
    Ok(status)
}

/// Change what a member may do: its role, and whether its sound and its picture are left out.
#[utoipa::path(
    put, path = "/v1/conferences/{conference}/members/{user}", operation_id = "changeConferenceMember",
    tag = "conferences", request_body = ConferenceMemberChange,
    params(
        ("conference" = String, Path, description = "The name of the conference."),
        ("user" = String, Path, description = "The user."),
    ),
    responses(
        (status = 204, description = "Done."),
        (status = 400, description = "The body is wrong.", body = ApiError),
        (status = 404, description = "No such conference, or the user is not in it (`nobody-there`).", body = ApiError),
        (status = 409, description = "Not possible now (`talkers-full`, `last-admin`).", body = ApiError),
    )
)]
pub(super) async fn change(
    State(shared): State<Shared>,
    caller: Caller,
    path: Result<Path<(String, String)>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Refusal> {
    let (conference, user) = member(path)?;
    let change: ConferenceMemberChange = params::body(body, "a change of a member")?;
    let (users, members) = (vec![user], Vec::new());
    if let Some(role) = change.role {
        let grant = Grant {
            conference: conference.clone(),
            users: users.clone(),
            members: members.clone(),
            role: role.into(),
        };
        shared.control.call(caller.app, ApiCall::Grant(None, grant)).await?;
    }
    if change.no_audio.is_some() || change.no_video.is_some() {
        let (audio, video) = (change.no_audio, change.no_video);
        let silence = Silence { conference, users, members, audio, video };
        shared.control.call(caller.app, ApiCall::Mute(None, silence)).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Remove a member. Its media ends at once.
#[utoipa::path(
    delete, path = "/v1/conferences/{conference}/members/{user}", operation_id = "removeConferenceMember",
    tag = "conferences",
    params(
        ("conference" = String, Path, description = "The name of the conference."),
        ("user" = String, Path, description = "The user."),
    ),
    responses(
        (status = 204, description = "Done."),
        (status = 404, description = "No such conference, or the user is not in it (`nobody-there`).", body = ApiError),
    )
)]
pub(super) async fn remove(
    State(shared): State<Shared>,
    caller: Caller,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<StatusCode, Refusal> {
    let (conference, user) = member(path)?;
    let kick = Kick { conference, users: vec![user], members: Vec::new() };
    match shared.control.call(caller.app, ApiCall::Kick(None, kick)).await? {
        ApiResult::Members(_) => Ok(StatusCode::NO_CONTENT),
        _ => Err(mixed_up()),
    }
}
