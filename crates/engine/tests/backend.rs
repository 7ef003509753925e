//! The back-end API, and encoders and players with minted URLs.

mod common;

use common::{Media, World, config, key, number, user};
use huitong_engine::{ApiCall, ApiResult};
use huitong_protocol::Event;
use huitong_protocol::api::{RoomDetail, UrlKind, UrlRequest};
use huitong_types::{ErrorCode, LeaveReason, RoomId, StreamId, StreamKey, StreamKind};
use std::time::Duration;

const MAIN: StreamKind = StreamKind::Main;

fn request(kind: UrlKind, name: &str) -> UrlRequest {
    UrlRequest { kind, user: name.into(), stream: String::new(), scene: String::new(), expire_seconds: None }
}

fn mint(world: &mut World, request: UrlRequest) -> StreamKey {
    let result = world.call(ApiCall::MintUrl(number(1), request));
    let ApiResult::Urls(reply) = result else { panic!("{result:?}") };
    assert!(reply.urls.iter().all(|url| url.url.len() <= 128), "{reply:?}");
    let rtmp = &reply.urls[0];
    assert_eq!(rtmp.name, "rtmp");
    StreamKey::new(rtmp.url.rsplit('/').next().unwrap()).unwrap()
}

fn detail(world: &mut World, room: RoomId) -> (RoomDetail, Vec<Vec<StreamId>>) {
    match world.call(ApiCall::GetRoom(room)) {
        ApiResult::Room(detail, ids) => (detail, ids),
        other => panic!("{other:?}"),
    }
}

#[test]
fn rooms_are_listed_by_name_in_pages() {
    let mut world = World::new(config());
    for (n, id) in [20, 3, 11].into_iter().enumerate() {
        let who = world.client(&format!("u{n}"));
        world.join(who, id).unwrap();
    }
    world.pass(Duration::from_secs(7));
    let ApiResult::Rooms(page) = world.call(ApiCall::ListRooms { offset: 1, limit: 2 }) else { panic!() };
    let names: Vec<&str> = page.rooms.iter().map(|room| room.room.as_str()).collect();
    assert_eq!((names.as_slice(), page.total), (["11", "20"].as_slice(), 3));
    assert_eq!((page.rooms[0].age_seconds, page.rooms[0].members), (7, 1));
    world.wind_down();
}

#[test]
fn a_room_is_shown_with_members_and_streams() {
    let mut world = World::new(config());
    let (_alice, ticket) = world.publisher("alice");
    world.member("bob");
    let (room, ids) = detail(&mut world, number(1));
    assert_eq!(room.summary.streams, 1);
    assert_eq!(room.members.iter().map(|m| m.user.as_str()).collect::<Vec<_>>(), ["alice", "bob"]);
    let stream = &room.members[0].streams[0];
    assert!(stream.publishing && stream.audio && stream.video && stream.stream == "main");
    let Media::Publishing { stream, .. } = world.media[&ticket] else { panic!() };
    assert_eq!(ids, [vec![stream], vec![]]);
    assert_eq!(world.refused(ApiCall::GetRoom(number(9))), ErrorCode::NotFound);
    world.wind_down();
}

#[test]
fn a_removed_member_is_cut_at_once_and_may_come_back() {
    let mut world = World::new(config());
    let (alice, push) = world.publisher("alice");
    let bob = world.member("bob");
    world.start_media(bob, &key("bob"));
    let play = world.play(&world.clients[alice].play_key("bob"));
    world.call(ApiCall::RemoveMember(number(1), user("alice")));
    assert_eq!(world.closed_with(push), Some(ErrorCode::NotInRoom));
    assert_eq!(world.closed_with(play), Some(ErrorCode::NotInRoom));
    let told = world.clients[alice].pushes.last().unwrap();
    assert!(matches!(told, Event::Removed { reason: LeaveReason::Kicked, .. }), "{told:?}");
    assert!(world.clients[bob].members().is_empty());
    assert_eq!(world.refused(ApiCall::RemoveMember(number(1), user("alice"))), ErrorCode::NotFound);
    world.join(alice, 1).unwrap();
    world.wind_down();
}

#[test]
fn a_dissolved_room_is_over_for_everybody_and_others_go_on() {
    let mut world = World::new(config());
    let (alice, push) = world.publisher("alice");
    let bob = world.member("bob");
    let elsewhere = world.client("carol");
    world.join(elsewhere, 2).unwrap();
    world.call(ApiCall::DissolveRoom(number(1)));
    for who in [alice, bob] {
        let told = world.clients[who].pushes.last().unwrap();
        assert!(matches!(told, Event::Removed { reason: LeaveReason::Dissolved, .. }), "{told:?}");
    }
    assert_eq!(world.closed_with(push), Some(ErrorCode::NotInRoom));
    assert!(world.clients[elsewhere].state.is_some());
    assert_eq!(world.refused(ApiCall::DissolveRoom(number(1))), ErrorCode::NotFound);
    world.wind_down();
}

#[test]
fn an_encoder_is_a_member_while_it_pushes() {
    let mut world = World::new(config());
    let bob = world.member("bob");
    let push = mint(&mut world, request(UrlKind::Push, "obs"));
    let ticket = world.push_media(&push);
    assert_eq!(world.clients[bob].members(), ["obs"]);
    world.seen(ticket, true, true);
    assert_eq!(world.clients[bob].tracks("obs", MAIN), Some((true, true)));
    world.close_media(ticket, true);
    assert!(world.clients[bob].members().is_empty());
    let again = world.push_media(&push);
    world.close_media(again, false);
    assert_eq!(world.clients[bob].members(), ["obs"], "a broken encoder may come back");
    let back = world.push_media(&push);
    world.close_media(back, false);
    world.pass(Duration::from_secs(10));
    assert!(world.clients[bob].members().is_empty());
    let told = world.clients[bob].pushes.last().unwrap();
    assert!(matches!(told, Event::MemberLeft { reason: LeaveReason::TimedOut, .. }), "{told:?}");
    world.wind_down();
}

#[test]
fn main_and_aux_of_one_encoder_are_one_member() {
    let mut world = World::new(config());
    let bob = world.member("bob");
    let main = mint(&mut world, request(UrlKind::Push, "obs"));
    let aux = mint(&mut world, UrlRequest { stream: "aux".into(), ..request(UrlKind::Push, "obs") });
    let first = world.push_media(&main);
    let second = world.push_media(&aux);
    world.seen(first, true, true);
    world.seen(second, false, true);
    assert_eq!(world.clients[bob].members(), ["obs"]);
    assert_eq!(world.clients[bob].tracks("obs", StreamKind::Aux), Some((false, true)));
    world.close_media(first, true);
    assert_eq!(world.clients[bob].members(), ["obs"]);
    world.close_media(second, true);
    assert!(world.clients[bob].members().is_empty());
    world.wind_down();
}

#[test]
fn an_encoder_adds_to_its_users_device_but_does_not_fight_it() {
    let mut world = World::new(config());
    let (alice, phone) = world.publisher("alice");
    let bob = world.member("bob");
    let main = mint(&mut world, request(UrlKind::Push, "alice"));
    let aux = mint(&mut world, UrlRequest { stream: "aux".into(), ..request(UrlKind::Push, "alice") });
    let refused = world.push_media(&main);
    assert_eq!(world.closed_with(refused), Some(ErrorCode::KeyInUse));
    let screen = world.push_media(&aux);
    world.seen(screen, false, true);
    assert_eq!(world.clients[bob].tracks("alice", StreamKind::Aux), Some((false, true)));
    let again = world.push_media(&aux);
    assert!(matches!(world.media[&again], Media::Publishing { .. }), "an encoder may reconnect");
    assert!(matches!(world.media[&phone], Media::Publishing { .. }));
    world.ask(alice, serde_json::json!({ "op": "leave" })).unwrap();
    assert_eq!(world.closed_with(again), Some(ErrorCode::NotInRoom));
    world.wind_down();
}

#[test]
fn a_play_url_serves_many_players_and_may_come_before_the_stream() {
    let mut world = World::new(config());
    let play = mint(&mut world, request(UrlKind::Play, "alice"));
    let early = world.play(&play);
    let missing = world.play(&play);
    world.close_media(missing, false);
    let (_alice, _) = world.publisher("alice");
    let more: Vec<u64> = (0..5).map(|_| world.play(&play)).collect();
    for ticket in more.into_iter().chain([early]) {
        assert!(matches!(world.media[&ticket], Media::Playing { .. }));
    }
    let other = mint(&mut world, request(UrlKind::Play, "nobody"));
    let ticket = world.play(&other);
    world.pass(Duration::from_secs(5));
    assert_eq!(world.closed_with(ticket), Some(ErrorCode::NotFound));
    world.wind_down();
}

#[test]
fn minted_urls_expire_and_do_one_thing_only() {
    let mut world = World::new(config());
    let push = mint(&mut world, UrlRequest { expire_seconds: Some(60), ..request(UrlKind::Push, "obs") });
    let play = mint(&mut world, UrlRequest { expire_seconds: Some(60), ..request(UrlKind::Play, "obs") });
    let wrong = world.play(&push);
    assert_eq!(world.closed_with(wrong), Some(ErrorCode::UnknownKey));
    let wrong = world.push_media(&play);
    assert_eq!(world.closed_with(wrong), Some(ErrorCode::UnknownKey));
    let running = world.push_media(&push);
    world.pass(Duration::from_secs(60));
    assert!(matches!(world.media[&running], Media::Publishing { .. }), "what runs goes on");
    let late = world.play(&play);
    assert_eq!(world.closed_with(late), Some(ErrorCode::UnknownKey));
    world.wind_down();
}

#[test]
fn bad_url_requests_name_the_field() {
    let mut world = World::new(config());
    let base = || request(UrlKind::Push, "obs");
    for (bad, field) in [
        (UrlRequest { user: String::new(), ..base() }, "user"),
        (UrlRequest { stream: "small".into(), ..base() }, "stream"),
        (UrlRequest { scene: "theatre".into(), ..base() }, "scene"),
        (UrlRequest { expire_seconds: Some(40 * 86_400), ..base() }, "expireSeconds"),
        (UrlRequest { expire_seconds: Some(0), ..base() }, "expireSeconds"),
    ] {
        let ApiResult::Refused(fault) = world.call(ApiCall::MintUrl(number(1), bad)) else { panic!() };
        assert_eq!((fault.code, fault.field), (ErrorCode::InvalidField, Some(field)));
    }
    world.wind_down();
}

#[test]
fn a_url_that_phones_cannot_open_is_not_minted() {
    let mut config = config();
    config.media.ws_flv = format!("wss://{}.test/flv", "h".repeat(100));
    let mut world = World::new(config);
    assert_eq!(
        world.refused(ApiCall::MintUrl(number(1), request(UrlKind::Play, "alice"))),
        ErrorCode::Internal
    );
    assert_eq!(world.engine.sizes().urls, 0);
    world.wind_down();
}

#[test]
fn minted_urls_outlive_a_restart_until_they_expire() {
    let mut world = World::new(config());
    let long = mint(&mut world, UrlRequest { expire_seconds: Some(3600), ..request(UrlKind::Push, "obs") });
    let brief = mint(&mut world, UrlRequest { expire_seconds: Some(60), ..request(UrlKind::Push, "cam") });
    let records: Vec<_> = world.kept_urls.values().cloned().collect();
    let mut restarted = World::new(config());
    restarted.pass(Duration::from_secs(600));
    for record in records {
        restarted.input(huitong_engine::Input::RestoreUrl(record));
    }
    let ticket = restarted.push_media(&long);
    assert!(matches!(restarted.media[&ticket], Media::Publishing { .. }));
    assert_eq!(restarted.engine.sizes().urls, 1);
    let late = restarted.push_media(&brief);
    restarted.pass(Duration::from_secs(5));
    assert_eq!(restarted.closed_with(late), Some(ErrorCode::UnknownKey));
    restarted.pass(Duration::from_secs(3000));
    assert_eq!(restarted.engine.sizes().urls, 0, "it expires when it would have without the restart");
    restarted.wind_down();
}

#[test]
fn an_encoder_that_was_removed_does_not_come_back_by_its_url() {
    let mut world = World::new(config());
    let push = mint(&mut world, request(UrlKind::Push, "obs"));
    let other = mint(&mut world, request(UrlKind::Push, "cam"));
    let ticket = world.push_media(&push);
    let stays = world.push_media(&other);
    world.call(ApiCall::RemoveMember(number(1), user("obs")));
    assert_eq!(world.closed_with(ticket), Some(ErrorCode::NotInRoom));
    let again = world.push_media(&push);
    world.pass(Duration::from_secs(5));
    assert_eq!(world.closed_with(again), Some(ErrorCode::UnknownKey));
    assert!(matches!(world.media[&stays], Media::Publishing { .. }));
    assert_eq!(world.kept_urls.len(), 1);
    world.call(ApiCall::DissolveRoom(number(1)));
    assert_eq!((world.engine.sizes().urls, world.kept_urls.len()), (0, 0));
    world.wind_down();
}

#[test]
fn players_that_wait_do_not_turn_an_early_publisher_away() {
    let mut config = config();
    config.early_count = 2;
    let mut world = World::new(config);
    let play = mint(&mut world, request(UrlKind::Play, "alice"));
    let early = world.push_media(&key("alicesearlykey"));
    let players: Vec<u64> = (0..10).map(|_| world.play(&play)).collect();
    let alice = world.member("alice");
    world.declare(alice, &key("alicesearlykey"), true, true).unwrap();
    for ticket in players {
        assert!(matches!(world.media[&ticket], Media::Playing { .. }));
    }
    assert!(matches!(world.media[&early], Media::Publishing { .. }));
    world.wind_down();
}
