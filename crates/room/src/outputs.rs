//! Who is told what.

use crate::io::{Event, Output, RoomKey};
use crate::limits::audience_interval;
use crate::machine::{Rooms, Timer};
use huitong_types::{Moment, SessionId, StreamKind};

impl Rooms {
    /// Tells everybody in the room of `session` but itself.
    pub(crate) fn tell_others(&mut self, session: SessionId, event: Event) {
        let Some(room) = self.seats.get(&session).and_then(|key| self.rooms.get(key)) else { return };
        let to = room.others(session);
        self.tell(to, event);
    }

    pub(crate) fn tell(&mut self, to: Vec<SessionId>, event: Event) {
        if !to.is_empty() {
            self.out.push_back(Output::Tell { to, event });
        }
    }

    /// Brings what the others know of a stream up to date.
    pub(crate) fn refresh_stream(&mut self, session: SessionId, kind: StreamKind) {
        let Ok(member) = self.member_mut(session) else { return };
        let allowed = member.sendable(kind);
        let user = member.user.clone();
        let Some(stream) = member.streams.get_mut(&kind) else { return };
        let declared = stream.declared.unwrap_or(crate::TrackFlags::BOTH);
        let tracks = stream.media.seen().and(declared).and(allowed);
        if tracks != stream.announced {
            stream.announced = tracks;
            let stream = stream.view(kind);
            self.out.push_back(Output::Announced { session, stream: stream.id, tracks });
            self.tell_others(session, Event::StreamChanged { user, stream });
        }
    }

    /// Sees to it that a changed audience count is told in time. A count that went up and came down again is
    /// told too: who joined in between knows the higher one.
    pub(crate) fn audience_changed(&mut self, now: Moment, key: &RoomKey) {
        let Some(room) = self.rooms.get_mut(key) else { return };
        let count = room.audience_count();
        if std::mem::replace(&mut room.audience_seen, count) == count {
            return;
        }
        let timer = Timer::AudienceCount(key.clone());
        if !self.timers.is_armed(&timer) {
            let pause = audience_interval(room.members.len());
            let due = room.audience_told.map_or(now, |told| now.max(told + pause));
            self.timers.arm(timer, due);
        }
    }

    pub(crate) fn tell_audience(&mut self, now: Moment, key: &RoomKey) {
        let Some(room) = self.rooms.get_mut(key) else { return };
        room.audience_told = Some(now);
        let count = room.audience_count();
        let to = room.members.keys().copied().collect();
        self.tell(to, Event::Audience { count });
    }
}
