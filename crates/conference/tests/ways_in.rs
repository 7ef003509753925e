//! Who comes by which door, how long a conference waits for the first who comes, and for whom it counts.

mod world;

use huitong_conference::{
    Actor, AdminGone, ConferenceId, ExitReason, Input, Kind, Limits, MemberId, Refusal, Reply, Role, SeatEnd,
    Settings, UserKey,
};
use huitong_types::{AppId, SessionId};
use std::time::Duration;
use world::{World, by, key, room, settings, user};

fn plain() -> Settings {
    settings(Kind::Ordinary, "")
}

/// Comes by the door of the room.
fn admit(world: &mut World, session: u64, name: &str, id: ConferenceId) -> MemberId {
    let (session, user) = (SessionId::new(session), key(name));
    let admit = Input::Admit { session, user, conference: id, role: None, authority: false };
    match world.act(admit) {
        Ok(Reply::Entered(member)) => member,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_conference_waits_for_the_first_who_comes_however_short_its_delay_is() {
    let mut world = World::new();
    let brief = Settings { empty: Some(Duration::ZERO), ..plain() };
    let (id, _) = world.find("ann", "team", brief).expect("created");
    let ticket = world.ticket("ann", id, "", None).expect("a ticket");
    world.pass(Duration::from_secs(59));
    world.enter_with(1, "ann", &ticket).expect("there is time for a question about the camera");
    world.leave(1, ExitReason::Left).expect("left");
    world.pass(Duration::ZERO);
    assert!(world.machine.is_idle(), "who has been there has left: it is over at once");
    let brief = Settings { empty: Some(Duration::from_secs(1)), ..plain() };
    world.find("ann", "team", brief).expect("created");
    world.pass(Duration::from_secs(60));
    assert!(world.machine.is_idle(), "and nobody is waited for without end");
}

#[test]
fn who_is_removed_from_the_room_by_an_operator_comes_back_like_one_who_was_kicked() {
    let mut world = World::new();
    let (id, _) = world.find("ann", "team", settings(Kind::Ordinary, "pw")).expect("created");
    world.enter(1, "ann", id, "", None).expect("entered");
    let unused = world.ticket("ann", id, "", None).expect("a ticket");
    world.act(Input::SeatLost { session: SessionId::new(1), why: SeatEnd::Kicked }).expect("a fact");
    assert_eq!(world.told(1).last().map(String::as_str), Some("out 2"));
    assert_eq!(world.enter_with(2, "ann", &unused), Err(Refusal::TicketVoid));
    assert_eq!(world.act(Input::Destroy { by: by("ann"), conference: id }), Err(Refusal::NotAdmin));
    world.enter(2, "ann", id, "pw", None).expect("who knows the password may come back");
    assert_eq!(world.roles(id), [("ann".into(), 3)]);
}

#[test]
fn who_is_removed_for_want_of_a_place_loses_nothing_that_it_may_come_back_with() {
    let mut world = World::new();
    let (id, _) = world.find("ann", "team", settings(Kind::Ordinary, "pw")).expect("created");
    world.enter(1, "ann", id, "", None).expect("entered");
    let unused = world.ticket("ann", id, "", None).expect("a ticket");
    world.act(Input::SeatLost { session: SessionId::new(1), why: SeatEnd::NoPlace }).expect("a fact");
    assert_eq!(world.told(1).last().map(String::as_str), Some("out 2"), "for the client it is removed");
    world.enter_with(2, "ann", &unused).expect("the ticket is good");
    assert_eq!(world.roles(id), [("ann".into(), 7)], "and who created it still has");
}

#[test]
fn nobody_becomes_admin_who_does_not_hear_of_it() {
    let mut world = World::within(Limits { admin_gone: AdminGone::NextTalker, ..Limits::default() });
    let (id, _) = world.find("ann", "team", plain()).expect("created");
    world.enter(1, "ann", id, "", None).expect("entered");
    let phone = admit(&mut world, 2, "phone", id);
    world.enter(3, "ben", id, "", None).expect("entered");
    world.leave(1, ExitReason::Left).expect("left");
    assert_eq!(world.roles(id), [("phone".into(), 3), ("ben".into(), 7)], "it came first and cannot act");
    world.leave(3, ExitReason::Left).expect("left");
    assert_eq!(world.roles(id), [("phone".into(), 3)]);
    let ticket = world.ticket("phone", id, "", None).expect("a ticket");
    assert_eq!(world.enter_with(2, "phone", &ticket), Ok(phone), "it stays who it is");
    assert_eq!(world.roles(id), [("phone".into(), 7)], "from now on it hears");
}

#[test]
fn who_came_by_the_door_needs_a_ticket_that_is_good_to_go_on_by_a_ticket() {
    let mut world = World::new();
    let (id, _) = world.find("ann", "team", plain()).expect("created");
    world.enter(1, "ann", id, "", None).expect("entered");
    let ticket = world.ticket("ben", id, "", None).expect("a ticket");
    let first = world.enter_with(2, "ben", &ticket).expect("entered");
    assert_eq!(world.enter_with(2, "ben", &ticket), Ok(first), "its reply was lost");
    let second = world.ticket("ben", id, "", None).expect("a ticket");
    assert_eq!(world.enter_with(2, "ben", &second), Ok(first), "another one is used by that");
    assert_eq!(world.enter_with(2, "ben", &ticket), Err(Refusal::TicketVoid));
    world.leave(2, ExitReason::Left).expect("left");
    let later = admit(&mut world, 2, "ben", id);
    assert_eq!(world.enter_with(2, "ben", &second), Err(Refusal::TicketVoid), "it was for one entry");
    assert_eq!(world.machine.of_session(SessionId::new(2)).map(|(_, own)| own.id), Some(later));
}

#[test]
fn strangers_who_guess_keep_nobody_out_who_was_inside() {
    let mut world = World::new();
    let (id, _) = world.find("ann", "team", settings(Kind::Ordinary, "pw")).expect("created");
    world.enter(1, "ann", id, "", None).expect("entered");
    world.enter(2, "ben", id, "pw", None).expect("entered");
    world.act(Input::Gone { session: SessionId::new(2), deliberate: false }).expect("a fact");
    for number in 0..21 {
        let stranger = format!("s{number}");
        assert_eq!(world.ticket(&stranger, id, "no", None), Err(Refusal::WrongPassword));
    }
    assert!(
        matches!(world.ticket("cat", id, "pw", None), Err(Refusal::Wait(_))),
        "who never was has to wait"
    );
    world.enter(3, "ben", id, "pw", None).expect("and who was has not");
    let own = (0..4).map(|_| world.ticket("ben", id, "no", None)).collect::<Vec<_>>();
    assert!(own.iter().all(|answer| *answer == Err(Refusal::WrongPassword)), "{own:?}");
    assert!(matches!(world.ticket("ben", id, "no", None), Err(Refusal::Wait(_))), "its own guesses count");
}

#[test]
fn one_application_leaves_room_for_the_others() {
    let mut world = World::within(Limits { of_app: 2, ..Limits::default() });
    let make = |app: u32, name: &str| Input::Create {
        by: Actor::BackEnd(AppId::new(app).expect("an application")),
        creator: None,
        room: room(name),
        settings: plain(),
    };
    for name in ["a", "b"] {
        world.act(make(1, name)).map(drop).expect("created");
    }
    assert_eq!(world.act(make(1, "c")), Err(Refusal::AppFull));
    assert_eq!(world.find("ann", "c", plain()), Err(Refusal::AppFull), "its users' count as well");
    world.act(make(2, "c")).map(drop).expect("another one has its own");
    world.restart();
    assert_eq!(world.act(make(1, "c")), Err(Refusal::AppFull), "a restart gives no more");
    let id = world.in_room("a");
    world.act(Input::Destroy { by: Actor::BackEnd(key("x").app), conference: id }).expect("over");
    world.act(make(1, "c")).map(drop).expect("one is over");
}

#[test]
fn what_a_user_makes_counts_for_it_though_it_is_no_admin_there() {
    let mut world = World::within(Limits { of_creator: 1, ..Limits::default() });
    let make = |name: &str, creator: Option<&str>| Input::Create {
        by: Actor::User(UserKey { app: key("x").app, user: user("eve") }),
        creator: creator.map(user),
        room: room(name),
        settings: plain(),
    };
    let Ok(Reply::Found(id, true)) = world.act(make("a", None)) else { panic!("not created") };
    world.enter(1, "eve", id, "", Some(Role::Admin)).expect("entered");
    assert_eq!(world.roles(id), [("eve".into(), 3)]);
    assert_eq!(world.act(make("b", None)), Err(Refusal::TooManyConferences));
    world.act(Input::Destroy { by: Actor::BackEnd(key("x").app), conference: id }).expect("over");
    let Ok(Reply::Found(id, true)) = world.act(make("b", Some("ann"))) else { panic!("not created") };
    assert_eq!(world.machine.get(id).and_then(|own| own.creator.clone()), None, "nobody names another admin");
}
