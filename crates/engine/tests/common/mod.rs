//! A world around the engine: virtual time, clients that accumulate what they are told, and rules that hold for
//! every output whatever happens.
#![allow(dead_code, unreachable_pub, missing_docs)]

use huitong_engine::{
    ApiCall, ApiResult, AppConfig, CallLog, ConnId, Engine, EngineConfig, Input, MultiDevice, StayEvent,
};
use huitong_protocol::{Failure, MediaBases, Reply};
use huitong_types::{
    AppId, ConferenceName, ErrorCode, Moment, Redacted, Role, RoomId, Scene, StreamId, StreamKey, UserId,
};
use huitong_usage::{Settings, Usage};
use kept::OnDisk;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

mod client;
mod credentials;
mod driving;
mod kept;
mod media;
pub mod meeting;
mod mixes;
mod outputs;
pub mod sim;
pub use client::Client;
#[allow(unused_imports, reason = "each test file uses a part")]
pub use credentials::{room_key, sig};
pub use media::Media;
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
    pub disk: BTreeMap<ConferenceName, OnDisk>,
    /// The wall clock when this server started.
    pub started_ms: u64,
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
            disk: BTreeMap::new(),
            started_ms: UNIX_START,
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
        self.started_ms + self.now
    }

    pub fn input(&mut self, input: Input) {
        self.engine.handle(Moment::from_millis(self.now), self.unix_ms(), input);
        while let Some(output) = self.engine.poll_output() {
            self.output(output);
        }
        self.check_disk();
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
