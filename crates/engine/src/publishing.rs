//! Media connections that publish, and encoders that are members by a minted URL.

use crate::conferences::Door;
use crate::engine::Engine;
use crate::held::Wish;
use crate::io::{MediaTicket, Output, Pace, StreamLabel, TrackFlags};
use crate::media::Use;
use crate::urls::{Minted, Purpose};
use huitong_conference::UserKey;
use huitong_protocol::{Event, Failure, Publish};
use huitong_room::{Input, Join, Publication, RoomKey};
use huitong_session::Body;
use huitong_types::{
    ErrorCode, Fault, LeaveReason, Privileges, Role, Scene, SessionId, StreamKey, StreamKind, UserId,
};

impl Engine {
    /// Registers the key of a stream that was declared.
    pub(crate) fn register(&mut self, session: SessionId, publish: Publish) {
        let Some(key) = publish.key else { return };
        let kind = publish.stream;
        if let Some(ticket) = self.media.register(session, kind, key) {
            let fault = Fault::because(ErrorCode::UnknownKey, "The stream key was replaced by a new one.");
            self.out.push_back(Output::CloseMedia { ticket, fault });
            let stopped = self.in_room(Input::MediaStopped { session, kind, deliberate: false });
            debug_assert!(stopped.is_ok(), "a publisher is a member");
        }
    }

    pub(crate) fn publish_requested(&mut self, ticket: MediaTicket, key: StreamKey) {
        if let Some((session, kind)) = self.media.owner_of(&key) {
            match self.start_publishing(ticket, session, kind, key) {
                Ok(()) => {}
                // An encoder hears by its connection alone.
                Err(fault) if self.encoders.contains(&session) => {
                    self.refuse_media("publish-refused", ticket, fault);
                }
                Err(fault) => {
                    self.tell_refused(session, kind, &fault);
                    self.out.push_back(Output::CloseMedia { ticket, fault });
                }
            }
            return;
        }
        let result = if let Some(minted) = self.urls.get(&key).cloned() {
            self.publish_by_url(ticket, minted, key)
        } else if self.play_keys.open(&key).is_some() {
            Err(Fault::because(ErrorCode::UnknownKey, "This key plays a stream, it does not publish one."))
        } else {
            self.hold(ticket, Wish::Publish(key));
            Ok(())
        };
        if let Err(fault) = result {
            self.refuse_media("publish-refused", ticket, fault);
        }
    }

    /// A phone's pusher says only that its push failed; the client learns here why, and so does the operator.
    pub(crate) fn tell_refused(&mut self, session: SessionId, stream: StreamKind, fault: &Fault) {
        if let Some(who) = self.sessions.who(session).cloned() {
            let room = self.rooms.room_of(session).map(|key| key.room.clone());
            let conn = self.sessions.conn_of(session);
            let detail = format!("{}: {fault}", stream.as_str());
            self.note_user("publish-refused", conn, who.app, room.as_ref(), &who.user, detail);
        }
        let event = Event::PublishRefused { stream, error: Failure::from(fault.clone()) };
        if let Some(body) = Body::new(&event, Vec::new()) {
            self.push(session, &body);
        }
    }

    pub(crate) fn refuse_media(&mut self, what: &'static str, ticket: MediaTicket, fault: Fault) {
        self.note(what, |note| note.detail = format!("ticket {}: {fault}", ticket.0));
        self.out.push_back(Output::CloseMedia { ticket, fault });
    }

    fn start_publishing(
        &mut self,
        ticket: MediaTicket,
        session: SessionId,
        kind: StreamKind,
        key: StreamKey,
    ) -> Result<(), Fault> {
        self.in_room(Input::MediaStarted { session, kind })?;
        let publication = self.rooms.publication(session, kind).ok_or(Fault::new(ErrorCode::Internal))?;
        if let Some(earlier) = self.media.start_publishing(ticket, session, kind, key, publication.id) {
            let fault = Fault::because(ErrorCode::KeyInUse, "A newer connection publishes this stream.");
            self.out.push_back(Output::CloseMedia { ticket: earlier, fault });
        }
        let label = label(&publication);
        let conn = self.sessions.conn_of(session);
        let detail = format!("{} {} ticket {}", kind.as_str(), publication.id, ticket.0);
        self.note_user("publish-started", conn, label.app, Some(&label.room), &label.user, detail);
        self.out.push_back(Output::PublishAccepted {
            ticket,
            stream: publication.id,
            pace: Pace { scene: publication.scene },
            allowed: publication.allowed,
            label,
        });
        self.release_held_plays(&publication);
        Ok(())
    }

    /// An encoder pushes as a member. If its user is in the room already with a device, the stream is the
    /// device's, as long as that one does not publish it itself.
    fn publish_by_url(&mut self, ticket: MediaTicket, minted: Minted, key: StreamKey) -> Result<(), Fault> {
        let Purpose::Push { scene } = minted.purpose else {
            return Err(Fault::because(
                ErrorCode::UnknownKey,
                "This key plays a stream, it does not publish one.",
            ));
        };
        let kind = minted.kind;
        if let Some(session) = self.rooms.find(&minted.key, &minted.user) {
            let busy = self.rooms.publication(session, kind).is_some_and(|publication| publication.active);
            let theirs = !self.encoders.contains(&session) && !self.media.came_by(session, kind, &key);
            if busy && theirs {
                let sentence = format!("{} publishes this stream from another device.", minted.user);
                return Err(Fault::because(ErrorCode::KeyInUse, sentence));
            }
            return self.start_publishing(ticket, session, kind, key);
        }
        if self.draining {
            return Err(Fault::new(ErrorCode::ShuttingDown));
        }
        self.may_enter(&minted.key, &minted.user)?;
        let (_, sessions) = self.sessions.sizes();
        if sessions + self.encoders.len() >= self.config.sessions {
            return Err(Fault::new(ErrorCode::ServerFull));
        }
        let session = SessionId::new(self.random.number());
        self.encoder_joins(session, minted, scene)?;
        self.encoders.insert(session);
        let started = self.start_publishing(ticket, session, kind, key);
        if started.is_err() {
            self.in_room(Input::Leave { session, reason: LeaveReason::Left })?;
        }
        started
    }

    /// An encoder becomes a member. The back-end has sent it, so a conference needs no password of it.
    fn encoder_joins(&mut self, session: SessionId, minted: Minted, scene: Scene) -> Result<(), Fault> {
        let Minted { key, user, .. } = minted;
        self.may_push(&key, &user)?;
        let door = Door {
            key: &key,
            scene,
            role: Role::Publisher,
            privileges: Privileges::ALL,
            authority: true,
            talks: true,
        };
        if let Some(result) =
            self.join_conference(session, UserKey { app: key.app, user: user.clone() }, &door)
        {
            return result;
        }
        self.in_room(Input::Join(Join {
            session,
            key,
            user,
            scene,
            role: Role::Publisher,
            privileges: Privileges::ALL,
            declare: Vec::new(),
        }))
    }

    /// Whether admins have sent the user of an encoder to the audience. It tries again every few seconds, and the others must not
    /// hear each time that somebody came and went.
    fn may_push(&self, key: &RoomKey, user: &UserId) -> Result<(), Fault> {
        let conference = self.hall.machine.in_room(key.app, &key.room);
        let decided = conference.and_then(|conference| conference.decision(user)).and_then(|own| own.role);
        if decided != Some(huitong_conference::Role::Audience) {
            return Ok(());
        }
        let sentence = format!("An admin of the conference made {user} audience, which may not publish.");
        Err(Fault::because(ErrorCode::MayNotPublish, sentence))
    }

    /// Withdraws the URLs by which media of a member came: its encoder comes back by itself as long as they open the room.
    pub(crate) fn withdraw_pushes(&mut self, session: SessionId) {
        for key in StreamKind::ALL.iter().filter_map(|kind| self.media.way_of(session, *kind)) {
            if self.urls.remove(&key) {
                self.out.push_back(Output::DropUrl(key));
            }
        }
    }

    /// Withdraws all URLs by which these users could push into a room.
    pub(crate) fn withdraw_pushes_of(&mut self, room: &RoomKey, users: &[UserId]) {
        let push = |url: &Minted| matches!(url.purpose, Purpose::Push { .. });
        self.withdraw_urls(|url| url.key == *room && push(url) && users.contains(&url.user));
    }

    /// An encoder that publishes nothing any more is no member any more.
    pub(crate) fn encoder_stopped(&mut self, session: SessionId, deliberate: bool) {
        let publishes = |kind| self.rooms.publication(session, kind).is_some_and(|p| p.active);
        // Main and aux can end in one step: the first one that finds nothing left leaves for both.
        if StreamKind::ALL.into_iter().any(publishes) || !self.encoders.remove(&session) {
            return;
        }
        let reason = if deliberate { LeaveReason::Left } else { LeaveReason::TimedOut };
        let left = self.in_room(Input::Leave { session, reason });
        debug_assert!(left.is_ok(), "an encoder is a member");
    }

    pub(crate) fn tracks_seen(&mut self, ticket: MediaTicket, tracks: TrackFlags) {
        if let Some(Use::Publish { session, kind }) = self.media.use_of(ticket) {
            if tracks.video {
                self.picture_seen(session, kind);
            }
            let seen = self.in_room(Input::MediaTracks { session, kind, tracks });
            debug_assert!(seen.is_ok(), "a publisher is a member");
        }
    }

    /// A media connection is gone. One that was closed from this side is unknown by now.
    pub(crate) fn media_closed(&mut self, ticket: MediaTicket, deliberate: bool) {
        if self.held.cancel(ticket) {
            return;
        }
        match self.media.close(ticket) {
            Some(Use::Publish { session, kind }) => {
                let stopped = self.in_room(Input::MediaStopped { session, kind, deliberate });
                debug_assert!(stopped.is_ok(), "a publisher is a member");
            }
            Some(Use::Play { stream, viewer: Some(viewer) }) => self.tell_receiving(viewer, stream),
            Some(Use::Play { stream, viewer: None }) => self.tell_guests(stream),
            None => {}
        }
    }

    /// Closes the publisher of a stream; its key is void.
    pub(crate) fn cut_publisher(&mut self, session: SessionId, kind: StreamKind, fault: Fault) {
        if let Some(ticket) = self.media.forget_slot(session, kind) {
            self.out.push_back(Output::CloseMedia { ticket, fault });
        }
    }
}

pub(crate) fn label(publication: &Publication) -> StreamLabel {
    StreamLabel {
        app: publication.key.app,
        room: publication.key.room.clone(),
        user: publication.user.clone(),
        kind: publication.kind,
    }
}
