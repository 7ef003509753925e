//! Everything that can happen in small worlds, in every order: from each state that can be reached, each thing that can
//! happen is tried. After every step the tables are in order and everybody was told everything once; and from every state it
//! holds that nothing is left when everybody has gone. What goes wrong is told with the shortest way that leads to it.

mod world;

use huitong_conference::{
    Actor, AdminGone, AskedAdmin, Change, ConferenceId, Conferences, ExitReason, Guessing, Input, Kind,
    Limits, Profile, Role, SeatEnd, Settings, Verdict, Wish,
};
use huitong_explore::{Mix, Outcome, World};
use huitong_types::{AppId, Moment, SessionId, StreamKind};
use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::time::Duration;
use world::account::Account;
use world::{by, hash, key, room, secret, settings, whom};

/// A small world: who there is, and what may happen.
#[derive(Debug)]
struct Setting {
    /// To whom each session belongs.
    sessions: &'static [&'static str],
    kind: Kind,
    password: &'static str,
    /// Passwords that are given.
    tries: &'static [&'static str],
    /// Roles that are asked for.
    roles: &'static [Option<Role>],
    /// Roles that are granted.
    grants: &'static [Role],
    /// Who acts on others: also those who may not.
    rulers: &'static [&'static str],
    max_talkers: usize,
    max_audience: usize,
    admin_gone: AdminGone,
    asked_admin: AskedAdmin,
    /// Tickets that there may be at a time; states would never end without a bound.
    tickets: usize,
    /// Whether streams, hands and silence are looked at.
    media: bool,
    /// Whether the rooms, the back-end and the server bring stays to an end too.
    rooms: bool,
    /// Whether time passes when nothing is due.
    waits: bool,
}

const PLAIN: Setting = Setting {
    sessions: &["ann", "ben"],
    kind: Kind::Ordinary,
    password: "",
    tries: &[""],
    roles: &[None],
    grants: &[],
    rulers: &[],
    max_talkers: 2,
    max_audience: 1,
    admin_gone: AdminGone::GoOn,
    asked_admin: AskedAdmin::Talker,
    tickets: 1,
    media: false,
    rooms: false,
    waits: false,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Find(usize),
    Hashed(bool),
    Ask(usize, usize, usize),
    Checked(usize, Verdict),
    /// A session enters with a ticket, its own or another's.
    Enter(usize, usize),
    Leave(usize),
    Gone(usize, bool),
    SeatLost(usize, SeatEnd),
    Publish(usize, StreamKind),
    Unpublish(usize),
    Hand(usize, bool),
    Grant(usize, usize, Role),
    Both(usize, Role),
    Kick(usize, usize),
    Mute(usize, usize, bool),
    Attribute(usize),
    Destroy(usize),
    End,
    Shutdown,
    /// Time passes until the next deadline.
    Next,
    /// Time passes, and nothing was due.
    Wait,
}

#[derive(Clone, Debug)]
struct Node<'a> {
    setting: &'a Setting,
    now: Moment,
    machine: Conferences,
    account: Account,
}

/// Deadlines that fall together make worlds small.
fn limits(setting: &Setting) -> Limits {
    let guessing = Guessing { free: 1, delay: Duration::from_secs(30), longest: Duration::from_secs(60) };
    Limits {
        ticket: Duration::from_secs(60),
        ask: Duration::from_secs(30),
        forget: Duration::from_secs(90),
        empty: Duration::from_secs(60),
        asks_of_conference: 2,
        user_guessing: guessing,
        conference_guessing: Guessing { free: 2, ..guessing },
        tickets: setting.tickets,
        admin_gone: setting.admin_gone,
        asked_admin: setting.asked_admin,
        ..Limits::default()
    }
}

fn session(number: usize) -> SessionId {
    SessionId::new(number as u64 + 1)
}

impl<'a> Node<'a> {
    fn new(setting: &'a Setting) -> Self {
        let machine = Conferences::new(limits(setting));
        Self { setting, now: Moment::from_millis(1000), machine, account: Account::default() }
    }

    fn id(&self) -> ConferenceId {
        self.machine.all().next().map_or(ConferenceId(0), |conference| conference.id)
    }

    fn users(&self) -> Vec<&'static str> {
        let mut users = self.setting.sessions.to_vec();
        users.dedup();
        users
    }

    fn rule_acts(&self, acts: &mut Vec<Act>) {
        let setting = self.setting;
        for ruler in 0..setting.rulers.len() {
            for user in 0..self.users().len() {
                acts.extend(setting.grants.iter().map(|role| Act::Grant(ruler, user, *role)));
                acts.push(Act::Kick(ruler, user));
                if setting.media {
                    acts.extend([true, false].map(|on| Act::Mute(ruler, user, on)));
                }
            }
            acts.extend(setting.grants.iter().map(|role| Act::Both(ruler, *role)));
            acts.push(Act::Destroy(ruler));
            acts.extend(setting.media.then_some(Act::Attribute(ruler)));
        }
        if setting.rooms {
            acts.extend([Act::End, Act::Shutdown]);
        }
    }

    fn input(&self, act: Act) -> Input {
        let setting = self.setting;
        let (users, conference) = (self.users(), self.id());
        let ruler = |ruler: usize| by(setting.rulers[ruler]);
        match act {
            Act::Find(user) => Input::Find {
                user: key(users[user]),
                room: room("team"),
                settings: Settings {
                    max_talkers: Some(setting.max_talkers),
                    max_audience: Some(setting.max_audience),
                    max_videos: Some(1),
                    max_screens: Some(1),
                    ..settings(setting.kind, setting.password)
                },
            },
            Act::Hashed(done) => Input::Hashed { conference, hash: done.then(|| hash(setting.password)) },
            Act::Ask(user, role, word) => Input::Ask {
                user: key(users[user]),
                conference,
                password: secret(setting.tries[word]),
                wish: Wish::Enter(setting.roles[role]),
            },
            Act::Checked(check, verdict) => {
                let ask = self.account.to_check.keys().nth(check).copied().expect("a check");
                Input::Checked { ask, verdict }
            }
            Act::Enter(number, ticket) => {
                let ticket = self.account.tickets.values().nth(ticket).cloned().expect("a ticket");
                let user = key(setting.sessions[number]);
                Input::Enter {
                    session: session(number),
                    user,
                    conference,
                    ticket,
                    profile: Profile::default(),
                }
            }
            Act::Leave(number) => Input::Leave { session: session(number), reason: ExitReason::Left },
            Act::Gone(number, deliberate) => Input::Gone { session: session(number), deliberate },
            Act::SeatLost(number, why) => Input::SeatLost { session: session(number), why },
            Act::Publish(number, kind) => Input::Publish { session: session(number), kind, video: true },
            Act::Unpublish(number) => Input::Unpublish { session: session(number), kind: StreamKind::Main },
            Act::Hand(number, up) => Input::Hand { session: session(number), up },
            Act::Grant(own, user, role) => {
                Input::Grant { by: ruler(own), conference, whom: whom(&[users[user]]), role }
            }
            Act::Both(own, role) => Input::Grant { by: ruler(own), conference, whom: whom(&users), role },
            Act::Kick(own, user) => Input::Kick { by: ruler(own), conference, whom: whom(&[users[user]]) },
            Act::Mute(own, user, audio) => Input::Mute {
                by: ruler(own),
                conference,
                whom: whom(&[users[user]]),
                audio: Some(audio),
                video: None,
            },
            Act::Attribute(own) => {
                let changes = vec![Change { key: "seat".into(), value: Some("taken".into()) }];
                Input::Attributes { by: ruler(own), conference, changes }
            }
            Act::Destroy(own) => Input::Destroy { by: ruler(own), conference },
            Act::End => {
                Input::Destroy { by: Actor::BackEnd(AppId::new(1).expect("an application")), conference }
            }
            Act::Shutdown => Input::Shutdown,
            Act::Next | Act::Wait => Input::Tick,
        }
    }
}

impl World for Node<'_> {
    type Act = Act;

    fn acts(&self) -> Vec<Act> {
        let setting = self.setting;
        let mut acts = Vec::new();
        let there = self.machine.all().next().is_some();
        for (user, _) in self.users().iter().enumerate() {
            acts.push(Act::Find(user));
            for (role, password) in (0..setting.roles.len())
                .flat_map(|role| (0..setting.tries.len()).map(move |word| (role, word)))
            {
                acts.extend(there.then_some(Act::Ask(user, role, password)));
            }
        }
        if !self.account.to_hash.is_empty() {
            acts.extend([Act::Hashed(true), Act::Hashed(false)]);
        }
        for check in 0..self.account.to_check.len() {
            acts.extend(
                [Verdict::Right, Verdict::Wrong, Verdict::Failed].map(|verdict| Act::Checked(check, verdict)),
            );
        }
        for number in 0..setting.sessions.len() {
            let tickets = 0..self.account.tickets.len();
            acts.extend(tickets.map(|ticket| Act::Enter(number, ticket)));
            if self.account.inside.contains_key(&session(number)) {
                acts.extend([Act::Leave(number), Act::Gone(number, false)]);
                if setting.media {
                    acts.extend(StreamKind::ALL.map(|kind| Act::Publish(number, kind)));
                    acts.extend([Act::Unpublish(number), Act::Hand(number, true), Act::Hand(number, false)]);
                }
                if setting.rooms {
                    let ways = [SeatEnd::TimedOut, SeatEnd::Kicked, SeatEnd::Dissolved];
                    acts.extend(ways.map(|why| Act::SeatLost(number, why)));
                    acts.push(Act::Gone(number, true));
                }
            }
        }
        if there {
            self.rule_acts(&mut acts);
        }
        if let Some((at, _)) = self.machine.next_deadline() {
            acts.push(Act::Next);
            acts.extend((setting.waits && at > self.now + Duration::from_secs(30)).then_some(Act::Wait));
        }
        acts
    }

    fn play(&mut self, act: Act) -> Result<Outcome, String> {
        match act {
            Act::Next => self.now = self.machine.next_deadline().map_or(self.now, |(at, _)| at),
            Act::Wait => self.now = self.now + Duration::from_secs(30),
            _ => {}
        }
        let input = self.input(act);
        let played = self.account.play(&mut self.machine, self.now, input);
        if matches!(act, Act::Shutdown) {
            // And the next one starts.
            self.machine = self.account.restart(limits(self.setting), self.now)?;
        }
        // A ticket that is good for nothing any more is refused, and no news after the first time.
        let open: HashSet<ConferenceId> = self.machine.all().map(|conference| conference.id).collect();
        let now = self.now;
        self.account.tickets.retain(|_, ticket| open.contains(&ticket.conference) && ticket.expires > now);
        // And one of them is enough to try.
        while self.account.tickets.len() > self.setting.tickets + 1 {
            self.account.tickets.pop_first();
        }
        self.account.exits.clear();
        let (answer, _) = played?;
        Ok(Outcome::of(&answer))
    }

    /// What decides what can happen next and whether all is well: the tables, and what tickets there are.
    fn print(&self) -> u64 {
        let mut mix = Mix::default();
        self.machine.fingerprint(&mut mix);
        self.account.to_hash.len().hash(&mut mix);
        self.account.to_check.len().hash(&mut mix);
        for ticket in self.account.tickets.values() {
            (&ticket.user, ticket.role, ticket.expires.since(self.now)).hash(&mut mix);
            self.account.is_used(ticket.id).hash(&mut mix);
            let members = self.machine.all().flat_map(|conference| conference.members());
            members.filter(|member| member.ticket == Some(ticket.id)).count().hash(&mut mix);
        }
        mix.finish()
    }

    /// Everything is in order; and when everybody goes home and time passes, nothing is left.
    fn settle(mut self) -> Result<(), String> {
        self.account.check(&self.machine)?;
        for number in 0..self.setting.sessions.len() {
            let _outcome = self.play(Act::Gone(number, false))?;
        }
        self.account.check(&self.machine)?;
        while self.machine.next_deadline().is_some() {
            let _outcome = self.play(Act::Next)?;
        }
        self.account.check(&self.machine)?;
        match (self.machine.is_idle(), self.account.asks.is_empty()) {
            (true, true) => Ok(()),
            (true, false) => Err("somebody waits for an answer for ever".to_owned()),
            _ => Err(format!("something is left when everybody has gone: {:?}", self.machine)),
        }
    }
}

/// Explores all of a world.
fn explore(name: &str, setting: &Setting) {
    let explored = huitong_explore::explore(name, &Node::new(setting));
    assert!(explored.states > 500, "hardly anything can happen in this world");
}

fn compare(setting: &Setting, depth: usize) {
    let compared = huitong_explore::compare(Node::new(setting), depth);
    let enough = compared.states > 100 && compared.arrivals > 5 * compared.states;
    assert!(enough, "too few were compared: {compared:?}");
}

#[test]
fn states_that_look_alike_do_alike() {
    let setting = Setting {
        sessions: &["ann", "ben", "ben"],
        password: "pw",
        tries: &["pw"],
        grants: &[Role::Admin, Role::Audience],
        rulers: &["ann", "ben"],
        media: true,
        rooms: true,
        waits: true,
        ..PLAIN
    };
    compare(&setting, 7);
}

#[test]
fn a_password_is_hashed_guessed_and_waited_for() {
    let setting = Setting { password: "pw", tries: &["pw", "no"], waits: true, ..PLAIN };
    explore("password", &setting);
}

#[test]
fn two_who_may_both_be_admins() {
    let setting = Setting {
        sessions: &["ann", "ben", "ben"],
        grants: &[Role::Admin, Role::Talker, Role::Audience],
        rulers: &["ann", "ben"],
        rooms: true,
        ..PLAIN
    };
    explore("two admins", &setting);
}

#[test]
fn the_next_talker_becomes_admin() {
    let setting = Setting {
        sessions: &["ann", "ben", "cat"],
        grants: &[Role::Audience, Role::Talker],
        rulers: &["ann"],
        max_talkers: 2,
        admin_gone: AdminGone::NextTalker,
        ..PLAIN
    };
    explore("succession", &setting);
}

#[test]
fn the_conference_ends_with_its_admin() {
    let setting = Setting {
        sessions: &["ann", "ann", "ben"],
        roles: &[Some(Role::Admin), Some(Role::Audience)],
        grants: &[Role::Admin, Role::Talker],
        rulers: &["ann", "ben"],
        admin_gone: AdminGone::End,
        asked_admin: AskedAdmin::Granted,
        rooms: true,
        ..PLAIN
    };
    explore("end", &setting);
}

#[test]
fn hands_streams_and_silence_of_a_live_conference() {
    let setting = Setting {
        sessions: &["ann", "ben"],
        kind: Kind::Live,
        roles: &[None],
        grants: &[Role::Talker, Role::Audience],
        rulers: &["ann"],
        media: true,
        ..PLAIN
    };
    explore("live", &setting);
}
