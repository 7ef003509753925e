//! What goes into the engine and what comes out of it.

mod api;
mod config;
mod input;
mod output;

pub use crate::admission::Suspender;
pub use crate::calls::{CallLog, CallLogEnd, CallLogParty};
pub use crate::conferences::{ConferenceChange, ConferenceDecision, ConferenceRecord};
pub use crate::lazy_push::LazyPush;
pub use crate::mixing::MixOrder;
pub use crate::stays::StayEvent;
pub use crate::urls::UrlRecord;
pub use api::{ApiCall, ApiResult, Silence};
pub use config::{AppConfig, EngineConfig};
pub use huitong_conference::{AdminGone, AskedAdmin, Limits as ConferenceLimits, Verdict};
pub use huitong_room::{RoomKey, TrackFlags};
pub use huitong_session::{ConnId, MultiDevice};
pub use input::Input;
pub use output::{Note, Output, Pace, StreamLabel};

/// One media connection that wants to publish or play, numbered by the gateway. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MediaTicket(pub u64);
