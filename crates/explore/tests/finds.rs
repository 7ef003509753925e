//! What is wrong in a world is found, by the shortest way; what is well is found complete.

use huitong_explore::{Chance, Mix, Outcome, Seeds, Tally, World, compare, explore, play_all};
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What is the matter with a door.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// It breaks when it is locked twice.
    Breaks,
    /// A key that does not fit turns the lock nevertheless, and says no.
    Turns,
    /// Nobody can leave when it is open for the third time.
    Traps,
    /// Its print says nothing of the lock.
    Looks,
}

#[derive(Clone, Debug)]
struct Door {
    fault: Fault,
    open: bool,
    locked: u8,
    /// How often it was opened, at most three times.
    opened: u8,
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Open,
    Shut,
    Lock,
    WrongKey,
}

const fn door(fault: Fault) -> Door {
    Door { fault, open: false, locked: 0, opened: 0 }
}

impl World for Door {
    type Act = Act;

    fn acts(&self) -> Vec<Act> {
        vec![Act::Open, Act::Shut, Act::Lock, Act::WrongKey]
    }

    fn play(&mut self, act: Act) -> Result<Outcome, String> {
        match act {
            Act::Open if !self.open && self.locked == 0 && self.opened < 3 => {
                (self.open, self.opened) = (true, self.opened + 1);
            }
            Act::Shut if self.open => self.open = false,
            Act::Lock if !self.open && self.locked < 2 => self.locked += 1,
            Act::WrongKey if self.fault == Fault::Turns => {
                self.locked = (self.locked + 1).min(2);
                return Ok(Outcome::Refused);
            }
            _ => return Ok(Outcome::Refused),
        }
        match self.fault == Fault::Breaks && self.locked == 2 {
            true => Err("the lock is broken".to_owned()),
            false => Ok(Outcome::Done),
        }
    }

    fn print(&self) -> u64 {
        let mut mix = Mix::default();
        (self.open, self.opened).hash(&mut mix);
        if self.fault != Fault::Looks {
            self.locked.hash(&mut mix);
        }
        mix.finish()
    }

    fn settle(self) -> Result<(), String> {
        match self.fault == Fault::Traps && self.opened == 3 {
            true => Err("nobody gets out".to_owned()),
            false => Ok(()),
        }
    }
}

fn words(wrong: Box<dyn std::any::Any + Send>) -> String {
    wrong.downcast_ref::<String>().expect("words").clone()
}

fn wrong(fault: Fault) -> String {
    words(catch_unwind(|| explore("door", &door(fault))).expect_err("something is wrong"))
}

#[test]
fn all_of_a_small_world_is_reached() {
    let explored = explore("door", &door(Fault::None));
    // Shut with three states of its lock after no to three openings, and open after one to three.
    assert_eq!((explored.states, explored.depth, explored.steps), (4 * 3 + 3, 8, 15 * 4));
}

#[test]
fn a_broken_rule_is_told_with_the_shortest_way_to_it() {
    assert_eq!(wrong(Fault::Breaks), "the lock is broken\nafter\n  Lock\n  Lock\n");
}

#[test]
fn a_refusal_that_changes_something_is_found() {
    let told = wrong(Fault::Turns);
    assert!(told.starts_with("a refused request changed something"), "{told}");
}

#[test]
fn a_state_without_a_good_end_is_found() {
    let told = wrong(Fault::Traps);
    assert_eq!(told, "nobody gets out\nafter\n  Open\n  Shut\n  Open\n  Shut\n  Open\n");
}

#[test]
fn prints_that_say_too_little_are_found() {
    let compared = compare(door(Fault::None), 6);
    assert!(compared.states > 10 && compared.arrivals > compared.states, "{compared:?}");
    let told = catch_unwind(|| compare(door(Fault::Looks), 6)).expect_err("the lock is not printed");
    assert!(words(told).contains("does otherwise"));
}

#[derive(Default)]
struct Sum(u64, u64);

impl Tally for Sum {
    fn add(&mut self, other: Self) {
        (self.0, self.1) = (self.0 + other.0, self.1 + other.1);
    }
}

#[test]
fn every_seed_is_played_once_and_one_that_fails_fails_the_test() {
    let seeds = Seeds { usual: 100, test: ("huitong-explore", "finds") };
    // Another number of seeds may be wanted of all simulations at once.
    let Some(played) = play_all(&seeds, |seed| Sum(1, seed)) else { return };
    let n = played.count;
    assert_eq!((played.tally.0, played.tally.1), (n, n * n.saturating_sub(1) / 2));
    assert_eq!(played.complete, n >= 100);
    let fails = || play_all(&seeds, |seed| if seed == n - 1 { panic!("the last one") } else { Sum(1, seed) });
    assert!(n == 0 || catch_unwind(AssertUnwindSafe(fails)).is_err());
}

#[test]
fn the_same_seed_makes_the_same_chances() {
    let of = |seed| {
        let mut chance = Chance::new(seed);
        (0..100).map(|_| chance.below(6)).collect::<Vec<_>>()
    };
    assert_eq!(of(7), of(7));
    assert_ne!(of(7), of(8));
    assert!((0..6).all(|side| of(7).contains(&side)), "a die has six sides");
    assert!([1, 2, 3].contains(&Chance::new(3).of(&[1, 2, 3])));
}
