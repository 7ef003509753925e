//! What can be wrong with a codec header or a coded frame.

use thiserror::Error;

/// Why a codec refused its input.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CodecError {
    /// The codec header is unreadable or names something that is not decoded here.
    #[error("codec header: {0}")]
    Header(String),
    /// The coded frame is damaged, or breaks off.
    #[error("coded frame: {0}")]
    Frame(String),
    /// The encoder refused samples or settings: a mistake in this crate.
    #[error("encoder: {0}")]
    Encoder(String),
}
