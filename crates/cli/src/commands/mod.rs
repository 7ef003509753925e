//! What each command does.

mod rooms;
mod serve;
mod table;
mod tokens;
mod url;
mod usage;

use crate::args::{App, Cli, Command};
use crate::failure::Failure;
use huitong_auth::AppCredential;
use std::io::Write;

/// Runs the command.
pub(crate) fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Serve(args) => serve::run(*args, None),
        Command::Preview(args) => serve::run(args.serve, Some(args.folder)),
        Command::Usersig(args) => tokens::user_sig(&args),
        Command::Authbuffer(args) => tokens::auth_buffer(&args),
        Command::Apitoken(args) => tokens::api_token(&args),
        Command::Url(args) => url::run(&args),
        Command::Rooms(args) => rooms::run(&args),
        Command::Usage(args) => usage::run(&args),
    }
}

/// The application of a command.
fn identity(args: &App) -> Result<AppCredential, Failure> {
    let several = huitong_auth::split_list(args.app.reveal()).len();
    if several > 1 {
        return Err(Failure::usage(format!(
            "There are {several} applications in HUITONG_APP; say with --app APPID:SECRET which one is meant."
        )));
    }
    AppCredential::parse(args.app.reveal())
        .map_err(|error| Failure::usage(format!("--app is not valid: {error}")))
}

/// Prints a line. A reader that closed its end (`| head`) is no failure.
fn print(line: &str) -> Result<(), Failure> {
    print_bytes(format!("{line}\n").as_bytes())
}

/// Prints bytes as they are.
fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::refused(format!("The output cannot be written ({error}).")))
        }
        _ => Ok(()),
    }
}
