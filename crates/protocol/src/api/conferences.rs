//! Conferences, as the back-end makes and sees them.

use crate::conferences::ConferenceSettings;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;
use utoipa::ToSchema;

/// What a conference is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum ConferenceKind {
    /// Everybody may speak.
    #[default]
    Ordinary,
    /// Many speak: their sound can be had as one mixed stream.
    Large,
    /// Few speak, the others watch.
    Live,
}

impl From<ConferenceKind> for huitong_types::ConferenceKind {
    fn from(kind: ConferenceKind) -> Self {
        match kind {
            ConferenceKind::Ordinary => Self::Ordinary,
            ConferenceKind::Large => Self::Large,
            ConferenceKind::Live => Self::Live,
        }
    }
}

impl From<huitong_types::ConferenceKind> for ConferenceKind {
    fn from(kind: huitong_types::ConferenceKind) -> Self {
        match kind {
            huitong_types::ConferenceKind::Ordinary => Self::Ordinary,
            huitong_types::ConferenceKind::Large => Self::Large,
            huitong_types::ConferenceKind::Live => Self::Live,
        }
    }
}

/// What a member of a conference may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum ConferenceRole {
    /// Watch.
    Audience,
    /// Publish.
    Talker,
    /// Decide about others.
    Admin,
}

impl From<ConferenceRole> for huitong_types::ConferenceRole {
    fn from(role: ConferenceRole) -> Self {
        match role {
            ConferenceRole::Audience => Self::Audience,
            ConferenceRole::Talker => Self::Talker,
            ConferenceRole::Admin => Self::Admin,
        }
    }
}

impl From<huitong_types::ConferenceRole> for ConferenceRole {
    fn from(role: huitong_types::ConferenceRole) -> Self {
        match role {
            huitong_types::ConferenceRole::Audience => Self::Audience,
            huitong_types::ConferenceRole::Talker => Self::Talker,
            huitong_types::ConferenceRole::Admin => Self::Admin,
        }
    }
}

/// Asks for a new conference. An unknown field is an error: a misspelt limit must not go unnoticed.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ConferenceRequest {
    /// Its room, in the notation of commands and URLs: digits are a numeric room, `@` before it forces a named one. Without it,
    /// the conference has a room of its own.
    #[ts(optional)]
    pub room: Option<String>,
    /// What it is for.
    #[ts(optional, as = "Option<ConferenceKind>")]
    pub kind: ConferenceKind,
    /// Its password; an empty one is none.
    #[ts(optional)]
    pub password: Option<String>,
    /// The user who is its admin.
    #[ts(optional)]
    pub creator: Option<String>,
    /// The role of those who ask for none: audience or talker.
    #[ts(optional)]
    pub default_role: Option<ConferenceRole>,
    /// How long it is kept when nobody is in it, ms; default 120000.
    #[ts(optional)]
    pub empty_ms: Option<u32>,
    /// Each stream is to be recorded.
    #[ts(optional, as = "Option<bool>")]
    pub record: bool,
    /// It is to be recorded as one picture.
    #[ts(optional, as = "Option<bool>")]
    pub record_merged: bool,
    /// Most talkers, admins among them.
    #[ts(optional)]
    pub max_talkers: Option<u32>,
    /// Most cameras that are on at a time.
    #[ts(optional)]
    pub max_videos: Option<u32>,
    /// Most members that only watch.
    #[ts(optional)]
    pub max_audience: Option<u32>,
    /// Most shared screens.
    #[ts(optional)]
    pub max_screens: Option<u32>,
    /// Audience may not ask to be made talkers.
    #[ts(optional, as = "Option<bool>")]
    pub no_hands: bool,
}

impl ConferenceRequest {
    /// Its settings, as clients write them.
    pub fn settings(&self) -> ConferenceSettings {
        ConferenceSettings {
            kind: self.kind.into(),
            default_role: self.default_role.map(Into::into),
            empty_ms: self.empty_ms,
            record: self.record,
            record_merged: self.record_merged,
            max_talkers: self.max_talkers,
            max_videos: self.max_videos,
            max_audience: self.max_audience,
            max_screens: self.max_screens,
            no_hands: self.no_hands,
        }
    }
}

impl std::fmt::Debug for ConferenceRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConferenceRequest")
            .field("room", &self.room)
            .field("kind", &self.kind)
            .field("creator", &self.creator)
            .finish_non_exhaustive()
    }
}

/// What is to be different about a member. What is not said stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ConferenceMemberChange {
    /// What it may do.
    #[ts(optional)]
    pub role: Option<ConferenceRole>,
    /// Whether its sound is left out.
    #[ts(optional)]
    pub no_audio: Option<bool>,
    /// Whether its picture is left out.
    #[ts(optional)]
    pub no_video: Option<bool>,
}

/// A conference in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConferenceSummary {
    /// Its name.
    pub conference: String,
    /// Its room, in the notation of commands and URLs.
    pub room: String,
    /// What it is for.
    pub kind: ConferenceKind,
    /// Who is its admin whenever inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub creator: Option<String>,
    /// Whether a password is needed.
    pub locked: bool,
    /// How many are inside.
    pub inside: u32,
    /// Those who may talk.
    pub talkers: u32,
    /// Those who only watch.
    pub audience: u32,
    /// Most talkers.
    pub max_talkers: u32,
    /// Most cameras that are on.
    pub max_videos: u32,
    /// Most audience.
    pub max_audience: u32,
    /// Most shared screens.
    pub max_screens: u32,
    /// Whether each stream is to be recorded.
    pub record: bool,
    /// Whether it is to be recorded as one picture.
    pub record_merged: bool,
    /// Whether nobody raises a hand in it.
    pub no_hands: bool,
    /// How long it exists, s.
    #[ts(type = "number")]
    pub age_seconds: u64,
}

/// A page of conferences, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConferenceList {
    /// The page.
    pub conferences: Vec<ConferenceSummary>,
    /// How many there are in all.
    pub total: u32,
}

/// A member of a conference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConferenceMemberDetail {
    /// Number of the stay.
    #[ts(type = "number")]
    pub member: u64,
    /// Who.
    pub user: String,
    /// What it may do.
    pub role: ConferenceRole,
    /// The name that it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub nick: Option<String>,
    /// Whatever else it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub ext: Option<String>,
    /// Whether its sound is left out.
    pub no_audio: bool,
    /// Whether its picture is left out.
    pub no_video: bool,
    /// How long it is inside, s.
    #[ts(type = "number")]
    pub age_seconds: u64,
}

/// A conference with its members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConferenceDetail {
    /// The conference.
    #[serde(flatten)]
    pub summary: ConferenceSummary,
    /// Everybody inside, in the order in which they came.
    pub members: Vec<ConferenceMemberDetail>,
    /// What members wrote down.
    pub attributes: BTreeMap<String, String>,
}
