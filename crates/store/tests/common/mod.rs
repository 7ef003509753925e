//! Records to keep.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(unreachable_pub, reason = "shared by test files")]

use huitong_store::{
    CallEnd, CallParty, CallRecord, ConferenceRows, ConferenceText, Decided, Restored, Store, StoreConfig,
};
use huitong_types::{AppId, Redacted};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// Longest time any single step of a test may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub fn app() -> AppId {
    AppId::new(1_400_000_000).unwrap()
}

pub fn open(data: &Path) -> (Store, Restored) {
    Store::open(&StoreConfig { data: data.to_owned(), keep_call_records_days: 0, keep_usage_days: 0 })
        .unwrap()
}

/// A call of alice and bob that has just begun.
pub fn begun(call: &str, started_ms: u64) -> CallRecord {
    let party = |user: &str, state: &str| CallParty {
        user: user.to_owned(),
        device: None,
        state: state.to_owned(),
        rang_ms: None,
        answered_ms: None,
        left_ms: None,
        duration_ms: 0,
    };
    CallRecord {
        app: app(),
        call: call.to_owned(),
        room: "7".to_owned(),
        media: "video".to_owned(),
        group: None,
        data: Some("order, \"17\"\n=1+1".to_owned()),
        caller: "alice".to_owned(),
        backend: false,
        started_ms,
        connected_ms: None,
        end: None,
        parties: vec![party("alice", "calling"), party("bob", "ringing")],
    }
}

/// The same call after 5 s of talk, hung up by bob.
pub fn ended(call: &str, ended_ms: u64) -> CallRecord {
    let mut record = begun(call, ended_ms.saturating_sub(6000));
    record.connected_ms = Some(ended_ms.saturating_sub(5000));
    record.end = Some(CallEnd { at_ms: ended_ms, reason: "hungUp".to_owned(), by: Some("bob".to_owned()) });
    for party in &mut record.parties {
        party.state = "left".to_owned();
        party.device = Some(format!("phone of {}", party.user));
        party.answered_ms = record.connected_ms;
        party.left_ms = Some(ended_ms);
        party.duration_ms = 5000;
    }
    record.parties[1].rang_ms = Some(record.started_ms + 20);
    record
}

/// A conference, or what has changed of it: with a record or without, and what was decided about these users.
pub fn conference(id: &str, record: Option<&str>, decided: &[(&str, Option<&str>)]) -> ConferenceRows {
    let decided = decided.iter().map(|(user, role)| {
        let role = role.map(str::to_owned);
        ((*user).to_owned(), Decided { no_audio: role.is_none(), no_video: false, role })
    });
    ConferenceRows {
        app: app(),
        id: id.to_owned(),
        itself: record.map(|record| ConferenceText {
            room: format!("room of {id}"),
            record: Redacted::new(record.to_owned()),
        }),
        decided: decided.collect::<BTreeMap<_, _>>(),
    }
}
