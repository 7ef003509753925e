//! Bodies of the back-end API (`/v1/…`, described by `/openapi.json`).

mod calls;
mod conferences;
mod records;
mod usage;

pub use calls::{
    CallList, CallMedia, CallParticipant, CallRequest, CallSummary, GroupDetail, GroupList, GroupRequest,
    GroupSummary,
};
pub use conferences::{
    ConferenceDetail, ConferenceKind, ConferenceList, ConferenceMemberChange, ConferenceMemberDetail,
    ConferenceRequest, ConferenceRole, ConferenceSummary,
};
pub use records::{CallRecord, CallRecordList, RecordedParticipant};
pub use usage::{
    Account, AccountList, Quota, Spent, Suspension, UsageDay, UsageDays, UsageList, UsageRecord, UsageSum,
    UsageSums, UsageTotals,
};

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// A page of rooms.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct RoomList {
    /// Rooms of the application, by name.
    pub rooms: Vec<RoomSummary>,
    /// How many rooms there are in all.
    pub total: u32,
}

/// One room in a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct RoomSummary {
    /// The room in the notation of commands: `1234` numeric, `abc` named, `@1234` named with digits.
    pub room: String,
    /// `rtc` or `live`.
    pub scene: String,
    /// Members that are announced.
    pub members: u32,
    /// Audience of a live room.
    pub audience: u32,
    /// Streams that carry media now.
    pub streams: u32,
    /// Age of the room, seconds.
    pub age_seconds: u32,
}

/// One room with its members and streams.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct RoomDetail {
    /// The room's row of the list.
    pub summary: RoomSummary,
    /// Announced members in the order they came (audience of live rooms is only counted).
    pub members: Vec<MemberDetail>,
}

/// A member as the back-end sees it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct MemberDetail {
    /// Who.
    pub user: String,
    /// `publisher` or `audience`.
    pub role: String,
    /// Whether the connection is lost and the seat kept.
    pub away: bool,
    /// Free text of the client: SDK and platform.
    pub client: String,
    /// How long it has been in the room, seconds.
    pub age_seconds: u32,
    /// The label that it asked recordings to carry; empty if none.
    pub record_id: String,
    /// What its page asked for in its own words.
    pub details: std::collections::BTreeMap<String, String>,
    /// Its streams.
    pub streams: Vec<StreamDetail>,
}

/// A stream as the back-end sees it: enough to answer "why is it black?".
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct StreamDetail {
    /// `main` or `aux`.
    pub stream: String,
    /// Whether a media connection publishes it now.
    pub publishing: bool,
    /// Whether it is announced with audio.
    pub audio: bool,
    /// Whether it is announced with video.
    pub video: bool,
    /// Video codec and profile, for example `h264 constrained-baseline 3.1`; empty when none was seen.
    pub video_codec: String,
    /// Width, pixels.
    pub width: u32,
    /// Height, pixels.
    pub height: u32,
    /// Frames per second, measured over the last seconds.
    pub fps: f32,
    /// Audio codec, for example `aac 48000 Hz mono`; empty when none was seen.
    pub audio_codec: String,
    /// Video bit rate, kbit/s, measured over the last seconds.
    pub video_kbps: u32,
    /// Audio bit rate, kbit/s, measured over the last seconds.
    pub audio_kbps: u32,
    /// Age of the newest keyframe, ms; null when none was seen.
    pub keyframe_age_ms: Option<u32>,
    /// Players connected now.
    pub viewers: u32,
    /// Skips to a newer keyframe that slow players made, in all.
    pub skips: u32,
    /// Times the publisher reconnected.
    pub reconnects: u32,
    /// Frames left out because the codec header of their track had not come: a publisher that never sends one shows
    /// here while its stream stays black.
    pub before_header: u32,
    /// Pictures left out because no keyframe had come since a start, a reconnect or a change of the picture size.
    pub before_keyframe: u32,
    /// Messages left out because they broke a rule of their format.
    pub malformed: u32,
}

/// What a URL is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum UrlKind {
    /// To push a stream as a member of the room.
    Push,
    /// To play a member's stream.
    Play,
}

/// Asks for the URLs of one user's stream in one room. An unknown field is an error: a misspelt validity must not
/// mint a URL that is valid for a day.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UrlRequest {
    /// Push or play.
    pub kind: UrlKind,
    /// The member that pushes, or whose stream is played.
    pub user: String,
    /// `main` (default) or `aux`.
    #[serde(default)]
    #[ts(optional, as = "Option<String>")]
    pub stream: String,
    /// `rtc` (default) or `live`, for a push that creates the room.
    #[serde(default)]
    #[ts(optional, as = "Option<String>")]
    pub scene: String,
    /// Validity, seconds, from 1 to 2592000 (30 days); default 86400.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub expire_seconds: Option<u32>,
}

/// URLs by transport.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct UrlReply {
    /// In the order of preference.
    pub urls: Vec<NamedUrl>,
    /// When they expire, Unix seconds.
    #[ts(type = "number")]
    pub expires: u64,
}

/// One URL.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct NamedUrl {
    /// `rtmp`, `flv`, `ws-flv`, `whip`, `whep`.
    pub name: String,
    /// The URL, at most 128 characters.
    pub url: String,
}

/// A refused request of the back-end API.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ApiError {
    /// Stable code of the error table.
    pub code: String,
    /// One sentence that says what to change.
    pub message: String,
    /// `client`, `server`, `network` or `platform`.
    pub blame: String,
    /// `never`, `later` or `afterLogin`.
    pub retry: String,
    /// The field or parameter that broke a rule, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub field: Option<String>,
}
