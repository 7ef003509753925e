//! How long packets wait for company before they are written.
//!
//! A write costs per call, hardly per byte, so a busy shard lets packets of a publication gather. An idle one
//! sends at once: after each round the shard rests for [`REST_FACTOR`] times what the round cost, and no
//! packet ever waits longer than the budget of its publication.

use crate::Micros;

/// Rest between rounds, in costs of a round: a shard that would be busier than 1/20 of its time at sending
/// each packet at once starts to gather.
pub const REST_FACTOR: u64 = 20;

/// Share of the newest round in the running mean of the cost, as a divisor.
const SMOOTHING: u64 = 4;

/// The time limits of one publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Longest wait of a packet for company: the send window.
    pub window: Micros,
    /// A viewer that is further behind than this skips to a newer keyframe.
    pub ceiling: Micros,
}

/// The rests of one shard.
#[derive(Debug, Default)]
pub struct Pacer {
    cost: Micros,
    quiet_until: Micros,
}

impl Pacer {
    /// When a packet that the server received at `at` has to be written. What it waited for a round that was
    /// under way when it came counts towards its window.
    pub fn due(&self, now: Micros, at: Micros, pace: Pace) -> Micros {
        self.quiet_until.clamp(now, at.saturating_add(pace.window).max(now))
    }

    /// A round of writes took from `start` to `end`.
    pub fn round(&mut self, start: Micros, end: Micros) {
        let cost = end.saturating_sub(start);
        self.cost = (self.cost.saturating_mul(SMOOTHING.saturating_sub(1)).saturating_add(cost)) / SMOOTHING;
        self.quiet_until = end.saturating_add(self.cost.saturating_mul(REST_FACTOR));
    }

    /// Until when the shard rests, unless a packet's budget ends earlier.
    pub const fn quiet_until(&self) -> Micros {
        self.quiet_until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RTC: Pace = Pace { window: 20_000, ceiling: 1_500_000 };

    #[test]
    fn an_idle_shard_sends_at_once() {
        let mut pacer = Pacer::default();
        assert_eq!(pacer.due(1_000, 1_000, RTC), 1_000);
        pacer.round(1_000, 1_050);
        assert_eq!(pacer.due(100_000, 100_000, RTC), 100_000);
    }

    #[test]
    fn a_busy_shard_gathers_but_never_beyond_the_budget() {
        let mut pacer = Pacer::default();
        let mut now = 0;
        for _ in 0..50 {
            pacer.round(now, now + 5_000);
            now += 25_000;
        }
        assert_eq!(pacer.due(now, now, RTC), now + 20_000);
        let live = Pace { window: 100_000, ..RTC };
        assert!(pacer.due(now, now, live) > now + 60_000);
        assert!(pacer.due(now, now, live) <= now + 100_000);
    }

    #[test]
    fn waiting_for_a_round_counts_towards_the_window() {
        let mut pacer = Pacer::default();
        pacer.round(0, 15_000);
        assert_eq!(pacer.due(15_000, 2_000, RTC), 22_000);
        assert_eq!(pacer.due(50_000, 2_000, RTC), 50_000);
    }
}
