//! Entering, and what members do while they are inside.

use crate::conference::{Conference, Member, Stream};
use crate::io::{ConferenceId, Event, MemberId, Output, Profile, Reply, Ticket, TicketId, UserKey};
use crate::kept::Decision;
use crate::limits::{DECIDED, EXT_BYTES, HANDS, NICK_BYTES, fits};
use crate::machine::Conferences;
use crate::refusal::Refusal;
use crate::words::{AskedAdmin, ExitReason, Role};
use huitong_types::{SessionId, StreamKind, UserId};
use std::collections::BTreeMap;

impl Conferences {
    pub(crate) fn enter(
        &mut self,
        session: SessionId,
        user: &UserKey,
        id: ConferenceId,
        ticket: &Ticket,
        profile: Profile,
    ) -> Result<Reply, Refusal> {
        let present = self.is_inside(session, user, id)?;
        if let Some(member) = present
            && self.of_session(session).is_some_and(|(_, own)| own.ticket == Some(ticket.id))
        {
            // A client that lost the answer asks again, with a ticket that is used now.
            return Ok(Reply::Entered(member));
        }
        self.admit(user, id, ticket)?;
        let text = |text: &Option<std::sync::Arc<str>>| text.clone().unwrap_or_default();
        fits("nick", &text(&profile.nick), NICK_BYTES, "has more than 128 bytes")?;
        fits("ext", &text(&profile.ext), EXT_BYTES, "has more than 1024 bytes")?;
        if let Some(member) = present {
            return Ok(self.hears_from_now(id, member, ticket.id, profile));
        }
        self.seat(session, user, id, ticket.role, profile, Some(ticket.id))
    }

    /// Somebody comes by the door of the room.
    pub(crate) fn admit_plain(
        &mut self,
        session: SessionId,
        user: &UserKey,
        id: ConferenceId,
        role: Option<Role>,
        authority: bool,
    ) -> Result<Reply, Refusal> {
        if let Some(present) = self.is_inside(session, user, id)? {
            return Ok(Reply::Entered(present));
        }
        let conference = self.of_app(id, user.app)?;
        if conference.is_locked() && !authority && !conference.is_creator(&user.user) {
            return Err(Refusal::WrongPassword);
        }
        self.seat(session, user, id, role, Profile::default(), None)
    }

    /// Whether a session is in this conference already, as this user.
    fn is_inside(
        &self,
        session: SessionId,
        user: &UserKey,
        id: ConferenceId,
    ) -> Result<Option<MemberId>, Refusal> {
        let Some((present, member)) = self.sessions.get(&session) else { return Ok(None) };
        let same = *present == id && self.of_session(session).is_some_and(|(_, own)| own.user == user.user);
        if same { Ok(Some(*member)) } else { Err(Refusal::InAnother) }
    }

    /// Somebody who is inside shows a ticket: it stays what it is, and hears of the conference from now on if it did not before.
    /// What it shows of itself now the others are told; what it does not say stays.
    fn hears_from_now(
        &mut self,
        id: ConferenceId,
        member: MemberId,
        ticket: TicketId,
        shown: Profile,
    ) -> Reply {
        self.drop_ticket(ticket);
        let Some(conference) = self.conferences.get_mut(&id) else { return Reply::Entered(member) };
        if let Some(own) = conference.members.get_mut(&member) {
            own.ticket = Some(ticket);
            let before = own.profile.clone();
            own.profile = Profile {
                nick: shown.nick.or_else(|| before.nick.clone()),
                ext: shown.ext.or_else(|| before.ext.clone()),
            };
            let (changed, view) = (own.profile != before, own.view());
            if changed && conference.is_announced(view.role) {
                let to = conference.sessions_but(member);
                self.tell(id, to, Event::Shows(view));
            }
        }
        self.settle(id);
        Reply::Entered(member)
    }

    /// Makes somebody a member who may be one. The ticket by which it comes is used with that.
    fn seat(
        &mut self,
        session: SessionId,
        user: &UserKey,
        id: ConferenceId,
        wish: Option<Role>,
        profile: Profile,
        ticket: Option<TicketId>,
    ) -> Result<Reply, Refusal> {
        let conference = self.conferences.get(&id).ok_or(Refusal::NoConference)?;
        let decided = conference.decided.get(&user.user).copied().unwrap_or_default();
        let role = self.role_of(conference, &user.user, decided, wish)?;
        let earlier = conference.member_of(&user.user).map(|member| (member.id, member.role));
        has_room(conference, role, earlier.map(|(_, role)| role))?;
        let room = conference.room.clone();
        if let Some(ticket) = ticket {
            self.drop_ticket(ticket);
        }
        if let Some((earlier, _)) = earlier {
            self.remove(id, earlier, ExitReason::OtherDevice, true, true);
        }
        let member = MemberId(self.number());
        let entered = Member {
            id: member,
            user: user.user.clone(),
            session,
            ticket,
            role,
            profile,
            entered: self.now,
            no_audio: decided.no_audio,
            no_video: decided.no_video,
            streams: BTreeMap::new(),
        };
        self.out.push_back(Output::LetIn { session, room: room.clone(), place: role.place() });
        if decided.no_audio || decided.no_video {
            let (audio, video) = (decided.no_audio, decided.no_video);
            self.out.push_back(Output::Silence { session, room, audio, video });
        }
        let view = entered.view();
        if let Some(conference) = self.conferences.get_mut(&id) {
            if ticket.is_some() && conference.is_locked() && conference.acquainted.len() < DECIDED {
                conference.acquainted.insert(user.user.clone());
            }
            conference.members.insert(member, entered);
            conference.users.insert(user.user.clone(), member);
            conference.sort(member, Some(role));
            self.sessions.insert(session, (id, member));
            if conference.is_announced(role) {
                let to = conference.sessions_but(member);
                self.tell(id, to, Event::Joined(view));
            }
        }
        self.show_hands(id, member);
        self.settle(id);
        Ok(Reply::Entered(member))
    }

    /// What one may do who enters. What admins decided comes first, but one may always do less than it may.
    fn role_of(
        &self,
        conference: &Conference,
        user: &UserId,
        decided: Decision,
        asked: Option<Role>,
    ) -> Result<Role, Refusal> {
        if conference.is_creator(user) {
            return Ok(Role::Admin);
        }
        match (decided.role, asked, self.limits.asked_admin) {
            (Some(_), Some(Role::Audience), _) => Ok(Role::Audience),
            (Some(role), _, _) => Ok(role),
            (None, Some(Role::Admin), AskedAdmin::Talker) => Ok(Role::Talker),
            (None, Some(Role::Admin), AskedAdmin::Refused) => Err(Refusal::AdminNotGranted),
            (None, asked, _) => Ok(asked.unwrap_or(conference.default_role)),
        }
    }

    pub(crate) fn publish(
        &mut self,
        session: SessionId,
        kind: StreamKind,
        video: bool,
    ) -> Result<Reply, Refusal> {
        let (id, member) = self.place(session)?;
        let conference = self.conferences.get_mut(&id).ok_or(Refusal::NotInside)?;
        if !conference.talkers.contains(&member) {
            return Err(Refusal::MayNotPublish);
        }
        match kind {
            StreamKind::Main if video && conference.videos_but(member) >= conference.caps.videos => {
                return Err(Refusal::VideosFull);
            }
            StreamKind::Aux if conference.screens_but(member) >= conference.caps.screens => {
                return Err(Refusal::ScreensFull);
            }
            _ => {}
        }
        if let Some(member) = conference.members.get_mut(&member) {
            member.streams.insert(kind, Stream { video });
        }
        Ok(Reply::Done)
    }

    pub(crate) fn unpublish(&mut self, session: SessionId, kind: StreamKind) {
        let Ok((id, member)) = self.place(session) else { return };
        let members = self.conferences.get_mut(&id).map(|conference| &mut conference.members);
        if let Some(member) = members.and_then(|members| members.get_mut(&member)) {
            member.streams.remove(&kind);
        }
    }

    /// A hand of the audience goes up or down. For one who may talk there is nothing to ask for.
    pub(crate) fn hand(&mut self, session: SessionId, up: bool) -> Result<Reply, Refusal> {
        let (id, member) = self.place(session)?;
        let conference = self.conferences.get(&id).ok_or(Refusal::NotInside)?;
        if conference.hands.contains(&member) == up || (up && conference.talkers.contains(&member)) {
            return Ok(Reply::Done);
        }
        if up && conference.no_hands {
            return Err(Refusal::NoHands);
        }
        if up && conference.hands.len() >= HANDS {
            return Err(Refusal::HandsFull);
        }
        self.turn_hand(id, member, up);
        Ok(Reply::Done)
    }

    /// Changes whether a hand is raised, and tells the admins if it was not so before.
    pub(crate) fn turn_hand(&mut self, id: ConferenceId, member: MemberId, up: bool) {
        let Some(conference) = self.conferences.get_mut(&id) else { return };
        let changed = if up { conference.hands.insert(member) } else { conference.hands.remove(&member) };
        if let Some(member) = conference.members.get(&member).filter(|_| changed) {
            let (to, member) = (conference.admin_sessions(), member.view());
            self.tell(id, to, Event::Hand { member, up });
        }
    }

    /// Tells one who is admin now of the hands that are raised.
    pub(crate) fn show_hands(&mut self, id: ConferenceId, admin: MemberId) {
        let Some(conference) = self.conferences.get(&id) else { return };
        let Some(session) = conference.members.get(&admin).map(|member| member.session) else { return };
        if !conference.admins.contains(&admin) {
            return;
        }
        let hands: Vec<_> = conference.hands().map(Member::view).collect();
        for member in hands {
            self.tell(id, vec![session], Event::Hand { member, up: true });
        }
    }
}

/// Whether one more with this role has room, in the place of an earlier session of the same user if there is one.
fn has_room(conference: &Conference, role: Role, earlier: Option<Role>) -> Result<(), Refusal> {
    let (talkers, audience) = (conference.talkers.len(), conference.audience());
    let freed = |publishes: bool| usize::from(earlier.is_some_and(|role| role.publishes() == publishes));
    match role.publishes() {
        true if talkers - freed(true) >= conference.caps.talkers => Err(Refusal::TalkersFull),
        false if audience - freed(false) >= conference.caps.audience => Err(Refusal::AudienceFull),
        _ => Ok(()),
    }
}
