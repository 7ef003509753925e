//! Processes that write and are killed, and disks that are full. Each part runs the program again as its victim.

mod common;

use common::{PATIENCE, app, begun, conference, ended, open};
use huitong_store::{CallFilter, CallRecord, Store};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// Kills in one run: at other moments each, and on top of each other.
const KILLS: usize = 12;

/// Size that a file of the victim with the full disk may have, bytes.
const FULL: u64 = 300 * 1024;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("write-for-ever") => return write_for_ever(Path::new(&arguments[1]), &arguments[2]),
        Some("fill-the-disk") => return fill_the_disk(Path::new(&arguments[1])),
        Some("--list") => return,
        _ => {}
    }
    no_kill_costs_an_acknowledged_record();
    println!("no_kill_costs_an_acknowledged_record ... ok");
    no_torn_log_costs_a_record_before_the_tear();
    println!("no_torn_log_costs_a_record_before_the_tear ... ok");
    a_full_disk_keeps_records_waiting_until_there_is_room();
    println!("a_full_disk_keeps_records_waiting_until_there_is_room ... ok");
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

/// Everything that is kept, by id.
fn all(store: &Store) -> BTreeMap<String, CallRecord> {
    block_on(async {
        let mut found = BTreeMap::new();
        let mut after = None;
        loop {
            let page = store.call_records(CallFilter::all(app()), 500, after).await.unwrap();
            for record in page.records {
                assert!(found.insert(record.call.clone(), record).is_none(), "a record is there twice");
            }
            after = page.next;
            if after.is_none() {
                return found;
            }
        }
    })
}

/// The victim: begins two calls and ends one of them, changes a conference that goes on and ends one that it made just before,
/// and says so once it is kept.
fn write_for_ever(data: &Path, name: &str) {
    let (store, _) = open(data);
    for n in 0_u64.. {
        let mark = store.mark();
        store.call_started(begun(&format!("{name}-{n}"), 1_000_000 + n));
        store.call_started(begun(&format!("{name}-{n}-open"), 1_000_000 + n));
        store.call_finished(ended(&format!("{name}-{n}"), 1_000_000 + n));
        let user = format!("u{n}");
        assert!(store.put_conference(conference(name, Some(&n.to_string()), &[(&user, Some("admin"))])));
        let brief = format!("{name}-{n}-brief");
        assert!(store.put_conference(conference(&brief, Some("brief"), &[("eve", Some("admin"))])));
        assert!(store.drop_conference(app(), brief));
        block_on(store.kept(mark, PATIENCE)).unwrap();
        say(&n.to_string());
    }
}

fn victim(arguments: &[&str]) -> (Child, Lines<BufReader<ChildStdout>>) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let mut child = command.args(arguments).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, lines)
}

fn no_kill_costs_an_acknowledged_record() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap();
    let mut told: BTreeMap<String, u64> = BTreeMap::new();
    let mut last: BTreeMap<String, u64> = BTreeMap::new();
    for kill in 0..KILLS {
        let name = format!("v{kill}");
        let (mut child, mut lines) = victim(&["write-for-ever", folder, &name]);
        for _ in 0..(kill * 7) % 40 + 1 {
            let n: u64 = lines.next().unwrap().unwrap().parse().unwrap();
            told.insert(format!("{name}-{n}"), n);
            last.insert(name.clone(), n);
        }
        // Now it is somewhere in the next write.
        child.kill().unwrap();
        child.wait().unwrap();
        // It may have told more before it died.
        for line in lines.map_while(Result::ok) {
            if let Ok(n) = line.parse() {
                told.insert(format!("{name}-{n}"), n);
                last.insert(name.clone(), n);
            }
        }
    }
    let (store, restored) = open(data.path());
    let ids: Vec<&str> = restored.conferences.iter().map(|own| own.id.as_str()).collect();
    let mut expected: Vec<String> = (0..KILLS).map(|kill| format!("v{kill}")).collect();
    expected.retain(|name| last.contains_key(name));
    assert_eq!(ids, expected, "those that are not over, the oldest first, and no others");
    for own in &restored.conferences {
        let written: u64 = own.itself.as_ref().unwrap().record.reveal().parse().unwrap();
        assert!(
            written >= last[&own.id],
            "{} was kept as of {} and is as of {written}",
            own.id,
            last[&own.id]
        );
        let users: BTreeMap<String, u64> = (0..=written).map(|n| (format!("u{n}"), n)).collect();
        assert!(own.decided.keys().eq(users.keys()), "what was decided is of the same moment: {own:?}");
    }
    let found = all(&store);
    for (call, n) in &told {
        assert_eq!(found.get(call), Some(&ended(call, 1_000_000 + n)), "kept and gone");
        let open = &found[&format!("{call}-open")];
        let end = open.end.as_ref().unwrap();
        assert_eq!(end.reason, "serverLost", "{open:?}");
        assert!(end.at_ms > open.started_ms && open.parties.len() == 2, "{open:?}");
    }
    store.close(PATIENCE);
}

/// A power cut leaves the log up to any byte that was not synced. The bytes that were, at each acknowledgement, are
/// noted; the log is cut there, and a little behind, with and without rubbish after it.
fn no_torn_log_costs_a_record_before_the_tear() {
    let data = tempfile::tempdir().unwrap();
    let (store, _) = open(data.path());
    let log = |folder: &Path| folder.join("huitong.db-wal");
    let mut lengths = Vec::new();
    for n in 0..24_u64 {
        let mark = store.mark();
        store.call_finished(ended(&format!("c{n}"), 1000 + n));
        block_on(store.kept(mark, PATIENCE)).unwrap();
        lengths.push(fs::metadata(log(data.path())).unwrap().len());
    }
    let database = fs::read(data.path().join("huitong.db")).unwrap();
    let whole = fs::read(log(data.path())).unwrap();
    for (last, length) in lengths.iter().enumerate() {
        for (behind, rubbish) in [(0, 0), (1, 0), (100, 0), (3000, 0), (0, 5000), (777, 5000)] {
            let torn = tempfile::tempdir().unwrap();
            let cut = usize::try_from(*length).unwrap() + behind;
            let mut bytes = whole[..cut.min(whole.len())].to_vec();
            bytes.extend(std::iter::repeat_n(0xA5, rubbish));
            fs::write(torn.path().join("huitong.db"), &database).unwrap();
            fs::write(log(torn.path()), &bytes).unwrap();
            let (store, _) = open(torn.path());
            let found = all(&store);
            for n in 0..=last as u64 {
                let call = format!("c{n}");
                assert_eq!(found.get(&call), Some(&ended(&call, 1000 + n)), "cut {behind} behind c{last}");
            }
            store.close(PATIENCE);
        }
    }
}

/// The victim: its files may not grow beyond some size, until they may.
fn fill_the_disk(data: &Path) {
    let (store, _) = open(data);
    let before = getrlimit(Resource::Fsize);
    setrlimit(Resource::Fsize, Rlimit { current: Some(FULL), ..before }).unwrap();
    let mark = store.mark();
    let since = Instant::now();
    let mut many = 0_u64;
    while !store.health().failing {
        assert!(since.elapsed() < PATIENCE, "the disk is not full after {many} records");
        store.call_finished(ended(&format!("c{many}"), 1000 + many));
        many += 1;
        if many.is_multiple_of(100) {
            // A commit that fails shows when it is tried, not when it is handed over.
            let _waits = block_on(store.kept(mark, Duration::from_millis(20)));
        }
    }
    store.call_finished(ended(&format!("c{many}"), 1000 + many));
    assert!(block_on(store.kept(mark, Duration::ZERO)).is_err());
    let readable = all(&store).len() as u64;
    setrlimit(Resource::Fsize, before).unwrap();
    block_on(store.kept(mark, PATIENCE)).unwrap();
    let found = all(&store);
    let health = store.health();
    assert_eq!((health.failing, health.lost, health.waiting), (false, 0, 0));
    store.close(PATIENCE);
    say(&format!("{} {} {readable}", many + 1, found.len()));
}

fn a_full_disk_keeps_records_waiting_until_there_is_room() {
    let data = tempfile::tempdir().unwrap();
    // The signal that comes with a file size limit must not end the victim.
    let script = "trap '' XFSZ; exec \"$0\" \"$@\"";
    let exe = std::env::current_exe().unwrap();
    let output = Command::new("sh")
        .args(["-c", script, exe.to_str().unwrap(), "fill-the-disk", data.path().to_str().unwrap()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<u64> = text.split_whitespace().map(|word| word.parse().unwrap()).collect();
    let [given, found, readable] = numbers[..] else { panic!("{text}") };
    assert_eq!(given, found, "all that was handed over is kept in the end");
    assert!(readable < given, "some had to wait");
}
