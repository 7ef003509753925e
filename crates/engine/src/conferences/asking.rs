//! Requests for a ticket or a look, which wait for the check of a password.

use super::creating::settings_of;
use super::views::role_of;
use super::{Asker, Waiting, refused};
use crate::engine::Engine;
use huitong_conference::{Actor, ConferenceId, Input, Reply, Role, Settings, UserKey, Wish};
use huitong_protocol::{AskTicket, ConferenceSettings, Look};
use huitong_room::RoomKey;
use huitong_types::{AppId, ErrorCode, Fault, Redacted, RoomId};

/// The conference of a request for a ticket, and whether it was created by it.
struct Found {
    id: ConferenceId,
    created: bool,
}

impl Engine {
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
        let wish = Wish::Enter(role.map(role_of));
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
            default_role: Some(Role::Talker),
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
}
