//! The files of the database and who may use them.

use crate::error::OpenError;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The database in the data directory. SQLite puts `huitong.db-wal` and `huitong.db-shm` beside it.
const DATABASE: &str = "huitong.db";

/// Held by the process that uses the database. A second one would take the first one's calls for those of a crash.
const LOCK: &str = "huitong.db.lock";

/// The claim of this process on a data directory; given up when dropped.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) database: PathBuf,
    _lock: File,
}

impl Claim {
    /// Makes the directory and the files, readable by their owner only, and claims them.
    pub(crate) fn take(data: &Path) -> Result<Self, OpenError> {
        let database = data.join(DATABASE);
        let refused =
            |error: io::Error| OpenError::Refused { path: database.clone(), why: error.to_string() };
        make_directory(data).map_err(refused)?;
        let lock = private(&data.join(LOCK)).map_err(refused)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::InUse(data.to_owned())),
            Err(TryLockError::Error(error)) => return Err(refused(error)),
        }
        // SQLite gives the files beside the database the rights of the database. This handle is closed before SQLite
        // opens its own: closing one later would give up the locks that SQLite holds.
        drop(private(&database).map_err(refused)?);
        Ok(Self { database, _lock: lock })
    }
}

/// A directory that is still there after a power cut.
fn make_directory(data: &Path) -> io::Result<()> {
    if data.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(data)?;
    #[cfg(unix)]
    for above in data.ancestors().skip(1).filter(|above| above.is_dir()) {
        File::open(above)?.sync_all()?;
    }
    Ok(())
}

fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
