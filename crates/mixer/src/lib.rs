//! The mixer of voices: one mix of everybody, and for each talker the mix without its own voice.
//!
//! Sans-IO: samples of talkers come in as they arrive ([`Mixer::push`]), and every 10 ms the owner of the clock
//! asks for the next block of everything ([`Mixer::pull`]). Time is the number of blocks that were pulled; there
//! is no other clock. All samples are mono at [`RATE`], nominally within ±1.
//!
//! Reading order: [`mixer`] (sum and difference), [`voice`] (one talker: when its samples are played), [`splice`]
//! (how a voice is lengthened, shortened and carried on without a click), [`limiter`] (how loud it may get).
//!
//! # Delay
//! A sample is played at most [`MOST_DELAY`] after it arrived: up to one block until the next pull, and what waits
//! in front of it. More waits only for senders that proved to need it, see [`voice`].
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

pub mod limiter;
pub mod mixer;
pub mod splice;
pub mod voice;

pub use limiter::Limiter;
pub use mixer::{Counters, Mixer, VoiceId};
pub use voice::Voice;

/// Samples per second: wide-band, and the rate of Opus, so that only talkers at other rates are resampled.
pub const RATE: u32 = 48_000;

/// Samples that are mixed at a time: 10 ms. Half an Opus packet, so that a pair of them waits for nothing else; shorter
/// blocks would cost more wake-ups and save little.
pub const BLOCK: usize = 480;

/// Samples of [`BLOCK`].
pub type Block = [f32; BLOCK];

/// Samples that may wait in front of one that arrives: 28 ms. With one block until the next pull the mixer adds at most
/// 38 ms, which leaves room within 60 ms for an AAC frame of 21 ms to be filled.
pub const MOST_WAITING: usize = 28 * RATE as usize / 1000;

/// Most samples between the arrival of a sample and its place in a block, for senders that are not too unsteady.
pub const MOST_DELAY: usize = MOST_WAITING + BLOCK;
