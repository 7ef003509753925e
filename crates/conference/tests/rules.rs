//! The rules of conferences, each in a scene.

mod world;

use huitong_conference::{
    Actor, AdminGone, Answer, AskedAdmin, ConferenceId, ExitReason, Input, Kind, Limits, Refusal, Reply,
    Role, SeatEnd, Settings, Whom, Wish,
};
use huitong_types::{AppId, SessionId, StreamKind};
use std::time::Duration;
use world::{World, by, key, room, settings, user, whom};

const ADMIN: Option<Role> = Some(Role::Admin);
const TALKER: Option<Role> = Some(Role::Talker);
const AUDIENCE: Option<Role> = Some(Role::Audience);

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn back_end() -> Actor {
    Actor::BackEnd(AppId::new(1).expect("an application"))
}

/// ann (1) has created a conference; ben (2) and cat (3) are in it.
fn three_within(kind: Kind, limits: Limits) -> (World, ConferenceId) {
    let mut world = World::within(limits);
    let (id, created) = world.find("ann", "team", settings(kind, "")).expect("created");
    assert!(created);
    for (session, name) in [(1, "ann"), (2, "ben"), (3, "cat")] {
        world.enter(session, name, id, "", None).expect("entered");
    }
    world.told.clear();
    (world, id)
}

fn three(kind: Kind) -> (World, ConferenceId) {
    three_within(kind, Limits::default())
}

#[test]
fn a_hundred_first_joiners_make_one_conference() {
    let mut world = World::new();
    world.prompt = false;
    let mut created = Vec::new();
    let mut asks = Vec::new();
    for number in 0..100 {
        let name = format!("u{number}");
        let (id, first) = world.find(&name, "team", settings(Kind::Large, "open sesame")).expect("found");
        created.extend(first.then_some(number));
        // They ask while the password is still being hashed.
        let wish = Wish::Enter(AUDIENCE);
        asks.push((number, name.clone(), world.ask(&name, id, "open sesame", wish).expect("taken")));
    }
    assert_eq!((created, world.machine.all().count()), (vec![0], 1));
    assert!(world.account.to_check.is_empty(), "nothing is checked before there is a hash");
    assert_eq!(world.answers.len(), 1, "who created it needs no check");
    world.hash_all();
    for (number, name, ask) in asks {
        let Ok(Answer::Ticket(ticket)) = world.answer(ask) else { panic!("no ticket for {name}") };
        world.enter_with(number + 1, &name, &ticket).expect("entered");
    }
    let conference = world.machine.all().next().expect("one");
    assert_eq!((conference.talkers().count(), conference.audience()), (1, 99));
}

#[test]
fn a_wrong_password_and_an_unknown_conference_are_two_errors_and_neither_lets_in() {
    let mut world = World::new();
    let (id, _) = world.find("ann", "team", settings(Kind::Ordinary, "right")).expect("created");
    assert_eq!(world.ticket("ben", id, "wrong", None), Err(Refusal::WrongPassword));
    assert_eq!(world.ticket("ben", id, "", None), Err(Refusal::WrongPassword));
    assert_eq!(world.ticket("ben", ConferenceId(99), "right", None), Err(Refusal::NoConference));
    assert!(world.ticket("ben", id, "right", None).is_ok());
    let look = world.ask("ben", id, "right", Wish::Look).expect("taken");
    assert_eq!(world.answer(look), Ok(Answer::Look(id)));
    // Another application does not even see it.
    let other = world::UserKey { app: AppId::new(2).expect("an application"), user: user("ann") };
    let password = world::secret("right");
    let asked = world.act(Input::Ask { user: other, conference: id, password, wish: Wish::Look });
    assert_eq!(asked, Err(Refusal::NoConference));
    let (open, _) = world.find("ann", "open", settings(Kind::Ordinary, "")).expect("created");
    assert_eq!(world.ticket("ben", open, "x", None), Err(Refusal::WrongPassword), "it must match");
}

#[test]
fn guessing_is_slowed_down_for_a_user_and_forgiven_in_time() {
    let mut world = World::new();
    let (id, _) = world.find("ann", "team", settings(Kind::Ordinary, "right")).expect("created");
    let (other, _) = world.find("eve", "other", settings(Kind::Ordinary, "mine")).expect("created");
    world.enter(1, "ann", id, "", None).expect("entered");
    let (bad, no) = (Err(Refusal::WrongPassword), |seconds| Err(Refusal::Wait(secs(seconds))));
    for _ in 0..3 {
        assert_eq!(world.ticket("ben", id, "wrong", None), bad);
    }
    assert_eq!(
        world.ticket("ben", id, "wrong", None),
        bad,
        "the fourth is without delay, and the next is not"
    );
    assert_eq!(world.ticket("ben", id, "right", None), no(1), "also with the right one");
    assert_eq!(world.ticket("ben", other, "mine", None), no(1), "and elsewhere");
    assert!(world.ticket("cat", id, "right", None).is_ok(), "others do not wait");
    world.pass(secs(1));
    assert_eq!(world.ticket("ben", id, "wrong", None), bad);
    assert_eq!(world.ticket("ben", id, "right", None), no(2), "each delay is twice the one before");
    world.pass(secs(2));
    // A right password for something else does not make guessing free again.
    assert!(world.ticket("ben", other, "mine", None).is_ok());
    assert_eq!(world.ticket("ben", id, "wrong", None), bad);
    assert_eq!(world.ticket("ben", id, "right", None), no(4));
    world.pass(Limits::default().forget);
    for _ in 0..3 {
        assert_eq!(world.ticket("ben", id, "wrong", None), bad, "forgiven");
    }
}

#[test]
fn guesses_at_once_are_no_cheaper_than_one_by_one() {
    let mut world = World::new();
    let (id, _) = world.find("ann", "team", settings(Kind::Ordinary, "right")).expect("created");
    world.prompt = false;
    let wish = Wish::Enter(None);
    let taken = (0..50).filter(|_| world.ask("ben", id, "wrong", wish).is_ok()).count();
    assert_eq!(taken, 3, "as many as are free, and the others wait");
    world.prompt = true;
    world.hash_all();
    // Many users against one conference: passwords are taken one by one then.
    let limits = Limits::default();
    for number in 0..limits.conference_guessing.free {
        let refused = world.ticket(&format!("u{number}"), id, "wrong", None);
        assert!(matches!(refused, Err(Refusal::WrongPassword | Refusal::Wait(_))), "{refused:?}");
    }
    assert!(matches!(world.ticket("eve", id, "right", None), Err(Refusal::Wait(_))));
    world.pass(limits.conference_guessing.longest);
    assert!(world.ticket("eve", id, "right", None).is_ok(), "those who know it wait, and not for long");
}

#[test]
fn a_password_that_cannot_be_hashed_or_checked_opens_nothing() {
    let mut world = World::new();
    world.prompt = false;
    let (id, _) = world.find("ann", "team", settings(Kind::Ordinary, "right")).expect("created");
    world.enter(1, "ann", id, "", None).expect("the creator is inside at once");
    let waiting = world.ask("ben", id, "right", Wish::Enter(None)).expect("taken");
    world.told.clear();
    world.act(Input::Hashed { conference: id, hash: None }).expect("never refused");
    assert_eq!(world.answer(waiting), Err(Refusal::NotChecked));
    assert_eq!(world.told(1), ["put out", "out 4"]);
    let (id, _) = world.find("ann", "team", settings(Kind::Ordinary, "right")).expect("created");
    let late = world.ask("ben", id, "right", Wish::Enter(None)).expect("taken");
    world.pass(Limits::default().ask);
    assert_eq!(world.answer(late), Err(Refusal::NotChecked), "nobody waits for ever");
    world.hash_all();
    assert!(world.answers.is_empty(), "what comes too late has no effect");
}

#[test]
fn a_ticket_is_for_one_user_one_conference_one_entry_and_five_minutes() {
    let mut world = World::new();
    let (id, _) = world.find("ann", "team", settings(Kind::Ordinary, "pw")).expect("created");
    let (other, _) = world.find("ann", "other", settings(Kind::Ordinary, "")).expect("created");
    world.enter(1, "ann", id, "", None).expect("entered");
    world.enter(11, "ann", other, "", None).expect("entered");
    let ticket = world.ticket("ben", id, "pw", None).expect("a ticket");
    let mut foreign = ticket.clone();
    foreign.conference = other;
    assert_eq!(world.enter_with(2, "ben", &foreign), Err(Refusal::TicketInvalid), "made to fit elsewhere");
    assert_eq!(world.enter_with(3, "cat", &ticket), Err(Refusal::TicketInvalid), "somebody else's");
    let mut forged = ticket.clone();
    forged.role = ADMIN;
    assert_eq!(world.enter_with(2, "ben", &forged), Err(Refusal::TicketInvalid), "another role");
    let member = world.enter_with(2, "ben", &ticket).expect("entered");
    assert_eq!(world.enter_with(2, "ben", &ticket), Ok(member), "a lost answer is given again");
    assert_eq!(world.enter_with(22, "ben", &ticket), Err(Refusal::TicketVoid), "replayed");
    let late = world.ticket("ben", id, "pw", None).expect("a ticket");
    world.pass(Limits::default().ticket);
    assert_eq!(world.enter_with(22, "ben", &late), Err(Refusal::TicketExpired));
    let gone = world.ticket("cat", id, "pw", None).expect("a ticket");
    world.act(Input::Destroy { by: by("ann"), conference: id }).expect("over");
    assert_eq!(world.enter_with(3, "cat", &gone), Err(Refusal::NoConference));
    // More than a user can use: the oldest is void.
    let many: Vec<_> = (0..5).map(|_| world.ticket("cat", other, "", None).expect("a ticket")).collect();
    assert_eq!(world.enter_with(3, "cat", &many[0]), Err(Refusal::TicketVoid));
    world.enter_with(3, "cat", &many[1]).expect("entered");
    assert_eq!(world.enter_with(3, "cat", &gone), Err(Refusal::InAnother));
}

#[test]
fn roles_come_from_the_creator_and_from_admins_and_not_from_who_asks() {
    let (mut world, id) = three(Kind::Ordinary);
    assert_eq!(world.roles(id), [("ann".into(), 7), ("ben".into(), 3), ("cat".into(), 3)]);
    world.enter(4, "dan", id, "", ADMIN).expect("entered");
    world.enter(5, "eve", id, "", AUDIENCE).expect("entered");
    assert_eq!(world.roles(id)[3..], [("dan".into(), 3), ("eve".into(), 1)], "asking does not make an admin");
    for name in ["ben", "dan", "eve", "nobody"] {
        assert_eq!(world.grant(id, by(name), &["ann"], Role::Audience), Err(Refusal::NotAdmin));
        assert_eq!(world.kick(id, by(name), &["ann"]), Err(Refusal::NotAdmin));
        assert_eq!(world.act(Input::Destroy { by: by(name), conference: id }), Err(Refusal::NotAdmin));
    }
    let strict = Limits { asked_admin: AskedAdmin::Refused, ..Limits::default() };
    let (mut world, id) = three_within(Kind::Ordinary, strict);
    assert_eq!(world.ticket("dan", id, "", ADMIN), Err(Refusal::AdminNotGranted));
    let open = Limits { asked_admin: AskedAdmin::Granted, ..Limits::default() };
    let (mut world, id) = three_within(Kind::Ordinary, open);
    world.enter(4, "dan", id, "", ADMIN).expect("entered");
    assert_eq!(world.roles(id)[3].1, 7);
}

#[test]
fn a_demotion_ends_the_stream_at_once_and_holds_when_one_comes_back() {
    let (mut world, id) = three(Kind::Ordinary);
    let publish = |session, kind| Input::Publish { session: SessionId::new(session), kind, video: true };
    world.act(publish(2, StreamKind::Main)).expect("may");
    let done = world.grant(id, by("ann"), &["ben", "nobody", "ben"], Role::Audience);
    assert_eq!(done, Ok(Reply::Members(vec![user("ben")])));
    assert_eq!(world.told(2), ["now Audience", "ben is 1"], "the media first");
    assert_eq!(world.told(3), ["ben is 1"]);
    assert_eq!(world.act(publish(2, StreamKind::Main)), Err(Refusal::MayNotPublish));
    world.leave(2, ExitReason::Left).expect("left");
    world.enter(2, "ben", id, "", ADMIN).expect("entered");
    assert_eq!(world.roles(id)[2], ("ben".into(), 1), "coming again changes nothing");
    world.grant(id, by("ann"), &["ben"], Role::Admin).expect("granted");
    world.leave(2, ExitReason::Left).expect("left");
    world.enter(2, "ben", id, "", None).expect("entered");
    assert_eq!(world.roles(id)[2], ("ben".into(), 7));
    world.leave(2, ExitReason::Left).expect("left");
    world.enter(2, "ben", id, "", AUDIENCE).expect("entered");
    assert_eq!(world.roles(id)[2], ("ben".into(), 1), "one may do less than it may");
}

#[test]
fn the_last_admin_cannot_demote_itself_and_one_of_two_can() {
    let (mut world, id) = three(Kind::Ordinary);
    assert_eq!(world.grant(id, by("ann"), &["ann"], Role::Talker), Err(Refusal::LastAdmin));
    assert_eq!(world.grant(id, by("ann"), &["ann", "ben"], Role::Talker), Err(Refusal::LastAdmin));
    assert_eq!(world.grant(id, back_end(), &["ann"], Role::Audience), Err(Refusal::LastAdmin));
    world.grant(id, by("ann"), &["ben"], Role::Admin).expect("granted");
    assert_eq!(world.grant(id, by("ben"), &["ann", "ben"], Role::Talker), Err(Refusal::LastAdmin));
    world.grant(id, by("ann"), &["ann"], Role::Talker).expect("there is another one");
    assert_eq!(world.grant(id, by("ann"), &["ann"], Role::Admin), Err(Refusal::NotAdmin));
    world.leave(1, ExitReason::Left).expect("left");
    world.enter(1, "ann", id, "", None).expect("entered");
    assert_eq!(world.roles(id)[2], ("ann".into(), 3), "who gave it away does not have it by coming again");
}

#[test]
fn removed_members_are_told_2_once_and_their_tickets_are_void() {
    let (mut world, id) = three(Kind::Ordinary);
    let spare = world.ticket("ben", id, "", None).expect("a ticket");
    let member = world.machine.get(id).and_then(|own| own.member_of(&user("cat"))).expect("inside").id;
    assert_eq!(world.kick(id, by("ann"), &["ann"]), Err(Refusal::Yourself));
    assert_eq!(world.kick(id, by("ann"), &["nobody"]), Err(Refusal::NobodyThere));
    let names = vec![Whom::User(user("ben")), Whom::Member(member), Whom::User(user("ben"))];
    let done = world.act(Input::Kick { by: by("ann"), conference: id, whom: names });
    assert_eq!(done, Ok(Reply::Members(vec![user("ben"), user("cat")])));
    assert_eq!(world.told(2), ["put out", "out 2"]);
    assert_eq!(world.told(3), ["ben exited 2", "put out", "out 2"]);
    assert_eq!(world.told(1), ["ben exited 2", "cat exited 2"]);
    assert_eq!(world.enter_with(2, "ben", &spare), Err(Refusal::TicketVoid));
    assert_eq!(world.leave(2, ExitReason::Removed), Err(Refusal::NotInside));
    let many: Vec<String> = (0..101).map(|number| format!("u{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(matches!(world.kick(id, by("ann"), &many), Err(Refusal::Field("users", _))));
}

#[test]
fn an_admin_who_is_removed_comes_back_without_the_rights() {
    let (mut world, id) = three(Kind::Ordinary);
    world.grant(id, by("ann"), &["ben"], Role::Admin).expect("granted");
    world.kick(id, by("ben"), &["ann"]).expect("also the creator");
    assert_eq!(world.act(Input::Destroy { by: by("ann"), conference: id }), Err(Refusal::NotAdmin));
    world.enter(1, "ann", id, "", ADMIN).expect("entered");
    assert_eq!(world.roles(id)[2], ("ann".into(), 3));
    world.kick(id, back_end(), &["ben"]).expect("the back-end may");
    world.enter(2, "ben", id, "", None).expect("entered");
    assert_eq!(world.roles(id)[2], ("ben".into(), 3));
}

#[test]
fn each_exit_reason_is_told_once_to_the_one_and_once_to_the_others() {
    let (mut world, id) = three(Kind::Ordinary);
    let says = [
        ExitReason::Left,
        ExitReason::NoAnswer,
        ExitReason::Busy,
        ExitReason::Failed,
        ExitReason::NotSupported,
    ];
    for reason in says {
        world.leave(2, reason).expect("left");
        assert_eq!(world.told(2), ["put out"], "who leaves knows");
        assert_eq!(world.told(3), [format!("ben exited {}", reason.number())]);
        world.enter(2, "ben", id, "", None).expect("entered");
        world.told.clear();
    }
    world.leave(2, ExitReason::Closed).expect("left");
    assert_eq!(world.told(3), ["ben exited 0"], "a client does not say what only the server can do");
    world.enter(2, "ben", id, "", None).expect("entered");
    world.told.clear();
    world.act(Input::SeatLost { session: SessionId::new(2), why: SeatEnd::TimedOut }).expect("told");
    assert_eq!((world.told(2), world.told(3)), (vec!["out 4".into()], vec!["ben exited 4".into()]));
    world.enter(2, "ben", id, "", None).expect("entered");
    world.told.clear();
    world.enter(22, "ben", id, "", None).expect("on another device");
    assert_eq!(world.told(2), ["put out", "out 10"]);
    assert_eq!(world.told(3), ["ben exited 10", "ben joined 3"]);
    world.told.clear();
    world.act(Input::SeatLost { session: SessionId::new(22), why: SeatEnd::TakenOver }).expect("told");
    assert_eq!(world.told(3), ["ben exited 10"], "also when the newer session is not here yet");
    world.enter(22, "ben", id, "", None).expect("entered");
    world.told.clear();
    world.act(Input::SeatLost { session: SessionId::new(22), why: SeatEnd::Kicked }).expect("told");
    assert_eq!(world.told(22), ["out 2"]);
    world.act(Input::Gone { session: SessionId::new(3), deliberate: false }).expect("told");
    assert_eq!(
        (world.told(3), world.told(1).last().cloned()),
        (vec!["ben exited 2".into()], Some("cat exited 4".into()))
    );
    world.act(Input::Destroy { by: by("ann"), conference: id }).expect("over");
    assert_eq!(world.told(1), ["put out", "out 11"], "also who ended it");
}

#[test]
fn what_happens_when_the_admin_leaves_is_a_setting() {
    let with = |admin_gone| three_within(Kind::Ordinary, Limits { admin_gone, ..Limits::default() });
    let (mut world, id) = with(AdminGone::GoOn);
    world.grant(id, by("ann"), &["ann"], Role::Admin).expect("it is one, and remains the creator");
    world.told.clear();
    world.leave(1, ExitReason::Left).expect("left");
    assert_eq!(world.roles(id), [("ben".into(), 3), ("cat".into(), 3)]);
    world.kick(id, by("ann"), &["cat"]).expect("the creator governs from outside");
    world.enter(1, "ann", id, "", None).expect("entered");
    assert_eq!(world.roles(id)[1], ("ann".into(), 7));

    let (mut world, id) = with(AdminGone::NextTalker);
    world.grant(id, by("ann"), &["ben"], Role::Audience).expect("granted");
    world.told.clear();
    world.act(Input::Gone { session: SessionId::new(1), deliberate: false }).expect("told");
    assert_eq!(world.told(3), ["ann exited 4", "cat is 7"]);
    world.leave(3, ExitReason::Left).expect("left");
    assert_eq!(world.roles(id), [("ben".into(), 1)], "nobody talks");
    world.enter(4, "dan", id, "", None).expect("entered");
    assert_eq!(world.roles(id)[1], ("dan".into(), 7), "the first who comes");

    let (mut world, id) = with(AdminGone::End);
    world.leave(1, ExitReason::Left).expect("left");
    assert_eq!(
        (world.told(2), world.told(3)),
        (
            vec!["ann exited 0".into(), "put out".into(), "out 11".into()],
            vec!["ann exited 0".into(), "put out".into(), "out 11".into()],
        )
    );
    assert!(world.machine.get(id).is_none());
}

#[test]
fn limits_are_those_of_the_creator_and_each_has_its_error() {
    let mut world = World::new();
    let mut small = settings(Kind::Ordinary, "");
    (small.max_talkers, small.max_audience) = (Some(3), Some(1));
    (small.max_videos, small.max_screens) = (Some(1), Some(1));
    (small.record, small.record_merged) = (true, true);
    let (id, _) = world.find("ann", "team", small).expect("created");
    let (same, created) = world.find("ben", "team", settings(Kind::Live, "")).expect("found");
    assert_eq!((same, created), (id, false), "only the first one's settings count");
    let conference = world.machine.get(id).expect("there");
    assert!(conference.record && conference.record_merged && conference.kind == Kind::Ordinary);
    for (session, name) in [(1, "ann"), (2, "ben"), (3, "cat")] {
        world.enter(session, name, id, "", TALKER).expect("entered");
    }
    assert_eq!(world.enter(4, "dan", id, "", TALKER), Err(Refusal::TalkersFull));
    world.enter(4, "dan", id, "", AUDIENCE).expect("entered");
    assert_eq!(world.enter(5, "eve", id, "", AUDIENCE), Err(Refusal::AudienceFull));
    assert_eq!(world.grant(id, by("ann"), &["dan"], Role::Talker), Err(Refusal::TalkersFull));
    world.enter(22, "ben", id, "", TALKER).expect("in the place of the earlier session");
    let publish = |session, kind, video| Input::Publish { session: SessionId::new(session), kind, video };
    world.act(publish(1, StreamKind::Main, true)).expect("the first camera");
    world.act(publish(1, StreamKind::Main, true)).expect("the same again");
    assert_eq!(world.act(publish(3, StreamKind::Main, true)), Err(Refusal::VideosFull));
    world.act(publish(3, StreamKind::Main, false)).expect("sound is no camera");
    world.act(publish(3, StreamKind::Aux, true)).expect("the first screen");
    assert_eq!(world.act(publish(1, StreamKind::Aux, true)), Err(Refusal::ScreensFull));
    world.act(Input::Unpublish { session: SessionId::new(1), kind: StreamKind::Main }).expect("over");
    world.act(publish(3, StreamKind::Main, true)).expect("its place is free");
    world
        .grant(id, by("ann"), &["cat"], Role::Audience)
        .expect("beyond the audience's limit, for it must not fail");
    world.act(publish(1, StreamKind::Main, true)).expect("so are those of one who may not publish any more");
    world.act(publish(1, StreamKind::Aux, true)).expect("and the screen");
    let none = Settings { max_talkers: Some(0), ..Settings::new(Kind::Live) };
    assert!(matches!(world.find("ann", "none", none), Err(Refusal::Field("maxTalkers", _))));
}

#[test]
fn numbers_and_sizes_of_everything_are_bounded() {
    let mut world = World::within(Limits { conferences: 3, of_creator: 2, ..Limits::default() });
    let plain = || settings(Kind::Ordinary, "");
    let long = settings(Kind::Ordinary, &"x".repeat(129));
    assert!(matches!(world.find("ann", "a", long), Err(Refusal::Field("password", _))));
    let (id, _) = world.find("ann", "a", plain()).expect("created");
    world.find("ann", "b", plain()).expect("created");
    assert_eq!(world.find("ann", "c", plain()), Err(Refusal::TooManyConferences));
    world.find("ben", "c", plain()).expect("created");
    assert_eq!(world.find("cat", "d", plain()), Err(Refusal::ServerFull));
    let create = Input::Create { by: by("cat"), creator: None, room: room("a"), settings: plain() };
    assert_eq!(world.act(create), Err(Refusal::RoomTaken));
    let ticket = world.ticket("ann", id, "", None).expect("a ticket");
    let enter = |ext: usize, nick: usize| Input::Enter {
        session: SessionId::new(1),
        user: key("ann"),
        conference: id,
        ticket: ticket.clone(),
        profile: huitong_conference::Profile {
            nick: Some("n".repeat(nick).into()),
            ext: Some("e".repeat(ext).into()),
        },
    };
    assert!(matches!(world.act(enter(1025, 1)), Err(Refusal::Field("ext", _))));
    assert!(matches!(world.act(enter(1, 129)), Err(Refusal::Field("nick", _))));
    assert!(matches!(world.act(enter(1024, 128)), Ok(Reply::Entered(_))), "the ticket is still good");
}

#[test]
fn attributes_are_told_to_all_and_are_bounded() {
    let (mut world, id) = three(Kind::Ordinary);
    let change = |key: &str, value: Option<&str>| huitong_conference::Change {
        key: key.into(),
        value: value.map(Into::into),
    };
    let set = |by, changes| Input::Attributes { by, conference: id, changes };
    world.act(set(by("ben"), vec![change("seat1", Some("ben")), change("x", None)])).expect("set");
    for session in 1..=3 {
        assert_eq!(world.told(session), ["ben set seat1=ben x=-"], "also who set it");
    }
    world.act(set(back_end(), vec![change("seat1", None)])).expect("deleted");
    assert_eq!(world.told(3), ["back-end set seat1=-"]);
    assert_eq!(world.act(set(by("dan"), vec![change("a", Some("b"))])), Err(Refusal::NotInside));
    assert!(matches!(world.act(set(by("ben"), vec![])), Err(Refusal::Field("changes", _))));
    assert!(matches!(world.act(set(by("ben"), vec![change("", None)])), Err(Refusal::Field("key", _))));
    let huge = "v".repeat(33 * 1024);
    assert_eq!(world.act(set(by("ben"), vec![change("a", Some(&huge))])), Err(Refusal::AttributesFull));
    let many: Vec<_> = (0..100).map(|number| change(&format!("k{number}"), Some("v"))).collect();
    world.act(set(by("ben"), many)).expect("as many as may be");
    assert_eq!(world.act(set(by("ben"), vec![change("more", Some("v"))])), Err(Refusal::AttributesFull));
    world
        .act(set(by("ben"), vec![change("k1", None), change("more", Some("v"))]))
        .expect("one in place of another");
}

#[test]
fn live_audience_is_not_announced_and_raises_hands_instead() {
    let (mut world, id) = three(Kind::Live);
    assert_eq!(world.roles(id), [("ann".into(), 7), ("ben".into(), 1), ("cat".into(), 1)]);
    world.enter(4, "dan", id, "", None).expect("entered");
    assert!(world.told(1).is_empty(), "one more who watches");
    let hand = |session, up| Input::Hand { session: SessionId::new(session), up };
    world.act(hand(2, true)).expect("raised");
    world.act(hand(2, true)).expect("raised still");
    assert_eq!((world.told(1), world.told(3)), (vec!["ben hand true".into()], Vec::new()));
    world.grant(id, by("ann"), &["ben"], Role::Talker).expect("granted");
    assert_eq!(world.told(1), ["ben hand false", "ben joined 3"]);
    assert_eq!(world.told(2), ["now Publisher", "ben is 3"]);
    world.act(hand(3, true)).expect("raised");
    world.grant(id, by("ann"), &["ben"], Role::Admin).expect("granted");
    assert_eq!(world.told(2), ["ben is 7", "cat hand true"], "a new admin sees the hands");
    world
        .act(Input::Decline { by: by("ben"), conference: id, whom: Whom::User(user("cat")) })
        .expect("answered");
    assert_eq!(world.told(3).last().map(String::as_str), Some("declined"));
    world.told.clear();
    world.grant(id, by("ann"), &["ben"], Role::Audience).expect("granted");
    assert_eq!(world.told(3), ["ben watches"], "for the others it is not there any more");
    let changes = vec![huitong_conference::Change { key: "a".into(), value: None }];
    let set = Input::Attributes { by: by("cat"), conference: id, changes };
    assert_eq!(world.act(set), Err(Refusal::MayNotChangeAttributes));
    world.act(hand(3, true)).expect("raised");
    world.told.clear();
    world.leave(3, ExitReason::Left).expect("left");
    assert_eq!(world.told(1), ["cat hand false"]);
}

#[test]
fn silence_is_decided_by_admins_and_holds_when_one_comes_back() {
    let (mut world, id) = three(Kind::Ordinary);
    let mute = |who: &str, audio, video| Input::Mute {
        by: by(who),
        conference: id,
        whom: whom(&["ben"]),
        audio: Some(audio),
        video: Some(video),
    };
    assert_eq!(world.act(mute("cat", true, false)), Err(Refusal::NotAdmin));
    world.act(mute("ann", true, false)).expect("muted");
    world.act(mute("ann", true, false)).expect("muted still");
    assert_eq!(world.told(2), ["silence true false", "muted true false"]);
    let picture = |video| Input::Mute {
        by: by("ann"),
        conference: id,
        whom: whom(&["ben"]),
        audio: None,
        video: Some(video),
    };
    world.told.clear();
    world.act(picture(true)).expect("the picture too");
    world.act(picture(false)).expect("only the sound again");
    assert_eq!(
        world.told(2),
        ["silence true true", "muted true true", "silence true false", "muted true false"],
        "what is not named stays"
    );
    world.leave(2, ExitReason::Left).expect("left");
    world.told.clear();
    world.enter(2, "ben", id, "", None).expect("entered");
    assert_eq!(world.told(2), ["in team Publisher", "silence true false"]);
    world.act(mute("ann", false, false)).expect("heard again");
    assert_eq!(world.told(2), ["silence false false", "muted false false"]);
}

#[test]
fn an_empty_conference_ends_after_its_delay_and_one_that_is_entered_again_does_not() {
    let mut world = World::new();
    let (unused, _) = world.find("ann", "unused", settings(Kind::Ordinary, "")).expect("created");
    let short = Settings { empty: Some(secs(30)), ..settings(Kind::Ordinary, "") };
    let (id, _) = world.find("ann", "team", short).expect("created");
    world.pass(secs(29));
    world.enter(1, "ann", id, "", None).expect("entered");
    world.pass(secs(300));
    assert!(world.machine.get(id).is_some() && world.machine.get(unused).is_none());
    world.leave(1, ExitReason::Left).expect("left");
    world.pass(secs(29));
    world.enter(1, "ann", id, "", None).expect("entered");
    world.leave(1, ExitReason::Left).expect("left");
    world.pass(secs(29));
    assert!(world.machine.get(id).is_some(), "the delay begins anew");
    world.pass(secs(1));
    assert!(world.machine.get(id).is_none());
    world.pass(secs(300));
    assert!(world.machine.is_idle());
}

#[test]
fn the_back_end_creates_for_somebody_and_the_end_of_the_room_ends_it_for_all() {
    let mut world = World::new();
    let create = |name: &str| Input::Create {
        by: back_end(),
        creator: Some(user("ann")),
        room: room(name),
        settings: Settings { default_role: ADMIN, ..settings(Kind::Ordinary, "pw") },
    };
    let Ok(Reply::Found(id, true)) = world.act(create("team")) else { panic!("not created") };
    world.enter(2, "ben", id, "pw", None).expect("entered");
    world.enter(1, "ann", id, "", None).expect("entered");
    assert_eq!(world.roles(id), [("ben".into(), 3), ("ann".into(), 7)], "nobody is admin by default");
    world.told.clear();
    world.act(Input::SeatLost { session: SessionId::new(2), why: SeatEnd::Dissolved }).expect("over");
    assert_eq!(
        (world.told(1).last().cloned(), world.told(2).last().cloned()),
        (Some("out 11".into()), Some("out 11".into()))
    );
    assert!(world.machine.is_idle());
}
