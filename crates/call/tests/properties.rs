//! Whatever is fed to the machine, also what nobody should ever feed it, leaves the tables in order, tells everybody everything once and
//! comes to an end. What fails is shrunk to the few inputs that it takes.

mod world;

use huitong_call::{CallId, Calls, Input, Limits, Media, Placed, SeatEnd, UserKey};
use huitong_types::{AppId, Moment, RoomId, SessionId, UserId};
use proptest::prelude::*;
use std::hash::{DefaultHasher, Hasher};
use std::time::Duration;
use world::account::Account;

/// Few of everything, so that they meet: sessions and calls that there are, were and never will be.
const SESSIONS: u64 = 9;
const CALLS: u64 = 7;
const NAMES: u8 = 5;

fn limits() -> Limits {
    Limits { calls: 3, invitees: 3, ..Limits::default() }
}

fn name(number: u8) -> UserId {
    UserId::new(format!("u{number}")).expect("a user")
}

/// Users of two applications have the same names.
fn user() -> impl Strategy<Value = UserKey> {
    (1..3_u32, 0..NAMES).prop_map(|(app, number)| UserKey {
        app: AppId::new(app).expect("an application"),
        user: name(number),
    })
}

fn session() -> impl Strategy<Value = SessionId> {
    (0..SESSIONS).prop_map(SessionId::new)
}

fn call() -> impl Strategy<Value = CallId> {
    prop_oneof![20 => (0..CALLS).prop_map(CallId), 1 => Just(CallId(u64::MAX))]
}

/// Nobody, too many, one twice and oneself are among the invitees.
fn placed() -> impl Strategy<Value = Placed> {
    let invitees = prop::collection::vec((0..NAMES).prop_map(name), 0..5);
    let group = prop::option::weighted(0.3, Just("team".to_owned()));
    let timeout = prop_oneof![
        8 => Just(Duration::from_secs(30)),
        1 => Just(Duration::ZERO),
        1 => Just(Duration::MAX),
    ];
    let open = prop::bool::weighted(0.3);
    (invitees, group, timeout, open).prop_map(|(invitees, group, timeout, open)| Placed {
        invitees,
        media: Media::Audio,
        group,
        timeout,
        data: None,
        room: RoomId::Number(7),
        open,
    })
}

fn why() -> impl Strategy<Value = SeatEnd> {
    prop::sample::select(vec![SeatEnd::Left, SeatEnd::TimedOut, SeatEnd::Kicked, SeatEnd::Dissolved])
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        6 => (session(), user()).prop_map(|(session, user)| Input::Online { session, user }),
        2 => session().prop_map(|session| Input::Lost { session }),
        2 => session().prop_map(|session| Input::Back { session }),
        2 => (session(), any::<bool>())
            .prop_map(|(session, deliberate)| Input::Ended { session, deliberate }),
        8 => (session(), placed()).prop_map(|(session, call)| Input::Call { session, call }),
        2 => (user(), placed()).prop_map(|(caller, call)| Input::Start { caller, call }),
        8 => (session(), call()).prop_map(|(session, call)| Input::Accept { session, call }),
        3 => (session(), call(), any::<bool>())
            .prop_map(|(session, call, busy)| Input::Reject { session, call, busy }),
        3 => (session(), call()).prop_map(|(session, call)| Input::HangUp { session, call }),
        6 => session().prop_map(|session| Input::Entered { session }),
        3 => (session(), why()).prop_map(|(session, why)| Input::SeatLost { session, why }),
        1 => call().prop_map(|call| Input::End { call }),
        1 => Just(Input::Shutdown),
        2 => Just(Input::Tick),
    ]
}

/// Inputs, each after a while: mostly at once, at times when much is due, and now and then from a clock that goes back.
fn steps() -> impl Strategy<Value = Vec<(i64, Input)>> {
    let pause = prop_oneof![
        6 => Just(0),
        3 => 0..5_000_i64,
        1 => 5_000..60_000_i64,
        1 => -5_000..0_i64,
    ];
    prop::collection::vec((pause, input()), 1..80)
}

fn after(now: Moment, pause: i64) -> Moment {
    Moment::from_millis(now.as_millis().saturating_add_signed(pause))
}

fn print(calls: &Calls) -> u64 {
    let mut hasher = DefaultHasher::new();
    calls.fingerprint(&mut hasher);
    hasher.finish()
}

struct Machine {
    calls: Calls,
    account: Account,
    now: Moment,
}

impl Machine {
    fn play(&mut self, input: Input) -> Result<(), TestCaseError> {
        let fail = |wrong: String| TestCaseError::fail(format!("at {:?}: {wrong}", self.now));
        let _due = self.account.play(&mut self.calls, self.now, Input::Tick).map_err(fail)?;
        let before = print(&self.calls);
        let (answer, _) = self.account.play(&mut self.calls, self.now, input).map_err(fail)?;
        self.account.check(&self.calls).map_err(fail)?;
        let refused = answer.is_err();
        prop_assert!(!refused || print(&self.calls) == before, "it was refused and changed something");
        Ok(())
    }

    fn wait(&mut self) -> Result<(), TestCaseError> {
        for _ in 0..1000 {
            let Some((at, _)) = self.calls.next_deadline() else { return Ok(()) };
            self.now = self.now.max(at);
            self.play(Input::Tick)?;
        }
        Err(TestCaseError::fail("time brings no end"))
    }

    fn all_end(&mut self) -> Result<(), TestCaseError> {
        (0..SESSIONS).try_for_each(|session| {
            self.play(Input::Ended { session: SessionId::new(session), deliberate: false })
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_fed_everybody_is_told_once_and_nothing_is_left(
        steps in steps(),
        time_first in any::<bool>(),
    ) {
        let now = Moment::from_millis(1000);
        let mut machine = Machine { calls: Calls::new(limits()), account: Account::default(), now };
        for (pause, input) in steps {
            machine.now = after(machine.now, pause);
            machine.play(input)?;
        }
        if time_first {
            machine.wait()?;
        }
        machine.all_end()?;
        machine.wait()?;
        prop_assert!(machine.calls.is_idle(), "something is left: {:?}", machine.calls);
        prop_assert!(machine.account.open.is_empty(), "not told: {:?}", machine.account.open);
    }
}
