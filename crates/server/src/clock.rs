//! The two clocks of the process: monotonic for machines, wall clock for credentials and logs.

use huitong_types::Moment;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A monotonic clock that starts with the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Now, for the machines.
    pub(crate) fn now(self) -> Moment {
        Moment::from_millis(u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// When `moment` will be, for timers. One millisecond later than the moment itself, because `now` rounds
    /// down and a timer that fires a moment too early would only be set again.
    pub(crate) fn instant(self, moment: Moment) -> tokio::time::Instant {
        let at = self.0 + Duration::from_millis(moment.as_millis().saturating_add(1).min(FAR_MS));
        tokio::time::Instant::from_std(at)
    }
}

/// A century, ms: farther deadlines are never reached and would overflow an [`Instant`].
const FAR_MS: u64 = 100 * 365 * 86_400_000;

/// The wall clock, Unix ms.
pub(crate) fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The wall clock, Unix seconds.
pub fn unix_seconds() -> u64 {
    unix_ms() / 1000
}
