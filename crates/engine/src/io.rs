//! What goes into the engine and what comes out of it.

use huitong_auth::PlayKeys;
use huitong_protocol::api::{
    CallList, CallRequest, CallSummary, ConferenceDetail, ConferenceList, ConferenceRequest, GroupDetail,
    GroupList, GroupRequest, RoomDetail, RoomList, Suspension, UrlReply, UrlRequest,
};
use huitong_protocol::{
    AskTicket, Attributes, Destroy, Grant, Kick, Look, LookReply, MediaBases, MembersReply, Mute,
    TicketReply, VoiceLevel,
};
use huitong_session::Body;
use huitong_types::{
    AppId, ConferenceName, Fault, GroupId, Redacted, RoomId, Scene, SessionId, StreamId, StreamKey,
    StreamKind, UserId, limits,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub use crate::call_log::{CallLog, CallLogEnd, CallLogParty};
pub use crate::mixing::MixOrder;
pub use crate::stays::StayEvent;
pub use crate::urls::UrlRecord;
pub use huitong_conference::{AdminGone, AskedAdmin, Limits as ConferenceLimits, Verdict};
pub use huitong_room::{RoomKey, TrackFlags};
pub use huitong_session::{ConnId, MultiDevice};

/// One media connection that wants to publish or play, numbered by the gateway. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MediaTicket(pub u64);

/// One application (tenant).
#[derive(Clone, Debug)]
pub struct AppConfig {
    /// Secret that signs its credentials.
    pub secret: Redacted<String>,
    /// Whether entering a room needs a PrivateMapKey.
    pub require_room_key: bool,
    /// What happens when a user logs in a second time.
    pub multi_device: MultiDevice,
    /// Whether a session ends, with its signalling and its media, when the credential it was shown expires. Otherwise a
    /// credential is checked at login only, as the vendors' clouds do.
    pub end_expired_sessions: bool,
    /// Whether the key of authBuffers is the MD5 of a secret of 16 characters, and not these characters.
    pub auth_buffer_md5: bool,
    /// Whether sessions on which calls ring live beside the user's other ones; otherwise they count like all others.
    pub calls_alongside: bool,
}

/// Configuration of the engine. The defaults are those of `huitong_types::limits` where the vendors' documents or several crates
/// have a say in a number, and of [`EngineConfig::default`] otherwise.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// The applications served.
    pub apps: BTreeMap<AppId, AppConfig>,
    /// Where media goes, as clients reach it.
    pub media: MediaBases,
    /// Name and version told to clients.
    pub server: String,
    /// Most members of an rtc room.
    pub rtc_members: usize,
    /// Most publishers of any room.
    pub publishers: usize,
    /// Most audience of a live room.
    pub live_audience: usize,
    /// How long a seat outlives its connection.
    pub seat_grace: Duration,
    /// When a lost connection is shown to others.
    pub away_after: Duration,
    /// How long a live room goes on with audience only.
    pub live_audience_only: Duration,
    /// How long an early publish (or an early play of a minted URL) is held.
    pub early_hold: Duration,
    /// How many of them are held at once.
    pub early_count: usize,
    /// How long a stream stays announced after its publisher's connection broke without a goodbye.
    pub publish_grace: Duration,
    /// Pushes kept per session for replay.
    pub replay_events: usize,
    /// Most sessions at once.
    pub sessions: usize,
    /// Most calls of one application at once.
    pub calls_per_app: usize,
    /// Numbers of conferences.
    pub conferences: ConferenceLimits,
    /// Refused logins with an authBuffer from one address, or for one user, until further ones are not looked at; 0: no limit.
    pub voice_login_refusals: u32,
    /// A connection that sends nothing for this long is dead.
    pub connection_timeout: Duration,
    /// A fresh connection must log in within this time.
    pub login_timeout: Duration,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            apps: BTreeMap::new(),
            media: MediaBases {
                rtmp: String::new(),
                flv: String::new(),
                ws_flv: String::new(),
                whip: String::new(),
                whep: String::new(),
            },
            server: concat!("huitong/", env!("CARGO_PKG_VERSION")).to_owned(),
            rtc_members: limits::RTC_MEMBERS,
            publishers: limits::PUBLISHERS,
            live_audience: limits::LIVE_AUDIENCE,
            seat_grace: limits::SEAT_GRACE,
            away_after: limits::AWAY_AFTER,
            live_audience_only: limits::LIVE_AUDIENCE_ONLY,
            early_hold: limits::EARLY_PUBLISH_HOLD,
            early_count: limits::EARLY_PUBLISH_COUNT,
            publish_grace: Duration::from_secs(10),
            replay_events: 128,
            sessions: 200_000,
            calls_per_app: 10_000,
            conferences: ConferenceLimits::default(),
            voice_login_refusals: limits::VOICE_LOGIN_REFUSALS,
            connection_timeout: Duration::from_secs(30),
            login_timeout: Duration::from_secs(10),
        }
    }
}

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
    /// This client reaches media under other addresses than [`EngineConfig::media`], to be told in its welcome.
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
    /// The connection is gone (closed by the peer, broken, or after [`Output::Close`]).
    Disconnected {
        /// The connection.
        conn: ConnId,
    },
    /// A media connection wants to publish under this key. Answered by [`Output::PublishAccepted`] or
    /// [`Output::CloseMedia`], at once or after the hold of early publishes.
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
    /// A media connection wants to play what this key names. Answered by [`Output::PlayAccepted`] or
    /// [`Output::CloseMedia`].
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
    /// A call of the back-end API, already authenticated for `app`. Answered by [`Output::ApiDone`].
    Api {
        /// Chosen by the caller, returned with the answer.
        call: u64,
        /// The application whose secret authenticated the call.
        app: AppId,
        /// What is asked.
        request: ApiCall,
    },
    /// The answer to [`Output::HashPassword`].
    PasswordHashed {
        /// The conference.
        conference: u64,
        /// The salted hash; nothing if it failed.
        hash: Option<Redacted<Arc<str>>>,
    },
    /// The answer to [`Output::CheckPassword`].
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
    /// An application is suspended from the beginning.
    RestoreSuspension {
        /// The application.
        app: AppId,
        /// By the configuration, so that the back-end cannot lift it; else the back-end had asked for it.
        by_configuration: bool,
    },
    /// An application has reached a limit of its quota, or none any more: nobody enters a room or begins a call meanwhile.
    Quota {
        /// The application.
        app: AppId,
        /// A stable word for the limit.
        limit: Option<&'static str>,
    },
    /// How loud the voices of [`Output::AskLevels`] are.
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
    /// The server goes down now: calls, conferences and sessions are over, and records are written. Nobody is admitted.
    Shutdown,
    /// Nothing but time passed.
    Tick,
}

/// Calls of the back-end API.
#[derive(Debug)]
pub enum ApiCall {
    /// Rooms of the application, sorted by name.
    ListRooms {
        /// How many to skip.
        offset: usize,
        /// How many to return at most.
        limit: usize,
    },
    /// One room with members and announced streams. Media figures are filled in by the caller.
    GetRoom(RoomId),
    /// Remove a member.
    RemoveMember(RoomId, UserId),
    /// End a room.
    DissolveRoom(RoomId),
    /// Mint URLs.
    MintUrl(RoomId, UrlRequest),
    /// Start a call that rings at everybody in it.
    StartCall(CallRequest),
    /// Calls of the application in progress, the oldest first.
    ListCalls {
        /// How many to skip.
        offset: usize,
        /// How many to return at most.
        limit: usize,
    },
    /// One call in progress.
    GetCall(String),
    /// End a call for everybody.
    EndCall(String),
    /// Make a group, or give it these members.
    PutGroup(String, GroupRequest),
    /// One group with its members.
    GetGroup(String),
    /// Groups of the application, by id.
    ListGroups {
        /// How many to skip.
        offset: usize,
        /// How many to return at most.
        limit: usize,
    },
    /// Keep a group no longer.
    DropGroup(String),
    /// Whether the application is suspended or over its quota.
    GetSuspension,
    /// Suspend the application (`true`), or resume it.
    Suspend(bool),
    /// Make a conference.
    CreateConference(Box<ConferenceRequest>),
    /// Conferences of the application, the oldest first.
    ListConferences {
        /// How many to skip.
        offset: usize,
        /// How many to return at most.
        limit: usize,
    },
    /// One conference with its members.
    GetConference(ConferenceName),
    /// Whether a member of a conference sends or plays anything now.
    HasMedia(ConferenceName, UserId),
    /// A ticket for a user, as its own request would get it. Who calls has made sure who it is.
    AskTicket(UserId, Box<AskTicket>),
    /// A look for a user, as its own request would get it.
    Look(UserId, Look),
    /// Change roles, for a user or as the back-end.
    Grant(Option<UserId>, Grant),
    /// Remove members, for a user or as the back-end.
    Kick(Option<UserId>, Kick),
    /// Silence members, for a user or as the back-end.
    Mute(Option<UserId>, Mute),
    /// Change attributes, for a user or as the back-end.
    Attributes(Option<UserId>, Attributes),
    /// End a conference, for a user or as the back-end.
    Destroy(Option<UserId>, Destroy),
}

/// Results of the back-end API.
#[derive(Debug)]
pub enum ApiResult {
    /// Of [`ApiCall::ListRooms`].
    Rooms(RoomList),
    /// Of [`ApiCall::GetRoom`]: the detail, and for every stream in it (same nesting) its id.
    Room(RoomDetail, Vec<Vec<StreamId>>),
    /// Of [`ApiCall::RemoveMember`], [`ApiCall::DissolveRoom`], [`ApiCall::EndCall`], [`ApiCall::DropGroup`],
    /// [`ApiCall::Attributes`] and [`ApiCall::Destroy`].
    Done,
    /// Of [`ApiCall::MintUrl`].
    Urls(UrlReply),
    /// Of [`ApiCall::StartCall`] and [`ApiCall::GetCall`].
    Call(CallSummary),
    /// Of [`ApiCall::ListCalls`].
    Calls(CallList),
    /// Of [`ApiCall::PutGroup`] and [`ApiCall::GetGroup`].
    Group(GroupDetail),
    /// Of [`ApiCall::ListGroups`].
    Groups(GroupList),
    /// Of [`ApiCall::GetSuspension`] and [`ApiCall::Suspend`].
    Suspension(Suspension),
    /// Of [`ApiCall::CreateConference`] and [`ApiCall::GetConference`].
    Conference(Box<ConferenceDetail>),
    /// Of [`ApiCall::ListConferences`].
    Conferences(ConferenceList),
    /// Of [`ApiCall::HasMedia`].
    Media(bool),
    /// Of [`ApiCall::AskTicket`].
    Ticket(Box<TicketReply>),
    /// Of [`ApiCall::Look`].
    Look(Box<LookReply>),
    /// Of [`ApiCall::Grant`], [`ApiCall::Kick`] and [`ApiCall::Mute`].
    Members(MembersReply),
    /// Refused.
    Refused(Fault),
}

/// How a publication is paced; the gateway hands it to the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The room's scene selects send window and latency ceiling.
    pub scene: Scene,
}

/// A push that is not written out yet. Writing costs a signature for each play key in it; an event for 100 000
/// members is written by their connections, in parallel, and not by the one task that owns the engine.
#[derive(Clone, Debug)]
pub struct LazyPush {
    pub(crate) session: SessionId,
    pub(crate) seq: u64,
    pub(crate) body: Arc<Body>,
    pub(crate) keys: Arc<PlayKeys>,
}

impl LazyPush {
    /// Bytes of the text, about: keys and number are not counted.
    pub fn size(&self) -> usize {
        self.body.len()
    }

    /// The JSON text.
    pub fn render(&self) -> Arc<str> {
        self.body.render(self.seq, |stream| self.keys.mint(self.session, stream))
    }
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
    /// A client asks how loud these voices of a mix are; [`Input::Levels`] answers.
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
    /// Keep a minted URL, to give it back with [`Input::RestoreUrl`] after a restart.
    KeepUrl(UrlRecord),
    /// A minted URL was withdrawn: keep it no longer. Those that expire are not named.
    DropUrl(StreamKey),
    /// A call began: keep it, so that it is known of even if the server dies.
    CallStarted(Box<CallLog>),
    /// A call is over: keep its record instead.
    CallFinished(Box<CallLog>),
    /// Keep a group, to give it back with [`Input::RestoreGroup`] after a restart.
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
    /// An application was suspended or resumed: keep that, for [`Input::RestoreSuspension`] after a restart.
    KeepSuspension {
        /// The application.
        app: AppId,
        /// Whether it is suspended now.
        suspended: bool,
    },
    /// A change in what a member uses. Streams that end are told by [`Output::StreamEnded`].
    Stay(StayEvent),
    /// Hash a password with a fresh salt; the answer is [`Input::PasswordHashed`].
    HashPassword {
        /// For which conference.
        conference: u64,
        /// What.
        password: Redacted<String>,
    },
    /// Check a password; the answer is [`Input::PasswordChecked`].
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
