//! Why a UserSig is refused.

use super::{INFLATED_MAX_BYTES, MAX_CHARS};
use huitong_types::{AppId, ErrorCode, Fault, UserId};
use std::fmt;

/// Why a UserSig is refused. Its text is one sentence for the developer who minted it; it never contains
/// the UserSig or a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialError {
    /// Nothing was given.
    Empty,
    /// Longer than [`MAX_CHARS`].
    TooLong {
        /// Bytes given.
        got: usize,
    },
    /// A character that is not of the alphabet.
    Alphabet {
        /// The first one.
        found: char,
    },
    /// Not base64: usually cut off on the way.
    Encoding,
    /// Not a zlib stream, or one whose checksum is wrong.
    Compression,
    /// The zlib stream does not end.
    Truncated,
    /// Something follows the zlib stream.
    Trailing,
    /// Unpacks to more than [`INFLATED_MAX_BYTES`].
    TooLarge,
    /// Not a JSON object, or one with a key twice.
    NotJson,
    /// Another version of the format.
    Version {
        /// The version it has, as JSON.
        found: String,
    },
    /// A field is missing or has a value outside its rule.
    Field {
        /// The field.
        name: &'static str,
        /// What is wrong with it, as the end of a sentence.
        rule: &'static str,
    },
    /// The server does not serve the application.
    UnknownApp {
        /// The application asked for.
        app: AppId,
    },
    /// For another application.
    OtherApp {
        /// The application it is for.
        found: u64,
        /// The application it was presented to.
        expected: AppId,
    },
    /// For another user.
    OtherUser {
        /// The user it is for, cut off when very long.
        found: String,
        /// The user who presented it.
        expected: UserId,
    },
    /// It was valid once.
    Expired {
        /// For how long it has been expired, seconds.
        seconds_ago: u64,
    },
    /// Signed with another secret, or changed afterwards.
    Mismatch {
        /// The application whose secret does not fit.
        app: AppId,
    },
}

impl CredentialError {
    /// The row of the error table.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::UnknownApp { .. } => ErrorCode::UnknownApp,
            Self::OtherApp { .. } | Self::OtherUser { .. } => ErrorCode::CredentialForOther,
            Self::Expired { .. } => ErrorCode::CredentialExpired,
            Self::Mismatch { .. } => ErrorCode::CredentialMismatch,
            _ => ErrorCode::BadCredential,
        }
    }

    /// The code that the vendor's messaging service and its REST API report (documentation 269/1671).
    pub const fn im_code(&self) -> i32 {
        match self {
            Self::Expired { .. } => 70001,
            Self::NotJson | Self::Version { .. } | Self::Field { .. } => 70005,
            Self::Mismatch { .. } => 70009,
            Self::OtherUser { .. } => 70013,
            Self::OtherApp { .. } => 70014,
            Self::UnknownApp { .. } => 70020,
            _ => 70003,
        }
    }

    /// The error as it is reported to the client.
    pub fn fault(&self) -> Fault {
        Fault::because(self.code(), self.to_string())
    }

    /// The sentence, with `what` as the name of the credential.
    pub(crate) fn sentence(&self, what: &str) -> String {
        match self {
            Self::Empty => format!("The {what} is empty."),
            Self::TooLong { got } => {
                format!("The {what} has {got} bytes; at most {MAX_CHARS} are read.")
            }
            Self::Alphabet { found } => {
                format!("The {what} contains the character {found:?}; its alphabet is A-Z a-z 0-9 * - _.")
            }
            Self::Encoding => format!("The {what} is not whole: its base64 text is cut off or damaged."),
            Self::Compression => format!("The {what} is damaged: it cannot be unpacked."),
            Self::Truncated => format!("The {what} is cut off: its compressed part does not end."),
            Self::Trailing => format!("The {what} is damaged: something follows its compressed part."),
            Self::TooLarge => format!("The {what} unpacks to more than {INFLATED_MAX_BYTES} bytes."),
            Self::NotJson => format!("The {what} does not contain a JSON object with distinct keys."),
            Self::Version { found } => {
                format!("The {what} has version {found}; mint it with TLSSigAPIv2, which writes \"2.0\".")
            }
            Self::Field { name, rule } => format!("{name} in the {what} {rule}."),
            Self::UnknownApp { app } => format!("This server does not serve application {app}."),
            Self::OtherApp { found, expected } => {
                format!("The {what} was minted for application {found}, not for {expected}.")
            }
            Self::OtherUser { found, expected } => {
                format!("The {what} was minted for user {found:?}, not for {expected:?}.")
            }
            Self::Expired { seconds_ago } => {
                format!("The {what} expired {seconds_ago} s ago; get a new one from the token server.")
            }
            Self::Mismatch { app } => format!(
                "The {what} was not signed with the secret of application {app}; give the token server and \
                 this server the same secret."
            ),
        }
    }
}

impl fmt::Display for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence("UserSig"))
    }
}

impl std::error::Error for CredentialError {}

impl From<CredentialError> for Fault {
    fn from(error: CredentialError) -> Self {
        error.fault()
    }
}

/// Longest piece of a foreign credential that is shown in an error, characters.
const SHOWN_CHARS: usize = 64;

/// The text, cut off when it is longer than an error message should quote.
pub(crate) fn clipped(text: &str) -> String {
    if text.chars().count() <= SHOWN_CHARS {
        return text.to_owned();
    }
    text.chars().take(SHOWN_CHARS).chain(['…']).collect()
}
