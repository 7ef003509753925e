//! Minted URLs on disk, so that an encoder that was set up for a month works after a restart.
//!
//! One JSON object per line: a URL, or the key of one that was withdrawn. The file holds keys, so only its owner may
//! read it. It is written anew at each start without what has expired or was withdrawn.

use crate::error::ServerError;
use huitong_engine::UrlRecord;
use huitong_types::StreamKey;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const FILE: &str = "stream-urls.jsonl";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Line {
    Minted(UrlRecord),
    Withdrawn(StreamKey),
}

/// The file. Made when the first URL is minted.
#[derive(Debug)]
pub(crate) struct UrlBook {
    path: PathBuf,
    file: Option<File>,
}

impl UrlBook {
    /// Opens the book in a data directory; returns the URLs in it that are valid at `unix_now`, in seconds.
    ///
    /// # Errors
    /// There is a file that cannot be used.
    pub(crate) fn open(data: &Path, unix_now: u64) -> Result<(Self, Vec<UrlRecord>), ServerError> {
        let path = data.join(FILE);
        let broken = |error: io::Error| {
            ServerError::Start(format!(
                "The minted URLs in {} cannot be used ({error}); correct --data, or remove the file to forget them.",
                path.display()
            ))
        };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok((Self { path, file: None }, Vec::new()));
            }
            Err(error) => return Err(broken(error)),
        };
        let records = valid(&text, unix_now, &path);
        let file = rewrite(&path, &records).map_err(broken)?;
        Ok((Self { path, file: Some(file) }, records))
    }

    /// Keeps a URL. Some hundred bytes into the page cache: short enough for the task that owns the engine.
    pub(crate) fn keep(&mut self, record: UrlRecord) {
        self.write(&Line::Minted(record));
    }

    /// Keeps a URL no longer.
    pub(crate) fn withdraw(&mut self, key: StreamKey) {
        self.write(&Line::Withdrawn(key));
    }

    fn write(&mut self, line: &Line) {
        let written = self.ready().and_then(|file| file.write_all(&bytes(line)?));
        if let Err(error) = written {
            tracing::error!(file = %self.path.display(), %error,
                "a minted URL could not be written down: it is valid until this server ends");
        }
    }

    fn ready(&mut self) -> io::Result<&mut File> {
        let file = match self.file.take() {
            Some(file) => file,
            None => {
                self.path.parent().map_or(Ok(()), fs::create_dir_all)?;
                private(&self.path)?
            }
        };
        Ok(self.file.insert(file))
    }
}

/// A server that was killed may have left half a line at the end.
fn valid(text: &str, unix_now: u64, path: &Path) -> Vec<UrlRecord> {
    let mut order = Vec::new();
    let mut records = HashMap::new();
    for (n, line) in text.lines().enumerate() {
        match serde_json::from_str(line) {
            Ok(Line::Minted(record)) if record.expires > unix_now => {
                order.push(record.key.clone());
                records.insert(record.key.clone(), record);
            }
            Ok(Line::Minted(_)) => {}
            Ok(Line::Withdrawn(key)) => drop(records.remove(&key)),
            // The error's own text could quote a key.
            Err(_) => {
                tracing::warn!(file = %path.display(), line = n + 1, "a line is not a minted URL: left out")
            }
        }
    }
    order.into_iter().filter_map(|key| records.remove(&key)).collect()
}

/// Replaces the file in one step, so that a kill at any moment leaves the old one or the new one.
fn rewrite(path: &Path, records: &[UrlRecord]) -> io::Result<File> {
    let fresh = path.with_extension("new");
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = private(&fresh)?;
    for record in records {
        file.write_all(&bytes(&Line::Minted(record.clone()))?)?;
    }
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    Ok(file)
}

fn bytes(line: &Line) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(line)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// A file to append to that only its owner may read.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use huitong_types::{AppId, RoomId, Scene, StreamKind, UserId};

    fn record(name: &str, expires: u64) -> UrlRecord {
        UrlRecord {
            key: key(name),
            app: AppId::new(7).unwrap(),
            room: RoomId::parse("@1234").unwrap(),
            user: UserId::new(name).unwrap(),
            stream: StreamKind::Aux,
            push: Some(Scene::Live),
            expires,
        }
    }

    fn key(name: &str) -> StreamKey {
        StreamKey::new(format!("{name:_<24}")).unwrap()
    }

    #[test]
    fn what_was_minted_is_there_after_a_restart_and_what_is_over_is_not() {
        let data = tempfile::tempdir().unwrap();
        let data = data.path().join("made-when-needed");
        let (mut book, none) = UrlBook::open(&data, 100).unwrap();
        assert!(none.is_empty() && !data.exists());
        book.keep(record("alice", 1000));
        book.keep(record("brief", 150));
        book.keep(record("kicked", 1000));
        book.withdraw(key("kicked"));
        drop(book);
        let (mut book, kept) = UrlBook::open(&data, 200).unwrap();
        assert_eq!(kept, [record("alice", 1000)]);
        book.keep(record("bob", 1000));
        drop(book);
        let (_book, kept) = UrlBook::open(&data, 200).unwrap();
        assert_eq!(kept, [record("alice", 1000), record("bob", 1000)]);
    }

    #[test]
    fn half_a_line_at_the_end_costs_nothing_else() {
        let data = tempfile::tempdir().unwrap();
        let (mut book, _) = UrlBook::open(data.path(), 0).unwrap();
        book.keep(record("alice", 10));
        book.keep(record("bob", 10));
        drop(book);
        let path = data.path().join(FILE);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, &text[..text.len() - 10]).unwrap();
        let (mut book, kept) = UrlBook::open(data.path(), 0).unwrap();
        assert_eq!(kept, [record("alice", 10)]);
        book.keep(record("carol", 10));
        drop(book);
        assert_eq!(UrlBook::open(data.path(), 0).unwrap().1.len(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_the_keys() {
        use std::os::unix::fs::PermissionsExt;
        let data = tempfile::tempdir().unwrap();
        let (mut book, _) = UrlBook::open(data.path(), 0).unwrap();
        book.keep(record("alice", 10));
        let mode = |book: &UrlBook| fs::metadata(&book.path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&book), 0o600);
        drop(book);
        assert_eq!(mode(&UrlBook::open(data.path(), 0).unwrap().0), 0o600);
    }

    #[test]
    fn a_file_that_cannot_be_used_is_told_in_one_sentence() {
        let data = tempfile::tempdir().unwrap();
        fs::create_dir(data.path().join(FILE)).unwrap();
        let error = UrlBook::open(data.path(), 0).unwrap_err().to_string();
        assert!(error.contains(FILE) && error.contains("correct --data"), "{error}");
    }
}
