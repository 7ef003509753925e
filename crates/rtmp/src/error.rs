//! Which rule of the protocol a peer broke.

use crate::amf::AmfError;
use crate::limits;

/// Why a connection cannot go on. Every error is final: the socket should be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RtmpError {
    /// The first byte of the handshake is not the plain version 3 (6 is RTMPE; 'G' or 'P' is HTTP on the wrong port).
    #[error("handshake version {0} is not 3")]
    Version(u8),
    /// A chunk refers to an earlier header of a chunk stream that has none.
    #[error("chunk stream {0} starts without a full header")]
    MissingHeader(u32),
    /// A message is declared longer than [`limits::MAX_MESSAGE_BYTES`] by a publisher, or than
    /// [`limits::MAX_COMMAND_BYTES`] by anybody else.
    #[error(
        "a message of {0} bytes is larger than accepted: {max} from a publisher, {least} before",
        max = limits::MAX_MESSAGE_BYTES,
        least = limits::MAX_COMMAND_BYTES
    )]
    MessageTooLarge(u32),
    /// A command is longer than [`limits::MAX_COMMAND_BYTES`].
    #[error("a command of {0} bytes is larger than the accepted {max}", max = limits::MAX_COMMAND_BYTES)]
    CommandTooLarge(usize),
    /// More than [`limits::MAX_CHUNK_STREAMS`] chunk streams.
    #[error("more than {max} chunk streams", max = limits::MAX_CHUNK_STREAMS)]
    TooManyChunkStreams,
    /// Unfinished messages hold more than [`limits::MAX_UNFINISHED_MESSAGES`] of the largest size.
    #[error("unfinished messages hold more than {max} of the largest size", max = limits::MAX_UNFINISHED_MESSAGES)]
    TooMuchUnfinished,
    /// The owner went on reading while a request to publish waited for its answer.
    #[error("more than {max} bytes came behind a request to publish", max = limits::MAX_HELD_BYTES)]
    TooMuchHeld,
    /// A chunk size of zero or with the highest bit set.
    #[error("chunk size {0} is not between 1 and 2147483647")]
    ChunkSize(u32),
    /// A protocol control or user control message is shorter than its fields.
    #[error("control message of type {0} is shorter than its fields")]
    ShortControlMessage(u8),
    /// A command or value could not be read.
    #[error("command cannot be read: {0}")]
    Amf(#[from] AmfError),
    /// A command other than `connect` came first.
    #[error("a command came before connect")]
    NotConnected,
    /// `connect` came twice.
    #[error("connect came twice")]
    ConnectedTwice,
    /// `connect` names no application, or one longer than [`limits::MAX_NAME_BYTES`].
    #[error("connect has no usable application name")]
    ApplicationName,
    /// The peer does not read the replies to its commands.
    #[error("more than {max} bytes of replies are not read by the peer", max = limits::MAX_PENDING_OUTPUT_BYTES)]
    RepliesNotRead,
    /// Bytes came after an earlier error.
    #[error("the connection has already failed")]
    Failed,
}
