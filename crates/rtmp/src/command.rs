//! Commands: a name, a transaction id, and values (specification, 7.2).

use bytes::Bytes;

use crate::RtmpError;
use crate::amf::{Value, decode_all, skip_string};
use crate::limits::MAX_COMMAND_BYTES;
use crate::message::{MediaKind, MediaMessage, RawMessage, kind};

/// A decoded command.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Command {
    pub(crate) name: String,
    pub(crate) transaction: f64,
    /// What follows the transaction id: the command object, then the arguments.
    values: Vec<Value>,
}

impl Command {
    /// Reads a command message of either encoding.
    pub(crate) fn parse(message: &RawMessage) -> Result<Self, RtmpError> {
        if message.payload.len() > MAX_COMMAND_BYTES {
            return Err(RtmpError::CommandTooLarge(message.payload.len()));
        }
        let mut values = decode_all(amf0_part(message))?.into_iter();
        let name = match values.next() {
            Some(Value::String(name)) => name,
            // A command without a name asks for nothing.
            _ => String::new(),
        };
        let transaction = values.next().and_then(|value| value.as_number()).unwrap_or(0.0);
        Ok(Self { name, transaction, values: values.collect() })
    }

    /// The command object: null for most commands.
    pub(crate) fn object(&self) -> Option<&Value> {
        self.values.first()
    }

    /// The argument of this index behind the command object.
    pub(crate) fn argument(&self, index: usize) -> Option<&Value> {
        self.values.get(index + 1)
    }
}

/// The AMF0 bytes of a command or data message. In the AMF3 message types one zero byte stands before them; some
/// senders leave it out.
fn amf0_part(message: &RawMessage) -> &[u8] {
    match (message.kind, message.payload.split_first()) {
        (kind::COMMAND_AMF3 | kind::DATA_AMF3, Some((0, rest))) => rest,
        _ => &message.payload,
    }
}

/// The media messages in a message: one for audio, video and data, several for an aggregate, none for what is empty.
pub(crate) fn media_messages(message: &RawMessage, mut each: impl FnMut(MediaMessage)) {
    if message.kind == kind::AGGREGATE {
        split_aggregate(message, each);
        return;
    }
    if let Some(media) = media_message(message) {
        each(media);
    }
}

fn media_message(message: &RawMessage) -> Option<MediaMessage> {
    let (kind, payload) = match message.kind {
        kind::AUDIO => (MediaKind::Audio, message.payload.clone()),
        kind::VIDEO => (MediaKind::Video, message.payload.clone()),
        kind::DATA_AMF0 | kind::DATA_AMF3 => (MediaKind::Data, data_payload(message)),
        _ => return None,
    };
    let media = MediaMessage { stream_id: message.stream_id, kind, timestamp: message.timestamp, payload };
    (!media.payload.is_empty()).then_some(media)
}

/// Encoders wrap `onMetaData` in `@setDataFrame` (older ones `setDataFrame`) to have the server keep it; players know
/// only what is inside.
fn data_payload(message: &RawMessage) -> Bytes {
    let part = amf0_part(message);
    let inner = match skip_string(part) {
        Some(("@setDataFrame" | "setDataFrame", rest)) => rest,
        _ => part,
    };
    message.payload.slice(message.payload.len() - inner.len()..)
}

/// An aggregate is a row of FLV tags (specification, 7.1.6). Their times are relative to the first of them, which has
/// the time of the message. A tag that is cut short ends the row.
fn split_aggregate(message: &RawMessage, mut each: impl FnMut(MediaMessage)) {
    let mut at = 0;
    let mut first = None;
    while let Some(&[kind, l2, l1, l0, t2, t1, t0, t3, ..]) = message.payload.get(at..at + 11) {
        let length = u32::from_be_bytes([0, l2, l1, l0]) as usize;
        let start = at + 11;
        if message.payload.len() < start + length {
            return;
        }
        let time = u32::from_be_bytes([t3, t2, t1, t0]);
        let offset = time.wrapping_sub(*first.get_or_insert(time));
        let part = RawMessage {
            kind,
            timestamp: message.timestamp.wrapping_add(offset),
            stream_id: message.stream_id,
            payload: message.payload.slice(start..start + length),
        };
        if let Some(media) = media_message(&part) {
            each(media);
        }
        at = start + length + 4;
    }
}

/// The information object of `onStatus` and of connection replies.
pub(crate) fn status(level: &str, code: &str, description: &str) -> Value {
    Value::Object(vec![
        ("level".to_owned(), Value::string(level)),
        ("code".to_owned(), Value::string(code)),
        ("description".to_owned(), Value::string(description)),
    ])
}
