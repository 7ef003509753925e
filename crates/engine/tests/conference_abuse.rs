//! Those who want more of conferences than they may have: of the server, of the others, or of a place that was taken from them.

mod common;

use common::meeting::{act, enter_with, exits, make, meet, named, ticket};
use common::{World, config, key, room_key};
use huitong_engine::{AdminGone, ApiCall, ApiResult, EngineConfig, MultiDevice};
use huitong_protocol::{Done, Event, Kick};
use huitong_types::{ConferenceExit, ConferenceName, ConferenceRole, ErrorCode, RoomId, UserId};
use serde_json::{Value, json};
use std::time::Duration;

fn keyed() -> EngineConfig {
    let mut keyed = config();
    keyed.apps.values_mut().for_each(|app| app.require_room_key = true);
    keyed
}

/// How often this succeeds until it is asked too fast.
fn until_limited(mut once: impl FnMut() -> Result<(), ErrorCode>) -> usize {
    for count in 0..1000 {
        match once() {
            Ok(()) => {}
            Err(ErrorCode::RateLimited) => return count,
            Err(error) => panic!("{error}"),
        }
    }
    panic!("it is never limited")
}

#[test]
fn nobody_keeps_the_threads_busy_that_hash_passwords() {
    let mut world = World::new(config());
    let eve = world.client("eve");
    let done = until_limited(|| {
        let own = ticket(&mut world, eve, json!({ "password": "p" }))?;
        world.ask(eve, json!({ "op": "destroy", "conference": own.conference })).map(drop)
    });
    assert_eq!(done, 20, "a conference that is over has been hashed all the same");
    ticket(&mut world, eve, json!({})).expect("what needs no hash is free");
    world.pass(Duration::from_secs(1));
    ticket(&mut world, eve, json!({ "password": "p" })).expect("one more each second");
    world.wind_down();
}

#[test]
fn a_right_password_is_paced_as_well_and_only_for_who_asks() {
    let mut world = World::new(config());
    let ann = meet(&mut world, "ann", "a", json!({ "password": "sesame" }));
    let eve = world.client("eve");
    let ask = json!({ "room": named("a"), "password": "sesame" });
    assert_eq!(until_limited(|| ticket(&mut world, eve, ask.clone()).map(drop)), 20);
    let told = world.last_error.clone().unwrap();
    assert!(told.message.ends_with("try again in 1 s."), "{told:?}");
    meet(&mut world, "bob", "a", json!({ "password": "sesame" }));
    for _ in 0..50 {
        ticket(&mut world, ann, json!({ "room": named("a") })).expect("the creator's is not checked");
    }
    world.wind_down();
}

#[test]
fn what_is_refused_before_anything_is_hashed_takes_nothing_from_the_pace_of_passwords() {
    let mut world = World::new(config());
    meet(&mut world, "ann", "a", json!({ "password": "sesame" }));
    let eve = world.client("eve");
    let guess = json!({ "room": named("a"), "password": "wrong" });
    let mut tries = || ticket(&mut world, eve, guess.clone()).unwrap_err();
    while tries() == ErrorCode::WrongPassword {}
    for _ in 0..40 {
        assert_eq!(tries(), ErrorCode::TooManyGuesses);
    }
    for _ in 0..40 {
        let again = json!({ "room": named("a"), "password": "x".repeat(200) });
        assert_eq!(ticket(&mut world, eve, again).unwrap_err(), ErrorCode::InvalidField);
    }
    world.wind_down();
}

#[test]
fn nobody_tells_the_others_more_than_their_connections_take() {
    let mut world = World::new(config());
    let ann = meet(&mut world, "ann", "a", json!({}));
    let eve = meet(&mut world, "eve", "a", json!({}));
    let big = "x".repeat(30_000);
    let flood = json!({ "changes": [{ "key": "k", "value": big }] });
    assert_eq!(until_limited(|| act(&mut world, eve, "attributes", flood.clone()).map(drop)), 2);
    let many: Vec<Value> = (0..100).map(|n| json!({ "key": format!("k{}", n % 2), "value": "" })).collect();
    until_limited(|| act(&mut world, eve, "attributes", json!({ "changes": many })).map(drop));
    let told =
        world.clients[ann].pushes.iter().filter(|event| matches!(event, Event::AttributesChanged { .. }));
    assert!(told.count() < 5);
    act(&mut world, ann, "attributes", json!({ "changes": [{ "key": "topic", "value": "budget" }] }))
        .expect("others may go on");
    world.pass(Duration::from_secs(8));
    act(&mut world, eve, "attributes", json!({ "changes": [{ "key": "seat", "value": "4" }] }))
        .expect("and so may it, later");
    world.wind_down();
}

#[test]
fn an_admin_is_not_asked_the_same_question_without_end() {
    let mut world = World::new(config());
    let ann = meet(&mut world, "ann", "a", json!({ "settings": { "kind": "live" } }));
    let eve = meet(&mut world, "eve", "a", json!({}));
    let asked = until_limited(|| {
        world.ask(eve, json!({ "op": "hand", "up": true }))?;
        act(&mut world, ann, "decline", json!({ "user": "eve" })).map(drop)
    });
    assert_eq!(asked, 10);
    world.ask(eve, json!({ "op": "hand", "up": false })).expect("to take it down is free");
    world.wind_down();
}

#[test]
fn conferences_of_rooms_that_one_sits_in_count_like_others() {
    let mut small = config();
    small.conferences.of_creator = 3;
    let mut world = World::new(small);
    let eve = world.client("eve");
    for n in 0..4 {
        let room = named(&format!("r{n}"));
        world.ask(eve, json!({ "op": "join", "room": room })).unwrap();
        let made = ticket(&mut world, eve, json!({ "room": room }));
        match n {
            0..3 => assert!(!made.unwrap().created, "it is not its creator"),
            _ => assert_eq!(made.unwrap_err(), ErrorCode::ConferenceLimit),
        }
        world.ask(eve, json!({ "op": "leave" })).unwrap();
    }
    world.wind_down();
}

#[test]
fn a_conference_without_password_is_no_way_around_the_keys_of_its_room() {
    let mut world = World::new(keyed());
    let name = make(&mut world, json!({ "room": "7", "creator": "ann" }));
    let (ann, bob, eve) = (world.client("ann"), world.client("bob"), world.client("eve"));
    let by_room = json!({ "room": { "number": 7 } });
    assert_eq!(ticket(&mut world, eve, by_room.clone()).unwrap_err(), ErrorCode::RoomKeyRequired);
    assert!(world.last_error.clone().unwrap().message.contains("by the name of the conference"));
    ticket(&mut world, ann, by_room.clone()).expect("its creator is known");
    ticket(&mut world, eve, json!({ "conference": name })).expect("the name is an invitation");
    let pass = room_key("bob", 7, 255, world.unix_ms());
    world.ask(bob, json!({ "op": "join", "room": { "number": 7 }, "privateMapKey": pass })).unwrap();
    let own = ticket(&mut world, bob, by_room).expect("a key is one, too");
    enter_with(&mut world, bob, &own, json!({})).unwrap();
    let locked = make(&mut world, json!({ "room": "8", "password": "sesame" }));
    let own = ticket(&mut world, eve, json!({ "room": { "number": 8 }, "password": "sesame" })).unwrap();
    assert_eq!(own.conference, locked, "and so is a password");
    world.wind_down();
}

#[test]
fn a_ticket_that_was_used_gives_no_rights_to_one_who_comes_by_the_door() {
    let mut world = World::new(keyed());
    let name = make(&mut world, json!({ "room": "7" }));
    let eve = world.client("eve");
    let own = ticket(&mut world, eve, json!({ "conference": name })).unwrap();
    enter_with(&mut world, eve, &own, json!({})).unwrap();
    world.ask(eve, json!({ "op": "leave" })).unwrap();
    // Create, enter and send sound: no pictures.
    let pass = room_key("eve", 7, 1 + 2 + 4 + 8, world.unix_ms());
    world.ask(eve, json!({ "op": "join", "room": { "number": 7 }, "privateMapKey": pass })).unwrap();
    assert_eq!(enter_with(&mut world, eve, &own, json!({})).unwrap_err(), ErrorCode::TicketVoid);
    let push = world.start_media(eve, &key("eve"));
    let common::Media::Publishing { allowed, .. } = world.media[&push] else { panic!() };
    assert!(allowed.audio && !allowed.video, "{allowed:?}");
    world.wind_down();
}

#[test]
fn who_may_not_send_a_picture_takes_no_place_of_those_who_may() {
    let mut world = World::new(keyed());
    let name = make(&mut world, json!({ "room": "7", "maxVideos": 1 }));
    let eve = world.client("eve");
    // Create, enter and receive.
    let pass = room_key("eve", 7, 1 + 2 + 8 + 32, world.unix_ms());
    world.ask(eve, json!({ "op": "join", "room": { "number": 7 }, "privateMapKey": pass })).unwrap();
    let refused = world.declare(eve, &key("eve"), true, true).unwrap_err();
    assert_eq!(refused, ErrorCode::MayNotPublish);
    let bob = world.client("bob");
    let own = ticket(&mut world, bob, json!({ "conference": name })).unwrap();
    enter_with(&mut world, bob, &own, json!({})).unwrap();
    world.declare(bob, &key("bob"), true, true).expect("the place of a camera is free");
    world.wind_down();
}

#[test]
fn who_is_removed_from_the_room_of_a_conference_keeps_no_ticket_and_no_rights() {
    let mut world = World::new(config());
    let ann = meet(&mut world, "ann", "a", json!({}));
    let unused = ticket(&mut world, ann, json!({ "room": named("a") })).unwrap();
    let name = unused.conference.clone();
    world.call(ApiCall::RemoveMember(RoomId::text("a").unwrap(), UserId::new("ann").unwrap()));
    assert_eq!(exits(&world, ann), [ConferenceExit::Removed]);
    assert_eq!(enter_with(&mut world, ann, &unused, json!({})).unwrap_err(), ErrorCode::TicketVoid);
    let end = json!({ "op": "destroy", "conference": name });
    assert_eq!(world.ask(ann, end).unwrap_err(), ErrorCode::NotAdmin);
    world.wind_down();
}

#[test]
fn who_is_removed_because_the_room_is_full_may_come_back_with_what_it_has() {
    let mut world = World::new(EngineConfig { live_audience: 1, ..config() });
    let ann = meet(&mut world, "ann", "a", json!({ "settings": { "kind": "live" } }));
    let dan = meet(&mut world, "dan", "a", json!({ "role": "audience" }));
    let bob = meet(&mut world, "bob", "a", json!({ "role": "talker" }));
    let unused = ticket(&mut world, bob, json!({ "room": named("a") })).unwrap();
    act(&mut world, ann, "grant", json!({ "users": ["bob"], "role": "audience" })).unwrap();
    assert_eq!(exits(&world, bob), [ConferenceExit::Removed], "there is one place for audience");
    world.ask(dan, json!({ "op": "leave" })).unwrap();
    enter_with(&mut world, bob, &unused, json!({})).expect("nobody took its ticket away");
    let role = world.clients[bob].conference.as_ref().unwrap().you.role;
    assert_eq!(role, ConferenceRole::Audience, "what the admin decided holds");
    world.wind_down();
}

#[test]
fn what_an_endpoint_asks_for_a_user_is_in_the_log_when_it_is_refused() {
    let mut world = World::new(config());
    let ann = meet(&mut world, "ann", "a", json!({ "password": "sesame" }));
    let conference = ConferenceName::new(world.clients[ann].conference_name()).unwrap();
    let eve = || UserId::new("eve").unwrap();
    let ask = json!({ "conference": conference, "password": "guess" });
    let ask: huitong_protocol::AskTicket = serde_json::from_value(ask).unwrap();
    for _ in 0..5 {
        world.refused(ApiCall::AskTicket(eve(), Box::new(ask.clone())));
    }
    let kick = Kick { conference, users: vec![UserId::new("ann").unwrap()], members: Vec::new() };
    assert_eq!(world.refused(ApiCall::Kick(Some(eve()), kick)), ErrorCode::NotAdmin);
    let lines = |word: &str| {
        let of = |note: &&String| {
            note.starts_with("request-refused") && note.contains("eve") && note.contains(word)
        };
        world.notes.iter().filter(of).count()
    };
    assert_eq!(
        (lines("password is wrong"), lines("Too many wrong"), lines("kick:")),
        (4, 1, 1),
        "{:?}",
        world.notes
    );
    world.wind_down();
}

#[test]
fn a_crowd_keeps_neither_the_admin_out_nor_those_who_are_to_talk() {
    let mut world = World::new(EngineConfig { rtc_members: 6, ..config() });
    let settings = json!({ "settings": { "maxTalkers": 2, "maxAudience": 600 } });
    let ann = meet(&mut world, "ann", "a", settings);
    let audience = json!({ "room": named("a"), "role": "audience" });
    let came = (0..10).filter(|n| {
        let who = world.client(&format!("u{n}"));
        let own = ticket(&mut world, who, audience.clone()).unwrap();
        match enter_with(&mut world, who, &own, json!({})) {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(error, ErrorCode::RoomFull);
                false
            }
        }
    });
    assert_eq!(came.count(), 4);
    let name = ConferenceName::new(world.clients[ann].conference_name()).unwrap();
    world.ask(ann, json!({ "op": "leave" })).unwrap();
    let ApiResult::Conference(seen) = world.call(ApiCall::GetConference(name)) else { panic!() };
    assert_eq!(
        (seen.summary.max_talkers, seen.summary.max_audience),
        (2, 4),
        "it is told how many really may"
    );
    meet(&mut world, "ann", "a", json!({}));
    meet(&mut world, "bob", "a", json!({}));
    world.wind_down();
}

#[test]
fn the_last_admin_who_comes_again_to_watch_ends_what_ends_with_it_and_hears_so() {
    let mut ends = config();
    ends.conferences.admin_gone = AdminGone::End;
    ends.apps.values_mut().for_each(|app| app.multi_device = MultiDevice::PerDevice);
    let mut world = World::new(ends);
    let ann = meet(&mut world, "ann", "a", json!({}));
    let bob = meet(&mut world, "bob", "a", json!({}));
    act(&mut world, ann, "grant", json!({ "users": ["bob"], "role": "admin" })).unwrap();
    world.ask(ann, json!({ "op": "leave" })).unwrap();
    let tablet = world.client("bob");
    let own = ticket(&mut world, tablet, json!({ "room": named("a"), "role": "audience" })).unwrap();
    let over = enter_with(&mut world, tablet, &own, json!({})).unwrap_err();
    assert_eq!(over, ErrorCode::ConferenceOver);
    assert_eq!(exits(&world, bob), [ConferenceExit::OtherDevice]);
    assert!(exits(&world, tablet).is_empty() && world.clients[tablet].state.is_none());
    world.wind_down();
}

#[test]
fn two_admins_who_demote_each_other_at_once_leave_one() {
    let mut world = World::new(config());
    let ann = meet(&mut world, "ann", "a", json!({}));
    let bob = meet(&mut world, "bob", "a", json!({}));
    act(&mut world, ann, "grant", json!({ "users": ["bob"], "role": "admin" })).unwrap();
    let both = json!({ "users": ["ann", "bob"], "role": "talker" });
    assert_eq!(act(&mut world, bob, "grant", both).unwrap_err(), ErrorCode::LastAdmin);
    act(&mut world, ann, "grant", json!({ "users": ["bob"], "role": "talker" })).unwrap();
    let late = act(&mut world, bob, "grant", json!({ "users": ["ann"], "role": "talker" })).unwrap_err();
    assert_eq!(late, ErrorCode::NotAdmin);
    let left: Vec<ConferenceRole> = world.clients[bob].people().into_iter().map(|(_, role)| role).collect();
    assert_eq!(left, [ConferenceRole::Admin]);
    world.wind_down();
}

#[test]
fn fifty_who_are_made_talkers_at_once_are_as_many_as_may_be() {
    let mut world = World::new(config());
    let settings = json!({ "settings": { "maxTalkers": 10, "defaultRole": "audience" } });
    let ann = meet(&mut world, "ann", "a", settings);
    for n in 0..50 {
        meet(&mut world, &format!("u{n}"), "a", json!({}));
    }
    let granted = (0..50).filter(|n| {
        let grant = json!({ "users": [format!("u{n}")], "role": "talker" });
        match act(&mut world, ann, "grant", grant) {
            Ok(Done::Grant(_)) => true,
            other => {
                assert_eq!(other.unwrap_err(), ErrorCode::TalkersFull);
                false
            }
        }
    });
    assert_eq!(granted.count(), 9);
    world.wind_down();
}
