//! `huitong serve` and `huitong preview`

use crate::args::Serve;
use crate::failure::Failure;
use huitong_server::config::{self, Flags};
use huitong_server::logs;
use std::path::PathBuf;

/// Runs the server; with `preview` it shows the mini program in that folder.
pub(super) fn run(args: Serve, preview: Option<PathBuf>) -> Result<(), Failure> {
    let flags = Flags {
        config: args.config,
        http: args.http,
        rtmp: args.rtmp,
        rtc: args.rtc,
        data: args.data,
        app: args.app,
        public_host: args.public_host,
        tls_cert: args.tls_cert,
        tls_key: args.tls_key,
        log_format: args.log_format,
        log_level: args.log,
    };
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with("HUITONG_"))
        .collect();
    let mut config = config::load(&flags, &environment)?;
    config.preview = preview;
    logs::init(&config.log)?;
    let known = config::env_names();
    for name in environment.keys().filter(|name| !known.contains_key(*name)) {
        tracing::warn!(
            name,
            "this environment variable sets nothing; see huitong.example.toml for those that do"
        );
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::usage(format!("The system refuses threads ({error}).")))?;
    let ended = runtime.block_on(huitong_server::run(config));
    // Connections that are still there end with the process.
    runtime.shutdown_background();
    Ok(ended?)
}
