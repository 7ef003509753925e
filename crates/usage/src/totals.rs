//! What is counted.

use std::ops::AddAssign;

/// Pixels of a picture of 640 × 480, the largest of standard definition.
const SD_PIXELS: u64 = 640 * 480;

/// Pixels of a picture of 1280 × 720, the largest of high definition.
const HD_PIXELS: u64 = 1280 * 720;

/// By what a received picture is billed: its area, so that a phone held upright counts like one held across.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Up to the area of 640 × 480.
    Sd,
    /// Up to the area of 1280 × 720.
    Hd,
    /// Above.
    Fhd,
}

impl Tier {
    /// The tier of a picture of this size, pixels.
    pub const fn of(width: u32, height: u32) -> Self {
        // Two numbers of 32 bits have a product of 64.
        let pixels = width as u64 * height as u64;
        if pixels <= SD_PIXELS {
            Self::Sd
        } else if pixels <= HD_PIXELS {
            Self::Hd
        } else {
            Self::Fhd
        }
    }
}

/// Sums of time, ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// In the room.
    pub room_ms: u64,
    /// In the room without receiving any picture.
    pub audio_ms: u64,
    /// With the own microphone on.
    pub mic_ms: u64,
    /// Pictures of standard definition received, each stream by itself.
    pub sd_ms: u64,
    /// The same of high definition.
    pub hd_ms: u64,
    /// The same above.
    pub fhd_ms: u64,
}

impl Totals {
    /// Pictures of all tiers.
    pub const fn video_ms(&self) -> u64 {
        self.sd_ms.saturating_add(self.hd_ms).saturating_add(self.fhd_ms)
    }
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        for (sum, more) in [
            (&mut self.room_ms, other.room_ms),
            (&mut self.audio_ms, other.audio_ms),
            (&mut self.mic_ms, other.mic_ms),
            (&mut self.sd_ms, other.sd_ms),
            (&mut self.hd_ms, other.hd_ms),
            (&mut self.fhd_ms, other.fhd_ms),
        ] {
            *sum = sum.saturating_add(more);
        }
    }
}

/// Minutes that a bill shows: the whole seconds of a day or a month, rounded up to minutes.
pub const fn minutes(ms: u64) -> u64 {
    (ms / 1000).div_ceil(60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_go_by_area() {
        for (size, tier) in [
            ((0, 0), Tier::Sd),
            ((640, 480), Tier::Sd),
            ((480, 640), Tier::Sd),
            ((720, 360), Tier::Sd),
            ((360, 640), Tier::Sd),
            ((641, 480), Tier::Hd),
            ((540, 960), Tier::Hd),
            ((720, 1280), Tier::Hd),
            ((1281, 720), Tier::Fhd),
            ((1920, 1080), Tier::Fhd),
            ((u32::MAX, u32::MAX), Tier::Fhd),
        ] {
            assert_eq!(Tier::of(size.0, size.1), tier, "{size:?}");
        }
    }

    #[test]
    fn seconds_are_rounded_up_to_minutes_after_they_are_summed() {
        for (ms, wanted) in
            [(0, 0), (999, 0), (1000, 1), (60_000, 1), (60_999, 1), (61_000, 2), (5_400_200, 90)]
        {
            assert_eq!(minutes(ms), wanted, "{ms}");
        }
    }
}
