//! Suspended applications and those over their quota: what runs goes on, nothing begins.

mod common;

use common::{APP, Media, World, config, room};
use huitong_engine::{ApiCall, ApiResult, Input, RoomKey, Suspender};
use huitong_protocol::Done;
use huitong_protocol::api::{CallMedia, CallRequest, ConferenceRequest, Suspension, UrlKind, UrlRequest};
use huitong_types::{AppId, ErrorCode, StreamKey};
use serde_json::json;
use std::time::Duration;

fn app() -> AppId {
    AppId::new(APP).unwrap()
}

fn suspension(world: &mut World, call: ApiCall) -> Suspension {
    match world.call(call) {
        ApiResult::Suspension(suspension) => suspension,
        other => panic!("{other:?}"),
    }
}

fn call_request() -> CallRequest {
    CallRequest {
        caller: "alice".to_owned(),
        invitees: vec!["bob".to_owned()],
        media: CallMedia::Audio,
        group: None,
        timeout_ms: None,
        data: None,
        room: None,
    }
}

#[test]
fn nothing_begins_while_an_application_is_suspended_and_what_runs_goes_on() {
    let mut world = World::new(config());
    let (alice, media) = world.publisher("alice");
    world.member("bob");
    let state = suspension(&mut world, ApiCall::Suspend(Suspender::BackEnd, true));
    assert_eq!(state, Suspension { suspended: true, ..Suspension::default() });
    assert_eq!(world.suspended, Some(true), "it is kept");
    let carol = world.client("carol");
    assert_eq!(world.join(carol, 1).unwrap_err(), ErrorCode::AppSuspended);
    assert_eq!(world.join(carol, 2).unwrap_err(), ErrorCode::AppSuspended);
    // A lost connection comes back to its seat.
    world.drop_connection(alice);
    world.resume(alice).unwrap();
    world.join(alice, 1).unwrap();
    let afresh = world.client("bob");
    let refused = world.join(afresh, 1).unwrap_err();
    assert_eq!(refused, ErrorCode::AppSuspended, "a fresh login ended the session that had the seat");
    world.ask(alice, json!({ "op": "publish", "audio": false, "video": true })).unwrap();
    assert!(matches!(world.media[&media], Media::Publishing { .. }), "its media was not cut");
    world.ask(alice, json!({ "op": "leave" })).unwrap();
    assert_eq!(world.join(alice, 1).unwrap_err(), ErrorCode::AppSuspended, "who left begins anew");
    suspension(&mut world, ApiCall::Suspend(Suspender::BackEnd, false));
    assert_eq!(world.suspended, Some(false));
    world.join(carol, 1).unwrap();
    world.wind_down();
}

#[test]
fn an_application_over_its_quota_makes_no_calls_and_ends_none() {
    let mut world = World::new(config());
    let alice = world.phone("alice", "a");
    let bob = world.phone("bob", "b");
    world.ask(alice, json!({ "op": "call", "invitees": ["bob"], "media": "audio" })).unwrap();
    world.input(Input::Quota { app: app(), limit: Some("audioDay") });
    // The call that was made before is answered, and both enter its room.
    let call = world.clients[bob].call.as_ref().unwrap().clone();
    world.ask(bob, json!({ "op": "accept", "call": call.call })).unwrap();
    for who in [alice, bob] {
        world.ask(who, json!({ "op": "join", "room": call.room })).unwrap();
    }
    let carol = world.phone("carol", "c");
    world.phone("dave", "d");
    let calling = json!({ "op": "call", "invitees": ["dave"], "media": "audio" });
    assert_eq!(world.ask(carol, calling.clone()).unwrap_err(), ErrorCode::AppOverdue);
    let told = world.last_error.as_ref().unwrap();
    assert!(told.message.contains("audioDay"), "{told:?}");
    assert_eq!(world.refused(ApiCall::StartCall(call_request())), ErrorCode::AppOverdue);
    assert_eq!(suspension(&mut world, ApiCall::GetSuspension).overdue.as_deref(), Some("audioDay"));
    world.input(Input::Quota { app: app(), limit: None });
    world.ask(carol, calling).unwrap();
    world.wind_down();
}

#[test]
fn an_encoder_does_not_enter_but_one_that_is_there_comes_back() {
    let mut world = World::new(config());
    let (obs, late) =
        (mint(&mut world, UrlKind::Push, "obs").unwrap(), mint(&mut world, UrlKind::Push, "late").unwrap());
    let first = world.push_media(&obs);
    world.input(Input::RestoreSuspension { app: app(), by: Suspender::Configuration });
    let refused = world.push_media(&late);
    assert_eq!(world.closed_with(refused), Some(ErrorCode::AppSuspended));
    world.close_media(first, false);
    let again = world.push_media(&obs);
    assert!(matches!(world.media[&again], Media::Publishing { .. }));
    let resume = ApiCall::Suspend(Suspender::BackEnd, false);
    assert_eq!(world.refused(resume), ErrorCode::AppSuspended, "the configuration says so");
    let state = suspension(&mut world, ApiCall::GetSuspension);
    assert_eq!((state.suspended, state.by_configuration), (true, true));
    world.wind_down();
}

#[test]
fn other_applications_are_not_concerned() {
    let mut world = World::new(config());
    let other = AppId::new(APP + 1).unwrap();
    world.input(Input::RestoreSuspension { app: other, by: Suspender::BackEnd });
    world.input(Input::Quota { app: other, limit: Some("videoMonth") });
    let alice = world.client("alice");
    world.ask(alice, json!({ "op": "join", "room": room(1) })).unwrap();
    assert_eq!(suspension(&mut world, ApiCall::GetSuspension), Suspension::default());
    world.wind_down();
}

fn ticket(world: &mut World, who: usize, room: &str) -> Result<serde_json::Value, ErrorCode> {
    match world.ask(who, json!({ "op": "ticket", "room": { "text": room } }))? {
        Done::Ticket(reply) => {
            let (conference, ticket) = (reply.conference, reply.ticket);
            Ok(json!({ "op": "enter", "conference": conference, "ticket": ticket.reveal() }))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn nobody_enters_a_conference_of_a_suspended_application_but_who_has_a_place_there() {
    let mut world = World::new(config());
    let (ann, bob) = (world.client("ann"), world.client("bob"));
    let enter = ticket(&mut world, ann, "weekly").unwrap();
    world.ask(ann, enter).unwrap();
    let (late, again) =
        (ticket(&mut world, bob, "weekly").unwrap(), ticket(&mut world, ann, "weekly").unwrap());
    suspension(&mut world, ApiCall::Suspend(Suspender::BackEnd, true));
    assert_eq!(world.ask(bob, late).unwrap_err(), ErrorCode::AppSuspended);
    world.ask(ann, again).unwrap();
    world.wind_down();
}

#[test]
fn a_suspended_application_gives_no_tickets_and_makes_no_conferences() {
    let mut world = World::new(config());
    let (ann, bob) = (world.client("ann"), world.client("bob"));
    let enter = ticket(&mut world, ann, "weekly").unwrap();
    world.ask(ann, enter).unwrap();
    let conferences = |world: &mut World| world.engine.sizes().conferences;
    for (over, code) in [(false, ErrorCode::AppSuspended), (true, ErrorCode::AppOverdue)] {
        suspension(&mut world, ApiCall::Suspend(Suspender::BackEnd, !over));
        world.input(Input::Quota { app: app(), limit: over.then_some("audioDay") });
        assert_eq!(ticket(&mut world, bob, "weekly").unwrap_err(), code, "of one that runs");
        assert_eq!(ticket(&mut world, bob, "another").unwrap_err(), code, "of one that it would make");
        let request = ConferenceRequest { room: Some("@made".to_owned()), ..ConferenceRequest::default() };
        assert_eq!(world.refused(ApiCall::CreateConference(Box::new(request))), code, "the back-end neither");
        assert_eq!(conferences(&mut world), 1, "nothing was made on the way to a refusal");
        // Who has a seat comes back to it, and what runs is governed on.
        let again = ticket(&mut world, ann, "weekly").unwrap();
        world.ask(ann, again).unwrap();
    }
    world.input(Input::Quota { app: app(), limit: None });
    let enter = ticket(&mut world, bob, "weekly").unwrap();
    world.ask(bob, enter).unwrap();
    world.wind_down();
}

#[test]
fn what_the_operator_suspends_the_back_end_cannot_resume() {
    let mut world = World::new(config());
    let ask = |by, suspend| ApiCall::Suspend(by, suspend);
    suspension(&mut world, ask(Suspender::BackEnd, true));
    let state = suspension(&mut world, ask(Suspender::Operator, true));
    assert_eq!((state.suspended, state.by_operator, state.by_configuration), (true, true, false));
    assert_eq!(world.refused(ask(Suspender::BackEnd, false)), ErrorCode::AppSuspended);
    assert_eq!(suspension(&mut world, ApiCall::GetSuspension), state);
    let state = suspension(&mut world, ask(Suspender::Operator, false));
    assert_eq!(
        (state.suspended, state.by_operator),
        (true, false),
        "the back-end has not taken its own back"
    );
    assert!(!suspension(&mut world, ask(Suspender::BackEnd, false)).suspended);
    world.input(Input::RestoreSuspension { app: app(), by: Suspender::Configuration });
    for by in [Suspender::BackEnd, Suspender::Operator] {
        assert_eq!(world.refused(ask(by, false)), ErrorCode::AppSuspended);
    }
    let said: Vec<&str> =
        world.notes.iter().filter(|note| note.contains("app-")).map(String::as_str).collect();
    assert!(said.iter().any(|note| note.contains("the operator")), "{said:?}");
    world.wind_down();
}

fn was_inside(world: &mut World, user: &str, room: huitong_types::RoomId) {
    let key = RoomKey { app: app(), room };
    world.input(Input::RestoreInside { key, user: common::user(user) });
}

#[test]
fn a_restart_cuts_nobody_off_who_was_inside_and_lets_nobody_else_in() {
    for over in [false, true] {
        let mut world = World::new(config());
        world.input(match over {
            true => Input::Quota { app: app(), limit: Some("videoMonth") },
            false => Input::RestoreSuspension { app: app(), by: Suspender::Operator },
        });
        let code = if over { ErrorCode::AppOverdue } else { ErrorCode::AppSuspended };
        for (user, room) in [("alice", 1), ("bob", 1), ("carol", 2)] {
            was_inside(&mut world, user, common::number(room));
        }
        let [alice, carol, dave] = ["alice", "carol", "dave"].map(|user| world.client(user));
        world.join(alice, 1).unwrap();
        assert_eq!(world.join(dave, 1).unwrap_err(), code, "another user");
        assert_eq!(world.join(carol, 1).unwrap_err(), code, "another room");
        world.ask(alice, json!({ "op": "leave" })).unwrap();
        assert_eq!(world.join(alice, 1).unwrap_err(), code, "who has left begins anew");
        world.pass(Duration::from_secs(89));
        let (bob, carol) = (world.client("bob"), world.client("carol"));
        world.join(bob, 1).unwrap();
        world.pass(Duration::from_secs(2));
        assert_eq!(world.join(carol, 2).unwrap_err(), code, "a seat is not kept for ever");
        world.wind_down();
    }
}

#[test]
fn an_encoder_that_was_inside_comes_back_after_a_restart() {
    let mut world = World::new(config());
    let key = mint(&mut world, UrlKind::Push, "obs").unwrap();
    world.input(Input::RestoreSuspension { app: app(), by: Suspender::BackEnd });
    was_inside(&mut world, "obs", common::number(1));
    let back = world.push_media(&key);
    assert!(matches!(world.media[&back], Media::Publishing { .. }));
    world.wind_down();
}

fn mint(world: &mut World, kind: UrlKind, user: &str) -> Result<StreamKey, ErrorCode> {
    let request = UrlRequest {
        kind,
        user: user.to_owned(),
        stream: String::new(),
        scene: String::new(),
        expire_seconds: None,
    };
    match world.call(ApiCall::MintUrl(common::number(1), request)) {
        ApiResult::Urls(reply) => Ok(StreamKey::new(reply.urls[0].url.rsplit('/').next().unwrap()).unwrap()),
        ApiResult::Refused(fault) => Err(fault.code),
        other => panic!("{other:?}"),
    }
}

#[test]
fn nobody_begins_to_play_an_address_of_a_suspended_application() {
    let mut world = World::new(config());
    let (_alice, _media) = world.publisher("alice");
    let key = mint(&mut world, UrlKind::Play, "alice").unwrap();
    let before = world.play(&key);
    suspension(&mut world, ApiCall::Suspend(Suspender::Operator, true));
    let refused = world.play(&key);
    assert_eq!(world.closed_with(refused), Some(ErrorCode::AppSuspended));
    assert_eq!(mint(&mut world, UrlKind::Play, "alice"), Err(ErrorCode::AppSuspended));
    assert!(matches!(world.media[&before], Media::Playing { .. }), "who plays goes on");
    suspension(&mut world, ApiCall::Suspend(Suspender::Operator, false));
    world.input(Input::Quota { app: app(), limit: Some("audioDay") });
    let counted_by_none = world.play(&key);
    assert!(matches!(world.media[&counted_by_none], Media::Playing { .. }), "no quota counts it");
    world.wind_down();
}
