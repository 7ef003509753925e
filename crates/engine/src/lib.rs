//! The control engine: sessions, rooms and stream keys composed into one sans-IO machine.
//!
//! Adapters feed [`Input`] with the time and drain [`Output`] until `Engine::next_deadline` says when to
//! call again. One engine serves all applications of a node.

pub mod io;

pub use io::{ApiCall, ApiResult, AppConfig, ConnId, EngineConfig, Input, MediaTicket, MultiDevice, Note, Output, Pace, StreamLabel, TrackFlags};
