//! Samples of one or two channels.

/// Planar samples, nominally within ±1, of one or two channels of equal length. Mono uses the first plane.
#[derive(Debug, Clone, PartialEq)]
pub struct Pcm {
    planes: [Vec<f32>; 2],
    channels: usize,
}

impl Pcm {
    /// No samples yet; `channels` is 1 or 2, anything else counts as 2.
    pub fn new(channels: usize) -> Self {
        Self { planes: [Vec::new(), Vec::new()], channels: if channels == 1 { 1 } else { 2 } }
    }

    /// 1 or 2.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Samples per channel.
    pub fn len(&self) -> usize {
        self.left().len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first plane.
    pub fn left(&self) -> &[f32] {
        let [left, _] = &self.planes;
        left
    }

    /// The planes in use, one or two.
    pub fn planes(&self) -> impl Iterator<Item = &Vec<f32>> {
        self.planes.iter().take(self.channels)
    }

    /// The planes in use. They must be left with equal lengths.
    pub fn planes_mut(&mut self) -> impl Iterator<Item = &mut Vec<f32>> {
        self.planes.iter_mut().take(self.channels)
    }

    /// Removes all samples and sets the number of channels.
    pub fn reset(&mut self, channels: usize) {
        self.planes.iter_mut().for_each(Vec::clear);
        self.channels = if channels == 1 { 1 } else { 2 };
    }

    /// Removes all samples.
    pub fn clear(&mut self) {
        self.planes.iter_mut().for_each(Vec::clear);
    }

    /// Appends samples; another number of channels is converted.
    pub fn append(&mut self, more: &Self) {
        let [left, right] = &mut self.planes;
        let [more_left, more_right] = &more.planes;
        match (self.channels, more.channels) {
            (1, 1) => left.extend_from_slice(more_left),
            (1, _) => left.extend(more_left.iter().zip(more_right).map(|(l, r)| 0.5 * (l + r))),
            (_, 1) => {
                left.extend_from_slice(more_left);
                right.extend_from_slice(more_left);
            }
            _ => {
                left.extend_from_slice(more_left);
                right.extend_from_slice(more_right);
            }
        }
    }

    /// Appends interleaved samples of this number of channels.
    pub fn append_interleaved(&mut self, samples: &[f32]) {
        let channels = self.channels;
        for (n, plane) in self.planes.iter_mut().take(channels).enumerate() {
            plane.extend(samples.iter().skip(n).step_by(channels));
        }
    }

    /// Writes the samples interleaved into `out`, which is cleared first.
    pub fn interleave(&self, out: &mut Vec<f32>) {
        out.clear();
        let [left, right] = &self.planes;
        if self.channels == 1 {
            out.extend_from_slice(left);
        } else {
            out.extend(left.iter().zip(right).flat_map(|(l, r)| [*l, *r]));
        }
    }

    /// Converts to this number of channels: mono is copied to both, stereo is averaged.
    pub fn convert(&mut self, channels: usize) {
        let channels = if channels == 1 { 1 } else { 2 };
        let [left, right] = &mut self.planes;
        match (self.channels, channels) {
            (1, 2) => right.clone_from(left),
            (2, 1) => {
                left.iter_mut().zip(right.iter()).for_each(|(l, r)| *l = 0.5 * (*l + *r));
                right.clear();
            }
            _ => {}
        }
        self.channels = channels;
    }

    /// Removes the first `count` samples per channel.
    pub fn remove_front(&mut self, count: usize) {
        for plane in self.planes_mut() {
            plane.drain(..count.min(plane.len()));
        }
    }

    /// Keeps at most the last `count` samples per channel.
    pub fn keep_back(&mut self, count: usize) {
        self.remove_front(self.len().saturating_sub(count));
    }

    /// Moves the first `count` samples per channel into `out`, replacing what it has.
    pub fn take_front(&mut self, count: usize, out: &mut Self) {
        out.reset(self.channels);
        for (plane, out) in self.planes.iter_mut().zip(&mut out.planes).take(self.channels) {
            out.extend(plane.drain(..count.min(plane.len())));
        }
    }

    /// Brings every sample into ±1 and replaces what is not a number: encoders refuse or amplify such samples,
    /// and a damaged frame that still decodes may hold them.
    pub fn limit(&mut self) {
        for sample in self.planes_mut().flatten() {
            *sample = if sample.is_nan() { 0.0 } else { sample.clamp(-1.0, 1.0) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stereo(samples: &[f32]) -> Pcm {
        let mut pcm = Pcm::new(2);
        pcm.append_interleaved(samples);
        pcm
    }

    #[test]
    fn interleaving_is_undone_by_appending_interleaved() {
        let mut out = Vec::new();
        stereo(&[1.0, 2.0, 3.0, 4.0]).interleave(&mut out);
        assert_eq!(out, [1.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn appending_converts_channels_both_ways() {
        let mut mono = Pcm::new(1);
        mono.append(&stereo(&[0.25, 0.75]));
        assert_eq!(mono.left(), [0.5]);
        let mut both = stereo(&[0.0, 1.0]);
        both.append(&mono);
        assert_eq!(both.planes().map(|p| p[1]).collect::<Vec<_>>(), [0.5, 0.5]);
    }

    #[test]
    fn samples_that_are_no_numbers_become_silence() {
        let mut pcm = stereo(&[f32::NAN, f32::INFINITY, -7.0, 0.5]);
        pcm.limit();
        assert_eq!(pcm, stereo(&[0.0, 1.0, -1.0, 0.5]));
    }
}
