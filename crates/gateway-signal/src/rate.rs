//! A token bucket with time as an argument.

use crate::limits::{OVER_RATE_BURST, OVER_RATE_PER_SECOND, REQUEST_BURST, REQUESTS_PER_SECOND};
use std::time::Instant;

/// So many in the long run, so many at once. It starts full.
#[derive(Debug)]
pub(crate) struct TokenBucket {
    per_second: f32,
    burst: f32,
    tokens: f32,
    filled: Instant,
}

/// What one connection may send.
#[derive(Debug)]
pub struct Rate {
    requests: TokenBucket,
    patience: TokenBucket,
}

/// What becomes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is taken.
    Take,
    /// It is too much: answered and not executed.
    Refuse,
    /// The client sends on and on: its connection is closed.
    Close,
}

impl Rate {
    /// Nothing was sent yet.
    pub const fn new(now: Instant) -> Self {
        Self {
            requests: TokenBucket::new(now, REQUESTS_PER_SECOND, REQUEST_BURST),
            patience: TokenBucket::new(now, OVER_RATE_PER_SECOND, OVER_RATE_BURST),
        }
    }

    /// Judges one more frame.
    pub fn frame(&mut self, now: Instant) -> Verdict {
        if self.requests.take(now) {
            Verdict::Take
        } else if self.patience.take(now) {
            Verdict::Refuse
        } else {
            Verdict::Close
        }
    }
}

impl TokenBucket {
    /// A full bucket.
    pub(crate) const fn new(now: Instant, per_second: u32, burst: u32) -> Self {
        let (per_second, burst) = (per_second as f32, burst as f32);
        Self { per_second, burst, tokens: burst, filled: now }
    }

    /// Takes one token; false if there is none.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.filled).as_secs_f32();
        self.filled = now;
        self.tokens = passed.mul_add(self.per_second, self.tokens).min(self.burst);
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_burst_passes_and_then_the_long_run_rate() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(start, REQUESTS_PER_SECOND, REQUEST_BURST);
        let burst = (0..1000).filter(|_| bucket.take(start)).count();
        assert_eq!(burst, REQUEST_BURST as usize);
        let later = start + Duration::from_millis(1010);
        let second = (0..1000).filter(|_| bucket.take(later)).count();
        assert_eq!(second, REQUESTS_PER_SECOND as usize);
    }

    #[test]
    fn a_client_that_goes_on_and_on_is_closed_and_one_that_overshoots_is_not() {
        let start = Instant::now();
        let mut rate = Rate::new(start);
        let verdicts: Vec<Verdict> = (0..2000).map(|_| rate.frame(start)).collect();
        let of = |wanted| verdicts.iter().filter(|verdict| **verdict == wanted).count();
        assert_eq!(of(Verdict::Take), REQUEST_BURST as usize);
        assert_eq!(of(Verdict::Refuse), OVER_RATE_BURST as usize);
        assert_eq!(verdicts.last(), Some(&Verdict::Close));
        let mut rate = Rate::new(start);
        for minute in 0..60 {
            let now = start + Duration::from_secs(60 * minute);
            assert!((0..500).all(|_| rate.frame(now) != Verdict::Close), "minute {minute}");
        }
    }

    #[test]
    fn a_long_rest_saves_no_more_than_a_burst() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(start, REQUESTS_PER_SECOND, REQUEST_BURST);
        let later = start + Duration::from_secs(3600);
        assert_eq!((0..1000).filter(|_| bucket.take(later)).count(), REQUEST_BURST as usize);
    }
}
