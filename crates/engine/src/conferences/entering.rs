//! Ways into a conference and out of it: by a ticket, or by the door of its room.

use super::refused;
use super::views::{exit_of, scene_of, wish_of};
use crate::engine::Engine;
use huitong_auth::TicketNumbers;
use huitong_conference::{ConferenceId, ExitReason, Input, Profile, Role as Rank, Ticket, TicketId, UserKey};
use huitong_protocol::{Done, Enter, EnterReply, Leave};
use huitong_room::RoomKey;
use huitong_types::{ErrorCode, Fault, LeaveReason, Moment, Privileges, Redacted, Role, Scene, SessionId};
use std::sync::Arc;

/// A way into a room that is not by a ticket.
pub(crate) struct Door<'a> {
    pub(crate) key: &'a RoomKey,
    pub(crate) scene: Scene,
    pub(crate) role: Role,
    pub(crate) privileges: Privileges,
    /// The back-end has sent it, so that no password is asked for.
    pub(crate) authority: bool,
    /// The back-end has sent it to be heard, so that it is a talker where others only watch. What admins decided comes first.
    pub(crate) talks: bool,
}

impl Engine {
    /// Whether a user may come into a conference while the application may begin nothing: one who has a seat there does.
    pub(super) fn may_enter_conference(&self, id: ConferenceId, user: &UserKey) -> Result<(), Fault> {
        match self.hall.meta.get(&id) {
            Some(meta) => self.may_enter(&meta.key, &user.user),
            None => self.may_begin(user.app),
        }
    }

    pub(crate) fn enter_conference(&mut self, session: SessionId, enter: Enter) -> Result<Done, Fault> {
        let user = self.conference_user(session)?;
        let ticket = self.read_ticket(&user, &enter)?;
        let id = ticket.conference;
        let again = self.hall.machine.of_session(session).is_some_and(|(present, _)| present.id == id);
        if self.draining && !again {
            return Err(Fault::new(ErrorCode::ShuttingDown));
        }
        self.may_enter_conference(id, &user)?;
        if !again && self.rooms.room_of(session).is_some_and(|key| !self.is_room_of(id, key)) {
            return Err(Fault::new(ErrorCode::AlreadyInRoom));
        }
        self.media.may_register(&self.urls, session, &enter.publish)?;
        let profile = Profile { nick: enter.nick.map(Arc::from), ext: enter.ext.map(Arc::from) };
        let input = Input::Enter { session, user, conference: id, ticket, profile };
        // Who lets somebody in decides what it may do; a room key is not asked for.
        self.seated(session, Privileges::ALL, input)?;
        if again {
            // One that came by the door may do now what its ticket allows.
            self.place(session);
        }
        self.hall.aware.insert(session);
        self.label(session, enter.record_id, enter.details);
        for publish in enter.publish {
            let kind = publish.stream;
            if let Err(fault) = self.publish_here(session, publish) {
                self.tell_refused(session, kind, &fault);
            }
        }
        if enter.mix {
            self.want_mix(session, true);
        }
        let conference = self.conference_state(session).ok_or(Fault::new(ErrorCode::Internal))?;
        let state = self.state_of(session).ok_or(Fault::new(ErrorCode::Internal))?;
        Ok(Done::Enter(Box::new(EnterReply { conference, state })))
    }

    /// Lets the machine give a seat to somebody who may do this in the room. If the room refuses it, nothing has happened.
    fn seated(&mut self, session: SessionId, granted: Privileges, input: Input) -> Result<(), Fault> {
        self.hall.let_in = None;
        let before = self.hall.granted.insert(session, granted);
        let result = self.in_hall(input).map_err(|refusal| refused(&refusal));
        let failed = result.err().or_else(|| self.hall.let_in.take());
        let inside = self.rooms.room_of(session).is_some();
        // Who takes its own place as the last admin and is none any more may have ended the conference by that.
        let over = || Fault::new(ErrorCode::ConferenceOver);
        let Some(fault) = failed.or_else(|| (!inside).then(over)) else { return Ok(()) };
        match before {
            Some(before) if inside => drop(self.hall.granted.insert(session, before)),
            _ => drop(self.hall.granted.remove(&session)),
        }
        // Only who has got a place by this request can be without a seat.
        if !inside {
            let _nowhere = self.in_hall(Input::Leave { session, reason: ExitReason::Failed });
        }
        Err(fault)
    }

    fn read_ticket(&self, user: &UserKey, enter: &Enter) -> Result<Ticket, Fault> {
        let numbers = self.hall.tickets.read(user.app, &user.user, &enter.ticket);
        let numbers = numbers.ok_or(Fault::new(ErrorCode::TicketInvalid).in_field("ticket"))?;
        let TicketNumbers { ticket, conference, role, expires_ms } = numbers;
        let id = ConferenceId(conference);
        match self.hall.named(user.app, &enter.conference) {
            Some(named) if named == id => {}
            Some(_) => return Err(Fault::new(ErrorCode::TicketInvalid).in_field("ticket")),
            // The ticket proves that there was one.
            None if !self.hall.meta.contains_key(&id) => {
                return Err(Fault::new(ErrorCode::ConferenceOver).in_field("conference"));
            }
            None => return Err(Fault::new(ErrorCode::NoConference).in_field("conference")),
        }
        Ok(Ticket {
            id: TicketId(ticket),
            conference: id,
            user: user.clone(),
            role: Rank::from_number(role),
            expires: Moment::from_millis(expires_ms),
        })
    }

    /// The text of a ticket.
    pub(crate) fn write_ticket(&self, ticket: &Ticket) -> Redacted<String> {
        let numbers = TicketNumbers {
            ticket: ticket.id.0,
            conference: ticket.conference.0,
            role: ticket.role.map_or(0, Rank::number),
            expires_ms: ticket.expires.as_millis(),
        };
        self.hall.tickets.write(ticket.user.app, &ticket.user.user, &numbers)
    }

    /// A join of a room that is a conference: its policy decides. `None`: the room is a plain one.
    pub(crate) fn join_conference(
        &mut self,
        session: SessionId,
        user: UserKey,
        join: &Door<'_>,
    ) -> Option<Result<(), Fault>> {
        let conference = self.hall.machine.in_room(join.key.app, &join.key.room)?;
        let (id, scene) = (conference.id, scene_of(conference.kind));
        if scene != join.scene {
            let sentence = "The room is a conference with another scene; join it with that scene.";
            return Some(Err(Fault::because(ErrorCode::SceneMismatch, sentence).in_field("scene")));
        }
        if self.rooms.room_of(session).is_some_and(|key| key != join.key) {
            return Some(Err(Fault::new(ErrorCode::AlreadyInRoom)));
        }
        if !join.privileges.allows(Privileges::ENTER) {
            return Some(Err(Fault::new(ErrorCode::MayNotEnter)));
        }
        let role = match join.talks {
            true => Some(Rank::Talker),
            false => wish_of(join.role),
        };
        let admit = Input::Admit { session, user, conference: id, role, authority: join.authority };
        let locked = || {
            let sentence = "This room is a conference with a password: enter it with a ticket.";
            Fault::because(ErrorCode::MayNotEnter, sentence).in_field("room")
        };
        let result = self.seated(session, join.privileges, admit);
        Some(result.map_err(|fault| if fault.code == ErrorCode::WrongPassword { locked() } else { fault }))
    }

    pub(crate) fn leave(&mut self, session: SessionId, leave: &Leave) -> Result<Done, Fault> {
        if self.hall.machine.of_session(session).is_none() {
            let input = huitong_room::Input::Leave { session, reason: LeaveReason::Left };
            return self.in_room(input).map(|()| Done::Leave);
        }
        let reason = leave.reason.map_or(ExitReason::Left, exit_of);
        self.in_hall(Input::Leave { session, reason }).map_err(|refusal| refused(&refusal))?;
        self.hall.aware.remove(&session);
        Ok(Done::Leave)
    }
}
