//! The line: decoded samples in their places on the publication's timeline, at 48 kHz.
//!
//! Times are ticks of 1/48 000 s on the publication's timeline. The line is contiguous but for jumps; where the
//! next sample belongs is known exactly, so a frame's time tells how far the source's clock and its samples
//! have drifted apart. Small differences are resampled away slowly, larger ones are holes or frames that come
//! too late, and beyond [`JUMP_TICKS`] the line jumps.

use crate::resample::Resampler;
use crate::{LINE_RATE, Pcm};

/// Ticks per millisecond.
pub const TICKS_PER_MS: i64 = 48;

/// A hole longer than this is not concealed: the clock jumps. Half a second of concealment is silence anyway.
pub const JUMP_TICKS: i64 = 500 * TICKS_PER_MS;

/// Samples that are further ahead of their time than this are dropped: sound and picture stay within 40 ms.
const LATE_TICKS: f64 = 40.0 * TICKS_PER_MS as f64;

/// However unsteady the times of a source are, a difference of this much is a hole or a late frame.
const MOST_JITTER_TICKS: f64 = 40.0 * TICKS_PER_MS as f64;

/// How far differences must stand out from the usual unsteadiness to be a hole.
const JITTER_FACTOR: f64 = 3.0;

/// Part of each new difference in the measure of unsteadiness.
const JITTER_WEIGHT: f64 = 1.0 / 16.0;

/// Time over which differences are averaged, ticks: timestamps in whole milliseconds wobble by one.
const AVERAGE_TICKS: f64 = 4.0 * LINE_RATE as f64;

/// A difference that is left alone, ticks: nobody hears or sees 3 ms, and the resampler may stay in phase 0, where
/// it costs nothing.
const DEAD_TICKS: f64 = 3.0 * TICKS_PER_MS as f64;

/// Time in which a difference is worked off, ticks. A clock that is 200 ppm wrong then settles 4 ms beyond the
/// dead zone.
const SETTLE_TICKS: f64 = 20.0 * LINE_RATE as f64;

/// Most that is stretched or squeezed: 0.3 %, a twentieth of a semitone.
const MOST_STRETCH: f64 = 0.003;

/// Concealment by repetition fades out over this part of a second.
const FADE_PER_SECOND: u32 = 50;

/// Pieces that do not belong together are blended over this part of a second.
const BLEND_PER_SECOND: u32 = 200;

/// Ticks of a time in milliseconds. Times beyond what any stream reaches are cut.
pub fn ticks(ts_ms: i64) -> i64 {
    ts_ms.clamp(0, i64::MAX >> 16) * TICKS_PER_MS
}

/// Milliseconds of a time in ticks, rounded to the nearest.
pub fn millis(ticks: i64) -> i64 {
    (ticks + TICKS_PER_MS / 2).div_euclid(TICKS_PER_MS)
}

/// What the time of a frame means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fit {
    /// It continues the line.
    Plays,
    /// That many ticks before it are missing.
    Hole(i64),
    /// The line is past it by so much that it must be left out.
    Late,
    /// The line has to jump there.
    Jumps,
}

/// See the module.
#[derive(Debug)]
pub struct Line {
    resampler: Resampler,
    /// Samples that wait for a full frame.
    fifo: Pcm,
    /// Time of the first sample in `fifo`; `None` before the first frame.
    start: Option<i64>,
    /// The last samples at the source's rate: what concealment and blending continue.
    tail: Pcm,
    /// The next samples are blended with a continuation of what was before.
    blend: bool,
    /// Mean difference between the frames' times and the line, and its unsteadiness, ticks.
    difference: f64,
    jitter: f64,
    scratch: Pcm,
}

impl Line {
    /// An empty line for a source of `rate` Hz and 1 or 2 channels.
    pub fn new(rate: u32, channels: usize) -> Self {
        Self {
            resampler: Resampler::new(rate, channels),
            fifo: Pcm::new(channels),
            start: None,
            tail: Pcm::new(channels),
            blend: false,
            difference: 0.0,
            jitter: 0.0,
            scratch: Pcm::new(channels),
        }
    }

    /// Whether the line has a place in time.
    pub fn is_anchored(&self) -> bool {
        self.start.is_some()
    }

    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.fifo.channels()
    }

    /// Samples per second of the source, Hz.
    pub fn rate(&self) -> u32 {
        self.resampler.rate()
    }

    /// Time where the next source sample belongs, ticks.
    fn end(&self, start: i64) -> f64 {
        start as f64 + self.fifo.len() as f64 + self.resampler.pending()
    }

    /// Says what a frame of `frame` ticks at time `at` means, and learns from its time how the source's clock
    /// runs. `hole`: a difference that is a hole when times are steady, ticks.
    pub fn fit(&mut self, at: i64, frame: i64, hole: i64) -> Fit {
        let Some(start) = self.start else { return Fit::Jumps };
        let difference = at as f64 - self.end(start);
        if difference > JUMP_TICKS as f64 {
            return Fit::Jumps;
        }
        let jitter = (JITTER_FACTOR * self.jitter).min(MOST_JITTER_TICKS);
        let off = (difference - self.difference).abs().min(2.0 * MOST_JITTER_TICKS);
        self.jitter += (off - self.jitter) * JITTER_WEIGHT;
        if difference > hole as f64 + jitter {
            self.settle(0.0);
            return Fit::Hole(difference as i64);
        }
        if difference < -LATE_TICKS - jitter {
            self.settle(0.0);
            self.blend = true;
            return Fit::Late;
        }
        let weight = (frame as f64 / AVERAGE_TICKS).clamp(0.0, 1.0);
        self.settle(self.difference + (difference - self.difference) * weight);
        Fit::Plays
    }

    fn settle(&mut self, difference: f64) {
        self.difference = difference;
        let beyond = difference - difference.clamp(-DEAD_TICKS, DEAD_TICKS);
        self.resampler.set_stretch((beyond / SETTLE_TICKS).clamp(-MOST_STRETCH, MOST_STRETCH));
    }

    /// Makes `at` the time of the next sample. What waits for a full frame is to be taken before, see
    /// [`Self::fill_up`].
    pub fn jump(&mut self, at: i64) {
        self.fifo.clear();
        self.resampler.forget();
        self.tail.clear();
        self.blend = true;
        self.settle(0.0);
        self.start = Some(at);
    }

    /// Makes `at` the time of the next source sample, which is blended with what was before. Nothing that waits is lost; so this
    /// is for who takes samples as they come, whatever their times.
    pub fn follow(&mut self, at: i64) {
        let owed = self.fifo.len() as f64 + self.resampler.pending();
        self.start = Some(at - owed.round() as i64);
        self.blend = true;
        self.settle(0.0);
    }

    /// Fades out until a multiple of `frame` samples waits, if any wait at all.
    pub fn fill_up(&mut self, frame: usize) {
        if self.fifo.is_empty() && self.resampler.pending() < 1.0 {
            return;
        }
        // What the resampler holds back comes out first; then there must be room to fade.
        let known = self.fifo.len() + self.resampler.pending().ceil() as usize;
        let room = (LINE_RATE / BLEND_PER_SECOND) as usize;
        let total = (known + room).next_multiple_of(frame.max(1));
        let source = |ticks: usize| (ticks as f64 * f64::from(self.rate()) / f64::from(LINE_RATE)) as usize;
        let fading = source(total - known);
        self.fade(fading, fading + 2 * self.resampler.half() + 1);
    }

    /// Appends samples of the source's rate; another number of channels is converted.
    pub fn push(&mut self, samples: &Pcm) {
        let mut pcm = std::mem::replace(&mut self.scratch, Pcm::new(1));
        pcm.reset(self.channels());
        pcm.append(samples);
        pcm.limit();
        if std::mem::take(&mut self.blend) {
            self.blend_in(&mut pcm);
        }
        self.append(&pcm);
        self.scratch = pcm;
    }

    fn append(&mut self, pcm: &Pcm) {
        self.resampler.push(pcm, &mut self.fifo);
        self.tail.append(pcm);
        self.tail.keep_back((self.rate() / FADE_PER_SECOND) as usize);
    }

    /// Appends a hole of so many ticks: what was heard, backwards and fading, then silence.
    pub fn conceal(&mut self, ticks: i64) {
        let samples = ticks.clamp(0, JUMP_TICKS) as f64 * f64::from(self.rate()) / f64::from(LINE_RATE);
        let samples = samples.round() as usize;
        self.fade(samples, samples);
        self.blend = true;
    }

    /// Appends `samples` samples of the source's rate that fade out within the first `fading` of them.
    fn fade(&mut self, fading: usize, samples: usize) {
        let fading = fading.min(samples).min((self.rate() / FADE_PER_SECOND) as usize);
        let mut pcm = self.continuation(fading);
        for plane in pcm.planes_mut() {
            let step = 1.0 / (fading as f32 + 1.0);
            plane.iter_mut().enumerate().for_each(|(n, sample)| *sample *= 1.0 - (n + 1) as f32 * step);
            plane.resize(samples, 0.0);
        }
        self.append(&pcm);
    }

    /// `count` samples that carry on from the last ones: those, backwards.
    fn continuation(&self, count: usize) -> Pcm {
        let mut pcm = Pcm::new(self.channels());
        for (plane, tail) in pcm.planes_mut().zip(self.tail.planes()) {
            plane.extend(tail.iter().rev().take(count));
            plane.resize(count, 0.0);
        }
        pcm
    }

    /// Says that the next samples do not continue the last ones.
    pub fn cut(&mut self) {
        self.blend = true;
    }

    fn blend_in(&self, pcm: &mut Pcm) {
        let count = ((self.rate() / BLEND_PER_SECOND) as usize).min(pcm.len());
        let before = self.continuation(count);
        for (plane, before) in pcm.planes_mut().zip(before.planes()) {
            for (n, (sample, before)) in plane.iter_mut().zip(before).enumerate() {
                let share = (n + 1) as f32 / (count + 1) as f32;
                *sample = *sample * share + before * (1.0 - share);
            }
        }
    }

    /// The source goes on at another rate, in Hz: what waits is finished, what follows is blended.
    pub fn set_rate(&mut self, rate: u32) {
        if rate == self.rate() {
            return;
        }
        // The filter looks ahead; it sees the sound carried on, and what it makes of that is taken back.
        let ahead = self.resampler.half();
        let owed = self.resampler.pending().round() as usize + self.fifo.len();
        let continuation = self.continuation(2 * ahead);
        self.resampler.push(&continuation, &mut self.fifo);
        for plane in self.fifo.planes_mut() {
            plane.truncate(owed);
        }
        let mut tail = Pcm::new(self.channels());
        let step = f64::from(self.rate()) / f64::from(rate.max(1));
        let count = (self.tail.len() as f64 / step) as usize;
        for (plane, old) in tail.planes_mut().zip(self.tail.planes()) {
            let skipped = old.len() as f64 - count as f64 * step;
            plane.extend((0..count).filter_map(|n| old.get((skipped + n as f64 * step) as usize)));
        }
        let channels = self.channels();
        self.resampler = Resampler::new(rate, channels);
        self.resampler.set_history(&tail);
        self.tail = tail;
        self.blend = true;
        self.settle(self.difference);
    }

    /// Converts what waits to another number of channels.
    pub fn set_channels(&mut self, channels: usize) {
        self.fifo.convert(channels);
        self.tail.convert(channels);
        self.resampler.set_channels(channels);
    }

    /// Samples that wait.
    pub fn waiting(&self) -> usize {
        self.fifo.len()
    }

    /// Moves the first `count` samples into `out` and gives the time of the first one, if so many wait.
    pub fn take(&mut self, count: usize, out: &mut Pcm) -> Option<i64> {
        let start = self.start?;
        if self.fifo.len() < count {
            return None;
        }
        self.fifo.take_front(count, out);
        self.start = Some(start + count as i64);
        Some(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constant(level: f32, samples: usize) -> Pcm {
        let mut pcm = Pcm::new(1);
        pcm.planes_mut().for_each(|plane| plane.resize(samples, level));
        pcm
    }

    #[test]
    fn a_hole_is_measured_from_where_the_samples_end() {
        let mut line = Line::new(48_000, 1);
        assert_eq!(line.fit(4800, 960, 480), Fit::Jumps);
        line.jump(4800);
        line.push(&constant(0.5, 960));
        assert_eq!(line.fit(5760, 960, 480), Fit::Plays);
        assert_eq!(line.fit(5760 + 960, 960, 480), Fit::Hole(960));
        assert_eq!(line.fit(5760 - 3000, 960, 480), Fit::Late);
        assert_eq!(line.fit(5760 + 24_001, 960, 480), Fit::Jumps);
    }

    #[test]
    fn concealment_starts_where_the_sound_was_and_ends_in_silence() {
        let mut line = Line::new(48_000, 1);
        line.jump(0);
        line.push(&constant(0.5, 1920));
        line.conceal(1920);
        line.push(&constant(0.5, 1920));
        let mut out = Pcm::new(1);
        assert_eq!(line.take(5700, &mut out), Some(0));
        let step = out.left().windows(2).skip(1).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
        assert!(step < 0.01, "{step}");
        assert_eq!(out.left()[3000..3800], [0.0; 800]);
    }

    #[test]
    fn another_rate_keeps_every_sample_in_its_place() {
        let mut line = Line::new(16_000, 1);
        line.jump(0);
        line.push(&constant(0.5, 1600));
        line.set_rate(48_000);
        line.push(&constant(0.5, 4800));
        line.set_rate(44_100);
        line.push(&constant(0.5, 4410));
        assert!((line.end(0) - 14_400.0).abs() < 1.5, "{}", line.end(0));
        let mut out = Pcm::new(1);
        line.take(14_000, &mut out).unwrap();
        let off = out.left()[300..].iter().map(|x| (x - 0.5).abs()).fold(0.0, f32::max);
        assert!(off < 0.01, "{off}");
    }

    #[test]
    fn times_that_jump_are_followed_without_a_click() {
        let mut line = Line::new(44_100, 1);
        line.jump(0);
        line.push(&constant(0.5, 4410));
        line.follow(1_000_000);
        assert!((line.end(line.start.unwrap()) - 1_000_000.0).abs() < 1.0);
        line.push(&constant(0.5, 4410));
        let mut out = Pcm::new(1);
        line.take(9000, &mut out).unwrap();
        let step = out.left().windows(2).skip(100).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
        assert!(step < 0.01, "{step}");
    }

    #[test]
    fn unsteady_times_are_no_holes() {
        let mut line = Line::new(48_000, 1);
        line.jump(0);
        let mut out = Pcm::new(1);
        let mut holes = 0;
        for n in 1..2000i64 {
            line.push(&constant(0.1, 1024));
            line.take(1024, &mut out);
            // ±15 ms, without a pattern.
            let wobble = (n * 7919 % 31 - 15) * TICKS_PER_MS;
            holes += i64::from(!matches!(line.fit(n * 1024 + wobble, 1024, 614), Fit::Plays));
        }
        assert!(holes <= 2, "{holes}");
    }
}
