//! What a connection holds at most, each bound with its reason.

/// Largest message that is accepted from a publisher. The format allows 16 MiB; a keyframe of a 1080p stream at high
/// quality stays below 1 MiB. Whoever has no permission to publish has nothing to say that is longer than
/// [`MAX_COMMAND_BYTES`].
pub const MAX_MESSAGE_BYTES: usize = 4 << 20;

/// Most unfinished message bytes held over all chunk streams of a connection, in messages of the largest size: one,
/// and as much again for what is interleaved with it.
pub const MAX_UNFINISHED_MESSAGES: usize = 2;

/// Most bytes that are kept of a peer that sends on behind its request to publish, until that is answered. The owner
/// is told not to read meanwhile, so this is its last read.
pub const MAX_HELD_BYTES: usize = 64 << 10;

/// Most chunk streams a peer may use. Encoders use three to eight.
pub const MAX_CHUNK_STREAMS: usize = 64;

/// Largest command message. The longest real one is `connect` with a page address in it: about 1 KiB.
pub const MAX_COMMAND_BYTES: usize = 64 << 10;

/// Longest application or stream name. Addresses of this house are at most 128 characters; encoders add queries.
pub const MAX_NAME_BYTES: usize = 512;

/// Most message streams (`createStream`) open at once on a connection. Real clients open one.
pub const MAX_MESSAGE_STREAMS: usize = 8;

/// Most reply bytes that wait for the peer to read them. A peer that sends commands and never reads the answers
/// would otherwise grow them without end; a whole set-up takes less than 8 KiB.
pub const MAX_PENDING_OUTPUT_BYTES: usize = 256 << 10;

/// Deepest nesting of an AMF value. Commands have two levels, metadata three.
pub const MAX_AMF_DEPTH: usize = 16;

/// Most AMF values in one message. `onMetaData` of encoders has about 30.
pub const MAX_AMF_VALUES: usize = 4096;

/// Most string bytes decoded from one message. AMF3 can repeat a string with one byte, so the length of the message
/// is no bound.
pub const MAX_AMF_STRING_BYTES: usize = 2 * MAX_COMMAND_BYTES;

/// Chunk size of either direction until it is set (specification, 5.4.1).
pub const DEFAULT_CHUNK_SIZE: u32 = 128;

/// Chunk size this server announces at `connect`, and the one shared media is serialised with. So large that all but
/// the largest keyframes are one chunk: one header, and no byte between them that depends on the connection.
pub const PLAYER_CHUNK_SIZE: u32 = 65_536;

/// Acknowledgement window announced to peers, and kept towards peers that announce none: what Adobe's server used.
pub const DEFAULT_WINDOW_ACK: u32 = 2_500_000;
