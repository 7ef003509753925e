//! Hours of a town that meets in conferences, in virtual time. Whatever people do, in whatever order and however fast: tables stay
//! in order, nobody gets more than it may, and everybody is told everything once. `SEED=n cargo test -p
//! huitong-conference --test simulation` plays one seed again; `SEEDS` sets how many are played.

mod world;

use huitong_conference::{
    Actor, AdminGone, Answer, AskedAdmin, Change, ConferenceId, ExitReason, Input, Kind, Limits, Profile,
    Refusal, Reply, Role, SeatEnd, Settings, Ticket, Wish,
};
use huitong_explore::{Chance, Played, Seeds, Tally};
use huitong_types::{AppId, Moment, SessionId, StreamKind};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use world::{World, by, key, room, secret, settings, whom};

const HOUR: u64 = 3_600_000;
/// Seeds that are played unless told otherwise.
const SEEDS: u64 = 300;
const PASSWORDS: [&str; 4] = ["", "alpha", "beta", ""];

/// What happened in towns: a simulation in which nothing does proves nothing.
#[derive(Default)]
struct Seen {
    exits: BTreeSet<ExitReason>,
    refusals: BTreeSet<String>,
    entries: u64,
    grants: u64,
    /// Conferences that outlived a server.
    restored: u64,
}

struct Town {
    world: World,
    chance: Chance,
    seed: u64,
    users: u64,
    rooms: u64,
    /// Sessions of users, those that are inside and those that are not.
    next_session: u64,
    tickets: BTreeMap<String, Ticket>,
    seen: Seen,
}

impl Town {
    fn new(seed: u64, users: u64, rooms: u64) -> Self {
        let mut chance = Chance::new(seed);
        let limits = Limits {
            admin_gone: chance.of(&[AdminGone::GoOn, AdminGone::NextTalker, AdminGone::End]),
            asked_admin: chance.of(&[AskedAdmin::Granted, AskedAdmin::Talker, AskedAdmin::Refused]),
            ..Limits::default()
        };
        let mut world = World::within(limits);
        world.prompt = false;
        Self {
            world,
            chance,
            seed,
            users,
            rooms,
            next_session: 1,
            tickets: BTreeMap::new(),
            seen: Seen::default(),
        }
    }

    fn act(&mut self, input: Input) -> Option<Reply> {
        let answer = self.world.act(input);
        if let Err(refusal) = &answer {
            let words = format!("{refusal:?}");
            let word = words.split(['(', ' ']).next().unwrap_or_default().to_owned();
            self.seen.refusals.insert(word);
        }
        answer.ok()
    }

    fn user(&mut self) -> String {
        format!("u{}", self.chance.below(self.users))
    }

    fn role(&mut self) -> Role {
        self.chance.of(&[Role::Audience, Role::Talker, Role::Talker, Role::Admin])
    }

    /// Somebody on the way into a conference: finds it, asks for a ticket, enters with the one it has.
    fn outside(&mut self) {
        let name = self.user();
        match self.tickets.get(&name).cloned() {
            Some(ticket) => {
                let session = self.next_session;
                self.next_session += 1;
                let enter = Input::Enter {
                    session: SessionId::new(session),
                    user: key(&name),
                    conference: ticket.conference,
                    ticket,
                    profile: Profile { nick: Some(name.as_str().into()), ext: None },
                };
                self.seen.entries += u64::from(self.act(enter).is_some());
                // Now and then somebody tries with a ticket that was used.
                if self.chance.below(10) > 0 {
                    self.tickets.remove(&name);
                }
            }
            None => self.find_and_ask(&name),
        }
    }

    fn find_and_ask(&mut self, name: &str) {
        let number = self.chance.below(self.rooms);
        let password = PASSWORDS[(self.seed + number) as usize % PASSWORDS.len()];
        let kind = self.chance.of(&[Kind::Ordinary, Kind::Large, Kind::Live]);
        let mut wanted = Settings { max_talkers: Some(4), max_audience: Some(3), ..settings(kind, password) };
        (wanted.max_videos, wanted.max_screens) = (Some(2), Some(1));
        let find = Input::Find { user: key(name), room: room(&format!("r{number}")), settings: wanted };
        let Some(Reply::Found(conference, _)) = self.act(find) else { return };
        let role = self.chance.of(&[None, None, Some(Role::Talker), Some(Role::Audience), Some(Role::Admin)]);
        let wrong = self.chance.below(6) == 0;
        let password = secret(if wrong { "guess" } else { password });
        self.act(Input::Ask { user: key(name), conference, password, wish: Wish::Enter(role) });
    }

    /// What a member does.
    fn inside(&mut self, session: SessionId, conference: ConferenceId) {
        let Some((_, member)) = self.world.machine.of_session(session) else { return };
        let own = by(member.user.as_str());
        // Mostly others who are inside; at times somebody who is not.
        let inside =
            self.world.machine.get(conference).into_iter().flat_map(|conference| conference.members());
        let inside: Vec<String> = inside.map(|member| member.user.to_string()).collect();
        let names = [inside[self.chance.below(inside.len() as u64) as usize].clone(), self.user()];
        let names = whom(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let kind = self.chance.of(&StreamKind::ALL);
        let input = match self.chance.below(40) {
            0..5 => Input::Leave { session, reason: self.chance.of(&ExitReason::ALL) },
            5..7 => Input::Gone { session, deliberate: self.chance.below(2) == 0 },
            7 => Input::SeatLost {
                session,
                why: self.chance.of(&[
                    SeatEnd::TimedOut,
                    SeatEnd::Kicked,
                    SeatEnd::NoPlace,
                    SeatEnd::TakenOver,
                ]),
            },
            8..14 => Input::Publish { session, kind, video: self.chance.below(2) == 0 },
            14..16 => Input::Unpublish { session, kind },
            16..24 => Input::Grant { by: own, conference, whom: names, role: self.role() },
            24..26 => Input::Kick { by: own, conference, whom: names },
            26..29 => Input::Mute {
                by: own,
                conference,
                whom: names,
                audio: self.chance.of(&[None, Some(false), Some(true)]),
                video: self.chance.of(&[None, Some(false)]),
            },
            29..33 => Input::Hand { session, up: self.chance.below(3) > 0 },
            33..36 => {
                let value = (self.chance.below(3) > 0).then(|| "taken".into());
                let key = format!("seat{}", self.chance.below(8)).into();
                Input::Attributes { by: own, conference, changes: vec![Change { key, value }] }
            }
            36 if self.chance.below(6) == 0 => Input::SeatLost { session, why: SeatEnd::Dissolved },
            37 if self.chance.below(2) == 0 => Input::Destroy { by: own, conference },
            38 => Input::Destroy { by: Actor::BackEnd(AppId::new(2).expect("an application")), conference },
            _ => return,
        };
        let granted = matches!(input, Input::Grant { .. });
        self.seen.grants += u64::from(self.act(input).is_some() && granted);
    }

    /// The server dies, or is told to end first.
    fn restart(&mut self) {
        if self.chance.below(2) == 0 {
            self.act(Input::Shutdown);
        }
        self.world.restart();
        self.seen.restored += self.world.machine.all().count() as u64;
        // Their signatures are good for nothing any more.
        self.tickets.clear();
    }

    /// Something happens to somebody chosen at random.
    fn step(&mut self) {
        if self.chance.below(500) == 0 {
            return self.restart();
        }
        if self.chance.below(4) == 0 {
            self.world.hash_all();
        }
        for answer in std::mem::take(&mut self.world.answers).into_values() {
            match answer {
                Ok(Answer::Ticket(ticket)) => drop(self.tickets.insert(ticket.user.user.to_string(), ticket)),
                Ok(Answer::Look(_)) => {}
                Err(refusal) => drop(self.seen.refusals.insert(format!("{refusal:?}"))),
            }
        }
        let inside = self.world.account.inside.len() as u64;
        if inside == 0 || self.chance.below(3) == 0 {
            return self.outside();
        }
        let chosen = self.chance.below(inside) as usize;
        let place = self.world.account.inside.iter().nth(chosen).map(|(session, (id, _))| (*session, *id));
        if let Some((session, conference)) = place {
            self.inside(session, conference);
        }
    }

    /// Everybody goes home; nothing may be left. Gives what has happened.
    fn end(mut self) -> Seen {
        let inside: Vec<SessionId> = self.world.account.inside.keys().copied().collect();
        for session in inside {
            self.act(Input::Gone { session, deliberate: true });
        }
        self.world.pass(Duration::from_secs(2000));
        assert!(self.world.machine.is_idle(), "something is left when everybody has gone");
        assert!(self.world.account.asks.is_empty(), "somebody was never answered");
        self.seen.exits.extend(self.world.account.exits.iter().copied());
        self.seen
    }
}

fn play(seed: u64, users: u64, rooms: u64, until: u64) -> Seen {
    let mut town = Town::new(seed, users, rooms);
    while town.world.now.as_millis() < until {
        let next = town.world.now + Duration::from_millis(town.chance.below(1500));
        while let Some((at, _)) = town.world.machine.next_deadline().filter(|(at, _)| *at <= next) {
            town.world.now = town.world.now.max(at);
            town.act(Input::Tick);
        }
        town.world.now = next;
        town.step();
    }
    town.world.now = town.world.now.max(Moment::from_millis(until));
    town.end()
}

impl Tally for Seen {
    fn add(&mut self, other: Self) {
        self.exits.extend(other.exits);
        self.refusals.extend(other.refusals);
        self.entries += other.entries;
        self.grants += other.grants;
        self.restored += other.restored;
    }
}

fn play_all(seeds: u64, users: u64, rooms: u64, until: u64) {
    let seeds = Seeds { usual: seeds, test: ("huitong-conference", "simulation") };
    let played = huitong_explore::play_all(&seeds, |seed| play(seed, users, rooms, until));
    let Some(Played { count, tally: seen, complete }) = played else { return };
    let Seen { entries, grants, restored, refusals, .. } = &seen;
    println!("{count} seeds: {entries} entries, {grants} grants, {restored} restored, refused: {refusals:?}");
    assert!(*entries > 10 * count && *grants > count && *restored > count / 2, "hardly anything happened");
    // In a few minutes no ticket expires.
    if complete && until >= HOUR {
        assert_eq!(seen.exits, BTreeSet::from(ExitReason::ALL), "every way out was taken");
        let expected = [
            Refusal::WrongPassword,
            Refusal::TicketVoid,
            Refusal::TicketExpired,
            Refusal::NoConference,
            Refusal::TalkersFull,
            Refusal::AudienceFull,
            Refusal::VideosFull,
            Refusal::ScreensFull,
            Refusal::NotAdmin,
            Refusal::AdminNotGranted,
            Refusal::MayNotPublish,
            Refusal::LastAdmin,
            Refusal::Yourself,
        ];
        for refusal in expected {
            let word = format!("{refusal:?}");
            assert!(seen.refusals.contains(&word), "nobody was refused with {word}");
        }
    }
}

#[test]
fn an_hour_of_sixty_users_leaves_nobody_inside_waiting_or_with_rights() {
    play_all(SEEDS, 60, 8, HOUR);
}

#[test]
fn few_users_meet_in_every_way_in_one_conference() {
    play_all(2000, 5, 1, 300_000);
}
