//! URLs that the back-end API minted, for encoders, players and load tests.

use huitong_room::RoomKey;
use huitong_types::{AppId, Moment, RoomId, Scene, StreamKey, StreamKind, UserId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// Most minted URLs of one application at once. Each costs some hundred bytes; a back-end that mints more without
/// letting them expire makes a mistake, and other applications must not notice.
pub(crate) const MOST_URLS: usize = 100_000;

/// What a minted URL is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To push; the scene is that of the room if the push creates it.
    Push { scene: Scene },
    /// To play.
    Play,
}

/// What a minted URL names.
#[derive(Clone, Debug)]
pub(crate) struct Minted {
    pub(crate) key: RoomKey,
    pub(crate) user: UserId,
    pub(crate) kind: StreamKind,
    pub(crate) purpose: Purpose,
}

/// A minted URL as it is kept outside, so that it outlives a restart. It contains the key, a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UrlRecord {
    /// The key in the URL.
    pub key: StreamKey,
    /// The application.
    pub app: AppId,
    /// The room.
    pub room: RoomId,
    /// The member that pushes, or whose stream is played.
    pub user: UserId,
    /// Which of its streams.
    pub stream: StreamKind,
    /// To push, and the scene of a room that the push creates; `None`: to play.
    pub push: Option<Scene>,
    /// When it expires, Unix seconds.
    pub expires: u64,
}

impl UrlRecord {
    pub(crate) fn new(key: StreamKey, minted: &Minted, expires: u64) -> Self {
        Self {
            key,
            app: minted.key.app,
            room: minted.key.room.clone(),
            user: minted.user.clone(),
            stream: minted.kind,
            push: match minted.purpose {
                Purpose::Push { scene } => Some(scene),
                Purpose::Play => None,
            },
            expires,
        }
    }

    pub(crate) fn minted(&self) -> Minted {
        Minted {
            key: RoomKey { app: self.app, room: self.room.clone() },
            user: self.user.clone(),
            kind: self.stream,
            purpose: self.push.map_or(Purpose::Play, |scene| Purpose::Push { scene }),
        }
    }
}

/// Minted URLs by key.
#[derive(Debug, Default)]
pub(crate) struct Urls {
    by_key: HashMap<StreamKey, Minted>,
    per_app: HashMap<AppId, usize>,
    expiry: BTreeMap<(Moment, u64), StreamKey>,
    next: u64,
}

impl Urls {
    /// Adds a URL. False if its application has too many.
    pub(crate) fn add(&mut self, expires: Moment, key: StreamKey, minted: Minted) -> bool {
        let count = self.per_app.entry(minted.key.app).or_default();
        if *count >= MOST_URLS {
            return false;
        }
        *count += 1;
        self.by_key.insert(key.clone(), minted);
        self.expiry.insert((expires, self.next), key);
        self.next += 1;
        true
    }

    pub(crate) fn get(&self, key: &StreamKey) -> Option<&Minted> {
        self.by_key.get(key)
    }

    /// Withdraws one. False if there is none.
    pub(crate) fn remove(&mut self, key: &StreamKey) -> bool {
        let known = self.by_key.contains_key(key);
        if known {
            self.forget(key);
            self.expiry.retain(|_, other| other != key);
        }
        known
    }

    /// Withdraws those that `over` says are over.
    pub(crate) fn withdraw(&mut self, over: impl Fn(&Minted) -> bool) -> Vec<StreamKey> {
        let gone: Vec<StreamKey> =
            self.by_key.iter().filter(|(_, minted)| over(minted)).map(|(key, _)| key.clone()).collect();
        if !gone.is_empty() {
            gone.iter().for_each(|key| self.forget(key));
            let by_key = &self.by_key;
            self.expiry.retain(|_, key| by_key.contains_key(key));
        }
        gone
    }

    fn forget(&mut self, key: &StreamKey) {
        let Some(minted) = self.by_key.remove(key) else { return };
        if let Some(count) = self.per_app.get_mut(&minted.key.app) {
            *count -= 1;
            if *count == 0 {
                self.per_app.remove(&minted.key.app);
            }
        }
    }

    pub(crate) fn expire(&mut self, now: Moment) {
        while let Some(entry) = self.expiry.first_entry() {
            if entry.key().0 > now {
                return;
            }
            let key = entry.remove();
            self.forget(&key);
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Moment> {
        self.expiry.first_key_value().map(|((at, _), _)| *at)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.by_key.is_empty() && self.expiry.is_empty() && self.per_app.is_empty()
    }
}
