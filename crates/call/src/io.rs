//! What goes into the machine and what comes out of it.

use crate::call::PartyState;
use huitong_types::{AppId, Moment, RoomId, SessionId, UserId};
use std::fmt;
use std::time::Duration;

/// Number of a call, never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call-{}", self.0)
    }
}

/// A user of an application.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserKey {
    /// The application.
    pub app: AppId,
    /// The user.
    pub user: UserId,
}

/// What a call is made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// Sound only.
    Audio,
    /// Sound and picture.
    Video,
}

/// A call to be placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Who is called, each once and not the caller.
    pub invitees: Vec<UserId>,
    /// With what.
    pub media: Media,
    /// The group that it is for; such a call is a group call, however few are in it.
    pub group: Option<String>,
    /// How long it rings.
    pub timeout: Duration,
    /// Handed through to the invitees and to the record.
    pub data: Option<String>,
    /// The room in which they meet: the application knows one that is free.
    pub room: RoomId,
    /// Whether that room is there for others as well. Then the room stands for the other side: whoever answers is connected,
    /// and the call goes on as long as somebody rings or takes part. Only a call of the back-end can be so.
    pub open: bool,
}

/// Why a seat in the room of a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeatEnd {
    /// The session left the room by itself: that is hanging up.
    Left,
    /// Its connection was lost for too long.
    TimedOut,
    /// An operator or the back-end removed it.
    Kicked,
    /// The room was dissolved: the call is over for all.
    Dissolved,
}

/// What happens to the machine.
#[derive(Clone, Debug)]
pub enum Input {
    /// A session logged in. If an invitation of its user is alive, it rings here too.
    Online {
        /// The session.
        session: SessionId,
        /// Its user.
        user: UserKey,
    },
    /// The connection of a session was lost; the session is kept.
    Lost {
        /// The session.
        session: SessionId,
    },
    /// The connection is back, and everything that was sent meanwhile is delivered.
    Back {
        /// The session.
        session: SessionId,
    },
    /// The session is over.
    Ended {
        /// The session.
        session: SessionId,
        /// It said goodbye, instead of vanishing.
        deliberate: bool,
    },
    /// A session calls.
    Call {
        /// The session.
        session: SessionId,
        /// The call.
        call: Placed,
    },
    /// The back-end starts a call: everybody in it rings, also the one it is said to come from, unless it is [`Placed::open`]:
    /// then that one only gives its name, and may be in another call.
    Start {
        /// From whom.
        caller: UserKey,
        /// The call.
        call: Placed,
    },
    /// A session answers.
    Accept {
        /// The session.
        session: SessionId,
        /// The call.
        call: CallId,
    },
    /// A session declines.
    Reject {
        /// The session.
        session: SessionId,
        /// The call.
        call: CallId,
        /// Because the user is busy with something that this server does not know.
        busy: bool,
    },
    /// A session hangs up, cancels or declines, as its state is.
    HangUp {
        /// The session.
        session: SessionId,
        /// The call.
        call: CallId,
    },
    /// A session has entered the room of its call.
    Entered {
        /// The session.
        session: SessionId,
    },
    /// A session lost its seat in the room of its call.
    SeatLost {
        /// The session.
        session: SessionId,
        /// Why.
        why: SeatEnd,
    },
    /// The back-end ends a call.
    End {
        /// The call.
        call: CallId,
    },
    /// The server is shutting down: all calls are over, and their records are written.
    Shutdown,
    /// Nothing but time passed.
    Tick,
}

/// Why a call is over for a session. The words are those of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OverReason {
    /// The other one hung up, or all others did.
    HungUp,
    /// The invitee declined.
    Rejected,
    /// The invitee is in another call.
    Busy,
    /// The caller gave up before anybody answered.
    Cancelled,
    /// Nobody answered in time although somebody was reached.
    TimedOut,
    /// Nobody could be reached in time.
    Unreachable,
    /// Another device of this user answered.
    AnsweredElsewhere,
    /// Another device of this user declined.
    RefusedElsewhere,
    /// The other one vanished, or never came to the room.
    Lost,
    /// This session was removed from the room.
    Kicked,
    /// The room was dissolved.
    Dissolved,
    /// The back-end ended it.
    Ended,
    /// The server is shutting down.
    ServerShutdown,
}

/// What the machine wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Tell a session of an invitation.
    Invited {
        /// The session.
        session: SessionId,
        /// The call.
        call: CallId,
    },
    /// Tell a session how it stands with another one.
    Changed {
        /// The session.
        session: SessionId,
        /// The call.
        call: CallId,
        /// Who.
        user: UserId,
        /// How.
        state: PartyState,
    },
    /// Tell a session that the call is over for it; nothing about it follows.
    Over {
        /// The session.
        session: SessionId,
        /// The call.
        call: CallId,
        /// Why.
        reason: OverReason,
        /// Who brought it about, if it was one of the call.
        by: Option<UserId>,
        /// How long this user was connected.
        duration: Duration,
    },
    /// The session's part is over: its seat in the room is to be taken away, with its media.
    TakeSeat {
        /// The session.
        session: SessionId,
        /// The room.
        room: RoomId,
    },
    /// A call began. What it is can be asked until [`Output::Finished`] is polled.
    Started(CallId),
    /// A call is over for everybody.
    Finished(Box<Record>),
}

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The call.
    pub id: CallId,
    /// The application.
    pub app: AppId,
    /// The room.
    pub room: RoomId,
    /// With what.
    pub media: Media,
    /// The group, if any.
    pub group: Option<String>,
    /// What was handed through.
    pub data: Option<String>,
    /// Whether the back-end started it.
    pub backend: bool,
    /// Whether its room was there for others as well; then the first of `parties` only gave its name: it has no session and talked to nobody.
    pub open: bool,
    /// When it began.
    pub started: Moment,
    /// When two were connected for the first time.
    pub connected: Option<Moment>,
    /// When it was over.
    pub ended: Moment,
    /// Why it was over.
    pub reason: OverReason,
    /// Who brought that about, if it was one of the call.
    pub by: Option<UserId>,
    /// The caller, then the invitees in the order in which they were named.
    pub parties: Vec<PartyRecord>,
}

/// What became of one of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyRecord {
    /// Who.
    pub user: UserId,
    /// On which session it was, if on any.
    pub session: Option<SessionId>,
    /// How it ended.
    pub state: PartyState,
    /// When it first rang at a device.
    pub rang: Option<Moment>,
    /// When it answered; for the caller, when it was answered.
    pub answered: Option<Moment>,
    /// When its part was over.
    pub left: Moment,
}

impl PartyRecord {
    /// How long it was connected.
    pub fn duration(&self) -> Duration {
        self.answered.map_or(Duration::ZERO, |answered| self.left.since(answered))
    }
}

/// Why a request was refused. Nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// This user is in a call already.
    InCall,
    /// The call is unknown or over, or was answered or refused on another device.
    Gone,
    /// The session has no part in this call.
    NotYours,
    /// The session is not logged in.
    NoSession,
    /// Nobody is called, or too many, or one twice, or the caller itself: this one.
    Invitee(Option<UserId>),
    /// There are as many calls as there may be.
    Full,
}

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A call has rung long enough.
    RungOut,
    /// A caller has been without connection for too long while it rings.
    CallerLost,
    /// One who is connected has not come to the room in time.
    NotInRoom,
}
