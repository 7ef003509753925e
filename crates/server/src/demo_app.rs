//! The application that a server without configuration makes for itself.

use crate::config::{AppSection, Config};
use crate::error::ServerError;
use huitong_types::{AppId, Redacted};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Number of the demo application, the one of the vendor's examples.
const DEMO_APP: u32 = 1_400_000_000;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    id: AppId,
    secret: Redacted<String>,
}

/// The demo application, and the file that keeps its secret.
#[derive(Debug)]
pub(crate) struct DemoApp {
    pub(crate) app: AppSection,
    pub(crate) file: PathBuf,
    /// Whether the secret was made just now.
    pub(crate) fresh: bool,
}

/// Adds the demo application to a configuration without any, and says so.
///
/// # Errors
/// The data directory or the file in it cannot be used.
pub(crate) fn ensure(config: &mut Config) -> Result<Option<DemoApp>, ServerError> {
    if !config.app.is_empty() {
        return Ok(None);
    }
    let file = config.server.data.join("demo-app.json");
    let (app, fresh) = match fs::read(&file) {
        Ok(bytes) => (read(&file, &bytes)?, false),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => (make(&file)?, true),
        Err(error) => return Err(broken(&file, &error)),
    };
    config.app.push(app.clone());
    config.validate()?;
    Ok(Some(DemoApp { app, file, fresh }))
}

fn broken(file: &Path, error: &dyn std::fmt::Display) -> ServerError {
    ServerError::Start(format!(
        "The demo application in {} cannot be used ({error}); correct --data, or give an application with --app.",
        file.display()
    ))
}

fn read(file: &Path, bytes: &[u8]) -> Result<AppSection, ServerError> {
    // The text of the error is left out: it could quote the secret.
    let stored: Stored = serde_json::from_slice(bytes)
        .map_err(|_| broken(file, &"it is not the JSON that the server wrote"))?;
    Ok(AppSection::new(stored.id, stored.secret.into_inner()))
}

fn make(file: &Path) -> Result<AppSection, ServerError> {
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).map_err(|error| broken(file, &error))?;
    let secret: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let id = AppId::new(DEMO_APP).map_err(|error| broken(file, &error))?;
    let stored = Stored { id, secret: Redacted::new(secret.clone()) };
    let text = serde_json::to_string_pretty(&stored).map_err(|error| broken(file, &error))?;
    if let Some(directory) = file.parent() {
        fs::create_dir_all(directory).map_err(|error| broken(file, &error))?;
    }
    write_private(file, &text).map_err(|error| broken(file, &error))?;
    Ok(AppSection::new(id, secret))
}

/// Writes a file that only its owner may read.
fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut opened = options.open(file)?;
    writeln!(opened, "{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(data: &Path) -> Config {
        let mut config = Config::default();
        config.server.data = data.to_owned();
        config
    }

    #[test]
    fn the_secret_is_made_once_and_kept() {
        let data = tempfile::tempdir().unwrap();
        let first = ensure(&mut config(data.path())).unwrap().unwrap();
        let second = ensure(&mut config(data.path())).unwrap().unwrap();
        assert!(first.fresh && !second.fresh);
        assert_eq!(first.app, second.app);
    }

    #[test]
    fn a_configured_application_needs_no_demo() {
        let data = tempfile::tempdir().unwrap();
        let mut config = config(data.path());
        config.app.push(AppSection::new(AppId::new(7).unwrap(), "0123456789abcdef"));
        assert!(ensure(&mut config).unwrap().is_none());
        assert!(!data.path().join("demo-app.json").exists());
    }

    #[test]
    fn a_damaged_file_is_told_without_quoting_it() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join("demo-app.json"), r#"{"id":1,"secret":"sentinel" "#).unwrap();
        let error = ensure(&mut config(data.path())).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(!error.to_string().contains("sentinel"), "{error}");
    }
}
