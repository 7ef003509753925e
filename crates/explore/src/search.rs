//! All states of a world.

use crate::{Outcome, World};
use std::collections::HashSet;
use std::fmt::{self, Write};
use std::time::{Duration, Instant};

/// What an exploration found: a world in which hardly anything can happen proves nothing.
#[derive(Clone, Copy, Debug)]
pub struct Explored {
    /// States that can be reached.
    pub states: usize,
    /// Acts that lead to the state that is farthest from the first.
    pub depth: usize,
    /// Acts that were tried.
    pub steps: u64,
    /// How long it took.
    pub took: Duration,
}

impl fmt::Display for Explored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { states, depth, steps, took } = self;
        write!(f, "all {states} states, none deeper than {depth}, {steps} steps, {took:?}")
    }
}

/// Every state that was reached, by the way that first led to it.
struct Explorer<'a, W: World> {
    first: &'a W,
    /// The state before and what happened there, of every state but the first: that of state `n` is at `n - 1`.
    ways: Vec<(usize, W::Act)>,
    /// Prints of all states.
    seen: HashSet<u64>,
    steps: u64,
}

impl<W: World> Explorer<'_, W> {
    fn states(&self) -> usize {
        self.ways.len() + 1
    }

    fn trail(&self, mut state: usize) -> Vec<W::Act> {
        let mut trail = Vec::new();
        while let Some(last) = state.checked_sub(1) {
            let (before, act) = self.ways[last];
            trail.push(act);
            state = before;
        }
        trail.reverse();
        trail
    }

    /// States are made again from the first one: keeping the tables of all would take more memory than that takes time.
    fn reach(&self, state: usize) -> W {
        let mut world = self.first.clone();
        for act in self.trail(state) {
            let _outcome = world.play(act).expect("it went well before");
        }
        world
    }

    fn fail(&self, state: usize, acts: &[W::Act], wrong: &str) -> ! {
        let mut story = String::new();
        for act in self.trail(state).iter().chain(acts) {
            writeln!(story, "  {act:?}").expect("text");
        }
        panic!("{wrong}\nafter\n{story}");
    }

    /// Tries everything in one state.
    fn expand(&mut self, state: usize) {
        let here = self.reach(state);
        let before = here.print();
        let mut next = here.clone();
        let mut refused = Vec::new();
        for act in here.acts() {
            self.steps += 1;
            match next.play(act).unwrap_or_else(|wrong| self.fail(state, &[act], &wrong)) {
                // What was refused before is no reason to look at the next one from another state.
                Outcome::Refused => refused.push(act),
                Outcome::Done => {
                    let reached = std::mem::replace(&mut next, here.clone());
                    if self.seen.insert(reached.print()) {
                        reached.settle().unwrap_or_else(|wrong| self.fail(state, &[act], &wrong));
                        self.ways.push((state, act));
                    }
                }
            }
        }
        for act in &refused {
            let _refused = next.play(*act).unwrap_or_else(|wrong| self.fail(state, &refused, &wrong));
        }
        if next.print() != before {
            self.fail(state, &refused, "a refused request changed something");
        }
    }
}

/// Tries everything that can happen in every state that can be reached, in every order. After every act the world says
/// whether all is well ([`World::play`]), every state is checked once ([`World::settle`]), and what is refused changes
/// nothing. `EXPLORE_LEVELS=1` in the environment prints how far it is, for worlds that turn out to be large.
///
/// # Panics
/// When something goes wrong: with what it is, and the shortest way that leads to it.
pub fn explore<W: World>(name: &str, first: &W) -> Explored {
    let began = Instant::now();
    let tell = std::env::var_os("EXPLORE_LEVELS").is_some();
    let mut explorer = Explorer { first, ways: Vec::new(), seen: HashSet::from([first.print()]), steps: 0 };
    let mut level = 0..1;
    let mut depth = 0;
    while !level.is_empty() {
        let end = level.end;
        for state in level {
            explorer.expand(state);
        }
        level = end..explorer.states();
        depth += usize::from(!level.is_empty());
        if tell {
            println!("{name}: level {depth} has {} states, {:?}", level.len(), began.elapsed());
        }
    }
    let explored =
        Explored { states: explorer.states(), depth, steps: explorer.steps, took: began.elapsed() };
    println!("{name}: {explored}");
    explored
}
