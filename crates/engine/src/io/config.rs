//! How the engine is set up.

use crate::io::{ConferenceLimits, MultiDevice};
use huitong_protocol::MediaBases;
use huitong_types::{AppId, Redacted, limits};
use std::collections::BTreeMap;
use std::time::Duration;

/// One application (tenant).
#[derive(Clone, Debug)]
pub struct AppConfig {
    /// Secret that signs its credentials.
    pub secret: Redacted<String>,
    /// Whether entering a room needs a PrivateMapKey.
    pub require_room_key: bool,
    /// What happens when a user logs in a second time.
    pub multi_device: MultiDevice,
    /// Whether a session ends, with its signalling and its media, when the credential it was shown expires. Otherwise a
    /// credential is checked at login only, as the vendors' clouds do.
    pub end_expired_sessions: bool,
    /// Whether the key of authBuffers is the MD5 of a secret of 16 characters, and not these characters.
    pub auth_buffer_md5: bool,
    /// Whether sessions on which calls ring live beside the user's other ones; otherwise they count like all others.
    pub calls_alongside: bool,
}

/// Configuration of the engine. The defaults are those of `huitong_types::limits` where the vendors' documents or several crates
/// have a say in a number, and of [`EngineConfig::default`] otherwise.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// The applications served.
    pub apps: BTreeMap<AppId, AppConfig>,
    /// Where media goes, as clients reach it.
    pub media: MediaBases,
    /// Name and version told to clients.
    pub server: String,
    /// Most members of an rtc room.
    pub rtc_members: usize,
    /// Most publishers of any room.
    pub publishers: usize,
    /// Most audience of a live room.
    pub live_audience: usize,
    /// How long a seat outlives its connection.
    pub seat_grace: Duration,
    /// When a lost connection is shown to others.
    pub away_after: Duration,
    /// How long a live room goes on with audience only.
    pub live_audience_only: Duration,
    /// How long an early publish (or an early play of a minted URL) is held.
    pub early_hold: Duration,
    /// How many of them are held at once.
    pub early_count: usize,
    /// How long a stream stays announced after its publisher's connection broke without a goodbye.
    pub publish_grace: Duration,
    /// Pushes kept per session for replay.
    pub replay_events: usize,
    /// Most sessions at once.
    pub sessions: usize,
    /// Most calls of one application at once.
    pub calls_per_app: usize,
    /// Numbers of conferences.
    pub conferences: ConferenceLimits,
    /// Refused logins with an authBuffer from one address, or for one user, until further ones are not looked at; 0: no limit.
    pub voice_login_refusals: u32,
    /// A connection that sends nothing for this long is dead.
    pub connection_timeout: Duration,
    /// A fresh connection must log in within this time.
    pub login_timeout: Duration,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            apps: BTreeMap::new(),
            media: MediaBases {
                rtmp: String::new(),
                flv: String::new(),
                ws_flv: String::new(),
                whip: String::new(),
                whep: String::new(),
            },
            server: concat!("huitong/", env!("CARGO_PKG_VERSION")).to_owned(),
            rtc_members: limits::RTC_MEMBERS,
            publishers: limits::PUBLISHERS,
            live_audience: limits::LIVE_AUDIENCE,
            seat_grace: limits::SEAT_GRACE,
            away_after: limits::AWAY_AFTER,
            live_audience_only: limits::LIVE_AUDIENCE_ONLY,
            early_hold: limits::EARLY_PUBLISH_HOLD,
            early_count: limits::EARLY_PUBLISH_COUNT,
            publish_grace: limits::PUBLISH_GRACE,
            replay_events: 128,
            sessions: 200_000,
            calls_per_app: 10_000,
            conferences: ConferenceLimits::default(),
            voice_login_refusals: limits::VOICE_LOGIN_REFUSALS,
            connection_timeout: Duration::from_secs(30),
            login_timeout: Duration::from_secs(10),
        }
    }
}
