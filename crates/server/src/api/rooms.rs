//! The calls.
#![allow(unused_qualifications, reason = "the macro that describes the calls writes paths in full")]

use super::auth::Caller;
use super::refusal::Refusal;
use super::streams;
use crate::address::Reached;
use crate::http::Shared;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{FromRequestParts, Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use huitong_engine::{ApiCall, ApiResult};
use huitong_protocol::MediaBases;
use huitong_protocol::api::{ApiError, RoomDetail, RoomList, UrlReply, UrlRequest};
use huitong_types::{ErrorCode, Fault, RoomId, UserId};
use serde::Deserialize;
use std::time::Duration;
use utoipa::IntoParams;

/// Rooms in one answer when the caller names no number.
const PAGE: usize = 100;

/// Rooms in one answer at most.
const PAGE_MAX: usize = 1000;

/// How long the answer with a minted URL waits for the disk. A disk that works takes some milliseconds.
const KEPT_WITHIN: Duration = Duration::from_secs(2);

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// How many rooms to skip; default 0.
    #[serde(default)]
    offset: usize,
    /// How many rooms to return at most, 1 to 1000; default 100.
    limit: Option<usize>,
}

/// List the rooms of the application.
#[utoipa::path(
    get, path = "/v1/rooms", operation_id = "listRooms", tag = "rooms", params(Page),
    responses(
        (status = 200, description = "A page of rooms, by name.", body = RoomList),
        (status = 400, description = "A parameter is wrong.", body = ApiError),
    )
)]
pub(super) async fn list(
    State(shared): State<Shared>,
    caller: Caller,
    page: Result<Query<Page>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<RoomList>, Refusal> {
    let Query(page) = page.map_err(|error| invalid("offset and limit", &error.body_text()))?;
    let limit = page.limit.unwrap_or(PAGE);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(invalid("limit", &format!("it is {limit}, allowed is 1 to {PAGE_MAX}")));
    }
    match shared.control.call(caller.app, ApiCall::ListRooms { offset: page.offset, limit }).await? {
        ApiResult::Rooms(rooms) => Ok(Json(rooms)),
        _ => Err(mixed_up()),
    }
}

/// One room with its members and their streams.
#[utoipa::path(
    get, path = "/v1/rooms/{room}", operation_id = "getRoom", tag = "rooms",
    params(("room" = String, Path, description = "The room, such as `1234`, `abc` or `@1234`.")),
    responses(
        (status = 200, description = "The room with media figures of every stream.", body = RoomDetail),
        (status = 400, description = "A parameter is wrong.", body = ApiError),
        (status = 404, description = "There is no such room.", body = ApiError),
    )
)]
pub(super) async fn detail(
    State(shared): State<Shared>,
    caller: Caller,
    RoomPath(room): RoomPath,
) -> Result<Json<RoomDetail>, Refusal> {
    match shared.control.call(caller.app, ApiCall::GetRoom(room)).await? {
        ApiResult::Room(mut detail, ids) => {
            streams::fill(&mut detail.members, &ids, &shared.fanout);
            Ok(Json(detail))
        }
        _ => Err(mixed_up()),
    }
}

/// Dissolve a room: every member is told and its media is cut.
#[utoipa::path(
    delete, path = "/v1/rooms/{room}", operation_id = "dissolveRoom", tag = "rooms",
    params(("room" = String, Path, description = "The room, such as `1234`, `abc` or `@1234`.")),
    responses(
        (status = 204, description = "Done."),
        (status = 400, description = "A parameter is wrong.", body = ApiError),
        (status = 404, description = "There is no such room.", body = ApiError),
    )
)]
pub(super) async fn dissolve(
    State(shared): State<Shared>,
    caller: Caller,
    RoomPath(room): RoomPath,
) -> Result<StatusCode, Refusal> {
    done(shared.control.call(caller.app, ApiCall::DissolveRoom(room)).await?)
}

/// Remove a member from a room: it and the others are told, and its media is cut.
#[utoipa::path(
    delete, path = "/v1/rooms/{room}/members/{user}", operation_id = "removeMember", tag = "rooms",
    params(
        ("room" = String, Path, description = "The room, such as `1234`, `abc` or `@1234`."),
        ("user" = String, Path, description = "The member."),
    ),
    responses(
        (status = 204, description = "Done."),
        (status = 404, description = "There is no such room or member.", body = ApiError),
    )
)]
pub(super) async fn remove_member(
    State(shared): State<Shared>,
    caller: Caller,
    MemberPath(room, user): MemberPath,
) -> Result<StatusCode, Refusal> {
    let call = ApiCall::RemoveMember(room, user);
    done(shared.control.call(caller.app, call).await?)
}

/// Mint URLs to push a stream as a member, or to play a member's stream. Such a URL may be used by many
/// connections until it expires.
#[utoipa::path(
    post, path = "/v1/rooms/{room}/urls", operation_id = "mintUrls", tag = "rooms", request_body = UrlRequest,
    params(("room" = String, Path, description = "The room, such as `1234`, `abc` or `@1234`.")),
    responses(
        (status = 200, description = "One URL per transport.", body = UrlReply),
        (status = 400, description = "The body is wrong.", body = ApiError),
    )
)]
pub(super) async fn urls(
    State(shared): State<Shared>,
    caller: Caller,
    RoomPath(room): RoomPath,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<UrlReply>, Refusal> {
    let body =
        body.map_err(|error| Refusal::new(error.status(), ErrorCode::BadMessage, error.body_text()))?;
    let request: UrlRequest = serde_json::from_slice(&body).map_err(|error| {
        let sentence = format!("The body is not a request for URLs: {error}.");
        Refusal::from(Fault::because(ErrorCode::BadMessage, sentence))
    })?;
    let mark = shared.control.store.mark();
    match shared.control.call(caller.app, ApiCall::MintUrl(room, request)).await? {
        ApiResult::Urls(mut reply) => {
            if shared.control.store.kept(mark, KEPT_WITHIN).await.is_err() {
                // The URL works; whoever has it may find out after the next restart.
                tracing::warn!(app = caller.app.get(), "a minted URL is not on the disk yet");
            }
            let media = shared.address.media_for(&Reached::by(&headers));
            for url in &mut reply.urls {
                url.url = rebased(&url.url, &shared.address.media(), &media);
            }
            Ok(Json(reply))
        }
        _ => Err(mixed_up()),
    }
}

/// The URL under the address by which the caller reached this server.
fn rebased(url: &str, from: &MediaBases, to: &MediaBases) -> String {
    let pairs = [
        (&from.rtmp, &to.rtmp),
        (&from.flv, &to.flv),
        (&from.ws_flv, &to.ws_flv),
        (&from.whip, &to.whip),
        (&from.whep, &to.whep),
    ];
    let moved = pairs.iter().find_map(|(from, to)| Some(format!("{to}{}", url.strip_prefix(from.as_str())?)));
    moved.unwrap_or_else(|| url.to_owned())
}

/// The room in the path.
pub(super) struct RoomPath(RoomId);

impl<S: Send + Sync> FromRequestParts<S> for RoomPath {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Path(room) = Path::<String>::from_request_parts(parts, state).await.map_err(unreadable)?;
        Ok(Self(room_id(&room)?))
    }
}

/// The room and the user in the path.
pub(super) struct MemberPath(RoomId, UserId);

impl<S: Send + Sync> FromRequestParts<S> for MemberPath {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((room, user)) = path.map_err(unreadable)?;
        let user = UserId::new(&user).map_err(|error| invalid("user", &error.to_string()))?;
        Ok(Self(room_id(&room)?, user))
    }
}

fn room_id(text: &str) -> Result<RoomId, Refusal> {
    RoomId::parse(text).map_err(|error| invalid("room", &error.to_string()))
}

/// What is not UTF-8 under its percent signs names nothing.
#[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
fn unreadable(error: PathRejection) -> Refusal {
    invalid("path", &error.body_text())
}

fn invalid(what: &'static str, why: &str) -> Refusal {
    let sentence = format!("The parameter {what} is not valid: {}.", why.trim_end_matches('.'));
    Fault::because(ErrorCode::InvalidField, sentence).in_field(what).into()
}

fn done(result: ApiResult) -> Result<StatusCode, Refusal> {
    match result {
        ApiResult::Done => Ok(StatusCode::NO_CONTENT),
        _ => Err(mixed_up()),
    }
}

/// The engine answered another question: a defect.
fn mixed_up() -> Refusal {
    tracing::error!("the engine's answer does not fit the API call");
    Fault::new(ErrorCode::Internal).into()
}
