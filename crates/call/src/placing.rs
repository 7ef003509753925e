//! Calls that begin.

use crate::call::{Call, Party, PartyState};
use crate::io::{CallId, Output, OverReason, Placed, Refusal, UserKey};
use crate::machine::{Calls, Timer};
use huitong_types::{SessionId, UserId};
use std::collections::BTreeSet;

impl Calls {
    pub(crate) fn call(&mut self, session: SessionId, placed: Placed) -> Result<CallId, Refusal> {
        let key = self.user_of(session)?;
        self.check(&key, &placed)?;
        if let Some(present) = self.users.get(&key).and_then(|user| user.call) {
            return match self.glare(present, &key, &placed) {
                true => self.accept(session, present),
                false => Err(Refusal::InCall),
            };
        }
        self.check_room()?;
        let mut caller = Party::new(key.user.clone(), PartyState::Calling);
        caller.session = Some(session);
        caller.reached = true;
        let call = self.place(&key, caller, placed, false);
        self.wait_for_caller(session);
        Ok(call)
    }

    pub(crate) fn start(&mut self, key: &UserKey, placed: Placed) -> Result<CallId, Refusal> {
        self.check(key, &placed)?;
        if !placed.open && self.users.get(key).is_some_and(|user| user.call.is_some()) {
            return Err(Refusal::InCall);
        }
        self.check_room()?;
        let state = if placed.open { PartyState::Connected } else { PartyState::Ringing };
        Ok(self.place(key, Party::new(key.user.clone(), state), placed, true))
    }

    fn check(&self, key: &UserKey, placed: &Placed) -> Result<(), Refusal> {
        if placed.invitees.is_empty() || placed.invitees.len() > self.limits.invitees {
            return Err(Refusal::Invitee(None));
        }
        let mut seen = BTreeSet::from([&key.user]);
        if let Some(twice) = placed.invitees.iter().find(|user| !seen.insert(user)) {
            return Err(Refusal::Invitee(Some(twice.clone())));
        }
        Ok(())
    }

    /// Whether one more call may begin; one that answers another is none.
    fn check_room(&self) -> Result<(), Refusal> {
        if self.calls.len() < self.limits.calls { Ok(()) } else { Err(Refusal::Full) }
    }

    /// Whether two call each other at the same time: then the second call is the answer to the first.
    fn glare(&self, present: CallId, key: &UserKey, placed: &Placed) -> bool {
        let Some(call) = self.calls.get(&present) else { return false };
        let rings = call.party(&key.user).is_some_and(|party| party.state == PartyState::Ringing);
        let caller = call.caller().filter(|caller| caller.state == PartyState::Calling);
        let same = caller.is_some_and(|caller| placed.invitees.first() == Some(&caller.user));
        rings && same && !call.is_group() && placed.group.is_none() && placed.invitees.len() == 1
    }

    fn place(&mut self, key: &UserKey, caller: Party, placed: Placed, backend: bool) -> CallId {
        let id = CallId(self.next);
        self.next += 1;
        let Placed { invitees, media, group, timeout, data, room, open } = placed;
        // Whoever calls with a device of its own takes part in the call.
        let open = open && backend;
        let mut parties = vec![caller];
        parties.extend(invitees.into_iter().map(|user| {
            let busy = self
                .users
                .get(&UserKey { app: key.app, user: user.clone() })
                .is_some_and(|user| user.call.is_some());
            let mut party = Party::new(user, if busy { PartyState::Busy } else { PartyState::Ringing });
            party.left = busy.then_some(self.now);
            party
        }));
        let busy = parties.iter().skip(usize::from(open)).filter(|party| !party.state.is_over());
        let busy: Vec<UserId> = busy.map(|party| party.user.clone()).collect();
        let call = Call {
            id,
            app: key.app,
            room,
            media,
            group,
            data,
            backend,
            open,
            started: self.now,
            rings_until: self.now + timeout,
            connected: None,
            parties,
        };
        self.timers.arm(Timer::Ring(id), call.rings_until);
        self.calls.insert(id, call);
        self.out.push_back(Output::Started(id));
        for user in busy {
            let key = UserKey { app: key.app, user };
            let state = self.users.entry(key.clone()).or_default();
            state.call = Some(id);
            for session in state.sessions.clone() {
                self.ring(id, &key, session);
            }
        }
        self.settle(id, OverReason::Busy, None);
        id
    }
}
