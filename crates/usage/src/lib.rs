//! The usage machine: how long who was in which room, and what was received there.
//!
//! Sans-IO. The application feeds [`Input`] to [`Usage::handle`] with both clocks, drains [`Usage::poll_output`], and calls
//! again with [`Input::Tick`] at [`Usage::next_deadline`] at the latest. Nothing is done per packet: the machine hears of
//! changes only, and multiplies by the time between them.
//!
//! Rules, those by which the vendors bill (docs/decisions/0020):
//!
//! 1. Counting begins with a successful entry and ends when the seat is given up, whether its member was connected or not.
//! 2. Time in the room in which no picture is received is audio time, even alone, even if no sound is received.
//! 3. Each stream of which pictures are received counts by itself, in the tier of its size. Two connections of one member
//!    that play the same stream are one reception.
//! 4. A day is a day of the operator's bill. A stay over midnight has a part in each day, and the parts add up.
//! 5. Those who play a stream by an address that anybody may play are counted together, beside the members, and against no
//!    quota: nobody can tell them apart.
//! 6. What was counted is told every [`CHECKPOINT`], so that a crash costs a stay at most that much.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod day;
mod io;
mod machine;
mod quota;
mod stay;
mod totals;

pub use day::Day;
pub use io::{Input, Output, Part, Settings};
pub use machine::{CHECKPOINT, Sizes, Usage};
pub use quota::{Limit, Quota, Spent};
pub use totals::{Tier, Totals, minutes};
