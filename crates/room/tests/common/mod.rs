//! Rooms with observers: every member accumulates what it is told, and is compared with what the machine says.
#![allow(dead_code, unreachable_pub, missing_docs)]

use huitong_room::{Event, Input, Join, Limits, MemberView, Output, RoomKey, RoomView, Rooms, TrackFlags};
use huitong_types::{
    AppId, Fault, Moment, Privileges, Role, RoomId, Scene, SessionId, StreamId, StreamKind, UserId,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub const BOTH: TrackFlags = TrackFlags::BOTH;

pub fn session(id: u64) -> SessionId {
    SessionId::new(id)
}

pub fn user(id: u64) -> UserId {
    UserId::new(format!("u{id}")).unwrap()
}

pub fn room(id: u32) -> RoomKey {
    RoomKey { app: AppId::new(1).unwrap(), room: RoomId::number(id).unwrap() }
}

pub fn tracks(audio: bool, video: bool) -> TrackFlags {
    TrackFlags { audio, video }
}

pub struct World {
    pub rooms: Rooms,
    pub limits: Limits,
    pub now: u64,
    /// What each member believes.
    pub views: BTreeMap<SessionId, RoomView>,
    pub told: BTreeMap<SessionId, Vec<Event>>,
    pub left: Vec<(SessionId, huitong_types::LeaveReason)>,
    pub outputs: Vec<Output>,
    pub existing: BTreeSet<RoomKey>,
    pub streams: BTreeSet<StreamId>,
}

impl World {
    pub fn new(limits: Limits) -> Self {
        Self {
            rooms: Rooms::new(limits.clone()),
            limits,
            now: 0,
            views: BTreeMap::new(),
            told: BTreeMap::new(),
            left: Vec::new(),
            outputs: Vec::new(),
            existing: BTreeSet::new(),
            streams: BTreeSet::new(),
        }
    }

    pub fn input(&mut self, input: Input) -> Result<(), Fault> {
        let result = self.rooms.handle(Moment::from_millis(self.now), input);
        self.outputs.clear();
        while let Some(output) = self.rooms.poll_output() {
            self.output(&output);
            self.outputs.push(output);
        }
        if let Some((at, why)) = self.rooms.next_deadline() {
            assert!(at.as_millis() > self.now, "{why:?} is due and was not done");
        }
        result
    }

    pub fn pass(&mut self, duration: Duration) {
        let end = self.now + u64::try_from(duration.as_millis()).unwrap();
        while let Some((at, _)) = self.rooms.next_deadline() {
            if at.as_millis() > end {
                break;
            }
            self.now = at.as_millis();
            self.input(Input::Tick).unwrap();
        }
        self.now = end;
        self.input(Input::Tick).unwrap();
    }

    pub fn join(&mut self, id: u64, key: &RoomKey, scene: Scene, role: Role) -> Result<(), Fault> {
        self.join_with(id, id, key, scene, role, Privileges::ALL)
    }

    pub fn join_with(
        &mut self,
        id: u64,
        name: u64,
        key: &RoomKey,
        scene: Scene,
        role: Role,
        privileges: Privileges,
    ) -> Result<(), Fault> {
        let known = self.views.contains_key(&session(id));
        let (session, key, user, declare) = (session(id), key.clone(), user(name), Vec::new());
        self.input(Input::Join(Join { session, key, user, scene, role, privileges, declare }))?;
        if known {
            self.views.insert(session, self.rooms.view(session).unwrap());
        }
        Ok(())
    }

    pub fn publish(&mut self, id: u64, kind: StreamKind) {
        self.input(Input::Declare { session: session(id), kind, tracks: BOTH }).unwrap();
        self.input(Input::MediaStarted { session: session(id), kind }).unwrap();
        self.input(Input::MediaTracks { session: session(id), kind, tracks: BOTH }).unwrap();
    }

    fn output(&mut self, output: &Output) {
        match output {
            Output::RoomCreated { key, .. } => assert!(self.existing.insert(key.clone()), "{key} exists"),
            Output::RoomEnded { key } => {
                assert!(self.existing.remove(key), "{key} does not exist");
                assert!(!self.views.values().any(|view| view.key == *key), "somebody is left in {key}");
            }
            Output::Joined { session, key, .. } => {
                assert!(self.existing.contains(key));
                // Its join is under way: what it is told begins with the view at the end of this input. Nothing
                // can be told to it in between except the audience count.
                let view = self.rooms.view(*session).expect("a member");
                assert!(self.views.insert(*session, view).is_none(), "{session} is in two rooms");
            }
            Output::Left { session, key, reason, .. } => {
                let view = self.views.remove(session).unwrap_or_else(|| panic!("{session} was nowhere"));
                assert_eq!(view.key, *key);
                self.left.push((*session, *reason));
            }
            Output::Tell { to, event } => {
                for session in to {
                    self.told.entry(*session).or_default().push(event.clone());
                    let view = self.views.get_mut(session).expect("only members are told");
                    apply(view, event);
                }
            }
            _ => {}
        }
    }

    /// What everybody believes is what the machine says, limits are kept, and nobody is in two rooms.
    pub fn check(&self) {
        let mut users = BTreeSet::new();
        for (session, believed) in &self.views {
            let truth = self.rooms.view(*session).expect("a member");
            assert_eq!((&believed.key, believed.scene), (&truth.key, truth.scene));
            assert_eq!(believed.members, truth.members, "{session} believes something else");
            let own = self.rooms.room_of(*session).unwrap();
            assert_eq!(own, &truth.key);
            let me = self.rooms.detail(Moment::from_millis(self.now), own).unwrap();
            let (entry, members) = me;
            match entry.scene {
                Scene::Rtc => {
                    assert!(members.len() <= self.limits.rtc_members && entry.audience == 0);
                    let active = |m: &&huitong_room::MemberEntry| {
                        m.streams.iter().any(|s| self.rooms.stream(s.id).is_some_and(|p| p.active))
                    };
                    assert!(members.iter().filter(active).count() <= self.limits.publishers);
                }
                Scene::Live => {
                    assert!(members.len() <= self.limits.publishers);
                    assert!(entry.audience <= self.limits.live_audience);
                }
            }
            let present = self.told_user(*session);
            assert!(users.insert((own.clone(), present)), "a user is in a room twice");
        }
        let (rooms, members) = self.rooms.sizes();
        assert_eq!((rooms, members), (self.existing.len(), self.views.len()));
    }

    fn told_user(&self, session: SessionId) -> String {
        // Users of audience are visible to nobody: the machine finds sessions by user.
        let key = self.rooms.room_of(session).unwrap();
        (0..64)
            .map(user)
            .find(|user| self.rooms.find(key, user) == Some(session))
            .map_or_else(|| format!("{session}"), |user| user.to_string())
    }

    /// After all deadlines, the audience counts agree as well.
    pub fn check_audience(&self) {
        for (session, believed) in &self.views {
            assert_eq!(believed.audience, self.rooms.view(*session).unwrap().audience, "{session}");
        }
    }
}

/// What a member makes of an event.
fn apply(view: &mut RoomView, event: &Event) {
    match event {
        Event::MemberJoined(member) => {
            assert!(!view.members.iter().any(|m| m.user == member.user), "{} joins twice", member.user);
            view.members.push(member.clone());
        }
        Event::MemberLeft { user, .. } => {
            let before = view.members.len();
            view.members.retain(|m| m.user != *user);
            assert_eq!(view.members.len() + 1, before, "{user} leaves and was not there");
        }
        Event::MemberAway { user, away } => {
            let member = find(view, user);
            assert_ne!(member.away, *away);
            member.away = *away;
        }
        Event::StreamChanged { user, stream } => {
            let member = find(view, user);
            assert!(!member.streams.contains(stream), "nothing new");
            member.streams.retain(|s| s.kind != stream.kind);
            if stream.tracks.any() {
                member.streams.push(*stream);
                member.streams.sort_by_key(|s| s.kind);
            }
        }
        Event::Audience { count } => view.audience = *count,
    }
}

fn find<'a>(view: &'a mut RoomView, user: &UserId) -> &'a mut MemberView {
    view.members.iter_mut().find(|m| m.user == *user).unwrap_or_else(|| panic!("{user} is unknown"))
}
