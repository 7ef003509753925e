//! A small world around the machine, for its tests: users with devices, and what each was told.
#![allow(dead_code, reason = "each test file uses a part of it")]

use huitong_call::{
    CallId, Calls, Input, Limits, Media, Output, OverReason, PartyState, Placed, Record, Refusal, UserKey,
};
use huitong_types::{AppId, Moment, RoomId, SessionId, UserId};
use std::collections::{BTreeMap, BTreeSet};
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
    }
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) calls: Calls,
    pub(crate) now: Moment,
    /// What each session was told, until it is taken.
    pub(crate) told: BTreeMap<u64, Vec<String>>,
    pub(crate) records: Vec<Record>,
    /// Sessions that know of a call and were not told that it is over.
    pub(crate) open: BTreeSet<(u64, CallId)>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            calls: Calls::new(Limits::default()),
            now: Moment::from_millis(1000),
            told: BTreeMap::new(),
            records: Vec::new(),
            open: BTreeSet::new(),
        }
    }

    /// Does something and carries out what follows; panics when a rule of the tables is broken.
    pub(crate) fn act(&mut self, input: Input) -> Result<Option<CallId>, Refusal> {
        let request = match &input {
            Input::Call { session, .. } | Input::Accept { session, .. } => Some((session.get(), true)),
            Input::Reject { session, .. } | Input::HangUp { session, .. } => Some((session.get(), false)),
            Input::Ended { session, .. } => {
                let id = session.get();
                self.open.retain(|(session, _)| *session != id);
                None
            }
            _ => None,
        };
        let left = match &input {
            Input::SeatLost { session, why: huitong_call::SeatEnd::Left } => {
                self.calls.bound_call(*session).map(|call| (session.get(), call))
            }
            _ => None,
        };
        let answer = self.calls.handle(self.now, input);
        if let Some(own) = left {
            self.open.remove(&own);
        }
        if let (Ok(Some(call)), Some((session, begins))) = (&answer, request) {
            if begins {
                self.open.insert((session, *call));
            } else {
                assert!(
                    self.open.remove(&(session, *call)),
                    "{session} ended {call}, of which it knew nothing"
                );
            }
        }
        self.carry_out();
        if let Some(broken) = self.calls.broken() {
            panic!("at {:?}: {broken}", self.now);
        }
        answer
    }

    fn carry_out(&mut self) {
        while let Some(output) = self.calls.poll_output() {
            match output {
                Output::Invited { session, call } => {
                    assert!(self.open.insert((session.get(), call)), "{session} is invited twice to {call}");
                    self.told.entry(session.get()).or_default().push("invited".to_owned());
                }
                Output::Changed { session, call, user, state } => {
                    assert!(
                        self.open.contains(&(session.get(), call)),
                        "{session} hears of {call} that it left"
                    );
                    self.told.entry(session.get()).or_default().push(format!("{user} {state:?}"));
                }
                Output::Over { session, call, reason, duration, .. } => {
                    assert!(
                        self.open.remove(&(session.get(), call)),
                        "{session} is told twice that {call} is over"
                    );
                    let words = match duration.as_secs() {
                        0 => format!("over {reason:?}"),
                        seconds => format!("over {reason:?} {seconds}s"),
                    };
                    self.told.entry(session.get()).or_default().push(words);
                }
                Output::Finished(record) => self.records.push(*record),
                Output::TakeSeat { .. } | Output::Started(_) => {}
            }
        }
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
