//! The mixer of voices: one mix of everybody, and for each talker the mix without its own voice.
//!
//! Sans-IO: samples of talkers come in as they arrive ([`Mixer::push`]), and the owner of the clock asks for the next
//! block of everything when its time is over ([`Mixer::pull`]). Time is the number of samples that were pulled; there is
//! no other clock. Blocks are as long as their owner wants, up to [`MOST_BLOCK`]: one that ends where a coded frame ends
//! waits for nothing. All samples are mono at [`RATE`], nominally within ±1.
//!
//! Reading order: [`mixer`] (sum and difference), [`voice`] (one talker: when its samples are played), [`splice`]
//! (how a voice is lengthened, shortened and carried on without a click), [`limiter`] (how loud it may get).
//!
//! # Delay
//! A sample has its place in the mix at most [`MOST_WAITING`] after it arrived, and 1 to 10 ms after it where packets come
//! steadily. More waits only for senders that proved to need it, see [`voice`]. Nothing waits for the mixer itself: a block is
//! made of what came up to its end.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

pub mod limiter;
pub mod mixer;
pub mod splice;
pub mod voice;

pub use limiter::Limiter;
pub use mixer::{Counters, Mixer, Piece, VoiceId};
pub use voice::Voice;

/// Samples per second: wide-band, and the rate of Opus, so that only talkers at other rates are resampled.
pub const RATE: u32 = 48_000;

/// Longest block: 20 ms, an Opus packet.
pub const MOST_BLOCK: usize = 960;

/// Samples that may wait in front of one that arrives: 28 ms, which is what networks that carry calls need. With an AAC frame of
/// 21 ms to be filled behind it, a mix is made within 50 ms of what arrives.
pub const MOST_WAITING: usize = 28 * RATE as usize / 1000;
