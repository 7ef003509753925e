//! The rules of the house.

use huitong_house::{code_lines, files, root, shown};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

/// The layer of every crate; a crate depends on lower layers only (and, inside L2 and L3, on what is listed
/// below).
const LAYERS: &[(u8, &[&str])] = &[
    (0, &["types", "media"]),
    (1, &["rtmp", "protocol", "auth"]),
    (2, &["room", "call", "conference", "usage", "session", "engine", "hub", "mixer"]),
    (3, &["fanout", "codec", "store", "gateway-rtmp", "gateway-flv", "gateway-webrtc", "gateway-signal"]),
    (4, &["server", "cli", "client", "testkit", "explore", "house", "bench"]),
];

/// Dependencies inside a layer. Composition has an order of its own: the engine composes the machines, the
/// gateways stand on the threads and sockets of the fan-out, the command on the server.
const SAME_LAYER: &[(&str, &str)] = &[
    ("engine", "room"),
    ("engine", "session"),
    ("engine", "call"),
    ("engine", "conference"),
    ("gateway-rtmp", "fanout"),
    ("gateway-flv", "fanout"),
    ("gateway-webrtc", "fanout"),
    ("cli", "server"),
    ("testkit", "client"),
    ("testkit", "server"),
    ("bench", "client"),
    ("bench", "testkit"),
];

/// What each pure crate must not know although its layer would allow it.
const BLIND: &[(&str, &[&str])] = &[
    ("hub", &["media", "rtmp", "protocol", "auth"]),
    ("rtmp", &["media", "protocol", "auth", "types"]),
    ("media", &["types"]),
    ("room", &["protocol", "auth", "media", "rtmp"]),
    ("call", &["protocol", "auth", "media", "rtmp"]),
    ("conference", &["protocol", "auth", "media", "rtmp"]),
    ("usage", &["protocol", "auth", "media", "rtmp"]),
    ("mixer", &["types", "media", "protocol", "auth", "rtmp"]),
    ("fanout", &["rtmp", "protocol", "auth"]),
    ("codec", &["rtmp", "protocol", "auth", "room", "session", "engine", "hub"]),
    ("store", &["media", "rtmp", "protocol", "auth", "room", "session", "engine", "hub"]),
    ("gateway-rtmp", &["protocol", "auth"]),
    ("gateway-flv", &["protocol", "auth", "rtmp"]),
    ("gateway-webrtc", &["protocol", "auth", "rtmp"]),
    ("gateway-signal", &["auth", "media", "rtmp"]),
    ("explore", &["types", "room", "call", "conference", "session", "engine", "hub", "server"]),
];

fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let args = ["metadata", "--no-deps", "--format-version", "1", "--offline", "--locked"];
    let output = Command::new(cargo).args(args).current_dir(root()).output().expect("cargo metadata");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let mut all = BTreeMap::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let own = package["dependencies"].as_array().expect("dependencies").iter();
        let normal = own.filter(|d| d["kind"].is_null()).filter_map(|d| d["name"].as_str()).map(short);
        all.insert(short(package["name"].as_str().expect("a name")), normal.collect());
    }
    all
}

fn short(name: &str) -> String {
    name.strip_prefix("huitong-").unwrap_or(name).to_owned()
}

fn layer_of(name: &str) -> Option<u8> {
    LAYERS.iter().find(|(_, names)| names.contains(&name)).map(|(layer, _)| *layer)
}

#[test]
fn dependencies_point_down() {
    let mut broken = Vec::new();
    for (name, dependencies) in dependencies() {
        let Some(layer) = layer_of(&name) else {
            broken.push(format!("{name} has no layer: add it to LAYERS"));
            continue;
        };
        for dependency in dependencies {
            let Some(below) = layer_of(&dependency) else { continue };
            let listed = SAME_LAYER.contains(&(name.as_str(), dependency.as_str()));
            if below > layer || (below == layer && !listed) {
                broken.push(format!("{name} (L{layer}) depends on {dependency} (L{below})"));
            }
            let blind = BLIND
                .iter()
                .find(|(who, _)| *who == name)
                .is_some_and(|(_, what)| what.contains(&dependency.as_str()));
            if blind {
                broken.push(format!("{name} must not know {dependency}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Crates of L0 to L2: time, bytes and randomness are arguments.
#[test]
fn pure_crates_touch_no_clock_socket_file_or_environment() {
    let banned = [
        "tokio",
        "std::net",
        "std::fs",
        "std::env::",
        "std::process",
        "std::thread",
        "Instant::now",
        "SystemTime",
        "getrandom",
        "rand::",
        "println!",
        "eprintln!",
        "tracing::",
    ];
    let mut broken = Vec::new();
    for (layer, names) in LAYERS {
        for name in names.iter().filter(|_| *layer <= 2) {
            for path in files(&format!("crates/{name}/src"), &[".rs"]) {
                for (n, line) in code_lines(&path) {
                    if let Some(word) = banned.iter().find(|word| line.contains(**word)) {
                        broken.push(format!("{}:{n} uses {word}", shown(&path)));
                    }
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// The names of the vendors' APIs stay where they are translated: the error table, credentials, the SDK faces.
#[test]
fn vendor_words_stay_at_the_edge() {
    let words = ["trtc", "emedia", "easemob", "tencent", "gme_", "gme-"];
    let allowed = [
        "crates/types/src/errors.rs",
        "crates/auth/",
        "crates/server/src/compat",
        "crates/server/src/http/sdk",
        "crates/protocol/tests/",
        "crates/house/",
        "crates/testkit/",
        "sdk/trtc",
        "sdk/gme-room",
        "sdk/emedia",
        "sdk/conformance",
    ];
    let mut broken = Vec::new();
    for path in [files("crates", &[".rs"]), files("sdk", &[".ts"])].concat() {
        let name = shown(&path);
        let in_test = name.contains("/tests/") || name.contains("/test/") || name.contains(".test.");
        if in_test || allowed.iter().any(|prefix| name.starts_with(prefix)) {
            continue;
        }
        for (n, line) in code_lines(&path) {
            let line = line.to_lowercase();
            if let Some(word) = words.iter().find(|word| says(&line, word)) {
                broken.push(format!("{name}:{n} says {word}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Whether a line has the word, not as the end of another one (`closemedia`).
fn says(line: &str, word: &str) -> bool {
    let starts = |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric());
    line.match_indices(word).any(|(at, _)| starts(at))
}

/// Longest file, lines; the god file is always the session or the participant.
const LINES: usize = 600;

#[test]
fn files_are_short() {
    let endings = [".rs", ".ts", ".js", ".mjs"];
    let mut long = Vec::new();
    for folder in ["crates", "sdk", "web", "bench", "tests", "fuzz", "examples", "scripts"] {
        for path in files(folder, &endings) {
            let lines = fs::read_to_string(&path).unwrap_or_default().lines().count();
            if lines > LINES {
                long.push(format!(
                    "{} has {lines} lines, at most {LINES} are allowed: split it",
                    shown(&path)
                ));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn queues_are_bounded_and_nothing_is_unfinished() {
    let banned = [
        concat!("unbounded_", "channel"),
        concat!("mpsc::", "channel()"),
        concat!("to", "do!("),
        concat!("unimplement", "ed!("),
        concat!("#[ign", "ore"),
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
    ];
    let mut broken = Vec::new();
    for path in [files("crates", &[".rs"]), files("bench", &[".rs"])].concat() {
        let text = fs::read_to_string(&path).unwrap_or_default();
        for (n, line) in text.lines().enumerate() {
            if let Some(word) = banned.iter().find(|word| line.contains(**word)) {
                broken.push(format!("{}:{} has {word}", shown(&path), n + 1));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// `scripts/rust-tests.mjs` runs test programs, and examples in comments are none: one would be compiled by nobody.
#[test]
fn examples_in_comments_are_text() {
    let mut broken = Vec::new();
    for path in [files("crates", &[".rs"]), files("bench", &[".rs"])].concat() {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let mut open = false;
        for (n, line) in text.lines().enumerate() {
            let Some(fence) = line
                .trim_start()
                .strip_prefix("//")
                .and_then(|line| line.trim_start_matches(['/', '!']).trim().strip_prefix("```"))
            else {
                continue;
            };
            open = !open;
            if open && fence != "text" {
                broken.push(format!("{}:{}", shown(&path), n + 1));
            }
        }
    }
    assert!(broken.is_empty(), "begin these with ```text:\n{}", broken.join("\n"));
}

/// Tests wait for conditions. The one pause between two looks is in the test kit.
#[test]
fn tests_do_not_sleep() {
    let word = concat!("sl", "eep(");
    let mut broken = Vec::new();
    for path in files("crates", &[".rs"]) {
        let name = shown(&path);
        if name.contains("/tests/") && !name.starts_with("crates/house") {
            for (n, line) in code_lines(&path) {
                if line.contains(word) {
                    broken.push(format!("{name}:{n}"));
                }
            }
        }
    }
    assert!(broken.is_empty(), "tests that sleep:\n{}", broken.join("\n"));
}
