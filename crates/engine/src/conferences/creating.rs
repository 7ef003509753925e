//! How a conference begins, also in a room where members are already.

use super::views::{kind_of, role_of, scene_of, wish_of};
use super::{Meta, refused};
use crate::engine::Engine;
use huitong_conference::{Actor, ConferenceId, Input, Reply, Role as Rank, Settings, UserKey};
use huitong_protocol::ConferenceSettings;
use huitong_room::RoomKey;
use huitong_types::{
    ConferenceName, ErrorCode, Fault, LeaveReason, Privileges, Redacted, Role, RoomId, SessionId, StreamKind,
    UserId,
};
use std::fmt::Write;
use std::time::Duration;

impl Engine {
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
        if scene != scene_of(settings.kind) {
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
        let role = wish_of(role);
        let admit = Input::Admit { session, user, conference: id, role, authority: true };
        if self.in_hall(admit).is_err() || self.hall.let_in.take().is_some() {
            self.hall.granted.remove(&session);
            let removed = self.in_room(huitong_room::Input::Leave { session, reason: LeaveReason::NoPlace });
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
}

/// How a conference is set up, as the machine takes it.
pub(crate) fn settings_of(
    settings: &ConferenceSettings,
    password: &Redacted<String>,
) -> Result<Settings, Fault> {
    let most = |n: Option<u32>| n.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
    let default_role = settings.default_role.map(role_of);
    if default_role == Some(Rank::Admin) {
        let sentence = "Nobody is admin by default; allowed are audience and talker.";
        return Err(Fault::because(ErrorCode::InvalidField, sentence).in_field("defaultRole"));
    }
    Ok(Settings {
        kind: kind_of(settings.kind),
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
