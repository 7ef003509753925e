//! Refused logins with an authBuffer, counted, so that nobody tries until one fits.
//!
//! The format has no signature: whoever may enter a room can make authBuffers of which one of eight enters it as
//! another user (`docs/decisions/0017-what-an-authbuffer-proves.md`). An address that was refused too often is not
//! listened to for a while. A user in whose name too many were refused is still let in, but only from addresses from
//! which nothing was refused: otherwise a stranger could keep a user out by failing in its name.

use huitong_types::{AppId, Moment, Timers, UserId};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long a refusal is remembered after the last one of the same address or user.
const REMEMBERED: Duration = Duration::from_secs(600);

/// Addresses and users that are remembered at once: some megabytes. Beyond it the oldest is forgotten.
const REMEMBERED_MOST: usize = 16_384;

/// Who was refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Suspect {
    Address(Arc<str>),
    User(AppId, UserId),
}

/// See the head of the file.
#[derive(Debug)]
pub(crate) struct Guesses {
    /// Refusals after which further logins are not looked at; 0 never.
    limit: u32,
    refused: BTreeMap<Suspect, u32>,
    timers: Timers<Suspect>,
}

impl Guesses {
    pub(crate) const fn new(limit: u32) -> Self {
        Self { limit, refused: BTreeMap::new(), timers: Timers::new() }
    }

    /// Whether a login may be looked at. If not, says for how long this was decided at most.
    pub(crate) fn may_try(&self, address: &Arc<str>, app: AppId, user: &UserId) -> Result<(), Duration> {
        let count = |suspect: &Suspect| self.refused.get(suspect).copied().unwrap_or(0);
        let here = count(&Suspect::Address(Arc::clone(address)));
        let named = count(&Suspect::User(app, user.clone()));
        let guessing = here >= self.limit || (named >= self.limit && here > 0);
        if self.limit > 0 && guessing { Err(REMEMBERED) } else { Ok(()) }
    }

    /// A login was refused as one that somebody made up.
    pub(crate) fn refused(&mut self, now: Moment, address: &Arc<str>, app: AppId, user: &UserId) {
        if self.limit == 0 {
            return;
        }
        for suspect in [Suspect::Address(Arc::clone(address)), Suspect::User(app, user.clone())] {
            if self.refused.len() >= REMEMBERED_MOST
                && !self.refused.contains_key(&suspect)
                && let Some(oldest) = self.timers.next().map(|(_, suspect)| suspect.clone())
            {
                self.timers.cancel(&oldest);
                self.refused.remove(&oldest);
            }
            let count = self.refused.entry(suspect.clone()).or_default();
            *count = count.saturating_add(1);
            self.timers.arm(suspect, now + REMEMBERED);
        }
    }

    /// Forgets what is long ago.
    pub(crate) fn tick(&mut self, now: Moment) {
        while let Some(suspect) = self.timers.pop_due(now) {
            self.refused.remove(&suspect);
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Moment> {
        self.timers.next().map(|(at, _)| at)
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.refused.is_empty() && self.timers.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> AppId {
        AppId::new(1).unwrap()
    }

    fn user(name: &str) -> UserId {
        UserId::new(name).unwrap()
    }

    #[test]
    fn memory_is_bounded_and_the_newest_stay() {
        let mut guesses = Guesses::new(1);
        for n in 0..20_000u32 {
            let address = Arc::from(n.to_string());
            guesses.refused(Moment::from_millis(u64::from(n)), &address, app(), &user(&n.to_string()));
        }
        assert_eq!(guesses.refused.len(), REMEMBERED_MOST);
        assert!(guesses.may_try(&Arc::from("0"), app(), &user("x")).is_ok());
        assert!(guesses.may_try(&Arc::from("19999"), app(), &user("x")).is_err());
        guesses.tick(Moment::from_millis(20_000) + REMEMBERED);
        assert!(guesses.is_idle());
    }

    #[test]
    fn without_a_limit_nothing_is_remembered() {
        let mut guesses = Guesses::new(0);
        guesses.refused(Moment::ZERO, &Arc::from("a"), app(), &user("1"));
        assert!(guesses.is_idle() && guesses.may_try(&Arc::from("a"), app(), &user("1")).is_ok());
    }
}
