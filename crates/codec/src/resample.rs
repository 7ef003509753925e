//! A resampler whose ratio may change at every sample.
//!
//! Windowed sinc, one table of phases, linear interpolation between them: about 90 dB. Made here and not taken
//! from a crate because of three things together (`docs/decisions/0008-codecs-and-the-line.md`): the position of
//! every output sample is known exactly, the ratio follows the source's clock without seams, and at ratio 1 in
//! phase 0 (most streams, all the time) the filter is the identity and costs a copy.

use std::f64::consts::PI;
use std::sync::OnceLock;

use crate::{LINE_RATE, Pcm};

/// Samples on each side of an output sample that it is made from, for sources up to [`LINE_RATE`]: a transition
/// band of a tenth of the source's rate at 80 dB.
const HALF: usize = 24;

/// Phases in the table; linear interpolation between 256 of them errs by −90 dB at most.
const PHASES: usize = 256;

/// Shape of the Kaiser window: 80 dB in the stop band.
const KAISER_BETA: f64 = 8.0;

/// Coefficients by phase: row `p` is for a position `p / PHASES` of a sample behind a source sample.
#[derive(Debug)]
struct Table {
    half: usize,
    rows: Vec<f32>,
}

impl Table {
    /// `cutoff`: what stays of the source's band, 1 for all of it.
    fn new(cutoff: f64) -> Self {
        let half = (HALF as f64 / cutoff).ceil() as usize;
        let mut rows = Vec::with_capacity((PHASES + 1) * 2 * half);
        for phase in 0..=PHASES {
            let offset = phase as f64 / PHASES as f64;
            let start = rows.len();
            let distance = |tap: usize| tap as f64 - (half as f64 - 1.0) - offset;
            rows.extend((0..2 * half).map(|tap| coefficient(distance(tap), half as f64, cutoff) as f32));
            // Every phase must pass a constant unchanged, or the level would hum with the phase.
            let row = rows.get_mut(start..).unwrap_or_default();
            let sum: f32 = row.iter().sum();
            row.iter_mut().for_each(|c| *c /= sum);
        }
        Self { half, rows }
    }

    /// The shared table for sources that are not above the line's rate.
    fn full_band() -> &'static Self {
        static TABLE: OnceLock<Table> = OnceLock::new();
        TABLE.get_or_init(|| Self::new(1.0))
    }

    fn row(&self, phase: usize) -> &[f32] {
        let taps = 2 * self.half;
        self.rows.get(phase * taps..(phase + 1) * taps).unwrap_or_default()
    }

    /// The coefficients for a position `fraction` (0 to 1) of a sample behind a source sample.
    fn interpolate(&self, fraction: f64, out: &mut Vec<f32>) {
        let at = fraction * PHASES as f64;
        let phase = (at as usize).min(PHASES - 1);
        let share = (at - phase as f64) as f32;
        out.clear();
        out.extend(self.row(phase).iter().zip(self.row(phase + 1)).map(|(a, b)| a + share * (b - a)));
    }
}

fn coefficient(distance: f64, half: f64, cutoff: f64) -> f64 {
    let x = distance / half;
    if x.abs() >= 1.0 {
        return 0.0;
    }
    let window = bessel_i0(KAISER_BETA * (1.0 - x * x).sqrt()) / bessel_i0(KAISER_BETA);
    let angle = PI * distance * cutoff;
    // The sine of a multiple of π is exactly zero here, which makes phase 0 the identity.
    let sinc = if distance == 0.0 {
        1.0
    } else if cutoff == 1.0 && distance.fract() == 0.0 {
        0.0
    } else {
        angle.sin() / angle
    };
    window * sinc
}

/// Modified Bessel function of the first kind, order 0.
fn bessel_i0(x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..40 {
        term *= (x / 2.0 / f64::from(k)).powi(2);
        sum += term;
    }
    sum
}

#[derive(Debug)]
enum Filter {
    Shared(&'static Table),
    Own(Box<Table>),
}

/// Turns samples of one rate into samples of [`LINE_RATE`], a little more or fewer of them as asked.
#[derive(Debug)]
pub struct Resampler {
    rate: u32,
    filter: Filter,
    /// What is still needed of the source, with the history in front.
    source: Pcm,
    /// Where the next output sample is in `source`.
    at: f64,
    /// Source samples per output sample.
    step: f64,
    taps: Vec<f32>,
}

impl Resampler {
    /// From `rate` Hz, 1 or 2 channels. The first output sample is the first source sample.
    pub fn new(rate: u32, channels: usize) -> Self {
        let rate = rate.max(1);
        let filter = if rate <= LINE_RATE {
            Filter::Shared(Table::full_band())
        } else {
            Filter::Own(Box::new(Table::new(f64::from(LINE_RATE) / f64::from(rate))))
        };
        let mut new = Self { rate, filter, source: Pcm::new(channels), at: 0.0, step: 1.0, taps: Vec::new() };
        new.set_stretch(0.0);
        new.forget();
        new
    }

    /// Samples per second of the source, Hz.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Makes that much more of the source: 0.001 gives a thousandth more samples.
    pub fn set_stretch(&mut self, stretch: f64) {
        self.step = f64::from(self.rate) / f64::from(LINE_RATE) / (1.0 + stretch);
    }

    /// Drops the source samples that wait and starts with silence as history.
    pub fn forget(&mut self) {
        let history = self.half() - 1;
        self.source.planes_mut().for_each(|plane| {
            plane.clear();
            plane.resize(history, 0.0);
        });
        self.at = history as f64;
    }

    /// Takes these samples, of the source's rate, for what came before.
    pub fn set_history(&mut self, before: &Pcm) {
        let history = self.half() - 1;
        let mut all = Pcm::new(self.source.channels());
        all.planes_mut().for_each(|plane| plane.resize(history, 0.0));
        all.append(before);
        all.keep_back(history);
        self.source = all;
        self.at = history as f64;
    }

    /// Converts what it holds to another number of channels.
    pub fn set_channels(&mut self, channels: usize) {
        self.source.convert(channels);
    }

    /// Source samples taken that no output sample stands for yet, as time: output samples.
    pub fn pending(&self) -> f64 {
        (self.source.len() as f64 - self.at) * f64::from(LINE_RATE) / f64::from(self.rate)
    }

    /// Source samples per side that an output sample is made from.
    pub fn half(&self) -> usize {
        self.table().half
    }

    fn table(&self) -> &Table {
        match &self.filter {
            Filter::Shared(table) => table,
            Filter::Own(table) => table,
        }
    }

    /// Takes source samples and appends what can be made so far to `out`, which has the same number of channels.
    pub fn push(&mut self, samples: &Pcm, out: &mut Pcm) {
        self.source.append(samples);
        let half = self.half();
        let last = self.source.len().saturating_sub(half) as f64;
        if self.step == 1.0 && self.at.fract() == 0.0 {
            self.copy(last as usize, out);
        } else if self.source.planes().flatten().all(|&sample| sample == 0.0) {
            let count = if self.at < last { ((last - self.at) / self.step).ceil() as usize } else { 0 };
            out.planes_mut().for_each(|plane| plane.resize(plane.len() + count, 0.0));
            self.at += count as f64 * self.step;
        } else {
            self.filter(last, out);
        }
        // Everything before the history of the next output sample is done with.
        let done = (self.at as usize + 1).saturating_sub(half).min(self.source.len());
        self.source.remove_front(done);
        self.at -= done as f64;
    }

    fn copy(&mut self, last: usize, out: &mut Pcm) {
        let at = self.at as usize;
        if at >= last {
            return;
        }
        for (plane, out) in self.source.planes().zip(out.planes_mut()) {
            out.extend_from_slice(plane.get(at..last).unwrap_or_default());
        }
        self.at = last as f64;
    }

    fn filter(&mut self, last: f64, out: &mut Pcm) {
        let half = self.half();
        let mut taps = std::mem::take(&mut self.taps);
        while self.at < last {
            let base = self.at as usize;
            self.table().interpolate(self.at - base as f64, &mut taps);
            let first = base + 1 - half;
            for (plane, out) in self.source.planes().zip(out.planes_mut()) {
                out.push(dot(plane.get(first..first + 2 * half).unwrap_or_default(), &taps));
            }
            self.at += self.step;
        }
        self.taps = taps;
    }
}

/// Eight sums side by side, so that the compiler may use vectors.
fn dot(samples: &[f32], taps: &[f32]) -> f32 {
    let mut sums = [0f32; 8];
    for (samples, taps) in samples.chunks_exact(8).zip(taps.chunks_exact(8)) {
        sums.iter_mut().zip(samples.iter().zip(taps)).for_each(|(sum, (s, t))| *sum += s * t);
    }
    let whole = samples.len().min(taps.len()) / 8 * 8;
    let rest: f32 = samples.iter().zip(taps).skip(whole).map(|(s, t)| s * t).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate: u32, hz: f64, samples: usize) -> Pcm {
        let mut pcm = Pcm::new(1);
        let wave = |n: usize| (2.0 * PI * hz * n as f64 / f64::from(rate)).sin() as f32;
        pcm.planes_mut().for_each(|plane| plane.extend((0..samples).map(wave)));
        pcm
    }

    fn run(resampler: &mut Resampler, pcm: &Pcm) -> Vec<f32> {
        let mut out = Pcm::new(pcm.channels());
        let mut rest = pcm.clone();
        let mut piece = Pcm::new(pcm.channels());
        while !rest.is_empty() {
            rest.take_front(333, &mut piece);
            resampler.push(&piece, &mut out);
        }
        out.left().to_vec()
    }

    #[test]
    fn the_same_rate_passes_bit_for_bit() {
        let pcm = tone(48_000, 440.0, 4800);
        let out = run(&mut Resampler::new(48_000, 1), &pcm);
        assert_eq!(out.len(), 4800 - HALF);
        assert_eq!(out, &pcm.left()[..out.len()]);
    }

    #[test]
    fn a_tone_of_every_source_rate_comes_out_in_place_and_clean() {
        for rate in [8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 64_000, 96_000] {
            let out = run(&mut Resampler::new(rate, 1), &tone(rate, 1000.0, rate as usize / 2));
            let want = tone(48_000, 1000.0, out.len());
            let error = out.iter().zip(want.left()).skip(200).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
            let snr = 10.0 * (0.5 * (out.len() - 200) as f32 / error).log10();
            assert!(snr > 70.0, "{rate} Hz: {snr} dB");
        }
    }

    #[test]
    fn images_and_aliases_are_far_down() {
        // 7 kHz at 16 kHz has its image at 9 kHz; 30 kHz at 96 kHz would alias to 18 kHz.
        let power = |out: &[f32], hz: f64| {
            let (mut re, mut im) = (0.0, 0.0);
            for (n, &x) in out.iter().enumerate().skip(500) {
                let angle = 2.0 * PI * hz * n as f64 / 48_000.0;
                re += f64::from(x) * angle.cos();
                im += f64::from(x) * angle.sin();
            }
            20.0 * (2.0 * re.hypot(im) / (out.len() - 500) as f64).log10()
        };
        let up = run(&mut Resampler::new(16_000, 1), &tone(16_000, 7000.0, 16_000));
        assert!(power(&up, 7000.0) > -1.0);
        assert!(power(&up, 9000.0) < -70.0, "{}", power(&up, 9000.0));
        let down = run(&mut Resampler::new(96_000, 1), &tone(96_000, 30_000.0, 48_000));
        assert!(power(&down, 18_000.0) < -70.0, "{}", power(&down, 18_000.0));
    }

    #[test]
    fn stretching_makes_more_samples_without_a_seam() {
        let mut resampler = Resampler::new(48_000, 1);
        let pcm = tone(48_000, 440.0, 24_000);
        let mut out = run(&mut resampler, &pcm);
        resampler.set_stretch(0.001);
        out.extend(run(&mut resampler, &pcm));
        assert!(out.len().abs_diff(48_000 + 24 - HALF) <= 1, "{}", out.len());
        // Nowhere a step that a 440 Hz tone does not have (its phase at 24 000 samples is a whole turn).
        let step = out.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
        assert!(step < 0.06, "{step}");
    }

    #[test]
    fn silence_counts_the_same_samples_as_sound() {
        for stretch in [0.0, 0.0007, -0.0011] {
            let counts = [0.0, 0.5].map(|level| {
                let mut resampler = Resampler::new(16_000, 1);
                resampler.set_stretch(stretch);
                let mut pcm = Pcm::new(1);
                pcm.planes_mut().for_each(|plane| plane.resize(16_000, level));
                run(&mut resampler, &pcm).len()
            });
            assert!(counts[0].abs_diff(counts[1]) <= 1, "{counts:?}");
        }
    }
}
