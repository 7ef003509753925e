//! The thread that writes.

use crate::apply;
use crate::error::OpenError;
use crate::files::Claim;
use crate::queue::{Queue, Turn, Write};
use crate::{terms, usage};
use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

/// How often it is noted that the server runs, while there are calls: so much may the end of a call that a crash
/// cut off be wrong.
const ALIVE_EVERY: Duration = Duration::from_secs(10);

/// How often old records are looked for.
const FORGET_EVERY: Duration = Duration::from_secs(3600);

/// First pause after a failed commit; each next one is twice as long.
const RETRY_FIRST: Duration = Duration::from_millis(250);

/// Longest pause between two tries: somebody who made room on the disk sees it used soon.
const RETRY_MOST: Duration = Duration::from_secs(10);

/// Pause between two tries while the server ends.
const RETRY_CLOSING: Duration = Duration::from_millis(100);

/// How often a disk that goes on refusing is told to the log.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// A day, ms.
const DAY_MS: u64 = 86_400_000;

/// What the thread lets others see.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Whether the last commit failed.
    pub(crate) failing: AtomicBool,
    /// Writes that were not kept and never will be.
    pub(crate) lost: AtomicU64,
}

impl Seen {
    /// Counts writes that are lost, by the reason.
    pub(crate) fn lose(&self, many: usize, why: &'static str) {
        let many = u64::try_from(many).unwrap_or(u64::MAX);
        self.lost.fetch_add(many, Ordering::AcqRel);
        metrics::counter!("huitong_store_lost_total", "why" => why).increment(many);
    }
}

/// Opens the writing connection; called again after each failure.
pub(crate) type Opener = Box<dyn FnMut() -> Result<Connection, OpenError> + Send>;

pub(crate) struct Writer {
    pub(crate) queue: Arc<Queue>,
    pub(crate) seen: Arc<Seen>,
    /// How many of the writes taken are on the disk, or lost.
    pub(crate) settled: watch::Sender<u64>,
    pub(crate) open: Opener,
    pub(crate) connection: Option<Connection>,
    /// Days that records are kept; 0 for ever.
    pub(crate) keep_days: u32,
    /// Days that usage is kept; 0 for ever.
    pub(crate) keep_usage_days: u32,
    /// Given up last.
    pub(crate) claim: Claim,
}

enum Failure {
    Open(OpenError),
    Database(rusqlite::Error),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open(error) => error.fmt(f),
            Self::Database(error) => error.fmt(f),
        }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

/// The wall clock, Unix ms.
pub(crate) fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl Writer {
    /// Runs until the queue is closed and empty, or the time for that is over.
    pub(crate) fn run(mut self) {
        let _alarm = Alarm(Arc::clone(&self.seen));
        let mut alive_at = Instant::now() + ALIVE_EVERY;
        let mut forget_at = Instant::now();
        loop {
            match self.queue.next(alive_at.min(forget_at)) {
                Turn::Write(batch) => {
                    let many = batch.len();
                    if let Err(why) = self.persist(&batch) {
                        self.give_up(many, &why);
                        break;
                    }
                    self.settle(many);
                    alive_at = Instant::now() + ALIVE_EVERY;
                }
                Turn::Idle => {
                    let now = Instant::now();
                    if now >= alive_at {
                        self.duty(|tables| apply::alive(tables, unix_ms()));
                        alive_at = now + ALIVE_EVERY;
                    }
                    if now >= forget_at {
                        self.duty(|tables| apply::forget_urls(tables, unix_ms()));
                        // As long as there are more, a turn each, so that writes come between.
                        forget_at =
                            if self.forget() + self.forget_usage() == 0 { now + FORGET_EVERY } else { now };
                    }
                }
                Turn::Closed => break,
            }
        }
        self.end();
    }

    fn settle(&self, many: usize) {
        self.queue.done();
        let many = u64::try_from(many).unwrap_or(u64::MAX);
        self.settled.send_modify(|settled| *settled += many);
    }

    /// Writes a batch, however often it takes; fails only when the server ends meanwhile.
    fn persist(&mut self, batch: &[Write]) -> Result<(), Failure> {
        let mut pause = RETRY_FIRST;
        let mut tell_at = Instant::now();
        loop {
            let Err(failure) = self.attempt(batch) else {
                self.recovered();
                return Ok(());
            };
            // The transaction is undone with its connection.
            self.connection = None;
            self.seen.failing.store(true, Ordering::Release);
            let now = Instant::now();
            if now >= tell_at {
                let waiting = self.queue.waiting() + batch.len();
                tracing::error!(
                    waiting,
                    "the database cannot be written ({failure}): what happens is kept in memory and written as soon as \
                     it can be; give the disk of the data directory room and rights"
                );
                tell_at = now + TELL_EVERY;
            }
            if let Some(by) = self.queue.pause(now + pause) {
                if Instant::now() >= by {
                    return Err(failure);
                }
                // Nothing wakes a closing queue any more.
                std::thread::sleep(RETRY_CLOSING);
            }
            pause = (pause * 2).min(RETRY_MOST);
        }
    }

    fn recovered(&self) {
        if self.seen.failing.swap(false, Ordering::AcqRel) {
            tracing::info!("the database is written again");
        }
    }

    fn attempt(&mut self, batch: &[Write]) -> Result<(), Failure> {
        let began = Instant::now();
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert((self.open)()?),
        };
        let now_ms = unix_ms();
        let mut defects = 0;
        let mut written = BTreeMap::new();
        let mut transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for write in batch {
            let part = transaction.savepoint()?;
            match apply::write(&part, write, now_ms) {
                Ok(()) => {
                    part.commit()?;
                    *written.entry(write.what()).or_insert(0) += 1;
                }
                Err(error) if is_defect(&error) => {
                    tracing::error!("a write does not fit the tables and is left out ({error})");
                    defects += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
        apply::alive(&transaction, now_ms)?;
        transaction.commit()?;
        if defects > 0 {
            self.seen.lose(defects, "defect");
        }
        metrics::histogram!("huitong_store_commit_seconds").record(began.elapsed());
        for (what, many) in written {
            metrics::counter!("huitong_store_writes_total", "what" => what).increment(many);
        }
        Ok(())
    }

    /// Something that may as well be done later: a failure shows at the next write.
    fn duty<T: Default>(&mut self, what: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> T {
        let Some(tables) = &self.connection else { return T::default() };
        what(tables).unwrap_or_else(|error| {
            tracing::warn!("the database could not be tended ({error}); it is tried again");
            T::default()
        })
    }

    fn forget(&mut self) -> usize {
        if self.keep_days == 0 {
            return 0;
        }
        let before = unix_ms().saturating_sub(u64::from(self.keep_days) * DAY_MS);
        let forgotten = self.duty(|tables| apply::forget(tables, before));
        if forgotten > 0 {
            let many = u64::try_from(forgotten).unwrap_or(u64::MAX);
            metrics::counter!("huitong_store_forgotten_total").increment(many);
            tracing::info!(
                records = forgotten,
                days = self.keep_days,
                "call records were old and are forgotten"
            );
        }
        forgotten
    }

    fn forget_usage(&mut self) -> usize {
        if self.keep_usage_days == 0 {
            return 0;
        }
        // Days of the bill begin up to a day beside those of UTC: the one in doubt is kept.
        let today = i64::try_from(unix_ms() / DAY_MS).unwrap_or(i64::MAX);
        let before = today.saturating_sub(i64::from(self.keep_usage_days) + 1);
        let before = i32::try_from(before).unwrap_or(i32::MIN);
        let forgotten = self.duty(|tables| usage::forget(tables, before));
        if forgotten > 0 {
            tracing::info!(
                records = forgotten,
                days = self.keep_usage_days,
                "usage was old and is forgotten"
            );
        }
        forgotten
    }

    fn give_up(&self, in_hand: usize, why: &Failure) {
        let many = in_hand + self.queue.abandon();
        tracing::error!(
            writes = many,
            "the server ends and the database cannot be written ({why}): they are lost"
        );
        self.seen.lose(many, "shutdown");
    }

    /// Closes the calls that are left, and the file so that it is one file again.
    fn end(mut self) {
        if let Some(tables) = &mut self.connection {
            if let Err(error) = terms::close_open(tables) {
                tracing::error!("stays that ended with the server stay open until its next start ({error})");
            }
            match apply::close_left(tables, unix_ms()) {
                Ok(0) => {}
                Ok(calls) => tracing::info!(calls, "calls ended with the server"),
                Err(error) => tracing::error!(
                    "calls that ended with the server stay open until its next start ({error})"
                ),
            }
        }
        if let Some(connection) = self.connection.take()
            && let Err((_, error)) = connection.close()
        {
            tracing::warn!("the database was not closed well ({error}); nothing is lost by that");
        }
        drop(self.claim);
    }
}

/// Makes a thread that panics show: nothing is written after it.
struct Alarm(Arc<Seen>);

impl Drop for Alarm {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.failing.store(true, Ordering::Release);
            tracing::error!(
                "the thread of the database failed: nothing is written until the server is started afresh"
            );
        }
    }
}

/// Whether a write fails for what is in it: it would fail for ever, and everything behind it would wait.
fn is_defect(error: &rusqlite::Error) -> bool {
    match error.sqlite_error_code() {
        Some(code) => matches!(
            code,
            ErrorCode::ConstraintViolation
                | ErrorCode::TypeMismatch
                | ErrorCode::TooBig
                | ErrorCode::ParameterOutOfRange
        ),
        None => true,
    }
}
