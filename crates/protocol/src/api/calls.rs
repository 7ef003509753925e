//! Calls in progress, and the groups in which users call each other.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// What a call is made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum CallMedia {
    /// Sound alone.
    Audio,
    /// Sound and picture.
    Video,
}

impl From<CallMedia> for huitong_types::CallMedia {
    fn from(media: CallMedia) -> Self {
        match media {
            CallMedia::Audio => Self::Audio,
            CallMedia::Video => Self::Video,
        }
    }
}

impl From<huitong_types::CallMedia> for CallMedia {
    fn from(media: huitong_types::CallMedia) -> Self {
        match media {
            huitong_types::CallMedia::Audio => Self::Audio,
            huitong_types::CallMedia::Video => Self::Video,
        }
    }
}

/// Asks for a call that rings at everybody in it, also at the one from whom it is said to come. An unknown field is an
/// error: a misspelt time limit must not ring for another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CallRequest {
    /// The user from whom the call comes, as the others see it.
    pub caller: String,
    /// The others, 1 to 49, each once and not the caller.
    pub invitees: Vec<String>,
    /// What with.
    pub media: CallMedia,
    /// The group that it is for. If the back-end has made it, everybody has to be a member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub group: Option<String>,
    /// How long it rings, ms, 1000 to 120000; default 30000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub timeout_ms: Option<u32>,
    /// Handed through to everybody and to the record, 1 to 1024 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub data: Option<String>,
    /// A room of the application, in the notation of commands, into which those who answer are let, whatever it demands of others: one
    /// where people are already, or the room of a conference. It goes on when the call is over. The caller only gives its name then, and
    /// does not ring. Without it they meet in a room of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub room: Option<String>,
}

/// A page of calls in progress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct CallList {
    /// Calls of the application, the oldest first.
    pub calls: Vec<CallSummary>,
    /// How many there are in all.
    pub total: u32,
}

/// A call in progress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct CallSummary {
    /// Its id.
    pub call: String,
    /// The room where those who are connected meet, in the notation of commands.
    pub room: String,
    /// What it was made with.
    pub media: CallMedia,
    /// Who calls.
    pub caller: String,
    /// The group that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub group: Option<String>,
    /// What the caller handed through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub data: Option<String>,
    /// Whether the back-end made it.
    pub backend: bool,
    /// When it was made, Unix ms.
    #[ts(type = "number")]
    pub started_ms: u64,
    /// When the first two were connected, Unix ms; missing as long as it only rings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub connected_ms: Option<u64>,
    /// Whether it leads into a room that is there for others as well; then the caller only gives its name.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub open: bool,
    /// The caller, then the invitees in the order given.
    pub participants: Vec<CallParticipant>,
}

/// One of a call in progress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct CallParticipant {
    /// Who.
    pub user: String,
    /// How it stands: `calling`, `ringing`, `offline` (no device was reached so far), `connected`, or how it ended for this
    /// user, for example `rejected` or `left`.
    pub state: String,
    /// The device that called or answered, if it named itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub device: Option<String>,
}

/// Says who is in a group. An unknown field is an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupRequest {
    /// Its members, 1 to 2000, each once. They take the place of those whom it had.
    pub members: Vec<String>,
}

/// A group with its members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct GroupDetail {
    /// Its id.
    pub group: String,
    /// Its members in the order given.
    pub members: Vec<String>,
}

/// A page of groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct GroupList {
    /// Groups of the application, by id.
    pub groups: Vec<GroupSummary>,
    /// How many there are in all.
    pub total: u32,
}

/// One group in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct GroupSummary {
    /// Its id.
    pub group: String,
    /// How many members it has.
    pub members: u32,
}
