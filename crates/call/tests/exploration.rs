//! Everything that can happen in small worlds, in every order: from each state that can be reached, each thing that can
//! happen is tried. After every step the tables are in order and everybody was told everything once; and from every state it
//! holds that nobody rings, is busy or is connected for ever. What goes wrong is told with the shortest way that leads to it.

mod world;

use huitong_call::{CallId, Calls, Input, Limits, SeatEnd};
use huitong_explore::{Mix, Outcome, World};
use huitong_types::{Moment, SessionId};
use std::hash::{Hash, Hasher};
use std::time::Duration;
use world::account::Account;
use world::{key, to};

/// A small world: devices, and what they may do.
#[derive(Debug)]
struct Setting {
    /// To whom each device belongs. All are logged in at the beginning.
    devices: &'static [&'static str],
    /// Devices whose connection may be lost, and whose session may end.
    shaky: &'static [usize],
    /// Who calls whom.
    calls: &'static [(usize, &'static [&'static str])],
    /// Whom the back-end connects.
    starts: &'static [(&'static str, &'static [&'static str])],
    /// Whom the back-end calls into a room where others are, and in whose name.
    opens: &'static [(&'static str, &'static [&'static str])],
    /// Whether calls are for a group, however few are called.
    group: bool,
    /// How long a call rings, s.
    ring: u64,
    /// How much time passes at once when nothing is due, s.
    wait: u64,
    /// Whether devices also answer calls that they know nothing of, and are refused.
    strangers: bool,
    /// Whether the rooms, the back-end and the server bring calls to an end too.
    rooms: bool,
}

const PLAIN: Setting = Setting {
    devices: &[],
    shaky: &[],
    calls: &[],
    starts: &[],
    opens: &[],
    group: false,
    ring: 25,
    wait: 10,
    strangers: true,
    rooms: true,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Online(usize),
    Lost(usize),
    Back(usize),
    Ended(usize, bool),
    Call(usize),
    Start(usize),
    Accept(usize, CallId),
    Reject(usize, CallId, bool),
    HangUp(usize, CallId),
    Entered(usize),
    SeatLost(usize, SeatEnd),
    End(CallId),
    Shutdown,
    /// Time passes until the next deadline.
    Next,
    /// Time passes, and nothing was due.
    Wait,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Out,
    Up,
    Down,
}

#[derive(Clone, Debug)]
struct Node<'a> {
    setting: &'a Setting,
    now: Moment,
    calls: Calls,
    account: Account,
    links: Vec<Link>,
}

fn session(device: usize) -> SessionId {
    SessionId::new(device as u64 + 1)
}

impl<'a> Node<'a> {
    fn new(setting: &'a Setting) -> Self {
        let mut node = Self {
            setting,
            now: Moment::from_millis(1000),
            calls: Calls::new(Limits::default()),
            account: Account::default(),
            links: vec![Link::Out; setting.devices.len()],
        };
        for device in 0..setting.devices.len() {
            let _outcome = node.play(Act::Online(device)).expect("all log in");
        }
        node
    }

    fn room_acts(&self, device: usize, link: Link, acts: &mut Vec<Act>) {
        let session = session(device);
        let seated = self.account.seats.iter().any(|(own, _)| *own == session);
        if link == Link::Up && !seated && self.calls.bound_call(session).is_some() {
            acts.push(Act::Entered(device));
        }
        if seated && self.setting.rooms {
            let ways = [SeatEnd::Left, SeatEnd::TimedOut, SeatEnd::Kicked, SeatEnd::Dissolved];
            acts.extend(ways.map(|why| Act::SeatLost(device, why)));
        }
    }

    fn input(&self, act: Act) -> Input {
        let placed = |invitees: &[&str]| {
            let mut placed = to(invitees);
            placed.group = self.setting.group.then(|| "team".to_owned());
            placed.timeout = Duration::from_secs(self.setting.ring);
            placed
        };
        match act {
            Act::Online(device) => {
                Input::Online { session: session(device), user: key(self.setting.devices[device]) }
            }
            Act::Lost(device) => Input::Lost { session: session(device) },
            Act::Back(device) => Input::Back { session: session(device) },
            Act::Ended(device, deliberate) => Input::Ended { session: session(device), deliberate },
            Act::Call(call) => {
                let (device, invitees) = self.setting.calls[call];
                Input::Call { session: session(device), call: placed(invitees) }
            }
            Act::Start(start) => {
                let (starts, opens) = (self.setting.starts, self.setting.opens);
                let (caller, invitees) = starts.iter().chain(opens).nth(start).expect("one of them");
                let mut call = placed(invitees);
                call.open = start >= starts.len();
                Input::Start { caller: key(caller), call }
            }
            Act::Accept(device, call) => Input::Accept { session: session(device), call },
            Act::Reject(device, call, busy) => Input::Reject { session: session(device), call, busy },
            Act::HangUp(device, call) => Input::HangUp { session: session(device), call },
            Act::Entered(device) => Input::Entered { session: session(device) },
            Act::SeatLost(device, why) => Input::SeatLost { session: session(device), why },
            Act::End(call) => Input::End { call },
            Act::Shutdown => Input::Shutdown,
            Act::Next | Act::Wait => Input::Tick,
        }
    }
}

impl World for Node<'_> {
    type Act = Act;

    fn acts(&self) -> Vec<Act> {
        let mut acts = Vec::new();
        let open: Vec<CallId> = self.calls.all().map(|call| call.id).collect();
        for (device, link) in self.links.iter().enumerate() {
            let shaky = self.setting.shaky.contains(&device);
            match link {
                Link::Out => acts.push(Act::Online(device)),
                Link::Down => acts.extend([Act::Back(device), Act::Ended(device, false)]),
                Link::Up => {
                    if shaky {
                        acts.extend([Act::Lost(device), Act::Ended(device, true), Act::Ended(device, false)]);
                    }
                    let calls = self.setting.calls.iter().enumerate();
                    acts.extend(calls.filter(|(_, (by, _))| *by == device).map(|(call, _)| Act::Call(call)));
                    let own = self.calls.of_session(session(device)).map(|call| call.id);
                    let strangers = self.setting.strangers;
                    for call in open.iter().filter(|call| strangers || own == Some(**call)) {
                        acts.extend([Act::Accept(device, *call), Act::HangUp(device, *call)]);
                        acts.extend([false, true].map(|busy| Act::Reject(device, *call, busy)));
                    }
                }
            }
            self.room_acts(device, *link, &mut acts);
        }
        acts.extend((0..self.setting.starts.len() + self.setting.opens.len()).map(Act::Start));
        if self.setting.rooms {
            acts.extend(open.iter().map(|call| Act::End(*call)));
            acts.push(Act::Shutdown);
        }
        if let Some((at, _)) = self.calls.next_deadline() {
            acts.push(Act::Next);
            acts.extend((at > self.now + Duration::from_secs(self.setting.wait)).then_some(Act::Wait));
        }
        acts
    }

    fn play(&mut self, act: Act) -> Result<Outcome, String> {
        match act {
            Act::Online(device) | Act::Back(device) => self.links[device] = Link::Up,
            Act::Lost(device) => self.links[device] = Link::Down,
            Act::Ended(device, _) => self.links[device] = Link::Out,
            Act::Next => self.now = self.calls.next_deadline().map_or(self.now, |(at, _)| at),
            Act::Wait => self.now = self.now + Duration::from_secs(self.setting.wait),
            _ => {}
        }
        let input = self.input(act);
        let (answer, _) = self.account.play(&mut self.calls, self.now, input)?;
        Ok(Outcome::of(&answer))
    }

    /// What decides what can happen next and whether all is well: the tables, and who knows of which call and is in the room
    /// of which.
    fn print(&self) -> u64 {
        let mut mix = Mix::default();
        self.calls.fingerprint(&mut mix);
        for known in [&self.account.open, &self.account.seats] {
            known.len().hash(&mut mix);
            for (session, call) in known {
                (session, self.calls.all().position(|open| open.id == *call)).hash(&mut mix);
            }
        }
        mix.finish()
    }

    /// Everything is in order; and when time passes and everybody goes home, nothing is left.
    fn settle(mut self) -> Result<(), String> {
        self.account.check(&self.calls)?;
        while self.calls.next_deadline().is_some() {
            let _outcome = self.play(Act::Next)?;
        }
        self.account.check(&self.calls)?;
        for device in 0..self.links.len() {
            if self.links[device] != Link::Out {
                let _outcome = self.play(Act::Ended(device, false))?;
            }
        }
        while self.calls.next_deadline().is_some() {
            let _outcome = self.play(Act::Next)?;
        }
        self.account.check(&self.calls)?;
        match self.calls.is_idle() {
            true => Ok(()),
            false => Err(format!("something is left when everybody has gone: {:?}", self.calls)),
        }
    }
}

/// Explores all of a world.
fn explore(name: &str, setting: &Setting) {
    let explored = huitong_explore::explore(name, &Node::new(setting));
    assert!(explored.states > 1000, "hardly anything can happen in this world");
}

fn compare(setting: &Setting, depth: usize) {
    let compared = huitong_explore::compare(Node::new(setting), depth);
    let enough = compared.states > 100 && compared.arrivals > 5 * compared.states;
    assert!(enough, "too few were compared: {compared:?}");
}

#[test]
fn states_that_look_alike_do_alike() {
    let setting = Setting {
        devices: &["ann", "ben", "ben", "cat"],
        shaky: &[0, 1],
        calls: &[(0, &["ben"]), (1, &["ann", "cat"])],
        starts: &[("ann", &["ben", "cat"])],
        opens: &[("cat", &["ben"])],
        ..PLAIN
    };
    compare(&setting, 7);
}

#[test]
fn two_call_each_other_and_both_have_two_devices() {
    let setting = Setting {
        devices: &["ann", "ann", "ben", "ben"],
        shaky: &[0, 1, 2, 3],
        calls: &[(0, &["ben"]), (2, &["ann"]), (3, &["ann"])],
        wait: 5,
        ..PLAIN
    };
    explore("glare", &setting);
}

#[test]
fn time_passes_in_small_steps() {
    let setting = Setting {
        devices: &["ann", "ben"],
        shaky: &[0, 1],
        calls: &[(0, &["ben"])],
        starts: &[("ann", &["ben"])],
        ring: 30,
        wait: 1,
        ..PLAIN
    };
    explore("time", &setting);
}

#[test]
fn the_back_end_connects_two() {
    let setting = Setting {
        devices: &["ann", "ben", "ben"],
        shaky: &[0, 1],
        calls: &[(0, &["ben"])],
        starts: &[("ann", &["ben"]), ("ben", &["ann"])],
        wait: 5,
        ..PLAIN
    };
    explore("back-end", &setting);
}

#[test]
fn the_back_end_connects_three() {
    let setting = Setting {
        devices: &["ann", "ben", "ben", "cat"],
        shaky: &[0, 1, 3],
        calls: &[(3, &["ann"])],
        starts: &[("ann", &["ben", "cat"])],
        ring: 30,
        ..PLAIN
    };
    explore("back-end, three", &setting);
}

#[test]
fn the_back_end_calls_into_a_room_in_the_name_of_one_who_may_be_called_too() {
    let setting = Setting {
        devices: &["ann", "ben", "ben", "cat"],
        shaky: &[0, 1],
        calls: &[(0, &["ben"])],
        opens: &[("ann", &["ben", "cat"]), ("cat", &["ann"])],
        strangers: false,
        ..PLAIN
    };
    explore("open", &setting);
}

#[test]
fn a_group_of_three_of_whom_anyone_may_vanish() {
    let setting = Setting {
        devices: &["ann", "ben", "ben", "cat"],
        shaky: &[0, 1, 2, 3],
        calls: &[(0, &["ben", "cat"]), (1, &["ann"])],
        group: true,
        ..PLAIN
    };
    explore("group", &setting);
}

#[test]
fn one_calls_three() {
    let setting = Setting {
        devices: &["ann", "ben", "ben", "cat", "dan"],
        shaky: &[0, 1],
        calls: &[(0, &["ben", "cat", "dan"])],
        ring: 30,
        ..PLAIN
    };
    explore("one to three", &setting);
}

#[test]
fn two_call_three() {
    let setting = Setting {
        devices: &["ann", "ben", "cat", "cat", "dan", "eve"],
        shaky: &[0],
        calls: &[(0, &["cat", "dan"]), (1, &["dan", "eve"]), (1, &["ann"])],
        strangers: false,
        rooms: false,
        ..PLAIN
    };
    explore("two to three", &setting);
}
