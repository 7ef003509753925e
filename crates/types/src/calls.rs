//! Words of calls: what one is made with, how it stands with somebody in it, and how it ended.

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use ts_rs::TS;

use crate::limits;
use crate::words::words;

/// What a call is made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum CallMedia {
    /// Sound alone.
    Audio,
    /// Sound and picture.
    Video,
}

impl CallMedia {
    /// The word used on the wire and in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
        }
    }
}

words! {
    /// How it stands with one of a call.
    ParticipantState {
        /// The caller, whom nobody has answered yet.
        Calling = "calling",
        /// Invited, and a device was reached.
        Ringing = "ringing",
        /// Invited, and no device was reached so far.
        Offline = "offline",
        /// Answered, or the caller who was answered.
        Connected = "connected",
        /// Refused.
        Rejected = "rejected",
        /// Was in another call.
        Busy = "busy",
        /// Was reached and did not answer in time.
        TimedOut = "timedOut",
        /// Was never reached.
        Unreachable = "unreachable",
        /// Hung up, or was the last one.
        Left = "left",
        /// Vanished, or never came to the room.
        Lost = "lost",
        /// Was removed from the room.
        Kicked = "kicked",
        /// The call ended before an answer.
        Cancelled = "cancelled",
    }
}

words! {
    /// What a session is in a call.
    OwnState {
        /// It called, and nobody has answered yet.
        Calling = "calling",
        /// It rings.
        Ringing = "ringing",
        /// It answered, or was answered.
        Connected = "connected",
    }
}

words! {
    /// Why a call is over for a session, and in the record why it is over for everybody.
    CallEndReason {
        /// The other side left, or the last of the others.
        HungUp = "hungUp",
        /// The only invitee, or the last one, refused.
        Rejected = "rejected",
        /// The only invitee, or the last one, is in another call.
        Busy = "busy",
        /// The caller gave up, or all who took part left while this one rang.
        Cancelled = "cancelled",
        /// Nobody answered in time.
        TimedOut = "timedOut",
        /// Nobody was reached in time.
        Unreachable = "unreachable",
        /// Another device of this user answered.
        AnsweredElsewhere = "answeredElsewhere",
        /// Another device of this user refused.
        RefusedElsewhere = "refusedElsewhere",
        /// The session of the other side ended, or somebody never came into the room.
        Lost = "lost",
        /// This participant was removed from the room of the call.
        Kicked = "kicked",
        /// The room of the call was dissolved.
        Dissolved = "dissolved",
        /// The application's back-end ended it.
        Ended = "ended",
        /// The server is shutting down.
        ServerShutdown = "serverShutdown",
    }
}

/// What a caller hands through to those it calls: 1 to [`limits::CALL_DATA_BYTES`] bytes of text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct CallData(Arc<str>);

impl CallData {
    /// Takes the text if it is not too long.
    ///
    /// # Errors
    /// The rule that it breaks, as a sentence.
    pub fn new(text: impl AsRef<str>) -> Result<Self, String> {
        let text = text.as_ref();
        if text.is_empty() || text.len() > limits::CALL_DATA_BYTES {
            return Err(format!(
                "data has {} bytes, allowed is 1 to {}",
                text.len(),
                limits::CALL_DATA_BYTES
            ));
        }
        Ok(Self(Arc::from(text)))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CallData {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::new(text)
    }
}

impl From<CallData> for String {
    fn from(data: CallData) -> Self {
        data.0.as_ref().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_travel_as_they_are_written_in_logs() {
        for state in ParticipantState::ALL {
            assert_eq!(serde_json::to_string(state).unwrap(), format!("{:?}", state.as_str()));
        }
        for reason in CallEndReason::ALL {
            assert_eq!(serde_json::to_string(reason).unwrap(), format!("{:?}", reason.as_str()));
        }
        for own in OwnState::ALL {
            assert_eq!(serde_json::to_string(own).unwrap(), format!("{:?}", own.as_str()));
        }
        assert_eq!(serde_json::to_string(&CallMedia::Video).unwrap(), "\"video\"");
    }

    #[test]
    fn data_that_is_too_long_is_refused_with_the_rule() {
        assert!(CallData::new("x".repeat(limits::CALL_DATA_BYTES)).is_ok());
        let error = CallData::new("x".repeat(limits::CALL_DATA_BYTES + 1)).unwrap_err();
        assert!(error.contains("1025 bytes"), "{error}");
        assert!(CallData::new("").is_err());
    }
}
