//! Calls through the engine: what clients are told, whose seat is whose, and what goes on record.

mod common;

use common::{Client, World, config, number};
use huitong_engine::{ApiCall, ApiResult, Input};
use huitong_protocol::api::CallRequest;
use huitong_protocol::{Done, Event};
use huitong_types::{
    AppId, CallEndReason, CallMedia, ErrorCode, GroupId, OwnState, ParticipantState, UserId,
};
use serde_json::{Value, json};
use std::time::Duration;

fn call(to: &[&str]) -> Value {
    json!({ "op": "call", "invitees": to, "media": "video" })
}

fn about(op: &str, client: &Client) -> Value {
    json!({ "op": op, "call": client.call.as_ref().expect("a call").call })
}

/// Asks by one client about the call of another one.
fn ask_about(world: &mut World, who: usize, op: &str, whose: usize) -> Result<Done, ErrorCode> {
    let request = about(op, &world.clients[whose]);
    world.ask(who, request)
}

/// Lets seconds pass, in which clients say now and then that they are there.
fn idle(world: &mut World, seconds: u64) {
    for second in 0..seconds {
        world.pass(Duration::from_secs(1));
        for who in (0..world.clients.len()).filter(|_| second % 10 == 9) {
            if world.is_open(who) {
                world.send(who, json!({ "op": "ping" }));
            }
        }
    }
}

/// Enters the room of the client's call.
fn enter(world: &mut World, who: usize) {
    let room = world.clients[who].call.as_ref().expect("a call").room.clone();
    world
        .ask(who, json!({ "op": "join", "room": room }))
        .unwrap_or_else(|e| panic!("not into its call: {e}"));
}

/// How the calls of a client ended, as it was told.
fn ends(client: &Client) -> Vec<(CallEndReason, Option<String>, u64)> {
    let of = |event: &Event| match event {
        Event::CallEnded { reason, by, duration_ms, .. } => {
            Some((*reason, by.as_ref().map(ToString::to_string), *duration_ms))
        }
        _ => None,
    };
    client.pushes.iter().filter_map(of).collect()
}

fn states(client: &Client) -> Vec<(String, ParticipantState)> {
    let call = client.call.as_ref().expect("a call");
    call.participants.iter().map(|p| (p.user.to_string(), p.state)).collect()
}

/// Ann and Bob, who talk in the room of their call.
fn talking(world: &mut World) -> (usize, usize) {
    let (ann, bob) = (world.phone("ann", "a"), world.phone("bob", "b"));
    world.ask(ann, call(&["bob"])).unwrap();
    enter(world, ann);
    let accept = about("accept", &world.clients[bob]);
    world.ask(bob, accept).unwrap();
    enter(world, bob);
    (ann, bob)
}

#[test]
fn two_who_call_meet_in_the_room_and_hear_how_long_they_talked() {
    let mut world = World::new(config());
    let (ann, bob) = (world.phone("ann", "a"), world.phone("bob", "b"));
    world.ask(ann, json!({ "op": "call", "invitees": ["bob"], "media": "audio", "data": "hi" })).unwrap();
    let own = world.clients[ann].call.clone().unwrap();
    assert_eq!((own.you, own.media, own.ringing_ms), (OwnState::Calling, CallMedia::Audio, 30_000));
    assert_eq!(own.started_ms, world.unix_ms());
    let rings = world.clients[bob].call.clone().unwrap();
    assert_eq!((rings.you, rings.caller.as_str()), (OwnState::Ringing, "ann"));
    assert_eq!(rings.data.as_ref().map(|data| data.as_str()), Some("hi"));
    assert_eq!((rings.room.clone(), rings.call.clone()), (own.room, own.call));
    enter(&mut world, ann);
    idle(&mut world, 5);
    let accept = about("accept", &world.clients[bob]);
    world.ask(bob, accept.clone()).unwrap();
    let answered = world.clients[bob].call.clone().unwrap();
    assert_eq!((answered.you, answered.connected_ms), (OwnState::Connected, Some(world.unix_ms())));
    assert_eq!(world.clients[ann].call.as_ref().unwrap().you, OwnState::Connected);
    // The reply may have been lost: it is the same again.
    world.ask(bob, accept).unwrap();
    enter(&mut world, bob);
    assert_eq!(world.clients[ann].members(), ["bob"]);
    idle(&mut world, 60);
    let hangup = about("hangup", &world.clients[bob]);
    world.ask(bob, hangup).unwrap();
    assert_eq!(ends(&world.clients[ann]), [(CallEndReason::HungUp, Some("bob".to_owned()), 60_000)]);
    assert_eq!(ends(&world.clients[bob]), []);
    let log = &world.logs[0];
    assert_eq!(log.end.as_ref().map(|end| (end.reason, end.by.clone())), {
        Some((CallEndReason::HungUp, Some(UserId::new("bob").unwrap())))
    });
    let parties: Vec<_> = log
        .parties
        .iter()
        .map(|p| (p.user.as_str(), p.device.as_ref().map(|d| d.as_str()), p.state, p.duration.as_secs()))
        .collect();
    assert_eq!(
        parties,
        [("ann", Some("a"), ParticipantState::Left, 60), ("bob", Some("b"), ParticipantState::Left, 60)]
    );
    world.wind_down();
}

#[test]
fn a_refusal_a_busy_line_and_a_second_thought_have_their_words() {
    let mut world = World::new(config());
    let (ann, bob) = (world.phone("ann", "a"), world.phone("bob", "b"));
    for (answer, reason, state) in [
        (json!({ "op": "reject" }), CallEndReason::Rejected, ParticipantState::Rejected),
        (json!({ "op": "reject", "busy": true }), CallEndReason::Busy, ParticipantState::Busy),
        (json!({ "op": "hangup" }), CallEndReason::Rejected, ParticipantState::Rejected),
    ] {
        world.ask(ann, call(&["bob"])).unwrap();
        let mut answer = answer;
        answer["call"] = json!(world.clients[bob].call.as_ref().unwrap().call);
        world.ask(bob, answer.clone()).unwrap();
        assert_eq!(ends(&world.clients[ann]).pop().unwrap(), (reason, Some("bob".to_owned()), 0));
        assert_eq!(world.logs.last().unwrap().parties[1].state, state);
        assert_eq!(world.ask(bob, answer).err(), Some(ErrorCode::CallGone), "it was done");
    }
    world.ask(ann, call(&["bob"])).unwrap();
    let cancel = about("hangup", &world.clients[ann]);
    world.ask(ann, cancel).unwrap();
    assert_eq!(ends(&world.clients[bob]), [(CallEndReason::Cancelled, Some("ann".to_owned()), 0)]);
    // Who is in a call is busy at once: the caller has its answer before it hears so.
    world.ask(ann, call(&["bob"])).unwrap();
    let carol = world.phone("carol", "c");
    let Ok(Done::Call(reply)) = world.ask(carol, call(&["bob"])) else { panic!("no call") };
    assert_eq!(reply.call.you, OwnState::Calling);
    assert_eq!(reply.call.participants[1].state, ParticipantState::Busy);
    assert_eq!(ends(&world.clients[carol]), [(CallEndReason::Busy, None, 0)]);
    world.wind_down();
}

#[test]
fn a_join_that_comes_after_the_end_of_its_call_is_refused() {
    let mut world = World::new(config());
    let (ann, bob) = talking(&mut world);
    let carol = world.phone("carol", "c");
    // The client has its answer and joins before it has read that the line is busy.
    let Ok(Done::Call(reply)) = world.ask(carol, call(&["bob"])) else { panic!("no call") };
    let join = json!({ "op": "join", "room": reply.call.room });
    assert_eq!(world.ask(carol, join).err(), Some(ErrorCode::MayNotEnter));
    let room = world.clients[bob].call.as_ref().unwrap().room.clone();
    let hangup = about("hangup", &world.clients[ann]);
    world.ask(ann, hangup).unwrap();
    assert_eq!(world.ask(bob, json!({ "op": "join", "room": room })).err(), Some(ErrorCode::MayNotEnter));
    // It is in no room, and the next call may begin.
    world.ask(bob, call(&["carol"])).unwrap();
    enter(&mut world, bob);
    world.wind_down();
}

#[test]
fn who_is_reached_and_who_is_not_is_told_apart() {
    let mut world = World::new(config());
    let (ann, _bob) = (world.phone("ann", "a"), world.phone("bob", "b"));
    world.ask(ann, call(&["bob"])).unwrap();
    assert_eq!(states(&world.clients[ann])[1], ("bob".to_owned(), ParticipantState::Ringing));
    idle(&mut world, 30);
    assert_eq!(ends(&world.clients[ann]), [(CallEndReason::TimedOut, None, 0)]);
    world
        .ask(ann, json!({ "op": "call", "invitees": ["zoe"], "media": "audio", "timeoutMs": 5000 }))
        .unwrap();
    assert_eq!(states(&world.clients[ann])[1], ("zoe".to_owned(), ParticipantState::Offline));
    idle(&mut world, 5);
    assert_eq!(ends(&world.clients[ann])[1], (CallEndReason::Unreachable, None, 0));
    let last = world.logs.last().unwrap();
    assert_eq!(last.parties[1].state, ParticipantState::Unreachable);
    world.wind_down();
}

#[test]
fn an_invitation_waits_for_a_login_and_rings_at_every_device() {
    let mut world = World::new(config());
    let ann = world.phone("ann", "a");
    world.ask(ann, call(&["bob"])).unwrap();
    idle(&mut world, 10);
    let phone = world.phone("bob", "phone");
    let rings = world.clients[phone].call.clone().unwrap();
    assert_eq!((rings.you, rings.ringing_ms), (OwnState::Ringing, 20_000));
    // The caller sees that it rings now.
    assert_eq!(states(&world.clients[ann])[1].1, ParticipantState::Ringing);
    let tablet = world.phone("bob", "tablet");
    assert!(world.clients[tablet].call.is_some() && world.clients[phone].call.is_some());
    let accept = about("accept", &world.clients[tablet]);
    world.ask(tablet, accept.clone()).unwrap();
    let elsewhere = [(CallEndReason::AnsweredElsewhere, Some("bob".to_owned()), 0)];
    assert_eq!(ends(&world.clients[phone]), elsewhere);
    assert_eq!(world.ask(phone, accept).err(), Some(ErrorCode::CallGone));
    let said = world.last_error.clone().unwrap().message;
    assert!(said.contains("another device"), "{said}");
    ask_about(&mut world, ann, "hangup", ann).unwrap();
    assert_eq!(world.logs[0].parties[1].device.as_ref().map(|d| d.as_str()), Some("tablet"));
    world.wind_down();
}

#[test]
fn both_who_call_each_other_are_in_one_call() {
    let mut world = World::new(config());
    let (ann, bob) = (world.phone("ann", "a"), world.phone("bob", "b"));
    world.ask(ann, call(&["bob"])).unwrap();
    let Ok(Done::Call(reply)) = world.ask(bob, call(&["ann"])) else { panic!("no call") };
    assert_eq!(reply.call.you, OwnState::Connected);
    assert_eq!(reply.call.call, world.clients[ann].call.as_ref().unwrap().call);
    assert_eq!(world.clients[ann].call.as_ref().unwrap().you, OwnState::Connected);
    world.wind_down();
}

#[test]
fn the_room_of_a_call_is_for_those_who_take_part() {
    let mut settings = config();
    settings.apps.values_mut().for_each(|app| app.require_room_key = true);
    let mut world = World::new(settings);
    let (ann, bob) = (world.phone("ann", "a"), world.phone("bob", "b"));
    let (eve, tablet) = (world.client("eve"), world.phone("bob", "tablet"));
    world.ask(ann, call(&["bob"])).unwrap();
    let room = json!(world.clients[ann].call.as_ref().unwrap().room);
    let join = json!({ "op": "join", "room": room });
    // Nobody has to show a privateMapKey: the server chose the room.
    world.ask(ann, join.clone()).unwrap();
    for stranger in [eve, bob, tablet] {
        assert_eq!(world.ask(stranger, join.clone()).err(), Some(ErrorCode::MayNotEnter));
    }
    let accept = about("accept", &world.clients[bob]);
    world.ask(bob, accept).unwrap();
    let live = json!({ "op": "join", "room": room, "scene": "live" });
    assert_eq!(world.ask(bob, live).err(), Some(ErrorCode::SceneMismatch));
    world.ask(bob, join.clone()).unwrap();
    assert_eq!(world.ask(tablet, join.clone()).err(), Some(ErrorCode::MayNotEnter));
    assert_eq!(ask_about(&mut world, tablet, "hangup", bob).err(), Some(ErrorCode::NotYourCall));
    ask_about(&mut world, ann, "hangup", ann).unwrap();
    assert_eq!(world.clients[bob].state, None, "the seat is gone with the call");
    assert_eq!(world.ask(eve, join).err(), Some(ErrorCode::RoomKeyRequired), "the room is a room again");
    world.wind_down();
}

#[test]
fn media_of_a_call_ends_with_it() {
    let mut world = World::new(config());
    let (ann, bob) = talking(&mut world);
    let pushes = world.start_media(ann, &common::key("ann"));
    let play = world.clients[bob].play_key("ann");
    let plays = world.play(&play);
    let hangup = about("hangup", &world.clients[bob]);
    world.ask(bob, hangup).unwrap();
    assert_eq!(world.closed_with(pushes), Some(ErrorCode::NotInRoom));
    assert_ne!(world.media[&plays], common::Media::Waiting);
    assert!(!matches!(world.media[&plays], common::Media::Playing { .. }));
    world.wind_down();
}

#[test]
fn leaving_the_room_is_hanging_up_and_being_removed_is_told() {
    let mut world = World::new(config());
    let (ann, bob) = talking(&mut world);
    world.ask(ann, json!({ "op": "leave" })).unwrap();
    assert_eq!(ends(&world.clients[bob])[0].0, CallEndReason::HungUp);
    assert_eq!(ends(&world.clients[ann]), [], "the reply said it");
    world.wind_down();

    let mut world = World::new(config());
    let (ann, bob) = talking(&mut world);
    let room = world.clients[ann].call.as_ref().unwrap().room.clone();
    world.call(ApiCall::RemoveMember(room, UserId::new("bob").unwrap()));
    assert_eq!(ends(&world.clients[bob])[0].0, CallEndReason::Kicked);
    assert_eq!(ends(&world.clients[ann])[0].0, CallEndReason::HungUp);
    world.wind_down();

    let mut world = World::new(config());
    let (ann, bob) = talking(&mut world);
    let room = world.clients[ann].call.as_ref().unwrap().room.clone();
    world.call(ApiCall::DissolveRoom(room));
    for who in [ann, bob] {
        assert_eq!(ends(&world.clients[who])[0].0, CallEndReason::Dissolved);
    }
    world.wind_down();
}

#[test]
fn a_lost_connection_keeps_the_call_for_the_grace_of_the_seat() {
    let mut world = World::new(config());
    let (ann, bob) = talking(&mut world);
    world.drop_connection(bob);
    idle(&mut world, 60);
    assert!(world.clients[ann].member("bob").unwrap().away);
    world.resume(bob).unwrap();
    assert!(world.clients[bob].call.is_some() && !world.clients[ann].member("bob").unwrap().away);
    world.drop_connection(bob);
    idle(&mut world, 91);
    let (reason, by, ms) = ends(&world.clients[ann])[0].clone();
    assert_eq!((reason, by), (CallEndReason::Lost, Some("bob".to_owned())));
    assert!((150_000..152_000).contains(&ms), "{ms}");
    assert_eq!(world.logs[0].parties[1].state, ParticipantState::Lost);
    world.wind_down();
}

#[test]
fn a_caller_whose_network_is_gone_stops_ringing() {
    let mut world = World::new(config());
    let (ann, bob) = (world.phone("ann", "a"), world.phone("bob", "b"));
    world.ask(ann, call(&["bob"])).unwrap();
    world.drop_connection(ann);
    idle(&mut world, 11);
    assert_eq!(ends(&world.clients[bob]), [(CallEndReason::Lost, Some("ann".to_owned()), 0)]);
    world.resume(ann).unwrap();
    assert_eq!(ends(&world.clients[ann]), [(CallEndReason::Lost, Some("ann".to_owned()), 0)]);
    world.wind_down();
}

#[test]
fn a_call_that_is_asked_for_again_is_the_same_call() {
    let mut world = World::new(config());
    let (ann, bob) = (world.phone("ann", "a"), world.phone("bob", "b"));
    let wish = json!({ "op": "call", "invitees": ["bob"], "media": "audio", "ref": "w1" });
    world.clients[ann].deaf = true;
    world.send(ann, wish.clone());
    world.drop_connection(ann);
    world.resume(ann).unwrap();
    let Ok(Done::Call(again)) = world.ask(ann, wish.clone()) else { panic!("no call") };
    assert_eq!(again.call.call, world.clients[bob].call.as_ref().unwrap().call);
    let reject = about("reject", &world.clients[bob]);
    world.ask(bob, reject).unwrap();
    // It is over: asked for once more it does not ring again.
    assert_eq!(world.ask(ann, wish).err(), Some(ErrorCode::CallGone));
    assert!(world.clients[bob].call.is_none());
    world.wind_down();
}

#[test]
fn a_snapshot_tells_of_the_call() {
    let mut settings = config();
    settings.replay_events = 0;
    let mut world = World::new(settings);
    let (ann, bob) = (world.phone("ann", "a"), world.phone("bob", "b"));
    world.drop_connection(bob);
    world.ask(ann, call(&["bob"])).unwrap();
    world.resume(bob).unwrap();
    let rings = world.clients[bob].call.clone().unwrap();
    assert_eq!((rings.you, rings.caller.as_str()), (OwnState::Ringing, "ann"));
    let accept = about("accept", &world.clients[bob]);
    world.ask(bob, accept).unwrap();
    world.wind_down();
}

#[test]
fn a_page_for_calls_and_another_page_live_side_by_side() {
    let mut world = World::new(config());
    let (phone, page) = (world.phone("bob", "b"), world.client("bob"));
    assert!(world.is_open(phone) && world.is_open(page));
    let other = world.phone("bob", "tablet");
    assert!(world.is_open(phone) && world.is_open(page) && world.is_open(other));
    let again = world.phone("bob", "b");
    assert!(!world.is_open(phone) && world.clients[phone].ended && world.is_open(page));
    let newer = world.client("bob");
    assert!(!world.is_open(page) && world.is_open(newer) && world.is_open(again) && world.is_open(other));
    // Calls do not ring at a page that has not asked for it, and it cannot call.
    let ann = world.phone("ann", "a");
    world.ask(ann, call(&["bob"])).unwrap();
    assert!(world.clients[newer].call.is_none() && world.clients[again].call.is_some());
    assert_eq!(world.ask(newer, call(&["ann"])).err(), Some(ErrorCode::NotLoggedIn));
    world.wind_down();

    let mut settings = config();
    settings.apps.values_mut().for_each(|app| app.calls_alongside = false);
    let mut world = World::new(settings);
    let (phone, page) = (world.phone("bob", "b"), world.client("bob"));
    assert!(!world.is_open(phone) && world.is_open(page));
    world.clients.push(Client { user: "carol".to_owned(), ..Client::default() });
    let carol = world.clients.len() - 1;
    assert_eq!(world.login(carol, json!({ "calls": true })).err(), Some(ErrorCode::InvalidField));
    world.wind_down();
}

#[test]
fn groups_of_the_back_end_are_checked_and_others_are_not() {
    let mut world = World::new(config());
    let (ann, bob) = (world.phone("ann", "a"), world.phone("bob", "b"));
    let group = |to: &[&str]| json!({ "op": "call", "invitees": to, "media": "audio", "group": "team" });
    world.ask(ann, group(&["bob", "zoe"])).unwrap();
    let reject = about("reject", &world.clients[bob]);
    world.ask(bob, reject).unwrap();
    ask_about(&mut world, ann, "hangup", ann).unwrap();
    let users = |names: &[&str]| names.iter().map(|name| UserId::new(name).unwrap()).collect();
    let restore = Input::RestoreGroup {
        app: AppId::new(common::APP).unwrap(),
        group: GroupId::new("team").unwrap(),
        members: users(&["ann", "bob"]),
    };
    world.input(restore);
    assert_eq!(world.ask(ann, group(&["bob", "zoe"])).err(), Some(ErrorCode::NotInGroup));
    let said = world.last_error.clone().unwrap();
    assert!(said.message.contains("zoe") && said.field.as_deref() == Some("invitees"), "{said:?}");
    world.ask(ann, group(&["bob"])).unwrap();
    let carol = world.phone("carol", "c");
    assert_eq!(world.ask(carol, group(&["zoe"])).err(), Some(ErrorCode::NotInGroup));
    world.wind_down();
}

#[test]
fn a_group_goes_on_until_fewer_than_two_are_left() {
    use ParticipantState::{Connected, Left, Rejected, Unreachable};
    let mut world = World::new(config());
    let phones: Vec<usize> =
        ["ann", "bob", "carol", "dave"].iter().map(|user| world.phone(user, "d")).collect();
    world.ask(phones[0], call(&["bob", "carol", "dave", "zoe"])).unwrap();
    enter(&mut world, phones[0]);
    let accept = about("accept", &world.clients[phones[1]]);
    world.ask(phones[1], accept.clone()).unwrap();
    enter(&mut world, phones[1]);
    // Those who ring in a group see what the others do.
    assert_eq!(states(&world.clients[phones[3]])[1].1, Connected);
    let reject = about("reject", &world.clients[phones[2]]);
    world.ask(phones[2], reject).unwrap();
    world.ask(phones[3], accept).unwrap();
    enter(&mut world, phones[3]);
    idle(&mut world, 30);
    let seen = states(&world.clients[phones[0]]);
    let words: Vec<ParticipantState> = seen.into_iter().map(|(_, state)| state).collect();
    assert_eq!(words, [Connected, Connected, Rejected, Connected, Unreachable]);
    ask_about(&mut world, phones[0], "hangup", phones[0]).unwrap();
    assert_eq!(states(&world.clients[phones[1]])[0].1, Left);
    assert!(world.logs.is_empty());
    ask_about(&mut world, phones[1], "hangup", phones[1]).unwrap();
    assert_eq!(ends(&world.clients[phones[3]])[0].0, CallEndReason::HungUp);
    assert_eq!(world.logs.len(), 1);
    world.wind_down();
}

#[test]
fn who_is_online_is_told_to_those_who_watch() {
    let mut world = World::new(config());
    let (ann, bob) = (world.client("ann"), world.phone("bob", "b"));
    let Ok(Done::Watch(reply)) = world.ask(ann, json!({ "op": "watch", "users": ["bob", "carol"] })) else {
        panic!("no answer")
    };
    let online: Vec<bool> = reply.users.iter().map(|seen| seen.online).collect();
    assert_eq!(online, [true, false]);
    world.phone("carol", "c");
    // A page that calls do not reach is not what a contact list asks for.
    world.client("bob");
    world.drop_connection(bob);
    idle(&mut world, 9);
    world.resume(bob).unwrap();
    idle(&mut world, 20);
    world.drop_connection(bob);
    idle(&mut world, 11);
    let told: Vec<(String, bool)> = world.clients[ann]
        .pushes
        .iter()
        .filter_map(|event| match event {
            Event::Presence(seen) => Some((seen.user.to_string(), seen.online)),
            _ => None,
        })
        .collect();
    assert_eq!(told, [("carol".to_owned(), true), ("bob".to_owned(), false)]);
    world.wind_down();
}

#[test]
fn what_breaks_a_rule_is_refused_with_its_field() {
    let mut world = World::new(config());
    let ann = world.phone("ann", "a");
    for (wish, code, field) in [
        (json!({ "op": "call", "invitees": ["ann"], "media": "audio" }), ErrorCode::InvalidField, "invitees"),
        (call(&["bob", "bob"]), ErrorCode::InvalidField, "invitees"),
        (
            json!({ "op": "call", "invitees": ["bob"], "media": "audio", "timeoutMs": 999 }),
            ErrorCode::InvalidField,
            "timeoutMs",
        ),
        (json!({ "op": "accept", "call": "c-0" }), ErrorCode::CallGone, "call"),
        (json!({ "op": "reject", "call": "c-0" }), ErrorCode::CallGone, "call"),
        (json!({ "op": "hangup", "call": "c-0" }), ErrorCode::CallGone, "call"),
    ] {
        assert_eq!(world.ask(ann, wish.clone()).err(), Some(code), "{wish}");
        assert_eq!(world.last_error.clone().unwrap().field.as_deref(), Some(field), "{wish}");
    }
    world.ask(ann, call(&["bob"])).unwrap();
    assert_eq!(world.ask(ann, call(&["carol"])).err(), Some(ErrorCode::CallBusy));
    assert_eq!(ask_about(&mut world, ann, "reject", ann).err(), Some(ErrorCode::NotYourCall));
    ask_about(&mut world, ann, "hangup", ann).unwrap();
    let mut made = 0;
    while world.ask(ann, call(&["bob"])).is_ok() {
        made += 1;
        ask_about(&mut world, ann, "hangup", ann).unwrap();
        assert!(made < 20, "nothing slows it down");
    }
    assert_eq!(world.last_error.clone().unwrap().code, ErrorCode::RateLimited);
    idle(&mut world, 1);
    world.ask(ann, call(&["bob"])).unwrap();
    world.wind_down();
}

#[test]
fn an_application_has_its_share_of_calls() {
    let mut settings = config();
    settings.calls_per_app = 1;
    let mut world = World::new(settings);
    let (ann, carol) = (world.phone("ann", "a"), world.phone("carol", "c"));
    world.ask(ann, call(&["bob"])).unwrap();
    assert_eq!(world.ask(carol, call(&["dave"])).err(), Some(ErrorCode::ServerFull));
    ask_about(&mut world, ann, "hangup", ann).unwrap();
    world.ask(carol, call(&["dave"])).unwrap();
    world.input(Input::Drain { within: Duration::from_secs(10) });
    assert_eq!(world.ask(ann, call(&["bob"])).err(), Some(ErrorCode::ShuttingDown));
    assert_ne!(world.clients[ann].call.as_ref().map(|call| call.room.clone()), Some(number(1)));
    world.wind_down();
}

#[test]
fn a_server_that_ends_says_so_to_those_who_talk_and_writes_it_down() {
    let mut world = World::new(config());
    let (ann, bob) = talking(&mut world);
    let (carol, dave) = (world.phone("carol", "c"), world.phone("dave", "d"));
    world.ask(carol, call(&["dave"])).unwrap();
    idle(&mut world, 3);
    world.input(Input::Shutdown);
    for (who, ms) in [(ann, 3000), (bob, 3000), (carol, 0), (dave, 0)] {
        assert_eq!(ends(&world.clients[who]), [(CallEndReason::ServerShutdown, None, ms)]);
    }
    assert_eq!(world.logs.len(), 2);
    world.wind_down();
}

#[test]
fn a_call_of_the_back_end_rings_at_both_and_each_sees_the_other_as_its_caller() {
    let mut world = World::new(config());
    let (ann, bob) = (world.phone("ann", "a"), world.phone("bob", "b"));
    let wish = |caller: &str, invitees: &[&str]| {
        ApiCall::StartCall(CallRequest {
            caller: caller.to_owned(),
            invitees: invitees.iter().map(|name| (*name).to_owned()).collect(),
            media: huitong_protocol::api::CallMedia::Video,
            group: None,
            timeout_ms: None,
            data: None,
            room: None,
        })
    };
    let ApiResult::Call(made) = world.call(wish("ann", &["bob"])) else { panic!("no call") };
    let seen = |who: usize, world: &World| {
        let call = world.clients[who].call.clone().unwrap();
        (call.caller.to_string(), call.backend, call.you)
    };
    assert_eq!(seen(ann, &world), ("bob".to_owned(), true, OwnState::Ringing));
    assert_eq!(seen(bob, &world), ("ann".to_owned(), true, OwnState::Ringing));
    assert_eq!(world.refused(wish("ann", &["carol"])), ErrorCode::CallBusy);
    // Whoever is called while busy ends the call in the step that made it: the answer says how.
    let ApiResult::Call(over) = world.call(wish("carol", &["bob"])) else { panic!("no call") };
    let states: Vec<_> = over.participants.iter().map(|party| party.state.as_str()).collect();
    assert_eq!(states, ["cancelled", "busy"]);
    assert_eq!(world.refused(ApiCall::GetCall(over.call)), ErrorCode::CallGone);
    ask_about(&mut world, ann, "accept", ann).unwrap();
    ask_about(&mut world, bob, "accept", bob).unwrap();
    assert!(matches!(world.call(ApiCall::EndCall(made.call)), ApiResult::Done));
    for who in [ann, bob] {
        assert_eq!(ends(&world.clients[who])[0].0, CallEndReason::Ended);
    }
    world.wind_down();
}
