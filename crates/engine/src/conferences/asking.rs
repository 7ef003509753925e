//! Requests for a ticket or a look, which wait for the check of a password.

use super::creating::settings_of;
use super::views::role_of;
use super::{Asker, Waiting, refused};
use crate::engine::Engine;
use crate::paces::Work;
use huitong_conference::{Actor, Conference, ConferenceId, Input, Reply, Role, Settings, UserKey, Wish};
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
        let checked = self.hall.machine.get(found.id).is_some_and(|conference| {
            let creator = conference.creator.as_ref() == Some(&user.user);
            conference.is_locked() && !creator && !password.reveal().is_empty()
        });
        if checked {
            self.hall.paces.would(self.now, user, Work::Password)?;
        }
        let input = Input::Ask { user: user.clone(), conference: found.id, password, wish };
        match self.in_hall(input).map_err(|refusal| refused(&refusal))? {
            Reply::Asked(ask) => {
                if checked {
                    self.hall.paces.count(self.now, user, Work::Password);
                }
                self.hall.asks.insert(ask, Waiting { asker, user: user.clone(), created: found.created });
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
            self.may_find(user, room, conference)?;
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
        let (creator, settings) = match occupied {
            true => (None, self.settings_for_all(user.app, room.as_ref(), settings)?),
            false => (Some(user.user.clone()), settings),
        };
        let hashed = !password.reveal().is_empty();
        if hashed {
            self.hall.paces.would(self.now, user, Work::Password)?;
        }
        let id = self.create_conference(Actor::User(user.clone()), creator, room, settings)?;
        if hashed {
            self.hall.paces.count(self.now, user, Work::Password);
        }
        Ok(Found { id, created: !occupied })
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

    fn rooms_need_keys(&self, app: AppId) -> bool {
        self.config.apps.get(&app).is_some_and(|app| app.require_room_key)
    }

    /// Whether a client may come to a conference by the name of its room. Where rooms need a key and the conference has no
    /// password, that would be a way around the key; who was given the name of the conference, which nobody guesses, is invited.
    fn may_find(&self, user: &UserKey, room: &RoomId, conference: &Conference) -> Result<(), Fault> {
        let known =
            conference.creator.as_ref() == Some(&user.user) || conference.decision(&user.user).is_some();
        let inside = conference.member_of(&user.user).is_some();
        if !self.rooms_need_keys(user.app) || conference.is_locked() || known || inside {
            return Ok(());
        }
        let sentence = format!(
            "Rooms of this application need a privateMapKey, and the conference of the room {room} has no password: join with a \
             key, or ask for a ticket by the name of the conference."
        );
        Err(Fault::because(ErrorCode::RoomKeyRequired, sentence).in_field("room"))
    }

    /// Whether a client may make a conference of a room that it names. Where rooms need a key, that would be a way around it.
    fn may_claim(&self, app: AppId, room: &RoomId) -> Result<(), Fault> {
        if self.rooms_need_keys(app) {
            let sentence = format!(
                "Rooms of this application need a privateMapKey: its back-end makes the conference of the room {room}."
            );
            return Err(Fault::because(ErrorCode::RoomKeyRequired, sentence).in_field("room"));
        }
        Ok(())
    }
}
