//! What is kept is found again.

mod common;

use common::{PATIENCE, app, begun, ended, open};
use huitong_store::{
    CallFilter, CallRecord, Cursor, Group, MintedUrl, NotKept, OpenError, Store, StoreConfig,
};
use huitong_types::{AppId, Redacted};
use proptest::prelude::*;
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

async fn keep(store: &Store, records: impl IntoIterator<Item = CallRecord>) {
    let mark = store.mark();
    for record in records {
        store.call_finished(record);
    }
    store.kept(mark, PATIENCE).await.unwrap();
}

async fn ids(store: &Store, filter: CallFilter) -> Vec<String> {
    let page = store.call_records(filter, 1000, None).await.unwrap();
    assert_eq!(page.next, None);
    page.records.into_iter().map(|record| record.call).collect()
}

#[tokio::test]
async fn a_record_comes_back_as_it_was_given_also_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path().join("made").join("when-needed");
    let (store, _) = open(&data);
    keep(&store, [ended("c1", 10_000)]).await;
    let page = store.call_records(CallFilter::all(app()), 10, None).await.unwrap();
    assert_eq!(page.records, [ended("c1", 10_000)]);
    store.close(PATIENCE);
    let (store, restored) = open(&data);
    assert_eq!(restored.lost_calls, 0);
    let page = store.call_records(CallFilter::all(app()), 10, None).await.unwrap();
    assert_eq!(page.records, [ended("c1", 10_000)]);
}

#[tokio::test]
async fn a_record_that_is_given_twice_is_kept_once() {
    let data = tempfile::tempdir().unwrap();
    let (store, _) = open(data.path());
    keep(&store, [ended("c1", 10_000), ended("c1", 10_000), ended("c2", 11_000)]).await;
    assert_eq!(ids(&store, CallFilter::all(app())).await, ["c2", "c1"]);
}

#[tokio::test]
async fn each_filter_leaves_what_it_names() {
    let data = tempfile::tempdir().unwrap();
    let (store, _) = open(data.path());
    let mut carol = ended("with-carol", 3000);
    carol.parties[1].user = "carol".to_owned();
    let mut sound = ended("sound", 2000);
    sound.media = "audio".to_owned();
    let mut missed = ended("missed", 4000);
    missed.end.as_mut().unwrap().reason = "timedOut".to_owned();
    missed.connected_ms = None;
    missed.caller = "bob".to_owned();
    let mut other = ended("other-app", 5000);
    other.app = AppId::new(7).unwrap();
    carol.group = Some("team".to_owned());
    keep(&store, [ended("first", 1000), sound, carol, missed, other]).await;
    let all = CallFilter::all(app());
    let only = async |filter: CallFilter| ids(&store, filter).await;
    assert_eq!(only(all.clone()).await, ["missed", "with-carol", "sound", "first"]);
    let user = |user: &str| CallFilter { user: Some(user.to_owned()), ..all.clone() };
    assert_eq!(only(user("carol")).await, ["with-carol"]);
    assert_eq!(only(user("bob")).await, ["missed", "sound", "first"]);
    assert_eq!(only(user("dave")).await, Vec::<String>::new());
    let between = CallFilter { from_ms: Some(2000), to_ms: Some(4000), ..all.clone() };
    assert_eq!(only(between.clone()).await, ["with-carol", "sound"], "from is inclusive, to is not");
    assert_eq!(only(CallFilter { user: Some("bob".to_owned()), ..between }).await, ["sound"]);
    assert_eq!(only(CallFilter { reason: Some("timedOut".to_owned()), ..all.clone() }).await, ["missed"]);
    assert_eq!(only(CallFilter { media: Some("audio".to_owned()), ..all.clone() }).await, ["sound"]);
    assert_eq!(
        only(CallFilter { user: Some("bob".to_owned()), media: Some("audio".to_owned()), ..all.clone() })
            .await,
        ["sound"]
    );
    let caller = |caller: &str| CallFilter { caller: Some(caller.to_owned()), ..all.clone() };
    assert_eq!(only(caller("bob")).await, ["missed"]);
    assert_eq!(only(caller("alice")).await, ["with-carol", "sound", "first"]);
    assert_eq!(only(CallFilter { user: Some("carol".to_owned()), ..caller("alice") }).await, ["with-carol"]);
    assert_eq!(only(CallFilter { group: Some("team".to_owned()), ..all.clone() }).await, ["with-carol"]);
    let connected = |connected| CallFilter { connected: Some(connected), ..all.clone() };
    assert_eq!(only(connected(true)).await, ["with-carol", "sound", "first"]);
    assert_eq!(only(connected(false)).await, ["missed"]);
}

#[tokio::test]
async fn calls_in_progress_at_the_end_of_the_server_end_with_it() {
    let data = tempfile::tempdir().unwrap();
    let (store, _) = open(data.path());
    let mark = store.mark();
    store.call_started(begun("c1", 1000));
    store.kept(mark, PATIENCE).await.unwrap();
    assert!(ids(&store, CallFilter::all(app())).await.is_empty(), "it is not over");
    store.close(PATIENCE);
    let (store, restored) = open(data.path());
    assert_eq!(restored.lost_calls, 0);
    let page = store.call_records(CallFilter::all(app()), 10, None).await.unwrap();
    let end = page.records[0].end.as_ref().unwrap();
    assert_eq!(end.reason, "serverShutdown");
    assert!(end.at_ms > 1_700_000_000_000, "it ended by the wall clock: {end:?}");
}

#[tokio::test]
async fn groups_are_there_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let (store, restored) = open(data.path());
    assert!(restored.groups.is_empty());
    let group = |id: &str, members: &[&str]| Group {
        app: app(),
        id: id.to_owned(),
        members: members.iter().map(|user| (*user).to_owned()).collect(),
    };
    let mark = store.mark();
    store.put_group(group("team", &["zoe", "alice", "bob"]));
    store.put_group(group("gone", &["alice"]));
    store.put_group(group("empty", &[]));
    store.put_group(group("team", &["zoe", "carol"]));
    store.drop_group(app(), "gone");
    store.kept(mark, PATIENCE).await.unwrap();
    store.close(PATIENCE);
    let (_store, restored) = open(data.path());
    assert_eq!(restored.groups, [group("empty", &[]), group("team", &["zoe", "carol"])]);
}

#[tokio::test]
async fn minted_urls_are_there_after_a_restart_until_they_expire_or_are_withdrawn() {
    let data = tempfile::tempdir().unwrap();
    let (store, _) = open(data.path());
    let url = |key: &str, expires| MintedUrl {
        key: Redacted::new(key.to_owned()),
        expires,
        record: Redacted::new(format!("what {key} opens")),
    };
    let mark = store.mark();
    for minted in [url("camera", u64::MAX), url("over", 1_700_000_000), url("withdrawn", u64::MAX)] {
        store.put_url(minted);
    }
    store.drop_url(Redacted::new("withdrawn".to_owned()));
    store.kept(mark, PATIENCE).await.unwrap();
    store.close(PATIENCE);
    let (_store, restored) = open(data.path());
    let keys: Vec<_> = restored.urls.iter().map(|url| url.key.reveal().as_str()).collect();
    assert_eq!(keys, ["camera"]);
    assert_eq!(restored.urls[0].record, url("camera", 0).record);
}

#[tokio::test]
async fn old_records_are_forgotten_when_the_operator_says_so() {
    let data = tempfile::tempdir().unwrap();
    let (store, _) = open(data.path());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as u64;
    let day = 86_400_000;
    let old = (0..1200).map(|n| ended(&format!("old{n}"), now - 31 * day));
    keep(&store, old.chain([ended("fresh", now - 29 * day)])).await;
    store.close(PATIENCE);
    let config = StoreConfig { data: data.path().to_owned(), keep_call_records_days: 30, keep_usage_days: 0 };
    let (store, _) = Store::open(&config).unwrap();
    let left = async {
        while store.call_records(CallFilter::all(app()), 2, None).await.unwrap().records.len() > 1 {}
    };
    tokio::time::timeout(PATIENCE, left).await.expect("old records are forgotten");
    assert_eq!(ids(&store, CallFilter::all(app())).await, ["fresh"]);
    store.close(PATIENCE);
    let tables = Connection::open(data.path().join("huitong.db")).unwrap();
    let parties: i64 = tables.query_row("SELECT count(*) FROM call_parties", [], |row| row.get(0)).unwrap();
    assert_eq!(parties, 2, "nobody is left of a call that is forgotten");
}

#[tokio::test]
async fn a_database_that_refuses_stops_nobody_and_loses_nothing() {
    let data = tempfile::tempdir().unwrap();
    let (store, _) = open(data.path());
    // Another program holds the database longer than the store waits in one try.
    let other = Connection::open(data.path().join("huitong.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mark = store.mark();
    store.call_finished(ended("c1", 1000));
    let failing = async {
        while !store.health().failing {
            tokio::task::yield_now().await
        }
    };
    tokio::time::timeout(PATIENCE, failing).await.expect("the failure shows");
    assert_eq!(store.kept(mark, Duration::ZERO).await, Err(NotKept));
    store.call_finished(ended("c2", 2000));
    assert!(ids(&store, CallFilter::all(app())).await.is_empty(), "what was kept before can be read");
    drop(other);
    store.kept(mark, PATIENCE).await.unwrap();
    assert_eq!(ids(&store, CallFilter::all(app())).await, ["c2", "c1"]);
    assert_eq!((store.health().failing, store.health().lost), (false, 0));
}

#[tokio::test]
async fn a_server_that_ends_while_the_disk_refuses_says_what_it_lost() {
    let data = tempfile::tempdir().unwrap();
    let (store, _) = open(data.path());
    let other = Connection::open(data.path().join("huitong.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    store.call_finished(ended("c1", 1000));
    let closing = store.clone();
    tokio::task::spawn_blocking(move || closing.close(Duration::ZERO)).await.unwrap();
    assert_eq!(store.health().lost, 1);
    store.call_finished(ended("late", 1000));
    assert_eq!(store.health().lost, 2, "a closed store takes nothing");
}

#[tokio::test]
async fn a_second_server_is_kept_off_the_directory() {
    let data = tempfile::tempdir().unwrap();
    let (store, _) = open(data.path());
    let config = StoreConfig { data: data.path().to_owned(), keep_call_records_days: 0, keep_usage_days: 0 };
    let error = Store::open(&config).unwrap_err();
    assert!(matches!(error, OpenError::InUse(_)), "{error}");
    assert!(error.to_string().contains("in use by another server"), "{error}");
    store.close(PATIENCE);
    Store::open(&config).unwrap();
}

#[test]
fn a_database_of_a_newer_version_is_refused_and_left_as_it_is() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("huitong.db");
    let newer = Connection::open(&path).unwrap();
    newer.execute_batch("CREATE TABLE tomorrow (a); PRAGMA user_version = 1000").unwrap();
    newer.close().unwrap();
    let before = std::fs::read(&path).unwrap();
    let config = StoreConfig { data: data.path().to_owned(), keep_call_records_days: 0, keep_usage_days: 0 };
    let error = Store::open(&config).unwrap_err().to_string();
    assert!(
        error.contains("newer Huitong (form 1000, this one knows 6)") && error.contains("--data"),
        "{error}"
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_file_that_is_no_database_is_told_in_one_sentence() {
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("huitong.db"), "x".repeat(4096)).unwrap();
    let config = StoreConfig { data: data.path().to_owned(), keep_call_records_days: 0, keep_usage_days: 0 };
    let error = Store::open(&config).unwrap_err();
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("put a backup in its place"), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let data = tempfile::tempdir().unwrap();
    let (store, _) = open(data.path());
    keep(&store, [ended("c1", 1000)]).await;
    let mut names = BTreeSet::new();
    for file in std::fs::read_dir(data.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
        names.insert(file.file_name().into_string().unwrap());
    }
    assert!(names.contains("huitong.db-wal"), "{names:?}");
    store.close(PATIENCE);
    assert!(!data.path().join("huitong.db-wal").exists(), "a closed database is one file");
}

/// One step of somebody who reads while calls end.
#[derive(Clone, Debug)]
enum Step {
    Turn,
    End { at: u64, carol: bool },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let end = (0_u64..40, any::<bool>()).prop_map(|(at, carol)| Step::End { at, carol });
    proptest::collection::vec(prop_oneof![2 => Just(Step::Turn), 3 => end], 0..40)
}

fn record(n: usize, at: u64, carol: bool) -> CallRecord {
    let mut record = ended(&format!("c{n}"), at);
    if carol {
        record.parties[1].user = "carol".to_owned();
    }
    record
}

/// Reads all pages; what ends meanwhile may end at any time, as clocks are set back.
async fn read(data: &Path, there: Vec<(u64, bool)>, steps: Vec<Step>, size: usize, user: Option<String>) {
    let (store, _) = open(data);
    let matches = |carol: bool| user.as_deref() != Some("carol") || carol;
    let mut wanted = BTreeSet::new();
    let mut number = 0;
    let mut records = Vec::new();
    for (at, carol) in there {
        if matches(carol) {
            wanted.insert(format!("c{number}"));
        }
        records.push(record(number, at, carol));
        number += 1;
    }
    keep(&store, records).await;
    let filter = CallFilter { user: user.clone(), ..CallFilter::all(app()) };
    let mut steps = steps.into_iter();
    let mut after: Option<Cursor> = None;
    let mut seen = Vec::new();
    let mut last_end = u64::MAX;
    loop {
        let page = store.call_records(filter.clone(), size, after).await.unwrap();
        assert!(page.records.len() <= size);
        for record in &page.records {
            let end = record.end.as_ref().unwrap().at_ms;
            assert!(end <= last_end, "newest first");
            assert_eq!(record.parties.len(), 2);
            last_end = end;
        }
        seen.extend(page.records.into_iter().map(|record| record.call));
        let Some(next) = page.next else { break };
        after = Some(next.to_string().parse().unwrap());
        let mut ends = Vec::new();
        for step in steps.by_ref() {
            match step {
                Step::Turn => break,
                Step::End { at, carol } => {
                    ends.push(record(number, at, carol));
                    number += 1;
                }
            }
        }
        keep(&store, ends).await;
    }
    let once: BTreeSet<String> = seen.iter().cloned().collect();
    assert_eq!(once.len(), seen.len(), "no call is seen twice");
    assert!(wanted.is_subset(&once), "missing: {:?}", wanted.difference(&once).collect::<Vec<_>>());
    store.close(PATIENCE);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn pages_show_each_call_once_while_others_end(
        there in proptest::collection::vec((0_u64..40, any::<bool>()), 0..60),
        steps in steps(),
        size in 1_usize..12,
        carol in any::<bool>(),
    ) {
        let data = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(read(data.path(), there, steps, size, carol.then(|| "carol".to_owned())));
    }
}

/// docs/operating.md says what a call takes on the disk.
#[tokio::test]
async fn a_thousand_calls_take_half_a_megabyte() {
    let data = tempfile::tempdir().unwrap();
    let (store, _) = open(data.path());
    let user = |n: u64| format!("user-{:08}", n * 7919 % 100_000);
    keep(
        &store,
        (0..10_000_u64).map(|n| {
            let mut record = ended(&format!("{n:016x}"), 1_764_000_000_000 + n * 1000);
            record.caller = user(n);
            record.parties[0].user = user(n);
            record.parties[1].user = user(n + 1);
            record
        }),
    )
    .await;
    store.close(PATIENCE);
    let bytes = std::fs::metadata(data.path().join("huitong.db")).unwrap().len() / 10;
    assert!((300_000..600_000).contains(&bytes), "1000 calls take {bytes} bytes");
}
