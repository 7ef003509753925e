//! What a room is: plain data with the questions that need no more than this data.

use crate::{MemberView, StreamView, TrackFlags};
use huitong_types::{Moment, Privileges, Role, Scene, SessionId, StreamId, StreamKind, UserId};
use std::collections::BTreeMap;

/// The media connection of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    /// None.
    Absent,
    /// There is one. `kept` is what an earlier connection carried and this one has not shown yet.
    Present { fresh: TrackFlags, kept: TrackFlags },
    /// It vanished a moment ago; this is what it carried.
    Broken { seen: TrackFlags },
}

impl Media {
    /// Tracks that count as carried now.
    pub(crate) const fn seen(self) -> TrackFlags {
        match self {
            Self::Absent => TrackFlags::NONE,
            Self::Present { fresh, kept } => fresh.or(kept),
            Self::Broken { seen } => seen,
        }
    }

    /// Whether the stream counts as published.
    pub(crate) const fn is_active(self) -> bool {
        !matches!(self, Self::Absent)
    }
}

/// One stream of a member.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    pub(crate) id: StreamId,
    /// What the member said to be on. Encoders say nothing: everything they send counts.
    pub(crate) declared: Option<TrackFlags>,
    pub(crate) media: Media,
    /// What the others were told last.
    pub(crate) announced: TrackFlags,
    /// Times a media connection came while an earlier one counted as publishing.
    pub(crate) reconnects: u32,
}

impl Stream {
    pub(crate) const fn new(id: StreamId) -> Self {
        Self { id, declared: None, media: Media::Absent, announced: TrackFlags::NONE, reconnects: 0 }
    }

    pub(crate) const fn view(&self, kind: StreamKind) -> StreamView {
        StreamView { kind, id: self.id, tracks: self.announced }
    }
}

/// One session in a room.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) user: UserId,
    pub(crate) role: Role,
    pub(crate) privileges: Privileges,
    /// Its sound, and the picture of its main stream: whether they are left out although it may send them.
    pub(crate) silenced: TrackFlags,
    pub(crate) joined: Moment,
    /// Its place in the order of announced members; audience has none.
    pub(crate) place: Option<u64>,
    pub(crate) away: bool,
    pub(crate) streams: BTreeMap<StreamKind, Stream>,
    /// What it wants of others' streams, where that is not everything.
    pub(crate) wants: BTreeMap<(SessionId, StreamKind), TrackFlags>,
}

impl Member {
    /// What of a stream reaches others if it is sent. A member of whom nothing does may still publish: to be heard again it need
    /// not begin anew.
    pub(crate) fn sendable(&self, kind: StreamKind) -> TrackFlags {
        let may = TrackFlags::sendable(self.privileges, kind);
        match kind {
            StreamKind::Main => may.without(self.silenced),
            // A voice is not to be heard by way of the screen; a screen is not the picture that is left out.
            StreamKind::Aux => may.without(TrackFlags { audio: self.silenced.audio, video: false }),
        }
    }

    pub(crate) fn is_publishing(&self) -> bool {
        self.streams.values().any(|stream| stream.media.is_active())
    }

    pub(crate) fn view(&self) -> MemberView {
        let streams = self.streams.iter().filter(|(_, s)| s.announced.any()).map(|(kind, s)| s.view(*kind));
        MemberView { user: self.user.clone(), away: self.away, streams: streams.collect() }
    }

    /// What it receives of another member's stream.
    pub(crate) fn receives(&self, owner: SessionId, kind: StreamKind) -> TrackFlags {
        let wanted = self.wants.get(&(owner, kind)).copied().unwrap_or(TrackFlags::BOTH);
        wanted.and(TrackFlags::receivable(self.privileges, kind))
    }
}

/// One room.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    pub(crate) scene: Scene,
    pub(crate) created: Moment,
    pub(crate) members: BTreeMap<SessionId, Member>,
    pub(crate) users: BTreeMap<UserId, SessionId>,
    /// Members that the others know by name, in the order they came.
    pub(crate) announced: BTreeMap<u64, SessionId>,
    pub(crate) next_place: u64,
    /// The audience count at the last look.
    pub(crate) audience_seen: u32,
    /// When the audience count was told last.
    pub(crate) audience_told: Option<Moment>,
}

impl Room {
    pub(crate) const fn new(scene: Scene, created: Moment) -> Self {
        Self {
            scene,
            created,
            members: BTreeMap::new(),
            users: BTreeMap::new(),
            announced: BTreeMap::new(),
            next_place: 0,
            audience_seen: 0,
            audience_told: None,
        }
    }

    /// Members that are counted and not announced.
    pub(crate) fn audience(&self) -> usize {
        self.members.len().saturating_sub(self.announced.len())
    }

    pub(crate) fn audience_count(&self) -> u32 {
        u32::try_from(self.audience()).unwrap_or(u32::MAX)
    }

    /// Members that publish media now.
    pub(crate) fn publishing(&self) -> usize {
        self.announced_members().filter(|(_, member)| member.is_publishing()).count()
    }

    pub(crate) fn announced_members(&self) -> impl Iterator<Item = (SessionId, &Member)> {
        self.announced.values().filter_map(|session| Some((*session, self.members.get(session)?)))
    }

    /// Everybody but `session`.
    pub(crate) fn others(&self, session: SessionId) -> Vec<SessionId> {
        self.members.keys().copied().filter(|other| *other != session).collect()
    }

    /// Gives a member the next place in the order of announced members.
    pub(crate) fn announce(&mut self, session: SessionId) {
        if let Some(member) = self.members.get_mut(&session) {
            member.place = Some(self.next_place);
            self.announced.insert(self.next_place, session);
            self.next_place += 1;
        }
    }
}
