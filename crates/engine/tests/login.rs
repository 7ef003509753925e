//! Logging in, order of requests, bad frames, several devices, time-outs.

mod common;

use common::{Client, World, config, key, sig};
use huitong_engine::{ApiCall, ConnId, Input, MultiDevice};
use huitong_protocol::{CloseCode, Done, Event, MediaBases, Reply, Resumed};
use huitong_types::{AppId, EndReason, ErrorCode, Fault, LeaveReason};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

fn frame(world: &mut World, conn: ConnId, text: &str) -> Option<ErrorCode> {
    world.last_error = None;
    world.input(Input::Frame { conn, text: text.to_owned() });
    world.last_error.take().map(|error| error.code)
}

#[test]
fn a_welcome_tells_what_the_client_needs() {
    let mut world = World::new(config());
    let alice = world.client("alice");
    let welcome = world.clients[alice].welcome.clone().unwrap();
    assert_eq!((welcome.version, welcome.resumed), (1, Resumed::New));
    assert_eq!((welcome.heartbeat_ms, welcome.seat_grace_ms), (10_000, 90_000));
    assert_eq!(welcome.time, world.unix_ms());
    assert!(welcome.secret.reveal().len() >= 16);
    assert_eq!(welcome.media.rtmp, "rtmp://rtc.test:1935/live");
    world.wind_down();
}

#[test]
fn a_client_that_reaches_media_elsewhere_is_told_so() {
    let mut world = World::new(config());
    let conn = world.connect();
    let base = |scheme: &str| format!("{scheme}://192.168.1.7/live");
    let media = MediaBases {
        rtmp: base("rtmp"),
        flv: base("http"),
        ws_flv: base("ws"),
        whip: base("a"),
        whep: base("b"),
    };
    world.input(Input::ReachesMedia { conn, media: Arc::new(media.clone()) });
    let mut hello = World::hello("alice", world.unix_ms());
    hello["id"] = json!(1);
    world.input(Input::Frame { conn, text: hello.to_string() });
    let Some(Reply::Ok(Done::Hello(welcome))) = world.replies.get(&(conn, 1)) else { panic!() };
    assert_eq!(welcome.media, media);
    let bob = world.client("bob");
    assert_eq!(world.clients[bob].welcome.as_ref().unwrap().media, config().media);
    world.wind_down();
}

#[test]
fn bad_credentials_are_refused_with_their_code_and_the_connection_is_closed() {
    let mut world = World::new(config());
    let now = world.unix_ms();
    let good = sig("alice", now);
    let cases = [
        (json!({ "sig": sig("bob", now) }), ErrorCode::CredentialForOther),
        (json!({ "sig": "garbage" }), ErrorCode::BadCredential),
        (json!({ "sig": sig("alice", now - 7_200_000) }), ErrorCode::CredentialExpired),
        (json!({ "sig": good, "app": 7 }), ErrorCode::UnknownApp),
        (json!({ "sig": good, "version": 2 }), ErrorCode::UnsupportedVersion),
    ];
    for (more, code) in cases {
        world.clients.push(Client { user: "alice".into(), ..Default::default() });
        let who = world.clients.len() - 1;
        assert_eq!(world.login(who, more.clone()).unwrap_err(), code, "{more}");
        let conn = world.clients[who].conn.unwrap();
        assert_eq!(world.closes[&conn], CloseCode::LoginFailed.number());
    }
    assert_eq!(world.engine.sizes().sessions, 0);
    world.wind_down();
}

#[test]
fn requests_before_hello_and_a_second_hello_are_refused_and_the_connection_goes_on() {
    let mut world = World::new(config());
    let conn = world.connect();
    let join = r#"{"id":1,"op":"join","room":{"number":1}}"#;
    assert_eq!(frame(&mut world, conn, join), Some(ErrorCode::NotLoggedIn));
    let alice = world.client("alice");
    let mut again = World::hello("alice", world.unix_ms());
    again["op"] = json!("hello");
    assert_eq!(world.ask(alice, again).unwrap_err(), ErrorCode::AlreadyLoggedIn);
    assert!(matches!(world.ask(alice, json!({ "op": "ping" })), Ok(Done::Ping(_))));
    world.wind_down();
}

#[test]
fn request_ids_must_grow_and_a_repeated_request_is_not_executed() {
    let mut world = World::new(config());
    let alice = world.member("alice");
    let bob = world.member("bob");
    let conn = world.clients[alice].conn.unwrap();
    assert_eq!(frame(&mut world, conn, r#"{"id":2,"op":"leave"}"#), Some(ErrorCode::WrongSequence));
    assert_eq!(world.clients[bob].members(), ["alice"]);
    assert_eq!(frame(&mut world, conn, r#"{"id":700,"op":"ping"}"#), None);
    assert_eq!(frame(&mut world, conn, r#"{"id":699,"op":"ping"}"#), Some(ErrorCode::WrongSequence));
    world.replies.clear();
    world.clients[alice].next_id = 700;
    world.ask(alice, json!({ "op": "leave" })).unwrap();
    world.wind_down();
}

#[test]
fn bad_frames_are_answered_and_harm_nobody_else() {
    let mut world = World::new(config());
    let alice = world.member("alice");
    let bob = world.member("bob");
    let conn = world.clients[alice].conn.unwrap();
    let bad = [
        ("hello", ErrorCode::BadMessage),
        (r#"{"id":90,"op":"fly"}"#, ErrorCode::UnknownOperation),
        (r#"{"id":91,"op":"join"}"#, ErrorCode::InvalidField),
        ("[]", ErrorCode::BadMessage),
    ];
    for (text, code) in bad {
        assert_eq!(frame(&mut world, conn, text), Some(code), "{text}");
    }
    world.input(Input::BadFrame { conn, fault: Fault::new(ErrorCode::FrameTooLong) });
    assert_eq!(world.last_error.as_ref().unwrap().code, ErrorCode::FrameTooLong);
    assert_eq!(world.clients[bob].members(), ["alice"]);
    assert!(world.is_open(alice));
    world.wind_down();
}

#[test]
fn too_many_bad_frames_close_the_connection_but_not_when_they_are_rare() {
    let mut world = World::new(config());
    let alice = world.client("alice");
    let conn = world.clients[alice].conn.unwrap();
    for _ in 0..60 {
        assert_eq!(frame(&mut world, conn, "x"), Some(ErrorCode::BadMessage));
        for _ in 0..5 {
            world.pass(Duration::from_secs(16));
            world.ask(alice, json!({ "op": "ping" })).unwrap();
        }
    }
    for _ in 0..21 {
        frame(&mut world, conn, "x");
    }
    assert_eq!(world.closes.get(&conn), Some(&CloseCode::ProtocolError.number()));
    assert_eq!(frame(&mut world, conn, "x"), None, "a closed connection gets no answer");
    world.wind_down();
}

#[test]
fn a_connection_that_does_not_log_in_is_closed() {
    let mut world = World::new(config());
    let conn = world.connect();
    world.pass(Duration::from_millis(9_999));
    assert!(world.open.contains(&conn));
    world.pass(Duration::from_millis(1));
    assert_eq!(world.closes[&conn], CloseCode::LoginTimeout.number());
    world.wind_down();
}

#[test]
fn a_silent_connection_is_closed_and_its_session_waits() {
    let mut world = World::new(config());
    let alice = world.member("alice");
    let bob = world.member("bob");
    for _ in 0..4 {
        world.pass(Duration::from_secs(10));
        world.ask(bob, json!({ "op": "ping" })).unwrap();
    }
    let conn = world.clients[alice].conn.unwrap();
    assert_eq!(world.closes[&conn], CloseCode::HeartbeatTimeout.number());
    assert!(world.is_open(bob));
    assert!(world.clients[bob].member("alice").unwrap().away, "30 s of silence, then 10 s away");
    world.wind_down();
}

#[test]
fn a_newer_login_takes_over_and_the_older_session_is_told() {
    let mut world = World::new(config());
    let (phone, ticket) = world.publisher("alice");
    let bob = world.member("bob");
    let pad = world.client("alice");
    let conn = world.clients[phone].conn.unwrap();
    assert_eq!(world.closes[&conn], CloseCode::SessionEnded.number());
    let last = world.clients[phone].pushes.last().unwrap();
    assert!(matches!(last, Event::SessionEnded { reason: EndReason::TakenOver, .. }), "{last:?}");
    assert_eq!(world.closed_with(ticket), Some(ErrorCode::NotInRoom));
    let told = world.clients[bob].pushes.last().unwrap();
    assert!(matches!(told, Event::MemberLeft { reason: LeaveReason::SessionEnded, .. }), "{told:?}");
    world.join(pad, 1).unwrap();
    assert_eq!(world.clients[bob].members(), ["alice"]);
    world.wind_down();
}

#[test]
fn a_phone_that_was_taken_over_without_connection_hears_it_and_takes_nothing_back() {
    let mut world = World::new(config());
    let phone = world.member("alice");
    world.drop_connection(phone);
    let pad = world.member("alice");
    assert_eq!(world.resume(phone).unwrap_err(), ErrorCode::TakenOver);
    assert_eq!(world.closes[&world.clients[phone].conn.unwrap()], CloseCode::LoginFailed.number());
    assert!(world.is_open(pad) && world.clients[pad].state.is_some(), "the newer device goes on");
    for _ in 0..5 {
        world.pass(Duration::from_secs(20));
        world.ask(pad, json!({ "op": "ping" })).unwrap();
    }
    world.resume(phone).unwrap();
    assert_eq!(world.clients[phone].welcome.as_ref().unwrap().resumed, Resumed::New, "after its grace");
    world.wind_down();
}

/// What a welcome says of how the session before was put out.
fn missed(world: &World, who: usize) -> Vec<Event> {
    world.clients[who].welcome.as_ref().unwrap().missed.clone()
}

#[test]
fn who_was_removed_while_away_and_came_back_too_late_is_told_so_for_a_day() {
    let removal = |world: &mut World, who: &str| {
        world.call(ApiCall::RemoveMember(common::number(1), common::user(who)));
    };
    let mut world = World::new(config());
    let [heard, early, late, next_day] =
        ["heard", "early", "late", "next-day"].map(|name| world.member(name));
    removal(&mut world, "heard");
    for who in [heard, early, late, next_day] {
        world.drop_connection(who);
    }
    for who in ["early", "late", "next-day"] {
        removal(&mut world, who);
    }
    world.resume(early).unwrap();
    assert!(missed(&world, early).is_empty(), "it is replayed");
    world.pass(config().seat_grace + Duration::from_secs(1));
    for who in [heard, late] {
        world.resume(who).unwrap();
        assert_eq!(world.clients[who].welcome.as_ref().unwrap().resumed, Resumed::New);
    }
    assert!(missed(&world, heard).is_empty(), "it knows that already");
    let told = missed(&world, late);
    assert!(matches!(told[..], [Event::Removed { reason: LeaveReason::Kicked, .. }]), "{told:?}");
    world.pass(Duration::from_hours(24));
    world.resume(next_day).unwrap();
    assert!(missed(&world, next_day).is_empty(), "that was yesterday");
    world.wind_down();
}

#[test]
fn how_a_session_went_is_told_to_its_owner_alone() {
    let mut world = World::new(config());
    let alice = world.member("alice");
    world.drop_connection(alice);
    world.call(ApiCall::RemoveMember(common::number(1), common::user("alice")));
    world.pass(config().seat_grace + Duration::from_secs(1));
    let resume = {
        let welcome = world.clients[alice].welcome.as_ref().unwrap();
        json!({ "session": welcome.session, "secret": welcome.secret.reveal(), "seq": 0 })
    };
    let mut forged = resume.clone();
    forged["secret"] = json!("another secret");
    for (user, resume) in [("mallory", &resume), ("alice", &forged)] {
        let who = world.client(user);
        world.login(who, json!({ "resume": resume })).unwrap();
        assert!(missed(&world, who).is_empty(), "{user}");
    }
    world.wind_down();
}

#[test]
fn an_application_may_end_sessions_whose_credential_expires() {
    for ends in [false, true] {
        let mut config = config();
        config.apps.get_mut(&AppId::new(common::APP).unwrap()).unwrap().end_expired_sessions = ends;
        let mut world = World::new(config);
        let (alice, ticket) = world.publisher("alice");
        let bob = world.member("bob");
        let pass = |world: &mut World, seconds: u64| {
            for _ in 0..seconds / 20 {
                world.pass(Duration::from_secs(20));
                for who in [alice, bob].into_iter().filter(|who| world.is_open(*who)).collect::<Vec<_>>() {
                    world.ask(who, json!({ "op": "ping" })).unwrap();
                }
            }
        };
        pass(&mut world, 3580);
        assert_eq!(world.closed_with(ticket), None);
        // A valid credential shown on the way prolongs the session.
        world.drop_connection(bob);
        world.resume(bob).unwrap();
        pass(&mut world, 40);
        assert_eq!(world.clients[alice].ended, ends);
        assert_eq!(world.closed_with(ticket), ends.then_some(ErrorCode::NotInRoom), "media ends with it");
        assert!(!world.clients[bob].ended);
        if ends {
            let last = world.clients[alice].pushes.last().unwrap();
            assert!(
                matches!(last, Event::SessionEnded { reason: EndReason::CredentialExpired, .. }),
                "{last:?}"
            );
        }
        world.wind_down();
    }
}

#[test]
fn an_application_may_allow_one_session_per_device() {
    let mut config = config();
    config.apps.get_mut(&AppId::new(common::APP).unwrap()).unwrap().multi_device = MultiDevice::PerDevice;
    let mut world = World::new(config);
    world.clients.push(Client { user: "alice".into(), ..Default::default() });
    let phone = world.clients.len() - 1;
    world.login(phone, json!({ "device": "phone" })).unwrap();
    world.clients.push(Client { user: "alice".into(), ..Default::default() });
    let pad = world.clients.len() - 1;
    world.login(pad, json!({ "device": "pad" })).unwrap();
    assert!(!world.clients[phone].ended);
    world.clients.push(Client { user: "alice".into(), ..Default::default() });
    let restarted = world.clients.len() - 1;
    world.login(restarted, json!({ "device": "phone" })).unwrap();
    assert!(world.clients[phone].ended);
    assert_eq!(world.closes[&world.clients[phone].conn.unwrap()], CloseCode::SessionEnded.number());
    assert!(world.is_open(pad) && world.is_open(restarted));
    world.wind_down();
}

#[test]
fn a_user_with_ever_new_devices_ends_only_sessions_of_its_own() {
    let mut config = config();
    config.apps.get_mut(&AppId::new(common::APP).unwrap()).unwrap().multi_device = MultiDevice::PerDevice;
    let mut world = World::new(config);
    let bob = world.client("bob");
    for device in 0..40 {
        world.clients.push(Client { user: "alice".into(), ..Default::default() });
        let who = world.clients.len() - 1;
        world.login(who, json!({ "device": format!("d{device}") })).unwrap();
    }
    assert_eq!(world.engine.sizes().sessions, 17);
    assert!(world.is_open(bob));
    world.wind_down();
}

#[test]
fn a_full_server_says_so() {
    let mut config = config();
    config.sessions = 2;
    let mut world = World::new(config);
    world.client("alice");
    world.client("bob");
    world.clients.push(Client { user: "carol".into(), ..Default::default() });
    assert_eq!(world.login(2, json!({})).unwrap_err(), ErrorCode::ServerFull);
    world.client("bob");
    world.wind_down();
}

#[test]
fn bye_ends_the_session_at_once() {
    let mut world = World::new(config());
    let alice = world.member("alice");
    let bob = world.member("bob");
    assert!(matches!(world.ask(alice, json!({ "op": "bye" })), Ok(Done::Bye)));
    let conn = world.clients[alice].conn.unwrap();
    assert_eq!(world.closes[&conn], CloseCode::SessionEnded.number());
    assert!(world.clients[bob].members().is_empty());
    world.resume(alice).unwrap();
    assert_eq!(world.clients[alice].welcome.as_ref().unwrap().resumed, Resumed::New);
    world.wind_down();
}

#[test]
fn a_draining_server_tells_everybody_and_admits_nobody() {
    let mut world = World::new(config());
    let alice = world.member("alice");
    let idle = world.client("bob");
    world.input(Input::Drain { within: Duration::from_secs(10) });
    for who in [alice, idle] {
        assert_eq!(world.clients[who].pushes.last(), Some(&Event::Draining { within_ms: 10_000 }));
    }
    assert_eq!(world.join(idle, 1).unwrap_err(), ErrorCode::ShuttingDown);
    world.clients.push(Client { user: "carol".into(), ..Default::default() });
    assert_eq!(world.login(2, json!({})).unwrap_err(), ErrorCode::ShuttingDown);
    assert_eq!(world.closes[&world.clients[2].conn.unwrap()], CloseCode::ShuttingDown.number());
    world.drop_connection(alice);
    world.resume(alice).unwrap();
    assert!(world.clients[alice].state.is_some(), "calls go on to the end");
    world.wind_down();
}

#[test]
fn a_server_that_ends_says_so_to_everybody_and_nobody_hears_of_the_others_leaving() {
    let mut world = World::new(config());
    let present = [world.member("alice"), world.member("bob"), world.client("carol")];
    let away = world.member("dave");
    world.drop_connection(away);
    world.input(Input::Shutdown);
    for who in present {
        let Client { pushes, conn, .. } = &world.clients[who];
        let last = pushes.last().expect("a push");
        assert!(matches!(last, Event::SessionEnded { reason: EndReason::ServerShutdown, .. }), "{last:?}");
        let left = pushes.iter().filter(|event| matches!(event, Event::MemberLeft { .. })).count();
        assert_eq!((left, world.closes[&conn.unwrap()]), (0, CloseCode::ShuttingDown.number()));
    }
    assert_eq!(world.engine.sizes().sessions, 0);
    assert_eq!(world.resume(away).unwrap_err(), ErrorCode::ShuttingDown);
    world.wind_down();
}

#[test]
fn logs_never_contain_a_secret() {
    let mut world = World::new(config());
    let alice = world.member("alice");
    world.start_media(alice, &key("secretpushkeyofalice"));
    let ticket = world.push_media(&key("unknownsecretkey"));
    world.pass(Duration::from_secs(10));
    world.drop_connection(alice);
    world.resume(alice).unwrap();
    assert!(world.closed_with(ticket).is_some());
    let welcome = world.clients[alice].welcome.clone().unwrap();
    let unix = world.unix_ms();
    for secret in ["secretpushkeyofalice", "unknownsecretkey", welcome.secret.reveal(), &sig("alice", unix)] {
        assert!(!world.notes.iter().any(|note| note.contains(secret)), "{secret}");
    }
    assert!(!format!("{:?}", world.engine).contains("secretpushkey"));
    assert!(!matches!(world.replies.values().next(), Some(Reply::Error(_))));
    world.wind_down();
}
