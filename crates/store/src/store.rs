//! The way in.

use crate::apply;
use crate::conference::{self, ConferenceRows};
use crate::error::{NotKept, OpenError, StoreError};
use crate::files::Claim;
use crate::queue::{Queue, Write};
use crate::read::{self, Readers};
use crate::record::{CallFilter, CallPage, CallRecord, Cursor, Group, MintedUrl};
use crate::schema;
use crate::terms::{self, Inside, QuotaRow, Suspender};
use crate::usage::{self, SumOf, UsageDay, UsageFilter, UsagePage, UsageRecord, UsageSums};
use crate::writer::{Opener, Seen, Writer, unix_ms};
use huitong_types::{AppId, Redacted};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Where the store is and how long it keeps what.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// The data directory; made when it is not there.
    pub data: PathBuf,
    /// Days that records of finished calls are kept; 0 for ever.
    pub keep_call_records_days: u32,
    /// Days that it is kept what single stays have used; 0 for ever. The sums of days are kept for ever.
    pub keep_usage_days: u32,
}

/// What was in the store when it was opened.
#[derive(Debug)]
pub struct Restored {
    /// Every group of every application.
    pub groups: Vec<Group>,
    /// Minted URLs that have not expired.
    pub urls: Vec<MintedUrl>,
    /// How many calls a crash had cut off. Their records say `serverLost` and end when the server was last known to run,
    /// which is ten seconds before the crash at most.
    pub lost_calls: usize,
    /// How many stays a crash had cut off. They end where they were counted last.
    pub lost_stays: usize,
    /// Applications that are suspended, and by whom.
    pub suspended: Vec<(AppId, Suspender)>,
    /// Quotas that hold in the place of the configured ones.
    pub quotas: Vec<(AppId, QuotaRow)>,
    /// Who was in a room when the server before this one ended or died, if that is at most ten minutes ago.
    pub inside: Vec<Inside>,
    /// Conferences that are not over, the oldest first.
    pub conferences: Vec<ConferenceRows>,
    /// What applications have used on each of the last 32 days on which there was anything.
    pub usage: Vec<UsageDay>,
}

/// How the store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// Whether the disk refused the last writes; they wait and are tried again.
    pub failing: bool,
    /// Writes that wait.
    pub waiting: usize,
    /// Bytes of what waits and of what is being written, about. At 64 MiB records are lost.
    pub waiting_bytes: usize,
    /// Writes that were lost since the start.
    pub lost: u64,
}

/// A moment before something is handed over, for [`Store::kept`].
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    lost: u64,
}

/// The store. Clones share it.
#[derive(Clone, Debug)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    queue: Arc<Queue>,
    seen: Arc<Seen>,
    settled: watch::Receiver<u64>,
    readers: Arc<Readers>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Whoever drops it without closing waits for nothing: the thread writes what it has, once.
        self.queue.close(Instant::now());
        self.readers.close();
    }
}

impl Store {
    /// Opens the database, brings it to the form of this version, closes the calls of a crash, and starts the writing
    /// thread.
    ///
    /// # Errors
    /// One sentence that says what to change.
    pub fn open(config: &StoreConfig) -> Result<(Self, Restored), OpenError> {
        let claim = Claim::take(&config.data)?;
        let path = claim.database.clone();
        let opener: Opener = Box::new(move || schema::open_writer(&path));
        Self::open_by(opener, claim, config)
    }

    fn open_by(mut open: Opener, claim: Claim, config: &StoreConfig) -> Result<(Self, Restored), OpenError> {
        let path = claim.database.clone();
        let mut connection = open()?;
        let refused = |error: rusqlite::Error| schema::refusal(&path, &error);
        let lost_calls = apply::close_lost(&mut connection).map_err(refused)?;
        apply::forget_urls(&connection, unix_ms()).map_err(refused)?;
        let urls = read::urls(&connection).map_err(refused)?;
        let groups = read::groups(&connection).map_err(refused)?;
        let lost_stays = terms::close_open(&connection).map_err(refused)?;
        let inside = terms::inside(&connection, unix_ms()).map_err(refused)?;
        let suspended = terms::suspended(&connection).map_err(refused)?;
        let quotas = terms::quotas(&connection).map_err(refused)?;
        let used = usage::recent(&connection).map_err(refused)?;
        let conferences = conference::all(&connection).map_err(refused)?;
        let (queue, seen) = (Arc::new(Queue::default()), Arc::new(Seen::default()));
        let (settler, settled) = watch::channel(0);
        let writer = Writer {
            queue: Arc::clone(&queue),
            seen: Arc::clone(&seen),
            settled: settler,
            open,
            connection: Some(connection),
            keep_days: config.keep_call_records_days,
            keep_usage_days: config.keep_usage_days,
            claim,
        };
        let thread = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| OpenError::Refused { path: path.clone(), why: error.to_string() })?;
        let readers = Readers::new(path);
        let inner = Inner { queue, seen, settled, readers, thread: Mutex::new(Some(thread)) };
        let restored = Restored {
            groups,
            urls,
            lost_calls,
            lost_stays,
            suspended,
            quotas,
            inside,
            conferences,
            usage: used,
        };
        Ok((Self(Arc::new(inner)), restored))
    }

    /// Notes that a call began, so that it has a record even if the server crashes. Left out when three quarters of the
    /// queue are full: the record at its end is worth more.
    pub fn call_started(&self, call: CallRecord) {
        if self.0.queue.offer(Write::Started(Box::new(call))).is_err() {
            metrics::counter!("huitong_store_beginnings_left_out_total").increment(1);
        }
    }

    /// Keeps the record of a finished call. Never waits. 64 MiB of records can wait for the disk, 100 000 of usual
    /// size; beyond that the record is lost: it is counted, and the log has what a bill needs.
    pub fn call_finished(&self, call: CallRecord) {
        if let Err(Write::Finished(call)) = self.0.queue.offer(Write::Finished(Box::new(call))) {
            self.0.seen.lose(1, "full");
            tracing::error!(
                app = call.app.get(),
                call = call.call,
                caller = call.caller,
                media = call.media,
                started_ms = call.started_ms,
                connected_ms = call.connected_ms,
                ended_ms = call.end.as_ref().map(|end| end.at_ms),
                reason = call.end.as_ref().map(|end| end.reason.as_str()),
                "the record of a call is lost: too many wait for the disk, or the server ends"
            );
        }
    }

    /// Keeps a group, in the place of one with its id. Lost and counted when the queue is full; [`Self::kept`] tells.
    pub fn put_group(&self, group: Group) {
        self.offer(Write::PutGroup(group), "a change of a group");
    }

    /// Keeps a group no longer.
    pub fn drop_group(&self, app: AppId, id: impl Into<String>) {
        self.offer(Write::DropGroup(app, id.into()), "a change of a group");
    }

    /// Keeps a minted URL until it expires. Lost and counted when the queue is full; [`Self::kept`] tells.
    pub fn put_url(&self, url: MintedUrl) {
        self.offer(Write::PutUrl(url), "a minted URL");
    }

    /// Keeps a minted URL no longer.
    pub fn drop_url(&self, key: Redacted<String>) {
        self.offer(Write::DropUrl(key), "the withdrawal of a URL");
    }

    /// Keeps what has changed of a conference, all of it or nothing. False when three quarters of the queue are full or the store
    /// is being closed: nothing is taken then, and what the conference is later is to be handed over later.
    #[must_use]
    pub fn put_conference(&self, rows: ConferenceRows) -> bool {
        self.0.queue.offer(Write::PutConference(Box::new(rows))).is_ok()
    }

    /// Keeps a conference no longer. False as for [`Self::put_conference`].
    #[must_use]
    pub fn drop_conference(&self, app: AppId, id: impl Into<String>) -> bool {
        self.0.queue.offer(Write::DropConference(app, id.into())).is_ok()
    }

    fn offer(&self, write: Write, what: &'static str) {
        if self.0.queue.offer(write).is_err() {
            self.0.seen.lose(1, "full");
            tracing::error!(what, "a write is lost: too many wait for the disk, or the server ends");
        }
    }

    /// To be taken before something is handed over whose keeping matters to somebody.
    pub fn mark(&self) -> Mark {
        Mark { lost: self.0.seen.lost.load(Ordering::Acquire) }
    }

    /// Waits until everything handed over so far is on the disk.
    ///
    /// # Errors
    /// It is not after this time, or something was lost since the mark.
    pub async fn kept(&self, since: Mark, within: Duration) -> Result<(), NotKept> {
        let taken = self.0.queue.taken();
        let mut settled = self.0.settled.clone();
        let all = settled.wait_for(|settled| *settled >= taken);
        let in_time = tokio::time::timeout(within, all).await;
        let settled = matches!(in_time, Ok(Ok(_)));
        if settled && self.mark().lost == since.lost { Ok(()) } else { Err(NotKept) }
    }

    /// Some finished calls, those that ended last first. Following [`CallPage::next`] from page to page shows each call
    /// that was there at the first page exactly once, whatever ends meanwhile.
    ///
    /// # Errors
    /// Too many others ask, or the database cannot be read.
    pub async fn call_records(
        &self,
        filter: CallFilter,
        limit: usize,
        after: Option<Cursor>,
    ) -> Result<CallPage, StoreError> {
        self.0.readers.ask(move |connection| read::calls(connection, &filter, limit, after)).await
    }

    /// Keeps what a stay has used, in the place of what was given of the same stay and day before. One that goes on is left
    /// out when three quarters of the queue are full. What goes on when the store is closed ends by that, and
    /// [`Restored::inside`] says of whom.
    pub fn usage(&self, record: UsageRecord) {
        let open = record.open;
        let write = Write::Usage(Box::new(record));
        if open {
            if self.0.queue.offer(write).is_err() {
                metrics::counter!("huitong_store_beginnings_left_out_total").increment(1);
            }
        } else {
            self.offer(write, "usage of a stay");
        }
    }

    /// Suspends an application, or resumes it as far as this one had suspended it.
    pub fn suspend(&self, app: AppId, by: Suspender, suspended: bool) {
        self.offer(Write::Suspend(app, by, suspended), "a suspension");
    }

    /// Gives an application a quota in the place of the configured one; with `None`, the configured one holds again.
    pub fn quota(&self, app: AppId, quota: Option<QuotaRow>) {
        self.offer(Write::Quota(app, quota), "a quota");
    }

    /// What stays have used, the newest day first; pages as those of [`Store::call_records`].
    ///
    /// # Errors
    /// Too many others ask, or the database cannot be read.
    pub async fn usage_records(
        &self,
        filter: UsageFilter,
        limit: usize,
        after: Option<Cursor>,
    ) -> Result<UsagePage, StoreError> {
        self.0.readers.ask(move |tables| usage::page(tables, &filter, limit, after)).await
    }

    /// What was used on each day, the newest first.
    ///
    /// # Errors
    /// Too many others ask, or the database cannot be read.
    pub async fn usage_days(&self, filter: UsageFilter) -> Result<Vec<UsageDay>, StoreError> {
        self.0.readers.ask(move |tables| usage::days(tables, &filter)).await
    }

    /// What each user has used, or what was used in each room, by name; those behind `after`, if it is given.
    ///
    /// # Errors
    /// Too many others ask, or the database cannot be read.
    pub async fn usage_sums(
        &self,
        filter: UsageFilter,
        of: SumOf,
        limit: usize,
        after: Option<String>,
    ) -> Result<UsageSums, StoreError> {
        self.0.readers.ask(move |tables| usage::sums(tables, &filter, of, limit, after)).await
    }

    /// How the store is.
    pub fn health(&self) -> Health {
        Health {
            failing: self.0.seen.failing.load(Ordering::Acquire),
            waiting: self.0.queue.waiting(),
            waiting_bytes: self.0.queue.bytes(),
            lost: self.0.seen.lost.load(Ordering::Acquire),
        }
    }

    /// Writes what waits and closes the file; calls in progress end as `serverShutdown`. Blocks until it is done, or
    /// until `within` is over and the disk still refuses: then what waits is lost, counted and told to the log.
    pub fn close(&self, within: Duration) {
        self.0.readers.close();
        self.0.queue.close(Instant::now() + within);
        let thread = self.0.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of the database failed");
        }
    }
}

/// Tells the metrics recorder what the figures mean.
pub fn describe_metrics() {
    use metrics::Unit::{Bytes, Seconds};
    metrics::describe_gauge!("huitong_store_waiting", "Writes that wait for the database.");
    metrics::describe_gauge!(
        "huitong_store_waiting_bytes",
        Bytes,
        "Memory of what waits for the database and of what is being written; at 64 MiB records are lost."
    );
    metrics::describe_gauge!(
        "huitong_store_failing",
        "1 while the database cannot be written; what waits is tried again."
    );
    metrics::describe_counter!(
        "huitong_store_writes_total",
        "Writes that are in the database, by what was written."
    );
    metrics::describe_counter!(
        "huitong_store_lost_total",
        "Writes that were lost: the queue was full, the server ended while the disk refused, or a defect."
    );
    metrics::describe_counter!(
        "huitong_store_beginnings_left_out_total",
        "Beginnings of calls, and stays that went on, that were not noted because the queue was crowded; their ends are kept."
    );
    metrics::describe_histogram!(
        "huitong_store_commit_seconds",
        Seconds,
        "Time of one commit with its sync to the disk."
    );
    metrics::describe_counter!(
        "huitong_store_forgotten_total",
        "Call records that were removed because they were older than they are kept."
    );
    metrics::describe_histogram!(
        "huitong_store_question_seconds",
        Seconds,
        "Time of one question for call records."
    );
    metrics::describe_counter!(
        "huitong_store_questions_refused_total",
        "Questions that were refused because too many others waited."
    );
}
