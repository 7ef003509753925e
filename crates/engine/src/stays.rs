//! What has to be known to count how much an application uses. Changes only: nothing here happens per packet.

use crate::engine::Engine;
use crate::io::Output;
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
}

impl Engine {
    pub(crate) fn stay(&mut self, event: StayEvent) {
        self.out.push_back(Output::Stay(event));
    }

    pub(crate) fn stay_begins(&mut self, session: SessionId, key: &RoomKey, user: &UserId) {
        let (app, room, user) = (key.app, key.room.clone(), user.clone());
        self.stay(StayEvent::Entered { session, app, room, user });
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
