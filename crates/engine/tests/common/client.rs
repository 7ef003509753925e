//! What a client makes of what it is told; the same rules as in docs/protocol.md.

use huitong_engine::ConnId;
use huitong_protocol::{CallState, ConferenceMember, ConferenceState, Event, MemberInfo, RoomState, Welcome};
use huitong_types::{ConferenceRole, OwnState, ParticipantState, StreamKey, StreamKind};

/// A client on one connection after the other.
#[derive(Clone, Debug, Default)]
pub struct Client {
    pub user: String,
    pub conn: Option<ConnId>,
    pub welcome: Option<Welcome>,
    pub seq: u64,
    pub state: Option<RoomState>,
    /// The call that rings here or in which the client takes part.
    pub call: Option<CallState>,
    /// The conference in which the client is.
    pub conference: Option<ConferenceState>,
    pub pushes: Vec<Event>,
    pub ended: bool,
    pub next_id: u32,
    pub awaits_state: bool,
    /// What the server sends does not arrive any more, though nobody has noticed yet.
    pub deaf: bool,
    /// A join or leave is under way whose reply was lost: events of rooms mean nothing until it is asked again.
    pub unsure: bool,
}

impl Client {
    pub fn members(&self) -> Vec<String> {
        let state = self.state.as_ref();
        state.map(|s| s.members.iter().map(|m| m.user.to_string()).collect()).unwrap_or_default()
    }

    pub fn member(&self, user: &str) -> Option<&MemberInfo> {
        self.state.as_ref()?.members.iter().find(|m| m.user.as_str() == user)
    }

    /// Audio, video of a remote stream as the client knows them.
    pub fn tracks(&self, user: &str, kind: StreamKind) -> Option<(bool, bool)> {
        let stream = self.member(user)?.streams.iter().find(|s| s.stream == kind)?;
        Some((stream.audio, stream.video))
    }

    pub fn play_key(&self, user: &str) -> StreamKey {
        self.member(user).expect("the member").streams.first().expect("its stream").play.clone()
    }

    /// What a client makes of a push; the same rules as in docs/protocol.md.
    pub(super) fn apply(&mut self, event: Event) {
        self.pushes.push(event.clone());
        if self.unsure && !matches!(event, Event::SessionEnded { .. }) {
            return;
        }
        if self.apply_to_call(&event) || self.apply_to_conference(&event) {
            return;
        }
        if let Event::State { room, calls, conference } = event {
            self.state = room;
            self.conference = conference.map(|conference| *conference);
            self.call = calls.into_iter().next();
            return;
        }
        if let Event::SessionEnded { .. } = event {
            self.ended = true;
            self.state = None;
            self.call = None;
            self.conference = None;
            return;
        }
        let Some(state) = self.state.as_mut() else {
            assert!(
                matches!(event, Event::Draining { .. } | Event::Removed { .. }),
                "{event:?} outside of a room"
            );
            return;
        };
        match event {
            Event::MemberJoined { member } => {
                let known = state.members.iter().any(|m| m.user == member.user);
                assert!(!known, "{} is told of {} twice", self.user, member.user);
                state.members.push(member);
            }
            Event::MemberLeft { user, .. } => {
                let before = state.members.len();
                state.members.retain(|m| m.user != user);
                assert_eq!(
                    state.members.len() + 1,
                    before,
                    "{} is told that {user} left, who never came",
                    self.user
                );
            }
            Event::MemberAway { user, away } => {
                let member = state.members.iter_mut().find(|m| m.user == user).expect("a member");
                assert_ne!(member.away, away, "nothing new");
                member.away = away;
            }
            Event::StreamChanged { user, stream } => {
                let member = state.members.iter_mut().find(|m| m.user == user).expect("a member");
                let earlier = member.streams.iter().find(|s| s.stream == stream.stream);
                assert!(earlier.is_none_or(|s| s.play == stream.play), "play keys stay the same");
                member.streams.retain(|s| s.stream != stream.stream);
                if stream.audio || stream.video {
                    member.streams.push(stream);
                    member.streams.sort_by_key(|s| s.stream);
                }
            }
            Event::Audience { count } => state.audience = count,
            Event::Removed { .. } => self.state = None,
            Event::Draining { .. }
            | Event::Invited { .. }
            | Event::CallChanged { .. }
            | Event::CallEnded { .. }
            | Event::Presence(_)
            | Event::State { .. }
            | Event::SessionEnded { .. }
            | Event::PublishRefused { .. } => {}
            other => panic!("{other:?} is about calls or conferences"),
        }
    }
}

impl Client {
    /// What a client makes of a push about calls; false if it is about something else.
    fn apply_to_call(&mut self, event: &Event) -> bool {
        match event {
            Event::Invited { call } => {
                assert!(self.call.is_none(), "{} is invited while in {:?}", self.user, self.call);
                self.call = Some(call.clone());
            }
            Event::CallChanged { call, user, state } => {
                let own = self.call.as_mut().filter(|own| own.call == *call).expect("a call that is known");
                assert_ne!(user.as_str(), self.user, "nobody is told of itself");
                let party = own.participants.iter_mut().find(|p| p.user == *user).expect("one of the call");
                assert_ne!(party.state, *state, "nothing new");
                party.state = *state;
                if own.you == OwnState::Calling && *state == ParticipantState::Connected {
                    own.you = OwnState::Connected;
                    own.participants[0].state = ParticipantState::Connected;
                }
            }
            Event::CallEnded { call, .. } => self.forget_call(call.as_str()),
            Event::Presence(_) => {}
            _ => return false,
        }
        true
    }

    /// Out of the room by one's own request, and with that out of the call if the client took part in it: in a room of others it
    /// may be before it answers.
    pub(super) fn left(&mut self) {
        self.conference = None;
        let left = self.state.take().map(|state| state.room);
        let own = self.call.as_ref().filter(|call| call.you != OwnState::Ringing);
        if own.is_some_and(|call| Some(&call.room) == left.as_ref()) {
            self.call = None;
        }
    }

    /// The call is over for this client, and with it the seat in its room if it took part.
    pub(super) fn forget_call(&mut self, call: &str) {
        let own = self.call.take().expect("a call");
        assert_eq!(own.call.as_str(), call, "{} is told of another call", self.user);
        let took_part = own.you != OwnState::Ringing;
        if took_part && self.state.as_ref().is_some_and(|state| state.room == own.room) {
            self.state = None;
        }
    }
}

impl Client {
    pub fn conference_name(&self) -> String {
        self.conference.as_ref().expect("a conference").conference.to_string()
    }

    /// The others in the conference with their roles, as the client knows them.
    pub fn people(&self) -> Vec<(String, ConferenceRole)> {
        let conference = self.conference.as_ref().expect("a conference");
        conference.members.iter().map(|member| (member.user.to_string(), member.role)).collect()
    }

    /// What a client makes of a push about its conference; false if it is about something else.
    fn apply_to_conference(&mut self, event: &Event) -> bool {
        if let Event::ConferenceExited { conference, .. } = event {
            let own = self.conference.take().expect("a conference");
            assert_eq!(own.conference, *conference, "{} is told of another conference", self.user);
            assert!(self.state.is_none(), "the room is left before");
            return true;
        }
        let about = matches!(
            event,
            Event::ConferenceJoined { .. }
                | Event::ConferenceLeft(_)
                | Event::RoleChanged { .. }
                | Event::Muted { .. }
                | Event::HandChanged { .. }
                | Event::HandDeclined
                | Event::AttributesChanged { .. }
        );
        if !about {
            return false;
        }
        let own = self.conference.as_mut().unwrap_or_else(|| panic!("{event:?} outside of a conference"));
        let known = |own: &ConferenceState, number: u64| own.members.iter().any(|m| m.member == number);
        match event {
            Event::ConferenceJoined { member } if known(own, member.member) => {
                let before = own.members.iter_mut().find(|m| m.member == member.member).expect("known");
                assert_ne!(before, member, "{} is told of it twice", self.user);
                assert_eq!((&before.user, before.role), (&member.user, member.role), "it only shows more");
                *before = member.clone();
            }
            Event::ConferenceJoined { member } => {
                assert!(own.members.iter().all(|m| m.user != member.user), "a user is there once");
                own.members.push(member.clone());
            }
            Event::ConferenceLeft(out) => {
                assert!(known(own, out.member), "{} is told of {out:?}, whom it does not know", self.user);
                own.members.retain(|m| m.member != out.member);
                own.hands.retain(|m| m.member != out.member);
            }
            Event::RoleChanged { member, role, .. } if *member == own.you.member => {
                own.you.role = *role;
                if *role != ConferenceRole::Admin {
                    own.hands.clear();
                }
            }
            Event::RoleChanged { member, role, .. } => {
                let other = own.members.iter_mut().find(|m| m.member == *member).expect("a member");
                other.role = *role;
            }
            Event::Muted { audio, video } => (own.no_audio, own.no_video) = (*audio, *video),
            Event::HandChanged { member, up } => {
                assert_eq!(own.you.role, ConferenceRole::Admin, "only admins hear of hands");
                own.hands.retain(|m: &ConferenceMember| m.member != member.member);
                if *up {
                    own.hands.push(member.clone());
                }
            }
            Event::AttributesChanged { changes, .. } => {
                for change in changes {
                    match &change.value {
                        Some(value) => drop(own.attributes.insert(change.key.clone(), value.clone())),
                        None => drop(own.attributes.remove(&change.key)),
                    }
                }
            }
            _ => {}
        }
        true
    }
}
