//! What of conferences is kept outside, so that they outlive the server, and what comes back after a restart.

use super::Meta;
use super::views::{count, kind_of, kind_word, role_of, role_word};
use crate::engine::Engine;
use crate::io::Output;
use huitong_conference::{
    Caps, Conference, ConferenceId, Decision, Input, Kept, Part, PasswordHash, Refusal, Reply,
};
use huitong_room::RoomKey;
use huitong_types::{AppId, ConferenceKind, ConferenceName, ConferenceRole, Redacted, RoomId, UserId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// A conference as it is kept outside, without what was decided about users. It contains the hash of its password, a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConferenceRecord {
    /// The application.
    pub app: AppId,
    /// Its name, by which those who come back ask for it.
    pub name: ConferenceName,
    /// The room.
    pub room: RoomId,
    /// What it is for.
    pub kind: ConferenceKind,
    /// Who is admin whenever inside.
    pub creator: Option<UserId>,
    /// For whom it counts as created.
    pub founder: Option<UserId>,
    /// The role of those who ask for none.
    pub default_role: ConferenceRole,
    /// Most talkers, admins among them.
    pub max_talkers: u32,
    /// Most cameras that are on at a time.
    pub max_videos: u32,
    /// Most members that only watch.
    pub max_audience: u32,
    /// Most shared screens.
    pub max_screens: u32,
    /// How long it is kept when nobody is in it, ms.
    pub empty_ms: u64,
    /// Whether each stream is to be recorded.
    pub record: bool,
    /// Whether it is to be recorded as one picture.
    pub record_merged: bool,
    /// Whether nobody raises a hand in it.
    #[serde(default)]
    pub no_hands: bool,
    /// What its password must fit; nothing: it has none.
    pub password: Option<Redacted<String>>,
    /// Its attributes.
    pub attributes: BTreeMap<String, String>,
    /// When it was created, Unix ms.
    pub created_ms: u64,
}

/// What admins decided about a user of a conference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConferenceDecision {
    /// The user.
    pub user: UserId,
    /// What it may do, whatever it asks for.
    pub role: Option<ConferenceRole>,
    /// Whether its sound is left out.
    pub no_audio: bool,
    /// Whether its picture is left out.
    pub no_video: bool,
}

/// What has changed of a conference that is kept. What it is now is to be asked for when it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConferenceChange {
    /// Whether [`ConferenceRecord`] has changed.
    pub itself: bool,
    /// About whom something else is decided now.
    pub users: BTreeSet<UserId>,
}

/// What is to be told outside about what is kept.
#[derive(Debug, Default)]
pub(crate) struct Keeping {
    changed: BTreeMap<ConferenceId, ConferenceChange>,
    over: Vec<(AppId, ConferenceName)>,
}

impl Keeping {
    pub(crate) fn is_idle(&self) -> bool {
        self.changed.is_empty() && self.over.is_empty()
    }
}

impl Engine {
    pub(crate) fn conference_changed(&mut self, id: ConferenceId, part: Part) {
        let Some(meta) = self.hall.meta.get_mut(&id) else { return };
        meta.kept = true;
        let change = self.hall.keeping.changed.entry(id).or_default();
        match part {
            Part::Itself => change.itself = true,
            Part::User(user) => drop(change.users.insert(user)),
        }
    }

    /// A conference is over: what was kept of it is to go.
    pub(crate) fn conference_forgotten(&mut self, id: ConferenceId, meta: Meta) {
        self.hall.keeping.changed.remove(&id);
        if meta.kept {
            self.hall.keeping.over.push((meta.key.app, meta.name));
        }
    }

    /// Tells what is to be kept, before anything else: whoever is answered may ask whether it is.
    pub(crate) fn tell_kept(&mut self) {
        let changed = std::mem::take(&mut self.hall.keeping.changed);
        for (id, change) in changed {
            if let Some(meta) = self.hall.meta.get(&id) {
                self.out.push_front(Output::ConferenceChanged { name: meta.name.clone(), change });
            }
        }
        for (app, name) in std::mem::take(&mut self.hall.keeping.over) {
            self.out.push_front(Output::ConferenceOver { app, name });
        }
    }

    fn conference_called(&self, name: &ConferenceName) -> Option<(&Conference, &Meta)> {
        let id = self.hall.names.get(name)?;
        Some((self.hall.machine.get(*id)?, self.hall.meta.get(id)?))
    }

    /// A conference as it is to be kept; nothing if it is over, or its password is not hashed yet.
    pub fn conference_record(&self, name: &ConferenceName) -> Option<ConferenceRecord> {
        let (conference, meta) = self.conference_called(name)?;
        let kept = conference.kept()?;
        let text = |text: &Arc<str>| text.as_ref().to_owned();
        Some(ConferenceRecord {
            app: kept.app,
            name: name.clone(),
            room: kept.room,
            kind: kind_word(kept.kind),
            creator: kept.creator,
            founder: kept.founder,
            default_role: role_word(kept.default_role),
            max_talkers: count(kept.caps.talkers),
            max_videos: count(kept.caps.videos),
            max_audience: count(kept.caps.audience),
            max_screens: count(kept.caps.screens),
            empty_ms: u64::try_from(kept.empty.as_millis()).unwrap_or(u64::MAX),
            record: kept.record,
            record_merged: kept.record_merged,
            no_hands: kept.no_hands,
            password: kept.password.map(|hash| Redacted::new(text(hash.0.reveal()))),
            attributes: kept.attributes.iter().map(|(key, value)| (text(key), text(value))).collect(),
            created_ms: meta.created_ms,
        })
    }

    /// What was decided about a user of a conference, as it is to be kept.
    pub fn conference_decision(&self, name: &ConferenceName, user: &UserId) -> Option<ConferenceDecision> {
        let (conference, _) = self.conference_called(name)?;
        let Decision { role, no_audio, no_video } = conference.decision(user)?;
        Some(ConferenceDecision { user: user.clone(), role: role.map(role_word), no_audio, no_video })
    }

    /// Takes a conference back that was kept before a restart. One that cannot be had here is kept no longer.
    pub(crate) fn restore_conference(&mut self, record: ConferenceRecord, decided: Vec<ConferenceDecision>) {
        let (name, created_ms) = (record.name.clone(), record.created_ms);
        let key = RoomKey { app: record.app, room: record.room.clone() };
        let restored = match self.hall.names.contains_key(&name) {
            true => Err(Refusal::RoomTaken),
            false => self.in_hall(Input::Restore {
                kept: Box::new(kept_of(record)),
                decided: decided.into_iter().map(decision_of).collect(),
            }),
        };
        let what = match restored {
            Ok(Reply::Found(id, _)) => {
                self.hall.names.insert(name.clone(), id);
                self.hall.meta.insert(id, Meta { name, key, created_ms, kept: true });
                return;
            }
            Ok(_) => "the machine gave no number".to_owned(),
            Err(refusal) => refusal.to_string(),
        };
        self.hall.keeping.over.push((key.app, name.clone()));
        self.note("conference-not-restored", |note| {
            note.app = Some(key.app);
            note.room = Some(key.room);
            note.detail = format!("{name}: {what}");
        });
    }

    pub(crate) fn conference_restored(&mut self, id: ConferenceId) {
        let Some(conference) = self.hall.machine.get(id) else { return };
        let creator = conference.creator.clone();
        let detail = format!("{:?}", conference.kind);
        let Some(meta) = self.hall.meta.get(&id).cloned() else { return };
        self.note("conference-restored", |note| {
            note.app = Some(meta.key.app);
            note.room = Some(meta.key.room);
            note.user = creator;
            note.detail = format!("{} {detail}", meta.name);
        });
    }
}

fn kept_of(record: ConferenceRecord) -> Kept {
    let most = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    Kept {
        app: record.app,
        room: record.room,
        kind: kind_of(record.kind),
        creator: record.creator,
        founder: record.founder,
        default_role: role_of(record.default_role),
        caps: Caps {
            talkers: most(record.max_talkers),
            videos: most(record.max_videos),
            audience: most(record.max_audience),
            screens: most(record.max_screens),
        },
        empty: Duration::from_millis(record.empty_ms),
        record: record.record,
        record_merged: record.record_merged,
        no_hands: record.no_hands,
        password: record.password.map(|hash| PasswordHash(Redacted::new(Arc::from(hash.into_inner())))),
        attributes: record
            .attributes
            .into_iter()
            .map(|(key, value)| (Arc::from(key), Arc::from(value)))
            .collect(),
    }
}

fn decision_of(kept: ConferenceDecision) -> (UserId, Decision) {
    let ConferenceDecision { user, role, no_audio, no_video } = kept;
    (user, Decision { role: role.map(role_of), no_audio, no_video })
}
