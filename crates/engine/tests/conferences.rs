//! Conferences through the engine: who gets in, what each may send, and how it ends for each, on signalling and on media at once.

mod common;

use common::meeting::{act, enter_with, exits, meet, named, ticket};
use common::{Media, World, config, key, number};
use huitong_engine::{EngineConfig, Input, TrackFlags};
use huitong_protocol::{Done, Event, TicketReply};
use huitong_types::{ConferenceExit, ConferenceRole, ErrorCode, StreamKind, UserId};
use serde_json::json;
use std::time::Duration;

const NOTHING: TrackFlags = TrackFlags { audio: false, video: false };

#[test]
fn the_first_by_name_creates_and_the_others_come_with_the_password() {
    let mut world = World::new(config());
    let locked = json!({ "password": "sesame" });
    let ann = meet(&mut world, "ann", "standup", locked.clone());
    let bob = world.client("bob");
    let wrong = ticket(&mut world, bob, json!({ "room": named("standup"), "password": "simsim" }));
    assert_eq!(wrong.unwrap_err(), ErrorCode::WrongPassword);
    let none = ticket(&mut world, bob, json!({ "room": named("standup") }));
    assert_eq!(none.unwrap_err(), ErrorCode::WrongPassword);
    let right = ticket(&mut world, bob, json!({ "room": named("standup"), "password": "sesame" })).unwrap();
    assert!(!right.created);
    assert_eq!(right.conference.as_str(), world.clients[ann].conference_name());
    enter_with(&mut world, bob, &right, json!({ "ext": "{\"seat\":3}" })).unwrap();
    let seen = world.clients[ann].conference.clone().unwrap();
    assert_eq!((seen.you.role, seen.you.nick.as_deref()), (ConferenceRole::Admin, Some("nick of ann")));
    assert_eq!(seen.members[0].ext.as_deref(), Some("{\"seat\":3}"));
    assert_eq!(world.clients[ann].people(), [("bob".to_owned(), ConferenceRole::Talker)]);
    assert_eq!(world.clients[bob].people(), [("ann".to_owned(), ConferenceRole::Admin)]);
    assert_eq!(world.clients[bob].members(), ["ann"], "the room is the same");
    assert!(world.notes.iter().all(|note| !note.contains("sesame") && !note.contains("simsim")));
    world.wind_down();
}

#[test]
fn a_hundred_first_joiners_make_one_conference() {
    let mut world = World::new(config());
    world.hold_passwords = true;
    let people: Vec<usize> = (0..100).map(|n| world.client(&format!("u{n}"))).collect();
    let ask = json!({ "op": "ticket", "room": named("all"), "password": "sesame" });
    for who in &people {
        world.send(*who, ask.clone());
    }
    assert_eq!(world.engine.sizes().conferences, 1);
    world.hold_passwords = false;
    world.input(Input::Tick);
    let mut tickets = Vec::new();
    for who in &people {
        let client = &world.clients[*who];
        match world.replies.remove(&(client.conn.unwrap(), client.next_id)).expect("a reply") {
            huitong_protocol::Reply::Ok(Done::Ticket(reply)) => tickets.push(reply),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(tickets.iter().filter(|ticket| ticket.created).count(), 1);
    assert!(tickets.iter().all(|ticket| ticket.conference == tickets[0].conference));
    world.wind_down();
}

#[test]
fn a_ticket_is_for_one_user_one_conference_and_one_entry() {
    let mut world = World::new(config());
    let (ann, bob) = (world.client("ann"), world.client("bob"));
    let own = ticket(&mut world, ann, json!({ "room": named("a") })).unwrap();
    let other = ticket(&mut world, ann, json!({ "room": named("b") })).unwrap();
    assert_eq!(enter_with(&mut world, bob, &own, json!({})).unwrap_err(), ErrorCode::TicketInvalid);
    let foreign = TicketReply { conference: other.conference.clone(), ..own.clone() };
    assert_eq!(enter_with(&mut world, ann, &foreign, json!({})).unwrap_err(), ErrorCode::TicketInvalid);
    let forged = TicketReply { ticket: "A".repeat(55).into(), ..own.clone() };
    assert_eq!(enter_with(&mut world, ann, &forged, json!({})).unwrap_err(), ErrorCode::TicketInvalid);
    enter_with(&mut world, ann, &own, json!({})).unwrap();
    enter_with(&mut world, ann, &own, json!({})).expect("who lost the reply asks again");
    world.ask(ann, json!({ "op": "leave" })).unwrap();
    assert_eq!(enter_with(&mut world, ann, &own, json!({})).unwrap_err(), ErrorCode::TicketVoid);
    world.pass(Duration::from_secs(301));
    world.drop_connection(ann);
    world.login(ann, json!({})).unwrap();
    let late = enter_with(&mut world, ann, &other, json!({})).unwrap_err();
    assert_eq!(late, ErrorCode::ConferenceOver, "an empty conference is over before its ticket");
    let mut world = World::new(config());
    let ann = meet(&mut world, "ann", "a", json!({}));
    let bob = world.client("bob");
    let old = ticket(&mut world, bob, json!({ "room": named("a") })).unwrap();
    for _ in 0..31 {
        world.pass(Duration::from_secs(10));
        world.send(ann, json!({ "op": "ping" }));
        world.send(bob, json!({ "op": "ping" }));
    }
    assert_eq!(enter_with(&mut world, bob, &old, json!({})).unwrap_err(), ErrorCode::TicketExpired);
    world.wind_down();
}

#[test]
fn tickets_of_another_start_open_nothing() {
    let (mut before, mut after) = (World::new(config()), World::new(config()));
    after.engine = huitong_engine::Engine::new(config(), [9; 32]);
    let ann = before.client("ann");
    let old = ticket(&mut before, ann, json!({ "room": named("a") })).unwrap();
    let ann = after.client("ann");
    let new = ticket(&mut after, ann, json!({ "room": named("a") })).unwrap();
    assert_ne!(old.conference, new.conference);
    let mixed = TicketReply { conference: new.conference, ..old };
    assert_eq!(enter_with(&mut after, ann, &mixed, json!({})).unwrap_err(), ErrorCode::TicketInvalid);
    before.wind_down();
    after.wind_down();
}

#[test]
fn audience_may_not_publish_even_with_a_key_that_was_registered_before() {
    let mut world = World::new(config());
    let ann = meet(&mut world, "ann", "a", json!({}));
    let bob = meet(&mut world, "bob", "a", json!({}));
    let push = world.start_media(bob, &key("bob"));
    let play = world.clients[ann].play_key("bob");
    let player = world.play(&play);
    act(&mut world, ann, "grant", json!({ "users": ["bob"], "role": "audience" })).unwrap();
    assert!(matches!(world.media[&push], Media::Closed(..)), "the push ends at once");
    assert_eq!(world.media[&player], Media::StreamOver, "and so do those who watch it");
    assert_eq!(world.clients[ann].tracks("bob", StreamKind::Main), None);
    assert_eq!(world.clients[bob].conference.as_ref().unwrap().you.role, ConferenceRole::Audience);
    let refused = world.declare(bob, &key("bob"), true, true).unwrap_err();
    assert_eq!(refused, ErrorCode::MayNotPublish);
    let again = world.push_media(&key("bob"));
    world.pass(Duration::from_secs(6));
    assert!(
        matches!(world.media[&again], Media::Closed(ErrorCode::UnknownKey, _)),
        "{:?}",
        world.media[&again]
    );
    act(&mut world, ann, "grant", json!({ "users": ["bob"], "role": "talker" })).unwrap();
    world.start_media(bob, &key("bob2"));
    assert_eq!(world.clients[ann].tracks("bob", StreamKind::Main), Some((true, true)));
    world.wind_down();
}

#[test]
fn only_admins_decide_and_what_a_client_says_it_is_counts_for_nothing() {
    let mut world = World::new(config());
    let ann = meet(&mut world, "ann", "a", json!({}));
    let bob = meet(&mut world, "bob", "a", json!({ "role": "admin" }));
    assert_eq!(world.clients[bob].conference.as_ref().unwrap().you.role, ConferenceRole::Talker);
    for (op, more) in [
        ("grant", json!({ "users": ["bob"], "role": "admin" })),
        ("kick", json!({ "users": ["ann"] })),
        ("mute", json!({ "users": ["ann"], "audio": true, "video": true })),
        ("decline", json!({ "user": "ann" })),
        ("destroy", json!({})),
    ] {
        assert_eq!(act(&mut world, bob, op, more).unwrap_err(), ErrorCode::NotAdmin, "{op}");
    }
    let role = json!({ "op": "setRole", "role": "audience" });
    assert_eq!(world.ask(bob, role).unwrap_err(), ErrorCode::NotAdmin);
    act(&mut world, ann, "grant", json!({ "users": ["bob"], "role": "admin" })).unwrap();
    act(&mut world, bob, "grant", json!({ "users": ["ann"], "role": "talker" })).unwrap();
    let last = act(&mut world, bob, "grant", json!({ "users": ["bob"], "role": "talker" })).unwrap_err();
    assert_eq!(last, ErrorCode::LastAdmin);
    let nobody = act(&mut world, bob, "kick", json!({ "users": ["carol"] })).unwrap_err();
    assert_eq!(nobody, ErrorCode::NobodyThere);
    let none = act(&mut world, bob, "kick", json!({})).unwrap_err();
    assert_eq!(none, ErrorCode::InvalidField);
    world.wind_down();
}

#[test]
fn who_is_kicked_is_out_of_room_and_media_at_once_and_hears_why() {
    let mut world = World::new(config());
    let ann = meet(&mut world, "ann", "a", json!({}));
    let bob = meet(&mut world, "bob", "a", json!({}));
    let carol = meet(&mut world, "carol", "a", json!({}));
    let push = world.start_media(bob, &key("bob"));
    let play = world.clients[carol].play_key("bob");
    let player = world.play(&play);
    let ann_push = world.start_media(ann, &key("ann"));
    let stolen = world.clients[bob].play_key("ann");
    let number = world.clients[bob].conference.as_ref().unwrap().you.member;
    let done = act(&mut world, ann, "kick", json!({ "members": [number] })).unwrap();
    let Done::Kick(reply) = done else { panic!("{done:?}") };
    assert_eq!(reply.users, [UserId::new("bob").unwrap()]);
    assert!(matches!(world.media[&push], Media::Closed(..)));
    assert_eq!(world.media[&player], Media::StreamOver);
    assert!(matches!(world.media[&ann_push], Media::Publishing { .. }), "nobody else is touched");
    assert_eq!(exits(&world, bob), [ConferenceExit::Removed]);
    assert!(world.clients[bob].state.is_none());
    assert_eq!(world.clients[carol].people().len(), 1);
    let watching = world.play(&stolen);
    assert!(matches!(world.media[&watching], Media::Closed(..)), "its play keys are void");
    world.wind_down();
}

#[test]
fn a_mute_leaves_out_what_is_sent_whatever_the_client_does() {
    let mut world = World::new(config());
    let ann = meet(&mut world, "ann", "a", json!({}));
    let bob = meet(&mut world, "bob", "a", json!({}));
    let push = world.start_media(bob, &key("bob"));
    act(&mut world, ann, "mute", json!({ "users": ["bob"], "audio": true, "video": false })).unwrap();
    let allowed = |world: &World| match world.media[&push] {
        Media::Publishing { allowed, .. } => allowed,
        ref other => panic!("{other:?}"),
    };
    assert_eq!(allowed(&world), TrackFlags { audio: false, video: true });
    assert_eq!(world.clients[ann].tracks("bob", StreamKind::Main), Some((false, true)));
    assert!(world.clients[bob].conference.as_ref().unwrap().no_audio);
    world.ask(bob, json!({ "op": "publish", "audio": true, "video": true })).unwrap();
    assert_eq!(allowed(&world), TrackFlags { audio: false, video: true });
    act(&mut world, ann, "mute", json!({ "users": ["bob"], "audio": true, "video": true })).unwrap();
    assert_eq!(allowed(&world), NOTHING);
    world.ask(bob, json!({ "op": "leave" })).unwrap();
    let back = ticket(&mut world, bob, json!({ "room": named("a") })).unwrap();
    enter_with(&mut world, bob, &back, json!({})).unwrap();
    assert!(world.clients[bob].conference.as_ref().unwrap().no_video, "it holds when one comes back");
    act(&mut world, ann, "mute", json!({ "users": ["bob"], "audio": false, "video": false })).unwrap();
    world.start_media(bob, &key("bob-again"));
    assert_eq!(world.clients[ann].tracks("bob", StreamKind::Main), Some((true, true)));
    world.wind_down();
}

#[test]
fn as_many_cameras_are_on_as_may_be_and_a_picture_that_was_not_registered_is_left_out() {
    let mut world = World::new(config());
    let settings = json!({ "settings": { "maxVideos": 1, "maxScreens": 0 } });
    let ann = meet(&mut world, "ann", "a", settings);
    let bob = meet(&mut world, "bob", "a", json!({}));
    world.start_media(ann, &key("ann"));
    assert_eq!(world.declare(bob, &key("bob"), true, true).unwrap_err(), ErrorCode::ConferenceLimit);
    let screen = json!({ "op": "publish", "stream": "aux", "key": key("screen").reveal(), "audio": false, "video": true });
    assert_eq!(world.ask(bob, screen).unwrap_err(), ErrorCode::ConferenceLimit);
    world.declare(bob, &key("bob"), true, false).unwrap();
    let push = world.push_media(&key("bob"));
    world.seen(push, true, true);
    let Media::Publishing { allowed, .. } = world.media[&push] else { panic!("{:?}", world.media[&push]) };
    assert_eq!(allowed, TrackFlags { audio: true, video: false });
    let refused = world.clients[bob].pushes.iter().any(|event| matches!(event, Event::PublishRefused { .. }));
    assert!(refused, "it is told why");
    let noted = |note: &String| note.starts_with("publish-refused") && note.contains("conference-limit");
    assert!(world.notes.iter().any(noted), "and the operator: {:?}", world.notes);
    world.ask(ann, json!({ "op": "publish", "audio": true, "video": false })).unwrap();
    world.ask(bob, json!({ "op": "publish", "audio": true, "video": true })).unwrap();
    let Media::Publishing { allowed, .. } = world.media[&push] else { panic!("{:?}", world.media[&push]) };
    assert_eq!(allowed, TrackFlags { audio: true, video: true });
    assert_eq!(world.clients[ann].tracks("bob", StreamKind::Main), Some((true, true)));
    world.wind_down();
}

#[test]
fn limits_of_talkers_and_audience_hold_with_their_own_errors() {
    let mut world = World::new(config());
    let settings = json!({ "settings": { "maxTalkers": 2, "maxAudience": 1 } });
    meet(&mut world, "ann", "a", settings);
    meet(&mut world, "bob", "a", json!({}));
    let carol = world.client("carol");
    let talk = ticket(&mut world, carol, json!({ "room": named("a") })).unwrap();
    assert_eq!(enter_with(&mut world, carol, &talk, json!({})).unwrap_err(), ErrorCode::TalkersFull);
    meet(&mut world, "dan", "a", json!({ "role": "audience" }));
    let watch = ticket(&mut world, carol, json!({ "room": named("a"), "role": "audience" })).unwrap();
    assert_eq!(enter_with(&mut world, carol, &watch, json!({})).unwrap_err(), ErrorCode::RoomFull);
    assert!(world.clients[carol].state.is_none());
    world.wind_down();
}

#[test]
fn a_conference_whose_admins_are_not_to_be_asked_says_so_to_who_raises_a_hand() {
    let mut world = World::new(config());
    let quiet = json!({ "settings": { "kind": "live", "noHands": true } });
    let ann = meet(&mut world, "ann", "show", quiet);
    let bob = meet(&mut world, "bob", "show", json!({}));
    assert_eq!(world.ask(bob, json!({ "op": "hand", "up": true })).unwrap_err(), ErrorCode::NotAdmin);
    act(&mut world, ann, "grant", json!({ "users": ["bob"], "role": "talker" })).unwrap();
    assert_eq!(world.clients[bob].conference.as_ref().unwrap().you.role, ConferenceRole::Talker);
    world.wind_down();
}

#[test]
fn live_audience_is_counted_and_a_raised_hand_makes_it_a_talker() {
    let mut world = World::new(config());
    let live = json!({ "settings": { "kind": "live" } });
    let ann = meet(&mut world, "ann", "show", live);
    let bob = meet(&mut world, "bob", "show", json!({}));
    let carol = meet(&mut world, "carol", "show", json!({}));
    assert_eq!(world.clients[ann].people(), [], "audience is not announced");
    assert_eq!(world.clients[bob].conference.as_ref().unwrap().you.role, ConferenceRole::Audience);
    world.ask(bob, json!({ "op": "hand", "up": true })).unwrap();
    world.ask(carol, json!({ "op": "hand", "up": true })).unwrap();
    let hands = |world: &World| {
        let own = world.clients[ann].conference.as_ref().unwrap();
        own.hands.iter().map(|hand| hand.user.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(hands(&world), ["bob", "carol"]);
    act(&mut world, ann, "decline", json!({ "user": "carol" })).unwrap();
    assert!(world.clients[carol].pushes.contains(&Event::HandDeclined));
    act(&mut world, ann, "grant", json!({ "users": ["bob"], "role": "talker" })).unwrap();
    assert_eq!(hands(&world), Vec::<String>::new());
    assert_eq!(world.clients[carol].people().len(), 2, "a talker is announced");
    world.start_media(bob, &key("bob"));
    assert_eq!(world.clients[carol].tracks("bob", StreamKind::Main), Some((true, true)));
    act(&mut world, ann, "grant", json!({ "users": ["bob"], "role": "audience" })).unwrap();
    assert_eq!(world.clients[carol].people().len(), 1);
    assert_eq!(world.clients[carol].members(), ["ann"]);
    world.wind_down();
}

#[test]
fn everybody_hears_of_the_end_and_the_name_is_free_again() {
    let mut world = World::new(config());
    let ann = meet(&mut world, "ann", "a", json!({}));
    let bob = meet(&mut world, "bob", "a", json!({}));
    let name = world.clients[ann].conference_name();
    act(&mut world, ann, "destroy", json!({})).unwrap();
    assert_eq!(
        (exits(&world, ann), exits(&world, bob)),
        (vec![ConferenceExit::Closed], vec![ConferenceExit::Closed])
    );
    assert_eq!(world.engine.sizes().rooms, 0);
    let gone = world.ask(bob, json!({ "op": "look", "conference": name })).unwrap_err();
    assert_eq!(gone, ErrorCode::NoConference);
    let again = ticket(&mut world, bob, json!({ "room": named("a") })).unwrap();
    assert!(again.created && again.conference.as_str() != name);
    world.wind_down();
}

#[test]
fn the_same_user_on_another_device_takes_the_place() {
    let mut apps = config();
    for app in apps.apps.values_mut() {
        app.multi_device = huitong_engine::MultiDevice::PerDevice;
    }
    let mut world = World::new(apps);
    let old = meet(&mut world, "ann", "a", json!({}));
    let bob = meet(&mut world, "bob", "a", json!({}));
    let new = meet(&mut world, "ann", "a", json!({}));
    assert_eq!(exits(&world, old), [ConferenceExit::OtherDevice]);
    assert_eq!(world.clients[bob].people(), [("ann".to_owned(), ConferenceRole::Admin)]);
    assert!(world.clients[new].state.is_some());
    world.wind_down();
}

#[test]
fn a_lost_connection_keeps_its_place_and_gets_what_it_missed() {
    let mut world = World::new(config());
    let ann = meet(&mut world, "ann", "a", json!({}));
    let bob = meet(&mut world, "bob", "a", json!({}));
    world.drop_connection(bob);
    let carol = meet(&mut world, "carol", "a", json!({}));
    act(&mut world, ann, "attributes", json!({ "changes": [{ "key": "topic", "value": "budget" }] }))
        .unwrap();
    act(&mut world, ann, "grant", json!({ "users": ["bob"], "role": "admin" })).unwrap();
    world.resume(bob).unwrap();
    let own = world.clients[bob].conference.clone().unwrap();
    assert_eq!(own.you.role, ConferenceRole::Admin);
    assert_eq!(own.attributes["topic"], "budget");
    assert_eq!(world.clients[bob].people().len(), 2);
    world.drop_connection(bob);
    for n in 0..200 {
        let change = json!({ "changes": [{ "key": "n", "value": n.to_string() }] });
        act(&mut world, carol, "attributes", change).unwrap();
        world.pass(Duration::from_millis(50));
    }
    world.resume(bob).unwrap();
    assert_eq!(world.clients[bob].conference.as_ref().unwrap().attributes["n"], "199");
    world.drop_connection(bob);
    for _ in 0..10 {
        world.pass(Duration::from_secs(10));
        world.send(ann, json!({ "op": "ping" }));
        world.send(carol, json!({ "op": "ping" }));
    }
    let left = world.clients[ann].pushes.iter().rev().find_map(|event| match event {
        Event::ConferenceLeft(out) => Some((out.user.to_string(), out.reason)),
        _ => None,
    });
    assert_eq!(left, Some(("bob".to_owned(), Some(ConferenceExit::Failed))));
    world.wind_down();
}

#[test]
fn plain_members_and_members_of_a_conference_meet_in_one_room() {
    let mut world = World::new(config());
    let phone = world.client("phone");
    world.ask(phone, json!({ "op": "join", "room": named("a") })).unwrap();
    let push = world.start_media(phone, &key("phone"));
    let ann = meet(&mut world, "ann", "a", json!({}));
    assert_eq!(world.clients[ann].people(), [("phone".to_owned(), ConferenceRole::Talker)]);
    let own = world.clients[ann].conference.clone().unwrap();
    assert_eq!(own.you.role, ConferenceRole::Talker, "nobody becomes admin over those who were there before");
    let seize = act(&mut world, ann, "kick", json!({ "users": ["phone"] })).unwrap_err();
    assert_eq!(seize, ErrorCode::NotAdmin);
    let grant = huitong_protocol::Grant {
        conference: own.conference,
        users: vec![UserId::new("ann").unwrap()],
        members: Vec::new(),
        role: ConferenceRole::Admin,
    };
    world.call(huitong_engine::ApiCall::Grant(None, grant));
    assert_eq!(world.clients[ann].tracks("phone", StreamKind::Main), Some((true, true)));
    let later = world.client("later");
    world.ask(later, json!({ "op": "join", "room": named("a") })).unwrap();
    assert_eq!(world.clients[ann].people().len(), 2);
    assert_eq!(world.clients[later].members(), ["phone", "ann"]);
    act(&mut world, ann, "mute", json!({ "users": ["phone"], "audio": true, "video": false })).unwrap();
    assert!(matches!(
        world.media[&push],
        Media::Publishing { allowed: TrackFlags { audio: false, video: true }, .. }
    ));
    act(&mut world, ann, "kick", json!({ "users": ["phone"] })).unwrap();
    assert!(matches!(world.media[&push], Media::Closed(..)));
    assert!(world.clients[phone].state.is_none());
    assert!(exits(&world, phone).is_empty(), "it never heard of a conference");
    let removed = world.clients[phone].pushes.iter().any(|event| matches!(event, Event::Removed { .. }));
    assert!(removed);
    assert_eq!(world.clients[ann].people(), [("later".to_owned(), ConferenceRole::Talker)]);
    act(&mut world, ann, "destroy", json!({})).unwrap();
    assert!(world.clients[later].state.is_none());
    world.wind_down();
}

#[test]
fn a_password_keeps_the_door_of_the_room_shut_too() {
    let mut world = World::new(config());
    meet(&mut world, "ann", "a", json!({ "password": "sesame" }));
    let eve = world.client("eve");
    let refused = world.ask(eve, json!({ "op": "join", "room": named("a") })).unwrap_err();
    assert_eq!(refused, ErrorCode::MayNotEnter);
    assert!(world.clients[eve].state.is_none());
    let plain = world.client("plain");
    world.ask(plain, json!({ "op": "join", "room": named("b") })).unwrap();
    let taken = ticket(&mut world, eve, json!({ "room": named("b"), "password": "mine" })).unwrap_err();
    assert_eq!(taken, ErrorCode::RoomTaken, "nobody locks a room around others");
    let scene = ticket(&mut world, eve, json!({ "room": named("b"), "settings": { "kind": "live" } }));
    assert_eq!(scene.unwrap_err(), ErrorCode::SceneMismatch);
    world.wind_down();
}

#[test]
fn whoever_makes_a_conference_of_an_occupied_room_takes_nothing_from_those_in_it() {
    let mut world = World::new(config());
    let people: Vec<usize> = (0..12).map(|n| world.client(&format!("p{n}"))).collect();
    let mut pushes = Vec::new();
    for who in &people {
        world.ask(*who, json!({ "op": "join", "room": named("a") })).unwrap();
        pushes.push(world.start_media(*who, &key(&format!("key-of-{who}"))));
    }
    let settings = json!({
        "settings": { "maxTalkers": 1, "maxVideos": 0, "maxScreens": 0, "defaultRole": "audience", "emptyMs": 1 },
    });
    let eve = meet(&mut world, "eve", "a", settings);
    assert_eq!(world.clients[eve].people().len(), people.len());
    for push in pushes {
        let Media::Publishing { allowed, .. } = world.media[&push] else {
            panic!("{:?}", world.media[&push])
        };
        assert_eq!(allowed, TrackFlags { audio: true, video: true });
    }
    world.wind_down();
}

#[test]
fn a_room_with_more_people_than_may_talk_does_not_become_a_conference() {
    let mut world = World::new(config());
    for n in 0..51 {
        let who = world.client(&format!("p{n}"));
        world.ask(who, json!({ "op": "join", "room": named("a") })).unwrap();
    }
    let eve = world.client("eve");
    let refused = ticket(&mut world, eve, json!({ "room": named("a") })).unwrap_err();
    assert_eq!(refused, ErrorCode::RoomTaken);
    world.wind_down();
}

#[test]
fn where_rooms_need_a_key_no_client_makes_a_conference_of_one() {
    let mut keyed = config();
    for app in keyed.apps.values_mut() {
        app.require_room_key = true;
    }
    let mut world = World::new(keyed);
    let eve = world.client("eve");
    let around = ticket(&mut world, eve, json!({ "room": named("a") })).unwrap_err();
    assert_eq!(around, ErrorCode::RoomKeyRequired);
    let own = ticket(&mut world, eve, json!({})).unwrap();
    enter_with(&mut world, eve, &own, json!({})).expect("a conference of its own is nobody's room");
    world.wind_down();
}

#[test]
fn guessing_gets_slower_and_the_creator_is_not_kept_out_by_it() {
    let mut world = World::new(config());
    let ann = meet(&mut world, "ann", "a", json!({ "password": "sesame" }));
    let eve = world.client("eve");
    let guess = json!({ "room": named("a"), "password": "open" });
    for _ in 0..4 {
        assert_eq!(ticket(&mut world, eve, guess.clone()).unwrap_err(), ErrorCode::WrongPassword);
    }
    assert_eq!(ticket(&mut world, eve, guess.clone()).unwrap_err(), ErrorCode::TooManyGuesses);
    let right = ticket(&mut world, eve, json!({ "room": named("a"), "password": "sesame" }));
    assert_eq!(
        right.unwrap_err(),
        ErrorCode::TooManyGuesses,
        "not even the right one, or it could be guessed"
    );
    world.ask(ann, json!({ "op": "leave" })).unwrap();
    let back = ticket(&mut world, ann, json!({ "room": named("a") })).unwrap();
    enter_with(&mut world, ann, &back, json!({})).unwrap();
    world.wind_down();
}

#[test]
fn a_refused_entry_leaves_nothing_behind() {
    let mut world = World::new(EngineConfig { rtc_members: 2, ..config() });
    let ann = meet(&mut world, "ann", "a", json!({}));
    meet(&mut world, "bob", "a", json!({}));
    let carol = world.client("carol");
    let own = ticket(&mut world, carol, json!({ "room": named("a") })).unwrap();
    assert_eq!(enter_with(&mut world, carol, &own, json!({})).unwrap_err(), ErrorCode::RoomFull);
    assert_eq!(world.clients[ann].people().len(), 1, "nobody stays who has no seat");
    world.join(carol, 7).unwrap();
    let own = ticket(&mut world, carol, json!({ "room": named("a") })).unwrap();
    assert_eq!(enter_with(&mut world, carol, &own, json!({})).unwrap_err(), ErrorCode::AlreadyInRoom);
    assert_eq!(world.clients[carol].state.as_ref().unwrap().room, number(7));
    let long = "x".repeat(1025);
    world.ask(carol, json!({ "op": "leave" })).unwrap();
    let own = ticket(&mut world, carol, json!({ "room": named("other") })).unwrap();
    assert_eq!(
        enter_with(&mut world, carol, &own, json!({ "ext": long })).unwrap_err(),
        ErrorCode::InvalidField
    );
    enter_with(&mut world, carol, &own, json!({})).expect("the ticket is not used up by that");
    world.wind_down();
}
