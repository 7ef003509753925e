//! Calls of the back-end into rooms where others are: who is let in, whose seat is whose, and what goes on when they are over.

mod common;

use common::meeting::{exits, meet, named};
use common::{Client, World, config};
use huitong_engine::{ApiCall, ApiResult};
use huitong_protocol::api::{CallRequest, CallSummary};
use huitong_protocol::{Done, Event};
use huitong_types::{CallEndReason, ErrorCode, OwnState, RoomId};
use serde_json::{Value, json};

fn wish(invitees: &[&str], room: &str) -> ApiCall {
    ApiCall::StartCall(CallRequest {
        caller: "host".to_owned(),
        invitees: invitees.iter().map(|name| (*name).to_owned()).collect(),
        media: huitong_protocol::api::CallMedia::Video,
        group: None,
        timeout_ms: None,
        data: None,
        room: Some(room.to_owned()),
    })
}

fn call_into(world: &mut World, invitees: &[&str], room: &str) -> CallSummary {
    match world.call(wish(invitees, room)) {
        ApiResult::Call(call) => call,
        other => panic!("{other:?}"),
    }
}

fn about(op: &str, client: &Client) -> Value {
    json!({ "op": op, "call": client.call.as_ref().expect("a call").call })
}

fn enter(world: &mut World, who: usize) -> Result<Done, ErrorCode> {
    let room = world.clients[who].call.as_ref().expect("a call").room.clone();
    world.ask(who, json!({ "op": "join", "room": room }))
}

/// Answers the call that rings and enters its room.
fn answer(world: &mut World, who: usize) {
    let accept = about("accept", &world.clients[who]);
    world.ask(who, accept).expect("it rings");
    enter(world, who).expect("into the room of its call");
}

fn ends(client: &Client) -> Vec<CallEndReason> {
    let of = |event: &Event| match event {
        Event::CallEnded { reason, .. } => Some(*reason),
        _ => None,
    };
    client.pushes.iter().filter_map(of).collect()
}

#[test]
fn who_is_called_into_a_room_needs_no_key_and_meets_those_who_are_there() {
    let mut keyed = config();
    keyed.apps.values_mut().for_each(|app| app.require_room_key = true);
    let mut world = World::new(keyed);
    let (ann, bob) = (world.client("ann"), world.phone("bob", "b"));
    let pass = common::room_key("ann", 7, 255, world.unix_ms());
    world.ask(ann, json!({ "op": "join", "room": { "number": 7 }, "privateMapKey": pass })).unwrap();
    let uninvited = world.ask(bob, json!({ "op": "join", "room": { "number": 7 } }));
    assert_eq!(uninvited.unwrap_err(), ErrorCode::RoomKeyRequired);

    let call = call_into(&mut world, &["bob"], "7");
    assert!(call.open);
    assert_eq!(call.room, "7");
    let seen = world.clients[bob].call.clone().expect("it rings");
    assert_eq!((seen.caller.as_str(), seen.open, seen.you), ("host", true, OwnState::Ringing));
    answer(&mut world, bob);
    assert_eq!(world.clients[ann].members(), ["bob"]);

    let hangup = about("hangup", &world.clients[bob]);
    world.ask(bob, hangup).unwrap();
    assert!(world.clients[ann].members().is_empty(), "who hangs up has left the room");
    assert_eq!(world.refused(ApiCall::GetCall(call.call)), ErrorCode::CallGone);
    let late = world.ask(bob, json!({ "op": "join", "room": { "number": 7 } }));
    assert_eq!(late.unwrap_err(), ErrorCode::MayNotEnter, "the call that led there is over");
    world.wind_down();
}

#[test]
fn a_call_into_a_conference_opens_its_door_for_that_one_only_and_its_admin_rules() {
    let mut world = World::new(config());
    let ann = meet(&mut world, "ann", "board", json!({ "password": "sesame" }));
    let (bob, eve) = (world.phone("bob", "b"), world.phone("eve", "e"));
    call_into(&mut world, &["bob"], "board");
    let early = enter(&mut world, bob);
    assert_eq!(early.unwrap_err(), ErrorCode::MayNotEnter, "it has not been answered");
    answer(&mut world, bob);
    let other = world.ask(eve, json!({ "op": "join", "room": named("board") }));
    assert_eq!(other.unwrap_err(), ErrorCode::MayNotEnter);
    let push = common::key("bob-main");
    let publish = json!({ "op": "publish", "stream": "main", "key": push, "audio": true, "video": true });
    world.ask(bob, publish).expect("a talker");
    let media = world.push_media(&push);

    common::meeting::act(&mut world, ann, "kick", json!({ "users": ["bob"] })).expect("ann is the admin");
    assert!(world.closed_with(media).is_some(), "what it sends ends at once");
    assert_eq!(ends(&world.clients[bob]), [CallEndReason::Kicked]);
    assert!(world.clients[ann].members().is_empty());
    let again = world.ask(bob, json!({ "op": "join", "room": named("board") }));
    assert_eq!(again.unwrap_err(), ErrorCode::MayNotEnter);
    assert!(exits(&world, ann).is_empty());
    world.wind_down();
}

#[test]
fn a_room_that_is_dissolved_ends_the_calls_that_led_there_also_those_that_ring() {
    let mut world = World::new(config());
    let ann = world.client("ann");
    world.ask(ann, json!({ "op": "join", "room": named("hall") })).unwrap();
    let (bob, cat, dan) = (world.phone("bob", "b"), world.phone("cat", "c"), world.phone("dan", "d"));
    call_into(&mut world, &["bob", "cat"], "hall");
    call_into(&mut world, &["dan"], "hall");
    answer(&mut world, bob);
    answer(&mut world, dan);
    assert_eq!(world.clients[ann].members(), ["bob", "dan"]);
    world.call(ApiCall::DissolveRoom(RoomId::parse("hall").unwrap()));
    for who in [bob, cat, dan] {
        assert_eq!(ends(&world.clients[who]), [CallEndReason::Dissolved]);
    }
    world.wind_down();
}

#[test]
fn the_back_end_ends_its_call_and_the_room_goes_on() {
    let mut world = World::new(config());
    let ann = world.client("ann");
    world.join(ann, 7).unwrap();
    let bob = world.phone("bob", "b");
    let call = call_into(&mut world, &["bob"], "7");
    answer(&mut world, bob);
    world.call(ApiCall::EndCall(call.call));
    assert_eq!(ends(&world.clients[bob]), [CallEndReason::Ended]);
    assert!(world.clients[ann].members().is_empty());
    world.wind_down();
}

#[test]
fn who_is_in_the_room_already_stays_there_when_it_answers() {
    let mut world = World::new(config());
    let bob = world.phone("bob", "b");
    world.join(bob, 7).unwrap();
    call_into(&mut world, &["bob"], "7");
    let accept = about("accept", &world.clients[bob]);
    world.ask(bob, accept).unwrap();
    for _ in 0..6 {
        world.pass(std::time::Duration::from_secs(10));
        world.send(bob, json!({ "op": "ping" }));
    }
    assert!(ends(&world.clients[bob]).is_empty(), "it came to the room in time: it was there");
    world.wind_down();
}

#[test]
fn a_call_leads_into_no_room_of_another_call_and_into_none_of_the_scene_live() {
    let mut world = World::new(config());
    let ann = world.phone("ann", "a");
    let _bob = world.phone("bob", "b");
    world.ask(ann, json!({ "op": "call", "invitees": ["bob"], "media": "audio" })).unwrap();
    let private = world.clients[ann].call.as_ref().expect("a call").room.to_string();
    assert_eq!(world.refused(wish(&["cat"], &private)), ErrorCode::RoomTaken);
    let dan = world.client("dan");
    world.join_live(dan, 9, "publisher").unwrap();
    assert_eq!(world.refused(wish(&["cat"], "9")), ErrorCode::SceneMismatch);
    meet(&mut world, "eve", "show", json!({ "settings": { "kind": "live" } }));
    assert_eq!(world.refused(wish(&["cat"], "show")), ErrorCode::SceneMismatch);
    assert_eq!(world.refused(wish(&["cat"], "no\nroom")), ErrorCode::InvalidField);
    world.wind_down();
}
