//! What clients ask once they are connected.

use crate::conferences::{Asker, Door};
use crate::engine::{Engine, Labels};
use crate::io::{ConnId, TrackFlags};
use huitong_conference::{Kind, UserKey};
use huitong_protocol::{
    AskTicket, Done, Failure, Join, JoinReply, Look, MemberDetails, Pong, Publish, Reply, ReplyFrame,
    Request, SetRole, Subscribe, parse_request,
};
use huitong_room::{Input, RoomKey};
use huitong_types::{
    AppId, EndReason, ErrorCode, Fault, Privileges, RecordId, Redacted, Role, RoomId, SessionId, StreamKind,
    UserId,
};

impl Engine {
    pub(crate) fn on_frame(&mut self, conn: ConnId, text: &str) {
        if !self.sessions.heard(self.now, conn) {
            return;
        }
        let (id, request) = match parse_request(text) {
            Ok(request) => request,
            Err(error) => return self.refuse(conn, error.id, error.fault),
        };
        if let Err(fault) = self.sessions.number(conn, id) {
            return self.refuse(conn, id, fault);
        }
        match (self.sessions.session_of(conn), request) {
            (None, Request::Hello(hello)) => self.hello(conn, id, hello),
            (None, _) => self.refuse(conn, id, Fault::new(ErrorCode::NotLoggedIn)),
            (Some(_), Request::Hello(_)) => self.refuse(conn, id, Fault::new(ErrorCode::AlreadyLoggedIn)),
            (Some(session), request) => self.request(conn, session, id, request),
        }
    }

    pub(crate) fn on_bad_frame(&mut self, conn: ConnId, fault: Fault) {
        if self.sessions.heard(self.now, conn) {
            self.refuse(conn, 0, fault);
        }
    }

    /// Answers a frame that broke the protocol.
    fn refuse(&mut self, conn: ConnId, id: u32, fault: Fault) {
        self.answer(conn, id, Err(fault));
        self.sessions.misbehaved(self.now, conn);
    }

    pub(crate) fn answer(&mut self, conn: ConnId, id: u32, result: Result<Done, Fault>) {
        let reply = match result {
            Ok(done) => Reply::Ok(done),
            Err(fault) => Reply::Error(Failure::from(fault)),
        };
        self.sessions.reply(conn, &ReplyFrame { re: id, reply });
    }

    fn request(&mut self, conn: ConnId, session: SessionId, id: u32, request: Request) {
        let op = request.name();
        let result = match request {
            Request::Hello(_) => Err(Fault::new(ErrorCode::AlreadyLoggedIn)),
            Request::Join(join) => self.join(session, join),
            Request::Leave(leave) => self.leave(session, &leave),
            Request::Publish(publish) => self.publish(session, publish),
            Request::Unpublish(unpublish) => self.unpublish(session, unpublish.stream),
            Request::Subscribe(subscribe) => self.subscribe(session, subscribe),
            Request::SetRole(set_role) => self.set_role(session, set_role),
            Request::Call(wish) => self.place_call(session, wish),
            Request::Accept(accept) => self.accept_call(session, &accept.call),
            Request::Reject(reject) => self.reject_call(session, &reject),
            Request::Hangup(hangup) => self.hang_up(session, &hangup.call),
            Request::Watch(watch) => self.watch(session, &watch),
            Request::Ticket(ask) => match self.ask_by_client(conn, session, id, ask) {
                Ok(()) => return self.flush(),
                Err(fault) => Err(fault),
            },
            Request::Look(look) => match self.look_by_client(conn, session, id, look) {
                Ok(()) => return self.flush(),
                Err(fault) => Err(fault),
            },
            Request::Levels => match self.ask_levels(conn, session, id) {
                Ok(()) => return self.flush(),
                Err(fault) => Err(fault),
            },
            Request::Enter(enter) => self.enter_conference(session, enter),
            Request::Hand(hand) => self.raise_hand(session, &hand),
            Request::Grant(_)
            | Request::Kick(_)
            | Request::Mute(_)
            | Request::Decline(_)
            | Request::Attributes(_)
            | Request::Destroy(_) => self.govern(session, request),
            Request::Ping(_) => Ok(Done::Ping(Pong { time: self.unix_ms })),
            Request::Bye => Ok(Done::Bye),
        };
        if let Err(fault) = &result
            && let Some(who) = self.sessions.who(session).cloned()
        {
            self.note_user("request-refused", Some(conn), who.app, None, &who.user, format!("{op}: {fault}"));
        }
        let goodbye = matches!(result, Ok(Done::Bye));
        self.answer(conn, id, result);
        if goodbye {
            self.sessions.end(self.now, session, EndReason::LoggedOut);
        }
        self.flush();
        self.release_held_publishes(session);
    }

    fn ask_by_client(
        &mut self,
        conn: ConnId,
        session: SessionId,
        id: u32,
        ask: AskTicket,
    ) -> Result<(), Fault> {
        let user = self.conference_user(session)?;
        self.ask_ticket(Asker::Client(conn, id), &user, ask)
    }

    fn look_by_client(&mut self, conn: ConnId, session: SessionId, id: u32, look: Look) -> Result<(), Fault> {
        let user = self.conference_user(session)?;
        self.ask_look(Asker::Client(conn, id), &user, look)
    }

    /// What only those may do who decide in a conference.
    fn govern(&mut self, session: SessionId, request: Request) -> Result<Done, Fault> {
        let by = self.actor(session)?;
        match request {
            Request::Grant(grant) => self.grant_roles(by, grant).map(Done::Grant),
            Request::Kick(kick) => self.kick_members(by, kick).map(Done::Kick),
            Request::Mute(mute) => self.silence_members(by, mute.into()).map(Done::Mute),
            Request::Decline(decline) => self.decline_hand(by, decline).map(Done::Decline),
            Request::Attributes(attributes) => {
                self.change_attributes(by, attributes).map(|()| Done::Attributes)
            }
            Request::Destroy(destroy) => self.destroy_conference(by, &destroy).map(|()| Done::Destroy),
            _ => Err(Fault::new(ErrorCode::Internal)),
        }
    }

    /// Asks the room machine.
    pub(crate) fn in_room(&mut self, input: Input) -> Result<(), Fault> {
        self.rooms.handle(self.now, input)
    }

    fn who(&self, session: SessionId) -> Result<(AppId, UserId), Fault> {
        let who = self.sessions.who(session).ok_or(Fault::new(ErrorCode::SessionGone))?;
        Ok((who.app, who.user.clone()))
    }

    fn join(&mut self, session: SessionId, join: Join) -> Result<Done, Fault> {
        let (app, user) = self.who(session)?;
        let key = RoomKey { app, room: join.room };
        let own_call = self.may_enter_call(session, &key, join.scene)?;
        if self.draining && !own_call && self.rooms.room_of(session) != Some(&key) {
            return Err(Fault::new(ErrorCode::ShuttingDown));
        }
        if !own_call {
            self.may_enter(&key, &user)?;
        }
        let grant = match (own_call, self.voice_grant(session, &key.room)?) {
            // The server chose the room, so no back-end can have made a key for it; or the back-end calls the user into it.
            (true, _) => Grant { privileges: Privileges::ALL, expires_unix: None },
            // The authBuffer has opened this very room.
            (false, Some(privileges)) => Grant { privileges, expires_unix: None },
            (false, None) => self.grant(app, &user, &key.room, join.private_map_key.as_ref())?,
        };
        self.media.may_register(&self.urls, session, &join.publish)?;
        let (scene, role, privileges) = (join.scene, join.role, grant.privileges);
        // An authBuffer is a permission of the back-end for this very room, and so is its call.
        let authority = own_call || self.has_voice_pass(session);
        let talks = own_call && role == Role::Publisher;
        let door = Door { key: &key, scene, role, privileges, authority, talks };
        if let Some(result) = self.join_conference(session, UserKey { app, user: user.clone() }, &door) {
            result?;
            self.granted(session, grant);
            self.label(session, join.record_id, join.details);
            for publish in join.publish {
                let kind = publish.stream;
                if let Err(fault) = self.publish_here(session, publish) {
                    self.tell_refused(session, kind, &fault);
                }
            }
            // Members of a large conference have the mix whether they ask for it or not.
            let large = self.hall.machine.of_session(session).is_some_and(|(it, _)| it.kind == Kind::Large);
            self.want_mix(session, join.mix || large);
            let state = self.state_of(session).ok_or(Fault::new(ErrorCode::Internal))?;
            return Ok(Done::Join(JoinReply { state }));
        }
        let declare = join.publish.iter().map(|p| (p.stream, flags(p.audio, p.video))).collect();
        self.in_room(Input::Join(huitong_room::Join {
            session,
            key,
            user,
            scene,
            role,
            privileges: grant.privileges,
            declare,
        }))?;
        self.granted(session, grant);
        self.label(session, join.record_id, join.details);
        for publish in join.publish {
            self.register(session, publish);
        }
        self.want_mix(session, join.mix);
        let state = self.state_of(session).ok_or(Fault::new(ErrorCode::Internal))?;
        Ok(Done::Join(JoinReply { state }))
    }

    fn publish(&mut self, session: SessionId, publish: Publish) -> Result<Done, Fault> {
        if self.rooms.room_of(session).is_none() {
            return Err(Fault::new(ErrorCode::NotInRoom));
        }
        self.media.may_register(&self.urls, session, std::slice::from_ref(&publish))?;
        self.publish_here(session, publish)?;
        Ok(Done::Publish)
    }

    fn unpublish(&mut self, session: SessionId, kind: StreamKind) -> Result<Done, Fault> {
        self.in_room(Input::Withdraw { session, kind })?;
        self.release_stream(session, kind);
        Ok(Done::Unpublish)
    }

    /// Keeps what a member brought along for the operator to see.
    pub(crate) fn label(&mut self, session: SessionId, record_id: Option<RecordId>, details: MemberDetails) {
        self.labels.insert(session, Labels { record_id, details });
    }

    fn subscribe(&mut self, session: SessionId, subscribe: Subscribe) -> Result<Done, Fault> {
        let Subscribe { user, stream, audio, video } = subscribe;
        self.in_room(Input::Subscribe { session, user, kind: stream, tracks: flags(audio, video) })?;
        Ok(Done::Subscribe)
    }

    fn set_role(&mut self, session: SessionId, set_role: SetRole) -> Result<Done, Fault> {
        if self.hall.machine.of_session(session).is_some() {
            let sentence = "The room is a conference: its admins change roles.";
            return Err(Fault::because(ErrorCode::NotAdmin, sentence).in_field("role"));
        }
        let (app, user) = self.who(session)?;
        let room = self.rooms.room_of(session).ok_or(Fault::new(ErrorCode::NotInRoom))?.room.clone();
        // Without a new key the member keeps what the one it entered with allows, as long as that one is valid.
        let grant = match &set_role.private_map_key {
            Some(_) if self.voice.contains_key(&session) => None,
            Some(key) => Some(self.grant(app, &user, &room, Some(key))?),
            None if set_role.role == Role::Publisher => {
                self.still_granted(session)?;
                None
            }
            None => None,
        };
        let privileges = grant.map(|grant| grant.privileges);
        self.in_room(Input::SetRole { session, role: set_role.role, privileges })?;
        self.mix_of_is_stale(session);
        if let Some(grant) = grant {
            self.granted(session, grant);
        }
        Ok(Done::SetRole)
    }

    /// What a user may do in a room. Applications that do not demand a room key allow everything.
    fn grant(
        &self,
        app: AppId,
        user: &UserId,
        room: &RoomId,
        key: Option<&Redacted<String>>,
    ) -> Result<Grant, Fault> {
        let config = self.config.apps.get(&app).ok_or(Fault::new(ErrorCode::UnknownApp))?;
        if !config.require_room_key {
            return Ok(Grant { privileges: Privileges::ALL, expires_unix: None });
        }
        let key = key.ok_or(Fault::new(ErrorCode::RoomKeyRequired).in_field("privateMapKey"))?;
        let verified = crate::credentials::room_key(config, app, user, room, key, self.unix_ms)?;
        Ok(Grant { privileges: verified.privileges, expires_unix: Some(verified.expires_unix) })
    }

    fn granted(&mut self, session: SessionId, grant: Grant) {
        match grant.expires_unix {
            Some(expires) => drop(self.room_keys.insert(session, expires)),
            None => drop(self.room_keys.remove(&session)),
        }
    }

    /// Whether the room key that a member showed last is still valid.
    fn still_granted(&self, session: SessionId) -> Result<(), Fault> {
        match self.room_keys.get(&session) {
            Some(expires) if *expires < self.unix_ms / 1000 => {
                let sentence = "The privateMapKey of this member has expired; send a new one.";
                Err(Fault::because(ErrorCode::RoomKeyRequired, sentence).in_field("privateMapKey"))
            }
            _ => Ok(()),
        }
    }
}

/// What a member may do, and the last second (Unix) in which its room key says so.
#[derive(Clone, Copy)]
struct Grant {
    privileges: Privileges,
    expires_unix: Option<u64>,
}

pub(crate) const fn flags(audio: bool, video: bool) -> TrackFlags {
    TrackFlags { audio, video }
}
