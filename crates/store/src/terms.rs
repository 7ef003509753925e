//! On what terms applications are served: suspensions and quotas that were decided while the server ran, and who was in a room
//! when it ended.

use crate::apply::ms;
use crate::read::{app_at, time_at};
use huitong_types::AppId;
use rusqlite::{Connection, params};

/// How long after the end of a server it matters who was inside, ms: an update or a reboot takes less, and a room that nobody
/// could be in for longer does not go on.
const INSIDE_MS: u64 = 10 * 60_000;

/// Who suspends an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspender {
    /// Its own back-end.
    BackEnd,
    /// The operator of the server.
    Operator,
}

impl Suspender {
    const fn table(self) -> &'static str {
        match self {
            Self::BackEnd => "suspensions",
            Self::Operator => "operator_suspensions",
        }
    }
}

/// What an application may use, minutes; `None`: as much as it likes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuotaRow {
    /// Audio on a day.
    pub audio_day: Option<u64>,
    /// Video on a day.
    pub video_day: Option<u64>,
    /// Audio in a month.
    pub audio_month: Option<u64>,
    /// Video in a month.
    pub video_month: Option<u64>,
}

/// Somebody who was in a room when the server ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inside {
    /// The application.
    pub app: AppId,
    /// The room, in the notation of commands.
    pub room: String,
    /// The user.
    pub user: String,
}

pub(crate) fn suspend(tables: &Connection, app: AppId, by: Suspender, now_ms: u64) -> rusqlite::Result<()> {
    let sql = format!("INSERT INTO {} (app, since) VALUES (?1, ?2) ON CONFLICT DO NOTHING", by.table());
    tables.execute(&sql, params![app.get(), ms(now_ms)]).map(drop)
}

pub(crate) fn resume(tables: &Connection, app: AppId, by: Suspender) -> rusqlite::Result<()> {
    tables.execute(&format!("DELETE FROM {} WHERE app = ?1", by.table()), [app.get()]).map(drop)
}

/// Every application that is suspended, and by whom.
pub(crate) fn suspended(tables: &Connection) -> rusqlite::Result<Vec<(AppId, Suspender)>> {
    let mut all = Vec::new();
    for by in [Suspender::BackEnd, Suspender::Operator] {
        let mut select = tables.prepare(&format!("SELECT app FROM {} ORDER BY app", by.table()))?;
        for app in select.query_map([], |row| app_at(row, 0))? {
            all.push((app?, by));
        }
    }
    Ok(all)
}

/// Gives an application a quota in the place of the configured one; without one, the configured one holds again.
pub(crate) fn quota(tables: &Connection, app: AppId, quota: Option<QuotaRow>) -> rusqlite::Result<()> {
    let Some(QuotaRow { audio_day, video_day, audio_month, video_month }) = quota else {
        return tables.execute("DELETE FROM quotas WHERE app = ?1", [app.get()]).map(drop);
    };
    let sql = "INSERT OR REPLACE INTO quotas (app, audio_day, video_day, audio_month, video_month) \
               VALUES (?1, ?2, ?3, ?4, ?5)";
    let [audio_day, video_day, audio_month, video_month] =
        [audio_day, video_day, audio_month, video_month].map(|minutes| minutes.map(ms));
    tables.execute(sql, params![app.get(), audio_day, video_day, audio_month, video_month]).map(drop)
}

/// Every quota that was given.
pub(crate) fn quotas(tables: &Connection) -> rusqlite::Result<Vec<(AppId, QuotaRow)>> {
    let sql = "SELECT app, audio_day, video_day, audio_month, video_month FROM quotas ORDER BY app";
    let mut select = tables.prepare(sql)?;
    let rows = select.query_map([], |row| {
        let quota = QuotaRow {
            audio_day: time_at(row, 1)?,
            video_day: time_at(row, 2)?,
            audio_month: time_at(row, 3)?,
            video_month: time_at(row, 4)?,
        };
        Ok((app_at(row, 0)?, quota))
    })?;
    rows.collect()
}

/// Ends the stays that a crash or an end left open, where they were counted last, and notes who was inside by that. Says how
/// many there were.
pub(crate) fn close_open(tables: &Connection) -> rusqlite::Result<usize> {
    let transaction = tables.unchecked_transaction()?;
    let sql = "INSERT OR REPLACE INTO inside (app, room, user, ended) \
               SELECT app, room, user, max(ended) FROM usage WHERE open = 1 AND guests = 0 GROUP BY app, room, user";
    transaction.execute(sql, [])?;
    let closed = transaction.execute("UPDATE usage SET open = 0 WHERE open = 1", [])?;
    transaction.commit()?;
    Ok(closed)
}

/// Who was inside when a server ended a short time ago. Those of longer ago are forgotten. The others stay, since a server that
/// ends again at once has not seen everybody come back.
pub(crate) fn inside(tables: &Connection, now_ms: u64) -> rusqlite::Result<Vec<Inside>> {
    let (from, to) = (now_ms.saturating_sub(INSIDE_MS), now_ms.saturating_add(INSIDE_MS));
    tables.execute("DELETE FROM inside WHERE ended NOT BETWEEN ?1 AND ?2", [ms(from), ms(to)])?;
    let mut select = tables.prepare("SELECT app, room, user FROM inside ORDER BY app, room, user")?;
    let rows = select
        .query_map([], |row| Ok(Inside { app: app_at(row, 0)?, room: row.get(1)?, user: row.get(2)? }))?;
    rows.collect()
}
