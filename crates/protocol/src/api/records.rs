//! Records of finished calls.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// A page of call records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct CallRecordList {
    /// Finished calls, those that ended last first.
    pub records: Vec<CallRecord>,
    /// What `cursor` has to be for the next page; missing on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub next: Option<String>,
}

/// A finished call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct CallRecord {
    /// Its id.
    pub call: String,
    /// The room in which it was held, in the notation of commands.
    pub room: String,
    /// `audio` or `video`.
    pub media: String,
    /// Who called.
    pub caller: String,
    /// The group that it was for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub group: Option<String>,
    /// What the caller handed through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub data: Option<String>,
    /// Whether the application's back-end made it.
    pub backend: bool,
    /// When it was made, Unix ms.
    #[ts(type = "number")]
    pub started_ms: u64,
    /// When the first two were connected, Unix ms; missing if nobody answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub connected_ms: Option<u64>,
    /// When it was over, Unix ms.
    #[ts(type = "number")]
    pub ended_ms: u64,
    /// From the connection to the end, ms; 0 if nobody answered.
    #[ts(type = "number")]
    pub duration_ms: u64,
    /// Why it was over: `hungUp`, `rejected`, `busy`, `cancelled`, `timedOut`, `unreachable`, `lost`, `kicked`,
    /// `dissolved`, `ended`, `serverShutdown`, or `serverLost` if the server was cut off and only the beginning is known.
    pub reason: String,
    /// Who brought that about, if it was one of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub by: Option<String>,
    /// The caller, then the invitees in the order given.
    pub participants: Vec<RecordedParticipant>,
}

/// One user's part in a finished call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct RecordedParticipant {
    /// Who.
    pub user: String,
    /// The device that called or answered, if it named itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub device: Option<String>,
    /// How it ended for this user, for example `left`, `timedOut` or `rejected`.
    pub state: String,
    /// When the first device rang, Unix ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub rang_ms: Option<u64>,
    /// When the user answered (of a caller: when the first other did), Unix ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub answered_ms: Option<u64>,
    /// When the user's part was over, Unix ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub left_ms: Option<u64>,
    /// How long the user was connected, ms.
    #[ts(type = "number")]
    pub duration_ms: u64,
}
