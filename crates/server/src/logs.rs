//! Where log lines go and how they look.

use crate::config::{ConfigError, LogFormat, LogSection};
use std::io::IsTerminal;
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Libraries whose finest lines print whole frames, credentials included.
const SECRETIVE: [&str; 2] = ["tungstenite", "tokio_tungstenite"];

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
    let harmless = tracing_subscriber::registry().with(filter).with(filter_fn(is_harmless));
    let lines = layer().with_writer(std::io::stderr);
    let installed = match log.format {
        LogFormat::Human => {
            harmless.with(lines.with_ansi(std::io::stderr().is_terminal()).with_target(false)).try_init()
        }
        LogFormat::Json => {
            let json = lines.json().flatten_event(true).with_current_span(true).with_span_list(false);
            harmless.with(json).try_init()
        }
    };
    installed.map_err(|error| ConfigError::new(format!("The log cannot be set up: {error}.")))
}

/// Whether a line cannot contain a secret, whatever level the operator asked for.
fn is_harmless(line: &Metadata<'_>) -> bool {
    let library = line.target().split("::").next().unwrap_or_default();
    *line.level() <= Level::INFO || !SECRETIVE.contains(&library)
}
