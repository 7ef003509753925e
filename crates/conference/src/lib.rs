//! The conference machine: who may enter, what each may do, and how each stay and each conference ends.
//!
//! Sans-IO, in virtual time. The application feeds [`Input`] to [`Conferences::handle`], drains
//! [`Conferences::poll_output`], and calls again with [`Input::Tick`] at [`Conferences::next_deadline`] at the latest. The
//! machine decides on rooms and owns none: it says whom to let into a room and as what, whom to put out, and what each
//! session is told. Passwords are hashed and checked, and tickets signed, outside.
//!
//! Rules, in the order of their importance:
//!
//! 1. Nobody enters without a ticket. A ticket is for one user, one conference and one entry, and not for long.
//! 2. Rights come from the creator and from admins, never from what a client says it is. What an admin decided about a
//!    user holds when that user comes back.
//! 3. Who may not publish any more is put among the audience at once, which cuts its media.
//! 4. Each stay has one end with one reason. The session is told it exactly once: by the answer to its own request, or by
//!    [`Output::Exited`].
//! 5. A request that is refused changes nothing, and never takes the last admin away.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod asking;
mod attributes;
mod checks;
mod conference;
mod governing;
mod io;
mod kept;
mod leaving;
mod limits;
mod machine;
mod opening;
mod refusal;
mod staying;
mod words;

pub use attributes::Change;
pub use conference::{Conference, Member, Stream};
pub use io::{
    Actor, Answer, AskId, ConferenceId, Event, Input, MemberId, MemberView, Output, PasswordHash, Profile,
    Reply, SeatEnd, Ticket, TicketId, UserKey, Verdict, Whom, Why, Wish,
};
pub use kept::{Decision, Kept, Part};
pub use limits::{
    ATTRIBUTES, ATTRIBUTES_BYTES, BATCH, Caps, DECIDED, EXT_BYTES, Guessing, HANDS, KEY_BYTES, Limits,
    NICK_BYTES, PASSWORD_BYTES, Settings, TICKETS_OF_USER,
};
pub use machine::Conferences;
pub use refusal::Refusal;
pub use words::{AdminGone, AskedAdmin, ExitReason, Kind, Role};
