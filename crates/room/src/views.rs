//! Questions to the machine: what a member sees, what media connections need, what the back-end lists.

use crate::TrackFlags;
use crate::io::{MemberView, Publication, RoomKey, RoomView};
use crate::machine::Rooms;
use crate::state::{Media, Member, Room};
use huitong_types::{
    AppId, Moment, Privileges, Role, RoomId, Scene, SessionId, StreamId, StreamKind, UserId,
};
use std::time::Duration;

/// A room in a list.
#[derive(Clone, Debug)]
pub struct RoomEntry {
    /// The room.
    pub room: RoomId,
    /// What it is for.
    pub scene: Scene,
    /// Announced members.
    pub members: usize,
    /// Audience.
    pub audience: usize,
    /// Streams that carry media.
    pub streams: usize,
    /// How long it exists.
    pub age: Duration,
}

/// An announced member in a room's detail.
#[derive(Clone, Debug)]
pub struct MemberEntry {
    /// Its session.
    pub session: SessionId,
    /// Who.
    pub user: UserId,
    /// Its role.
    pub role: Role,
    /// Connection lost for a while.
    pub away: bool,
    /// How long it has been in the room.
    pub age: Duration,
    /// Its streams, whether they carry media or not.
    pub streams: Vec<StreamEntry>,
}

/// A stream in a room's detail.
#[derive(Clone, Copy, Debug)]
pub struct StreamEntry {
    /// Its id.
    pub id: StreamId,
    /// Which of the member's streams.
    pub kind: StreamKind,
    /// Whether a media connection publishes it at this moment.
    pub publishing: bool,
    /// What it is announced with.
    pub tracks: TrackFlags,
    /// Times its publisher reconnected.
    pub reconnects: u32,
}

impl Rooms {
    /// The room of a session.
    pub fn room_of(&self, session: SessionId) -> Option<&RoomKey> {
        self.seats.get(&session)
    }

    /// A member's role, and whether it may receive audio.
    pub fn listener(&self, session: SessionId) -> Option<(Role, bool)> {
        let (_, _, member) = self.seat(session).ok()?;
        Some((member.role, TrackFlags::receivable(member.privileges, StreamKind::Main).audio))
    }

    /// The user of a member.
    pub fn user_of(&self, session: SessionId) -> Option<UserId> {
        self.seat(session).ok().map(|(_, _, member)| member.user.clone())
    }

    /// Whether there is a room of this name.
    pub fn exists(&self, key: &RoomKey) -> bool {
        self.rooms.contains_key(key)
    }

    /// The session of a user in a room.
    pub fn find(&self, key: &RoomKey, user: &UserId) -> Option<SessionId> {
        self.rooms.get(key)?.users.get(user).copied()
    }

    /// What a room is for.
    pub fn scene(&self, key: &RoomKey) -> Option<Scene> {
        Some(self.rooms.get(key)?.scene)
    }

    /// Everybody in a room, audience included.
    pub fn everybody(&self, key: &RoomKey) -> Vec<(SessionId, UserId, Role)> {
        let members = self.rooms.get(key).into_iter().flat_map(|room| &room.members);
        members.map(|(session, member)| (*session, member.user.clone(), member.role)).collect()
    }

    /// What a member's credential allows.
    pub fn privileges(&self, session: SessionId) -> Option<Privileges> {
        Some(self.seat(session).ok()?.2.privileges)
    }

    /// The room as the session sees it.
    pub fn view(&self, session: SessionId) -> Option<RoomView> {
        let (key, room, member) = self.seat(session).ok()?;
        let others = room.announced_members().filter(|(other, _)| *other != session);
        let members: Vec<MemberView> = others.map(|(_, member)| member.view()).collect();
        Some(RoomView {
            key: key.clone(),
            scene: room.scene,
            role: member.role,
            members,
            audience: room.audience_count(),
        })
    }

    /// The stream with this id, if its member is still in the room.
    pub fn stream(&self, stream: StreamId) -> Option<Publication> {
        let (owner, kind) = self.streams.get(&stream)?;
        self.publication(*owner, *kind)
    }

    /// A stream of a member, if it was declared or published.
    pub fn publication(&self, owner: SessionId, kind: StreamKind) -> Option<Publication> {
        let (key, room, member) = self.seat(owner).ok()?;
        let stream = member.streams.get(&kind)?;
        Some(Publication {
            id: stream.id,
            owner,
            kind,
            user: member.user.clone(),
            key: key.clone(),
            scene: room.scene,
            allowed: member.sendable(kind),
            active: stream.media.is_active(),
        })
    }

    /// What the others were told that a stream of a member carries.
    pub fn announced(&self, owner: SessionId, kind: StreamKind) -> TrackFlags {
        let seat = self.seat(owner).ok();
        let stream = seat.and_then(|(_, _, member)| member.streams.get(&kind));
        stream.map_or(TrackFlags::NONE, |stream| stream.announced)
    }

    /// A page of the rooms of an application by name, and how many there are in all.
    pub fn list(&self, now: Moment, app: AppId, offset: usize, limit: usize) -> (Vec<RoomEntry>, usize) {
        let first = RoomKey { app, room: RoomId::Number(0) };
        let rooms = || self.rooms.range(&first..).take_while(|(key, _)| key.app == app);
        let page = rooms().skip(offset).take(limit).map(|(key, room)| entry(now, key, room)).collect();
        (page, rooms().count())
    }

    /// A room with its announced members.
    pub fn detail(&self, now: Moment, key: &RoomKey) -> Option<(RoomEntry, Vec<MemberEntry>)> {
        let room = self.rooms.get(key)?;
        let members = room.announced_members().map(|(session, member)| MemberEntry {
            session,
            user: member.user.clone(),
            role: member.role,
            away: member.away,
            age: now.since(member.joined),
            streams: streams(member),
        });
        Some((entry(now, key, room), members.collect()))
    }

    /// Rooms and sessions in them, for metrics.
    pub fn sizes(&self) -> (usize, usize) {
        (self.rooms.len(), self.seats.len())
    }
}

fn entry(now: Moment, key: &RoomKey, room: &Room) -> RoomEntry {
    let announced = room.announced_members().flat_map(|(_, member)| member.streams.values());
    RoomEntry {
        room: key.room.clone(),
        scene: room.scene,
        members: room.announced.len(),
        audience: room.audience(),
        streams: announced.filter(|stream| stream.media.is_active()).count(),
        age: now.since(room.created),
    }
}

fn streams(member: &Member) -> Vec<StreamEntry> {
    let entry = |(kind, stream): (&StreamKind, &crate::state::Stream)| StreamEntry {
        id: stream.id,
        kind: *kind,
        publishing: matches!(stream.media, Media::Present { .. }),
        tracks: stream.announced,
        reconnects: stream.reconnects,
    };
    member.streams.iter().map(entry).collect()
}
