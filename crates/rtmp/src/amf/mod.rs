//! Action Message Format: the values in commands and metadata.
//!
//! AMF0 is read and written, AMF3 is read: Flash-style clients switch to it inside commands. Object references are
//! refused in both: no command needs them, and following them lets a short message stand for a huge value.

mod amf0;
mod amf3;

pub use amf0::{decode_all, encode, encode_all, skip_string};

use crate::limits::{MAX_AMF_DEPTH, MAX_AMF_STRING_BYTES, MAX_AMF_VALUES};

/// A value of AMF0, or of AMF3 mapped to the nearest AMF0 one.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number; AMF3 integers become numbers.
    Number(f64),
    /// A boolean.
    Boolean(bool),
    /// A string; bytes that are not UTF-8 are replaced.
    String(String),
    /// An anonymous object, its members in the order of the wire.
    Object(Vec<(String, Self)>),
    /// An object with a class name.
    TypedObject {
        /// The class name.
        class: String,
        /// The members in the order of the wire.
        members: Vec<(String, Self)>,
    },
    /// An associative array.
    EcmaArray(Vec<(String, Self)>),
    /// A dense array.
    StrictArray(Vec<Self>),
    /// Null.
    Null,
    /// Undefined, or the AMF0 marker "unsupported".
    Undefined,
    /// A point in time.
    Date {
        /// Milliseconds since 1970 UTC.
        unix_ms: f64,
        /// The reserved time zone field in minutes; 0 from AMF3.
        zone_minutes: i16,
    },
    /// An XML document as text.
    Xml(String),
    /// A byte array; only AMF3 has it, and it is written as a string of its lossy text.
    Bytes(Vec<u8>),
}

impl Value {
    /// A string value.
    pub fn string(text: impl Into<String>) -> Self {
        Self::String(text.into())
    }

    /// The number, if it is one.
    pub fn as_number(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    /// The boolean, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Boolean(value) = self { Some(*value) } else { None }
    }

    /// The text, if it is a string.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The member of this name, if the value is an object or associative array that has it.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) | Self::EcmaArray(members) | Self::TypedObject { members, .. } => {
                members.iter().find(|(key, _)| key == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }
}

/// Why bytes are not an acceptable AMF value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmfError {
    /// The bytes end inside a value.
    #[error("the AMF value is cut short")]
    Short,
    /// A type marker that is reserved or not accepted.
    #[error("AMF marker {0:#04x} is not accepted")]
    Marker(u8),
    /// A reference to an earlier object.
    #[error("AMF object references are not accepted")]
    Reference,
    /// An AMF3 string or trait reference to something that was not sent.
    #[error("an AMF3 reference points to nothing")]
    DanglingReference,
    /// Nesting deeper than [`MAX_AMF_DEPTH`].
    #[error("AMF values are nested deeper than {MAX_AMF_DEPTH}")]
    TooDeep,
    /// More than [`MAX_AMF_VALUES`] values.
    #[error("a message has more than {MAX_AMF_VALUES} AMF values")]
    TooMany,
    /// More than [`MAX_AMF_STRING_BYTES`] bytes of strings.
    #[error("AMF strings take more than {MAX_AMF_STRING_BYTES} bytes")]
    TooMuchText,
}

/// A position in the bytes of one message, with what may still be decoded from it.
struct Reader<'a> {
    rest: &'a [u8],
    values: usize,
    text: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, values: MAX_AMF_VALUES, text: MAX_AMF_STRING_BYTES, depth: MAX_AMF_DEPTH }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], AmfError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(AmfError::Short)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], AmfError> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(AmfError::Short)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn byte(&mut self) -> Result<u8, AmfError> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    fn double(&mut self) -> Result<f64, AmfError> {
        Ok(f64::from_be_bytes(self.array()?))
    }

    /// Counts text that is about to be kept.
    fn spend_text(&mut self, bytes: usize) -> Result<(), AmfError> {
        self.text = self.text.checked_sub(bytes).ok_or(AmfError::TooMuchText)?;
        Ok(())
    }

    fn text(&mut self, length: usize) -> Result<String, AmfError> {
        let bytes = self.take(length)?;
        // Each replaced byte becomes three.
        self.spend_text(length)?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    /// Counts one value.
    fn spend_value(&mut self) -> Result<(), AmfError> {
        self.values = self.values.checked_sub(1).ok_or(AmfError::TooMany)?;
        Ok(())
    }

    /// Runs a decoder of nested values one level deeper.
    fn nested<T>(&mut self, decode: impl FnOnce(&mut Self) -> Result<T, AmfError>) -> Result<T, AmfError> {
        self.depth = self.depth.checked_sub(1).ok_or(AmfError::TooDeep)?;
        let result = decode(self);
        self.depth += 1;
        result
    }
}
