//! What clients ask about conferences, and what the engine keeps of them beside the machine.

use crate::conference_kept::Keeping;
use crate::engine::Engine;
use crate::io::ConnId;
use crate::requests::flags;
use huitong_auth::{TicketKeys, TicketNumbers};
use huitong_conference::{
    Actor, AskId, ConferenceId, Conferences, Input, Limits, Output, Profile, Refusal, Reply, Settings,
    Ticket, TicketId, UserKey, Wish,
};
use huitong_protocol::{AskTicket, ConferenceSettings, Done, Enter, EnterReply, Leave, Look, Publish};
use huitong_room::RoomKey;
use huitong_types::{
    AppId, ConferenceName, ErrorCode, Fault, LeaveReason, Moment, Privileges, Redacted, Role, RoomId, Scene,
    SessionId, StreamKind, UserId,
};
use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

/// Who waits for the answer to a password.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asker {
    /// A request on a signalling connection.
    Client(ConnId, u32),
    /// A call of the API.
    Api(u64),
}

/// A request whose answer comes later.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    pub(crate) asker: Asker,
    /// Whether the conference was created by it.
    pub(crate) created: bool,
}

/// What the machine does not keep of a conference.
#[derive(Clone, Debug)]
pub(crate) struct Meta {
    pub(crate) name: ConferenceName,
    pub(crate) key: RoomKey,
    /// When it was created, Unix ms.
    pub(crate) created_ms: u64,
    /// Whether it was told that it is to be kept.
    pub(crate) kept: bool,
}

/// Conferences, and what belongs to them.
#[derive(Debug)]
pub(crate) struct Hall {
    pub(crate) machine: Conferences,
    pub(crate) tickets: TicketKeys,
    pub(crate) meta: HashMap<ConferenceId, Meta>,
    pub(crate) names: HashMap<ConferenceName, ConferenceId>,
    pub(crate) asks: HashMap<AskId, Waiting>,
    /// Calls of the API that made conferences whose passwords are being hashed: there is nothing to be kept before.
    pub(crate) makers: HashMap<ConferenceId, u64>,
    pub(crate) keeping: Keeping,
    /// Sessions that entered by `enter`, and hear of their conference.
    pub(crate) aware: HashSet<SessionId>,
    /// What the credential of a member allows, whatever the conference does.
    pub(crate) granted: HashMap<SessionId, Privileges>,
    /// Members whose picture is left out because there are as many cameras on as there may be.
    pub(crate) cameraless: HashSet<SessionId>,
    /// What became of the seat that the machine gave last.
    pub(crate) let_in: Option<Fault>,
    /// What the machine wants done and has not been done yet.
    pub(crate) out: VecDeque<Output>,
}

impl Hall {
    pub(crate) fn new(limits: Limits, tickets: TicketKeys) -> Self {
        Self {
            machine: Conferences::new(limits),
            tickets,
            meta: HashMap::new(),
            names: HashMap::new(),
            asks: HashMap::new(),
            makers: HashMap::new(),
            keeping: Keeping::default(),
            aware: HashSet::new(),
            granted: HashMap::new(),
            cameraless: HashSet::new(),
            let_in: None,
            out: VecDeque::new(),
        }
    }

    /// Whether nothing is held.
    pub(crate) fn is_idle(&self) -> bool {
        self.machine.is_idle()
            && self.meta.is_empty()
            && self.names.is_empty()
            && self.asks.is_empty()
            && self.makers.is_empty()
            && self.keeping.is_idle()
            && self.aware.is_empty()
            && self.granted.is_empty()
            && self.cameraless.is_empty()
            && self.out.is_empty()
    }

    /// The conference that goes by this name, for an application.
    pub(crate) fn named(&self, app: AppId, name: &ConferenceName) -> Option<ConferenceId> {
        let id = self.names.get(name).copied()?;
        self.meta.get(&id).is_some_and(|meta| meta.key.app == app).then_some(id)
    }
}

/// The conference of a request for a ticket, and whether it was created by it.
struct Found {
    id: ConferenceId,
    created: bool,
}

impl Engine {
    /// Lets something happen to the machine. What concerns seats is done at once, so that the reply to a request tells how it
    /// is afterwards; what sessions are told follows in [`Engine::flush`].
    pub(crate) fn in_hall(&mut self, input: Input) -> Result<Reply, Refusal> {
        let result = self.hall.machine.handle(self.now, input);
        let mut outputs: VecDeque<Output> = std::iter::from_fn(|| self.hall.machine.poll_output()).collect();
        while let Some(output) = outputs.pop_front() {
            match output {
                Output::LetIn { session, room, place } => self.let_in(session, room, place),
                Output::Place { session, .. } => self.place(session),
                Output::Silence { session, .. } => self.set_tracks(session),
                Output::PutOut { session, .. } => {
                    // Whoever does not know it yet is told next why.
                    let why = match outputs.front() {
                        Some(Output::Exited { session: told, reason, .. }) if *told == session => {
                            Some(*reason)
                        }
                        _ => None,
                    };
                    self.put_out(session, why);
                }
                other => self.hall.out.push_back(other),
            }
        }
        result
    }

    pub(crate) fn ask_ticket(&mut self, asker: Asker, user: &UserKey, ask: AskTicket) -> Result<(), Fault> {
        let AskTicket { conference, room, settings, password, role } = ask;
        let password = password.unwrap_or_default();
        let found = match (conference, room) {
            (Some(_), Some(_)) => {
                let sentence = "A request names a conference or a room, and not both.";
                return Err(Fault::because(ErrorCode::InvalidField, sentence).in_field("conference"));
            }
            (Some(name), None) => Found { id: self.conference_named(user.app, &name)?, created: false },
            (None, room) => self.find_or_create(user, room, settings.unwrap_or_default(), &password)?,
        };
        self.may_enter_conference(found.id, user)?;
        let wish = Wish::Enter(role.map(crate::conference_views::role_of));
        self.ask(asker, user, found, password, wish)
    }

    pub(crate) fn ask_look(&mut self, asker: Asker, user: &UserKey, look: Look) -> Result<(), Fault> {
        let id = self.conference_named(user.app, &look.conference)?;
        self.ask(asker, user, Found { id, created: false }, look.password.unwrap_or_default(), Wish::Look)
    }

    fn ask(
        &mut self,
        asker: Asker,
        user: &UserKey,
        found: Found,
        password: Redacted<String>,
        wish: Wish,
    ) -> Result<(), Fault> {
        let input = Input::Ask { user: user.clone(), conference: found.id, password, wish };
        match self.in_hall(input).map_err(|refusal| refused(&refusal))? {
            Reply::Asked(ask) => {
                self.hall.asks.insert(ask, Waiting { asker, created: found.created });
                Ok(())
            }
            _ => Err(Fault::new(ErrorCode::Internal)),
        }
    }

    pub(crate) fn conference_named(&self, app: AppId, name: &ConferenceName) -> Result<ConferenceId, Fault> {
        let unknown = Fault::new(ErrorCode::NoConference).in_field("conference");
        self.hall.named(app, name).ok_or(unknown)
    }

    /// The conference of a room, made if there is none. Without a room it is a new one.
    fn find_or_create(
        &mut self,
        user: &UserKey,
        room: Option<RoomId>,
        settings: ConferenceSettings,
        password: &Redacted<String>,
    ) -> Result<Found, Fault> {
        if let Some(room) = &room
            && let Some(conference) = self.hall.machine.in_room(user.app, room)
        {
            return Ok(Found { id: conference.id, created: false });
        }
        let settings = settings_of(&settings, password)?;
        let occupied = match &room {
            Some(room) => {
                self.may_claim(user.app, room)?;
                self.rooms.exists(&RoomKey { app: user.app, room: room.clone() })
            }
            None => false,
        };
        // Who comes to a room where others are decides nothing about them, neither as an admin nor by its settings.
        let (by, settings) = match occupied {
            true => (Actor::BackEnd(user.app), self.settings_for_all(user.app, room.as_ref(), settings)?),
            false => (Actor::User(user.clone()), settings),
        };
        self.create_conference(by, None, room, settings).map(|id| Found { id, created: !occupied })
    }

    /// Settings by which nobody in a room loses anything.
    fn settings_for_all(
        &self,
        app: AppId,
        room: Option<&RoomId>,
        asked: Settings,
    ) -> Result<Settings, Fault> {
        let most = self.config.conferences.talkers;
        let people = room.map_or(0, |room| self.rooms.everybody(&RoomKey { app, room: room.clone() }).len());
        if people > most {
            let sentence = format!(
                "{people} members are in this room, and a conference has at most {most} talkers; choose another name."
            );
            return Err(Fault::because(ErrorCode::RoomTaken, sentence).in_field("room"));
        }
        let all = Some(usize::MAX);
        Ok(Settings {
            password: asked.password,
            max_videos: all,
            max_screens: all,
            max_talkers: all,
            max_audience: all,
            default_role: Some(huitong_conference::Role::Talker),
            ..Settings::new(asked.kind)
        })
    }

    /// Whether a client may make a conference of a room that it names. Where rooms need a key, that would be a way around it.
    fn may_claim(&self, app: AppId, room: &RoomId) -> Result<(), Fault> {
        if self.config.apps.get(&app).is_some_and(|app| app.require_room_key) {
            let sentence = format!(
                "Rooms of this application need a privateMapKey: its back-end makes the conference of the room {room}."
            );
            return Err(Fault::because(ErrorCode::RoomKeyRequired, sentence).in_field("room"));
        }
        Ok(())
    }

    /// Makes a conference. Plain members that are in its room are its members from here on.
    pub(crate) fn create_conference(
        &mut self,
        by: Actor,
        creator: Option<UserId>,
        room: Option<RoomId>,
        settings: Settings,
    ) -> Result<ConferenceId, Fault> {
        if self.draining {
            return Err(Fault::new(ErrorCode::ShuttingDown));
        }
        self.may_begin(by.app())?;
        let name = self.fresh_name()?;
        let room = match room {
            Some(room) => room,
            None => RoomId::text(name.as_str()).map_err(|_| Fault::new(ErrorCode::Internal))?,
        };
        let key = RoomKey { app: by.app(), room };
        self.may_become_conference(&key, &settings)?;
        let create = Input::Create { by, creator, room: key.room.clone(), settings };
        let Reply::Found(id, _) = self.in_hall(create).map_err(|refusal| refused(&refusal))? else {
            return Err(Fault::new(ErrorCode::Internal));
        };
        self.hall.names.insert(name.clone(), id);
        let created_ms = self.unix_of(self.now);
        self.hall.meta.insert(id, Meta { name, key: key.clone(), created_ms, kept: false });
        for (session, user, role) in self.rooms.everybody(&key) {
            self.adopt(session, UserKey { app: key.app, user }, id, role);
        }
        Ok(id)
    }

    /// A name that nobody can guess: links with it invite people.
    fn fresh_name(&mut self) -> Result<ConferenceName, Fault> {
        let mut name = String::from("k-");
        for byte in self.random.bytes::<16>() {
            // Writing to a String cannot fail.
            let _ = write!(name, "{byte:02x}");
        }
        ConferenceName::new(name).map_err(|_| Fault::new(ErrorCode::Internal))
    }

    /// Whether what is in a room now may be under a conference.
    fn may_become_conference(&self, key: &RoomKey, settings: &Settings) -> Result<(), Fault> {
        let taken = |sentence| Err(Fault::because(ErrorCode::RoomTaken, sentence).in_field("room"));
        if self.desk.rooms.contains_key(key) {
            return taken("This is the room of a call; choose another name.");
        }
        let Some(scene) = self.rooms.scene(key) else { return Ok(()) };
        if scene != crate::conference_views::scene_of(settings.kind) {
            let sentence = "The room is in use with another scene than this kind of conference has.";
            return Err(Fault::because(ErrorCode::SceneMismatch, sentence).in_field("kind"));
        }
        if !settings.password.reveal().is_empty() {
            return taken("Members without the password are in this room; choose another name.");
        }
        Ok(())
    }

    /// Makes a plain member of a room a member of its conference. One for whom there is no place is removed.
    fn adopt(&mut self, session: SessionId, user: UserKey, id: ConferenceId, role: Role) {
        let granted = self.rooms.privileges(session).unwrap_or(Privileges::ALL);
        self.hall.granted.insert(session, granted);
        let role = crate::conference_views::wish_of(role);
        let admit = Input::Admit { session, user, conference: id, role, authority: true };
        if self.in_hall(admit).is_err() || self.hall.let_in.take().is_some() {
            self.hall.granted.remove(&session);
            let removed = self.in_room(huitong_room::Input::Leave { session, reason: LeaveReason::Kicked });
            debug_assert!(removed.is_ok(), "a member of a room has a seat");
            return;
        }
        // What it sends already takes a place like that of anybody else.
        for kind in StreamKind::ALL {
            let tracks = self.rooms.announced(session, kind);
            if tracks.video {
                self.picture_seen(session, kind);
            }
        }
    }

    /// Whether a user may come into a conference while the application may begin nothing: one who has a seat there does.
    fn may_enter_conference(&self, id: ConferenceId, user: &UserKey) -> Result<(), Fault> {
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
        // Who lets somebody in decides what it may do; a room key is not asked for.
        self.hall.granted.insert(session, Privileges::ALL);
        let profile = Profile { nick: enter.nick.map(Arc::from), ext: enter.ext.map(Arc::from) };
        let input = Input::Enter { session, user, conference: id, ticket, profile };
        self.seated(session, input)?;
        self.hall.aware.insert(session);
        self.label(session, enter.record_id, enter.details);
        for publish in enter.publish {
            let kind = publish.stream;
            if let Err(fault) = self.publish_here(session, publish) {
                self.tell_refused(session, kind, &fault);
            }
        }
        let conference = self.conference_state(session).ok_or(Fault::new(ErrorCode::Internal))?;
        let state = self.state_of(session).ok_or(Fault::new(ErrorCode::Internal))?;
        Ok(Done::Enter(Box::new(EnterReply { conference, state })))
    }

    /// Lets the machine give a seat. If the room refuses it, nothing has happened.
    fn seated(&mut self, session: SessionId, input: Input) -> Result<(), Fault> {
        self.hall.let_in = None;
        let result = self.in_hall(input).map_err(|refusal| refused(&refusal));
        let failed = result.err().or_else(|| self.hall.let_in.take());
        let Some(fault) = failed else { return Ok(()) };
        let reason = huitong_conference::ExitReason::Failed;
        // Only who has got a place by this request can be without a seat.
        if self.rooms.room_of(session).is_none() {
            let _nowhere = self.in_hall(Input::Leave { session, reason });
            self.hall.granted.remove(&session);
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
            role: huitong_conference::Role::from_number(role),
            expires: Moment::from_millis(expires_ms),
        })
    }

    /// The text of a ticket.
    pub(crate) fn write_ticket(&self, ticket: &Ticket) -> Redacted<String> {
        let numbers = TicketNumbers {
            ticket: ticket.id.0,
            conference: ticket.conference.0,
            role: ticket.role.map_or(0, huitong_conference::Role::number),
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
        let (id, scene) = (conference.id, crate::conference_views::scene_of(conference.kind));
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
        self.hall.granted.insert(session, join.privileges);
        let role = crate::conference_views::wish_of(join.role);
        let admit = Input::Admit { session, user, conference: id, role, authority: join.authority };
        let locked = || {
            let sentence = "This room is a conference with a password: enter it with a ticket.";
            Fault::because(ErrorCode::MayNotEnter, sentence).in_field("room")
        };
        let result = self.seated(session, admit);
        Some(result.map_err(|fault| if fault.code == ErrorCode::WrongPassword { locked() } else { fault }))
    }

    pub(crate) fn is_room_of(&self, id: ConferenceId, key: &RoomKey) -> bool {
        self.hall.meta.get(&id).is_some_and(|meta| meta.key == *key)
    }

    /// Registers or updates a stream; in a conference it must have a place there.
    pub(crate) fn publish_here(&mut self, session: SessionId, publish: Publish) -> Result<(), Fault> {
        let (kind, tracks) = (publish.stream, flags(publish.audio, publish.video));
        self.claim_stream(session, kind, publish.video)?;
        self.in_room(huitong_room::Input::Declare { session, kind, tracks })?;
        self.register(session, publish);
        Ok(())
    }

    /// Takes a place for a stream among those of its conference. Outside of conferences there is nothing to take.
    pub(crate) fn claim_stream(
        &mut self,
        session: SessionId,
        kind: StreamKind,
        video: bool,
    ) -> Result<(), Fault> {
        if self.hall.machine.of_session(session).is_none() {
            return Ok(());
        }
        let claimed = self.in_hall(Input::Publish { session, kind, video });
        if claimed.is_ok() && kind == StreamKind::Main && self.hall.cameraless.remove(&session) {
            self.set_tracks(session);
        }
        claimed.map(|_| ()).map_err(|refusal| refused(&refusal))
    }

    /// A picture came that was not registered: without a place for it, it is left out.
    pub(crate) fn picture_seen(&mut self, session: SessionId, kind: StreamKind) {
        if let Err(fault) = self.claim_stream(session, kind, true) {
            if kind == StreamKind::Main && fault.code == ErrorCode::ConferenceLimit {
                self.hall.cameraless.insert(session);
                self.set_tracks(session);
            } else {
                let cut = Fault::because(fault.code, fault.message.clone());
                self.cut_publisher(session, kind, cut);
            }
            self.tell_refused(session, kind, &fault);
        }
    }

    /// A stream of a member is over: its place is free.
    pub(crate) fn release_stream(&mut self, session: SessionId, kind: StreamKind) {
        if self.hall.machine.of_session(session).is_some() {
            let freed = self.in_hall(Input::Unpublish { session, kind });
            debug_assert!(freed.is_ok(), "to send nothing is never refused");
        }
    }

    pub(crate) fn leave(&mut self, session: SessionId, leave: &Leave) -> Result<Done, Fault> {
        if self.hall.machine.of_session(session).is_none() {
            let input = huitong_room::Input::Leave { session, reason: LeaveReason::Left };
            return self.in_room(input).map(|()| Done::Leave);
        }
        let reason =
            leave.reason.map_or(huitong_conference::ExitReason::Left, crate::conference_views::exit_of);
        self.in_hall(Input::Leave { session, reason }).map_err(|refusal| refused(&refusal))?;
        self.hall.aware.remove(&session);
        Ok(Done::Leave)
    }
}

/// A way into a room that is not by a ticket.
pub(crate) struct Door<'a> {
    pub(crate) key: &'a RoomKey,
    pub(crate) scene: Scene,
    pub(crate) role: Role,
    pub(crate) privileges: Privileges,
    /// The back-end has sent it.
    pub(crate) authority: bool,
}

/// How a conference is set up, as the machine takes it.
pub(crate) fn settings_of(
    settings: &ConferenceSettings,
    password: &Redacted<String>,
) -> Result<Settings, Fault> {
    let most = |n: Option<u32>| n.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
    let default_role = settings.default_role.map(crate::conference_views::role_of);
    if default_role == Some(huitong_conference::Role::Admin) {
        let sentence = "Nobody is admin by default; allowed are audience and talker.";
        return Err(Fault::because(ErrorCode::InvalidField, sentence).in_field("settings"));
    }
    Ok(Settings {
        kind: crate::conference_views::kind_of(settings.kind),
        password: password.clone(),
        default_role,
        empty: settings.empty_ms.map(|ms| Duration::from_millis(u64::from(ms))),
        record: settings.record,
        record_merged: settings.record_merged,
        max_talkers: most(settings.max_talkers),
        max_videos: most(settings.max_videos),
        max_audience: most(settings.max_audience),
        max_screens: most(settings.max_screens),
        no_hands: settings.no_hands,
    })
}

/// What the machine refused, in the words of the protocol.
pub(crate) fn refused(refusal: &Refusal) -> Fault {
    let code = match refusal {
        Refusal::Field(field, _) => {
            return Fault::because(ErrorCode::InvalidField, refusal.to_string()).in_field(field);
        }
        Refusal::NoConference => ErrorCode::NoConference,
        Refusal::RoomTaken => ErrorCode::RoomTaken,
        Refusal::WrongPassword => ErrorCode::WrongPassword,
        Refusal::Wait(_) => ErrorCode::TooManyGuesses,
        Refusal::ServerFull => ErrorCode::ServerFull,
        Refusal::TicketInvalid => ErrorCode::TicketInvalid,
        Refusal::TicketExpired => ErrorCode::TicketExpired,
        Refusal::TicketVoid => ErrorCode::TicketVoid,
        Refusal::TalkersFull => ErrorCode::TalkersFull,
        Refusal::AudienceFull => ErrorCode::RoomFull,
        Refusal::TooManyConferences
        | Refusal::VideosFull
        | Refusal::ScreensFull
        | Refusal::DecidedFull
        | Refusal::HandsFull
        | Refusal::AttributesFull => ErrorCode::ConferenceLimit,
        Refusal::InAnother => ErrorCode::AlreadyInRoom,
        Refusal::NotInside => ErrorCode::NotInConference,
        Refusal::NotAdmin | Refusal::AdminNotGranted | Refusal::MayNotChangeAttributes | Refusal::NoHands => {
            ErrorCode::NotAdmin
        }
        Refusal::MayNotPublish => ErrorCode::MayNotPublish,
        Refusal::NobodyThere => ErrorCode::NobodyThere,
        Refusal::LastAdmin => ErrorCode::LastAdmin,
        Refusal::Yourself => ErrorCode::InvalidField,
        Refusal::NotChecked => ErrorCode::NotChecked,
    };
    Fault::because(code, refusal.to_string())
}
