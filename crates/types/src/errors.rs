//! The error table: one row per error, from the machine that finds it to every vendor's code.
//!
//! A row is stable: its code is what clients, logs and dashboards key on. The sentence may be bettered.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use ts_rs::TS;

/// Whose fault an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Blame {
    /// The caller sent something wrong or may not do what it asked.
    Client,
    /// The server could not do what it should.
    Server,
    /// The way between them.
    Network,
    /// The platform under the client, for example a denied permission.
    Platform,
}

/// Whether the same request can succeed later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Retry {
    /// Repeating it is pointless until the caller changes something.
    Never,
    /// Repeat after a pause, with back-off.
    Later,
    /// Repeat after logging in again with a fresh credential.
    AfterLogin,
}

/// What the four vendor APIs show for an error. `None`: that API has no such situation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct VendorCodes {
    /// Code in the ERROR event of `trtc-wx` and `TRTCCalling`.
    pub trtc: i32,
    /// The vendor's detailed client code (`data.detail`).
    #[serde(rename = "trtcDetail")]
    #[ts(rename = "trtcDetail")]
    pub trtc_detail: i32,
    /// `failed` code of `emedia`.
    pub emedia: i32,
    /// Error word of `gme-room`.
    pub gme: &'static str,
}

macro_rules! error_table {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $blame:ident, $retry:ident,
       trtc $trtc:literal / $detail:literal, emedia $emedia:literal, gme $gme:literal, $sentence:literal;)*) => {
        /// A stable error code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
        pub enum ErrorCode {
            $( $(#[$doc])* #[serde(rename = $code)] #[ts(rename = $code)] $name, )*
        }

        impl ErrorCode {
            /// Every row of the table, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The code on the wire and in logs.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// Whose fault it is.
            pub const fn blame(self) -> Blame {
                match self { $(Self::$name => Blame::$blame),* }
            }

            /// Whether to retry.
            pub const fn retry(self) -> Retry {
                match self { $(Self::$name => Retry::$retry),* }
            }

            /// The sentence shown when the place of the error has nothing more exact to say.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence),* }
            }

            /// What the vendor APIs show for it.
            pub const fn vendor(self) -> VendorCodes {
                match self {
                    $(Self::$name => VendorCodes {
                        trtc: $trtc, trtc_detail: $detail, emedia: $emedia, gme: $gme,
                    }),*
                }
            }
        }
    };
}

error_table! {
    /// The frame is not JSON or not of the documented form.
    BadMessage = "bad-message", Client, Never,
        trtc -3301 / -3318, emedia -405, gme "ERROR_INVALID_PARAMETER", "The message is not of the documented form.";
    /// The operation does not exist in this version.
    UnknownOperation = "unknown-operation", Client, Never,
        trtc -3301 / -3301, emedia -405, gme "ERROR_INVALID_PARAMETER", "This server does not know the operation.";
    /// The protocol version is not spoken here.
    UnsupportedVersion = "unsupported-version", Client, Never,
        trtc -3301 / -3301, emedia -405, gme "ERROR_INVALID_PARAMETER", "The protocol version is not supported.";
    /// The frame is longer than the cap.
    FrameTooLong = "frame-too-long", Client, Never,
        trtc -3301 / -3301, emedia -405, gme "ERROR_INVALID_PARAMETER", "The frame is longer than 64 KiB.";
    /// A request out of order: a repeated request id, or a resume position that was never sent.
    WrongSequence = "wrong-sequence", Client, Never,
        trtc -3301 / -3301, emedia -405, gme "ERROR_INVALID_PARAMETER", "The sequence number does not follow.";
    /// A request before the login succeeded.
    NotLoggedIn = "not-logged-in", Client, AfterLogin,
        trtc -3301 / -3301, emedia -500, gme "ERROR_INVALID_PARAMETER", "Log in first.";
    /// A second login on the same connection.
    AlreadyLoggedIn = "already-logged-in", Client, Never,
        trtc -3301 / -3301, emedia -405, gme "ERROR_INVALID_PARAMETER", "This connection is logged in already.";
    /// No login arrived in time on a fresh connection.
    LoginTimeout = "login-timeout", Client, Later,
        trtc -3301 / -3308, emedia -408, gme "ERROR_NETWORK_ERROR", "No login arrived in time.";
    /// More requests per second than the connection may send.
    RateLimited = "rate-limited", Client, Later,
        trtc -3301 / -3301, emedia -510, gme "ERROR_UNKNOWN", "Too many requests at once, on this connection or of this user.";
    /// A field has a value outside its rule.
    InvalidField = "invalid-field", Client, Never,
        trtc -3301 / -3318, emedia -405, gme "ERROR_INVALID_PARAMETER", "A field has a value outside its rule.";

    /// The application is not configured on this server.
    UnknownApp = "unknown-app", Client, Never,
        trtc -100018 / -3317, emedia -500, gme "ERROR_INVALID_PARAMETER", "This server does not serve the application.";
    /// The signature cannot be decoded.
    BadCredential = "bad-credential", Client, Never,
        trtc -100018 / -3320, emedia -500, gme "ERROR_INVALID_PARAMETER", "The credential cannot be decoded.";
    /// The signature was made with another secret.
    CredentialMismatch = "credential-mismatch", Client, Never,
        trtc -100018 / -3320, emedia -500, gme "ERROR_INVALID_PARAMETER", "The credential was not made with this application's secret.";
    /// The signature is for another user or another application.
    CredentialForOther = "credential-for-other", Client, Never,
        trtc -100018 / -3319, emedia -500, gme "ERROR_INVALID_PARAMETER", "The credential belongs to another user or application.";
    /// The signature has expired.
    CredentialExpired = "credential-expired", Client, AfterLogin,
        trtc -100018 / -3320, emedia -502, gme "ERROR_INVALID_PARAMETER", "The credential has expired.";
    /// The application demands a PrivateMapKey and none, or a wrong one, was given.
    RoomKeyRequired = "room-key-required", Client, Never,
        trtc -3301 / -100006, emedia -500, gme "ERROR_INVALID_PARAMETER", "Entering this room needs a valid privateMapKey.";
    /// The PrivateMapKey does not allow to create the room.
    MayNotCreate = "may-not-create", Client, Never,
        trtc -3301 / -102010, emedia -500, gme "ERROR_INVALID_PARAMETER", "The privateMapKey does not allow to create the room.";
    /// The PrivateMapKey does not allow to enter the room.
    MayNotEnter = "may-not-enter", Client, Never,
        trtc -3301 / -102011, emedia -500, gme "ERROR_INVALID_PARAMETER", "The privateMapKey does not allow to enter the room.";
    /// The member may not publish: privileges or role.
    MayNotPublish = "may-not-publish", Client, Never,
        trtc -3301 / -102013, emedia -520, gme "ERROR_INVALID_PARAMETER", "This member may not publish.";
    /// The member may not publish an aux stream.
    MayNotPublishAux = "may-not-publish-aux", Client, Never,
        trtc -3301 / -102015, emedia -520, gme "ERROR_INVALID_PARAMETER", "This member may not publish an aux stream.";

    /// The room has as many members as it may have.
    RoomFull = "room-full", Client, Later,
        trtc -3301 / -102052, emedia -510, gme "ERROR_UNKNOWN", "The room is full.";
    /// The room has as many publishers as it may have.
    PublishersFull = "publishers-full", Client, Later,
        trtc -3301 / -102052, emedia -523, gme "ERROR_UNKNOWN", "The room has as many publishers as it may have.";
    /// The server has as many rooms or sessions as it may have.
    ServerFull = "server-full", Server, Later,
        trtc -3301 / -3301, emedia -510, gme "ERROR_UNKNOWN", "The server has reached a configured limit.";
    /// The session is in a room already and asks for another one.
    AlreadyInRoom = "already-in-room", Client, Never,
        trtc -3301 / -3301, emedia -507, gme "ERROR_INVALID_PARAMETER", "Leave the present room first.";
    /// The session is in no room.
    NotInRoom = "not-in-room", Client, Never,
        trtc -3301 / -3301, emedia -507, gme "ERROR_INVALID_PARAMETER", "Join a room first.";
    /// The room exists with another scene.
    SceneMismatch = "scene-mismatch", Client, Never,
        trtc -3301 / -3301, emedia -508, gme "ERROR_INVALID_PARAMETER", "The room exists with another scene.";
    /// No such room, member or stream.
    NotFound = "not-found", Client, Never,
        trtc -3301 / -3301, emedia -508, gme "ERROR_INVALID_PARAMETER", "There is no such room, member or stream.";
    /// The stream key is already registered by somebody else.
    KeyInUse = "key-in-use", Client, Never,
        trtc -3301 / -3301, emedia -405, gme "ERROR_INVALID_PARAMETER", "The stream key is in use.";
    /// The stream key is unknown or withdrawn.
    UnknownKey = "unknown-key", Client, Never,
        trtc -3301 / -3301, emedia -504, gme "ERROR_INVALID_PARAMETER", "The stream key is unknown, expired or withdrawn.";

    /// This user is in a call.
    CallBusy = "call-busy", Client, Never,
        trtc 6017 / 6017, emedia -507, gme "ERROR_INVALID_PARAMETER", "This user is in a call.";
    /// The call is unknown or over, or another device answered or refused it.
    CallGone = "call-gone", Client, Never,
        trtc 8010 / 8010, emedia -508, gme "ERROR_INVALID_PARAMETER", "There is no such call, or it is over.";
    /// The session has no part in the call that would allow this.
    NotYourCall = "not-your-call", Client, Never,
        trtc 8011 / 8011, emedia -520, gme "ERROR_INVALID_PARAMETER", "Another session of this user takes part in the call.";
    /// A user does not belong to the group that is called.
    NotInGroup = "not-in-group", Client, Never,
        trtc 8011 / 8011, emedia -520, gme "ERROR_INVALID_PARAMETER", "Only members of the group can call and be called in it.";

    /// The conference is unknown to this application.
    NoConference = "no-conference", Client, Never,
        trtc -3301 / -3318, emedia -508, gme "ERROR_INVALID_PARAMETER", "There is no such conference.";
    /// The conference was there and is over.
    ConferenceOver = "conference-over", Client, Never,
        trtc -3301 / -3318, emedia -506, gme "ERROR_INVALID_PARAMETER", "The conference is over.";
    /// Another conference, or members of a plain room, have this room.
    RoomTaken = "room-taken", Client, Never,
        trtc -3301 / -3318, emedia -405, gme "ERROR_INVALID_PARAMETER", "The room is in use; choose another name.";
    /// The password is wrong, or missing.
    WrongPassword = "wrong-password", Client, Never,
        trtc -3301 / -102011, emedia -500, gme "ERROR_INVALID_PARAMETER", "The password of the conference is wrong.";
    /// Too many wrong passwords were given.
    TooManyGuesses = "too-many-guesses", Client, Later,
        trtc -3301 / -102011, emedia -510, gme "ERROR_UNKNOWN", "Too many wrong passwords; try again later.";
    /// The password could not be checked in time, or at all.
    NotChecked = "not-checked", Server, Later,
        trtc -3301 / -3301, emedia -408, gme "ERROR_UNKNOWN", "The password could not be checked.";
    /// The ticket is not one of this server, or for another user or conference.
    TicketInvalid = "ticket-invalid", Client, Never,
        trtc -3301 / -102011, emedia -500, gme "ERROR_INVALID_PARAMETER", "The ticket is not for this user and this conference.";
    /// The time of the ticket is over.
    TicketExpired = "ticket-expired", Client, Never,
        trtc -3301 / -102011, emedia -502, gme "ERROR_INVALID_PARAMETER", "The ticket has expired; ask for a new one.";
    /// The ticket was used, or withdrawn.
    TicketVoid = "ticket-void", Client, Never,
        trtc -3301 / -102011, emedia -504, gme "ERROR_INVALID_PARAMETER", "The ticket was used or withdrawn; ask for a new one.";
    /// The conference has as many talkers as it may have.
    TalkersFull = "talkers-full", Client, Later,
        trtc -3301 / -102052, emedia -523, gme "ERROR_UNKNOWN", "The conference has as many talkers as it may have.";
    /// The conference has as many cameras or shared screens, hands, attributes or decisions as it may have, or its user as many
    /// conferences.
    ConferenceLimit = "conference-limit", Client, Later,
        trtc -3301 / -102052, emedia -510, gme "ERROR_UNKNOWN", "A limit of the conference is reached.";
    /// Only an admin of the conference may do this.
    NotAdmin = "not-admin", Client, Never,
        trtc -3301 / -100006, emedia -520, gme "ERROR_INVALID_PARAMETER", "Only an admin of the conference may do this.";
    /// The conference would have no admin left.
    LastAdmin = "last-admin", Client, Never,
        trtc -3301 / -100006, emedia -520, gme "ERROR_INVALID_PARAMETER", "The conference would have no admin left.";
    /// None of those who are named is in the conference.
    NobodyThere = "nobody-there", Client, Never,
        trtc -3301 / -3319, emedia -507, gme "ERROR_INVALID_PARAMETER", "None of those who are named is in the conference.";
    /// The session is in no conference.
    NotInConference = "not-in-conference", Client, Never,
        trtc -3301 / -3301, emedia -507, gme "ERROR_INVALID_PARAMETER", "Enter a conference first.";

    /// The session cannot be resumed; log in afresh.
    SessionGone = "session-gone", Client, AfterLogin,
        trtc -1307 / -1307, emedia -501, gme "ERROR_NETWORK_ERROR", "The session is over; log in again.";
    /// The same user logged in elsewhere while this session had no connection: do not log in again unasked, that
    /// would push the other device out.
    TakenOver = "taken-over", Client, Never,
        trtc -3301 / -3301, emedia -506, gme "ERROR_UNKNOWN", "The same user logged in again elsewhere.";
    /// The request took longer than it may.
    Timeout = "timeout", Network, Later,
        trtc -3301 / -3308, emedia -408, gme "ERROR_NETWORK_ERROR", "The request took too long.";
    /// The client reads slower than the room speaks.
    TooSlow = "too-slow", Network, Later,
        trtc -1307 / -1307, emedia -408, gme "ERROR_NETWORK_ERROR", "The client reads slower than events arrive.";
    /// The server is draining before a shutdown.
    ShuttingDown = "shutting-down", Server, Later,
        trtc -3301 / -3301, emedia -506, gme "ERROR_NETWORK_ERROR", "The server is shutting down.";
    /// The application is suspended by the operator.
    AppSuspended = "app-suspended", Client, Never,
        trtc -3301 / -100013, emedia -510, gme "ERROR_CHARGE_OVERDU", "The application is suspended.";
    /// The application has used what it may use: nobody enters until the operator allows more, or another day or month.
    AppOverdue = "app-overdue", Client, Later,
        trtc -3301 / -100013, emedia -510, gme "ERROR_CHARGE_OVERDU", "The application has used up its quota.";
    /// Something that must not happen happened; the log has the details under the connection id.
    Internal = "internal", Server, Later,
        trtc -3301 / -3301, emedia -506, gme "ERROR_UNKNOWN", "The server failed to do this.";
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One error as it is reported: the code with a sentence for this case and, where one is to blame, the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The row of the table.
    pub code: ErrorCode,
    /// What went wrong in this case, in one sentence that says what to change.
    pub message: Cow<'static, str>,
    /// The field of the request that broke a rule.
    pub field: Option<&'static str>,
}

impl Fault {
    /// The fault with the sentence of the table.
    pub const fn new(code: ErrorCode) -> Self {
        Self { code, message: Cow::Borrowed(code.sentence()), field: None }
    }

    /// The fault with its own sentence.
    pub fn because(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), field: None }
    }

    /// Names the field that broke the rule.
    #[must_use]
    pub const fn in_field(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Fault {}

impl From<ErrorCode> for Fault {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn codes_are_unique_and_travel_as_their_text() {
        let mut seen = HashSet::new();
        for code in ErrorCode::ALL {
            assert!(seen.insert(code.as_str()), "{code} twice");
            assert_eq!(serde_json::to_string(code).unwrap(), format!("{:?}", code.as_str()));
            assert!(code.sentence().ends_with('.'), "{code}");
        }
    }

    /// Changing a row is a change that clients see: it must show in a review as a changed snapshot.
    #[test]
    fn the_table_is_as_published() {
        let rows: Vec<String> = ErrorCode::ALL
            .iter()
            .map(|c| {
                let v = c.vendor();
                format!(
                    "{:<22} {:<8} {:<10} trtc {}/{} emedia {} gme {}",
                    c.as_str(),
                    format!("{:?}", c.blame()),
                    format!("{:?}", c.retry()),
                    v.trtc,
                    v.trtc_detail,
                    v.emedia,
                    v.gme
                )
            })
            .collect();
        insta::assert_snapshot!(rows.join("\n"));
    }
}
