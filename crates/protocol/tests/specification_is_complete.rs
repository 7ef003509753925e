//! `docs/protocol.md` names everything that the code can send, and says the same about it.

use huitong_protocol::{CloseCode, Done, Event, PROTOCOL_VERSION, Resumed, SIGNAL_PATH};
use huitong_types::{
    CallEndReason, CallMedia, ConferenceExit, ConferenceKind, ConferenceRole, EndReason, ErrorCode,
    LeaveReason, OwnState, ParticipantState, Role, Scene, StreamKind, limits,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::path::Path;

fn specification() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/protocol.md");
    std::fs::read_to_string(path).unwrap()
}

fn word(value: impl Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

/// The words of an enum: serde lists them when it meets one that does not exist.
fn words<T: DeserializeOwned>(unknown: serde_json::Value) -> BTreeSet<String> {
    let Err(error) = serde_json::from_value::<T>(unknown) else { panic!("the word `?` exists") };
    error.to_string().split('`').skip(3).step_by(2).map(str::to_owned).collect()
}

/// The first cells of a table's rows, found by the heading above it.
fn first_cells(text: &str, heading: &str) -> BTreeSet<String> {
    let section = text.split(heading).nth(1).unwrap_or_else(|| panic!("no section {heading}"));
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|line| line.split('`').nth(1).unwrap().to_owned()).collect()
}

#[test]
fn every_operation_has_its_section_and_no_other_has() {
    let text = specification();
    let headings: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("### `"))
        .map(|rest| rest.split('`').next().unwrap().to_owned())
        .collect();
    assert_eq!(headings, words::<Done>(serde_json::json!({ "op": "?" })));
}

#[test]
fn every_event_is_in_the_table_and_no_other_is() {
    let events = first_cells(&specification(), "\n## 7. ");
    assert_eq!(events, words::<Event>(serde_json::json!({ "ev": "?" })));
}

#[test]
fn every_error_is_in_the_table_with_its_blame_and_retry() {
    let text = specification();
    let rows: BTreeSet<String> = ErrorCode::ALL.iter().map(|code| code.as_str().to_owned()).collect();
    assert_eq!(first_cells(&text, "\n## 10. "), rows);
    for code in ErrorCode::ALL {
        let (blame, retry) = (word(code.blame()), word(code.retry()));
        let row = format!("| `{code}` | {blame} | {retry} | {} |", code.sentence());
        assert!(text.contains(&row), "the table of errors lacks the row {row}");
    }
}

#[test]
fn every_close_code_is_in_the_table() {
    let text = specification();
    for code in CloseCode::ALL {
        let row = format!("| {} | `{}` |", code.number(), code.name());
        assert!(text.contains(&row), "{row}");
    }
}

#[test]
fn every_reason_and_value_is_named() {
    let text = specification();
    let mut named = words::<LeaveReason>(serde_json::json!("?"));
    named.extend(words::<EndReason>(serde_json::json!("?")));
    named.extend(words::<CallMedia>(serde_json::json!("?")));
    named.extend(words::<ParticipantState>(serde_json::json!("?")));
    named.extend(words::<OwnState>(serde_json::json!("?")));
    named.extend(words::<CallEndReason>(serde_json::json!("?")));
    named.extend(words::<ConferenceKind>(serde_json::json!("?")));
    named.extend(words::<ConferenceRole>(serde_json::json!("?")));
    named.extend(words::<ConferenceExit>(serde_json::json!("?")));
    named.extend(words::<Resumed>(serde_json::json!("?")));
    named.extend(words::<Scene>(serde_json::json!("?")));
    named.extend(words::<Role>(serde_json::json!("?")));
    named.extend(words::<StreamKind>(serde_json::json!("?")));
    for word in named {
        assert!(text.contains(&format!("`{word}`")), "{word}");
    }
}

#[test]
fn the_numbers_are_those_of_the_code() {
    let text = specification();
    assert!(text.starts_with(&format!("# Signalling protocol, version {PROTOCOL_VERSION}\n")));
    for said in [
        format!("`{SIGNAL_PATH}`"),
        format!("{} bytes", limits::SIGNAL_FRAME_BYTES),
        format!("members of an rtc room | {}", limits::RTC_MEMBERS),
        format!("publishers of a room | {}", limits::PUBLISHERS),
        format!("audience of a live room | {}", limits::LIVE_AUDIENCE),
        format!("{} s, shown as away after {} s", limits::SEAT_GRACE.as_secs(), limits::AWAY_AFTER.as_secs()),
        format!(
            "early publishes held | {}, each {} s",
            limits::EARLY_PUBLISH_COUNT,
            limits::EARLY_PUBLISH_HOLD.as_secs()
        ),
        format!("invitees of a call | {}", limits::CALL_INVITEES),
        format!(
            "{} s unless asked otherwise, 1 to {} s",
            limits::CALL_RINGING.as_secs(),
            limits::CALL_RINGING_MOST.as_secs()
        ),
        format!("users watched by a session | {}", limits::WATCHED_USERS),
        format!("up to {}\nbytes", limits::CALL_DATA_BYTES),
        format!("at most {} characters", limits::MEDIA_URL_CHARS),
        format!("{} to {} characters", limits::STREAM_KEY_MIN_CHARS, limits::STREAM_KEY_MAX_CHARS),
    ] {
        assert!(text.contains(&said), "{said}");
    }
}
