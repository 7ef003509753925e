//! The control engine: sessions, rooms and stream keys composed into one sans-IO machine.
//!
//! Adapters feed [`Input`] with the time and drain [`Output`] until [`Engine::next_deadline`] says when to
//! call again. One engine serves all applications of a node.
//!
//! Reading order: [`io`] (what goes in and out), `engine` (tables and dispatch), `requests` and `login` (what
//! clients ask), `translate` (what rooms and sessions bring about), `publishing` and `playing` (media
//! connections and their keys), `held`, `urls`, `backend` (the API).
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod backend;
mod credentials;
mod engine;
mod held;
pub mod io;
mod login;
mod media;
mod playing;
mod publishing;
mod random;
mod requests;
mod translate;
mod urls;
mod wire;

pub use engine::{Engine, Sizes, Why};
pub use io::{
    ApiCall, ApiResult, AppConfig, ConnId, EngineConfig, Input, LazyPush, MediaTicket, MultiDevice, Note,
    Output, Pace, StreamLabel, TrackFlags, UrlRecord,
};
