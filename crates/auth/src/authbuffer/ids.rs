//! Who enters which voice room. Both rules are narrower than those of other rooms.

use huitong_types::{IdError, RoomId, UserId};
use std::fmt;
use std::sync::Arc;

/// Longest text in an authBuffer, bytes: the vendor's signer cuts longer ones off.
pub const TEXT_MAX_BYTES: usize = 127;

/// A user of voice rooms: an int64, written in decimal digits. Languages with one kind of number only cannot hold all
/// of them, so it is a text wherever it is passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VoiceUser(i64);

/// A text that is no user of voice rooms.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "userID is {found:?}; in voice rooms it is a whole number from {min} to {max}, as a text of decimal digits without \
     leading zeros", min = i64::MIN, max = i64::MAX
)]
pub struct VoiceUserError {
    /// The text, cut off when very long.
    found: String,
}

impl VoiceUser {
    /// The user with this number.
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// Parses the one form in which a number is written: `007`, `+7` and `-0` would be second names of a user.
    ///
    /// # Errors
    /// The text is not of this form, or the number is no int64.
    pub fn parse(text: &str) -> Result<Self, VoiceUserError> {
        match text.parse::<i64>() {
            Ok(number) if number.to_string() == text => Ok(Self(number)),
            _ => Err(VoiceUserError { found: crate::usersig::clipped(text) }),
        }
    }

    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for VoiceUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<&UserId> for VoiceUser {
    type Error = VoiceUserError;
    fn try_from(user: &UserId) -> Result<Self, VoiceUserError> {
        Self::parse(user.as_str())
    }
}

impl From<VoiceUser> for UserId {
    fn from(user: VoiceUser) -> Self {
        Self::new(user.to_string())
            .unwrap_or_else(|_| unreachable!("an int64 has 1 to 20 printable characters"))
    }
}

/// The name of a voice room: 1 to [`TEXT_MAX_BYTES`] letters, digits and underscores. `123` is a name like any other.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VoiceRoom(Arc<str>);

impl VoiceRoom {
    /// Checks a name.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub fn parse(name: &str) -> Result<Self, IdError> {
        let field = "roomID";
        if name.is_empty() {
            return Err(IdError::Empty(field));
        }
        if name.len() > TEXT_MAX_BYTES {
            return Err(IdError::TooLong { field, got: name.len(), max: TEXT_MAX_BYTES });
        }
        match name.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '_') {
            Some(found) => Err(IdError::Alphabet { field, found, allowed: "A-Z a-z 0-9 _" }),
            None => Ok(Self(Arc::from(name))),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VoiceRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for VoiceRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl From<VoiceRoom> for RoomId {
    fn from(room: VoiceRoom) -> Self {
        Self::Text(room.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_user_is_an_int64_and_nothing_near_it() {
        for text in ["0", "10001", "-1", "9223372036854775807", "-9223372036854775808", "9007199254740993"] {
            assert_eq!(VoiceUser::parse(text).unwrap().to_string(), text);
        }
        let others = [
            "",
            " 1",
            "1 ",
            "+1",
            "01",
            "-0",
            "-",
            "1.0",
            "1e3",
            "0x1",
            "٣",
            "alice",
            "9223372036854775808",
            "-9223372036854775809",
        ];
        for text in others {
            let error = VoiceUser::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("userID is {text:?}; in voice rooms it is")), "{error}");
            assert!(error.contains("from -9223372036854775808 to 9223372036854775807"), "{error}");
        }
        assert!(VoiceUser::parse(&"9".repeat(1000)).unwrap_err().to_string().len() < 300);
    }

    #[test]
    fn a_room_has_a_name_of_the_documented_alphabet() {
        for name in ["room_123", "123", "_", &"R".repeat(127)] {
            assert_eq!(VoiceRoom::parse(name).unwrap().as_str(), name);
            assert_eq!(RoomId::from(VoiceRoom::parse(name).unwrap()), RoomId::text(name).unwrap());
        }
        let cases = [
            ("", "roomID is empty"),
            (&"R".repeat(128), "roomID has 128 bytes, at most 127 are allowed"),
            ("a-b", "roomID contains the character '-'; allowed are A-Z a-z 0-9 _"),
            ("会议", "roomID contains the character '会'; allowed are A-Z a-z 0-9 _"),
        ];
        for (name, sentence) in cases {
            assert_eq!(VoiceRoom::parse(name).unwrap_err().to_string(), sentence);
        }
    }

    proptest! {
        #[test]
        fn no_user_is_rounded(number: i64) {
            let user = VoiceUser::parse(&number.to_string()).unwrap();
            prop_assert_eq!(user, VoiceUser::new(number));
            let id = UserId::from(user);
            prop_assert_eq!(VoiceUser::try_from(&id).unwrap().get(), number);
        }
    }
}
