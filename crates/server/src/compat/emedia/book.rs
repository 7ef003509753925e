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

/// Stays without a connection at most; beyond that one that loses its connection cannot be gone on with.
const PARKED: usize = 100_000;

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
    Yield(oneshot::Sender<Box<Wire>>),
}

#[derive(Debug)]
enum Place {
    /// A connection has it.
    Held(mpsc::Sender<Note>),
    /// No connection has it; the number tells one such time from the next.
    Parked(Box<Wire>, u64),
}

#[derive(Debug)]
struct Slot {
    streams: String,
    place: Place,
}

#[derive(Debug, Default)]
struct Inner {
    stays: HashMap<String, Slot>,
    streams: HashMap<String, String>,
    parked: usize,
    times: u64,
    ended: HashMap<String, ConferenceExit>,
    /// The same, the oldest first.
    endings: VecDeque<String>,
}

impl Inner {
    fn forget(&mut self, stay: &str) {
        let Some(slot) = self.stays.remove(stay) else { return };
        self.streams.remove(&slot.streams);
        if matches!(slot.place, Place::Parked(..)) {
            self.parked -= 1;
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
        inner.stays.insert(stay, Slot { streams, place: Place::Held(notes) });
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

    /// A stay lost its connection. Returns the number of this time, for [`Book::expire`].
    pub(super) fn park(&self, stay: &str, wire: Box<Wire>) -> Option<u64> {
        let mut inner = self.lock();
        if inner.parked >= PARKED {
            inner.forget(stay);
            return None;
        }
        inner.times += 1;
        let time = inner.times;
        let slot = inner.stays.get_mut(stay)?;
        slot.place = Place::Parked(wire, time);
        inner.parked += 1;
        Some(time)
    }

    /// The engine keeps the seat no longer: forgets the stay, if it has been without a connection since then.
    pub(super) fn expire(&self, stay: &str, time: u64) {
        let mut inner = self.lock();
        let since_then = |slot: &Slot| matches!(&slot.place, Place::Parked(_, parked) if *parked == time);
        if inner.stays.get(stay).is_some_and(since_then) {
            inner.forget(stay);
        }
    }

    /// Takes a stay to another connection, from the one that has it if there is one: the newest wins.
    pub(super) async fn take(&self, stay: &str, notes: &mpsc::Sender<Note>) -> Option<Box<Wire>> {
        let holder = match self.take_or_holder(stay, notes)? {
            Ok(wire) => return Some(wire),
            Err(holder) => holder,
        };
        let (give, given) = oneshot::channel();
        if holder.try_send(Note::Yield(give)).is_ok()
            && let Ok(Ok(wire)) = tokio::time::timeout(YIELD_WITHIN, given).await
        {
            self.lock().stays.get_mut(stay)?.place = Place::Held(notes.clone());
            return Some(wire);
        }
        // The connection may have ended by itself meanwhile.
        self.take_or_holder(stay, notes)?.ok()
    }

    fn take_or_holder(
        &self,
        stay: &str,
        notes: &mpsc::Sender<Note>,
    ) -> Option<Result<Box<Wire>, mpsc::Sender<Note>>> {
        let mut inner = self.lock();
        let slot = inner.stays.get_mut(stay)?;
        if let Place::Held(holder) = &slot.place {
            return Some(Err(holder.clone()));
        }
        let before = std::mem::replace(&mut slot.place, Place::Held(notes.clone()));
        inner.parked -= 1;
        match before {
            Place::Parked(wire, _) => Some(Ok(wire)),
            Place::Held(_) => None,
        }
    }

    /// The connection whose streams have this secret.
    pub(super) fn holder(&self, streams: &str) -> Option<mpsc::Sender<Note>> {
        let inner = self.lock();
        match &inner.stays.get(inner.streams.get(streams)?)?.place {
            Place::Held(notes) => Some(notes.clone()),
            Place::Parked(..) => None,
        }
    }

    /// How many stays there are, and how many of them without a connection.
    pub(super) fn sizes(&self) -> (usize, usize) {
        let inner = self.lock();
        (inner.stays.len(), inner.parked)
    }
}
