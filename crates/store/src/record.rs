//! The words of the store.

use huitong_types::{AppId, Redacted};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// One call, in progress or finished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRecord {
    /// The application it belongs to.
    pub app: AppId,
    /// Its id, unique in the application.
    pub call: String,
    /// The room it was held in, in the notation of commands.
    pub room: String,
    /// `audio` or `video`.
    pub media: String,
    /// The group it was made for, if for one.
    pub group: Option<String>,
    /// Text that the caller handed through.
    pub data: Option<String>,
    /// Who called.
    pub caller: String,
    /// Whether the back-end started it.
    pub backend: bool,
    /// When it was made, Unix ms.
    pub started_ms: u64,
    /// When the first two were connected, Unix ms.
    pub connected_ms: Option<u64>,
    /// How it ended; `None` while it is in progress.
    pub end: Option<CallEnd>,
    /// Everybody in it, the caller first; each user once.
    pub parties: Vec<CallParty>,
}

impl CallRecord {
    /// How long a finished call was held, ms, from when the first two were connected.
    pub fn duration_ms(&self) -> u64 {
        let ended = self.end.as_ref().map(|end| end.at_ms);
        ended.zip(self.connected_ms).map_or(0, |(ended, connected)| ended.saturating_sub(connected))
    }
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallEnd {
    /// When, Unix ms.
    pub at_ms: u64,
    /// The stable word of its reason.
    pub reason: String,
    /// Whose doing it was, if somebody's.
    pub by: Option<String>,
}

/// One user's part in a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallParty {
    /// Who.
    pub user: String,
    /// The device that called or answered, if it named itself.
    pub device: Option<String>,
    /// The stable word of the state at the end.
    pub state: String,
    /// When the first device rang, Unix ms.
    pub rang_ms: Option<u64>,
    /// When the user answered (of a caller: when the first other did), Unix ms.
    pub answered_ms: Option<u64>,
    /// When the user's part was over, Unix ms.
    pub left_ms: Option<u64>,
    /// How long the user was connected, ms.
    pub duration_ms: u64,
}

/// Users whom the back-end put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The application it belongs to.
    pub app: AppId,
    /// Its id, unique in the application.
    pub id: String,
    /// Its members in the order given.
    pub members: Vec<String>,
}

/// A URL that the back-end minted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MintedUrl {
    /// The key in it, a secret.
    pub key: Redacted<String>,
    /// When it expires, Unix seconds.
    pub expires: u64,
    /// What it opens, in the giver's own form; it may have the key in it.
    pub record: Redacted<String>,
}

/// Which finished calls of an application are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFilter {
    /// The application.
    pub app: AppId,
    /// Calls that this user was in, as caller or invitee.
    pub user: Option<String>,
    /// Calls that this user made.
    pub caller: Option<String>,
    /// Calls that were made for this group.
    pub group: Option<String>,
    /// Calls that ended at this time or later, Unix ms.
    pub from_ms: Option<u64>,
    /// Calls that ended before this time, Unix ms.
    pub to_ms: Option<u64>,
    /// Calls that ended for this reason.
    pub reason: Option<String>,
    /// Calls with this media.
    pub media: Option<String>,
    /// Calls in which somebody was connected to somebody, or those in which nobody was.
    pub connected: Option<bool>,
}

impl CallFilter {
    /// All calls of an application.
    pub const fn all(app: AppId) -> Self {
        Self {
            app,
            user: None,
            caller: None,
            group: None,
            from_ms: None,
            to_ms: None,
            reason: None,
            media: None,
            connected: None,
        }
    }
}

/// A place in a list of records, which is sorted by something and then by number: behind the record with these two. Calls are
/// sorted by the time of their end (Unix ms), usage by its day. Written `1764150000000-42`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    pub(crate) place: i64,
    pub(crate) number: i64,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.place, self.number)
    }
}

impl FromStr for Cursor {
    /// One sentence.
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |part: &str| part.parse::<i64>().ok().filter(|number| *number >= 0);
        let parts = text.split_once('-');
        parts
            .and_then(|(ended, no)| Some(Self { place: number(ended)?, number: number(no)? }))
            .ok_or_else(|| "it is no cursor of an answer".to_owned())
    }
}

/// Some finished calls, those that ended last first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallPage {
    /// The calls.
    pub records: Vec<CallRecord>,
    /// Where the next page begins; `None` when this was the last one.
    pub next: Option<Cursor>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is_one() {
        let cursor = Cursor { place: 1_764_150_000_000, number: 42 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for wrong in ["", "-", "1", "1-", "-1-2", "1--2", "1-2-3", "a-1", "99999999999999999999-1"] {
            assert!(wrong.parse::<Cursor>().is_err(), "{wrong}");
        }
    }
}
