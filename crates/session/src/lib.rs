//! The session machine: connections that log in, sessions that outlive them, and pushes that are not lost.
//!
//! Sans-IO. A *connection* is one WebSocket; a *session* is one login of one device. A phone that loses its
//! network comes back on another connection, proves with the session's secret that the session is its own, and
//! gets every push that it missed, in order, or a snapshot when too much was missed.
//!
//! The application calls the methods of [`Sessions`] and drains [`Sessions::poll_output`] after each;
//! [`Sessions::next_deadline`] says when to call [`Sessions::tick`].
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod body;
mod connections;
mod machine;
mod resume;

pub use body::{Body, PLAY_KEY_HOLE};
pub use machine::{ConnId, Login, MultiDevice, Output, Policy, Sessions, Who, Why};
pub use resume::Resumption;
