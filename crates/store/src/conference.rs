//! Conferences: what of them a server that starts has to know.

use crate::read::app_at;
use huitong_types::{AppId, Redacted};
use rusqlite::{Connection, params};
use std::collections::BTreeMap;

/// Some of what is kept of a conference, or all of it when it is given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConferenceRows {
    /// The application it belongs to.
    pub app: AppId,
    /// Its id, unique in the application.
    pub id: String,
    /// The conference itself; nothing when only decisions are written.
    pub itself: Option<ConferenceText>,
    /// What was decided about users, by user.
    pub decided: BTreeMap<String, Decided>,
}

/// The conference itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConferenceText {
    /// Its room, in the notation of commands. An application has one conference in a room at a time.
    pub room: String,
    /// How it is set up, in the giver's own form; it may have the hash of a password in it.
    pub record: Redacted<String>,
}

/// What was decided about a user of a conference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The stable word of its role, if that was decided.
    pub role: Option<String>,
    /// Whether its sound is left out.
    pub no_audio: bool,
    /// Whether its picture is left out.
    pub no_video: bool,
}

impl ConferenceRows {
    /// Bytes of its texts.
    pub(crate) fn text_bytes(&self) -> usize {
        let itself = self.itself.as_ref().map_or(0, |text| text.room.len() + text.record.reveal().len());
        let role = |decided: &Decided| decided.role.as_ref().map_or(0, String::len);
        // A row and its place in the tree are some words beside their texts.
        let decided = self.decided.iter().map(|(user, decided)| 64 + user.len() + role(decided));
        self.id.len() + itself + decided.sum::<usize>()
    }
}

pub(crate) fn put(tables: &Connection, rows: &ConferenceRows) -> rusqlite::Result<()> {
    let app = rows.app.get();
    if let Some(ConferenceText { room, record }) = &rows.itself {
        // One whose end was not written gives way to the next one in its room.
        let sql = "DELETE FROM conferences WHERE app = ?1 AND room = ?2 AND id <> ?3";
        tables.execute(sql, params![app, room, rows.id])?;
        let sql = "INSERT INTO conferences (app, id, room, record) VALUES (?1, ?2, ?3, ?4) \
                   ON CONFLICT (app, id) DO UPDATE SET room = excluded.room, record = excluded.record";
        tables.execute(sql, params![app, rows.id, room, record.reveal()])?;
    }
    let mut upsert = tables.prepare(
        "INSERT INTO conference_users (app, id, user, role, no_audio, no_video) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
         ON CONFLICT (app, id, user) DO UPDATE \
         SET role = excluded.role, no_audio = excluded.no_audio, no_video = excluded.no_video",
    )?;
    for (user, Decided { role, no_audio, no_video }) in &rows.decided {
        upsert.execute(params![app, rows.id, user, role, no_audio, no_video])?;
    }
    Ok(())
}

/// Its decisions go with it.
pub(crate) fn forget(tables: &Connection, app: AppId, id: &str) -> rusqlite::Result<()> {
    tables.execute("DELETE FROM conferences WHERE app = ?1 AND id = ?2", params![app.get(), id]).map(drop)
}

/// Every conference there is, the oldest first.
pub(crate) fn all(tables: &Connection) -> rusqlite::Result<Vec<ConferenceRows>> {
    let mut select = tables.prepare("SELECT app, id, room, record FROM conferences ORDER BY no")?;
    let rows = select.query_map([], |row| {
        Ok(ConferenceRows {
            app: app_at(row, 0)?,
            id: row.get(1)?,
            itself: Some(ConferenceText { room: row.get(2)?, record: Redacted::new(row.get(3)?) }),
            decided: BTreeMap::new(),
        })
    })?;
    let mut all: Vec<ConferenceRows> = rows.collect::<rusqlite::Result<_>>()?;
    let mut select = tables
        .prepare("SELECT user, role, no_audio, no_video FROM conference_users WHERE app = ?1 AND id = ?2")?;
    for own in &mut all {
        let decided = select.query_map(params![own.app.get(), own.id], |row| {
            Ok((row.get(0)?, Decided { role: row.get(1)?, no_audio: row.get(2)?, no_video: row.get(3)? }))
        })?;
        own.decided = decided.collect::<rusqlite::Result<_>>()?;
    }
    Ok(all)
}
