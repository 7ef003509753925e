//! What goes on when the server ends and the next one starts, and what does not.

mod world;

use huitong_conference::{
    Actor, AdminGone, Change, ConferenceId, ExitReason, Input, Kind, Limits, Refusal, Reply, Role, Settings,
    Wish,
};
use huitong_types::SessionId;
use std::time::Duration;
use world::{World, by, key, room, secret, settings, user, whom};

fn minutes(n: u64) -> Duration {
    Duration::from_secs(60 * n)
}

fn attribute(world: &mut World, id: ConferenceId, own: &str, key: &str, value: &str) {
    let changes = vec![Change { key: key.into(), value: Some(value.into()) }];
    world.act(Input::Attributes { by: by(own), conference: id, changes }).expect("changed");
}

#[test]
fn who_comes_back_after_a_restart_needs_the_password_and_is_what_it_was_made() {
    let mut world = World::new();
    let (id, _) = world.find("ann", "team", settings(Kind::Ordinary, "pw")).expect("found");
    for (session, name) in [(1, "ann"), (2, "ben"), (3, "cay"), (4, "dan")] {
        world.enter(session, name, id, "pw", None).expect("entered");
    }
    world.grant(id, by("ann"), &["ben"], Role::Admin).expect("granted");
    world.grant(id, by("ann"), &["cay"], Role::Audience).expect("granted");
    let mute = |audio| Input::Mute {
        by: by("ann"),
        conference: id,
        whom: whom(&["dan"]),
        audio: Some(audio),
        video: Some(false),
    };
    world.act(mute(true)).expect("muted");
    attribute(&mut world, id, "dan", "seat", "4");
    world.restart();
    let id = world.in_room("team");
    assert_eq!(world.roles(id), [], "who was inside is not kept");
    assert_eq!(world.ticket("eve", id, "no", None).unwrap_err(), Refusal::WrongPassword);
    assert_eq!(world.ticket("ben", id, "", None).unwrap_err(), Refusal::WrongPassword);
    assert_eq!(world.find("eve", "team", settings(Kind::Ordinary, "hers")), Ok((id, false)));
    for (session, name) in [(11, "ben"), (12, "cay"), (13, "dan")] {
        world.enter(session, name, id, "pw", None).expect("entered");
    }
    world.enter(14, "ann", id, "", None).expect("the creator needs no password");
    let roles = [("ben", 7), ("cay", 1), ("dan", 3), ("ann", 7)];
    assert_eq!(world.roles(id), roles.map(|(name, role)| (name.to_owned(), role)));
    assert!(world.told(13).contains(&"silence true false".to_owned()), "dan is as silent as before");
    let seats: Vec<_> = world.machine.get(id).expect("there").attributes().collect();
    assert_eq!(seats, [(&"seat".into(), &"4".into())]);
}

#[test]
fn a_conference_waits_a_minute_at_least_for_those_who_were_in_it_and_then_as_it_is_set() {
    let mut world = World::new();
    let kept = |empty| Settings { empty: Some(empty), ..settings(Kind::Ordinary, "") };
    world.find("ann", "brief", kept(Duration::from_secs(1))).map(drop).expect("found");
    let brief = world.in_room("brief");
    world.enter(1, "ann", brief, "", None).expect("entered at once");
    world.find("ann", "long", kept(minutes(5))).map(drop).expect("found");
    world.pass(minutes(4));
    world.restart();
    world.pass(Duration::from_secs(59));
    let brief = world.in_room("brief");
    world.enter(1, "ann", brief, "", None).expect("entered");
    world.leave(1, ExitReason::Left).expect("left");
    world.pass(Duration::from_secs(1));
    assert!(world.machine.get(brief).is_none(), "then it is as it is set");
    world.pass(Duration::from_secs(239));
    let long = world.in_room("long");
    world.pass(Duration::from_secs(1));
    assert!(world.machine.get(long).is_none(), "its time began anew, and is over");
    world.restart();
    assert!(world.machine.is_idle(), "what is over stays over");
}

#[test]
fn what_is_restored_is_within_the_limits_of_this_start_and_what_does_not_fit_is_told() {
    let mut world = World::new();
    let much = Settings { max_talkers: Some(40), ..settings(Kind::Ordinary, "pw") };
    world.find("ann", "a", much).map(drop).expect("found");
    world.find("ann", "b", settings(Kind::Live, "")).map(drop).expect("found");
    let kept: Vec<_> = world.account.disk.into_values().collect();
    let limits = Limits {
        conferences: 1,
        of_creator: 1,
        talkers: 5,
        empty_most: minutes(1),
        arrival: Duration::ZERO,
        ..Limits::default()
    };
    let mut world = World::within(limits);
    let mut answers = kept.iter().cloned().map(|(kept, decided)| {
        let restored = world.act(Input::Restore { kept: Box::new(kept), decided });
        restored.map(drop)
    });
    assert_eq!(answers.next(), Some(Ok(())));
    assert_eq!(answers.next(), Some(Err(Refusal::ServerFull)));
    drop(answers);
    let id = world.in_room("a");
    let caps = world.machine.get(id).expect("there").caps;
    assert_eq!((caps.talkers, caps.videos), (5, 5));
    assert_eq!(world.find("ann", "c", Settings::new(Kind::Ordinary)), Err(Refusal::ServerFull));
    world.pass(minutes(1));
    assert!(world.machine.is_idle(), "nor is it kept for longer");
    let mut twice = World::new();
    let (kept, decided) = kept.into_iter().next().expect("kept");
    let again = || Input::Restore { kept: Box::new(kept.clone()), decided: decided.clone() };
    twice.act(again()).expect("restored");
    assert_eq!(twice.act(again()), Err(Refusal::RoomTaken));
    let mut broken = kept.clone();
    broken.caps.talkers = 0;
    broken.room = room("z");
    let restored = twice.act(Input::Restore { kept: Box::new(broken), decided: decided.clone() });
    assert!(matches!(restored, Err(Refusal::Field("maxTalkers", _))));
}

#[test]
fn who_made_as_many_as_one_may_keeps_them_and_makes_no_more() {
    let mut world = World::within(Limits { of_creator: 2, ..Limits::default() });
    for name in ["a", "b"] {
        world.find("ann", name, settings(Kind::Ordinary, "")).map(drop).expect("found");
    }
    world.restart();
    let more = world.find("ann", "c", settings(Kind::Ordinary, ""));
    assert_eq!(more, Err(Refusal::TooManyConferences));
    world.pass(minutes(3));
    assert!(world.find("ann", "c", settings(Kind::Ordinary, "")).is_ok(), "they are over");
}

#[test]
fn that_the_server_took_the_admins_away_ends_nothing_and_makes_nobody_admin() {
    for admin_gone in [AdminGone::End, AdminGone::NextTalker] {
        let mut world = World::within(Limits { admin_gone, ..Limits::default() });
        let (id, _) = world.find("ann", "team", settings(Kind::Ordinary, "")).expect("found");
        world.enter(1, "ann", id, "", None).expect("entered");
        world.restart();
        let id = world.in_room("team");
        world.enter(2, "ben", id, "", None).expect("entered");
        assert_eq!(world.roles(id), [("ben".to_owned(), 3)]);
        world.enter(1, "ann", id, "", None).expect("entered");
        world.leave(1, ExitReason::Left).expect("left");
        let after = world.roles(id);
        match admin_gone {
            AdminGone::NextTalker => assert_eq!(after, [("ben".to_owned(), 7)]),
            _ => assert!(world.machine.get(id).is_none(), "now its admin has left"),
        }
    }
}

#[test]
fn at_the_end_of_the_server_nobody_is_told_anything_and_only_what_has_no_hash_yet_is_over() {
    let mut world = World::new();
    let (id, _) = world.find("ann", "team", settings(Kind::Ordinary, "pw")).expect("found");
    world.enter(1, "ann", id, "", None).expect("entered");
    world.prompt = false;
    let waits = world.ask("ben", id, "pw", Wish::Look).expect("taken");
    let create = Input::Create {
        by: Actor::BackEnd(key("x").app),
        creator: Some(user("ann")),
        room: room("late"),
        settings: settings(Kind::Ordinary, "pw"),
    };
    let Ok(Reply::Found(late, true)) = world.act(create) else { panic!("not created") };
    world.enter(3, "ann", late, "", None).expect("entered");
    world.told.clear();
    world.act(Input::Shutdown).expect("never refused");
    assert_eq!(world.answer(waits), Err(Refusal::NotChecked));
    assert_eq!(world.told(1), [""; 0]);
    assert_eq!(world.told(3), ["put out", "out 11"]);
    assert_eq!(world.roles(id), [("ann".to_owned(), 7)], "who is inside stays");
    assert!(world.machine.get(late).is_none());
    world
        .act(Input::Gone { session: SessionId::new(1), deliberate: true })
        .expect("its connection is closed");
    world.pass(minutes(10));
    world.restart();
    let id = world.in_room("team");
    let look = Input::Ask { user: key("ben"), conference: id, password: secret("no"), wish: Wish::Look };
    world.prompt = true;
    assert!(matches!(world.act(look), Ok(Reply::Asked(_))));
}

#[test]
fn who_is_put_out_by_the_end_of_the_server_ends_no_conference_and_leaves_no_admin_behind() {
    for admin_gone in [AdminGone::End, AdminGone::NextTalker] {
        let mut world = World::within(Limits { admin_gone, ..Limits::default() });
        world.find("ann", "team", settings(Kind::Ordinary, "")).map(drop).expect("found");
        let id = world.in_room("team");
        world.enter(1, "ann", id, "", None).expect("entered");
        world.enter(2, "ben", id, "", None).expect("entered");
        world.act(Input::Shutdown).expect("never refused");
        world.told.clear();
        for session in [1, 2] {
            let gone = Input::Gone { session: SessionId::new(session), deliberate: true };
            world.act(gone).expect("their connections are closed");
        }
        assert_eq!(world.told(2), ["ann exited 0"], "and ben is not made admin by that");
        world.restart();
        let id = world.in_room("team");
        world.enter(2, "ben", id, "", None).expect("entered");
        assert_eq!(world.roles(id), [("ben".to_owned(), 3)]);
    }
}
