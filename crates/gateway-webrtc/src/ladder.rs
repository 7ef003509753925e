//! What a viewer gets when its link carries less than the stream has: keyframes only, then sound only, and back.
//!
//! A stream has one bit rate for all its viewers. Whoever cannot take it would see a picture that falls further and further
//! behind until the connection breaks; a picture every second or two, or sound alone, is better.

use std::time::{Duration, Instant};

/// A link that carries less than this share of what is needed is too small. Estimates swing by a tenth.
const TOO_SMALL_PERCENT: u64 = 85;

/// A link must carry this share of what the next step up needs, so that the step holds.
const ENOUGH_PERCENT: u64 = 110;

/// How long a link must be too small before something is left out: the estimate falls for a moment whenever somebody
/// else on the same link begins to send.
const DOWN_AFTER: Duration = Duration::from_secs(2);

/// How long it must be large enough before more is sent. Going up too early costs another fall.
const UP_AFTER: Duration = Duration::from_secs(3);

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Sound only.
    Sound,
    /// Sound and keyframes.
    Keyframes,
    /// Everything.
    Full,
}

/// What a stream has, in bits per second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rates {
    /// All pictures.
    pub(crate) video: u64,
    /// Keyframes.
    pub(crate) keys: u64,
    /// Sound.
    pub(crate) audio: u64,
    /// The largest keyframe of late: bits, not bits per second.
    pub(crate) key_bits: u64,
}

impl Rates {
    fn of(self, level: Level) -> u64 {
        self.audio
            + match level {
                Level::Full => self.video,
                Level::Keyframes => self.keys,
                Level::Sound => 0,
            }
    }
}

/// Where one viewer stands.
#[derive(Debug)]
pub(crate) struct Ladder {
    level: Level,
    estimate: Option<u64>,
    /// Since when the link has been too small for this level, or large enough for the next.
    since: Option<(bool, Instant)>,
}

impl Ladder {
    pub(crate) const fn new() -> Self {
        Self { level: Level::Full, estimate: None, since: None }
    }

    pub(crate) const fn level(&self) -> Level {
        self.level
    }

    /// Congestion control has a new opinion of the link, in bits per second.
    pub(crate) fn estimate(&mut self, bits: u64) {
        self.estimate = Some(bits);
    }

    /// Looks whether it is time for another level; true if it went down.
    pub(crate) fn step(&mut self, now: Instant, rates: Rates) -> bool {
        let Some(estimate) = self.estimate else { return false };
        let (below, above) = match self.level {
            Level::Full => (Some(Level::Keyframes), None),
            Level::Keyframes => (Some(Level::Sound), Some(Level::Full)),
            Level::Sound => (None, Some(Level::Keyframes)),
        };
        let small = below.is_some() && estimate * 100 < rates.of(self.level) * TOO_SMALL_PERCENT;
        let enough = above.is_some_and(|above| estimate * 100 >= rates.of(above) * ENOUGH_PERCENT);
        if !small && !enough {
            self.since = None;
            return false;
        }
        let since = match self.since {
            Some((was_small, since)) if was_small == small => since,
            _ => now,
        };
        self.since = Some((small, since));
        let wait = if small { DOWN_AFTER } else { UP_AFTER };
        if now.saturating_duration_since(since) < wait {
            return false;
        }
        self.since = None;
        if let Some(level) = if small { below } else { above } {
            self.level = level;
        }
        small
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATES: Rates = Rates { video: 800_000, keys: 200_000, audio: 40_000, key_bits: 200_000 };

    /// Lets so many seconds pass with this estimate.
    fn pass(ladder: &mut Ladder, clock: &mut Instant, bits: u64, seconds: u64) -> Level {
        for _ in 0..seconds * 20 {
            *clock += Duration::from_millis(50);
            ladder.estimate(bits);
            ladder.step(*clock, RATES);
        }
        ladder.level()
    }

    #[test]
    fn a_link_that_shrinks_loses_pictures_then_all_of_them_and_gets_them_back() {
        let (mut ladder, mut clock) = (Ladder::new(), Instant::now());
        assert_eq!(pass(&mut ladder, &mut clock, 2_000_000, 10), Level::Full);
        assert_eq!(pass(&mut ladder, &mut clock, 400_000, 10), Level::Keyframes);
        assert_eq!(pass(&mut ladder, &mut clock, 100_000, 10), Level::Sound);
        assert_eq!(pass(&mut ladder, &mut clock, 300_000, 10), Level::Keyframes);
        assert_eq!(pass(&mut ladder, &mut clock, 850_000, 10), Level::Keyframes, "not enough to stay up");
        assert_eq!(pass(&mut ladder, &mut clock, 1_000_000, 10), Level::Full);
    }

    #[test]
    fn a_short_fall_changes_nothing() {
        let (mut ladder, mut clock) = (Ladder::new(), Instant::now());
        for _ in 0..10 {
            pass(&mut ladder, &mut clock, 300_000, 1);
            assert_eq!(pass(&mut ladder, &mut clock, 2_000_000, 1), Level::Full);
        }
    }

    #[test]
    fn without_an_estimate_everything_is_sent() {
        let mut ladder = Ladder::new();
        assert!(!ladder.step(Instant::now(), RATES));
        assert_eq!(ladder.level(), Level::Full);
    }
}
