//! Which tracks of whose streams a member receives.

use crate::TrackFlags;
use crate::io::Output;
use crate::machine::Rooms;
use huitong_types::{ErrorCode, Fault, SessionId, StreamId, StreamKind, UserId};

impl Rooms {
    pub(crate) fn subscribe(
        &mut self,
        session: SessionId,
        user: &UserId,
        kind: StreamKind,
        tracks: TrackFlags,
    ) -> Result<(), Fault> {
        let (key, room, _) = self.seat(session)?;
        let key = key.clone();
        let owner = room.users.get(user).copied().filter(|owner| *owner != session).ok_or_else(|| {
            Fault::because(ErrorCode::NotFound, format!("No other member {user} is in the room."))
                .in_field("user")
        })?;
        let stream = room.members.get(&owner).and_then(|member| member.streams.get(&kind)).map(|s| s.id);
        let Some(room) = self.rooms.get_mut(&key) else { return Ok(()) };
        let Some(member) = room.members.get_mut(&session) else { return Ok(()) };
        member.wants.insert((owner, kind), tracks);
        let receives = member.receives(owner, kind);
        // Wishes about members that have left are dropped when they could outnumber those that matter.
        let mut wants = std::mem::take(&mut member.wants);
        if wants.len() > 2 * room.announced.len() + StreamKind::ALL.len() {
            wants.retain(|(owner, _), _| room.members.contains_key(owner));
        }
        if let Some(member) = room.members.get_mut(&session) {
            member.wants = wants;
        }
        if let Some(stream) = stream {
            self.out.push_back(Output::PlayTracks { session, stream, tracks: receives });
        }
        Ok(())
    }

    /// Says again what a member receives of everybody, after its privileges changed.
    pub(crate) fn refresh_receiving(&mut self, session: SessionId) {
        let Ok((_, room, member)) = self.seat(session) else { return };
        let mut found: Vec<(StreamId, TrackFlags)> = Vec::new();
        for (owner, other) in room.announced_members().filter(|(owner, _)| *owner != session) {
            found.extend(other.streams.iter().map(|(kind, s)| (s.id, member.receives(owner, *kind))));
        }
        for (stream, tracks) in found {
            self.out.push_back(Output::PlayTracks { session, stream, tracks });
        }
    }
}
