//! Conferences as sessions and the back-end see them, and their words on both sides.

use crate::engine::Engine;
use huitong_conference::{
    Change, Conference, Event as Happened, ExitReason, Kind, Member, MemberView, Role as Rank,
};
use huitong_protocol::api::{ConferenceDetail, ConferenceMemberDetail, ConferenceSummary};
use huitong_protocol::{
    AttributeChange, ConferenceMember, ConferenceState, Event, LookReply, MemberOut, TicketReply,
};
use huitong_types::{
    ConferenceExit, ConferenceKind, ConferenceName, ConferenceRole, Role, Scene, SessionId, UserId,
};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) const fn kind_of(kind: ConferenceKind) -> Kind {
    match kind {
        ConferenceKind::Ordinary => Kind::Ordinary,
        ConferenceKind::Large => Kind::Large,
        ConferenceKind::Live => Kind::Live,
    }
}

pub(crate) const fn kind_word(kind: Kind) -> ConferenceKind {
    match kind {
        Kind::Ordinary => ConferenceKind::Ordinary,
        Kind::Large => ConferenceKind::Large,
        Kind::Live => ConferenceKind::Live,
    }
}

/// The scene of the room of a conference.
pub(crate) const fn scene_of(kind: Kind) -> Scene {
    match kind {
        Kind::Ordinary | Kind::Large => Scene::Rtc,
        Kind::Live => Scene::Live,
    }
}

pub(crate) const fn role_of(role: ConferenceRole) -> Rank {
    match role {
        ConferenceRole::Audience => Rank::Audience,
        ConferenceRole::Talker => Rank::Talker,
        ConferenceRole::Admin => Rank::Admin,
    }
}

pub(crate) const fn role_word(role: Rank) -> ConferenceRole {
    match role {
        Rank::Audience => ConferenceRole::Audience,
        Rank::Talker => ConferenceRole::Talker,
        Rank::Admin => ConferenceRole::Admin,
    }
}

/// What somebody asks for who comes by the door of the room: to publish is what every conference decides for itself.
pub(crate) const fn wish_of(role: Role) -> Option<Rank> {
    match role {
        Role::Publisher => None,
        Role::Audience => Some(Rank::Audience),
    }
}

pub(crate) const fn exit_of(reason: ConferenceExit) -> ExitReason {
    match reason {
        ConferenceExit::Left => ExitReason::Left,
        ConferenceExit::NoAnswer => ExitReason::NoAnswer,
        ConferenceExit::Removed => ExitReason::Removed,
        ConferenceExit::Busy => ExitReason::Busy,
        ConferenceExit::Failed => ExitReason::Failed,
        ConferenceExit::NotSupported => ExitReason::NotSupported,
        ConferenceExit::OtherDevice => ExitReason::OtherDevice,
        ConferenceExit::Closed => ExitReason::Closed,
    }
}

pub(crate) const fn exit_word(reason: ExitReason) -> ConferenceExit {
    match reason {
        ExitReason::Left => ConferenceExit::Left,
        ExitReason::NoAnswer => ConferenceExit::NoAnswer,
        ExitReason::Removed => ConferenceExit::Removed,
        ExitReason::Busy => ConferenceExit::Busy,
        ExitReason::Failed => ConferenceExit::Failed,
        ExitReason::NotSupported => ConferenceExit::NotSupported,
        ExitReason::OtherDevice => ConferenceExit::OtherDevice,
        ExitReason::Closed => ConferenceExit::Closed,
    }
}

pub(crate) fn member(view: MemberView) -> ConferenceMember {
    let text = |text: Option<Arc<str>>| text.map(|text| text.as_ref().to_owned());
    ConferenceMember {
        member: view.id.0,
        user: view.user,
        role: role_word(view.role),
        nick: text(view.profile.nick),
        ext: text(view.profile.ext),
    }
}

pub(crate) fn changes(changes: Vec<Change>) -> Vec<AttributeChange> {
    let text = |text: &Arc<str>| text.as_ref().to_owned();
    let one =
        |change: Change| AttributeChange { key: text(&change.key), value: change.value.as_ref().map(text) };
    changes.into_iter().map(one).collect()
}

/// What a session is told, in the words of the protocol.
pub(crate) fn told(event: Happened) -> Event {
    match event {
        // A number that one knows tells that it is the same stay.
        Happened::Joined(view) | Happened::Shows(view) => Event::ConferenceJoined { member: member(view) },
        Happened::Exited { member, user, reason } => {
            Event::ConferenceLeft(MemberOut { member: member.0, user, reason: reason.map(exit_word) })
        }
        Happened::Role { member, user, role } => {
            Event::RoleChanged { member: member.0, user, role: role_word(role) }
        }
        Happened::Muted { audio, video } => Event::Muted { audio, video },
        Happened::Hand { member: view, up } => Event::HandChanged { member: member(view), up },
        Happened::Declined => Event::HandDeclined,
        Happened::Attributes { changes: made, by } => Event::AttributesChanged { changes: changes(made), by },
    }
}

impl Engine {
    /// The conference that a session entered, as it sees it.
    pub(crate) fn conference_state(&self, session: SessionId) -> Option<ConferenceState> {
        if !self.hall.aware.contains(&session) {
            return None;
        }
        let (conference, own) = self.hall.machine.of_session(session)?;
        let name = self.hall.meta.get(&conference.id)?.name.clone();
        let others = conference.announced().filter(|other| other.id != own.id);
        let admin = own.role == Rank::Admin;
        let hands = conference.hands().filter(|_| admin);
        Some(ConferenceState {
            conference: name,
            kind: kind_word(conference.kind),
            you: member(own.view()),
            no_audio: own.no_audio,
            no_video: own.no_video,
            members: others.map(|other| member(other.view())).collect(),
            attributes: attributes(conference),
            hands: hands.map(|hand| member(hand.view())).collect(),
        })
    }

    pub(crate) fn look_of(&self, conference: &Conference) -> Option<LookReply> {
        let meta = self.hall.meta.get(&conference.id)?;
        Some(LookReply {
            conference: meta.name.clone(),
            room: meta.key.room.clone(),
            kind: kind_word(conference.kind),
            members: count(conference.members().count()),
            audience: count(conference.audience()),
            talkers: conference.talkers().map(|talker| talker.user.clone()).collect(),
        })
    }

    pub(crate) fn ticket_reply(
        &self,
        ticket: &huitong_conference::Ticket,
        created: bool,
    ) -> Option<TicketReply> {
        let conference = self.hall.machine.get(ticket.conference)?;
        let meta = self.hall.meta.get(&conference.id)?;
        let valid = ticket.expires.since(self.now).as_millis();
        Some(TicketReply {
            ticket: self.write_ticket(ticket),
            conference: meta.name.clone(),
            room: meta.key.room.clone(),
            kind: kind_word(conference.kind),
            created,
            valid_ms: u32::try_from(valid).unwrap_or(u32::MAX),
        })
    }

    pub(crate) fn conference_summary(&self, conference: &Conference) -> Option<ConferenceSummary> {
        let meta = self.hall.meta.get(&conference.id)?;
        let name = |user: &UserId| user.as_str().to_owned();
        Some(ConferenceSummary {
            conference: meta.name.as_str().to_owned(),
            room: meta.key.room.to_string(),
            kind: kind_word(conference.kind).into(),
            creator: conference.creator.as_ref().map(name),
            locked: conference.is_locked(),
            inside: count(conference.members().count()),
            talkers: count(conference.talkers().count()),
            audience: count(conference.audience()),
            max_talkers: count(conference.caps.talkers),
            max_videos: count(conference.caps.videos),
            max_audience: count(conference.caps.audience),
            max_screens: count(conference.caps.screens),
            record: conference.record,
            record_merged: conference.record_merged,
            no_hands: conference.no_hands,
            age_seconds: self.unix_of(self.now).saturating_sub(meta.created_ms) / 1000,
        })
    }

    pub(crate) fn conference_detail(&self, conference: &Conference) -> Option<ConferenceDetail> {
        let detail = |own: &Member| ConferenceMemberDetail {
            member: own.id.0,
            user: own.user.as_str().to_owned(),
            role: role_word(own.role).into(),
            nick: own.profile.nick.as_ref().map(|nick| nick.as_ref().to_owned()),
            ext: own.profile.ext.as_ref().map(|ext| ext.as_ref().to_owned()),
            no_audio: own.no_audio,
            no_video: own.no_video,
            age_seconds: self.now.since(own.entered).as_secs(),
        };
        Some(ConferenceDetail {
            summary: self.conference_summary(conference)?,
            members: conference.members().map(detail).collect(),
            attributes: attributes(conference),
        })
    }

    /// The name of a conference, for those who are told about it.
    pub(crate) fn conference_name(&self, id: huitong_conference::ConferenceId) -> Option<ConferenceName> {
        self.hall.meta.get(&id).map(|meta| meta.name.clone())
    }
}

fn attributes(conference: &Conference) -> BTreeMap<String, String> {
    let text = |text: &Arc<str>| text.as_ref().to_owned();
    conference.attributes().map(|(key, value)| (text(key), text(value))).collect()
}

pub(crate) fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
