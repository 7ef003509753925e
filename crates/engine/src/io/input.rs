//! What goes in.

use crate::io::{
    ApiCall, ConferenceDecision, ConferenceRecord, ConnId, MediaTicket, RoomKey, Suspender, TrackFlags,
    UrlRecord, Verdict,
};
use huitong_protocol::{MediaBases, VoiceLevel};
use huitong_types::{AppId, Fault, GroupId, Redacted, StreamKey, UserId};
use std::sync::Arc;
use std::time::Duration;

/// What happens to the engine.
#[derive(Debug)]
pub enum Input {
    /// A signalling connection was accepted.
    Connected {
        /// The connection.
        conn: ConnId,
        /// Address of the peer, for logs only.
        remote: String,
        /// By what refused logins of this peer are counted together: its IP address, or the network of it.
        origin: Arc<str>,
    },
    /// This client reaches media under other addresses than [`crate::EngineConfig::media`], to be told in its welcome.
    /// Comes after [`Input::Connected`]; forgotten with the connection.
    ReachesMedia {
        /// The connection.
        conn: ConnId,
        /// Where media goes for it.
        media: Arc<MediaBases>,
    },
    /// A text frame arrived. Frames over the cap are cut off by the gateway with [`Input::BadFrame`].
    Frame {
        /// The connection.
        conn: ConnId,
        /// The text.
        text: String,
    },
    /// A frame that is not text, too long, or beyond the rate: answered with this fault.
    BadFrame {
        /// The connection.
        conn: ConnId,
        /// What was wrong.
        fault: Fault,
    },
    /// The connection is gone (closed by the peer, broken, or after [`crate::Output::Close`]).
    Disconnected {
        /// The connection.
        conn: ConnId,
    },
    /// A media connection wants to publish under this key. Answered by [`crate::Output::PublishAccepted`] or
    /// [`crate::Output::CloseMedia`], at once or after the hold of early publishes.
    PublishRequested {
        /// The media connection.
        ticket: MediaTicket,
        /// The key of its URL.
        key: StreamKey,
    },
    /// The publication carries these tracks: their first frame was received, and they have not fallen silent since.
    TracksSeen {
        /// The media connection.
        ticket: MediaTicket,
        /// Tracks seen so far.
        tracks: TrackFlags,
    },
    /// A media connection wants to play what this key names. Answered by [`crate::Output::PlayAccepted`] or
    /// [`crate::Output::CloseMedia`].
    PlayRequested {
        /// The media connection.
        ticket: MediaTicket,
        /// The key of its URL.
        key: StreamKey,
    },
    /// A media connection (publishing, playing or still held) is gone.
    MediaClosed {
        /// The media connection.
        ticket: MediaTicket,
        /// A publisher said goodbye (unpublish, deleteStream) instead of vanishing.
        deliberate: bool,
    },
    /// A call of the back-end API, already authenticated for `app`. Answered by [`crate::Output::ApiDone`].
    Api {
        /// Chosen by the caller, returned with the answer.
        call: u64,
        /// The application whose secret authenticated the call.
        app: AppId,
        /// What is asked.
        request: ApiCall,
    },
    /// The answer to [`crate::Output::HashPassword`].
    PasswordHashed {
        /// The conference.
        conference: u64,
        /// The salted hash; nothing if it failed.
        hash: Option<Redacted<Arc<str>>>,
    },
    /// The answer to [`crate::Output::CheckPassword`].
    PasswordChecked {
        /// The request.
        ask: u64,
        /// The result.
        verdict: Verdict,
    },
    /// A URL that was minted before a restart.
    RestoreUrl(UrlRecord),
    /// A group that the back-end created before a restart.
    RestoreGroup {
        /// The application.
        app: AppId,
        /// The group.
        group: GroupId,
        /// Its members.
        members: Vec<UserId>,
    },
    /// A conference that was kept before a restart.
    RestoreConference {
        /// What was kept of it.
        record: Box<ConferenceRecord>,
        /// What was decided about users.
        decided: Vec<ConferenceDecision>,
    },
    /// An application is suspended from the beginning.
    RestoreSuspension {
        /// The application.
        app: AppId,
        /// By whom.
        by: Suspender,
    },
    /// Somebody was inside when the server before this one ended, and may come back though the application begins nothing.
    RestoreInside {
        /// The room.
        key: RoomKey,
        /// The user.
        user: UserId,
    },
    /// An application has reached a limit of its quota, or none any more. Meanwhile nobody enters a room or a conference anew, gets a
    /// ticket, makes a conference or makes a call; who has a seat keeps it, and what any address plays goes on.
    Quota {
        /// The application.
        app: AppId,
        /// A stable word for the limit.
        limit: Option<&'static str>,
    },
    /// How loud the voices of [`crate::Output::AskLevels`] are.
    Levels {
        /// Who asked.
        conn: ConnId,
        /// Its request.
        id: u32,
        /// The answer.
        levels: Vec<VoiceLevel>,
    },
    /// The server is going down: tell everybody, admit nobody.
    Drain {
        /// Time that is left.
        within: Duration,
    },
    /// The server goes down now: calls and sessions are over, and records are written. Conferences go on with the next one. Nobody
    /// is admitted.
    Shutdown,
    /// Nothing but time passed.
    Tick,
}
