//! What is done in a conference by those who may: admins on signalling, and the back-end or an endpoint for a user by the API.

use super::creating::settings_of;
use super::views::role_of;
use super::{Asker, refused};
use crate::engine::Engine;
use crate::io::{ApiCall, ApiResult, Silence};
use crate::paces::Work;
use huitong_conference::{Actor, Change, Conference, Input, MemberId, Reply, UserKey, Whom};
use huitong_protocol::api::{ConferenceList, ConferenceRequest};
use huitong_protocol::{
    AskTicket, Attributes, Decline, Destroy, Done, Grant, Hand, Kick, Look, MembersReply,
};
use huitong_types::{AppId, ConferenceName, ErrorCode, Fault, Redacted, RoomId, SessionId, UserId, limits};
use std::sync::Arc;

/// Most conferences in one page of the list.
const PAGE: usize = 1000;

/// Conferences of back-ends whose passwords are being hashed at once: some seconds of work, behind which users wait.
const MAKERS: usize = 256;

/// Those whom a request names, by user and by number.
fn whom(users: Vec<UserId>, members: Vec<u64>) -> Result<Vec<Whom>, Fault> {
    let all: Vec<Whom> = users
        .into_iter()
        .map(Whom::User)
        .chain(members.into_iter().map(|member| Whom::Member(MemberId(member))))
        .collect();
    if all.is_empty() || all.len() > limits::CONFERENCE_BATCH {
        let most = limits::CONFERENCE_BATCH;
        let sentence = format!("users and members name {}, allowed is 1 to {most}.", all.len());
        return Err(Fault::because(ErrorCode::InvalidField, sentence).in_field("users"));
    }
    Ok(all)
}

fn changes(attributes: Vec<huitong_protocol::AttributeChange>) -> Vec<Change> {
    let one = |change: huitong_protocol::AttributeChange| Change {
        key: Arc::from(change.key),
        value: change.value.map(Arc::from),
    };
    attributes.into_iter().map(one).collect()
}

impl Engine {
    /// Who a session is, as somebody who acts in a conference.
    pub(crate) fn actor(&self, session: SessionId) -> Result<Actor, Fault> {
        self.conference_user(session).map(Actor::User)
    }

    /// The user of a session, for requests about conferences. An authBuffer proves too little for them.
    pub(crate) fn conference_user(&self, session: SessionId) -> Result<UserKey, Fault> {
        let who = self.sessions.who(session).ok_or(Fault::new(ErrorCode::SessionGone))?;
        if self.has_voice_pass(session) {
            let sentence = "An authBuffer opens a voice room; for conferences, log in with `sig`.";
            return Err(Fault::because(ErrorCode::MayNotEnter, sentence));
        }
        Ok(UserKey { app: who.app, user: who.user.clone() })
    }

    /// Does something to members.
    fn act_on(&mut self, input: Input) -> Result<MembersReply, Fault> {
        match self.in_hall(input).map_err(|refusal| refused(&refusal))? {
            Reply::Members(users) => Ok(MembersReply { users }),
            _ => Err(Fault::new(ErrorCode::Internal)),
        }
    }

    pub(crate) fn grant_roles(&mut self, by: Actor, grant: Grant) -> Result<MembersReply, Fault> {
        let conference = self.conference_named(by.app(), &grant.conference)?;
        let whom = whom(grant.users, grant.members)?;
        let reply =
            self.act_on(Input::Grant { by: by.clone(), conference, whom, role: role_of(grant.role) })?;
        self.note_act("conference-grant", &by, conference, format!("{} to {:?}", grant.role, reply.users));
        Ok(reply)
    }

    pub(crate) fn kick_members(&mut self, by: Actor, kick: Kick) -> Result<MembersReply, Fault> {
        let conference = self.conference_named(by.app(), &kick.conference)?;
        let whom = whom(kick.users, kick.members)?;
        let reply = self.act_on(Input::Kick { by: by.clone(), conference, whom })?;
        if let Some(room) = self.hall.meta.get(&conference).map(|meta| meta.key.clone()) {
            self.withdraw_pushes_of(&room, &reply.users);
        }
        self.note_act("conference-kick", &by, conference, format!("{:?}", reply.users));
        Ok(reply)
    }

    pub(crate) fn silence_members(&mut self, by: Actor, silence: Silence) -> Result<MembersReply, Fault> {
        let conference = self.conference_named(by.app(), &silence.conference)?;
        let whom = whom(silence.users, silence.members)?;
        let (audio, video) = (silence.audio, silence.video);
        let reply = self.act_on(Input::Mute { by: by.clone(), conference, whom, audio, video })?;
        let now = |left_out: Option<bool>| match left_out {
            Some(true) => "off",
            Some(false) => "on",
            None => "as it was",
        };
        let detail = format!("sound {}, picture {} of {:?}", now(audio), now(video), reply.users);
        self.note_act("conference-mute", &by, conference, detail);
        Ok(reply)
    }

    pub(crate) fn raise_hand(&mut self, session: SessionId, hand: &Hand) -> Result<Done, Fault> {
        if let Some(who) = self.sessions.who(session).filter(|_| hand.up) {
            let user = UserKey { app: who.app, user: who.user.clone() };
            self.hall.paces.may(self.now, &user, Work::Hand)?;
        }
        let raised = self.in_hall(Input::Hand { session, up: hand.up });
        raised.map(|_| Done::Hand).map_err(|refusal| refused(&refusal))
    }

    pub(crate) fn decline_hand(&mut self, by: Actor, decline: Decline) -> Result<MembersReply, Fault> {
        let conference = self.conference_named(by.app(), &decline.conference)?;
        self.act_on(Input::Decline { by, conference, whom: Whom::User(decline.user) })
    }

    pub(crate) fn change_attributes(&mut self, by: Actor, attributes: Attributes) -> Result<(), Fault> {
        let conference = self.conference_named(by.app(), &attributes.conference)?;
        let changes = changes(attributes.changes);
        if let Actor::User(user) = &by {
            let bytes =
                |change: &Change| change.key.len() + change.value.as_ref().map_or(0, |value| value.len());
            let work = Work::Attributes { changes: changes.len(), bytes: changes.iter().map(bytes).sum() };
            self.hall.paces.may(self.now, user, work)?;
        }
        let changed = self.in_hall(Input::Attributes { by, conference, changes });
        changed.map(|_| ()).map_err(|refusal| refused(&refusal))
    }

    pub(crate) fn destroy_conference(&mut self, by: Actor, destroy: &Destroy) -> Result<(), Fault> {
        let conference = self.conference_named(by.app(), &destroy.conference)?;
        let destroyed = self.in_hall(Input::Destroy { by: by.clone(), conference });
        destroyed.map_err(|refusal| refused(&refusal))?;
        self.note_act("conference-destroy", &by, conference, String::new());
        Ok(())
    }

    fn note_act(
        &mut self,
        what: &'static str,
        by: &Actor,
        conference: huitong_conference::ConferenceId,
        detail: String,
    ) {
        let Some(meta) = self.hall.meta.get(&conference).cloned() else { return };
        let user = match by {
            Actor::User(key) => Some(key.user.clone()),
            Actor::BackEnd(_) => None,
        };
        self.note(what, |note| {
            note.app = Some(meta.key.app);
            note.room = Some(meta.key.room);
            note.user = user;
            note.detail = format!("{} {detail}", meta.name);
        });
    }

    /// Calls of the API about conferences. What an endpoint asks for a user is written down when it is refused, as it is of a client.
    pub(crate) fn conference_api(&mut self, app: AppId, request: ApiCall) -> Result<ApiResult, Fault> {
        let asker = match &request {
            ApiCall::Grant(user, _) => user.clone().map(|user| ("grant", user)),
            ApiCall::Kick(user, _) => user.clone().map(|user| ("kick", user)),
            ApiCall::Mute(user, _) => user.clone().map(|user| ("mute", user)),
            ApiCall::Attributes(user, _) => user.clone().map(|user| ("attributes", user)),
            ApiCall::Destroy(user, _) => user.clone().map(|user| ("destroy", user)),
            _ => None,
        };
        let result = self.about_conference(app, request);
        if let (Err(fault), Some((what, user))) = (&result, asker) {
            self.note_refused(None, &UserKey { app, user }, what, fault);
        }
        result
    }

    fn about_conference(&mut self, app: AppId, request: ApiCall) -> Result<ApiResult, Fault> {
        let by = |user: Option<UserId>| match user {
            Some(user) => Actor::User(UserKey { app, user }),
            None => Actor::BackEnd(app),
        };
        match request {
            ApiCall::ListConferences { offset, limit } => {
                Ok(self.api_list_conferences(app, offset, limit.min(PAGE)))
            }
            ApiCall::GetConference(name) => self.api_get_conference(app, &name),
            ApiCall::HasMedia(name, user) => {
                let conference = self.hall.machine.get(self.conference_named(app, &name)?);
                let member = conference.and_then(|conference| conference.member_of(&user));
                Ok(ApiResult::Media(member.is_some_and(|member| self.media.runs_for(member.session))))
            }
            ApiCall::Grant(user, grant) => self.grant_roles(by(user), grant).map(ApiResult::Members),
            ApiCall::Kick(user, kick) => self.kick_members(by(user), kick).map(ApiResult::Members),
            ApiCall::Mute(user, silence) => self.silence_members(by(user), silence).map(ApiResult::Members),
            ApiCall::Attributes(user, attributes) => {
                self.change_attributes(by(user), attributes).map(|()| ApiResult::Done)
            }
            ApiCall::Destroy(user, destroy) => {
                self.destroy_conference(by(user), &destroy).map(|()| ApiResult::Done)
            }
            _ => Err(Fault::new(ErrorCode::Internal)),
        }
    }

    /// A request that is answered when its password has been checked.
    pub(crate) fn api_ask(&mut self, call: u64, app: AppId, user: UserId, ask: ApiAsk) -> Result<(), Fault> {
        let user = UserKey { app, user };
        let (what, asked) = match ask {
            ApiAsk::Ticket(ask) => ("ticket", self.ask_ticket(Asker::Api(call), &user, ask)),
            ApiAsk::Look(look) => ("look", self.ask_look(Asker::Api(call), &user, look)),
        };
        if let Err(fault) = &asked {
            self.note_refused(None, &user, what, fault);
        }
        asked
    }

    /// Makes a conference. The answer comes when it can be kept, which one with a password cannot be before that is hashed.
    pub(crate) fn api_create_conference(
        &mut self,
        call: u64,
        app: AppId,
        request: &ConferenceRequest,
    ) -> Result<Option<ApiResult>, Fault> {
        let invalid = |field: &'static str, error: huitong_types::IdError| {
            Fault::because(ErrorCode::InvalidField, format!("{error}.")).in_field(field)
        };
        let room = request.room.as_deref().map(RoomId::parse).transpose();
        let creator = request.creator.as_deref().map(UserId::new).transpose();
        let room = room.map_err(|error| invalid("room", error))?;
        let creator = creator.map_err(|error| invalid("creator", error))?;
        let password = Redacted::new(request.password.clone().unwrap_or_default());
        let settings = settings_of(&request.settings(), &password)?;
        if !password.reveal().is_empty() && self.hall.makers.len() >= MAKERS {
            let sentence = "The passwords of too many new conferences are being hashed; try again later.";
            return Err(Fault::because(ErrorCode::ServerFull, sentence));
        }
        let id = self.create_conference(Actor::BackEnd(app), creator, room, settings)?;
        if self.hall.machine.get(id).is_some_and(Conference::awaits_hash) {
            self.hall.makers.insert(id, call);
            return Ok(None);
        }
        self.api_conference(id).map(Some)
    }

    pub(crate) fn api_conference(&self, id: huitong_conference::ConferenceId) -> Result<ApiResult, Fault> {
        let conference = self.hall.machine.get(id);
        let detail = conference.and_then(|conference| self.conference_detail(conference));
        detail
            .map(|detail| ApiResult::Conference(Box::new(detail)))
            .ok_or(Fault::new(ErrorCode::NoConference))
    }

    pub(crate) fn api_get_conference(&self, app: AppId, name: &ConferenceName) -> Result<ApiResult, Fault> {
        self.api_conference(self.conference_named(app, name)?)
    }

    pub(crate) fn api_list_conferences(&self, app: AppId, offset: usize, limit: usize) -> ApiResult {
        let own = || self.hall.machine.all().filter(|conference| conference.app == app);
        let page = own().skip(offset).take(limit);
        ApiResult::Conferences(ConferenceList {
            conferences: page.filter_map(|conference| self.conference_summary(conference)).collect(),
            total: u32::try_from(own().count()).unwrap_or(u32::MAX),
        })
    }
}

/// A request that waits for a password.
pub(crate) enum ApiAsk {
    Ticket(AskTicket),
    Look(Look),
}
