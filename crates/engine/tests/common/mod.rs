//! A world around the engine: virtual time, clients that accumulate what they are told, and rules that hold for
//! every output whatever happens.
#![allow(dead_code, unreachable_pub, missing_docs)]

use huitong_engine::{
    ApiCall, ApiResult, AppConfig, CallLog, ConnId, Engine, EngineConfig, Input, MediaTicket, MultiDevice,
    Output, StayEvent, TrackFlags, Verdict,
};
use huitong_protocol::{Done, Event, Failure, MediaBases, Reply, Resumed, ServerFrame};
use huitong_types::{
    AppId, ErrorCode, Moment, Privileges, Redacted, Role, RoomId, Scene, StreamId, StreamKey, UserId,
};
use huitong_usage::{Input as Used, Settings, Usage};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

mod client;
pub mod meeting;
mod mixes;
pub mod sim;
pub use client::Client;
pub use mixes::Mix;

pub const APP: u32 = 1_400_000_000;
pub const SECRET: &str = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
pub const UNIX_START: u64 = 1_700_000_000_000;

pub fn config() -> EngineConfig {
    let app = AppConfig {
        secret: Redacted::new(SECRET.to_owned()),
        require_room_key: false,
        multi_device: MultiDevice::TakeOver,
        end_expired_sessions: false,
        calls_alongside: true,
        auth_buffer_md5: false,
    };
    EngineConfig {
        apps: BTreeMap::from([(AppId::new(APP).unwrap(), app)]),
        media: MediaBases {
            rtmp: "rtmp://rtc.test:1935/live".into(),
            flv: "http://rtc.test:8080/flv".into(),
            ws_flv: "ws://rtc.test:8080/flv".into(),
            whip: "http://rtc.test:8080/whip".into(),
            whep: "http://rtc.test:8080/whep".into(),
        },
        ..EngineConfig::default()
    }
}

pub fn room(number: u32) -> Value {
    json!({ "number": number })
}

pub fn key(name: &str) -> StreamKey {
    StreamKey::new(format!("{name:_<20}")).unwrap()
}

/// What the counting machine hears of an event.
fn counted(event: StayEvent) -> Used {
    match event {
        StayEvent::Entered { session, app, room, user } => Used::Entered { session, app, room, user },
        StayEvent::Left { session } => Used::Left { session },
        StayEvent::Announced { session, stream, tracks } => {
            Used::Announced { session, stream, audio: tracks.audio, video: tracks.video }
        }
        StayEvent::Receives { session, stream, video } => Used::Receives { session, stream, video },
    }
}

/// A media connection as the gateway sees it.
#[derive(Clone, Debug, PartialEq)]
pub enum Media {
    Waiting,
    Publishing { stream: StreamId, allowed: TrackFlags },
    Playing { stream: StreamId, tracks: TrackFlags },
    Closed(ErrorCode, String),
    StreamOver,
}

pub struct World {
    pub engine: Engine,
    pub now: u64,
    pub clients: Vec<Client>,
    pub media: BTreeMap<u64, Media>,
    /// What the gateway has open.
    pub open: BTreeSet<ConnId>,
    pub closes: HashMap<ConnId, u16>,
    pub replies: HashMap<(ConnId, u32), Reply>,
    pub api: HashMap<u64, ApiResult>,
    pub notes: Vec<String>,
    pub logs: Vec<CallLog>,
    pub kept_groups: BTreeMap<String, usize>,
    pub suspended: Option<bool>,
    pub stays: Vec<StayEvent>,
    /// Who counts what is used.
    pub usage: Usage,
    pub kept_urls: HashMap<StreamKey, huitong_engine::UrlRecord>,
    pub last_error: Option<Failure>,
    pub mixes: BTreeMap<StreamId, Mix>,
    /// Streams that have a publication.
    pub streams_seen: BTreeSet<StreamId>,
    /// Passwords that wait for their hash, or to be checked. They are done at once unless they are held.
    pub passwords: VecDeque<Input>,
    pub hold_passwords: bool,
    /// Where connections come from.
    pub origin: String,
    next_conn: u64,
    next_ticket: u64,
    next_call: u64,
}

impl World {
    pub fn new(config: EngineConfig) -> Self {
        Self {
            engine: Engine::new(config, [7; 32]),
            now: 0,
            clients: Vec::new(),
            media: BTreeMap::new(),
            open: BTreeSet::new(),
            closes: HashMap::new(),
            replies: HashMap::new(),
            api: HashMap::new(),
            notes: Vec::new(),
            logs: Vec::new(),
            kept_groups: BTreeMap::new(),
            suspended: None,
            stays: Vec::new(),
            usage: Usage::new(&Settings::default(), UNIX_START),
            kept_urls: HashMap::new(),
            last_error: None,
            mixes: BTreeMap::new(),
            streams_seen: BTreeSet::new(),
            passwords: VecDeque::new(),
            hold_passwords: false,
            origin: "192.0.2.1".into(),
            next_conn: 1,
            next_ticket: 1,
            next_call: 1,
        }
    }

    pub fn unix_ms(&self) -> u64 {
        UNIX_START + self.now
    }

    pub fn input(&mut self, input: Input) {
        self.engine.handle(Moment::from_millis(self.now), self.unix_ms(), input);
        while let Some(output) = self.engine.poll_output() {
            self.output(output);
        }
        assert_eq!(self.usage.sizes().stays, self.engine.sizes().members, "who is in a room is counted");
        if !self.hold_passwords
            && let Some(done) = self.passwords.pop_front()
        {
            self.input(done);
        }
        if let Some((at, why)) = self.engine.next_deadline() {
            assert!(at.as_millis() > self.now, "{why:?} is due and was not done");
        }
    }

    /// Lets time pass, calling the engine when it wants to be called.
    pub fn pass(&mut self, duration: Duration) {
        let end = self.now + u64::try_from(duration.as_millis()).unwrap();
        while let Some((at, _)) = self.engine.next_deadline() {
            if at.as_millis() > end {
                break;
            }
            self.now = at.as_millis();
            self.input(Input::Tick);
        }
        self.now = end;
        self.input(Input::Tick);
    }

    fn output(&mut self, output: Output) {
        match output {
            Output::Send { conn, text } => {
                assert!(self.open.contains(&conn), "{conn:?} is closed and gets {text}");
                self.frame(conn, &text);
            }
            Output::Push { conn, push } => {
                assert!(self.open.contains(&conn), "{conn:?} is closed and gets {push:?}");
                self.frame(conn, &push.render());
            }
            Output::Close { conn, code, reason } => {
                assert!(self.open.remove(&conn), "{conn:?} is closed twice");
                assert!(reason.len() <= 123 && (4000..5000).contains(&code));
                self.closes.insert(conn, code);
            }
            Output::PublishAccepted { ticket, stream, allowed, .. } => {
                let others = self.publishers_of(stream);
                assert!(others.is_empty(), "{others:?} publish {stream} already");
                self.streams_seen.insert(stream);
                self.answer(ticket, Media::Publishing { stream, allowed });
            }
            Output::PlayAccepted { ticket, stream, tracks, .. } => {
                self.answer(ticket, Media::Playing { stream, tracks })
            }
            Output::PublishAllowed { ticket, allowed: now } => match self.media.get_mut(&ticket.0) {
                Some(Media::Publishing { allowed, .. }) => *allowed = now,
                other => panic!("{ticket:?} is {other:?} and gets PublishAllowed"),
            },
            Output::PlayTracks { ticket, tracks: now } => match self.media.get_mut(&ticket.0) {
                Some(Media::Playing { tracks, .. }) => *tracks = now,
                other => panic!("{ticket:?} is {other:?} and gets PlayTracks"),
            },
            Output::CloseMedia { ticket, fault } => {
                assert!(fault.message.ends_with('.'), "{fault}");
                let before =
                    self.media.insert(ticket.0, Media::Closed(fault.code, fault.message.into_owned()));
                let open =
                    matches!(before, Some(Media::Waiting | Media::Publishing { .. } | Media::Playing { .. }));
                assert!(open, "{ticket:?} is {before:?} and is closed");
            }
            Output::StreamEnded { stream } => {
                self.count(Used::StreamEnded { stream });
                self.streams_seen.remove(&stream);
                for media in self.media.values_mut() {
                    match media {
                        Media::Playing { stream: s, .. } if *s == stream => *media = Media::StreamOver,
                        Media::Publishing { stream: s, .. } if *s == stream => {
                            panic!("{stream} has a publisher")
                        }
                        _ => {}
                    }
                }
            }
            mix @ (Output::Mix(_) | Output::AskLevels { .. }) => self.mix_output(mix),
            other => self.told(other),
        }
    }

    /// What concerns no connection.
    fn told(&mut self, output: Output) {
        match output {
            Output::ApiDone { call, result } => assert!(self.api.insert(call, result).is_none()),
            Output::KeepUrl(record) => drop(self.kept_urls.insert(record.key.clone(), record)),
            Output::DropUrl(key) => assert!(self.kept_urls.remove(&key).is_some(), "only what was kept"),
            Output::CallStarted(log) => assert!(log.end.is_none(), "it has only begun"),
            Output::CallFinished(log) => {
                assert!(self.logs.iter().all(|known| known.call != log.call), "one record per call");
                self.logs.push(*log);
            }
            Output::KeepGroup { group, members, .. } => {
                self.kept_groups.insert(group.to_string(), members.len());
            }
            Output::DropGroup { group, .. } => {
                assert!(self.kept_groups.remove(group.as_str()).is_some(), "only what was kept");
            }
            Output::KeepSuspension { suspended, .. } => self.suspended = Some(suspended),
            Output::Stay(event) => {
                self.count(counted(event.clone()));
                self.stays.push(event);
            }
            Output::HashPassword { conference, password } => {
                let hash = Some(Redacted::new(Arc::from(format!("hash of {}", password.reveal()))));
                self.passwords.push_back(Input::PasswordHashed { conference, hash });
            }
            Output::CheckPassword { ask, password, hash } => {
                let right = *hash.reveal().as_ref() == *format!("hash of {}", password.reveal());
                let verdict = if right { Verdict::Right } else { Verdict::Wrong };
                self.passwords.push_back(Input::PasswordChecked { ask, verdict });
            }
            Output::Note(note) => {
                let text = format!("{} {:?} {:?} {}", note.what, note.room, note.user, note.detail);
                assert!(!text.contains(SECRET), "{text}");
                self.notes.push(text);
            }
            other => panic!("it concerns a connection: {other:?}"),
        }
    }

    fn count(&mut self, input: Used) {
        self.usage.handle(Moment::from_millis(self.now), self.unix_ms(), input);
        while self.usage.poll_output().is_some() {}
    }

    fn answer(&mut self, ticket: MediaTicket, now: Media) {
        let before = self.media.insert(ticket.0, now);
        assert_eq!(before, Some(Media::Waiting), "{ticket:?} is answered twice");
    }

    pub fn publishers_of(&self, stream: StreamId) -> Vec<u64> {
        let publishes = |m: &Media| matches!(m, Media::Publishing { stream: s, .. } if *s == stream);
        self.media.iter().filter(|(_, m)| publishes(m)).map(|(t, _)| *t).collect()
    }

    fn frame(&mut self, conn: ConnId, text: &str) {
        let frame: ServerFrame = serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"));
        let client = self.clients.iter_mut().find(|c| c.conn == Some(conn));
        if client.as_ref().is_some_and(|c| c.deaf) {
            return;
        }
        match frame {
            ServerFrame::Push(push) => {
                // A client that went on to another connection does not read the old one.
                let Some(client) = client else { return };
                if std::mem::take(&mut client.awaits_state) {
                    assert!(matches!(push.event, Event::State { .. }), "a snapshot comes first");
                    assert!(push.seq > client.seq + 1, "nothing was missed");
                } else {
                    assert_eq!(push.seq, client.seq + 1, "pushes have no holes");
                }
                client.seq = push.seq;
                client.apply(push.event);
            }
            ServerFrame::Reply(reply) => {
                if let Some(client) = client {
                    match &reply.reply {
                        Reply::Ok(Done::Hello(welcome)) => {
                            if welcome.resumed == Resumed::New {
                                client.seq = 0;
                                client.state = None;
                                client.call = None;
                                client.conference = None;
                                client.ended = false;
                            }
                            client.unsure &= welcome.resumed != Resumed::New;
                            client.awaits_state = welcome.resumed == Resumed::Snapshot;
                            client.welcome = Some(welcome.clone());
                        }
                        Reply::Ok(Done::Join(join)) => client.state = Some(join.state.clone()),
                        Reply::Ok(Done::Call(reply) | Done::Accept(reply)) => {
                            client.call = Some(reply.call.clone());
                        }
                        Reply::Ok(Done::Reject | Done::Hangup) => {
                            let call = client.call.as_ref().expect("a call").call.to_string();
                            client.forget_call(&call);
                        }
                        Reply::Ok(Done::Enter(enter)) => {
                            client.state = Some(enter.state.clone());
                            client.conference = Some(enter.conference.clone());
                        }
                        Reply::Ok(Done::Leave) => client.left(),
                        _ => {}
                    }
                }
                if let Reply::Error(error) = &reply.reply {
                    self.last_error = Some(error.clone());
                }
                if reply.re != 0 {
                    assert!(
                        self.replies.insert((conn, reply.re), reply.reply).is_none(),
                        "one reply per request"
                    );
                }
            }
        }
    }

    pub fn connect(&mut self) -> ConnId {
        let conn = ConnId(self.next_conn);
        self.next_conn += 1;
        self.open.insert(conn);
        self.input(Input::Connected {
            conn,
            remote: "192.0.2.1:5000".into(),
            origin: self.origin.clone().into(),
        });
        conn
    }

    /// Sends a request by a client and returns the reply.
    pub fn ask(&mut self, who: usize, mut request: Value) -> Result<Done, ErrorCode> {
        let client = &mut self.clients[who];
        client.next_id += 1;
        let (conn, id) = (client.conn.expect("a connection"), client.next_id);
        request["id"] = json!(id);
        self.input(Input::Frame { conn, text: request.to_string() });
        match self.replies.remove(&(conn, id)).unwrap_or_else(|| panic!("no reply to {request}")) {
            Reply::Ok(done) => Ok(done),
            Reply::Error(error) => Err(error.code),
        }
    }

    /// Sends a request whose reply nobody reads.
    pub fn send(&mut self, who: usize, mut request: Value) {
        let client = &mut self.clients[who];
        client.next_id += 1;
        request["id"] = json!(client.next_id);
        let conn = client.conn.expect("a connection");
        self.input(Input::Frame { conn, text: request.to_string() });
    }

    pub fn hello(user: &str, unix_ms: u64) -> Value {
        json!({ "op": "hello", "version": 1, "app": APP, "user": user, "sig": sig(user, unix_ms) })
    }

    /// A client that is connected and logged in.
    pub fn client(&mut self, user: &str) -> usize {
        self.clients.push(Client { user: user.to_owned(), ..Client::default() });
        let who = self.clients.len() - 1;
        self.login(who, json!({})).unwrap_or_else(|e| panic!("{user} cannot log in: {e}"));
        who
    }

    /// A client on which calls ring, on a device of this name.
    pub fn phone(&mut self, user: &str, device: &str) -> usize {
        self.clients.push(Client { user: user.to_owned(), ..Client::default() });
        let who = self.clients.len() - 1;
        self.login(who, json!({ "calls": true, "device": device }))
            .unwrap_or_else(|e| panic!("{user} cannot log in: {e}"));
        who
    }

    /// Connects a client anew and sends `hello` with these fields besides.
    pub fn login(&mut self, who: usize, more: Value) -> Result<Done, ErrorCode> {
        let conn = self.connect();
        let unix_ms = self.unix_ms();
        let client = &mut self.clients[who];
        (client.conn, client.next_id, client.deaf) = (Some(conn), 0, false);
        let mut hello = Self::hello(&client.user, unix_ms);
        for (name, value) in more.as_object().expect("an object") {
            hello[name] = value.clone();
        }
        self.ask(who, hello)
    }

    /// The network of a client goes away.
    pub fn drop_connection(&mut self, who: usize) {
        if let Some(conn) = self.clients[who].conn.take() {
            self.open.remove(&conn);
            self.input(Input::Disconnected { conn });
        }
    }

    pub fn is_open(&self, who: usize) -> bool {
        self.clients[who].conn.is_some_and(|conn| self.open.contains(&conn))
    }

    pub fn join(&mut self, who: usize, number: u32) -> Result<Done, ErrorCode> {
        self.ask(who, json!({ "op": "join", "room": room(number) }))
    }

    pub fn join_live(&mut self, who: usize, number: u32, role: &str) -> Result<Done, ErrorCode> {
        self.ask(who, json!({ "op": "join", "room": room(number), "scene": "live", "role": role }))
    }

    /// A client in rtc room 1.
    pub fn member(&mut self, user: &str) -> usize {
        let who = self.client(user);
        self.join(who, 1).unwrap_or_else(|e| panic!("{user} cannot join: {e}"));
        who
    }

    pub fn declare(
        &mut self,
        who: usize,
        key: &StreamKey,
        audio: bool,
        video: bool,
    ) -> Result<Done, ErrorCode> {
        self.ask(who, json!({ "op": "publish", "key": key.reveal(), "audio": audio, "video": video }))
    }

    pub fn ticket(&mut self) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.media.insert(ticket, Media::Waiting);
        ticket
    }

    pub fn push_media(&mut self, key: &StreamKey) -> u64 {
        let ticket = self.ticket();
        self.input(Input::PublishRequested { ticket: MediaTicket(ticket), key: key.clone() });
        ticket
    }

    pub fn play(&mut self, key: &StreamKey) -> u64 {
        let ticket = self.ticket();
        self.input(Input::PlayRequested { ticket: MediaTicket(ticket), key: key.clone() });
        ticket
    }

    pub fn seen(&mut self, ticket: u64, audio: bool, video: bool) {
        self.input(Input::TracksSeen { ticket: MediaTicket(ticket), tracks: TrackFlags { audio, video } });
    }

    pub fn close_media(&mut self, ticket: u64, deliberate: bool) {
        self.media.insert(ticket, Media::StreamOver);
        self.input(Input::MediaClosed { ticket: MediaTicket(ticket), deliberate });
    }

    /// A member that publishes audio and video.
    pub fn publisher(&mut self, user: &str) -> (usize, u64) {
        let who = self.member(user);
        let ticket = self.start_media(who, &key(user));
        (who, ticket)
    }

    pub fn start_media(&mut self, who: usize, key: &StreamKey) -> u64 {
        self.declare(who, key, true, true).unwrap();
        let ticket = self.push_media(key);
        self.seen(ticket, true, true);
        assert!(matches!(self.media[&ticket], Media::Publishing { .. }), "{:?}", self.media[&ticket]);
        ticket
    }

    pub fn call(&mut self, request: ApiCall) -> ApiResult {
        let call = self.next_call;
        self.next_call += 1;
        self.input(Input::Api { call, app: AppId::new(APP).unwrap(), request });
        self.api.remove(&call).expect("an answer")
    }

    pub fn refused(&mut self, request: ApiCall) -> ErrorCode {
        match self.call(request) {
            ApiResult::Refused(fault) => fault.code,
            other => panic!("{other:?}"),
        }
    }

    pub fn closed_with(&self, ticket: u64) -> Option<ErrorCode> {
        match &self.media[&ticket] {
            Media::Closed(code, _) => Some(*code),
            _ => None,
        }
    }

    /// Everybody hangs up; after all deadlines nothing may be left.
    pub fn wind_down(&mut self) {
        for who in 0..self.clients.len() {
            self.drop_connection(who);
        }
        for conn in self.open.clone() {
            self.open.remove(&conn);
            self.input(Input::Disconnected { conn });
        }
        let tickets: Vec<u64> = self.media.keys().copied().collect();
        for ticket in tickets {
            if !matches!(self.media[&ticket], Media::Closed(..) | Media::StreamOver) {
                self.close_media(ticket, false);
            }
        }
        self.pass(Duration::from_secs(40 * 86_400));
        assert!(self.engine.is_idle(), "{:?}", self.engine);
        assert_eq!(
            self.usage.sizes(),
            huitong_usage::Sizes::default(),
            "everything that is counted has an end"
        );
    }
}

pub fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

pub fn number(id: u32) -> RoomId {
    RoomId::number(id).unwrap()
}

pub fn scene_of(client: &Client) -> Option<(Scene, Role)> {
    client.state.as_ref().map(|s| (s.scene, s.role))
}

/// A credential that is valid for an hour.
pub fn sig(name: &str, unix_ms: u64) -> String {
    huitong_auth::usersig::mint(app(), &secret(), &user(name), unix_ms / 1000, 3600, None)
}

/// A PrivateMapKey for a numeric room.
pub fn room_key(name: &str, room: u32, bits: u32, unix_ms: u64) -> String {
    let privileges = Privileges::from_bits(bits);
    huitong_auth::room_key::mint(
        app(),
        &secret(),
        &user(name),
        &number(room),
        privileges,
        unix_ms / 1000,
        300,
    )
}

fn app() -> AppId {
    AppId::new(APP).unwrap()
}

fn secret() -> Redacted<String> {
    Redacted::new(SECRET.to_owned())
}
