//! What applications use: the words, the writes and the questions.

use crate::apply::ms;
use crate::read::{self, app_at, time_at};
use crate::record::Cursor;
use huitong_types::AppId;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

/// Days whose sums are given back when the store is opened, of each application the newest: the longest month for quotas, and
/// some more, because a clock that was wrong for a while has left days of another time.
const RECENT_DAYS: i32 = 40;

/// Records forgotten in one transaction: a few ms, so that writes do not wait.
const FORGET: i64 = 500;

/// Adds to the sums of a day, in the table that is named first.
macro_rules! day_sums {
    ($table:literal) => {
        concat!(
            "INSERT INTO ",
            $table,
            " (app, day, stays, room_ms, audio_ms, mic_ms, sd_ms, hd_ms, fhd_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
             ON CONFLICT (app, day) DO UPDATE SET stays = stays + excluded.stays, room_ms = room_ms + excluded.room_ms, \
             audio_ms = audio_ms + excluded.audio_ms, mic_ms = mic_ms + excluded.mic_ms, sd_ms = sd_ms + excluded.sd_ms, \
             hd_ms = hd_ms + excluded.hd_ms, fhd_ms = fhd_ms + excluded.fhd_ms"
        )
    };
}

const DAY_SUMS: &str = day_sums!("usage_days");
const GUEST_DAY_SUMS: &str = day_sums!("guest_days");

/// Sums of time, ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsageTotals {
    /// In rooms.
    pub room_ms: u64,
    /// In rooms without receiving any picture.
    pub audio_ms: u64,
    /// With the own microphone on.
    pub mic_ms: u64,
    /// Pictures received in the lowest tier.
    pub sd_ms: u64,
    /// In the middle one.
    pub hd_ms: u64,
    /// In the highest one.
    pub fhd_ms: u64,
}

impl UsageTotals {
    const fn columns(&self) -> [u64; 6] {
        [self.room_ms, self.audio_ms, self.mic_ms, self.sd_ms, self.hd_ms, self.fhd_ms]
    }
}

/// What one stay in a room has used on one day. Given again and again while it grows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageRecord {
    /// The application.
    pub app: AppId,
    /// The stay, unique in the application.
    pub stay: String,
    /// The day of the bill, days since 1970-01-01.
    pub day: i32,
    /// The room, in the notation of commands.
    pub room: String,
    /// The user.
    pub user: String,
    /// Not what the user has used, but what all together have received who played its stream by minted URLs.
    pub guests: bool,
    /// When it began on this day, Unix ms.
    pub started_ms: u64,
    /// Until when it is counted, Unix ms.
    pub ended_ms: u64,
    /// Whether it goes on. What a crash cuts off ends where it was counted last.
    pub open: bool,
    /// What was used.
    pub totals: UsageTotals,
}

impl UsageRecord {
    /// Bytes of its texts.
    pub(crate) fn text_bytes(&self) -> usize {
        self.stay.len() + self.room.len() + self.user.len()
    }
}

/// Which usage of an application is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageFilter {
    /// The application.
    pub app: AppId,
    /// Of this user.
    pub user: Option<String>,
    /// In this room.
    pub room: Option<String>,
    /// On this day or later.
    pub from_day: Option<i32>,
    /// Before this day.
    pub to_day: Option<i32>,
    /// What players of minted URLs have received, and not what members have used.
    pub guests: bool,
}

impl UsageFilter {
    /// All usage of an application.
    pub const fn all(app: AppId) -> Self {
        Self { app, user: None, room: None, from_day: None, to_day: None, guests: false }
    }
}

/// Some usage, the newest day first and in it the newest stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsagePage {
    /// What stays have used.
    pub records: Vec<UsageRecord>,
    /// Where the next page begins; `None` when this was the last one.
    pub next: Option<Cursor>,
}

/// What was used on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageDay {
    /// The application.
    pub app: AppId,
    /// The day of the bill, days since 1970-01-01.
    pub day: i32,
    /// Stays that were in a room on this day.
    pub stays: u64,
    /// The sum.
    pub totals: UsageTotals,
}

/// Of whom sums are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SumOf {
    /// Of each user.
    Users,
    /// Of each room.
    Rooms,
}

impl SumOf {
    const fn column(self) -> &'static str {
        match self {
            Self::Users => "user",
            Self::Rooms => "room",
        }
    }
}

/// What one user has used, or what was used in one room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageSum {
    /// The user, or the room in the notation of commands.
    pub name: String,
    /// Stays, on each day anew, as the days count them.
    pub stays: u64,
    /// The sum.
    pub totals: UsageTotals,
}

/// Some sums, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageSums {
    /// The sums.
    pub sums: Vec<UsageSum>,
    /// Whether there are others behind them.
    pub more: bool,
}

/// Puts what a stay has used in the place of what was known of it, and adds the difference to its day. Doing it twice adds
/// nothing; what comes late (a smaller length) changes nothing.
pub(crate) fn put(tables: &Connection, record: &UsageRecord) -> rusqlite::Result<()> {
    let app = record.app.get();
    let sql = "SELECT room_ms, audio_ms, mic_ms, sd_ms, hd_ms, fhd_ms FROM usage WHERE app = ?1 AND stay = ?2 AND day = ?3";
    let mut select = tables.prepare(sql)?;
    let before = select.query_row(params![app, record.stay, record.day], |row| totals(row, 0)).optional()?;
    if before.is_some_and(|before| before.room_ms > record.totals.room_ms) {
        return Ok(());
    }
    let sql = "INSERT INTO usage (app, stay, day, room, user, started, ended, open, room_ms, audio_ms, mic_ms, sd_ms, hd_ms, \
               fhd_ms, guests) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) ON CONFLICT (app, stay, day) \
               DO UPDATE SET ended = excluded.ended, open = min(open, excluded.open), room_ms = excluded.room_ms, \
               audio_ms = excluded.audio_ms, mic_ms = excluded.mic_ms, sd_ms = excluded.sd_ms, hd_ms = excluded.hd_ms, \
               fhd_ms = excluded.fhd_ms";
    let [room, audio, mic, sd, hd, fhd] = record.totals.columns().map(ms);
    tables.prepare(sql)?.execute(params![
        app,
        record.stay,
        record.day,
        record.room,
        record.user,
        ms(record.started_ms),
        ms(record.ended_ms),
        record.open,
        room,
        audio,
        mic,
        sd,
        hd,
        fhd,
        record.guests,
    ])?;
    let first = i64::from(before.is_none());
    let [room, audio, mic, sd, hd, fhd] = difference(record.totals, before.unwrap_or_default());
    let sql = match record.guests {
        false => DAY_SUMS,
        true => GUEST_DAY_SUMS,
    };
    let row = params![app, record.day, first, room, audio, mic, sd, hd, fhd];
    tables.prepare(sql)?.execute(row).map(drop)
}

fn difference(now: UsageTotals, before: UsageTotals) -> [i64; 6] {
    let mut sums = now.columns().map(ms);
    for (sum, before) in sums.iter_mut().zip(before.columns()) {
        *sum = sum.saturating_sub(ms(before));
    }
    sums
}

/// Forgets some of the usage before this day, not its sums. Says how many records, 0 when there are none left.
pub(crate) fn forget(tables: &Connection, before: i32) -> rusqlite::Result<usize> {
    let sql = "DELETE FROM usage WHERE no IN (SELECT no FROM usage WHERE day < ?1 AND open = 0 ORDER BY day LIMIT ?2)";
    tables.execute(sql, params![before, FORGET])
}

/// Sums of the last days of every application on which it used something, whatever date the other applications have.
pub(crate) fn recent(tables: &Connection) -> rusqlite::Result<Vec<UsageDay>> {
    let sql = "SELECT app, day, stays, room_ms, audio_ms, mic_ms, sd_ms, hd_ms, fhd_ms FROM \
               (SELECT *, row_number() OVER (PARTITION BY app ORDER BY day DESC) AS age FROM usage_days) \
               WHERE age <= ?1 ORDER BY app, day";
    tables.prepare(sql)?.query_map([RECENT_DAYS], day)?.collect()
}

/// The conditions of a filter, on columns of any table that has them, and their values.
fn conditions(filter: &UsageFilter) -> (Vec<String>, Vec<Value>) {
    let mut values: Vec<Value> = vec![i64::from(filter.app.get()).into()];
    let mut conditions = vec!["app = ?1".to_owned()];
    let rules: [(&str, Option<Value>); 4] = [
        ("user =", filter.user.clone().map(Value::from)),
        ("room =", filter.room.clone().map(Value::from)),
        ("day >=", filter.from_day.map(|day| i64::from(day).into())),
        ("day <", filter.to_day.map(|day| i64::from(day).into())),
    ];
    for (text, value) in rules {
        if let Some(value) = value {
            values.push(value);
            conditions.push(format!("{text} ?{}", values.len()));
        }
    }
    (conditions, values)
}

/// The same on the table of stays, where those of members and of guests are.
fn stays_of(filter: &UsageFilter) -> (Vec<String>, Vec<Value>) {
    let (mut conditions, values) = conditions(filter);
    conditions.push(format!("guests = {}", u8::from(filter.guests)));
    (conditions, values)
}

/// The text and the values of a question for usage.
fn question(filter: &UsageFilter, limit: usize, after: Option<Cursor>) -> (String, Vec<Value>) {
    let (mut conditions, mut values) = stays_of(filter);
    if let Some(Cursor { place: day, number }) = after {
        // A condition on the first part alone lets the index be entered at its place.
        values.extend([day.into(), number.into()]);
        let n = values.len();
        conditions.push(format!("day <= ?{}", n - 1));
        conditions.push(format!("(day < ?{} OR no < ?{n})", n - 1));
    }
    values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
    let text = format!(
        "SELECT no, app, stay, day, room, user, started, ended, open, room_ms, audio_ms, mic_ms, sd_ms, hd_ms, \
         fhd_ms, guests FROM usage WHERE {} ORDER BY day DESC, no DESC LIMIT ?{}",
        conditions.join(" AND "),
        values.len()
    );
    (text, values)
}

/// A page of usage, the newest day first.
pub(crate) fn page(
    tables: &Connection,
    filter: &UsageFilter,
    limit: usize,
    after: Option<Cursor>,
) -> rusqlite::Result<UsagePage> {
    let day = |record: &UsageRecord| i64::from(record.day);
    let (rows, next) = read::page(tables, limit, |limit| question(filter, limit, after), record, day)?;
    Ok(UsagePage { records: rows.into_iter().map(|(_, record)| record).collect(), next })
}

/// The sums of each day, the newest first. Those of all users and rooms are kept; others are added up from what stays have
/// used, as long as that is kept.
pub(crate) fn days(tables: &Connection, filter: &UsageFilter) -> rusqlite::Result<Vec<UsageDay>> {
    let sums_are_kept = filter.user.is_none() && filter.room.is_none();
    let (conditions, values) = if sums_are_kept { conditions(filter) } else { stays_of(filter) };
    let conditions = conditions.join(" AND ");
    let text = if sums_are_kept {
        let table = if filter.guests { "guest_days" } else { "usage_days" };
        format!(
            "SELECT app, day, stays, room_ms, audio_ms, mic_ms, sd_ms, hd_ms, fhd_ms FROM {table} WHERE {conditions} \
             ORDER BY day DESC"
        )
    } else {
        format!(
            "SELECT app, day, count(*), sum(room_ms), sum(audio_ms), sum(mic_ms), sum(sd_ms), sum(hd_ms), sum(fhd_ms) \
             FROM usage WHERE {conditions} GROUP BY app, day ORDER BY day DESC"
        )
    };
    tables.prepare(&text)?.query_map(params_from_iter(values), day)?.collect()
}

/// The text and the values of a question for sums of users or rooms that come behind a name.
fn sums_question(
    filter: &UsageFilter,
    of: SumOf,
    limit: usize,
    after: Option<String>,
) -> (String, Vec<Value>) {
    let (mut conditions, mut values) = stays_of(filter);
    let name = of.column();
    if let Some(after) = after {
        values.push(after.into());
        conditions.push(format!("{name} > ?{}", values.len()));
    }
    values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
    let text = format!(
        "SELECT {name}, count(*), sum(room_ms), sum(audio_ms), sum(mic_ms), sum(sd_ms), sum(hd_ms), \
         sum(fhd_ms) FROM usage INDEXED BY usage_by_{name} WHERE {} GROUP BY {name} ORDER BY {name} LIMIT ?{}",
        conditions.join(" AND "),
        values.len()
    );
    (text, values)
}

/// What each user has used, or what was used in each room, as long as what stays have used is kept.
pub(crate) fn sums(
    tables: &Connection,
    filter: &UsageFilter,
    of: SumOf,
    limit: usize,
    after: Option<String>,
) -> rusqlite::Result<UsageSums> {
    let (text, values) = sums_question(filter, of, limit.saturating_add(1), after);
    let mut select = tables.prepare(&text)?;
    let rows = select.query_map(params_from_iter(values), |row| {
        let stays = time_at(row, 1)?.unwrap_or(0);
        Ok(UsageSum { name: row.get(0)?, stays, totals: totals(row, 2)? })
    })?;
    let mut sums: Vec<UsageSum> = rows.collect::<rusqlite::Result<_>>()?;
    let more = sums.len() > limit;
    sums.truncate(limit);
    Ok(UsageSums { sums, more })
}

fn record(row: &Row<'_>) -> rusqlite::Result<UsageRecord> {
    Ok(UsageRecord {
        app: app_at(row, 1)?,
        stay: row.get(2)?,
        day: row.get(3)?,
        room: row.get(4)?,
        user: row.get(5)?,
        guests: row.get(15)?,
        started_ms: time_at(row, 6)?.unwrap_or(0),
        ended_ms: time_at(row, 7)?.unwrap_or(0),
        open: row.get(8)?,
        totals: totals(row, 9)?,
    })
}

fn day(row: &Row<'_>) -> rusqlite::Result<UsageDay> {
    let stays = time_at(row, 2)?.unwrap_or(0);
    Ok(UsageDay { app: app_at(row, 0)?, day: row.get(1)?, stays, totals: totals(row, 3)? })
}

fn totals(row: &Row<'_>, first: usize) -> rusqlite::Result<UsageTotals> {
    let sum = |place: usize| time_at(row, first + place).map(Option::unwrap_or_default);
    Ok(UsageTotals {
        room_ms: sum(0)?,
        audio_ms: sum(1)?,
        mic_ms: sum(2)?,
        sd_ms: sum(3)?,
        hd_ms: sum(4)?,
        fhd_ms: sum(5)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;

    /// Each filter enters an index and needs no sorting.
    #[test]
    fn no_question_reads_or_sorts_the_whole_table() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.db");
        std::fs::write(&path, "").unwrap();
        let tables = schema::open_writer(&path).unwrap();
        let all = UsageFilter::all(AppId::new(7).unwrap());
        let user = UsageFilter { user: Some("alice".to_owned()), ..all.clone() };
        let room = UsageFilter { room: Some("1".to_owned()), ..all.clone() };
        let days = UsageFilter { from_day: Some(3), to_day: Some(9), ..user.clone() };
        for filter in [all, user, room, days] {
            for after in [None, Some(Cursor { place: 5, number: 6 })] {
                let plan = read::plan(&tables, question(&filter, 10, after));
                let last_part = after.is_none() || plan.iter().any(|step| step.contains("day<?"));
                assert!(last_part, "{filter:?} {after:?}: {plan:?}");
            }
        }
    }

    /// A page of sums reads what its own users or rooms have used, in the order of the index, and nothing before it.
    #[test]
    fn sums_are_formed_along_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.db");
        std::fs::write(&path, "").unwrap();
        let tables = schema::open_writer(&path).unwrap();
        let all = UsageFilter::all(AppId::new(7).unwrap());
        let days = UsageFilter { from_day: Some(3), to_day: Some(9), ..all.clone() };
        let both = UsageFilter { user: Some("alice".to_owned()), room: Some("1".to_owned()), ..days.clone() };
        for filter in [all, days, both] {
            for (of, column) in [(SumOf::Users, "user"), (SumOf::Rooms, "room")] {
                let plan = read::plan(&tables, sums_question(&filter, of, 10, Some("m".to_owned())));
                // One that is named is looked up; pages of all of them are entered behind the last one.
                let named = match of {
                    SumOf::Users => filter.user.is_some(),
                    SumOf::Rooms => filter.room.is_some(),
                };
                let entered = format!("{column}{}?", if named { "=" } else { ">" });
                assert!(plan.iter().any(|step| step.contains(&entered)), "{filter:?} {of:?}: {plan:?}");
            }
        }
    }
}
