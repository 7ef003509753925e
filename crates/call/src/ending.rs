//! Every way out of a call.

use crate::call::PartyState;
use crate::io::{CallId, Output, OverReason, Record, Refusal, UserKey};
use crate::machine::{Calls, Timer};
use huitong_types::{SessionId, UserId};
use std::time::Duration;

impl Calls {
    pub(crate) fn end(&mut self, id: CallId) -> Result<CallId, Refusal> {
        if !self.calls.contains_key(&id) {
            return Err(Refusal::Gone);
        }
        self.finish(id, OverReason::Ended, None, None);
        Ok(id)
    }

    pub(crate) fn shutdown(&mut self) {
        let all: Vec<CallId> = self.calls.keys().copied().collect();
        for id in all {
            self.finish(id, OverReason::ServerShutdown, None, None);
        }
    }

    /// The time to answer is over.
    pub(crate) fn rung_out(&mut self, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        let ringing = call.parties.iter().filter(|party| party.state == PartyState::Ringing);
        let late: Vec<(UserId, bool)> = ringing.map(|party| (party.user.clone(), party.reached)).collect();
        let reached = late.iter().any(|(_, reached)| *reached);
        for (user, reached) in &late {
            let party = self.calls.get_mut(&id).and_then(|call| call.party_mut(user));
            let told = party.map(|party| std::mem::take(&mut party.told)).unwrap_or_default();
            self.close_party(id, user, if *reached { PartyState::TimedOut } else { PartyState::Unreachable });
            for session in told {
                let (reason, duration) = (OverReason::TimedOut, Duration::ZERO);
                self.out.push_back(Output::Over { session, call: id, reason, by: None, duration });
            }
        }
        for (user, _) in &late {
            self.tell(id, user);
        }
        self.settle(id, if reached { OverReason::TimedOut } else { OverReason::Unreachable }, None);
    }

    pub(crate) fn caller_lost(&mut self, id: CallId) {
        let Some(caller) = self.calls.get(&id).and_then(|call| call.caller()) else { return };
        let user = caller.user.clone();
        self.finish(id, OverReason::Lost, Some(&user), None);
    }

    /// One who answered did not come to the room.
    pub(crate) fn never_came(&mut self, id: CallId, session: SessionId) {
        if let Ok(key) = self.user_of(session) {
            self.part(id, &key.user, PartyState::Lost, None);
        }
    }

    /// One who is connected leaves. `by` is the session whose own request it was: it needs no telling.
    pub(crate) fn part(&mut self, id: CallId, user: &UserId, state: PartyState, by: Option<SessionId>) {
        self.dismiss(id, user, state, by);
        self.tell(id, user);
        // To the others it does not matter whether an operator ended it.
        let reason = if state == PartyState::Lost { OverReason::Lost } else { OverReason::HungUp };
        self.settle(id, reason, Some(user));
    }

    /// Ends the part of one who takes part, and tells its session unless it was that one's own request.
    pub(crate) fn dismiss(&mut self, id: CallId, user: &UserId, state: PartyState, by: Option<SessionId>) {
        let reason = match state {
            PartyState::Lost => OverReason::Lost,
            PartyState::Kicked => OverReason::Kicked,
            _ => OverReason::HungUp,
        };
        let session = self.release(id, user);
        self.close_party(id, user, state);
        if let Some(session) = session.filter(|session| Some(*session) != by) {
            let duration = self.duration(id, user);
            let by = Some(user.clone());
            self.out.push_back(Output::Over { session, call: id, reason, by, duration });
        }
    }

    /// Ends a call that nobody can go on with.
    pub(crate) fn settle(&mut self, id: CallId, reason: OverReason, by: Option<&UserId>) {
        let Some(call) = self.calls.get(&id) else { return };
        let ringing = call.count(PartyState::Ringing);
        let connected = call.count(PartyState::Connected);
        let calling = call.count(PartyState::Calling);
        let met = call.connected.is_some();
        // A call of the back-end between two is over as soon as one of them declines.
        let pair_broken = !call.is_group() && call.parties.iter().any(|party| party.state.is_over());
        let (reason, by) = call.outcome(reason, by);
        if met && ringing > 0 && connected == 0 && calling == 0 {
            self.finish(id, OverReason::Cancelled, by, None);
        } else if pair_broken || ringing + connected + calling < 2 {
            // One who is left alone to ring has nobody to talk to either, should it answer.
            self.finish(id, reason, by, None);
        } else {
            self.quiet(id);
        }
    }

    /// Without anybody who rings there is no deadline to ring until.
    pub(crate) fn quiet(&mut self, id: CallId) {
        if self.calls.get(&id).is_some_and(|call| call.count(PartyState::Ringing) == 0) {
            self.timers.cancel(&Timer::Ring(id));
        }
    }

    /// Ends a call for everybody who is still in it, tells them and writes the record.
    pub(crate) fn finish(
        &mut self,
        id: CallId,
        reason: OverReason,
        by: Option<&UserId>,
        own: Option<SessionId>,
    ) {
        let Some(call) = self.calls.get(&id) else { return };
        let (call_met, call_open) = (call.connected.is_some(), call.open);
        let open = call.parties.iter().filter(|party| !party.state.is_over());
        let open: Vec<(UserId, PartyState)> = open.map(|party| (party.user.clone(), party.state)).collect();
        for (user, state) in open {
            let over = match state {
                PartyState::Connected if call_met || !call_open => PartyState::Left,
                // Who called and vanished is lost; one who was never answered has not left anything.
                PartyState::Calling if reason == OverReason::Lost => PartyState::Lost,
                _ => PartyState::Cancelled,
            };
            let bound = self.release(id, &user);
            let party = self.calls.get_mut(&id).and_then(|call| call.party_mut(&user));
            let told = party.map(|party| std::mem::take(&mut party.told)).unwrap_or_default();
            self.close_party(id, &user, over);
            let duration = self.duration(id, &user);
            for session in told.into_iter().chain(bound).filter(|session| Some(*session) != own) {
                let by = by.cloned();
                self.out.push_back(Output::Over { session, call: id, reason, by, duration });
            }
        }
        self.timers.cancel(&Timer::Ring(id));
        self.timers.cancel(&Timer::CallerLost(id));
        if let Some(call) = self.calls.remove(&id) {
            let record = Record {
                id,
                app: call.app,
                room: call.room,
                media: call.media,
                group: call.group,
                data: call.data,
                backend: call.backend,
                open: call.open,
                started: call.started,
                connected: call.connected,
                ended: self.now,
                reason,
                by: by.cloned(),
                parties: call.parties.iter().map(|party| party.record(self.now)).collect(),
            };
            self.out.push_back(Output::Finished(Box::new(record)));
        }
    }

    /// Takes the seat of one whose part is over, and gives the session that it was on if that is still there.
    fn release(&mut self, id: CallId, user: &UserId) -> Option<SessionId> {
        let call = self.calls.get_mut(&id)?;
        let room = call.room.clone();
        let party = call.party_mut(user)?;
        let bound = matches!(party.state, PartyState::Calling | PartyState::Connected);
        let session = party.session.filter(|session| bound && self.devices.contains_key(session))?;
        let entered = std::mem::take(&mut party.entered);
        self.timers.cancel(&Timer::Enter(id, session));
        if entered {
            self.out.push_back(Output::TakeSeat { session, room });
        }
        Some(session)
    }

    /// Marks one's part as over; the user is free.
    pub(crate) fn close_party(&mut self, id: CallId, user: &UserId, state: PartyState) {
        let now = self.now;
        let Some(call) = self.calls.get_mut(&id) else { return };
        let key = UserKey { app: call.app, user: user.clone() };
        if let Some(party) = call.party_mut(user) {
            party.state = state;
            party.left = Some(now);
            if let Some(session) = party.session {
                self.timers.cancel(&Timer::Enter(id, session));
            }
        }
        // The one that only gives its name to an open call may be in another one.
        if let Some(user) = self.users.get_mut(&key).filter(|user| user.call == Some(id)) {
            user.call = None;
        }
        self.forget(&key);
    }

    fn duration(&self, id: CallId, user: &UserId) -> Duration {
        let party = self.calls.get(&id).and_then(|call| call.party(user));
        let answered = party.and_then(|party| party.answered);
        answered.map_or(Duration::ZERO, |answered| self.now.since(answered))
    }
}
