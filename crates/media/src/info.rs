//! What is known about a publication, read from its codec headers.

use crate::Codec;

/// The picture of a publication, from its latest `AVCDecoderConfigurationRecord`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VideoInfo {
    /// The codec.
    pub codec: Codec,
    /// Width in pixels after cropping; 0 where the SPS could not be read.
    pub width: u32,
    /// Height in pixels after cropping; 0 where the SPS could not be read.
    pub height: u32,
    /// `profile_idc`: 66 baseline, 77 main, 100 high.
    pub profile: u8,
    /// `level_idc`: ten times the level, 31 for level 3.1.
    pub level: u8,
    /// Frames per second announced by the SPS timing information, where it has any.
    pub fps: Option<f64>,
}

/// The sound of a publication, from its latest `AudioSpecificConfig`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioInfo {
    /// The codec.
    pub codec: Codec,
    /// Samples per second of the decoded sound (with SBR the doubled rate).
    pub sample_rate: u32,
    /// Number of channels; 0 where the configuration leaves it to the stream.
    pub channels: u8,
}

/// What is known about a publication.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StreamInfo {
    /// The picture, once its codec header has been seen.
    pub video: Option<VideoInfo>,
    /// The sound, once its codec header has been seen.
    pub audio: Option<AudioInfo>,
    /// Whether pictures were seen whose presentation order differs from their decoding order. Such a stream
    /// cannot be played by WebRTC.
    pub b_frames: bool,
}
