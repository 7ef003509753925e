//! Whatever is fed to the machine, also what nobody should ever feed it, leaves the tables in order, lets nobody do what it may
//! not, tells everybody everything once and comes to an end. What fails is shrunk to the few inputs that it takes.

mod world;

use huitong_conference::{
    Actor, AdminGone, AskId, AskedAdmin, Change, ConferenceId, Conferences, ExitReason, Input, Kind, Limits,
    MemberId, Profile, Role, SeatEnd, Settings, Ticket, TicketId, UserKey, Verdict, Whom, Wish,
};
use huitong_types::{AppId, Moment, RoomId, SessionId, StreamKind, UserId};
use proptest::prelude::*;
use std::hash::{DefaultHasher, Hasher};
use std::time::Duration;
use world::account::Account;
use world::{hash, secret, settings};

/// Few of everything, so that they meet: what there is, was and never will be.
const SESSIONS: u64 = 7;
const NAMES: u8 = 4;
const NUMBERS: u64 = 24;

fn limits(admin_gone: AdminGone, asked_admin: AskedAdmin) -> Limits {
    Limits {
        conferences: 3,
        of_creator: 2,
        tickets: 6,
        asks: 3,
        asks_of_conference: 2,
        admin_gone,
        asked_admin,
        ..Limits::default()
    }
}

fn user() -> impl Strategy<Value = UserId> {
    (0..NAMES).prop_map(|number| UserId::new(format!("u{number}")).expect("a user"))
}

fn app() -> impl Strategy<Value = AppId> {
    prop_oneof![4 => Just(1_u32), 1 => Just(2)].prop_map(|app| AppId::new(app).expect("an application"))
}

fn key() -> impl Strategy<Value = UserKey> {
    (app(), user()).prop_map(|(app, user)| UserKey { app, user })
}

fn actor() -> impl Strategy<Value = Actor> {
    prop_oneof![6 => key().prop_map(Actor::User), 1 => app().prop_map(Actor::BackEnd)]
}

fn session() -> impl Strategy<Value = SessionId> {
    (0..SESSIONS).prop_map(SessionId::new)
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![20 => 1..NUMBERS, 1 => Just(u64::MAX)]
}

/// Mostly the first conference, for things happen to those that exist.
fn conference() -> impl Strategy<Value = ConferenceId> {
    prop_oneof![4 => Just(1), 2 => number()].prop_map(ConferenceId)
}

fn role() -> impl Strategy<Value = Role> {
    prop::sample::select(vec![Role::Audience, Role::Talker, Role::Admin])
}

fn whom() -> impl Strategy<Value = Vec<Whom>> {
    let one = prop_oneof![
        4 => user().prop_map(Whom::User),
        1 => number().prop_map(|number| Whom::Member(MemberId(number))),
    ];
    prop_oneof![
        20 => prop::collection::vec(one, 0..4),
        1 => Just(vec![Whom::Member(MemberId(1)); 101]),
    ]
}

fn password() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just("pw".to_owned()), 2 => Just(String::new()), 1 => Just("no".to_owned()), 1 => Just("x".repeat(129))]
}

fn opened() -> impl Strategy<Value = (RoomId, Settings)> {
    let kind = prop::sample::select(vec![Kind::Ordinary, Kind::Large, Kind::Live]);
    let count = || prop::option::weighted(0.5, 0..3_usize);
    let empty =
        prop::option::of(prop::sample::select(vec![Duration::ZERO, Duration::from_secs(5), Duration::MAX]));
    let counts = (count(), count(), count(), count());
    (0..3_u32, kind, password(), prop::option::of(role()), empty, counts, prop::bool::weighted(0.2)).prop_map(
        |(name, kind, password, default_role, empty, counts, no_hands)| {
            let (max_talkers, max_videos, max_audience, max_screens) = counts;
            let settings = Settings {
                default_role,
                empty,
                max_talkers: max_talkers.map(|count| count + usize::from(name > 0)),
                max_videos,
                max_audience,
                max_screens,
                no_hands,
                ..settings(kind, &password)
            };
            (RoomId::Number(name + 1), settings)
        },
    )
}

/// Tickets that nobody ever gave; those that were given are put in their place when there are any.
fn ticket() -> impl Strategy<Value = (Ticket, usize)> {
    (number(), conference(), key(), prop::option::of(role()), 0..8_usize).prop_map(
        |(id, conference, user, role, which)| {
            let expires = Moment::from_millis(100_000);
            (Ticket { id: TicketId(id), conference, user, role, expires }, which)
        },
    )
}

fn change() -> impl Strategy<Value = Change> {
    let key = prop::sample::select(vec![String::new(), "a".to_owned(), "b".to_owned(), "k".repeat(129)]);
    let value = prop::option::of(prop::sample::select(vec!["1".to_owned(), "v".repeat(20_000)]));
    (key, value).prop_map(|(key, value)| Change { key: key.into(), value: value.map(Into::into) })
}

/// An input, and what is to be put in its place if there is any: a ticket that was given, a password that is being checked.
#[derive(Clone, Debug)]
enum Step {
    Plain(Input),
    /// A session enters with one of the tickets given, mostly as the user whose it is.
    Enter(SessionId, Option<UserKey>, Ticket, usize, Profile),
    Check(usize, bool),
}

fn asking() -> impl Strategy<Value = Step> {
    let wish = prop_oneof![1 => Just(Wish::Look), 8 => prop::option::of(role()).prop_map(Wish::Enter)];
    let verdict = prop::sample::select(vec![Verdict::Right, Verdict::Wrong, Verdict::Failed]);
    let plain = |input| Step::Plain(input);
    prop_oneof![
        3 => (key(), opened()).prop_map(move |(user, (room, settings))| plain(Input::Find { user, room, settings })),
        1 => (actor(), prop::option::of(user()), opened()).prop_map(move |(by, creator, (room, settings))| {
            plain(Input::Create { by, creator, room, settings })
        }),
        8 => (key(), conference(), password(), wish).prop_map(move |(user, conference, password, wish)| {
            plain(Input::Ask { user, conference, password: secret(&password), wish })
        }),
        2 => (conference(), any::<bool>()).prop_map(move |(conference, done)| {
            plain(Input::Hashed { conference, hash: done.then(|| hash("pw")) })
        }),
        1 => (number(), verdict).prop_map(move |(ask, verdict)| plain(Input::Checked { ask: AskId(ask), verdict })),
        4 => (0..4_usize, any::<bool>()).prop_map(|(which, failed)| Step::Check(which, failed)),
        12 => (session(), prop::option::weighted(0.1, key()), ticket(), any::<bool>()).prop_map(
            |(session, user, (ticket, which), long)| {
                let ext = if long { "e".repeat(1024) } else { "e".repeat(1025) };
                let profile = Profile { nick: None, ext: (which == 0).then(|| ext.into()) };
                Step::Enter(session, user, ticket, which, profile)
            }
        ),
    ]
}

fn inside() -> impl Strategy<Value = Input> {
    let kind = || prop::sample::select(StreamKind::ALL.to_vec());
    let why = prop::sample::select(vec![
        SeatEnd::TimedOut,
        SeatEnd::Kicked,
        SeatEnd::NoPlace,
        SeatEnd::TakenOver,
        SeatEnd::Dissolved,
    ]);
    prop_oneof![
        2 => (session(), prop::sample::select(ExitReason::ALL.to_vec()))
            .prop_map(|(session, reason)| Input::Leave { session, reason }),
        2 => (session(), any::<bool>()).prop_map(|(session, deliberate)| Input::Gone { session, deliberate }),
        1 => (session(), why).prop_map(|(session, why)| Input::SeatLost { session, why }),
        3 => (session(), kind(), any::<bool>())
            .prop_map(|(session, kind, video)| Input::Publish { session, kind, video }),
        1 => (session(), kind()).prop_map(|(session, kind)| Input::Unpublish { session, kind }),
        4 => (actor(), conference(), whom(), role())
            .prop_map(|(by, conference, whom, role)| Input::Grant { by, conference, whom, role }),
        2 => (actor(), conference(), whom()).prop_map(|(by, conference, whom)| Input::Kick { by, conference, whom }),
        2 => (actor(), conference(), whom(), any::<Option<bool>>(), any::<Option<bool>>()).prop_map(
            |(by, conference, whom, audio, video)| Input::Mute { by, conference, whom, audio, video }
        ),
        3 => (session(), any::<bool>()).prop_map(|(session, up)| Input::Hand { session, up }),
        4 => (session(), key(), conference(), prop::option::of(role()), prop::bool::weighted(0.3)).prop_map(
            |(session, user, conference, role, authority)| {
                Input::Admit { session, user, conference, role, authority }
            }
        ),
        1 => (actor(), conference(), user())
            .prop_map(|(by, conference, user)| Input::Decline { by, conference, whom: Whom::User(user) }),
        2 => (actor(), conference(), prop::collection::vec(change(), 0..4))
            .prop_map(|(by, conference, changes)| Input::Attributes { by, conference, changes }),
        1 => (actor(), conference()).prop_map(|(by, conference)| Input::Destroy { by, conference }),
        1 => Just(Input::Tick),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        60 => asking(),
        50 => inside().prop_map(Step::Plain),
        1 => Just(Step::Plain(Input::Shutdown)),
    ]
}

/// Steps, each after a while: mostly at once, at times when much is due, and now and then from a clock that goes back.
fn steps() -> impl Strategy<Value = Vec<(i64, Step)>> {
    let pause = prop_oneof![6 => Just(0), 3 => 0..3_000_i64, 1 => 3_000..400_000_i64, 1 => -5_000..0_i64];
    prop::collection::vec((pause, step()), 1..100)
}

fn print(machine: &Conferences) -> u64 {
    let mut hasher = DefaultHasher::new();
    machine.fingerprint(&mut hasher);
    hasher.finish()
}

struct Machine {
    machine: Conferences,
    account: Account,
    now: Moment,
}

impl Machine {
    fn input(&self, step: Step) -> Input {
        match step {
            Step::Plain(input) => input,
            Step::Enter(session, user, made_up, which, profile) => {
                let given = self.account.tickets.values().rev().nth(which).cloned();
                let ticket = given.unwrap_or(made_up);
                let user = user.unwrap_or_else(|| ticket.user.clone());
                Input::Enter { session, user, conference: ticket.conference, ticket, profile }
            }
            Step::Check(which, failed) => match self.account.to_check.iter().nth(which) {
                Some((ask, (password, kept))) => {
                    let right = if hash(password) == *kept { Verdict::Right } else { Verdict::Wrong };
                    Input::Checked { ask: *ask, verdict: if failed { Verdict::Failed } else { right } }
                }
                None => Input::Tick,
            },
        }
    }

    fn play(&mut self, input: Input) -> Result<(), TestCaseError> {
        let fail = |wrong: String| TestCaseError::fail(format!("at {:?}: {wrong}", self.now));
        let _due = self.account.play(&mut self.machine, self.now, Input::Tick).map_err(fail)?;
        let before = print(&self.machine);
        let ends = matches!(input, Input::Shutdown);
        let (answer, _) = self.account.play(&mut self.machine, self.now, input).map_err(fail)?;
        self.account.check(&self.machine).map_err(fail)?;
        if ends {
            let limits = self.machine.limits().clone();
            self.machine = self.account.restart(limits, self.now).map_err(fail)?;
        }
        prop_assert!(
            answer.is_ok() || print(&self.machine) == before,
            "it was refused and changed something"
        );
        Ok(())
    }

    fn wait(&mut self) -> Result<(), TestCaseError> {
        for _ in 0..1000 {
            let Some((at, _)) = self.machine.next_deadline() else { return Ok(()) };
            self.now = self.now.max(at);
            self.play(Input::Tick)?;
        }
        Err(TestCaseError::fail("time brings no end"))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_fed_nobody_gets_more_than_it_may_and_nothing_is_left(
        steps in steps(),
        admin_gone in prop::sample::select(vec![AdminGone::GoOn, AdminGone::NextTalker, AdminGone::End]),
        asked_admin in prop::sample::select(vec![AskedAdmin::Granted, AskedAdmin::Talker, AskedAdmin::Refused]),
        time_first in any::<bool>(),
    ) {
        let now = Moment::from_millis(1000);
        let machine = Conferences::new(limits(admin_gone, asked_admin));
        let mut machine = Machine { machine, account: Account::default(), now };
        for (pause, step) in steps {
            machine.now = Moment::from_millis(machine.now.as_millis().saturating_add_signed(pause));
            let input = machine.input(step);
            machine.play(input)?;
        }
        if time_first {
            machine.wait()?;
        }
        for session in 0..SESSIONS {
            machine.play(Input::Gone { session: SessionId::new(session), deliberate: false })?;
        }
        machine.wait()?;
        prop_assert!(machine.machine.is_idle(), "something is left: {:?}", machine.machine);
        prop_assert!(machine.account.asks.is_empty(), "not answered: {:?}", machine.account.asks);
    }
}
