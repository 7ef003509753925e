//! The first thing that must be true: two phones meet, see and hear each other, and part.

mod common;

use common::{Media, World, config, key};
use huitong_engine::TrackFlags;
use huitong_types::{ErrorCode, StreamKind};

#[test]
fn two_phones_meet_publish_play_and_part() {
    let mut world = World::new(config());
    let alice = world.member("alice");
    let bob = world.member("bob");
    assert_eq!(world.clients[alice].members(), ["bob"]);
    assert_eq!(world.clients[bob].members(), ["alice"]);

    let push = world.start_media(alice, &key("alice"));
    assert_eq!(world.clients[bob].tracks("alice", StreamKind::Main), Some((true, true)));
    let play_key = world.clients[bob].play_key("alice");
    let play = world.play(&play_key);
    let Media::Publishing { stream, .. } = world.media[&push] else { panic!() };
    assert_eq!(
        world.media[&play],
        Media::Playing { stream, tracks: TrackFlags { audio: true, video: true } }
    );

    world.ask(alice, serde_json::json!({ "op": "leave" })).unwrap();
    assert_eq!(world.closed_with(push), Some(ErrorCode::NotInRoom));
    assert_eq!(world.media[&play], Media::StreamOver);
    assert!(world.clients[bob].members().is_empty());
    world.wind_down();
}
