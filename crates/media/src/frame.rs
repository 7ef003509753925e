//! The frame: one access unit or one codec header of one track.

use bytes::Bytes;

/// Which of the two tracks of a publication a frame belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TrackKind {
    /// The picture.
    Video,
    /// The sound.
    Audio,
}

/// What a frame means to whoever starts, skips or drops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FrameKind {
    /// The codec header of the track: an `AVCDecoderConfigurationRecord` (ISO/IEC 14496-15), an
    /// `AudioSpecificConfig` (ISO/IEC 14496-3) or an Opus identification header (RFC 7845). A player needs it before any
    /// other frame of the track.
    Config,
    /// A picture that decodes without earlier ones.
    Key,
    /// A picture that needs earlier ones.
    Delta,
    /// One coded audio frame.
    Audio,
}

/// The codec of a frame. The house carries what mini programs carry, H.264 and AAC, and Opus, the sound of browsers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// H.264 as length-prefixed NAL units.
    H264,
    /// AAC as raw frames without ADTS.
    Aac,
    /// Opus packets.
    Opus,
}

impl Codec {
    /// The name used in statistics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::H264 => "h264",
            Self::Aac => "aac",
            Self::Opus => "opus",
        }
    }
}

/// One access unit or one codec header. Cloning is cheap: the payload is shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The track.
    pub track: TrackKind,
    /// What the frame is.
    pub kind: FrameKind,
    /// Decoding time on the publication's timeline in milliseconds: never negative, never less than that of
    /// the frame before it on the same track.
    pub ts_ms: i64,
    /// Presentation time minus decoding time in milliseconds. Zero for audio and codec headers; a signed
    /// 24-bit value for video, as FLV carries it.
    pub cts_ms: i32,
    /// The codec of the payload.
    pub codec: Codec,
    /// Codec-native bytes: length-prefixed NAL units (the prefix length is in the codec header, four bytes
    /// with every known encoder), a raw AAC frame, an Opus packet, or the codec header.
    pub payload: Bytes,
}

impl Frame {
    /// Whether the frame is a codec header.
    pub fn is_config(&self) -> bool {
        self.kind == FrameKind::Config
    }

    /// Whether the frame is a picture that decodes without earlier ones.
    pub fn is_key(&self) -> bool {
        self.kind == FrameKind::Key
    }
}
