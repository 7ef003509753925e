//! What goes into the machine and what comes out of it.

use crate::attributes::Change;
use crate::kept::{Decision, Kept, Part};
use crate::limits::Settings;
use crate::refusal::Refusal;
use crate::words::{ExitReason, Role};
use huitong_types::{AppId, Moment, Redacted, Role as Place, RoomId, SessionId, StreamKind, UserId};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $word:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($word, "-{}"), self.0)
            }
        }
    };
}

number!(
    /// Number of a conference, never used again.
    ConferenceId,
    "conference"
);
number!(
    /// Number of a stay in a conference: who comes again is another member.
    MemberId,
    "member"
);
number!(
    /// Number of a request that waits for its password to be checked.
    AskId,
    "ask"
);
number!(
    /// Number of a ticket. Numbers begin anew with each start of the server, so what is signed must name the start as well.
    TicketId,
    "ticket"
);

/// A user of an application.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserKey {
    /// The application.
    pub app: AppId,
    /// The user.
    pub user: UserId,
}

/// Who asks for something that not everybody may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A user, on whatever way: what it may do is looked up when it asks.
    User(UserKey),
    /// The back-end of an application, which may do everything in its own conferences.
    BackEnd(AppId),
}

impl Actor {
    /// Its application.
    pub const fn app(&self) -> AppId {
        match self {
            Self::User(key) => key.app,
            Self::BackEnd(app) => *app,
        }
    }
}

/// A member as somebody names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// By its user.
    User(UserId),
    /// By its number.
    Member(MemberId),
}

/// What a password is given for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wish {
    /// A ticket to enter, with this role if any.
    Enter(Option<Role>),
    /// To see what the conference is and who talks in it.
    Look,
}

/// A permission to enter. Outside it is signed; what comes back is what the signature was good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Its number.
    pub id: TicketId,
    /// The one conference.
    pub conference: ConferenceId,
    /// The one user.
    pub user: UserKey,
    /// The role asked for.
    pub role: Option<Role>,
    /// Until when, exclusively.
    pub expires: Moment,
}

/// A password as it is kept: salted and hashed by an algorithm that the machine does not know.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PasswordHash(pub Redacted<Arc<str>>);

/// What checking a password came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It fits.
    Right,
    /// It does not.
    Wrong,
    /// It could not be checked.
    Failed,
}

/// What a member shows of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Profile {
    /// Its nickname.
    pub nick: Option<Arc<str>>,
    /// Whatever else, opaque to the server.
    pub ext: Option<Arc<str>>,
}

/// Why a seat in the room of a conference ended without the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeatEnd {
    /// Its connection was lost for too long.
    TimedOut,
    /// An operator removed it.
    Kicked,
    /// The room has no place for what it is to be. What it could come back with stays.
    NoPlace,
    /// A newer session of the same user ended its own, or took its seat.
    TakenOver,
    /// The room was dissolved: the conference is over for all.
    Dissolved,
}

/// What happens to the machine.
#[derive(Clone, Debug)]
pub enum Input {
    /// A conference is to be there. Its creator gets a ticket without the password.
    Create {
        /// Who asks, and for whom it counts if that is a user.
        by: Actor,
        /// Who is its admin, if anybody: the user who asks, or whom the back-end names.
        creator: Option<UserId>,
        /// The room: the application knows one that is free.
        room: RoomId,
        /// How it is set up.
        settings: Settings,
    },
    /// The conference of a room is wanted, and created if there is none. Nobody is told its password by that.
    Find {
        /// Who asks.
        user: UserKey,
        /// The room.
        room: RoomId,
        /// How it is set up if it is created.
        settings: Settings,
    },
    /// A user wants a ticket, or to look. The answer is [`Output::Answered`].
    Ask {
        /// Who asks.
        user: UserKey,
        /// Of which conference.
        conference: ConferenceId,
        /// With what.
        password: Redacted<String>,
        /// For what.
        wish: Wish,
    },
    /// A conference that an earlier server kept. Nobody is in it.
    Restore {
        /// What was kept of it.
        kept: Box<Kept>,
        /// What was decided about users.
        decided: BTreeMap<UserId, Decision>,
    },
    /// A password was hashed, or could not be.
    Hashed {
        /// Of which conference.
        conference: ConferenceId,
        /// The hash.
        hash: Option<PasswordHash>,
    },
    /// A password was checked.
    Checked {
        /// For which request.
        ask: AskId,
        /// With which result.
        verdict: Verdict,
    },
    /// A session enters with a ticket whose signature is good.
    Enter {
        /// The session.
        session: SessionId,
        /// Its user.
        user: UserKey,
        /// Where to.
        conference: ConferenceId,
        /// With what.
        ticket: Ticket,
        /// What it shows of itself.
        profile: Profile,
    },
    /// A session comes, or is already, in the room by the room's own door. Where there is a password that is refused,
    /// except to the creator and with `authority`.
    Admit {
        /// The session.
        session: SessionId,
        /// Its user.
        user: UserKey,
        /// Where to.
        conference: ConferenceId,
        /// The role asked for.
        role: Option<Role>,
        /// The back-end has sent it.
        authority: bool,
    },
    /// A session leaves.
    Leave {
        /// The session.
        session: SessionId,
        /// What it says why. The others are told.
        reason: ExitReason,
    },
    /// A session is over, its seat in the room too.
    Gone {
        /// The session.
        session: SessionId,
        /// It said goodbye, instead of vanishing.
        deliberate: bool,
    },
    /// A session lost its seat in the room.
    SeatLost {
        /// The session.
        session: SessionId,
        /// Why.
        why: SeatEnd,
    },
    /// A member wants to send a stream, or sends other tracks of it than before.
    Publish {
        /// The session.
        session: SessionId,
        /// Which stream.
        kind: StreamKind,
        /// Whether it has a picture.
        video: bool,
    },
    /// A stream is over.
    Unpublish {
        /// The session.
        session: SessionId,
        /// Which stream.
        kind: StreamKind,
    },
    /// Roles are to change.
    Grant {
        /// Who asks.
        by: Actor,
        /// Where.
        conference: ConferenceId,
        /// Whose.
        whom: Vec<Whom>,
        /// The role.
        role: Role,
    },
    /// Members are to be removed.
    Kick {
        /// Who asks.
        by: Actor,
        /// Where.
        conference: ConferenceId,
        /// Whom.
        whom: Vec<Whom>,
    },
    /// Members are to be silenced or heard again.
    Mute {
        /// Who asks.
        by: Actor,
        /// Where.
        conference: ConferenceId,
        /// Whom.
        whom: Vec<Whom>,
        /// Whether their sound is left out; `None`: as it is of each.
        audio: Option<bool>,
        /// Whether their picture is left out; `None`: as it is of each.
        video: Option<bool>,
    },
    /// A member of the audience asks to be made a talker, or does not any more.
    Hand {
        /// The session.
        session: SessionId,
        /// Whether it asks.
        up: bool,
    },
    /// An admin answers a raised hand with no.
    Decline {
        /// Who asks.
        by: Actor,
        /// Where.
        conference: ConferenceId,
        /// Whose hand.
        whom: Whom,
    },
    /// Attributes are to change, all or none.
    Attributes {
        /// Who asks.
        by: Actor,
        /// Where.
        conference: ConferenceId,
        /// In this order.
        changes: Vec<Change>,
    },
    /// A conference is to end.
    Destroy {
        /// Who asks.
        by: Actor,
        /// Which.
        conference: ConferenceId,
    },
    /// The server is shutting down. What is kept goes on with the next one, and nobody is told anything. Conferences without the
    /// hash of their password cannot be kept and are over, and no password is checked any more. Nothing ends from here on because
    /// it is empty or its admin is gone, and nobody becomes admin by that: who goes now goes with the server.
    Shutdown,
    /// Nothing but time passed.
    Tick,
}

/// What became of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It was done, and there is nothing to say about it.
    Done,
    /// The conference, and whether it was created by this.
    Found(ConferenceId, bool),
    /// The answer will come under this number.
    Asked(AskId),
    /// The session is in a conference as this member.
    Entered(MemberId),
    /// Those to whom it was done. Who was named and is not there is not among them.
    Members(Vec<UserId>),
}

/// What a password opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A ticket.
    Ticket(Ticket),
    /// The conference may be looked at.
    Look(ConferenceId),
}

/// A member as the others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberView {
    /// Its number.
    pub id: MemberId,
    /// Who.
    pub user: UserId,
    /// What it may do.
    pub role: Role,
    /// What it shows of itself.
    pub profile: Profile,
}

/// What sessions are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody is there.
    Joined(MemberView),
    /// Somebody whom one knows shows something else of itself.
    Shows(MemberView),
    /// Somebody whom one knew is not there any more. Who became audience of a live conference still is, and is only counted
    /// from then on: that has no reason.
    Exited {
        /// Its number.
        member: MemberId,
        /// Who.
        user: UserId,
        /// Why.
        reason: Option<ExitReason>,
    },
    /// Somebody has another role. The one concerned is told, and those who know it.
    Role {
        /// Its number.
        member: MemberId,
        /// Who.
        user: UserId,
        /// The role.
        role: Role,
    },
    /// One's own sound or picture is left out, or not any more.
    Muted {
        /// Its sound.
        audio: bool,
        /// Its picture.
        video: bool,
    },
    /// To admins: somebody asks to be made a talker, or does not any more.
    Hand {
        /// Who.
        member: MemberView,
        /// Whether it asks.
        up: bool,
    },
    /// To the one who asked: no.
    Declined,
    /// Attributes changed.
    Attributes {
        /// How, in this order.
        changes: Vec<Change>,
        /// Who changed them, unless it was the back-end.
        by: Option<UserId>,
    },
}

/// What the machine wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A conference began.
    Created(ConferenceId),
    /// A conference of an earlier server goes on.
    Restored(ConferenceId),
    /// Something that is kept of a conference has changed. A conference that is over is kept no longer.
    Changed {
        /// Which.
        conference: ConferenceId,
        /// What of it.
        part: Part,
    },
    /// A conference is over; all its members are out.
    Ended {
        /// Which.
        conference: ConferenceId,
        /// Its room, which is to be dissolved.
        room: RoomId,
        /// Its application.
        app: AppId,
    },
    /// A password is to be hashed with a fresh salt; the answer is [`Input::Hashed`].
    Hash {
        /// For which conference.
        conference: ConferenceId,
        /// What.
        password: Redacted<String>,
    },
    /// A password is to be checked; the answer is [`Input::Checked`].
    Check {
        /// For which request.
        ask: AskId,
        /// What was given.
        password: Redacted<String>,
        /// What it must fit.
        hash: PasswordHash,
    },
    /// The one answer to a request that was taken.
    Answered {
        /// Which.
        ask: AskId,
        /// What.
        answer: Result<Answer, Refusal>,
    },
    /// A session is to be let into a room.
    LetIn {
        /// The session.
        session: SessionId,
        /// The room.
        room: RoomId,
        /// As what.
        place: Place,
    },
    /// A session has another place in its room. Among the audience its streams end at once.
    Place {
        /// The session.
        session: SessionId,
        /// The room.
        room: RoomId,
        /// As what.
        place: Place,
    },
    /// What a session sends of its main stream is to be left out, or not any more.
    Silence {
        /// The session.
        session: SessionId,
        /// The room.
        room: RoomId,
        /// Its sound.
        audio: bool,
        /// Its picture.
        video: bool,
    },
    /// A session is to be put out of a room, with its media.
    PutOut {
        /// The session.
        session: SessionId,
        /// The room.
        room: RoomId,
    },
    /// Tell a session that it is out; nothing about that conference follows.
    Exited {
        /// The session.
        session: SessionId,
        /// Which conference.
        conference: ConferenceId,
        /// Why.
        reason: ExitReason,
    },
    /// Tell these sessions what happened.
    Tell {
        /// To whom.
        to: Vec<SessionId>,
        /// Where.
        conference: ConferenceId,
        /// What.
        event: Event,
    },
}

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A conference was empty long enough.
    Empty,
    /// A password was not checked in time.
    NotChecked,
    /// A ticket expires.
    TicketExpired,
    /// A user's wrong passwords are forgotten.
    UserForgiven,
    /// The wrong passwords given for a conference are forgotten.
    ConferenceForgiven,
}
