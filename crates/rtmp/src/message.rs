//! Messages: their types, and the pieces of them that others see.

use std::fmt;
use std::ops::Deref;

use bytes::Bytes;

/// Message type ids (specification, 5.4 and 7.1).
pub(crate) mod kind {
    pub(crate) const SET_CHUNK_SIZE: u8 = 1;
    pub(crate) const ABORT: u8 = 2;
    pub(crate) const ACKNOWLEDGEMENT: u8 = 3;
    pub(crate) const USER_CONTROL: u8 = 4;
    pub(crate) const WINDOW_ACK_SIZE: u8 = 5;
    pub(crate) const SET_PEER_BANDWIDTH: u8 = 6;
    pub(crate) const AUDIO: u8 = 8;
    pub(crate) const VIDEO: u8 = 9;
    pub(crate) const DATA_AMF3: u8 = 15;
    pub(crate) const COMMAND_AMF3: u8 = 17;
    pub(crate) const DATA_AMF0: u8 = 18;
    pub(crate) const COMMAND_AMF0: u8 = 20;
    pub(crate) const AGGREGATE: u8 = 22;
}

/// User control event types (specification, 7.1.7).
pub(crate) mod user_event {
    pub(crate) const STREAM_BEGIN: u16 = 0;
    pub(crate) const STREAM_EOF: u16 = 1;
    pub(crate) const SET_BUFFER_LENGTH: u16 = 3;
    pub(crate) const PING_REQUEST: u16 = 6;
    pub(crate) const PING_RESPONSE: u16 = 7;
}

/// The message stream that media to players is addressed to: the first one a connection creates. Strict players drop
/// media of any other.
pub(crate) const MEDIA_STREAM_ID: u32 = 1;

/// A whole message as it came out of the chunk stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RawMessage {
    pub(crate) kind: u8,
    pub(crate) timestamp: u32,
    pub(crate) stream_id: u32,
    pub(crate) payload: Bytes,
}

/// What a media message carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// An FLV audio tag body.
    Audio,
    /// An FLV video tag body.
    Video,
    /// A script data body in AMF0, starting with its name: `onMetaData` and the like.
    Data,
}

impl MediaKind {
    /// The RTMP message type, which is also the FLV tag type.
    pub const fn message_type(self) -> u8 {
        match self {
            Self::Audio => kind::AUDIO,
            Self::Video => kind::VIDEO,
            Self::Data => kind::DATA_AMF0,
        }
    }

    /// The chunk stream this implementation sends it on. Commands use 3, control messages 2.
    pub const fn chunk_stream(self) -> u32 {
        match self {
            Self::Audio => 4,
            Self::Data => 5,
            Self::Video => 6,
        }
    }
}

/// An audio, video or data message of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaMessage {
    /// The message stream it came on.
    pub stream_id: u32,
    /// What the payload is.
    pub kind: MediaKind,
    /// The sender's timestamp in milliseconds; it wraps.
    pub timestamp: u32,
    /// The tag body, never empty.
    pub payload: Bytes,
}

/// A stream name as the peer sent it, query included. In this house it is the stream key, so it is a secret: `Debug`
/// does not show it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct StreamName(String);

impl StreamName {
    /// Wraps a name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name itself. Keep it out of logs.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name itself. Keep it out of logs.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl Deref for StreamName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for StreamName {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl From<String> for StreamName {
    fn from(name: String) -> Self {
        Self(name)
    }
}

impl fmt::Debug for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamName(<{} bytes>)", self.0.len())
    }
}
