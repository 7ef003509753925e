//! What tests and simulations ask of the tables: whether they are in order, and whether two of them behave alike.

use crate::conference::{Conference, Guesses, Lock, Member};
use crate::io::{ConferenceId, MemberId};
use crate::limits::{ATTRIBUTES, ATTRIBUTES_BYTES, DECIDED, HANDS, TICKETS_OF_USER};
use crate::machine::{Conferences, Timer};
use crate::words::{AdminGone, Role};
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

/// The first of these that does not hold.
fn first(rules: &[(bool, &str)]) -> Option<String> {
    rules.iter().find(|(holds, _)| !holds).map(|(_, wrong)| (*wrong).to_owned())
}

impl Conferences {
    /// The first thing about the tables that is not as it must be; for tests and simulations.
    pub fn broken(&self) -> Option<String> {
        let all = self.conferences.values();
        let members: usize = all.clone().map(|conference| conference.members.len()).sum();
        let asks: usize = all.clone().map(|conference| conference.asks.len()).sum();
        let tickets: usize =
            all.clone().flat_map(|conference| conference.tickets.values()).map(|own| own.len()).sum();
        let founded = all.clone().filter(|conference| conference.founder.is_some()).count();
        let rules = [
            (self.rooms.len() == self.conferences.len(), "a room has no conference, or one that is over"),
            (self.sessions.len() == members, "a session is kept that is in no conference"),
            (self.asks.len() == asks, "a request is kept for no conference"),
            (self.tickets.len() == tickets, "a ticket is kept for no conference"),
            (self.founded.values().sum::<usize>() == founded, "a user counts for a conference that is over"),
            (self.founded.values().all(|count| *count > 0), "a user counts for nothing"),
            (
                self.of_apps.values().sum::<usize>() == self.conferences.len(),
                "an application counts for what is over",
            ),
            (self.of_apps.values().all(|count| *count > 0), "an application counts for nothing"),
        ];
        first(&rules)
            .or_else(|| self.broken_timers())
            .or_else(|| self.broken_asks())
            .or_else(|| all.clone().find_map(|conference| self.broken_conference(conference)))
    }

    /// Whether it ends if nobody comes.
    fn ends_empty(&self, conference: &Conference) -> bool {
        conference.members.is_empty() && !self.shut
    }

    /// A deadline that is for nothing, or one that is missing.
    fn broken_timers(&self) -> Option<String> {
        let guessed = |guesses: &Guesses| guesses.wrong > 0;
        let expected = self.asks.len()
            + self.tickets.len()
            + self.guessers.values().filter(|guesser| guessed(&guesser.guesses)).count()
            + self.conferences.values().filter(|conference| self.ends_empty(conference)).count()
            + self.conferences.values().filter(|conference| guessed(&conference.guesses)).count();
        if expected != self.timers.len() {
            return Some(format!("{expected} deadlines are needed, and {} are kept", self.timers.len()));
        }
        for (_, timer) in self.timers.iter() {
            let fits = match timer {
                Timer::Ask(ask) => self.asks.contains_key(ask),
                Timer::Ticket(ticket) => self.tickets.contains_key(ticket),
                Timer::User(user) => self.guessers.get(user).is_some_and(|user| guessed(&user.guesses)),
                Timer::Empty(id) => self.conferences.get(id).is_some_and(|own| self.ends_empty(own)),
                Timer::Guesses(id) => self.conferences.get(id).is_some_and(|own| guessed(&own.guesses)),
            };
            if !fits {
                return Some(format!("the deadline {timer:?} is for nothing"));
            }
        }
        None
    }

    fn broken_asks(&self) -> Option<String> {
        for (ask, waiting) in &self.asks {
            let Some(conference) = self.conferences.get(&waiting.conference) else {
                return Some(format!("{ask} waits for a conference that is over"));
            };
            let sealing = conference.lock == Lock::Sealing;
            if !conference.asks.contains(ask) || waiting.password.is_some() != sealing {
                return Some(format!("{ask} is not kept as its conference is"));
            }
        }
        for (user, guesser) in &self.guessers {
            let asks = self.asks.values().filter(|waiting| waiting.user == *user).count();
            if guesser.asks != asks || (asks == 0 && guesser.guesses.wrong == 0) {
                return Some(format!("{} has {asks} requests, and {} are counted", user.user, guesser.asks));
            }
        }
        for ticket in self.tickets.values() {
            let conference = self.conferences.get(&ticket.conference);
            let own = conference.and_then(|conference| conference.tickets.get(&ticket.user.user));
            if ticket.expires <= self.now || own.is_none_or(|own| !own.contains(&ticket.id)) {
                return Some(format!("{} is kept although it is good for nothing", ticket.id));
            }
        }
        None
    }

    fn broken_conference(&self, conference: &Conference) -> Option<String> {
        let id = conference.id;
        let in_room = self.in_room(conference.app, &conference.room).map(|own| own.id);
        let asks =
            conference.asks.iter().all(|ask| self.asks.get(ask).is_some_and(|own| own.conference == id));
        let by_role = |least: Role| -> Vec<MemberId> {
            conference.members().filter(|member| member.role >= least).map(|member| member.id).collect()
        };
        let bytes: usize = conference.attributes().map(|(key, value)| key.len() + value.len()).sum();
        let nobody = MemberId(u64::MAX);
        let caps = conference.caps;
        let ungoverned = conference.governed && conference.admins.is_empty() && !self.shut;
        let rules = [
            (in_room == Some(id), "is not found in its room"),
            (asks, "has a request that is not its own"),
            (conference.users.len() == conference.members.len(), "has a user who is no member, or is two"),
            (conference.talkers.iter().copied().eq(by_role(Role::Talker)), "has talkers that are none"),
            (conference.admins.iter().copied().eq(by_role(Role::Admin)), "has admins that are none"),
            (conference.talkers.len() <= caps.talkers, "has too many talkers"),
            (conference.videos_but(nobody) <= caps.videos, "has too many cameras"),
            (conference.screens_but(nobody) <= caps.screens, "has too many screens"),
            (conference.hands.len() <= HANDS, "has too many hands"),
            (
                conference.decided.len() <= DECIDED && conference.acquainted.len() <= DECIDED,
                "remembers too much",
            ),
            (conference.hands.is_empty() || !conference.no_hands, "has hands where there are none"),
            (conference.attributes.len() <= ATTRIBUTES && bytes <= ATTRIBUTES_BYTES, "says too much"),
            (conference.governed || conference.admins.is_empty(), "has an admin and never had one"),
            (self.limits.admin_gone != AdminGone::End || !ungoverned, "goes on without its admin"),
            (
                self.limits.admin_gone != AdminGone::NextTalker
                    || !ungoverned
                    || conference.successor().is_none(),
                "has no admin although one could be it",
            ),
            (
                conference.tickets.values().all(|own| (1..=TICKETS_OF_USER).contains(&own.len())),
                "keeps too many tickets of a user, or none",
            ),
        ];
        let broken = first(&rules)
            .or_else(|| conference.members().find_map(|member| self.broken_member(conference, member)));
        broken.map(|wrong| format!("{id} {wrong}"))
    }

    fn broken_member(&self, conference: &Conference, member: &Member) -> Option<String> {
        let decided = conference.decided.get(&member.user).copied().unwrap_or_default();
        let silent = (decided.no_audio, decided.no_video) == (member.no_audio, member.no_video);
        let place = self.sessions.get(&member.session);
        let hand = conference.hands.contains(&member.id);
        let creator = conference.is_creator(&member.user);
        let wrong = first(&[
            (conference.users.get(&member.user) == Some(&member.id), "is not found by its user"),
            (place == Some(&(conference.id, member.id)), "is not found by its session"),
            (member.role.publishes() || member.streams.is_empty(), "publishes and may not"),
            (!hand || !member.role.publishes(), "asks for what it has"),
            (!creator || member.role == Role::Admin, "has created the conference and is no admin"),
            (silent, "is not as silent as was decided"),
        ]);
        wrong.map(|wrong| format!("{} {wrong}", member.user))
    }

    /// Feeds all that decides what happens next, and nothing else: what is numbered by its order and not by its number,
    /// moments by how far they are. Machines that feed the same behave alike, so an exploration ends where it has been before.
    pub fn fingerprint(&self, into: &mut impl Hasher) {
        let places: BTreeMap<ConferenceId, usize> = self.conferences.keys().copied().zip(0..).collect();
        (self.conferences.len(), self.asks.len(), self.tickets.len(), self.guessers.len()).hash(into);
        self.shut.hash(into);
        for conference in self.conferences.values() {
            self.print_conference(conference, into);
        }
        for (ask, waiting) in &self.asks {
            (&waiting.user, places.get(&waiting.conference), waiting.wish).hash(into);
            self.print_deadline(&Timer::Ask(*ask), into);
        }
        for ticket in self.tickets.values() {
            (&ticket.user, places.get(&ticket.conference), ticket.role).hash(into);
            ticket.expires.since(self.now).hash(into);
        }
        for (user, guesser) in &self.guessers {
            (user, guesser.asks).hash(into);
            self.print_guesses(&guesser.guesses, &Timer::User(user.clone()), into);
        }
    }

    fn print_conference(&self, conference: &Conference, into: &mut impl Hasher) {
        (conference.app, &conference.room, conference.kind, &conference.creator, conference.caps).hash(into);
        (conference.default_role, conference.visited, conference.governed).hash(into);
        (conference.no_hands, &conference.founder).hash(into);
        match &conference.lock {
            Lock::Open => 0.hash(into),
            Lock::Sealing => 1.hash(into),
            Lock::Sealed(hash) => hash.hash(into),
        }
        conference.members.len().hash(into);
        for member in conference.members() {
            (&member.user, member.session, member.role, &member.profile).hash(into);
            // Which ticket it was matters to nobody but one who shows it once more, and changes nothing then.
            member.ticket.is_some().hash(into);
            (member.no_audio, member.no_video, &member.streams).hash(into);
            conference.hands.contains(&member.id).hash(into);
        }
        (&conference.decided, &conference.attributes, &conference.acquainted).hash(into);
        self.print_deadline(&Timer::Empty(conference.id), into);
        self.print_guesses(&conference.guesses, &Timer::Guesses(conference.id), into);
    }

    fn print_guesses(&self, guesses: &Guesses, forgiven: &Timer, into: &mut impl Hasher) {
        (guesses.wrong, guesses.free_at.since(self.now)).hash(into);
        self.print_deadline(forgiven, into);
    }

    fn print_deadline(&self, timer: &Timer, into: &mut impl Hasher) {
        let at = self.timers.iter().find(|(_, own)| *own == timer).map(|(at, _)| at.since(self.now));
        at.hash(into);
    }
}
