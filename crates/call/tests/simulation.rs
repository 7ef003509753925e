//! Two hundred users call each other at random for an hour, with connections that break; the tables stay in
//! order, and everybody is told everything once. `SEED=n cargo test -p huitong-call --test simulation` plays one seed
//! again; `SEEDS` sets how many are played.

mod world;

use huitong_call::{Input, OverReason, PartyState, SeatEnd};
use huitong_explore::{Chance, Played, Seeds, Tally};
use huitong_types::{Moment, SessionId};
use std::collections::BTreeSet;
use std::time::Duration;
use world::{World, key, to};

const USERS: u64 = 200;
const HOUR: u64 = 3_600_000;
/// Seeds that are played unless told otherwise.
const SEEDS: u64 = 1000;

#[derive(Clone, Copy, PartialEq)]
enum Link {
    Out,
    Up,
    Down,
}

struct Town {
    world: World,
    chance: Chance,
    /// Devices of users: two each, `2 * user` and `2 * user + 1`.
    links: Vec<(Link, u64)>,
    next_session: u64,
}

impl Town {
    fn new(seed: u64, users: u64) -> Self {
        let links = vec![(Link::Out, 0); 2 * users as usize];
        Self { world: World::new(), chance: Chance::new(seed), links, next_session: 1 }
    }

    fn name(device: usize) -> String {
        format!("u{}", device / 2)
    }

    /// Something happens to a device chosen at random.
    fn step(&mut self) {
        let device = self.chance.below(self.links.len() as u64) as usize;
        let (link, id) = self.links[device];
        let session = SessionId::new(id);
        let input = match (link, self.chance.below(100)) {
            (Link::Out, _) => {
                let id = self.next_session;
                self.next_session += 1;
                self.links[device] = (Link::Up, id);
                Input::Online { session: SessionId::new(id), user: key(&Self::name(device)) }
            }
            (Link::Down, 0..60) => {
                self.links[device].0 = Link::Up;
                Input::Back { session }
            }
            (Link::Down, _) | (Link::Up, 0..2) => {
                self.links[device].0 = Link::Out;
                Input::Ended { session, deliberate: link == Link::Up }
            }
            (Link::Up, 2..8) => {
                self.links[device].0 = Link::Down;
                Input::Lost { session }
            }
            (Link::Up, dice) => match self.talk(session, dice) {
                Some(input) => input,
                None => return,
            },
        };
        // Refusals are part of life: what matters is that the tables stay in order.
        let _answer = self.world.act(input);
    }

    /// What a user does who is there.
    fn talk(&mut self, session: SessionId, dice: u64) -> Option<Input> {
        let known = self.world.calls.of_session(session).map(|call| call.id);
        let bound = self.world.calls.bound_call(session);
        Some(match (known, bound, dice) {
            (None, _, 8..40) => {
                let count = 1 + self.chance.below(4) * self.chance.below(2);
                let users = self.links.len() as u64 / 2;
                let names: Vec<_> = (0..count).map(|_| format!("u{}", self.chance.below(users))).collect();
                Input::Call { session, call: to(&names.iter().map(String::as_str).collect::<Vec<_>>()) }
            }
            (Some(_), Some(_), 8..40) => Input::Entered { session },
            (Some(call), Some(_), 40..60) => Input::HangUp { session, call },
            (Some(_), Some(_), 60..66) => {
                let ways = [SeatEnd::Left, SeatEnd::TimedOut, SeatEnd::Kicked, SeatEnd::Dissolved];
                let why = ways[self.chance.below(4) as usize];
                // Nobody leaves a room in which it is not.
                self.world.act(Input::Entered { session }).ok();
                Input::SeatLost { session, why }
            }
            (Some(call), None, 8..50) => Input::Accept { session, call },
            (Some(call), None, 50..80) => Input::Reject { session, call, busy: dice < 55 },
            (Some(call), _, 99) => Input::End { call },
            _ => return None,
        })
    }

    /// Everybody goes home; nothing may be left. Gives what has happened.
    fn end(mut self) -> Seen {
        for (_, id) in std::mem::take(&mut self.links).into_iter().filter(|(link, _)| *link != Link::Out) {
            self.world.act(Input::Ended { session: SessionId::new(id), deliberate: true }).ok();
        }
        self.world.pass(Duration::from_secs(200));
        assert!(self.world.calls.is_idle(), "something is left when everybody has gone");
        let open = &self.world.account.open;
        assert!(open.is_empty(), "somebody was never told the end: {open:?}");
        for record in &self.world.records {
            assert!(record.parties.iter().all(|party| party.state.is_over()), "{record:?}");
            let long = record.ended.since(record.started);
            assert!(record.parties.iter().all(|party| party.duration() <= long), "{record:?}");
        }
        let records = &self.world.records;
        Seen {
            reasons: records.iter().map(|record| record.reason).collect(),
            states: records.iter().flat_map(|record| &record.parties).map(|party| party.state).collect(),
            talks: records.iter().filter(|record| record.connected.is_some()).count(),
        }
    }
}

/// What happened in towns: a simulation in which nothing does proves nothing.
#[derive(Default)]
struct Seen {
    reasons: BTreeSet<OverReason>,
    states: BTreeSet<PartyState>,
    talks: usize,
}

fn play(seed: u64, users: u64, until: u64, pace: u64) -> Seen {
    let mut town = Town::new(seed, users);
    while town.world.now.as_millis() < until {
        let pause = Duration::from_millis(town.chance.below(pace));
        let next = town.world.now + pause;
        while town.world.calls.next_deadline().is_some_and(|(at, _)| at <= next) {
            let (at, _) = town.world.calls.next_deadline().expect("a deadline");
            town.world.now = town.world.now.max(at);
            town.world.act(Input::Tick).ok();
        }
        town.world.now = next;
        town.step();
    }
    town.world.now = town.world.now.max(Moment::from_millis(until));
    town.end()
}

impl Tally for Seen {
    fn add(&mut self, other: Self) {
        self.reasons.extend(other.reasons);
        self.states.extend(other.states);
        self.talks += other.talks;
    }
}

fn play_all(seeds: u64, users: u64, until: u64, pace: u64) {
    let seeds = Seeds { usual: seeds, test: ("huitong-call", "simulation") };
    let played = huitong_explore::play_all(&seeds, |seed| play(seed, users, until, pace));
    let Some(Played { count, tally: seen, complete }) = played else { return };
    println!("{count} seeds, {} calls in which people talked", seen.talks);
    assert!(seen.talks as u64 > count, "people hardly talked");
    // Among five there is always somebody to be reached.
    if complete && users > 5 {
        let reasons = [
            OverReason::HungUp,
            OverReason::Rejected,
            OverReason::Busy,
            OverReason::Cancelled,
            OverReason::TimedOut,
            OverReason::Unreachable,
            OverReason::Lost,
            OverReason::Dissolved,
            OverReason::Ended,
        ];
        assert_eq!(seen.reasons, BTreeSet::from(reasons), "every way out was taken");
        assert_eq!(seen.states.len(), 8, "every state was a last one: {:?}", seen.states);
    }
}

#[test]
fn an_hour_of_two_hundred_users_leaves_nobody_ringing_busy_or_connected() {
    play_all(SEEDS, USERS, HOUR, 1500);
}

#[test]
fn few_users_at_a_time_meet_in_every_way() {
    // Two inviters, three invitees and two devices each, many times over: interleavings that a town hardly has.
    play_all(4000, 5, 240_000, 1500);
}
