//! From what rooms say to what travels.

use crate::engine::Engine;
use huitong_protocol::{Event, MemberInfo, MixState, RoomState, StreamState};
use huitong_room::{MemberView, RoomView, StreamView};
use huitong_session::{Body, PLAY_KEY_HOLE};
use huitong_types::{SessionId, StreamId, StreamKey};
use std::sync::Arc;

fn stream_state(view: &StreamView, play: StreamKey) -> StreamState {
    StreamState { stream: view.kind, audio: view.tracks.audio, video: view.tracks.video, play }
}

fn member_info(view: MemberView, mut key: impl FnMut(StreamId) -> StreamKey) -> MemberInfo {
    let streams = view.streams.iter().map(|stream| stream_state(stream, key(stream.id))).collect();
    MemberInfo { user: view.user, away: view.away, streams }
}

fn room_state(
    view: RoomView,
    mix: Option<StreamId>,
    mut key: impl FnMut(StreamId) -> StreamKey,
) -> RoomState {
    RoomState {
        room: view.key.room,
        scene: view.scene,
        role: view.role,
        members: view.members.into_iter().map(|member| member_info(member, &mut key)).collect(),
        audience: view.audience,
        // The last key in the text: bodies fill in keys in this order.
        mix: mix.map(|stream| MixState { play: key(stream) }),
    }
}

/// The body of what a room tells its members. `None` cannot happen with well-formed events.
pub(crate) fn body_of(event: huitong_room::Event) -> Option<Arc<Body>> {
    let hole = StreamKey::new(PLAY_KEY_HOLE).ok()?;
    let mut streams = Vec::new();
    let event = match event {
        huitong_room::Event::MemberJoined(view) => Event::MemberJoined {
            member: member_info(view, |stream| {
                streams.push(stream);
                hole.clone()
            }),
        },
        huitong_room::Event::MemberLeft { user, reason } => Event::MemberLeft { user, reason },
        huitong_room::Event::MemberAway { user, away } => Event::MemberAway { user, away },
        huitong_room::Event::StreamChanged { user, stream } => {
            streams.push(stream.id);
            Event::StreamChanged { user, stream: stream_state(&stream, hole) }
        }
        huitong_room::Event::Audience { count } => Event::Audience { count },
    };
    Body::new(&event, streams)
}

impl Engine {
    /// The room of a session as it sees it.
    pub(crate) fn state_of(&self, session: SessionId) -> Option<RoomState> {
        let mix = self.mix_stream_of(session);
        Some(room_state(self.rooms.view(session)?, mix, |stream| self.play_key(session, stream)))
    }

    /// The body of a full state for one session.
    pub(crate) fn state_body(&self, session: SessionId) -> Option<Arc<Body>> {
        let hole = StreamKey::new(PLAY_KEY_HOLE).ok()?;
        let mut streams = Vec::new();
        let conference = self.conference_state(session).map(Box::new);
        let room = self.rooms.view(session).map(|view| {
            room_state(view, self.mix_stream_of(session), |stream| {
                streams.push(stream);
                hole.clone()
            })
        });
        Body::new(&Event::State { room, calls: self.calls_of(session), conference }, streams)
    }
}
