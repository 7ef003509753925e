//! What is told of stays, for the bill.

mod common;

use common::{Media, World, config, key};
use huitong_engine::{ApiCall, ApiResult, StayEvent, TrackFlags};
use huitong_protocol::api::{UrlKind, UrlRequest};
use huitong_types::{SessionId, StreamId, StreamKey};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What somebody who only hears the events believes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Heard {
    inside: BTreeMap<SessionId, String>,
    announced: BTreeMap<StreamId, TrackFlags>,
    receives: BTreeSet<(String, StreamId)>,
    guests: Vec<(String, usize)>,
}

fn heard(world: &World) -> Heard {
    let mut heard = Heard::default();
    for event in &world.stays {
        match event {
            StayEvent::Entered { session, room, user, .. } => {
                let before = heard.inside.insert(*session, user.to_string());
                assert!(before.is_none(), "{user} enters {room} and is inside");
            }
            StayEvent::Left { session } => {
                let user = heard.inside.remove(session).expect("was inside");
                heard.receives.retain(|(who, _)| *who != user);
            }
            StayEvent::Announced { session, stream, tracks } => {
                assert!(heard.inside.contains_key(session));
                heard.announced.insert(*stream, *tracks);
            }
            StayEvent::Receives { session, stream, video } => {
                let Some(user) = heard.inside.get(session) else { panic!("{session} is not inside") };
                let pair = (user.clone(), *stream);
                if *video {
                    heard.receives.insert(pair)
                } else {
                    heard.receives.remove(&pair)
                };
            }
            StayEvent::Guests { user, many, .. } => heard.guests.push((user.to_string(), *many)),
        }
    }
    heard
}

fn stream_of(world: &World, ticket: u64) -> StreamId {
    match world.media[&ticket] {
        Media::Publishing { stream, .. } | Media::Playing { stream, .. } => stream,
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn stays_and_what_is_received_in_them_are_told_as_they_change() {
    let mut world = World::new(config());
    let (alice, pushing) = world.publisher("alice");
    let bob = world.member("bob");
    let stream = stream_of(&world, pushing);
    let users = |heard: &Heard| heard.inside.values().cloned().collect::<BTreeSet<_>>();
    assert_eq!(users(&heard(&world)), ["alice".to_owned(), "bob".to_owned()].into());
    assert_eq!(heard(&world).announced[&stream], TrackFlags::BOTH);
    assert!(heard(&world).receives.is_empty());
    let received = BTreeSet::from([("bob".to_owned(), stream)]);
    let key_of_alice = world.clients[bob].play_key("alice");
    let (first, second) = (world.play(&key_of_alice), world.play(&key_of_alice));
    assert_eq!(heard(&world).receives, received);
    world.close_media(first, true);
    assert_eq!(heard(&world).receives, received, "the other connection goes on");
    let wants = |video: bool| json!({ "op": "subscribe", "user": "alice", "audio": true, "video": video });
    world.ask(bob, wants(false)).unwrap();
    assert!(heard(&world).receives.is_empty(), "it is sent sound only");
    world.ask(bob, wants(true)).unwrap();
    assert_eq!(heard(&world).receives, received);
    world.close_media(second, false);
    assert!(heard(&world).receives.is_empty());
    world.declare(alice, &key("alice"), true, false).unwrap();
    assert_eq!(heard(&world).announced[&stream], TrackFlags { audio: true, video: false });
    world.play(&key_of_alice);
    world.ask(bob, json!({ "op": "leave" })).unwrap();
    assert_eq!(users(&heard(&world)), ["alice".to_owned()].into());
    world.wind_down();
    assert!(heard(&world).inside.is_empty() && heard(&world).receives.is_empty());
}

#[test]
fn a_seat_that_is_kept_is_one_stay_and_a_refused_entry_is_none() {
    let mut config = config();
    config.rtc_members = 1;
    let mut world = World::new(config);
    let alice = world.member("alice");
    let bob = world.client("bob");
    world.join(bob, 1).unwrap_err();
    world.drop_connection(alice);
    world.pass(Duration::from_secs(80));
    world.resume(alice).unwrap();
    world.join(alice, 1).unwrap();
    assert_eq!(world.stays.len(), 1, "{:?}", world.stays);
    world.drop_connection(alice);
    world.pass(Duration::from_secs(89));
    assert_eq!(world.stays.len(), 1, "the seat is kept");
    world.pass(Duration::from_secs(1));
    assert!(matches!(world.stays[..], [_, StayEvent::Left { .. }]), "{:?}", world.stays);
    world.wind_down();
}

#[test]
fn players_of_minted_urls_are_told_by_how_many_they_are() {
    let mut world = World::new(config());
    let (alice, _pushing) = world.publisher("alice");
    let request = UrlRequest {
        kind: UrlKind::Play,
        user: "alice".to_owned(),
        stream: String::new(),
        scene: String::new(),
        expire_seconds: None,
    };
    let ApiResult::Urls(reply) = world.call(ApiCall::MintUrl(common::number(1), request)) else {
        panic!("no URL")
    };
    let key = StreamKey::new(reply.urls[0].url.rsplit('/').next().unwrap()).unwrap();
    let told = |world: &World| heard(world).guests.iter().map(|(_, many)| *many).collect::<Vec<_>>();
    let (first, second) = (world.play(&key), world.play(&key));
    world.close_media(first, true);
    assert_eq!(told(&world), [1, 2, 1]);
    assert!(heard(&world).guests.iter().all(|(user, _)| user == "alice"), "whose stream it is");
    assert!(heard(&world).receives.is_empty(), "it is no member that receives");
    world.close_media(second, false);
    world.play(&key);
    world.ask(alice, json!({ "op": "leave" })).unwrap();
    assert_eq!(told(&world), [1, 2, 1, 0, 1], "the end of the stream says the rest");
    // One that waits for a stream receives nothing.
    world.play(&key);
    assert_eq!(told(&world).len(), 5);
    world.wind_down();
}
