//! The rules of the house, as tests: who may depend on whom, what pure crates may not touch, how long a file may
//! be. The reasons are in `docs/architecture.md`.

use std::fs;
use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

const SKIPPED: [&str; 9] =
    ["node_modules", "target", "dist", ".git", ".tools", "corpus", "generated", "data", "out"];

/// All files under a folder of the repository whose names end in one of `endings`, without what is installed
/// or built.
///
/// # Panics
/// A folder cannot be read.
pub fn files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(&root().join(folder), endings, &mut found);
    found.sort();
    found
}

fn collect(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if !SKIPPED.contains(&name.as_str()) && !name.starts_with("target") {
                collect(&path, endings, found);
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
}

/// A path as it is shown: from the root of the repository.
pub fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Source lines that are neither comments nor part of a `mod tests` at the end of the file.
///
/// # Panics
/// The file cannot be read.
pub fn code_lines(path: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let body = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(&text);
    let numbered = body.lines().enumerate().map(|(n, line)| (n + 1, line.trim().to_owned()));
    numbered.filter(|(_, line)| !line.starts_with("//")).collect()
}
