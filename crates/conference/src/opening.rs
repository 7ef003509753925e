//! Conferences that begin, and those that end.

use crate::conference::{Conference, Guesses, Lock};
use crate::io::{Actor, ConferenceId, Output, PasswordHash, Reply, UserKey};
use crate::limits::{Caps, PASSWORD_BYTES, Settings, fits};
use crate::machine::{Conferences, Timer};
use crate::refusal::Refusal;
use crate::words::{AdminGone, ExitReason, Role};
use huitong_types::{AppId, RoomId, UserId};
use std::collections::{BTreeMap, BTreeSet};

impl Conferences {
    pub(crate) fn create(
        &mut self,
        by: Actor,
        creator: Option<UserId>,
        room: RoomId,
        settings: Settings,
    ) -> Result<Reply, Refusal> {
        let app = by.app();
        if self.rooms.contains_key(&(app, room.clone())) {
            return Err(Refusal::RoomTaken);
        }
        let (creator, founder) = match by {
            // Nobody makes somebody else an admin by that.
            Actor::User(key) => (creator.filter(|named| *named == key.user), Some(key)),
            // What the back-end does is its own affair and does not count for the user it names.
            Actor::BackEnd(_) => (creator, None),
        };
        self.open(app, creator, founder, room, settings)
    }

    /// Finds or creates in one step, so that of many who come first one is the creator.
    pub(crate) fn find(&mut self, user: UserKey, room: RoomId, settings: Settings) -> Result<Reply, Refusal> {
        match self.rooms.get(&(user.app, room.clone())) {
            Some(id) => Ok(Reply::Found(*id, false)),
            None => self.open(user.app, Some(user.user.clone()), Some(user), room, settings),
        }
    }

    fn open(
        &mut self,
        app: AppId,
        creator: Option<UserId>,
        founder: Option<UserKey>,
        room: RoomId,
        settings: Settings,
    ) -> Result<Reply, Refusal> {
        let caps = Caps::new(&self.limits, &settings)?;
        fits("password", settings.password.reveal(), PASSWORD_BYTES, "has more than 128 bytes")?;
        if self.conferences.len() >= self.limits.conferences {
            return Err(Refusal::ServerFull);
        }
        let of_app = self.of_apps.get(&app).copied().unwrap_or_default();
        if of_app >= self.limits.of_app {
            return Err(Refusal::AppFull);
        }
        if let Some(founder) = &founder {
            let present = self.founded.get(founder).copied().unwrap_or_default();
            if present >= self.limits.of_creator {
                return Err(Refusal::TooManyConferences);
            }
            self.founded.insert(founder.clone(), present + 1);
        }
        self.of_apps.insert(app, of_app + 1);
        let id = ConferenceId(self.number());
        let Settings { kind, password, default_role, empty, record, record_merged, no_hands, .. } = settings;
        let locked = !password.reveal().is_empty();
        // Nobody is admin by default: that would be everybody who knows the password.
        let default_role = default_role.filter(|role| *role != Role::Admin);
        let conference = Conference {
            id,
            app,
            room: room.clone(),
            kind,
            creator,
            default_role: default_role.unwrap_or(kind.default_role()),
            caps,
            empty: empty.unwrap_or(self.limits.empty).min(self.limits.empty_most),
            record,
            record_merged,
            no_hands,
            created: self.now,
            founder,
            lock: if locked { Lock::Sealing } else { Lock::Open },
            members: BTreeMap::new(),
            users: BTreeMap::new(),
            talkers: BTreeSet::new(),
            admins: BTreeSet::new(),
            hands: BTreeSet::new(),
            visited: false,
            governed: false,
            decided: BTreeMap::new(),
            attributes: BTreeMap::new(),
            guesses: Guesses::default(),
            acquainted: BTreeSet::new(),
            asks: BTreeSet::new(),
            tickets: BTreeMap::new(),
        };
        self.conferences.insert(id, conference);
        self.rooms.insert((app, room), id);
        self.out.push_back(Output::Created(id));
        if locked {
            self.out.push_back(Output::Hash { conference: id, password });
        }
        self.changed_all(id);
        self.settle(id);
        Ok(Reply::Found(id, true))
    }

    /// The password is hashed: those who waited for that are checked.
    pub(crate) fn hashed(&mut self, id: ConferenceId, hash: Option<PasswordHash>) {
        let Some(conference) = self.conferences.get_mut(&id) else { return };
        if conference.lock != Lock::Sealing {
            return;
        }
        match hash {
            Some(hash) => {
                conference.lock = Lock::Sealed(hash.clone());
                let waiting: Vec<_> = conference.asks.iter().copied().collect();
                self.changed_all(id);
                for ask in waiting {
                    self.check(ask, hash.clone());
                }
            }
            // Without its password it would be open to all, or to nobody.
            None => self.finish(id, ExitReason::Failed, Refusal::NotChecked),
        }
    }

    pub(crate) fn destroy(&mut self, by: &Actor, id: ConferenceId) -> Result<Reply, Refusal> {
        self.governed_by(id, by)?;
        self.finish(id, ExitReason::Closed, Refusal::NoConference);
        Ok(Reply::Done)
    }

    pub(crate) fn shutdown(&mut self) {
        self.shut = true;
        let sealing = self.conferences.values().filter(|conference| conference.lock == Lock::Sealing);
        for id in sealing.map(|conference| conference.id).collect::<Vec<_>>() {
            self.finish(id, ExitReason::Closed, Refusal::NotChecked);
        }
        for ask in self.asks.keys().copied().collect::<Vec<_>>() {
            self.answer(ask, Err(Refusal::NotChecked));
        }
        for id in self.conferences.keys() {
            self.timers.cancel(&Timer::Empty(*id));
        }
    }

    pub(crate) fn was_empty(&mut self, id: ConferenceId) {
        self.finish(id, ExitReason::Closed, Refusal::NoConference);
    }

    /// Draws the conclusions of a changed membership: without admins a conference goes on as configured, and an empty one
    /// ends in a while.
    pub(crate) fn settle(&mut self, id: ConferenceId) {
        if self.shut {
            return;
        }
        let Some(conference) = self.conferences.get(&id) else { return };
        if conference.governed && conference.admins.is_empty() {
            match self.limits.admin_gone {
                AdminGone::GoOn => {}
                AdminGone::NextTalker => self.succeed(id),
                AdminGone::End => {
                    return self.finish(id, ExitReason::Closed, Refusal::NoConference);
                }
            }
        }
        let Some(conference) = self.conferences.get(&id) else { return };
        let timer = Timer::Empty(id);
        match (conference.members.is_empty(), self.timers.is_armed(&timer)) {
            (true, false) => self.timers.arm(timer, self.now + conference.waits(&self.limits)),
            (false, true) => self.timers.cancel(&timer),
            _ => {}
        }
    }

    /// Ends a conference for everybody who is in it or waits for it. Nobody is told about the others.
    pub(crate) fn finish(&mut self, id: ConferenceId, reason: ExitReason, refusal: Refusal) {
        let Some(conference) = self.conferences.remove(&id) else { return };
        for member in conference.members.values() {
            let session = member.session;
            self.sessions.remove(&session);
            self.out.push_back(Output::PutOut { session, room: conference.room.clone() });
            self.out.push_back(Output::Exited { session, conference: id, reason });
        }
        for ask in &conference.asks {
            self.answer(*ask, Err(refusal));
        }
        for ticket in conference.tickets.values().flatten() {
            self.tickets.remove(ticket);
            self.timers.cancel(&Timer::Ticket(*ticket));
        }
        self.timers.cancel(&Timer::Empty(id));
        self.timers.cancel(&Timer::Guesses(id));
        if let Some(founder) = &conference.founder {
            one_less(&mut self.founded, founder);
        }
        one_less(&mut self.of_apps, &conference.app);
        self.rooms.remove(&(conference.app, conference.room.clone()));
        self.out.push_back(Output::Ended { conference: id, room: conference.room, app: conference.app });
    }
}

/// Counts one less of these; what there is none of is not kept.
fn one_less<K: Ord>(counts: &mut BTreeMap<K, usize>, of: &K) {
    match counts.get_mut(of) {
        Some(count) if *count > 1 => *count -= 1,
        _ => drop(counts.remove(of)),
    }
}
