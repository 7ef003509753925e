//! What random interleavings have in common: clients that come and go, and are asked only while somebody hears the answer.

use super::{Client, World};
use huitong_engine::EngineConfig;
use huitong_protocol::Done;
use huitong_types::ErrorCode;
use serde_json::{Value, json};
use std::time::Duration;

impl World {
    /// A world with clients of these users, none of them connected.
    pub fn with_clients(config: EngineConfig, users: impl Iterator<Item = String>) -> Self {
        let mut world = Self::new(config);
        world.clients.extend(users.map(|user| Client { user, ..Client::default() }));
        world
    }

    /// Whether a client is logged in, as far as it knows.
    pub fn is_online(&self, who: usize) -> bool {
        let client = &self.clients[who];
        self.is_open(who) && client.welcome.is_some() && !client.ended
    }

    /// Whether it also gets what the server sends.
    pub fn hears(&self, who: usize) -> bool {
        self.is_online(who) && !self.clients[who].deaf
    }

    /// Asks, if it would hear the answer.
    pub fn try_ask(&mut self, who: usize, request: Value) -> Option<Result<Done, ErrorCode>> {
        self.hears(who).then(|| self.ask(who, request))
    }

    /// Comes back on another connection with the session of before.
    pub fn resume(&mut self, who: usize) -> Result<Done, ErrorCode> {
        self.resume_with(who, json!({}))
    }

    /// The same with these fields besides.
    pub fn resume_with(&mut self, who: usize, mut more: Value) -> Result<Done, ErrorCode> {
        let client = &self.clients[who];
        let welcome = client.welcome.as_ref().expect("a session");
        more["resume"] =
            json!({ "session": welcome.session, "secret": welcome.secret.reveal(), "seq": client.seq });
        self.login(who, more)
    }
}

/// A configuration in which little is kept for replay and nobody has to ping; with every grace of seats set to nothing if it
/// is hasty.
pub fn small(hasty: bool) -> EngineConfig {
    let mut config = super::config();
    config.replay_events = 4;
    config.connection_timeout = Duration::from_secs(100_000);
    if hasty {
        (config.seat_grace, config.away_after) = (Duration::ZERO, Duration::ZERO);
    }
    config
}
