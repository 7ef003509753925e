//! A small world around the machine, for its tests: users with devices, and what each was told.
#![allow(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod account;

use account::Account;
use huitong_call::{
    CallId, Calls, Input, Limits, Media, Output, OverReason, PartyState, Placed, Record, Refusal, UserKey,
};
use huitong_types::{AppId, Moment, RoomId, SessionId, UserId};
use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) const RING: Duration = Duration::from_secs(30);

pub(crate) fn user(name: &str) -> UserId {
    UserId::new(name).expect("a user")
}

pub(crate) fn key(name: &str) -> UserKey {
    UserKey { app: AppId::new(1).expect("an application"), user: user(name) }
}

pub(crate) fn to(invitees: &[&str]) -> Placed {
    Placed {
        invitees: invitees.iter().map(|name| user(name)).collect(),
        media: Media::Video,
        group: None,
        timeout: RING,
        data: None,
        room: RoomId::Number(7),
        open: false,
    }
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) calls: Calls,
    pub(crate) now: Moment,
    /// What each session was told, until it is taken.
    pub(crate) told: BTreeMap<u64, Vec<String>>,
    /// Who brought it about that a call was over for a session, the last time.
    pub(crate) by: BTreeMap<u64, Option<UserId>>,
    pub(crate) records: Vec<Record>,
    pub(crate) account: Account,
    steps: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::within(Limits::default())
    }

    pub(crate) fn within(limits: Limits) -> Self {
        Self {
            calls: Calls::new(limits),
            now: Moment::from_millis(1000),
            told: BTreeMap::new(),
            by: BTreeMap::new(),
            records: Vec::new(),
            account: Account::default(),
            steps: 0,
        }
    }

    /// Does something and carries out what follows; panics when a rule of the tables is broken.
    pub(crate) fn act(&mut self, input: Input) -> Result<Option<CallId>, Refusal> {
        let played = self.account.play(&mut self.calls, self.now, input);
        let (answer, outputs) = played.unwrap_or_else(|wrong| panic!("at {:?}: {wrong}", self.now));
        for output in outputs {
            self.hear(output);
        }
        self.steps += 1;
        // In a town it would take minutes to look at everything after every step, and what is wrong stays so.
        let checked = match (self.account.is_small(), self.steps % 100) {
            (true, _) | (false, 0) => self.account.check(&self.calls),
            (false, step) if step % 4 == 0 => self.calls.broken().map_or(Ok(()), Err),
            _ => Ok(()),
        };
        checked.unwrap_or_else(|wrong| panic!("at {:?}: {wrong}", self.now));
        answer
    }

    fn hear(&mut self, output: Output) {
        let (session, words) = match output {
            Output::Invited { session, .. } => (session, "invited".to_owned()),
            Output::Changed { session, user, state, .. } => (session, format!("{user} {state:?}")),
            Output::Over { session, reason, duration, by, .. } => {
                self.by.insert(session.get(), by);
                match duration.as_secs() {
                    0 => (session, format!("over {reason:?}")),
                    seconds => (session, format!("over {reason:?} {seconds}s")),
                }
            }
            Output::Finished(record) => return self.records.push(*record),
            Output::TakeSeat { .. } | Output::Started(_) => return,
        };
        self.told.entry(session.get()).or_default().push(words);
    }

    pub(crate) fn online(&mut self, session: u64, name: &str) {
        self.act(Input::Online { session: SessionId::new(session), user: key(name) })
            .expect("always allowed");
    }

    pub(crate) fn call(&mut self, session: u64, placed: Placed) -> CallId {
        self.act(Input::Call { session: SessionId::new(session), call: placed })
            .expect("allowed")
            .expect("a call")
    }

    pub(crate) fn accept(&mut self, session: u64, call: CallId) -> Result<Option<CallId>, Refusal> {
        self.act(Input::Accept { session: SessionId::new(session), call })
    }

    pub(crate) fn reject(&mut self, session: u64, call: CallId) -> Result<Option<CallId>, Refusal> {
        self.act(Input::Reject { session: SessionId::new(session), call, busy: false })
    }

    pub(crate) fn hang_up(&mut self, session: u64, call: CallId) -> Result<Option<CallId>, Refusal> {
        self.act(Input::HangUp { session: SessionId::new(session), call })
    }

    pub(crate) fn enter(&mut self, session: u64) {
        self.act(Input::Entered { session: SessionId::new(session) }).expect("always allowed");
    }

    /// Lets time pass, deadline by deadline.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some((at, _)) = self.calls.next_deadline().filter(|(at, _)| *at <= end) {
            self.now = self.now.max(at);
            self.act(Input::Tick).expect("time is never refused");
        }
        self.now = end;
        self.act(Input::Tick).expect("time is never refused");
    }

    /// What a session was told since the last time.
    pub(crate) fn told(&mut self, session: u64) -> Vec<String> {
        self.told.remove(&session).unwrap_or_default()
    }

    pub(crate) fn states(&self) -> Vec<(String, PartyState)> {
        let record = self.records.last().expect("a record");
        record.parties.iter().map(|party| (party.user.to_string(), party.state)).collect()
    }

    pub(crate) fn reason(&self) -> OverReason {
        self.records.last().expect("a record").reason
    }
}
