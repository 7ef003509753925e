//! URLs that the back-end API minted, for encoders, players and load tests.

use huitong_room::RoomKey;
use huitong_types::{Moment, Scene, StreamKey, StreamKind, UserId};
use std::collections::{BTreeMap, HashMap};

/// Most minted URLs at once. Each costs some hundred bytes; a back-end that mints more without letting them
/// expire makes a mistake.
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

/// Minted URLs by key.
#[derive(Debug, Default)]
pub(crate) struct Urls {
    by_key: HashMap<StreamKey, Minted>,
    expiry: BTreeMap<(Moment, u64), StreamKey>,
    next: u64,
}

impl Urls {
    /// Adds a URL. False if there are too many.
    pub(crate) fn add(&mut self, expires: Moment, key: StreamKey, minted: Minted) -> bool {
        if self.by_key.len() >= MOST_URLS {
            return false;
        }
        self.by_key.insert(key.clone(), minted);
        self.expiry.insert((expires, self.next), key);
        self.next += 1;
        true
    }

    pub(crate) fn get(&self, key: &StreamKey) -> Option<&Minted> {
        self.by_key.get(key)
    }

    pub(crate) fn expire(&mut self, now: Moment) {
        while let Some(entry) = self.expiry.first_entry() {
            if entry.key().0 > now {
                return;
            }
            self.by_key.remove(&entry.remove());
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Moment> {
        self.expiry.first_key_value().map(|((at, _), _)| *at)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.by_key.is_empty() && self.expiry.is_empty()
    }
}
