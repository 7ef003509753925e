//! Conferences and those who are above them: back-ends, operators and crowds.

mod common;

use common::meeting::{act, enter_with, exits, meet, named, ticket};
use common::{World, config, key};
use huitong_engine::{ApiCall, ApiResult};
use huitong_protocol::api::{ConferenceRequest, ConferenceRole as ApiRole};
use huitong_protocol::{Done, Event};
use huitong_types::{ConferenceExit, ConferenceRole, ErrorCode, RoomId, UserId};
use serde_json::json;

#[test]
fn the_back_end_makes_looks_removes_and_ends() {
    let mut world = World::new(config());
    let request = ConferenceRequest {
        room: Some("board".to_owned()),
        password: Some("sesame".to_owned()),
        creator: Some("ann".to_owned()),
        default_role: Some(ApiRole::Audience),
        ..ConferenceRequest::default()
    };
    let ApiResult::Conference(made) = world.call(ApiCall::CreateConference(Box::new(request))) else {
        panic!()
    };
    assert!(made.summary.locked && made.members.is_empty());
    let ann = world.client("ann");
    let own = ticket(&mut world, ann, json!({ "conference": made.summary.conference })).unwrap();
    enter_with(&mut world, ann, &own, json!({})).unwrap();
    let bob = meet(&mut world, "bob", "board", json!({ "password": "sesame" }));
    let name = own.conference.clone();
    let ApiResult::Conference(detail) = world.call(ApiCall::GetConference(name.clone())) else { panic!() };
    let roles: Vec<_> = detail.members.iter().map(|member| (member.user.as_str(), member.role)).collect();
    assert_eq!(roles, [("ann", ApiRole::Admin), ("bob", ApiRole::Audience)]);
    let kick = huitong_protocol::Kick {
        conference: name.clone(),
        users: vec![UserId::new("bob").unwrap()],
        members: Vec::new(),
    };
    let by_bob = ApiCall::Kick(Some(UserId::new("bob").unwrap()), kick.clone());
    assert_eq!(world.refused(by_bob), ErrorCode::NotAdmin, "for a user it has the user's rights");
    let ApiResult::Members(reply) = world.call(ApiCall::Kick(None, kick)) else { panic!() };
    assert_eq!(reply.users.len(), 1);
    assert_eq!(exits(&world, bob), [ConferenceExit::Removed]);
    let destroy = huitong_protocol::Destroy { conference: name.clone() };
    assert!(matches!(world.call(ApiCall::Destroy(None, destroy)), ApiResult::Done));
    assert_eq!(exits(&world, ann), [ConferenceExit::Closed]);
    assert_eq!(world.refused(ApiCall::GetConference(name)), ErrorCode::NoConference);
    world.wind_down();
}

#[test]
fn who_was_kicked_while_away_hears_of_it_from_the_next_session() {
    let mut world = World::new(config());
    let ann = meet(&mut world, "ann", "a", json!({}));
    let bob = meet(&mut world, "bob", "a", json!({}));
    world.drop_connection(bob);
    act(&mut world, ann, "kick", json!({ "users": ["bob"] })).unwrap();
    world.pass(config().seat_grace + std::time::Duration::from_secs(1));
    world.resume(bob).unwrap();
    let missed = &world.clients[bob].welcome.as_ref().unwrap().missed;
    assert!(
        matches!(
            missed[..],
            [Event::Removed { .. }, Event::ConferenceExited { reason: ConferenceExit::Removed, .. }]
        ),
        "{missed:?}"
    );
    world.wind_down();
}

#[test]
fn operators_remove_from_and_dissolve_the_room_of_a_conference() {
    let mut world = World::new(config());
    let ann = meet(&mut world, "ann", "a", json!({}));
    let bob = meet(&mut world, "bob", "a", json!({}));
    let room = RoomId::text("a").unwrap();
    world.call(ApiCall::RemoveMember(room.clone(), UserId::new("bob").unwrap()));
    assert_eq!(exits(&world, bob), [ConferenceExit::Removed]);
    world.call(ApiCall::DissolveRoom(room));
    assert_eq!(exits(&world, ann), [ConferenceExit::Closed]);
    assert_eq!(world.engine.sizes().conferences, 0);
    world.wind_down();
}

#[test]
fn ten_thousand_named_alike_come_to_a_live_conference_and_the_admin_goes_on() {
    let mut world = World::new(config());
    let settings = json!({ "settings": { "kind": "live", "maxAudience": 20_000 } });
    let ann = meet(&mut world, "ann", "show", settings);
    let bob = meet(&mut world, "bob", "show", json!({}));
    let own = ticket(&mut world, bob, json!({ "room": named("show") })).unwrap();
    for n in 0..10_000 {
        let who = world.client(&format!("u{n}"));
        let own = ticket(&mut world, who, json!({ "conference": own.conference })).unwrap();
        enter_with(&mut world, who, &own, json!({ "nick": "same", "ext": "{}" })).unwrap();
        // Who watches says nothing more.
        world.clients.pop();
        assert_eq!(world.clients.len(), who);
    }
    let look = json!({ "op": "look", "conference": own.conference });
    let Done::Look(seen) = world.ask(bob, look).unwrap() else { panic!("a look") };
    assert_eq!((seen.members, seen.audience), (10_002, 10_001));
    assert!(world.clients[ann].pushes.len() < 20, "audience is not told one by one");
    act(&mut world, ann, "grant", json!({ "users": ["u9999"], "role": "talker" })).unwrap();
    assert_eq!(world.clients[bob].people().len(), 2);
    act(&mut world, ann, "destroy", json!({})).unwrap();
    assert_eq!(world.engine.sizes().members, 0);
}

#[test]
fn one_user_who_comes_again_and_again_has_one_place() {
    let mut apps = config();
    for app in apps.apps.values_mut() {
        app.multi_device = huitong_engine::MultiDevice::PerDevice;
    }
    let mut world = World::new(apps);
    let ann = meet(&mut world, "ann", "a", json!({}));
    for _ in 0..300 {
        meet(&mut world, "bob", "a", json!({}));
    }
    assert_eq!(world.clients[ann].people(), [("bob".to_owned(), ConferenceRole::Talker)]);
    assert_eq!(world.engine.sizes().members, 2);
    world.wind_down();
}

#[test]
fn an_end_that_was_refused_is_not_written_down_as_one() {
    let mut world = World::new(config());
    let ann = meet(&mut world, "ann", "a", json!({}));
    let bob = meet(&mut world, "bob", "a", json!({}));
    let ends =
        |world: &World| world.notes.iter().filter(|note| note.starts_with("conference-destroy")).count();
    assert_eq!(act(&mut world, bob, "destroy", json!({})).unwrap_err(), ErrorCode::NotAdmin);
    assert_eq!(ends(&world), 0);
    act(&mut world, ann, "destroy", json!({})).unwrap();
    assert_eq!(ends(&world), 1);
    assert!(world.notes.iter().any(|note| note.starts_with("conference-destroy") && note.contains("ann")));
    world.wind_down();
}

#[test]
fn whether_the_media_of_a_member_runs_can_be_asked() {
    let mut world = World::new(config());
    let ann = meet(&mut world, "ann", "a", json!({}));
    let bob = meet(&mut world, "bob", "a", json!({}));
    let name = world.clients[ann].conference.as_ref().unwrap().conference.clone();
    let has = |world: &mut World, user: &str| {
        let call = ApiCall::HasMedia(name.clone(), UserId::new(user).unwrap());
        let ApiResult::Media(runs) = world.call(call) else { panic!() };
        runs
    };
    assert!(!has(&mut world, "ann") && !has(&mut world, "bob") && !has(&mut world, "nobody"));
    let push = world.start_media(ann, &key("ann"));
    let play = world.clients[bob].play_key("ann");
    let play = world.play(&play);
    assert!(has(&mut world, "ann") && has(&mut world, "bob"));
    world.close_media(play, true);
    assert!(!has(&mut world, "bob"));
    world.close_media(push, true);
    assert!(!has(&mut world, "ann"));
    world.wind_down();
}
