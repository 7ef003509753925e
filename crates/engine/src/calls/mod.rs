//! What clients ask about calls, and what the engine keeps of calls beside the machine.

mod api;
mod events;
mod groups;
mod log;
mod views;

pub use log::{CallLog, CallLogEnd, CallLogParty};

use crate::engine::Engine;
use huitong_call::{Calls, Input, Media, Placed, Presence, Refusal, UserKey};
use huitong_protocol::{CallReply, CallState, Done, PlaceCall, Presence as Seen, Reject, Watch, WatchReply};
use huitong_room::RoomKey;
use huitong_types::{
    AppId, CallData, CallId, CallMedia, CallRef, DeviceId, ErrorCode, Fault, GroupId, Moment, RoomId, Scene,
    SessionId, UserId, limits,
};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;
use views::Subject;

/// Calls that a session may make: one a second on average. Whoever dials faster is not a person.
const CALL_EVERY: Duration = Duration::from_secs(1);

/// Calls that a session may make at once: somebody who corrects a wrong number a few times.
const CALL_BURST: u32 = 10;

/// The shortest that a call may ring: less is over before a phone is out of the pocket.
const RINGING_LEAST: Duration = Duration::from_secs(1);

/// Rooms of calls have numbers from 1 to this, as the pages of the vendor's calls expect.
const CALL_ROOMS: u64 = 100_000_000;

/// Numbers that are tried for the room of a call. With a million rooms in use, one in a hundred is taken.
const ROOM_TRIES: usize = 32;

/// What the machine does not keep of a call.
#[derive(Debug)]
pub(crate) struct Meta {
    pub(crate) name: CallId,
    pub(crate) key: RoomKey,
    /// Whether the room is there for others as well, and was not made for the call.
    pub(crate) open: bool,
    pub(crate) group: Option<GroupId>,
    pub(crate) data: Option<CallData>,
    /// The devices by which users took part, for the record: their sessions may be over by then.
    pub(crate) devices: BTreeMap<UserId, DeviceId>,
}

/// Calls, presence, and what belongs to them.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) machine: Calls,
    pub(crate) presence: Presence,
    pub(crate) meta: HashMap<huitong_call::CallId, Meta>,
    pub(crate) names: HashMap<CallId, huitong_call::CallId>,
    pub(crate) rooms: HashMap<RoomKey, huitong_call::CallId>,
    pub(crate) per_app: HashMap<AppId, usize>,
    /// Sessions on which calls ring.
    pub(crate) devices: HashMap<SessionId, UserKey>,
    /// The newest `ref` of a session, and the call that was made for it.
    pub(crate) refs: HashMap<SessionId, (CallRef, huitong_call::CallId)>,
    /// The room of the newest call in which a session took part. It is nobody's when the call is over.
    pub(crate) last_rooms: HashMap<SessionId, RoomKey>,
    /// When a session has paid for all calls that it made.
    pub(crate) paid: HashMap<SessionId, Moment>,
    pub(crate) groups: BTreeMap<(AppId, GroupId), Vec<UserId>>,
    /// What the machine wants done and has not been done yet.
    pub(crate) out: VecDeque<huitong_call::Output>,
}

impl Desk {
    pub(crate) fn new(away_after: Duration) -> Self {
        Self {
            machine: Calls::new(huitong_call::Limits {
                invitees: limits::CALL_INVITEES,
                ..huitong_call::Limits::default()
            }),
            presence: Presence::new(away_after),
            meta: HashMap::new(),
            names: HashMap::new(),
            rooms: HashMap::new(),
            per_app: HashMap::new(),
            devices: HashMap::new(),
            refs: HashMap::new(),
            last_rooms: HashMap::new(),
            paid: HashMap::new(),
            groups: BTreeMap::new(),
            out: VecDeque::new(),
        }
    }

    /// Whether nothing is held but groups, which belong to the back-end.
    pub(crate) fn is_idle(&self) -> bool {
        self.machine.is_idle()
            && self.presence.is_idle()
            && self.meta.is_empty()
            && self.names.is_empty()
            && self.rooms.is_empty()
            && self.per_app.is_empty()
            && self.devices.is_empty()
            && self.refs.is_empty()
            && self.last_rooms.is_empty()
            && self.paid.is_empty()
            && self.out.is_empty()
    }

    /// Lets something happen to the machine.
    pub(crate) fn handle(
        &mut self,
        now: Moment,
        input: Input,
    ) -> Result<Option<huitong_call::CallId>, Refusal> {
        let result = self.machine.handle(now, input);
        self.out.extend(std::iter::from_fn(|| self.machine.poll_output()));
        result
    }
}

/// A call to be made, checked field by field.
pub(crate) struct Wish {
    pub(crate) invitees: Vec<UserId>,
    pub(crate) media: CallMedia,
    pub(crate) group: Option<GroupId>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) data: Option<CallData>,
    /// A room that is there for others as well; without it the call gets one of its own.
    pub(crate) room: Option<RoomId>,
}

impl Engine {
    pub(crate) fn place_call(&mut self, session: SessionId, wish: PlaceCall) -> Result<Done, Fault> {
        let user = self.caller(session)?;
        if let Some(reference) = &wish.reference
            && let Some((known, id)) = self.desk.refs.get(&session)
            && known == reference
        {
            let sentence = "The call of this ref was made, and it is over.";
            let over = || Fault::because(ErrorCode::CallGone, sentence).in_field("ref");
            let call = self.call_state(*id, session).ok_or_else(over)?;
            return Ok(Done::Call(CallReply { call }));
        }
        if self.draining {
            return Err(Fault::new(ErrorCode::ShuttingDown));
        }
        self.may_begin(user.app)?;
        self.may_call_now(session)?;
        let reference = wish.reference;
        let wish = Wish {
            invitees: wish.invitees,
            media: wish.media,
            group: wish.group,
            timeout: wish.timeout_ms.map(|ms| Duration::from_millis(u64::from(ms))),
            data: wish.data,
            room: None,
        };
        let (placed, meta) = self.prepare(&user, wish)?;
        let invitees = placed.invitees.clone();
        let result = self.desk.handle(self.now, Input::Call { session, call: placed });
        let id = result.map_err(|refusal| refused(&refusal))?.ok_or(Fault::new(ErrorCode::Internal))?;
        // When both call each other, this is the call of the other one.
        if !self.desk.meta.contains_key(&id) {
            self.enter_call(id, meta);
        }
        self.takes_part(id, session, &user.user);
        if let Some(reference) = reference {
            self.desk.refs.insert(session, (reference, id));
        }
        let call = self.call_state(id, session).ok_or(Fault::new(ErrorCode::Internal))?;
        let detail = format!("{} {} to {invitees:?}", call.call, call.media.as_str());
        self.note_user("call", None, user.app, Some(&call.room), &user.user, detail);
        Ok(Done::Call(CallReply { call }))
    }

    pub(crate) fn accept_call(&mut self, session: SessionId, name: &CallId) -> Result<Done, Fault> {
        let user = self.caller(session)?;
        let id = self.named(name)?;
        self.desk
            .handle(self.now, Input::Accept { session, call: id })
            .map_err(|refusal| self.gone_because(id, &user.user, &refusal))?;
        self.takes_part(id, session, &user.user);
        // It may have been in the room of an open call before that led there.
        if let Some(key) = self.rooms.room_of(session).cloned() {
            self.seat_taken(session, &key);
        }
        let call = self.call_state(id, session).ok_or(Fault::new(ErrorCode::Internal))?;
        Ok(Done::Accept(CallReply { call }))
    }

    pub(crate) fn reject_call(&mut self, session: SessionId, reject: &Reject) -> Result<Done, Fault> {
        let user = self.caller(session)?;
        let id = self.named(&reject.call)?;
        if self.desk.machine.bound_call(session) == Some(id) {
            let sentence = "This session takes part in the call: `hangup` leaves it.";
            return Err(Fault::because(ErrorCode::NotYourCall, sentence).in_field("call"));
        }
        self.desk
            .handle(self.now, Input::Reject { session, call: id, busy: reject.busy })
            .map_err(|refusal| self.gone_because(id, &user.user, &refusal))?;
        self.remember_device(id, session, &user.user);
        Ok(Done::Reject)
    }

    pub(crate) fn hang_up(&mut self, session: SessionId, name: &CallId) -> Result<Done, Fault> {
        let user = self.caller(session)?;
        let id = self.named(name)?;
        self.desk
            .handle(self.now, Input::HangUp { session, call: id })
            .map_err(|refusal| self.gone_because(id, &user.user, &refusal))?;
        Ok(Done::Hangup)
    }

    pub(crate) fn watch(&mut self, session: SessionId, watch: &Watch) -> Result<Done, Fault> {
        let app = self.sessions.who(session).ok_or(Fault::new(ErrorCode::SessionGone))?.app;
        let users = self.desk.presence.watch(session, app, &watch.users);
        let users = users.into_iter().map(|(user, online)| Seen { user, online }).collect();
        Ok(Done::Watch(WatchReply { users }))
    }

    /// The user of a session that may call and be called.
    fn caller(&self, session: SessionId) -> Result<UserKey, Fault> {
        self.desk.devices.get(&session).cloned().ok_or_else(|| {
            let sentence =
                "Calls need a session that logged in with `calls` true and with its `device` in `hello`.";
            Fault::because(ErrorCode::NotLoggedIn, sentence).in_field("calls")
        })
    }

    fn may_call_now(&mut self, session: SessionId) -> Result<(), Fault> {
        let paid = self.desk.paid.get(&session).copied().unwrap_or(Moment::ZERO).max(self.now) + CALL_EVERY;
        if paid.since(self.now) > CALL_EVERY * CALL_BURST {
            let sentence = "This session makes too many calls; one per second is allowed, and ten at once.";
            return Err(Fault::because(ErrorCode::RateLimited, sentence));
        }
        self.desk.paid.insert(session, paid);
        Ok(())
    }

    /// Checks what was asked for, and finds a room for it.
    pub(crate) fn prepare(&mut self, user: &UserKey, wish: Wish) -> Result<(Placed, Meta), Fault> {
        let timeout = wish.timeout.unwrap_or(limits::CALL_RINGING);
        if !(RINGING_LEAST..=limits::CALL_RINGING_MOST).contains(&timeout) {
            let (least, most) = (RINGING_LEAST.as_millis(), limits::CALL_RINGING_MOST.as_millis());
            let sentence = format!("timeoutMs is {}, allowed is {least} to {most}.", timeout.as_millis());
            return Err(Fault::because(ErrorCode::InvalidField, sentence).in_field("timeoutMs"));
        }
        if let Some(group) = &wish.group {
            self.are_in_group(user, group, &wish.invitees)?;
        }
        let most = self.config.calls_per_app;
        if self.desk.per_app.get(&user.app).is_some_and(|calls| *calls >= most) {
            let sentence = format!("{most} calls of this application are in progress.");
            return Err(Fault::because(ErrorCode::ServerFull, sentence));
        }
        let (key, open) = match wish.room {
            Some(room) => (self.open_room(user.app, room)?, true),
            None => (self.free_room(user.app)?, false),
        };
        let name = format!("c-{:016x}", self.random.number());
        let name = CallId::new(name).map_err(|_| Fault::new(ErrorCode::Internal))?;
        let placed = Placed {
            invitees: wish.invitees,
            media: match wish.media {
                CallMedia::Audio => Media::Audio,
                CallMedia::Video => Media::Video,
            },
            group: wish.group.as_ref().map(|group| group.as_str().to_owned()),
            timeout,
            data: wish.data.as_ref().map(|data| data.as_str().to_owned()),
            room: key.room.clone(),
            open,
        };
        Ok((placed, Meta { name, key, open, group: wish.group, data: wish.data, devices: BTreeMap::new() }))
    }

    /// A call has begun; what it is called, and its room is its own from here on, unless others are there too.
    pub(crate) fn enter_call(&mut self, id: huitong_call::CallId, meta: Meta) {
        *self.desk.per_app.entry(meta.key.app).or_default() += 1;
        self.desk.names.insert(meta.name.clone(), id);
        if !meta.open {
            self.desk.rooms.insert(meta.key.clone(), id);
        }
        self.desk.meta.insert(id, meta);
    }

    /// The room of others into which a call may lead.
    fn open_room(&self, app: AppId, room: RoomId) -> Result<RoomKey, Fault> {
        let key = RoomKey { app, room };
        if self.desk.rooms.contains_key(&key) {
            let sentence = "This is the room of another call, which is for those who take part in that.";
            return Err(Fault::because(ErrorCode::RoomTaken, sentence).in_field("room"));
        }
        let conference = self.hall.machine.in_room(app, &key.room);
        let scene = conference.map(|conference| crate::conferences::scene_of(conference.kind));
        if scene.or_else(|| self.rooms.scene(&key)).is_some_and(|scene| scene != Scene::Rtc) {
            let sentence = "The scene of this room is live, and calls lead into rooms of the scene rtc.";
            return Err(Fault::because(ErrorCode::SceneMismatch, sentence).in_field("room"));
        }
        Ok(key)
    }

    fn free_room(&mut self, app: AppId) -> Result<RoomKey, Fault> {
        for _ in 0..ROOM_TRIES {
            let number = u32::try_from(self.random.number() % CALL_ROOMS + 1).unwrap_or(1);
            let Ok(room) = RoomId::number(number) else { continue };
            let key = RoomKey { app, room };
            // The conference of a room is there before anybody is in it.
            let conference = self.hall.machine.in_room(app, &key.room).is_some();
            if !conference && !self.desk.rooms.contains_key(&key) && !self.rooms.exists(&key) {
                return Ok(key);
            }
        }
        Err(Fault::because(ErrorCode::ServerFull, "No number was free for the room of the call."))
    }

    /// The call that goes by this name.
    pub(crate) fn named(&self, name: &CallId) -> Result<huitong_call::CallId, Fault> {
        self.desk.names.get(name).copied().ok_or(Fault::new(ErrorCode::CallGone).in_field("call"))
    }

    /// A session has called or answered.
    fn takes_part(&mut self, id: huitong_call::CallId, session: SessionId, user: &UserId) {
        self.remember_device(id, session, user);
        if let Some(meta) = self.desk.meta.get(&id) {
            self.desk.last_rooms.insert(session, meta.key.clone());
        }
    }

    fn remember_device(&mut self, id: huitong_call::CallId, session: SessionId, user: &UserId) {
        let device = self.sessions.who(session).and_then(|who| who.device.clone());
        if let (Some(meta), Some(device)) = (self.desk.meta.get_mut(&id), device) {
            meta.devices.insert(user.clone(), device);
        }
    }

    /// A refusal of the machine, with the sentence that says what happened to the call.
    fn gone_because(&self, id: huitong_call::CallId, user: &UserId, refusal: &Refusal) -> Fault {
        use huitong_call::PartyState as State;
        if *refusal != Refusal::Gone {
            return refused(refusal);
        }
        let state = self.desk.machine.get(id).and_then(|call| call.party(user)).map(|party| party.state);
        let sentence = match state {
            Some(State::Calling | State::Connected) => {
                "The call was answered on another device of this user."
            }
            Some(State::Rejected | State::Busy) => "The call was refused by this user.",
            Some(State::TimedOut | State::Unreachable) => "The call was not answered in time.",
            Some(_) => "The part of this user in the call is over.",
            None => return Fault::new(ErrorCode::CallGone).in_field("call"),
        };
        Fault::because(ErrorCode::CallGone, sentence).in_field("call")
    }

    fn call_state(&self, id: huitong_call::CallId, session: SessionId) -> Option<CallState> {
        let user = &self.desk.devices.get(&session)?.user;
        self.view_of_call(id, &Subject { user, session })
    }
}

/// What the machine refused, in the words of the protocol.
pub(crate) fn refused(refusal: &Refusal) -> Fault {
    match refusal {
        Refusal::InCall => Fault::new(ErrorCode::CallBusy),
        Refusal::Gone => Fault::new(ErrorCode::CallGone).in_field("call"),
        Refusal::NotYours => Fault::new(ErrorCode::NotYourCall).in_field("call"),
        Refusal::NoSession => Fault::new(ErrorCode::SessionGone),
        Refusal::Invitee(Some(user)) => {
            let sentence = format!(
                "{user} is called twice, or calls itself; name each invitee once and not the caller."
            );
            Fault::because(ErrorCode::InvalidField, sentence).in_field("invitees")
        }
        Refusal::Invitee(None) => {
            let sentence = format!("A call has 1 to {} invitees.", limits::CALL_INVITEES);
            Fault::because(ErrorCode::InvalidField, sentence).in_field("invitees")
        }
        Refusal::Full => {
            Fault::because(ErrorCode::ServerFull, "The server has as many calls as it may have.")
        }
    }
}
