//! The rules of calls, each in a scene.

mod world;

use huitong_call::{CallId, Input, Limits, OverReason, PartyState, Placed, Refusal, SeatEnd, UserKey};
use huitong_types::{AppId, SessionId};
use std::time::Duration;
use world::{World, key, to, user};

/// ann (1), ben (2), cat (3) and dan (4) are there, ben with a second device (20).
fn world() -> World {
    let mut world = World::new();
    for (session, name) in [(1, "ann"), (2, "ben"), (20, "ben"), (3, "cat"), (4, "dan")] {
        world.online(session, name);
    }
    world
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// ann and ben talk.
fn talking() -> (World, CallId) {
    let mut world = world();
    let call = world.call(1, to(&["ben"]));
    world.accept(2, call).expect("answered");
    world.enter(1);
    world.enter(2);
    world.told.clear();
    (world, call)
}

#[test]
fn all_devices_ring_the_first_answer_counts_and_the_others_fall_silent() {
    let mut world = world();
    let call = world.call(1, to(&["ben"]));
    assert_eq!((world.told(2), world.told(20)), (vec!["invited".into()], vec!["invited".into()]));
    world.accept(20, call).expect("answered");
    assert_eq!(world.told(2), ["over AnsweredElsewhere"]);
    assert_eq!(world.told(1), ["ben Connected"]);
    assert_eq!(world.accept(2, call), Err(Refusal::Gone));
    assert_eq!(world.accept(20, call), Ok(Some(call)), "a repeated answer is answered again");
}

#[test]
fn a_duration_is_counted_from_the_answer_and_told_to_both() {
    let (mut world, call) = talking();
    world.pass(secs(65));
    world.hang_up(2, call).expect("hung up");
    assert_eq!(world.told(1), ["ben Left", "over HungUp 65s"]);
    assert!(world.told(2).is_empty(), "who hung up knows");
    let record = &world.records[0];
    assert_eq!(record.parties.iter().map(|party| party.duration()).collect::<Vec<_>>(), [secs(65), secs(65)]);
    assert_eq!(world.reason(), OverReason::HungUp);
}

#[test]
fn a_refusal_ends_a_call_of_two_on_all_devices() {
    let mut world = world();
    let call = world.call(1, to(&["ben"]));
    world.told.clear();
    world.reject(2, call).expect("refused");
    assert_eq!(world.told(20), ["over RefusedElsewhere"]);
    assert_eq!(world.told(1), ["ben Rejected", "over Rejected"]);
    assert_eq!(world.states(), [("ann".into(), PartyState::Cancelled), ("ben".into(), PartyState::Rejected)]);
}

#[test]
fn one_who_is_in_a_call_is_busy_and_hears_nothing_of_it() {
    let (mut world, _call) = talking();
    let second = world.call(3, to(&["ann"]));
    assert_eq!(world.told(3), ["over Busy"]);
    assert!(world.told(1).is_empty());
    assert_eq!(world.records.last().map(|record| record.id), Some(second));
    let busy = world.act(Input::Call { session: SessionId::new(1), call: to(&["cat"]) });
    assert_eq!(busy, Err(Refusal::InCall));
}

#[test]
fn a_caller_that_gives_up_silences_every_device() {
    let mut world = world();
    let call = world.call(1, to(&["ben"]));
    world.told.clear();
    world.hang_up(1, call).expect("cancelled");
    assert_eq!(
        (world.told(2), world.told(20)),
        (vec!["over Cancelled".into()], vec!["over Cancelled".into()])
    );
    assert!(world.told(1).is_empty());
    assert_eq!(world.hang_up(1, call), Err(Refusal::Gone));
}

#[test]
fn who_was_reached_has_timed_out_and_who_was_not_was_unreachable() {
    let mut world = world();
    world.call(1, to(&["ben"]));
    world.pass(secs(29));
    assert!(world.records.is_empty());
    world.pass(secs(1));
    assert_eq!(world.told(2), ["invited", "over TimedOut"]);
    assert_eq!(world.told(1), ["ben TimedOut", "over TimedOut"]);
    world.call(1, to(&["nobody"]));
    world.pass(secs(30));
    assert_eq!(world.told(1), ["nobody Unreachable", "over Unreachable"]);
    assert_eq!(world.states()[1].1, PartyState::Unreachable);
}

#[test]
fn an_invitation_that_is_alive_rings_at_a_device_that_logs_in() {
    let mut world = world();
    let call = world.call(1, to(&["eve"]));
    world.pass(secs(10));
    world.online(5, "eve");
    assert_eq!(world.told(5), ["invited"]);
    world.accept(5, call).expect("answered");
    world.hang_up(1, call).expect("hung up");
    world.online(50, "eve");
    assert!(world.told(50).is_empty(), "what is over rings nowhere");
}

#[test]
fn a_device_whose_connection_is_lost_counts_as_reached_only_when_it_is_back() {
    let mut world = world();
    world.online(5, "eve");
    world.act(Input::Lost { session: SessionId::new(5) }).expect("always allowed");
    world.call(1, to(&["eve"]));
    world.pass(secs(30));
    assert_eq!(world.reason(), OverReason::Unreachable);
    world.call(1, to(&["eve"]));
    world.act(Input::Back { session: SessionId::new(5) }).expect("always allowed");
    world.pass(secs(30));
    assert_eq!(world.reason(), OverReason::TimedOut);
}

#[test]
fn two_who_call_each_other_are_in_one_call() {
    let mut world = world();
    let call = world.call(1, to(&["ben"]));
    assert_eq!(world.call(2, to(&["ann"])), call);
    assert_eq!(world.told(1), ["ben Connected"]);
    assert_eq!(world.told(20), ["invited", "over AnsweredElsewhere"]);
}

#[test]
fn a_caller_that_vanishes_while_it_rings_is_waited_for_ten_seconds() {
    let mut world = world();
    world.call(1, to(&["ben"]));
    world.act(Input::Lost { session: SessionId::new(1) }).expect("always allowed");
    world.pass(secs(9));
    world.act(Input::Back { session: SessionId::new(1) }).expect("always allowed");
    world.pass(secs(9));
    assert!(world.records.is_empty());
    world.act(Input::Lost { session: SessionId::new(1) }).expect("always allowed");
    world.pass(secs(10));
    assert_eq!(world.told(2), ["invited", "over Lost"]);
    assert_eq!(world.states()[0].1, PartyState::Lost);
}

#[test]
fn a_session_that_ends_takes_its_user_out_of_the_call() {
    let (mut world, _call) = talking();
    world.act(Input::Ended { session: SessionId::new(2), deliberate: false }).expect("always allowed");
    assert_eq!(world.told(1), ["ben Lost", "over Lost"]);
    assert_eq!(world.states()[1].1, PartyState::Lost);
}

#[test]
fn a_group_of_four_with_mixed_answers_goes_on_while_two_talk() {
    let mut world = world();
    let call = world.call(1, to(&["ben", "cat", "dan", "eve"]));
    world.told.clear();
    world.accept(2, call).expect("answered");
    assert_eq!(world.told(1), ["ben Connected"]);
    assert_eq!(world.told(3), ["ben Connected", "ann Connected"], "those who ring in a group see who came");
    world.enter(1);
    world.enter(2);
    world.reject(3, call).expect("refused");
    assert_eq!(world.told(1), ["cat Rejected"]);
    world.pass(secs(15));
    assert_eq!(world.told(4), ["ben Connected", "ann Connected", "cat Rejected"]);
    world.pass(secs(15));
    assert_eq!(world.told(4), ["over TimedOut"]);
    assert_eq!(world.told(1), ["dan TimedOut", "eve Unreachable"]);
    assert!(world.records.is_empty());
    world.hang_up(1, call).expect("left");
    assert_eq!(world.told(2).pop().as_deref(), Some("over HungUp 30s"));
    assert_eq!(
        world.states().into_iter().map(|(_, state)| state).collect::<Vec<_>>(),
        [
            PartyState::Left,
            PartyState::Left,
            PartyState::Rejected,
            PartyState::TimedOut,
            PartyState::Unreachable
        ]
    );
}

#[test]
fn a_group_waits_for_those_who_ring_though_only_one_is_there() {
    let mut world = world();
    let call = world.call(1, to(&["ben", "cat"]));
    world.accept(2, call).expect("answered");
    world.hang_up(2, call).expect("left");
    assert!(world.records.is_empty(), "cat may still come");
    world.accept(3, call).expect("answered");
    world.hang_up(1, call).expect("left");
    assert_eq!(world.reason(), OverReason::HungUp);
}

#[test]
fn when_all_who_talked_have_left_nobody_rings_on() {
    let mut world = world();
    let call = world.call(1, to(&["ben", "cat"]));
    world.accept(2, call).expect("answered");
    world.hang_up(2, call).expect("left");
    world.hang_up(1, call).expect("left");
    assert_eq!(world.told(3).pop().as_deref(), Some("over Cancelled"));
}

#[test]
fn who_answers_and_never_comes_to_the_room_is_lost() {
    let mut world = world();
    let call = world.call(1, to(&["ben"]));
    world.enter(1);
    world.accept(2, call).expect("answered");
    world.pass(secs(20));
    assert_eq!(world.told(2).pop().as_deref(), Some("over Lost 20s"));
    assert_eq!(world.told(1).pop().as_deref(), Some("over Lost 20s"));
}

#[test]
fn the_room_decides_too() {
    for (why, own, other, state) in [
        (SeatEnd::Left, None, "over HungUp", PartyState::Left),
        (SeatEnd::Kicked, Some("over Kicked"), "over HungUp", PartyState::Kicked),
        (SeatEnd::TimedOut, Some("over Lost"), "over Lost", PartyState::Lost),
        (SeatEnd::Dissolved, Some("over Dissolved"), "over Dissolved", PartyState::Left),
    ] {
        let (mut world, _call) = talking();
        world.act(Input::SeatLost { session: SessionId::new(2), why }).expect("always allowed");
        assert_eq!(world.told(2).pop().as_deref(), own, "{why:?}");
        assert_eq!(world.told(1).pop().as_deref(), Some(other), "{why:?}");
        assert_eq!(world.states()[1].1, state, "{why:?}");
    }
}

#[test]
fn a_call_of_the_back_end_rings_at_both_and_begins_when_both_have_answered() {
    let mut world = world();
    let start = Input::Start { caller: key("ann"), call: to(&["ben"]) };
    let call = world.act(start).expect("allowed").expect("a call");
    assert_eq!((world.told(1), world.told(2)), (vec!["invited".into()], vec!["invited".into()]));
    world.accept(2, call).expect("answered");
    world.pass(secs(5));
    world.accept(1, call).expect("answered");
    world.enter(1);
    world.enter(2);
    world.pass(secs(10));
    world.act(Input::End { call }).expect("ended");
    assert_eq!(world.told(2).pop().as_deref(), Some("over Ended 10s"));
    assert!(world.records[0].backend);
}

/// The back-end calls into a room where others are, in the name of the host, who has no device.
fn into_room(world: &mut World, invitees: &[&str]) -> CallId {
    let call = Placed { open: true, ..to(invitees) };
    world.act(Input::Start { caller: key("host"), call }).expect("allowed").expect("a call")
}

#[test]
fn who_answers_a_call_into_a_room_is_connected_at_once_and_the_call_lasts_as_long_as_one_takes_part() {
    let mut world = world();
    let call = into_room(&mut world, &["ben", "cat"]);
    assert_eq!((world.told(2), world.told(3)), (vec!["invited".into()], vec!["invited".into()]));
    world.accept(2, call).expect("answered");
    assert_eq!(
        (world.told(3), world.told(20)),
        (vec!["ben Connected".into()], vec!["invited".into(), "over AnsweredElsewhere".into()])
    );
    world.enter(2);
    world.pass(secs(30));
    assert_eq!(world.told(3), ["over TimedOut"]);
    assert_eq!(world.told(2), ["cat TimedOut"]);
    assert!(world.records.is_empty(), "ben is in the room, whoever else is");
    world.hang_up(2, call).expect("left");
    let record = &world.records[0];
    assert!(record.open && record.backend);
    let states: Vec<_> = record.parties.iter().map(|party| (party.state, party.duration())).collect();
    let none = secs(0);
    assert_eq!(
        states,
        [(PartyState::Left, none), (PartyState::Left, secs(30)), (PartyState::TimedOut, none)]
    );
    assert_eq!(world.reason(), OverReason::HungUp);
}

#[test]
fn one_may_leave_a_call_into_a_room_while_another_rings_and_that_one_may_still_answer() {
    let mut world = world();
    let call = into_room(&mut world, &["ben", "cat"]);
    world.accept(2, call).expect("answered");
    world.enter(2);
    world.hang_up(2, call).expect("left");
    world.accept(3, call).expect("answered");
    world.enter(3);
    world.act(Input::SeatLost { session: SessionId::new(3), why: SeatEnd::Kicked }).expect("always allowed");
    assert_eq!(world.told(3).pop().as_deref(), Some("over Kicked"));
    assert_eq!(world.reason(), OverReason::HungUp);
}

#[test]
fn a_call_into_a_room_that_nobody_answers_ends_with_their_strongest_reason() {
    let mut world = world();
    let call = into_room(&mut world, &["ben", "cat"]);
    world.reject(2, call).expect("refused");
    world.pass(secs(30));
    assert_eq!(world.reason(), OverReason::Rejected);
    assert_eq!(
        world.records[0].parties[0].state,
        PartyState::Cancelled,
        "nobody talked in the name of the host"
    );
    assert_eq!(world.records[0].connected, None);
}

#[test]
fn who_gives_its_name_to_a_call_into_a_room_may_call_and_be_called() {
    let mut world = world();
    let start = Input::Start { caller: key("ann"), call: Placed { open: true, ..to(&["ben"]) } };
    let into = world.act(start).expect("allowed").expect("a call");
    assert!(world.told(1).is_empty(), "its name is all it gives");
    let own = world.call(1, to(&["cat"]));
    world.accept(3, own).expect("answered");
    world.reject(2, into).expect("refused");
    assert_eq!(world.call(4, to(&["ann"])), CallId(own.0 + 1));
    assert_eq!(world.told(4).pop().as_deref(), Some("over Busy"), "ann talks with cat");
    assert_eq!(world.hang_up(1, own), Ok(Some(own)));
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let mut world = world();
    let mut ask = |placed: Placed| world.act(Input::Call { session: SessionId::new(1), call: placed });
    assert_eq!(ask(to(&[])), Err(Refusal::Invitee(None)));
    assert_eq!(ask(to(&["ann"])), Err(Refusal::Invitee(Some(user("ann")))));
    assert_eq!(ask(to(&["ben", "ben"])), Err(Refusal::Invitee(Some(user("ben")))));
    let many: Vec<String> = (0..50).map(|number| format!("u{number}")).collect();
    assert_eq!(ask(to(&many.iter().map(String::as_str).collect::<Vec<_>>())), Err(Refusal::Invitee(None)));
    assert_eq!(world.accept(1, CallId(9)), Err(Refusal::Gone));
    let nobody = Input::Call { session: SessionId::new(99), call: to(&["ben"]) };
    assert_eq!(world.act(nobody), Err(Refusal::NoSession));
    let call = world.call(1, to(&["ben"]));
    assert_eq!(world.hang_up(3, call), Err(Refusal::NotYours));
    world.accept(2, call).expect("answered");
    assert_eq!(world.hang_up(20, call), Err(Refusal::NotYours), "another device does not end it");
}

#[test]
fn a_group_that_nobody_answers_ends_with_the_strongest_reason_and_not_with_the_last() {
    let mut world = world();
    let call = world.call(1, to(&["ben", "cat", "dan"]));
    world.reject(2, call).expect("refused");
    world.act(Input::Reject { session: SessionId::new(3), call, busy: true }).expect("refused");
    world.told.clear();
    world.pass(secs(30));
    assert_eq!(world.told(1), ["dan TimedOut", "over Rejected"]);
    assert_eq!(world.told(4), ["over TimedOut"], "an invitee hears of its own");
    assert_eq!(world.reason(), OverReason::Rejected);
    // A refusal after somebody was busy is the last word and the strongest one; the other way round it is not.
    for (words, reason, by) in [
        ([false, true], OverReason::Rejected, None),
        ([true, false], OverReason::Rejected, Some(user("cat"))),
        ([true, true], OverReason::Busy, Some(user("cat"))),
    ] {
        let call = world.call(1, to(&["ben", "cat"]));
        world.told.clear();
        for (session, busy) in [2, 3].into_iter().zip(words) {
            world.act(Input::Reject { session: SessionId::new(session), call, busy }).expect("refused");
        }
        assert_eq!(world.told(1).pop(), Some(format!("over {reason:?}")));
        assert_eq!((world.reason(), world.by.remove(&1).flatten()), (reason, by), "{words:?}");
    }
}

#[test]
fn a_group_that_somebody_answered_ends_with_the_last_reason() {
    let mut world = world();
    let call = world.call(1, to(&["ben", "cat", "dan"]));
    world.enter(1);
    world.reject(2, call).expect("refused");
    world.accept(3, call).expect("answered");
    world.hang_up(3, call).expect("left");
    world.pass(secs(30));
    assert_eq!(world.told(1).pop().as_deref(), Some("over TimedOut 30s"));
}

#[test]
fn one_who_is_left_alone_with_a_call_of_the_back_end_does_not_ring_on() {
    let mut world = world();
    let start = || Input::Start { caller: key("ann"), call: to(&["ben", "cat"]) };
    let call = world.act(start()).expect("allowed").expect("a call");
    world.reject(1, call).expect("refused");
    assert!(world.records.is_empty(), "ben and cat may still talk");
    world.reject(2, call).expect("refused");
    assert_eq!(world.told(3), ["invited", "ann Rejected", "ben Rejected", "over Rejected"]);
    // One who answered and left is no company either.
    let call = world.act(start()).expect("allowed").expect("a call");
    world.accept(1, call).expect("answered");
    world.hang_up(1, call).expect("left");
    world.reject(2, call).expect("refused");
    assert_eq!(world.told(3).pop().as_deref(), Some("over Rejected"));
    // Nor one who is in another call from the beginning.
    world.call(1, to(&["dan"]));
    let start = Input::Start { caller: key("cat"), call: to(&["ann", "dan"]) };
    world.act(start).expect("allowed");
    assert_eq!(world.reason(), OverReason::Busy);
}

#[test]
fn a_user_of_another_application_has_no_part_in_a_call_though_its_name_is_the_same() {
    let mut world = world();
    let ben = UserKey { app: AppId::new(2).expect("an application"), user: user("ben") };
    world.act(Input::Online { session: SessionId::new(9), user: ben }).expect("always allowed");
    let call = world.call(1, to(&["ben"]));
    assert!(world.told(9).is_empty());
    assert_eq!(world.accept(9, call), Err(Refusal::Gone));
    assert_eq!(world.reject(9, call), Err(Refusal::Gone));
    assert_eq!(world.hang_up(9, call), Err(Refusal::Gone));
}

#[test]
fn a_caller_who_is_removed_from_the_room_before_an_answer_has_not_vanished() {
    let mut world = world();
    world.call(1, to(&["ben"]));
    world.enter(1);
    world.act(Input::SeatLost { session: SessionId::new(1), why: SeatEnd::Kicked }).expect("always allowed");
    assert_eq!(world.told(1), ["over Kicked"]);
    assert_eq!(world.told(2), ["invited", "over Cancelled"]);
    assert_eq!(world.states()[0].1, PartyState::Kicked);
}

#[test]
fn a_server_that_shuts_down_ends_all_calls() {
    let (mut world, _call) = talking();
    world.call(3, to(&["dan"]));
    world.pass(secs(5));
    world.act(Input::Shutdown).expect("always allowed");
    assert_eq!(world.told(1), ["over ServerShutdown 5s"]);
    assert_eq!(world.told(4), ["invited", "over ServerShutdown"]);
    assert_eq!(world.records.len(), 2);
    assert!(world.records.iter().all(|record| record.reason == OverReason::ServerShutdown));
    assert_eq!(
        world.states(),
        [("cat".into(), PartyState::Cancelled), ("dan".into(), PartyState::Cancelled)]
    );
}

#[test]
fn an_answer_needs_no_room_for_one_more_call() {
    let mut world = World::within(Limits { calls: 1, ..Limits::default() });
    world.online(1, "ann");
    world.online(2, "ben");
    world.online(3, "cat");
    let call = world.call(1, to(&["ben"]));
    let third = Input::Call { session: SessionId::new(3), call: to(&["dan"]) };
    assert_eq!(world.act(third), Err(Refusal::Full));
    assert_eq!(world.call(2, to(&["ann"])), call, "two who call each other are in one call");
}

#[test]
fn who_takes_part_refuses_nothing() {
    let (mut world, call) = talking();
    assert_eq!(world.reject(2, call), Err(Refusal::NotYours));
    assert_eq!(world.reject(1, call), Err(Refusal::NotYours));
    assert_eq!(world.reject(20, call), Err(Refusal::Gone), "it was answered on another device");
}

#[test]
fn a_connection_that_is_lost_twice_is_not_waited_for_longer() {
    let mut world = world();
    world.call(1, to(&["ben"]));
    let lost = || Input::Lost { session: SessionId::new(1) };
    world.act(lost()).expect("always allowed");
    world.pass(secs(5));
    world.act(lost()).expect("always allowed");
    world.pass(secs(5));
    assert_eq!(world.reason(), OverReason::Lost);
    world.call(1, to(&["ben"]));
    world.pass(secs(10));
    assert_eq!(world.records.len(), 2, "nor is one that was not there when it called");
}

#[test]
fn a_session_whose_number_is_used_again_is_over() {
    let (mut world, _call) = talking();
    world.online(2, "cat");
    assert_eq!(world.told(1), ["ben Lost", "over Lost"]);
    world.online(2, "cat");
    world.call(1, to(&["cat"]));
    assert_eq!(world.told(2), ["invited"], "a login that is told twice is one");
}
