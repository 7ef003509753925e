//! A small world around the machine, for its tests: users with sessions, one who hashes passwords, and what each was told.
#![allow(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod account;

use account::Account;
pub(crate) use huitong_conference::UserKey;
use huitong_conference::{
    Actor, Answer, AskId, ConferenceId, Conferences, Event, ExitReason, Input, Kind, Limits, MemberId,
    Output, PasswordHash, Profile, Refusal, Reply, Role, Settings, Ticket, Verdict, Whom, Wish,
};
use huitong_types::{AppId, Moment, Redacted, RoomId, SessionId, UserId};
use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) fn user(name: &str) -> UserId {
    UserId::new(name).expect("a user")
}

pub(crate) fn key(name: &str) -> UserKey {
    UserKey { app: AppId::new(1).expect("an application"), user: user(name) }
}

pub(crate) fn by(name: &str) -> Actor {
    Actor::User(key(name))
}

pub(crate) fn whom(names: &[&str]) -> Vec<Whom> {
    names.iter().map(|name| Whom::User(user(name))).collect()
}

pub(crate) fn room(name: &str) -> RoomId {
    RoomId::text(name).expect("a room")
}

pub(crate) fn secret(text: &str) -> Redacted<String> {
    Redacted::new(text.to_owned())
}

pub(crate) fn hash(password: &str) -> PasswordHash {
    PasswordHash(Redacted::new(format!("hash of {password}").into()))
}

pub(crate) fn settings(kind: Kind, password: &str) -> Settings {
    Settings { password: secret(password), ..Settings::new(kind) }
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) machine: Conferences,
    pub(crate) now: Moment,
    pub(crate) account: Account,
    /// What each session was told, until it is taken.
    pub(crate) told: BTreeMap<u64, Vec<String>>,
    pub(crate) answers: BTreeMap<AskId, Result<Answer, Refusal>>,
    /// Whether passwords are hashed and checked at once.
    pub(crate) prompt: bool,
    limits: Limits,
    steps: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::within(Limits::default())
    }

    pub(crate) fn within(limits: Limits) -> Self {
        Self {
            machine: Conferences::new(limits.clone()),
            now: Moment::from_millis(1000),
            account: Account::default(),
            told: BTreeMap::new(),
            answers: BTreeMap::new(),
            prompt: true,
            limits,
            steps: 0,
        }
    }

    /// Does something and carries out what follows; panics when a rule of the tables is broken.
    pub(crate) fn act(&mut self, input: Input) -> Result<Reply, Refusal> {
        let played = self.account.play(&mut self.machine, self.now, input);
        let (answer, outputs) = played.unwrap_or_else(|wrong| panic!("at {:?}: {wrong}", self.now));
        for output in outputs {
            self.hear(output);
        }
        self.steps += 1;
        // With many inside it would take minutes to look at everything after every step, and what is wrong stays so.
        let inside = self.account.inside.len() as u64;
        if inside <= 10 || self.steps.is_multiple_of(inside.min(1000)) {
            let checked = self.account.check(&self.machine);
            checked.unwrap_or_else(|wrong| panic!("at {:?}: {wrong}", self.now));
        }
        if self.prompt {
            self.hash_all();
        }
        answer
    }

    /// The server dies, and the next one starts with what the disk has.
    pub(crate) fn restart(&mut self) {
        let next = self.account.restart(self.limits.clone(), self.now);
        self.machine = next.unwrap_or_else(|wrong| panic!("at {:?}: {wrong}", self.now));
        self.told.clear();
        self.answers.clear();
    }

    /// The conference of a room.
    pub(crate) fn in_room(&self, name: &str) -> ConferenceId {
        self.machine.in_room(key("x").app, &room(name)).expect("a conference").id
    }

    /// Hashes and checks what waits for it.
    pub(crate) fn hash_all(&mut self) {
        while let Some((conference, password)) =
            self.account.to_hash.first_key_value().map(|(id, text)| (*id, text.clone()))
        {
            let hash = Some(hash(&password));
            self.act(Input::Hashed { conference, hash }).expect("never refused");
        }
        while let Some((ask, (password, kept))) =
            self.account.to_check.first_key_value().map(|(ask, check)| (*ask, check.clone()))
        {
            let verdict = if hash(&password) == kept { Verdict::Right } else { Verdict::Wrong };
            self.act(Input::Checked { ask, verdict }).expect("never refused");
        }
    }

    fn hear(&mut self, output: Output) {
        match output {
            Output::Answered { ask, answer } => {
                self.answers.insert(ask, answer);
            }
            Output::Exited { session, reason, .. } => self.say(session, format!("out {}", reason.number())),
            Output::LetIn { session, room, place } => self.say(session, format!("in {room} {place:?}")),
            Output::Place { session, place, .. } => self.say(session, format!("now {place:?}")),
            Output::PutOut { session, .. } => self.say(session, "put out".to_owned()),
            Output::Silence { session, audio, video, .. } => {
                self.say(session, format!("silence {audio} {video}"));
            }
            Output::Tell { to, event, .. } => {
                for session in to {
                    self.say(session, words(&event));
                }
            }
            Output::Created(_)
            | Output::Restored(_)
            | Output::Changed { .. }
            | Output::Ended { .. }
            | Output::Hash { .. }
            | Output::Check { .. } => {}
        }
    }

    fn say(&mut self, session: SessionId, words: String) {
        self.told.entry(session.get()).or_default().push(words);
    }

    /// What a session was told since the last time.
    pub(crate) fn told(&mut self, session: u64) -> Vec<String> {
        self.told.remove(&session).unwrap_or_default()
    }

    pub(crate) fn find(
        &mut self,
        name: &str,
        of: &str,
        settings: Settings,
    ) -> Result<(ConferenceId, bool), Refusal> {
        match self.act(Input::Find { user: key(name), room: room(of), settings })? {
            Reply::Found(id, created) => Ok((id, created)),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn ask(
        &mut self,
        name: &str,
        id: ConferenceId,
        password: &str,
        wish: Wish,
    ) -> Result<AskId, Refusal> {
        let input = Input::Ask { user: key(name), conference: id, password: secret(password), wish };
        match self.act(input)? {
            Reply::Asked(ask) => Ok(ask),
            other => panic!("{other:?}"),
        }
    }

    /// The answer to a request, whenever it comes.
    pub(crate) fn answer(&mut self, ask: AskId) -> Result<Answer, Refusal> {
        self.answers.remove(&ask).expect("an answer")
    }

    pub(crate) fn ticket(
        &mut self,
        name: &str,
        id: ConferenceId,
        password: &str,
        role: Option<Role>,
    ) -> Result<Ticket, Refusal> {
        let ask = self.ask(name, id, password, Wish::Enter(role))?;
        match self.answer(ask)? {
            Answer::Ticket(ticket) => Ok(ticket),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn enter_with(
        &mut self,
        session: u64,
        name: &str,
        ticket: &Ticket,
    ) -> Result<MemberId, Refusal> {
        let input = Input::Enter {
            session: SessionId::new(session),
            user: key(name),
            conference: ticket.conference,
            ticket: ticket.clone(),
            profile: Profile::default(),
        };
        match self.act(input)? {
            Reply::Entered(member) => Ok(member),
            other => panic!("{other:?}"),
        }
    }

    /// Gets a ticket and enters with it.
    pub(crate) fn enter(
        &mut self,
        session: u64,
        name: &str,
        id: ConferenceId,
        password: &str,
        role: Option<Role>,
    ) -> Result<MemberId, Refusal> {
        let ticket = self.ticket(name, id, password, role)?;
        self.enter_with(session, name, &ticket)
    }

    pub(crate) fn leave(&mut self, session: u64, reason: ExitReason) -> Result<Reply, Refusal> {
        self.act(Input::Leave { session: SessionId::new(session), reason })
    }

    pub(crate) fn grant(
        &mut self,
        id: ConferenceId,
        by: Actor,
        names: &[&str],
        role: Role,
    ) -> Result<Reply, Refusal> {
        self.act(Input::Grant { by, conference: id, whom: whom(names), role })
    }

    pub(crate) fn kick(&mut self, id: ConferenceId, by: Actor, names: &[&str]) -> Result<Reply, Refusal> {
        self.act(Input::Kick { by, conference: id, whom: whom(names) })
    }

    pub(crate) fn roles(&self, id: ConferenceId) -> Vec<(String, u8)> {
        let members = self.machine.get(id).into_iter().flat_map(|conference| conference.members());
        members.map(|member| (member.user.to_string(), member.role.number())).collect()
    }

    /// Lets time pass, deadline by deadline.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some((at, _)) = self.machine.next_deadline().filter(|(at, _)| *at <= end) {
            self.now = self.now.max(at);
            self.act(Input::Tick).expect("time is never refused");
        }
        self.now = end;
        self.act(Input::Tick).expect("time is never refused");
    }
}

fn words(event: &Event) -> String {
    match event {
        Event::Shows(view) => format!("{} shows {:?} {:?}", view.user, view.profile.nick, view.profile.ext),
        Event::Joined(view) => format!("{} joined {}", view.user, view.role.number()),
        Event::Exited { user, reason: Some(reason), .. } => format!("{user} exited {}", reason.number()),
        Event::Exited { user, reason: None, .. } => format!("{user} watches"),
        Event::Role { user, role, .. } => format!("{user} is {}", role.number()),
        Event::Muted { audio, video } => format!("muted {audio} {video}"),
        Event::Hand { member, up } => format!("{} hand {up}", member.user),
        Event::Declined => "declined".to_owned(),
        Event::Attributes { changes, by } => {
            let by = by.as_ref().map_or("back-end".to_owned(), ToString::to_string);
            let changes: Vec<String> = changes
                .iter()
                .map(|change| format!("{}={}", change.key, change.value.as_deref().unwrap_or("-")))
                .collect();
            format!("{by} set {}", changes.join(" "))
        }
    }
}
