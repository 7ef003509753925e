//! Many seeds on all processors.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

/// What happened: a simulation in which nothing does proves nothing.
pub trait Tally: Default + Send {
    /// Adds what happened with another seed.
    fn add(&mut self, other: Self);
}

/// Which seeds are played, and who wants to know.
#[derive(Clone, Copy, Debug)]
pub struct Seeds {
    /// How many, unless `SEEDS` in the environment says another number.
    pub usual: u64,
    /// The package and the file of the test, to say how one seed is played again.
    pub test: (&'static str, &'static str),
}

/// What happened with all seeds.
#[derive(Clone, Copy, Debug)]
pub struct Played<T> {
    /// How many were played.
    pub count: u64,
    /// What happened.
    pub tally: T,
    /// Whether so many were played that everything rare should have happened too.
    pub complete: bool,
}

/// Plays seeds on all processors. With `SEED` in the environment only that one is played, here, and there is nothing to
/// expect of what happened.
///
/// # Panics
/// When a seed fails: says how to play it again.
pub fn play_all<T: Tally>(seeds: &Seeds, play: impl Fn(u64) -> T + Sync) -> Option<Played<T>> {
    if let Some(seed) = number("SEED") {
        play(seed);
        return None;
    }
    let (count, play) = (number("SEEDS").unwrap_or(seeds.usual), &play);
    let all = Mutex::new(T::default());
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    std::thread::scope(|scope| {
        for first in 0..threads {
            let all = &all;
            scope.spawn(move || {
                for seed in (first..count).step_by(threads as usize) {
                    let Ok(played) = catch_unwind(AssertUnwindSafe(|| play(seed))) else {
                        let (package, test) = seeds.test;
                        panic!("SEED={seed} cargo test -p {package} --test {test} plays this again")
                    };
                    all.lock().expect("no thread failed").add(played);
                }
            });
        }
    });
    let tally = all.into_inner().expect("no thread failed");
    Some(Played { count, tally, complete: count >= seeds.usual })
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
