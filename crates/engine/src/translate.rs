//! What sessions and rooms bring about.

use crate::engine::Engine;
use crate::io::{LazyPush, Output};
use crate::stays::StayEvent;
use crate::wire::body_of;
use huitong_protocol::Event;
use huitong_room::{Input, RoomKey, cut_sentence};
use huitong_session::{Body, Who};
use huitong_types::{EndReason, ErrorCode, Fault, LeaveReason, SessionId, UserId};
use std::sync::Arc;

impl Engine {
    pub(crate) fn on_session(&mut self, output: huitong_session::Output) {
        match output {
            huitong_session::Output::Send { conn, text } => self.out.push_back(Output::Send { conn, text }),
            huitong_session::Output::Push { conn, session, seq, body } => {
                let push = LazyPush { session, seq, body, keys: Arc::clone(&self.play_keys) };
                self.out.push_back(Output::Push { conn, push });
            }
            huitong_session::Output::Close { conn, code } => {
                self.origins.remove(&conn);
                self.note("closed", |note| {
                    note.conn = Some(conn);
                    note.detail = code.name().to_owned();
                });
                let reason = code.sentence().to_owned();
                self.out.push_back(Output::Close { conn, code: code.number(), reason });
            }
            huitong_session::Output::Lost { session } => {
                self.device_lost(session);
                if self.rooms.room_of(session).is_some() {
                    let lost = self.in_room(Input::ConnectionLost { session });
                    debug_assert!(lost.is_ok(), "a session with a room has a seat");
                }
            }
            huitong_session::Output::Ended { session, who, reason } => {
                self.session_ended(session, &who, reason)
            }
        }
    }

    fn session_ended(&mut self, session: SessionId, who: &Who, reason: EndReason) {
        self.device_ended(session, who, reason);
        self.conference_session_ended(session, reason);
        self.voice.remove(&session);
        if self.rooms.room_of(session).is_some() {
            let reason = match reason {
                EndReason::Expired => LeaveReason::TimedOut,
                EndReason::LoggedOut
                | EndReason::TakenOver
                | EndReason::CredentialExpired
                | EndReason::ServerShutdown => LeaveReason::SessionEnded,
            };
            let left = self.in_room(Input::Leave { session, reason });
            debug_assert!(left.is_ok(), "a session with a room has a seat");
        }
        self.note_user("session-ended", None, who.app, None, &who.user, format!("{session} {reason:?}"));
    }

    pub(crate) fn on_room(&mut self, output: huitong_room::Output) {
        use huitong_room::Output as Room;
        self.mix_hears(&output);
        match output {
            Room::RoomCreated { key, scene } => self.note_room("room-created", key, format!("{scene:?}")),
            Room::RoomEnded { key } => self.note_room("room-ended", key, String::new()),
            Room::Joined { session, key, user, role } => {
                self.seat_taken(session, &key);
                self.admission.is_back(&key, &user);
                self.stay_begins(session, &key, &user);
                let conn = self.sessions.conn_of(session);
                self.note_user("member-joined", conn, key.app, Some(&key.room), &user, format!("{role:?}"));
            }
            Room::Left { session, key, user, reason } => {
                self.seat_lost(session, &key, reason);
                self.stay(StayEvent::Left { session });
                self.conference_seat_lost(session, &key, reason);
                self.member_left(session, &key, &user, reason);
            }
            Room::Tell { to, event } => {
                if let Some(body) = body_of(event) {
                    for session in to {
                        self.push(session, &body);
                    }
                }
            }
            Room::MediaCut { session, kind, fault } => self.cut_publisher(session, kind, fault),
            Room::MediaOver { session, kind, deliberate } => {
                self.release_stream(session, kind);
                self.encoder_stopped(session, deliberate);
            }
            Room::StreamEnded { stream } => {
                if self.media.end_stream(stream) {
                    self.out.push_back(Output::StreamEnded { stream });
                }
            }
            Room::Announced { session, stream, tracks } => {
                self.stay(StayEvent::Announced { session, stream, tracks });
            }
            Room::PublishAllowed { session, kind, allowed } => {
                if let Some(ticket) = self.media.publisher(session, kind) {
                    self.out.push_back(Output::PublishAllowed { ticket, allowed });
                }
            }
            Room::PlayTracks { session, stream, tracks } => {
                for ticket in self.media.players_of(session, stream) {
                    self.out.push_back(Output::PlayTracks { ticket, tracks });
                }
                self.tell_receiving(session, stream);
            }
        }
    }

    fn note_room(&mut self, what: &'static str, key: RoomKey, detail: String) {
        self.note(what, |note| {
            note.app = Some(key.app);
            note.room = Some(key.room);
            note.detail = detail;
        });
    }

    /// A session is out of its room: its media is cut, its keys are void, and it is told unless it knows.
    fn member_left(&mut self, session: SessionId, key: &RoomKey, user: &UserId, reason: LeaveReason) {
        let conn = self.sessions.conn_of(session);
        self.note_user("member-left", conn, key.app, Some(&key.room), user, format!("{reason:?}"));
        if matches!(reason, LeaveReason::Kicked | LeaveReason::Dissolved) {
            self.withdraw_pushes(session);
        }
        let fault = Fault::because(ErrorCode::NotInRoom, cut_sentence(reason));
        for ticket in self.media.forget_member(session) {
            self.out.push_back(Output::CloseMedia { ticket, fault: fault.clone() });
        }
        self.encoders.remove(&session);
        self.room_keys.remove(&session);
        self.labels.remove(&session);
        let message = match reason {
            LeaveReason::Left | LeaveReason::SessionEnded | LeaveReason::BecameAudience => return,
            LeaveReason::Kicked => "You were removed from the room.",
            LeaveReason::NoPlace => "You were removed: the room has no place for you.",
            LeaveReason::Dissolved => "The room is over.",
            LeaveReason::Replaced => "You entered the room with another device.",
            LeaveReason::TimedOut => "The connection was lost for too long.",
        };
        if let Some(body) = Body::new(&Event::Removed { reason, message: message.to_owned() }, Vec::new()) {
            self.push(session, &body);
        }
    }
}
