//! What can be wrong with a publisher's media.

use std::fmt;

/// The name of a codec as the publisher's message gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodecTag {
    /// A 4-bit FLV video codec id (FLV specification, E.4.3.1).
    FlvVideo(u8),
    /// A 4-bit FLV sound format (FLV specification, E.4.2.1).
    FlvAudio(u8),
    /// A FourCC of the enhanced RTMP specification.
    FourCc([u8; 4]),
}

impl fmt::Display for CodecTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::FlvVideo(id) => {
                let name = match id {
                    2 => "Sorenson H.263",
                    3 => "Screen video",
                    4 => "VP6",
                    5 => "VP6 with alpha",
                    6 => "Screen video 2",
                    7 => "H.264",
                    12 => "H.265",
                    _ => "unknown",
                };
                write!(f, "{name} (FLV codec id {id})")
            }
            Self::FlvAudio(id) => {
                let name = match id {
                    0 | 3 => "PCM",
                    1 => "ADPCM",
                    2 | 14 => "MP3",
                    4..=6 => "Nellymoser",
                    7 => "G.711 A-law",
                    8 => "G.711 mu-law",
                    10 => "AAC",
                    11 => "Speex",
                    13 => "Opus",
                    _ => "unknown",
                };
                write!(f, "{name} (FLV sound format {id})")
            }
            Self::FourCc(tag) => {
                let text: String =
                    tag.iter().map(|&b| if b.is_ascii_graphic() { char::from(b) } else { '?' }).collect();
                write!(f, "FourCC '{text}'")
            }
        }
    }
}

/// A publisher's message that yields no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// The video is not H.264. Nothing else that this publisher sends on the track can be used: the gateway
    /// refuses the publication with this sentence.
    #[error("video must be H.264, not {0}")]
    UnsupportedVideo(CodecTag),
    /// The audio is not AAC; as for video.
    #[error("audio must be AAC, not {0}")]
    UnsupportedAudio(CodecTag),
    /// The message breaks a rule of its format. It is dropped; the next one may be fine.
    #[error("malformed {what}: {rule}")]
    Malformed {
        /// The structure that could not be read.
        what: &'static str,
        /// The rule that was broken.
        rule: &'static str,
    },
}

impl MediaError {
    /// Whether the publisher uses a codec the house does not carry, so that going on is pointless.
    pub fn is_unsupported(&self) -> bool {
        matches!(self, Self::UnsupportedVideo(_) | Self::UnsupportedAudio(_))
    }

    pub(crate) const fn malformed(what: &'static str, rule: &'static str) -> Self {
        Self::Malformed { what, rule }
    }
}
