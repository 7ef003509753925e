//! The machine: tables, presence and deadlines.

use crate::call::{Call, Party, PartyState};
use crate::io::{CallId, Input, Output, OverReason, Refusal, UserKey, Why};
use huitong_types::{Moment, SessionId, Timers};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

/// What is bounded, and for how long is waited.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Calls at once. One more is refused.
    pub calls: usize,
    /// Invitees of a call: with the caller as many as a room has publishers.
    pub invitees: usize,
    /// How long a caller may be without connection while it rings: as long as a member of a room is not shown as away.
    pub caller_lost: Duration,
    /// How long one who is connected may take to come to the room: signalling, permission questions and all.
    pub enter: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls: 100_000,
            invitees: 49,
            caller_lost: Duration::from_secs(10),
            enter: Duration::from_secs(20),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    Ring(CallId),
    CallerLost(CallId),
    Enter(CallId, SessionId),
}

impl Timer {
    const fn why(self) -> Why {
        match self {
            Self::Ring(_) => Why::RungOut,
            Self::CallerLost(_) => Why::CallerLost,
            Self::Enter(..) => Why::NotInRoom,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) user: UserKey,
    pub(crate) connected: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct User {
    pub(crate) sessions: BTreeSet<SessionId>,
    pub(crate) call: Option<CallId>,
}

/// All calls of all applications.
#[derive(Clone, Debug)]
pub struct Calls {
    pub(crate) limits: Limits,
    pub(crate) now: Moment,
    pub(crate) next: u64,
    pub(crate) calls: BTreeMap<CallId, Call>,
    pub(crate) devices: HashMap<SessionId, Device>,
    pub(crate) users: BTreeMap<UserKey, User>,
    pub(crate) timers: Timers<Timer>,
    pub(crate) out: VecDeque<Output>,
}

impl Calls {
    /// No calls.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            now: Moment::ZERO,
            next: 1,
            calls: BTreeMap::new(),
            devices: HashMap::new(),
            users: BTreeMap::new(),
            timers: Timers::new(),
            out: VecDeque::new(),
        }
    }

    /// Lets something happen, after everything that was due before. Gives the call that a request was about.
    ///
    /// # Errors
    /// The request was refused; except for what time brought about, nothing changed.
    pub fn handle(&mut self, now: Moment, input: Input) -> Result<Option<CallId>, Refusal> {
        self.fire(now.max(self.now));
        self.now = now.max(self.now);
        match input {
            Input::Online { session, user } => self.online(session, user),
            Input::Lost { session } => self.lost(session),
            Input::Back { session } => self.back(session),
            Input::Ended { session, deliberate } => self.session_ended(session, deliberate),
            Input::Call { session, call } => return self.call(session, call).map(Some),
            Input::Start { caller, call } => return self.start(&caller, call).map(Some),
            Input::Accept { session, call } => return self.accept(session, call).map(Some),
            Input::Reject { session, call, busy } => return self.reject(session, call, busy).map(Some),
            Input::HangUp { session, call } => return self.hang_up(session, call).map(Some),
            Input::Entered { session } => self.entered(session),
            Input::SeatLost { session, why } => self.seat_lost(session, why),
            Input::End { call } => return self.end(call).map(Some),
            Input::Shutdown => self.shutdown(),
            Input::Tick => {}
        }
        Ok(None)
    }

    /// The next thing to be done, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When to call [`Calls::handle`] with [`Input::Tick`] at the latest, and what for.
    pub fn next_deadline(&self) -> Option<(Moment, Why)> {
        self.timers.next().map(|(at, timer)| (at, timer.why()))
    }

    /// A call that is not over.
    pub fn get(&self, call: CallId) -> Option<&Call> {
        self.calls.get(&call)
    }

    /// The call that a session takes part in or rings for.
    pub fn of_session(&self, session: SessionId) -> Option<&Call> {
        let device = self.devices.get(&session)?;
        let call = self.calls.get(&self.users.get(&device.user)?.call?)?;
        let party = call.party(&device.user.user)?;
        (party.session == Some(session) || party.told.contains(&session)).then_some(call)
    }

    /// The call that a session called or answered; it may have a seat in the room of that.
    pub fn bound_call(&self, session: SessionId) -> Option<CallId> {
        self.bound(session).map(|(call, _)| call)
    }

    /// All calls that are not over, the oldest first.
    pub fn all(&self) -> impl Iterator<Item = &Call> {
        self.calls.values()
    }

    /// Whether nothing at all is held; then nothing has leaked.
    pub fn is_idle(&self) -> bool {
        self.calls.is_empty() && self.devices.is_empty() && self.users.is_empty() && self.timers.is_empty()
    }

    /// Does what is due, each at its own time.
    fn fire(&mut self, now: Moment) {
        while let Some((at, _)) = self.timers.next().filter(|(at, _)| *at <= now) {
            self.now = self.now.max(at);
            match self.timers.pop_due(now) {
                Some(Timer::Ring(call)) => self.rung_out(call),
                Some(Timer::CallerLost(call)) => self.caller_lost(call),
                Some(Timer::Enter(call, session)) => self.never_came(call, session),
                None => break,
            }
        }
    }

    fn online(&mut self, session: SessionId, user: UserKey) {
        match self.devices.get(&session) {
            Some(device) if device.user == user => return self.back(session),
            // A number that is used again: the one who had it is gone.
            Some(_) => self.session_ended(session, false),
            None => {}
        }
        let state = self.users.entry(user.clone()).or_default();
        state.sessions.insert(session);
        let ringing = state.call;
        self.devices.insert(session, Device { user: user.clone(), connected: true });
        if let Some(call) = ringing {
            let before = self.is_reached(call, &user);
            self.ring(call, &user, session);
            self.tell_if_reached(call, &user, before);
        }
    }

    /// Lets an invitation ring at one more device.
    pub(crate) fn ring(&mut self, id: CallId, user: &UserKey, session: SessionId) {
        let connected = self.devices.get(&session).is_some_and(|device| device.connected);
        let Some(party) = self.calls.get_mut(&id).and_then(|call| call.party_mut(&user.user)) else { return };
        if party.state == PartyState::Ringing && party.told.insert(session) {
            if connected {
                party.reached = true;
                party.rang.get_or_insert(self.now);
            }
            self.out.push_back(Output::Invited { session, call: id });
        }
    }

    fn is_reached(&self, id: CallId, user: &UserKey) -> bool {
        let call = self.calls.get(&id);
        call.and_then(|call| call.party(&user.user)).is_some_and(|party| party.reached)
    }

    /// The others see that an invitation which had reached nobody rings now.
    fn tell_if_reached(&mut self, id: CallId, user: &UserKey, before: bool) {
        let party = self.calls.get(&id).and_then(|call| call.party(&user.user));
        if !before && party.is_some_and(|party| party.reached && party.state == PartyState::Ringing) {
            self.tell(id, &user.user);
        }
    }

    fn lost(&mut self, session: SessionId) {
        let Some(device) = self.devices.get_mut(&session) else { return };
        // Said twice, it is not waited for longer.
        if std::mem::take(&mut device.connected) {
            self.wait_for_caller(session);
        }
    }

    /// Waits for a caller that has no connection while it rings.
    pub(crate) fn wait_for_caller(&mut self, session: SessionId) {
        let connected = self.devices.get(&session).is_none_or(|device| device.connected);
        if let (false, Some((call, PartyState::Calling))) = (connected, self.bound(session)) {
            self.timers.arm(Timer::CallerLost(call), self.now + self.limits.caller_lost);
        }
    }

    fn back(&mut self, session: SessionId) {
        let now = self.now;
        let Some(device) = self.devices.get_mut(&session) else { return };
        device.connected = true;
        let key = device.user.clone();
        let Some(id) = self.users.get(&key).and_then(|user| user.call) else { return };
        let Some(party) = self.calls.get_mut(&id).and_then(|call| call.party_mut(&key.user)) else { return };
        if party.told.contains(&session) {
            let before = std::mem::replace(&mut party.reached, true);
            party.rang.get_or_insert(now);
            self.tell_if_reached(id, &key, before);
        } else if party.session == Some(session) {
            self.timers.cancel(&Timer::CallerLost(id));
        }
    }

    fn session_ended(&mut self, session: SessionId, deliberate: bool) {
        let bound = self.bound(session);
        let Some(device) = self.devices.remove(&session) else { return };
        let key = device.user;
        if let Some(user) = self.users.get_mut(&key) {
            user.sessions.remove(&session);
            let id = user.call;
            let call = id.and_then(|id| self.calls.get_mut(&id));
            if let Some(party) = call.and_then(|call| call.party_mut(&key.user)) {
                party.told.remove(&session);
            }
        }
        match bound {
            Some((call, PartyState::Calling)) => {
                let reason = if deliberate { OverReason::Cancelled } else { OverReason::Lost };
                self.finish(call, reason, Some(&key.user), Some(session));
            }
            Some((call, _)) => {
                let state = if deliberate { PartyState::Left } else { PartyState::Lost };
                self.part(call, &key.user, state, Some(session));
            }
            None => {}
        }
        self.forget(&key);
    }

    /// Drops a user of whom nothing is known any more.
    pub(crate) fn forget(&mut self, key: &UserKey) {
        if self.users.get(key).is_some_and(|user| user.sessions.is_empty() && user.call.is_none()) {
            self.users.remove(key);
        }
    }

    /// The call that a session called or answered, and how it stands with it.
    pub(crate) fn bound(&self, session: SessionId) -> Option<(CallId, PartyState)> {
        let device = self.devices.get(&session)?;
        let id = self.users.get(&device.user)?.call?;
        let party = self.calls.get(&id)?.party(&device.user.user)?;
        (party.session == Some(session)).then_some((id, party.state))
    }

    /// The part of a user in a call. A user of another application has none, whatever its name.
    pub(crate) fn party_of(&self, id: CallId, key: &UserKey) -> Option<&Party> {
        self.calls.get(&id).filter(|call| call.app == key.app)?.party(&key.user)
    }

    pub(crate) fn user_of(&self, session: SessionId) -> Result<UserKey, Refusal> {
        self.devices.get(&session).map(|device| device.user.clone()).ok_or(Refusal::NoSession)
    }

    /// As [`Self::tell`], but for one session, which knows.
    pub(crate) fn tell_others(&mut self, id: CallId, user: &huitong_types::UserId, knows: SessionId) {
        let from = self.out.len();
        self.tell(id, user);
        let told = self.out.split_off(from);
        let knows = |output: &Output| matches!(output, Output::Changed { session, .. } if *session == knows);
        self.out.extend(told.into_iter().filter(|output| !knows(output)));
    }

    /// Tells those concerned how it stands with one of a call.
    pub(crate) fn tell(&mut self, id: CallId, user: &huitong_types::UserId) {
        let Some(call) = self.calls.get(&id) else { return };
        let Some(state) = call.party(user).map(|party| party.state) else { return };
        for session in call.audience(user) {
            self.out.push_back(Output::Changed { session, call: id, user: user.clone(), state });
        }
    }
}
