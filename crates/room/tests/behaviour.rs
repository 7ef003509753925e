//! What rooms do, one behaviour at a time.

mod common;

use common::{BOTH, World, room, session, tracks, user};
use huitong_room::{Event, Input, Limits, Output, TrackFlags, Why};
use huitong_types::{ErrorCode, LeaveReason, Moment, Privileges, Role, Scene, StreamKind};
use std::time::Duration;

const MAIN: StreamKind = StreamKind::Main;

fn rtc(world: &mut World, ids: &[u64]) {
    for id in ids {
        world.join(*id, &room(1), Scene::Rtc, Role::Publisher).unwrap();
    }
}

#[test]
fn an_rtc_room_lives_from_its_first_to_its_last_member() {
    let mut world = World::new(Limits::default());
    rtc(&mut world, &[1, 2]);
    world.input(Input::Leave { session: session(1), reason: LeaveReason::Left }).unwrap();
    assert!(world.existing.contains(&room(1)));
    world.input(Input::Leave { session: session(2), reason: LeaveReason::Left }).unwrap();
    assert!(world.existing.is_empty() && world.rooms.is_idle());
}

#[test]
fn deadlines_say_what_they_are_for() {
    let mut world = World::new(Limits::default());
    rtc(&mut world, &[1]);
    world.input(Input::ConnectionLost { session: session(1) }).unwrap();
    let away = (Moment::from_millis(10_000), Why::AwayDue);
    assert_eq!(world.rooms.next_deadline(), Some(away));
    world.pass(Duration::from_secs(10));
    assert_eq!(world.rooms.next_deadline(), Some((Moment::from_millis(90_000), Why::SeatExpired)));
    world.pass(Duration::from_secs(80));
    assert_eq!(world.left, [(session(1), LeaveReason::TimedOut)]);
}

#[test]
fn a_live_room_whose_last_publisher_leaves_nobody_behind_ends_at_once() {
    let mut world = World::new(Limits::default());
    world.join(1, &room(1), Scene::Live, Role::Publisher).unwrap();
    world.input(Input::Leave { session: session(1), reason: LeaveReason::Left }).unwrap();
    assert!(world.rooms.is_idle());
}

#[test]
fn a_publisher_that_returns_saves_the_live_room() {
    let mut world = World::new(Limits::default());
    world.join(1, &room(1), Scene::Live, Role::Audience).unwrap();
    let deadline = world.rooms.next_deadline().unwrap();
    assert_eq!(deadline, (Moment::from_millis(600_000), Why::AudienceOnlyExpired));
    world.pass(Duration::from_secs(599));
    world.join(2, &room(1), Scene::Live, Role::Publisher).unwrap();
    world.pass(Duration::from_secs(3600));
    assert_eq!(world.rooms.sizes(), (1, 2));
}

#[test]
fn a_hundred_thousand_watchers_are_counted_without_being_told_of_each_other() {
    let mut world = World::new(Limits::default());
    world.join(0, &room(1), Scene::Live, Role::Publisher).unwrap();
    let mut counts = 0;
    for id in 1..=100_000 {
        world.join_with(id, id, &room(1), Scene::Live, Role::Audience, Privileges::ALL).unwrap();
        counts += world.outputs.iter().filter(|o| matches!(o, Output::Tell { .. })).count();
    }
    assert!(counts <= 1, "joins of audience tell nobody, {counts} did");
    let refused = world.join(100_001, &room(1), Scene::Live, Role::Audience).unwrap_err();
    assert_eq!(refused.code, ErrorCode::RoomFull);
    let interval = world.rooms.next_deadline().unwrap().0.as_millis();
    world.pass(Duration::from_secs(60));
    assert_eq!(world.views[&session(7)].audience, 100_000);
    assert!(interval >= 1000, "the first count is followed by a pause");
}

#[test]
fn a_track_is_announced_when_it_is_declared_allowed_published_and_seen() {
    let mut world = World::new(Limits::default());
    let privileges = Privileges::ENTER.with(Privileges::CREATE).with(Privileges::SEND_AUDIO);
    world.join_with(1, 1, &room(1), Scene::Rtc, Role::Publisher, privileges).unwrap();
    rtc(&mut world, &[2]);
    let announced = |world: &World| world.views[&session(2)].members[0].streams.first().map(|s| s.tracks);
    world.input(Input::Declare { session: session(1), kind: MAIN, tracks: tracks(true, true) }).unwrap();
    assert_eq!(announced(&world), None);
    world.input(Input::MediaStarted { session: session(1), kind: MAIN }).unwrap();
    assert_eq!(announced(&world), None);
    world.input(Input::MediaTracks { session: session(1), kind: MAIN, tracks: BOTH }).unwrap();
    assert_eq!(announced(&world), Some(tracks(true, false)));
    let privileges = Some(Privileges::ALL);
    world.input(Input::SetRole { session: session(1), role: Role::Publisher, privileges }).unwrap();
    assert_eq!(announced(&world), Some(BOTH));
    assert!(
        world.outputs.iter().any(|o| matches!(o, Output::PublishAllowed { allowed, .. } if *allowed == BOTH))
    );
    world.input(Input::Declare { session: session(1), kind: MAIN, tracks: tracks(false, true) }).unwrap();
    assert_eq!(announced(&world), Some(tracks(false, true)));
}

#[test]
fn who_is_silenced_is_not_heard_goes_on_publishing_and_need_not_begin_anew() {
    let mut world = World::new(Limits::default());
    let sender = Privileges::ENTER.with(Privileges::CREATE).with(Privileges::SEND_AUDIO);
    world
        .join_with(1, 1, &room(1), Scene::Live, Role::Publisher, sender.with(Privileges::SEND_VIDEO))
        .unwrap();
    world.join(2, &room(1), Scene::Live, Role::Publisher).unwrap();
    world.publish(1, MAIN);
    let announced = |world: &World| world.views[&session(2)].members[0].streams.first().map(|s| s.tracks);
    let silence = |tracks| Input::Silence { session: session(1), tracks };
    world.input(silence(BOTH)).unwrap();
    assert_eq!(announced(&world), None);
    let nothing = tracks(false, false);
    let told = |world: &World, allowed: TrackFlags| {
        let expected = Output::PublishAllowed { session: session(1), kind: MAIN, allowed };
        world.outputs.contains(&expected)
    };
    assert!(told(&world, nothing));
    world.input(Input::MediaStopped { session: session(1), kind: MAIN, deliberate: true }).unwrap();
    world.publish(1, MAIN);
    assert_eq!(
        world.rooms.publication(session(1), MAIN).unwrap().allowed,
        nothing,
        "a new network is no way around"
    );
    world.input(silence(tracks(true, false))).unwrap();
    assert!(told(&world, tracks(false, true)));
    assert_eq!(announced(&world), Some(tracks(false, true)));
    world.input(silence(nothing)).unwrap();
    assert_eq!(announced(&world), Some(BOTH));
}

#[test]
fn silence_is_about_the_voice_and_the_camera_and_not_about_the_screen() {
    let mut world = World::new(Limits::default());
    rtc(&mut world, &[1, 2]);
    world.input(Input::Silence { session: session(1), tracks: BOTH }).unwrap();
    world.publish(1, StreamKind::Aux);
    let publication = world.rooms.publication(session(1), StreamKind::Aux).unwrap();
    assert_eq!(publication.allowed, tracks(false, true), "nor is a voice heard by way of the screen");
}

#[test]
fn a_track_that_comes_no_more_is_off_until_it_comes_again() {
    let mut world = World::new(Limits::default());
    rtc(&mut world, &[1, 2]);
    world.publish(1, MAIN);
    let announced = |world: &World| world.views[&session(2)].members[0].streams[0].tracks;
    let carries = |tracks| Input::MediaTracks { session: session(1), kind: MAIN, tracks };
    for carried in [tracks(true, false), BOTH, tracks(false, true), BOTH] {
        world.input(carries(carried)).unwrap();
        assert_eq!(announced(&world), carried);
    }
    // A new connection counts as carrying what the earlier one did, until it has shown the track itself.
    world.input(Input::MediaStarted { session: session(1), kind: MAIN }).unwrap();
    world.input(carries(tracks(true, false))).unwrap();
    assert_eq!(announced(&world), BOTH);
    world.input(carries(BOTH)).unwrap();
    world.input(carries(tracks(true, false))).unwrap();
    assert_eq!(announced(&world), tracks(true, false));
}

#[test]
fn sound_of_a_screen_needs_both_privileges() {
    let mut world = World::new(Limits::default());
    let privileges = Privileges::from_bits(255 - 4);
    world.join_with(1, 1, &room(1), Scene::Rtc, Role::Publisher, privileges).unwrap();
    world.publish(1, StreamKind::Aux);
    let publication = world.rooms.publication(session(1), StreamKind::Aux).unwrap();
    assert_eq!(publication.allowed, tracks(false, true));
}

#[test]
fn a_stream_id_is_stable_during_a_stay_and_new_in_the_next() {
    let mut world = World::new(Limits::default());
    rtc(&mut world, &[1, 2]);
    let id = |world: &World| world.rooms.publication(session(1), MAIN).unwrap().id;
    world.publish(1, MAIN);
    let first = id(&world);
    world.input(Input::Withdraw { session: session(1), kind: MAIN }).unwrap();
    world.publish(1, MAIN);
    assert_eq!(id(&world), first);
    world.input(Input::Leave { session: session(1), reason: LeaveReason::Left }).unwrap();
    assert!(world.outputs.contains(&Output::StreamEnded { stream: first }));
    assert_eq!(world.rooms.stream(first), None);
    rtc(&mut world, &[1]);
    world.publish(1, MAIN);
    assert_ne!(id(&world), first);
}

#[test]
fn wishes_about_members_that_left_do_not_pile_up() {
    let mut world = World::new(Limits::default());
    rtc(&mut world, &[1]);
    for id in 2..200 {
        rtc(&mut world, &[id]);
        let wish =
            Input::Subscribe { session: session(1), user: user(id), kind: MAIN, tracks: tracks(true, false) };
        world.input(wish).unwrap();
        world.input(Input::Leave { session: session(id), reason: LeaveReason::Left }).unwrap();
    }
    let text = format!("{:?}", world.rooms);
    let wishes = text.split("wants: {").nth(1).unwrap().split('}').next().unwrap();
    assert!(wishes.matches("Main").count() <= 6, "{wishes}");
}

#[test]
fn a_wish_ends_with_the_stay_of_its_member() {
    let mut world = World::new(Limits::default());
    rtc(&mut world, &[1, 2]);
    let wish =
        Input::Subscribe { session: session(1), user: user(2), kind: MAIN, tracks: tracks(false, true) };
    world.input(wish).unwrap();
    assert_eq!(world.rooms.receives(session(1), session(2), MAIN), tracks(false, true));
    assert_eq!(world.rooms.receives(session(2), session(1), MAIN), BOTH);
    world.input(Input::Leave { session: session(2), reason: LeaveReason::Left }).unwrap();
    assert_eq!(world.rooms.receives(session(1), session(2), MAIN), tracks(false, false));
    world.join_with(3, 2, &room(1), Scene::Rtc, Role::Publisher, Privileges::ALL).unwrap();
    assert_eq!(world.rooms.receives(session(1), session(3), MAIN), BOTH);
}

#[test]
fn a_dissolved_room_tells_nobody_about_the_others() {
    let mut world = World::new(Limits::default());
    rtc(&mut world, &[1, 2, 3]);
    world.input(Input::Dissolve { key: room(1) }).unwrap();
    assert!(!world.outputs.iter().any(|o| matches!(o, Output::Tell { .. })));
    assert_eq!(world.left.len(), 3);
    assert!(world.rooms.is_idle());
}

#[test]
fn a_replaced_session_is_left_before_its_successor_is_announced() {
    let mut world = World::new(Limits { rtc_members: 2, ..Limits::default() });
    rtc(&mut world, &[1, 2]);
    world.join_with(9, 2, &room(1), Scene::Rtc, Role::Publisher, Privileges::ALL).unwrap();
    let told = &world.told[&session(1)];
    let last_two = &told[told.len() - 2..];
    assert!(matches!(
        last_two,
        [Event::MemberLeft { reason: LeaveReason::Replaced, .. }, Event::MemberJoined(_)]
    ));
    world.check();
}

#[test]
fn rooms_of_other_applications_are_other_rooms() {
    let mut world = World::new(Limits::default());
    rtc(&mut world, &[1]);
    let mut elsewhere = room(1);
    elsewhere.app = huitong_types::AppId::new(2).unwrap();
    world.join(2, &elsewhere, Scene::Rtc, Role::Publisher).unwrap();
    assert!(world.views[&session(2)].members.is_empty());
    let (page, total) = world.rooms.list(Moment::ZERO, elsewhere.app, 0, 10);
    assert_eq!((page.len(), total), (1, 1));
}
