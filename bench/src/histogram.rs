//! Counts of durations with a resolution of 1.6 %.

use serde::{Deserialize, Serialize};

/// Sub-buckets per power of two, as a power of two.
const FINE_BITS: u32 = 6;

/// Durations in microseconds, counted.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    pub(crate) fn add(&mut self, us: u64) {
        let index = bucket(us);
        if index >= self.counts.len() {
            self.counts.resize(index + 1, 0);
        }
        self.counts[index] += 1;
        self.total += 1;
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        if other.counts.len() > self.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.total += other.total;
    }

    pub(crate) const fn total(&self) -> u64 {
        self.total
    }

    /// The value that `share` (0 to 1) of all do not exceed, in milliseconds; NaN when there is none.
    pub(crate) fn quantile_ms(&self, share: f64) -> f64 {
        let wanted = (self.total as f64 * share).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return upper(index) as f64 / 1000.0;
            }
        }
        f64::NAN
    }
}

fn bucket(us: u64) -> usize {
    let fine = 1u64 << FINE_BITS;
    if us < fine {
        return us as usize;
    }
    let shift = 63 - us.leading_zeros() - FINE_BITS;
    ((u64::from(shift) + 1) * fine + (us >> shift) - fine) as usize
}

/// The largest value in a bucket.
fn upper(index: usize) -> u64 {
    let (index, fine) = (index as u64, 1u64 << FINE_BITS);
    if index < fine {
        return index;
    }
    let shift = index / fine - 1;
    ((index % fine + fine + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_lies_in_its_bucket_within_two_percent() {
        for us in (0..200_000).chain([1 << 30, (1 << 40) + 12345]) {
            let top = upper(bucket(us));
            assert!(top >= us && (top - us) as f64 <= us as f64 * 0.02, "{us} {top}");
        }
    }

    #[test]
    fn quantiles_are_those_of_the_values() {
        let mut histogram = Histogram::default();
        (1..=1000u64).for_each(|ms| histogram.add(ms * 1000));
        assert!((histogram.quantile_ms(0.5) - 500.0).abs() < 10.0);
        assert!((histogram.quantile_ms(0.99) - 990.0).abs() < 20.0);
    }
}
