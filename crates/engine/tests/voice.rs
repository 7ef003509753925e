//! Logins with an authBuffer: for one voice room, for voice only, and not as often as one likes.

mod common;

use common::{APP, Client, SECRET, World, config, key, sig};
use huitong_auth::authbuffer::{Form, Key, RANDOM_BYTES, VoiceRoom, VoiceUser, mint};
use huitong_protocol::{CloseCode, Done, Event, Resumed};
use huitong_types::{AppId, EndReason, ErrorCode, Redacted, Retry, StreamKind};
use serde_json::{Value, json};
use std::time::Duration;

const ROOM: &str = "room_123";

fn auth_of(secret: &str, app: u32, user: i64, room: &str, unix_ms: u64, seconds: u64) -> String {
    let key = Key::of(&Redacted::new(secret.to_owned()));
    let now = unix_ms / 1000;
    let (app, room) = (AppId::new(app).unwrap(), VoiceRoom::parse(room).unwrap());
    let bytes = mint(app, &key, VoiceUser::new(user), &room, now, seconds, [9; RANDOM_BYTES]);
    String::from_utf8(Form::Base64.write(&bytes)).unwrap()
}

fn auth(world: &World, user: i64, room: &str) -> String {
    auth_of(SECRET, APP, user, room, world.unix_ms(), 300)
}

/// What a login with an authBuffer has in place of a UserSig.
fn shows(auth_buffer: &str) -> Value {
    json!({ "sig": null, "authBuffer": auth_buffer, "voiceRoom": ROOM })
}

/// Somebody who is not logged in.
fn stranger(world: &mut World, user: &str) -> usize {
    world.clients.push(Client { user: user.to_owned(), ..Client::default() });
    world.clients.len() - 1
}

fn enter(world: &mut World, who: usize, room: &str) -> Result<Done, ErrorCode> {
    world.ask(who, json!({ "op": "join", "room": { "text": room } }))
}

/// A client that is logged in for the voice room.
fn speaker(world: &mut World, user: i64) -> usize {
    let who = stranger(world, &user.to_string());
    let pass = auth(world, user, ROOM);
    world.login(who, shows(&pass)).unwrap();
    who
}

#[test]
fn an_auth_buffer_opens_its_room_and_no_other() {
    let mut world = World::new(config());
    let ann = speaker(&mut world, 10001);
    for other in ["room_12", "room_1234", "ROOM_123"] {
        assert_eq!(enter(&mut world, ann, other).unwrap_err(), ErrorCode::MayNotEnter);
        assert_eq!(world.last_error.as_ref().unwrap().field.as_deref(), Some("room"));
    }
    assert_eq!(world.join(ann, 123).unwrap_err(), ErrorCode::MayNotEnter);
    enter(&mut world, ann, ROOM).unwrap();
    world.ask(ann, json!({ "op": "leave" })).unwrap();
    assert_eq!(enter(&mut world, ann, "other").unwrap_err(), ErrorCode::MayNotEnter, "after it, too");
    world.wind_down();
}

#[test]
fn everybody_of_every_credential_meets_in_the_room_of_that_name() {
    let mut config = config();
    config.apps.get_mut(&AppId::new(APP).unwrap()).unwrap().require_room_key = false;
    let mut world = World::new(config);
    let ann = speaker(&mut world, -9_223_372_036_854_775_808);
    enter(&mut world, ann, ROOM).unwrap();
    let bob = world.client("bob");
    enter(&mut world, bob, ROOM).unwrap();
    assert_eq!(world.clients[bob].members(), ["-9223372036854775808"]);
    assert_eq!(world.clients[ann].members(), ["bob"]);
    world.wind_down();
}

#[test]
fn an_application_that_demands_room_keys_takes_the_auth_buffer_for_one() {
    let mut config = config();
    config.apps.get_mut(&AppId::new(APP).unwrap()).unwrap().require_room_key = true;
    let mut world = World::new(config);
    let ann = speaker(&mut world, 1);
    enter(&mut world, ann, ROOM).unwrap();
    let bob = world.client("bob");
    assert_eq!(enter(&mut world, bob, ROOM).unwrap_err(), ErrorCode::RoomKeyRequired);
    world.wind_down();
}

#[test]
fn old_token_servers_take_the_md5_of_sixteen_characters_for_the_key() {
    let short = "0123456789abcdef".to_owned();
    let pass = |key: &Key, world: &World| {
        let (app, room) = (AppId::new(APP).unwrap(), VoiceRoom::parse(ROOM).unwrap());
        let now = world.unix_ms() / 1000;
        let bytes = mint(app, key, VoiceUser::new(1), &room, now, 300, [9; RANDOM_BYTES]);
        shows(&String::from_utf8(Form::Hex.write(&bytes)).unwrap())
    };
    for md5 in [false, true] {
        let mut config = config();
        let app = config.apps.get_mut(&AppId::new(APP).unwrap()).unwrap();
        (app.secret, app.auth_buffer_md5) = (Redacted::new(short.clone()), md5);
        let mut world = World::new(config);
        let keys = [Key::of(&Redacted::new(short.clone())), Key::md5(&Redacted::new(short.clone()))];
        for (n, key) in keys.iter().enumerate() {
            let who = stranger(&mut world, "1");
            let login = pass(key, &world);
            let refused = world.login(who, login).err();
            assert_eq!(refused, (n != usize::from(md5)).then_some(ErrorCode::CredentialMismatch));
        }
        world.wind_down();
    }
}

#[test]
fn an_auth_buffer_is_for_voice_only() {
    let mut world = World::new(config());
    let ann = speaker(&mut world, 1);
    enter(&mut world, ann, ROOM).unwrap();
    let bob = world.client("bob");
    enter(&mut world, bob, ROOM).unwrap();
    world.declare(ann, &key("ann"), true, true).unwrap();
    let pushed = world.push_media(&key("ann"));
    world.seen(pushed, true, true);
    let common::Media::Publishing { allowed, .. } = world.media[&pushed] else { panic!() };
    assert!(allowed.audio && !allowed.video);
    assert_eq!(world.clients[bob].tracks("1", StreamKind::Main), Some((true, false)));
    // What others send of pictures does not come here either.
    world.start_media(bob, &key("bob"));
    let played = world.play(&world.clients[ann].play_key("bob").clone());
    let common::Media::Playing { tracks, .. } = world.media[&played] else { panic!() };
    assert!(tracks.audio && !tracks.video);
    let screen = json!({ "op": "publish", "stream": "aux", "key": key("screen").reveal(), "audio": false, "video": true });
    let _told = world.ask(ann, screen);
    let pushed = world.push_media(&key("screen"));
    world.pass(Duration::from_secs(10));
    assert!(world.closed_with(pushed).is_some(), "no screen");
    world.wind_down();
}

#[test]
fn refusals_say_what_is_wrong_and_nothing_of_what_was_inside() {
    let mut world = World::new(EngineConfigOf::unlimited());
    let now = world.unix_ms();
    let other_secret = "another secret of the same length";
    let cases = [
        (auth_of(SECRET, APP, 4_711, ROOM, now, 300), "10001", ErrorCode::CredentialForOther),
        (auth_of(SECRET, APP, 10001, "hidden_room", now, 300), "10001", ErrorCode::CredentialForOther),
        (auth_of(SECRET, 7, 10001, ROOM, now, 300), "10001", ErrorCode::CredentialForOther),
        (auth_of(other_secret, APP, 10001, ROOM, now, 300), "10001", ErrorCode::CredentialMismatch),
        (auth_of(SECRET, APP, 10001, ROOM, now - 600_000, 300), "10001", ErrorCode::CredentialExpired),
        ("garbage!".to_owned(), "10001", ErrorCode::BadCredential),
        (auth(&world, 10001, ROOM), "0010001", ErrorCode::InvalidField),
        (auth(&world, 10001, ROOM), "alice", ErrorCode::InvalidField),
    ];
    for (pass, user, code) in cases {
        let who = stranger(&mut world, user);
        assert_eq!(world.login(who, shows(&pass)).unwrap_err(), code, "{user}");
        let told = world.last_error.clone().unwrap();
        assert!(!told.message.contains("4711") && !told.message.contains("hidden"), "{}", told.message);
        assert_eq!(world.closes[&world.clients[who].conn.unwrap()], CloseCode::LoginFailed.number());
        assert!(!world.notes.iter().any(|note| note.contains(&pass) || note.contains("hidden_room")));
    }
    let who = stranger(&mut world, "10001");
    let pass = auth(&world, 10001, ROOM);
    let odd = json!({ "sig": null, "authBuffer": pass, "voiceRoom": "a-b" });
    assert_eq!(world.login(who, odd).unwrap_err(), ErrorCode::InvalidField);
    assert_eq!(world.last_error.as_ref().unwrap().field.as_deref(), Some("voiceRoom"));
    let calls = json!({ "sig": null, "authBuffer": pass, "voiceRoom": ROOM, "calls": true, "device": "d" });
    assert_eq!(world.login(who, calls).unwrap_err(), ErrorCode::InvalidField);
    assert_eq!(world.engine.sizes().sessions, 0);
    world.wind_down();
}

/// Configurations of refusals.
struct EngineConfigOf;

impl EngineConfigOf {
    fn unlimited() -> huitong_engine::EngineConfig {
        huitong_engine::EngineConfig { voice_login_refusals: 0, ..config() }
    }
}

/// A login that somebody made up.
fn guess(world: &mut World, user: &str) -> ErrorCode {
    let who = stranger(world, user);
    let pass = auth_of("not the secret of this one", APP, 10001, ROOM, world.unix_ms(), 300);
    world.login(who, shows(&pass)).unwrap_err()
}

#[test]
fn an_address_that_guesses_is_not_listened_to_until_it_has_been_quiet() {
    let mut world = World::new(config());
    for n in 0..5 {
        assert_eq!(
            guess(&mut world, &n.to_string()),
            ErrorCode::CredentialMismatch,
            "other users, one address"
        );
    }
    assert_eq!(guess(&mut world, "9"), ErrorCode::RateLimited);
    let told = world.last_error.clone().unwrap();
    assert_eq!((told.retry, told.field.as_deref()), (Retry::Later, Some("authBuffer")));
    let honest = stranger(&mut world, "10001");
    let pass = auth(&world, 10001, ROOM);
    assert_eq!(world.login(honest, shows(&pass)).unwrap_err(), ErrorCode::RateLimited, "not even read");
    world.client("alice");
    world.origin = "198.51.100.7".into();
    world.login(honest, shows(&pass)).unwrap();
    world.origin = "192.0.2.1".into();
    world.pass(Duration::from_secs(599));
    assert_eq!(
        guess(&mut world, "9"),
        ErrorCode::RateLimited,
        "a try that was not looked at prolongs nothing"
    );
    world.pass(Duration::from_secs(2));
    assert_eq!(guess(&mut world, "9"), ErrorCode::CredentialMismatch);
    assert!(world.notes.iter().any(|note| note.contains("voice-login-limited")));
    world.wind_down();
}

#[test]
fn a_user_who_is_guessed_at_from_everywhere_gets_in_from_where_nobody_guessed() {
    let mut world = World::new(config());
    for n in 0..5 {
        world.origin = format!("192.0.2.{n}");
        assert_eq!(guess(&mut world, "10001"), ErrorCode::CredentialMismatch);
    }
    assert_eq!(guess(&mut world, "10001"), ErrorCode::RateLimited, "a second try from one of these");
    assert_eq!(guess(&mut world, "10002"), ErrorCode::CredentialMismatch, "but another user, from there");
    world.origin = "203.0.113.9".into();
    let ann = speaker(&mut world, 10001);
    enter(&mut world, ann, ROOM).unwrap();
    world.wind_down();
}

#[test]
fn what_no_guess_is_counts_as_none() {
    let mut world = World::new(config());
    let expired = auth_of(SECRET, APP, 10001, ROOM, world.unix_ms() - 600_000, 300);
    for _ in 0..20 {
        let who = stranger(&mut world, "10001");
        assert_eq!(world.login(who, shows(&expired)).unwrap_err(), ErrorCode::CredentialExpired);
        assert_eq!(world.login(who, shows("?")).unwrap_err(), ErrorCode::BadCredential);
        assert_eq!(world.login(who, json!({ "sig": "garbage" })).unwrap_err(), ErrorCode::BadCredential);
    }
    speaker(&mut world, 10001);
    world.wind_down();
}

#[test]
fn a_session_for_voice_is_resumed_and_taken_over_like_any_other() {
    let mut world = World::new(config());
    let ann = speaker(&mut world, 10001);
    enter(&mut world, ann, ROOM).unwrap();
    world.drop_connection(ann);
    world.resume(ann).unwrap();
    assert_eq!(world.clients[ann].welcome.as_ref().unwrap().resumed, Resumed::Replayed);
    world.ask(ann, json!({ "op": "leave" })).unwrap();
    assert_eq!(
        enter(&mut world, ann, "other").unwrap_err(),
        ErrorCode::MayNotEnter,
        "it is still for one room"
    );
    let again = speaker(&mut world, 10001);
    let last = world.clients[ann].pushes.last().unwrap();
    assert!(matches!(last, Event::SessionEnded { reason: EndReason::TakenOver, .. }), "{last:?}");
    assert!(world.is_open(again));
    world.wind_down();
}

#[test]
fn an_application_may_end_sessions_whose_auth_buffer_expires_and_a_newer_one_prolongs_them() {
    let mut config = config();
    config.apps.get_mut(&AppId::new(APP).unwrap()).unwrap().end_expired_sessions = true;
    let mut world = World::new(config);
    let ann = speaker(&mut world, 1);
    let bob = speaker(&mut world, 2);
    let cid = speaker(&mut world, 3);
    let shown = [
        (bob, auth_of(SECRET, APP, 2, ROOM, world.unix_ms(), 3600), true),
        (cid, auth_of(SECRET, APP, 3, "elsewhere", world.unix_ms(), 3600), false),
    ];
    for (who, pass, _) in &shown {
        world.drop_connection(*who);
        let welcome = world.clients[*who].welcome.clone().unwrap();
        let mut hello = shows(pass);
        hello["resume"] = json!({ "session": welcome.session, "secret": welcome.secret.reveal(), "seq": world.clients[*who].seq });
        if *who == cid {
            hello["voiceRoom"] = json!("elsewhere");
        }
        world.login(*who, hello).unwrap();
    }
    for _ in 0..20 {
        world.pass(Duration::from_secs(20));
        for who in [ann, bob, cid] {
            if world.is_open(who) {
                world.ask(who, json!({ "op": "ping" })).unwrap();
            }
        }
    }
    assert!(world.clients[ann].ended, "after its 300 s");
    for (who, _, stays) in shown {
        assert_eq!(!world.clients[who].ended, stays, "only one for this room prolongs");
    }
    world.wind_down();
}

#[test]
fn an_auth_buffer_does_not_prolong_a_session_of_a_user_sig() {
    let mut config = config();
    config.apps.get_mut(&AppId::new(APP).unwrap()).unwrap().end_expired_sessions = true;
    let mut world = World::new(config);
    let who = stranger(&mut world, "7");
    let short = huitong_auth::usersig::mint(
        AppId::new(APP).unwrap(),
        &Redacted::new(SECRET.to_owned()),
        &common::user("7"),
        world.unix_ms() / 1000,
        10,
        None,
    );
    assert_ne!(short, sig("7", world.unix_ms()));
    world.login(who, json!({ "sig": short })).unwrap();
    world.drop_connection(who);
    let welcome = world.clients[who].welcome.clone().unwrap();
    let mut hello = shows(&auth_of(SECRET, APP, 7, ROOM, world.unix_ms(), 3600));
    hello["resume"] = json!({ "session": welcome.session, "secret": welcome.secret.reveal(), "seq": 0 });
    world.login(who, hello).unwrap();
    world.pass(Duration::from_secs(15));
    assert!(world.clients[who].ended);
    world.wind_down();
}

#[test]
fn a_voice_room_can_be_a_conference_and_its_credential_decides_nothing_there() {
    let mut world = World::new(config());
    let ann = world.client("ann");
    let ask = json!({ "op": "ticket", "room": { "text": ROOM }, "password": "sesame" });
    let Done::Ticket(ticket) = world.ask(ann, ask.clone()).unwrap() else { panic!("a ticket") };
    let entry = json!({ "op": "enter", "conference": ticket.conference, "ticket": ticket.ticket.reveal() });
    world.ask(ann, entry.clone()).unwrap();
    let bob = speaker(&mut world, 10002);
    enter(&mut world, bob, ROOM).expect("the back-end has opened this room to it, password or not");
    let people: Vec<_> = world.clients[ann].people().into_iter().map(|(name, _)| name).collect();
    assert_eq!(people, ["10002"]);
    let about =
        |op: &str| json!({ "op": op, "conference": ticket.conference, "users": ["ann"], "role": "talker" });
    for request in [ask, entry, about("grant"), about("kick"), about("destroy"), about("look")] {
        assert_eq!(world.ask(bob, request.clone()).unwrap_err(), ErrorCode::MayNotEnter, "{request}");
    }
    let mute = json!({
        "op": "mute", "conference": ticket.conference, "users": ["10002"], "audio": true, "video": false,
    });
    world
        .ask(bob, json!({ "op": "publish", "key": key("bob").reveal(), "audio": true, "video": false }))
        .unwrap();
    let push = world.push_media(&key("bob"));
    world.seen(push, true, false);
    assert_eq!(world.clients[ann].tracks("10002", StreamKind::Main), Some((true, false)));
    world.ask(ann, mute).unwrap();
    assert_eq!(world.clients[ann].tracks("10002", StreamKind::Main), None);
    world.ask(ann, json!({ "op": "kick", "conference": ticket.conference, "users": ["10002"] })).unwrap();
    assert!(world.clients[bob].state.is_none());
    world.wind_down();
}
