//! Whatever happens in whatever order, and whatever is lost when networks change: a client that believes what it is told, as the vendor's
//! does, is never told what would make it stumble, and in the end knows what is so.

use super::*;
use std::collections::BTreeMap;

const SEEDS: u64 = 150;
const STEPS: usize = 80;
const USERS: [&str; 3] = ["bob", "eve", "gus"];
const FIRST_OF_BOB: u64 = 3;

struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }

    fn flag(&mut self) -> bool {
        self.below(2) == 0
    }
}

/// What the vendor's client makes of frames.
#[derive(Clone, Debug, Default, PartialEq)]
struct Client {
    members: BTreeMap<String, String>,
    /// By id: whose, without picture, without sound, version.
    streams: BTreeMap<String, (String, i64, i64, u64)>,
    attributes: BTreeMap<String, String>,
    role: i64,
    /// The version of the newest event that arrived, as it says when it polls.
    version: u64,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

impl Client {
    fn hears(&mut self, frame: &Value) {
        let op = frame["op"].as_i64().unwrap();
        if matches!(op, 300..=303 | 400) || frame["tsxId"] == "p" {
            self.version = frame["cver"].as_u64().unwrap();
        }
        match op {
            300 => {
                let member = &frame["mem"];
                self.members.entry(text(&member["id"])).or_insert(text(&member["name"]));
            }
            301 => {
                let id = text(&frame["memId"]);
                assert_ne!(id, "MS_X5", "it is out");
                self.members.remove(&id);
                self.streams.retain(|_, stream| stream.0 != id);
            }
            302 => self.stream(&frame["pubS"]),
            303 => drop(self.streams.remove(&text(&frame["pubSId"]))),
            400 => {
                let stream = self.streams.get_mut(&text(&frame["streamId"])).expect("a stream that it knows");
                (stream.1, stream.2) = (frame["voff"].as_i64().unwrap(), frame["aoff"].as_i64().unwrap());
            }
            402 => {
                for one in frame["cattrs"].as_array().unwrap() {
                    match one["op"] == "DEL" {
                        true => self.attributes.remove(&text(&one["key"])),
                        false => self.attributes.insert(text(&one["key"]), text(&one["val"])),
                    };
                }
            }
            412 => self.role = frame["role"].as_i64().unwrap(),
            1001 => assert_eq!(frame["result"], 0),
            other => panic!("it knows no {other}"),
        }
    }

    fn stream(&mut self, stream: &Value) {
        let (id, owner) = (text(&stream["id"]), text(&stream["memId"]));
        assert!(self.members.contains_key(&owner), "a stream of a member that it knows");
        let version = stream["sver"].as_u64().unwrap();
        let off = (stream["voff"].as_i64().unwrap(), stream["aoff"].as_i64().unwrap());
        let before = self.streams.insert(id, (owner, off.0, off.1, version));
        assert_ne!(before.map(|stream| stream.3), Some(version), "it would add the stream twice");
    }
}

/// The number of a stay, and whether sound and picture are sent if anything is.
type Person = (u64, Option<(bool, bool)>);

/// What is so: members with what they send, attributes, and the own role.
#[derive(Default)]
struct Truth {
    people: BTreeMap<&'static str, Person>,
    attributes: BTreeMap<String, String>,
    role: &'static str,
    members: u64,
}

struct World {
    scene: Scene,
    random: Random,
    truth: Truth,
    log: Vec<Value>,
    connected: bool,
    requests: usize,
    client: Client,
    /// What was sent and has not arrived.
    flight: Vec<Value>,
    asked: u64,
    answered: usize,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut scene = Scene::inside();
        let mut client = Client { role: 3, ..Client::default() };
        let reply = scene.news();
        client.members.insert("MS_X3".to_owned(), text(&reply[0]["mems"]["MS_X3"]["name"]));
        client.stream(&reply[0]["streams"]["RTC1__Of_X3"]);
        reply.iter().for_each(|frame| client.hears(frame));
        client.version = reply[0]["cver"].as_u64().unwrap();
        let mut truth = Truth { role: "talker", members: 9, ..Truth::default() };
        truth.people.insert("bob", (FIRST_OF_BOB, Some((true, true))));
        truth.attributes.insert("k".to_owned(), "v".to_owned());
        let requests = scene.engine.len();
        scene.others.clear();
        let random = Random(seed);
        Self {
            scene,
            random,
            truth,
            log: Vec::new(),
            connected: true,
            requests,
            client,
            flight: Vec::new(),
            asked: 0,
            answered: 0,
        }
    }

    /// The engine says something to all who are connected, and keeps it for the others.
    fn push(&mut self, event: Value) {
        self.log.push(event.clone());
        if self.connected {
            self.scene.push(self.log.len() as u64, event);
        }
    }

    fn streams(now: Option<(bool, bool)>) -> Vec<Value> {
        now.map(|(audio, video)| stream(audio, video)).into_iter().collect()
    }

    fn comes(&mut self, user: &'static str) {
        self.truth.members += 1;
        let number = self.truth.members;
        let sends = self.random.flag().then(|| (self.random.flag(), true));
        self.truth.people.insert(user, (number, sends));
        let mut events = [
            json!({"ev": "conferenceJoined", "member": member(number, user, "talker")}),
            json!({"ev": "memberJoined", "member": {"user": user, "away": false, "streams": Self::streams(sends)}}),
        ];
        if self.random.flag() {
            events.reverse();
        }
        events.into_iter().for_each(|event| self.push(event));
    }

    fn goes(&mut self, user: &'static str) {
        let Some((number, _)) = self.truth.people.remove(user) else { return };
        let mut events = [
            json!({"ev": "conferenceLeft", "member": number, "user": user, "reason": "left"}),
            json!({"ev": "memberLeft", "user": user, "reason": "left"}),
        ];
        if self.random.flag() {
            events.reverse();
        }
        events.into_iter().for_each(|event| self.push(event));
    }

    fn sends(&mut self, user: &'static str) {
        let (audio, video) = (self.random.flag(), self.random.flag());
        let Some(person) = self.truth.people.get_mut(user) else { return };
        person.1 = (audio || video).then_some((audio, video));
        self.push(json!({"ev": "streamChanged", "user": user, "stream": stream(audio, video)}));
    }

    fn writes(&mut self) {
        let key = ["a", "b", "k"][self.random.below(3)].to_owned();
        let value = self.random.flag().then(|| self.random.below(100).to_string());
        match &value {
            Some(value) => self.truth.attributes.insert(key.clone(), value.clone()),
            None => self.truth.attributes.remove(&key),
        };
        let change = match value {
            Some(value) => json!({"key": key, "value": value}),
            None => json!({"key": key}),
        };
        self.push(json!({"ev": "attributesChanged", "changes": [change]}));
    }

    fn decides(&mut self) {
        let role = ["audience", "talker", "admin"][self.random.below(3)];
        if role != self.truth.role {
            self.truth.role = role;
            self.push(json!({"ev": "roleChanged", "member": 5, "user": "ann", "role": role}));
        }
    }

    fn state(&self) -> Value {
        let people = self.truth.people.iter();
        let members: Vec<Value> =
            people.clone().map(|(user, (number, _))| member(*number, user, "talker")).collect();
        let present: Vec<Value> = people
            .map(|(user, (_, sends))| json!({"user": user, "away": false, "streams": Self::streams(*sends)}))
            .collect();
        json!({"ev": "state", "conference": {
            "conference": "c1", "kind": "ordinary", "you": {"member": 5, "user": "ann", "role": self.truth.role},
            "members": members, "attributes": self.truth.attributes,
        }, "room": {"room": {"text": "c1"}, "scene": "rtc", "role": "publisher", "audience": 0, "members": present}})
    }

    /// The engine answers what it was asked since the last time.
    fn engine_answers(&mut self) {
        while self.requests < self.scene.engine.len() {
            let asked = self.scene.engine[self.requests].clone();
            self.requests += 1;
            match asked["op"].as_str().unwrap() {
                "hello" => self.resumes(&asked),
                "publish" => match self.random.below(3) {
                    0 => self.scene.engine_says(&json!({"re": asked["id"], "ok": {"op": "publish"}})),
                    1 => {
                        let codes = ["may-not-publish", "conference-limit", "internal"];
                        let code = codes[self.random.below(codes.len())];
                        let fault =
                            json!({"code": code, "message": "No.", "blame": "client", "retry": "never"});
                        self.scene.engine_says(&json!({"re": asked["id"], "error": fault}));
                    }
                    _ => {}
                },
                _ => {}
            }
        }
    }

    fn resumes(&mut self, asked: &Value) {
        let heard = asked["resume"]["seq"].as_u64().unwrap() as usize;
        self.connected = true;
        if self.random.below(3) == 0 {
            self.scene.welcome("snapshot");
            let state = self.state();
            self.push(state);
            return;
        }
        self.scene.welcome("replayed");
        for at in heard..self.log.len() {
            let event = self.log[at].clone();
            self.scene.push(at as u64 + 1, event);
        }
    }

    fn is_sent(&mut self) {
        self.engine_answers();
        let sent = self.scene.news();
        self.flight.extend(sent);
    }

    /// What was sent arrives.
    fn arrives(&mut self) {
        self.is_sent();
        self.flight.drain(..).for_each(|frame| self.client.hears(&frame));
    }

    /// The client says how far it has heard, maybe while more is on its way to it.
    fn polls(&mut self) {
        self.is_sent();
        if self.random.flag() {
            self.arrives();
        }
        self.scene.says(&json!({"op": 1000, "tsxId": "p", "cver": self.client.version}));
        self.is_sent();
    }

    /// The network changes: some of what was sent never arrives.
    fn changes_network(&mut self) {
        self.is_sent();
        let arriving = self.random.below(self.flight.len() + 1);
        self.flight.drain(..).take(arriving).for_each(|frame| self.client.hears(&frame));
        self.connected = false;
        self.scene.feed(Input::Detached);
        self.scene.news();
        for _ in 0..self.random.below(4) {
            self.step_of_others();
        }
        if self.random.below(3) == 0 {
            // Its media begins first.
            self.scene.feed(Input::Awake);
            self.engine_answers();
            self.scene.news();
            self.step_of_others();
            self.scene.news();
            self.connected = false;
            self.scene.feed(Input::Detached);
        }
        let streams = "http://h/streams".to_owned();
        self.scene.feed(Input::Attached { tsx: None, login: Box::new(login("ann")), streams });
        self.is_sent();
    }

    fn step_of_others(&mut self) {
        let user = USERS[self.random.below(USERS.len())];
        match self.random.below(6) {
            0 if self.truth.people.contains_key(user) => self.goes(user),
            0 | 1 if !self.truth.people.contains_key(user) => self.comes(user),
            0..4 => self.sends(user),
            4 => self.writes(),
            _ => self.decides(),
        }
    }

    fn step(&mut self) {
        match self.random.below(12) {
            0 => self.polls(),
            1 => self.changes_network(),
            2 => {
                self.polls();
                self.connected = false;
                self.scene.feed(Input::EngineLost);
                self.step_of_others();
                self.engine_answers();
            }
            3 => {
                // Without a connection, while its media runs: nothing arrives.
                self.scene.feed(Input::Alone);
                for _ in 0..self.random.below(6) {
                    self.step_of_others();
                    self.scene.later(30);
                }
                self.changes_network();
            }
            4 => {
                self.asked += 1;
                let request = StreamRequest::Push("wx-1-abc".to_owned());
                self.scene.feed(Input::Stream { ask: self.asked, request });
            }
            _ => {
                self.step_of_others();
                if self.random.flag() {
                    self.arrives();
                }
            }
        }
        self.scene.later(1);
        assert!(self.scene.wire.is_kept() && self.scene.wire.next_deadline().is_some());
        let answers =
            self.scene.others.iter().filter(|output| matches!(output, Output::Answer { .. })).count();
        self.answered += answers;
        assert!(!self.scene.did("Forget"));
        self.scene.others.clear();
    }

    fn check(&mut self) {
        self.arrives();
        let people = self.truth.people.iter();
        let members: BTreeMap<String, String> = people
            .clone()
            .map(|(user, (number, _))| (format!("MS_X{number}"), format!("org#app_{user}@easemob.com")))
            .collect();
        assert_eq!(self.client.members, members);
        let streams: BTreeMap<String, (String, i64, i64)> = people
            .filter_map(|(_, (number, sends))| {
                let (audio, video) = (*sends)?;
                let off = (i64::from(!video), i64::from(!audio));
                Some((format!("RTC1__Of_X{number}"), (format!("MS_X{number}"), off.0, off.1)))
            })
            .collect();
        let known: BTreeMap<String, (String, i64, i64)> =
            self.client.streams.iter().map(|(id, s)| (id.clone(), (s.0.clone(), s.1, s.2))).collect();
        assert_eq!(known, streams);
        assert_eq!(self.client.attributes, self.truth.attributes);
        let role = match self.truth.role {
            "audience" => 1,
            "talker" => 3,
            _ => 7,
        };
        assert_eq!(self.client.role, role);
    }
}

#[test]
fn a_client_never_stumbles_and_in_the_end_knows_what_is_so() {
    for seed in 0..SEEDS {
        let run = || {
            let mut world = World::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1);
            for _ in 0..STEPS {
                world.step();
            }
            world.check();
            // Requests about streams that the engine has not answered are given up with the connection.
            world.scene.feed(Input::Detached);
            world.scene.feed(Input::Down);
            let answers =
                world.scene.others.iter().filter(|output| matches!(output, Output::Answer { .. })).count();
            assert_eq!((world.answered + answers) as u64, world.asked, "each is answered once");
        };
        if let Err(panic) = std::panic::catch_unwind(run) {
            eprintln!("seed {seed}");
            std::panic::resume_unwind(panic);
        }
    }
}
