//! From the text of a WebSocket frame to a request, with errors that name the field.

use crate::request::{Hello, Request};
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

/// Characters of a reader's own words that go back to a client: enough for a rule, too few to echo what it sent.
const WORDS: usize = 240;

/// Every field of a request, as errors name it.
const FIELDS: [&str; 44] = [
    "app",
    "audio",
    "authBuffer",
    "busy",
    "call",
    "calls",
    "changes",
    "client",
    "conference",
    "data",
    "details",
    "device",
    "ext",
    "group",
    "id",
    "invitees",
    "key",
    "media",
    "members",
    "mix",
    "nick",
    "op",
    "password",
    "privateMapKey",
    "publish",
    "reason",
    "recordId",
    "ref",
    "resume",
    "role",
    "room",
    "scene",
    "seq",
    "settings",
    "sig",
    "stream",
    "ticket",
    "timeoutMs",
    "up",
    "user",
    "users",
    "version",
    "video",
    "voiceRoom",
];

fn body<T: DeserializeOwned>(
    id: u32,
    text: &str,
    wrap: fn(T) -> Request,
) -> Result<(u32, Request), ParseError> {
    fields(id, text).map(|body| (id, wrap(body)))
}

fn fields<T: DeserializeOwned>(id: u32, text: &str) -> Result<T, ParseError> {
    crate::wrong::read(text.as_bytes()).map_err(|wrong| {
        let sentence = format!("The request is not valid: {}.", clipped(&wrong.to_string()));
        let mut fault = Fault::because(ErrorCode::InvalidField, sentence);
        fault.field = field(&wrong.path, &wrong.words);
        ParseError { id, fault }
    })
}

/// A login has one credential, which types cannot say of fields beside others.
fn hello(id: u32, text: &str) -> Result<(u32, Request), ParseError> {
    let hello: Hello = fields(id, text)?;
    match hello.credential() {
        Ok(_) => Ok((id, Request::Hello(hello))),
        Err(fault) => Err(ParseError { id, fault }),
    }
}

/// The field of the request that is at fault: where the reader stopped, or the one that it missed.
fn field(path: &str, words: &str) -> Option<&'static str> {
    let missed = words.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    let stopped = path.split(['.', '[']).next();
    let known = |name: &str| FIELDS.into_iter().find(|known| *known == name);
    stopped.and_then(known).or_else(|| missed.and_then(known))
}

/// Serde quotes a text that stands where another type belongs, however long it is.
fn clipped(words: &str) -> String {
    match words.char_indices().nth(WORDS) {
        Some((end, _)) => format!("{}…", words.get(..end).unwrap_or_default()),
        None => words.to_owned(),
    }
}

/// Reads one request frame. The error's field is the one that is missing or wrong, and its sentence says the rule.
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
            format!(
                "A request is a JSON object with a number `id` and a text `op`: {}.",
                clipped(&error.to_string())
            ),
        ),
    })?;
    let id = envelope.id;
    if id == 0 {
        let fault = Fault::because(ErrorCode::BadMessage, "Request ids start at 1.").in_field("id");
        return Err(ParseError { id, fault });
    }
    match envelope.op.as_str() {
        "hello" => hello(id, text),
        "join" => body(id, text, Request::Join),
        "leave" => body(id, text, Request::Leave),
        "publish" => body(id, text, Request::Publish),
        "unpublish" => body(id, text, Request::Unpublish),
        "subscribe" => body(id, text, Request::Subscribe),
        "setRole" => body(id, text, Request::SetRole),
        "call" => body(id, text, Request::Call),
        "accept" => body(id, text, Request::Accept),
        "reject" => body(id, text, Request::Reject),
        "hangup" => body(id, text, Request::Hangup),
        "watch" => body(id, text, Request::Watch),
        "ticket" => body(id, text, Request::Ticket),
        "look" => body(id, text, Request::Look),
        "enter" => body(id, text, Request::Enter),
        "grant" => body(id, text, Request::Grant),
        "kick" => body(id, text, Request::Kick),
        "mute" => body(id, text, Request::Mute),
        "hand" => body(id, text, Request::Hand),
        "decline" => body(id, text, Request::Decline),
        "attributes" => body(id, text, Request::Attributes),
        "destroy" => body(id, text, Request::Destroy),
        "levels" => Ok((id, Request::Levels)),
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
        assert_eq!(error.fault.field, Some("room"));
    }

    #[test]
    fn a_wrong_field_is_named_and_what_was_sent_is_not_sent_back_whole() {
        let long = "x".repeat(60_000);
        let cases = [
            (r#"{"id":4,"op":"join","room":{"number":0}}"#.to_owned(), "room"),
            (format!(r#"{{"id":4,"op":"join","room":{{"number":1}},"scene":"{long}"}}"#), "scene"),
            (format!(r#"{{"id":4,"op":"publish","audio":"{long}","video":true}}"#), "audio"),
            (r#"{"id":4,"op":"subscribe","user":"","audio":true,"video":true}"#.to_owned(), "user"),
            (r#"{"id":4,"op":"join","room":{"number":1},"publish":[{"audio":1}]}"#.to_owned(), "publish"),
        ];
        for (text, field) in cases {
            let fault = parse_request(&text).unwrap_err().fault;
            assert_eq!(fault.field, Some(field), "{fault}");
            assert!(fault.message.len() < 1000, "{} bytes", fault.message.len());
        }
    }

    #[test]
    fn a_login_has_exactly_one_credential() {
        let hello = |more: &str| {
            parse_request(&format!(r#"{{"id":1,"op":"hello","version":1,"app":1,"user":"7"{more}}}"#))
        };
        for good in [r#","sig":"s""#, r#","authBuffer":"b","voiceRoom":"r""#, r#","sig":"""#] {
            assert!(hello(good).is_ok(), "{good}");
        }
        let cases = [
            ("", "sig"),
            (r#","voiceRoom":"r""#, "sig"),
            (r#","sig":"s","authBuffer":"b","voiceRoom":"r""#, "authBuffer"),
            (r#","sig":"s","voiceRoom":"r""#, "voiceRoom"),
            (r#","authBuffer":"b""#, "voiceRoom"),
            (r#","authBuffer":7,"voiceRoom":"r""#, "authBuffer"),
        ];
        for (more, field) in cases {
            let error = hello(more).unwrap_err();
            assert_eq!((error.id, error.fault.code), (1, ErrorCode::InvalidField), "{more}");
            assert_eq!(error.fault.field, Some(field), "{}", error.fault);
        }
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
    fn a_field_within_a_field_is_told_with_its_path() {
        let error = parse_request(r#"{"id":4,"op":"ticket","settings":{"maxTalkers":-1}}"#).unwrap_err();
        assert_eq!(error.fault.field, Some("settings"));
        assert_eq!(
            error.fault.message,
            "The request is not valid: settings.maxTalkers: invalid value: integer `-1`, expected a whole number from 0 to \
             4294967295."
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
