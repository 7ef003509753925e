//! The bounded mailbox between publishers and a shard's thread.

use std::collections::VecDeque;
use std::time::Duration;

#[cfg(feature = "shuttle")]
use shuttle::sync::{Condvar, Mutex};
#[cfg(not(feature = "shuttle"))]
use std::sync::{Condvar, Mutex};

/// The mailbox is full: the item comes back to the sender, who applies its policy.
#[derive(Debug, PartialEq, Eq)]
pub struct InboxFull<T>(pub T);

#[derive(Debug)]
struct State<T> {
    items: VecDeque<T>,
    closed: bool,
    /// The receiver wants to sleep on unless somebody rings.
    resting: bool,
    rung: bool,
}

/// A queue with many senders and one receiver. Two caps: ordinary items (packets) may fill it up to the soft
/// cap, urgent ones (a viewer comes or goes) up to the hard cap, so media never keeps commands out.
#[derive(Debug)]
pub struct Inbox<T> {
    state: Mutex<State<T>>,
    bell: Condvar,
    soft: usize,
    hard: usize,
}

impl<T> Inbox<T> {
    /// An empty mailbox.
    pub fn new(soft: usize, hard: usize) -> Self {
        let state = State { items: VecDeque::new(), closed: false, resting: false, rung: false };
        Self { state: Mutex::new(state), bell: Condvar::new(), soft, hard }
    }

    fn lock(&self) -> Guard<'_, T> {
        // A poisoned lock means that another thread panicked while it moved items; the queue itself is whole.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Adds an ordinary item. It does not wake a receiver that rests.
    ///
    /// # Errors
    /// The soft cap is reached or the receiver is gone; the item comes back.
    pub fn push(&self, item: T) -> Result<(), InboxFull<T>> {
        let mut state = self.lock();
        if state.closed || state.items.len() >= self.soft {
            return Err(InboxFull(item));
        }
        state.items.push_back(item);
        if !state.resting {
            drop(state);
            self.bell.notify_one();
        }
        Ok(())
    }

    /// Adds an urgent item and wakes the receiver.
    ///
    /// # Errors
    /// The hard cap is reached or the receiver is gone; the item comes back.
    pub fn push_urgent(&self, item: T) -> Result<(), InboxFull<T>> {
        let mut state = self.lock();
        if state.closed || state.items.len() >= self.hard {
            return Err(InboxFull(item));
        }
        state.items.push_back(item);
        state.rung = true;
        drop(state);
        self.bell.notify_one();
        Ok(())
    }

    /// Moves everything into `out`, waiting for an item if there is none.
    ///
    /// `resting`: sleep the whole time even if ordinary items come (they are gathering); an urgent item ends
    /// it. Otherwise the first item ends it. `timeout` `None` waits for ever. Returns false once closed.
    pub fn wait(&self, out: &mut VecDeque<T>, resting: bool, timeout: Option<Duration>) -> bool {
        let mut state = self.lock();
        let asleep = |s: &State<T>| !s.closed && !s.rung && (resting || s.items.is_empty());
        if asleep(&state) {
            state.resting = resting;
            state = self.sleep(state, timeout);
            state.resting = false;
        }
        state.rung = false;
        out.append(&mut state.items);
        !state.closed
    }

    #[cfg(not(feature = "shuttle"))]
    fn sleep<'a>(&'a self, state: Guard<'a, T>, timeout: Option<Duration>) -> Guard<'a, T> {
        match timeout {
            Some(timeout) => match self.bell.wait_timeout(state, timeout) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            },
            None => self.bell.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner()),
        }
    }

    /// The model checker has no clock: a time-out is explored as an immediate return.
    #[cfg(feature = "shuttle")]
    fn sleep<'a>(&'a self, state: Guard<'a, T>, timeout: Option<Duration>) -> Guard<'a, T> {
        if timeout.is_some() {
            return state;
        }
        self.bell.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// No more items; the receiver wakes up and learns it.
    pub fn close(&self) {
        self.lock().closed = true;
        self.bell.notify_all();
    }

    /// Items waiting.
    pub fn len(&self) -> usize {
        self.lock().items.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(not(feature = "shuttle"))]
type Guard<'a, T> = std::sync::MutexGuard<'a, State<T>>;
#[cfg(feature = "shuttle")]
type Guard<'a, T> = shuttle::sync::MutexGuard<'a, State<T>>;
