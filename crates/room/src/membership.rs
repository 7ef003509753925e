//! Entering and leaving: join, roles, lost connections, kick, dissolve, and the life of rooms.

use crate::TrackFlags;
use crate::io::{Event, Join, Output, RoomKey};
use crate::limits::{admit, effective_role, may_declare, may_have_role, publisher_place, same_scene};
use crate::machine::{Rooms, Timer};
use crate::state::{Member, Room};
use huitong_types::{
    ErrorCode, Fault, LeaveReason, Moment, Privileges, Role, Scene, SessionId, StreamKind, UserId,
};
use std::collections::BTreeMap;

impl Rooms {
    pub(crate) fn join(&mut self, now: Moment, join: Join) -> Result<(), Fault> {
        if let Some(present) = self.seats.get(&join.session) {
            if *present != join.key {
                return Err(Fault::new(ErrorCode::AlreadyInRoom));
            }
            return self.join_again(now, join);
        }
        admit(&self.limits, self.rooms.get(&join.key), &join)?;
        let Join { session, key, user, scene, role, privileges, declare } = join;
        if !self.rooms.contains_key(&key) {
            self.rooms.insert(key.clone(), Room::new(scene, now));
            self.out.push_back(Output::RoomCreated { key: key.clone(), scene });
        }
        if let Some(earlier) = self.rooms.get(&key).and_then(|room| room.users.get(&user)).copied() {
            self.detach(&key, earlier, LeaveReason::Replaced, true);
        }
        let role = effective_role(scene, role);
        let member = Member {
            user: user.clone(),
            role,
            privileges,
            silenced: TrackFlags::NONE,
            joined: now,
            place: None,
            away: false,
            streams: BTreeMap::new(),
            wants: BTreeMap::new(),
        };
        if let Some(room) = self.rooms.get_mut(&key) {
            room.members.insert(session, member);
            room.users.insert(user.clone(), session);
        }
        self.seats.insert(session, key.clone());
        self.out.push_back(Output::Joined { session, key: key.clone(), user, role });
        if role == Role::Publisher {
            self.introduce(session);
        }
        for (kind, tracks) in declare {
            self.declare(session, kind, tracks)?;
        }
        self.settle(now, &key);
        Ok(())
    }

    /// A join by a session that is in the room: its client has lost the reply, or changes its mind.
    fn join_again(&mut self, now: Moment, join: Join) -> Result<(), Fault> {
        let (_, room, _) = self.seat(join.session)?;
        same_scene(room, join.scene)?;
        if !join.privileges.allows(Privileges::ENTER) {
            return Err(Fault::new(ErrorCode::MayNotEnter));
        }
        let role = effective_role(join.scene, join.role);
        for (kind, tracks) in &join.declare {
            may_declare(role, join.privileges, *kind, *tracks)?;
        }
        self.set_role(now, join.session, role, Some(join.privileges))?;
        for (kind, tracks) in join.declare {
            self.declare(join.session, kind, tracks)?;
        }
        Ok(())
    }

    pub(crate) fn leave(
        &mut self,
        now: Moment,
        session: SessionId,
        reason: LeaveReason,
    ) -> Result<(), Fault> {
        self.seat(session)?;
        self.remove(now, session, reason);
        Ok(())
    }

    /// Ends a stay; does nothing if there is none.
    pub(crate) fn remove(&mut self, now: Moment, session: SessionId, reason: LeaveReason) {
        let Some(key) = self.seats.get(&session).cloned() else { return };
        self.detach(&key, session, reason, true);
        self.settle(now, &key);
    }

    pub(crate) fn kick(&mut self, now: Moment, key: &RoomKey, user: &UserId) -> Result<(), Fault> {
        let session = self.find(key, user).ok_or_else(|| {
            Fault::because(ErrorCode::NotFound, format!("The user {user} is not in the room {}.", key.room))
        })?;
        self.remove(now, session, LeaveReason::Kicked);
        Ok(())
    }

    pub(crate) fn dissolve(&mut self, key: &RoomKey) -> Result<(), Fault> {
        if !self.rooms.contains_key(key) {
            return Err(Fault::because(ErrorCode::NotFound, format!("There is no room {}.", key.room)));
        }
        self.end_with_everybody(key);
        Ok(())
    }

    /// Ends a room at once; nobody is told about the others.
    pub(crate) fn end_with_everybody(&mut self, key: &RoomKey) {
        let Some(room) = self.rooms.get(key) else { return };
        let everybody: Vec<SessionId> = room.members.keys().copied().collect();
        for session in everybody {
            self.detach(key, session, LeaveReason::Dissolved, false);
        }
        self.end(key);
    }

    pub(crate) fn set_role(
        &mut self,
        now: Moment,
        session: SessionId,
        role: Role,
        privileges: Option<Privileges>,
    ) -> Result<(), Fault> {
        let (key, room, member) = self.seat(session)?;
        let (key, present) = (key.clone(), member.role);
        may_have_role(room.scene, role, privileges.unwrap_or(member.privileges))?;
        if room.scene == Scene::Rtc && role == Role::Audience {
            return Err(
                Fault::because(ErrorCode::SceneMismatch, "Only live rooms have audience.").in_field("role")
            );
        }
        match (present, role) {
            (Role::Audience, Role::Publisher) => publisher_place(&self.limits, room.announced.len())?,
            (Role::Publisher, Role::Audience) if room.audience() >= self.limits.live_audience => {
                return Err(Fault::new(ErrorCode::RoomFull));
            }
            _ => {}
        }
        if let Some(privileges) = privileges {
            self.set_privileges(session, privileges);
        }
        if present == role {
            return Ok(());
        }
        self.member_mut(session)?.role = role;
        match role {
            Role::Publisher => self.introduce(session),
            Role::Audience => self.demote(&key, session),
        }
        self.settle(now, &key);
        Ok(())
    }

    /// Makes a member known to the others.
    fn introduce(&mut self, session: SessionId) {
        let Some(room) = self.seats.get(&session).and_then(|key| self.rooms.get_mut(key)) else { return };
        room.announce(session);
        if let Some(member) = room.members.get(&session).map(Member::view) {
            self.tell_others(session, Event::MemberJoined(member));
        }
    }

    fn demote(&mut self, key: &RoomKey, session: SessionId) {
        let Some(room) = self.rooms.get_mut(key) else { return };
        let Some(member) = room.members.get_mut(&session) else { return };
        if let Some(place) = member.place.take() {
            room.announced.remove(&place);
        }
        let user = member.user.clone();
        let streams = std::mem::take(&mut member.streams);
        for (kind, stream) in streams {
            let sentence = crate::limits::cut_sentence(LeaveReason::BecameAudience);
            let fault = Fault::because(ErrorCode::MayNotPublish, sentence);
            self.out.push_back(Output::MediaCut { session, kind, fault });
            self.drop_stream(session, kind, stream.id);
        }
        self.tell_others(session, Event::MemberLeft { user, reason: LeaveReason::BecameAudience });
    }

    pub(crate) fn connection_lost(&mut self, now: Moment, session: SessionId) -> Result<(), Fault> {
        self.seat(session)?;
        self.timers.arm(Timer::Away(session), now + self.limits.away_after);
        self.timers.arm(Timer::Seat(session), now + self.limits.seat_grace);
        Ok(())
    }

    pub(crate) fn connection_back(&mut self, session: SessionId) -> Result<(), Fault> {
        self.seat(session)?;
        self.timers.cancel(&Timer::Away(session));
        self.timers.cancel(&Timer::Seat(session));
        self.show_away(session, false);
        Ok(())
    }

    pub(crate) fn show_away(&mut self, session: SessionId, away: bool) {
        let Ok(member) = self.member_mut(session) else { return };
        if member.away == away {
            return;
        }
        member.away = away;
        if member.place.is_some() {
            let user = member.user.clone();
            self.tell_others(session, Event::MemberAway { user, away });
        }
    }

    /// Takes a session out of its room. The room may be empty afterwards: [`Rooms::settle`] sees to that.
    fn detach(&mut self, key: &RoomKey, session: SessionId, reason: LeaveReason, tell: bool) {
        let Some(room) = self.rooms.get_mut(key) else { return };
        let Some(member) = room.members.remove(&session) else { return };
        room.users.remove(&member.user);
        if let Some(place) = member.place {
            room.announced.remove(&place);
        }
        let others: Vec<SessionId> =
            if tell && member.place.is_some() { room.members.keys().copied().collect() } else { Vec::new() };
        self.seats.remove(&session);
        self.timers.cancel(&Timer::Away(session));
        self.timers.cancel(&Timer::Seat(session));
        self.out.push_back(Output::Left { session, key: key.clone(), user: member.user.clone(), reason });
        for (kind, stream) in &member.streams {
            self.drop_stream(session, *kind, stream.id);
        }
        self.tell(others, Event::MemberLeft { user: member.user, reason });
    }

    /// Forgets a stream whose membership is over.
    fn drop_stream(&mut self, session: SessionId, kind: StreamKind, stream: huitong_types::StreamId) {
        self.streams.remove(&stream);
        self.timers.cancel(&Timer::Media(session, kind));
        self.out.push_back(Output::StreamEnded { stream });
    }

    /// Draws the conclusions of a changed membership: an empty room ends, a live room without publishers ends
    /// later, a changed audience is told.
    fn settle(&mut self, now: Moment, key: &RoomKey) {
        let Some(room) = self.rooms.get(key) else { return };
        if room.members.is_empty() {
            self.end(key);
            return;
        }
        let timer = Timer::AudienceOnly(key.clone());
        if !room.announced.is_empty() {
            self.timers.cancel(&timer);
        } else if !self.timers.is_armed(&timer) {
            self.timers.arm(timer, now + self.limits.live_audience_only);
        }
        self.audience_changed(now, key);
    }

    fn end(&mut self, key: &RoomKey) {
        self.rooms.remove(key);
        self.timers.cancel(&Timer::AudienceOnly(key.clone()));
        self.timers.cancel(&Timer::AudienceCount(key.clone()));
        self.out.push_back(Output::RoomEnded { key: key.clone() });
    }
}
