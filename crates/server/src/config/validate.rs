//! Rules that a single value's type does not express.

use super::{Config, ConfigError};
use crate::compat::is_app_key;
use huitong_auth::AppSecret;
use std::collections::BTreeSet;

/// Longest host name: media URLs must stay within 128 characters with a key of 64.
pub(crate) const HOST_MAX_CHARS: usize = 40;

/// Most pushes kept for replay: half of a connection's outbox, because a resume sends them all at once and must
/// not find the client too slow.
const REPLAY_MAX: u64 = (huitong_gateway_signal::limits::OUTBOX_FRAMES / 2) as u64;

/// Most minutes between the days of a bill and those of UTC: no country is further away than 14 hours.
const DAY_OFFSET_MOST: i32 = 14 * 60;

/// Most minutes of a quota: a thousand million are 1900 years, and their seconds still fit everywhere.
pub(crate) const QUOTA_MOST: u64 = 1_000_000_000;

/// The secret of the example configuration. Everybody knows it, so it protects nothing.
const EXAMPLE_SECRET: &str = "replace-this-with-your-own-secret-key";

impl Config {
    /// Checks what belongs together.
    ///
    /// # Errors
    /// The first broken rule.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.numbers()?;
        self.apps()?;
        self.operator()?;
        let (cert, key) = (&self.server.tls_cert, &self.server.tls_key);
        if cert.as_os_str().is_empty() != key.as_os_str().is_empty() {
            let missing = if cert.as_os_str().is_empty() { "tls_cert" } else { "tls_key" };
            return Err(ConfigError::new(format!(
                "TLS needs both tls_cert and tls_key, and {missing} is not set; set both or neither."
            )));
        }
        host(&self.server.public_host)?;
        url(&self.server.public_url)
    }

    fn numbers(&self) -> Result<(), ConfigError> {
        let limits = &self.limits;
        let media = &self.media;
        let day = 86_400;
        let size = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let rules: [(&str, u64, u64, u64); 32] = [
            ("server.drain_seconds", u64::from(self.server.drain_seconds), 0, 3600),
            ("limits.rtc_members", size(limits.rtc_members), 1, 10_000),
            ("limits.publishers", size(limits.publishers), 1, 10_000),
            ("limits.live_audience", size(limits.live_audience), 1, 10_000_000),
            ("limits.seat_grace_seconds", u64::from(limits.seat_grace_seconds), 1, day),
            ("limits.away_after_seconds", u64::from(limits.away_after_seconds), 0, day),
            ("limits.live_audience_only_seconds", u64::from(limits.live_audience_only_seconds), 0, day),
            ("limits.early_hold_ms", u64::from(limits.early_hold_ms), 0, 60_000),
            ("limits.early_count", size(limits.early_count), 0, 1_000_000),
            ("limits.publish_grace_ms", u64::from(limits.publish_grace_ms), 0, 600_000),
            ("limits.replay_events", size(limits.replay_events), 0, REPLAY_MAX),
            ("limits.sessions", size(limits.sessions), 1, 10_000_000),
            ("limits.calls", size(limits.calls), 1, 100_000),
            ("limits.connection_timeout_seconds", u64::from(limits.connection_timeout_seconds), 5, day),
            ("limits.login_timeout_seconds", u64::from(limits.login_timeout_seconds), 1, 600),
            ("limits.http_connections", size(limits.http_connections), 16, 10_000_000),
            ("limits.rtmp_connections", size(limits.rtmp_connections), 16, 10_000_000),
            ("limits.rtc_silence_seconds", u64::from(limits.rtc_silence_seconds), 3, 600),
            ("media.rtc_window_ms", u64::from(media.rtc_window_ms), 0, 1000),
            ("media.live_window_ms", u64::from(media.live_window_ms), 0, 1000),
            ("media.rtc_ceiling_ms", u64::from(media.rtc_ceiling_ms), 100, 60_000),
            ("media.live_ceiling_ms", u64::from(media.live_ceiling_ms), 100, 60_000),
            ("media.threads", size(media.threads), 0, 1024),
            ("media.transcode_threads", size(media.transcode_threads), 0, 32),
            ("media.mixer_threads", size(media.mixer_threads), 0, 32),
            ("media.gop_bytes", size(media.gop_bytes), 65_536, 1 << 30),
            ("conferences.empty_seconds", u64::from(self.conferences.empty_seconds), 0, day),
            ("conferences.ticket_seconds", u64::from(self.conferences.ticket_seconds), 10, 3600),
            ("conferences.of_app", size(self.conferences.of_app), 1, 100_000),
            ("conferences.of_creator", size(self.conferences.of_creator), 1, 100_000),
            ("store.keep_call_records_days", u64::from(self.store.keep_call_records_days), 0, 36_500),
            ("store.keep_usage_days", u64::from(self.store.keep_usage_days), 0, 36_500),
        ];
        for (key, value, min, max) in rules {
            if !(min..=max).contains(&value) {
                return Err(ConfigError::new(format!("{key} is {value}; set it from {min} to {max}.")));
            }
        }
        let (offset, most) = (self.usage.day_offset_minutes, DAY_OFFSET_MOST);
        if !(-most..=most).contains(&offset) {
            return Err(ConfigError::new(format!(
                "usage.day_offset_minutes is {offset}; set it from -{most} to {most}, such as 480 for China."
            )));
        }
        Ok(())
    }

    fn operator(&self) -> Result<(), ConfigError> {
        let secret = self.operator.secret.reveal().as_str();
        if secret.is_empty() {
            return Ok(());
        }
        AppSecret::parse(secret)
            .map_err(|error| ConfigError::new(format!("operator.secret is not valid: {error}")))?;
        if secret == EXAMPLE_SECRET {
            return Err(ConfigError::new(
                "operator.secret is a secret of the example, which everybody knows; make another one."
                    .to_owned(),
            ));
        }
        match self.app.iter().find(|app| app.secret.reveal() == secret) {
            Some(app) => Err(ConfigError::new(format!(
                "operator.secret is that of application {}, whose back-end would be the operator; make another one.",
                app.id
            ))),
            None => Ok(()),
        }
    }

    fn apps(&self) -> Result<(), ConfigError> {
        let (mut seen, mut keys) = (BTreeSet::new(), BTreeSet::new());
        for app in &self.app {
            let key = app.conference_key.as_str();
            if !key.is_empty() && !is_app_key(key) {
                return Err(ConfigError::new(format!(
                    "The conference_key of application {} is {key:?}; write org#app, both of letters, digits and -.",
                    app.id
                )));
            }
            if !key.is_empty() && !keys.insert(key) {
                return Err(ConfigError::new(format!(
                    "Two applications have the conference_key {key:?}; give each its own."
                )));
            }
            if app.secret.reveal() == EXAMPLE_SECRET {
                return Err(ConfigError::new(format!(
                    "The secret of application {} is that of the example, which everybody knows; write the one that your \
                     token server signs with, or a new one, such as that of `openssl rand -hex 32`.",
                    app.id
                )));
            }
            AppSecret::parse(app.secret.reveal().as_str())
                .map_err(|error| ConfigError::new(format!("Application {} is not valid: {error}", app.id)))?;
            if !seen.insert(app.id) {
                return Err(ConfigError::new(format!(
                    "Application {} is configured twice; keep one.",
                    app.id
                )));
            }
            for (key, minutes) in [
                ("audio_minutes_per_day", app.audio_minutes_per_day),
                ("video_minutes_per_day", app.video_minutes_per_day),
                ("audio_minutes_per_month", app.audio_minutes_per_month),
                ("video_minutes_per_month", app.video_minutes_per_month),
            ] {
                if minutes > QUOTA_MOST {
                    return Err(ConfigError::new(format!(
                        "{key} of application {} is {minutes}; set it from 0 to {QUOTA_MOST}.",
                        app.id
                    )));
                }
            }
        }
        Ok(())
    }
}

fn host(host: &str) -> Result<(), ConfigError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    if host.len() > HOST_MAX_CHARS {
        return Err(ConfigError::new(format!(
            "public_host has {} characters; media URLs stay short enough for phones with at most {HOST_MAX_CHARS}.",
            host.len()
        )));
    }
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let has_port = host.contains(':') && address.parse::<std::net::Ipv6Addr>().is_err();
    if has_port || !host.chars().all(allowed) {
        return Err(ConfigError::new(format!(
            "public_host is {host:?}; write only a host name or an IP address, without scheme, port or path."
        )));
    }
    Ok(())
}

fn url(url: &str) -> Result<(), ConfigError> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    let valid =
        rest.is_some_and(|rest| !rest.is_empty() && rest.len() <= HOST_MAX_CHARS && rest.chars().all(plain));
    if url.is_empty() || valid {
        return Ok(());
    }
    Err(ConfigError::new(format!(
        "public_url is {url:?}; write http:// or https:// with host and optional port, without a path, in at most \
         {HOST_MAX_CHARS} characters after the scheme."
    )))
}
