//! Records of calls, as they leave the engine.

use huitong_types::{
    AppId, CallData, CallEndReason, CallId, CallMedia, DeviceId, GroupId, ParticipantState, RoomId, UserId,
};
use std::time::Duration;

/// What is on record about a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLog {
    /// The application.
    pub app: AppId,
    /// The call.
    pub call: CallId,
    /// Its room.
    pub room: RoomId,
    /// What it was made with.
    pub media: CallMedia,
    /// The group that it was for.
    pub group: Option<GroupId>,
    /// What the caller handed through.
    pub data: Option<CallData>,
    /// Whether the back-end made it.
    pub backend: bool,
    /// Whether its room is there for others as well; then the first of `parties` only gives its name.
    pub open: bool,
    /// When it began, Unix ms.
    pub started_ms: u64,
    /// When two were connected for the first time, Unix ms.
    pub connected_ms: Option<u64>,
    /// How it ended; `None` while it is in progress.
    pub end: Option<CallLogEnd>,
    /// The caller, then the invitees in the order given.
    pub parties: Vec<CallLogParty>,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLogEnd {
    /// When, Unix ms.
    pub at_ms: u64,
    /// Why.
    pub reason: CallEndReason,
    /// Who brought it about, if it was one of the call.
    pub by: Option<UserId>,
}

/// One user's part in a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLogParty {
    /// Who.
    pub user: UserId,
    /// The device by which it took part.
    pub device: Option<DeviceId>,
    /// How it stood at the end.
    pub state: ParticipantState,
    /// When it first rang at a device, Unix ms.
    pub rang_ms: Option<u64>,
    /// When it was connected, Unix ms.
    pub answered_ms: Option<u64>,
    /// When its part was over, Unix ms.
    pub left_ms: Option<u64>,
    /// How long it was connected.
    pub duration: Duration,
}
