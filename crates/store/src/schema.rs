//! The tables, and how a database of an older version gets them.

use crate::error::OpenError;
use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{M, Migrations};
use std::path::Path;
use std::time::Duration;

/// How long a statement waits for another connection. Writers beside the server (a backup tool) hold their locks for
/// less; beyond it, the write is tried again as a whole.
const BUSY: Duration = Duration::from_secs(2);

/// Size to which the write-ahead log is cut back after it grew, bytes.
const LOG_BYTES: i64 = 16 * 1024 * 1024;

/// Each step brings a database from the form before to the next one, in one transaction. The form is the number of
/// steps taken, kept in `user_version`. Steps are only ever appended: what a released version made must stay readable.
const STEPS: &[M<'_>] = &[
    M::up(
    "
    -- Calls in progress, as they were when they began: those of a crash are closed from here.
    CREATE TABLE open_calls (
        app INTEGER NOT NULL,
        call TEXT NOT NULL,
        record TEXT NOT NULL,
        PRIMARY KEY (app, call)
    ) WITHOUT ROWID;

    -- One row: when this server was last known to run, so that a crash does not lengthen the calls it cut off.
    CREATE TABLE life (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        alive_ms INTEGER NOT NULL
    );
    INSERT INTO life VALUES (1, 0);

    -- Finished calls, never changed. Times are Unix ms. Numbers grow and are not used twice.
    CREATE TABLE calls (
        no INTEGER PRIMARY KEY AUTOINCREMENT,
        app INTEGER NOT NULL,
        call TEXT NOT NULL,
        room TEXT NOT NULL,
        media TEXT NOT NULL,
        in_group TEXT,
        data TEXT,
        caller TEXT NOT NULL,
        backend INTEGER NOT NULL,
        started INTEGER NOT NULL,
        connected INTEGER,
        ended INTEGER NOT NULL,
        reason TEXT NOT NULL,
        ended_by TEXT,
        UNIQUE (app, call)
    );
    CREATE INDEX calls_by_end ON calls (app, ended, no);
    CREATE INDEX calls_by_reason ON calls (app, reason, ended, no);
    CREATE INDEX calls_by_age ON calls (ended);

    -- Application and end are repeated, so that the calls of a user are found in their order by one index.
    CREATE TABLE call_parties (
        call_no INTEGER NOT NULL REFERENCES calls (no) ON DELETE CASCADE,
        place INTEGER NOT NULL,
        app INTEGER NOT NULL,
        ended INTEGER NOT NULL,
        user TEXT NOT NULL,
        device TEXT,
        state TEXT NOT NULL,
        rang INTEGER,
        answered INTEGER,
        left_at INTEGER,
        duration INTEGER NOT NULL,
        PRIMARY KEY (call_no, place)
    ) WITHOUT ROWID;
    CREATE INDEX call_parties_by_user ON call_parties (app, user, ended, call_no);

    CREATE TABLE groups (
        app INTEGER NOT NULL,
        id TEXT NOT NULL,
        changed INTEGER NOT NULL,
        PRIMARY KEY (app, id)
    ) WITHOUT ROWID;
    CREATE TABLE group_members (
        app INTEGER NOT NULL,
        id TEXT NOT NULL,
        place INTEGER NOT NULL,
        user TEXT NOT NULL,
        PRIMARY KEY (app, id, place),
        FOREIGN KEY (app, id) REFERENCES groups (app, id) ON DELETE CASCADE
    ) WITHOUT ROWID;
    ",
),
    M::up(
        "
    -- URLs that are valid until a time, in Unix seconds. They hold keys.
    CREATE TABLE minted_urls (
        key TEXT PRIMARY KEY,
        expires INTEGER NOT NULL,
        record TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX minted_urls_by_expiry ON minted_urls (expires);
    ",
    ),
    M::up(
        "
    -- Most calls are for no group and take no room in it.
    CREATE INDEX calls_by_group ON calls (app, in_group, ended, no) WHERE in_group IS NOT NULL;
    ",
    ),
    M::up(
        "
    -- What each stay in a room has used on each day; it grows while it is open. Days are counted from 1970-01-01.
    CREATE TABLE usage (
        no INTEGER PRIMARY KEY AUTOINCREMENT,
        app INTEGER NOT NULL,
        stay TEXT NOT NULL,
        day INTEGER NOT NULL,
        room TEXT NOT NULL,
        user TEXT NOT NULL,
        started INTEGER NOT NULL,
        ended INTEGER NOT NULL,
        open INTEGER NOT NULL,
        room_ms INTEGER NOT NULL,
        audio_ms INTEGER NOT NULL,
        mic_ms INTEGER NOT NULL,
        sd_ms INTEGER NOT NULL,
        hd_ms INTEGER NOT NULL,
        fhd_ms INTEGER NOT NULL,
        UNIQUE (app, stay, day)
    );
    CREATE INDEX usage_by_day ON usage (app, day, no);
    CREATE INDEX usage_by_user ON usage (app, user, day, no);
    CREATE INDEX usage_by_room ON usage (app, room, day, no);
    CREATE INDEX usage_by_age ON usage (day);
    CREATE INDEX usage_open ON usage (open) WHERE open = 1;

    -- The sums of each day, which stay when the stays are forgotten: a row for an application and day.
    CREATE TABLE usage_days (
        app INTEGER NOT NULL,
        day INTEGER NOT NULL,
        stays INTEGER NOT NULL,
        room_ms INTEGER NOT NULL,
        audio_ms INTEGER NOT NULL,
        mic_ms INTEGER NOT NULL,
        sd_ms INTEGER NOT NULL,
        hd_ms INTEGER NOT NULL,
        fhd_ms INTEGER NOT NULL,
        PRIMARY KEY (app, day)
    ) WITHOUT ROWID;

    -- Applications that are suspended, and since when in Unix ms.
    CREATE TABLE suspensions (
        app INTEGER PRIMARY KEY,
        since INTEGER NOT NULL
    );
    ",
    ),
    M::up(
        "
    -- Conferences that are not over, in the order in which they began. The record may have the hash of a password in it.
    CREATE TABLE conferences (
        no INTEGER PRIMARY KEY AUTOINCREMENT,
        app INTEGER NOT NULL,
        id TEXT NOT NULL,
        room TEXT NOT NULL,
        record TEXT NOT NULL,
        UNIQUE (app, id),
        UNIQUE (app, room)
    );

    -- What their admins decided about users.
    CREATE TABLE conference_users (
        app INTEGER NOT NULL,
        id TEXT NOT NULL,
        user TEXT NOT NULL,
        role TEXT,
        no_audio INTEGER NOT NULL,
        no_video INTEGER NOT NULL,
        PRIMARY KEY (app, id, user),
        FOREIGN KEY (app, id) REFERENCES conferences (app, id) ON DELETE CASCADE
    ) WITHOUT ROWID;
    ",
    ),
    M::up(
        "
    -- Of players of minted URLs it is kept what all together have received from a stream; the user is whose stream that is.
    ALTER TABLE usage ADD COLUMN guests INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE guest_days (
        app INTEGER NOT NULL,
        day INTEGER NOT NULL,
        stays INTEGER NOT NULL,
        room_ms INTEGER NOT NULL,
        audio_ms INTEGER NOT NULL,
        mic_ms INTEGER NOT NULL,
        sd_ms INTEGER NOT NULL,
        hd_ms INTEGER NOT NULL,
        fhd_ms INTEGER NOT NULL,
        PRIMARY KEY (app, day)
    ) WITHOUT ROWID;

    -- Who was in which room when the server ended, and until when that was counted, Unix ms.
    CREATE TABLE inside (
        app INTEGER NOT NULL,
        room TEXT NOT NULL,
        user TEXT NOT NULL,
        ended INTEGER NOT NULL,
        PRIMARY KEY (app, room, user)
    ) WITHOUT ROWID;

    -- What the operator has decided while the server ran: suspensions, since when in Unix ms, and quotas, minutes; without a
    -- number there is no limit.
    CREATE TABLE operator_suspensions (
        app INTEGER PRIMARY KEY,
        since INTEGER NOT NULL
    );
    CREATE TABLE quotas (
        app INTEGER PRIMARY KEY,
        audio_day INTEGER,
        video_day INTEGER,
        audio_month INTEGER,
        video_month INTEGER
    );
    ",
    ),
];

/// The form that this version knows.
fn known() -> u32 {
    u32::try_from(STEPS.len()).unwrap_or(u32::MAX)
}

/// Opens the writing connection and brings the tables to the newest form.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, OpenError> {
    let mut connection = connect(path).map_err(|error| refusal(path, &error))?;
    let found = form(&connection).map_err(|error| refusal(path, &error))?;
    if found > known() {
        return Err(OpenError::TooNew { path: path.to_owned(), found, known: known() });
    }
    prepare_writer(&connection).map_err(|error| refusal(path, &error))?;
    Migrations::from_slice(STEPS).to_latest(&mut connection).map_err(|error| match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => refusal(path, &err),
        other => OpenError::Damaged { path: path.to_owned(), why: other.to_string() },
    })?;
    Ok(connection)
}

/// Opens a connection that cannot write.
pub(crate) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection = connect(path)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    // Only the thread that has a connection uses it, and the file was made with its rights before.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    Ok(connection)
}

fn form(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn prepare_writer(connection: &Connection) -> rusqlite::Result<()> {
    // Readers do not stop the writer, nor the writer them.
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_row| Ok(()))?;
    // A commit returns when it is on the disk.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update_and_check(None, "journal_size_limit", LOG_BYTES, |_row| Ok(()))?;
    connection.pragma_update(None, "foreign_keys", true)
}

pub(crate) fn refusal(path: &Path, error: &rusqlite::Error) -> OpenError {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    let (path, why) = (path.to_owned(), error.to_string());
    match error.sqlite_error_code() {
        Some(DatabaseCorrupt | NotADatabase) => OpenError::Damaged { path, why },
        _ => OpenError::Refused { path, why },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_can_be_taken_and_undone_by_its_transaction() {
        Migrations::from_slice(STEPS).validate().unwrap();
    }

    #[test]
    fn each_older_form_is_brought_to_the_newest_with_what_is_in_it() {
        for steps in 1..STEPS.len() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("some.db");
            let mut older = Connection::open(&path).unwrap();
            Migrations::from_slice(&STEPS[..steps]).to_latest(&mut older).unwrap();
            let group = "INSERT INTO groups VALUES (7, 'team', 1); INSERT INTO group_members VALUES (7, 'team', 0, 'bob')";
            older.execute_batch(group).unwrap();
            older.close().unwrap();
            let newest = open_writer(&path).unwrap();
            assert_eq!(form(&newest).unwrap(), known());
            let groups = crate::read::groups(&newest).unwrap();
            assert_eq!(groups[0].members, ["bob"], "from form {steps}");
        }
    }

    #[test]
    fn a_commit_is_on_the_disk_when_it_returns() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.db");
        std::fs::write(&path, "").unwrap();
        let writer = open_writer(&path).unwrap();
        let text = |name: &str| writer.pragma_query_value(None, name, |row| row.get::<_, String>(0)).unwrap();
        let number = |name: &str| writer.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!((text("journal_mode").as_str(), number("synchronous")), ("wal", 2));
        assert_eq!(number("foreign_keys"), 1);
        let reader = open_reader(&path).unwrap();
        assert!(reader.execute("DELETE FROM calls", []).is_err(), "a reader cannot write");
    }
}
