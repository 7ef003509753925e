//! Audio and video, on or off.

use huitong_types::{Privileges, StreamKind};

/// Which tracks are on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrackFlags {
    /// Audio.
    pub audio: bool,
    /// Video.
    pub video: bool,
}

impl TrackFlags {
    /// Neither.
    pub const NONE: Self = Self { audio: false, video: false };
    /// Both.
    pub const BOTH: Self = Self { audio: true, video: true };

    /// Whether at least one is on.
    pub const fn any(self) -> bool {
        self.audio || self.video
    }

    /// On where both are on.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self { audio: self.audio && other.audio, video: self.video && other.video }
    }

    /// On where either is on.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self { audio: self.audio || other.audio, video: self.video || other.video }
    }

    /// On where this is on and the other one is not.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self { audio: self.audio && !other.audio, video: self.video && !other.video }
    }

    /// What the privileges allow to send. Sound of an aux stream needs both the aux and the audio bit.
    pub const fn sendable(privileges: Privileges, kind: StreamKind) -> Self {
        let audio = privileges.allows(Privileges::SEND_AUDIO);
        let aux = privileges.allows(Privileges::SEND_AUX);
        match kind {
            StreamKind::Main => Self { audio, video: privileges.allows(Privileges::SEND_VIDEO) },
            StreamKind::Aux => Self { audio: audio && aux, video: aux },
        }
    }

    /// What the privileges allow to receive.
    pub const fn receivable(privileges: Privileges, kind: StreamKind) -> Self {
        let audio = privileges.allows(Privileges::RECEIVE_AUDIO);
        let aux = privileges.allows(Privileges::RECEIVE_AUX);
        match kind {
            StreamKind::Main => Self { audio, video: privileges.allows(Privileges::RECEIVE_VIDEO) },
            StreamKind::Aux => Self { audio: audio && aux, video: aux },
        }
    }
}
