//! The room machine: who is in which room, what they publish, and what each of them is told.
//!
//! Sans-IO: feed [`Input`] with the time to [`Rooms::handle`], drain [`Rooms::poll_output`], and call again at
//! [`Rooms::next_deadline`] at the latest. A refused input changes nothing.
//!
//! Reading order: [`io`] (what goes in and out), `state` (what a room is), `membership` (join, leave, roles,
//! lost connections, kick, dissolve), `publishing`, `subscription`, `limits`.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

pub mod io;
mod limits;
mod machine;
mod membership;
mod outputs;
mod publishing;
mod state;
mod subscription;
mod tracks;
mod views;

pub use io::{Event, Input, Join, MemberView, Output, Publication, RoomKey, RoomView, StreamView, Why};
pub use limits::{Limits, cut_sentence};
pub use machine::Rooms;
pub use tracks::TrackFlags;
pub use views::{MemberEntry, RoomEntry, StreamEntry};
