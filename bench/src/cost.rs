//! Processor time per packet and subscriber, turn by turn: what shows that a build costs more than another one.
//!
//! Ratios are taken within a round, whose turns follow each other by seconds, because a shared machine is not as fast now
//! as it was a minute ago. Of the rounds the median counts.

use serde_json::{Value, json};

/// What each turn of one side cost.
#[derive(Debug, Clone, Default)]
pub(crate) struct Turns(Vec<f64>);

impl Turns {
    /// A turn in which so many packets arrived at subscribers.
    pub(crate) fn add(&mut self, cpu_ns: u64, packets: u64) {
        self.0.push(cpu_ns as f64 / packets as f64);
    }

    /// Nanoseconds per packet and subscriber.
    pub(crate) fn ns(&self) -> Spread {
        Spread::of(self.0.clone())
    }

    /// Against the turns of another side in the same rounds.
    pub(crate) fn over(&self, other: &Self) -> Spread {
        Spread::of(self.0.iter().zip(&other.0).map(|(mine, theirs)| mine / theirs).collect())
    }
}

/// The least, the middle and the most of some values; NaN when there is none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) least: f64,
    pub(crate) median: f64,
    pub(crate) most: f64,
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        let (last, half) = (values.len().saturating_sub(1), values.len() / 2);
        Self { least: at(0), median: f64::midpoint(at(last / 2), at(half)), most: at(last) }
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        json!({ "least": self.least, "median": self.median, "most": self.most })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(values: &[f64]) -> Turns {
        Turns(values.to_vec())
    }

    #[test]
    fn the_middle_of_an_even_number_is_between_two() {
        for (values, wanted) in
            [(&[3.0, 1.0, 2.0][..], 2.0), (&[4.0, 1.0, 2.0, 3.0], 2.5), (&[7.0], 7.0), (&[1.0, 2.0], 1.5)]
        {
            assert_eq!(turns(values).ns().median, wanted, "{values:?}");
        }
        assert!(turns(&[]).ns().median.is_nan());
    }

    #[test]
    fn rounds_are_compared_with_themselves_however_fast_the_machine_was() {
        let ratio = turns(&[100.0, 400.0, 90.0]).over(&turns(&[200.0, 800.0, 100.0]));
        assert_eq!((ratio.least, ratio.median, ratio.most), (0.5, 0.5, 0.9));
    }
}
