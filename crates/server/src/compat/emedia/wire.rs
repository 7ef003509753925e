//! One client of this wire, without sockets: frames of the client and of the engine in, frames for both out.
//!
//! Towards the engine it is a signalling client like any other: it logs in, enters, publishes and leaves with requests of the
//! protocol inside, and a stay that lost its connection goes on by a resume with replay. Towards the client it speaks the
//! vendor's frames, see `docs/emedia-wire.md`.

use super::book::NOTES;
use super::desk::{Desk, Login};
use super::frames::{self, ClientFrame, EnterOp, Op, exit_number, role_number};
use super::io::{Doubts, Input, Output, Own, Random, Session, State, Stay, StreamRequest, Waiting};
use super::names::member_id;
use super::roster::Roster;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use huitong_protocol::{
    Destroy, Enter, Hello, Leave, MemberDetails, PROTOCOL_VERSION, Ping, Publish, Request, RequestFrame,
    Resume,
};
use huitong_types::{ConferenceExit, ErrorCode, Fault, Moment, StreamKind};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A fresh connection must enter within this time, as the vendor's server demands.
const ENTER_WITHIN: Duration = Duration::from_secs(30);

/// The engine answers within this time, or the entry is refused: the client itself gives up after 20 s.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// The client polls every 30 s; one that missed two polls has a dead connection.
const SILENCE: Duration = Duration::from_secs(75);

/// A client that was told that it is out says goodbye and closes half a second later; then the server does.
const LINGER: Duration = Duration::from_secs(5);

/// How often a lost connection to the engine is made again without a poll of the client between.
const RECONNECTS: u32 = 3;

/// Names the client to the engine, for its log.
const CLIENT: &str = "conference wire";

/// What a client asks of its microphone and its camera.
struct Switch {
    tsx: Option<String>,
    audio_off: Option<bool>,
    video_off: Option<bool>,
}

/// One client.
pub(crate) struct Wire {
    pub(crate) desk: Arc<Desk>,
    random: Random,
    /// Where clients reach their streams, without the secret.
    pub(crate) streams_at: String,
    pub(crate) state: State,
    pub(crate) stay: Option<Stay>,
    pub(crate) session: Option<Session>,
    last_request: u32,
    pub(crate) waiting: BTreeMap<u32, Waiting>,
    /// Requests about streams for when the engine is there again, with what returns with the answer.
    held: Vec<(u64, StreamRequest)>,
    /// Switches for when the one before is answered: what they do not name stays as that leaves it.
    switches: VecDeque<Switch>,
    /// Version of the conference, as this client counts it.
    pub(crate) version: u64,
    reconnects: u32,
    deadline: Option<Moment>,
    ping_at: Option<Moment>,
    pub(crate) now: Moment,
    pub(crate) unix_ms: u64,
    pub(crate) out: VecDeque<Output>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("state", &self.state).finish_non_exhaustive()
    }
}

impl Wire {
    /// A client that has just connected. `streams_at` is where it reaches its streams.
    pub(crate) fn new(desk: Arc<Desk>, random: Random, streams_at: String, now: Moment) -> Self {
        Self {
            desk,
            random,
            streams_at,
            state: State::Fresh,
            stay: None,
            session: None,
            last_request: 0,
            waiting: BTreeMap::new(),
            held: Vec::new(),
            switches: VecDeque::new(),
            version: 1,
            reconnects: 0,
            deadline: Some(now + ENTER_WITHIN),
            ping_at: None,
            now,
            unix_ms: 0,
            out: VecDeque::new(),
        }
    }

    /// What has to be done next.
    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When [`Input::Tick`] is due.
    pub(crate) fn next_deadline(&self) -> Option<Moment> {
        self.deadline.into_iter().chain(self.ping_at).min()
    }

    /// Whether it is in a conference, and in touch with the engine.
    pub(crate) const fn is_inside(&self) -> bool {
        matches!(self.state, State::Inside)
    }

    /// Whether somebody can go on with it on another connection.
    pub(crate) const fn is_kept(&self) -> bool {
        matches!(self.state, State::Inside | State::Resuming { .. } | State::Away)
    }

    /// Whether it waits for its client, out of touch with the engine.
    pub(crate) const fn is_waiting(&self) -> bool {
        matches!(self.state, State::Away)
    }

    /// How long the engine keeps its seat without a connection.
    pub(crate) fn grace(&self) -> Duration {
        self.session.as_ref().map_or(Duration::ZERO, |session| session.grace)
    }

    /// Takes one input; then [`Wire::poll_output`] until it is empty. `unix_ms` is the wall clock.
    pub(crate) fn handle(&mut self, now: Moment, unix_ms: u64, input: Input<'_>) {
        (self.now, self.unix_ms) = (now, unix_ms);
        match input {
            Input::Frame(text) => self.client_frame(text),
            Input::Bad(text, fault) => {
                let tsx = frames::read(text).map_or_else(|bad| bad.tsx, |frame| frame.tsx);
                self.refuse(tsx.as_deref(), &fault);
            }
            Input::Engine(text) => self.engine_frame(text),
            Input::EngineLost => self.engine_lost(),
            Input::Stream { ask, request } => self.stream_request(ask, request),
            Input::Attached { tsx, login, streams } => self.attached(tsx, &login, streams),
            Input::Alone => (self.deadline, self.reconnects) = (None, 0),
            Input::Awake => self.wake(),
            Input::Detached => self.detached(),
            Input::Down => self.end(ConferenceExit::Failed),
            Input::Tick => self.tick(),
        }
    }

    /// A name that cannot be guessed.
    pub(crate) fn secret(&mut self) -> String {
        URL_SAFE_NO_PAD.encode((self.random)())
    }

    fn client_frame(&mut self, text: &str) {
        let frame = match frames::read(text) {
            Ok(frame) => frame,
            Err(bad) => {
                // An entry with a ticket that cannot be read is over like any other that is refused.
                if bad.fault.code == ErrorCode::TicketInvalid && matches!(self.state, State::Fresh) {
                    return self.refuse_entry(bad.tsx.as_deref(), bad.fault);
                }
                return self.refuse(bad.tsx.as_deref(), &bad.fault);
            }
        };
        if matches!(self.state, State::Inside) {
            self.await_client();
        }
        let ClientFrame { tsx, sess, op } = frame;
        match (op, &self.state) {
            (Op::Enter(op), State::Fresh) => self.enter(tsx, sess, op),
            (Op::Enter(_), _) => {
                let sentence = "This connection has entered already.";
                self.refuse(tsx.as_deref(), &Fault::because(ErrorCode::AlreadyLoggedIn, sentence));
            }
            (Op::Leave(reason), State::Entering { .. } | State::Inside | State::Resuming { .. }) => {
                self.leave(tsx.as_deref(), reason);
            }
            (Op::Leave(_), _) => self.accept(tsx.as_deref(), Value::Null),
            (Op::Poll(newest), State::Inside | State::Resuming { .. }) => {
                self.reconnects = 0;
                if let Some(stay) = &mut self.stay {
                    stay.heard(newest);
                }
                self.accept(tsx.as_deref(), json!({"cver": self.version}));
            }
            (_, State::Over) => self.refuse(tsx.as_deref(), &Fault::new(ErrorCode::ConferenceOver)),
            (Op::Close, State::Inside) => {
                if let Some(conference) = self.stay.as_ref().map(|stay| stay.conference.clone()) {
                    self.ask(Request::Destroy(Destroy { conference }), Waiting::Handed(tsx));
                }
            }
            (Op::Switch { audio_off, video_off }, State::Inside) => {
                self.switch_in_turn(Switch { tsx, audio_off, video_off });
            }
            (Op::Message, State::Inside) => {
                let sentence = "This server carries no messages between members.";
                self.refuse(tsx.as_deref(), &Fault::because(ErrorCode::NobodyThere, sentence));
            }
            (Op::Other(op), State::Inside) => {
                let sentence = format!("This server does not know the operation {op}.");
                self.refuse(tsx.as_deref(), &Fault::because(ErrorCode::UnknownOperation, sentence));
            }
            _ => self.refuse(tsx.as_deref(), &Fault::new(ErrorCode::NotInConference)),
        }
    }

    fn enter(&mut self, tsx: Option<String>, sess: Option<String>, op: Box<EnterOp>) {
        match self.desk.login(&op.ticket, self.unix_ms, sess.is_some()) {
            Err(fault) => self.refuse_entry(tsx.as_deref(), fault),
            Ok(login) => match sess {
                Some(stay) => {
                    self.out.push_back(Output::GoOn { stay, tsx, login: Box::new(login) });
                }
                None => {
                    if let Err(fault) = self.desk.take(&op.ticket, self.unix_ms) {
                        return self.refuse_entry(tsx.as_deref(), fault);
                    }
                    let (name, streams) = (self.secret(), self.secret());
                    self.stay = Some(Stay {
                        roster: Roster::new(login.who.name.clone()),
                        who: login.who,
                        conference: login.conference,
                        ticket: login.ticket,
                        name,
                        member: 0,
                        role: 0,
                        attributes: BTreeMap::new(),
                        doubts: Doubts::default(),
                        streams,
                        own: None,
                    });
                    self.state = State::Entering { tsx, op };
                    self.hello(None);
                }
            },
        }
    }

    /// The stay that the client wants to go on with is over, for this reason if that is known.
    pub(crate) fn nothing_to_go_on_with(&mut self, tsx: Option<&str>, why: Option<ConferenceExit>) {
        let code = match why {
            Some(ConferenceExit::Closed) => ErrorCode::ConferenceOver,
            _ => ErrorCode::SessionGone,
        };
        self.turn_away(tsx, Fault::new(code), why);
    }

    fn attached(&mut self, tsx: Option<String>, login: &Login, streams_at: String) {
        self.streams_at = streams_at;
        self.waiting.clear();
        let same = self.stay.as_ref().is_some_and(|stay| {
            stay.who.app == login.who.app
                && stay.who.user() == login.who.user()
                && stay.conference == login.conference
        });
        let Some(session) = self.session.clone().filter(|_| same) else {
            return self.refuse_entry(tsx.as_deref(), Fault::new(ErrorCode::SessionGone));
        };
        self.state = State::Resuming { back: Some(tsx) };
        self.hello(Some(session));
    }

    /// Connects to the engine and logs in.
    fn hello(&mut self, resume: Option<Session>) {
        let Some(who) = self.stay.as_ref().map(|stay| stay.who.clone()) else { return };
        let sig = match self.desk.sig(&who, self.unix_ms) {
            Ok(sig) => sig,
            Err(fault) => return self.refuse_login(fault),
        };
        self.last_request = 0;
        self.waiting.clear();
        self.switches.clear();
        self.deadline = Some(self.now + ANSWER_WITHIN);
        self.ping_at = None;
        self.out.push_back(Output::Connect);
        let resume =
            resume.map(|session| Resume { session: session.id, secret: session.secret, seq: session.seq });
        let hello = Hello {
            version: PROTOCOL_VERSION,
            app: who.app,
            user: who.name.user,
            sig: Some(sig),
            auth_buffer: None,
            voice_room: None,
            device: None,
            calls: false,
            client: Some(CLIENT.to_owned()),
            resume,
        };
        self.ask(Request::Hello(hello), Waiting::Hello);
    }

    /// Logged in: enters with the ticket.
    pub(crate) fn go_in(&mut self) {
        let State::Entering { op, .. } = &self.state else { return };
        let Some(stay) = &self.stay else { return };
        let enter = Enter {
            conference: stay.conference.clone(),
            ticket: stay.ticket.clone(),
            nick: op.nick.clone(),
            ext: op.ext.clone(),
            record_id: None,
            details: MemberDetails::default(),
            publish: Vec::new(),
            mix: false,
        };
        self.ask(Request::Enter(enter), Waiting::Enter);
    }

    /// The reply to an entry, or to a return.
    pub(crate) fn welcome(&mut self, tsx: Option<&str>, members: Value, streams: Value) {
        self.await_client();
        let Some(stay) = &self.stay else { return };
        let fields = json!({
            "memId": member_id(stay.member), "role": stay.role, "cver": self.version,
            "useUrl": format!("{}/{}", self.streams_at, stay.streams), "rtcCfg": "{}", "vcodes": ["H264"],
            "mems": members, "streams": streams,
        });
        self.accept(tsx, fields);
    }

    /// The client is heard again within the usual time, or its connection is dead.
    pub(crate) fn await_client(&mut self) {
        self.deadline = Some(self.now + SILENCE);
    }

    pub(crate) fn start_pings(&mut self) {
        self.ping_at = self.session.as_ref().map(|session| self.now + session.heartbeat);
    }

    fn leave(&mut self, tsx: Option<&str>, reason: ConferenceExit) {
        self.ask(Request::Leave(Leave { reason: Some(reason) }), Waiting::Unheard);
        self.accept(tsx, Value::Null);
        self.over(Some(reason));
    }

    fn switch_in_turn(&mut self, switch: Switch) {
        if self.switches.len() >= NOTES {
            return self.refuse(switch.tsx.as_deref(), &Fault::new(ErrorCode::RateLimited));
        }
        self.switches.push_back(switch);
        self.take_up_switches();
    }

    /// Asks for the switches whose turn it is.
    pub(crate) fn take_up_switches(&mut self) {
        while !self.waiting.values().any(|waiting| matches!(waiting, Waiting::Switch { .. })) {
            let Some(next) = self.switches.pop_front() else { return };
            self.switch(next);
        }
    }

    fn switch(&mut self, Switch { tsx, audio_off, video_off }: Switch) {
        let own = self.stay.as_ref().and_then(|stay| stay.own.as_ref());
        let Some(own) = own else {
            let sentence = "No stream of one's own is published.";
            return self.refuse(tsx.as_deref(), &Fault::because(ErrorCode::NotFound, sentence));
        };
        let audio = audio_off.map_or(own.audio, |off| !off);
        let video = video_off.map_or(own.video, |off| !off);
        let publish = Publish { stream: StreamKind::Main, key: None, audio, video };
        self.ask(Request::Publish(publish), Waiting::Switch { tsx, audio, video });
    }

    fn stream_request(&mut self, ask: u64, request: StreamRequest) {
        if matches!(self.state, State::Away) {
            self.wake();
        }
        if matches!(self.state, State::Resuming { .. }) && self.held.len() < NOTES {
            return self.held.push((ask, request));
        }
        let (Some(stay), Some(session), State::Inside) = (&self.stay, &self.session, &self.state) else {
            let answer = Err(Fault::new(ErrorCode::NotInConference));
            return self.out.push_back(Output::Answer { ask, answer });
        };
        match request {
            StreamRequest::Play(id) => {
                let key = stay.roster.play_key(&id).map(|key| format!("{}/{}", session.rtmp, key.reveal()));
                let answer = key.ok_or_else(|| {
                    Fault::because(ErrorCode::NotFound, "There is no such stream.").in_field("streamId")
                });
                self.out.push_back(Output::Answer { ask, answer });
            }
            StreamRequest::Push(_) => {
                let key = huitong_auth::push_key_from_random((self.random)());
                self.register(ask, Own { key, audio: true, video: true });
            }
        }
    }

    /// Registers the own stream; the answer has its address.
    pub(crate) fn register(&mut self, ask: u64, own: Own) {
        let (key, audio, video) = (Some(own.key.clone()), own.audio, own.video);
        let publish = Publish { stream: StreamKind::Main, key, audio, video };
        self.ask(Request::Publish(publish), Waiting::Push { ask, own });
    }

    /// The client gave a sign without a connection, so its stay goes on with the engine.
    fn wake(&mut self) {
        if matches!(self.state, State::Away) {
            self.state = State::Resuming { back: None };
            self.hello(self.session.clone());
        }
    }

    /// What was asked about streams while the engine was not there.
    pub(crate) fn take_up_held(&mut self) {
        for (ask, request) in std::mem::take(&mut self.held) {
            self.stream_request(ask, request);
        }
    }

    fn detached(&mut self) {
        self.abandon_asks();
        self.deadline = None;
        self.ping_at = None;
        self.state = if self.is_kept() { State::Away } else { State::Over };
    }

    fn engine_lost(&mut self) {
        self.abandon_asks();
        match &self.state {
            State::Inside if self.reconnects < RECONNECTS => {
                self.reconnects += 1;
                self.state = State::Resuming { back: None };
                self.out.push_back(Output::HangUp);
                self.hello(self.session.clone());
            }
            State::Inside => self.end(ConferenceExit::Failed),
            State::Entering { .. } | State::Resuming { .. } => {
                self.refuse_login(Fault::new(ErrorCode::Timeout));
            }
            State::Fresh | State::Away | State::Over => {}
        }
    }

    /// Requests about streams whose answer will not come.
    fn abandon_asks(&mut self) {
        self.switches.clear();
        for (ask, _) in self.held.drain(..) {
            self.out.push_back(Output::Answer { ask, answer: Err(Fault::new(ErrorCode::Timeout)) });
        }
        for waiting in std::mem::take(&mut self.waiting).into_values() {
            if let Waiting::Push { ask, .. } = waiting {
                self.out.push_back(Output::Answer { ask, answer: Err(Fault::new(ErrorCode::Timeout)) });
            }
        }
    }

    fn tick(&mut self) {
        if self.ping_at.is_some_and(|at| at <= self.now) {
            self.ask(Request::Ping(Ping::default()), Waiting::Unheard);
            self.start_pings();
        }
        if self.deadline.is_none_or(|at| at > self.now) {
            return;
        }
        self.deadline = None;
        match &self.state {
            State::Entering { .. } | State::Resuming { .. } => {
                self.refuse_login(Fault::new(ErrorCode::Timeout))
            }
            State::Fresh | State::Inside | State::Over | State::Away => self.out.push_back(Output::Close),
        }
    }

    /// Sends a request to the engine.
    pub(crate) fn ask(&mut self, request: Request, waiting: Waiting) {
        self.last_request = self.last_request.saturating_add(1);
        let frame = RequestFrame { id: self.last_request, request };
        match serde_json::to_string(&frame) {
            Ok(text) => {
                self.waiting.insert(self.last_request, waiting);
                self.out.push_back(Output::Engine(text));
            }
            Err(error) => tracing::error!(%error, "a request cannot be written"),
        }
    }

    /// Answers the client.
    pub(crate) fn accept(&mut self, tsx: Option<&str>, fields: Value) {
        let frame = frames::done(tsx, self.stay_name(), fields);
        self.out.push_back(Output::Frame(frame));
    }

    /// Refuses a request of the client. One whose stay goes on is told a number by which it does not take itself for out.
    pub(crate) fn refuse(&mut self, tsx: Option<&str>, fault: &Fault) {
        let goes_on = matches!(self.state, State::Inside | State::Resuming { back: None });
        let number = if goes_on { frames::mild_code(fault) } else { frames::code(fault) };
        let frame = frames::refused(tsx, self.stay_name(), number, fault);
        self.out.push_back(Output::Frame(frame));
    }

    fn stay_name(&self) -> &str {
        self.stay.as_ref().map_or("", |stay| stay.name.as_str())
    }

    /// Tells the client something.
    pub(crate) fn tell(&mut self, mut event: Value) {
        self.version += 1;
        frames::merge(&mut event, json!({"sessId": self.stay_name(), "cver": self.version}));
        self.out.push_back(Output::Frame(event.to_string()));
    }

    /// The login or the entry at the engine was refused, in whatever the client was waiting for.
    pub(crate) fn refuse_login(&mut self, fault: Fault) {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Entering { tsx, op } => {
                if fault.code != ErrorCode::TicketVoid {
                    self.desk.give_back(&op.ticket);
                }
                self.refuse_entry(tsx.as_deref(), fault);
            }
            State::Resuming { back: Some(tsx) } => self.refuse_entry(tsx.as_deref(), fault),
            State::Resuming { back: None } => {
                self.state = State::Inside;
                self.end(ConferenceExit::Failed);
            }
            other => self.state = other,
        }
    }

    /// The seat is gone, and with it the stay: for this reason, or because it was given away.
    pub(crate) fn seat_gone(&mut self, why: Option<ConferenceExit>) {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Resuming { back: Some(tsx) } => self.nothing_to_go_on_with(tsx.as_deref(), why),
            State::Resuming { back: None } => {
                self.state = State::Inside;
                self.end(why.unwrap_or(ConferenceExit::Failed));
            }
            other => self.state = other,
        }
    }

    fn refuse_entry(&mut self, tsx: Option<&str>, fault: Fault) {
        self.turn_away(tsx, fault, None);
    }

    /// Refuses an entry or a return. `why` is kept for a client that asks once more.
    fn turn_away(&mut self, tsx: Option<&str>, fault: Fault, why: Option<ConferenceExit>) {
        self.state = State::Over;
        self.refuse(tsx, &fault);
        self.out.push_back(Output::Refused(fault));
        self.over(why);
    }

    /// The stay is over for a reason that the client has not given.
    pub(crate) fn end(&mut self, reason: ConferenceExit) {
        let Some(stay) = self.stay.as_ref().filter(|_| self.is_kept()) else { return self.over(None) };
        let exit = json!({"op": 301, "memId": member_id(stay.member), "reason": exit_number(reason)});
        self.tell(exit);
        self.over(Some(reason));
    }

    /// Out. `why` is kept for a client that has not heard of it and wants to go on.
    fn over(&mut self, why: Option<ConferenceExit>) {
        self.abandon_asks();
        self.state = State::Over;
        self.ping_at = None;
        self.deadline = Some(self.now + LINGER);
        if self.session.is_some() {
            self.ask(Request::Bye, Waiting::Unheard);
        }
        self.out.push_back(Output::HangUp);
        self.out.push_back(Output::Forget(why));
    }

    /// A role was given to oneself.
    pub(crate) fn own_role(&mut self, role: huitong_types::ConferenceRole) {
        let Some(stay) = &mut self.stay else { return };
        stay.role = role_number(role);
        self.tell_role();
    }

    /// Tells the client its role.
    pub(crate) fn tell_role(&mut self) {
        let Some(stay) = &mut self.stay else { return };
        stay.doubts.role = Some(self.version + 1);
        let token = self.desk.role_token(&stay.who, &stay.conference);
        let event = json!({"op": 412, "role": stay.role, "roleToken": token});
        self.tell(event);
    }
}
