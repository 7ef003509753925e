//! The corpora of the fuzzer.

use std::path::{Path, PathBuf};

/// What the fuzzer runs with an input: panics when something is wrong.
pub type Body = fn(&[u8]);

/// The files of `fuzz/corpus/{target}`, with their paths.
///
/// # Panics
/// When there are none: the fuzz target would have nothing to begin with.
pub fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let all: Vec<_> = paths.map(|path| (path.clone(), std::fs::read(path).expect("a file"))).collect();
    assert!(!all.is_empty(), "the corpus of {target} is empty");
    all
}

/// Runs every file of the corpora of some fuzz targets through what the fuzzer runs. The path of the one that fails is the last
/// that is printed.
///
/// # Panics
/// When one fails, or there are none.
pub fn replay(targets: &[(&str, Body)]) {
    for (target, run) in targets {
        for (path, data) in corpus(target) {
            println!("{}", path.display());
            run(&data);
        }
    }
}
