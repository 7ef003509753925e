//! From flags, environment and file to one configuration.

use super::{AppSection, Config, ConfigError, unknown};
use huitong_auth::AppCredential;
use huitong_types::Redacted;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Prefix of every environment variable.
const PREFIX: &str = "HUITONG_";

/// What the command line sets. `None` and empty mean: not given.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--http`
    pub http: Option<String>,
    /// `--rtmp`
    pub rtmp: Option<String>,
    /// `--rtc`
    pub rtc: Option<String>,
    /// `--data`
    pub data: Option<String>,
    /// `--app`, each `APPID:SECRET`
    pub app: Vec<Redacted<String>>,
    /// `--public-host`
    pub public_host: Option<String>,
    /// `--tls-cert`
    pub tls_cert: Option<String>,
    /// `--tls-key`
    pub tls_key: Option<String>,
    /// `--log-format`
    pub log_format: Option<String>,
    /// `--log`
    pub log_level: Option<String>,
}

impl Flags {
    fn settings(&self) -> [(&'static str, &'static str, &'static str, Option<&String>); 9] {
        [
            ("--http", "server", "http", self.http.as_ref()),
            ("--rtmp", "server", "rtmp", self.rtmp.as_ref()),
            ("--rtc", "server", "rtc", self.rtc.as_ref()),
            ("--data", "server", "data", self.data.as_ref()),
            ("--public-host", "server", "public_host", self.public_host.as_ref()),
            ("--tls-cert", "server", "tls_cert", self.tls_cert.as_ref()),
            ("--tls-key", "server", "tls_key", self.tls_key.as_ref()),
            ("--log-format", "log", "format", self.log_format.as_ref()),
            ("--log", "log", "level", self.log_level.as_ref()),
        ]
    }
}

/// The environment variable of a key: sections `server` is left out, and `log.level` is `HUITONG_LOG`.
fn env_name(section: &str, key: &str) -> String {
    match (section, key) {
        ("server", key) => format!("{PREFIX}{}", key.to_uppercase()),
        ("log", "level") => format!("{PREFIX}LOG"),
        (section, key) => format!("{PREFIX}{}_{}", section.to_uppercase(), key.to_uppercase()),
    }
}

/// Every environment variable that is read, with the key it sets.
pub fn env_names() -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for (section, value) in unknown::defaults() {
        for key in value.as_table().into_iter().flat_map(Table::keys) {
            names.insert(env_name(&section, key), format!("{section}.{key}"));
        }
    }
    names.insert(format!("{PREFIX}APP"), "app".to_owned());
    names.insert(format!("{PREFIX}CONFIG"), "--config".to_owned());
    names
}

/// Puts the configuration together.
///
/// # Errors
/// One sentence that names the place (flag, variable or file), the key and what to change.
pub fn load(flags: &Flags, env: &BTreeMap<String, String>) -> Result<Config, ConfigError> {
    let env_value = |name: &str| env.get(name).filter(|value| !value.is_empty());
    let mut config = Layers::new();
    let from_env = env_value(&format!("{PREFIX}CONFIG")).map(PathBuf::from);
    if let Some(path) = flags.config.clone().or(from_env) {
        config.file(&path)?;
    }
    for (name, path) in env_names() {
        if let (Some(value), Some((section, key))) = (env_value(&name), path.split_once('.')) {
            config.set(&name, section, key, value)?;
        }
    }
    for (flag, section, key, value) in flags.settings() {
        if let Some(value) = value {
            config.set(flag, section, key, value)?;
        }
    }
    let apps_name = format!("{PREFIX}APP");
    let from_env = env_value(&apps_name).into_iter().flat_map(|list| huitong_auth::split_list(list));
    config.apps(&apps_name, from_env)?;
    config.apps("--app", flags.app.iter().map(|app| app.reveal().as_str()))?;
    config.finish()
}

/// The configuration as it grows, each layer over the ones before.
struct Layers {
    config: Config,
    defaults: Table,
}

impl Layers {
    fn new() -> Self {
        Self { config: Config::default(), defaults: unknown::defaults() }
    }

    fn file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let place = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            ConfigError::new(format!(
                "The configuration file {place} cannot be read ({error}); correct --config or the file."
            ))
        })?;
        let table: Table =
            text.parse().map_err(|error: toml::de::Error| wrong_file(&place, &text, &error))?;
        unknown::check(&table, &place)?;
        self.config = toml::from_str(&text).map_err(|error| wrong_file(&place, &text, &error))?;
        Ok(())
    }

    /// Sets one key from a text of the command line or the environment.
    fn set(&mut self, place: &str, section: &str, key: &str, text: &str) -> Result<(), ConfigError> {
        let default = self.defaults.get(section).and_then(|keys| keys.get(key));
        let value =
            match default {
                Some(Value::Integer(_)) => Value::Integer(text.trim().parse().map_err(|_| {
                    ConfigError::new(format!("{place} is {text:?}; it must be a whole number."))
                })?),
                Some(Value::Boolean(_)) => Value::Boolean(text.trim().parse().map_err(|_| {
                    ConfigError::new(format!("{place} is {text:?}; it must be true or false."))
                })?),
                Some(Value::Array(_)) => {
                    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                    Value::Array(items.map(|item| Value::String(item.to_owned())).collect())
                }
                _ => Value::String(text.to_owned()),
            };
        let mut table = Table::try_from(&self.config).map_err(|error| ConfigError::new(error.to_string()))?;
        if let Some(Value::Table(keys)) = table.get_mut(section) {
            keys.insert(key.to_owned(), value);
        }
        self.config = Config::deserialize(Value::Table(table)).map_err(|error: toml::de::Error| {
            ConfigError::new(format!("{place} is not valid: {}.", one_line(error.message())))
        })?;
        Ok(())
    }

    /// Adds the applications of one place; one that a layer below has already keeps its policies and gets this secret.
    fn apps<'a>(&mut self, place: &str, texts: impl Iterator<Item = &'a str>) -> Result<(), ConfigError> {
        let mut named = BTreeSet::new();
        for text in texts {
            let AppCredential { app: id, secret } = AppCredential::parse(text)
                .map_err(|error| ConfigError::new(format!("{place} is not valid: {error}")))?;
            if !named.insert(id) {
                return Err(ConfigError::new(format!("{place} names application {id} twice; keep one.")));
            }
            let secret = secret.into();
            match self.config.app.iter_mut().find(|app| app.id == id) {
                Some(app) => app.secret = secret,
                None => self.config.app.push(AppSection::with_secret(id, secret)),
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Config, ConfigError> {
        self.config.validate()?;
        Ok(self.config)
    }
}

fn one_line(text: &str) -> String {
    huitong_protocol::plain(text.trim().trim_end_matches('.')).replace('\n', " ")
}

fn wrong_file(place: &str, text: &str, error: &toml::de::Error) -> ConfigError {
    let line =
        error.span().map_or(1, |span| 1 + text.bytes().take(span.start).filter(|b| *b == b'\n').count());
    ConfigError::new(format!("{place} line {line} is not valid: {}.", one_line(error.message())))
}
