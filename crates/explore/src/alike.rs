//! Whether prints say enough.

use crate::{Outcome, World};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// What was compared: a state that was reached in one way only tells nothing.
#[derive(Clone, Copy, Debug)]
pub struct Compared {
    /// States, told apart by their prints.
    pub states: usize,
    /// Ways that led to one of them.
    pub arrivals: usize,
}

/// An exploration is worth as much as its prints: states that look alike must do alike, whatever way led to them. Tries
/// it with all that can be reached in so many acts.
///
/// # Panics
/// When a state does otherwise than an earlier one with the same print, or something goes wrong.
pub fn compare<W: World>(first: W, depth: usize) -> Compared {
    let mut known: HashMap<u64, Vec<Option<u64>>> = HashMap::new();
    let mut level = vec![first];
    let mut arrivals = 0;
    for _ in 0..depth {
        let mut next_level = Vec::new();
        for world in std::mem::take(&mut level) {
            arrivals += 1;
            let mut reached = Vec::new();
            let follows: Vec<Option<u64>> = (world.acts().into_iter())
                .map(|act| {
                    let mut next = world.clone();
                    let outcome = next.play(act).expect("all is well here");
                    let print = next.print();
                    reached.push(next);
                    (outcome == Outcome::Done).then_some(print)
                })
                .collect();
            match known.entry(world.print()) {
                Entry::Vacant(entry) => {
                    entry.insert(follows);
                    next_level.append(&mut reached);
                }
                Entry::Occupied(entry) => {
                    assert_eq!(*entry.get(), follows, "one looks like another and does otherwise: {world:?}");
                }
            }
        }
        level = next_level;
    }
    println!("{} states were reached in {arrivals} ways, and all did alike", known.len());
    Compared { states: known.len(), arrivals }
}
