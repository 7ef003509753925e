//! Publishing and playing: keys, early connections, reconnects, tracks, subscriptions.

mod common;

use common::{Media, World, config, key, room};
use huitong_engine::{Input, MediaTicket, TrackFlags};
use huitong_protocol::Event;
use huitong_types::{ErrorCode, StreamKind};
use serde_json::json;
use std::time::Duration;

const MAIN: StreamKind = StreamKind::Main;
const GRACE: Duration = Duration::from_secs(10);

fn stream_changes(world: &World, who: usize) -> usize {
    world.clients[who].pushes.iter().filter(|e| matches!(e, Event::StreamChanged { .. })).count()
}

#[test]
fn an_early_publish_waits_for_its_key() {
    let mut world = World::new(config());
    let bob = world.member("bob");
    let alice = world.client("alice");
    let ticket = world.push_media(&key("alice"));
    world.pass(Duration::from_secs(4));
    assert_eq!(world.media[&ticket], Media::Waiting);
    let publish = json!([{ "key": key("alice").reveal(), "audio": true, "video": true }]);
    world.ask(alice, json!({ "op": "join", "room": room(1), "publish": publish })).unwrap();
    assert!(matches!(world.media[&ticket], Media::Publishing { .. }));
    world.seen(ticket, true, false);
    assert_eq!(world.clients[bob].tracks("alice", MAIN), Some((true, false)));
    world.seen(ticket, true, true);
    assert_eq!(world.clients[bob].tracks("alice", MAIN), Some((true, true)));
    world.wind_down();
}

#[test]
fn a_publish_with_an_unknown_key_is_refused_after_the_hold() {
    let mut world = World::new(config());
    let ticket = world.push_media(&key("nobody"));
    world.pass(Duration::from_secs(5));
    assert_eq!(world.closed_with(ticket), Some(ErrorCode::UnknownKey));
    let gone = world.push_media(&key("nobody"));
    world.close_media(gone, false);
    world.wind_down();
}

#[test]
fn only_so_many_early_publishes_are_held_and_the_oldest_goes_first() {
    let mut config = config();
    config.early_count = 3;
    let mut world = World::new(config);
    let tickets: Vec<u64> = (0..5).map(|n| world.push_media(&key(&format!("early{n}")))).collect();
    let closed: Vec<bool> = tickets.iter().map(|t| world.closed_with(*t).is_some()).collect();
    assert_eq!(closed, [true, true, false, false, false]);
    world.wind_down();
}

#[test]
fn a_key_of_another_member_is_refused() {
    let mut world = World::new(config());
    let (_alice, ticket) = world.publisher("alice");
    let bob = world.member("bob");
    assert_eq!(world.declare(bob, &key("alice"), true, true).unwrap_err(), ErrorCode::KeyInUse);
    assert!(matches!(world.media[&ticket], Media::Publishing { .. }));
    let twice = json!([{ "key": key("same").reveal(), "audio": true, "video": true },
        { "stream": "aux", "key": key("same").reveal(), "audio": true, "video": true }]);
    let carol = world.client("carol");
    let join = json!({ "op": "join", "room": room(1), "publish": twice });
    assert_eq!(world.ask(carol, join).unwrap_err(), ErrorCode::KeyInUse);
    assert_eq!(world.clients[bob].members(), ["alice"], "a refused join changes nothing");
    let keyless = json!({ "op": "publish", "audio": true, "video": true });
    assert_eq!(world.ask(bob, keyless).unwrap_err(), ErrorCode::InvalidField);
    world.wind_down();
}

#[test]
fn a_publisher_that_reconnects_before_its_old_socket_died_takes_over_unnoticed() {
    let mut world = World::new(config());
    let (_alice, old) = world.publisher("alice");
    let bob = world.member("bob");
    let play = world.play(&world.clients[bob].play_key("alice"));
    let before = stream_changes(&world, bob);
    let new = world.push_media(&key("alice"));
    assert_eq!(world.closed_with(old), Some(ErrorCode::KeyInUse));
    world.input(Input::MediaClosed { ticket: MediaTicket(old), deliberate: true });
    world.seen(new, true, true);
    world.pass(GRACE * 2);
    assert!(matches!(world.media[&new], Media::Publishing { .. }));
    assert!(matches!(world.media[&play], Media::Playing { .. }), "players stay");
    assert_eq!(stream_changes(&world, bob), before);
    assert_eq!(world.clients[bob].tracks("alice", MAIN), Some((true, true)));
    world.wind_down();
}

#[test]
fn a_broken_publisher_that_comes_back_in_time_is_not_noticed() {
    let mut world = World::new(config());
    let (_alice, old) = world.publisher("alice");
    let bob = world.member("bob");
    let play = world.play(&world.clients[bob].play_key("alice"));
    world.close_media(old, false);
    world.pass(GRACE - Duration::from_millis(1));
    let new = world.push_media(&key("alice"));
    world.pass(GRACE - Duration::from_millis(1));
    world.seen(new, true, true);
    world.pass(GRACE);
    assert_eq!(stream_changes(&world, bob), 0);
    assert!(matches!(world.media[&play], Media::Playing { .. }));
    world.wind_down();
}

#[test]
fn a_broken_publisher_that_stays_away_is_announced_as_off_after_the_grace() {
    let mut world = World::new(config());
    let (alice, old) = world.publisher("alice");
    let bob = world.member("bob");
    let play = world.play(&world.clients[bob].play_key("alice"));
    let stream = world.clients[bob].play_key("alice");
    world.close_media(old, false);
    world.pass(GRACE);
    assert_eq!(world.clients[bob].tracks("alice", MAIN), None);
    assert_eq!(world.media[&play], Media::StreamOver);
    world.start_media(alice, &key("alice"));
    assert_eq!(world.clients[bob].play_key("alice"), stream, "the play key stays the same");
    world.wind_down();
}

#[test]
fn a_publisher_that_says_goodbye_is_announced_as_off_at_once() {
    let mut world = World::new(config());
    let (_alice, ticket) = world.publisher("alice");
    let bob = world.member("bob");
    world.close_media(ticket, true);
    assert_eq!(world.clients[bob].tracks("alice", MAIN), None);
    assert_eq!(world.clients[bob].members(), ["alice"]);
    world.wind_down();
}

#[test]
fn a_track_that_a_reconnected_publisher_no_longer_sends_goes_off_after_the_grace() {
    let mut world = World::new(config());
    let (_alice, _old) = world.publisher("alice");
    let bob = world.member("bob");
    let new = world.push_media(&key("alice"));
    world.seen(new, true, false);
    assert_eq!(world.clients[bob].tracks("alice", MAIN), Some((true, true)));
    world.pass(GRACE);
    assert_eq!(world.clients[bob].tracks("alice", MAIN), Some((true, false)));
    world.wind_down();
}

#[test]
fn muting_is_announced_though_the_media_connection_stays() {
    let mut world = World::new(config());
    let (alice, ticket) = world.publisher("alice");
    let bob = world.member("bob");
    let mute = json!({ "op": "publish", "stream": "main", "audio": false, "video": true });
    world.ask(alice, mute).unwrap();
    assert_eq!(world.clients[bob].tracks("alice", MAIN), Some((false, true)));
    world.ask(alice, json!({ "op": "publish", "audio": false, "video": false })).unwrap();
    assert_eq!(world.clients[bob].tracks("alice", MAIN), None);
    world.ask(alice, json!({ "op": "publish", "audio": true, "video": true })).unwrap();
    assert_eq!(world.clients[bob].tracks("alice", MAIN), Some((true, true)));
    assert!(matches!(world.media[&ticket], Media::Publishing { .. }));
    world.wind_down();
}

#[test]
fn main_and_aux_are_two_streams_of_one_member() {
    let mut world = World::new(config());
    let (alice, _) = world.publisher("alice");
    let bob = world.member("bob");
    let aux = key("alice-screen");
    let publish =
        json!({ "op": "publish", "stream": "aux", "key": aux.reveal(), "audio": false, "video": true });
    world.ask(alice, publish).unwrap();
    let ticket = world.push_media(&aux);
    world.seen(ticket, true, true);
    assert_eq!(world.clients[bob].tracks("alice", StreamKind::Aux), Some((false, true)));
    assert_eq!(world.clients[bob].tracks("alice", MAIN), Some((true, true)));
    world.ask(alice, json!({ "op": "unpublish", "stream": "aux" })).unwrap();
    assert_eq!(world.closed_with(ticket), Some(ErrorCode::UnknownKey));
    assert_eq!(world.clients[bob].tracks("alice", StreamKind::Aux), None);
    let again = world.push_media(&aux);
    world.pass(Duration::from_secs(5));
    assert_eq!(world.closed_with(again), Some(ErrorCode::UnknownKey), "a withdrawn key is void");
    assert_eq!(
        world.ask(alice, json!({ "op": "unpublish", "stream": "aux" })).map(|_| ()),
        Ok(()),
        "withdrawing twice is harmless"
    );
    world.wind_down();
}

#[test]
fn a_new_key_for_a_stream_voids_the_old_one() {
    let mut world = World::new(config());
    let (alice, old) = world.publisher("alice");
    let bob = world.member("bob");
    world.declare(alice, &key("alice-new"), true, true).unwrap();
    assert_eq!(world.closed_with(old), Some(ErrorCode::UnknownKey));
    let new = world.push_media(&key("alice-new"));
    world.seen(new, true, true);
    assert_eq!(stream_changes(&world, bob), 0, "the others notice nothing");
    let stale = world.push_media(&key("alice"));
    world.pass(Duration::from_secs(5));
    assert_eq!(world.closed_with(stale), Some(ErrorCode::UnknownKey));
    world.wind_down();
}

#[test]
fn subscriptions_hold_for_present_and_later_players() {
    let mut world = World::new(config());
    let (_alice, _) = world.publisher("alice");
    let bob = world.member("bob");
    let carol = world.member("carol");
    let first = world.play(&world.clients[bob].play_key("alice"));
    let other = world.play(&world.clients[carol].play_key("alice"));
    let audio_only =
        json!({ "op": "subscribe", "user": "alice", "stream": "main", "audio": true, "video": false });
    world.ask(bob, audio_only).unwrap();
    let later = world.play(&world.clients[bob].play_key("alice"));
    let tracks = |world: &World, ticket: u64| match &world.media[&ticket] {
        Media::Playing { tracks, .. } => *tracks,
        other => panic!("{other:?}"),
    };
    let audio = TrackFlags { audio: true, video: false };
    assert_eq!(tracks(&world, first), audio);
    assert_eq!(tracks(&world, later), audio);
    assert_eq!(tracks(&world, other), TrackFlags { audio: true, video: true });
    let nobody = json!({ "op": "subscribe", "user": "nobody", "audio": true, "video": true });
    assert_eq!(world.ask(bob, nobody).unwrap_err(), ErrorCode::NotFound);
    world.wind_down();
}

#[test]
fn play_keys_are_made_for_one_session_and_die_with_its_stay() {
    let mut world = World::new(config());
    let (_alice, _) = world.publisher("alice");
    let bob = world.member("bob");
    let carol = world.member("carol");
    let bobs = world.clients[bob].play_key("alice");
    assert_ne!(bobs, world.clients[carol].play_key("alice"));
    let play = world.play(&bobs);
    world.ask(bob, json!({ "op": "leave" })).unwrap();
    assert_eq!(world.closed_with(play), Some(ErrorCode::NotInRoom));
    let stale = world.play(&bobs);
    assert_eq!(world.closed_with(stale), Some(ErrorCode::UnknownKey));
    let garbage = world.play(&key("garbage"));
    assert_eq!(world.closed_with(garbage), Some(ErrorCode::UnknownKey));
    let push = world.play(&key("alice"));
    assert_eq!(world.closed_with(push), Some(ErrorCode::UnknownKey), "a push key does not play");
    let published = world.push_media(&world.clients[carol].play_key("alice"));
    assert_eq!(world.closed_with(published), Some(ErrorCode::UnknownKey), "a play key does not push");
    world.wind_down();
}

#[test]
fn a_player_of_a_stream_that_pauses_is_held_for_its_return() {
    let mut world = World::new(config());
    let (_alice, ticket) = world.publisher("alice");
    let bob = world.member("bob");
    let play_key = world.clients[bob].play_key("alice");
    world.close_media(ticket, true);
    let early = world.play(&play_key);
    let late = world.play(&play_key);
    assert_eq!(world.media[&early], Media::Waiting);
    world.close_media(late, false);
    world.push_media(&key("alice"));
    assert!(matches!(world.media[&early], Media::Playing { .. }));
    world.wind_down();
}

#[test]
fn a_player_of_a_stream_that_does_not_return_is_refused_in_words() {
    let mut world = World::new(config());
    let (_alice, ticket) = world.publisher("alice");
    let bob = world.member("bob");
    let play_key = world.clients[bob].play_key("alice");
    world.close_media(ticket, true);
    let play = world.play(&play_key);
    world.pass(Duration::from_secs(5));
    assert_eq!(world.media[&play], Media::Closed(ErrorCode::NotFound, "Nobody publishes the stream.".into()));
    world.wind_down();
}

#[test]
fn a_client_hears_why_its_push_was_refused() {
    let mut config = config();
    config.publishers = 1;
    let mut world = World::new(config);
    let (_alice, _) = world.publisher("alice");
    let bob = world.member("bob");
    world.declare(bob, &key("bobspushkey12345"), true, true).unwrap();
    let ticket = world.push_media(&key("bobspushkey12345"));
    assert_eq!(world.closed_with(ticket), Some(ErrorCode::PublishersFull));
    let Some(Event::PublishRefused { stream: StreamKind::Main, error }) = world.clients[bob].pushes.last()
    else {
        panic!("{:?}", world.clients[bob].pushes)
    };
    assert_eq!(error.code, ErrorCode::PublishersFull);
    assert!(error.message.contains("1 publishers"), "{}", error.message);
    // So does the operator, who asks by user.
    let noted = world.notes.iter().filter(|note| note.starts_with("publish-refused"));
    let noted: Vec<_> =
        noted.filter(|note| note.contains("bob") && note.contains("publishers-full")).collect();
    assert_eq!(noted.len(), 1, "{:?}", world.notes);
    world.wind_down();
}
