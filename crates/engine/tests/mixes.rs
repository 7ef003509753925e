//! Who has a mix, whose voices are in it, and who may play it.

mod common;

use common::{Media, World, config, key, room};
use huitong_engine::ApiCall;
use huitong_protocol::{Done, VoiceLevel};
use huitong_types::{ErrorCode, RoomId, StreamId, UserId};
use serde_json::json;
use std::time::Duration;

/// A member of rtc room 1 that asked for the mix.
fn listener(world: &mut World, user: &str) -> usize {
    let who = world.client(user);
    world.ask(who, json!({ "op": "join", "room": room(1), "mix": true })).unwrap();
    who
}

fn stream_of(world: &World, ticket: u64) -> StreamId {
    match &world.media[&ticket] {
        Media::Publishing { stream, .. } | Media::Playing { stream, .. } => *stream,
        other => panic!("{other:?}"),
    }
}

fn is_over(world: &World, ticket: u64) -> bool {
    matches!(world.media[&ticket], Media::Closed(..) | Media::StreamOver)
}

fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

#[test]
fn a_mix_is_there_while_somebody_asks_for_it_and_only_for_those() {
    let mut world = World::new(config());
    let bob = world.member("bob");
    assert!(world.clients[bob].state.as_ref().unwrap().mix.is_none() && world.mixes.is_empty());
    let alice = listener(&mut world, "alice");
    let carol = listener(&mut world, "carol");
    assert_eq!((world.mixes.len(), world.engine.sizes().mixes), (1, 1));
    let keys = [alice, carol].map(|who| world.clients[who].state.as_ref().unwrap().mix.clone().unwrap().play);
    assert_ne!(keys[0], keys[1], "each member has a key of its own");
    world.ask(alice, json!({ "op": "leave" })).unwrap();
    assert_eq!(world.mixes.len(), 1);
    // Joining again without the wish takes it back.
    world.join(carol, 1).unwrap();
    assert!(world.mixes.is_empty() && world.clients[carol].state.as_ref().unwrap().mix.is_none());
    world.wind_down();
}

#[test]
fn each_plays_the_voices_of_all_and_not_its_own() {
    let mut world = World::new(config());
    let (_bob, bobs) = world.publisher("bob");
    let alice = listener(&mut world, "alice");
    let carol = listener(&mut world, "carol");
    assert_eq!(world.voices(), 1, "who talked before the mix is in it");
    let alices = world.start_media(alice, &key("alice"));
    assert_eq!(world.voices(), 2);
    let (hers, carols) = (world.play_mix(alice), world.play_mix(carol));
    assert_eq!(world.left_out(hers), Some(stream_of(&world, alices)));
    assert_eq!(world.left_out(carols), None);
    // Who begins to talk while it listens is left out of what it hears, on the same connection.
    let talks = world.start_media(carol, &key("carol"));
    assert_eq!(world.left_out(carols), Some(stream_of(&world, talks)));
    assert_eq!(world.voices(), 3);
    world.close_media(bobs, true);
    assert_eq!(world.voices(), 2, "who stops is out of it at once");
    world.wind_down();
}

#[test]
fn a_microphone_that_is_off_and_a_screen_are_not_in_the_mix() {
    let mut world = World::new(config());
    let alice = listener(&mut world, "alice");
    let (bob, _) = world.publisher("bob");
    world.declare(bob, &key("bob"), false, true).unwrap();
    assert_eq!(world.voices(), 0);
    world.declare(bob, &key("bob"), true, true).unwrap();
    assert_eq!(world.voices(), 1);
    let screen = json!({ "op": "publish", "stream": "aux", "key": key("screen").reveal(), "audio": true, "video": true });
    world.ask(bob, screen).unwrap();
    let ticket = world.push_media(&key("screen"));
    world.seen(ticket, true, true);
    assert_eq!(world.voices(), 1, "what a screen sounds like is played by itself");
    assert!(world.clients[alice].member("bob").unwrap().streams.len() == 2);
    world.wind_down();
}

#[test]
fn who_is_removed_loses_voice_player_and_key_at_once() {
    let mut world = World::new(config());
    let alice = listener(&mut world, "alice");
    let bob = listener(&mut world, "bob");
    world.start_media(bob, &key("bob"));
    let playing = world.play_mix(bob);
    let mix = world.clients[bob].state.as_ref().unwrap().mix.clone().unwrap();
    world.call(ApiCall::RemoveMember(RoomId::Number(1), user("bob")));
    assert!(is_over(&world, playing) && world.voices() == 0);
    assert_eq!(world.closed_with(playing), Some(ErrorCode::NotInRoom));
    let again = world.play(&mix.play);
    assert_eq!(world.closed_with(again), Some(ErrorCode::UnknownKey));
    // The key of somebody else's session is of no use to it either: it names the session.
    world.join(bob, 1).unwrap();
    let still = world.play(&mix.play);
    assert_eq!(world.closed_with(still), Some(ErrorCode::UnknownKey), "it did not ask this time");
    let hers = world.play_mix(alice);
    assert_eq!(world.left_out(hers), None);
    world.call(ApiCall::DissolveRoom(RoomId::Number(1)));
    assert!(is_over(&world, hers) && world.mixes.is_empty());
    world.wind_down();
}

#[test]
fn who_becomes_audience_is_not_heard_and_shares_what_all_audience_hears() {
    let mut world = World::new(config());
    let join = |world: &mut World, user: &str, role: &str| {
        let who = world.client(user);
        let join = json!({ "op": "join", "room": room(1), "scene": "live", "role": role, "mix": true });
        world.ask(who, join).unwrap();
        who
    };
    let bob = join(&mut world, "bob", "publisher");
    let (dora, erik) = (join(&mut world, "dora", "audience"), join(&mut world, "erik", "audience"));
    world.start_media(bob, &key("bob"));
    let (doras, eriks, bobs) = (world.play_mix(dora), world.play_mix(erik), world.play_mix(bob));
    assert_eq!(stream_of(&world, doras), stream_of(&world, eriks));
    assert_ne!(stream_of(&world, doras), stream_of(&world, bobs));
    world.ask(bob, json!({ "op": "setRole", "role": "audience" })).unwrap();
    assert_eq!(world.voices(), 0);
    assert!(is_over(&world, bobs), "it plays the mix again, by the same key");
    let bobs = world.play_mix(bob);
    assert_eq!(stream_of(&world, bobs), stream_of(&world, doras));
    world.ask(dora, json!({ "op": "setRole", "role": "publisher" })).unwrap();
    assert!(is_over(&world, doras) && !is_over(&world, eriks));
    world.start_media(dora, &key("dora"));
    let doras = world.play_mix(dora);
    assert!(world.left_out(doras).is_some());
    world.wind_down();
}

#[test]
fn a_member_learns_how_loud_the_others_of_its_mix_are_and_of_no_other_room() {
    let mut world = World::new(config());
    let (bob, media) = world.publisher("bob");
    let alice = listener(&mut world, "alice");
    let hers = world.start_media(alice, &key("alice"));
    let levels = |world: &mut World, who: usize| -> Result<Vec<VoiceLevel>, ErrorCode> {
        match world.ask(who, json!({ "op": "levels" }))? {
            Done::Levels(reply) => Ok(reply.levels),
            other => panic!("{other:?}"),
        }
    };
    let level = |name: &str, stream: StreamId| VoiceLevel { user: user(name), level: stream.get() as u8 };
    let bobs = level("bob", stream_of(&world, media));
    assert_eq!(levels(&mut world, alice).unwrap(), std::slice::from_ref(&bobs), "not itself");
    let carol = listener(&mut world, "carol");
    let alices = level("alice", stream_of(&world, hers));
    assert_eq!(levels(&mut world, carol).unwrap(), [bobs, alices]);
    assert_eq!(levels(&mut world, bob).unwrap_err(), ErrorCode::NotFound, "who asked for no mix");
    let dave = world.client("dave");
    assert_eq!(levels(&mut world, dave).unwrap_err(), ErrorCode::NotInRoom);
    world.close_media(media, true);
    world.ask(alice, json!({ "op": "leave" })).unwrap();
    assert_eq!(levels(&mut world, carol).unwrap(), [], "who is silent or gone has none");
    world.wind_down();
}

#[test]
fn a_conference_of_the_plain_kind_gives_a_mix_to_who_asks_for_it() {
    let mut world = World::new(config());
    let ann = world.client("ann");
    let ask = json!({ "op": "ticket", "room": { "text": "weekly" } });
    let Done::Ticket(made) = world.ask(ann, ask).unwrap() else { panic!("no ticket") };
    let enter = json!({ "op": "enter", "conference": made.conference, "ticket": made.ticket.reveal() });
    world.ask(ann, enter).unwrap();
    assert_eq!(world.engine.sizes().mixes, 0);
    let bob = world.client("bob");
    let join = |mix: bool| json!({ "op": "join", "room": { "text": "weekly" }, "mix": mix });
    for mix in [true, false, true] {
        world.ask(bob, join(mix)).unwrap();
        assert_eq!(world.clients[bob].state.as_ref().unwrap().mix.is_some(), mix);
        assert_eq!(world.engine.sizes().mixes, usize::from(mix));
    }
    let cid = world.client("cid");
    let ask = json!({ "op": "ticket", "conference": made.conference });
    let Done::Ticket(own) = world.ask(cid, ask).unwrap() else { panic!("no ticket") };
    let enter =
        json!({ "op": "enter", "conference": own.conference, "ticket": own.ticket.reveal(), "mix": true });
    for _ in 0..2 {
        let Done::Enter(entered) = world.ask(cid, enter.clone()).unwrap() else { panic!("not inside") };
        assert!(entered.state.mix.is_some(), "however often it is asked");
    }
    let levels = world.ask(cid, json!({ "op": "levels" })).map(drop);
    assert_eq!(levels, Ok(()), "it has the mix");
    assert_eq!(
        world.ask(ann, json!({ "op": "levels" })).map(drop),
        Err(ErrorCode::NotFound),
        "who has not asked has none"
    );
    world.wind_down();
}

#[test]
fn who_may_not_receive_audio_has_no_mix() {
    let mut config = config();
    config.apps.values_mut().for_each(|app| app.require_room_key = true);
    let mut world = World::new(config);
    // Create, enter and send audio; and besides to receive it.
    for (name, privileges, has) in [("deaf", 7, false), ("hears", 15, true)] {
        let who = world.client(name);
        let room_key = common::room_key(name, 1, privileges, world.unix_ms());
        let join = json!({ "op": "join", "room": room(1), "mix": true, "privateMapKey": room_key });
        world.ask(who, join).unwrap();
        assert_eq!(world.clients[who].state.as_ref().unwrap().mix.is_some(), has, "{name}");
    }
    world.wind_down();
}

#[test]
fn a_mix_survives_a_lost_connection_and_a_publisher_that_comes_back() {
    let mut world = World::new(config());
    let alice = listener(&mut world, "alice");
    let bob = listener(&mut world, "bob");
    let sends = world.start_media(bob, &key("bob"));
    let hers = world.play_mix(alice);
    world.close_media(sends, false);
    assert_eq!(world.voices(), 1, "its publication is there for a while");
    let again = world.push_media(&key("bob"));
    world.seen(again, true, true);
    assert_eq!(world.voices(), 1);
    world.drop_connection(alice);
    world.pass(Duration::from_secs(5));
    world.resume(alice).unwrap();
    assert!(!is_over(&world, hers));
    world.close_media(again, false);
    world.pass(Duration::from_secs(11));
    assert_eq!(world.voices(), 0, "it did not come back");
    let third = world.push_media(&key("bob"));
    world.seen(third, true, true);
    assert_eq!(world.voices(), 1, "and is in the mix when it does");
    world.wind_down();
}

#[test]
fn a_snapshot_tells_the_mix_again() {
    let mut config = config();
    config.replay_events = 2;
    let mut world = World::new(config);
    let alice = listener(&mut world, "alice");
    let before = world.clients[alice].state.as_ref().unwrap().mix.clone();
    world.drop_connection(alice);
    for n in 0..5 {
        world.member(&format!("guest-{n}"));
    }
    world.resume(alice).unwrap();
    assert_eq!(world.clients[alice].members().len(), 5);
    assert_eq!(world.clients[alice].state.as_ref().unwrap().mix, before);
    world.wind_down();
}
