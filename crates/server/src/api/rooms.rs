//! Rooms, their members and their URLs.
#![allow(unused_qualifications, reason = "the macro that describes the calls writes paths in full")]

use super::auth::Caller;
use super::params::{self, Page, done, invalid, mixed_up, unreadable};
use super::refusal::Refusal;
use super::streams;
use crate::address::Reached;
use crate::http::Shared;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{FromRequestParts, Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use huitong_engine::{ApiCall, ApiResult};
use huitong_protocol::MediaBases;
use huitong_protocol::api::{ApiError, RoomDetail, RoomList, UrlReply, UrlRequest};
use huitong_types::{RoomId, UserId};

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
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<RoomList>, Refusal> {
    let Page { offset, limit } = params::page(page)?;
    let limit = params::limit(limit)?;
    match shared.control.call(caller.app, ApiCall::ListRooms { offset, limit }).await? {
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
    let request: UrlRequest = params::body(body, "a request for URLs")?;
    let mark = shared.control.store.mark();
    match shared.control.call(caller.app, ApiCall::MintUrl(room, request)).await? {
        ApiResult::Urls(mut reply) => {
            params::kept(&shared.control.store, mark, caller.app, "a minted URL").await;
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
