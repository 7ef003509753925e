//! What clients of this wire ask over HTTP: tickets, a look, their connection, and addresses of streams.

use super::body::{Answer, Body, Refused, fine, wrong};
use super::book::Note;
use super::desk::{Login, Who};
use super::frames::{kind_number, kind_of, merge, role_of};
use super::io::StreamRequest;
use super::{SOCKET_PATH, STREAMS_PATH, socket};
use crate::address::Reached;
use crate::clock::unix_ms;
use crate::http::Shared;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use huitong_engine::{ApiCall, ApiResult};
use huitong_gateway_signal::limits;
use huitong_protocol::{AskTicket, ConferenceSettings, Look, TicketReply};
use huitong_types::{ConferenceKind, ConferenceName, ErrorCode, Fault, Redacted, RoomId};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tracing::Instrument;

/// How long an address of a stream may take. The engine answers in microseconds.
const STREAM_WITHIN: Duration = Duration::from_secs(5);

/// A body as it came.
pub(super) type Raw = Result<Bytes, BytesRejection>;

/// What the path says about the application.
pub(super) fn key_of(path: Result<Path<(String, String)>, PathRejection>) -> Result<String, Refused> {
    let Path((org, app)) = path.map_err(|error| Fault::because(ErrorCode::BadMessage, error.body_text()))?;
    Ok(format!("{org}#{app}"))
}

/// Who asks, proved by its token.
fn asker(shared: &Shared, body: &Body, uid: &'static str) -> Result<Who, Refused> {
    let who = shared.wire.desk.who(&body.text(uid)?, &body.text("token")?, unix_ms())?;
    shared.wire.in_pace(&who)?;
    Ok(who)
}

/// The engine answered another question: a defect.
pub(super) fn mixed_up() -> Refused {
    tracing::error!("the engine's answer does not fit the request of the conference wire");
    ErrorCode::Internal.into()
}

fn password(body: &Body) -> Result<Option<Redacted<String>>, Fault> {
    Ok(body.maybe("password")?.map(|text| Redacted::new(text.into_owned())))
}

/// The settings in the body of a request that may create.
pub(super) fn settings(body: &Body, kind: ConferenceKind) -> Result<ConferenceSettings, Fault> {
    Ok(ConferenceSettings {
        kind,
        record: body.flag("rec"),
        record_merged: body.flag("recMerge"),
        max_talkers: body.number("maxTalkerCount")?,
        max_videos: body.number("maxVideoCount")?,
        max_audience: body.number("maxAudienceCount")?,
        max_screens: body.number("maxPubDesktopCount")?,
        // Whoever says nothing has nothing against being asked.
        no_hands: body.said("allowAudienceTalk") && !body.flag("allowAudienceTalk"),
        ..ConferenceSettings::default()
    })
}

async fn ask_ticket(shared: &Shared, who: &Who, ask: AskTicket) -> Result<TicketReply, Refused> {
    let call = ApiCall::AskTicket(who.user().clone(), Box::new(ask));
    match shared.control.call(who.app, call).await? {
        ApiResult::Ticket(reply) => Ok(*reply),
        _ => Err(mixed_up()),
    }
}

/// A conference's name as a client gives it.
pub(super) fn conference(name: &str) -> Result<ConferenceName, Fault> {
    ConferenceName::new(name).map_err(|_| Fault::new(ErrorCode::NoConference).in_field("confrId"))
}

/// Find or create the conference of a room.
pub(super) async fn room(
    State(shared): State<Shared>,
    path: Result<Path<(String, String)>, PathRejection>,
    body: Raw,
) -> Answer {
    let (key, body) = (key_of(path)?, Body::read(body)?);
    let who = asker(&shared, &body, "memName")?;
    if who.name.key != key {
        let sentence = "memName is a user of another application than the one in the path.";
        return Err(Fault::because(ErrorCode::CredentialForOther, sentence).in_field("memName").into());
    }
    let room =
        RoomId::text(&*body.text("roomName")?).map_err(|error| wrong("roomName", &error.to_string()))?;
    let ask = AskTicket {
        room: Some(room),
        settings: Some(settings(&body, kind_of(body.field("confrType"))?)?),
        password: password(&body)?,
        ..AskTicket::default()
    };
    let reply = ask_ticket(&shared, &who, ask).await?;
    fine(json!({"confrId": reply.conference, "isCreator": reply.created}))
}

/// A ticket to a conference, or to a new one.
pub(super) async fn ticket(State(shared): State<Shared>, headers: HeaderMap, body: Raw) -> Answer {
    let body = Body::read(body)?;
    let who = asker(&shared, &body, "uid")?;
    let role = role_of(body.field("role"))?;
    let password = password(&body)?;
    let ask = match body.maybe("confrId")? {
        Some(name) => {
            AskTicket { conference: Some(conference(&name)?), password, role, ..AskTicket::default() }
        }
        // Who creates says of which type. A client whose room was not found asks without an id, and must not get a new one.
        None if body.field("confrType").is_some() => {
            let settings = settings(&body, kind_of(body.field("confrType"))?)?;
            AskTicket { settings: Some(settings), password, ..AskTicket::default() }
        }
        None => return Err(Fault::new(ErrorCode::NoConference).in_field("confrId").into()),
    };
    let reply = ask_ticket(&shared, &who, ask).await?;
    let url = websocket(&shared.address.http_for(&Reached::by(&headers)), SOCKET_PATH);
    let login = Login { who, conference: reply.conference.clone(), ticket: reply.ticket };
    let expires = unix_ms().saturating_add(u64::from(reply.valid_ms));
    let text = shared.wire.desk.ticket(&login, url, expires);
    let text = serde_json::to_string(&text).map_err(|_| Fault::new(ErrorCode::Internal))?;
    let token = shared.wire.desk.role_token(&login.who, &reply.conference);
    fine(json!({
        "confrId": reply.conference, "ticket": text, "type": kind_number(reply.kind), "roleToken": token,
        "password": body.maybe("password")?.unwrap_or_default(), "data": {"roleToken": token},
    }))
}

fn websocket(http: &str, path: &str) -> String {
    format!("{}{path}", http.replacen("http", "ws", 1))
}

/// What a conference is like, without entering it.
pub(super) async fn look(State(shared): State<Shared>, body: Raw) -> Answer {
    let body = Body::read(body)?;
    let who = asker(&shared, &body, "uid")?;
    let look = Look { conference: conference(&body.text("confrId")?)?, password: password(&body)? };
    match shared.control.call(who.app, ApiCall::Look(who.user().clone(), look)).await? {
        ApiResult::Look(reply) => {
            let talkers: Vec<String> = reply.talkers.iter().map(|user| who.name.of(user)).collect();
            fine(json!({"confr": {
                "id": reply.conference, "type": kind_number(reply.kind), "memTotal": reply.members,
                "audienceTotal": reply.audience, "talkers": talkers,
            }}))
        }
        _ => Err(mixed_up()),
    }
}

/// The connection of a client.
pub(super) async fn socket(
    State(shared): State<Shared>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => {
            let sentence = format!("Conferences are entered over WebSocket here: {rejection}.");
            return Refused(Fault::because(ErrorCode::BadMessage, sentence)).into_response();
        }
    };
    let reached = Reached::by(&headers);
    let media = shared.address.media_for(&reached);
    let way = socket::Way {
        remote,
        media: (media != shared.address.media()).then(|| Arc::new(media)),
        streams: format!("{}{STREAMS_PATH}", shared.address.http_for(&reached)),
    };
    let span = tracing::info_span!(parent: None, "wire", %remote);
    let (emedia, control, shutdown) =
        (Arc::clone(&shared.wire), shared.control.clone(), shared.shutdown.clone());
    upgrade
        .read_buffer_size(limits::READ_BUFFER_BYTES)
        .write_buffer_size(limits::WRITE_BUFFER_BYTES)
        .max_write_buffer_size(limits::MAX_WRITE_BUFFER_BYTES)
        .max_frame_size(limits::TOLERATED_FRAME_BYTES)
        .max_message_size(limits::TOLERATED_FRAME_BYTES)
        .on_upgrade(move |socket| socket::run(socket, way, emedia, control, shutdown).instrument(span))
}

/// Addresses of streams. Who knows the secret is the member; a refusal is what clients of this wire understand as one.
pub(super) async fn stream(
    State(shared): State<Shared>,
    path: Result<Path<String>, PathRejection>,
    body: Raw,
) -> Json<Value> {
    let refused = |fault: &Fault| {
        metrics::counter!("huitong_wire_refused_total", "code" => fault.code.as_str()).increment(1);
        json!({"error": -1, "message": fault.message})
    };
    Json(match stream_address(&shared, path, body).await {
        Ok(address) => {
            let mut body = json!({"error": 0});
            merge(&mut body, json!({"rtmp": address}));
            body
        }
        Err(Refused(fault)) => refused(&fault),
    })
}

async fn stream_address(
    shared: &Shared,
    path: Result<Path<String>, PathRejection>,
    body: Raw,
) -> Result<String, Refused> {
    let Path(secret) = path.map_err(|_| Fault::new(ErrorCode::NotInConference))?;
    let body = Body::read(body)?;
    let request = match &*body.text("op")? {
        "pubS" => StreamRequest::Push(body.text("rtcId")?.into_owned()),
        "subS" => StreamRequest::Play(body.text("streamId")?.into_owned()),
        _ => return Err(wrong("op", "is neither pubS nor subS").into()),
    };
    let notes = shared.wire.book.holder(&secret).ok_or(ErrorCode::NotInConference)?;
    let (answer, answered) = oneshot::channel();
    notes.try_send(Note::Stream { request, answer }).map_err(|_| Fault::new(ErrorCode::RateLimited))?;
    match tokio::time::timeout(STREAM_WITHIN, answered).await {
        Ok(Ok(answer)) => answer.map_err(Refused),
        Ok(Err(_)) | Err(_) => Err(ErrorCode::Timeout.into()),
    }
}
