//! Stream keys: the one secret inside a media URL.

use crate::{IdError, limits};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use ts_rs::TS;

/// An unguessable key that allows one thing: to publish one stream, or to play one. 16 to 64 characters of
/// `[A-Za-z0-9_-]`, which is at least 96 random bits in base64url. Whoever holds it may use it, so it is
/// redacted like any secret; its first four characters identify it in logs.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct StreamKey(Arc<str>);

impl StreamKey {
    /// Parses a key.
    ///
    /// # Errors
    /// Wrong length or a character outside the alphabet.
    pub fn new(text: impl AsRef<str>) -> Result<Self, IdError> {
        let text = text.as_ref();
        let field = "stream key";
        if text.is_empty() {
            return Err(IdError::Empty(field));
        }
        let (min, max) = (limits::STREAM_KEY_MIN_CHARS, limits::STREAM_KEY_MAX_CHARS);
        if text.len() > max {
            return Err(IdError::TooLong { field, got: text.len(), max });
        }
        if text.len() < min {
            return Err(IdError::Range {
                field: "length of the stream key",
                got: text.len() as u64,
                min: min as u64,
                max: max as u64,
            });
        }
        match text.chars().find(|c| !(c.is_ascii_alphanumeric() || *c == '_' || *c == '-')) {
            Some(found) => Err(IdError::Alphabet { field, found, allowed: "A-Z a-z 0-9 _ -" }),
            None => Ok(Self(Arc::from(text))),
        }
    }

    /// The whole key, for URLs and look-ups. Never log it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for StreamKey {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        Self::new(text)
    }
}

impl From<StreamKey> for String {
    fn from(key: StreamKey) -> Self {
        key.0.as_ref().to_owned()
    }
}

impl fmt::Debug for StreamKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String = self.0.chars().take(4).collect();
        write!(f, "{shown}…")
    }
}

impl fmt::Display for StreamKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_shows_only_the_beginning_of_a_key() {
        let key = StreamKey::new("abcdEFGH01234567-_xyz").unwrap();
        assert_eq!(format!("{key} {key:?}"), "abcd… abcd…");
    }

    #[test]
    fn short_keys_and_path_characters_are_refused() {
        assert!(StreamKey::new("short").is_err());
        assert!(StreamKey::new("../../../../etc/passwd").is_err());
    }
}
