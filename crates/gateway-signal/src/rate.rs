//! A token bucket with time as an argument.

use crate::limits::{REQUEST_BURST, REQUESTS_PER_SECOND};
use std::time::Instant;

/// The rate of one connection. It starts full.
#[derive(Debug)]
pub(crate) struct TokenBucket {
    tokens: f32,
    filled: Instant,
}

impl TokenBucket {
    /// A full bucket.
    pub(crate) const fn new(now: Instant) -> Self {
        Self { tokens: REQUEST_BURST as f32, filled: now }
    }

    /// Takes one token; false if there is none.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.filled).as_secs_f32();
        self.filled = now;
        self.tokens = passed.mul_add(REQUESTS_PER_SECOND as f32, self.tokens).min(REQUEST_BURST as f32);
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
        let mut bucket = TokenBucket::new(start);
        let burst = (0..1000).filter(|_| bucket.take(start)).count();
        assert_eq!(burst, REQUEST_BURST as usize);
        let later = start + Duration::from_millis(1010);
        let second = (0..1000).filter(|_| bucket.take(later)).count();
        assert_eq!(second, REQUESTS_PER_SECOND as usize);
    }

    #[test]
    fn a_long_rest_saves_no_more_than_a_burst() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(start);
        let later = start + Duration::from_secs(3600);
        assert_eq!((0..1000).filter(|_| bucket.take(later)).count(), REQUEST_BURST as usize);
    }
}
