//! What has to be known to count how much an application uses. Changes only: nothing here happens per packet.

use crate::engine::Engine;
use crate::io::{Output, StreamLabel};
use crate::publishing::label;
use huitong_room::{RoomKey, TrackFlags};
use huitong_types::{AppId, RoomId, SessionId, StreamId, UserId};

/// A change in what a member uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StayEvent {
    /// A session has entered a room.
    Entered {
        /// Who.
        session: SessionId,
        /// The application.
        app: AppId,
        /// The room.
        room: RoomId,
        /// The user.
        user: UserId,
    },
    /// A session is no longer in its room. Nothing more is said about its streams and players.
    Left {
        /// Who.
        session: SessionId,
    },
    /// What a member publishes in a stream.
    Announced {
        /// Whose.
        session: SessionId,
        /// The stream.
        stream: StreamId,
        /// The tracks.
        tracks: TrackFlags,
    },
    /// A member has a media connection on which it is sent the pictures of a stream, or none any more.
    Receives {
        /// Who.
        session: SessionId,
        /// The stream.
        stream: StreamId,
        /// Whether pictures are sent.
        video: bool,
    },
    /// So many connections play a stream that are no member's, by minted URLs. When the stream ends, none does.
    Guests {
        /// The stream.
        stream: StreamId,
        /// Its application.
        app: AppId,
        /// Its room.
        room: RoomId,
        /// Whose it is.
        user: UserId,
        /// How many.
        many: usize,
    },
}

impl Engine {
    pub(crate) fn stay(&mut self, event: StayEvent) {
        self.out.push_back(Output::Stay(event));
    }

    pub(crate) fn stay_begins(&mut self, session: SessionId, key: &RoomKey, user: &UserId) {
        let (app, room, user) = (key.app, key.room.clone(), user.clone());
        self.stay(StayEvent::Entered { session, app, room, user });
    }

    /// Says anew how many play a stream by minted URLs.
    pub(crate) fn tell_guests(&mut self, stream: StreamId) {
        // One that has ended is told by that.
        let Some(publication) = self.rooms.stream(stream) else { return };
        let StreamLabel { app, room, user, .. } = label(&publication);
        let many = self.media.guests_of(stream);
        self.stay(StayEvent::Guests { stream, app, room, user, many });
    }

    /// Says anew whether a session receives the pictures of a stream, after its players or its wishes changed.
    pub(crate) fn tell_receiving(&mut self, session: SessionId, stream: StreamId) {
        let plays = !self.media.players_of(session, stream).is_empty();
        let wanted = self.rooms.stream(stream).is_some_and(|publication| {
            self.rooms.receives(session, publication.owner, publication.kind).video
        });
        self.stay(StayEvent::Receives { session, stream, video: plays && wanted });
    }
}
