//! Why a request is refused.

use std::fmt;
use std::time::Duration;

/// Why a request was refused. Nothing has changed then. The text says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A field is outside its rule: which, and the rule.
    Field(&'static str, &'static str),
    /// The conference is unknown or over.
    NoConference,
    /// A conference has this room already.
    RoomTaken,
    /// The password is wrong.
    WrongPassword,
    /// Too many wrong passwords: try again after this time.
    Wait(Duration),
    /// The server checks as many passwords, or has as many conferences or tickets, as it may.
    ServerFull,
    /// This application has as many conferences as one may have.
    AppFull,
    /// This user has as many conferences as one may have.
    TooManyConferences,
    /// The ticket is not one of this server, or for another user or another conference.
    TicketInvalid,
    /// The time of the ticket is over.
    TicketExpired,
    /// The ticket was used, or its user was removed since, or has newer ones.
    TicketVoid,
    /// There are as many talkers as there may be.
    TalkersFull,
    /// There is as much audience as there may be.
    AudienceFull,
    /// There are as many cameras on as there may be.
    VideosFull,
    /// There are as many shared screens as there may be.
    ScreensFull,
    /// The session is in another conference.
    InAnother,
    /// The session is in no conference.
    NotInside,
    /// Only an admin may do this.
    NotAdmin,
    /// Only who is made admin may be one here.
    AdminNotGranted,
    /// Audience may not publish.
    MayNotPublish,
    /// Audience of a live conference may not change attributes.
    MayNotChangeAttributes,
    /// None of those who were named is there.
    NobodyThere,
    /// The conference would have no admin left.
    LastAdmin,
    /// Who removes itself is to leave.
    Yourself,
    /// Admins have decided about as many users as can be remembered.
    DecidedFull,
    /// As many hands are raised as may be.
    HandsFull,
    /// Nobody raises a hand in this conference.
    NoHands,
    /// The conference would have more attributes than there may be.
    AttributesFull,
    /// The password could not be checked in time, or at all.
    NotChecked,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Field(field, rule) => return write!(f, "{field} {rule}."),
            Self::Wait(time) => {
                // Rounded up: who waits as long as it is told is not to be told to wait again.
                let seconds = time.as_millis().div_ceil(1000);
                return write!(f, "Too many wrong passwords; try again in {seconds} s.");
            }
            Self::NoConference => "There is no such conference, or it is over.",
            Self::RoomTaken => "A conference with this room exists; choose another name.",
            Self::WrongPassword => "The password is wrong.",
            Self::ServerFull => "The server has reached a configured limit; try again later.",
            Self::AppFull => "This application has as many conferences as one may have; end some, or try again later.",
            Self::TooManyConferences => "This user has as many conferences as one may have; end one first.",
            Self::TicketInvalid => {
                "The ticket is not for this user and this conference; ask for one with the password."
            }
            Self::TicketExpired => "The ticket has expired; ask for a new one.",
            Self::TicketVoid => "The ticket was used or withdrawn; ask for a new one.",
            Self::TalkersFull => {
                "The conference has as many talkers as it may have; enter as audience or try again later."
            }
            Self::AudienceFull => "The conference has as much audience as it may have; try again later.",
            Self::VideosFull => {
                "As many cameras are on as the conference may have; publish sound only or try again later."
            }
            Self::ScreensFull => "As many screens are shared as the conference may have; try again later.",
            Self::InAnother => "The session is in another conference; leave that first.",
            Self::NotInside => "The session is in no conference; enter one first.",
            Self::NotAdmin => "Only an admin of the conference may do this.",
            Self::AdminNotGranted => "An admin of this conference has to grant that role; ask for another one.",
            Self::MayNotPublish => "Audience may not publish; ask an admin to be made a talker.",
            Self::MayNotChangeAttributes => {
                "Audience of a live conference may not change its attributes; ask an admin to be made a talker."
            }
            Self::NobodyThere => "None of those who are named is in the conference.",
            Self::LastAdmin => "The conference would have no admin left; make somebody else admin first.",
            Self::Yourself => "Nobody removes itself; leave instead.",
            Self::DecidedFull => {
                "Admins decided about as many users as the conference remembers; only about these can they decide again."
            }
            Self::NoHands => "In this conference nobody asks to talk; its admins make talkers.",
            Self::HandsFull => "As many hands are raised as may be; try again later.",
            Self::AttributesFull => {
                "The conference would have more attributes than it may have; delete some first."
            }
            Self::NotChecked => "The password could not be checked; try again later.",
        })
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_as_long_as_it_is_told_has_waited_long_enough() {
        let text = Refusal::Wait(Duration::from_millis(1001)).to_string();
        assert_eq!(text, "Too many wrong passwords; try again in 2 s.");
        let text = Refusal::Field("ext", "has more than 1024 bytes").to_string();
        assert_eq!(text, "ext has more than 1024 bytes.");
    }
}
