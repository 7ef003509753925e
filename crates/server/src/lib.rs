//! Composition: configuration, engine, HTTP API, metrics and the listeners.
//!
//! [`Server::start`] binds everything and returns; [`Server::run`] goes on until it is told to stop and then
//! drains. [`config`] says what can be set, and what is wrong with it.
//!
//! Reading order: `server` (what is started, in which order, and how it ends), `control` (the one task that owns the engine,
//! and the mailboxes through which everything else talks to it; `control::task` has what becomes of each output of the engine),
//! then what that task hands things to: `mixing`, `passwords`, and the books (`call_book`, `url_book`, `usage_book`), which know
//! how the store keeps what the engine tells. On the other side, `http` has the listener and its routes, `api` the back-end API
//! under `/v1/`, and [`compat`] what other vendors' clients speak. `transcoding` is the seam between fan-out and codecs.

mod address;
mod api;
mod banner;
mod call_book;
mod clock;
pub mod compat;
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
