//! Configuration: what can be set, where it comes from, and the sentences for what is wrong with it.
//!
//! `huitong.example.toml` at the root of the repository is the reference; a test holds it equal to these types.
//! Values come from flags, then `HUITONG_…` environment variables, then the file, then the defaults here.

mod load;
mod network;
mod unknown;
mod validate;

use huitong_engine::{AdminGone, AppConfig, AskedAdmin, ConferenceLimits, EngineConfig, MultiDevice};
use huitong_protocol::MediaBases;
use huitong_types::{AppId, Redacted};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use load::{Flags, env_names, load};
pub use network::Network;
pub(crate) use validate::{HOST_MAX_CHARS, QUOTA_MOST};

/// Everything that can be configured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Addresses, TLS and files.
    pub server: ServerSection,
    /// The log.
    pub log: LogSection,
    /// Limits of rooms and sessions.
    pub limits: LimitsSection,
    /// Pacing and caps of media.
    pub media: MediaSection,
    /// Rules of conferences.
    pub conferences: ConferencesSection,
    /// What is kept on the disk.
    pub store: StoreSection,
    /// How usage is counted.
    pub usage: UsageSection,
    /// Who operates the server.
    pub operator: OperatorSection,
    /// The applications served.
    pub app: Vec<AppSection>,
    /// The mini program that is previewed; set by its command alone.
    #[serde(skip)]
    pub preview: Option<PathBuf>,
}

/// Addresses, TLS and files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerSection {
    /// Address of the HTTP port: REST, signalling, HTTP-FLV, SDK files.
    pub http: Listen,
    /// Address of the RTMP port.
    pub rtmp: Listen,
    /// Address of the WebRTC port (UDP and TCP).
    pub rtc: Listen,
    /// Addresses under which browsers reach the WebRTC port besides those it finds itself: of a NAT or a proxy.
    pub rtc_candidates: Vec<SocketAddr>,
    /// Directory for what the server keeps. Created when first needed.
    pub data: PathBuf,
    /// Host name or address under which clients reach this machine. Empty: the address of the default route.
    pub public_host: String,
    /// Full public URL of the HTTP side when a proxy stands before it, for example `https://rtc.example.com`.
    /// Empty: derived from `public_host` and the HTTP port.
    pub public_url: String,
    /// Proxies whose `X-Forwarded-For` says from where a client comes. Empty: nobody is believed.
    pub trusted_proxies: Vec<Network>,
    /// PEM file with the certificate chain. Empty: no TLS on the HTTP port.
    pub tls_cert: PathBuf,
    /// PEM file with the private key that belongs to `tls_cert`.
    pub tls_key: PathBuf,
    /// How long connections may go on after SIGTERM, seconds.
    pub drain_seconds: u32,
}

impl Default for ServerSection {
    fn default() -> Self {
        let any = |port| Listen(SocketAddr::from(([0, 0, 0, 0], port)));
        Self {
            http: any(8080),
            rtmp: any(1935),
            rtc: any(8000),
            rtc_candidates: Vec::new(),
            data: PathBuf::from("./data"),
            public_host: String::new(),
            public_url: String::new(),
            trusted_proxies: Vec::new(),
            tls_cert: PathBuf::new(),
            tls_key: PathBuf::new(),
            drain_seconds: 5,
        }
    }
}

/// The log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSection {
    /// Lines for people or for machines.
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug`, `trace`, or directives such as `info,huitong_gateway_rtmp=debug`.
    pub level: String,
}

impl Default for LogSection {
    fn default() -> Self {
        Self { format: LogFormat::Human, level: "info".to_owned() }
    }
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Human,
    /// One JSON object per line.
    Json,
}

/// Limits of rooms, sessions and connections. The defaults are those of the engine ([`EngineConfig`]), which has them from the
/// vendors' documents where these say something; connections are counted by the server itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsSection {
    /// Most members of an rtc room.
    pub rtc_members: usize,
    /// Most publishers of any room.
    pub publishers: usize,
    /// Most audience of a live room.
    pub live_audience: usize,
    /// How long a seat outlives its connection, seconds.
    pub seat_grace_seconds: u32,
    /// When a lost connection is shown to the others, seconds.
    pub away_after_seconds: u32,
    /// How long a live room goes on with audience only, seconds.
    pub live_audience_only_seconds: u32,
    /// How long a publish that arrives before its key is registered is held, ms.
    pub early_hold_ms: u32,
    /// How many early publishes are held at once.
    pub early_count: usize,
    /// How long a stream stays announced after its publisher's connection broke, ms.
    pub publish_grace_ms: u32,
    /// Pushes kept per session for replay.
    pub replay_events: usize,
    /// Most sessions at once.
    pub sessions: usize,
    /// Most calls of one application at once.
    pub calls: usize,
    /// Refused logins with an authBuffer from one address, or for one user, until further ones are not looked at for ten
    /// minutes; 0 for no limit.
    pub voice_login_refusals: u32,
    /// A signalling connection that sends nothing for this long is dead, seconds.
    pub connection_timeout_seconds: u32,
    /// A fresh signalling connection must log in within this time, seconds.
    pub login_timeout_seconds: u32,
    /// Most connections to the HTTP port at once (signalling and FLV players included).
    pub http_connections: usize,
    /// Connections to the RTMP port at once.
    pub rtmp_connections: usize,
    /// A WebRTC peer that sends nothing for this long is gone, seconds.
    pub rtc_silence_seconds: u32,
}

impl Default for LimitsSection {
    fn default() -> Self {
        let engine = EngineConfig::default();
        Self {
            rtc_members: engine.rtc_members,
            publishers: engine.publishers,
            live_audience: engine.live_audience,
            seat_grace_seconds: seconds(engine.seat_grace),
            away_after_seconds: seconds(engine.away_after),
            live_audience_only_seconds: seconds(engine.live_audience_only),
            early_hold_ms: millis(engine.early_hold),
            early_count: engine.early_count,
            publish_grace_ms: millis(engine.publish_grace),
            replay_events: engine.replay_events,
            sessions: engine.sessions,
            calls: engine.calls_per_app,
            voice_login_refusals: engine.voice_login_refusals,
            connection_timeout_seconds: seconds(engine.connection_timeout),
            login_timeout_seconds: seconds(engine.login_timeout),
            http_connections: 250_000,
            rtmp_connections: 250_000,
            rtc_silence_seconds: seconds(huitong_gateway_webrtc::SILENCE),
        }
    }
}

fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

/// Pacing and caps of media.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MediaSection {
    /// Longest time that packets of an rtc room are gathered before they are sent, ms.
    pub rtc_window_ms: u32,
    /// The same for live rooms, ms.
    pub live_window_ms: u32,
    /// A viewer of an rtc room that is further behind than this skips to the newest keyframe, ms.
    pub rtc_ceiling_ms: u32,
    /// The same for live rooms, ms.
    pub live_ceiling_ms: u32,
    /// Most bytes kept per stream from its newest keyframe on, so that viewers start at once.
    pub gop_bytes: usize,
    /// Threads that write to viewers; 0 means one per processor.
    pub threads: usize,
    /// Threads that transcode sound; 0 for one per two processors.
    pub transcode_threads: usize,
    /// Threads that mix voices; 0 for one per two processors.
    pub mixer_threads: usize,
}

impl Default for MediaSection {
    fn default() -> Self {
        Self {
            rtc_window_ms: 20,
            live_window_ms: 100,
            rtc_ceiling_ms: 1500,
            live_ceiling_ms: 3000,
            gop_bytes: 8 * 1024 * 1024,
            threads: 0,
            transcode_threads: 0,
            mixer_threads: 0,
        }
    }
}

/// Rules of conferences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConferencesSection {
    /// What becomes of a conference when its last admin is gone and others are still in it.
    pub admin_gone: AdminGoneRule,
    /// What one gets who asks to be admin and was not made one.
    pub asked_admin: AskedAdminRule,
    /// How long an empty conference is kept unless its creator says otherwise, seconds.
    pub empty_seconds: u32,
    /// How long a ticket can be used, seconds.
    pub ticket_seconds: u32,
    /// Most conferences of one application.
    pub of_app: usize,
    /// Most conferences that one user may have created.
    pub of_creator: usize,
}

impl Default for ConferencesSection {
    fn default() -> Self {
        let limits = ConferenceLimits::default();
        Self {
            admin_gone: AdminGoneRule::default(),
            asked_admin: AskedAdminRule::default(),
            empty_seconds: seconds(limits.empty),
            ticket_seconds: seconds(limits.ticket),
            of_app: limits.of_app,
            of_creator: limits.of_creator,
        }
    }
}

/// What becomes of a conference when its last admin is gone and others are still in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdminGoneRule {
    /// It goes on without one.
    #[default]
    GoOn,
    /// The talker who has been there longest becomes admin.
    NextTalker,
    /// It is over.
    End,
}

/// What one gets who asks to be admin of a conference of somebody else and was not made one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AskedAdminRule {
    /// The role of a talker.
    #[default]
    Talker,
    /// What it asks for: whoever knows the password is admin.
    Granted,
    /// Nothing.
    Refused,
}

/// What is kept on the disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreSection {
    /// Days that records of finished calls are kept; 0 for ever.
    pub keep_call_records_days: u32,
    /// Days that it is kept what single stays have used; 0 for ever.
    pub keep_usage_days: u32,
}

impl Default for StoreSection {
    fn default() -> Self {
        Self { keep_call_records_days: 365, keep_usage_days: 365 }
    }
}

/// How usage is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UsageSection {
    /// Minutes by which the days of the bill begin before those of UTC.
    pub day_offset_minutes: i32,
}

/// Who operates the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OperatorSection {
    /// The secret by which the API knows the operator. Empty: there is none, and the operator's calls are refused.
    #[serde(deserialize_with = "secret_text")]
    pub secret: Redacted<String>,
}

/// One application.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppSection {
    /// Its number, the vendors' SDKAppID.
    pub id: AppId,
    /// The secret that signs its credentials.
    #[serde(deserialize_with = "secret_text")]
    pub secret: Redacted<String>,
    /// Whether entering a room needs a PrivateMapKey.
    #[serde(default)]
    pub require_room_key: bool,
    /// What happens when a user logs in a second time.
    #[serde(default)]
    pub multi_device: MultiDevicePolicy,
    /// Whether a session ends when its credential expires.
    #[serde(default)]
    pub end_expired_sessions: bool,
    /// Whether sessions on which calls ring live beside the user's other ones.
    #[serde(default = "yes")]
    pub calls_alongside: bool,
    /// Whether nobody may enter rooms and begin calls.
    #[serde(default)]
    pub suspended: bool,
    /// Audio minutes that may be used on a day; 0 for any number. The same below.
    #[serde(default)]
    pub audio_minutes_per_day: u64,
    /// Video minutes that may be used on a day, of all tiers.
    #[serde(default)]
    pub video_minutes_per_day: u64,
    /// Audio minutes that may be used in a month.
    #[serde(default)]
    pub audio_minutes_per_month: u64,
    /// Video minutes that may be used in a month, of all tiers.
    #[serde(default)]
    pub video_minutes_per_month: u64,
    /// What the vendor's conference clients call it, `org#app`. Empty: only by its number, `…#<id>`.
    #[serde(default)]
    pub conference_key: String,
    /// Whether the key of authBuffers is the MD5 of a secret of 16 characters.
    #[serde(default)]
    pub auth_buffer_md5: bool,
}

impl AppSection {
    /// An application with default policies.
    pub fn new(id: AppId, secret: impl Into<String>) -> Self {
        Self::with_secret(id, Redacted::new(secret.into()))
    }

    const fn with_secret(id: AppId, secret: Redacted<String>) -> Self {
        let multi_device = MultiDevicePolicy::TakeOver;
        Self {
            id,
            secret,
            require_room_key: false,
            multi_device,
            end_expired_sessions: false,
            calls_alongside: true,
            suspended: false,
            audio_minutes_per_day: 0,
            video_minutes_per_day: 0,
            audio_minutes_per_month: 0,
            video_minutes_per_month: 0,
            conference_key: String::new(),
            auth_buffer_md5: false,
        }
    }
}

const fn yes() -> bool {
    true
}

/// Reads a secret without ever quoting it in an error, as serde does with a value of the wrong type.
fn secret_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Redacted<String>, D::Error> {
    match toml::Value::deserialize(deserializer) {
        Ok(toml::Value::String(text)) => Ok(Redacted::new(text)),
        _ => Err(serde::de::Error::custom("a secret must be a text in quotes")),
    }
}

/// What happens when a user who has a session logs in again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MultiDevicePolicy {
    /// The newer login takes over, the older device is told and ends.
    #[default]
    TakeOver,
    /// One session per device; only the same device takes over.
    PerDevice,
}

/// The address of a listener: an IP address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Listen(pub SocketAddr);

impl TryFrom<String> for Listen {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let full = if text.starts_with(':') { format!("0.0.0.0{text}") } else { text.clone() };
        full.parse().map(Self).map_err(|_| {
            format!(
                "{text:?} is not a listening address; write an IP address and a port, such as 0.0.0.0:8080"
            )
        })
    }
}

impl From<Listen> for String {
    fn from(listen: Listen) -> Self {
        listen.0.to_string()
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is wrong with the configuration, in one sentence that says what to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(pub(crate) String);

impl ConfigError {
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Whether the HTTP port speaks TLS.
    pub fn tls(&self) -> bool {
        !self.server.tls_cert.as_os_str().is_empty()
    }

    /// The configuration of the engine, for clients that reach media under `media`.
    pub fn engine(&self, media: MediaBases) -> EngineConfig {
        let limits = &self.limits;
        let seconds = |n: u32| Duration::from_secs(u64::from(n));
        let millis = |n: u32| Duration::from_millis(u64::from(n));
        EngineConfig {
            apps: self.app.iter().map(|app| (app.id, app.engine())).collect(),
            media,
            rtc_members: limits.rtc_members,
            publishers: limits.publishers,
            live_audience: limits.live_audience,
            seat_grace: seconds(limits.seat_grace_seconds),
            away_after: seconds(limits.away_after_seconds),
            live_audience_only: seconds(limits.live_audience_only_seconds),
            early_hold: millis(limits.early_hold_ms),
            early_count: limits.early_count,
            publish_grace: millis(limits.publish_grace_ms),
            replay_events: limits.replay_events,
            sessions: limits.sessions,
            calls_per_app: limits.calls,
            voice_login_refusals: limits.voice_login_refusals,
            connection_timeout: seconds(limits.connection_timeout_seconds),
            login_timeout: seconds(limits.login_timeout_seconds),
            conferences: self.conferences.engine(limits),
            ..EngineConfig::default()
        }
    }
}

impl ConferencesSection {
    fn engine(&self, limits: &LimitsSection) -> ConferenceLimits {
        let seconds = |n: u32| Duration::from_secs(u64::from(n));
        ConferenceLimits {
            of_creator: self.of_creator,
            ticket: seconds(self.ticket_seconds),
            talkers: limits.publishers,
            of_app: self.of_app,
            live_audience: limits.live_audience,
            empty: seconds(self.empty_seconds),
            admin_gone: match self.admin_gone {
                AdminGoneRule::GoOn => AdminGone::GoOn,
                AdminGoneRule::NextTalker => AdminGone::NextTalker,
                AdminGoneRule::End => AdminGone::End,
            },
            asked_admin: match self.asked_admin {
                AskedAdminRule::Talker => AskedAdmin::Talker,
                AskedAdminRule::Granted => AskedAdmin::Granted,
                AskedAdminRule::Refused => AskedAdmin::Refused,
            },
            ..ConferenceLimits::default()
        }
    }
}

impl AppSection {
    fn engine(&self) -> AppConfig {
        AppConfig {
            secret: self.secret.clone(),
            require_room_key: self.require_room_key,
            multi_device: match self.multi_device {
                MultiDevicePolicy::TakeOver => MultiDevice::TakeOver,
                MultiDevicePolicy::PerDevice => MultiDevice::PerDevice,
            },
            end_expired_sessions: self.end_expired_sessions,
            calls_alongside: self.calls_alongside,
            auth_buffer_md5: self.auth_buffer_md5,
        }
    }
}
