//! How fast a user may ask for what costs others something: passwords, of which each takes the processor tens of milliseconds,
//! attributes of conferences, which are told to everybody inside, and raised hands, which an admin looks at.
//!
//! The limit of a connection says nothing about them: within it, one client could keep all threads busy that check passwords, send
//! everybody in its conference more than their connections take, or ask an admin the same question fifty times a second.

use huitong_conference::UserKey;
use huitong_types::{ErrorCode, Fault, Moment};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A password in this time, on average.
const PASSWORD_EVERY: Duration = Duration::from_secs(1);

/// Passwords at once: somebody who goes in and out, on several devices.
const PASSWORD_BURST: u32 = 20;

/// Bytes of attributes in a second, on average: a seat or a hand at each touch, and a text now and then.
const ATTRIBUTE_BYTES_PER_SECOND: u64 = 8 * 1024;

/// Bytes that each change takes beside its texts, so that many small ones count as what is told of them.
const CHANGE_BYTES: usize = 32;

/// Bytes of attributes at once, in seconds of that: all that a conference may have, twice.
const ATTRIBUTE_BURST: Duration = Duration::from_secs(8);

/// Hands raised in this time, on average, and at once: somebody who was declined and asks again, not a page in a loop.
const HAND_EVERY: Duration = Duration::from_secs(2);
const HAND_BURST: u32 = 10;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Work {
    /// A password is to be hashed or checked.
    Password,
    /// So many changes of attributes are to be told, with texts of so many bytes together.
    Attributes {
        /// How many.
        changes: usize,
        /// Keys and values.
        bytes: usize,
    },
    /// A hand is raised.
    Hand,
}

/// What one may do so much of; each has its own account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Account {
    Password,
    Attributes,
    Hand,
}

impl Work {
    /// Its account, what it takes from that, and how far one may overdraw.
    fn terms(self) -> (Account, Duration, Duration) {
        match self {
            Self::Password => (Account::Password, PASSWORD_EVERY, PASSWORD_EVERY * PASSWORD_BURST),
            Self::Attributes { changes, bytes } => {
                let bytes = bytes.saturating_add(changes.saturating_mul(CHANGE_BYTES));
                let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
                let cost = Duration::from_millis(bytes.saturating_mul(1000) / ATTRIBUTE_BYTES_PER_SECOND);
                (Account::Attributes, cost, ATTRIBUTE_BURST)
            }
            Self::Hand => (Account::Hand, HAND_EVERY, HAND_EVERY * HAND_BURST),
        }
    }
}

/// Until when each user has paid for what it did; nothing of those who have paid for all.
#[derive(Debug, Default)]
pub(crate) struct Paces {
    paid: BTreeMap<(UserKey, Account), Moment>,
    queue: BTreeSet<(Moment, UserKey, Account)>,
}

impl Paces {
    /// Whether a user may have this done now; if so, it counts.
    ///
    /// # Errors
    /// It did too much of it a while ago: the sentence says when to try again.
    pub(crate) fn may(&mut self, now: Moment, user: &UserKey, work: Work) -> Result<(), Fault> {
        self.would(now, user, work)?;
        self.count(now, user, work);
        Ok(())
    }

    /// Whether a user may have this done now. It counts when it is begun, by [`Paces::count`]: what is refused for another
    /// reason takes nothing.
    ///
    /// # Errors
    /// It did too much of it a while ago: the sentence says when to try again.
    pub(crate) fn would(&self, now: Moment, user: &UserKey, work: Work) -> Result<(), Fault> {
        let (account, cost, most) = work.terms();
        let paid = self.paid_until(now, user, account) + cost;
        if let Some(wait) = paid.since(now).checked_sub(most).filter(|wait| !wait.is_zero()) {
            let what = match account {
                Account::Password => "passwords to be checked",
                Account::Attributes => "attributes to be told",
                Account::Hand => "raised hands to be shown",
            };
            let seconds = wait.as_millis().div_ceil(1000);
            let sentence = format!("This user asks for too many {what}; try again in {seconds} s.");
            return Err(Fault::because(ErrorCode::RateLimited, sentence));
        }
        Ok(())
    }

    /// Counts what a user has done for it.
    pub(crate) fn count(&mut self, now: Moment, user: &UserKey, work: Work) {
        let (account, cost, _) = work.terms();
        let paid = self.paid_until(now, user, account) + cost;
        if let Some(before) = self.paid.insert((user.clone(), account), paid) {
            self.queue.remove(&(before, user.clone(), account));
        }
        self.queue.insert((paid, user.clone(), account));
    }

    fn paid_until(&self, now: Moment, user: &UserKey, account: Account) -> Moment {
        self.paid.get(&(user.clone(), account)).copied().unwrap_or(now).max(now)
    }

    /// Forgets those who have paid for all. Nobody waits for it, so there is no deadline: each input does it first.
    pub(crate) fn tick(&mut self, now: Moment) {
        while self.queue.first().is_some_and(|(paid, ..)| *paid <= now) {
            if let Some((_, user, account)) = self.queue.pop_first() {
                self.paid.remove(&(user, account));
            }
        }
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.paid.is_empty() && self.queue.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use huitong_types::{AppId, UserId};

    fn user(name: &str) -> UserKey {
        UserKey { app: AppId::new(1).unwrap(), user: UserId::new(name).unwrap() }
    }

    #[test]
    fn so_many_at_once_then_one_after_the_other_and_each_user_has_its_own() {
        let (mut paces, now) = (Paces::default(), Moment::from_millis(5000));
        for _ in 0..PASSWORD_BURST {
            paces.may(now, &user("ann"), Work::Password).unwrap();
        }
        let refused = paces.may(now, &user("ann"), Work::Password).unwrap_err();
        assert_eq!(refused.code, ErrorCode::RateLimited);
        assert!(refused.message.ends_with("try again in 1 s."), "{refused}");
        paces.may(now, &user("ben"), Work::Password).unwrap();
        paces.may(now, &user("ann"), Work::Attributes { changes: 1, bytes: 1000 }).unwrap();
        paces.may(now + PASSWORD_EVERY, &user("ann"), Work::Password).unwrap();
        paces.may(now + PASSWORD_EVERY, &user("ann"), Work::Password).unwrap_err();
    }

    #[test]
    fn who_has_paid_for_all_is_forgotten() {
        let (mut paces, now) = (Paces::default(), Moment::from_millis(5000));
        paces.may(now, &user("ann"), Work::Password).unwrap();
        paces.may(now, &user("ann"), Work::Attributes { changes: 1, bytes: 64 * 1024 - 32 }).unwrap();
        paces.may(now, &user("ann"), Work::Attributes { changes: 100, bytes: 1 }).unwrap_err();
        paces.tick(now + ATTRIBUTE_BURST);
        assert!(paces.is_idle(), "{paces:?}");
    }
}
