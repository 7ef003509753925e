//! What is explored.

use std::fmt::Debug;

/// Whether what was tried was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It happened.
    Done,
    /// The machine refused it: nothing may have changed.
    Refused,
}

impl Outcome {
    /// As a machine answers: with an error when it refuses.
    pub fn of<T, E>(answer: &Result<T, E>) -> Self {
        if answer.is_ok() { Self::Done } else { Self::Refused }
    }
}

/// A machine in its first state, with what surrounds it: so small that all its states can be reached.
pub trait World: Clone + Debug {
    /// Something that can happen.
    type Act: Copy + Debug;

    /// All that can happen now. What depends on the state beyond its [`print`](World::print) must not decide it.
    fn acts(&self) -> Vec<Self::Act>;

    /// Lets something happen.
    ///
    /// # Errors
    /// What goes wrong: a rule that is broken, not a request that is refused.
    fn play(&mut self, act: Self::Act) -> Result<Outcome, String>;

    /// A number for what decides what can happen from now on and whether all is well; states with the same one count as
    /// the same. [`Mix`](crate::Mix) makes it, [`compare`](crate::compare) tells whether it is complete.
    fn print(&self) -> u64;

    /// Checks a state when it is reached for the first time: everything is in order, and it comes to a good end when
    /// nobody does anything any more.
    ///
    /// # Errors
    /// What is not in order, or has no end.
    fn settle(self) -> Result<(), String>;
}
