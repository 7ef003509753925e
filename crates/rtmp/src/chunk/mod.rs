//! The chunk stream (specification, 5.3): messages cut into interleaved chunks.

mod reader;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use reader::ChunkReader;
pub use writer::encode_media_chunks;
pub(crate) use writer::{COMMAND_CSID, CONTROL_CSID, write_media, write_message};

/// The 24-bit timestamp value that says that the real one follows in 32 bits.
const EXTENDED: u32 = 0xff_ffff;
