//! The control engine: sessions, rooms and stream keys composed into one sans-IO machine.
//!
//! Adapters feed [`Input`] with the time and drain [`Output`] until [`Engine::next_deadline`] says when to
//! call again. One engine serves all applications of a node.
//!
//! Reading order: [`io`] (what goes in and out), `engine` (tables and dispatch), `requests`, `login` and `voice` (what
//! clients ask), `translate` (what rooms and sessions bring about), `publishing` and `playing` (media
//! connections and their keys), `held`, `urls`, `calls` (what clients ask about calls), `call_events` (what calls, rooms and
//! sessions do to each other), `call_views`, `groups`, `backend` (the API), `conference_kept` (what
//! outlives the server).
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod admission;
mod backend;
mod call_api;
mod call_events;
mod call_log;
mod call_views;
mod calls;
mod conference_api;
mod conference_events;
mod conference_kept;
mod conference_views;
mod conferences;
mod credentials;
mod engine;
mod groups;
mod guesses;
mod held;
pub mod io;
mod lazy_push;
mod login;
mod media;
mod mixing;
mod playing;
mod publishing;
mod random;
mod requests;
mod stays;
mod translate;
mod urls;
mod voice;
mod wire;

pub use engine::{Engine, Sizes, Why};
pub use io::{
    AdminGone, ApiCall, ApiResult, AppConfig, AskedAdmin, CallLog, CallLogEnd, CallLogParty,
    ConferenceChange, ConferenceDecision, ConferenceLimits, ConferenceRecord, ConnId, EngineConfig, Input,
    LazyPush, MediaTicket, MultiDevice, Note, Output, Pace, RoomKey, StayEvent, StreamLabel, TrackFlags,
    UrlRecord, Verdict,
};
pub use mixing::MixOrder;
