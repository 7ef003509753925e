//! What of a conference outlives the server, and conferences that an earlier one left.

use crate::conference::{Conference, Guesses, Lock};
use crate::io::{ConferenceId, Output, PasswordHash, Reply, UserKey};
use crate::limits::{ATTRIBUTES, ATTRIBUTES_BYTES, Caps, DECIDED};
use crate::machine::Conferences;
use crate::refusal::Refusal;
use crate::words::{Kind, Role};
use huitong_types::{AppId, RoomId, UserId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// What admins decided about a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Decision {
    /// What it may do, whatever it asks for.
    pub role: Option<Role>,
    /// Whether its sound is left out.
    pub no_audio: bool,
    /// Whether its picture is left out.
    pub no_video: bool,
}

/// A conference as it is kept, without what was decided about users. Who is inside, who has a ticket and who guesses at the
/// password is not kept: that is about sessions, which end with the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The application.
    pub app: AppId,
    /// Where its media is.
    pub room: RoomId,
    /// What it is for.
    pub kind: Kind,
    /// Who is its admin whenever inside.
    pub creator: Option<UserId>,
    /// Who counts as having created it.
    pub founder: Option<UserId>,
    /// The role of those who ask for none.
    pub default_role: Role,
    /// How many may be what.
    pub caps: Caps,
    /// How long it is kept when nobody is in it.
    pub empty: Duration,
    /// Whether each stream is to be recorded.
    pub record: bool,
    /// Whether it is to be recorded as one picture.
    pub record_merged: bool,
    /// Whether nobody raises a hand in it.
    pub no_hands: bool,
    /// What its password must fit; nothing: it has none.
    pub password: Option<PasswordHash>,
    /// Its attributes.
    pub attributes: BTreeMap<Arc<str>, Arc<str>>,
}

/// What has changed of what is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// What [`Kept`] has.
    Itself,
    /// What was decided about a user.
    User(UserId),
}

impl Conference {
    /// What is to be kept; nothing before its password is hashed: without it the conference would be open to all.
    pub fn kept(&self) -> Option<Kept> {
        let password = match &self.lock {
            Lock::Open => None,
            Lock::Sealing => return None,
            Lock::Sealed(hash) => Some(hash.clone()),
        };
        Some(Kept {
            app: self.app,
            room: self.room.clone(),
            kind: self.kind,
            creator: self.creator.clone(),
            founder: self.founder.as_ref().map(|founder| founder.user.clone()),
            default_role: self.default_role,
            caps: self.caps,
            empty: self.empty,
            record: self.record,
            record_merged: self.record_merged,
            no_hands: self.no_hands,
            password,
            attributes: self.attributes.clone(),
        })
    }

    /// Whether its password is still being hashed.
    pub fn awaits_hash(&self) -> bool {
        self.lock == Lock::Sealing
    }

    /// What admins decided about users.
    pub fn decided(&self) -> impl Iterator<Item = (&UserId, &Decision)> {
        self.decided.iter()
    }

    /// What admins decided about a user.
    pub fn decision(&self, user: &UserId) -> Option<Decision> {
        self.decided.get(user).copied()
    }
}

impl Conferences {
    /// Says that something has changed of what is kept.
    pub(crate) fn changed(&mut self, id: ConferenceId, part: Part) {
        if self.conferences.get(&id).is_some_and(|conference| conference.lock != Lock::Sealing) {
            self.out.push_back(Output::Changed { conference: id, part });
        }
    }

    /// Says that all of a conference is to be kept from here on.
    pub(crate) fn changed_all(&mut self, id: ConferenceId) {
        let users: Vec<UserId> =
            self.conferences.get(&id).into_iter().flat_map(|own| own.decided.keys().cloned()).collect();
        self.changed(id, Part::Itself);
        for user in users {
            self.changed(id, Part::User(user));
        }
    }

    /// Takes a conference back that an earlier server kept. It is empty, and waits at least for those who were in it. What this
    /// server's limits do not allow is cut; how many its creator may have is no reason to take away what it has.
    pub(crate) fn restore(
        &mut self,
        kept: Kept,
        decided: BTreeMap<UserId, Decision>,
    ) -> Result<Reply, Refusal> {
        let room = (kept.app, kept.room.clone());
        let bytes: usize = kept.attributes.iter().map(|(key, value)| key.len() + value.len()).sum();
        if self.rooms.contains_key(&room) {
            return Err(Refusal::RoomTaken);
        }
        if self.conferences.len() >= self.limits.conferences {
            return Err(Refusal::ServerFull);
        }
        if decided.len() > DECIDED {
            return Err(Refusal::DecidedFull);
        }
        if kept.attributes.len() > ATTRIBUTES || bytes > ATTRIBUTES_BYTES {
            return Err(Refusal::AttributesFull);
        }
        let caps = kept.caps.within(&self.limits, kept.kind)?;
        let id = ConferenceId(self.number());
        *self.of_apps.entry(kept.app).or_default() += 1;
        let founder = kept.founder.map(|user| UserKey { app: kept.app, user });
        if let Some(founder) = &founder {
            *self.founded.entry(founder.clone()).or_default() += 1;
        }
        let conference = Conference {
            id,
            app: kept.app,
            room: kept.room,
            kind: kept.kind,
            creator: kept.creator,
            default_role: kept.default_role.min(Role::Talker),
            caps,
            empty: kept.empty.min(self.limits.empty_most),
            record: kept.record,
            record_merged: kept.record_merged,
            no_hands: kept.no_hands,
            created: self.now,
            founder,
            lock: kept.password.map_or(Lock::Open, Lock::Sealed),
            members: BTreeMap::new(),
            users: BTreeMap::new(),
            talkers: BTreeSet::new(),
            admins: BTreeSet::new(),
            hands: BTreeSet::new(),
            visited: false,
            // That its admins are not inside is the server's doing, and no reason to end it or to make others admin.
            governed: false,
            decided,
            attributes: kept.attributes,
            guesses: Guesses::default(),
            acquainted: BTreeSet::new(),
            asks: BTreeSet::new(),
            tickets: BTreeMap::new(),
        };
        self.conferences.insert(id, conference);
        self.rooms.insert(room, id);
        self.out.push_back(Output::Restored(id));
        self.settle(id);
        Ok(Reply::Found(id, false))
    }
}
