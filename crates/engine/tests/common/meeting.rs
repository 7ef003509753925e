//! Conferences as clients use them, with the doubles of `common`.

use super::World;
use huitong_engine::{ApiCall, ApiResult};
use huitong_protocol::api::{ConferenceRequest, UrlKind, UrlRequest};
use huitong_protocol::{Done, Event, TicketReply};
use huitong_types::{ConferenceExit, ConferenceName, ErrorCode, RoomId, StreamKey};
use serde_json::{Value, json};

pub fn named(name: &str) -> Value {
    json!({ "text": name })
}

/// Asks for a ticket with these fields.
pub fn ticket(world: &mut World, who: usize, mut fields: Value) -> Result<TicketReply, ErrorCode> {
    fields["op"] = json!("ticket");
    world.ask(who, fields).map(|done| match done {
        Done::Ticket(reply) => reply,
        other => panic!("{other:?}"),
    })
}

pub fn enter_with(
    world: &mut World,
    who: usize,
    ticket: &TicketReply,
    more: Value,
) -> Result<Done, ErrorCode> {
    let mut request =
        json!({ "op": "enter", "conference": ticket.conference, "ticket": ticket.ticket.reveal() });
    for (name, value) in more.as_object().expect("an object") {
        request[name] = value.clone();
    }
    world.ask(who, request)
}

/// Enters the conference of a room, which is made if there is none.
pub fn meet(world: &mut World, user: &str, room: &str, fields: Value) -> usize {
    let who = world.client(user);
    let mut ask = json!({ "room": named(room) });
    for (name, value) in fields.as_object().expect("an object") {
        ask[name] = value.clone();
    }
    let ticket = ticket(world, who, ask).unwrap_or_else(|e| panic!("{user} gets no ticket: {e}"));
    enter_with(world, who, &ticket, json!({ "nick": format!("nick of {user}") }))
        .unwrap_or_else(|e| panic!("{user} cannot enter: {e}"));
    who
}

pub fn about(world: &World, who: usize, op: &str, more: Value) -> Value {
    let mut request = json!({ "op": op, "conference": world.clients[who].conference_name() });
    for (name, value) in more.as_object().expect("an object") {
        request[name] = value.clone();
    }
    request
}

/// Does something in the conference of `who`.
pub fn act(world: &mut World, who: usize, op: &str, more: Value) -> Result<Done, ErrorCode> {
    let request = about(world, who, op, more);
    world.ask(who, request)
}

pub fn exits(world: &World, who: usize) -> Vec<ConferenceExit> {
    let of = |event: &Event| match event {
        Event::ConferenceExited { reason, .. } => Some(*reason),
        _ => None,
    };
    world.clients[who].pushes.iter().filter_map(of).collect()
}

/// The back-end makes a conference.
pub fn make(world: &mut World, fields: Value) -> ConferenceName {
    let request: ConferenceRequest = serde_json::from_value(fields).expect("a request for a conference");
    match world.call(ApiCall::CreateConference(Box::new(request))) {
        ApiResult::Conference(made) => ConferenceName::new(made.summary.conference).expect("a name"),
        other => panic!("{other:?}"),
    }
}

/// Mints a push URL for a user and a room, in the scene `rtc` or `live`; gives its key.
pub fn mint_push(world: &mut World, room: &str, user: &str, scene: &str) -> StreamKey {
    let request = UrlRequest {
        kind: UrlKind::Push,
        user: user.to_owned(),
        stream: String::new(),
        scene: scene.to_owned(),
        expire_seconds: None,
    };
    match world.call(ApiCall::MintUrl(RoomId::text(room).expect("a room"), request)) {
        ApiResult::Urls(reply) => {
            StreamKey::new(reply.urls[0].url.rsplit('/').next().expect("a key")).expect("a key")
        }
        other => panic!("{other:?}"),
    }
}
