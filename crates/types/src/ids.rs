//! Identifiers. Each is parsed once at the edge and carries its validity in its type from then on.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use ts_rs::TS;

use crate::limits;

/// Why a text is not a valid identifier. The sentence names the field and the rule it broke.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is empty.
    #[error("{0} is empty")]
    Empty(&'static str),
    /// The text is longer than the rule allows.
    #[error("{field} has {got} bytes, at most {max} are allowed")]
    TooLong {
        /// Which identifier.
        field: &'static str,
        /// Bytes given.
        got: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// The text contains a character outside the alphabet of this identifier.
    #[error("{field} contains the character {found:?}; allowed are {allowed}")]
    Alphabet {
        /// Which identifier.
        field: &'static str,
        /// The first offending character.
        found: char,
        /// The alphabet in words.
        allowed: &'static str,
    },
    /// A number is outside its range.
    #[error("{field} is {got}, allowed is {min} to {max}")]
    Range {
        /// Which identifier.
        field: &'static str,
        /// Value given.
        got: u64,
        /// Smallest allowed.
        min: u64,
        /// Largest allowed.
        max: u64,
    },
}

fn checked(
    field: &'static str,
    text: &str,
    max: usize,
    allowed: &'static str,
    ok: impl Fn(char) -> bool,
) -> Result<Arc<str>, IdError> {
    if text.is_empty() {
        return Err(IdError::Empty(field));
    }
    if text.len() > max {
        return Err(IdError::TooLong { field, got: text.len(), max });
    }
    if let Some(found) = text.chars().find(|c| !ok(*c)) {
        return Err(IdError::Alphabet { field, found, allowed });
    }
    Ok(Arc::from(text))
}

const PRINTABLE: &str = "printable characters without control characters";

fn printable(c: char) -> bool {
    !c.is_control() && c != '\u{feff}' && c != '\u{2028}' && c != '\u{2029}'
}

fn url_safe(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $field:literal, $max:expr, $allowed:expr, $ok:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
        #[serde(try_from = "String", into = "String")]
        #[ts(type = "string")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Parses the text; see the type for the rule.
            ///
            /// # Errors
            /// The first rule that the text breaks.
            pub fn new(text: impl AsRef<str>) -> Result<Self, IdError> {
                checked($field, text.as_ref(), $max, $allowed, $ok).map(Self)
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }
    };
}

text_id!(
    /// A user of one application: 1 to [`limits::USER_ID_BYTES`] bytes of printable text, case-sensitive.
    /// Vendor documents ask for 32 bytes of `[A-Za-z0-9_-]`, real back-ends also mint e-mail-like and
    /// non-ASCII names, so only what could break a log line or a protocol is refused.
    UserId, "userID", limits::USER_ID_BYTES, PRINTABLE, printable
);
text_id!(
    /// A device of a user, chosen by the client and kept by it across starts: 1 to 64 bytes of `[A-Za-z0-9_-]`.
    DeviceId, "device", limits::DEVICE_ID_BYTES, "A-Z a-z 0-9 _ -", url_safe
);
text_id!(
    /// The label that recording callbacks echo: 1 to 64 bytes of `[A-Za-z0-9_-]`.
    RecordId, "userDefineRecordId", limits::RECORD_ID_BYTES, "A-Z a-z 0-9 _ -", url_safe
);

text_id!(
    /// A call, named by the server: 1 to [`limits::CALL_ID_BYTES`] bytes of `[A-Za-z0-9_-]`.
    CallId, "call", limits::CALL_ID_BYTES, "A-Z a-z 0-9 _ -", url_safe
);
text_id!(
    /// By what a client recognises the call that it asked for: 1 to [`limits::CALL_ID_BYTES`] bytes of printable text.
    CallRef, "ref", limits::CALL_ID_BYTES, PRINTABLE, printable
);
text_id!(
    /// A conference, named by the server with an unguessable name: 1 to [`limits::CONFERENCE_NAME_BYTES`] bytes of
    /// `[A-Za-z0-9_-]`.
    ConferenceName, "conference", limits::CONFERENCE_NAME_BYTES, "A-Z a-z 0-9 _ -", url_safe
);
text_id!(
    /// A group of users, named by the application: 1 to [`limits::GROUP_ID_BYTES`] bytes of printable text.
    GroupId, "group", limits::GROUP_ID_BYTES, PRINTABLE, printable
);

/// An application: the tenant that owns users, rooms and one secret. Vendor name: SDKAppID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(try_from = "u32", into = "u32")]
#[ts(type = "number")]
pub struct AppId(u32);

impl AppId {
    /// An application id, 1 to 4294967295.
    ///
    /// # Errors
    /// Zero is refused.
    pub const fn new(id: u32) -> Result<Self, IdError> {
        if id == 0 {
            return Err(IdError::Range { field: "app", got: 0, min: 1, max: u32::MAX as u64 });
        }
        Ok(Self(id))
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for AppId {
    type Error = IdError;
    fn try_from(id: u32) -> Result<Self, IdError> {
        Self::new(id)
    }
}

impl From<AppId> for u32 {
    fn from(id: AppId) -> Self {
        id.0
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A room name. Numbers and texts are separate name spaces: room `1234` and room `"1234"` are two rooms.
///
/// On the wire `{"number":1234}` or `{"text":"abc"}`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(try_from = "RawRoomId", into = "RawRoomId")]
#[ts(as = "RawRoomId")]
pub enum RoomId {
    /// A numeric room, 1 to 4294967295.
    Number(u32),
    /// A named room: 1 to [`limits::ROOM_NAME_BYTES`] bytes of printable text.
    Text(Arc<str>),
}

/// The wire form of a room name: exactly one of the two keys.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "RoomId")]
pub enum RawRoomId {
    /// A numeric room.
    Number(u32),
    /// A named room.
    Text(String),
}

impl RoomId {
    /// A numeric room.
    ///
    /// # Errors
    /// Zero is refused.
    pub const fn number(id: u32) -> Result<Self, IdError> {
        if id == 0 {
            return Err(IdError::Range { field: "roomID", got: 0, min: 1, max: u32::MAX as u64 });
        }
        Ok(Self::Number(id))
    }

    /// A named room.
    ///
    /// # Errors
    /// Empty, too long, or a control character inside.
    pub fn text(name: impl AsRef<str>) -> Result<Self, IdError> {
        checked("strRoomID", name.as_ref(), limits::ROOM_NAME_BYTES, PRINTABLE, printable).map(Self::Text)
    }

    /// Parses the notation of commands, URLs and logs: a plain decimal number is a numeric room, anything
    /// else a named room; a leading `@` forces a named room, so `@1234` is the room `"1234"`.
    ///
    /// # Errors
    /// As for [`RoomId::number`] and [`RoomId::text`].
    pub fn parse(notation: &str) -> Result<Self, IdError> {
        if let Some(name) = notation.strip_prefix('@') {
            return Self::text(name);
        }
        if !notation.is_empty() && notation.bytes().all(|b| b.is_ascii_digit()) {
            let max = u64::from(u32::MAX);
            let got = notation.parse::<u64>().unwrap_or(u64::MAX);
            return u32::try_from(got)
                .map_err(|_| IdError::Range { field: "roomID", got, min: 1, max })
                .and_then(Self::number);
        }
        Self::text(notation)
    }
}

/// The notation that [`RoomId::parse`] reads.
impl fmt::Display for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(n) => write!(f, "{n}"),
            Self::Text(t) => {
                let looks_numeric = t.bytes().all(|b| b.is_ascii_digit());
                let marked = looks_numeric || t.starts_with('@');
                write!(f, "{}{t}", if marked { "@" } else { "" })
            }
        }
    }
}

impl fmt::Debug for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl TryFrom<RawRoomId> for RoomId {
    type Error = IdError;
    fn try_from(raw: RawRoomId) -> Result<Self, IdError> {
        match raw {
            RawRoomId::Number(n) => Self::number(n),
            RawRoomId::Text(t) => Self::text(t),
        }
    }
}

impl From<RoomId> for RawRoomId {
    fn from(id: RoomId) -> Self {
        match id {
            RoomId::Number(n) => Self::Number(n),
            RoomId::Text(t) => Self::Text(t.as_ref().to_owned()),
        }
    }
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(u64);

        impl $name {
            /// Wraps the number.
            pub const fn new(id: u64) -> Self {
                Self(id)
            }

            /// The number.
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{:x}"), self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

number_id!(
    /// One login of one device. It outlives its connections: a phone that comes back resumes its session.
    SessionId, "s"
);
number_id!(
    /// One stream that a member announces: the main (camera and microphone) or aux (screen) stream.
    /// A publisher that reconnects keeps its stream id, so players stay.
    StreamId, "t"
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numeric_and_named_rooms_with_the_same_digits_differ() {
        let number = RoomId::parse("1234").unwrap();
        let text = RoomId::parse("@1234").unwrap();
        assert_ne!(number, text);
        assert_eq!(number.to_string(), "1234");
        assert_eq!(text.to_string(), "@1234");
    }

    #[test]
    fn room_numbers_outside_32_bits_are_refused_with_the_range() {
        let error = RoomId::parse("4294967296").unwrap_err();
        assert_eq!(error.to_string(), "roomID is 4294967296, allowed is 1 to 4294967295");
        assert!(RoomId::parse("0").is_err());
    }

    #[test]
    fn control_characters_are_refused_by_name() {
        let error = UserId::new("a\nb").unwrap_err();
        assert!(error.to_string().starts_with("userID contains the character '\\n'"));
    }

    #[test]
    fn rooms_travel_as_one_key() {
        let json = serde_json::to_string(&RoomId::number(7).unwrap()).unwrap();
        assert_eq!(json, r#"{"number":7}"#);
        assert!(serde_json::from_str::<RoomId>(r#"{"number":0}"#).is_err());
    }

    proptest! {
        #[test]
        fn room_notation_round_trips(name in "[ -~]{1,60}") {
            let id = RoomId::text(&name).unwrap();
            prop_assert_eq!(RoomId::parse(&id.to_string()).unwrap(), id);
        }
    }
}
