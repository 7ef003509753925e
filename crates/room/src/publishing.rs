//! Streams: what members declare, what their media connections carry, and what follows from both.

use crate::TrackFlags;
use crate::io::Output;
use crate::limits::{may_declare, no_privilege, publisher_place};
use crate::machine::{Rooms, Timer};
use crate::state::{Media, Stream};
use huitong_types::{ErrorCode, Fault, Moment, Privileges, Role, Scene, SessionId, StreamId, StreamKind};

impl Rooms {
    pub(crate) fn declare(
        &mut self,
        session: SessionId,
        kind: StreamKind,
        tracks: TrackFlags,
    ) -> Result<(), Fault> {
        let (_, _, member) = self.seat(session)?;
        may_declare(member.role, member.privileges, kind, tracks)?;
        self.stream_mut(session, kind)?.declared = Some(tracks);
        self.refresh_stream(session, kind);
        Ok(())
    }

    pub(crate) fn withdraw(&mut self, session: SessionId, kind: StreamKind) -> Result<(), Fault> {
        let stream = self.member_mut(session)?.streams.get_mut(&kind).ok_or_else(|| {
            Fault::because(ErrorCode::NotFound, format!("No {} stream is published.", kind.as_str()))
        })?;
        stream.declared = None;
        let fault = Fault::because(ErrorCode::UnknownKey, "The stream was withdrawn.");
        self.out.push_back(Output::MediaCut { session, kind, fault });
        self.media_over(session, kind, true);
        Ok(())
    }

    pub(crate) fn media_started(
        &mut self,
        now: Moment,
        session: SessionId,
        kind: StreamKind,
    ) -> Result<(), Fault> {
        let (_, room, member) = self.seat(session)?;
        if member.role == Role::Audience {
            return Err(Fault::because(ErrorCode::MayNotPublish, "Audience may not publish."));
        }
        if !TrackFlags::sendable(member.privileges, kind).any() {
            return Err(no_privilege(kind));
        }
        if room.scene == Scene::Rtc && !member.is_publishing() {
            publisher_place(&self.limits, room.publishing())?;
        }
        let stream = self.stream_mut(session, kind)?;
        let again = stream.media.is_active();
        stream.media = Media::Present { fresh: TrackFlags::NONE, kept: stream.media.seen() };
        if again {
            // What the earlier connection carried stays announced while the new one gets going: the others
            // notice nothing of a reconnect.
            stream.reconnects = stream.reconnects.saturating_add(1);
            self.timers.arm(Timer::Media(session, kind), now + self.limits.publish_grace);
        }
        Ok(())
    }

    pub(crate) fn media_tracks(
        &mut self,
        session: SessionId,
        kind: StreamKind,
        tracks: TrackFlags,
    ) -> Result<(), Fault> {
        if let Some(stream) = self.member_mut(session)?.streams.get_mut(&kind)
            && let Media::Present { fresh, kept } = &mut stream.media
        {
            // A track that this connection has shown is not kept from an earlier one any more.
            let shown = fresh.or(tracks);
            *kept = TrackFlags { audio: kept.audio && !shown.audio, video: kept.video && !shown.video };
            *fresh = tracks;
        }
        self.refresh_stream(session, kind);
        Ok(())
    }

    pub(crate) fn media_stopped(
        &mut self,
        now: Moment,
        session: SessionId,
        kind: StreamKind,
        deliberate: bool,
    ) -> Result<(), Fault> {
        let Some(stream) = self.member_mut(session)?.streams.get_mut(&kind) else { return Ok(()) };
        let Media::Present { .. } = stream.media else { return Ok(()) };
        if deliberate {
            self.media_over(session, kind, true);
        } else {
            stream.media = Media::Broken { seen: stream.media.seen() };
            self.timers.arm(Timer::Media(session, kind), now + self.limits.publish_grace);
        }
        Ok(())
    }

    pub(crate) fn media_grace_over(&mut self, session: SessionId, kind: StreamKind) {
        let Ok(member) = self.member_mut(session) else { return };
        let Some(stream) = member.streams.get_mut(&kind) else { return };
        match &mut stream.media {
            Media::Absent => {}
            Media::Broken { .. } => self.media_over(session, kind, false),
            Media::Present { kept, .. } => {
                *kept = TrackFlags::NONE;
                self.refresh_stream(session, kind);
            }
        }
    }

    fn media_over(&mut self, session: SessionId, kind: StreamKind, deliberate: bool) {
        self.timers.cancel(&Timer::Media(session, kind));
        let Ok(member) = self.member_mut(session) else { return };
        let Some(stream) = member.streams.get_mut(&kind) else { return };
        if !stream.media.is_active() {
            return;
        }
        stream.media = Media::Absent;
        let id = stream.id;
        self.refresh_stream(session, kind);
        self.out.push_back(Output::StreamEnded { stream: id });
        self.out.push_back(Output::MediaOver { session, kind, deliberate });
    }

    pub(crate) fn set_privileges(&mut self, session: SessionId, privileges: Privileges) {
        let Ok(member) = self.member_mut(session) else { return };
        if member.privileges == privileges {
            return;
        }
        member.privileges = privileges;
        self.refresh_sending(session);
        self.refresh_receiving(session);
    }

    /// Leaves out a member's sound or the picture of its main stream, or neither any more.
    pub(crate) fn silence(&mut self, session: SessionId, tracks: TrackFlags) -> Result<(), Fault> {
        let member = self.member_mut(session)?;
        if std::mem::replace(&mut member.silenced, tracks) != tracks {
            self.refresh_sending(session);
        }
        Ok(())
    }

    /// Brings what is let through of a member's streams up to date.
    fn refresh_sending(&mut self, session: SessionId) {
        let Ok(member) = self.member_mut(session) else { return };
        let allowed: Vec<(StreamKind, TrackFlags)> =
            member.streams.keys().map(|kind| (*kind, member.sendable(*kind))).collect();
        for (kind, allowed) in allowed {
            self.out.push_back(Output::PublishAllowed { session, kind, allowed });
            self.refresh_stream(session, kind);
        }
    }

    /// The stream of a member, made if it does not exist yet.
    fn stream_mut(&mut self, session: SessionId, kind: StreamKind) -> Result<&mut Stream, Fault> {
        let id = StreamId::new(self.next_stream);
        if !self.member_mut(session)?.streams.contains_key(&kind) {
            self.next_stream += 1;
            self.streams.insert(id, (session, kind));
        }
        Ok(self.member_mut(session)?.streams.entry(kind).or_insert_with(|| Stream::new(id)))
    }
}
