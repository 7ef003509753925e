//! The JSON files of `fixtures/` are what both sides agree on: `request-*` must be readable here,
//! `reply-*` and `push-*` must be what this side writes, `refused-*` must be refused as they say.

use huitong_protocol::{Done, Event, Request, RequestFrame, ServerFrame, parse_request};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

fn fixtures(prefix: &str) -> Vec<(String, Value)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if name.starts_with(prefix) {
            found.push((name, serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(!found.is_empty(), "no fixture begins with {prefix}");
    found
}

fn written(text: &str) -> Value {
    let (id, request) = parse_request(text).unwrap_or_else(|error| panic!("{error:?} in {text}"));
    serde_json::to_value(RequestFrame { id, request }).unwrap()
}

/// Serde lists the variants of a tagged enum when it meets one that does not exist.
fn variants<T: serde::de::DeserializeOwned>(tag: &str) -> BTreeSet<String> {
    let Err(error) = serde_json::from_value::<T>(serde_json::json!({ tag: "?" })) else {
        panic!("the variant `?` exists");
    };
    error.to_string().split('`').skip(3).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_request_is_read_and_written_again_alike() {
    for (name, frame) in fixtures("request-") {
        let once = written(&frame.to_string());
        if name.ends_with("-minimal") {
            assert_eq!(written(&once.to_string()), once, "{name}");
        } else {
            assert_eq!(once, frame, "{name}");
        }
    }
}

#[test]
fn every_server_frame_is_read_and_written_again_alike() {
    for (name, frame) in fixtures("reply-").into_iter().chain(fixtures("push-")) {
        let read: ServerFrame =
            serde_json::from_value(frame.clone()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(matches!(read, ServerFrame::Push(_)), name.starts_with("push-"), "{name}");
        assert_eq!(serde_json::to_value(read).unwrap(), frame, "{name}");
    }
}

#[test]
fn every_refused_text_is_refused_with_its_code() {
    for (name, case) in fixtures("refused-") {
        let error = parse_request(case["text"].as_str().unwrap()).unwrap_err();
        assert_eq!(error.fault.code.as_str(), case["code"], "{name}: {}", error.fault);
        assert_eq!(u64::from(error.id), case["re"].as_u64().unwrap(), "{name}");
        let mentions = case["mentions"].as_str().unwrap_or_default();
        assert!(error.fault.message.contains(mentions), "{name}: {}", error.fault);
    }
}

#[test]
fn every_kind_of_frame_has_a_fixture() {
    let ops = variants::<Done>("op");
    assert_eq!(ops, Request::NAMES.iter().map(|&op| op.to_owned()).collect());
    let requests: BTreeSet<String> =
        fixtures("request-").iter().map(|(_, f)| f["op"].as_str().unwrap().to_owned()).collect();
    assert_eq!(requests, ops);
    let replies: BTreeSet<String> =
        fixtures("reply-").iter().filter_map(|(_, f)| f["ok"]["op"].as_str().map(str::to_owned)).collect();
    assert_eq!(replies, ops);
    let pushes: BTreeSet<String> =
        fixtures("push-").iter().map(|(_, f)| f["ev"].as_str().unwrap().to_owned()).collect();
    assert_eq!(pushes, variants::<Event>("ev"));
}
