//! Seams: how sound is made longer, shorter, or carried on, so that nobody hears it.
//!
//! Speech repeats itself every few milliseconds. A seam is laid where the two sides look alike, one period apart, and
//! blended: what is heard is one period more or fewer.

use std::ops::RangeInclusive;

/// Samples over which two pieces are blended: 5 ms.
pub const OVERLAP: usize = 240;

/// Periods that are looked for in samples: 2.5 ms (400 Hz) to 10 ms (100 Hz).
pub const PERIODS: RangeInclusive<usize> = 120..=480;

/// Longest period that a carried-on voice may repeat: 20 ms (50 Hz).
const LONGEST_REPEATED: usize = 960;

/// What must be known of a voice to carry it on: two of its longest periods.
pub const PAST: usize = 2 * LONGEST_REPEATED;

/// A carried-on voice keeps its level for so many samples, and fades out over the rest of [`CARRIED`]: 10 ms of repetition
/// are not heard, more sound like a machine.
const KEPT: usize = 480;

/// A carried-on voice is silent after so many samples: 40 ms.
pub const CARRIED: usize = 1920;

/// A step at the beginning of a carried-on voice is spread over so many samples.
const SPREAD: usize = 120;

/// Weight of the new piece at sample `n` of `count` of a blend: never quite 0, never quite 1.
pub fn weight(n: usize, count: usize) -> f32 {
    (n + 1) as f32 / (count + 1) as f32
}

/// The offset in `signal`, out of `lags`, at which it looks most like `template`.
pub fn alike(template: &[f32], signal: &[f32], lags: RangeInclusive<usize>) -> usize {
    let mut best = (f32::NEG_INFINITY, *lags.start());
    for lag in lags {
        let Some(there) = signal.get(lag..lag + template.len()) else { break };
        let mut product = 0.0;
        let mut energy = 1e-9;
        // Every second sample tells enough.
        for (a, b) in template.iter().zip(there).step_by(2) {
            product += a * b;
            energy += b * b;
        }
        let score = product / energy.sqrt();
        if score > best.0 {
            best = (score, lag);
        }
    }
    best.1
}

/// Blends the front of `samples` from what is there to `target`, as far as that goes.
fn blend_front(samples: &mut [f32], target: &[f32]) {
    let count = target.len();
    for (n, (sample, to)) in samples.iter_mut().zip(target).enumerate() {
        let w = weight(n, count);
        *sample += w * (to - *sample);
    }
}

/// Takes between `least` and `most` samples out of `samples`, near their front. Returns how many; none if there are
/// too few.
pub fn shorten(samples: &mut Vec<f32>, least: usize, most: usize) -> usize {
    let most = most.min(samples.len().saturating_sub(OVERLAP));
    let Some(template) = samples.get(..OVERLAP).filter(|_| least <= most && least > 0) else { return 0 };
    let lag = alike(template, samples, least..=most);
    let target = samples.get(lag..lag + OVERLAP).unwrap_or_default().to_vec();
    blend_front(samples, &target);
    // The blended front stands for the piece behind it.
    samples.drain(OVERLAP..OVERLAP + lag);
    lag
}

/// Plays a period of `past` once more in front of `samples`. Returns how many samples that makes; none if too few are
/// known.
pub fn lengthen(past: &[f32], samples: &mut Vec<f32>) -> usize {
    let most = *PERIODS.end();
    let Some(recent) = past.len().checked_sub(most).and_then(|from| past.get(from..)) else { return 0 };
    let Some(template) = samples.get(..OVERLAP) else { return 0 };
    let joined: Vec<f32> = recent.iter().chain(template).copied().collect();
    // A lag of `k` begins `most - k` samples into the joined piece.
    let offset = alike(template, &joined, 0..=most - PERIODS.start());
    let period = most - offset;
    let mut front = template.to_vec();
    blend_front(&mut front, joined.get(offset..offset + OVERLAP).unwrap_or_default());
    // Behind the blend goes on what follows in the joined piece, and then what was there.
    let rest = joined.get(offset + OVERLAP..).unwrap_or_default();
    front.extend_from_slice(rest);
    samples.splice(..OVERLAP, front);
    period
}

/// A voice that is carried on although nothing of it came: its last period again and again, fading.
#[derive(Debug, Clone)]
pub struct Carried {
    period: Vec<f32>,
    played: usize,
    step: f32,
}

impl Carried {
    /// Carries on what was heard last.
    pub fn on(past: &[f32]) -> Self {
        let mut period = Vec::new();
        let mut step = 0.0;
        if let Some(from) = past.len().checked_sub(OVERLAP)
            && let Some(template) = past.get(from..)
        {
            let most = LONGEST_REPEATED.min(from);
            let first = from - most;
            let searched = past.get(first..).unwrap_or_default();
            let latest = most.saturating_sub(*PERIODS.start());
            let lag = most - alike(template, searched, 0..=latest);
            period = round(past, lag);
            if let [.., before, last] = past {
                step = 2.0 * last - before - period.first().copied().unwrap_or_default();
            }
        }
        Self { period, played: 0, step }
    }

    /// Whether nothing more comes.
    pub fn is_over(&self) -> bool {
        self.period.is_empty() || self.played >= CARRIED
    }
}

impl Iterator for Carried {
    type Item = f32;

    fn next(&mut self) -> Option<f32> {
        if self.is_over() {
            return None;
        }
        let n = self.played;
        self.played += 1;
        let sample = self.period.get(n % self.period.len()).copied()?;
        let spread = self.step * (1.0 - n as f32 / SPREAD as f32).max(0.0);
        let gain = match n.checked_sub(KEPT) {
            None => 1.0,
            Some(fading) => 1.0 - weight(fading, CARRIED - KEPT),
        };
        Some((sample + spread) * gain)
    }
}

/// The last `length` samples, with the end blended so that the first sample follows the last one.
fn round(past: &[f32], length: usize) -> Vec<f32> {
    let Some(from) = past.len().checked_sub(length) else { return Vec::new() };
    let mut period = past.get(from..).unwrap_or_default().to_vec();
    let count = length / 4;
    if let Some(earlier) = from.checked_sub(count).and_then(|at| past.get(at..from))
        && let Some(end) = period.get_mut(length - count..)
    {
        blend_front(end, earlier);
    }
    period
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;

    fn tone(hz: f32, from: usize, count: usize) -> Vec<f32> {
        (from..from + count).map(|n| (TAU * hz * n as f32 / 48_000.0).sin()).collect()
    }

    /// The largest change of slope, which for a tone without seam is `(TAU * hz / 48 000)²`.
    fn bend(samples: &[f32]) -> f32 {
        samples.windows(3).map(|w| (w[2] - 2.0 * w[1] + w[0]).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn a_tone_is_shortened_and_lengthened_by_whole_periods_without_a_bend() {
        for hz in [150.0, 440.0, 1000.0, 3150.0] {
            let plain = (TAU * hz / 48_000.0).powi(2);
            let mut samples = tone(hz, 0, 4800);
            let taken = shorten(&mut samples, 120, 480);
            assert_eq!(samples.len() + taken, 4800);
            assert!(taken >= 120 && bend(&samples) < 1.5 * plain + 0.002, "{hz} Hz: {}", bend(&samples));
            let past = tone(hz, 0, PAST);
            let mut samples = tone(hz, PAST, 480);
            let made = lengthen(&past, &mut samples);
            assert_eq!(samples.len(), 480 + made);
            let whole = [past, samples].concat();
            assert!(made >= 120 && bend(&whole) < 1.5 * plain + 0.002, "{hz} Hz: {}", bend(&whole));
        }
    }

    #[test]
    fn a_carried_on_tone_goes_on_and_fades_to_nothing() {
        for hz in [80.0, 440.0, 2500.0] {
            let past = tone(hz, 0, PAST);
            let carried: Vec<f32> = Carried::on(&past).collect();
            assert_eq!(carried.len(), CARRIED);
            let plain = (TAU * hz / 48_000.0).powi(2);
            let whole = [past, carried, vec![0.0; 10]].concat();
            assert!(bend(&whole) < 2.0 * plain + 0.01, "{hz} Hz: {}", bend(&whole));
        }
    }

    #[test]
    fn nothing_is_made_of_too_little() {
        assert_eq!(Carried::on(&[0.5; 10]).count(), 0);
        assert_eq!(shorten(&mut vec![0.5; 300], 120, 480), 0);
        assert_eq!(lengthen(&[], &mut vec![0.5; 480]), 0);
        assert_eq!(lengthen(&[0.5; 480], &mut vec![0.5; 10]), 0);
    }
}
