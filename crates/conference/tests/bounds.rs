//! What is bounded, and what happens at the bound.

mod world;

use huitong_conference::{
    Actor, AdminGone, ConferenceId, Conferences, ExitReason, HANDS, Input, Kind, Limits, Profile, Refusal,
    Reply, Role, Settings, Verdict, Whom, Wish,
};
use huitong_types::{AppId, SessionId};
use std::time::Duration;
use world::{World, by, key, settings, user};

fn back_end() -> Actor {
    Actor::BackEnd(AppId::new(1).expect("an application"))
}

/// A live conference of ann (0) with so many who watch, without looking at everything after every step.
fn crowd(count: u64) -> (Conferences, ConferenceId, World) {
    let mut world = World::new();
    let settings = Settings { max_audience: Some(100_000), ..settings(Kind::Live, "") };
    let (id, _) = world.find("ann", "team", settings).expect("created");
    world.enter(1, "ann", id, "", None).expect("entered");
    for number in 0..count {
        let name = format!("u{number}");
        let ticket = world.ticket(&name, id, "", None).expect("a ticket");
        let profile = Profile { nick: Some("Ann".into()), ext: None };
        let session = SessionId::new(number + 2);
        world
            .act(Input::Enter { session, user: key(&name), conference: id, ticket, profile })
            .expect("entered");
    }
    (world.machine.clone(), id, world)
}

#[test]
fn ten_thousand_who_are_named_alike_are_ten_thousand_members_and_no_more_are_decided_about() {
    let (mut machine, id, world) = crowd(10_001);
    assert_eq!(machine.get(id).map(|own| own.audience()), Some(10_001));
    let names: Vec<Whom> = (0..10_001).map(|number| Whom::User(user(&format!("u{number}")))).collect();
    let mute = |whom: &[Whom], audio| Input::Mute {
        by: by("ann"),
        conference: id,
        whom: whom.to_vec(),
        audio: Some(audio),
        video: Some(false),
    };
    for batch in names[..10_000].chunks(100) {
        machine.handle(world.now, mute(batch, true)).expect("decided");
    }
    let last = &names[10_000..];
    assert_eq!(machine.handle(world.now, mute(last, true)), Err(Refusal::DecidedFull));
    let grant = |whom: &[Whom]| Input::Grant {
        by: by("ann"),
        conference: id,
        whom: whom.to_vec(),
        role: Role::Talker,
    };
    assert_eq!(machine.handle(world.now, grant(last)), Err(Refusal::DecidedFull));
    assert!(machine.handle(world.now, grant(&names[..1])).is_ok(), "about these it can still be decided");
    assert_eq!(machine.broken(), None);
}

#[test]
fn no_hand_is_raised_where_admins_are_not_to_be_asked_also_after_a_restart() {
    let mut world = World::new();
    let quiet = Settings { no_hands: true, ..settings(Kind::Live, "") };
    world.find("ann", "team", quiet).map(drop).expect("found");
    for restarted in [false, true] {
        let id = world.in_room("team");
        world.enter(1, "ann", id, "", None).expect("entered");
        world.enter(2, "ben", id, "", None).expect("entered");
        let hand = |session, up| Input::Hand { session: SessionId::new(session), up };
        assert_eq!(world.act(hand(2, true)), Err(Refusal::NoHands), "restarted: {restarted}");
        world.act(hand(2, false)).expect("it is down");
        world.act(hand(1, true)).expect("a talker has nothing to ask for");
        world.grant(id, by("ann"), &["ben"], Role::Talker).expect("admins decide all the same");
        world.grant(id, by("ann"), &["ben"], Role::Audience).expect("granted");
        world.restart();
    }
}

#[test]
fn only_so_many_hands_are_raised_and_an_admin_who_comes_back_sees_them() {
    let (_, id, mut world) = crowd(HANDS as u64 + 1);
    let hand = |number: u64, up| Input::Hand { session: SessionId::new(number + 2), up };
    for number in 0..HANDS as u64 {
        world.act(hand(number, true)).expect("raised");
    }
    assert_eq!(world.act(hand(HANDS as u64, true)), Err(Refusal::HandsFull));
    world.act(hand(0, false)).expect("lowered");
    world.act(hand(HANDS as u64, true)).expect("its place is free");
    world.leave(1, ExitReason::Left).expect("left");
    world.told.clear();
    world.enter(1, "ann", id, "", None).expect("entered");
    let told = world.told(1);
    assert_eq!((told.len(), told[1].as_str()), (HANDS + 1, "u1 hand true"));
}

#[test]
fn only_so_many_passwords_are_checked_and_so_many_guessers_remembered() {
    let limits = Limits { asks_of_conference: 2, asks: 3, guessers: 3, ..Limits::default() };
    let mut world = World::within(limits);
    let (first, _) = world.find("ann", "a", settings(Kind::Ordinary, "pw")).expect("created");
    let (second, _) = world.find("ann", "b", settings(Kind::Ordinary, "pw")).expect("created");
    world.prompt = false;
    let wish = Wish::Enter(None);
    world.ask("ben", first, "no", wish).expect("taken");
    world.ask("cat", first, "no", wish).expect("taken");
    assert_eq!(world.ask("ben", first, "no", wish), Err(Refusal::ServerFull), "as many as of one conference");
    world.ask("ben", second, "no", wish).expect("taken");
    assert_eq!(world.ask("cat", second, "no", wish), Err(Refusal::ServerFull), "as many as of all");
    world.hash_all();
    world.ask("dan", first, "no", wish).expect("taken");
    world.hash_all();
    assert_eq!(world.ask("eve", first, "pw", wish), Err(Refusal::ServerFull), "three have guessed wrong");
    world.ask("dan", first, "pw", wish).expect("one of them may try again");
    world.hash_all();
    world.pass(Limits::default().forget);
    world.ask("eve", first, "pw", wish).expect_err("the conference was empty for too long");
    assert!(world.machine.is_idle());
}

#[test]
fn only_so_many_tickets_are_unused() {
    let mut world = World::within(Limits { tickets: 2, ..Limits::default() });
    let (id, _) = world.find("ann", "team", settings(Kind::Ordinary, "pw")).expect("created");
    let first = world.ticket("ann", id, "", None).expect("a ticket");
    world.ticket("ben", id, "pw", None).expect("a ticket");
    assert_eq!(world.ticket("ann", id, "", None), Err(Refusal::ServerFull));
    assert_eq!(
        world.ticket("cat", id, "pw", None),
        Err(Refusal::ServerFull),
        "also when the password is right"
    );
    world.enter_with(1, "ann", &first).expect("entered");
    world.ticket("cat", id, "pw", None).expect("one is used");
}

#[test]
fn nobody_opens_a_conference_before_its_password_is_sent_to_be_checked() {
    let mut world = World::new();
    world.prompt = false;
    let (id, _) = world.find("ann", "team", settings(Kind::Ordinary, "pw")).expect("created");
    let ask = world.ask("ben", id, "no", Wish::Enter(None)).expect("taken");
    world.act(Input::Checked { ask, verdict: Verdict::Right }).expect("never refused");
    assert!(world.answers.is_empty());
    world.hash_all();
    assert_eq!(world.answer(ask), Err(Refusal::WrongPassword));
}

#[test]
fn nothing_is_kept_empty_for_ever() {
    let mut world = World::new();
    let long = Settings { empty: Some(Duration::MAX), ..settings(Kind::Ordinary, "") };
    world.find("ann", "team", long).expect("created");
    world.pass(Limits::default().empty_most);
    assert!(world.machine.is_idle());
}

#[test]
fn one_of_the_audience_who_is_made_a_talker_becomes_the_admin_that_is_missing() {
    let mut world = World::within(Limits { admin_gone: AdminGone::NextTalker, ..Limits::default() });
    let (id, _) = world.find("ann", "team", settings(Kind::Live, "")).expect("created");
    world.enter(1, "ann", id, "", None).expect("entered");
    world.enter(2, "ben", id, "", None).expect("entered");
    world.leave(1, ExitReason::Left).expect("left");
    assert_eq!(world.roles(id), [("ben".into(), 1)]);
    let done = world.grant(id, back_end(), &["ben"], Role::Talker);
    assert_eq!(done, Ok(Reply::Members(vec![user("ben")])));
    assert_eq!(world.told(2).last().map(String::as_str), Some("ben is 7"));
}
