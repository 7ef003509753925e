//! What outlives the process: call records, groups, conferences, minted URLs and usage, in one database file of the data directory.
//!
//! [`Store`] is the only way in. Its words are records, groups and filters; that SQLite is under it is known to the
//! modules of this crate alone, so that another database can be put there.
//!
//! - **Writing** never waits: a write goes into a bounded queue, and one thread commits all that waits in one
//!   transaction, synced to the disk. When the disk refuses, the thread tries again and the queue grows; what happens
//!   when it is full is told at [`Store::call_finished`].
//! - **Reading** has connections of its own, on the threads that the runtime keeps for blocking work.
//! - **Time** is the wall clock in Unix milliseconds throughout.

mod apply;
mod conference;
mod error;
mod files;
mod queue;
mod read;
mod record;
mod schema;
mod store;
mod terms;
mod usage;
mod writer;

pub use conference::{ConferenceRows, ConferenceText, Decided};
pub use error::{NotKept, OpenError, StoreError};
pub use record::{CallEnd, CallFilter, CallPage, CallParty, CallRecord, Cursor, Group, MintedUrl};
pub use store::{Health, Mark, Restored, Store, StoreConfig, describe_metrics};
pub use terms::{Inside, QuotaRow, Suspender};
pub use usage::{SumOf, UsageDay, UsageFilter, UsagePage, UsageRecord, UsageSum, UsageSums, UsageTotals};
