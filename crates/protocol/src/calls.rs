//! Calls and presence, both ways.

use huitong_types::{
    CallData, CallId, CallMedia, CallRef, GroupId, OwnState, ParticipantState, RoomId, UserId, limits,
};
use serde::{Deserialize, Deserializer, Serialize};
use ts_rs::TS;

/// Call somebody, one or several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PlaceCall {
    /// Who is called, each once and not oneself: 1 to [`limits::CALL_INVITEES`].
    #[serde(deserialize_with = "invitees")]
    pub invitees: Vec<UserId>,
    /// What with.
    pub media: CallMedia,
    /// The group that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub group: Option<GroupId>,
    /// How long it rings, ms; 1000 to [`limits::CALL_RINGING_MOST`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub timeout_ms: Option<u32>,
    /// Handed through to those who are called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "string")]
    pub data: Option<CallData>,
    /// By what the client recognises this wish if it has to repeat it.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "string")]
    pub reference: Option<CallRef>,
}

/// Answer a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Accept {
    /// The call.
    pub call: CallId,
}

/// Refuse a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Reject {
    /// The call.
    pub call: CallId,
    /// Whether the user is busy with something that the server does not know of.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub busy: bool,
}

/// Leave a call, cancel it or refuse it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Hangup {
    /// The call.
    pub call: CallId,
}

/// Say of whom one wants to know whether they are online. Replaces what was watched before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Watch {
    /// The users, at most [`limits::WATCHED_USERS`]; none ends it.
    #[serde(deserialize_with = "watched")]
    pub users: Vec<UserId>,
}

/// Whether a user is online: whether a session of it has a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Presence {
    /// Who.
    pub user: UserId,
    /// Whether it can be reached now.
    pub online: bool,
}

/// The answer to `watch`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct WatchReply {
    /// Everybody who is watched, in the order given. Changes come as pushes.
    pub users: Vec<Presence>,
}

/// The answer to `call` and `accept`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CallReply {
    /// The call as this session sees it. Later changes come as pushes.
    pub call: CallState,
}

/// A call as one session sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CallState {
    /// Its id.
    pub call: CallId,
    /// Who calls. In a call that the back-end made, its first participant, and to that one the second.
    pub caller: UserId,
    /// What with.
    pub media: CallMedia,
    /// Where those who are connected meet.
    pub room: RoomId,
    /// The group that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub group: Option<GroupId>,
    /// What the caller handed through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "string")]
    pub data: Option<CallData>,
    /// Whether the application's back-end made it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub backend: bool,
    /// Whether it leads into a room that is there for others as well. The caller only gives its name then: it is `connected` from the
    /// beginning, wherever it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub open: bool,
    /// Until ringing ends, ms.
    pub ringing_ms: u32,
    /// When it was made, Unix ms.
    #[ts(type = "number")]
    pub started_ms: u64,
    /// When this participant was connected to somebody, Unix ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub connected_ms: Option<u64>,
    /// What this session is in it.
    pub you: OwnState,
    /// The caller, then the invitees in the order given.
    pub participants: Vec<Participant>,
}

/// One of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Participant {
    /// Who.
    pub user: UserId,
    /// How it stands.
    pub state: ParticipantState,
}

fn invitees<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<UserId>, D::Error> {
    bounded(from, "invitees", 1, limits::CALL_INVITEES)
}

fn watched<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<UserId>, D::Error> {
    bounded(from, "users", 0, limits::WATCHED_USERS)
}

fn bounded<'de, D>(from: D, field: &str, least: usize, most: usize) -> Result<Vec<UserId>, D::Error>
where
    D: Deserializer<'de>,
{
    let users = Vec::<UserId>::deserialize(from)?;
    if users.len() < least || users.len() > most {
        let got = users.len();
        let sentence = format!("{field} has {got} users, allowed is {least} to {most}");
        return Err(serde::de::Error::custom(sentence));
    }
    Ok(users)
}
