//! The call machine: who rings whom, who answers, and how each call ends.
//!
//! Sans-IO, in virtual time. The application feeds [`Input`] to [`Calls::handle`], drains [`Calls::poll_output`], and calls
//! again with [`Input::Tick`] at [`Calls::next_deadline`] at the latest. The machine knows sessions (devices that are
//! logged in) and users; media and rooms are the application's, which is told whose seat to take away.
//!
//! Rules, in the order of their importance:
//!
//! 1. A user is in one call at a time, on whatever device. Whoever calls one that is in a call is told that it is busy.
//! 2. All devices of an invitee ring, also those that log in while it rings. The first answer counts; the others are told.
//! 3. A call rings until one deadline. Who was reached at a device and did not answer has timed out, who was not was
//!    unreachable.
//! 4. Every way out has one reason, and each session concerned is told exactly once: by the answer to its own request, or
//!    by [`Output::Over`].
//! 5. A call of two is over when one leaves. A group is over when fewer than two could still talk, or when all who talked
//!    have left. If nobody answered, its reason is the strongest of those of its invitees.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod answering;
mod call;
mod checks;
mod ending;
mod io;
mod machine;
mod placing;
mod presence;

pub use call::{Call, Party, PartyState};
pub use io::{
    CallId, Input, Media, Output, OverReason, PartyRecord, Placed, Record, Refusal, SeatEnd, UserKey, Why,
};
pub use machine::{Calls, Limits};
pub use presence::{Presence, PresenceChange};
