//! The machine: tables, dispatch and deadlines.

use crate::io::{Input, Output, RoomKey, Why};
use crate::state::{Member, Room};
use crate::{Limits, TrackFlags};
use huitong_types::{ErrorCode, Fault, LeaveReason, Moment, SessionId, StreamId, StreamKind, Timers};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// What a deadline is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    Away(SessionId),
    Seat(SessionId),
    Media(SessionId, StreamKind),
    AudienceOnly(RoomKey),
    AudienceCount(RoomKey),
}

impl Timer {
    const fn why(&self) -> Why {
        match self {
            Self::Away(_) => Why::AwayDue,
            Self::Seat(_) => Why::SeatExpired,
            Self::Media(..) => Why::PublishGraceOver,
            Self::AudienceOnly(_) => Why::AudienceOnlyExpired,
            Self::AudienceCount(_) => Why::AudienceCountDue,
        }
    }
}

/// All rooms of all applications.
#[derive(Debug)]
pub struct Rooms {
    pub(crate) limits: Limits,
    pub(crate) rooms: BTreeMap<RoomKey, Room>,
    /// Which room a session is in.
    pub(crate) seats: HashMap<SessionId, RoomKey>,
    /// Whose a stream is.
    pub(crate) streams: HashMap<StreamId, (SessionId, StreamKind)>,
    pub(crate) timers: Timers<Timer>,
    pub(crate) out: VecDeque<Output>,
    pub(crate) next_stream: u64,
}

impl Rooms {
    /// No rooms.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            rooms: BTreeMap::new(),
            seats: HashMap::new(),
            streams: HashMap::new(),
            timers: Timers::new(),
            out: VecDeque::new(),
            next_stream: 1,
        }
    }

    /// Lets something happen at `now`, after everything that was due before. Time never runs backwards
    /// between calls.
    ///
    /// # Errors
    /// The input was refused; except for what time brought about, nothing changed.
    pub fn handle(&mut self, now: Moment, input: Input) -> Result<(), Fault> {
        self.fire(now);
        let result = match input {
            Input::Join(join) => self.join(now, join),
            Input::Leave { session, reason } => self.leave(now, session, reason),
            Input::SetRole { session, role, privileges } => self.set_role(now, session, role, privileges),
            Input::Silence { session, tracks } => self.silence(session, tracks),
            Input::Declare { session, kind, tracks } => self.declare(session, kind, tracks),
            Input::Withdraw { session, kind } => self.withdraw(session, kind),
            Input::Subscribe { session, user, kind, tracks } => self.subscribe(session, &user, kind, tracks),
            Input::MediaStarted { session, kind } => self.media_started(now, session, kind),
            Input::MediaTracks { session, kind, tracks } => self.media_tracks(session, kind, tracks),
            Input::MediaStopped { session, kind, deliberate } => {
                self.media_stopped(now, session, kind, deliberate)
            }
            Input::ConnectionLost { session } => self.connection_lost(now, session),
            Input::ConnectionBack { session } => self.connection_back(session),
            Input::Kick { key, user } => self.kick(now, &key, &user),
            Input::Dissolve { key } => self.dissolve(&key),
            Input::Tick => Ok(()),
        };
        self.fire(now);
        result
    }

    /// The next thing to be done, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When to call [`Rooms::handle`] again at the latest, and what for.
    pub fn next_deadline(&self) -> Option<(Moment, Why)> {
        self.timers.next().map(|(at, timer)| (at, timer.why()))
    }

    /// Whether nothing is held: no room, member, stream or deadline.
    pub fn is_idle(&self) -> bool {
        self.rooms.is_empty() && self.seats.is_empty() && self.streams.is_empty() && self.timers.is_empty()
    }

    fn fire(&mut self, now: Moment) {
        while let Some(timer) = self.timers.pop_due(now) {
            match timer {
                Timer::Away(session) => self.show_away(session, true),
                Timer::Seat(session) => self.remove(now, session, LeaveReason::TimedOut),
                Timer::Media(session, kind) => self.media_grace_over(session, kind),
                Timer::AudienceOnly(key) => self.end_with_everybody(&key),
                Timer::AudienceCount(key) => self.tell_audience(now, &key),
            }
        }
    }

    /// The room and the member of a session.
    pub(crate) fn seat(&self, session: SessionId) -> Result<(&RoomKey, &Room, &Member), Fault> {
        self.seats
            .get(&session)
            .and_then(|key| {
                let room = self.rooms.get(key)?;
                Some((key, room, room.members.get(&session)?))
            })
            .ok_or(Fault::new(ErrorCode::NotInRoom))
    }

    /// The member of a session, to be changed.
    pub(crate) fn member_mut(&mut self, session: SessionId) -> Result<&mut Member, Fault> {
        let key = self.seats.get(&session);
        key.and_then(|key| self.rooms.get_mut(key)?.members.get_mut(&session))
            .ok_or(Fault::new(ErrorCode::NotInRoom))
    }

    /// What `viewer` receives of a stream of `owner`; nothing unless both are in one room.
    pub fn receives(&self, viewer: SessionId, owner: SessionId, kind: StreamKind) -> TrackFlags {
        if self.seats.get(&viewer).is_none_or(|key| self.seats.get(&owner) != Some(key)) {
            return TrackFlags::NONE;
        }
        self.seat(viewer).map_or(TrackFlags::NONE, |(_, _, member)| member.receives(owner, kind))
    }
}
