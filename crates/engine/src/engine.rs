//! The engine: its tables, its dispatch and its deadlines.

use crate::admission::Admission;
use crate::calls::Desk;
use crate::conferences::Hall;
use crate::guesses::Guesses;
use crate::held::Held;
use crate::io::{ConferenceLimits, ConnId, EngineConfig, Input, Note, Output};
use crate::media::Media;
use crate::mixing::Mixing;
use crate::random::Random;
use crate::urls::Urls;
use crate::voice::VoicePass;
use huitong_auth::{PlayKeys, TicketKeys};
use huitong_protocol::{Done, Event, LevelsReply, MediaBases, MemberDetails};
use huitong_room::{Limits, Rooms};
use huitong_session::{Body, Policy, Sessions};
use huitong_types::{AppId, EndReason, Moment, RecordId, RoomId, SessionId, StreamId, StreamKey, UserId};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// How far the wall clock may have moved against the time that passed before the times of calls follow it, ms. Below that, two
/// looks at one call tell the same times.
const CLOCK_DRIFT_MS: u64 = 1000;

/// Why the engine wants to be called at a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Something in a room is due.
    Room(huitong_room::Why),
    /// Something of a connection or a session is due.
    Session(huitong_session::Why),
    /// An early publish or play has waited long enough.
    EarlyHold,
    /// A minted URL expires.
    UrlExpiry,
    /// Something in a call is due.
    Call(huitong_call::Why),
    /// A user without connection is no longer shown as online.
    Presence,
    /// Something of a conference is due.
    Conference(huitong_conference::Why),
    /// A refused login is forgotten.
    Guesses,
}

/// How much the engine holds, for metrics and tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Signalling connections.
    pub connections: usize,
    /// Sessions, connected or not.
    pub sessions: usize,
    /// Rooms.
    pub rooms: usize,
    /// Members of rooms, audience and encoders included.
    pub members: usize,
    /// Encoders that are members by a minted URL.
    pub encoders: usize,
    /// Media connections that publish.
    pub publishing: usize,
    /// Media connections that play.
    pub playing: usize,
    /// Media connections that are held.
    pub held: usize,
    /// Push keys that clients registered.
    pub push_keys: usize,
    /// Minted URLs that have not expired.
    pub urls: usize,
    /// Calls in progress.
    pub calls: usize,
    /// Sessions on which calls ring.
    pub callable: usize,
    /// Rooms that have a mix.
    pub mixes: usize,
    /// Conferences.
    pub conferences: usize,
}

/// What a member brought along that the engine itself does not act on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Labels {
    pub(crate) record_id: Option<RecordId>,
    pub(crate) details: MemberDetails,
}

/// Everything that is not media: who is logged in, who is where, who may publish and play.
#[derive(Debug)]
pub struct Engine {
    pub(crate) config: EngineConfig,
    pub(crate) now: Moment,
    pub(crate) unix_ms: u64,
    /// A moment and the wall clock then, by which moments of the past are told.
    pub(crate) anchor: (Moment, u64),
    pub(crate) random: Random,
    pub(crate) play_keys: Arc<PlayKeys>,
    pub(crate) sessions: Sessions,
    pub(crate) rooms: Rooms,
    pub(crate) media: Media,
    /// Media connections that came before what their key names.
    pub(crate) held: Held,
    /// URLs that the back-end minted.
    pub(crate) urls: Urls,
    /// Calls, groups and presence.
    pub(crate) desk: Desk,
    /// Applications in which nothing may begin.
    pub(crate) admission: Admission,
    pub(crate) mixing: Mixing,
    /// Conferences.
    pub(crate) hall: Hall,
    /// Members without signalling: encoders that push to a minted URL.
    pub(crate) encoders: BTreeSet<SessionId>,
    /// When the room key of a member expires, Unix seconds, where the application demands one.
    pub(crate) room_keys: HashMap<SessionId, u64>,
    /// Sessions that logged in for one voice room.
    pub(crate) voice: HashMap<SessionId, VoicePass>,
    pub(crate) guesses: Guesses,
    /// Where connections come from, as far as refusals are counted by it.
    pub(crate) origins: HashMap<ConnId, Arc<str>>,
    /// What members brought along, for the operator to see.
    pub(crate) labels: HashMap<SessionId, Labels>,
    /// Connections that reach media under other addresses than the configured ones.
    pub(crate) reached_media: BTreeMap<ConnId, Arc<MediaBases>>,
    pub(crate) draining: bool,
    pub(crate) out: VecDeque<Output>,
}

impl Engine {
    /// An engine that serves the configured applications. `seed` must be 32 random bytes that nobody knows:
    /// session secrets and play keys follow from it.
    pub fn new(config: EngineConfig, seed: [u8; 32]) -> Self {
        let mut random = Random::new(seed);
        let limits = Limits {
            rtc_members: config.rtc_members,
            publishers: config.publishers,
            live_audience: config.live_audience,
            seat_grace: config.seat_grace,
            away_after: config.away_after,
            live_audience_only: config.live_audience_only,
            publish_grace: config.publish_grace,
        };
        let policy = Policy {
            keep: config.seat_grace,
            replay_events: config.replay_events,
            sessions: config.sessions,
            login_timeout: config.login_timeout,
            connection_timeout: config.connection_timeout,
        };
        let play_keys = Arc::new(PlayKeys::new(random.block()));
        let tickets = TicketKeys::new(random.block());
        Self {
            now: Moment::ZERO,
            unix_ms: 0,
            anchor: (Moment::ZERO, 0),
            play_keys,
            random,
            sessions: Sessions::new(policy),
            rooms: Rooms::new(limits),
            media: Media::default(),
            held: Held::new(config.early_hold, config.early_count),
            urls: Urls::default(),
            desk: Desk::new(config.away_after),
            admission: Admission::default(),
            mixing: Mixing::default(),
            // All who are announced are members of one rtc room.
            hall: Hall::new(
                ConferenceLimits { announced: config.rtc_members, ..config.conferences.clone() },
                tickets,
            ),
            encoders: BTreeSet::new(),
            room_keys: HashMap::new(),
            voice: HashMap::new(),
            guesses: Guesses::new(config.voice_login_refusals),
            origins: HashMap::new(),
            labels: HashMap::new(),
            reached_media: BTreeMap::new(),
            draining: false,
            out: VecDeque::new(),
            config,
        }
    }

    /// Lets something happen, after everything that was due before. `now` never runs backwards; `unix_ms` is
    /// the wall clock, against which credentials are checked.
    pub fn handle(&mut self, now: Moment, unix_ms: u64, input: Input) {
        self.now = self.now.max(now);
        self.unix_ms = unix_ms;
        if self.unix_of(self.now).abs_diff(unix_ms) > CLOCK_DRIFT_MS {
            self.anchor = (self.now, unix_ms);
        }
        self.run_due();
        match input {
            Input::Connected { conn, remote, origin } => {
                self.sessions.connected(self.now, conn);
                self.origins.insert(conn, origin);
                self.note("connected", |note| {
                    note.conn = Some(conn);
                    note.detail = remote;
                });
            }
            Input::ReachesMedia { conn, media } => {
                self.reached_media.insert(conn, media);
            }
            Input::Frame { conn, text } => self.on_frame(conn, &text),
            Input::BadFrame { conn, fault } => self.on_bad_frame(conn, fault),
            Input::Disconnected { conn } => {
                self.reached_media.remove(&conn);
                self.origins.remove(&conn);
                self.sessions.disconnected(self.now, conn);
            }
            Input::PublishRequested { ticket, key } => self.publish_requested(ticket, key),
            Input::TracksSeen { ticket, tracks } => self.tracks_seen(ticket, tracks),
            Input::PlayRequested { ticket, key } => self.play_requested(ticket, &key),
            Input::MediaClosed { ticket, deliberate } => self.media_closed(ticket, deliberate),
            Input::Api { call, app, request } => self.on_api(call, app, request),
            Input::RestoreUrl(record) => self.restore_url(&record),
            Input::RestoreGroup { app, group, members } => self.restore_group(app, group, members),
            Input::RestoreConference { record, decided } => self.restore_conference(*record, decided),
            Input::RestoreSuspension { app, by } => self.restore_suspension(app, by),
            Input::RestoreInside { key, user } => self.restore_inside(key, user),
            Input::Quota { app, limit } => self.quota_reached(app, limit),
            Input::Levels { conn, id, levels } => {
                self.answer(conn, id, Ok(Done::Levels(LevelsReply { levels })));
            }
            Input::Drain { within } => self.drain(within),
            Input::PasswordHashed { conference, hash } => self.password_hashed(conference, hash),
            Input::PasswordChecked { ask, verdict } => self.password_checked(ask, verdict),
            Input::Shutdown => self.shut_down(),
            Input::Tick => {}
        }
        self.flush();
        self.run_due();
        self.tell_kept();
    }

    /// The next thing to be done, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When to call [`Engine::handle`] with [`Input::Tick`] at the latest, and what for.
    pub fn next_deadline(&self) -> Option<(Moment, Why)> {
        let rooms = self.rooms.next_deadline().map(|(at, why)| (at, Why::Room(why)));
        let sessions = self.sessions.next_deadline().map(|(at, why)| (at, Why::Session(why)));
        let held = self.held.next_deadline().map(|at| (at, Why::EarlyHold));
        let urls = self.urls.next_deadline().map(|at| (at, Why::UrlExpiry));
        let calls = self.desk.machine.next_deadline().map(|(at, why)| (at, Why::Call(why)));
        let presence = self.desk.presence.next_deadline().map(|at| (at, Why::Presence));
        let conferences = self.hall.machine.next_deadline().map(|(at, why)| (at, Why::Conference(why)));
        let guesses = self.guesses.next_deadline().map(|at| (at, Why::Guesses));
        [rooms, sessions, held, urls, calls, presence, conferences, guesses]
            .into_iter()
            .flatten()
            .min_by_key(|(at, _)| *at)
    }

    /// How much is held now.
    pub fn sizes(&self) -> Sizes {
        let (connections, sessions) = self.sessions.sizes();
        let (rooms, members) = self.rooms.sizes();
        Sizes {
            connections,
            sessions,
            rooms,
            members,
            encoders: self.encoders.len(),
            publishing: self.media.publishing(),
            playing: self.media.playing(),
            held: self.held.len(),
            push_keys: self.media.push_keys(),
            urls: self.urls.len(),
            calls: self.desk.meta.len(),
            callable: self.desk.devices.len(),
            mixes: self.mixing.len(),
            conferences: self.hall.meta.len(),
        }
    }

    /// Whether nothing at all is held; then nothing has leaked.
    pub fn is_idle(&self) -> bool {
        self.sizes() == Sizes::default()
            && self.sessions.is_idle()
            && self.rooms.is_idle()
            && self.media.is_idle()
            && self.urls.is_idle()
            && self.desk.is_idle()
            && self.mixing.is_idle()
            && self.hall.is_idle()
            && self.room_keys.is_empty()
            && self.voice.is_empty()
            && self.guesses.is_idle()
            && self.origins.is_empty()
            && self.labels.is_empty()
            && self.reached_media.is_empty()
    }

    /// Does what is due. Rooms come before sessions: a seat that runs out together with its session is left
    /// because of the lost connection.
    fn run_due(&mut self) {
        let ticked = self.rooms.handle(self.now, huitong_room::Input::Tick);
        debug_assert!(ticked.is_ok(), "time is never refused");
        self.flush();
        self.sessions.tick(self.now);
        self.flush();
        self.expire_held();
        self.urls.expire(self.now);
        self.guesses.tick(self.now);
        self.hall.paces.tick(self.now);
        self.admission.tick(self.now);
        self.let_happen(huitong_call::Input::Tick);
        let ticked = self.in_hall(huitong_conference::Input::Tick);
        debug_assert!(ticked.is_ok(), "time is never refused");
        self.desk.presence.tick(self.now);
        self.flush();
    }

    /// Carries out what the machines want done. Always the first of these that there is: what a session has to send, what
    /// happens in a room, mixes that changed by it, what happens in a conference, in a call, in presence. So whoever is told
    /// of something finds everything before it done.
    pub(crate) fn flush(&mut self) {
        loop {
            if let Some(output) = self.sessions.poll_output() {
                self.on_session(output);
            } else if let Some(output) = self.rooms.poll_output() {
                self.on_room(output);
            } else if let Some((key, members)) = self.mixing.take_stale() {
                self.refresh_mix(&key, members);
            } else if let Some(output) = self.hall.out.pop_front() {
                self.on_conference(output);
            } else if let Some(output) = self.desk.out.pop_front() {
                self.on_call(output);
            } else if let Some(change) = self.desk.presence.poll_output() {
                self.on_presence(change);
            } else {
                break;
            }
        }
    }

    /// Calls and then all sessions are over, and everybody is told. Conferences go on with the next server, which their members
    /// find.
    fn shut_down(&mut self) {
        self.draining = true;
        self.let_happen(huitong_call::Input::Shutdown);
        let shut = self.in_hall(huitong_conference::Input::Shutdown);
        debug_assert!(shut.is_ok(), "an end is never refused");
        self.flush();
        // All end before the first seat is left, so that nobody hears of each of the others.
        for session in self.sessions.all() {
            self.sessions.end(self.now, session, EndReason::ServerShutdown);
        }
    }

    fn drain(&mut self, within: Duration) {
        self.draining = true;
        let within_ms = u32::try_from(within.as_millis()).unwrap_or(u32::MAX);
        if let Some(body) = Body::new(&Event::Draining { within_ms }, Vec::new()) {
            for session in self.sessions.all() {
                self.push(session, &body);
            }
        }
    }

    /// Pushes an event to one session.
    pub(crate) fn push(&mut self, session: SessionId, body: &Arc<Body>) {
        self.sessions.push(session, body);
    }

    /// The key by which a session plays a stream.
    pub(crate) fn play_key(&self, session: SessionId, stream: StreamId) -> StreamKey {
        self.play_keys.mint(session, stream)
    }

    /// Writes a line of the event log.
    pub(crate) fn note(&mut self, what: &'static str, fill: impl FnOnce(&mut Note)) {
        let mut note = Note { what, conn: None, app: None, room: None, user: None, detail: String::new() };
        fill(&mut note);
        self.out.push_back(Output::Note(note));
    }

    /// Writes a line about a user.
    pub(crate) fn note_user(
        &mut self,
        what: &'static str,
        conn: Option<ConnId>,
        app: AppId,
        room: Option<&RoomId>,
        user: &UserId,
        detail: impl Into<String>,
    ) {
        self.note(what, |note| {
            note.conn = conn;
            note.app = Some(app);
            note.room = room.cloned();
            note.user = Some(user.clone());
            note.detail = detail.into();
        });
    }
}
