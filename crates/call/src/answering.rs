//! What those who are called do, and those who talk.

use crate::call::{Party, PartyState};
use crate::io::{CallId, Output, OverReason, Refusal, SeatEnd, UserKey};
use crate::machine::{Calls, Timer};
use huitong_types::{SessionId, UserId};
use std::time::Duration;

impl Calls {
    pub(crate) fn accept(&mut self, session: SessionId, id: CallId) -> Result<CallId, Refusal> {
        let key = self.user_of(session)?;
        let party = self.party_of(id, &key).ok_or(Refusal::Gone)?;
        match party.state {
            PartyState::Connected if party.session == Some(session) => return Ok(id),
            PartyState::Ringing => {}
            _ => return Err(Refusal::Gone),
        }
        let first = self.connect(id, &key, session);
        self.stop_ringing(id, &key, OverReason::AnsweredElsewhere, session);
        self.tell(id, &key.user);
        if let Some(caller) = first {
            self.tell_others(id, &caller, session);
        }
        self.quiet(id);
        Ok(id)
    }

    /// One is connected, and with it the caller who was waiting for that; gives that one.
    fn connect(&mut self, id: CallId, key: &UserKey, session: SessionId) -> Option<UserId> {
        let now = self.now;
        let call = self.calls.get_mut(&id)?;
        if let Some(party) = call.party_mut(&key.user) {
            party.state = PartyState::Connected;
            party.session = Some(session);
            party.reached = true;
            party.rang.get_or_insert(now);
            party.told.remove(&session);
        }
        let waited = call.parties.first_mut().filter(|caller| caller.state == PartyState::Calling);
        let first = waited.map(|caller| {
            caller.state = PartyState::Connected;
            self.timers.cancel(&Timer::CallerLost(id));
            caller.user.clone()
        });
        // Talking begins when there are two: one who was first to answer a call of the back-end still waits.
        if call.count(PartyState::Connected) >= 2 {
            call.connected.get_or_insert(now);
            let fresh = |party: &&mut Party| party.state == PartyState::Connected && party.answered.is_none();
            for party in call.parties.iter_mut().filter(fresh) {
                // Without a device it only gives its name to the call, and was connected to nobody.
                let Some(session) = party.session else { continue };
                party.answered = Some(now);
                if !party.entered {
                    self.timers.arm(Timer::Enter(id, session), now + self.limits.enter);
                }
            }
        }
        first
    }

    pub(crate) fn reject(&mut self, session: SessionId, id: CallId, busy: bool) -> Result<CallId, Refusal> {
        let key = self.user_of(session)?;
        let party = self.party_of(id, &key).ok_or(Refusal::Gone)?;
        match party.state {
            PartyState::Ringing => {}
            // It takes part: it leaves by hanging up.
            PartyState::Calling | PartyState::Connected if party.session == Some(session) => {
                return Err(Refusal::NotYours);
            }
            _ => return Err(Refusal::Gone),
        }
        let (state, reason) = match busy {
            true => (PartyState::Busy, OverReason::Busy),
            false => (PartyState::Rejected, OverReason::Rejected),
        };
        self.stop_ringing(id, &key, OverReason::RefusedElsewhere, session);
        self.close_party(id, &key.user, state);
        self.tell(id, &key.user);
        self.settle(id, reason, Some(&key.user));
        Ok(id)
    }

    pub(crate) fn hang_up(&mut self, session: SessionId, id: CallId) -> Result<CallId, Refusal> {
        let key = self.user_of(session)?;
        if self.calls.get(&id).is_none_or(|call| call.app != key.app) {
            return Err(Refusal::Gone);
        }
        let party = self.party_of(id, &key).ok_or(Refusal::NotYours)?;
        match party.state {
            PartyState::Ringing => return self.reject(session, id, false),
            PartyState::Calling if party.session == Some(session) => {
                self.finish(id, OverReason::Cancelled, Some(&key.user), Some(session));
            }
            PartyState::Connected if party.session == Some(session) => {
                self.part(id, &key.user, PartyState::Left, Some(session));
            }
            PartyState::Calling | PartyState::Connected => return Err(Refusal::NotYours),
            _ => return Err(Refusal::Gone),
        }
        Ok(id)
    }

    pub(crate) fn entered(&mut self, session: SessionId) {
        let Some((id, _)) = self.bound(session) else { return };
        self.timers.cancel(&Timer::Enter(id, session));
        let parties = self.calls.get_mut(&id).into_iter().flat_map(|call| &mut call.parties);
        parties.filter(|party| party.session == Some(session)).for_each(|party| party.entered = true);
    }

    pub(crate) fn seat_lost(&mut self, session: SessionId, why: SeatEnd) {
        let Some((id, state)) = self.bound(session) else { return };
        let Ok(key) = self.user_of(session) else { return };
        let Some(party) = self.calls.get_mut(&id).and_then(|call| call.party_mut(&key.user)) else { return };
        if !std::mem::take(&mut party.entered) {
            return;
        }
        match (why, state) {
            (SeatEnd::Dissolved, _) => self.finish(id, OverReason::Dissolved, None, None),
            (SeatEnd::Left, PartyState::Calling) => {
                self.finish(id, OverReason::Cancelled, Some(&key.user), Some(session));
            }
            (SeatEnd::Kicked, PartyState::Calling) => {
                self.dismiss(id, &key.user, PartyState::Kicked, None);
                self.finish(id, OverReason::Cancelled, Some(&key.user), None);
            }
            (_, PartyState::Calling) => self.finish(id, OverReason::Lost, Some(&key.user), None),
            (SeatEnd::Left, _) => self.part(id, &key.user, PartyState::Left, Some(session)),
            (SeatEnd::TimedOut, _) => self.part(id, &key.user, PartyState::Lost, None),
            (SeatEnd::Kicked, _) => self.part(id, &key.user, PartyState::Kicked, None),
        }
    }

    /// Lets the devices of one who rings fall silent; `by` is the one that did it and knows.
    fn stop_ringing(&mut self, id: CallId, key: &UserKey, reason: OverReason, by: SessionId) {
        let party = self.calls.get_mut(&id).and_then(|call| call.party_mut(&key.user));
        let told = party.map(|party| std::mem::take(&mut party.told)).unwrap_or_default();
        for session in told.into_iter().filter(|session| *session != by) {
            let by = Some(key.user.clone());
            self.out.push_back(Output::Over { session, call: id, reason, by, duration: Duration::ZERO });
        }
    }
}
