//! How loud a mix may get.
//!
//! One talker keeps its level; when many talk at once the whole mix is turned down as far as it takes, at once, and
//! comes back slowly. What the limiter could not see coming is bent instead of cut.

/// Peak to which a mix is turned down. One talker at full scale is hardly touched.
const CEILING: f32 = 0.95;

/// Samples of one step of the gain: 1.3 ms. It is known one step ahead. Blocks that end with frames are whole steps.
const STEP: usize = 64;

/// How fast the gain comes back, per step: 14 dB in a second.
const RELEASE: f32 = 1.002_15;

/// Keeps one output within ±1.
#[derive(Debug, Clone)]
pub struct Limiter {
    gain: f32,
}

impl Default for Limiter {
    fn default() -> Self {
        Self { gain: 1.0 }
    }
}

impl Limiter {
    /// Limits the next block. One that is not too loud, after others that were not, stays as it is to the bit.
    pub fn limit(&mut self, block: &mut [f32]) {
        let peak = |samples: &[f32]| samples.iter().fold(0.0_f32, |peak, s| peak.max(s.abs()));
        if self.gain >= 1.0 && peak(block) <= CEILING {
            return;
        }
        let allowed = |samples: &[f32]| (CEILING / peak(samples).max(CEILING)).min(1.0);
        let mut steps = block.chunks_mut(STEP).peekable();
        while let Some(step) = steps.next() {
            let next = steps.peek().map_or(1.0, |next| allowed(next));
            let end = allowed(step).min(next).min(self.gain * RELEASE).min(1.0);
            let slope = (end - self.gain) / step.len() as f32;
            for sample in step {
                self.gain += slope;
                *sample = bent(*sample * self.gain);
            }
            self.gain = end;
        }
    }
}

/// Beyond the ceiling a sample comes closer and closer to full scale.
fn bent(sample: f32) -> f32 {
    let beyond = sample.abs() - CEILING;
    if beyond <= 0.0 {
        return sample;
    }
    let room = 1.0 - CEILING;
    (CEILING + room * (beyond / room).tanh()).copysign(sample)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;

    const BLOCK: usize = 512;

    fn block(level: f32, number: usize) -> [f32; BLOCK] {
        std::array::from_fn(|n| level * (TAU * 440.0 * (number * BLOCK + n) as f32 / 48_000.0).sin())
    }

    #[test]
    fn what_is_not_too_loud_is_not_touched() {
        let mut limiter = Limiter::default();
        for number in 0..20 {
            let mut limited = block(0.9, number);
            limiter.limit(&mut limited);
            assert_eq!(limited, block(0.9, number));
        }
    }

    #[test]
    fn a_sum_of_many_stays_within_full_scale_and_keeps_its_shape() {
        let mut limiter = Limiter::default();
        for number in 0..50 {
            let mut limited = block(20.0, number);
            limiter.limit(&mut limited);
            let peak = limited.iter().fold(0.0_f32, |peak, s| peak.max(s.abs()));
            assert!(peak <= 1.0, "{peak}");
            if number > 0 {
                let steepest = limited.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
                assert!(
                    peak > 0.8 && steepest < 0.065,
                    "a tone of this level has steps of 0.055: {steepest}"
                );
            }
        }
    }

    #[test]
    fn the_level_comes_back_within_seconds() {
        let mut limiter = Limiter::default();
        let mut loud = block(10.0, 0);
        limiter.limit(&mut loud);
        let mut last = block(0.5, 0);
        for number in 0..200 {
            last = block(0.5, number);
            limiter.limit(&mut last);
        }
        assert_eq!(last, block(0.5, 199));
    }
}
