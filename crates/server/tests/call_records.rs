//! Records of calls over real HTTP.

mod common;

use common::{APP, Answer, PATIENCE, Running, basic, config, http, soon};
use huitong_server::config::AppSection;
use huitong_store::{CallEnd, CallFilter, CallParty, CallRecord, Store, StoreConfig};
use huitong_types::AppId;
use serde_json::json;
use std::path::Path;
use tempfile::TempDir;

/// Some day in 2025, Unix ms.
const DAY: u64 = 1_764_115_200_000;

/// Tests must not depend on the day on which they run.
const FOR_EVER: u32 = 0;

/// A call of alice and bob that ended so many seconds after the beginning of the day.
fn call(id: &str, second: u64) -> CallRecord {
    let ended = DAY + second * 1000;
    let party = |user: &str| CallParty {
        user: user.to_owned(),
        device: Some("phone".to_owned()),
        state: "left".to_owned(),
        rang_ms: (user == "bob").then_some(ended - 8000),
        answered_ms: Some(ended - 5000),
        left_ms: Some(ended),
        duration_ms: 5000,
    };
    CallRecord {
        app: AppId::new(APP).unwrap(),
        call: id.to_owned(),
        room: "@7".to_owned(),
        media: "video".to_owned(),
        group: None,
        data: None,
        caller: "alice".to_owned(),
        backend: false,
        started_ms: ended - 9000,
        connected_ms: Some(ended - 5000),
        end: Some(CallEnd { at_ms: ended, reason: "hungUp".to_owned(), by: Some("bob".to_owned()) }),
        parties: vec![party("alice"), party("bob")],
    }
}

/// Nobody answered bob.
fn missed(id: &str, second: u64) -> CallRecord {
    let mut call = call(id, second);
    call.caller = "bob".to_owned();
    call.connected_ms = None;
    call.end = call.end.map(|end| CallEnd { reason: "timedOut".to_owned(), by: None, ..end });
    call.parties.reverse();
    for party in &mut call.parties {
        party.answered_ms = None;
        party.duration_ms = 0;
    }
    call
}

fn opened(data: &Path) -> Store {
    Store::open(&StoreConfig {
        data: data.to_owned(),
        keep_call_records_days: FOR_EVER,
        keep_usage_days: FOR_EVER,
    })
    .unwrap()
    .0
}

/// A server that finds these records in its database.
async fn server_with(records: impl IntoIterator<Item = CallRecord>, keep_days: u32) -> (Running, TempDir) {
    let data = tempfile::tempdir().unwrap();
    let store = opened(data.path());
    for record in records {
        store.call_finished(record);
    }
    store.close(PATIENCE);
    let mut config = config();
    config.server.data = data.path().to_owned();
    config.store.keep_call_records_days = keep_days;
    config.app.push(AppSection::new(AppId::new(APP + 1).unwrap(), "the-secret-of-the-other"));
    (Running::start(config).await, data)
}

async fn ids(server: &Running, query: &str) -> Vec<String> {
    let answer = server.api("GET", &format!("/v1/call-records{query}"), "").await;
    assert_eq!(answer.status, 200, "{query}: {answer:?}");
    let list = answer.json();
    let records = list["records"].as_array().unwrap().iter();
    records.map(|record| record["call"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_record_says_who_called_whom_and_how_it_ended() {
    let (server, _data) = server_with([call("c1", 60)], FOR_EVER).await;
    let list = server.api("GET", "/v1/call-records", "").await.json();
    let wanted = json!({"records": [{
        "call": "c1", "room": "@7", "media": "video", "caller": "alice", "backend": false,
        "startedMs": DAY + 51_000, "connectedMs": DAY + 55_000, "endedMs": DAY + 60_000, "durationMs": 5000,
        "reason": "hungUp", "by": "bob",
        "participants": [
            {"user": "alice", "device": "phone", "state": "left", "answeredMs": DAY + 55_000,
                "leftMs": DAY + 60_000, "durationMs": 5000},
            {"user": "bob", "device": "phone", "state": "left", "rangMs": DAY + 52_000,
                "answeredMs": DAY + 55_000, "leftMs": DAY + 60_000, "durationMs": 5000},
        ],
    }]});
    assert_eq!(list, wanted);
}

#[tokio::test]
async fn each_filter_leaves_what_it_names() {
    let mut sound = call("sound", 200);
    sound.media = "audio".to_owned();
    let mut team = call("team", 300);
    team.group = Some("our team".to_owned());
    team.parties[1].user = "carol".to_owned();
    let mut other = call("other-app", 500);
    other.app = AppId::new(APP + 1).unwrap();
    let records = [call("first", 100), sound, team, missed("missed", 400), other];
    let (server, _data) = server_with(records, FOR_EVER).await;
    for (query, wanted) in [
        ("", vec!["missed", "team", "sound", "first"]),
        ("?user=carol", vec!["team"]),
        ("?user=bob", vec!["missed", "sound", "first"]),
        ("?user=dave", vec![]),
        ("?caller=bob", vec!["missed"]),
        ("?caller=alice&user=bob", vec!["sound", "first"]),
        ("?group=our%20team", vec!["team"]),
        ("?media=audio", vec!["sound"]),
        ("?reason=timedOut", vec!["missed"]),
        ("?connected=false", vec!["missed"]),
        ("?connected=true", vec!["team", "sound", "first"]),
        ("?since=1764115400000&until=1764115600000", vec!["team", "sound"]),
        ("?since=2025-11-26T08:03:20%2B08:00&until=2025-11-26T00:06:40Z", vec!["team", "sound"]),
        ("?since=2025-11-26T08:05:00+08:00&user=alice", vec!["missed", "team"]),
    ] {
        assert_eq!(ids(&server, query).await, wanted, "{query}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_and_an_application_sees_its_own_calls_only() {
    let mut other = call("other", 5);
    other.app = AppId::new(APP + 1).unwrap();
    let records = (0..7).map(|n| call(&format!("c{n}"), n / 2)).chain([other]);
    let (server, _data) = server_with(records, FOR_EVER).await;
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = server.api("GET", &format!("/v1/call-records?limit=3{cursor}"), "").await.json();
        let records = page["records"].as_array().unwrap();
        assert!(records.len() <= 3);
        seen.extend(records.iter().map(|record| record["call"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, ["c6", "c5", "c4", "c3", "c2", "c1", "c0"]);
}

#[tokio::test]
async fn wrong_questions_are_told_what_is_wrong() {
    let (server, _data) = server_with([], FOR_EVER).await;
    for (query, says) in [
        ("limit=0", "allowed is 1 to 1000"),
        ("limit=1001", "allowed is 1 to 1000"),
        ("cursor=x", "no cursor"),
        ("usr=alice", "unknown field `usr`"),
        ("user=", "is empty"),
        ("caller=", "is empty"),
        ("group=", "is empty"),
        ("reason=answeredElsewhere", "allowed are hungUp"),
        ("media=smell", "allowed are audio, video"),
        ("reason=hungup", "hungUp"),
        ("since=yesterday", "write Unix milliseconds, or RFC 3339"),
        ("since=1764115200", "seconds have three digits less"),
        ("since=1764115200000&until=1764115200000", "not after since"),
        ("connected=maybe", "true"),
        ("bom=1", "unknown field `bom`"),
    ] {
        let answer = server.api("GET", &format!("/v1/call-records?{query}"), "").await;
        assert_eq!((answer.status, answer.code()), (400, "invalid-field".to_owned()), "{query}");
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(says), "{query}: {message}");
    }
    for query in ["bom=2", "bom=yes", "limit=5", "cursor=1-2"] {
        let answer = server.api("GET", &format!("/v1/call-records.csv?{query}"), "").await;
        assert_eq!((answer.status, answer.code()), (400, "invalid-field".to_owned()), "{query}");
    }
    for path in ["/v1/call-records", "/v1/call-records.csv"] {
        assert_eq!(server.get(path).await.status, 401, "{path}");
        let wrong = http(server.http, "GET", path, Some(&basic("another-secret-of-somebody")), "").await;
        assert_eq!(wrong.status, 401, "{path}");
        assert_eq!(server.api("POST", path, "").await.status, 405, "{path}");
    }
}

/// The bytes of a body that was sent in chunks; nothing if its end is missing.
fn unchunked(answer: &Answer) -> Option<String> {
    assert!(answer.head.to_lowercase().contains("transfer-encoding: chunked"), "{}", answer.head);
    let mut rest = answer.body.as_slice();
    let mut whole = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).ok()?, 16).ok()?;
        if size == 0 {
            return String::from_utf8(whole).ok();
        }
        whole.extend_from_slice(rest.get(line + 2..line + 2 + size)?);
        rest = rest.get(line + 2 + size + 2..)?;
    }
}

#[tokio::test]
async fn all_records_come_as_a_table() {
    // More than are read at a time.
    let many =
        (0..1234).map(|n| if n % 2 == 0 { call(&format!("c{n}"), n) } else { missed(&format!("c{n}"), n) });
    let (server, _data) = server_with(many, FOR_EVER).await;
    let answer = server.api("GET", "/v1/call-records.csv", "").await;
    assert_eq!(answer.status, 200);
    let head = answer.head.to_lowercase();
    assert!(head.contains("content-type: text/csv; charset=utf-8; header=present"), "{head}");
    assert!(head.contains("content-disposition: attachment; filename=\"call-records.csv\""), "{head}");
    let text = unchunked(&answer).expect("a whole table");
    let mut lines = text.split_terminator("\r\n");
    let columns = "call,startedUtc,connectedUtc,endedUtc,durationMs,media,caller,participants,group,reason,by,\
                   backend,room,data";
    assert_eq!(lines.next(), Some(columns));
    let first = "c1233,2025-11-26 00:20:24,,2025-11-26 00:20:33,0,video,bob,\"bob left 0\nalice left 0\",,timedOut,,\
                 false,'@7,";
    assert_eq!(lines.next(), Some(first));
    let ids: Vec<_> = lines.map(|line| line.split(',').next().unwrap().to_owned()).collect();
    let wanted: Vec<_> = (0..1233).rev().map(|n| format!("c{n}")).collect();
    assert_eq!(ids, wanted);
    let some =
        server.api("GET", "/v1/call-records.csv?caller=bob&bom=1&until=2025-11-26T00:00:04Z", "").await;
    let some = unchunked(&some).unwrap();
    assert!(some.starts_with('\u{feff}') && some.matches("\r\n").count() == 3, "{some}");
}

#[tokio::test]
async fn nothing_that_a_user_hands_through_is_calculated_by_a_spreadsheet_program() {
    let mut record = call("c1", 10);
    record.caller = "=cmd|'/c calc'!A1".to_owned();
    record.data = Some("@SUM(1,2)".to_owned());
    record.parties[0].user = record.caller.clone();
    let (server, _data) = server_with([record], FOR_EVER).await;
    let table = unchunked(&server.api("GET", "/v1/call-records.csv", "").await).unwrap();
    assert!(
        table.contains(",'=cmd|'/c calc'!A1,\"'=cmd|'/c calc'!A1 left 5000\nbob left 5000\","),
        "{table}"
    );
    assert!(table.contains(",\"'@SUM(1,2)\"\r\n"), "{table}");
    let list = server.api("GET", "/v1/call-records", "").await.json();
    assert_eq!(list["records"][0]["caller"], "=cmd|'/c calc'!A1", "the JSON is as it is");
}

#[tokio::test]
async fn records_are_kept_as_long_as_the_operator_says() {
    let now = huitong_server::unix_seconds() * 1000;
    let (mut old, mut fresh) = (call("old", 0), call("fresh", 0));
    old.end.as_mut().unwrap().at_ms = now - 31 * 86_400_000;
    fresh.end.as_mut().unwrap().at_ms = now - 29 * 86_400_000;
    let (mut server, data) = server_with([old, fresh], 30).await;
    let forgotten = async { while ids(&server, "").await.len() > 1 {} };
    soon("the old record is forgotten", forgotten).await;
    let figures = server.get("/metrics").await;
    for figure in ["huitong_store_forgotten_total", "huitong_store_question_seconds_count"] {
        assert!(figures.text().contains(figure), "{figure}");
    }
    assert_eq!(ids(&server, "").await, ["fresh"]);
    server.tell_to_stop();
    server.ended().await.unwrap();
    let store = opened(data.path());
    let page = store.call_records(CallFilter::all(AppId::new(APP).unwrap()), 10, None).await.unwrap();
    assert_eq!(page.records.len(), 1);
    store.close(PATIENCE);
}

#[tokio::test]
async fn a_call_that_a_crash_cut_off_has_a_record() {
    let data = tempfile::tempdir().unwrap();
    let copy = tempfile::tempdir().unwrap();
    let store = opened(data.path());
    let mark = store.mark();
    let mut begun = call("cut-off", 1);
    begun.end = None;
    store.call_started(begun);
    store.kept(mark, PATIENCE).await.unwrap();
    // What is on the disk while the server runs is what a crash leaves behind.
    for name in ["huitong.db", "huitong.db-wal"] {
        std::fs::copy(data.path().join(name), copy.path().join(name)).unwrap();
    }
    let mut config = config();
    config.server.data = copy.path().to_owned();
    config.store.keep_call_records_days = FOR_EVER;
    let server = Running::start(config).await;
    assert_eq!(ids(&server, "?reason=serverLost").await, ["cut-off"]);
}
