//! Random interleavings of everything that clients, gateways and back-ends can do, as text frames and in virtual
//! time. The rules that hold for every single output are in `common`; here is what holds after every step.

mod common;

use common::{APP, Media, World, config, key, number, room, sig, sim, user};
use huitong_engine::{ApiCall, ApiResult, EngineConfig, Input, MultiDevice};
use huitong_protocol::Done;
use huitong_protocol::api::{RoomDetail, UrlKind, UrlRequest};
use huitong_types::{AppId, ErrorCode, Role, RoomId, StreamKey};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const CLIENTS: usize = 7;
const ROOMS: std::ops::Range<u32> = 1..3;

#[derive(Clone, Debug)]
enum Step {
    Login(usize),
    Drop(usize),
    /// The network fails silently; requests still arrive, answers do not.
    Deafen(usize),
    Resume(usize),
    Bye(usize),
    Join {
        who: usize,
        room: u32,
        audience: bool,
        keys: u8,
    },
    Leave(usize),
    SetRole {
        who: usize,
        audience: bool,
    },
    Publish {
        who: usize,
        aux: bool,
        key: u8,
        audio: bool,
        video: bool,
    },
    Unpublish {
        who: usize,
        aux: bool,
    },
    Subscribe {
        who: usize,
        whose: usize,
        aux: bool,
        audio: bool,
        video: bool,
    },
    Garbage {
        who: usize,
        text: String,
    },
    Push {
        who: usize,
        key: u8,
    },
    PushByUrl {
        whose: usize,
        room: u32,
        aux: bool,
    },
    PlayByUrl {
        whose: usize,
        room: u32,
    },
    Play {
        who: usize,
        pick: usize,
    },
    Seen {
        pick: usize,
        audio: bool,
        video: bool,
    },
    CloseMedia {
        pick: usize,
        deliberate: bool,
    },
    Kick {
        whose: usize,
        room: u32,
    },
    Dissolve(u32),
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0..CLIENTS;
    let flag = any::<bool>;
    let pick = any::<usize>;
    prop_oneof![
        1 => who().prop_map(Step::Login),
        3 => who().prop_map(Step::Drop),
        2 => who().prop_map(Step::Deafen),
        6 => who().prop_map(Step::Resume),
        1 => who().prop_map(Step::Bye),
        12 => (who(), ROOMS, flag(), 0u8..4).prop_map(|(who, room, audience, keys)| Step::Join { who, room, audience, keys }),
        2 => who().prop_map(Step::Leave),
        2 => (who(), flag()).prop_map(|(who, audience)| Step::SetRole { who, audience }),
        8 => (who(), flag(), 0u8..2, flag(), flag())
            .prop_map(|(who, aux, key, audio, video)| Step::Publish { who, aux, key, audio, video }),
        1 => (who(), flag()).prop_map(|(who, aux)| Step::Unpublish { who, aux }),
        1 => (who(), who(), flag(), flag(), flag())
            .prop_map(|(who, whose, aux, audio, video)| Step::Subscribe { who, whose, aux, audio, video }),
        1 => (who(), "[ -~]{0,30}").prop_map(|(who, text)| Step::Garbage { who, text }),
        8 => (who(), 0u8..2).prop_map(|(who, key)| Step::Push { who, key }),
        1 => (who(), ROOMS, flag()).prop_map(|(whose, room, aux)| Step::PushByUrl { whose, room, aux }),
        1 => (who(), ROOMS).prop_map(|(whose, room)| Step::PlayByUrl { whose, room }),
        8 => (who(), pick()).prop_map(|(who, pick)| Step::Play { who, pick }),
        9 => (pick(), flag(), flag()).prop_map(|(pick, audio, video)| Step::Seen { pick, audio, video }),
        3 => (pick(), flag()).prop_map(|(pick, deliberate)| Step::CloseMedia { pick, deliberate }),
        1 => (who(), ROOMS).prop_map(|(whose, room)| Step::Kick { whose, room }),
        1 => ROOMS.prop_map(Step::Dissolve),
        4 => prop_oneof![8 => 0u64..2_000, 6 => 2_000u64..30_000, 1 => Just(95_000), 1 => Just(605_000)].prop_map(Step::Pass),
    ]
}

/// A world with the intentions of its clients.
struct Sim {
    world: World,
    /// The room that each client wants to be in.
    wants: Vec<Option<(u32, bool)>>,
    urls: BTreeMap<String, StreamKey>,
}

/// Clients 0 to 3 are users of their own and start in rooms; 4 to 6 are second devices of three of them.
fn name(who: usize) -> String {
    format!("user{}", who % 4)
}

fn key_of(who: usize, key: u8) -> StreamKey {
    common::key(&format!("client{who}-key{key}"))
}

const fn kind(aux: bool) -> &'static str {
    if aux { "aux" } else { "main" }
}

fn join_request(number: u32, audience: bool, mix: bool, publish: Vec<Value>) -> Value {
    let scene = if number == 2 { "live" } else { "rtc" };
    let role = if audience { "audience" } else { "publisher" };
    json!({ "op": "join", "room": room(number), "scene": scene, "role": role, "publish": publish, "mix": mix })
}

impl Sim {
    fn new(config: EngineConfig) -> Self {
        let world = World::with_clients(config, (0..CLIENTS).map(name));
        let mut sim = Self { world, wants: vec![None; CLIENTS], urls: BTreeMap::new() };
        for who in 0..4 {
            sim.run(Step::Login(who));
            sim.run(Step::Join { who, room: 1 + u32::from(who == 3), audience: false, keys: 1 });
        }
        sim
    }

    /// Asks, or, if nobody hears the answer, only sends.
    fn ask(&mut self, who: usize, request: Value) -> Option<Result<Done, ErrorCode>> {
        if !self.world.is_online(who) {
            return None;
        }
        if self.world.clients[who].deaf {
            self.world.send(who, request);
            return None;
        }
        Some(self.world.ask(who, request))
    }

    fn run(&mut self, step: Step) {
        match step {
            Step::Login(who) => {
                self.world.drop_connection(who);
                self.wants[who] = None;
                self.world.clients[who].unsure = false;
                let logged_in = self.world.login(who, json!({}));
                assert!(logged_in.is_ok(), "{logged_in:?}");
            }
            Step::Drop(who) => self.world.drop_connection(who),
            Step::Deafen(who) => self.world.clients[who].deaf = true,
            Step::Resume(who) => self.resume(who),
            Step::Bye(who) => {
                self.ask(who, json!({ "op": "bye" }));
                self.wants[who] = None;
            }
            Step::Join { who, room, audience, keys } => self.join(who, room, audience, keys),
            Step::Leave(who) => self.leave(who),
            Step::Garbage { who, text } => {
                if let Some(conn) = self.world.clients[who].conn.filter(|conn| self.world.open.contains(conn))
                {
                    self.world.input(Input::Frame { conn, text });
                }
            }
            Step::Pass(ms) => self.world.pass(Duration::from_millis(ms)),
            Step::Kick { whose, room } => {
                self.world.call(ApiCall::RemoveMember(number(room), user(&name(whose))));
            }
            Step::Dissolve(room) => {
                self.world.call(ApiCall::DissolveRoom(number(room)));
            }
            step => self.media_step(step),
        }
    }

    fn media_step(&mut self, step: Step) {
        match step {
            Step::SetRole { who, audience } => {
                let role = if audience { "audience" } else { "publisher" };
                if self.world.clients[who].deaf && self.world.is_online(who) {
                    self.world.clients[who].unsure = true;
                }
                let done = self.ask(who, json!({ "op": "setRole", "role": role }));
                if let (Some(Ok(_)), Some(state)) = (done, self.world.clients[who].state.as_mut()) {
                    state.role = if audience { Role::Audience } else { Role::Publisher };
                }
            }
            Step::Publish { who, aux, key, audio, video } => {
                let key = key_of(who, key);
                let publish = json!({ "op": "publish", "stream": kind(aux), "key": key.reveal(), "audio": audio,
                    "video": video });
                self.ask(who, publish);
            }
            Step::Unpublish { who, aux } => {
                self.ask(who, json!({ "op": "unpublish", "stream": kind(aux) }));
            }
            Step::Subscribe { who, whose, aux, audio, video } => {
                let wish = json!({ "op": "subscribe", "user": name(whose), "stream": kind(aux), "audio": audio,
                    "video": video });
                self.ask(who, wish);
            }
            Step::Push { who, key } => {
                self.world.push_media(&key_of(who, key));
            }
            Step::PushByUrl { whose, room, aux } => {
                let url = self.url(UrlKind::Push, whose, room, aux);
                self.world.push_media(&url);
            }
            Step::PlayByUrl { whose, room } => {
                let url = self.url(UrlKind::Play, whose, room, false);
                self.world.play(&url);
            }
            Step::Play { who, pick } => self.play(who, pick),
            Step::Seen { pick, audio, video } => {
                if let Some(ticket) = self.pick(pick, |media| matches!(media, Media::Publishing { .. })) {
                    self.world.seen(ticket, audio, video);
                }
            }
            Step::CloseMedia { pick, deliberate } => {
                let open = |media: &Media| !matches!(media, Media::Closed(..) | Media::StreamOver);
                if let Some(ticket) = self.pick(pick, open) {
                    self.world.close_media(ticket, deliberate);
                }
            }
            other => unreachable!("{other:?}"),
        }
    }

    fn pick(&self, pick: usize, wanted: impl Fn(&Media) -> bool) -> Option<u64> {
        let tickets: Vec<u64> = self.world.media.iter().filter(|(_, m)| wanted(m)).map(|(t, _)| *t).collect();
        tickets.get(pick % tickets.len().max(1)).copied()
    }

    fn url(&mut self, purpose: UrlKind, whose: usize, room: u32, aux: bool) -> StreamKey {
        let named = format!("{purpose:?} {whose} {room} {aux}");
        if let Some(known) = self.urls.get(&named) {
            return known.clone();
        }
        let scene = if room == 2 { "live" } else { "rtc" };
        let request = UrlRequest {
            kind: purpose,
            // Encoders of users that also have devices, and of one that has none.
            user: if whose < 2 { name(whose) } else { "encoder".into() },
            stream: kind(aux).into(),
            scene: scene.into(),
            expire_seconds: None,
        };
        let ApiResult::Urls(reply) = self.world.call(ApiCall::MintUrl(number(room), request)) else {
            panic!()
        };
        let minted = StreamKey::new(reply.urls[0].url.rsplit('/').next().unwrap()).unwrap();
        self.urls.insert(named, minted.clone());
        minted
    }

    fn play(&mut self, who: usize, pick: usize) {
        let client = &self.world.clients[who];
        if client.deaf || client.unsure || !self.world.is_open(who) {
            return;
        }
        let Some(state) = client.state.as_ref() else { return };
        let keys = state.members.iter().flat_map(|m| m.streams.iter().map(|s| s.play.clone()));
        let keys: Vec<StreamKey> = keys.chain(state.mix.iter().map(|mix| mix.play.clone())).collect();
        let Some(key) = keys.get(pick % keys.len().max(1)) else { return };
        let ticket = self.world.play(&key.clone());
        let media = &self.world.media[&ticket];
        assert!(matches!(media, Media::Playing { .. }), "an announced stream plays, this is {media:?}");
    }

    fn resume(&mut self, who: usize) {
        if self.world.clients[who].welcome.is_none() {
            return;
        }
        self.world.drop_connection(who);
        let resumed = self.world.resume(who);
        if matches!(resumed, Err(ErrorCode::TakenOver)) {
            // Another device of the user is there: this one knows now, and is out of everything.
            let owner = self.world.clients[who].user.clone();
            let others = (0..self.world.clients.len()).filter(|other| *other != who);
            let mut devices = others.filter(|other| self.world.clients[*other].user == owner);
            assert!(devices.any(|other| self.world.clients[other].welcome.is_some()), "nobody took over");
            let client = &mut self.world.clients[who];
            (client.ended, client.state, client.unsure) = (true, None, false);
            return;
        }
        assert!(resumed.is_ok(), "{resumed:?}");
        if !self.world.clients[who].unsure {
            return;
        }
        // What was under way is asked again.
        let left = self.world.ask(who, json!({ "op": "leave" }));
        assert!(matches!(left, Ok(_) | Err(ErrorCode::NotInRoom)), "{left:?}");
        self.world.clients[who].state = None;
        self.world.clients[who].unsure = false;
        if let Some((room, audience)) = self.wants[who] {
            self.join(who, room, audience, 0);
        }
    }

    fn join(&mut self, who: usize, number: u32, audience: bool, keys: u8) {
        let mut publish = Vec::new();
        for (bit, stream) in [(1, "main"), (2, "aux")] {
            if keys & bit != 0 && !audience {
                let key = key_of(who, bit - 1);
                publish.push(json!({ "stream": stream, "key": key.reveal(), "audio": true, "video": true }));
            }
        }
        let deaf = self.world.clients[who].deaf;
        match self.ask(who, join_request(number, audience, !who.is_multiple_of(3), publish)) {
            Some(Ok(_)) => self.wants[who] = Some((number, audience)),
            Some(Err(_)) => {}
            None if deaf && self.world.is_online(who) => {
                self.world.clients[who].unsure = true;
                self.wants[who] = Some((number, audience));
            }
            None => {}
        }
    }

    fn leave(&mut self, who: usize) {
        let deaf = self.world.clients[who].deaf;
        let answer = self.ask(who, json!({ "op": "leave" }));
        if deaf && self.world.is_online(who) {
            self.world.clients[who].unsure = true;
        }
        if answer.is_some() || deaf {
            self.wants[who] = None;
        }
    }

    fn detail(&mut self, room: RoomId) -> Option<RoomDetail> {
        match self.world.call(ApiCall::GetRoom(room)) {
            ApiResult::Room(detail, _) => Some(detail),
            ApiResult::Refused(_) => None,
            other => panic!("{other:?}"),
        }
    }

    /// Whoever hears the server knows the truth: who is there, in which order, and what they send.
    fn check(&mut self) {
        for who in 0..CLIENTS {
            let client = &self.world.clients[who];
            if client.deaf || client.unsure || !self.world.is_online(who) {
                continue;
            }
            let Some(state) = client.state.clone() else { continue };
            let detail =
                self.detail(state.room.clone()).unwrap_or_else(|| panic!("{who} is in a room that is over"));
            let others: Vec<_> = detail.members.iter().filter(|m| m.user != name(who)).collect();
            let truth: Vec<_> = others
                .iter()
                .map(|m| {
                    let on = m.streams.iter().filter(|s| s.audio || s.video);
                    (
                        m.user.clone(),
                        m.away,
                        on.map(|s| (s.stream.clone(), s.audio, s.video)).collect::<Vec<_>>(),
                    )
                })
                .collect();
            let belief: Vec<_> = state
                .members
                .iter()
                .map(|m| {
                    let on = m.streams.iter().map(|s| (s.stream.as_str().to_owned(), s.audio, s.video));
                    (m.user.to_string(), m.away, on.collect::<Vec<_>>())
                })
                .collect();
            assert_eq!(belief, truth, "client {who} of {}", name(who));
            let listed = detail.members.iter().any(|m| m.user == name(who));
            assert_eq!(listed, state.role == Role::Publisher, "client {who}");
        }
    }
}

fn small(per_device: bool, hasty: bool) -> EngineConfig {
    let mut config = sim::small(hasty);
    (config.rtc_members, config.publishers, config.live_audience) = (4, 2, 3);
    (config.replay_events, config.early_count) = (6, 5);
    if hasty {
        // Operators may set every grace to nothing.
        for grace in [&mut config.publish_grace, &mut config.early_hold, &mut config.live_audience_only] {
            *grace = Duration::ZERO;
        }
    }
    if per_device {
        config.apps.get_mut(&AppId::new(APP).unwrap()).unwrap().multi_device = MultiDevice::PerDevice;
    }
    config
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn whoever_hears_the_server_knows_the_truth_and_nothing_leaks(
        steps in prop::collection::vec(step(), 1..200),
        per_device in any::<bool>(),
        hasty in prop::bool::weighted(0.2),
    ) {
        let mut sim = Sim::new(small(per_device, hasty));
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

    #[test]
    fn no_text_breaks_the_engine(texts in prop::collection::vec(any::<String>(), 1..30)) {
        let mut world = World::new(config());
        let (member, ticket) = world.publisher("alice");
        let conn = world.connect();
        for text in texts {
            world.input(Input::Frame { conn, text });
        }
        prop_assert!(world.is_open(member));
        let publishes = matches!(world.media[&ticket], Media::Publishing { .. });
        prop_assert!(publishes);
        world.wind_down();
    }

    #[test]
    fn a_frame_of_the_right_form_with_any_values_is_answered(
        op in "hello|join|leave|publish|unpublish|subscribe|setRole|call|accept|reject|hangup|watch|ping|bye",
        fields in prop::collection::btree_map("[a-zA-Z]{1,8}|room|user|key|stream|audio|video|role|scene|invitees|media|call|group|timeoutMs|data|ref|busy|users", any_json(), 0..6),
    ) {
        let mut world = World::new(config());
        world.phone("alice", "phone");
        let who = world.clients.len() - 1;
        world.join(who, 1).unwrap();
        let mut request = json!(fields);
        request["op"] = json!(op);
        let _answer = world.ask(who, request);
        let unix = world.unix_ms();
        prop_assert!(!world.notes.iter().any(|note| note.contains(&sig("alice", unix))));
        let push = key("alice");
        let early = world.push_media(&push);
        prop_assert!(matches!(world.media[&early], Media::Waiting));
        world.wind_down();
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(|b| json!(b)),
        any::<i64>().prop_map(|n| json!(n)),
        "[ -~]{0,20}".prop_map(|t| json!(t)),
        (1u32..5).prop_map(|n| json!({ "number": n })),
        Just(json!("main")),
        Just(json!("audio")),
        Just(json!(["bob"])),
        Just(json!("publisher")),
    ]
}
