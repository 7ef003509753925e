//! Values that must never reach a log.

use std::fmt;

/// A secret. `Debug` and `Display` print a fixed placeholder; [`Redacted::reveal`] is the only way to the
/// value, so a search for `reveal` lists every place where a secret is used.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Redacted<T>(T);

impl<T> Redacted<T> {
    /// Wraps a secret.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The secret itself. Never pass the result to a formatter or a log.
    pub const fn reveal(&self) -> &T {
        &self.0
    }

    /// Takes the secret out of its wrapper.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> From<T> for Redacted<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> fmt::Debug for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<T> fmt::Display for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<'de, T: serde::Deserialize<'de>> serde::Deserialize<'de> for Redacted<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

/// Serialises the secret itself: wire messages that carry secrets (a session's resume secret, a play key)
/// are serialised only towards the party the secret belongs to.
impl<T: serde::Serialize> serde::Serialize for Redacted<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_appear_in_debug_or_display() {
        let secret = Redacted::new("sentinel-secret".to_owned());
        assert!(!format!("{secret:?} {secret}").contains("sentinel"));
        assert_eq!(secret.reveal(), "sentinel-secret");
    }
}
