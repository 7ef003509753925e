//! What each command does.

mod rooms;
mod serve;
mod tokens;
mod url;

use crate::args::{App, Cli, Command};
use crate::failure::Failure;
use huitong_types::{AppId, Redacted};
use std::io::Write;

/// Runs the command.
pub(crate) fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Serve(args) => serve::run(*args),
        Command::Usersig(args) => tokens::user_sig(&args),
        Command::Apitoken(args) => tokens::api_token(&args),
        Command::Url(args) => url::run(&args),
        Command::Rooms(args) => rooms::run(&args),
    }
}

/// The application of a command.
struct Identity {
    app: AppId,
    secret: Redacted<String>,
}

impl Identity {
    fn of(args: &App) -> Result<Self, Failure> {
        let text = args.app.reveal();
        let (app, secret) = text.split_once(':').ok_or_else(|| {
            Failure::usage(
                "--app must be APPID:SECRET, the number and the secret of an application with a colon between.",
            )
        })?;
        let app = app.trim().parse().ok().and_then(|id| AppId::new(id).ok()).ok_or_else(|| {
            let what = format!("{app:?} is not an application id from 1 to 4294967295");
            Failure::usage(format!("--app must be APPID:SECRET; {what}."))
        })?;
        if secret.is_empty() {
            return Err(Failure::usage("--app must be APPID:SECRET; the secret is missing."));
        }
        Ok(Self { app, secret: Redacted::new(secret.to_owned()) })
    }
}

/// Prints a line. A reader that closed its end (`| head`) is no failure.
fn print(line: &str) -> Result<(), Failure> {
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::refused(format!("The output cannot be written ({error}).")))
        }
        _ => Ok(()),
    }
}
