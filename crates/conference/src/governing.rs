//! What admins do: roles, silence, removal.

use crate::conference::Conference;
use crate::io::{Actor, ConferenceId, Event, MemberId, Output, Reply, Whom};
use crate::kept::Part;
use crate::limits::{BATCH, DECIDED};
use crate::machine::Conferences;
use crate::refusal::Refusal;
use crate::words::{ExitReason, Role};
use huitong_types::UserId;

impl Conferences {
    pub(crate) fn grant(
        &mut self,
        by: &Actor,
        id: ConferenceId,
        whom: &[Whom],
        role: Role,
    ) -> Result<Reply, Refusal> {
        let conference = self.governed_by(id, by)?;
        let members = named(conference, whom)?;
        if role != Role::Admin && conference.admins.iter().all(|admin| members.contains(admin)) {
            // With no admin inside there is none to be lost.
            if !conference.admins.is_empty() {
                return Err(Refusal::LastAdmin);
            }
        }
        let more = members.iter().filter(|member| !conference.talkers.contains(member)).count();
        // Who is sent to the audience finds room there, whatever its limit: a demotion must not fail.
        if role.publishes() && conference.talkers.len() + more > conference.caps.talkers {
            return Err(Refusal::TalkersFull);
        }
        let users = users(conference, &members);
        remembers(conference, &users)?;
        for member in &members {
            self.change_role(id, *member, role);
        }
        for member in &members {
            self.show_hands(id, *member);
        }
        self.settle(id);
        Ok(Reply::Members(users))
    }

    /// Gives a member a role, by decision of an admin: it holds for as long as the conference does.
    fn change_role(&mut self, id: ConferenceId, member: MemberId, role: Role) {
        let Some(conference) = self.conferences.get_mut(&id) else { return };
        let Some(user) = conference.members.get(&member).map(|member| member.user.clone()) else { return };
        if conference.decided.len() < DECIDED || conference.decided.contains_key(&user) {
            conference.decided.entry(user.clone()).or_default().role = Some(role);
        }
        let dethroned = role != Role::Admin && conference.is_creator(&user);
        if dethroned {
            conference.creator = None;
            self.changed(id, Part::Itself);
        }
        self.changed(id, Part::User(user));
        self.set_role(id, member, role);
    }

    fn set_role(&mut self, id: ConferenceId, member: MemberId, role: Role) {
        if role.publishes() {
            self.turn_hand(id, member, false);
        }
        let Some(conference) = self.conferences.get_mut(&id) else { return };
        let Some(own) = conference.members.get_mut(&member).filter(|own| own.role != role) else { return };
        let before = std::mem::replace(&mut own.role, role);
        if !role.publishes() {
            own.streams.clear();
        }
        let (session, user, view) = (own.session, own.user.clone(), own.view());
        conference.sort(member, Some(role));
        let room = conference.room.clone();
        let knew = conference.is_announced(before);
        let others = conference.sessions_but(member);
        let event = Event::Role { member, user: user.clone(), role };
        let told = match (knew, conference.is_announced(role)) {
            (true, true) => Some(event.clone()),
            (false, true) => Some(Event::Joined(view)),
            (true, false) => Some(Event::Exited { member, user, reason: None }),
            (false, false) => None,
        };
        // The media goes first: nobody is to hear one who, as it is told, does not talk any more.
        if before.publishes() != role.publishes() {
            self.out.push_back(Output::Place { session, room, place: role.place() });
        }
        self.tell(id, vec![session], event);
        if let Some(told) = told {
            self.tell(id, others, told);
        }
    }

    /// The talker who has been there longest becomes admin, of those who hear of it.
    pub(crate) fn succeed(&mut self, id: ConferenceId) {
        let next = self.conferences.get(&id).and_then(Conference::successor);
        if let Some(next) = next {
            self.change_role(id, next, Role::Admin);
            self.show_hands(id, next);
        }
    }

    pub(crate) fn kick(&mut self, by: &Actor, id: ConferenceId, whom: &[Whom]) -> Result<Reply, Refusal> {
        let conference = self.governed_by(id, by)?;
        let members = named(conference, whom)?;
        let users = users(conference, &members);
        if let Actor::User(own) = by
            && users.contains(&own.user)
        {
            return Err(Refusal::Yourself);
        }
        for (member, user) in members.iter().zip(&users) {
            self.withdraw(id, user);
            self.remove(id, *member, ExitReason::Removed, true, true);
        }
        self.settle(id);
        Ok(Reply::Members(users))
    }

    /// The same as [`Conferences::withdraw`], for one who is removed from the room.
    pub(crate) fn withdraw_of(&mut self, id: ConferenceId, member: MemberId) {
        let conference = self.conferences.get(&id);
        let user =
            conference.and_then(|conference| conference.members.get(&member)).map(|own| own.user.clone());
        if let Some(user) = user {
            self.withdraw(id, &user);
        }
    }

    /// Takes away what would let one who is removed come back at once, or with an admin's rights.
    fn withdraw(&mut self, id: ConferenceId, user: &UserId) {
        let Some(conference) = self.conferences.get_mut(&id) else { return };
        let dethroned = conference.is_creator(user);
        if dethroned {
            conference.creator = None;
        }
        let decided = conference.decided.get_mut(user).filter(|decided| decided.role == Some(Role::Admin));
        let demoted = decided.map(|decided| decided.role = None).is_some();
        let tickets: Vec<_> = conference.tickets.get(user).into_iter().flatten().copied().collect();
        if dethroned {
            self.changed(id, Part::Itself);
        }
        if demoted {
            self.changed(id, Part::User(user.clone()));
        }
        for ticket in tickets {
            self.drop_ticket(ticket);
        }
    }

    /// Leaves out the sound or the picture of members. A picture that is left out keeps its place among those that are on, so
    /// that to show it again never fails.
    pub(crate) fn mute(
        &mut self,
        by: &Actor,
        id: ConferenceId,
        whom: &[Whom],
        audio: Option<bool>,
        video: Option<bool>,
    ) -> Result<Reply, Refusal> {
        let conference = self.governed_by(id, by)?;
        let members = named(conference, whom)?;
        let users = users(conference, &members);
        remembers(conference, &users)?;
        for (member, user) in members.iter().zip(&users) {
            let Some(conference) = self.conferences.get_mut(&id) else { continue };
            let Some(own) = conference.members.get(member) else { continue };
            let (audio, video) = (audio.unwrap_or(own.no_audio), video.unwrap_or(own.no_video));
            if audio || video || conference.decided.contains_key(user) {
                let decided = conference.decided.entry(user.clone()).or_default();
                (decided.no_audio, decided.no_video) = (audio, video);
                self.changed(id, Part::User(user.clone()));
            }
            let Some(conference) = self.conferences.get_mut(&id) else { continue };
            let Some(own) = conference.members.get_mut(member) else { continue };
            if (own.no_audio, own.no_video) == (audio, video) {
                continue;
            }
            (own.no_audio, own.no_video) = (audio, video);
            let (session, room) = (own.session, conference.room.clone());
            self.out.push_back(Output::Silence { session, room, audio, video });
            self.tell(id, vec![session], Event::Muted { audio, video });
        }
        Ok(Reply::Members(users))
    }

    pub(crate) fn decline(&mut self, by: &Actor, id: ConferenceId, whom: Whom) -> Result<Reply, Refusal> {
        let conference = self.governed_by(id, by)?;
        let members = named(conference, &[whom])?;
        let users = users(conference, &members);
        let raised = members.iter().filter(|member| conference.hands.contains(member));
        for member in raised.copied().collect::<Vec<_>>() {
            self.turn_hand(id, member, false);
            let session = self.conferences.get(&id).and_then(|conference| conference.members.get(&member));
            if let Some(session) = session.map(|member| member.session) {
                self.tell(id, vec![session], Event::Declined);
            }
        }
        Ok(Reply::Members(users))
    }
}

/// Those who are named and there.
fn named(conference: &Conference, whom: &[Whom]) -> Result<Vec<MemberId>, Refusal> {
    if whom.is_empty() || whom.len() > BATCH {
        return Err(Refusal::Field("users", "must name 1 to 100 members"));
    }
    let members = conference.find(whom);
    if members.is_empty() { Err(Refusal::NobodyThere) } else { Ok(members) }
}

fn users(conference: &Conference, members: &[MemberId]) -> Vec<UserId> {
    let member = |id: &MemberId| conference.members.get(id).map(|member| member.user.clone());
    members.iter().filter_map(member).collect()
}

/// Whether what is decided about these can be remembered.
fn remembers(conference: &Conference, users: &[UserId]) -> Result<(), Refusal> {
    let more = users.iter().filter(|user| !conference.decided.contains_key(user)).count();
    if conference.decided.len() + more > DECIDED { Err(Refusal::DecidedFull) } else { Ok(()) }
}
