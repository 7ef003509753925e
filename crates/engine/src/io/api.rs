//! What the back-end asks, and what it is answered.

use crate::io::Suspender;
use huitong_protocol::api::{
    CallList, CallRequest, CallSummary, ConferenceDetail, ConferenceList, ConferenceRequest, GroupDetail,
    GroupList, GroupRequest, RoomDetail, RoomList, Suspension, UrlReply, UrlRequest,
};
use huitong_protocol::{
    AskTicket, Attributes, Destroy, Grant, Kick, Look, LookReply, MembersReply, Mute, TicketReply,
};
use huitong_types::{ConferenceName, Fault, RoomId, StreamId, UserId};

/// What is left out of what members send. It names only what changes: whoever asks need not know how it is now, which may be
/// different before it is done.
#[derive(Clone, Debug)]
pub struct Silence {
    /// Where.
    pub conference: ConferenceName,
    /// Whose, by user.
    pub users: Vec<UserId>,
    /// Whose, by number.
    pub members: Vec<u64>,
    /// Whether the sound is left out; `None`: as it is of each.
    pub audio: Option<bool>,
    /// Whether the picture is left out; `None`: as it is of each.
    pub video: Option<bool>,
}

impl From<Mute> for Silence {
    fn from(mute: Mute) -> Self {
        let Mute { conference, users, members, audio, video } = mute;
        Self { conference, users, members, audio: Some(audio), video: Some(video) }
    }
}

/// Calls of the back-end API.
#[derive(Debug)]
pub enum ApiCall {
    /// Rooms of the application, sorted by name.
    ListRooms {
        /// How many to skip.
        offset: usize,
        /// How many to return at most.
        limit: usize,
    },
    /// One room with members and announced streams. Media figures are filled in by the caller.
    GetRoom(RoomId),
    /// Remove a member.
    RemoveMember(RoomId, UserId),
    /// End a room.
    DissolveRoom(RoomId),
    /// Mint URLs.
    MintUrl(RoomId, UrlRequest),
    /// Start a call that rings at everybody in it.
    StartCall(CallRequest),
    /// Calls of the application in progress, the oldest first.
    ListCalls {
        /// How many to skip.
        offset: usize,
        /// How many to return at most.
        limit: usize,
    },
    /// One call in progress.
    GetCall(String),
    /// End a call for everybody.
    EndCall(String),
    /// Make a group, or give it these members.
    PutGroup(String, GroupRequest),
    /// One group with its members.
    GetGroup(String),
    /// Groups of the application, by id.
    ListGroups {
        /// How many to skip.
        offset: usize,
        /// How many to return at most.
        limit: usize,
    },
    /// Keep a group no longer.
    DropGroup(String),
    /// Whether the application is suspended or over its quota.
    GetSuspension,
    /// Suspend the application (`true`), or resume it as far as this one had suspended it.
    Suspend(Suspender, bool),
    /// Make a conference.
    CreateConference(Box<ConferenceRequest>),
    /// Conferences of the application, the oldest first.
    ListConferences {
        /// How many to skip.
        offset: usize,
        /// How many to return at most.
        limit: usize,
    },
    /// One conference with its members.
    GetConference(ConferenceName),
    /// Whether a member of a conference sends or plays anything now.
    HasMedia(ConferenceName, UserId),
    /// A ticket for a user, as its own request would get it. Who calls has made sure who it is.
    AskTicket(UserId, Box<AskTicket>),
    /// A look for a user, as its own request would get it.
    Look(UserId, Look),
    /// Change roles, for a user or as the back-end.
    Grant(Option<UserId>, Grant),
    /// Remove members, for a user or as the back-end.
    Kick(Option<UserId>, Kick),
    /// Silence members, for a user or as the back-end.
    Mute(Option<UserId>, Silence),
    /// Change attributes, for a user or as the back-end.
    Attributes(Option<UserId>, Attributes),
    /// End a conference, for a user or as the back-end.
    Destroy(Option<UserId>, Destroy),
}

/// Results of the back-end API.
#[derive(Debug)]
pub enum ApiResult {
    /// Of [`ApiCall::ListRooms`].
    Rooms(RoomList),
    /// Of [`ApiCall::GetRoom`]: the detail, and for every stream in it (same nesting) its id.
    Room(RoomDetail, Vec<Vec<StreamId>>),
    /// Of [`ApiCall::RemoveMember`], [`ApiCall::DissolveRoom`], [`ApiCall::EndCall`], [`ApiCall::DropGroup`],
    /// [`ApiCall::Attributes`] and [`ApiCall::Destroy`].
    Done,
    /// Of [`ApiCall::MintUrl`].
    Urls(UrlReply),
    /// Of [`ApiCall::StartCall`] and [`ApiCall::GetCall`].
    Call(CallSummary),
    /// Of [`ApiCall::ListCalls`].
    Calls(CallList),
    /// Of [`ApiCall::PutGroup`] and [`ApiCall::GetGroup`].
    Group(GroupDetail),
    /// Of [`ApiCall::ListGroups`].
    Groups(GroupList),
    /// Of [`ApiCall::GetSuspension`] and [`ApiCall::Suspend`].
    Suspension(Suspension),
    /// Of [`ApiCall::CreateConference`] and [`ApiCall::GetConference`].
    Conference(Box<ConferenceDetail>),
    /// Of [`ApiCall::ListConferences`].
    Conferences(ConferenceList),
    /// Of [`ApiCall::HasMedia`].
    Media(bool),
    /// Of [`ApiCall::AskTicket`].
    Ticket(Box<TicketReply>),
    /// Of [`ApiCall::Look`].
    Look(Box<LookReply>),
    /// Of [`ApiCall::Grant`], [`ApiCall::Kick`] and [`ApiCall::Mute`].
    Members(MembersReply),
    /// Refused.
    Refused(Fault),
}
