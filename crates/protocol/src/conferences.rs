//! Conferences, both ways.

use crate::details::MemberDetails;
use crate::request::Publish;
use crate::server::RoomState;
use huitong_types::{
    ConferenceExit, ConferenceKind, ConferenceName, ConferenceRole, RecordId, Redacted, RoomId, UserId,
    limits,
};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// Ask for a ticket: to a known conference by its name, to that of a room, which is created if there is none, or to a new one
/// with a room of its own when neither is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AskTicket {
    /// The conference, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub conference: Option<ConferenceName>,
    /// Its room, if that is known. Not together with `conference`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub room: Option<RoomId>,
    /// How the conference is set up if this request creates it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub settings: Option<ConferenceSettings>,
    /// Its password; that of the new one if this request creates it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "string")]
    pub password: Option<Redacted<String>>,
    /// The role that is wished for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub role: Option<ConferenceRole>,
}

/// How a conference is set up. What is not said is as vendors document it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct ConferenceSettings {
    /// What it is for.
    #[ts(optional, as = "Option<ConferenceKind>")]
    pub kind: ConferenceKind,
    /// The role of those who ask for none: `audience` or `talker`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub default_role: Option<ConferenceRole>,
    /// How long it is kept when nobody is in it, ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub empty_ms: Option<u32>,
    /// Each stream is to be recorded.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub record: bool,
    /// The conference is to be recorded as one picture.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub record_merged: bool,
    /// Most talkers, admins among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub max_talkers: Option<u32>,
    /// Most cameras that are on at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub max_videos: Option<u32>,
    /// Most members that only watch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub max_audience: Option<u32>,
    /// Most shared screens.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub max_screens: Option<u32>,
    /// Audience may not ask to be made talkers.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub no_hands: bool,
}

/// The answer to `ticket`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TicketReply {
    /// The ticket, for one entry of this user.
    #[ts(type = "string")]
    pub ticket: Redacted<String>,
    /// The conference.
    pub conference: ConferenceName,
    /// Its room, in which streams meet.
    pub room: RoomId,
    /// What it is for.
    pub kind: ConferenceKind,
    /// Whether this request created it.
    pub created: bool,
    /// How long the ticket can be used, ms.
    pub valid_ms: u32,
}

/// Look at a conference without entering it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Look {
    /// Which.
    pub conference: ConferenceName,
    /// Its password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "string")]
    pub password: Option<Redacted<String>>,
}

/// The answer to `look`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LookReply {
    /// The conference.
    pub conference: ConferenceName,
    /// Its room.
    pub room: RoomId,
    /// What it is for.
    pub kind: ConferenceKind,
    /// Everybody who is inside.
    pub members: u32,
    /// Those of them who only watch.
    pub audience: u32,
    /// Those who may talk, in the order in which they came.
    pub talkers: Vec<UserId>,
}

/// Enter a conference and its room.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Enter {
    /// Which.
    pub conference: ConferenceName,
    /// The ticket.
    #[ts(type = "string")]
    pub ticket: Redacted<String>,
    /// The name that is shown to the others, at most 128 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub nick: Option<String>,
    /// Whatever else is shown to the others, at most 1024 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub ext: Option<String>,
    /// Label that recording callbacks echo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub record_id: Option<RecordId>,
    /// What the page asked for beyond this, as in `join`.
    #[serde(default, skip_serializing_if = "MemberDetails::is_empty")]
    #[ts(optional, type = "Record<string, string>")]
    pub details: MemberDetails,
    /// Streams that are registered in the same step. One that is refused is told by `publishRefused`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Publish>>")]
    pub publish: Vec<Publish>,
    /// Whether this member plays the mix of the room, as in `join`; members of a large conference have it anyway.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub mix: bool,
}

/// The answer to `enter`.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EnterReply {
    /// The conference as it is now. Later changes come as pushes.
    pub conference: ConferenceState,
    /// Its room as it is now.
    pub state: RoomState,
}

/// A conference as one member sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConferenceState {
    /// The conference.
    pub conference: ConferenceName,
    /// What it is for.
    pub kind: ConferenceKind,
    /// Oneself.
    pub you: ConferenceMember,
    /// Whether an admin leaves out one's sound.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub no_audio: bool,
    /// Whether an admin leaves out one's picture.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub no_video: bool,
    /// The others whom one knows of, in the order in which they came: of a live conference the talkers only.
    pub members: Vec<ConferenceMember>,
    /// What members wrote down for all to see.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[ts(optional, type = "Record<string, string>")]
    pub attributes: BTreeMap<String, String>,
    /// For admins: those who ask to be made talkers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<ConferenceMember>>")]
    pub hands: Vec<ConferenceMember>,
}

/// A member of a conference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConferenceMember {
    /// Number of the stay: who comes again is another member.
    #[ts(type = "number")]
    pub member: u64,
    /// Who.
    pub user: UserId,
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
}

/// Change roles. Only for admins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// Where. Its creator may do this also from outside.
    pub conference: ConferenceName,
    /// Whose, by user: with `members` 1 to [`limits::CONFERENCE_BATCH`].
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "batch")]
    #[ts(optional, as = "Option<Vec<UserId>>")]
    pub users: Vec<UserId>,
    /// Whose, by number.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "batch")]
    #[ts(optional, type = "Array<number>")]
    pub members: Vec<u64>,
    /// The role.
    pub role: ConferenceRole,
}

/// Remove members. Only for admins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Kick {
    /// Where.
    pub conference: ConferenceName,
    /// Whom, by user.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "batch")]
    #[ts(optional, as = "Option<Vec<UserId>>")]
    pub users: Vec<UserId>,
    /// Whom, by number.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "batch")]
    #[ts(optional, type = "Array<number>")]
    pub members: Vec<u64>,
}

/// Leave out the sound or the picture of members, or not any more. Only for admins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Mute {
    /// Where.
    pub conference: ConferenceName,
    /// Whom, by user.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "batch")]
    #[ts(optional, as = "Option<Vec<UserId>>")]
    pub users: Vec<UserId>,
    /// Whom, by number.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "batch")]
    #[ts(optional, type = "Array<number>")]
    pub members: Vec<u64>,
    /// Whether the sound is left out.
    pub audio: bool,
    /// Whether the picture is left out.
    pub video: bool,
}

/// Ask to be made a talker, or do not ask any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Hand {
    /// Whether one asks.
    pub up: bool,
}

/// Answer a raised hand with no. Only for admins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Decline {
    /// Where.
    pub conference: ConferenceName,
    /// Whose hand.
    pub user: UserId,
}

/// Write down something for all members to see. All changes are made, or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Attributes {
    /// Where.
    pub conference: ConferenceName,
    /// In this order, 1 to [`limits::CONFERENCE_BATCH`].
    #[serde(deserialize_with = "batch")]
    pub changes: Vec<AttributeChange>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AttributeChange {
    /// Which attribute, 1 to 128 bytes.
    pub key: String,
    /// What it is now; without it the attribute is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub value: Option<String>,
}

/// End a conference for everybody. Only for admins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Destroy {
    /// Which.
    pub conference: ConferenceName,
}

/// The answer to `grant`, `kick`, `mute` and `decline`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MembersReply {
    /// To whom it was done. Who was named and is not inside is not among them.
    pub users: Vec<UserId>,
}

/// What pushes about a conference say of a member that is out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MemberOut {
    /// Its number.
    #[ts(type = "number")]
    pub member: u64,
    /// Who.
    pub user: UserId,
    /// Why. One who became audience of a live conference is still there and only not known any more: that has no reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reason: Option<ConferenceExit>,
}

fn batch<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let all = Vec::<T>::deserialize(from)?;
    if all.len() > limits::CONFERENCE_BATCH {
        let sentence = format!("{} are given, at most {} are allowed", all.len(), limits::CONFERENCE_BATCH);
        return Err(serde::de::Error::custom(sentence));
    }
    Ok(all)
}
