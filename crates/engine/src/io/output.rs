//! What comes out.

use crate::io::{
    ApiResult, CallLog, ConferenceChange, ConnId, LazyPush, MediaTicket, MixOrder, StayEvent, Suspender,
    TrackFlags, UrlRecord,
};
use huitong_types::{
    AppId, ConferenceName, Fault, GroupId, Redacted, RoomId, Scene, StreamId, StreamKey, StreamKind, UserId,
};
use std::sync::Arc;

/// How a publication is paced; the gateway hands it to the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The room's scene selects send window and latency ceiling.
    pub scene: Scene,
}

/// What the engine wants done.
#[derive(Debug)]
pub enum Output {
    /// Send this text on a signalling connection.
    Send {
        /// The connection.
        conn: ConnId,
        /// The JSON text.
        text: Arc<str>,
    },
    /// Send this push on a signalling connection, in order with the texts. What sends it writes it out.
    Push {
        /// The connection.
        conn: ConnId,
        /// The push.
        push: LazyPush,
    },
    /// Close a signalling connection after what was sent before. Codes 4000 to 4999 are ours, see docs/protocol.md.
    Close {
        /// The connection.
        conn: ConnId,
        /// WebSocket close code.
        code: u16,
        /// WebSocket close reason, at most 123 bytes.
        reason: String,
    },
    /// A media connection may publish this stream. A connection that published it before gets
    /// [`Output::CloseMedia`] first; players stay.
    PublishAccepted {
        /// The media connection.
        ticket: MediaTicket,
        /// The stream, the name of its publication in the hub.
        stream: StreamId,
        /// How to pace it.
        pace: Pace,
        /// Which tracks the member may send at all; others are dropped.
        allowed: TrackFlags,
        /// For logs.
        label: StreamLabel,
    },
    /// The tracks that a publisher may send changed.
    PublishAllowed {
        /// The media connection.
        ticket: MediaTicket,
        /// Which tracks the member may send; others are dropped.
        allowed: TrackFlags,
    },
    /// A media connection may play this stream.
    PlayAccepted {
        /// The media connection.
        ticket: MediaTicket,
        /// The stream.
        stream: StreamId,
        /// Which tracks to send.
        tracks: TrackFlags,
        /// For logs.
        label: StreamLabel,
    },
    /// Send other tracks to a player from now on.
    PlayTracks {
        /// The media connection.
        ticket: MediaTicket,
        /// Which tracks to send.
        tracks: TrackFlags,
    },
    /// Refuse or end a media connection now; RTMP peers get the sentence as a status.
    CloseMedia {
        /// The media connection.
        ticket: MediaTicket,
        /// Why.
        fault: Fault,
    },
    /// The stream is over: end its publication and every player of it.
    StreamEnded {
        /// The stream.
        stream: StreamId,
    },
    /// Something is to be done about the mix of a room.
    Mix(MixOrder),
    /// A client asks how loud these voices of a mix are; [`crate::Input::Levels`] answers.
    AskLevels {
        /// Its connection.
        conn: ConnId,
        /// Its request.
        id: u32,
        /// The mix.
        mix: StreamId,
        /// Voices, and whose they are.
        voices: Vec<(StreamId, UserId)>,
    },
    /// Keep a minted URL, to give it back with [`crate::Input::RestoreUrl`] after a restart.
    KeepUrl(UrlRecord),
    /// A minted URL was withdrawn: keep it no longer. Those that expire are not named.
    DropUrl(StreamKey),
    /// A call began: keep it, so that it is known of even if the server dies.
    CallStarted(Box<CallLog>),
    /// A call is over: keep its record instead.
    CallFinished(Box<CallLog>),
    /// Keep a group, to give it back with [`crate::Input::RestoreGroup`] after a restart.
    KeepGroup {
        /// The application.
        app: AppId,
        /// The group.
        group: GroupId,
        /// Its members.
        members: Vec<UserId>,
    },
    /// Keep a group no longer.
    DropGroup {
        /// The application.
        app: AppId,
        /// The group.
        group: GroupId,
    },
    /// An application was suspended or resumed: keep that, for [`crate::Input::RestoreSuspension`] after a restart.
    KeepSuspension {
        /// The application.
        app: AppId,
        /// By whom.
        by: Suspender,
        /// Whether this one suspends it now.
        suspended: bool,
    },
    /// A conference is to be kept as it is now, to give it back with [`crate::Input::RestoreConference`] after a restart: see
    /// [`crate::Engine::conference_record`]. Comes before the answer to whoever changed it.
    ConferenceChanged {
        /// Which.
        name: ConferenceName,
        /// What has changed.
        change: ConferenceChange,
    },
    /// A conference is over: keep it no longer. Comes before the answer to whoever ended it.
    ConferenceOver {
        /// The application.
        app: AppId,
        /// Which.
        name: ConferenceName,
    },
    /// A change in what a member uses. Streams that end are told by [`Output::StreamEnded`].
    Stay(StayEvent),
    /// Hash a password with a fresh salt; the answer is [`crate::Input::PasswordHashed`].
    HashPassword {
        /// For which conference.
        conference: u64,
        /// What.
        password: Redacted<String>,
    },
    /// Check a password; the answer is [`crate::Input::PasswordChecked`].
    CheckPassword {
        /// For which request.
        ask: u64,
        /// What was given.
        password: Redacted<String>,
        /// What it must fit.
        hash: Redacted<Arc<str>>,
    },
    /// The answer to an API call.
    ApiDone {
        /// The caller's number.
        call: u64,
        /// The result.
        result: ApiResult,
    },
    /// Something an operator wants to know; one line of the structured event log.
    Note(Note),
}

/// Names a stream in logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamLabel {
    /// The application.
    pub app: AppId,
    /// The room.
    pub room: RoomId,
    /// The member.
    pub user: UserId,
    /// Which of its streams.
    pub kind: StreamKind,
}

/// One event of the engine's log. `what` is a stable word (`room-created`, `member-joined` …).
#[derive(Clone, Debug)]
pub struct Note {
    /// Stable word.
    pub what: &'static str,
    /// The connection concerned, if any.
    pub conn: Option<ConnId>,
    /// The application concerned, if any.
    pub app: Option<AppId>,
    /// The room concerned, if any.
    pub room: Option<RoomId>,
    /// The user concerned, if any.
    pub user: Option<UserId>,
    /// More, in words.
    pub detail: String,
}
