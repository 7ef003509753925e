//! WebSocket close codes of the signalling endpoint. Codes 4000 to 4999 are free for applications (RFC 6455,
//! section 7.4.2); a client decides by the code alone whether to resume, to log in afresh or to stop.

use serde::{Deserialize, Serialize};

/// Why the server closed a signalling connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CloseCode {
    /// The login was refused; the reply before says why.
    LoginFailed,
    /// No login arrived in time.
    LoginTimeout,
    /// The session is over: it said bye, or another login took it over. Do not resume.
    SessionEnded,
    /// The client did not read what was sent. Resume.
    TooSlow,
    /// Nothing was heard from the client for too long. Resume.
    HeartbeatTimeout,
    /// The server is going down. Reconnect later, perhaps elsewhere.
    ShuttingDown,
    /// Too many frames that broke the protocol.
    ProtocolError,
    /// The session was resumed on another connection, which goes on with it.
    ConnectionReplaced,
}

impl CloseCode {
    /// Every code, in the order of its number.
    pub const ALL: [Self; 8] = [
        Self::LoginFailed,
        Self::LoginTimeout,
        Self::SessionEnded,
        Self::TooSlow,
        Self::HeartbeatTimeout,
        Self::ShuttingDown,
        Self::ProtocolError,
        Self::ConnectionReplaced,
    ];

    /// The number on the wire.
    pub const fn number(self) -> u16 {
        match self {
            Self::LoginFailed => 4000,
            Self::LoginTimeout => 4001,
            Self::SessionEnded => 4002,
            Self::TooSlow => 4003,
            Self::HeartbeatTimeout => 4004,
            Self::ShuttingDown => 4005,
            Self::ProtocolError => 4006,
            Self::ConnectionReplaced => 4007,
        }
    }

    /// The word in documents and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LoginFailed => "loginFailed",
            Self::LoginTimeout => "loginTimeout",
            Self::SessionEnded => "sessionEnded",
            Self::TooSlow => "tooSlow",
            Self::HeartbeatTimeout => "heartbeatTimeout",
            Self::ShuttingDown => "shuttingDown",
            Self::ProtocolError => "protocolError",
            Self::ConnectionReplaced => "connectionReplaced",
        }
    }

    /// The sentence sent as the close reason: at most 123 bytes, as RFC 6455 section 5.5 leaves room for.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::LoginFailed => "The login was refused.",
            Self::LoginTimeout => "No login arrived in time.",
            Self::SessionEnded => "The session is over.",
            Self::TooSlow => "The client reads slower than events arrive.",
            Self::HeartbeatTimeout => "Nothing was heard from the client for too long.",
            Self::ShuttingDown => "The server is shutting down.",
            Self::ProtocolError => "Too many frames broke the protocol.",
            Self::ConnectionReplaced => "The session goes on over another connection.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_and_reasons_fit_a_close_frame() {
        for (at, code) in CloseCode::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(code.number()), 4000 + at);
            assert!(code.sentence().len() <= 123);
            assert_eq!(serde_json::to_string(&code).unwrap(), format!("{:?}", code.name()));
        }
    }
}
