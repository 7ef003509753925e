//! What the threads of the workers share: a mailbox per task, and the queue of tasks that have something to do.
//!
//! A task is in the queue at most once and at one worker at a time, so its machine needs no lock of its own and its
//! items stay in order. `tests/pool_threads.rs` explores the schedules with a model checker.

use std::collections::VecDeque;

#[cfg(feature = "shuttle")]
use shuttle::sync::{Condvar, Mutex, MutexGuard};
#[cfg(not(feature = "shuttle"))]
use std::sync::{Condvar, Mutex, MutexGuard};

/// A poisoned lock means that a thread panicked while it moved items; the queue itself is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// What an attempt to put something into a mailbox led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// The task was idle: whoever pushed puts it into the queue.
    Schedule,
    /// The task is in the queue or at a worker already.
    Waits,
    /// The mailbox is closed.
    Closed,
}

#[derive(Debug)]
struct Letters<I> {
    items: VecDeque<I>,
    /// The task is in the queue or at a worker.
    scheduled: bool,
    closed: bool,
    dropped: u64,
}

/// The bounded input of one task.
#[derive(Debug)]
pub struct Mailbox<I> {
    letters: Mutex<Letters<I>>,
    cap: usize,
}

impl<I> Mailbox<I> {
    /// An empty mailbox for at most `cap` items.
    pub fn new(cap: usize) -> Self {
        let letters = Letters { items: VecDeque::new(), scheduled: false, closed: false, dropped: 0 };
        Self { letters: Mutex::new(letters), cap: cap.max(1) }
    }

    /// Adds an item. A full mailbox drops its oldest item that is not to be `kept`, or its oldest one, and counts.
    pub fn push(&self, item: I, kept: impl Fn(&I) -> bool) -> Pushed {
        let mut letters = lock(&self.letters);
        if letters.closed {
            return Pushed::Closed;
        }
        if letters.items.len() >= self.cap {
            let oldest = letters.items.iter().position(|item| !kept(item)).unwrap_or(0);
            letters.items.remove(oldest);
            letters.dropped += 1;
        }
        letters.items.push_back(item);
        if std::mem::replace(&mut letters.scheduled, true) { Pushed::Waits } else { Pushed::Schedule }
    }

    /// Moves the `most` oldest items to the end of `out`.
    pub fn take(&self, most: usize, out: &mut Vec<I>) {
        let mut letters = lock(&self.letters);
        let count = most.min(letters.items.len());
        out.extend(letters.items.drain(..count));
    }

    /// A worker has finished its turn. True: items came meanwhile, it puts the task into the queue again.
    pub fn finish(&self) -> bool {
        let mut letters = lock(&self.letters);
        letters.scheduled = !letters.items.is_empty();
        letters.scheduled
    }

    /// Drops all items and takes no more.
    pub fn close(&self) {
        let mut letters = lock(&self.letters);
        letters.closed = true;
        letters.items.clear();
    }

    /// Whether it takes no more.
    pub fn is_closed(&self) -> bool {
        lock(&self.letters).closed
    }

    /// Items dropped so far because the mailbox was full.
    pub fn dropped(&self) -> u64 {
        lock(&self.letters).dropped
    }
}

#[derive(Debug)]
struct Line<T> {
    tasks: VecDeque<T>,
    closed: bool,
}

/// The tasks that have something to do, oldest first. It is as long as there are tasks: each is in it once.
#[derive(Debug)]
pub struct Ready<T> {
    line: Mutex<Line<T>>,
    bell: Condvar,
}

impl<T> Default for Ready<T> {
    fn default() -> Self {
        let line = Line { tasks: VecDeque::new(), closed: false };
        Self { line: Mutex::new(line), bell: Condvar::new() }
    }
}

impl<T> Ready<T> {
    /// Adds a task that its mailbox said is to be scheduled.
    pub fn push(&self, task: T) {
        let mut line = lock(&self.line);
        if line.closed {
            return;
        }
        line.tasks.push_back(task);
        drop(line);
        self.bell.notify_one();
    }

    /// Waits for a task. `None` once closed.
    pub fn pop(&self) -> Option<T> {
        let mut line = lock(&self.line);
        loop {
            if line.closed {
                return None;
            }
            if let Some(task) = line.tasks.pop_front() {
                return Some(task);
            }
            line = self.bell.wait(line).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
    }

    /// Sends the workers home. Tasks that wait are dropped.
    pub fn close(&self) {
        let mut line = lock(&self.line);
        line.closed = true;
        let tasks = std::mem::take(&mut line.tasks);
        drop(line);
        self.bell.notify_all();
        drop(tasks);
    }

    /// Tasks that wait for a worker.
    pub fn len(&self) -> usize {
        lock(&self.line).tasks.len()
    }

    /// Whether no task waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
