//! Conferences: what the engine keeps of them beside the machine. The rest is in the files beside this one.

mod api;
mod asking;
mod creating;
mod entering;
mod events;
mod kept;
mod streams;
mod views;

pub(crate) use api::ApiAsk;
pub(crate) use entering::Door;
pub use kept::{ConferenceChange, ConferenceDecision, ConferenceRecord};
pub(crate) use views::scene_of;

use crate::engine::Engine;
use crate::io::ConnId;
use crate::paces::Paces;
use huitong_auth::TicketKeys;
use huitong_conference::{AskId, ConferenceId, Conferences, Input, Limits, Output, Refusal, Reply, UserKey};
use huitong_room::RoomKey;
use huitong_types::{AppId, ConferenceName, ErrorCode, Fault, Privileges, SessionId};
use kept::Keeping;
use std::collections::{HashMap, HashSet, VecDeque};

/// Who waits for the answer to a password.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asker {
    /// A request on a signalling connection.
    Client(ConnId, u32),
    /// A call of the API.
    Api(u64),
}

/// A request whose answer comes later.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) asker: Asker,
    /// Who is to get what the password opens.
    pub(crate) user: UserKey,
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
    /// How fast users may have passwords hashed, write down attributes, and raise hands.
    pub(crate) paces: Paces,
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
            paces: Paces::default(),
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
            && self.paces.is_idle()
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

    pub(crate) fn conference_named(&self, app: AppId, name: &ConferenceName) -> Result<ConferenceId, Fault> {
        let unknown = Fault::new(ErrorCode::NoConference).in_field("conference");
        self.hall.named(app, name).ok_or(unknown)
    }

    pub(crate) fn is_room_of(&self, id: ConferenceId, key: &RoomKey) -> bool {
        self.hall.meta.get(&id).is_some_and(|meta| meta.key == *key)
    }
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
        Refusal::ServerFull | Refusal::AppFull => ErrorCode::ServerFull,
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
