//! Passwords, the delay against guessing them, and tickets.

use crate::conference::Lock;
use crate::io::{
    Answer, AskId, ConferenceId, Output, PasswordHash, Reply, Ticket, TicketId, UserKey, Verdict, Wish,
};
use crate::limits::{PASSWORD_BYTES, TICKETS_OF_USER, fits};
use crate::machine::{Conferences, Timer};
use crate::refusal::Refusal;
use crate::words::{AskedAdmin, Role};
use huitong_types::Redacted;

/// A request that waits for its password to be checked.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) user: UserKey,
    pub(crate) conference: ConferenceId,
    pub(crate) wish: Wish,
    /// The password, until it is sent to be checked.
    pub(crate) password: Option<Redacted<String>>,
}

impl Conferences {
    pub(crate) fn ask(
        &mut self,
        user: UserKey,
        id: ConferenceId,
        password: Redacted<String>,
        wish: Wish,
    ) -> Result<Reply, Refusal> {
        let conference = self.of_app(id, user.app)?;
        fits("password", password.reveal(), PASSWORD_BYTES, "has more than 128 bytes")?;
        let is_creator = conference.is_creator(&user.user);
        let is_admin =
            conference.decided.get(&user.user).and_then(|decided| decided.role) == Some(Role::Admin);
        let admin = wish == Wish::Enter(Some(Role::Admin)) && !is_creator && !is_admin;
        if admin && self.limits.asked_admin == AskedAdmin::Refused {
            return Err(Refusal::AdminNotGranted);
        }
        let empty = password.reveal().is_empty();
        let hash = match &conference.lock {
            // Who set the password has shown who it is.
            _ if is_creator => None,
            Lock::Open if empty => None,
            // What cannot be right needs no checking, and is no guess.
            Lock::Open => return Err(Refusal::WrongPassword),
            _ if empty => return Err(Refusal::WrongPassword),
            Lock::Sealing => Some(None),
            Lock::Sealed(hash) => Some(Some(hash.clone())),
        };
        let Some(hash) = hash else {
            let answer = self.open_to(&user, id, wish)?;
            let ask = AskId(self.number());
            self.out.push_back(Output::Answered { ask, answer: Ok(answer) });
            return Ok(Reply::Asked(ask));
        };
        self.may_guess(&user, id)?;
        let ask = AskId(self.number());
        self.guessers.entry(user.clone()).or_default().asks += 1;
        if let Some(conference) = self.conferences.get_mut(&id) {
            conference.asks.insert(ask);
        }
        self.asks.insert(ask, Ask { user, conference: id, wish, password: Some(password) });
        self.timers.arm(Timer::Ask(ask), self.now + self.limits.ask);
        if let Some(hash) = hash {
            self.check(ask, hash);
        }
        Ok(Reply::Asked(ask))
    }

    /// Whether one more password may be tried.
    fn may_guess(&self, user: &UserKey, id: ConferenceId) -> Result<(), Refusal> {
        let conference = self.conferences.get(&id).ok_or(Refusal::NoConference)?;
        let guesser = self.guessers.get(user).copied();
        let (now, limits) = (self.now, &self.limits);
        if guesser.is_none() && self.guessers.len() >= limits.guessers {
            return Err(Refusal::ServerFull);
        }
        let guesser = guesser.unwrap_or_default();
        if let Some(wait) = guesser.guesses.wait(now, guesser.asks, &limits.user_guessing) {
            return Err(Refusal::Wait(wait));
        }
        // A crowd that comes at once knows the password: only when many were wrong are passwords taken one by one. Who was
        // inside knows it, and is not to be kept out by strangers who guess.
        let (guesses, checked) = (conference.guesses, conference.asks.len());
        let known = conference.acquainted.contains(&user.user);
        let suspicious = guesses.wrong >= limits.conference_guessing.free && !known;
        if let Some(wait) = guesses.wait(now, checked, &limits.conference_guessing).filter(|_| suspicious) {
            return Err(Refusal::Wait(wait));
        }
        if checked >= limits.asks_of_conference || self.asks.len() >= limits.asks {
            return Err(Refusal::ServerFull);
        }
        Ok(())
    }

    /// Gives a password away to be checked.
    pub(crate) fn check(&mut self, ask: AskId, hash: PasswordHash) {
        if let Some(password) = self.asks.get_mut(&ask).and_then(|waiting| waiting.password.take()) {
            self.out.push_back(Output::Check { ask, password, hash });
        }
    }

    /// A password was checked. What comes too late, or twice, or before it was sent, has no effect.
    pub(crate) fn checked(&mut self, ask: AskId, verdict: Verdict) {
        let Some(waiting) = self.asks.get(&ask).filter(|waiting| waiting.password.is_none()).cloned() else {
            return;
        };
        if verdict == Verdict::Wrong {
            self.count_wrong(&waiting);
        }
        let answer = match verdict {
            Verdict::Right => self.open_to(&waiting.user, waiting.conference, waiting.wish),
            Verdict::Wrong => Err(Refusal::WrongPassword),
            Verdict::Failed => Err(Refusal::NotChecked),
        };
        self.answer(ask, answer);
    }

    pub(crate) fn not_checked(&mut self, ask: AskId) {
        self.answer(ask, Err(Refusal::NotChecked));
    }

    /// Wrong passwords are only forgotten with time: a right one for another conference would make guessing free.
    fn count_wrong(&mut self, waiting: &Ask) {
        let (now, forgiven) = (self.now, self.now + self.limits.forget);
        if let Some(guesser) = self.guessers.get_mut(&waiting.user) {
            guesser.guesses.count(now, &self.limits.user_guessing);
            self.timers.arm(Timer::User(waiting.user.clone()), forgiven);
        }
        if let Some(conference) = self.conferences.get_mut(&waiting.conference) {
            conference.guesses.count(now, &self.limits.conference_guessing);
            self.timers.arm(Timer::Guesses(waiting.conference), forgiven);
        }
    }

    pub(crate) fn forgive_user(&mut self, user: &UserKey) {
        if let Some(guesser) = self.guessers.get_mut(user) {
            guesser.guesses = Default::default();
        }
        self.forget_guesser(user);
    }

    pub(crate) fn forgive_conference(&mut self, id: ConferenceId) {
        if let Some(conference) = self.conferences.get_mut(&id) {
            conference.guesses = Default::default();
        }
    }

    fn forget_guesser(&mut self, user: &UserKey) {
        if self.guessers.get(user).is_some_and(|guesser| guesser.asks == 0 && guesser.guesses.wrong == 0) {
            self.guessers.remove(user);
        }
    }

    /// Answers a request that was taken; it is over then.
    pub(crate) fn answer(&mut self, ask: AskId, answer: Result<Answer, Refusal>) {
        let Some(waiting) = self.asks.remove(&ask) else { return };
        self.timers.cancel(&Timer::Ask(ask));
        if let Some(conference) = self.conferences.get_mut(&waiting.conference) {
            conference.asks.remove(&ask);
        }
        if let Some(guesser) = self.guessers.get_mut(&waiting.user) {
            guesser.asks = guesser.asks.saturating_sub(1);
        }
        self.forget_guesser(&waiting.user);
        self.out.push_back(Output::Answered { ask, answer });
    }

    /// What one gets who may enter or look.
    fn open_to(&mut self, user: &UserKey, id: ConferenceId, wish: Wish) -> Result<Answer, Refusal> {
        let Wish::Enter(role) = wish else { return Ok(Answer::Look(id)) };
        let conference = self.conferences.get(&id).ok_or(Refusal::NoConference)?;
        // The oldest makes room for the newest: who loses replies is not shut out.
        let oldest = conference
            .tickets
            .get(&user.user)
            .filter(|tickets| tickets.len() >= TICKETS_OF_USER)
            .and_then(|tickets| tickets.front().copied());
        match oldest {
            Some(oldest) => self.drop_ticket(oldest),
            None if self.tickets.len() >= self.limits.tickets => return Err(Refusal::ServerFull),
            None => {}
        }
        let ticket = Ticket {
            id: TicketId(self.number()),
            conference: id,
            user: user.clone(),
            role,
            expires: self.now + self.limits.ticket,
        };
        self.timers.arm(Timer::Ticket(ticket.id), ticket.expires);
        self.tickets.insert(ticket.id, ticket.clone());
        if let Some(conference) = self.conferences.get_mut(&id) {
            conference.tickets.entry(user.user.clone()).or_default().push_back(ticket.id);
        }
        Ok(Answer::Ticket(ticket))
    }

    /// Takes a ticket out of all tables: it was used, has expired or is withdrawn.
    pub(crate) fn drop_ticket(&mut self, id: TicketId) {
        let Some(ticket) = self.tickets.remove(&id) else { return };
        self.timers.cancel(&Timer::Ticket(id));
        let Some(conference) = self.conferences.get_mut(&ticket.conference) else { return };
        let Some(own) = conference.tickets.get_mut(&ticket.user.user) else { return };
        own.retain(|own| *own != id);
        if own.is_empty() {
            conference.tickets.remove(&ticket.user.user);
        }
    }

    /// Whether a ticket lets this user into this conference now.
    pub(crate) fn admit(&self, user: &UserKey, id: ConferenceId, ticket: &Ticket) -> Result<(), Refusal> {
        if ticket.user != *user || ticket.conference != id {
            return Err(Refusal::TicketInvalid);
        }
        if ticket.expires <= self.now {
            return Err(Refusal::TicketExpired);
        }
        self.of_app(id, user.app)?;
        match self.tickets.get(&ticket.id) {
            None => Err(Refusal::TicketVoid),
            Some(known) if known != ticket => Err(Refusal::TicketInvalid),
            Some(_) => Ok(()),
        }
    }
}
