//! The control engine: sessions, rooms, calls, conferences and stream keys composed into one sans-IO machine.
//!
//! Adapters feed [`Input`] with the time and drain [`Output`] until [`Engine::next_deadline`] says when to
//! call again. One engine serves all applications of a node.
//!
//! Every file adds a part to `impl Engine`. Reading order:
//!
//! - [`io`]: what goes in and out. `engine`: the tables, the dispatch of inputs, and in which order outputs of the machines are
//!   carried out.
//! - What clients ask: `login` and `voice` (`hello`), `requests` (everything after it), `admission` (whether anything may begin).
//! - What rooms and sessions bring about: `translate`, with the words of `wire`.
//! - Media: `media` (which connection carries what), `publishing`, `playing`, `held` (those that came too early), `urls` (minted
//!   ones), `mixing`, and `stays` (what has to be counted of it).
//! - Calls: `calls` (what clients ask, and the tables), and in it `events` (what calls, rooms and sessions do to each other),
//!   `views` (how each sees a call), `log`, `groups`, `api`.
//! - Conferences: `conferences` (the tables), and in it `asking` (for tickets), `creating`, `entering` (and leaving), `streams`,
//!   `events` (what follows from it), `views`, `api` (also what admins ask), `kept` (what outlives the server). `paces`: how fast a
//!   user may ask for what costs others something.
//! - The back-end API: `backend` dispatches it.
//!
//! A machine numbers what it has; clients and back-ends know it by a name that cannot be guessed. So there are two of some
//! types: `huitong_types::CallId` is the name of a call and `huitong_call::CallId` its number, likewise `ConferenceName` and
//! `huitong_conference::ConferenceId`. The tables from one to the other are in `calls` and `conferences`.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod admission;
mod backend;
mod calls;
mod conferences;
mod credentials;
mod engine;
mod guesses;
mod held;
pub mod io;
mod lazy_push;
mod login;
mod media;
mod mixing;
mod paces;
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
    LazyPush, MediaTicket, MultiDevice, Note, Output, Pace, RoomKey, Silence, StayEvent, StreamLabel,
    Suspender, TrackFlags, UrlRecord, Verdict,
};
pub use mixing::MixOrder;
