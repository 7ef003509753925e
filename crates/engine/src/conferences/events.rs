//! What conferences bring about, and what happens to those who are in one.

use super::views::{exit_word, scene_of, told};
use super::{Asker, Waiting, refused};
use crate::engine::Engine;
use crate::io::{ApiResult, ConnId, Output};
use huitong_conference::{
    Answer, AskId, ConferenceId, ExitReason, Input, Kind, PasswordHash, SeatEnd, UserKey, Verdict,
};
use huitong_protocol::{Done, Event};
use huitong_room::{Join, RoomKey};
use huitong_session::Body;
use huitong_types::{
    EndReason, ErrorCode, Fault, LeaveReason, Privileges, Redacted, Role, RoomId, SessionId, StreamKind,
};
use std::sync::Arc;

impl Engine {
    /// Gives somebody a seat in the room of its conference. What the room refuses is kept for whoever asked.
    pub(crate) fn let_in(&mut self, session: SessionId, room: RoomId, role: Role) {
        let Some((conference, member)) = self.hall.machine.of_session(session) else { return };
        let key = RoomKey { app: conference.app, room };
        let scene = scene_of(conference.kind);
        let large = conference.kind == Kind::Large;
        let user = member.user.clone();
        let seated = match self.rooms.room_of(session) {
            Some(present) if *present == key => self.in_room(huitong_room::Input::SetRole {
                session,
                role: self.role_in(&key, role),
                privileges: Some(self.privileges_of(session)),
            }),
            _ => self.in_room(huitong_room::Input::Join(Join {
                session,
                key,
                user,
                scene,
                role,
                // The room is there as soon as somebody is in it, whoever may create rooms.
                privileges: self.privileges_of(session).with(Privileges::CREATE),
                declare: Vec::new(),
            })),
        };
        if large && seated.is_ok() {
            // More may talk than a phone can play.
            self.want_mix(session, true);
        }
        self.hall.let_in = seated.err();
    }

    /// The role in the room: only live rooms have audience.
    fn role_in(&self, key: &RoomKey, role: Role) -> Role {
        match self.rooms.scene(key) {
            Some(huitong_types::Scene::Live) => role,
            _ => Role::Publisher,
        }
    }

    /// What a member of a conference may do in its room: what its credential allows, and to send nothing if it is audience.
    fn privileges_of(&self, session: SessionId) -> Privileges {
        let granted = self.hall.granted.get(&session).copied().unwrap_or(Privileges::ALL);
        let member = self.hall.machine.of_session(session).map(|(_, member)| member);
        if member.is_none_or(|member| member.role.publishes()) {
            return granted;
        }
        let sends = Privileges::SEND_AUDIO.with(Privileges::SEND_VIDEO).with(Privileges::SEND_AUX);
        Privileges::from_bits(granted.bits() & !sends.bits())
    }

    /// A member has another place. Who is sent to the audience is cut at once, and its keys are void.
    pub(crate) fn place(&mut self, session: SessionId) {
        let Some((_, member)) = self.hall.machine.of_session(session) else { return };
        let (role, user) = (member.role, member.user.clone());
        let Some(key) = self.rooms.room_of(session).cloned() else { return };
        if !role.publishes() {
            for kind in StreamKind::ALL {
                // Only what was registered can be withdrawn.
                let _withdrawn = self.in_room(huitong_room::Input::Withdraw { session, kind });
            }
        }
        let privileges = Some(self.privileges_of(session));
        let placed = self.in_room(huitong_room::Input::SetRole {
            session,
            role: self.role_in(&key, role.place()),
            privileges,
        });
        if let Err(fault) = placed {
            // The room has no place for what an admin decided: nobody keeps a place that it may not have.
            let detail = format!("removed, the room has no place: {fault}");
            self.note_user("conference-misplaced", None, key.app, Some(&key.room), &user, detail);
            let left = self.in_room(huitong_room::Input::Leave { session, reason: LeaveReason::NoPlace });
            debug_assert!(left.is_ok(), "a session with a room has a seat");
        }
    }

    /// What is left out of what a member sends has changed.
    pub(crate) fn set_tracks(&mut self, session: SessionId) {
        let Some((_, member)) = self.hall.machine.of_session(session) else { return };
        if self.rooms.room_of(session).is_none() {
            return;
        }
        let video = member.no_video || self.hall.cameraless.contains(&session);
        let tracks = huitong_room::TrackFlags { audio: member.no_audio, video };
        let silenced = self.in_room(huitong_room::Input::Silence { session, tracks });
        debug_assert!(silenced.is_ok(), "a session with a room has a seat");
    }

    /// Puts somebody out of the room.
    pub(crate) fn put_out(&mut self, session: SessionId, why: Option<ExitReason>) {
        let reason = match why {
            None => LeaveReason::Left,
            Some(ExitReason::Removed) => LeaveReason::Kicked,
            Some(ExitReason::OtherDevice) => LeaveReason::Replaced,
            Some(ExitReason::Closed) => LeaveReason::Dissolved,
            Some(_) => LeaveReason::TimedOut,
        };
        if self.rooms.room_of(session).is_some() {
            let left = self.in_room(huitong_room::Input::Leave { session, reason });
            debug_assert!(left.is_ok(), "a session with a room has a seat");
        }
    }

    /// A session lost its seat in a room.
    pub(crate) fn conference_seat_lost(&mut self, session: SessionId, key: &RoomKey, reason: LeaveReason) {
        self.hall.granted.remove(&session);
        self.hall.cameraless.remove(&session);
        let Some((conference, _)) = self.hall.machine.of_session(session) else { return };
        if !self.is_room_of(conference.id, key) {
            return;
        }
        let input = match reason {
            LeaveReason::Left | LeaveReason::SessionEnded | LeaveReason::BecameAudience => {
                Input::Leave { session, reason: ExitReason::Left }
            }
            LeaveReason::TimedOut => Input::SeatLost { session, why: SeatEnd::TimedOut },
            LeaveReason::Replaced => Input::SeatLost { session, why: SeatEnd::TakenOver },
            LeaveReason::NoPlace => Input::SeatLost { session, why: SeatEnd::NoPlace },
            LeaveReason::Kicked => Input::SeatLost { session, why: SeatEnd::Kicked },
            LeaveReason::Dissolved => Input::SeatLost { session, why: SeatEnd::Dissolved },
        };
        let lost = self.in_hall(input);
        debug_assert!(lost.is_ok(), "a member is inside");
    }

    /// A session is over. Comes before its seat is taken away, which is then no news to its conference.
    pub(crate) fn conference_session_ended(&mut self, session: SessionId, reason: EndReason) {
        // What becomes of its session tells it all.
        self.hall.aware.remove(&session);
        let gone = self.in_hall(match reason {
            EndReason::TakenOver => Input::SeatLost { session, why: SeatEnd::TakenOver },
            _ => Input::Gone { session, deliberate: reason == EndReason::LoggedOut },
        });
        debug_assert!(gone.is_ok(), "facts are never refused");
    }

    pub(crate) fn password_hashed(&mut self, conference: u64, hash: Option<Redacted<Arc<str>>>) {
        let (id, failed) = (ConferenceId(conference), hash.is_none());
        let maker = self.hall.makers.remove(&id);
        let done = self.in_hall(Input::Hashed { conference: id, hash: hash.map(PasswordHash) });
        debug_assert!(done.is_ok(), "facts are never refused");
        if let Some(call) = maker {
            let made = if failed { Err(Fault::new(ErrorCode::NotChecked)) } else { self.api_conference(id) };
            self.out.push_back(Output::ApiDone { call, result: made.unwrap_or_else(ApiResult::Refused) });
        }
    }

    pub(crate) fn password_checked(&mut self, ask: u64, verdict: Verdict) {
        let done = self.in_hall(Input::Checked { ask: AskId(ask), verdict });
        debug_assert!(done.is_ok(), "facts are never refused");
    }

    pub(crate) fn on_conference(&mut self, output: huitong_conference::Output) {
        use huitong_conference::Output as Want;
        match output {
            Want::Created(id) => self.conference_created(id),
            Want::Restored(id) => self.conference_restored(id),
            Want::Changed { conference, part } => self.conference_changed(conference, part),
            Want::Ended { conference, room, app } => self.conference_ended(conference, RoomKey { app, room }),
            Want::Hash { conference, password } => {
                self.out.push_back(Output::HashPassword { conference: conference.0, password });
            }
            Want::Check { ask, password, hash } => {
                self.out.push_back(Output::CheckPassword { ask: ask.0, password, hash: hash.0 });
            }
            Want::Answered { ask, answer } => {
                if let Some(waiting) = self.hall.asks.remove(&ask) {
                    let answer = answer.map_err(|refusal| refused(&refusal));
                    self.answer_ask(waiting, answer);
                }
            }
            Want::Exited { session, conference, reason } => {
                let Some(conference) = self.conference_name(conference) else { return };
                if self.hall.aware.remove(&session) {
                    let event = Event::ConferenceExited { conference, reason: exit_word(reason) };
                    self.tell_sessions(vec![session], &event);
                }
            }
            Want::Tell { mut to, event, .. } => {
                to.retain(|session| self.hall.aware.contains(session));
                self.tell_sessions(to, &told(event));
            }
            // These are done at once.
            Want::LetIn { .. } | Want::Place { .. } | Want::Silence { .. } | Want::PutOut { .. } => {}
        }
    }

    fn tell_sessions(&mut self, to: Vec<SessionId>, event: &Event) {
        if to.is_empty() {
            return;
        }
        if let Some(body) = Body::new(event, Vec::new()) {
            for session in to {
                self.push(session, &body);
            }
        }
    }

    fn answer_ask(&mut self, waiting: Waiting, answer: Result<Answer, Fault>) {
        let gone = || Fault::new(ErrorCode::NoConference);
        let done = answer.and_then(|answer| match answer {
            Answer::Ticket(ticket) => {
                self.ticket_reply(&ticket, waiting.created).map(Done::Ticket).ok_or_else(gone)
            }
            Answer::Look(id) => {
                let conference = self.hall.machine.get(id).ok_or_else(gone)?;
                self.look_of(conference).map(Done::Look).ok_or_else(gone)
            }
        });
        let conn = match waiting.asker {
            Asker::Client(conn, _) => Some(conn),
            Asker::Api(_) => None,
        };
        if let Err(fault) = &done {
            self.note_refused(conn, &waiting.user, "ticket or look", fault);
        }
        match waiting.asker {
            Asker::Client(conn, id) => self.answer(conn, id, done),
            Asker::Api(call) => {
                let result = match done {
                    Ok(Done::Ticket(ticket)) => ApiResult::Ticket(Box::new(ticket)),
                    Ok(Done::Look(look)) => ApiResult::Look(Box::new(look)),
                    Ok(_) => ApiResult::Refused(Fault::new(ErrorCode::Internal)),
                    Err(fault) => ApiResult::Refused(fault),
                };
                self.out.push_back(Output::ApiDone { call, result });
            }
        }
    }

    /// Writes down that a user was refused something, on whatever way it asked.
    pub(crate) fn note_refused(&mut self, conn: Option<ConnId>, user: &UserKey, what: &str, fault: &Fault) {
        self.note_user("request-refused", conn, user.app, None, &user.user, format!("{what}: {fault}"));
    }

    fn conference_created(&mut self, id: ConferenceId) {
        let Some(conference) = self.hall.machine.get(id) else { return };
        let creator = conference.creator.clone();
        let detail = format!("{:?}", conference.kind);
        let Some(meta) = self.hall.meta.get(&id).cloned() else { return };
        self.note("conference-created", |note| {
            note.app = Some(meta.key.app);
            note.room = Some(meta.key.room);
            note.user = creator;
            note.detail = format!("{} {detail}", meta.name);
        });
    }

    fn conference_ended(&mut self, id: ConferenceId, key: RoomKey) {
        let Some(meta) = self.hall.meta.remove(&id) else { return };
        self.hall.names.remove(&meta.name);
        if let Some(call) = self.hall.makers.remove(&id) {
            let result = ApiResult::Refused(Fault::new(ErrorCode::NoConference));
            self.out.push_back(Output::ApiDone { call, result });
        }
        self.conference_forgotten(id, meta.clone());
        if self.rooms.exists(&key) {
            let dissolved = self.in_room(huitong_room::Input::Dissolve { key: key.clone() });
            debug_assert!(dissolved.is_ok(), "the room is there");
        }
        self.note("conference-ended", |note| {
            note.app = Some(key.app);
            note.room = Some(key.room);
            note.detail = meta.name.as_str().to_owned();
        });
    }
}
