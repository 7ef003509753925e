//! What each session knows of which call, held against what the machine says and does.

use huitong_call::{
    CallId, Calls, Input, Output, OverReason, PartyRecord, PartyState, Record, Refusal, SeatEnd, UserKey,
};
use huitong_types::{Moment, SessionId};
use std::collections::{BTreeMap, BTreeSet};

/// What a step gave: the answer, and what is to be done.
pub(crate) type Played = (Result<Option<CallId>, Refusal>, Vec<Output>);

#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    /// Sessions that are logged in.
    sessions: BTreeMap<SessionId, UserKey>,
    /// Sessions that know of a call and were not told that it is over.
    pub(crate) open: BTreeSet<(SessionId, CallId)>,
    /// Sessions in the room of a call.
    pub(crate) seats: BTreeSet<(SessionId, CallId)>,
    /// Calls that began and are not over.
    live: BTreeSet<CallId>,
}

/// Whose request it was, and whether it takes part if that is granted.
fn request(input: &Input) -> Option<(SessionId, bool)> {
    match input {
        Input::Call { session, .. } | Input::Accept { session, .. } => Some((*session, true)),
        Input::Reject { session, .. } | Input::HangUp { session, .. } => Some((*session, false)),
        _ => None,
    }
}

/// What a record says that cannot be.
fn unsound(record: &Record) -> Option<&'static str> {
    use PartyState::{Busy, Cancelled, Rejected, TimedOut, Unreachable};
    let parties = &record.parties;
    if !parties.iter().all(|party| party.state.is_over()) {
        return Some("a call is over and somebody in it not");
    }
    let talked = parties.iter().filter(|party| party.answered.is_some()).count();
    // The room of an open call is the other side.
    let least = if record.open { 1 } else { 2 };
    if (1..least).contains(&talked) || record.connected.is_some() != (talked >= least) {
        return Some("it takes two to talk");
    }
    if parties.iter().any(|party| party.answered.is_some() && party.session.is_none()) {
        return Some("one talked without a device");
    }
    let silent = [Rejected, Busy, TimedOut, Unreachable, Cancelled];
    if parties.iter().skip(1).any(|party| party.session.is_none() != silent.contains(&party.state)) {
        return Some("one who never answered left, or one who did never answered");
    }
    let ways = [
        (Rejected, OverReason::Rejected),
        (Busy, OverReason::Busy),
        (TimedOut, OverReason::TimedOut),
        (Unreachable, OverReason::Unreachable),
    ];
    let unanswered = parties.iter().skip(1).all(|party| party.session.is_none());
    let place = ways.iter().position(|(_, reason)| *reason == record.reason).filter(|_| unanswered)?;
    let gave = |state| parties.iter().any(|party| party.state == state);
    let strongest = gave(ways[place].0) && !ways[..place].iter().any(|(state, _)| gave(*state));
    let by = |party: &&PartyRecord| record.by.as_ref() == Some(&party.user);
    match parties.iter().find(by) {
        _ if !strongest => Some("another reason is stronger"),
        Some(party) if party.state != ways[place].0 => Some("somebody else gave the reason"),
        _ => None,
    }
}

impl Account {
    /// Lets something happen, after what was due.
    ///
    /// # Errors
    /// What was said twice, or not at all.
    pub(crate) fn play(&mut self, calls: &mut Calls, now: Moment, input: Input) -> Result<Played, String> {
        let mut outputs = Vec::new();
        // What was due comes first: who asks for something then may have no part in the call any more.
        if calls.next_deadline().is_some() {
            calls.handle(now, Input::Tick).map_err(|refusal| format!("time was refused: {refusal:?}"))?;
            self.take(calls, &mut outputs)?;
        }
        let request = request(&input);
        match &input {
            Input::Ended { session, .. } => self.gone(*session),
            Input::Online { session, user } => {
                if self.sessions.get(session).is_some_and(|known| known != user) {
                    self.gone(*session);
                }
                self.sessions.insert(*session, user.clone());
            }
            Input::SeatLost { session, why } => {
                let seat = self.seats.iter().find(|(own, _)| own == session).copied();
                if let Some(seat) = seat {
                    self.seats.remove(&seat);
                    // Who left by itself knows.
                    if *why == SeatEnd::Left {
                        self.open.remove(&seat);
                    }
                }
            }
            Input::Entered { session } => {
                self.seats.extend(calls.bound_call(*session).map(|call| (*session, call)));
            }
            _ => {}
        }
        let answer = calls.handle(now, input);
        match (&answer, request) {
            (Ok(Some(call)), Some((session, true))) => {
                self.open.insert((session, *call));
            }
            (Ok(Some(call)), Some((session, false))) if !self.open.remove(&(session, *call)) => {
                return Err(format!("{session} ended {call}, of which it knew nothing"));
            }
            _ => {}
        }
        let before = outputs.len();
        self.take(calls, &mut outputs)?;
        if answer.is_err() && outputs.len() > before {
            return Err(format!("a refused request did something: {outputs:?}"));
        }
        Ok((answer, outputs))
    }

    fn gone(&mut self, session: SessionId) {
        self.sessions.remove(&session);
        self.open.retain(|(own, _)| *own != session);
        self.seats.retain(|(own, _)| *own != session);
    }

    fn take(&mut self, calls: &mut Calls, outputs: &mut Vec<Output>) -> Result<(), String> {
        while let Some(output) = calls.poll_output() {
            match &output {
                Output::Invited { session, call } => {
                    if !self.open.insert((*session, *call)) {
                        return Err(format!("{session} is invited twice to {call}"));
                    }
                }
                Output::Changed { session, call, .. } => {
                    if !self.open.contains(&(*session, *call)) {
                        return Err(format!("{session} hears of {call} that it left"));
                    }
                }
                Output::Over { session, call, .. } => {
                    if !self.open.remove(&(*session, *call)) {
                        return Err(format!("{session} is told twice that {call} is over"));
                    }
                }
                Output::TakeSeat { session, .. } => {
                    let before = self.seats.len();
                    self.seats.retain(|(own, _)| own != session);
                    if self.seats.len() == before {
                        return Err(format!("{session} loses a seat that it has not"));
                    }
                }
                Output::Started(call) => {
                    if !self.live.insert(*call) {
                        return Err(format!("{call} began twice"));
                    }
                }
                Output::Finished(record) => {
                    if !self.live.remove(&record.id) {
                        return Err(format!("{} is over twice", record.id));
                    }
                    if let Some(wrong) = unsound(record) {
                        return Err(format!("{wrong}: {record:?}"));
                    }
                }
            }
            outputs.push(output);
        }
        Ok(())
    }

    pub(crate) fn is_small(&self) -> bool {
        self.sessions.len() <= 10
    }

    /// Holds the account against the tables.
    ///
    /// # Errors
    /// What does not agree.
    pub(crate) fn check(&self, calls: &Calls) -> Result<(), String> {
        if let Some(broken) = calls.broken() {
            return Err(broken);
        }
        let part = |session: &SessionId| calls.of_session(*session).map(|call| (*session, call.id));
        let known: BTreeSet<_> = self.sessions.keys().filter_map(part).collect();
        if known != self.open {
            return Err(format!("sessions were told of {:?}, and the tables say {known:?}", self.open));
        }
        if let Some(seat) =
            self.seats.iter().find(|(session, call)| calls.bound_call(*session) != Some(*call))
        {
            return Err(format!("{seat:?} is a seat in a call that is over for it"));
        }
        if !calls.all().map(|call| call.id).eq(self.live.iter().copied()) {
            return Err(format!("{:?} began and are not over, and the tables say otherwise", self.live));
        }
        Ok(())
    }
}
