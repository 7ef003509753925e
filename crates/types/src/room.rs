//! Words that describe rooms and what their members may do.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a room is for; it selects limits and the fan-out strategy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Scene {
    /// A call or a meeting: everybody may send, everybody is announced.
    #[default]
    Rtc,
    /// A broadcast: a few publishers, an audience that is counted and not announced.
    Live,
}

/// What a member may do in a [`Scene::Live`] room; in [`Scene::Rtc`] everybody is a publisher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// May publish; is announced to the others.
    #[default]
    Publisher,
    /// May only watch; is counted.
    Audience,
}

/// The two streams that a member can publish.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum StreamKind {
    /// Camera and microphone.
    #[default]
    Main,
    /// Screen or second camera.
    Aux,
}

impl StreamKind {
    /// Both kinds, main first.
    pub const ALL: [Self; 2] = [Self::Main, Self::Aux];

    /// The word used on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Aux => "aux",
        }
    }
}

/// What a credential allows in one room. The bits are those of the vendor's PrivateMapKey
/// (`1` create, `2` enter, `4` send audio, `8` receive audio, `16` send video, `32` receive video,
/// `64` send aux video, `128` receive aux video).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Privileges(u32);

impl Privileges {
    /// Everything; what a user has when the application does not demand a PrivateMapKey.
    pub const ALL: Self = Self(0xff);
    /// May create the room by entering it.
    pub const CREATE: Self = Self(1);
    /// May enter the room.
    pub const ENTER: Self = Self(2);
    /// May send audio.
    pub const SEND_AUDIO: Self = Self(4);
    /// May receive audio.
    pub const RECEIVE_AUDIO: Self = Self(8);
    /// May send main video.
    pub const SEND_VIDEO: Self = Self(16);
    /// May receive main video.
    pub const RECEIVE_VIDEO: Self = Self(32);
    /// May send aux (screen) video.
    pub const SEND_AUX: Self = Self(64);
    /// May receive aux (screen) video.
    pub const RECEIVE_AUX: Self = Self(128);

    /// From the bits of a PrivateMapKey; unknown bits are kept and mean nothing.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The bits.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether every privilege of `wanted` is granted.
    pub const fn allows(self, wanted: Self) -> bool {
        self.0 & wanted.0 == wanted.0
    }

    /// Both sets together.
    #[must_use]
    pub const fn with(self, more: Self) -> Self {
        Self(self.0 | more.0)
    }
}

impl Default for Privileges {
    fn default() -> Self {
        Self::ALL
    }
}
