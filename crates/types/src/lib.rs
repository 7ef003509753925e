//! The vocabulary that every other crate of Huitong speaks.
//!
//! Identifiers that validate themselves, limits with their reasons, the ways a stay can end, the error
//! table and [`Redacted`] secrets. Nothing here reads a clock, a socket, a file or a random source.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

pub mod calls;
pub mod conferences;
pub mod errors;
pub mod ids;
pub mod keys;
pub mod limits;
pub mod reasons;
pub mod redacted;
pub mod room;
pub mod time;
pub mod timers;
mod words;

pub use calls::{CallData, CallEndReason, CallMedia, OwnState, ParticipantState};
pub use conferences::{ConferenceExit, ConferenceKind, ConferenceRole};
pub use errors::{Blame, ErrorCode, Fault, Retry, VendorCodes};
pub use ids::{
    AppId, CallId, CallRef, ConferenceName, DeviceId, GroupId, IdError, RecordId, RoomId, SessionId,
    StreamId, UserId,
};
pub use keys::StreamKey;
pub use reasons::{EndReason, LeaveReason};
pub use redacted::Redacted;
pub use room::{Privileges, Role, Scene, StreamKind};
pub use time::Moment;
pub use timers::Timers;
