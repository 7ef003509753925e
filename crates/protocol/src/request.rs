//! What a client sends.

use crate::calls::{Accept, Hangup, PlaceCall, Reject, Watch};
use crate::conferences::{AskTicket, Attributes, Decline, Destroy, Enter, Grant, Hand, Kick, Look, Mute};
use crate::details::MemberDetails;
use huitong_types::{
    AppId, ConferenceExit, DeviceId, ErrorCode, Fault, RecordId, Redacted, Role, RoomId, Scene, StreamKey,
    StreamKind, UserId,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One request as it travels: `{"id":7,"op":"join",…}`. Ids are positive and grow by connection; a reply
/// carries the id of its request.
#[derive(Clone, Debug, Serialize)]
pub struct RequestFrame {
    /// Number of the request on this connection, larger than all before.
    pub id: u32,
    /// What is asked.
    #[serde(flatten)]
    pub request: Request,
}

/// The operations. Unknown fields are ignored, so later versions can add some.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(tag = "op", rename_all = "camelCase")]
pub enum Request {
    /// First frame of a connection: version, login, and resume of an earlier session.
    Hello(Hello),
    /// Enter a room.
    Join(Join),
    /// Leave the room; the session stays logged in.
    Leave(Leave),
    /// Register or update a stream of one's own.
    Publish(Publish),
    /// Withdraw a stream of one's own.
    Unpublish(Unpublish),
    /// Say which tracks of a stream one wants to receive.
    Subscribe(Subscribe),
    /// Change between publisher and audience in a live room.
    SetRole(SetRole),
    /// Call somebody.
    Call(PlaceCall),
    /// Answer a call.
    Accept(Accept),
    /// Refuse a call.
    Reject(Reject),
    /// Leave, cancel or refuse a call.
    Hangup(Hangup),
    /// Say of whom one wants to know whether they are online.
    Watch(Watch),
    /// Ask for a ticket to a conference.
    Ticket(AskTicket),
    /// Look at a conference without entering it.
    Look(Look),
    /// Enter a conference and its room.
    Enter(Enter),
    /// Change roles.
    Grant(Grant),
    /// Remove members.
    Kick(Kick),
    /// Leave out the sound or the picture of members.
    Mute(Mute),
    /// Ask to be made a talker.
    Hand(Hand),
    /// Answer a raised hand with no.
    Decline(Decline),
    /// Write down something for all members to see.
    Attributes(Attributes),
    /// End a conference for everybody.
    Destroy(Destroy),
    /// Ask how loud the voices of the mix are.
    Levels,
    /// Heartbeat.
    Ping(Ping),
    /// End the session at once; nothing can be resumed afterwards.
    Bye,
}

impl Request {
    /// Every word of the field `op`.
    pub const NAMES: [&str; 25] = [
        "hello",
        "join",
        "leave",
        "publish",
        "unpublish",
        "subscribe",
        "setRole",
        "call",
        "accept",
        "reject",
        "hangup",
        "watch",
        "ticket",
        "look",
        "enter",
        "grant",
        "kick",
        "mute",
        "hand",
        "decline",
        "attributes",
        "destroy",
        "levels",
        "ping",
        "bye",
    ];

    /// The word in the field `op`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Hello(_) => "hello",
            Self::Join(_) => "join",
            Self::Leave(_) => "leave",
            Self::Publish(_) => "publish",
            Self::Unpublish(_) => "unpublish",
            Self::Subscribe(_) => "subscribe",
            Self::SetRole(_) => "setRole",
            Self::Call(_) => "call",
            Self::Accept(_) => "accept",
            Self::Reject(_) => "reject",
            Self::Hangup(_) => "hangup",
            Self::Watch(_) => "watch",
            Self::Ticket(_) => "ticket",
            Self::Look(_) => "look",
            Self::Enter(_) => "enter",
            Self::Grant(_) => "grant",
            Self::Kick(_) => "kick",
            Self::Mute(_) => "mute",
            Self::Hand(_) => "hand",
            Self::Decline(_) => "decline",
            Self::Attributes(_) => "attributes",
            Self::Destroy(_) => "destroy",
            Self::Levels => "levels",
            Self::Ping(_) => "ping",
            Self::Bye => "bye",
        }
    }
}

/// Version, login and resume in one frame, because every round trip costs a phone up to a second.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Hello {
    /// Protocol version the client speaks: 1.
    pub version: u32,
    /// The application.
    pub app: AppId,
    /// The user.
    pub user: UserId,
    /// The user's credential: a UserSig. Left out where `authBuffer` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "string")]
    pub sig: Option<Redacted<String>>,
    /// The user's credential for one voice room, as base64 or hexadecimal digits. Left out where `sig` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "string")]
    pub auth_buffer: Option<Redacted<String>>,
    /// The voice room that `authBuffer` opens, by its name; the only one that such a session may join.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub voice_room: Option<String>,
    /// The device; a client that has none is its own device for one session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub device: Option<DeviceId>,
    /// Whether calls ring here. Such a session lives beside the user's other ones and needs a `device`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub calls: bool,
    /// Free text for logs: SDK and platform with versions, at most 128 bytes are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub client: Option<String>,
    /// Present when the client wants to go on with an earlier session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub resume: Option<Resume>,
}

/// What proves who logs in.
#[derive(Clone, Copy, Debug)]
pub enum Credential<'a> {
    /// A UserSig: the user, wherever it goes.
    Sig(&'a Redacted<String>),
    /// An authBuffer: the user, in one voice room.
    Voice {
        /// The authBuffer as text.
        auth_buffer: &'a Redacted<String>,
        /// The name of the room.
        room: &'a str,
    },
}

impl Hello {
    /// The one credential of this login.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidField`]: none, two, or an authBuffer without its room.
    pub fn credential(&self) -> Result<Credential<'_>, Fault> {
        let wrong = |field, words: &str| {
            let sentence = format!("The request is not valid: {words}.");
            Err(Fault::because(ErrorCode::InvalidField, sentence).in_field(field))
        };
        match (&self.sig, &self.auth_buffer, &self.voice_room) {
            (Some(sig), None, None) => Ok(Credential::Sig(sig)),
            (None, Some(auth_buffer), Some(room)) => Ok(Credential::Voice { auth_buffer, room }),
            (None, None, _) => wrong("sig", "a login needs `sig`, or `authBuffer` and `voiceRoom`"),
            (Some(_), Some(_), _) => wrong("authBuffer", "a login has `sig` or `authBuffer`, not both"),
            (Some(_), None, Some(_)) => {
                wrong("voiceRoom", "`voiceRoom` belongs to `authBuffer`, not to `sig`")
            }
            (None, Some(_), None) => wrong("voiceRoom", "`authBuffer` needs `voiceRoom`, the room it opens"),
        }
    }
}

/// The session to go on with.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Resume {
    /// `session` of the welcome.
    pub session: String,
    /// `secret` of the welcome.
    #[ts(type = "string")]
    pub secret: Redacted<String>,
    /// Sequence number of the last push that the client has handled; 0 if none.
    #[ts(type = "number")]
    pub seq: u64,
}

/// Enter a room. The room is created if it does not exist.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Join {
    /// The room.
    pub room: RoomId,
    /// What the room is for; must agree with the scene of an existing room.
    #[serde(default)]
    #[ts(optional, as = "Option<Scene>")]
    pub scene: Scene,
    /// In a live room, whether to publish or to watch.
    #[serde(default)]
    #[ts(optional, as = "Option<Role>")]
    pub role: Role,
    /// The vendor's PrivateMapKey, where the application demands it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "string")]
    pub private_map_key: Option<Redacted<String>>,
    /// Label that recording callbacks echo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub record_id: Option<RecordId>,
    /// What the page asked for beyond this, in the client's own words: kept for the operator to see.
    #[serde(default, skip_serializing_if = "MemberDetails::is_empty")]
    #[ts(optional, type = "Record<string, string>")]
    pub details: MemberDetails,
    /// Streams that the client publishes or is about to, registered in the same step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Publish>>")]
    pub publish: Vec<Publish>,
    /// Whether the client plays one stream with the voices of all others; see `mix` of the room's state.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub mix: bool,
}

/// Leave the room, and the conference if it is one.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Leave {
    /// What the members of a conference are told: `left`, `noAnswer`, `busy`, `failed` or `notSupported`; others count as `left`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reason: Option<ConferenceExit>,
}

/// Register or update a stream. `audio` and `video` say whether microphone and camera are on: an RTMP
/// publisher keeps its connection when they go off, so only the client knows.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Publish {
    /// Which of the two streams.
    #[serde(default)]
    pub stream: StreamKind,
    /// The push key in the media URL, made by the client. Needed the first time and when it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub key: Option<StreamKey>,
    /// Whether the microphone is on.
    pub audio: bool,
    /// Whether the camera (or the screen) is on.
    pub video: bool,
}

/// Withdraw a stream; its media connection is closed.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Unpublish {
    /// Which of the two streams.
    #[serde(default)]
    pub stream: StreamKind,
}

/// Which tracks of a remote stream to receive. Until the first such request a player gets both; with
/// `video` false the server sends no video on the player's connection, with both false it sends nothing.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Subscribe {
    /// Whose stream.
    pub user: UserId,
    /// Which of the two streams.
    #[serde(default)]
    pub stream: StreamKind,
    /// Whether to receive audio.
    pub audio: bool,
    /// Whether to receive video.
    pub video: bool,
}

/// Change the role in a live room, without leaving it.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SetRole {
    /// The new role.
    pub role: Role,
    /// A PrivateMapKey that allows it, where the application demands one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "string")]
    pub private_map_key: Option<Redacted<String>>,
}

/// Heartbeat.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Ping {}
