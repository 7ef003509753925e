//! What an application uses, and whether it may.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// Sums of time, ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct UsageTotals {
    /// In rooms.
    #[ts(type = "number")]
    pub room_ms: u64,
    /// In rooms without receiving any picture.
    #[ts(type = "number")]
    pub audio_ms: u64,
    /// With the own microphone on.
    #[ts(type = "number")]
    pub mic_ms: u64,
    /// Pictures received of at most the area of 640 × 480, each stream by itself.
    #[ts(type = "number")]
    pub video_sd_ms: u64,
    /// Pictures received of at most the area of 1280 × 720, beyond those.
    #[ts(type = "number")]
    pub video_hd_ms: u64,
    /// Larger pictures received.
    #[ts(type = "number")]
    pub video_fhd_ms: u64,
}

/// A page of usage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct UsageList {
    /// What stays have used on a day, the newest day and the newest stay first.
    pub records: Vec<UsageRecord>,
    /// What `cursor` has to be for the next page; missing on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub next: Option<String>,
}

/// What one user has used on one day in one stay in a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct UsageRecord {
    /// The stay; one over midnight has a record for each day.
    pub stay: String,
    /// The day, as `2026-11-26`.
    pub day: String,
    /// The room in the notation of commands.
    pub room: String,
    /// The user.
    pub user: String,
    /// When it began on this day, Unix ms.
    #[ts(type = "number")]
    pub started_ms: u64,
    /// Until when it is counted, Unix ms.
    #[ts(type = "number")]
    pub ended_ms: u64,
    /// Whether it goes on; then it is counted up to a minute ago or later.
    pub open: bool,
    /// What was used.
    #[serde(flatten)]
    pub totals: UsageTotals,
}

/// Usage by days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct UsageDays {
    /// Days on which something was used, the newest first.
    pub days: Vec<UsageDay>,
    /// Minutes by which these days begin before those of UTC.
    pub day_offset_minutes: i32,
}

/// What was used on one day, and the minutes of the bill: the seconds of the day, rounded up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct UsageDay {
    /// The day, as `2026-11-26`.
    pub day: String,
    /// Stays in rooms on this day.
    #[ts(type = "number")]
    pub stays: u64,
    /// What was used.
    #[serde(flatten)]
    pub totals: UsageTotals,
    /// Minutes of sound.
    #[ts(type = "number")]
    pub audio_minutes: u64,
    /// Minutes of pictures in the lowest tier.
    #[ts(type = "number")]
    pub video_sd_minutes: u64,
    /// Minutes of pictures in the middle tier.
    #[ts(type = "number")]
    pub video_hd_minutes: u64,
    /// Minutes of pictures in the highest tier.
    #[ts(type = "number")]
    pub video_fhd_minutes: u64,
}

/// What users have used, or what was used in rooms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct UsageSums {
    /// The sums, by name.
    pub sums: Vec<UsageSum>,
    /// What `after` has to be for the next page; missing on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub next: Option<String>,
}

/// What one user has used, or what was used in one room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct UsageSum {
    /// The user, or the room in the notation of commands.
    pub name: String,
    /// Stays, on each day anew.
    #[ts(type = "number")]
    pub stays: u64,
    /// What was used.
    #[serde(flatten)]
    pub totals: UsageTotals,
}

/// What an application may use, in minutes; a limit that is missing does not exist, and of 0 minutes nothing may be used. Minutes
/// of video are those of all tiers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Quota {
    /// Audio on a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub audio_minutes_per_day: Option<u64>,
    /// Video on a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub video_minutes_per_day: Option<u64>,
    /// Audio in a month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub audio_minutes_per_month: Option<u64>,
    /// Video in a month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub video_minutes_per_month: Option<u64>,
}

/// What is measured against a quota, up to now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct Spent {
    /// Milliseconds of audio.
    #[ts(type = "number")]
    pub audio_ms: u64,
    /// Milliseconds of video, of all tiers.
    #[ts(type = "number")]
    pub video_ms: u64,
}

/// How an application stands: what it may use, what it has used, and whether anything may begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// The application.
    pub app: u32,
    /// Whether anybody may enter rooms and begin calls.
    pub suspension: Suspension,
    /// What it may use.
    pub quota: Quota,
    /// Whether the operator has set that while the server ran, in the place of what the configuration says.
    pub quota_by_operator: bool,
    /// The day of the bill that it is, as `2026-11-26`.
    pub day: String,
    /// Used on that day.
    pub today: Spent,
    /// Used in its month.
    pub this_month: Spent,
}

/// How all applications of the server stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct AccountList {
    /// The applications of the configuration, by number.
    pub accounts: Vec<Account>,
}

/// Whether anybody may enter rooms and begin calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct Suspension {
    /// Nobody may: the application is suspended.
    pub suspended: bool,
    /// By the configuration of the server, so that this API cannot change it.
    pub by_configuration: bool,
    /// By the operator of the server, so that the application's back-end cannot change it.
    pub by_operator: bool,
    /// Nobody may: this limit of the quota is reached, `audioDay`, `videoDay`, `audioMonth` or `videoMonth`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub overdue: Option<String>,
}
