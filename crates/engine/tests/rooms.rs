//! Membership by frames: scenes, limits, roles, privileges, several sessions of one user.

mod common;

use common::{Media, World, config, key, room, scene_of};
use huitong_protocol::Event;
use huitong_types::{AppId, ErrorCode, LeaveReason, Role, Scene, StreamKind};
use serde_json::json;
use std::time::Duration;

#[test]
fn numeric_and_named_rooms_with_the_same_digits_are_two_rooms() {
    let mut world = World::new(config());
    let alice = world.client("alice");
    let bob = world.client("bob");
    world.ask(alice, json!({ "op": "join", "room": { "number": 7 } })).unwrap();
    world.ask(bob, json!({ "op": "join", "room": { "text": "7" } })).unwrap();
    assert!(world.clients[alice].members().is_empty() && world.clients[bob].members().is_empty());
    world.wind_down();
}

#[test]
fn a_full_rtc_room_refuses_one_more_but_not_a_replacement() {
    let mut config = config();
    config.rtc_members = 2;
    let mut world = World::new(config);
    world.member("alice");
    world.member("bob");
    let carol = world.client("carol");
    assert_eq!(world.join(carol, 1).unwrap_err(), ErrorCode::RoomFull);
    world.member("bob");
    world.wind_down();
}

#[test]
fn an_rtc_room_limits_how_many_publish_at_once() {
    let mut config = config();
    config.publishers = 1;
    let mut world = World::new(config);
    let (alice, first) = world.publisher("alice");
    let bob = world.member("bob");
    world.declare(bob, &key("bob"), true, true).unwrap();
    let second = world.push_media(&key("bob"));
    assert_eq!(world.closed_with(second), Some(ErrorCode::PublishersFull));
    let publish =
        json!({ "op": "publish", "stream": "aux", "key": key("aux").reveal(), "audio": true, "video": true });
    world.ask(alice, publish).unwrap();
    let aux = world.push_media(&key("aux"));
    assert!(matches!(world.media[&aux], Media::Publishing { .. }), "two streams of one publisher");
    world.close_media(aux, true);
    world.close_media(first, true);
    let third = world.push_media(&key("bob"));
    assert!(matches!(world.media[&third], Media::Publishing { .. }));
    world.wind_down();
}

#[test]
fn another_scene_is_refused() {
    let mut world = World::new(config());
    world.member("alice");
    let bob = world.client("bob");
    assert_eq!(world.join_live(bob, 1, "audience").unwrap_err(), ErrorCode::SceneMismatch);
    world.wind_down();
}

#[test]
fn live_audience_is_counted_and_not_announced() {
    let mut world = World::new(config());
    let host = world.client("host");
    world.join_live(host, 5, "publisher").unwrap();
    let watchers: Vec<usize> = (0..30)
        .map(|n| {
            let who = world.client(&format!("w{n}"));
            world.join_live(who, 5, "audience").unwrap();
            who
        })
        .collect();
    assert_eq!(world.clients[watchers[3]].members(), ["host"]);
    assert!(world.clients[host].members().is_empty());
    world.pass(Duration::from_secs(1));
    for who in [host, watchers[0], watchers[29]] {
        assert_eq!(world.clients[who].state.as_ref().unwrap().audience, 30);
    }
    let counts = world.clients[host].pushes.iter().filter(|e| matches!(e, Event::Audience { .. })).count();
    assert!(counts <= 2, "{counts} counts within a second");
    assert_eq!(scene_of(&world.clients[watchers[0]]), Some((Scene::Live, Role::Audience)));
    world.wind_down();
}

#[test]
fn live_limits_are_kept_for_publishers_and_audience() {
    let mut config = config();
    (config.publishers, config.live_audience) = (1, 1);
    let mut world = World::new(config);
    let host = world.client("host");
    world.join_live(host, 5, "publisher").unwrap();
    let watcher = world.client("watcher");
    world.join_live(watcher, 5, "audience").unwrap();
    let late = world.client("late");
    assert_eq!(world.join_live(late, 5, "audience").unwrap_err(), ErrorCode::RoomFull);
    assert_eq!(world.join_live(late, 5, "publisher").unwrap_err(), ErrorCode::PublishersFull);
    let promote = json!({ "op": "setRole", "role": "publisher" });
    assert_eq!(world.ask(watcher, promote).unwrap_err(), ErrorCode::PublishersFull);
    world.wind_down();
}

#[test]
fn a_change_of_role_is_a_join_or_a_leave_for_the_others() {
    let mut world = World::new(config());
    let host = world.client("host");
    world.join_live(host, 5, "publisher").unwrap();
    let guest = world.client("guest");
    world.join_live(guest, 5, "audience").unwrap();
    let early = world.declare(guest, &key("guest"), true, true);
    assert_eq!(early.unwrap_err(), ErrorCode::MayNotPublish);
    world.ask(guest, json!({ "op": "setRole", "role": "publisher" })).unwrap();
    assert_eq!(world.clients[host].members(), ["guest"]);
    let ticket = world.start_media(guest, &key("guest"));
    let play = world.play(&world.clients[host].play_key("guest"));
    world.ask(guest, json!({ "op": "setRole", "role": "audience" })).unwrap();
    let left = Event::MemberLeft { user: common::user("guest"), reason: LeaveReason::BecameAudience };
    assert!(world.clients[host].pushes.contains(&left));
    assert_eq!(world.closed_with(ticket), Some(ErrorCode::MayNotPublish));
    assert_eq!(world.media[&play], Media::StreamOver);
    assert!(world.clients[guest].state.is_some(), "it is still in the room");
    let late = world.push_media(&key("guest"));
    world.pass(Duration::from_secs(5));
    assert_eq!(world.closed_with(late), Some(ErrorCode::UnknownKey));
    world.wind_down();
}

#[test]
fn rtc_rooms_have_no_audience() {
    let mut world = World::new(config());
    let alice = world.client("alice");
    world.ask(alice, json!({ "op": "join", "room": room(1), "role": "audience" })).unwrap();
    assert_eq!(scene_of(&world.clients[alice]), Some((Scene::Rtc, Role::Publisher)));
    let demote = json!({ "op": "setRole", "role": "audience" });
    assert_eq!(world.ask(alice, demote).unwrap_err(), ErrorCode::SceneMismatch);
    world.wind_down();
}

#[test]
fn a_live_room_with_audience_only_ends_after_ten_minutes() {
    let mut world = World::new(config());
    let host = world.client("host");
    world.join_live(host, 5, "publisher").unwrap();
    let watcher = world.client("watcher");
    world.join_live(watcher, 5, "audience").unwrap();
    world.ask(host, json!({ "op": "leave" })).unwrap();
    for _ in 0..59 {
        world.pass(Duration::from_secs(10));
        world.ask(watcher, json!({ "op": "ping" })).unwrap();
    }
    assert!(world.clients[watcher].state.is_some());
    world.pass(Duration::from_secs(10));
    let last = world.clients[watcher].pushes.last().unwrap();
    assert!(matches!(last, Event::Removed { reason: LeaveReason::Dissolved, .. }), "{last:?}");
    assert_eq!(world.engine.sizes().rooms, 0);
    world.wind_down();
}

#[test]
fn the_same_user_in_the_same_room_replaces_its_other_session() {
    let mut config = config();
    let app = config.apps.get_mut(&AppId::new(common::APP).unwrap()).unwrap();
    app.multi_device = huitong_engine::MultiDevice::PerDevice;
    let mut world = World::new(config);
    let (phone, ticket) = world.publisher("alice");
    let bob = world.member("bob");
    let pad = world.member("alice");
    assert_eq!(world.closed_with(ticket), Some(ErrorCode::NotInRoom));
    let told = world.clients[phone].pushes.last().unwrap();
    assert!(matches!(told, Event::Removed { reason: LeaveReason::Replaced, .. }), "{told:?}");
    assert_eq!(world.clients[bob].members(), ["alice"]);
    assert_eq!(world.clients[bob].tracks("alice", StreamKind::Main), None);
    assert_eq!(world.clients[pad].members(), ["bob"]);
    world.wind_down();
}

fn with_room_keys() -> World {
    let mut config = config();
    config.apps.get_mut(&AppId::new(common::APP).unwrap()).unwrap().require_room_key = true;
    World::new(config)
}

fn join_with(world: &mut World, who: usize, bits: u32) -> Result<(), ErrorCode> {
    let user = world.clients[who].user.clone();
    let room_key = common::room_key(&user, 1, bits, world.unix_ms());
    let join = json!({ "op": "join", "room": room(1), "privateMapKey": room_key });
    world.ask(who, join).map(|_| ())
}

#[test]
fn an_application_may_demand_room_keys() {
    let mut world = with_room_keys();
    let alice = world.client("alice");
    assert_eq!(world.join(alice, 1).unwrap_err(), ErrorCode::RoomKeyRequired);
    assert_eq!(join_with(&mut world, alice, 2 + 4).unwrap_err(), ErrorCode::MayNotCreate);
    assert_eq!(join_with(&mut world, alice, 1 + 4).unwrap_err(), ErrorCode::MayNotEnter);
    join_with(&mut world, alice, 255).unwrap();
    let bob = world.client("bob");
    join_with(&mut world, bob, 2 + 32).unwrap();
    world.wind_down();
}

#[test]
fn privileges_decide_what_is_sent_and_received() {
    let mut world = with_room_keys();
    let alice = world.client("alice");
    join_with(&mut world, alice, 1 + 2 + 4).unwrap();
    let bob = world.client("bob");
    join_with(&mut world, bob, 2 + 8).unwrap();
    world.declare(alice, &key("alice"), true, true).unwrap();
    let ticket = world.push_media(&key("alice"));
    let Media::Publishing { allowed, .. } = world.media[&ticket] else { panic!() };
    assert!(allowed.audio && !allowed.video);
    world.seen(ticket, true, true);
    assert_eq!(world.clients[bob].tracks("alice", StreamKind::Main), Some((true, false)));
    let play = world.play(&world.clients[bob].play_key("alice"));
    let Media::Playing { tracks, .. } = world.media[&play] else { panic!() };
    assert!(tracks.audio && !tracks.video);
    assert_eq!(world.declare(bob, &key("bob"), true, true).unwrap_err(), ErrorCode::MayNotPublish);
    let aux =
        json!({ "op": "publish", "stream": "aux", "key": key("x").reveal(), "audio": false, "video": true });
    assert_eq!(world.ask(alice, aux).unwrap_err(), ErrorCode::MayNotPublishAux);
    let wider = common::room_key("alice", 1, 255, world.unix_ms());
    world.ask(alice, json!({ "op": "setRole", "role": "publisher", "privateMapKey": wider })).unwrap();
    assert_eq!(world.clients[bob].tracks("alice", StreamKind::Main), Some((true, true)));
    world.wind_down();
}

/// Enters live room 1 with a room key of these privileges.
fn join_live_with(world: &mut World, who: usize, role: &str, bits: u32) -> Result<(), ErrorCode> {
    let user = world.clients[who].user.clone();
    let room_key = common::room_key(&user, 1, bits, world.unix_ms());
    let join =
        json!({ "op": "join", "room": room(1), "scene": "live", "role": role, "privateMapKey": room_key });
    world.ask(who, join).map(|_| ())
}

#[test]
fn who_may_send_nothing_does_not_take_the_place_of_a_publisher() {
    let mut world = with_room_keys();
    let host = world.client("host");
    join_live_with(&mut world, host, "publisher", 255).unwrap();
    let viewer = world.client("viewer");
    let watch_only = 2 + 8 + 32;
    assert_eq!(
        join_live_with(&mut world, viewer, "publisher", watch_only).unwrap_err(),
        ErrorCode::MayNotPublish
    );
    join_live_with(&mut world, viewer, "audience", watch_only).unwrap();
    let promote = json!({ "op": "setRole", "role": "publisher" });
    assert_eq!(world.ask(viewer, promote.clone()).unwrap_err(), ErrorCode::MayNotPublish);
    assert!(world.clients[host].members().is_empty(), "nobody was announced");
    let sends_sound = common::room_key("viewer", 1, 2 + 4, world.unix_ms());
    world.ask(viewer, json!({ "op": "setRole", "role": "publisher", "privateMapKey": sends_sound })).unwrap();
    assert_eq!(world.clients[host].members(), ["viewer"]);
    world.wind_down();
}

#[test]
fn an_expired_room_key_does_not_make_a_publisher() {
    let mut world = with_room_keys();
    let host = world.client("host");
    join_live_with(&mut world, host, "publisher", 255).unwrap();
    let viewer = world.client("viewer");
    join_live_with(&mut world, viewer, "audience", 255).unwrap();
    for _ in 0..16 {
        world.pass(Duration::from_secs(20));
        world.ask(host, json!({ "op": "ping" })).unwrap();
        world.ask(viewer, json!({ "op": "ping" })).unwrap();
    }
    let promote = json!({ "op": "setRole", "role": "publisher" });
    assert_eq!(world.ask(viewer, promote).unwrap_err(), ErrorCode::RoomKeyRequired, "it was valid for 300 s");
    let fresh = common::room_key("viewer", 1, 255, world.unix_ms());
    world.ask(viewer, json!({ "op": "setRole", "role": "publisher", "privateMapKey": fresh })).unwrap();
    world.wind_down();
}
