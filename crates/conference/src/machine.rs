//! The machine: tables, deadlines, and who may do what.

use crate::asking::Ask;
use crate::conference::{Conference, Guesses, Member};
use crate::io::{
    Actor, AskId, ConferenceId, Event, Input, MemberId, Output, Reply, Ticket, TicketId, UserKey, Why,
};
use crate::limits::Limits;
use crate::refusal::Refusal;
use huitong_types::{AppId, Moment, RoomId, SessionId, Timers};
use std::collections::{BTreeMap, HashMap, VecDeque};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    Empty(ConferenceId),
    Ask(AskId),
    Ticket(TicketId),
    User(UserKey),
    Guesses(ConferenceId),
}

impl Timer {
    const fn why(&self) -> Why {
        match self {
            Self::Empty(_) => Why::Empty,
            Self::Ask(_) => Why::NotChecked,
            Self::Ticket(_) => Why::TicketExpired,
            Self::User(_) => Why::UserForgiven,
            Self::Guesses(_) => Why::ConferenceForgiven,
        }
    }
}

/// A user whose passwords are being checked, or were wrong a while ago.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Guesser {
    pub(crate) guesses: Guesses,
    pub(crate) asks: usize,
}

/// All conferences of all applications.
#[derive(Clone, Debug)]
pub struct Conferences {
    pub(crate) limits: Limits,
    pub(crate) now: Moment,
    /// The next number, whatever it is for.
    pub(crate) next: u64,
    pub(crate) conferences: BTreeMap<ConferenceId, Conference>,
    pub(crate) rooms: BTreeMap<(AppId, RoomId), ConferenceId>,
    pub(crate) founded: BTreeMap<UserKey, usize>,
    pub(crate) of_apps: BTreeMap<AppId, usize>,
    pub(crate) sessions: HashMap<SessionId, (ConferenceId, MemberId)>,
    pub(crate) asks: BTreeMap<AskId, Ask>,
    pub(crate) tickets: BTreeMap<TicketId, Ticket>,
    pub(crate) guessers: BTreeMap<UserKey, Guesser>,
    pub(crate) timers: Timers<Timer>,
    /// The server goes down: who leaves now has no choice, and nothing follows from it.
    pub(crate) shut: bool,
    pub(crate) out: VecDeque<Output>,
}

impl Conferences {
    /// No conferences.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            now: Moment::ZERO,
            next: 1,
            conferences: BTreeMap::new(),
            rooms: BTreeMap::new(),
            founded: BTreeMap::new(),
            of_apps: BTreeMap::new(),
            sessions: HashMap::new(),
            asks: BTreeMap::new(),
            tickets: BTreeMap::new(),
            guessers: BTreeMap::new(),
            timers: Timers::new(),
            shut: false,
            out: VecDeque::new(),
        }
    }

    /// Lets something happen, after everything that was due before.
    ///
    /// # Errors
    /// The request was refused; except for what time brought about, nothing changed.
    pub fn handle(&mut self, now: Moment, input: Input) -> Result<Reply, Refusal> {
        self.fire(now.max(self.now));
        self.now = now.max(self.now);
        match input {
            Input::Create { by, creator, room, settings } => return self.create(by, creator, room, settings),
            Input::Find { user, room, settings } => return self.find(user, room, settings),
            Input::Restore { kept, decided } => return self.restore(*kept, decided),
            Input::Ask { user, conference, password, wish } => {
                return self.ask(user, conference, password, wish);
            }
            Input::Hashed { conference, hash } => self.hashed(conference, hash),
            Input::Checked { ask, verdict } => self.checked(ask, verdict),
            Input::Enter { session, user, conference, ticket, profile } => {
                return self.enter(session, &user, conference, &ticket, profile);
            }
            Input::Admit { session, user, conference, role, authority } => {
                return self.admit_plain(session, &user, conference, role, authority);
            }
            Input::Leave { session, reason } => return self.leave(session, reason),
            Input::Gone { session, deliberate } => self.gone(session, deliberate),
            Input::SeatLost { session, why } => self.seat_lost(session, why),
            Input::Publish { session, kind, video } => return self.publish(session, kind, video),
            Input::Unpublish { session, kind } => self.unpublish(session, kind),
            Input::Grant { by, conference, whom, role } => return self.grant(&by, conference, &whom, role),
            Input::Kick { by, conference, whom } => return self.kick(&by, conference, &whom),
            Input::Mute { by, conference, whom, audio, video } => {
                return self.mute(&by, conference, &whom, audio, video);
            }
            Input::Hand { session, up } => return self.hand(session, up),
            Input::Decline { by, conference, whom } => return self.decline(&by, conference, whom),
            Input::Attributes { by, conference, changes } => {
                return self.change_attributes(&by, conference, changes);
            }
            Input::Destroy { by, conference } => return self.destroy(&by, conference),
            Input::Shutdown => self.shutdown(),
            Input::Tick => {}
        }
        Ok(Reply::Done)
    }

    /// Within which limits.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The next thing to be done, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When to call [`Conferences::handle`] with [`Input::Tick`] at the latest, and what for.
    pub fn next_deadline(&self) -> Option<(Moment, Why)> {
        self.timers.next().map(|(at, timer)| (at, timer.why()))
    }

    /// A conference that is not over.
    pub fn get(&self, id: ConferenceId) -> Option<&Conference> {
        self.conferences.get(&id)
    }

    /// The conference of a room.
    pub fn in_room(&self, app: AppId, room: &RoomId) -> Option<&Conference> {
        self.get(*self.rooms.get(&(app, room.clone()))?)
    }

    /// The conference that a session is in, and the member that it is there.
    pub fn of_session(&self, session: SessionId) -> Option<(&Conference, &Member)> {
        let (id, member) = self.sessions.get(&session)?;
        let conference = self.conferences.get(id)?;
        Some((conference, conference.members.get(member)?))
    }

    /// All conferences that are not over, the oldest first.
    pub fn all(&self) -> impl Iterator<Item = &Conference> {
        self.conferences.values()
    }

    /// Whether nothing at all is held; then nothing has leaked.
    pub fn is_idle(&self) -> bool {
        self.conferences.is_empty()
            && self.rooms.is_empty()
            && self.founded.is_empty()
            && self.of_apps.is_empty()
            && self.sessions.is_empty()
            && self.asks.is_empty()
            && self.tickets.is_empty()
            && self.guessers.is_empty()
            && self.timers.is_empty()
    }

    /// Does what is due, each at its own time.
    fn fire(&mut self, now: Moment) {
        while let Some((at, _)) = self.timers.next().filter(|(at, _)| *at <= now) {
            self.now = self.now.max(at);
            match self.timers.pop_due(now) {
                Some(Timer::Empty(id)) => self.was_empty(id),
                Some(Timer::Ask(ask)) => self.not_checked(ask),
                Some(Timer::Ticket(ticket)) => self.drop_ticket(ticket),
                Some(Timer::User(user)) => self.forgive_user(&user),
                Some(Timer::Guesses(id)) => self.forgive_conference(id),
                None => break,
            }
        }
    }

    pub(crate) fn number(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        number
    }

    /// A conference of an application. Those of others do not exist for it.
    pub(crate) fn of_app(&self, id: ConferenceId, app: AppId) -> Result<&Conference, Refusal> {
        self.conferences.get(&id).filter(|conference| conference.app == app).ok_or(Refusal::NoConference)
    }

    /// The conference, if this one may govern it now: the back-end, an admin inside, or the creator from outside.
    pub(crate) fn governed_by(&self, id: ConferenceId, by: &Actor) -> Result<&Conference, Refusal> {
        let conference = self.of_app(id, by.app())?;
        let may = match by {
            Actor::BackEnd(_) => true,
            Actor::User(key) => match conference.member_of(&key.user) {
                Some(member) => conference.admins.contains(&member.id),
                None => conference.is_creator(&key.user),
            },
        };
        if may { Ok(conference) } else { Err(Refusal::NotAdmin) }
    }

    /// Where a session is.
    pub(crate) fn place(&self, session: SessionId) -> Result<(ConferenceId, MemberId), Refusal> {
        self.sessions.get(&session).copied().ok_or(Refusal::NotInside)
    }

    pub(crate) fn tell(&mut self, conference: ConferenceId, to: Vec<SessionId>, event: Event) {
        if !to.is_empty() {
            self.out.push_back(Output::Tell { to, conference, event });
        }
    }
}
