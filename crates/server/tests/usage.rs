//! Usage and suspension over real HTTP and real signalling.

mod common;

use common::{APP, PATIENCE, Phone, Running, config, soon};
use huitong_server::config::AppSection;
use huitong_store::{Store, StoreConfig, UsageRecord, UsageTotals};
use huitong_types::AppId;
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

/// 2025-11-26, days since 1970-01-01.
const DAY: i32 = 20_418;

/// The first moment of that day, Unix ms.
const MIDNIGHT: u64 = 1_764_115_200_000;

fn app() -> AppId {
    AppId::new(APP).unwrap()
}

/// Half an hour and a little of a user who saw pictures of two sizes.
fn part(stay: &str, user: &str, day: i32) -> UsageRecord {
    let started_ms = MIDNIGHT + u64::try_from(day - DAY).unwrap() * 86_400_000;
    UsageRecord {
        app: app(),
        stay: stay.to_owned(),
        day,
        room: "@7".to_owned(),
        user: user.to_owned(),
        guests: false,
        started_ms,
        ended_ms: started_ms + 1_800_200,
        open: false,
        totals: UsageTotals {
            room_ms: 1_800_200,
            audio_ms: 600_200,
            mic_ms: 1_000_000,
            sd_ms: 1_200_000,
            hd_ms: 59_000,
            fhd_ms: 0,
        },
    }
}

fn opened(data: &Path) -> Store {
    Store::open(&StoreConfig { data: data.to_owned(), keep_call_records_days: 0, keep_usage_days: 0 })
        .unwrap()
        .0
}

/// A server that finds this usage in its database.
async fn server_with(records: impl IntoIterator<Item = UsageRecord>) -> (Running, TempDir) {
    let data = tempfile::tempdir().unwrap();
    let store = opened(data.path());
    records.into_iter().for_each(|record| store.usage(record));
    store.close(PATIENCE);
    let mut config = config();
    config.server.data = data.path().to_owned();
    config.store.keep_usage_days = 0;
    config.app.push(AppSection::new(AppId::new(APP + 1).unwrap(), "the-secret-of-the-other"));
    (Running::start(config).await, data)
}

async fn stays(server: &Running, query: &str) -> Vec<String> {
    let answer = server.api("GET", &format!("/v1/usage{query}"), "").await;
    assert_eq!(answer.status, 200, "{query}: {answer:?}");
    let list = answer.json();
    list["records"].as_array().unwrap().iter().map(|r| r["stay"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_record_says_who_used_what_where_and_when() {
    let (server, _data) = server_with([part("s1", "alice", DAY)]).await;
    let list = server.api("GET", "/v1/usage", "").await.json();
    let wanted = json!({"records": [{
        "stay": "s1", "day": "2025-11-26", "room": "@7", "user": "alice", "open": false,
        "startedMs": MIDNIGHT, "endedMs": MIDNIGHT + 1_800_200, "roomMs": 1_800_200, "audioMs": 600_200,
        "micMs": 1_000_000, "videoSdMs": 1_200_000, "videoHdMs": 59_000, "videoFhdMs": 0,
    }]});
    assert_eq!(list, wanted);
}

#[tokio::test]
async fn days_are_summed_before_they_are_rounded_up() {
    let records = [part("a", "alice", DAY), part("b", "bob", DAY), part("c", "alice", DAY + 1)];
    let (server, _data) = server_with(records).await;
    let answer = server.api("GET", "/v1/usage/daily", "").await.json();
    assert_eq!(answer["dayOffsetMinutes"], 0);
    let [newer, older] = answer["days"].as_array().unwrap().as_slice() else { panic!("{answer}") };
    let wanted = json!({"day": "2025-11-26", "stays": 2, "roomMs": 3_600_400, "audioMs": 1_200_400,
        "micMs": 2_000_000, "videoSdMs": 2_400_000, "videoHdMs": 118_000, "videoFhdMs": 0,
        "audioMinutes": 20, "videoSdMinutes": 40, "videoHdMinutes": 2, "videoFhdMinutes": 0});
    assert_eq!(older, &wanted);
    assert_eq!((&newer["day"], &newer["audioMinutes"]), (&json!("2025-11-27"), &json!(10)));
    let of_bob = server.api("GET", "/v1/usage/daily?user=bob&room=@7", "").await.json();
    assert_eq!(of_bob["days"].as_array().unwrap().len(), 1);
    assert_eq!(of_bob["days"][0]["videoHdMinutes"], 1);
}

#[tokio::test]
async fn each_filter_leaves_what_it_names_and_pages_follow_each_other() {
    let mut elsewhere = part("elsewhere", "alice", DAY + 1);
    elsewhere.room = "8".to_owned();
    let mut other = part("other", "alice", DAY);
    other.app = AppId::new(APP + 1).unwrap();
    let guests = UsageRecord { guests: true, ..part("guests", "bob", DAY) };
    let records = [
        part("a", "alice", DAY),
        part("b", "bob", DAY),
        elsewhere,
        part("c", "carol", DAY + 2),
        other,
        guests,
    ];
    let (server, _data) = server_with(records).await;
    for (query, wanted) in [
        ("", vec!["c", "elsewhere", "b", "a"]),
        ("?user=alice", vec!["elsewhere", "a"]),
        ("?room=@7", vec!["c", "b", "a"]),
        ("?room=8&user=alice", vec!["elsewhere"]),
        ("?room=008", vec!["elsewhere"]),
        ("?since=2025-11-27", vec!["c", "elsewhere"]),
        ("?until=2025-11-27", vec!["b", "a"]),
        ("?since=2025-11-27&until=2025-11-28", vec!["elsewhere"]),
        ("?user=dave", vec![]),
        ("?of=guests", vec!["guests"]),
        ("?of=members&user=bob", vec!["b"]),
    ] {
        assert_eq!(stays(&server, query).await, wanted, "{query}");
    }
    let first = server.api("GET", "/v1/usage?limit=3", "").await.json();
    let next = first["next"].as_str().unwrap();
    assert_eq!(stays(&server, &format!("?limit=3&cursor={next}")).await, ["a"]);
}

#[tokio::test]
async fn wrong_questions_are_told_what_is_wrong() {
    let (server, _data) = server_with([]).await;
    for (path, query, says) in [
        ("usage", "limit=0", "allowed is 1 to 1000"),
        ("usage", "cursor=x", "no cursor"),
        ("usage", "usr=alice", "unknown field `usr`"),
        ("usage", "user=", "is empty"),
        ("usage", "room=", "is empty"),
        ("usage", "since=yesterday", "write it like 2026-11-26"),
        ("usage", "until=2026-02-30", "write it like 2026-11-26"),
        ("usage", "since=2026-11-26&until=2026-11-26", "not after since"),
        ("usage/daily", "limit=5", "unknown field `limit`"),
        ("usage/daily", "since=1", "write it like"),
        ("usage.csv", "bom=2", "allowed are 0 and 1"),
        ("usage.csv", "exact=2", "allowed are 0 and 1"),
        ("usage", "of=all", "allowed are members and guests"),
        ("usage/users", "limit=0", "allowed is 1 to 1000"),
        ("usage/rooms", "cursor=1-2", "unknown field `cursor`"),
        ("usage.csv", "cursor=1-2", "unknown field `cursor`"),
    ] {
        let answer = server.api("GET", &format!("/v1/{path}?{query}"), "").await;
        assert_eq!((answer.status, answer.code()), (400, "invalid-field".to_owned()), "{path} {query}");
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(says), "{query}: {message}");
    }
    for path in ["/v1/usage", "/v1/usage.csv", "/v1/usage/daily", "/v1/suspension"] {
        assert_eq!(server.get(path).await.status, 401, "{path}");
        assert_eq!(server.api("POST", path, "").await.status, 405, "{path}");
    }
}

#[tokio::test]
async fn everything_comes_as_a_table() {
    let many = (0..1100).map(|n| part(&format!("s{n}"), "=alice", DAY));
    let (server, _data) = server_with(many).await;
    let answer = server.api("GET", "/v1/usage.csv?bom=1", "").await;
    let head = answer.head.to_lowercase();
    assert!(head.contains("content-disposition: attachment; filename=\"usage.csv\""), "{head}");
    let text = answer.text();
    let columns =
        "day,room,user,startedUtc,endedUtc,open,roomMs,audioMs,micMs,videoSdMs,videoHdMs,videoFhdMs,stay\r\n";
    assert!(text.contains(&format!("\u{feff}{columns}")), "{text:.300}");
    let line = "2025-11-26,'@7,'=alice,2025-11-26 00:00:00,2025-11-26 00:30:00,false,1800200,600200,1000000,1200000,\
                59000,0,s7\r\n";
    assert!(text.contains(line), "{text:.600}");
    assert_eq!(text.matches("2025-11-26,").count(), 1100);
    let exact = server.api("GET", "/v1/usage.csv?exact=1", "").await;
    let line = "2025-11-26,@7,=alice,2025-11-26 00:00:00,2025-11-26 00:30:00,false,1800200,600200,1000000,1200000,\
                59000,0,s7\r\n";
    assert!(exact.text().contains(line) && !exact.text().contains('\''), "{:.600}", exact.text());
}

#[tokio::test]
async fn users_and_rooms_have_sums() {
    let mut elsewhere = part("elsewhere", "alice", DAY + 1);
    elsewhere.room = "8".to_owned();
    let records = [part("a", "alice", DAY), part("b", "bob", DAY), elsewhere, part("c", "a 会", DAY)];
    let (server, _data) = server_with(records).await;
    let names = |list: &Value| -> Vec<(String, u64)> {
        let sums = list["sums"].as_array().unwrap().iter();
        sums.map(|sum| (sum["name"].as_str().unwrap().to_owned(), sum["roomMs"].as_u64().unwrap())).collect()
    };
    let owned = |list: &[(&str, u64)]| -> Vec<(String, u64)> {
        list.iter().map(|(name, stays)| ((*name).to_owned(), stays * 1_800_200)).collect()
    };
    for (query, wanted, next) in [
        ("users", vec![("a 会", 1), ("alice", 2), ("bob", 1)], None),
        ("users?limit=2", vec![("a 会", 1), ("alice", 2)], Some("alice")),
        ("users?limit=2&after=alice", vec![("bob", 1)], None),
        ("users?after=a%20%E4%BC%9A&limit=1", vec![("alice", 2)], Some("alice")),
        ("users?room=@7", vec![("a 会", 1), ("alice", 1), ("bob", 1)], None),
        ("rooms", vec![("8", 1), ("@7", 3)], None),
        ("rooms?user=alice&since=2025-11-27", vec![("8", 1)], None),
        ("rooms?user=nobody", vec![], None),
    ] {
        let list = server.api("GET", &format!("/v1/usage/{query}"), "").await.json();
        assert_eq!((names(&list), list["next"].as_str()), (owned(&wanted), next), "{query}");
    }
    let sum = server.api("GET", "/v1/usage/users?user=bob", "").await.json();
    let wanted = json!({"name": "bob", "stays": 1, "roomMs": 1_800_200, "audioMs": 600_200, "micMs": 1_000_000,
        "videoSdMs": 1_200_000, "videoHdMs": 59_000, "videoFhdMs": 0});
    assert_eq!(sum["sums"][0], wanted);
}

async fn join(server: &Running, user: &str) -> Value {
    let mut client = Phone::login(server, user).await;
    client.request(json!({"op": "join", "room": {"number": 1}})).await
}

#[tokio::test]
async fn a_suspension_keeps_others_out_until_it_is_lifted_also_over_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let with_data = || {
        let mut config = config();
        config.server.data = data.path().to_owned();
        config
    };
    let mut server = Running::start(with_data()).await;
    assert_eq!(server.api("GET", "/v1/suspension", "").await.json()["suspended"], false);
    let mut alice = Phone::login(&server, "alice").await;
    alice.request(json!({"op": "join", "room": {"number": 1}})).await;
    let suspended = server.api("PUT", "/v1/suspension", "").await;
    assert_eq!(
        (suspended.status, suspended.json()),
        (200, json!({"suspended": true, "byConfiguration": false, "byOperator": false}))
    );
    assert_eq!(join(&server, "bob").await["error"]["code"], "app-suspended");
    let again = alice.request(json!({"op": "join", "room": {"number": 1}})).await;
    assert!(again["ok"].is_object(), "who is inside stays: {again}");
    server.tell_to_stop();
    server.ended().await.unwrap();
    let server = Running::start(with_data()).await;
    assert_eq!(join(&server, "bob").await["error"]["code"], "app-suspended");
    let call =
        server.api("POST", "/v1/calls", r#"{"caller": "a", "invitees": ["b"], "media": "audio"}"#).await;
    assert_eq!((call.status, call.code()), (403, "app-suspended".to_owned()));
    assert_eq!(server.api("DELETE", "/v1/suspension", "").await.json()["suspended"], false);
    assert!(join(&server, "bob").await["ok"].is_object());
    let list = server.api("GET", "/v1/usage", "").await.json();
    let records = list["records"].as_array().unwrap();
    assert_eq!(records.len(), 1, "the stay of alice ended with the server: {list}");
    assert_eq!((&records[0]["user"], &records[0]["open"]), (&json!("alice"), &json!(false)));
}

#[tokio::test]
async fn what_the_configuration_suspends_the_back_end_cannot_resume() {
    let mut config = config();
    config.app[0].suspended = true;
    let server = Running::start(config).await;
    assert_eq!(join(&server, "bob").await["error"]["code"], "app-suspended");
    let refused = server.api("DELETE", "/v1/suspension", "").await;
    assert_eq!((refused.status, refused.code()), (403, "app-suspended".to_owned()));
    assert_eq!(server.api("GET", "/v1/suspension", "").await.json()["byConfiguration"], true);
}

#[tokio::test]
async fn a_quota_that_was_used_up_before_the_start_keeps_everybody_out() {
    let data = tempfile::tempdir().unwrap();
    let store = opened(data.path());
    let today = i32::try_from(huitong_server::unix_seconds() / 86_400).unwrap();
    // A test that begins a moment before midnight finds the same of the day after.
    store.usage(part("s1", "alice", today));
    store.usage(part("s2", "alice", today + 1));
    store.close(PATIENCE);
    let mut config = config();
    config.server.data = data.path().to_owned();
    config.app[0].video_minutes_per_day = 20;
    let server = Running::start(config).await;
    let refused = join(&server, "bob").await;
    assert_eq!(refused["error"]["code"], "app-overdue", "{refused}");
    assert_eq!(server.api("GET", "/v1/suspension", "").await.json()["overdue"], "videoDay");
    let figures = soon("the figures come", server.get("/metrics")).await;
    assert!(figures.text().contains("huitong_apps_over_quota"), "{}", figures.text());
}
