//! Why a command failed.

use huitong_server::ServerError;
use huitong_server::config::ConfigError;
use std::fmt;

/// A sentence for the person at the terminal, and the exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    sentence: String,
    /// Exit code of the process.
    pub(crate) code: u8,
}

impl Failure {
    /// The command line or its environment is wrong.
    pub(crate) fn usage(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), code: 2 }
    }

    /// The command was right and did not succeed.
    pub(crate) fn refused(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), code: 1 }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl From<ServerError> for Failure {
    fn from(error: ServerError) -> Self {
        Self { sentence: error.to_string(), code: error.exit_code() }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::usage(error.to_string())
    }
}
