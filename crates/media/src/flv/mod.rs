//! FLV (Adobe Flash Video File Format Specification 10.1, annex E): the tag bodies that RTMP and FLV share, the
//! writer for HTTP and WebSocket delivery, and a demuxer for clients and tests.

mod body;
mod demux;
mod metadata;
mod mux;

pub use body::{AudioBody, BodyHead, VideoBody, body_head, body_parts, parse_audio_body, parse_video_body};
pub use demux::{Demuxer, FlvError, MAX_TAG_BYTES, Tag};
pub use metadata::{ON_META_DATA, metadata_body};
pub use mux::{
    FILE_HEADER_BYTES, TAG_OVERHEAD_BYTES, write_file_header, write_frame, write_metadata, write_tag,
};

/// The type of an FLV tag. The numbers are also the RTMP message types of the same content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum TagKind {
    /// An audio tag.
    Audio = 8,
    /// A video tag.
    Video = 9,
    /// A script data tag; `onMetaData` is the only one in use.
    Script = 18,
}

impl From<crate::TrackKind> for TagKind {
    fn from(track: crate::TrackKind) -> Self {
        match track {
            crate::TrackKind::Video => Self::Video,
            crate::TrackKind::Audio => Self::Audio,
        }
    }
}
