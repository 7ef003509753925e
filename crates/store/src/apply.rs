//! What each write does to the tables. All of them can be done twice: after a failed commit nobody knows whether it
//! reached the disk.

use crate::conference;
use crate::queue::Write;
use crate::record::{CallEnd, CallRecord, Group, MintedUrl};
use crate::{terms, usage};
use huitong_types::AppId;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

/// The reason of calls that were in progress when the server crashed.
const SERVER_LOST: &str = "serverLost";

/// The reason of calls that were in progress when the server ended.
const SERVER_SHUTDOWN: &str = "serverShutdown";

/// The state of everybody in a call of which only the beginning is known.
const LOST: &str = "lost";

/// Calls forgotten in one transaction: a few ms, so that writes do not wait.
const FORGET: i64 = 500;

/// A moment or a length as the database has it. What is beyond 292 million years is a defect of the giver.
pub(crate) fn ms(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(crate) fn write(tables: &Connection, write: &Write, now_ms: u64) -> rusqlite::Result<()> {
    match write {
        Write::Started(call) => started(tables, call),
        Write::Finished(call) => finished(tables, call, call.end.as_ref(), now_ms),
        Write::PutGroup(group) => put_group(tables, group, now_ms),
        Write::DropGroup(app, id) => drop_group(tables, *app, id),
        Write::PutUrl(url) => put_url(tables, url),
        Write::DropUrl(key) => drop_url(tables, key.reveal()),
        Write::Usage(record) => usage::put(tables, record),
        Write::PutConference(rows) => conference::put(tables, rows),
        Write::DropConference(app, id) => conference::forget(tables, *app, id),
        Write::Suspend(app, by, true) => terms::suspend(tables, *app, *by, now_ms),
        Write::Suspend(app, by, false) => terms::resume(tables, *app, *by),
        Write::Quota(app, quota) => terms::quota(tables, *app, *quota),
    }
}

fn started(tables: &Connection, call: &CallRecord) -> rusqlite::Result<()> {
    let text = serde_json::to_string(call)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let sql = "INSERT INTO open_calls (app, call, record) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    tables.execute(sql, params![call.app.get(), call.call, text]).map(drop)
}

fn finished(
    tables: &Connection,
    call: &CallRecord,
    end: Option<&CallEnd>,
    now_ms: u64,
) -> rusqlite::Result<()> {
    // Whoever says that a call is over without saying how has a defect; the call is over all the same.
    let unknown = CallEnd { at_ms: now_ms, reason: LOST.to_owned(), by: None };
    let end = end.unwrap_or(&unknown);
    let app = call.app.get();
    tables.execute("DELETE FROM open_calls WHERE app = ?1 AND call = ?2", params![app, call.call])?;
    let sql = "INSERT INTO calls (app, call, room, media, in_group, data, caller, backend, started, connected, ended, \
               reason, ended_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) \
               ON CONFLICT (app, call) DO NOTHING RETURNING no";
    let row = params![
        app,
        call.call,
        call.room,
        call.media,
        call.group,
        call.data,
        call.caller,
        call.backend,
        ms(call.started_ms),
        call.connected_ms.map(ms),
        ms(end.at_ms),
        end.reason,
        end.by,
    ];
    let Some(no) = tables.query_row(sql, row, |row| row.get::<_, i64>(0)).optional()? else {
        return Ok(());
    };
    let mut insert = tables.prepare(
        "INSERT INTO call_parties (call_no, place, app, ended, user, device, state, rang, answered, left_at, duration) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    for (place, party) in (0_i64..).zip(&call.parties) {
        insert.execute(params![
            no,
            place,
            app,
            ms(end.at_ms),
            party.user,
            party.device,
            party.state,
            party.rang_ms.map(ms),
            party.answered_ms.map(ms),
            party.left_ms.map(ms),
            ms(party.duration_ms),
        ])?;
    }
    Ok(())
}

fn put_group(tables: &Connection, group: &Group, now_ms: u64) -> rusqlite::Result<()> {
    let app = group.app.get();
    drop_group(tables, group.app, &group.id)?;
    let sql = "INSERT INTO groups (app, id, changed) VALUES (?1, ?2, ?3)";
    tables.execute(sql, params![app, group.id, ms(now_ms)])?;
    let sql = "INSERT INTO group_members (app, id, place, user) VALUES (?1, ?2, ?3, ?4)";
    let mut insert = tables.prepare(sql)?;
    for (place, user) in (0_i64..).zip(&group.members) {
        insert.execute(params![app, group.id, place, user])?;
    }
    Ok(())
}

fn drop_group(tables: &Connection, app: AppId, id: &str) -> rusqlite::Result<()> {
    // Its members go with it.
    tables.execute("DELETE FROM groups WHERE app = ?1 AND id = ?2", params![app.get(), id]).map(drop)
}

fn put_url(tables: &Connection, url: &MintedUrl) -> rusqlite::Result<()> {
    let sql = "INSERT INTO minted_urls (key, expires, record) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    tables.execute(sql, params![url.key.reveal(), ms(url.expires), url.record.reveal()]).map(drop)
}

fn drop_url(tables: &Connection, key: &str) -> rusqlite::Result<()> {
    tables.execute("DELETE FROM minted_urls WHERE key = ?1", [key]).map(drop)
}

/// Forgets URLs that have expired.
pub(crate) fn forget_urls(tables: &Connection, now_ms: u64) -> rusqlite::Result<usize> {
    tables.execute("DELETE FROM minted_urls WHERE expires <= ?1", [ms(now_ms / 1000)])
}

/// Notes that the server runs, if there are calls for which that matters.
pub(crate) fn alive(tables: &Connection, now_ms: u64) -> rusqlite::Result<()> {
    let sql = "UPDATE life SET alive_ms = ?1 WHERE EXISTS (SELECT 1 FROM open_calls)";
    tables.execute(sql, [ms(now_ms)]).map(drop)
}

/// Closes the calls of a crash as of the time when the server was last known to run. Says how many there were.
pub(crate) fn close_lost(tables: &mut Connection) -> rusqlite::Result<usize> {
    let transaction = tables.transaction()?;
    let alive: i64 = transaction.query_row("SELECT alive_ms FROM life", [], |row| row.get(0))?;
    let many = close_open(&transaction, u64::try_from(alive).unwrap_or(0), SERVER_LOST)?;
    transaction.commit()?;
    Ok(many)
}

/// Closes the calls that a server leaves behind when it ends.
pub(crate) fn close_left(tables: &mut Connection, now_ms: u64) -> rusqlite::Result<usize> {
    let transaction = tables.transaction()?;
    let many = close_open(&transaction, now_ms, SERVER_SHUTDOWN)?;
    transaction.commit()?;
    Ok(many)
}

fn close_open(tables: &Transaction<'_>, at_ms: u64, reason: &str) -> rusqlite::Result<usize> {
    let mut select = tables.prepare("SELECT app, call, record FROM open_calls")?;
    let open = select.query_map([], |row| {
        Ok((row.get::<_, u32>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
    })?;
    let open: Vec<_> = open.collect::<rusqlite::Result<_>>()?;
    for (app, id, text) in &open {
        let Ok(mut call) = serde_json::from_str::<CallRecord>(text) else {
            tracing::error!(
                app,
                call = id,
                "the beginning of a call cannot be read: there is no record of it"
            );
            tables.execute("DELETE FROM open_calls WHERE app = ?1 AND call = ?2", params![app, id])?;
            continue;
        };
        let at_ms = at_ms.max(call.started_ms);
        for party in &mut call.parties {
            LOST.clone_into(&mut party.state);
        }
        let end = CallEnd { at_ms, reason: reason.to_owned(), by: None };
        finished(tables, &call, Some(&end), at_ms)?;
    }
    Ok(open.len())
}

/// Forgets some of the calls that ended before `before_ms`. Says how many, 0 when there are none left.
pub(crate) fn forget(tables: &Connection, before_ms: u64) -> rusqlite::Result<usize> {
    let sql = "DELETE FROM calls WHERE no IN (SELECT no FROM calls WHERE ended < ?1 ORDER BY ended LIMIT ?2)";
    tables.execute(sql, [ms(before_ms), FORGET])
}
