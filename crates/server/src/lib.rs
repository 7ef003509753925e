//! Composition: configuration, engine, HTTP API, metrics and the listeners.
//!
//! [`Server::start`] binds everything and returns; [`Server::run`] goes on until it is told to stop and then
//! drains. [`config`] says what can be set, and what is wrong with it.

mod address;
mod api;
mod banner;
mod call_book;
mod clock;
pub mod compat;
mod conference_book;
pub mod config;
mod control;
mod demo_app;
mod error;
mod http;
mod limits;
pub mod logs;
mod mixing;
mod passwords;
mod server;
mod signals;
pub mod transcoding;
mod url_book;
mod usage_book;

pub use address::PublicAddress;
pub use clock::unix_seconds;
pub use config::Config;
pub use error::ServerError;
pub use http::preview::{PreviewError, Project};
pub use server::{Server, run};
