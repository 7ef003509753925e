//! Suspended applications and those over their quota: what runs goes on, nothing begins.

mod common;

use common::{APP, Media, World, config, room};
use huitong_engine::{ApiCall, ApiResult, Input};
use huitong_protocol::Done;
use huitong_protocol::api::{CallMedia, CallRequest, ConferenceRequest, Suspension, UrlKind, UrlRequest};
use huitong_types::{AppId, ErrorCode, StreamKey};
use serde_json::json;

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
    let state = suspension(&mut world, ApiCall::Suspend(true));
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
    suspension(&mut world, ApiCall::Suspend(false));
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
    let request = |user: &str| UrlRequest {
        kind: UrlKind::Push,
        user: user.to_owned(),
        stream: String::new(),
        scene: String::new(),
        expire_seconds: None,
    };
    let mint = |world: &mut World, user: &str| {
        let ApiResult::Urls(reply) = world.call(ApiCall::MintUrl(common::number(1), request(user))) else {
            panic!("no URL")
        };
        StreamKey::new(reply.urls[0].url.rsplit('/').next().unwrap()).unwrap()
    };
    let (obs, late) = (mint(&mut world, "obs"), mint(&mut world, "late"));
    let first = world.push_media(&obs);
    world.input(Input::RestoreSuspension { app: app(), by_configuration: true });
    let refused = world.push_media(&late);
    assert_eq!(world.closed_with(refused), Some(ErrorCode::AppSuspended));
    world.close_media(first, false);
    let again = world.push_media(&obs);
    assert!(matches!(world.media[&again], Media::Publishing { .. }));
    assert_eq!(world.refused(ApiCall::Suspend(false)), ErrorCode::AppSuspended, "the operator has said so");
    let state = suspension(&mut world, ApiCall::GetSuspension);
    assert_eq!((state.suspended, state.by_configuration), (true, true));
    world.wind_down();
}

#[test]
fn other_applications_are_not_concerned() {
    let mut world = World::new(config());
    let other = AppId::new(APP + 1).unwrap();
    world.input(Input::RestoreSuspension { app: other, by_configuration: false });
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
    suspension(&mut world, ApiCall::Suspend(true));
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
        suspension(&mut world, ApiCall::Suspend(!over));
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
