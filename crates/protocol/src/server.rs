//! What the server sends: replies to requests, and pushes with sequence numbers.

use crate::calls::{CallReply, CallState, Presence, WatchReply};
use crate::conferences::{
    AttributeChange, ConferenceMember, ConferenceState, EnterReply, LookReply, MemberOut, MembersReply,
    TicketReply,
};
use huitong_types::{
    Blame, CallEndReason, CallId, ConferenceExit, ConferenceName, ConferenceRole, EndReason, ErrorCode,
    Fault, LeaveReason, ParticipantState, Redacted, Retry, Role, RoomId, Scene, StreamKey, StreamKind,
    UserId,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Anything the server sends.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(untagged)]
pub enum ServerFrame {
    /// The answer to a request.
    Reply(ReplyFrame),
    /// Something happened.
    Push(PushFrame),
}

/// `{"re":7,"ok":{…}}` or `{"re":7,"error":{…}}`. An error that belongs to no readable request has `re` 0.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ReplyFrame {
    /// Id of the request.
    pub re: u32,
    /// The result.
    #[serde(flatten)]
    pub reply: Reply,
}

/// The result of a request.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub enum Reply {
    /// It was done.
    #[serde(rename = "ok")]
    Ok(Done),
    /// It was refused; nothing changed.
    #[serde(rename = "error")]
    Error(Failure),
}

/// What a successful request answers, by the operation.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "op", rename_all = "camelCase")]
pub enum Done {
    /// To `hello`.
    Hello(Welcome),
    /// To `join`.
    Join(JoinReply),
    /// To `call`.
    Call(CallReply),
    /// To `accept`.
    Accept(CallReply),
    /// To `watch`.
    Watch(WatchReply),
    /// To `ticket`.
    Ticket(TicketReply),
    /// To `look`.
    Look(LookReply),
    /// To `enter`.
    Enter(Box<EnterReply>),
    /// To `grant`.
    Grant(MembersReply),
    /// To `kick`.
    Kick(MembersReply),
    /// To `mute`.
    Mute(MembersReply),
    /// To `decline`.
    Decline(MembersReply),
    /// To `hand`.
    Hand,
    /// To `attributes`.
    Attributes,
    /// To `destroy`.
    Destroy,
    /// To `levels`.
    Levels(LevelsReply),
    /// To `ping`.
    Ping(Pong),
    /// To `leave`.
    Leave,
    /// To `publish`.
    Publish,
    /// To `unpublish`.
    Unpublish,
    /// To `subscribe`.
    Subscribe,
    /// To `setRole`.
    SetRole,
    /// To `reject`.
    Reject,
    /// To `hangup`.
    Hangup,
    /// To `bye`; the server closes the connection next.
    Bye,
}

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// Stable code, see the error table.
    pub code: ErrorCode,
    /// One sentence in English that says which rule was broken and what to change.
    pub message: String,
    /// Whose fault it is.
    pub blame: Blame,
    /// Whether to try again.
    pub retry: Retry,
    /// The field that broke a rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub field: Option<String>,
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self {
            code: fault.code,
            message: fault.message.into_owned(),
            blame: fault.code.blame(),
            retry: fault.code.retry(),
            field: fault.field.map(str::to_owned),
        }
    }
}

/// The answer to `hello`.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Welcome {
    /// Protocol version spoken from here on.
    pub version: u32,
    /// Name and version of the server, for logs.
    pub server: String,
    /// The session, to be given when resuming.
    pub session: String,
    /// Proof that a resuming client owns the session.
    #[ts(type = "string")]
    pub secret: Redacted<String>,
    /// What became of the wish to resume.
    pub resumed: Resumed,
    /// Send a `ping` when nothing else was sent for this long, ms.
    pub heartbeat_ms: u32,
    /// How long the seat is kept after the connection is lost, ms.
    pub seat_grace_ms: u32,
    /// The server's wall clock, Unix ms.
    #[ts(type = "number")]
    pub time: u64,
    /// Where media goes.
    pub media: MediaBases,
    /// With [`Resumed::New`]: the `removed` and `conferenceExited` by which the session that the client wanted to resume was put out before
    /// it ended, as far as the client has not heard of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Event>>")]
    pub missed: Vec<Event>,
}

/// What became of the wish to resume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Resumed {
    /// This is a new session, in no room.
    New,
    /// The same session; every push that was missed follows in order.
    Replayed,
    /// The same session, but more was missed than is kept: the next push is a full `state`.
    Snapshot,
}

/// Media addresses without the key. A push or play URL is base + `/` + key (for FLV with `.flv` behind).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MediaBases {
    /// `rtmp://host:1935/live`
    pub rtmp: String,
    /// `http://host:8080/flv` or https
    pub flv: String,
    /// `ws://host:8080/flv` or wss
    pub ws_flv: String,
    /// `http://host:8080/whip` or https
    pub whip: String,
    /// `http://host:8080/whep` or https
    pub whep: String,
}

/// The answer to `join`.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct JoinReply {
    /// The room as it is now. Later changes come as pushes.
    pub state: RoomState,
}

/// A room as one member sees it: everybody else who may publish, and what they send.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RoomState {
    /// The room.
    pub room: RoomId,
    /// What it is for.
    pub scene: Scene,
    /// One's own role.
    pub role: Role,
    /// The others, in the order they came. In a live room only publishers.
    pub members: Vec<MemberInfo>,
    /// Number of audience members (live rooms; 0 otherwise).
    pub audience: u32,
    /// The voices of all others in one stream, for those who asked for it when they joined and may receive audio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub mix: Option<MixState>,
}

/// One stream of sound that carries the voice of everybody but its listener.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MixState {
    /// The key with which the client plays it, valid while it is in the room.
    pub play: StreamKey,
}

/// Another member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MemberInfo {
    /// Who.
    pub user: UserId,
    /// Connection lost for a while, seat kept.
    pub away: bool,
    /// Streams that carry audio or video now.
    pub streams: Vec<StreamState>,
}

/// A remote stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct StreamState {
    /// Which of the member's streams.
    pub stream: StreamKind,
    /// Carries audio now.
    pub audio: bool,
    /// Carries video now.
    pub video: bool,
    /// The key that lets this client play it; stays the same as long as both sessions live.
    pub play: StreamKey,
}

/// The answer to `levels`.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LevelsReply {
    /// Everybody else whose voice is in the mix.
    pub levels: Vec<VoiceLevel>,
}

/// How loud somebody is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct VoiceLevel {
    /// The member.
    pub user: UserId,
    /// 100 is full scale, and each dB below it takes two away; 0 for what is quieter than that.
    pub level: u8,
}

/// The answer to `ping`.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Pong {
    /// The server's wall clock, Unix ms.
    #[ts(type = "number")]
    pub time: u64,
}

/// `{"seq":3,"ev":"memberJoined",…}`. Sequence numbers of a session start at 1 and have no holes.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct PushFrame {
    /// Number of this push in the session.
    #[ts(type = "number")]
    pub seq: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "ev", rename_all = "camelCase")]
pub enum Event {
    /// Somebody who may publish entered.
    #[serde(rename_all = "camelCase")]
    MemberJoined {
        /// Who, with what they send already.
        member: MemberInfo,
    },
    /// Somebody left. Its streams are over with it.
    #[serde(rename_all = "camelCase")]
    MemberLeft {
        /// Who.
        user: UserId,
        /// Why.
        reason: LeaveReason,
    },
    /// The connection of a member was lost, or it is back.
    #[serde(rename_all = "camelCase")]
    MemberAway {
        /// Who.
        user: UserId,
        /// True when lost, false when back.
        away: bool,
    },
    /// A stream of a member began, changed or ended (`audio` and `video` both false).
    #[serde(rename_all = "camelCase")]
    StreamChanged {
        /// Whose.
        user: UserId,
        /// The stream as it is now.
        stream: StreamState,
    },
    /// A media connection that came with a registered key was refused; the client would otherwise see a push that fails
    /// without a reason.
    #[serde(rename_all = "camelCase")]
    PublishRefused {
        /// Which of one's own streams.
        stream: StreamKind,
        /// Why.
        error: Failure,
    },
    /// Number of audience members of a live room; sent at most once a second.
    #[serde(rename_all = "camelCase")]
    Audience {
        /// How many.
        count: u32,
    },
    /// This session is no longer in its room. The session itself goes on unless `sessionEnded` follows.
    #[serde(rename_all = "camelCase")]
    Removed {
        /// Why.
        reason: LeaveReason,
        /// A sentence for people.
        message: String,
    },
    /// The full state after a resume that could not be replayed; `room` is null when in no room.
    #[serde(rename_all = "camelCase")]
    State {
        /// The room, if any.
        room: Option<RoomState>,
        /// Calls that ring here or in which this session takes part.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[ts(optional, as = "Option<Vec<CallState>>")]
        calls: Vec<CallState>,
        /// The conference, if this session entered one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        conference: Option<Box<ConferenceState>>,
    },
    /// Somebody calls, or calls still when this session logs in.
    #[serde(rename_all = "camelCase")]
    Invited {
        /// The call.
        call: CallState,
    },
    /// How it stands with somebody else in a call.
    #[serde(rename_all = "camelCase")]
    CallChanged {
        /// The call.
        call: CallId,
        /// Who.
        user: UserId,
        /// How.
        state: ParticipantState,
    },
    /// The call is over for this session; nothing about it follows.
    #[serde(rename_all = "camelCase")]
    CallEnded {
        /// The call.
        call: CallId,
        /// Why.
        reason: CallEndReason,
        /// Who brought it about, if it was one of the call.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        by: Option<UserId>,
        /// How long this participant was connected, ms.
        #[ts(type = "number")]
        duration_ms: u64,
    },
    /// A watched user came or went.
    Presence(Presence),
    /// Somebody is in the conference.
    #[serde(rename_all = "camelCase")]
    ConferenceJoined {
        /// Who.
        member: ConferenceMember,
    },
    /// Somebody whom one knew of in the conference is not there any more.
    ConferenceLeft(MemberOut),
    /// A member of the conference, maybe oneself, has another role.
    #[serde(rename_all = "camelCase")]
    RoleChanged {
        /// Its number.
        #[ts(type = "number")]
        member: u64,
        /// Who.
        user: UserId,
        /// The role.
        role: ConferenceRole,
    },
    /// An admin leaves out one's own sound or picture, or not any more.
    #[serde(rename_all = "camelCase")]
    Muted {
        /// The sound.
        audio: bool,
        /// The picture.
        video: bool,
    },
    /// To admins: somebody asks to be made a talker, or does not any more.
    #[serde(rename_all = "camelCase")]
    HandChanged {
        /// Who.
        member: ConferenceMember,
        /// Whether it asks.
        up: bool,
    },
    /// An admin answered one's raised hand with no.
    HandDeclined,
    /// Attributes of the conference changed.
    #[serde(rename_all = "camelCase")]
    AttributesChanged {
        /// How, in this order.
        changes: Vec<AttributeChange>,
        /// Who changed them, unless it was the back-end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        by: Option<UserId>,
    },
    /// This session is out of its conference, and of its room; nothing about it follows.
    #[serde(rename_all = "camelCase")]
    ConferenceExited {
        /// Which.
        conference: ConferenceName,
        /// Why.
        reason: ConferenceExit,
    },
    /// The session is over and cannot be resumed; the server closes the connection.
    #[serde(rename_all = "camelCase")]
    SessionEnded {
        /// Why.
        reason: EndReason,
        /// A sentence for people.
        message: String,
    },
    /// The server is about to shut down: finish or reconnect elsewhere.
    #[serde(rename_all = "camelCase")]
    Draining {
        /// Time left, ms.
        within_ms: u32,
    },
}
