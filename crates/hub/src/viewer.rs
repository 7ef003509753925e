//! What a viewer wants, and what its connection answers.

/// Tracks that a viewer wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewerTracks {
    /// Audio.
    pub audio: bool,
    /// Video.
    pub video: bool,
}

/// What a viewer's connection answered to a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrote {
    /// So many bytes were taken; fewer than offered means it is full.
    Bytes(usize),
    /// It is full.
    Blocked,
    /// It is gone.
    Closed,
}
