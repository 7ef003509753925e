//! Writes that wait for the disk.

use crate::conference::ConferenceRows;
use crate::record::{CallRecord, Group, MintedUrl};
use crate::terms::{QuotaRow, Suspender};
use crate::usage::UsageRecord;
use huitong_types::{AppId, Redacted};
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Bytes of writes that wait at most, about: some 100 000 calls. A server that makes a call per second can lose its disk
/// for a day; beyond that, records would crowd out the calls themselves.
const WAITING_BYTES: usize = 64 * 1024 * 1024;

/// From here on calls that begin and stays that go on are no longer noted, so that those that end still find room. What changes
/// of conferences is given back: its giver has it and comes again.
const CROWDED_BYTES: usize = WAITING_BYTES / 4 * 3;

/// Writes of one transaction at most: enough that the sync is not what bounds the rate, and short enough that
/// whoever waits for the next one does not wait long.
const BATCH: usize = 512;

/// What a write costs beside its texts, bytes: numbers, pointers and the allocator's share.
const OVERHEAD: usize = 160;

/// One thing to keep.
#[derive(Clone, Debug)]
pub(crate) enum Write {
    /// A call began.
    Started(Box<CallRecord>),
    /// A call is over.
    Finished(Box<CallRecord>),
    /// A group has these members now.
    PutGroup(Group),
    /// A group is no more.
    DropGroup(AppId, String),
    /// A URL was minted.
    PutUrl(MintedUrl),
    /// The URL with this key was withdrawn.
    DropUrl(Redacted<String>),
    /// What a stay has used so far, or in all.
    Usage(Box<UsageRecord>),
    /// An application is suspended by one of these, or no longer.
    Suspend(AppId, Suspender, bool),
    /// An application has a quota in the place of the configured one, or none any more.
    Quota(AppId, Option<QuotaRow>),
    /// A conference has changed.
    PutConference(Box<ConferenceRows>),
    /// A conference is over.
    DropConference(AppId, String),
}

impl Write {
    /// What it is, in the word of the figures.
    pub(crate) const fn what(&self) -> &'static str {
        match self {
            Self::Started(_) => "beginning",
            Self::Finished(_) => "record",
            Self::PutGroup(_) | Self::DropGroup(..) => "group",
            Self::PutUrl(_) | Self::DropUrl(_) => "url",
            Self::Usage(_) => "usage",
            Self::Suspend(..) => "suspension",
            Self::Quota(..) => "quota",
            Self::PutConference(_) | Self::DropConference(..) => "conference",
        }
    }

    fn bytes(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        OVERHEAD
            + match self {
                Self::Started(call) | Self::Finished(call) => {
                    let parties = call
                        .parties
                        .iter()
                        .map(|party| OVERHEAD + party.user.len() + party.state.len() + text(&party.device));
                    let end = call.end.as_ref().map_or(0, |end| end.reason.len() + text(&end.by));
                    let head = call.call.len() + call.room.len() + call.caller.len() + call.media.len();
                    OVERHEAD + head + text(&call.group) + text(&call.data) + end + parties.sum::<usize>()
                }
                Self::PutGroup(group) => {
                    let members = group.members.iter().map(|user| OVERHEAD / 4 + user.len());
                    group.id.len() + members.sum::<usize>()
                }
                Self::DropGroup(_, id) | Self::DropConference(_, id) => id.len(),
                Self::PutUrl(url) => url.key.reveal().len() + url.record.reveal().len(),
                Self::DropUrl(key) => key.reveal().len(),
                Self::Usage(record) => record.text_bytes(),
                Self::Suspend(..) | Self::Quota(..) => 0,
                Self::PutConference(rows) => rows.text_bytes(),
            }
    }
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Write>,
    /// Of what waits and what is being written.
    bytes: usize,
    /// Bytes of what is being written.
    in_hand: usize,
    /// Writes ever taken.
    taken: u64,
    /// When the thread has to be done; set when the store is closed.
    close_by: Option<Instant>,
}

/// What the thread has to do next.
#[derive(Debug)]
pub(crate) enum Turn {
    /// Write these.
    Write(Vec<Write>),
    /// Nothing came until the time given.
    Idle,
    /// Nothing waits and nothing will.
    Closed,
}

/// A queue that never makes the giver wait.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing behind this lock can panic between two states.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a write, or gives it back when there is no room.
    pub(crate) fn offer(&self, write: Write) -> Result<(), Write> {
        let bytes = write.bytes();
        let room = match &write {
            Write::Started(_) | Write::PutConference(_) | Write::DropConference(..) => CROWDED_BYTES,
            Write::Usage(record) if record.open => CROWDED_BYTES,
            _ => WAITING_BYTES,
        };
        let mut state = self.lock();
        if state.close_by.is_some() || state.bytes + bytes > room {
            return Err(write);
        }
        state.bytes += bytes;
        state.taken += 1;
        state.waiting.push_back(write);
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    /// How many writes were ever taken.
    pub(crate) fn taken(&self) -> u64 {
        self.lock().taken
    }

    /// How many wait, without those that are being written.
    pub(crate) fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Bytes of what waits and of what is being written, about.
    pub(crate) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// Waits for writes until `idle_at`.
    pub(crate) fn next(&self, idle_at: Instant) -> Turn {
        let mut state = self.lock();
        loop {
            if !state.waiting.is_empty() {
                let many = state.waiting.len().min(BATCH);
                let batch: Vec<Write> = state.waiting.drain(..many).collect();
                state.in_hand = batch.iter().map(Write::bytes).sum();
                return Turn::Write(batch);
            }
            if state.close_by.is_some() {
                return Turn::Closed;
            }
            let left = idle_at.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Turn::Idle;
            }
            state = self.wait(state, left);
        }
    }

    /// What [`Self::next`] gave is written, or given up.
    pub(crate) fn done(&self) {
        let mut state = self.lock();
        state.bytes -= state.in_hand;
        state.in_hand = 0;
    }

    /// Waits until `at`, or until the store is being closed; then says by when the thread has to be done.
    pub(crate) fn pause(&self, at: Instant) -> Option<Instant> {
        let mut state = self.lock();
        loop {
            let left = at.saturating_duration_since(Instant::now());
            if left.is_zero() || state.close_by.is_some() {
                return state.close_by;
            }
            state = self.wait(state, left);
        }
    }

    /// Takes nothing any more.
    pub(crate) fn close(&self, by: Instant) {
        let mut state = self.lock();
        state.close_by.get_or_insert(by);
        drop(state);
        self.changed.notify_all();
    }

    /// Drops what waits; says how many that were.
    pub(crate) fn abandon(&self) -> usize {
        let mut state = self.lock();
        state.bytes = state.in_hand;
        std::mem::take(&mut state.waiting).len()
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, left: std::time::Duration) -> MutexGuard<'a, State> {
        self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::CallEnd;
    use std::time::Duration;

    fn call(data: usize, over: bool) -> Box<CallRecord> {
        Box::new(CallRecord {
            app: AppId::new(7).unwrap(),
            call: "c".to_owned(),
            room: "1".to_owned(),
            media: "audio".to_owned(),
            group: None,
            data: Some("x".repeat(data)),
            caller: "alice".to_owned(),
            backend: false,
            started_ms: 1,
            connected_ms: None,
            end: over.then(|| CallEnd { at_ms: 2, reason: "cancelled".to_owned(), by: None }),
            parties: Vec::new(),
        })
    }

    #[test]
    fn a_crowded_queue_leaves_out_beginnings_and_a_full_one_leaves_out_ends() {
        let queue = Queue::default();
        let mib = 1024 * 1024;
        while queue.offer(Write::Started(call(mib, false))).is_ok() {}
        assert_eq!(queue.waiting(), 47, "three quarters of 64");
        let mut ends = 0;
        while queue.offer(Write::Finished(call(mib, true))).is_ok() {
            ends += 1;
        }
        assert_eq!(ends, 16);
        let Turn::Write(batch) = queue.next(Instant::now()) else { panic!("something waits") };
        assert_eq!(batch.len(), 63);
        assert!(queue.bytes() > 63 * mib && queue.bytes() <= WAITING_BYTES, "{}", queue.bytes());
        assert!(queue.offer(Write::Finished(call(mib, true))).is_err(), "what is in hand still takes room");
        queue.done();
        assert_eq!(queue.bytes(), 0);
        assert!(queue.offer(Write::Started(call(mib, false))).is_ok());
        assert_eq!(queue.taken(), 64);
    }

    #[test]
    fn a_closed_queue_gives_what_it_has_and_takes_nothing() {
        let queue = Queue::default();
        queue.offer(Write::Finished(call(1, true))).unwrap();
        queue.close(Instant::now());
        assert!(queue.offer(Write::Finished(call(1, true))).is_err());
        let far = Instant::now() + Duration::from_secs(3600);
        assert!(matches!(queue.next(far), Turn::Write(batch) if batch.len() == 1));
        assert!(matches!(queue.next(far), Turn::Closed));
    }
}
