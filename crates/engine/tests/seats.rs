//! Seats that outlive connections, and sessions that miss nothing.

mod common;

use common::{Media, World, config, key, room};
use huitong_engine::Input;
use huitong_protocol::{CloseCode, Event, Resumed};
use huitong_types::{EndReason, ErrorCode, LeaveReason, StreamKind};
use serde_json::json;
use std::time::Duration;

fn resumed(world: &World, who: usize) -> Resumed {
    world.clients[who].welcome.as_ref().unwrap().resumed
}

fn keep_alive(world: &mut World, who: &[usize], seconds: u64) {
    for _ in 0..seconds / 10 {
        world.pass(Duration::from_secs(10));
        for who in who {
            world.ask(*who, json!({ "op": "ping" })).unwrap();
        }
    }
}

#[test]
fn a_short_loss_is_not_noticed_and_what_was_missed_follows() {
    let mut world = World::new(config());
    let alice = world.member("alice");
    let bob = world.member("bob");
    world.drop_connection(alice);
    world.pass(Duration::from_secs(5));
    let carol = world.member("carol");
    world.start_media(carol, &key("carol"));
    world.resume(alice).unwrap();
    assert_eq!(resumed(&world, alice), Resumed::Replayed);
    assert_eq!(world.clients[alice].members(), ["bob", "carol"]);
    assert_eq!(world.clients[alice].tracks("carol", StreamKind::Main), Some((true, true)));
    assert!(!world.clients[bob].pushes.iter().any(|e| matches!(e, Event::MemberAway { .. })));
    world.wind_down();
}

#[test]
fn a_longer_loss_shows_the_member_as_away_and_back() {
    let mut world = World::new(config());
    let alice = world.member("alice");
    let bob = world.member("bob");
    world.drop_connection(alice);
    keep_alive(&mut world, &[bob], 20);
    assert!(world.clients[bob].member("alice").unwrap().away);
    let carol = world.member("carol");
    assert!(world.clients[carol].member("alice").unwrap().away, "a late joiner is told");
    world.resume(alice).unwrap();
    assert!(!world.clients[bob].member("alice").unwrap().away);
    world.wind_down();
}

#[test]
fn a_seat_runs_out_and_its_session_with_it() {
    let mut world = World::new(config());
    let (alice, ticket) = world.publisher("alice");
    let bob = world.member("bob");
    world.drop_connection(alice);
    keep_alive(&mut world, &[bob], 80);
    assert_eq!(world.clients[bob].members(), ["alice"]);
    assert!(matches!(world.media[&ticket], Media::Publishing { .. }), "media goes on while the seat is kept");
    keep_alive(&mut world, &[bob], 10);
    let last = world.clients[bob].pushes.last().unwrap();
    assert!(matches!(last, Event::MemberLeft { reason: LeaveReason::TimedOut, .. }), "{last:?}");
    assert_eq!(world.closed_with(ticket), Some(ErrorCode::NotInRoom));
    world.resume(alice).unwrap();
    assert_eq!(resumed(&world, alice), Resumed::New);
    assert_eq!(world.clients[alice].state, None);
    world.wind_down();
}

#[test]
fn more_than_is_kept_becomes_a_snapshot() {
    let mut config = config();
    config.replay_events = 4;
    let mut world = World::new(config);
    let alice = world.member("alice");
    let bob = world.member("bob");
    world.drop_connection(alice);
    for audio in [true, false, true, false, true, false] {
        world.declare(bob, &key("bob"), audio, true).unwrap();
    }
    for name in ["carol", "dave", "erin", "frank", "grace"] {
        world.member(name);
    }
    world.start_media(bob, &key("bob"));
    world.resume(alice).unwrap();
    assert_eq!(resumed(&world, alice), Resumed::Snapshot);
    let pushes = &world.clients[alice].pushes;
    assert!(matches!(pushes.last(), Some(Event::State { room: Some(_), .. })), "{pushes:?}");
    assert_eq!(world.clients[alice].members(), ["bob", "carol", "dave", "erin", "frank", "grace"]);
    assert_eq!(world.clients[alice].tracks("bob", StreamKind::Main), Some((true, true)));
    world.wind_down();
}

#[test]
fn a_resume_needs_the_secret_and_the_user() {
    let mut world = World::new(config());
    let alice = world.member("alice");
    let session = world.clients[alice].welcome.as_ref().unwrap().session.clone();
    let secret = world.clients[alice].welcome.as_ref().unwrap().secret.reveal().clone();
    let mallory = world.clients.len();
    world.clients.push(common::Client { user: "mallory".into(), ..Default::default() });
    let stolen = json!({ "resume": { "session": session, "secret": secret, "seq": 0 } });
    world.login(mallory, stolen).unwrap();
    assert_eq!(resumed(&world, mallory), Resumed::New);
    assert!(world.is_open(alice));
    let guessed = json!({ "resume": { "session": session, "secret": "0".repeat(32), "seq": 0 } });
    let other = world.clients.len();
    world.clients.push(common::Client { user: "alice".into(), ..Default::default() });
    world.login(other, guessed).unwrap();
    assert_eq!(resumed(&world, other), Resumed::New);
    world.wind_down();
}

#[test]
fn a_resume_from_the_future_is_refused() {
    let mut world = World::new(config());
    let alice = world.member("alice");
    world.drop_connection(alice);
    world.clients[alice].seq = 99;
    assert_eq!(world.resume(alice).unwrap_err(), ErrorCode::WrongSequence);
    world.clients[alice].seq = 0;
    world.resume(alice).unwrap();
    assert!(world.clients[alice].state.is_some());
    world.wind_down();
}

#[test]
fn a_resume_takes_the_connection_over_while_the_old_one_is_still_open() {
    let mut world = World::new(config());
    let alice = world.member("alice");
    let bob = world.member("bob");
    let old = world.clients[alice].conn.unwrap();
    world.resume(alice).unwrap();
    assert_eq!(world.closes[&old], CloseCode::ConnectionReplaced.number());
    world.input(Input::Disconnected { conn: old });
    keep_alive(&mut world, &[alice, bob], 120);
    assert_eq!(world.clients[bob].members(), ["alice"]);
    world.wind_down();
}

#[test]
fn an_expired_credential_does_not_end_a_call() {
    let mut world = World::new(config());
    let alice = world.member("alice");
    for _ in 0..3 {
        keep_alive(&mut world, &[alice], 1800);
    }
    world.drop_connection(alice);
    let welcome = world.clients[alice].welcome.clone().unwrap();
    let resume = json!({ "session": welcome.session, "secret": welcome.secret.reveal(), "seq": 0 });
    let expired = common::sig("alice", common::UNIX_START);
    world.login(alice, json!({ "sig": expired, "resume": resume })).unwrap();
    assert_eq!(resumed(&world, alice), Resumed::Replayed);
    world.drop_connection(alice);
    assert_eq!(world.login(alice, json!({ "sig": expired })).unwrap_err(), ErrorCode::CredentialExpired);
    world.wind_down();
}

#[test]
fn a_member_kicked_while_away_learns_it_on_return() {
    let mut world = World::new(config());
    let alice = world.member("alice");
    let _bob = world.member("bob");
    world.drop_connection(alice);
    world.pass(Duration::from_secs(2));
    let kick = huitong_engine::ApiCall::RemoveMember(common::number(1), common::user("alice"));
    world.call(kick);
    world.resume(alice).unwrap();
    let last = world.clients[alice].pushes.last().unwrap();
    assert!(matches!(last, Event::Removed { reason: LeaveReason::Kicked, .. }), "{last:?}");
    assert_eq!(world.clients[alice].state, None);
    world.join(alice, 1).unwrap();
    world.wind_down();
}

#[test]
fn a_join_whose_reply_was_lost_can_be_repeated() {
    let mut world = World::new(config());
    let bob = world.member("bob");
    let alice = world.member("alice");
    world.drop_connection(alice);
    world.clients[alice].state = None;
    world.clients[alice].seq = 0;
    world.resume(alice).unwrap();
    let publish = json!([{ "key": key("alice").reveal(), "audio": true, "video": false }]);
    world.ask(alice, json!({ "op": "join", "room": room(1), "publish": publish })).unwrap();
    assert_eq!(world.clients[alice].members(), ["bob"]);
    assert_eq!(world.clients[bob].members(), ["alice"]);
    assert_eq!(world.join(alice, 2).unwrap_err(), ErrorCode::AlreadyInRoom);
    world.wind_down();
}

#[test]
fn a_session_without_room_expires_too() {
    let mut world = World::new(config());
    let alice = world.client("alice");
    world.drop_connection(alice);
    world.pass(Duration::from_secs(89));
    assert_eq!(world.engine.sizes().sessions, 1);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.engine.sizes().sessions, 0);
    assert!(world.notes.iter().any(|note| note.contains(&format!("{:?}", EndReason::Expired))));
    world.wind_down();
}
