//! From the text of a WebSocket frame to a request, with errors that name the field.

use crate::request::Request;
use huitong_types::{ErrorCode, Fault, limits};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A frame that is not a valid request, with the id to answer to (0 when it could not be read).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Id of the request, 0 if unreadable.
    pub id: u32,
    /// What is wrong with it.
    pub fault: Fault,
}

#[derive(Deserialize)]
struct Envelope {
    id: u32,
    op: String,
}

fn body<T: DeserializeOwned>(
    id: u32,
    text: &str,
    wrap: fn(T) -> Request,
) -> Result<(u32, Request), ParseError> {
    serde_json::from_str(text).map(|body| (id, wrap(body))).map_err(|error| ParseError {
        id,
        fault: Fault::because(ErrorCode::InvalidField, format!("The request is not valid: {error}.")),
    })
}

/// Reads one request frame. Serde's own words name the missing or wrong field and the ids say their rule, so
/// the sentence that goes back to the client is exact. The text of secrets is never part of it: serde quotes
/// no string values except for wrong types, which are cut out here by not quoting the frame.
///
/// # Errors
/// [`ErrorCode::FrameTooLong`], [`ErrorCode::BadMessage`], [`ErrorCode::UnknownOperation`] or
/// [`ErrorCode::InvalidField`].
pub fn parse_request(text: &str) -> Result<(u32, Request), ParseError> {
    if text.len() > limits::SIGNAL_FRAME_BYTES {
        return Err(ParseError { id: 0, fault: Fault::new(ErrorCode::FrameTooLong) });
    }
    let envelope: Envelope = serde_json::from_str(text).map_err(|error| ParseError {
        id: 0,
        fault: Fault::because(
            ErrorCode::BadMessage,
            format!("A request is a JSON object with a number `id` and a text `op`: {error}."),
        ),
    })?;
    let id = envelope.id;
    if id == 0 {
        let fault = Fault::because(ErrorCode::BadMessage, "Request ids start at 1.").in_field("id");
        return Err(ParseError { id, fault });
    }
    match envelope.op.as_str() {
        "hello" => body(id, text, Request::Hello),
        "join" => body(id, text, Request::Join),
        "leave" => body(id, text, Request::Leave),
        "publish" => body(id, text, Request::Publish),
        "unpublish" => body(id, text, Request::Unpublish),
        "subscribe" => body(id, text, Request::Subscribe),
        "setRole" => body(id, text, Request::SetRole),
        "ping" => body(id, text, Request::Ping),
        "bye" => Ok((id, Request::Bye)),
        other => {
            let shown: String = other.chars().take(32).collect();
            let message = format!("The operation {shown:?} does not exist in version 1.");
            Err(ParseError { id, fault: Fault::because(ErrorCode::UnknownOperation, message).in_field("op") })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_field_is_named() {
        let error = parse_request(r#"{"id":4,"op":"join"}"#).unwrap_err();
        assert_eq!(error.id, 4);
        assert!(error.fault.message.contains("`room`"), "{}", error.fault.message);
    }

    #[test]
    fn a_broken_rule_is_told_in_words() {
        let error = parse_request(r#"{"id":4,"op":"join","room":{"number":0}}"#).unwrap_err();
        assert!(
            error.fault.message.contains("roomID is 0, allowed is 1 to 4294967295"),
            "{}",
            error.fault.message
        );
    }

    #[test]
    fn unknown_operations_keep_the_id() {
        let error = parse_request(r#"{"id":9,"op":"fly"}"#).unwrap_err();
        assert_eq!((error.id, error.fault.code), (9, ErrorCode::UnknownOperation));
    }

    #[test]
    fn text_that_is_not_json_has_no_id() {
        let error = parse_request("hello").unwrap_err();
        assert_eq!((error.id, error.fault.code), (0, ErrorCode::BadMessage));
    }

    #[test]
    fn unknown_fields_are_ignored_so_that_later_clients_work() {
        assert!(parse_request(r#"{"id":1,"op":"ping","new":{"x":[1]}}"#).is_ok());
    }
}
