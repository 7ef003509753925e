//! Deadlines that carry their reason: the one timer structure of the sans-IO machines.

use crate::Moment;
use std::collections::{BTreeMap, BTreeSet};

/// A set of deadlines, at most one per key. The key says what is due, so a deadline explains itself.
/// Every operation costs O(log n).
#[derive(Clone, Debug)]
pub struct Timers<K> {
    armed: BTreeMap<K, Moment>,
    queue: BTreeSet<(Moment, K)>,
}

impl<K: Ord + Clone> Timers<K> {
    /// No deadlines.
    pub const fn new() -> Self {
        Self { armed: BTreeMap::new(), queue: BTreeSet::new() }
    }

    /// Sets the deadline of `key`, replacing the one it had.
    pub fn arm(&mut self, key: K, at: Moment) {
        self.cancel(&key);
        self.queue.insert((at, key.clone()));
        self.armed.insert(key, at);
    }

    /// Forgets the deadline of `key`, if it has one.
    pub fn cancel(&mut self, key: &K) {
        if let Some((key, at)) = self.armed.remove_entry(key) {
            self.queue.remove(&(at, key));
        }
    }

    /// Whether `key` has a deadline.
    pub fn is_armed(&self, key: &K) -> bool {
        self.armed.contains_key(key)
    }

    /// The earliest deadline.
    pub fn next(&self) -> Option<(Moment, &K)> {
        self.queue.first().map(|(at, key)| (*at, key))
    }

    /// All deadlines, the earliest first.
    pub fn iter(&self) -> impl Iterator<Item = (Moment, &K)> {
        self.queue.iter().map(|(at, key)| (*at, key))
    }

    /// Takes the earliest deadline that is not after `now`.
    pub fn pop_due(&mut self, now: Moment) -> Option<K> {
        if self.queue.first().is_none_or(|(at, _)| *at > now) {
            return None;
        }
        let (_, key) = self.queue.pop_first()?;
        self.armed.remove(&key);
        Some(key)
    }

    /// How many deadlines are set.
    pub fn len(&self) -> usize {
        self.armed.len()
    }

    /// Whether no deadline is set.
    pub fn is_empty(&self) -> bool {
        self.armed.is_empty()
    }
}

impl<K: Ord + Clone> Default for Timers<K> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_come_in_order_and_only_when_due() {
        let mut timers = Timers::new();
        timers.arm("late", Moment::from_millis(30));
        timers.arm("early", Moment::from_millis(10));
        timers.arm("late", Moment::from_millis(20));
        assert_eq!(timers.next(), Some((Moment::from_millis(10), &"early")));
        assert_eq!(timers.iter().map(|(_, key)| *key).collect::<Vec<_>>(), ["early", "late"]);
        assert_eq!(timers.pop_due(Moment::from_millis(9)), None);
        assert_eq!(timers.pop_due(Moment::from_millis(20)), Some("early"));
        assert_eq!(timers.pop_due(Moment::from_millis(20)), Some("late"));
        assert!(timers.is_empty());
    }

    #[test]
    fn a_cancelled_deadline_never_comes() {
        let mut timers = Timers::new();
        timers.arm(1, Moment::from_millis(10));
        timers.cancel(&1);
        assert_eq!((timers.len(), timers.pop_due(Moment::from_millis(99))), (0, None));
    }
}
