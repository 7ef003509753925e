//! Questions and the connections that answer them.

use crate::apply::ms;
use crate::error::StoreError;
use crate::record::{CallEnd, CallFilter, CallPage, CallParty, CallRecord, Cursor, Group, MintedUrl};
use crate::schema;
use huitong_types::{AppId, Redacted};
use rusqlite::types::{Type, Value};
use rusqlite::{Connection, Row, params_from_iter};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Questions answered at a time. Each has a connection with a cache of 2 MiB and a thread; the disk is the bound.
const READERS: usize = 4;

/// How long a question waits for a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connections for reading, opened when needed.
#[derive(Debug)]
pub(crate) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(crate) fn new(path: PathBuf) -> Arc<Self> {
        Arc::new(Self { path, idle: Mutex::default(), permits: Arc::new(Semaphore::new(READERS)) })
    }

    /// Asks on a thread for blocking work.
    pub(crate) async fn ask<T, F>(self: &Arc<Self>, question: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let permit = tokio::time::timeout(PATIENCE, Arc::clone(&self.permits).acquire_owned()).await;
        let permit = permit.map_err(|_elapsed| {
            metrics::counter!("huitong_store_questions_refused_total").increment(1);
            StoreError::Busy
        })?;
        let permit = permit.map_err(|_closed| StoreError::Closed)?;
        let readers = Arc::clone(self);
        let began = Instant::now();
        let answered = tokio::task::spawn_blocking(move || {
            let answer = readers.answer(question);
            metrics::histogram!("huitong_store_question_seconds").record(began.elapsed());
            // Whoever asked may be gone by now: the place is free when the work is done.
            drop(permit);
            answer
        })
        .await;
        answered.map_err(|error| StoreError::Failed(error.to_string()))?
    }

    fn answer<T>(
        &self,
        question: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let failed = |error: rusqlite::Error| StoreError::Failed(error.to_string());
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => schema::open_reader(&self.path).map_err(failed)?,
        };
        // A connection that failed is not used again.
        let answer = question(&mut connection).map_err(failed)?;
        if !self.permits.is_closed() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        Ok(answer)
    }

    /// Answers nobody any more.
    pub(crate) fn close(&self) {
        self.permits.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// The text and the values of a question for call records.
fn question(filter: &CallFilter, limit: usize, after: Option<Cursor>) -> (String, Vec<Value>) {
    let mut values = Vec::new();
    let mut conditions = Vec::new();
    let mut rule = |text: &str, value: Value| {
        values.push(value);
        conditions.push(text.replace('?', &format!("?{}", values.len())));
    };
    // The table whose index has the order: a user's calls are found by the user. Who called is in the call, too.
    let user = filter.user.as_ref().or(filter.caller.as_ref());
    let (from, t) = match user {
        Some(_) => ("call_parties p JOIN calls c ON c.no = p.call_no", "p"),
        None => ("calls c", "c"),
    };
    let number = if t == "p" { "p.call_no" } else { "c.no" };
    rule(&format!("{t}.app = ?"), i64::from(filter.app.get()).into());
    if let Some(user) = user {
        rule("p.user = ?", user.clone().into());
    }
    if let Some(from) = filter.from_ms {
        rule(&format!("{t}.ended >= ?"), ms(from).into());
    }
    if let Some(to) = filter.to_ms {
        rule(&format!("{t}.ended < ?"), ms(to).into());
    }
    let of_the_call = [
        ("c.caller = ?", &filter.caller),
        ("c.in_group = ?", &filter.group),
        ("c.reason = ?", &filter.reason),
        ("c.media = ?", &filter.media),
    ];
    for (text, wanted) in of_the_call {
        if let Some(wanted) = wanted {
            rule(text, wanted.clone().into());
        }
    }
    if let Some(connected) = filter.connected {
        rule("(c.connected IS NOT NULL) = ?", connected.into());
    }
    if let Some(Cursor { place, number: no }) = after {
        // A condition on the first part alone lets the index be entered at its place.
        rule(&format!("{t}.ended <= ?"), place.into());
        let n = values.len();
        conditions.push(format!("({t}.ended < ?{n} OR {number} < ?{})", n + 1));
        values.push(no.into());
    }
    values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
    let text = format!(
        "SELECT c.no, c.app, c.call, c.room, c.media, c.in_group, c.data, c.caller, c.backend, c.started, c.connected, \
         c.ended, c.reason, c.ended_by FROM {from} WHERE {} ORDER BY {t}.ended DESC, {number} DESC LIMIT ?{}",
        conditions.join(" AND "),
        values.len()
    );
    (text, values)
}

/// Rows with their numbers, and where the next page begins.
type Rows<T> = (Vec<(i64, T)>, Option<Cursor>);

/// Some rows of a table. `question` asks for so many rows, sorted by `place`
/// and then by number, both falling.
pub(crate) fn page<T>(
    tables: &Connection,
    limit: usize,
    question: impl FnOnce(usize) -> (String, Vec<Value>),
    read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    place: impl FnOnce(&T) -> i64,
) -> rusqlite::Result<Rows<T>> {
    // One more than wanted tells whether there is a next page.
    let (text, values) = question(limit.saturating_add(1));
    let mut select = tables.prepare(&text)?;
    let rows = select.query_map(params_from_iter(values), |row| Ok((row.get::<_, i64>(0)?, read(row)?)))?;
    let mut rows: Vec<(i64, T)> = rows.collect::<rusqlite::Result<_>>()?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| more);
    let next = last.map(|(number, row)| Cursor { place: place(row), number: *number });
    Ok((rows, next))
}

/// A page of finished calls, those that ended last first.
pub(crate) fn calls(
    connection: &mut Connection,
    filter: &CallFilter,
    limit: usize,
    after: Option<Cursor>,
) -> rusqlite::Result<CallPage> {
    // One view of the tables: what is forgotten meanwhile stays whole.
    let view = connection.transaction()?;
    let ended = |call: &CallRecord| call.end.as_ref().map_or(0, |end| ms(end.at_ms));
    let (mut rows, next) = page(&view, limit, |limit| question(filter, limit, after), call, ended)?;
    let mut parties = view.prepare(
        "SELECT user, device, state, rang, answered, left_at, duration FROM call_parties WHERE call_no = ?1 \
         ORDER BY place",
    )?;
    for (number, call) in &mut rows {
        call.parties = parties.query_map([*number], party)?.collect::<rusqlite::Result<_>>()?;
    }
    Ok(CallPage { records: rows.into_iter().map(|(_, call)| call).collect(), next })
}

fn call(row: &Row<'_>) -> rusqlite::Result<CallRecord> {
    Ok(CallRecord {
        app: app_at(row, 1)?,
        call: row.get(2)?,
        room: row.get(3)?,
        media: row.get(4)?,
        group: row.get(5)?,
        data: row.get(6)?,
        caller: row.get(7)?,
        backend: row.get(8)?,
        started_ms: time_at(row, 9)?.unwrap_or(0),
        connected_ms: time_at(row, 10)?,
        end: Some(CallEnd { at_ms: time_at(row, 11)?.unwrap_or(0), reason: row.get(12)?, by: row.get(13)? }),
        parties: Vec::new(),
    })
}

fn party(row: &Row<'_>) -> rusqlite::Result<CallParty> {
    Ok(CallParty {
        user: row.get(0)?,
        device: row.get(1)?,
        state: row.get(2)?,
        rang_ms: time_at(row, 3)?,
        answered_ms: time_at(row, 4)?,
        left_ms: time_at(row, 5)?,
        duration_ms: time_at(row, 6)?.unwrap_or(0),
    })
}

pub(crate) fn time_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<u64>> {
    let value: Option<i64> = row.get(column)?;
    value.map(|value| u64::try_from(value).map_err(|error| unreadable(column, error))).transpose()
}

pub(crate) fn app_at(row: &Row<'_>, column: usize) -> rusqlite::Result<AppId> {
    AppId::new(row.get(column)?).map_err(|error| unreadable(column, error))
}

fn unreadable(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Integer, Box::new(error))
}

/// Every group there is.
pub(crate) fn groups(connection: &Connection) -> rusqlite::Result<Vec<Group>> {
    let mut select = connection.prepare(
        "SELECT g.app, g.id, m.user FROM groups g LEFT JOIN group_members m ON m.app = g.app AND m.id = g.id \
         ORDER BY g.app, g.id, m.place",
    )?;
    let mut rows = select.query([])?;
    let mut groups: Vec<Group> = Vec::new();
    while let Some(row) = rows.next()? {
        let (app, id, user) = (app_at(row, 0)?, row.get::<_, String>(1)?, row.get::<_, Option<String>>(2)?);
        match groups.last_mut() {
            Some(group) if group.app == app && group.id == id => group.members.extend(user),
            _ => groups.push(Group { app, id, members: user.into_iter().collect() }),
        }
    }
    Ok(groups)
}

/// Every minted URL there is, in the order of their keys.
pub(crate) fn urls(connection: &Connection) -> rusqlite::Result<Vec<MintedUrl>> {
    let mut select = connection.prepare("SELECT key, expires, record FROM minted_urls ORDER BY key")?;
    let urls = select.query_map([], |row| {
        Ok(MintedUrl {
            key: Redacted::new(row.get(0)?),
            expires: time_at(row, 1)?.unwrap_or(0),
            record: Redacted::new(row.get(2)?),
        })
    })?;
    urls.collect()
}

/// How the database goes about a question, step by step. Each enters an index and sorts nothing.
#[cfg(test)]
pub(crate) fn plan(tables: &Connection, (text, values): (String, Vec<Value>)) -> Vec<String> {
    let mut explain = tables.prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
    let steps = explain.query_map(params_from_iter(values), |row| row.get::<_, String>(3)).unwrap();
    let plan: Vec<String> = steps.collect::<rusqlite::Result<_>>().unwrap();
    let sorted = plan.iter().any(|step| step.contains("TEMP B-TREE") || step.starts_with("SCAN"));
    assert!(!sorted, "{text}: {plan:?}");
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_question_that_is_given_up_keeps_its_place_until_it_is_answered() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.db");
        std::fs::write(&path, "").unwrap();
        let readers = Readers::new(path);
        let (go, wait) = std::sync::mpsc::sync_channel::<()>(1);
        let asking = readers.ask(move |_| {
            let _told = wait.recv();
            Ok(())
        });
        assert!(tokio::time::timeout(Duration::from_millis(1), asking).await.is_err());
        assert_eq!(readers.permits.available_permits(), READERS - 1);
        go.send(()).unwrap();
        let all = readers.permits.acquire_many(READERS as u32);
        drop(tokio::time::timeout(PATIENCE, all).await.expect("the place is given back").unwrap());
        assert_eq!(readers.ask(|_| Ok(7)).await, Ok(7));
    }

    /// Each filter enters an index and needs no sorting.
    #[test]
    fn no_question_reads_or_sorts_the_whole_table() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.db");
        std::fs::write(&path, "").unwrap();
        let tables = schema::open_writer(&path).unwrap();
        let all = CallFilter::all(AppId::new(7).unwrap());
        let filters = [
            all.clone(),
            CallFilter { user: Some("alice".to_owned()), ..all.clone() },
            CallFilter { user: Some("alice".to_owned()), reason: Some("lost".to_owned()), ..all.clone() },
            CallFilter { caller: Some("alice".to_owned()), connected: Some(true), ..all.clone() },
            CallFilter { reason: Some("lost".to_owned()), ..all.clone() },
            CallFilter { group: Some("team".to_owned()), ..all.clone() },
            CallFilter { group: Some("team".to_owned()), reason: Some("lost".to_owned()), ..all.clone() },
            CallFilter { from_ms: Some(1), to_ms: Some(2), media: Some("video".to_owned()), ..all },
        ];
        for filter in filters {
            for after in [None, Some(Cursor { place: 5, number: 6 })] {
                let plan = plan(&tables, question(&filter, 10, after));
                let last_part = after.is_none() || plan.iter().any(|step| step.contains("ended<?"));
                assert!(last_part, "{filter:?} {after:?}: {plan:?}");
                let only_group = filter.group.is_some() && filter.reason.is_none();
                assert!(!only_group || plan[0].contains("calls_by_group"), "{plan:?}");
            }
        }
    }
}
