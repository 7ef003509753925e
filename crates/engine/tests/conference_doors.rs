//! Those who come into conferences without a ticket: encoders, those whom the back-end calls, phones that know nothing of conferences;
//! and those who are silenced there.

mod common;

use common::meeting::{act, enter_with, exits, make, meet, mint_push, named, ticket};
use common::{Media, World, config, key, room_key};
use huitong_engine::{AdminGone, ApiCall, ApiResult, TrackFlags};
use huitong_protocol::api::CallRequest;
use huitong_protocol::{Event, Kick};
use huitong_types::{ConferenceExit, ConferenceRole, ErrorCode, StreamKind, UserId};
use serde_json::json;

const NOTHING: TrackFlags = TrackFlags { audio: false, video: false };
const BOTH: TrackFlags = TrackFlags { audio: true, video: true };

fn publishes(world: &World, ticket: u64) -> bool {
    matches!(world.media[&ticket], Media::Publishing { .. })
}

fn allowed(world: &World, ticket: u64) -> TrackFlags {
    match world.media[&ticket] {
        Media::Publishing { allowed, .. } => allowed,
        ref other => panic!("{other:?}"),
    }
}

/// What the others show as their names.
fn nicks(world: &World, who: usize) -> Vec<Option<String>> {
    let conference = world.clients[who].conference.as_ref().expect("inside");
    conference.members.iter().map(|member| member.nick.clone()).collect()
}

fn joins(world: &World, who: usize) -> usize {
    let pushes = world.clients[who].pushes.iter();
    pushes.filter(|event| matches!(event, Event::ConferenceJoined { .. })).count()
}

#[test]
fn an_encoder_talks_where_others_only_watch() {
    let mut world = World::new(config());
    let ann =
        meet(&mut world, "ann", "show", json!({ "settings": { "kind": "live" }, "password": "sesame" }));
    let obs = mint_push(&mut world, "show", "obs", "live");
    let push = world.push_media(&obs);
    world.seen(push, true, true);
    assert!(publishes(&world, push), "{:?}", world.media[&push]);
    assert_eq!(world.clients[ann].people(), [("obs".to_owned(), ConferenceRole::Talker)]);
    assert_eq!(world.clients[ann].tracks("obs", StreamKind::Main), Some((true, true)));
    world.close_media(push, true);
    world.wind_down();
}

#[test]
fn an_encoder_for_which_a_new_conference_has_no_place_comes_back_when_there_is_one() {
    let mut world = World::new(config());
    let first = mint_push(&mut world, "a", "cam1", "rtc");
    let second = mint_push(&mut world, "a", "cam2", "rtc");
    let pushes = [world.push_media(&first), world.push_media(&second)];
    make(&mut world, json!({ "room": "a", "maxTalkers": 1 }));
    let stays = pushes.map(|push| publishes(&world, push));
    assert_eq!(stays.iter().filter(|stays| **stays).count(), 1, "one may talk");
    let (stayed, surplus) = if stays[0] { (pushes[0], second) } else { (pushes[1], first) };
    world.close_media(stayed, true);
    let again = world.push_media(&surplus);
    assert!(publishes(&world, again), "its address is good: {:?}", world.media[&again]);
    world.close_media(again, true);
    world.wind_down();
}

#[test]
fn an_encoder_whose_user_was_made_audience_stays_out_and_nobody_hears_of_its_tries() {
    let mut world = World::new(config());
    let ann = meet(&mut world, "ann", "a", json!({}));
    let obs = mint_push(&mut world, "a", "obs", "rtc");
    let push = world.push_media(&obs);
    assert!(publishes(&world, push));
    act(&mut world, ann, "grant", json!({ "users": ["obs"], "role": "audience" })).unwrap();
    assert!(!publishes(&world, push), "{:?}", world.media[&push]);
    let heard = joins(&world, ann);
    for _ in 0..3 {
        let again = world.push_media(&obs);
        assert_eq!(world.closed_with(again), Some(ErrorCode::MayNotPublish));
    }
    assert_eq!(joins(&world, ann), heard);
    assert_eq!(world.clients[ann].people(), []);
    world.wind_down();
}

#[test]
fn who_is_kicked_does_not_come_back_by_an_encoder_that_tries_again() {
    let mut world = World::new(config());
    let ann = meet(&mut world, "ann", "a", json!({ "password": "sesame" }));
    let obs = mint_push(&mut world, "a", "obs", "rtc");
    let spare = mint_push(&mut world, "a", "bob", "rtc");
    let bob = meet(&mut world, "bob", "a", json!({ "password": "sesame" }));
    let (push, camera) = (world.push_media(&obs), world.push_media(&spare));
    assert!(publishes(&world, push) && publishes(&world, camera));
    act(&mut world, ann, "kick", json!({ "users": ["obs", "bob"] })).unwrap();
    assert_eq!(exits(&world, bob), [ConferenceExit::Removed]);
    for key in [&obs, &spare] {
        let again = world.push_media(key);
        world.pass(std::time::Duration::from_secs(6));
        assert_eq!(world.closed_with(again), Some(ErrorCode::UnknownKey));
    }
    assert_eq!(world.clients[ann].people(), []);
    assert!(world.kept_urls.is_empty(), "nor after a restart");
    world.wind_down();
}

#[test]
fn an_encoder_does_not_open_a_plain_room_where_a_conference_was_ended() {
    let mut world = World::new(config());
    let ann = meet(&mut world, "ann", "a", json!({ "password": "sesame" }));
    let (obs, later) = (mint_push(&mut world, "a", "obs", "rtc"), mint_push(&mut world, "a", "later", "rtc"));
    let push = world.push_media(&obs);
    assert!(publishes(&world, push));
    act(&mut world, ann, "destroy", json!({})).unwrap();
    let again = world.push_media(&obs);
    world.pass(std::time::Duration::from_secs(6));
    assert_eq!(world.closed_with(again), Some(ErrorCode::UnknownKey));
    assert_eq!(world.engine.sizes().rooms, 0);
    let anew = ticket(&mut world, ann, json!({ "room": named("a"), "password": "another" })).unwrap();
    enter_with(&mut world, ann, &anew, json!({})).unwrap();
    let push = world.push_media(&later);
    assert!(publishes(&world, push), "one that was not in use is good for the next one");
    world.close_media(push, true);
    world.wind_down();
}

#[test]
fn who_is_called_into_a_conference_talks_though_others_watch_unless_an_admin_decided_so() {
    let mut world = World::new(config());
    let settings = json!({ "settings": { "defaultRole": "audience" }, "password": "sesame" });
    let ann = meet(&mut world, "ann", "a", settings);
    let bob = world.phone("bob", "b");
    let call = |world: &mut World| {
        let call = ApiCall::StartCall(CallRequest {
            caller: "host".to_owned(),
            invitees: vec!["bob".to_owned()],
            media: huitong_protocol::api::CallMedia::Audio,
            group: None,
            timeout_ms: None,
            data: None,
            room: Some("a".to_owned()),
        });
        assert!(matches!(world.call(call), ApiResult::Call(_)));
        let name = world.clients[bob].call.as_ref().expect("it rings").call.clone();
        world.ask(bob, json!({ "op": "accept", "call": name })).unwrap();
        world.ask(bob, json!({ "op": "join", "room": named("a") })).unwrap();
        name
    };
    let name = call(&mut world);
    assert_eq!(world.clients[ann].people(), [("bob".to_owned(), ConferenceRole::Talker)]);
    world.start_media(bob, &key("bob"));
    act(&mut world, ann, "grant", json!({ "users": ["bob"], "role": "audience" })).unwrap();
    world.ask(bob, json!({ "op": "hangup", "call": name })).unwrap();
    call(&mut world);
    assert_eq!(world.clients[ann].people(), [("bob".to_owned(), ConferenceRole::Audience)]);
    world.wind_down();
}

#[test]
fn a_call_of_its_own_does_not_get_the_room_of_a_conference() {
    let first = |world: &mut World, taken: u32| {
        let (ann, _bob) = (world.phone("ann", "a"), world.phone("bob", "b"));
        make(world, json!({ "room": taken.to_string() }));
        world.ask(ann, json!({ "op": "call", "invitees": ["bob"], "media": "audio" })).unwrap();
        world.clients[ann].call.as_ref().unwrap().room.to_string().parse::<u32>().unwrap()
    };
    let number = first(&mut World::new(config()), 1);
    assert_ne!(number, 1);
    let other = first(&mut World::new(config()), number);
    assert_ne!(other, number, "nobody is in it, and it is somebody's all the same");
}

#[test]
fn nobody_inherits_a_conference_who_cannot_decide_in_it() {
    let mut next = config();
    next.conferences.admin_gone = AdminGone::NextTalker;
    let mut world = World::new(next);
    let ann = meet(&mut world, "ann", "a", json!({}));
    let obs = mint_push(&mut world, "a", "obs", "rtc");
    let push = world.push_media(&obs);
    let bob = meet(&mut world, "bob", "a", json!({}));
    world.ask(ann, json!({ "op": "leave" })).unwrap();
    assert_eq!(world.clients[bob].conference.as_ref().unwrap().you.role, ConferenceRole::Admin);
    assert_eq!(world.clients[bob].people(), [("obs".to_owned(), ConferenceRole::Talker)]);
    act(&mut world, bob, "kick", json!({ "users": ["obs"] })).unwrap();
    assert!(!publishes(&world, push));
    world.wind_down();
}

#[test]
fn who_is_silenced_wholly_changes_the_network_and_is_heard_when_the_silence_ends() {
    let mut world = World::new(config());
    let ann = meet(&mut world, "ann", "a", json!({}));
    let bob = meet(&mut world, "bob", "a", json!({}));
    world.start_media(bob, &key("bob"));
    let mute = |on: bool| json!({ "users": ["bob"], "audio": on, "video": on });
    act(&mut world, ann, "mute", mute(true)).unwrap();
    let again = world.push_media(&key("bob"));
    world.seen(again, true, true);
    assert_eq!(allowed(&world, again), NOTHING, "a new connection is no way around");
    assert_eq!(world.clients[ann].tracks("bob", StreamKind::Main), None);
    act(&mut world, ann, "mute", mute(false)).unwrap();
    assert_eq!(allowed(&world, again), BOTH);
    assert_eq!(world.clients[ann].tracks("bob", StreamKind::Main), Some((true, true)));
    world.wind_down();
}

#[test]
fn a_mute_holds_for_one_whose_key_allows_nothing_but_what_is_muted() {
    let mut keyed = config();
    keyed.apps.values_mut().for_each(|app| app.require_room_key = true);
    let mut world = World::new(keyed);
    let name = make(&mut world, json!({ "room": "7", "kind": "live", "creator": "ann" }));
    let ann = world.client("ann");
    let own = ticket(&mut world, ann, json!({ "conference": name })).unwrap();
    enter_with(&mut world, ann, &own, json!({})).unwrap();
    let bob = world.client("bob");
    // Create, enter and send sound.
    let pass = room_key("bob", 7, 1 + 2 + 4 + 8, world.unix_ms());
    let join = json!({ "op": "join", "room": { "number": 7 }, "scene": "live", "privateMapKey": pass });
    world.ask(bob, join.clone()).unwrap();
    act(&mut world, ann, "grant", json!({ "users": ["bob"], "role": "talker" })).unwrap();
    let push = world.start_media(bob, &key("bob"));
    assert_eq!(allowed(&world, push), TrackFlags { audio: true, video: false });
    act(&mut world, ann, "mute", json!({ "users": ["bob"], "audio": true, "video": false })).unwrap();
    assert_eq!(allowed(&world, push), NOTHING);
    world.ask(bob, json!({ "op": "leave" })).unwrap();
    world.ask(bob, join).expect("it may still come");
    let push = world.start_media(bob, &key("bob-again"));
    assert_eq!(allowed(&world, push), NOTHING, "and is as silent as before");
    world.wind_down();
}

#[test]
fn a_phone_that_came_by_the_door_hears_of_the_conference_once_it_shows_a_ticket() {
    let mut world = World::new(config());
    let ann = meet(&mut world, "ann", "a", json!({}));
    let phone = world.client("phone");
    world.ask(phone, json!({ "op": "join", "room": named("a") })).unwrap();
    let push = world.start_media(phone, &key("phone"));
    assert_eq!(nicks(&world, ann), [None]);
    let own = ticket(&mut world, phone, json!({ "room": named("a") })).unwrap();
    enter_with(&mut world, phone, &own, json!({ "nick": "Phone" })).unwrap();
    assert!(publishes(&world, push), "what it sends goes on");
    assert_eq!(joins(&world, ann), 2, "it shows a name now");
    assert_eq!(nicks(&world, ann), [Some("Phone".to_owned())], "it is the same member");
    let again = ticket(&mut world, phone, json!({ "room": named("a") })).unwrap();
    enter_with(&mut world, phone, &again, json!({})).unwrap();
    assert_eq!(joins(&world, ann), 2, "what it does not say stays");
    let ben = meet(&mut world, "ben", "a", json!({}));
    assert!(nicks(&world, ben).contains(&Some("Phone".to_owned())), "who comes later sees it as well");
    act(&mut world, ann, "grant", json!({ "users": ["phone"], "role": "admin" })).unwrap();
    assert_eq!(world.clients[phone].conference.as_ref().unwrap().you.role, ConferenceRole::Admin);
    let by_phone = ApiCall::Kick(
        Some(UserId::new("phone").unwrap()),
        Kick { conference: own.conference, users: vec![UserId::new("ann").unwrap()], members: Vec::new() },
    );
    assert!(matches!(world.call(by_phone), ApiResult::Members(_)));
    assert_eq!(exits(&world, ann), [ConferenceExit::Removed]);
    world.wind_down();
}
