//! Calls, sessions and rooms act on each other.

use super::views::{Subject, reason, state};
use crate::engine::Engine;
use crate::io::Output;
use huitong_call::{Input, PresenceChange, SeatEnd, UserKey};
use huitong_protocol::Event;
use huitong_room::RoomKey;
use huitong_session::{Body, Who};
use huitong_types::{EndReason, ErrorCode, Fault, LeaveReason, Scene, SessionId};

impl Engine {
    /// A session on which calls ring has logged in.
    pub(crate) fn device_online(&mut self, session: SessionId, user: UserKey) {
        self.desk.presence.connected(session, &user);
        self.desk.devices.insert(session, user.clone());
        self.let_happen(Input::Online { session, user });
    }

    /// A session is back.
    pub(crate) fn device_back(&mut self, session: SessionId) {
        if let Some(user) = self.desk.devices.get(&session) {
            self.desk.presence.connected(session, user);
            self.let_happen(Input::Back { session });
        }
    }

    /// A session has lost its connection.
    pub(crate) fn device_lost(&mut self, session: SessionId) {
        if let Some(user) = self.desk.devices.get(&session) {
            self.desk.presence.lost(self.now, session, user);
            self.let_happen(Input::Lost { session });
        }
    }

    /// A session is over. Comes before its seat is taken away, which is then no news to its call.
    pub(crate) fn device_ended(&mut self, session: SessionId, who: &Who, reason: EndReason) {
        let goodbye = reason == EndReason::LoggedOut;
        let user = UserKey { app: who.app, user: who.user.clone() };
        // Also who is not called itself may watch others.
        self.desk.presence.ended(self.now, session, &user, goodbye);
        if self.desk.devices.remove(&session).is_some() {
            self.desk.refs.remove(&session);
            self.desk.last_rooms.remove(&session);
            self.desk.paid.remove(&session);
            self.let_happen(Input::Ended { session, deliberate: goodbye });
        }
    }

    /// Whether a session may enter a room as far as calls are concerned. `true`: its own call leads there.
    pub(crate) fn may_enter_call(
        &self,
        session: SessionId,
        key: &RoomKey,
        scene: Scene,
    ) -> Result<bool, Fault> {
        let own = self.desk.machine.bound_call(session);
        let open =
            own.and_then(|call| self.desk.meta.get(&call)).is_some_and(|meta| meta.open && meta.key == *key);
        let Some(call) = self.desk.rooms.get(key).copied().or(own.filter(|_| open)) else {
            // Whoever joins while the call ends would be alone in a room of which it does not know that it is in.
            if self.desk.last_rooms.get(&session) == Some(key) {
                let sentence = "This was the room of a call, and the call is over.";
                return Err(Fault::because(ErrorCode::MayNotEnter, sentence).in_field("room"));
            }
            return Ok(false);
        };
        if own != Some(call) {
            let sentence = "This is the room of a call in which the session does not take part.";
            return Err(Fault::because(ErrorCode::MayNotEnter, sentence).in_field("room"));
        }
        if scene != Scene::Rtc {
            let sentence = "The room of a call has the scene rtc.";
            return Err(Fault::because(ErrorCode::SceneMismatch, sentence).in_field("scene"));
        }
        Ok(true)
    }

    /// A session has a seat in a room.
    pub(crate) fn seat_taken(&mut self, session: SessionId, key: &RoomKey) {
        if self.is_seat_of_call(session, key) {
            self.let_happen(Input::Entered { session });
        }
    }

    /// A session lost its seat in a room.
    pub(crate) fn seat_lost(&mut self, session: SessionId, key: &RoomKey, reason: LeaveReason) {
        let why = match reason {
            LeaveReason::Left | LeaveReason::SessionEnded | LeaveReason::BecameAudience => SeatEnd::Left,
            LeaveReason::TimedOut => SeatEnd::TimedOut,
            LeaveReason::Kicked | LeaveReason::NoPlace | LeaveReason::Replaced => SeatEnd::Kicked,
            LeaveReason::Dissolved => SeatEnd::Dissolved,
        };
        if self.is_seat_of_call(session, key) {
            self.let_happen(Input::SeatLost { session, why });
        }
    }

    fn is_seat_of_call(&self, session: SessionId, key: &RoomKey) -> bool {
        let call = self.desk.machine.bound_call(session);
        call.and_then(|call| self.desk.meta.get(&call)).is_some_and(|meta| meta.key == *key)
    }

    /// Tells the machine something that cannot be refused.
    pub(crate) fn let_happen(&mut self, input: Input) {
        let done = self.desk.handle(self.now, input);
        debug_assert!(done.is_ok(), "facts are never refused");
    }

    pub(crate) fn on_presence(&mut self, change: PresenceChange) {
        let PresenceChange { session, user, online } = change;
        self.push_event(session, &Event::Presence(huitong_protocol::Presence { user, online }));
    }

    pub(crate) fn on_call(&mut self, output: huitong_call::Output) {
        use huitong_call::Output as Call;
        match output {
            Call::Invited { session, call } => {
                let Some(key) = self.desk.devices.get(&session) else { return };
                let view = self.view_of_call(call, &Subject { user: &key.user, session });
                if let Some(call) = view {
                    self.push_event(session, &Event::Invited { call });
                }
            }
            Call::Changed { session, call, user, state: now } => {
                let reached = self.desk.machine.get(call).and_then(|call| call.party(&user));
                let state = state(now, reached.is_some_and(|party| party.reached));
                if let Some(meta) = self.desk.meta.get(&call) {
                    self.push_event(session, &Event::CallChanged { call: meta.name.clone(), user, state });
                }
            }
            Call::Over { session, call, reason: why, by, duration } => {
                if let Some(meta) = self.desk.meta.get(&call) {
                    let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
                    let call = meta.name.clone();
                    self.push_event(
                        session,
                        &Event::CallEnded { call, reason: reason(why), by, duration_ms },
                    );
                }
            }
            Call::TakeSeat { session, room } => {
                if self.rooms.room_of(session).is_some_and(|key| key.room == room) {
                    let reason = LeaveReason::Left;
                    let left = self.in_room(huitong_room::Input::Leave { session, reason });
                    debug_assert!(left.is_ok(), "a session with a room has a seat");
                }
            }
            Call::Started(id) => {
                if let (Some(call), Some(meta)) = (self.desk.machine.get(id), self.desk.meta.get(&id)) {
                    let log = self.log_of_call(call, meta);
                    self.out.push_back(Output::CallStarted(Box::new(log)));
                }
            }
            Call::Finished(record) => self.call_finished(&record),
        }
    }

    fn call_finished(&mut self, record: &huitong_call::Record) {
        let Some(meta) = self.desk.meta.remove(&record.id) else { return };
        self.desk.names.remove(&meta.name);
        if let Some(calls) = self.desk.per_app.get_mut(&record.app) {
            *calls -= 1;
            if *calls == 0 {
                self.desk.per_app.remove(&record.app);
            }
        }
        if !meta.open {
            self.close_room_of_call(&meta.key);
        }
        let log = self.log_of_record(record, &meta);
        let talked = log.parties.iter().filter(|party| party.answered_ms.is_some()).count();
        let ended = log.end.as_ref().map_or("", |end| end.reason.as_str());
        let detail = format!("{} {ended} {talked} of {}", log.call, log.parties.len());
        if let Some(caller) = log.parties.first() {
            let user = caller.user.clone();
            self.note_user("call-over", None, log.app, Some(&log.room), &user, detail);
        }
        self.out.push_back(Output::CallFinished(Box::new(log)));
    }

    /// The room of a call that is over is nobody's any more.
    fn close_room_of_call(&mut self, key: &RoomKey) {
        self.desk.rooms.remove(key);
        // Encoders that push by a minted URL have no part in the call that could end.
        if self.rooms.exists(key) {
            let dissolved = self.in_room(huitong_room::Input::Dissolve { key: key.clone() });
            debug_assert!(dissolved.is_ok(), "the room is there");
        }
        self.withdraw_urls(|url| url.key == *key);
    }

    fn push_event(&mut self, session: SessionId, event: &Event) {
        if let Some(body) = Body::new(event, Vec::new()) {
            self.push(session, &body);
        }
    }
}
