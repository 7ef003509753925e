//! What goes into a client of this wire, what comes out, and what it keeps.

use super::desk::{Login, Who};
use super::frames::EnterOp;
use super::roster::Roster;
use huitong_protocol::AttributeChange;
use huitong_types::{ConferenceExit, ConferenceName, Fault, Redacted, StreamKey};
use std::collections::BTreeMap;
use std::time::Duration;

/// Random bytes for names that must not be guessed.
pub(crate) type Random = Box<dyn FnMut() -> [u8; 18] + Send>;

/// What happens.
#[derive(Debug)]
pub(crate) enum Input<'a> {
    /// A frame of the client.
    Frame(&'a str),
    /// A frame of the client that is not acted on, because it is one too many or too long.
    Bad(&'a str, Fault),
    /// A frame of the engine.
    Engine(&'a str),
    /// The connection to the engine was closed, or has a hole.
    EngineLost,
    /// A request at the address that this client was given for its streams.
    Stream {
        /// Returned with the answer.
        ask: u64,
        /// What is asked.
        request: StreamRequest,
    },
    /// The client came back on another connection, with this request.
    Attached {
        /// By what the client recognises the answer.
        tsx: Option<String>,
        /// The ticket that it showed.
        login: Box<Login>,
        /// Where it reaches its streams now.
        streams: String,
    },
    /// The connection of the client is gone, and its media runs: what is told from now on it hears when it comes back.
    Alone,
    /// The media of a client without a connection runs again: it is there.
    Awake,
    /// The connection of the client is gone.
    Detached,
    /// The server goes down.
    Down,
    /// Nothing but time passed.
    Tick,
}

/// A request about streams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StreamRequest {
    /// Where to push the own stream, called so.
    Push(String),
    /// Where to play a stream of another member.
    Play(String),
}

/// What has to be done.
#[derive(Debug)]
pub(crate) enum Output {
    /// Send this frame to the client.
    Frame(String),
    /// Connect to the engine.
    Connect,
    /// Send this frame to the engine.
    Engine(String),
    /// Disconnect from the engine.
    HangUp,
    /// The stay can be gone on with from now on, under this name, and its streams are at this one.
    Opened {
        /// What the client calls it.
        stay: String,
        /// The secret in the address of its streams.
        streams: String,
    },
    /// Nobody can go on with the stay any more: it is over, for this reason if a client may ask for it.
    Forget(Option<ConferenceExit>),
    /// The client wants to go on with this stay, which another connection has.
    GoOn {
        /// The stay.
        stay: String,
        /// By what the client recognises the answer.
        tsx: Option<String>,
        /// The ticket that it showed.
        login: Box<Login>,
    },
    /// The answer to [`Input::Stream`].
    Answer {
        /// Which.
        ask: u64,
        /// The address, or why there is none.
        answer: Result<String, Fault>,
    },
    /// An entry or a return was refused. For the log.
    Refused(Fault),
    /// Close the connection of the client after what was sent before.
    Close,
}

/// A request that waits for the engine's answer.
#[derive(Debug)]
pub(crate) enum Waiting {
    /// A login.
    Hello,
    /// An entry.
    Enter,
    /// Answered to the client as it is.
    Handed(Option<String>),
    /// Whether sound and picture of the own stream are on.
    Switch {
        /// By what the client recognises the answer.
        tsx: Option<String>,
        /// The sound.
        audio: bool,
        /// The picture.
        video: bool,
    },
    /// A stream that is registered.
    Push {
        /// Who asked.
        ask: u64,
        /// The stream.
        own: Own,
    },
    /// Nobody waits for the answer.
    Unheard,
}

/// The own stream.
#[derive(Clone, Debug)]
pub(crate) struct Own {
    pub(crate) key: StreamKey,
    pub(crate) audio: bool,
    pub(crate) video: bool,
}

/// Where a client stands.
#[derive(Debug)]
pub(crate) enum State {
    /// Connected, and nothing said yet.
    Fresh,
    /// On the way in.
    Entering { tsx: Option<String>, op: Box<EnterOp> },
    /// In the conference.
    Inside,
    /// In the conference, and the connection to the engine is being made again: for a client that came back, or unasked.
    Resuming { back: Option<Option<String>> },
    /// In the conference without a connection.
    Away,
    /// Out.
    Over,
}

/// The session at the engine.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) secret: Redacted<String>,
    pub(crate) seq: u64,
    pub(crate) rtmp: String,
    pub(crate) heartbeat: Duration,
    pub(crate) grace: Duration,
}

/// What is known of a stay once its client has shown a ticket.
#[derive(Debug)]
pub(crate) struct Stay {
    pub(crate) who: Who,
    pub(crate) conference: ConferenceName,
    pub(crate) ticket: Redacted<String>,
    /// What the client calls it: `sessId`.
    pub(crate) name: String,
    pub(crate) member: u64,
    pub(crate) role: u8,
    /// Attributes of the conference, as told.
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) doubts: Doubts,
    pub(crate) roster: Roster,
    /// The secret in the address of its streams.
    pub(crate) streams: String,
    pub(crate) own: Option<Own>,
}

impl Stay {
    /// An attribute is told, in the event of this version.
    pub(crate) fn attribute(&mut self, change: &AttributeChange, version: u64) {
        match &change.value {
            Some(value) => self.attributes.insert(change.key.clone(), value.clone()),
            None => self.attributes.remove(&change.key),
        };
        let doubts = &mut self.doubts.attributes;
        if doubts.len() >= DOUBTS {
            doubts.retain(|key, _| self.attributes.contains_key(key));
        }
        doubts.insert(change.key.clone(), version);
    }

    /// The client heard what it was told up to this version, or everything.
    pub(crate) fn heard(&mut self, version: Option<u64>) {
        self.roster.heard(version);
        let version = version.unwrap_or(u64::MAX);
        self.doubts.role = self.doubts.role.filter(|told| *told > version);
        self.doubts.attributes.retain(|_, told| *told > version);
    }
}

/// Attributes that are kept to be told once more, at most: those that a conference can have, and as many that are deleted. Of a
/// client that misses more, the deleted ones are forgotten, and it goes on with attributes that are not there.
const DOUBTS: usize = 200;

/// What the client has not said to have heard of, beside members and streams, with the version of the event that told it.
#[derive(Debug, Default)]
pub(crate) struct Doubts {
    /// Its role.
    pub(crate) role: Option<u64>,
    /// Keys of attributes.
    pub(crate) attributes: BTreeMap<String, u64>,
}
