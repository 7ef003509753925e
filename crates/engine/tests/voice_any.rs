//! Any sequence of logins with authBuffers, right and made up, from several addresses, and of what such sessions try:
//! a model says which are let in, and nobody ever gets further than its room and its voice.

mod common;

use common::{APP, Client, Media, SECRET, World, config, key};
use huitong_auth::authbuffer::{Form, Key, RANDOM_BYTES, VoiceRoom, VoiceUser, mint};
use huitong_types::{AppId, ErrorCode, Redacted, StreamKind};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const USERS: i64 = 3;
const ADDRESSES: usize = 3;
/// As in huitong.example.toml.
const LIMIT: u32 = 5;
/// As in docs/operating.md.
const REMEMBERED_MS: u64 = 600_000;

#[derive(Clone, Copy, Debug)]
enum Shown {
    Right,
    OtherKey,
    OtherUser,
    OtherRoom,
    Expired,
    Garbage,
}

#[derive(Clone, Debug)]
enum Step {
    Login { user: i64, address: usize, shown: Shown },
    Join { user: i64, room: usize },
    Publish { user: i64, audio: bool, video: bool },
    Pass(u64),
}

const ROOMS: [&str; 2] = ["room_0", "room_1"];

/// Everybody has a room of its own.
fn room_of(user: i64) -> &'static str {
    ROOMS[usize::try_from(user).unwrap() % ROOMS.len()]
}

fn step() -> impl Strategy<Value = Step> {
    let shown = prop_oneof![
        3 => Just(Shown::Right),
        3 => Just(Shown::OtherKey),
        2 => Just(Shown::OtherUser),
        2 => Just(Shown::OtherRoom),
        1 => Just(Shown::Expired),
        1 => Just(Shown::Garbage),
    ];
    prop_oneof![
        8 => (0..USERS, 0..ADDRESSES, shown).prop_map(|(user, address, shown)| Step::Login { user, address, shown }),
        2 => (0..USERS, 0..ROOMS.len()).prop_map(|(user, room)| Step::Join { user, room }),
        2 => (0..USERS, any::<bool>(), any::<bool>()).prop_map(|(user, audio, video)| Step::Publish { user, audio, video }),
        2 => (1u64..400).prop_map(Step::Pass),
    ]
}

fn shown_by(user: i64, shown: Shown, unix_ms: u64) -> String {
    let secret = if matches!(shown, Shown::OtherKey) { "the key of somebody else" } else { SECRET };
    let whom = if matches!(shown, Shown::OtherUser) { user + 100 } else { user };
    let room = if matches!(shown, Shown::OtherRoom) { "elsewhere" } else { room_of(user) };
    let issued = unix_ms / 1000 - if matches!(shown, Shown::Expired) { 1000 } else { 0 };
    if matches!(shown, Shown::Garbage) {
        return "?".to_owned();
    }
    let key = Key::of(&Redacted::new(secret.to_owned()));
    let (app, room) = (AppId::new(APP).unwrap(), VoiceRoom::parse(room).unwrap());
    let bytes = mint(app, &key, VoiceUser::new(whom), &room, issued, 300, [3; RANDOM_BYTES]);
    String::from_utf8(Form::Base64.write(&bytes)).unwrap()
}

/// Refusals of somebody, and when the last one was.
#[derive(Default)]
struct Tally(BTreeMap<String, (u32, u64)>);

impl Tally {
    fn count(&self, who: &str, now: u64) -> u32 {
        self.0.get(who).filter(|(_, last)| now - last < REMEMBERED_MS).map_or(0, |(count, _)| *count)
    }

    fn add(&mut self, who: &str, now: u64) {
        let count = self.count(who, now) + 1;
        self.0.insert(who.to_owned(), (count, now));
    }
}

struct Model {
    world: World,
    addresses: Tally,
    users: Tally,
    /// The client of each user.
    clients: Vec<usize>,
}

impl Model {
    fn new() -> Self {
        let mut world = World::new(config());
        let clients = (0..USERS)
            .map(|user| {
                world.clients.push(Client { user: user.to_string(), ..Client::default() });
                world.clients.len() - 1
            })
            .collect();
        Self { world, addresses: Tally::default(), users: Tally::default(), clients }
    }

    fn client(&self, user: i64) -> usize {
        self.clients[usize::try_from(user).unwrap()]
    }

    fn login(&mut self, user: i64, address: usize, shown: Shown) {
        let (who, now) = (self.client(user), self.world.now);
        let (address, name) = (format!("192.0.2.{address}"), user.to_string());
        let (here, named) = (self.addresses.count(&address, now), self.users.count(&name, now));
        let expected = match shown {
            _ if here >= LIMIT || (named >= LIMIT && here > 0) => Some(ErrorCode::RateLimited),
            Shown::Right => None,
            Shown::OtherKey => Some(ErrorCode::CredentialMismatch),
            Shown::OtherUser | Shown::OtherRoom => Some(ErrorCode::CredentialForOther),
            Shown::Expired => Some(ErrorCode::CredentialExpired),
            Shown::Garbage => Some(ErrorCode::BadCredential),
        };
        if matches!(expected, Some(ErrorCode::CredentialMismatch | ErrorCode::CredentialForOther)) {
            self.addresses.add(&address, now);
            self.users.add(&name, now);
        }
        self.world.drop_connection(who);
        self.world.origin = address;
        let pass = shown_by(user, shown, self.world.unix_ms());
        let hello: Value = json!({ "sig": null, "authBuffer": pass, "voiceRoom": room_of(user) });
        assert_eq!(self.world.login(who, hello).err(), expected, "{user} {shown:?}");
    }

    fn do_step(&mut self, step: &Step) {
        match *step {
            Step::Login { user, address, shown } => self.login(user, address, shown),
            Step::Pass(seconds) => {
                self.world.pass(Duration::from_secs(seconds));
            }
            Step::Join { user, room } if self.world.is_open(self.client(user)) => {
                let who = self.client(user);
                let join = json!({ "op": "join", "room": { "text": ROOMS[room] } });
                let own = ROOMS[room] == room_of(user);
                let refused = self.world.ask(who, join).err();
                assert_eq!(refused, (!own).then_some(ErrorCode::MayNotEnter));
            }
            Step::Publish { user, audio, video } if self.world.is_open(self.client(user)) => {
                let (who, pushed) = (self.client(user), key(&format!("{user}-{}", self.world.now)));
                if self.world.declare(who, &pushed, audio, video).is_ok() {
                    let ticket = self.world.push_media(&pushed);
                    if let Media::Publishing { allowed, .. } = self.world.media[&ticket] {
                        assert!(!allowed.video, "no picture is taken");
                        self.world.seen(ticket, true, true);
                    }
                }
            }
            Step::Join { .. } | Step::Publish { .. } => {}
        }
        self.look();
    }

    fn look(&self) {
        for user in 0..USERS {
            let client = &self.world.clients[self.client(user)];
            let others = client.members();
            for other in others {
                let tracks = client.tracks(&other, StreamKind::Main);
                assert!(tracks.is_none_or(|(_, video)| !video), "a picture of {other}");
                assert_eq!(room_of(other.parse().unwrap()), room_of(user), "somebody of another room");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]
    #[test]
    fn whoever_is_let_in_has_shown_the_right_one_and_stays_in_its_room(steps in prop::collection::vec(step(), 1..80)) {
        let mut model = Model::new();
        for step in &steps {
            model.do_step(step);
        }
        model.world.wind_down();
    }
}
