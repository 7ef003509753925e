//! Where log lines go and how they look.

use crate::config::{ConfigError, LogFormat, LogSection};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Installs the log for the whole process: to standard error, so that standard output stays free for what a
/// command prints.
///
/// # Errors
/// The level is not one, or a log is installed already.
pub fn init(log: &LogSection) -> Result<(), ConfigError> {
    let filter = EnvFilter::try_new(&log.level).map_err(|error| {
        ConfigError::new(format!(
            "The log level {:?} is not valid ({error}); use error, warn, info, debug, trace or directives such as \
             info,huitong_gateway_rtmp=debug.",
            log.level
        ))
    })?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let installed = match log.format {
        LogFormat::Human => builder.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init(),
        LogFormat::Json => {
            builder.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
        }
    };
    installed.map_err(|error| ConfigError::new(format!("The log cannot be set up: {error}.")))
}
