//! Random interleavings of conferences, plain rooms, media, lost connections and what back-ends do, as text frames and in virtual
//! time. After every step whoever hears the server knows the truth about its conference, nobody sends what it may not, and at the
//! end nothing is left.

mod common;

use common::sim::small;
use common::{Client, Media, World, key};
use huitong_engine::{ApiCall, ApiResult, EngineConfig, MultiDevice};
use huitong_protocol::Done;
use huitong_protocol::api::{ConferenceDetail, ConferenceKind, ConferenceRole as ApiRole};
use huitong_types::{ConferenceName, ConferenceRole, ErrorCode, RoomId, StreamKind, UserId};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Clients; the last one is a second device of the first one's user.
const CLIENTS: usize = 6;
const USERS: usize = 5;
const ROOMS: [&str; 3] = ["open", "locked", "show"];
const MOST_TALKERS: usize = 3;

#[derive(Clone, Debug)]
enum Step {
    Login(usize),
    Drop(usize),
    Resume(usize),
    Bye(usize),
    Enter { who: usize, room: usize, role: usize },
    EnterWrong { who: usize, room: usize },
    Join { who: usize, room: usize, live: bool },
    Leave(usize),
    Publish { who: usize, audio: bool, video: bool },
    Push { who: usize, video: bool },
    CloseMedia(usize),
    Grant { who: usize, whom: usize, role: usize },
    Kick { who: usize, whom: usize },
    Mute { who: usize, whom: usize, audio: bool, video: bool },
    Hand { who: usize, up: bool },
    Decline { who: usize, whom: usize },
    Write { who: usize, key: u8, value: Option<u8> },
    Destroy(usize),
    Remove { room: usize, whom: usize },
    Dissolve(usize),
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0..CLIENTS;
    let room = || 0..ROOMS.len();
    let flag = any::<bool>;
    prop_oneof![
        1 => who().prop_map(Step::Login),
        3 => who().prop_map(Step::Drop),
        4 => who().prop_map(Step::Resume),
        1 => who().prop_map(Step::Bye),
        14 => (who(), room(), 0usize..4).prop_map(|(who, room, role)| Step::Enter { who, room, role }),
        1 => (who(), room()).prop_map(|(who, room)| Step::EnterWrong { who, room }),
        5 => (who(), room(), flag()).prop_map(|(who, room, live)| Step::Join { who, room, live }),
        3 => who().prop_map(Step::Leave),
        6 => (who(), flag(), flag()).prop_map(|(who, audio, video)| Step::Publish { who, audio, video }),
        6 => (who(), flag()).prop_map(|(who, video)| Step::Push { who, video }),
        2 => any::<usize>().prop_map(Step::CloseMedia),
        6 => (who(), 0..USERS, 1usize..4).prop_map(|(who, whom, role)| Step::Grant { who, whom, role }),
        2 => (who(), 0..USERS).prop_map(|(who, whom)| Step::Kick { who, whom }),
        4 => (who(), 0..USERS, flag(), flag())
            .prop_map(|(who, whom, audio, video)| Step::Mute { who, whom, audio, video }),
        3 => (who(), flag()).prop_map(|(who, up)| Step::Hand { who, up }),
        1 => (who(), 0..USERS).prop_map(|(who, whom)| Step::Decline { who, whom }),
        2 => (who(), 0u8..4, any::<Option<u8>>()).prop_map(|(who, key, value)| Step::Write { who, key, value }),
        1 => who().prop_map(Step::Destroy),
        1 => (room(), 0..USERS).prop_map(|(room, whom)| Step::Remove { room, whom }),
        1 => room().prop_map(Step::Dissolve),
        3 => prop_oneof![8 => 0u64..2_000, 4 => 2_000u64..30_000, 1 => Just(95_000), 1 => Just(130_000)]
            .prop_map(Step::Pass),
    ]
}

fn name(who: usize) -> String {
    format!("user{}", who % USERS)
}

fn named(room: usize) -> Value {
    json!({ "text": ROOMS[room] })
}

struct Sim {
    world: World,
    /// Whose a media connection is.
    owners: BTreeMap<u64, usize>,
    keys: usize,
}

impl Sim {
    fn new(config: EngineConfig) -> Self {
        let world = World::with_clients(config, (0..CLIENTS).map(name));
        let mut sim = Self { world, owners: BTreeMap::new(), keys: 0 };
        (0..CLIENTS).for_each(|who| sim.login(who));
        sim
    }

    fn login(&mut self, who: usize) {
        self.world.drop_connection(who);
        let login = self.world.login(who, json!({ "device": format!("device{who}") }));
        assert!(login.is_ok(), "{login:?}");
    }

    /// Asks about the conference of a client; checks that only an admin gets anywhere.
    fn govern(&mut self, who: usize, mut request: Value) {
        let Some(own) = self.world.clients[who].conference.clone() else { return };
        request["conference"] = json!(own.conference);
        let answer = self.world.try_ask(who, request.clone());
        if own.you.role != ConferenceRole::Admin && request["op"] != "attributes" {
            let done = answer.is_some_and(|answer| answer.is_ok());
            assert!(!done, "{} is {:?} and did {request}", name(who), own.you.role);
        }
    }

    fn run(&mut self, step: Step) {
        match step {
            Step::Login(who) => self.login(who),
            Step::Drop(who) => self.world.drop_connection(who),
            Step::Resume(who) => self.resume(who),
            Step::Bye(who) => drop(self.world.try_ask(who, json!({ "op": "bye" }))),
            Step::Enter { who, room, role } => self.enter(who, room, role),
            Step::EnterWrong { who, room } => {
                self.keys += 1;
                let guess = format!("guess {}", self.keys);
                let ask = json!({ "op": "ticket", "room": named(room), "password": guess });
                if room == 1
                    && let Some(Ok(Done::Ticket(ticket))) = self.world.try_ask(who, ask)
                {
                    let own = ticket.created || self.creator_of(ticket.conference) == Some(name(who));
                    assert!(own, "a guess opens nothing");
                }
            }
            Step::Join { who, room, live } => {
                let scene = if live { "live" } else { "rtc" };
                self.world.try_ask(who, json!({ "op": "join", "room": named(room), "scene": scene }));
            }
            Step::Leave(who) => drop(self.world.try_ask(who, json!({ "op": "leave" }))),
            Step::Publish { who, audio, video } => self.publish(who, audio, video),
            Step::Push { who, video } => self.push(who, video),
            Step::CloseMedia(pick) => self.close(pick),
            Step::Pass(ms) => self.world.pass(Duration::from_millis(ms)),
            step => self.decide(step),
        }
    }

    fn decide(&mut self, step: Step) {
        let role = |role: usize| ["", "audience", "talker", "admin"][role];
        match step {
            Step::Grant { who, whom, role: to } => {
                self.govern(who, json!({ "op": "grant", "users": [name(whom)], "role": role(to) }));
            }
            Step::Kick { who, whom } => self.govern(who, json!({ "op": "kick", "users": [name(whom)] })),
            Step::Mute { who, whom, audio, video } => {
                let mute = json!({ "op": "mute", "users": [name(whom)], "audio": audio, "video": video });
                self.govern(who, mute);
            }
            Step::Hand { who, up } => drop(self.world.try_ask(who, json!({ "op": "hand", "up": up }))),
            Step::Decline { who, whom } => self.govern(who, json!({ "op": "decline", "user": name(whom) })),
            Step::Write { who, key, value } => {
                let value = value.map(|value| value.to_string());
                let change = json!({ "key": key.to_string(), "value": value });
                self.govern(who, json!({ "op": "attributes", "changes": [change] }));
            }
            Step::Destroy(who) => self.govern(who, json!({ "op": "destroy" })),
            Step::Remove { room, whom } => {
                let room = RoomId::text(ROOMS[room]).unwrap();
                self.world.call(ApiCall::RemoveMember(room, UserId::new(name(whom)).unwrap()));
            }
            Step::Dissolve(room) => {
                self.world.call(ApiCall::DissolveRoom(RoomId::text(ROOMS[room]).unwrap()));
            }
            other => unreachable!("{other:?}"),
        }
    }

    fn enter(&mut self, who: usize, room: usize, role: usize) {
        let mut ask = json!({ "op": "ticket", "room": named(room) });
        ask["settings"] = json!({
            "kind": if room == 2 { "live" } else { "ordinary" },
            "maxTalkers": MOST_TALKERS,
            "maxVideos": 1,
        });
        if role > 0 {
            ask["role"] = json!(["", "audience", "talker", "admin"][role]);
        }
        if room == 1 {
            ask["password"] = json!("sesame");
        }
        let Some(Ok(Done::Ticket(ticket))) = self.world.try_ask(who, ask) else { return };
        let enter =
            json!({ "op": "enter", "conference": ticket.conference, "ticket": ticket.ticket.reveal() });
        let elsewhere = self.world.clients[who].state.clone();
        match self.world.try_ask(who, enter) {
            Some(Ok(_)) | None => {}
            Some(Err(ErrorCode::AlreadyInRoom)) => assert!(elsewhere.is_some(), "it is nowhere"),
            Some(Err(ErrorCode::TalkersFull | ErrorCode::RoomFull)) => {}
            Some(Err(error)) => panic!("{} is kept out: {error}", name(who)),
        }
    }

    fn publish(&mut self, who: usize, audio: bool, video: bool) {
        self.keys += 1;
        let key = key(&format!("key-{}", self.keys));
        self.world
            .try_ask(who, json!({ "op": "publish", "key": key.reveal(), "audio": audio, "video": video }));
    }

    fn push(&mut self, who: usize, video: bool) {
        self.keys += 1;
        let key = key(&format!("key-{}", self.keys));
        let publish = json!({ "op": "publish", "key": key.reveal(), "audio": true, "video": video });
        if let Some(Ok(_)) = self.world.try_ask(who, publish) {
            let ticket = self.world.push_media(&key);
            self.owners.insert(ticket, who);
            // What is sent is not always what was said.
            self.world.seen(ticket, true, self.keys.is_multiple_of(2) || video);
        }
    }

    fn close(&mut self, pick: usize) {
        let open: Vec<u64> = self.world.media.keys().copied().filter(|t| self.is_publishing(*t)).collect();
        if let Some(ticket) = open.get(pick % open.len().max(1)) {
            self.world.close_media(*ticket, pick.is_multiple_of(2));
        }
    }

    fn is_publishing(&self, ticket: u64) -> bool {
        matches!(self.world.media[&ticket], Media::Publishing { .. })
    }

    fn resume(&mut self, who: usize) {
        self.world.drop_connection(who);
        let again = self.world.resume_with(who, json!({ "device": format!("device{who}") }));
        assert!(again.is_ok(), "{again:?}");
    }

    fn conferences(&mut self) -> Vec<ConferenceDetail> {
        let ApiResult::Conferences(list) =
            self.world.call(ApiCall::ListConferences { offset: 0, limit: 100 })
        else {
            panic!("a list")
        };
        let names = list.conferences.into_iter().map(|conference| conference.conference);
        names
            .map(|name| match self.world.call(ApiCall::GetConference(ConferenceName::new(name).unwrap())) {
                ApiResult::Conference(detail) => *detail,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    fn creator_of(&mut self, name: ConferenceName) -> Option<String> {
        match self.world.call(ApiCall::GetConference(name)) {
            ApiResult::Conference(detail) => detail.summary.creator,
            other => panic!("{other:?}"),
        }
    }

    /// Whoever hears the server knows who is in its conference, and as what.
    fn check(&mut self) {
        let all = self.conferences();
        for detail in &all {
            let talkers = detail.members.iter().filter(|member| member.role != ApiRole::Audience).count();
            assert!(talkers <= MOST_TALKERS || detail.summary.max_talkers > 3, "{detail:?}");
            self.check_media(detail);
        }
        for who in (0..CLIENTS).filter(|who| self.world.hears(*who)).collect::<Vec<_>>() {
            let Some(own) = &self.world.clients[who].conference else { continue };
            let truth = all
                .iter()
                .find(|detail| detail.summary.conference == own.conference.as_str())
                .unwrap_or_else(|| panic!("{} believes in {own:?}", name(who)));
            let me = truth.members.iter().find(|member| member.member == own.you.member);
            let me = me.unwrap_or_else(|| panic!("{} is not in {truth:?}", name(who)));
            assert_eq!(ApiRole::from(own.you.role), me.role);
            assert_eq!((own.no_audio, own.no_video), (me.no_audio, me.no_video));
            let known = |member: &&huitong_protocol::api::ConferenceMemberDetail| {
                let announced =
                    truth.summary.kind != ConferenceKind::Live || member.role != ApiRole::Audience;
                announced && member.member != own.you.member
            };
            let mut truly: Vec<_> =
                truth.members.iter().filter(known).map(|m| (m.member, m.user.clone(), m.role)).collect();
            let belief = own.members.iter();
            let mut belief: Vec<_> =
                belief.map(|m| (m.member, m.user.to_string(), ApiRole::from(m.role))).collect();
            truly.sort_by_key(|(member, ..)| *member);
            belief.sort_by_key(|(member, ..)| *member);
            assert_eq!(belief, truly, "{}", name(who));
            assert_eq!(own.attributes, truth.attributes);
        }
    }

    /// Nobody sends what it may not.
    fn check_media(&self, detail: &ConferenceDetail) {
        let room = RoomId::parse(&detail.summary.room).unwrap();
        let mut pictures = 0;
        for (ticket, who) in &self.owners {
            let Some(Media::Publishing { allowed, .. }) = self.world.media.get(ticket) else { continue };
            let client = &self.world.clients[*who];
            if client.state.as_ref().is_none_or(|state| state.room != room) || !self.world.hears(*who) {
                continue;
            }
            let member = detail.members.iter().find(|member| member.user == client.user);
            let member = member.unwrap_or_else(|| panic!("{} sends and is no member", client.user));
            assert_ne!(member.role, ApiRole::Audience, "{} sends as audience", client.user);
            assert!(!(member.no_audio && allowed.audio), "{} is heard although muted", client.user);
            assert!(!(member.no_video && allowed.video), "{} is seen although muted", client.user);
            let here = |other: &usize| {
                let state = self.world.clients[*other].state.as_ref();
                self.world.hears(*other) && state.is_some_and(|state| state.room == room)
            };
            let mut others = (0..CLIENTS).filter(here).map(|other| &self.world.clients[other]);
            let shown =
                |other: &Client| other.tracks(&client.user, StreamKind::Main).is_some_and(|(_, video)| video);
            pictures += usize::from(others.any(shown));
        }
        assert!(pictures <= 1 || detail.summary.max_videos > 1, "{pictures} cameras are on");
    }
}

fn meetings(hasty: bool) -> EngineConfig {
    let mut config = small(hasty);
    config.conferences.admin_gone = match hasty {
        true => huitong_engine::AdminGone::NextTalker,
        false => huitong_engine::AdminGone::GoOn,
    };
    for app in config.apps.values_mut() {
        app.multi_device = MultiDevice::PerDevice;
    }
    config
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whoever_hears_the_server_knows_its_conference_and_nobody_sends_what_it_may_not(
        steps in prop::collection::vec(step(), 1..150),
        hasty in prop::bool::weighted(0.2),
    ) {
        let mut sim = Sim::new(meetings(hasty));
        for step in steps {
            sim.run(step);
            sim.check();
        }
        for who in 0..CLIENTS {
            sim.resume(who);
        }
        sim.check();
        sim.world.wind_down();
    }
}
