//! Minted URLs in the store, so that an encoder that was set up for a month works after a restart.
//!
//! Versions before the store kept them in a file of lines; what is in such a file is moved once.

use crate::error::ServerError;
use huitong_engine::UrlRecord;
use huitong_store::{MintedUrl, Store};
use huitong_types::{Redacted, StreamKey};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

/// The file of versions before the store: one JSON object per line.
const OLD_FILE: &str = "stream-urls.jsonl";

/// How long the move of that file may take; 100 000 URLs take a second.
const MOVE_WITHIN: Duration = Duration::from_secs(60);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Line {
    Minted(UrlRecord),
    Withdrawn(StreamKey),
}

/// The URLs' part of the store.
#[derive(Debug)]
pub(crate) struct UrlBook {
    store: Store,
}

impl UrlBook {
    /// The book of a store that had these URLs in it, and those that are valid at `unix_now`, in seconds.
    ///
    /// # Errors
    /// There is a file of an older version in `data` that cannot be moved into the store.
    pub(crate) async fn open(
        data: &Path,
        store: Store,
        kept: &[MintedUrl],
        unix_now: u64,
    ) -> Result<(Self, Vec<UrlRecord>), ServerError> {
        let mut book = Self { store };
        let mut records: Vec<UrlRecord> = kept.iter().filter_map(record).collect();
        let moved = book.move_old(data, unix_now).await?;
        records.extend(moved.into_iter().filter(|moved| !kept.iter().any(|url| is_of(url, &moved.key))));
        Ok((book, records))
    }

    /// Keeps a URL.
    pub(crate) fn keep(&mut self, record: &UrlRecord) {
        match serde_json::to_string(record) {
            Ok(text) => self.store.put_url(MintedUrl {
                key: Redacted::new(record.key.reveal().to_owned()),
                expires: record.expires,
                record: Redacted::new(text),
            }),
            // The error's own text could quote a key.
            Err(_) => {
                tracing::error!("a minted URL cannot be written down: it is valid until this server ends")
            }
        }
    }

    /// Keeps a URL no longer.
    pub(crate) fn withdraw(&mut self, key: &StreamKey) {
        self.store.drop_url(Redacted::new(key.reveal().to_owned()));
    }

    async fn move_old(&mut self, data: &Path, unix_now: u64) -> Result<Vec<UrlRecord>, ServerError> {
        let path = data.join(OLD_FILE);
        let broken = |error: io::Error| {
            ServerError::Start(format!(
                "The minted URLs in {} cannot be moved into the database ({error}); correct --data, or remove the file \
                 to forget them.",
                path.display()
            ))
        };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(broken(error)),
        };
        let records = valid(&text, unix_now, &path);
        let mark = self.store.mark();
        for record in &records {
            self.keep(record);
        }
        let kept = self.store.kept(mark, MOVE_WITHIN).await;
        kept.map_err(|error| broken(io::Error::other(error)))?;
        fs::remove_file(&path).map_err(broken)?;
        tracing::info!(urls = records.len(), file = %path.display(), "minted URLs were moved into the database");
        Ok(records)
    }
}

fn is_of(url: &MintedUrl, key: &StreamKey) -> bool {
    url.key.reveal() == key.reveal()
}

fn record(url: &MintedUrl) -> Option<UrlRecord> {
    let record = serde_json::from_str(url.record.reveal()).ok();
    if record.is_none() {
        // The error's own text could quote a key.
        tracing::warn!(expires = url.expires, "a minted URL in the database cannot be read: left out");
    }
    record
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

#[cfg(test)]
mod tests {
    use super::*;
    use huitong_store::StoreConfig;
    use huitong_types::{AppId, RoomId, Scene, StreamKind, UserId};

    /// Some day in 2100: the store forgets what is over by the wall clock.
    const LATER: u64 = 4_102_444_800;

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

    async fn opened(data: &Path) -> Result<(UrlBook, Vec<UrlRecord>), ServerError> {
        let config = StoreConfig { data: data.to_owned(), keep_call_records_days: 0, keep_usage_days: 0 };
        let (store, restored) = Store::open(&config).unwrap();
        UrlBook::open(data, store, &restored.urls, 100).await
    }

    fn closed(book: UrlBook) {
        book.store.close(MOVE_WITHIN);
    }

    #[tokio::test]
    async fn what_was_minted_is_there_after_a_restart_and_what_was_withdrawn_is_not() {
        let data = tempfile::tempdir().unwrap();
        let (mut book, none) = opened(data.path()).await.unwrap();
        assert!(none.is_empty());
        book.keep(&record("alice", LATER));
        book.keep(&record("kicked", LATER));
        book.withdraw(&key("kicked"));
        closed(book);
        let (mut book, kept) = opened(data.path()).await.unwrap();
        assert_eq!(kept, [record("alice", LATER)]);
        book.keep(&record("bob", LATER));
        closed(book);
        assert_eq!(opened(data.path()).await.unwrap().1, [record("alice", LATER), record("bob", LATER)]);
    }

    #[tokio::test]
    async fn the_file_of_an_older_version_is_moved_once_and_half_a_line_costs_nothing_else() {
        let data = tempfile::tempdir().unwrap();
        let path = data.path().join(OLD_FILE);
        let lines = [
            Line::Minted(record("alice", LATER)),
            Line::Minted(record("brief", 50)),
            Line::Minted(record("kicked", LATER)),
            Line::Withdrawn(key("kicked")),
            Line::Minted(record("bob", LATER)),
            Line::Minted(record("torn", LATER)),
        ];
        let lines: Vec<String> = lines.iter().map(|line| serde_json::to_string(line).unwrap()).collect();
        let text = lines.join("\n");
        fs::write(&path, &text[..text.len() - 10]).unwrap();
        let (mut book, moved) = opened(data.path()).await.unwrap();
        assert_eq!(moved, [record("alice", LATER), record("bob", LATER)]);
        assert!(!path.exists());
        book.withdraw(&key("bob"));
        closed(book);
        let (book, kept) = opened(data.path()).await.unwrap();
        assert_eq!(kept, [record("alice", LATER)]);
        closed(book);
        // A server that was killed between the two steps of the move finds both.
        fs::write(&path, &lines[0]).unwrap();
        assert_eq!(opened(data.path()).await.unwrap().1, [record("alice", LATER)]);
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_moved_is_told_in_one_sentence() {
        let data = tempfile::tempdir().unwrap();
        fs::create_dir(data.path().join(OLD_FILE)).unwrap();
        let error = opened(data.path()).await.unwrap_err().to_string();
        assert!(error.contains(OLD_FILE) && error.contains("correct --data"), "{error}");
    }
}
