//! Ways to try what takes its input, its time and its chances as arguments, for tests only.
//!
//! [`explore`] tries everything that can happen in every state of a small [`World`], in every order. [`play_all`] plays
//! a large one at random, seed by seed, on all processors. Both say how to get to what goes wrong. What is a world, what
//! can happen in it and what is wrong there is for the tests of a machine to say: nothing here knows any. [`replay`] gives
//! parsers what the fuzzer has found.

mod alike;
mod chance;
mod corpus;
mod mix;
mod search;
mod seeds;
mod world;

pub use alike::{Compared, compare};
pub use chance::Chance;
pub use corpus::{Body, corpus, replay};
pub use mix::Mix;
pub use search::{Explored, explore};
pub use seeds::{Played, Seeds, Tally, play_all};
pub use world::{Outcome, World};
