//! The signalling protocol and the bodies of the back-end API, as Rust types.
//!
//! `docs/protocol.md` is the specification; these types are its normative form, the TypeScript types of
//! `sdk/core` are generated from them, and the JSON files in `fixtures/` are read by the tests of both sides.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

pub mod api;
pub mod calls;
pub mod close;
pub mod conferences;
pub mod details;
pub mod parse;
pub mod request;
pub mod server;
pub mod wrong;

pub use calls::{
    Accept, CallReply, CallState, Hangup, Participant, PlaceCall, Presence, Reject, Watch, WatchReply,
};
pub use close::CloseCode;
pub use conferences::{
    AskTicket, AttributeChange, Attributes, ConferenceMember, ConferenceSettings, ConferenceState, Decline,
    Destroy, Enter, EnterReply, Grant, Hand, Kick, Look, LookReply, MemberOut, MembersReply, Mute,
    TicketReply,
};
pub use details::MemberDetails;
pub use parse::{ParseError, parse_request};
pub use request::{
    Credential, Hello, Join, Leave, Ping, Publish, Request, RequestFrame, Resume, SetRole, Subscribe,
    Unpublish,
};
pub use server::{
    Done, Event, Failure, JoinReply, LevelsReply, MediaBases, MemberInfo, MixState, Pong, PushFrame, Reply,
    ReplyFrame, Resumed, RoomState, ServerFrame, StreamState, VoiceLevel, Welcome,
};
pub use wrong::{Wrong, plain, read};

/// The one version of the protocol that this crate speaks.
pub const PROTOCOL_VERSION: u32 = 1;

/// Path of the WebSocket endpoint on the HTTP port.
pub const SIGNAL_PATH: &str = "/v1/signal";
