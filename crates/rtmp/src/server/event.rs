//! What a server connection tells its owner.

use std::fmt;

use crate::message::{MediaKind, MediaMessage, StreamName};

/// What the peer said in `connect`. The address fields may carry secrets in their queries, so `Debug` leaves them out.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectInfo {
    /// The application: the path of the address without its last part, query included. It may be empty.
    pub app: String,
    /// The address as the client composed it.
    pub tc_url: String,
    /// The client's name for itself: `FMLE/3.0 (compatible; Lavf…)`, `LNX 9,0,124,2` and so on.
    pub flash_ver: String,
}

impl fmt::Debug for ConnectInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectInfo").field("flash_ver", &self.flash_ver).finish_non_exhaustive()
    }
}

/// What a server connection yields. The first is [`Self::Connected`].
#[derive(Debug, Clone, PartialEq)]
pub enum ServerEvent {
    /// The peer has named its application. The connection has answered.
    Connected(ConnectInfo),
    /// The peer asks to publish. Nothing is answered until the owner accepts or refuses, and nothing that the peer sends
    /// behind it is yielded before: see [`ServerConnection::is_asking`](super::ServerConnection::is_asking).
    Publish {
        /// The message stream.
        stream_id: u32,
        /// The stream name, query included.
        key: StreamName,
        /// `live`, `record` or `append` as the peer sent it; empty where it sent none.
        mode: String,
    },
    /// The peer asks to play. Nothing is answered until the owner accepts or refuses.
    Play {
        /// The message stream: always the one shared media is addressed to.
        stream_id: u32,
        /// The stream name, query included.
        key: StreamName,
    },
    /// Audio, video or data of a stream that publishes.
    Media(MediaMessage),
    /// The peer ends its publication on purpose.
    Unpublish {
        /// The message stream.
        stream_id: u32,
    },
    /// The peer ends its playing on purpose.
    StopPlay {
        /// The message stream.
        stream_id: u32,
    },
    /// The player pauses or goes on. The connection has answered.
    PauseToggle {
        /// The message stream.
        stream_id: u32,
        /// Whether it pauses.
        paused: bool,
    },
    /// The player does or does not want one kind of media (`receiveAudio`, `receiveVideo`).
    Receive {
        /// The message stream.
        stream_id: u32,
        /// Audio or video.
        kind: MediaKind,
        /// Whether it is wanted.
        wanted: bool,
    },
    /// The player says how much it buffers.
    SetBufferLength {
        /// The message stream.
        stream_id: u32,
        /// The buffer in milliseconds.
        milliseconds: u32,
    },
}
