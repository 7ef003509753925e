//! Why something is not in the store, or not to be had from it.

use std::path::PathBuf;

/// Why the database cannot be used. Each is a sentence that says what to change.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process uses it.
    #[error(
        "The data directory {0} is in use by another server; give this one a directory of its own with --data."
    )]
    InUse(PathBuf),
    /// It has tables that a later version made.
    #[error(
        "The database {path} was written by a newer Huitong (form {found}, this one knows {known}); start that \
         version, or give another directory with --data."
    )]
    TooNew {
        /// The file.
        path: PathBuf,
        /// The form of its tables.
        found: u32,
        /// The newest form that this version knows.
        known: u32,
    },
    /// It is no database, or not all of one.
    #[error(
        "The database {path} is damaged ({why}); put a backup in its place, or move it away to start with an empty one."
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the database engine says.
        why: String,
    },
    /// The system refuses a file or a thread.
    #[error(
        "The database {path} cannot be opened ({why}); correct --data, the rights of its files or their disk, or end what \
         else has it open."
    )]
    Refused {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
}

/// Why a question got no answer. Asking again later may get one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// All reading connections are at work for others.
    #[error("Too many questions to the database are waiting.")]
    Busy,
    /// The store was closed.
    #[error("The database is closed.")]
    Closed,
    /// The database engine failed.
    #[error("The database cannot be read ({0}).")]
    Failed(String),
}

/// What was handed over is not on the disk. It still may come there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("It could not be written to the database yet.")]
pub struct NotKept;
