//! The `huitong` command.
//!
//! Exit codes: 0 done, 1 the server refused or could not be reached, 2 the command line or the configuration is
//! wrong or something is in the way of the start, 70 the server failed.

mod api;
mod args;
mod commands;
mod failure;

use clap::Parser;
use std::io::Write;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match commands::run(args::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Without a standard error there is nobody to tell.
            let _unseen = writeln!(std::io::stderr(), "huitong: {failure}");
            ExitCode::from(failure.code)
        }
    }
}
