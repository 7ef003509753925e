//! Figures for operators.

use huitong_media::{IngestCounters, StreamInfo};
use std::sync::atomic::{AtomicU64, Ordering};

/// Figures of one stream.
#[derive(Debug, Clone)]
pub struct StreamStats {
    /// Whether a publisher is connected.
    pub publishing: bool,
    /// Codecs and sizes as seen.
    pub info: StreamInfo,
    /// Frames per second over the last seconds.
    pub fps: f32,
    /// Video bit rate over the last seconds, kbit/s.
    pub video_kbps: u32,
    /// Audio bit rate over the last seconds, kbit/s.
    pub audio_kbps: u32,
    /// Age of the newest keyframe, ms.
    pub keyframe_age_ms: Option<u32>,
    /// Viewers connected.
    pub viewers: u32,
    /// Skips of slow viewers, in all.
    pub skips: u32,
    /// Times another publisher took over.
    pub takeovers: u32,
    /// What was left out of what its publishers sent.
    pub left_out: IngestCounters,
}

/// Figures of the whole fan-out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Publications known.
    pub publications: usize,
    /// Viewers connected.
    pub viewers: usize,
    /// Packets published.
    pub packets: u64,
    /// Bytes published.
    pub bytes_in: u64,
    /// Bytes written to viewers.
    pub bytes_out: u64,
    /// Writes that took these bytes: the fewer, the better packets gather.
    pub writes: u64,
    /// Skips to a newer keyframe.
    pub skips: u64,
    /// Packets dropped because a fan-out thread was behind.
    pub dropped: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    packets: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    writes: AtomicU64,
    skips: AtomicU64,
    dropped: AtomicU64,
}

impl Counters {
    pub(crate) fn add_packet(&self, bytes: usize) {
        self.packets.fetch_add(1, Ordering::Relaxed);
        self.bytes_in.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn add_out(&self, bytes: u64, writes: u64) {
        self.bytes_out.fetch_add(bytes, Ordering::Relaxed);
        self.writes.fetch_add(writes, Ordering::Relaxed);
    }

    pub(crate) fn add_skips(&self, skips: u64) {
        self.skips.fetch_add(skips, Ordering::Relaxed);
    }

    pub(crate) fn add_dropped(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read(&self, publications: usize, viewers: usize) -> Totals {
        Totals {
            publications,
            viewers,
            packets: self.packets.load(Ordering::Relaxed),
            bytes_in: self.bytes_in.load(Ordering::Relaxed),
            bytes_out: self.bytes_out.load(Ordering::Relaxed),
            writes: self.writes.load(Ordering::Relaxed),
            skips: self.skips.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
        }
    }
}

/// What the codec headers in force say, for metadata and file headers of new viewers. A header that cannot be
/// read is left out: the publication would not have passed it on.
pub fn describe(configs: &huitong_hub::Configs<huitong_media::Frame>) -> StreamInfo {
    use huitong_media::{AudioInfo, aac::AudioSpecificConfig, h264::AvcConfig};
    let video = configs.video.as_ref().and_then(|(_, frame)| AvcConfig::parse(&frame.payload).ok());
    let audio = configs.audio(huitong_hub::Rendition::default()).and_then(|(_, frame)| {
        let parsed = AudioSpecificConfig::parse(&frame.payload).ok()?;
        Some(AudioInfo { codec: frame.codec, sample_rate: parsed.sample_rate, channels: parsed.channels() })
    });
    StreamInfo { video: video.map(|config| config.info()), audio, b_frames: false }
}
