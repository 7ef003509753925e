//! Mixes: which rooms have one, whose voices are in it, and who plays it by which stream.
//!
//! A room has a mix while at least one member asked for it. All members of a room have the same key material: the key of a
//! session names the room's mix. What that session hears by it is a stream of its own, because its own voice is left out
//! of it; only audience, which has no voice, shares one.

use crate::engine::Engine;
use crate::io::{ConnId, MediaTicket, Output, StreamLabel, TrackFlags};
use huitong_room::{MemberEntry, RoomKey, StreamEntry, cut_sentence};
use huitong_types::{ErrorCode, Fault, Role, Scene, SessionId, StreamId, StreamKind};
use std::collections::{BTreeMap, BTreeSet};

/// Ids of streams that mixes are played by begin here; those of members' streams are counted from 1.
const FIRST_STREAM: u64 = 1 << 63;

/// What is to be done about a mix. Orders of one mix come in this order: opened, changed, closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MixOrder {
    /// A room has a mix from now on; audience plays it by the stream of the same id.
    Open {
        /// The mix.
        mix: StreamId,
        /// The room.
        key: RoomKey,
        /// How to pace what comes out.
        scene: Scene,
    },
    /// The mix is over, and so is everything that it is played by.
    Close {
        /// The mix.
        mix: StreamId,
    },
    /// The voice of this stream is in the mix.
    Talker {
        /// The mix.
        mix: StreamId,
        /// The stream of a member.
        stream: StreamId,
    },
    /// It is no longer in it.
    NoTalker {
        /// The mix.
        mix: StreamId,
        /// The stream of a member.
        stream: StreamId,
    },
    /// Somebody may play the mix by a stream of its own.
    Listener {
        /// The mix.
        mix: StreamId,
        /// By which stream.
        stream: StreamId,
        /// The stream whose voice is left out.
        own: Option<StreamId>,
    },
    /// It may no longer; the stream is over.
    NoListener {
        /// The mix.
        mix: StreamId,
        /// By which stream it was played.
        stream: StreamId,
    },
}

#[derive(Debug)]
struct Listener {
    /// By which it plays as long as it may talk.
    stream: StreamId,
    /// Its voice, once it has one.
    own: Option<StreamId>,
    /// By which it plays now.
    plays: Option<StreamId>,
}

#[derive(Debug)]
struct Mix {
    stream: StreamId,
    listeners: BTreeMap<SessionId, Listener>,
    talkers: BTreeSet<StreamId>,
}

/// The mixes of all rooms.
#[derive(Debug, Default)]
pub(crate) struct Mixing {
    rooms: BTreeMap<RoomKey, Mix>,
    /// Rooms by the stream of their mix.
    by_stream: BTreeMap<StreamId, RoomKey>,
    /// Rooms by the streams whose voices are in their mixes.
    voices: BTreeMap<StreamId, RoomKey>,
    /// Mixes in which something may have changed, with the members whose own rights or streams may have.
    stale: BTreeMap<RoomKey, BTreeSet<SessionId>>,
    streams: u64,
}

impl Mixing {
    fn next_stream(&mut self) -> StreamId {
        self.streams += 1;
        StreamId::new(FIRST_STREAM + self.streams)
    }

    /// Whether nothing is held.
    pub(crate) fn is_idle(&self) -> bool {
        self.rooms.is_empty() && self.by_stream.is_empty() && self.voices.is_empty() && self.stale.is_empty()
    }

    /// Mixes that exist.
    pub(crate) fn len(&self) -> usize {
        self.rooms.len()
    }

    /// One that has to be looked at again.
    pub(crate) fn take_stale(&mut self) -> Option<(RoomKey, BTreeSet<SessionId>)> {
        self.stale.pop_first()
    }
}

impl Engine {
    fn order_mix(&mut self, order: MixOrder) {
        self.out.push_back(Output::Mix(order));
    }

    /// A member asks for the mix, or for none.
    pub(crate) fn want_mix(&mut self, session: SessionId, wanted: bool) {
        let Some(key) = self.rooms.room_of(session).cloned() else { return };
        if !wanted {
            return self.leave_mix(session, &key, changed());
        }
        if !self.mixing.rooms.contains_key(&key) {
            let Some(scene) = self.rooms.scene(&key) else { return };
            let stream = self.mixing.next_stream();
            let mix = Mix { stream, listeners: BTreeMap::new(), talkers: BTreeSet::new() };
            self.mixing.rooms.insert(key.clone(), mix);
            self.mixing.by_stream.insert(stream, key.clone());
            self.order_mix(MixOrder::Open { mix: stream, key: key.clone(), scene });
            self.note_mix("mix-opened", &key);
        }
        let stream = self.mixing.next_stream();
        if let Some(mix) = self.mixing.rooms.get_mut(&key) {
            mix.listeners.entry(session).or_insert(Listener { stream, own: None, plays: None });
        }
        self.refresh_mix(&key, BTreeSet::from([session]));
    }

    /// A session is no longer in a room, or wants its mix no more.
    fn leave_mix(&mut self, session: SessionId, key: &RoomKey, why: Fault) {
        let Some(mix) = self.mixing.rooms.get_mut(key) else { return };
        let Some(listener) = mix.listeners.remove(&session) else { return };
        let (id, empty) = (mix.stream, mix.listeners.is_empty());
        self.stop_playing_mix(session, &listener, why);
        if listener.plays == Some(listener.stream) {
            self.end_mix_stream(id, listener.stream);
        }
        if empty {
            for voice in self.mixing.rooms.remove(key).map(|mix| mix.talkers).unwrap_or_default() {
                self.mixing.voices.remove(&voice);
            }
            self.mixing.by_stream.remove(&id);
            self.media.end_stream(id);
            self.order_mix(MixOrder::Close { mix: id });
            self.note_mix("mix-closed", key);
        }
    }

    fn end_mix_stream(&mut self, mix: StreamId, stream: StreamId) {
        self.media.end_stream(stream);
        self.order_mix(MixOrder::NoListener { mix, stream });
    }

    /// Closes the connections on which a session plays its mix.
    fn stop_playing_mix(&mut self, session: SessionId, listener: &Listener, why: Fault) {
        let Some(stream) = listener.plays else { return };
        for ticket in self.media.players_of(session, stream) {
            self.media.close(ticket);
            let fault = why.clone();
            self.out.push_back(Output::CloseMedia { ticket, fault });
        }
    }

    /// What happened in a room may concern its mix.
    pub(crate) fn mix_hears(&mut self, output: &huitong_room::Output) {
        use huitong_room::Output as Room;
        if self.mixing.rooms.is_empty() {
            return;
        }
        let session = match output {
            Room::Left { session, key, reason, .. } => {
                let why = Fault::because(ErrorCode::NotInRoom, cut_sentence(*reason));
                return self.leave_mix(*session, key, why);
            }
            Room::StreamEnded { stream } => return self.voice_ended(*stream),
            Room::Tell { to, .. } => {
                // The recipients only say which room it is.
                if let Some(key) = to.first().and_then(|session| self.mixed_room_of(*session)) {
                    self.mixing.stale.entry(key).or_default();
                }
                None
            }
            Room::Joined { session, .. }
            | Room::MediaCut { session, .. }
            | Room::MediaOver { session, .. }
            | Room::PublishAllowed { session, .. }
            | Room::PlayTracks { session, .. } => Some(session),
            Room::RoomCreated { .. } | Room::RoomEnded { .. } | Room::Announced { .. } => None,
        };
        if let Some(session) = session {
            self.mix_of_is_stale(*session);
        }
    }

    /// Something about a member changed that its room's mix may have to follow.
    pub(crate) fn mix_of_is_stale(&mut self, session: SessionId) {
        if let Some(key) = self.mixed_room_of(session) {
            self.mixing.stale.entry(key).or_default().insert(session);
        }
    }

    /// The room of a member, if it has a mix.
    fn mixed_room_of(&self, session: SessionId) -> Option<RoomKey> {
        self.rooms.room_of(session).filter(|key| self.mixing.rooms.contains_key(key)).cloned()
    }

    /// A publication is over: the next one of the same stream is another one.
    fn voice_ended(&mut self, stream: StreamId) {
        let Some(key) = self.mixing.voices.remove(&stream) else { return };
        let Some(mix) = self.mixing.rooms.get_mut(&key) else { return };
        mix.talkers.remove(&stream);
        let mix = mix.stream;
        self.order_mix(MixOrder::NoTalker { mix, stream });
        self.mixing.stale.entry(key).or_default();
    }

    /// Brings a mix up to what the room is now, and what these members and those who begin to talk hear of it. Audience
    /// may be large, so nobody else is looked at.
    pub(crate) fn refresh_mix(&mut self, key: &RoomKey, mut members: BTreeSet<SessionId>) {
        let Some((_, entries)) = self.rooms.detail(self.now, key) else { return };
        // Screens are played by themselves: a mix is of voices.
        let talks = |stream: &&StreamEntry| stream.kind == StreamKind::Main && stream.tracks.audio;
        let voice = |member: &MemberEntry| Some((member.streams.iter().find(talks)?.id, member.session));
        let voices: BTreeMap<StreamId, SessionId> = entries.iter().filter_map(voice).collect();
        let Some(mix) = self.mixing.rooms.get_mut(key) else { return };
        let (id, before) = (mix.stream, std::mem::take(&mut mix.talkers));
        mix.talkers = voices.keys().copied().collect();
        for stream in before.iter().filter(|stream| !voices.contains_key(stream)) {
            self.mixing.voices.remove(stream);
            self.order_mix(MixOrder::NoTalker { mix: id, stream: *stream });
        }
        let new: Vec<StreamId> = voices.keys().filter(|stream| !before.contains(stream)).copied().collect();
        members.extend(new.iter().filter_map(|stream| voices.get(stream)));
        for session in members {
            self.refresh_listener(key, id, session);
        }
        // After it is known who must not hear them.
        for stream in new {
            self.mixing.voices.insert(stream, key.clone());
            self.order_mix(MixOrder::Talker { mix: id, stream });
        }
    }

    fn refresh_listener(&mut self, key: &RoomKey, id: StreamId, session: SessionId) {
        let rights = self.rooms.listener(session);
        let own = self.rooms.publication(session, StreamKind::Main).map(|publication| publication.id);
        let mix = self.mixing.rooms.get_mut(key);
        let Some(listener) = mix.and_then(|mix| mix.listeners.get_mut(&session)) else { return };
        let plays = match rights {
            Some((Role::Audience, true)) => Some(id),
            Some((Role::Publisher, true)) => Some(listener.stream),
            _ => None,
        };
        let before = Listener { stream: listener.stream, own: listener.own, plays: listener.plays };
        (listener.own, listener.plays) = (own, plays);
        if before.plays != plays {
            self.stop_playing_mix(session, &before, changed());
            if before.plays == Some(before.stream) {
                self.end_mix_stream(id, before.stream);
            }
        }
        if plays == Some(before.stream) && (before.plays != plays || before.own != own) {
            self.order_mix(MixOrder::Listener { mix: id, stream: before.stream, own });
        }
    }

    /// The stream that the key in a session's state names, if it has a mix.
    pub(crate) fn mix_stream_of(&self, session: SessionId) -> Option<StreamId> {
        let mix = self.mixing.rooms.get(self.rooms.room_of(session)?)?;
        let (_, may_hear) = self.rooms.listener(session)?;
        mix.listeners.contains_key(&session).then_some(mix.stream).filter(|_| may_hear)
    }

    /// Accepts a player of the mix that a key names. `None`: it names no mix.
    pub(crate) fn play_mix(
        &mut self,
        ticket: MediaTicket,
        viewer: SessionId,
        stream: StreamId,
    ) -> Option<Result<(), Fault>> {
        if stream.get() < FIRST_STREAM {
            return None;
        }
        let gone = Fault::because(ErrorCode::UnknownKey, "The member or the mix of this key is gone.");
        let Some(key) = self.mixing.by_stream.get(&stream).cloned() else { return Some(Err(gone)) };
        let listener = self.mixing.rooms.get(&key).and_then(|mix| mix.listeners.get(&viewer));
        let Some(plays) = listener.and_then(|listener| listener.plays) else { return Some(Err(gone)) };
        let Some(user) = self.rooms.user_of(viewer) else { return Some(Err(gone)) };
        self.media.start_playing(ticket, plays, Some(viewer));
        let label = StreamLabel { app: key.app, room: key.room, user, kind: StreamKind::Main };
        let tracks = TrackFlags { audio: true, video: false };
        self.out.push_back(Output::PlayAccepted { ticket, stream: plays, tracks, label });
        Some(Ok(()))
    }

    /// A member asks how loud the others of its mix are. Who measures it answers with [`crate::Input::Levels`].
    pub(crate) fn ask_levels(&mut self, conn: ConnId, session: SessionId, id: u32) -> Result<(), Fault> {
        let key = self.rooms.room_of(session).ok_or(Fault::new(ErrorCode::NotInRoom))?;
        let stream = self.mix_stream_of(session);
        let mix = self.mixing.rooms.get(key).filter(|mix| stream == Some(mix.stream));
        let none = || Fault::because(ErrorCode::NotFound, "This member has no mix; ask for it with `join`.");
        let mix = mix.ok_or_else(none)?;
        let own = mix.listeners.get(&session).and_then(|listener| listener.own);
        let others = mix.talkers.iter().filter(|talker| Some(**talker) != own);
        let user = |talker: &StreamId| self.rooms.user_of(self.rooms.stream(*talker)?.owner);
        let voices = others.filter_map(|talker| Some((*talker, user(talker)?))).collect();
        let mix = mix.stream;
        self.out.push_back(Output::AskLevels { conn, id, mix, voices });
        Ok(())
    }

    fn note_mix(&mut self, what: &'static str, key: &RoomKey) {
        self.note(what, |note| {
            note.app = Some(key.app);
            note.room = Some(key.room.clone());
        });
    }
}

fn changed() -> Fault {
    let sentence = "What this member hears of the mix has changed; play it again if you may.";
    Fault::because(ErrorCode::NotFound, sentence)
}
