//! Why the server did not start, or did not end well.

use crate::config::ConfigError;
use std::fmt;
use std::net::SocketAddr;

/// Why the server does not run, in one sentence that says what to change.
#[derive(Debug)]
pub enum ServerError {
    /// The configuration is wrong.
    Config(ConfigError),
    /// Something outside of the server is in the way: a port in use, a file that cannot be read.
    Start(String),
    /// The engine or a listener failed while the server ran; the log has the details.
    Failed(String),
}

impl ServerError {
    /// The exit code of the process: 2 when the operator can change something, 70 (`EX_SOFTWARE`) for a defect.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Start(_) => 2,
            Self::Failed(_) => 70,
        }
    }

    /// The sentence for a listener that cannot be bound.
    pub(crate) fn bind(flag: &str, address: SocketAddr, error: &std::io::Error) -> Self {
        use std::io::ErrorKind::{AddrInUse, AddrNotAvailable, PermissionDenied};
        let why = match error.kind() {
            AddrInUse => "is in use by another program; stop that program or choose another port".to_owned(),
            PermissionDenied => "needs more rights than this user has; choose a port above 1023".to_owned(),
            AddrNotAvailable => "is no address of this machine; choose one of its own, or 0.0.0.0".to_owned(),
            _ => format!("cannot be listened on ({error}); choose another address"),
        };
        Self::Start(format!("The address {address} {why} with --{flag}."))
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::Start(sentence) | Self::Failed(sentence) => f.write_str(sentence),
        }
    }
}

impl std::error::Error for ServerError {}

impl From<huitong_store::OpenError> for ServerError {
    fn from(error: huitong_store::OpenError) -> Self {
        Self::Start(error.to_string())
    }
}

impl From<ConfigError> for ServerError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<crate::http::preview::PreviewError> for ServerError {
    fn from(error: crate::http::preview::PreviewError) -> Self {
        Self::Start(error.to_string())
    }
}
