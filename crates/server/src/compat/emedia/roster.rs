//! What a client was told of the others, and what it has to be told next.
//!
//! The engine speaks of the room (streams, by user) and of the conference (members, by number of the stay), in this order or the
//! other. This wire speaks of members with streams, wants them in its own order, and forgives little. So events only change what is
//! known here, and what is told follows from the difference between what is known and what was told.

use super::frames::{exit_number, role_number};
use super::names::{FullName, member_id, rtc_id, stream_id, stream_of};
use huitong_protocol::{ConferenceMember, ConferenceState, RoomState, StreamState};
use huitong_types::{ConferenceExit, StreamKey, StreamKind, UserId};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Exits that are kept to be told once more, at most. A client gives a sign every 30 s; of one that misses more the oldest are
/// forgotten, and it goes on with members that are not there.
const LOST: usize = 512;

/// A stream that carries something.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Live {
    audio: bool,
    video: bool,
    play: StreamKey,
}

/// A stream that the client knows.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ToldStream {
    audio: bool,
    video: bool,
    /// Which time it is announced.
    version: u64,
}

/// A member that the client knows.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    member: u64,
    streams: BTreeMap<StreamKind, ToldStream>,
}

/// Events in the order in which they are told, each of one version more than the one before.
struct Events {
    all: Vec<Value>,
    /// That of the last.
    version: u64,
}

impl Events {
    const fn after(version: u64) -> Self {
        Self { all: Vec::new(), version }
    }

    fn add(&mut self, event: Value) {
        self.all.push(event);
        self.version += 1;
    }
}

/// The others.
#[derive(Debug)]
pub(crate) struct Roster {
    own: FullName,
    members: BTreeMap<UserId, ConferenceMember>,
    streams: BTreeMap<(UserId, StreamKind), Live>,
    gone: BTreeMap<UserId, ConferenceExit>,
    told: BTreeMap<UserId, Told>,
    versions: u64,
    /// Whose changes the client has not said to have heard of, with the version of the last: on a lost connection it may not
    /// have been told.
    doubtful: BTreeMap<UserId, u64>,
    /// Events about members and streams that went, likewise.
    lost: VecDeque<(u64, Value)>,
}

impl Roster {
    /// Nobody is known yet.
    pub(crate) const fn new(own: FullName) -> Self {
        Self {
            own,
            members: BTreeMap::new(),
            streams: BTreeMap::new(),
            gone: BTreeMap::new(),
            told: BTreeMap::new(),
            versions: 0,
            doubtful: BTreeMap::new(),
            lost: VecDeque::new(),
        }
    }

    /// Everything as it is now.
    pub(crate) fn replace(&mut self, conference: &ConferenceState, room: &RoomState) {
        self.members =
            conference.members.iter().map(|member| (member.user.clone(), member.clone())).collect();
        self.streams.clear();
        for member in &room.members {
            self.streams_of(&member.user, &member.streams);
        }
    }

    /// Streams of a user, all of them.
    pub(crate) fn streams_of(&mut self, user: &UserId, streams: &[StreamState]) {
        for kind in StreamKind::ALL {
            self.streams.remove(&(user.clone(), kind));
        }
        for stream in streams {
            self.stream(user, stream);
        }
    }

    /// A stream began, changed or ended.
    pub(crate) fn stream(&mut self, user: &UserId, stream: &StreamState) {
        let key = (user.clone(), stream.stream);
        if stream.audio || stream.video {
            let live = Live { audio: stream.audio, video: stream.video, play: stream.play.clone() };
            self.streams.insert(key, live);
        } else {
            self.streams.remove(&key);
        }
    }

    /// Somebody is in the conference.
    pub(crate) fn member(&mut self, member: ConferenceMember) {
        self.members.insert(member.user.clone(), member);
    }

    /// A role of somebody else.
    pub(crate) fn role(&mut self, user: &UserId, role: huitong_types::ConferenceRole) {
        if let Some(member) = self.members.get_mut(user) {
            member.role = role;
        }
    }

    /// Somebody is not there any more. Who came again since is another stay and is left alone.
    pub(crate) fn member_out(&mut self, user: &UserId, member: u64, reason: Option<ConferenceExit>) {
        if self.members.get(user).is_some_and(|known| known.member == member) {
            self.members.remove(user);
            self.gone.insert(user.clone(), reason.unwrap_or(ConferenceExit::Left));
        }
    }

    /// The play key of a stream that the client knows by this id.
    pub(crate) fn play_key(&self, id: &str) -> Option<&StreamKey> {
        let (number, kind) = stream_of(id)?;
        let user = &self.members.values().find(|member| member.member == number)?.user;
        self.streams.get(&(user.clone(), kind)).map(|live| &live.play)
    }

    /// The objects `mems` and `streams` of the reply to an entry. Everybody in them is told from then on.
    pub(crate) fn tell_all(&mut self) -> (Value, Value) {
        let (mut members, mut streams) = (Map::new(), Map::new());
        for event in self.changes(0) {
            match (event.get("mem"), event.get("pubS")) {
                (Some(member), _) => members.insert(id_of(member), member.clone()),
                (None, Some(stream)) => streams.insert(id_of(stream), stream.clone()),
                (None, None) => None,
            };
        }
        self.heard(None);
        (Value::Object(members), Value::Object(streams))
    }

    /// The events that the client has to be told. Their versions follow on this one.
    pub(crate) fn changes(&mut self, version: u64) -> Vec<Value> {
        let users: BTreeSet<UserId> = self.members.keys().chain(self.told.keys()).cloned().collect();
        let mut events = Events::after(version);
        users.iter().for_each(|user| self.tell_changes(user, &mut events));
        events.all
    }

    /// The events about one user. Their versions follow on this one.
    pub(crate) fn changes_of(&mut self, user: &UserId, version: u64) -> Vec<Value> {
        let mut events = Events::after(version);
        self.tell_changes(user, &mut events);
        events.all
    }

    fn tell_changes(&mut self, user: &UserId, events: &mut Events) {
        let before = events.version;
        let present = self.members.get(user).map(|member| member.member);
        if self.told.get(user).is_some_and(|told| Some(told.member) != present) {
            self.tell_exit(user, events);
        }
        let Some(member) = self.members.get(user) else { return };
        let number = member.member;
        if !self.told.contains_key(user) {
            events.add(json!({"op": 300, "mem": self.member_object(member)}));
            self.told.insert(user.clone(), Told { member: number, streams: BTreeMap::new() });
        }
        for kind in StreamKind::ALL {
            self.tell_stream(user, number, kind, events);
        }
        if events.version > before {
            self.doubtful.insert(user.clone(), events.version);
        }
    }

    fn tell_exit(&mut self, user: &UserId, events: &mut Events) {
        let Some(told) = self.told.remove(user) else { return };
        let reason = self.gone.remove(user).unwrap_or(ConferenceExit::Left);
        let exit = json!({"op": 301, "memId": member_id(told.member), "reason": exit_number(reason)});
        self.doubtful.remove(user);
        events.add(exit.clone());
        self.keep(events.version, exit);
    }

    fn tell_stream(&mut self, user: &UserId, member: u64, kind: StreamKind, events: &mut Events) {
        let live = self.streams.get(&(user.clone(), kind)).cloned();
        let Some(told) = self.told.get_mut(user) else { return };
        let id = stream_id(member, kind);
        match (told.streams.get_mut(&kind), live) {
            (None, Some(live)) => {
                self.versions += 1;
                let stream = ToldStream { audio: live.audio, video: live.video, version: self.versions };
                told.streams.insert(kind, stream.clone());
                let object = self.stream_object(user, member, kind, &stream);
                events.add(json!({"op": 302, "memId": member_id(member), "pubS": object}));
            }
            (Some(_), None) => {
                told.streams.remove(&kind);
                let event = json!({"op": 303, "memId": member_id(member), "pubSId": id});
                events.add(event.clone());
                self.keep(events.version, event);
            }
            (Some(stream), Some(live)) if (stream.audio, stream.video) != (live.audio, live.video) => {
                (stream.audio, stream.video) = (live.audio, live.video);
                let (aoff, voff) = (u8::from(!live.audio), u8::from(!live.video));
                events.add(json!({"op": 400, "memId": member_id(member), "streamId": id, "aoff": aoff, "voff": voff}));
            }
            _ => {}
        }
    }

    fn keep(&mut self, version: u64, lost: Value) {
        if self.lost.len() >= LOST {
            self.lost.pop_front();
        }
        self.lost.push_back((version, lost));
    }

    /// The client heard what it was told up to this version, or everything.
    pub(crate) fn heard(&mut self, version: Option<u64>) {
        let version = version.unwrap_or(u64::MAX);
        self.doubtful.retain(|_, told| *told > version);
        self.lost.retain(|(told, _)| *told > version);
    }

    /// What may have been lost with a connection, once more and in a form that does no harm to one who knows it: exits of those
    /// who are unknown are ignored, known members too, and a known stream of a newer version counts as published anew. The
    /// versions of these events follow on the given one, and only they say from here on that all of it was heard.
    pub(crate) fn once_more(&mut self, version: u64) -> Vec<Value> {
        let mut events = Events::after(version);
        for (told, lost) in &mut self.lost {
            events.add(lost.clone());
            *told = events.version;
        }
        let doubtful: Vec<UserId> = self.doubtful.keys().cloned().collect();
        for user in doubtful {
            let Some(member) = self.members.get(&user) else { continue };
            let number = member.member;
            events.add(json!({"op": 300, "mem": self.member_object(member)}));
            let Some(told) = self.told.get_mut(&user) else { continue };
            let mut again = Vec::new();
            for (kind, stream) in &mut told.streams {
                self.versions += 1;
                stream.version = self.versions;
                again.push((*kind, stream.clone()));
            }
            for (kind, stream) in again {
                let object = self.stream_object(&user, number, kind, &stream);
                events.add(json!({"op": 302, "memId": member_id(number), "pubS": object}));
            }
            self.doubtful.insert(user, events.version);
        }
        events.all
    }

    fn member_object(&self, member: &ConferenceMember) -> Value {
        let name = self.own.of(&member.user);
        let nick = member.nick.as_deref().unwrap_or(&name);
        json!({
            "id": member_id(member.member), "name": name, "globalName": name, "nickName": nick,
            "ext": member.ext.as_deref().unwrap_or("{}"), "role": role_number(member.role),
        })
    }

    fn stream_object(&self, user: &UserId, member: u64, kind: StreamKind, stream: &ToldStream) -> Value {
        json!({
            "id": stream_id(member, kind), "memId": member_id(member), "memName": self.own.of(user),
            "rtcId": rtc_id(kind), "type": u8::from(kind == StreamKind::Aux), "voff": u8::from(!stream.video),
            "aoff": u8::from(!stream.audio), "sver": stream.version, "vcodes": ["H264"],
        })
    }
}

fn id_of(object: &Value) -> String {
    object.get("id").and_then(Value::as_str).unwrap_or_default().to_owned()
}
