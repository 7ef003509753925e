//! Conferences that outlive the server: what clients and the back-end find after a restart.

mod common;

use common::meeting::{act, enter_with, exits, meet, named, ticket};
use common::{SECRET, World, config};
use huitong_engine::{ApiCall, ApiResult, EngineConfig, Input};
use huitong_protocol::api::{ConferenceDetail, ConferenceRequest};
use huitong_protocol::{Destroy, Done, TicketReply};
use huitong_types::{AppId, ConferenceExit, ConferenceName, ConferenceRole, ErrorCode};
use serde_json::{Value, json};
use std::time::Duration;

fn role(done: Result<Done, ErrorCode>) -> ConferenceRole {
    match done {
        Ok(Done::Enter(reply)) => reply.conference.you.role,
        other => panic!("{other:?}"),
    }
}

/// Comes to the conference of this name, with this password.
fn comes(world: &mut World, name: &str, before: &TicketReply, password: &str) -> ConferenceRole {
    let who = world.client(name);
    let ask = json!({ "conference": before.conference, "password": password });
    let own = ticket(world, who, ask).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!((own.created, &own.room), (false, &before.room));
    role(enter_with(world, who, &own, json!({})))
}

fn request(fields: Value) -> ApiCall {
    ApiCall::CreateConference(Box::new(serde_json::from_value::<ConferenceRequest>(fields).unwrap()))
}

fn detail(world: &mut World, call: ApiCall) -> ConferenceDetail {
    match world.call(call) {
        ApiResult::Conference(detail) => *detail,
        other => panic!("{other:?}"),
    }
}

#[test]
fn after_a_restart_the_password_the_roles_and_what_was_written_down_hold() {
    let mut world = World::new(config());
    let secret = json!({ "password": "芝麻开门" });
    let ann = meet(&mut world, "ann", "team", secret.clone());
    let bob = meet(&mut world, "bob", "team", secret.clone());
    meet(&mut world, "cay", "team", secret.clone());
    act(&mut world, ann, "grant", json!({ "users": ["bob"], "role": "admin" })).unwrap();
    act(&mut world, bob, "mute", json!({ "users": ["cay"], "audio": true, "video": false })).unwrap();
    act(&mut world, bob, "attributes", json!({ "changes": [{ "key": "seat", "value": "4" }] })).unwrap();
    let old = ticket(&mut world, bob, json!({ "room": named("team"), "password": "芝麻开门" })).unwrap();
    world.pass(Duration::from_secs(5));
    world.restart(config());
    assert_eq!(world.engine.sizes().conferences, 1);
    let eve = world.client("eve");
    let wrong = json!({ "room": named("team"), "password": "芝麻关门" });
    assert_eq!(ticket(&mut world, eve, wrong).unwrap_err(), ErrorCode::WrongPassword);
    let bare = json!({ "conference": old.conference });
    assert_eq!(ticket(&mut world, eve, bare).unwrap_err(), ErrorCode::WrongPassword);
    let late = world.client("bob");
    assert_eq!(enter_with(&mut world, late, &old, json!({})).unwrap_err(), ErrorCode::TicketInvalid);
    assert_eq!(comes(&mut world, "bob", &old, "芝麻开门"), ConferenceRole::Admin);
    assert_eq!(comes(&mut world, "cay", &old, "芝麻开门"), ConferenceRole::Talker);
    assert_eq!(comes(&mut world, "ann", &old, ""), ConferenceRole::Admin, "who created it needs none");
    let told = detail(&mut world, ApiCall::GetConference(old.conference.clone()));
    assert_eq!(told.attributes["seat"], "4");
    assert_eq!((told.summary.inside, told.summary.age_seconds), (3, 5), "it is as old as it is");
    assert!(told.members.iter().any(|member| member.user == "cay" && member.no_audio));
    assert!(world.notes.iter().any(|note| note.starts_with("conference-restored") && note.contains("ann")));
    world.wind_down();
    assert!(world.disk.is_empty(), "nothing is kept of what is over");
}

#[test]
fn the_end_of_the_server_is_no_end_of_a_conference_and_nobody_is_told_that_it_is() {
    let mut world = World::new(config());
    let ann = meet(&mut world, "ann", "a", json!({}));
    let bob = world.client("bob");
    world.input(Input::Drain { within: Duration::from_secs(5) });
    let late = ticket(&mut world, bob, json!({ "room": named("b") })).unwrap_err();
    assert_eq!(late, ErrorCode::ShuttingDown);
    world.input(Input::Shutdown);
    assert_eq!(exits(&world, ann), [], "it goes on");
    assert!(world.notes.iter().all(|note| !note.contains(SECRET)));
    world.pass(Duration::from_secs(1));
    world.restart(config());
    let again = meet(&mut world, "ann", "a", json!({}));
    assert_eq!(exits(&world, again), []);
    world.wind_down();
}

#[test]
fn what_the_back_end_made_is_answered_when_it_can_be_kept_and_is_there_after_a_restart() {
    let mut world = World::new(config());
    world.hold_passwords = true;
    let fields = json!({ "room": "board", "creator": "ann", "password": "pw", "kind": "live", "maxTalkers": 3, "record": true });
    let (app, call) = (AppId::new(common::APP).unwrap(), 77);
    world.input(Input::Api { call, app, request: request(fields) });
    assert!(!world.api.contains_key(&call) && world.disk.is_empty(), "without its hash it would be open");
    let hashed = world.passwords.pop_front().unwrap();
    world.input(hashed);
    assert_eq!(world.disk.len(), 1);
    let Some(ApiResult::Conference(made)) = world.api.remove(&call) else { panic!("an answer") };
    world.hold_passwords = false;
    world.pass(Duration::from_secs(100));
    world.restart(config());
    let name = ConferenceName::new(made.summary.conference.as_str()).unwrap();
    world.pass(Duration::from_secs(100));
    let told = detail(&mut world, ApiCall::GetConference(name.clone()));
    let mut expected = made.summary.clone();
    expected.age_seconds = 200;
    assert_eq!(told.summary, expected, "with a password, its limits and its wish to be recorded");
    let again = world.refused(request(json!({ "room": "board" })));
    assert_eq!(again, ErrorCode::RoomTaken, "its room is its own");
    world.pass(Duration::from_secs(30));
    assert_eq!(world.refused(ApiCall::GetConference(name)), ErrorCode::NoConference, "its time is over");
    world.restart(config());
    assert_eq!(world.engine.sizes().conferences, 0);
    world.wind_down();
}

#[test]
fn a_password_that_cannot_be_hashed_or_an_end_meanwhile_is_answered() {
    let mut world = World::new(config());
    world.hold_passwords = true;
    let app = AppId::new(common::APP).unwrap();
    let make = |room: &str| request(json!({ "room": room, "password": "pw" }));
    world.input(Input::Api { call: 71, app, request: make("a") });
    let Some(Input::PasswordHashed { conference, .. }) = world.passwords.pop_front() else {
        panic!("to hash")
    };
    world.input(Input::PasswordHashed { conference, hash: None });
    world.input(Input::Api { call: 72, app, request: make("b") });
    world.passwords.clear();
    let ApiResult::Conferences(list) = world.call(ApiCall::ListConferences { offset: 0, limit: 9 }) else {
        panic!("a list")
    };
    let conference = ConferenceName::new(list.conferences[0].conference.as_str()).unwrap();
    world.call(ApiCall::Destroy(None, Destroy { conference }));
    world.input(Input::Api { call: 73, app, request: make("c") });
    world.input(Input::Shutdown);
    world.passwords.clear();
    for (call, code) in
        [(71, ErrorCode::NotChecked), (72, ErrorCode::NoConference), (73, ErrorCode::NoConference)]
    {
        let Some(ApiResult::Refused(fault)) = world.api.remove(&call) else { panic!("{call} has no answer") };
        assert_eq!(fault.code, code, "{call}");
    }
    world.wind_down();
}

#[test]
fn more_than_this_server_may_have_is_not_restored_and_forgotten_and_the_log_says_so() {
    let mut world = World::new(config());
    let ann = meet(&mut world, "ann", "a", json!({}));
    meet(&mut world, "bob", "b", json!({}));
    let one = world.clients[ann].conference_name();
    world.pass(Duration::from_secs(1));
    let mut small: EngineConfig = config();
    small.conferences.conferences = 1;
    world.restart(small);
    assert_eq!((world.engine.sizes().conferences, world.disk.len()), (1, 1));
    let lost = world.notes.iter().filter(|note| note.starts_with("conference-not-restored")).count();
    assert_eq!(lost, 1, "{:?} {one:?}", world.notes);
    world.wind_down();
}

#[test]
fn members_of_the_room_find_their_conference_by_its_door() {
    let mut world = World::new(config());
    let ann = meet(&mut world, "ann", "open", json!({}));
    act(&mut world, ann, "attributes", json!({ "changes": [{ "key": "k", "value": "v" }] })).unwrap();
    world.pass(Duration::from_secs(1));
    world.restart(config());
    let phone = world.client("phone");
    world.ask(phone, json!({ "op": "join", "room": named("open") })).unwrap();
    let list = world.call(ApiCall::ListConferences { offset: 0, limit: 9 });
    let ApiResult::Conferences(list) = list else { panic!("{list:?}") };
    assert_eq!((list.total, list.conferences[0].inside), (1, 1));
    let again = meet(&mut world, "ann", "open", json!({}));
    act(&mut world, again, "kick", json!({ "users": ["phone"] })).unwrap();
    act(&mut world, again, "destroy", json!({})).unwrap();
    assert_eq!(exits(&world, again), [ConferenceExit::Closed]);
    assert!(world.disk.is_empty());
    world.wind_down();
}
