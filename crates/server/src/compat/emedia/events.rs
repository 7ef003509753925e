//! What the engine says, as it concerns a client of this wire.

use super::frames::{merge, role_number};
use super::io::{Output, Own, Session, State, Waiting};
use super::wire::Wire;
use huitong_protocol::{
    AttributeChange, ConferenceState, Done, EnterReply, Event, MediaBases, Reply, ReplyFrame, Resumed,
    RoomState, ServerFrame, Welcome,
};
use huitong_types::{ConferenceExit, EndReason, ErrorCode, Fault, LeaveReason, UserId};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

impl Wire {
    pub(crate) fn engine_frame(&mut self, text: &str) {
        match serde_json::from_str(text) {
            Ok(ServerFrame::Reply(frame)) => self.reply(frame),
            Ok(ServerFrame::Push(frame)) => {
                if let Some(session) = &mut self.session {
                    session.seq = frame.seq;
                }
                self.event(frame.event);
            }
            Err(error) => tracing::error!(%error, "a frame of the engine cannot be read"),
        }
    }

    fn reply(&mut self, frame: ReplyFrame) {
        let Some(waiting) = self.waiting.remove(&frame.re) else { return };
        let reply = match frame.reply {
            Reply::Ok(done) => Ok(done),
            Reply::Error(failure) => Err(Fault::because(failure.code, failure.message)),
        };
        match (waiting, reply) {
            (Waiting::Hello, Ok(Done::Hello(welcome))) => self.logged_in(welcome),
            (Waiting::Enter, Ok(Done::Enter(reply))) => self.entered(*reply),
            (Waiting::Hello | Waiting::Enter, Err(fault)) => self.refuse_login(fault),
            (Waiting::Handed(tsx), Ok(_)) => self.accept(tsx.as_deref(), Value::Null),
            (Waiting::Switch { tsx, audio, video }, Ok(_)) => {
                if let Some(own) = self.stay.as_mut().and_then(|stay| stay.own.as_mut()) {
                    (own.audio, own.video) = (audio, video);
                }
                self.accept(tsx.as_deref(), Value::Null);
                self.take_up_switches();
            }
            (Waiting::Handed(tsx) | Waiting::Switch { tsx, .. }, Err(fault)) => {
                self.refuse(tsx.as_deref(), &fault);
                self.take_up_switches();
            }
            (Waiting::Push { ask, own }, Ok(_)) => {
                let rtmp = self.session.as_ref().map(|session| session.rtmp.clone()).unwrap_or_default();
                let address = format!("{rtmp}/{}", own.key.reveal());
                if let Some(stay) = &mut self.stay {
                    stay.own = Some(own);
                }
                self.out.push_back(Output::Answer { ask, answer: Ok(address) });
            }
            // Where no more cameras may be on, the sound alone: it needs no place among them.
            (Waiting::Push { ask, own }, Err(fault))
                if own.video && fault.code == ErrorCode::ConferenceLimit =>
            {
                self.register(ask, Own { video: false, ..own });
            }
            (Waiting::Push { ask, .. }, Err(fault)) => {
                self.out.push_back(Output::Answer { ask, answer: Err(fault) });
            }
            (Waiting::Hello | Waiting::Enter, Ok(_)) => self.refuse_login(Fault::new(ErrorCode::Internal)),
            (Waiting::Unheard, _) => {}
        }
    }

    fn logged_in(&mut self, welcome: Welcome) {
        let seq = self.session.as_ref().map_or(0, |session| session.seq);
        let Welcome { session, secret, resumed, heartbeat_ms, seat_grace_ms, media, missed, .. } = welcome;
        let MediaBases { rtmp, .. } = media;
        let millis = |ms: u32| Duration::from_millis(u64::from(ms));
        let fresh = Session {
            id: session,
            secret,
            seq: if resumed == Resumed::New { 0 } else { seq },
            rtmp,
            heartbeat: millis(heartbeat_ms),
            grace: millis(seat_grace_ms),
        };
        self.session = Some(fresh);
        self.start_pings();
        match (&self.state, resumed) {
            (State::Entering { .. }, _) => self.go_in(),
            (_, Resumed::New) => self.seat_gone(missed.iter().find_map(put_out_by)),
            (State::Resuming { .. }, _) => self.went_on(),
            _ => {}
        }
    }

    fn entered(&mut self, reply: EnterReply) {
        let State::Entering { tsx, .. } = std::mem::replace(&mut self.state, State::Inside) else { return };
        let EnterReply { conference, state } = reply;
        let Some(stay) = &mut self.stay else { return };
        stay.member = conference.you.member;
        stay.role = role_number(conference.you.role);
        stay.roster.replace(&conference, &state);
        let (members, streams) = stay.roster.tell_all();
        stay.heard(None);
        let opened = Output::Opened { stay: stay.name.clone(), streams: stay.streams.clone() };
        self.out.push_back(opened);
        self.welcome(tsx.as_deref(), members, streams);
        self.attributes(&changes_to(&BTreeMap::new(), &conference.attributes), None);
    }

    /// The session at the engine goes on. What was missed follows as pushes.
    fn went_on(&mut self) {
        let State::Resuming { back } = std::mem::replace(&mut self.state, State::Inside) else { return };
        let Some(tsx) = back else {
            self.await_client();
            return self.take_up_held();
        };
        // The client ignores both objects here: what it may have missed comes as events.
        self.welcome(tsx.as_deref(), json!({}), json!({}));
        let version = self.version;
        let again = self.stay.as_mut().map(|stay| stay.roster.once_more(version)).unwrap_or_default();
        for event in again {
            self.tell(event);
        }
        self.tell_doubts();
        self.take_up_held();
    }

    /// The role and the attributes that may have been lost with a connection, once more.
    fn tell_doubts(&mut self) {
        let Some(stay) = &self.stay else { return };
        let (role, keys) = (stay.doubts.role.is_some(), stay.doubts.attributes.keys());
        let now =
            |key: &String| AttributeChange { key: key.clone(), value: stay.attributes.get(key).cloned() };
        let changes: Vec<AttributeChange> = keys.map(now).collect();
        if role {
            self.tell_role();
        }
        self.attributes(&changes, None);
    }

    fn event(&mut self, event: Event) {
        let Some(stay) = &mut self.stay else { return };
        match event {
            Event::MemberJoined { member } => {
                stay.roster.streams_of(&member.user, &member.streams);
                self.tell_changes_of(&member.user);
            }
            Event::MemberLeft { user, .. } => {
                stay.roster.streams_of(&user, &[]);
                self.tell_changes_of(&user);
            }
            Event::StreamChanged { user, stream } => {
                stay.roster.stream(&user, &stream);
                self.tell_changes_of(&user);
            }
            Event::ConferenceJoined { member } => {
                let user = member.user.clone();
                stay.roster.member(member);
                self.tell_changes_of(&user);
            }
            Event::ConferenceLeft(out) => {
                stay.roster.member_out(&out.user, out.member, out.reason);
                self.tell_changes_of(&out.user);
            }
            Event::RoleChanged { member, role, .. } if member == stay.member => self.own_role(role),
            Event::RoleChanged { user, role, .. } => stay.roster.role(&user, role),
            Event::AttributesChanged { changes, by } => self.attributes(&changes, by.as_ref()),
            Event::State { room, conference, .. } => self.snapshot(room, conference.as_deref()),
            Event::ConferenceExited { reason, .. } => self.end(reason),
            Event::Removed { reason, .. } => self.end(exit_of(reason)),
            Event::SessionEnded { reason, .. } => self.end(match reason {
                EndReason::TakenOver => ConferenceExit::OtherDevice,
                EndReason::LoggedOut => ConferenceExit::Left,
                EndReason::Expired | EndReason::CredentialExpired | EndReason::ServerShutdown => {
                    ConferenceExit::Failed
                }
            }),
            // This wire has no word for these.
            Event::MemberAway { .. }
            | Event::PublishRefused { .. }
            | Event::Audience { .. }
            | Event::Muted { .. }
            | Event::HandChanged { .. }
            | Event::HandDeclined
            | Event::Invited { .. }
            | Event::CallChanged { .. }
            | Event::CallEnded { .. }
            | Event::Presence(_)
            | Event::Draining { .. } => {}
        }
    }

    fn tell_changes_of(&mut self, user: &UserId) {
        // Before the entry is answered, its reply tells everything.
        if !matches!(self.state, State::Inside) {
            return;
        }
        let version = self.version;
        let events = self.stay.as_mut().map(|stay| stay.roster.changes_of(user, version)).unwrap_or_default();
        for event in events {
            self.tell(event);
        }
    }

    fn attributes(&mut self, changes: &[AttributeChange], by: Option<&UserId>) {
        let Some(stay) = self.stay.as_mut().filter(|_| !changes.is_empty()) else { return };
        changes.iter().for_each(|change| stay.attribute(change, self.version + 1));
        let by = by.map(|user| stay.who.name.of(user));
        let one = |change: &AttributeChange| {
            let mut told = match &change.value {
                Some(value) => json!({"key": change.key, "val": value, "op": "UPDATE"}),
                None => json!({"key": change.key, "op": "DEL"}),
            };
            if let Some(by) = &by {
                merge(&mut told, json!({"memName": by}));
            }
            told
        };
        let all: Vec<Value> = changes.iter().map(one).collect();
        self.tell(json!({"op": 402, "cattrs": all}));
    }

    /// More was missed than the engine keeps: what is different is told.
    fn snapshot(&mut self, room: Option<RoomState>, conference: Option<&ConferenceState>) {
        let (Some(room), Some(conference)) = (room, conference) else {
            return self.end(ConferenceExit::Failed);
        };
        let Some(stay) = &mut self.stay else { return };
        stay.roster.replace(conference, &room);
        let events = stay.roster.changes(self.version);
        let role = conference.you.role;
        let changed = stay.role != role_number(role);
        for event in events {
            self.tell(event);
        }
        if changed {
            self.own_role(role);
        }
        let known = self.stay.as_ref().map(|stay| stay.attributes.clone()).unwrap_or_default();
        self.attributes(&changes_to(&known, &conference.attributes), None);
    }
}

/// What makes the attributes that are known those that there are.
fn changes_to(known: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<AttributeChange> {
    let gone = known.keys().filter(|key| !now.contains_key(*key));
    let gone = gone.map(|key| AttributeChange { key: key.clone(), value: None });
    let new = now.iter().filter(|(key, value)| known.get(*key) != Some(*value));
    gone.chain(new.map(|(key, value)| AttributeChange { key: key.clone(), value: Some(value.clone()) }))
        .collect()
}

/// Why a client is out that missed this event.
const fn put_out_by(missed: &Event) -> Option<ConferenceExit> {
    match missed {
        Event::ConferenceExited { reason, .. } => Some(*reason),
        Event::Removed { reason, .. } => Some(exit_of(*reason)),
        _ => None,
    }
}

/// A seat that was lost without a word about the conference: the back-end dissolved its room, or put somebody out of it.
const fn exit_of(reason: LeaveReason) -> ConferenceExit {
    match reason {
        LeaveReason::Left | LeaveReason::BecameAudience => ConferenceExit::Left,
        LeaveReason::Kicked | LeaveReason::NoPlace => ConferenceExit::Removed,
        LeaveReason::Dissolved => ConferenceExit::Closed,
        LeaveReason::Replaced => ConferenceExit::OtherDevice,
        LeaveReason::TimedOut | LeaveReason::SessionEnded => ConferenceExit::Failed,
    }
}
