//! Why an authBuffer is refused.

use super::{GIVEN_MAX_BYTES, VoiceRoom, VoiceUser};
use huitong_types::{AppId, ErrorCode, Fault};

/// Why an authBuffer does not open a room. Its text is one sentence for the developer who minted it.
///
/// It tells what was expected and never what was found. The cipher lets anybody put together frames of old blocks, so
/// telling what is inside would be decrypting for them, and who can decrypt can make frames of his own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthBufferError {
    /// Nothing was given.
    #[error("The authBuffer is empty.")]
    Empty,
    /// Longer than [`GIVEN_MAX_BYTES`].
    #[error(
        "The authBuffer has {got} bytes; at most {GIVEN_MAX_BYTES} are read. Hand over nothing but the authBuffer."
    )]
    TooLong {
        /// Bytes given.
        got: usize,
    },
    /// A text in no known form.
    #[error(
        "The authBuffer is neither base64 nor hexadecimal text nor bytes; pass it on whole, as the token server \
         wrote it, without spaces and escapes."
    )]
    Encoding,
    /// Not of whole blocks.
    #[error(
        "The authBuffer has {got} bytes, and whole blocks of 8, at least two, are needed; it was cut off on the way."
    )]
    Length {
        /// Bytes given, after base64 or hexadecimal.
        got: usize,
    },
    /// Under another key, or damaged, or with something where signers write fixed values.
    #[error(
        "The authBuffer was not made with the key of application {app}, or it is damaged; give the token server and \
         this server the same secret: one of 16 characters is the key itself, of a longer one the MD5 is the key."
    )]
    Mismatch {
        /// The application whose key does not fit.
        app: AppId,
    },
    /// For another application.
    #[error("The authBuffer was minted for another application than {expected}; mint it with this appID.")]
    OtherApp {
        /// The application it was presented to.
        expected: AppId,
    },
    /// For another user.
    #[error("The authBuffer was minted for another user than {expected}; mint it with this userID.")]
    OtherUser {
        /// The user who presented it.
        expected: VoiceUser,
    },
    /// For no room.
    #[error("The authBuffer is for voice messages and opens no room; mint it with a roomID.")]
    NoRoom,
    /// For another room.
    #[error("The authBuffer was minted for another room than {expected:?}; mint it with this roomID.")]
    OtherRoom {
        /// The room that the user wants to enter.
        expected: VoiceRoom,
    },
    /// It was valid once.
    #[error("The authBuffer expired {seconds_ago} s ago; get a new one from the token server.")]
    Expired {
        /// For how long it has been expired, seconds.
        seconds_ago: u64,
    },
}

impl AuthBufferError {
    /// The row of the error table.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Empty | Self::TooLong { .. } | Self::Encoding | Self::Length { .. } => {
                ErrorCode::BadCredential
            }
            Self::Mismatch { .. } => ErrorCode::CredentialMismatch,
            Self::OtherApp { .. } | Self::OtherUser { .. } | Self::NoRoom | Self::OtherRoom { .. } => {
                ErrorCode::CredentialForOther
            }
            Self::Expired { .. } => ErrorCode::CredentialExpired,
        }
    }

    /// The error as it is reported to the client.
    pub fn fault(&self) -> Fault {
        Fault::because(self.code(), self.to_string())
    }
}

impl From<AuthBufferError> for Fault {
    fn from(error: AuthBufferError) -> Self {
        error.fault()
    }
}
