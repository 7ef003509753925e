//! What goes into the room machine and what comes out of it.

use crate::TrackFlags;
use huitong_types::{
    AppId, Fault, LeaveReason, Privileges, Role, RoomId, Scene, SessionId, StreamId, StreamKind, UserId,
};
use std::fmt;

/// A room is named within its application.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomKey {
    /// The application.
    pub app: AppId,
    /// The room.
    pub room: RoomId,
}

impl fmt::Display for RoomKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.app, self.room)
    }
}

/// A wish to enter a room.
#[derive(Clone, Debug)]
pub struct Join {
    /// Who asks.
    pub session: SessionId,
    /// The room.
    pub key: RoomKey,
    /// The user of the session.
    pub user: UserId,
    /// What the room is for.
    pub scene: Scene,
    /// The role wished for; only live rooms have audience.
    pub role: Role,
    /// What the credential allows.
    pub privileges: Privileges,
    /// Streams declared in the same step.
    pub declare: Vec<(StreamKind, TrackFlags)>,
}

/// What happens to the rooms.
#[derive(Clone, Debug)]
pub enum Input {
    /// Enter a room, or confirm the stay in it.
    Join(Join),
    /// A session leaves its room.
    Leave {
        /// Who.
        session: SessionId,
        /// Why.
        reason: LeaveReason,
    },
    /// Change between publisher and audience of a live room.
    SetRole {
        /// Who.
        session: SessionId,
        /// The new role.
        role: Role,
        /// New privileges, if a new credential was shown.
        privileges: Option<Privileges>,
    },
    /// A member's sound, or the picture of its main stream, is left out from here on, whatever it sends, or not any more. It
    /// holds until the member leaves.
    Silence {
        /// Who.
        session: SessionId,
        /// What is left out.
        tracks: TrackFlags,
    },
    /// A member says whether microphone and camera of a stream are on.
    Declare {
        /// Who.
        session: SessionId,
        /// Which stream.
        kind: StreamKind,
        /// What is on.
        tracks: TrackFlags,
    },
    /// A member withdraws a stream.
    Withdraw {
        /// Who.
        session: SessionId,
        /// Which stream.
        kind: StreamKind,
    },
    /// A member says which tracks of another member's stream it wants.
    Subscribe {
        /// Who.
        session: SessionId,
        /// Whose stream.
        user: UserId,
        /// Which stream.
        kind: StreamKind,
        /// What it wants.
        tracks: TrackFlags,
    },
    /// A media connection wants to publish a stream of this member; it takes over from an earlier one.
    MediaStarted {
        /// Who.
        session: SessionId,
        /// Which stream.
        kind: StreamKind,
    },
    /// Tracks that the present media connection carries. One that is not among them has not come yet, or comes no more.
    MediaTracks {
        /// Who.
        session: SessionId,
        /// Which stream.
        kind: StreamKind,
        /// Tracks seen.
        tracks: TrackFlags,
    },
    /// The present media connection of a stream is gone.
    MediaStopped {
        /// Who.
        session: SessionId,
        /// Which stream.
        kind: StreamKind,
        /// It said goodbye. Otherwise the stream stays announced for a grace.
        deliberate: bool,
    },
    /// The signalling connection of a session is lost.
    ConnectionLost {
        /// Who.
        session: SessionId,
    },
    /// The signalling connection of a session is back.
    ConnectionBack {
        /// Who.
        session: SessionId,
    },
    /// Somebody with authority removes a user.
    Kick {
        /// The room.
        key: RoomKey,
        /// The user.
        user: UserId,
    },
    /// Somebody with authority ends a room.
    Dissolve {
        /// The room.
        key: RoomKey,
    },
    /// Nothing but time passed.
    Tick,
}

/// What members are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody who is announced entered.
    MemberJoined(MemberView),
    /// Somebody who was announced left.
    MemberLeft {
        /// Who.
        user: UserId,
        /// Why.
        reason: LeaveReason,
    },
    /// A member lost its connection, or is back.
    MemberAway {
        /// Who.
        user: UserId,
        /// True when lost.
        away: bool,
    },
    /// A stream began, changed, or (no track left) ended.
    StreamChanged {
        /// Whose.
        user: UserId,
        /// The stream as it is now.
        stream: StreamView,
    },
    /// The number of audience members of a live room.
    Audience {
        /// How many.
        count: u32,
    },
}

/// What the room machine wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A room came into being.
    RoomCreated {
        /// The room.
        key: RoomKey,
        /// What it is for.
        scene: Scene,
    },
    /// A room is over; everybody has left it.
    RoomEnded {
        /// The room.
        key: RoomKey,
    },
    /// A session is in a room now.
    Joined {
        /// Who.
        session: SessionId,
        /// The room.
        key: RoomKey,
        /// The user.
        user: UserId,
        /// The role it got.
        role: Role,
    },
    /// A session is no longer in its room: its media is to be cut and its keys are void.
    Left {
        /// Who.
        session: SessionId,
        /// The room.
        key: RoomKey,
        /// The user.
        user: UserId,
        /// Why.
        reason: LeaveReason,
    },
    /// Tell these sessions what happened. The recipients are those of the moment when it happened.
    Tell {
        /// To whom.
        to: Vec<SessionId>,
        /// What.
        event: Event,
    },
    /// The media connection that publishes this stream must be closed and its key is void.
    MediaCut {
        /// Whose.
        session: SessionId,
        /// Which stream.
        kind: StreamKind,
        /// What its peer is told.
        fault: Fault,
    },
    /// Nobody publishes the stream any more (said goodbye, or did not come back in time).
    MediaOver {
        /// Whose.
        session: SessionId,
        /// Which stream.
        kind: StreamKind,
        /// It said goodbye.
        deliberate: bool,
    },
    /// The stream is over for now: its publication and its players end. If its member publishes again, the
    /// id is the same.
    StreamEnded {
        /// The stream.
        stream: StreamId,
    },
    /// What a stream carries, as the others are told, changed. Nothing is said of the streams of a member that leaves.
    Announced {
        /// Whose.
        session: SessionId,
        /// The stream.
        stream: StreamId,
        /// What it carries now.
        tracks: TrackFlags,
    },
    /// What the publisher of this stream may send changed.
    PublishAllowed {
        /// Whose.
        session: SessionId,
        /// Which stream.
        kind: StreamKind,
        /// What may be sent.
        allowed: TrackFlags,
    },
    /// What a session receives of a stream changed.
    PlayTracks {
        /// The receiving session.
        session: SessionId,
        /// The stream.
        stream: StreamId,
        /// What to send to it.
        tracks: TrackFlags,
    },
}

/// Why the machine wants to be called at a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    /// A member without connection is to be shown as away.
    AwayDue,
    /// The seat of a member without connection runs out.
    SeatExpired,
    /// A publisher that vanished did not come back, or one that came back has shown which tracks it has.
    PublishGraceOver,
    /// A live room had only audience for too long.
    AudienceOnlyExpired,
    /// The audience count is to be told.
    AudienceCountDue,
}

/// A room as one member sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomView {
    /// The room.
    pub key: RoomKey,
    /// What it is for.
    pub scene: Scene,
    /// One's own role.
    pub role: Role,
    /// The others that are announced, in the order they came.
    pub members: Vec<MemberView>,
    /// Number of audience members.
    pub audience: u32,
}

/// A member as the others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberView {
    /// Who.
    pub user: UserId,
    /// Connection lost for a while.
    pub away: bool,
    /// Its streams that carry something.
    pub streams: Vec<StreamView>,
}

/// A stream as the others see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamView {
    /// Which of the member's streams.
    pub kind: StreamKind,
    /// Its id.
    pub id: StreamId,
    /// What it carries.
    pub tracks: TrackFlags,
}

/// A stream as media connections need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// Its id.
    pub id: StreamId,
    /// The member that publishes it.
    pub owner: SessionId,
    /// Which of its streams.
    pub kind: StreamKind,
    /// The member's user.
    pub user: UserId,
    /// The room.
    pub key: RoomKey,
    /// The scene of the room.
    pub scene: Scene,
    /// What may be sent.
    pub allowed: TrackFlags,
    /// A media connection publishes it, or did a moment ago and may come back.
    pub active: bool,
}
