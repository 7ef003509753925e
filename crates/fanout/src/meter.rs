//! Rates over the last seconds.

/// Seconds that a rate looks back over: long enough to hold a whole group of pictures of a phone.
const SECONDS: usize = 4;

/// Bytes and frames of one track in the last [`SECONDS`] whole seconds.
#[derive(Debug, Default, Clone)]
pub struct Meter {
    seconds: [(u64, u64, u64); SECONDS],
    first: Option<u64>,
}

impl Meter {
    /// Counts one frame.
    pub fn add(&mut self, now_us: u64, bytes: usize) {
        let second = now_us / 1_000_000;
        self.first.get_or_insert(second);
        let slot = &mut self.seconds[second as usize % SECONDS];
        if slot.0 != second {
            *slot = (second, 0, 0);
        }
        slot.1 += bytes as u64;
        slot.2 += 1;
    }

    /// Whether a frame came in this second or the one before.
    pub fn is_flowing(&self, now_us: u64) -> bool {
        let second = now_us / 1_000_000;
        self.seconds.iter().any(|slot| slot.2 > 0 && (slot.0 == second || slot.0 + 1 == second))
    }

    /// Bytes and frames per second over the whole seconds before the present one.
    pub fn rates(&self, now_us: u64) -> (f64, f64) {
        let second = now_us / 1_000_000;
        let first = self.first.unwrap_or(second);
        let oldest = second.saturating_sub(SECONDS as u64 - 1).max(first);
        let span = second.saturating_sub(oldest);
        if span == 0 {
            return (0.0, 0.0);
        }
        let (bytes, frames) = self
            .seconds
            .iter()
            .filter(|slot| slot.0 >= oldest && slot.0 < second)
            .fold((0, 0), |sum, slot| (sum.0 + slot.1, sum.1 + slot.2));
        (bytes as f64 / span as f64, frames as f64 / span as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_track_flows_until_a_whole_second_has_passed_without_a_frame() {
        let mut meter = Meter::default();
        assert!(!meter.is_flowing(0));
        meter.add(1_900_000, 1_000);
        for (now, flowing) in [(1_900_000, true), (2_999_999, true), (3_000_000, false), (9_000_000, false)] {
            assert_eq!(meter.is_flowing(now), flowing, "{now}");
        }
    }

    #[test]
    fn a_steady_stream_shows_its_rate_and_an_ended_one_fades() {
        let mut meter = Meter::default();
        for i in 0..100u64 {
            meter.add(i * 66_667, 1_000);
        }
        let (bytes, frames) = meter.rates(6_600_000);
        assert!((14.0..=16.0).contains(&frames) && (14_000.0..=16_000.0).contains(&bytes));
        assert_eq!(meter.rates(20_000_000), (0.0, 0.0));
    }
}
