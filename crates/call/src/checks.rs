//! What tests and simulations ask of the tables: whether they are in order, and whether two of them behave alike.

use crate::call::{Call, Party, PartyState};
use crate::io::{CallId, UserKey};
use crate::machine::{Calls, Timer};
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

impl Calls {
    /// The first thing about the tables that is not as it must be; for tests and simulations.
    pub fn broken(&self) -> Option<String> {
        for (key, user) in &self.users {
            if user.sessions.is_empty() && user.call.is_none() {
                return Some(format!("{} is kept for nothing", key.user));
            }
            let gone = |session| self.devices.get(session).is_none_or(|device| device.user != *key);
            if let Some(session) = user.sessions.iter().find(|session| gone(session)) {
                return Some(format!("{} has the session {session}, which it has not", key.user));
            }
            let Some(id) = user.call else { continue };
            if self.party_of(id, key).is_none_or(|party| party.state.is_over()) {
                return Some(format!("{} is busy with {id}, in which it has no part", key.user));
            }
        }
        // Each session of a user is a device of its own, so there is none without a user if there are as many.
        let sessions: usize = self.users.values().map(|user| user.sessions.len()).sum();
        if sessions != self.devices.len() {
            return Some("a session is kept for nobody".to_owned());
        }
        self.broken_timers().or_else(|| self.calls.values().find_map(|call| self.broken_call(call)))
    }

    /// A deadline that is for nothing.
    fn broken_timers(&self) -> Option<String> {
        for timer in self.timers.iter().map(|(_, timer)| *timer) {
            let fits = match timer {
                Timer::Ring(id) => self.calls.contains_key(&id),
                Timer::CallerLost(id) => self.calls.get(&id).and_then(Call::caller).is_some_and(|caller| {
                    let device = caller.session.and_then(|session| self.devices.get(&session));
                    caller.state == PartyState::Calling && device.is_some_and(|device| !device.connected)
                }),
                Timer::Enter(id, session) => self.calls.get(&id).is_some_and(|call| {
                    let waits = |party: &Party| party.session == Some(session) && awaited(party);
                    call.parties.iter().any(waits)
                }),
            };
            if !fits {
                return Some(format!("the deadline {timer:?} is for nothing"));
            }
        }
        None
    }

    fn broken_call(&self, call: &Call) -> Option<String> {
        let id = call.id;
        let ringing = call.count(PartyState::Ringing);
        if (ringing > 0) != self.timers.is_armed(&Timer::Ring(id)) {
            return Some(format!("{id}: {ringing} ring, and its deadline does not fit"));
        }
        if call.parties.iter().filter(|party| !party.state.is_over()).count() < 2 {
            return Some(format!("{id} goes on with nobody to talk to"));
        }
        call.parties.iter().find_map(|party| self.broken_party(call, party))
    }

    fn broken_party(&self, call: &Call, party: &Party) -> Option<String> {
        let (id, name) = (call.id, &party.user);
        let key = UserKey { app: call.app, user: party.user.clone() };
        let open = !party.state.is_over();
        if call.stands_for_room(name) {
            let idle =
                party.session.is_none() && party.told.is_empty() && party.state == PartyState::Connected;
            return (!idle).then(|| format!("{id}: {name} only gives its name and does more"));
        }
        if open && self.users.get(&key).and_then(|user| user.call) != Some(id) {
            return Some(format!("{id}: {name} takes part and is not busy"));
        }
        if party.state != PartyState::Ringing && !party.told.is_empty() {
            return Some(format!("{id}: devices of {name} ring for nothing"));
        }
        if party.told.iter().any(|session| !self.devices.contains_key(session)) {
            return Some(format!("{id}: a device of {name} rings that is gone"));
        }
        let sessions = self.users.get(&key).map(|user| &user.sessions);
        if party.state == PartyState::Ringing && sessions != Some(&party.told) {
            return Some(format!("{id}: a device of {name} does not ring"));
        }
        if !matches!(party.state, PartyState::Calling | PartyState::Connected) {
            return None;
        }
        let Some(device) = party.session.and_then(|session| self.devices.get(&session)) else {
            return Some(format!("{id}: {name} is connected without a device"));
        };
        let comes = party.session.is_some_and(|session| self.timers.is_armed(&Timer::Enter(id, session)));
        if awaited(party) != comes {
            return Some(format!("{id}: nobody waits for {name} to come to the room"));
        }
        let lost = party.state == PartyState::Calling && !device.connected;
        if lost && !self.timers.is_armed(&Timer::CallerLost(id)) {
            return Some(format!("{id}: {name} has no connection, and nobody waits for it"));
        }
        None
    }

    /// Feeds all that decides what happens next, and nothing else: calls by their order and not by their numbers, deadlines by how
    /// far they are. Machines that feed the same behave alike, so an exploration ends where it has been before.
    pub fn fingerprint(&self, into: &mut impl Hasher) {
        let places: BTreeMap<CallId, usize> = self.calls.keys().copied().zip(0..).collect();
        let place = |id: &CallId| places.get(id);
        (self.users.len(), self.devices.len(), self.calls.len()).hash(into);
        for (key, user) in &self.users {
            key.hash(into);
            (user.call.as_ref().map(place), user.sessions.len()).hash(into);
            for session in &user.sessions {
                let connected = self.devices.get(session).is_some_and(|device| device.connected);
                (session, connected).hash(into);
            }
        }
        for call in self.calls.values() {
            call.fingerprint(into);
        }
        for (at, timer) in self.timers.iter() {
            at.since(self.now).hash(into);
            match timer {
                Timer::Ring(id) => (0, place(id)).hash(into),
                Timer::CallerLost(id) => (1, place(id)).hash(into),
                Timer::Enter(id, session) => (2, place(id), session).hash(into),
            }
        }
    }
}

/// Whether one has to come to the room, and in time.
fn awaited(party: &Party) -> bool {
    party.state == PartyState::Connected && party.answered.is_some() && !party.entered
}

impl Call {
    fn fingerprint(&self, into: &mut impl Hasher) {
        (self.app, self.open, self.is_group(), self.connected.is_some(), self.parties.len()).hash(into);
        for party in &self.parties {
            party.user.hash(into);
            // Of one whose part is over, only what may become the reason of the end still counts.
            let over = party.state.is_over();
            (over, party.session.is_some(), party.told.len()).hash(into);
            match over {
                true => party.state.unanswered().hash(into),
                false => {
                    (party.state, party.session, party.reached, party.answered.is_some()).hash(into);
                    for session in &party.told {
                        session.hash(into);
                    }
                    party.entered.hash(into);
                }
            }
        }
    }
}
