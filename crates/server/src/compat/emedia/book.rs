//! The stays of this wire, for clients that come back on another connection, and the addresses of their streams.

use super::io::StreamRequest;
use super::wire::Wire;
use huitong_types::{ConferenceExit, Fault};
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Notes that wait for one connection at most. Each is a request of its client, which has a few streams; beyond that requests
/// are refused.
pub(super) const NOTES: usize = 32;

/// Stays of which is known why they are over, at most: a client whose network changed in that moment asks within seconds. Beyond
/// that the oldest are forgotten, and their clients are told less.
const ENDED: usize = 4096;

/// How long the connection that has a stay may take to give it up.
const YIELD_WITHIN: Duration = Duration::from_secs(5);

/// What a connection is asked from outside.
#[derive(Debug)]
pub(super) enum Note {
    /// Something about streams.
    Stream {
        /// What.
        request: StreamRequest,
        /// The address, or why there is none.
        answer: oneshot::Sender<Result<String, Fault>>,
    },
    /// Give up the stay: its client has come back on another connection.
    Yield(oneshot::Sender<Box<Handover>>),
}

/// A stay on its way from one connection to the next. Its mailbox goes with it, so whoever has the address of that need not know, and
/// nothing is lost between the two.
#[derive(Debug)]
pub(super) struct Handover {
    /// The stay.
    pub(super) wire: Box<Wire>,
    /// What it was asked and has not answered, the oldest first.
    pub(super) pending: VecDeque<Note>,
    /// What it is asked from now on; another return of its client among it.
    pub(super) noted: mpsc::Receiver<Note>,
    /// The address of that.
    pub(super) notes: mpsc::Sender<Note>,
}

#[derive(Debug)]
struct Slot {
    streams: String,
    /// Where it is asked, whoever has it: a connection, or what is left of one whose client is gone.
    holder: mpsc::Sender<Note>,
}

#[derive(Debug, Default)]
struct Inner {
    stays: HashMap<String, Slot>,
    streams: HashMap<String, String>,
    ended: HashMap<String, ConferenceExit>,
    /// The same, the oldest first.
    endings: VecDeque<String>,
}

impl Inner {
    fn forget(&mut self, stay: &str) {
        if let Some(slot) = self.stays.remove(stay) {
            self.streams.remove(&slot.streams);
        }
    }

    fn keep_ending(&mut self, stay: &str, why: ConferenceExit) {
        if self.endings.len() >= ENDED
            && let Some(oldest) = self.endings.pop_front()
        {
            self.ended.remove(&oldest);
        }
        if self.ended.insert(stay.to_owned(), why).is_none() {
            self.endings.push_back(stay.to_owned());
        }
    }
}

/// All stays.
#[derive(Debug, Default)]
pub(super) struct Book(Mutex<Inner>);

impl Book {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing behind this lock can panic between two states.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A stay began on a connection.
    pub(super) fn open(&self, stay: String, streams: String, notes: mpsc::Sender<Note>) {
        let mut inner = self.lock();
        inner.streams.insert(streams.clone(), stay.clone());
        inner.stays.insert(stay, Slot { streams, holder: notes });
    }

    /// A stay is over, for this reason if its client may ask for it.
    pub(super) fn forget(&self, stay: &str, why: Option<ConferenceExit>) {
        let mut inner = self.lock();
        inner.forget(stay);
        if let Some(why) = why {
            inner.keep_ending(stay, why);
        }
    }

    /// Why a stay is over, as far as that is remembered.
    pub(super) fn ending(&self, stay: &str) -> Option<ConferenceExit> {
        self.lock().ended.get(stay).copied()
    }

    /// Takes a stay to another connection, from whoever has it: the newest wins.
    pub(super) async fn take(&self, stay: &str) -> Option<Box<Handover>> {
        let holder = self.lock().stays.get(stay)?.holder.clone();
        let (give, mut given) = oneshot::channel();
        holder.try_send(Note::Yield(give)).ok()?;
        let Ok(handed) = tokio::time::timeout(YIELD_WITHIN, &mut given).await else {
            // It may have come in this moment, and nobody else can take it then.
            given.close();
            return given.try_recv().ok();
        };
        handed.ok()
    }

    /// Who has the stay whose streams have this secret.
    pub(super) fn holder(&self, streams: &str) -> Option<mpsc::Sender<Note>> {
        let inner = self.lock();
        Some(inner.stays.get(inner.streams.get(streams)?)?.holder.clone())
    }

    /// How many stays there are.
    pub(super) fn size(&self) -> usize {
        self.lock().stays.len()
    }
}

#[cfg(test)]
impl Book {
    /// The only stay, and where it is asked.
    pub(super) fn only(&self) -> (String, mpsc::Sender<Note>) {
        let inner = self.lock();
        let (stay, slot) = inner.stays.iter().next().expect("a stay");
        (stay.clone(), slot.holder.clone())
    }
}
